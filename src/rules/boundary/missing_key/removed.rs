//! `self.known.pop(key)`, `del self.known[key]`, `self.known.remove(item)`: what is to be removed may be gone already, or
//! was never there.

use super::caught::is_handed_keys;
use super::rival::{Rival, rival};
use crate::finding::{Finding, Message, Related};
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId, Scope, Step};
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::value::Kinds;

/// Words in the names of functions that are called when something ends, by whoever notices first.
const ENDING: [&str; 24] = [
    "callback",
    "cleanup",
    "close",
    "closed",
    "disconnect",
    "disconnected",
    "done",
    "drop",
    "end",
    "exit",
    "expire",
    "finish",
    "finished",
    "handle",
    "kick",
    "leave",
    "logout",
    "lost",
    "on",
    "release",
    "stop",
    "stopped",
    "terminate",
    "timeout",
];

/// Words in the names of functions whose callers are expected to know what is there.
const ASKED_TO: [&str; 8] = [
    "del",
    "delete",
    "detach",
    "forget",
    "remove",
    "unregister",
    "unsubscribe",
    "cancel",
];

/// A removal: what is removed from, and what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Removal {
    pub(super) receiver: ExprId,
    key: ExprId,
    error: &'static str,
    help: &'static str,
}

/// A removal of what may not be there, where another method shows how that can be.
pub(super) fn removed(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let removal = removal_of(boundary, candidate)?;
    let name = flow.module.dotted(flow.code, removal.receiver)?;
    let is_own = name.starts_with("self.") && name.matches('.').count() == 1;
    let is_global = match flow.module.kind(removal.receiver) {
        ExprKind::Name(place) => matches!(
            flow.code.place(place).step,
            Step::Variable {
                scope: Scope::Global { .. },
                ..
            }
        ),
        _ => false,
    };
    let method = flow.module.name(flow.code.name);
    // Who behaves like a container says KeyError on purpose.
    if !(is_own || is_global) || method.starts_with("__") || method == "pop" {
        return None;
    }
    if is_known_there(boundary, candidate, removal) {
        return None;
    }
    let rival = rival(boundary, &name)?;
    let words = words(method);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let is_called = || {
        let mut sites = boundary.scene.graph.calls_of(flow.function);
        sites.next().is_some()
    };
    let is_told = match rival {
        Rival::Careful(_) => true,
        Rival::Asked(_) => !has(&ASKED_TO) && (has(&ENDING) || is_called()),
        Rival::Again(_) | Rival::Sometimes(_) => !has(&ASKED_TO) && has(&ENDING),
    };
    if !is_told {
        return None;
    }
    let mut places = boundary.places(removal.receiver);
    for place in boundary.places(removal.key) {
        places.extend([place, flow.code.root(place)]);
    }
    let is_guarded = boundary.is_caught(candidate.at.0, &[removal.error])
        || boundary.is_tested(candidate, &places)
        || is_asked_with(boundary, candidate, removal);
    if is_guarded {
        return None;
    }
    let (location, why) = match rival {
        Rival::Careful(location) => (location, "careful"),
        Rival::Asked(location) => (location, "asked"),
        Rival::Again(location) => (location, "again"),
        Rival::Sometimes(location) => (location, "sometimes"),
    };
    let message = Message::new("removed").with("name", name.clone());
    let why = Related {
        location,
        message: Message::new(why),
    };
    let help = Message::new(removal.help).with("name", name);
    Some(
        boundary
            .scene
            .at(candidate.expr, message)
            .because(why)
            .help(help),
    )
}

/// The words that a name is made of.
fn words(name: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() && was_small {
            found.push(String::new());
        }
        was_small = letter.is_lowercase();
        if letter != '_'
            && let Some(last) = found.last_mut()
        {
            last.extend(letter.to_lowercase());
        }
    }
    found
}

