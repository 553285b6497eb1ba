//! `none-result`: a call's result, or an attribute, that can be None is used with no guard.

mod ends;
mod habit;
mod keyed;
mod library;
mod null;
mod optional;
pub(in crate::rules) mod options;
mod pattern;
mod rows;
mod search;
mod text;
mod told;
mod unpacked;
mod when;

use crate::finding::Severity;
use crate::finding::{Confidence, Finding, Message, Related};
use crate::flow::{Circumstances, Flow, Use, Wanted, Witness};
use crate::infer::ResultUse;
use crate::ir::{BlockId, ExprId, ExprKind, FunctionKind, InstKind, Module, PlaceId, Source};
use crate::project::Target;
use crate::rules::none::belief::{Question, alike, asked};
use crate::rules::none::calls::{Returns, given, is_collected, returns_none};
use crate::rules::none::sibling;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::Effects;
use crate::text::Location;
use crate::types::FunctionRef;
use habit::Habits;
use keyed::Keys;
use library::of_library;
use optional::{is_group_asked, of_default, of_document};
use rustc_hash::FxHashSet;
use unpacked::{items_at, unpacked};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "none-result",
    family: Family::None,
    page: include_str!("../../../rules/none-result.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let habits = Habits::of(whole);
    let keys = Keys::of(whole);
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        if trace.results.is_empty() || !whole.is_reported(function) {
            continue;
        }
        let flow = whole.flow(function);
        let mut told = FxHashSet::default();
        for used in &trace.results {
            if !told.contains(&used.source)
                && !is_repeated(&flow, used, &told)
                && let Some(finding) = finding(rule, whole, &flow, used, (&habits, &keys))
            {
                told.insert(used.source);
                findings.push(finding);
            }
        }
    }
    let others = sibling::findings(rule, whole).into_iter();
    let others = others.chain(options::findings(rule, whole));
    for new in others.chain(null::findings(rule, whole)) {
        if !findings.iter().any(|known| known.location == new.location) {
            findings.push(new);
        }
    }
    findings
}

/// Whether the same tree was told to be searched before in this function: one part that is missing stands for all.
fn is_repeated(flow: &Flow<'_, '_>, used: &ResultUse, told: &FxHashSet<ExprId>) -> bool {
    let found = |source: ExprId| match flow.module.kind(source) {
        ExprKind::Call { callee, .. } => flow.module.dotted(flow.code, callee),
        _ => None,
    };
    is_find(flow, used.source)
        && found(used.source).is_some_and(|tree| {
            let mut told = told.iter();
            told.any(|&source| found(source).as_ref() == Some(&tree))
        })
}

