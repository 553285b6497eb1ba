//! `line[0] == "#"`: whoever asks what a text begins with has texts of many kinds, and the empty one has no beginning.

use super::evidence::Evidence;
use super::part::is_part;
use crate::finding::Confidence;
use crate::flow::Flow;
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, PlaceId, Scope, Step,
    UnaryOperator,
};
use crate::rules::boundary::missing_key::groups::has_text;
use crate::rules::is_test;
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// What goes by these names has a name, and so a first character.
const NAMING: [&str; 31] = [
    "attr",
    "attribute",
    "attrname",
    "c",
    "ch",
    "channel",
    "char",
    "character",
    "cls",
    "column",
    "field",
    "fn",
    "func",
    "function",
    "id",
    "ident",
    "identifier",
    "k",
    "key",
    "kind",
    "method",
    "mode",
    "name",
    "op",
    "operator",
    "symbol",
    "tag",
    "tok",
    "token",
    "type",
    "word",
];

/// Calls that give a text which may be empty: a part of another, what somebody configured, what was asked for.
const GIVING: [&str; 27] = [
    "config",
    "expandtabs",
    "expanduser",
    "get",
    "get_config",
    "get_option",
    "getoption",
    "getvalue",
    "group",
    "lower",
    "lstrip",
    "normalize",
    "option",
    "partition",
    "read",
    "readline",
    "removeprefix",
    "removesuffix",
    "replace",
    "rpartition",
    "rstrip",
    "split",
    "splitdrive",
    "strip",
    "sub",
    "upper",
    "urlsplit",
];

/// Parts of an address that are empty where it has none.
const PARTS: [&str; 6] = ["fragment", "netloc", "params", "path", "query", "scheme"];

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// The first or last character of a text is compared with one that is written out, and nothing says that there is one.
pub(super) fn probed(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
) -> Option<Evidence> {
    let is_probe = is_compared(boundary, candidate, subject);
    if !is_probe || !may_be_blank(boundary, subject, DEPTH) {
        return None;
    }
    Some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "probed",
        source: candidate.expr,
    })
}

/// `x[0] == "#"`, `x[-1] in "+-"`, `x[0] == x[-1]`.
fn is_compared(boundary: &Boundary<'_>, candidate: Candidate, subject: ExprId) -> bool {
    let flow = boundary.flow;
    let form = flow.form(subject);
    let is_end = |expr: ExprId| match flow.module.kind(expr) {
        ExprKind::Subscript { value, .. } => flow.form(value) == form,
        _ => false,
    };
    let mut found = false;
    flow.module.walk(candidate.root, &mut |part| {
        let ExprKind::Compare {
            operator,
            left,
            right,
        } = flow.module.kind(part)
        else {
            return;
        };
        if left != candidate.expr {
            return;
        }
        found |= match (operator, length(flow.module, right)) {
            (Comparison::Equal | Comparison::NotEqual, Some(1)) => true,
            (Comparison::Equal, None) => is_end(right),
            (Comparison::In | Comparison::NotIn, Some(length)) => length > 0,
            (Comparison::In | Comparison::NotIn, None) => is_of_characters(flow.module, right),
            _ => false,
        };
    });
    found
}

/// `["/", "-"]`
fn is_of_characters(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
            let mut parts = module.list(parts).iter();
            !parts.as_slice().is_empty() && parts.all(|&part| length(module, part) == Some(1))
        }
        _ => false,
    }
}

/// How many characters a text that is written out has.
fn length(module: &Module, expr: ExprId) -> Option<usize> {
    match module.kind(expr) {
        ExprKind::Text(text) | ExprKind::Bytes(text) => Some(module.name(text).chars().count()),
        _ => None,
    }
}

/// Whether a text may well be empty.
fn may_be_blank(boundary: &Boundary<'_>, text: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let module = boundary.flow.module;
    match module.kind(text) {
        ExprKind::Name(place) => is_blank_name(boundary, place, depth),
        // A file's own path is another thing than that of an address.
        ExprKind::Attribute { value, name, .. } => {
            let own = boundary.flow.code.parameters.first();
            let is_own = own.is_some_and(|own| boundary.flow.place_of(value) == Some(own.place));
            PARTS.contains(&module.name(name)) && !is_own
        }
        ExprKind::Subscript { value, index, .. } => is_part(boundary, value, index),
        ExprKind::Call { .. } => match boundary.called(text) {
            Some((name, receiver, arguments)) => {
                GIVING.contains(&name)
                    && !has_text(boundary, text)
                    && (receiver.is_some() || name == "config")
                    && !(name == "get" && has_text_default(module, arguments.get(1)))
            }
            None => false,
        },
        _ => false,
    }
}

/// `d.get("k", "text")`: there is always something.
fn has_text_default(module: &Module, default: Option<&ExprId>) -> bool {
    default.is_some_and(|&default| length(module, default).is_some_and(|length| length > 0))
}

fn is_blank_name(boundary: &Boundary<'_>, place: PlaceId, depth: usize) -> bool {
    let flow = boundary.flow;
    let Step::Variable { name, scope } = flow.code.place(place).step else {
        return false;
    };
    let name = flow.module.name(name);
    let last = name.rsplit('_').next().unwrap_or(name);
    if NAMING.contains(&last) {
        return false;
    }
    let origins = boundary.origins(place);
    if let Scope::Parameter { .. } = scope {
        return origins.is_empty() && is_given_by_callers(boundary, place);
    }
    if origins.is_empty() {
        let sources = boundary.sources(place);
        return !sources.is_empty()
            && sources.iter().all(|&source| match boundary.called(source) {
                Some(("partition" | "rpartition" | "split" | "rsplit" | "splitdrive", ..)) => true,
                Some(_) => may_be_blank(boundary, source, depth),
                None => false,
            });
    }
    origins.iter().all(|origin| match *origin {
        Origin::Value(value) => may_be_blank(boundary, value, depth),
        Origin::Element(iterable) => is_of_blanks(boundary, iterable),
    })
}

