//! Whether the code itself shows that a variable holds data, where nothing else is known of it.

use crate::flow::{Flow, Held, Reaching, Wanted, Witness};
use crate::ir::{BinaryOperator, Comparison, ExprId, ExprKind, PlaceId};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::names::vocabulary::{is_data as never_called, is_data_like};
use crate::value::Kinds;

/// Whether what is called holds data on some way, as the uses of the variable tell.
pub(super) fn is_data(flow: &Flow<'_, '_>, held: Held, place: PlaceId, callee: ExprId) -> bool {
    let name = flow.place_text(place);
    let tests = Reaching::of(flow).conditions(flow.position().1);
    // Equal to a text: then it is none of the functions that it may be elsewhere.
    if tests
        .iter()
        .any(|&(test, holds, _)| holds && is_equal_to_literal(flow, test, place))
    {
        return true;
    }
    if tests.iter().any(|&(test, ..)| flow.mentions(test, place)) {
        return false;
    }
    let known = held.value.kinds - Kinds::ANY;
    if !(known - Kinds::UNBOUND - Kinds::NONE).is_empty() {
        return never_called(known) && a_literal_gets_to(flow, place, callee);
    }
    is_data_like(&name) && is_used_as_data(flow, place)
}

fn is_equal_to_literal(flow: &Flow<'_, '_>, test: ExprId, place: PlaceId) -> bool {
    let module = flow.module;
    match module.kind(test) {
        ExprKind::And(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| is_equal_to_literal(flow, part, place))
        }
        ExprKind::Compare {
            operator: Comparison::Equal,
            left,
            right,
        } => module.kind(left) == ExprKind::Name(place) && is_literal(module.kind(right)),
        _ => false,
    }
}

fn is_literal(kind: ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Text(_) | ExprKind::Bytes(_) | ExprKind::Int(_) | ExprKind::Number(_)
    )
}

/// Whether a way leads from a binding to True, a number, a text or a display to the call.
fn a_literal_gets_to(flow: &Flow<'_, '_>, place: PlaceId, callee: ExprId) -> bool {
    let bindings = flow.code.insts.iter().filter_map(|inst| match inst.kind {
        crate::ir::InstKind::Bind {
            target,
            source: crate::ir::Source::Value(value),
            ..
        } if flow.module.kind(target) == ExprKind::Name(place) => Some(value),
        _ => None,
    });
    bindings
        .filter(|&value| is_written_out(flow.module.kind(value)))
        .any(|value| {
            let wanted = Wanted {
                place,
                origin: Some(value),
                passed: false,
                target: flow.position(),
            };
            // That a loop runs no round is an everyday state of what it goes over.
            flow.witness_at(wanted, callee) >= Witness::EmptyLoop
        })
}

fn is_written_out(kind: ExprKind) -> bool {
    is_literal(kind)
        || matches!(
            kind,
            ExprKind::True | ExprKind::False | ExprKind::List(_) | ExprKind::Dict(_)
        )
}

/// Whether some read of the variable is one that no function stands, or that hardly anybody makes of one: it is compared
/// with a literal, calculated with, formatted, printed, or is an index.
fn is_used_as_data(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let module = flow.module;
    let usage = Usage::of(module, flow.code);
    usage.reads(place).into_iter().any(|name| {
        let Fate::Part(part) = usage.fate(name) else {
            return false;
        };
        match module.kind(part) {
            ExprKind::Compare { left, right, .. } => {
                is_literal(module.kind(left)) || is_literal(module.kind(right))
            }
            ExprKind::Binary { operator, .. } => operator != BinaryOperator::BitOr,
            ExprKind::Interpolated(_) => true,
            ExprKind::Subscript { index, .. } => index == name,
            ExprKind::Call { callee, .. } if callee != name => {
                module.dotted(flow.code, callee).as_deref() == Some("print")
            }
            _ => false,
        }
    })
}