/// Whether a method `find` of something unknown is called.
fn is_find(flow: &Flow<'_, '_>, source: ExprId) -> bool {
    let ExprKind::Call { callee: found, .. } = flow.module.kind(source) else {
        return false;
    };
    matches!(flow.module.kind(found), ExprKind::Attribute { name, .. } if flow.module.name(name) == "find")
        && callee(flow, source) == Target::Unknown
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    used: &ResultUse,
    (habits, keys): (&Habits, &Keys),
) -> Option<Finding> {
    let module = flow.module;
    if matches!(module.kind(used.source), ExprKind::Compare { .. }) {
        return Some(filtered(rule, whole, flow, used));
    }
    if is_search_of_text(flow, used) {
        return None;
    }
    let witness = match flow.place_of(used.subject) {
        Some(place) => {
            // An attribute is not bound to where its None comes from: it is None when the object is made.
            let is_read = used.subject == used.source;
            let wanted = Wanted {
                place,
                origin: Some(used.source).filter(|_| !is_read),
                passed: is_read,
                target: used.position,
            };
            flow.witness_where(
                wanted,
                Circumstances {
                    subject: Some(used.subject),
                    ..Circumstances::default()
                },
            )
        }
        None => Witness::Path,
    };
    let is_given_up =
        matches!(witness, Witness::EmptyLoop | Witness::Unfound) && search::is_given_up(flow, used);
    if (witness < Witness::Exception && !is_given_up)
        || flow.is_tested_alike(used.source, used.position)
        || is_asked_alike(flow, used)
        || is_group_asked(flow, used)
    {
        return None;
    }
    let what = match module.kind(used.source) {
        ExprKind::Call { callee, .. } => module
            .dotted(flow.code, callee)
            .map(|callee| format!("{callee}()")),
        _ => module.dotted(flow.code, used.source),
    };
    let what = what.unwrap_or_else(|| "the call".to_owned());
    let name = flow
        .place_of(used.subject)
        .map(|place| flow.place_text(place));
    let is_read = !matches!(
        module.kind(used.source),
        ExprKind::Call { .. } | ExprKind::Await(_)
    );
    let key = match &name {
        None => "used",
        // To say that it is the result of itself tells nobody anything.
        Some(name) if is_read && *name == what => "attribute",
        Some(_) if unpacked(flow, used).is_some() => "part",
        Some(_) => "variable",
    };
    let message = Message::new(key)
        .with("name", name.clone().unwrap_or_default())
        .with("call", what.clone());
    let statement = flow.code.insts[used.position.1 as usize].span.start;
    let mut finding = Finding {
        statement,
        ..draft(
            rule,
            whole.program,
            flow.function,
            module.span(used.subject),
            message,
        )
    };
    let at_once = used.subject == used.source
        || flow.module.kind(used.subject) == ExprKind::Await(used.source);
    if !at_once {
        let location = Location {
            file: whole.program.file(flow.function),
            span: module.span(used.source),
        };
        finding.related.push(Related {
            location,
            message: Message::new("source").with("call", what),
        });
    }
    finding.related.extend(when::related(whole, flow, used));
    let confidence = match callee(flow, used.source) {
        Target::Function { function, .. } if unpacked(flow, used).is_some() => {
            let (index, siblings) = unpacked(flow, used)?;
            let given = given(whole, flow.function, used.source, function);
            let at = items_at(whole, function, index, &given);
            if at.is_empty() || is_any_asked(flow, used, &siblings) {
                return None;
            }
            finding
                .related
                .extend(at.into_iter().map(|location| Related {
                    location,
                    message: Message::new("returns"),
                }));
            habits.confidence(whole, flow.function, used.source, (function, &given), true)
        }
        Target::Function { function, .. } => {
            let given = given(whole, flow.function, used.source, function);
            let confidence = match returns_none(whole, function, &given) {
                _ if is_collected(whole, flow.function, used.source, function) => Confidence::Low,
                Returns::Never => of_default(whole, function, &given)?,
                // Who reads a property mostly knows in what state the object is.
                Returns::HandedOn
                    if flow.getter(used.source).is_some()
                        || !habits.is_reckoned_with(
                            whole,
                            flow.function,
                            used.source,
                            function,
                        ) =>
                {
                    Confidence::Low
                }
                Returns::Plainly
                    if flow.getter(used.source).is_some()
                        && !habits.is_tested(whole, flow.function, used.source, function) =>
                {
                    Confidence::Low
                }
                Returns::HandedOn | Returns::Plainly => {
                    habits.confidence(whole, flow.function, used.source, (function, &given), false)
                }
            };
            returns(whole, function, &mut finding);
            confidence
        }
        Target::Library(call) => {
            let call = whole.program.library.get(call);
            if call.summary.effects.meets(Effects::PARSE) {
                match call.name.starts_with("yaml.") {
                    true => of_document(flow, used.source),
                    false => Confidence::Low,
                }
            } else {
                of_library(flow, used, keys)?
            }
        }
        // Who wrote the None down and asks for it somewhere has another reason not to ask here.
        Target::Unknown if has_default(flow, used.source) && is_asked(flow, used) => {
            Confidence::Low
        }
        _ => of_library(flow, used, keys)?.min(Confidence::Medium),
    };
    let name_is_missing = name.is_none();
    let confidence = match flow.code.kind {
        // A lambda is handed to somebody, who may well call it to see whether it fails.
        FunctionKind::Lambda => Confidence::Low,
        // One of several alternatives, or what somebody else made of it.
        _ if name_is_missing
            && !at_once
            && !matches!(callee(flow, used.source), Target::Function { .. }) =>
        {
            Confidence::Low
        }
        _ if is_half_asked(flow, used) => Confidence::Low,
        _ => confidence.min(Confidence::Medium),
    };
    Some(told::with_test(whole, flow, used, name, finding).confidence(confidence))
}

/// The element of a container from which other code of the function leaves out None.
fn filtered(
    rule: &'static Rule,
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    used: &ResultUse,
) -> Finding {
    let span = flow.module.span(used.subject);
    let name = flow
        .place_of(used.subject)
        .map_or_else(|| "element".to_owned(), |place| flow.place_text(place));
    let message = Message::new("element").with("name", name.clone());
    let statement = flow.code.insts[used.position.1 as usize].span.start;
    let finding = draft(rule, whole.program, flow.function, span, message);
    let related = Related {
        location: Location {
            file: whole.program.file(flow.function),
            span: flow.module.span(used.source),
        },
        message: Message::new("left-out"),
    };
    Finding {
        statement,
        ..finding
    }
    .because(related)
    .confidence(Confidence::Medium)
    .help(Message::new("guard").with("name", name))
}

/// Whether a call is given the None that it may give.
fn has_default(flow: &Flow<'_, '_>, source: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = flow.module.kind(source) else {
        return false;
    };
    let last = flow.module.arguments(arguments).last();
    last.is_some_and(|last| flow.module.kind(last.value) == ExprKind::None)
}

/// Whether the variable that is used is tested anywhere behind its source.
fn is_asked(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let place = flow.place_of(used.subject);
    place.is_some_and(|place| is_any_asked(flow, used, &[flow.code.root(place)]))
}