/// Whether the elements of something may be empty texts: what stands between two separators, the lines of a text without
/// their ends.
fn is_of_blanks(boundary: &Boundary<'_>, iterable: ExprId) -> bool {
    boundary
        .values(iterable)
        .iter()
        .any(|&value| match boundary.called(value) {
            Some(("split" | "rsplit", Some(_), arguments)) => !arguments.is_empty(),
            Some(("splitlines", Some(_), arguments)) => arguments.is_empty(),
            _ => false,
        })
}

/// Whether a parameter is a text that callers choose freely: no receiver, not of a method that Python calls with a name,
/// and not one that every known call writes out.
fn is_given_by_callers(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let flow = boundary.flow;
    let own = flow.module.name(flow.code.name);
    let position = { flow.code.parameters.iter() }.position(|parameter| parameter.place == place);
    let Some(position) = position else {
        return false;
    };
    let is_receiver = position == 0 && flow.program.class_of_method(flow.function).is_some();
    !is_receiver
        && flow.code.kind == FunctionKind::Def
        && !own.starts_with("__")
        && !is_told_of_data(own)
        && !is_known_to_callers(boundary, position)
}

/// `dataReceived`, `data_received`: whoever calls that has read something.
fn is_told_of_data(name: &str) -> bool {
    name.ends_with("Received") || name.ends_with("_received")
}

/// So many calls are looked at.
const CALLS: usize = 24;

/// Whether every known call gives a text of which something is known: it is written out, it goes by a name that names things, or
/// the caller has a condition on it.
fn is_known_to_callers(boundary: &Boundary<'_>, position: usize) -> bool {
    let flow = boundary.flow;
    let calls = boundary.scene.graph.calls_of(flow.function).take(CALLS);
    let mut calls = calls
        .filter(|site| !is_test(flow.program, site.caller))
        .peekable();
    calls.peek().is_some()
        && calls.all(|site| {
            let caller = flow.of_another(site.caller);
            let ExprKind::Call { arguments, .. } = caller.module.kind(site.call) else {
                return false;
            };
            let position = position.checked_sub(usize::from(site.bound));
            let argument = position.and_then(|at| caller.module.arguments(arguments).get(at));
            argument.is_some_and(|argument| is_known_there(&caller, argument.value))
        })
}

/// Whether a function knows something of a text that it passes on.
fn is_known_there(caller: &Flow<'_, '_>, text: ExprId) -> bool {
    let module = caller.module;
    if length(module, text).is_some_and(|length| length > 0) {
        return true;
    }
    if let ExprKind::Attribute { name, .. } = module.kind(text)
        && NAMING.contains(&module.name(name))
    {
        return true;
    }
    let Some(place) = caller.place_of(text) else {
        return false;
    };
    caller.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => caller.mentions(test, place),
        _ => false,
    })
}

/// Whether something on the way to a use says more of a text than that it is not this or that one.
pub(super) fn is_tested(boundary: &Boundary<'_>, candidate: Candidate, places: &[PlaceId]) -> bool {
    let says_more = |test: ExprId| says_more(boundary, test, places);
    boundary.is_tested_by(candidate, &says_more, false)
        || boundary.is_looped(candidate, places)
        || boundary.is_checked(candidate, places)
        || is_known_text(boundary, candidate, places)
}

fn says_more(boundary: &Boundary<'_>, test: ExprId, places: &[PlaceId]) -> bool {
    let module = boundary.flow.module;
    match module.kind(test) {
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| says_more(boundary, part, places))
        }
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => says_more(boundary, operand, places),
        _ => !is_of_other(boundary, test, places) && boundary.mentions(test, places),
    }
}

/// `text == "auto"`, `text in ("a", "b")`: where it is not so, nothing is said.
fn is_of_other(boundary: &Boundary<'_>, test: ExprId, places: &[PlaceId]) -> bool {
    let module = boundary.flow.module;
    let ExprKind::Compare {
        operator,
        left,
        right,
    } = module.kind(test)
    else {
        return false;
    };
    let is_it = boundary
        .flow
        .place_of(left)
        .is_some_and(|place| places.contains(&place));
    let is_text = |expr: ExprId| length(module, expr).is_some_and(|length| length > 0);
    is_it
        && match operator {
            Comparison::Equal | Comparison::NotEqual => is_text(right),
            Comparison::In | Comparison::NotIn => match module.kind(right) {
                ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                    module.list(parts).iter().all(|&part| is_text(part))
                }
                _ => false,
            },
            _ => false,
        }
}

/// Whether the text is one of those that it was compared with.
fn is_known_text(boundary: &Boundary<'_>, candidate: Candidate, places: &[PlaceId]) -> bool {
    let flow = boundary.flow;
    let code: &Function = flow.code;
    (0..code.blocks.len())
        .map(crate::ir::BlockId::new)
        .any(|block| {
            let mut insts = code.insts(code.block(block)).iter();
            insts.any(|inst| match inst.kind {
                InstKind::Assume { test, holds } => {
                    let is_positive = match flow.module.kind(test) {
                        ExprKind::Compare { operator, .. } => {
                            matches!(operator, Comparison::Equal | Comparison::In) == holds
                        }
                        _ => false,
                    };
                    is_positive
                        && is_of_other(boundary, test, places)
                        && boundary.dominates(block, candidate.at.0)
                }
                _ => false,
            })
        })
}
