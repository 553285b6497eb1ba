//! What a counter runs to: the length of what it indexes, or one further.

use crate::finding::Confidence;
use crate::ir::{BinaryOperator, Comparison, ExprId, ExprKind, Loop, LoopKind, PlaceId};
use crate::rules::boundary::empty_sequence::constant;
use crate::rules::sequences::{Boundary, Candidate};

/// The expression that limits a loop's counter by the length of `sequence`; by how much its last value, plus one for an
/// index that is one too far, passes the last index: -1 where it ends in time.
pub(super) fn limit(
    boundary: &Boundary<'_>,
    of: &Loop,
    counter: ExprId,
    sequence: ExprId,
) -> Option<(ExprId, i64, Confidence)> {
    let flow = boundary.flow;
    let place = flow.place_of(counter)?;
    match of.kind {
        LoopKind::For {
            target, iterable, ..
        } => run(boundary, target, iterable, place, sequence),
        LoopKind::While { test } => match flow.module.kind(test) {
            ExprKind::And(parts) => {
                let mut parts = flow.module.list(parts).iter();
                parts.find_map(|&part| compared(boundary, part, place, sequence))
            }
            _ => compared(boundary, test, place, sequence),
        },
    }
}

/// `for i in range(len(sequence))`, `for i, x in enumerate(sequence)`.
fn run(
    boundary: &Boundary<'_>,
    target: ExprId,
    iterable: ExprId,
    counter: PlaceId,
    sequence: ExprId,
) -> Option<(ExprId, i64, Confidence)> {
    let flow = boundary.flow;
    let (name, None, arguments) = boundary.called(iterable)? else {
        return None;
    };
    match (name, &arguments[..]) {
        ("range" | "xrange", [end] | [_, end]) if flow.place_of(target) == Some(counter) => {
            let over = of_length(boundary, *end, sequence)?;
            Some((iterable, over - 1, Confidence::High))
        }
        ("enumerate", [over]) if flow.form(*over) == flow.form(sequence) => {
            let ExprKind::Tuple(parts) = flow.module.kind(target) else {
                return None;
            };
            let first = *flow.module.list(parts).first()?;
            (flow.place_of(first) == Some(counter)).then_some((iterable, -1, Confidence::High))
        }
        _ => None,
    }
}

/// The same in a comprehension that a use stands in.
pub(super) fn comprehended(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    counter: ExprId,
    sequence: ExprId,
) -> Option<(ExprId, i64, Confidence)> {
    let flow = boundary.flow;
    let module = flow.module;
    let place = flow.place_of(counter)?;
    let inside = module.span(candidate.expr);
    let mut found = None;
    module.walk(candidate.root, &mut |part| {
        if let ExprKind::Comprehension(id) = module.kind(part)
            && module.span(part).contains(inside)
        {
            for clause in &module.comprehension(id).clauses {
                let is_tested = clause.conditions.iter().any(|&condition| {
                    let is_inside = module.span(condition).contains(inside);
                    !is_inside && flow.mentions(condition, place)
                });
                let limit = run(boundary, clause.target, clause.iterable, place, sequence);
                found = found.or(limit.filter(|_| !is_tested));
            }
        }
    });
    found
}

/// `counter <= len(sequence)`, and by how much its last value, plus one, passes the last index.
fn compared(
    boundary: &Boundary<'_>,
    test: ExprId,
    counter: PlaceId,
    sequence: ExprId,
) -> Option<(ExprId, i64, Confidence)> {
    let ExprKind::Compare {
        operator,
        left,
        right,
    } = boundary.flow.module.kind(test)
    else {
        return None;
    };
    let over = of_length(boundary, right, sequence)?;
    let is_counter = boundary.flow.place_of(left) == Some(counter);
    let over = match operator {
        Comparison::Less | Comparison::NotEqual => over - 1,
        Comparison::LessEqual => over,
        _ => return None,
    };
    is_counter.then_some((test, over, Confidence::Medium))
}

/// `len(sequence) + n`: n.
pub(super) fn of_length(boundary: &Boundary<'_>, expr: ExprId, sequence: ExprId) -> Option<i64> {
    let flow = boundary.flow;
    match flow.module.kind(expr) {
        ExprKind::Call { .. } => match boundary.called(expr)? {
            ("len", None, arguments) => {
                (flow.form(*arguments.first()?) == flow.form(sequence)).then_some(0)
            }
            _ => None,
        },
        ExprKind::Binary {
            operator,
            left,
            right,
        } => {
            let base = of_length(boundary, left, sequence)?;
            let more = constant(boundary, right)?;
            match operator {
                BinaryOperator::Add => Some(base + more),
                BinaryOperator::Subtract => Some(base - more),
                _ => None,
            }
        }
        _ => None,
    }
}