/// Whether one of these names is tested anywhere: `error, value = f()` is asked for the error.
fn is_any_asked(flow: &Flow<'_, '_>, used: &ResultUse, names: &[PlaceId]) -> bool {
    let module = flow.module;
    let start = module.span(used.source).start;
    let mentions = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= flow
                .place_of(part)
                .is_some_and(|place| names.contains(&flow.code.root(place)));
        });
        found
    };
    flow.code.insts.iter().any(|inst| {
        let mut found = false;
        if let InstKind::Assume { test, .. } = inst.kind {
            found |= module.span(test).start > start && mentions(test);
        }
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| {
                if let ExprKind::Conditional { test, .. } = module.kind(part) {
                    found |= module.span(test).start > start && mentions(test);
                }
            });
        });
        found
    })
}

/// Whether a text may have been searched for another, which gives a number: only what no number has tells that it was a document.
fn is_search_of_text(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    is_find(flow, used.source)
        && !matches!(used.how, Use::Attribute | Use::Subscript | Use::Iterate)
}

/// Whether a way to the use leads past `if flag and x is None: return`: who wrote it down knows that the two go together.
fn is_half_asked(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let (module, code) = (flow.module, flow.code);
    let Some(place) = flow.place_of(used.subject) else {
        return false;
    };
    code.blocks.iter().enumerate().any(|(index, block)| {
        let Some(InstKind::Assume { test, holds: false }) =
            code.insts(block).first().map(|inst| inst.kind)
        else {
            return false;
        };
        let ExprKind::And(parts) = module.kind(test) else {
            return false;
        };
        let mut found = Vec::new();
        for &part in module.list(parts) {
            asked(module, code, part, &mut found);
        }
        let is_asked = found.iter().any(|asked| {
            asked.place == place
                && !asked.positive
                && matches!(asked.question, Question::None | Question::Truth)
        });
        let is_flag = |&part: &ExprId| {
            let asks = found
                .iter()
                .any(|asked| asked.at == part && asked.place != place);
            asks && module.kind(part).place().is_some()
        };
        is_asked
            && module.list(parts).iter().any(is_flag)
            && flow
                .dominators()
                .dominates(BlockId::new(index), used.position.0)
    })
}

/// Whether a call that is written alike was tested on the way to this one or to the use, however far up.
fn is_asked_alike(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let (module, code) = (flow.module, flow.code);
    if !matches!(module.kind(used.source), ExprKind::Call { .. }) {
        return false;
    }
    let span = module.span(used.source);
    let made = code.blocks.iter().position(|block| {
        let mut insts = code.insts(block).iter();
        insts.any(|inst| !matches!(inst.kind, InstKind::Assume { .. }) && inst.span.contains(span))
    });
    let targets = [Some(used.position.0), made.map(BlockId::new)];
    code.blocks.iter().enumerate().any(|(index, block)| {
        let Some(InstKind::Assume { test, .. }) = code.insts(block).first().map(|inst| inst.kind)
        else {
            return false;
        };
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= asks_alike(module, part, used.source) || is_bound_alike(flow, part, used)
        });
        let mut targets = targets.iter().flatten();
        found && targets.any(|&target| flow.dominators().dominates(BlockId::new(index), target))
    })
}

/// Whether another variable was bound to another call that is written alike.
fn is_bound_alike(flow: &Flow<'_, '_>, asked: ExprId, used: &ResultUse) -> bool {
    let ExprKind::Name(place) = flow.module.kind(asked) else {
        return false;
    };
    let call = used.source;
    flow.place_of(used.subject) != Some(place)
        && flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } => {
                value != call
                    && flow.place_of(target) == Some(place)
                    && asks_alike(flow.module, value, call)
            }
            _ => false,
        })
}

/// Whether two calls are written alike, but for the default that the first may give to a lookup.
fn asks_alike(module: &Module, asked: ExprId, call: ExprId) -> bool {
    let (
        ExprKind::Call {
            callee: one,
            arguments: theirs,
        },
        ExprKind::Call {
            callee: other,
            arguments: own,
        },
    ) = (module.kind(asked), module.kind(call))
    else {
        return false;
    };
    let is_get = matches!(module.kind(other), ExprKind::Attribute { name, .. } if module.name(name) == "get");
    alike(module, asked, call)
        || match (module.arguments(theirs), module.arguments(own)) {
            ([key, _], [only]) => {
                is_get && alike(module, one, other) && alike(module, key.value, only.value)
            }
            _ => false,
        }
}

/// The places where a function of the project returns None.
fn returns(whole: &Whole<'_>, function: FunctionRef, finding: &mut Finding) {
    for &location in whole.summaries[function.0 as usize].none_at.iter().take(3) {
        finding.related.push(Related {
            location,
            message: Message::new("returns"),
        });
    }
}

fn callee(flow: &Flow<'_, '_>, source: ExprId) -> Target {
    match flow.module.kind(source) {
        ExprKind::Call { callee, .. } => flow.program.target(flow.evaluate.value(callee)),
        _ => flow
            .getter(source)
            .map_or(Target::Unknown, |function| Target::Function {
                function,
                bound: true,
            }),
    }
}