/// What an expression removes, and from where: of what is known to be a dictionary, a set or a list.
pub(super) fn removal_of(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Removal> {
    let flow = boundary.flow;
    let removal = match flow.module.kind(candidate.expr) {
        ExprKind::Call { .. } => match boundary.called(candidate.expr)? {
            ("pop", Some(receiver), arguments) => {
                let [key] = arguments[..] else { return None };
                Removal {
                    receiver,
                    key,
                    error: "KeyError",
                    help: "discard",
                }
            }
            ("remove", Some(receiver), arguments) => {
                let [key] = arguments[..] else { return None };
                let kinds = flow.evaluate.value(receiver).kinds;
                let (error, help) = if kinds.meets(Kinds::SET) {
                    ("KeyError", "set")
                } else if kinds.meets(Kinds::LIST) {
                    ("ValueError", "list")
                } else {
                    return None;
                };
                return Some(Removal {
                    receiver,
                    key,
                    error,
                    help,
                });
            }
            _ => return None,
        },
        ExprKind::Subscript { value, index, .. } if is_forgotten(boundary, candidate) => Removal {
            receiver: value,
            key: index,
            error: "KeyError",
            help: "discard",
        },
        _ => return None,
    };
    let is_computed = matches!(
        flow.module.kind(removal.key),
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
    );
    let is_index = flow.evaluate.value(removal.key).kinds == Kinds::NUMBER
        || flow
            .evaluate
            .value(removal.receiver)
            .kinds
            .meets(Kinds::LIST);
    (is_computed && !is_index).then_some(removal)
}

/// Whether it is `del` of the whole expression.
fn is_forgotten(boundary: &Boundary<'_>, candidate: Candidate) -> bool {
    let inst = boundary.flow.code.insts[candidate.at.1 as usize].kind;
    matches!(inst, InstKind::Forget(target) if target == candidate.expr)
}

/// Whether the function, or each of its callers, has taken what it removes out of the thing itself, or has put it there.
fn is_known_there(boundary: &Boundary<'_>, candidate: Candidate, removal: Removal) -> bool {
    let flow = boundary.flow;
    let Removal { receiver, key, .. } = removal;
    let before = flow.module.span(candidate.expr).start;
    let form = flow.form(key);
    let of = flow.place_of(receiver);
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    let is_met = exprs.any(|expr| {
        let is_before = flow.module.span(expr).end <= before;
        is_before
            && match flow.module.kind(expr) {
                ExprKind::Subscript { value, index, .. } => {
                    flow.form(index) == form && flow.place_of(value) == of
                }
                ExprKind::Call { .. } => matches!(
                    boundary.called(expr),
                    Some(("add" | "append" | "get" | "setdefault" | "index" | "insert" | "appendleft", Some(to), arguments))
                        if flow.place_of(to) == of
                            && arguments.iter().any(|&argument| flow.form(argument) == form)
                ),
                _ => false,
            }
    });
    let is_handed = || {
        let ExprKind::Name(place) = flow.module.kind(key) else {
            return false;
        };
        let name = flow.module.dotted(flow.code, receiver).unwrap_or_default();
        is_handed_keys(boundary, place, &name)
    };
    is_met || is_key_of(boundary, key, receiver) || is_handed() || !is_from_caller(boundary, key)
}

/// Whether what is removed is what a caller passes, or a part of it.
fn is_from_caller(boundary: &Boundary<'_>, key: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(place) = flow.place_of(key) else {
        return false;
    };
    let root = flow.code.root(place);
    let is_passed = |root: PlaceId| {
        let step = flow.code.place(root).step;
        let is_object = flow.code.class.is_some()
            && flow.code.parameters.first().map(|first| first.place) == Some(root);
        !is_object
            && matches!(
                step,
                Step::Variable {
                    scope: Scope::Parameter { .. },
                    ..
                }
            )
    };
    if is_passed(root) {
        return boundary.sources(root).is_empty();
    }
    match boundary.origins(root)[..] {
        [Origin::Value(value)] => {
            let places = boundary.places(value);
            !places.is_empty() && places.iter().any(|&place| is_passed(flow.code.root(place)))
        }
        _ => false,
    }
}

/// Whether a condition asks for what is removed with the words of the removal.
fn is_asked_with(boundary: &Boundary<'_>, candidate: Candidate, removal: Removal) -> bool {
    let flow = boundary.flow;
    let forms = [flow.form(removal.key), flow.form(removal.receiver)];
    let mentions = |test: ExprId| {
        let mut found = false;
        flow.module
            .walk(test, &mut |part| found |= forms.contains(&flow.form(part)));
        found
    };
    boundary.is_tested_by(candidate, &mentions, false)
}

/// Whether a loop hands out the keys of the thing itself, or of a list that another loop filled with them.
fn is_key_of(boundary: &Boundary<'_>, key: ExprId, receiver: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(key) = flow.place_of(key) else {
        return false;
    };
    let own = flow.place_of(receiver);
    let runs_over = |place: PlaceId| {
        let mut sources = boundary.sources(place).into_iter();
        sources.any(|source| own.is_some_and(|own| boundary.places(source).contains(&own)))
    };
    let of_list = |list: PlaceId| {
        let filled = flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Eval(call) => matches!(
                boundary.called(call),
                Some(("append" | "add", Some(to), arguments))
                    if flow.place_of(to) == Some(list)
                        && arguments.first().and_then(|&item| flow.place_of(item)).is_some_and(runs_over)
            ),
            _ => false,
        });
        let made = || {
            let mut origins = boundary.origins(list).into_iter();
            origins.any(|origin| match origin {
                Origin::Value(value) | Origin::Element(value) => own.is_some_and(|own| {
                    boundary.places(value).contains(&own) || comprehends(boundary, value, own)
                }),
            })
        };
        filled || made()
    };
    runs_over(key)
        || boundary.origins(key).iter().any(|origin| match *origin {
            Origin::Element(of) => boundary.places(of).into_iter().any(of_list),
            Origin::Value(_) => false,
        })
}

/// `[key for key in known if …]`.
fn comprehends(boundary: &Boundary<'_>, value: ExprId, own: PlaceId) -> bool {
    let flow = boundary.flow;
    let mut found = false;
    flow.module.walk(value, &mut |part| {
        if let ExprKind::Comprehension(id) = flow.module.kind(part) {
            let mut clauses = flow.module.comprehension(id).clauses.iter();
            found |= clauses.any(|clause| boundary.places(clause.iterable).contains(&own));
        }
    });
    found
}
