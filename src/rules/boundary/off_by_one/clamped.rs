//! `lines[min(end, len(lines))]`, `prices[bisect(bounds, x)]`: an index that may be the length itself.

use crate::finding::{Finding, Message};
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId, Source};
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::value::Kinds;

/// Functions that give the length for what comes behind everything.
const SEARCHES: [&str; 3] = ["bisect.bisect", "bisect.bisect_left", "bisect.bisect_right"];

/// An element behind the last one, and the expression that lets the index get there.
pub(super) fn clamped(boundary: &Boundary<'_>, candidate: Candidate) -> Option<(ExprId, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let is_mapping = flow.evaluate.value(value).kinds.meets(Kinds::DICT);
    let (cause, key) = only_value(boundary, index)
        .and_then(|found| reason(boundary, found, value))
        .filter(|_| !is_mapping)?;
    let asks = |test: ExprId| {
        let places = boundary.places(index);
        boundary.mentions(test, &places)
    };
    if boundary.is_caught(candidate.at.0, &["IndexError"])
        || (!boundary.places(index).is_empty() && boundary.is_tested_by(candidate, &asks, false))
        || is_longer(boundary, value)
    {
        return None;
    }
    let name = boundary.text(value);
    let message = Message::new("clamped").with("name", name.clone());
    let why = boundary.scene.related(cause, Message::new(key));
    let help = Message::new("stop").with("name", name);
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    Some((cause, finding.help(help)))
}

/// The value itself, or the only one that its name is bound to.
fn only_value(boundary: &Boundary<'_>, expr: ExprId) -> Option<ExprId> {
    match boundary.flow.module.kind(expr) {
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(value)] => Some(value),
            _ => None,
        },
        ExprKind::Call { .. } => Some(expr),
        _ => None,
    }
}

/// Why an index may be as large as the length.
fn reason(
    boundary: &Boundary<'_>,
    index: ExprId,
    sequence: ExprId,
) -> Option<(ExprId, &'static str)> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(index) else {
        return None;
    };
    let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
    if SEARCHES.contains(&dotted.as_str()) {
        // A row of answers mostly has one more than there are bounds.
        let bounds = *boundary.called(index)?.2.first()?;
        let is_as_long =
            flow.form(bounds) == flow.form(sequence) || is_made_alike(boundary, bounds, sequence);
        return is_as_long.then_some((index, "bisected"));
    }
    match boundary.called(index)? {
        ("min", None, arguments) => {
            let mut limits = arguments.iter();
            let is_length = limits.any(|&limit| is_length(boundary, limit, sequence));
            is_length.then_some((index, "length_itself"))
        }
        ("len", None, _) if is_length(boundary, index, sequence) => Some((index, "length_itself")),
        _ => None,
    }
}

/// Whether two attributes of the object, or two variables, have one element each for each of the same things.
fn is_made_alike(boundary: &Boundary<'_>, one: ExprId, other: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let name = |expr: ExprId| module.dotted(flow.code, expr);
    let (Some(one), Some(other)) = (name(one), name(other)) else {
        return false;
    };
    module.functions.iter().any(|code| {
        let made_of = |name: &str| {
            code.insts.iter().find_map(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } if module.dotted(code, target).as_deref() == Some(name) => {
                    let ExprKind::Comprehension(id) = module.kind(value) else {
                        return None;
                    };
                    match &module.comprehension(id).clauses[..] {
                        [clause] if clause.conditions.is_empty() => {
                            module.dotted(code, clause.iterable)
                        }
                        _ => None,
                    }
                }
                _ => None,
            })
        };
        made_of(&one).is_some_and(|of| made_of(&other).as_deref() == Some(&of))
    })
}

/// `len(sequence)`, or a name that is bound to it.
fn is_length(boundary: &Boundary<'_>, expr: ExprId, sequence: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(value) = only_value(boundary, expr) else {
        return false;
    };
    matches!(boundary.called(value), Some(("len", None, arguments))
        if arguments.first().is_some_and(|&of| flow.form(of) == flow.form(sequence)))
}

/// Whether something is put into the sequence in the function: it may be longer than what was measured.
fn is_longer(boundary: &Boundary<'_>, sequence: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(place): Option<PlaceId> = flow.place_of(sequence) else {
        return false;
    };
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    exprs.any(|expr| {
        matches!(boundary.called(expr), Some(("append" | "extend" | "insert", Some(receiver), _))
            if flow.place_of(receiver) == Some(place))
    })
}
