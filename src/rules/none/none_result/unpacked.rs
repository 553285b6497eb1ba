//! An element of a tuple that a call gives, and the names that stand beside it.

use crate::flow::{Flow, Given};
use crate::infer::ResultUse;
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, PlaceId, Source};
use crate::rules::Whole;
use crate::text::Location;
use crate::types::FunctionRef;

/// For a name that a call's result is unpacked into: which element it is, and the names of the others.
pub(super) fn unpacked(flow: &Flow<'_, '_>, used: &ResultUse) -> Option<(usize, Vec<PlaceId>)> {
    let place = handed_on(flow, used.subject)?;
    flow.code.insts.iter().find_map(|inst| {
        let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
        else {
            return None;
        };
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = flow.module.kind(target) else {
            return None;
        };
        let is_it = value == used.source || flow.module.kind(value) == ExprKind::Await(used.source);
        let parts = flow.module.list(parts);
        let at = |part: &ExprId| flow.place_of(*part) == Some(place);
        let index = parts.iter().position(at).filter(|_| is_it)?;
        let others = parts.iter().filter(|part| !at(part));
        Some((
            index,
            others.filter_map(|&part| flow.place_of(part)).collect(),
        ))
    })
}

/// The variable that is used, or that a call gets whose result is: the call gives None for None.
fn handed_on(flow: &Flow<'_, '_>, subject: ExprId) -> Option<PlaceId> {
    let ExprKind::Call { arguments, .. } = flow.module.kind(subject) else {
        return flow.place_of(subject);
    };
    match flow.module.arguments(arguments) {
        [only] => flow.place_of(only.value),
        _ => None,
    }
}

/// Where a function that is given these arguments returns a tuple whose element is None.
pub(super) fn items_at(
    whole: &Whole<'_>,
    function: FunctionRef,
    index: usize,
    given: &[(PlaceId, Given)],
) -> Vec<Location> {
    let flow = whole.flow(function);
    let mut found = Vec::new();
    for (block, of) in flow.code.blocks.iter().enumerate() {
        for at in of.insts.range() {
            let inst = &flow.code.insts[at];
            let InstKind::Return(Some(value)) = inst.kind else {
                continue;
            };
            let ExprKind::Tuple(parts) = flow.module.kind(value) else {
                continue;
            };
            let part = flow.module.list(parts).get(index);
            let is_none = part.is_some_and(|&part| flow.module.kind(part) == ExprKind::None);
            let position = (BlockId::new(block), at as u32);
            if is_none && (given.is_empty() || flow.reaches(position, given)) {
                let file = whole.program.file(function);
                let span = inst.span;
                found.push(Location { file, span });
            }
        }
    }
    found.truncate(3);
    found
}
