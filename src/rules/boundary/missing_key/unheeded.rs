//! `if "host" not in headers: log("no host")`, and then `headers["host"]` all the same: the function knows, and goes on.

use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, PlaceId, UnaryOperator};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// Dictionaries that have every key.
const FILLED: [&str; 5] = ["defaultdict", "Counter", "ChainMap", "Config", "bunch"];

/// Where the function asks whether there is such a key, and gets to the read although there is none.
pub(super) fn unheeded(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let ExprKind::Name(document) = flow.module.kind(value) else {
        return None;
    };
    let key = match flow.module.kind(index) {
        ExprKind::Text(_) | ExprKind::Bytes(_) => None,
        ExprKind::Name(place) => Some(place),
        _ => return None,
    };
    let makes_all = boundary.origins(document).len() > 1
        || boundary.values(value).iter().any(|&made| {
            boundary
                .called(made)
                .is_some_and(|(name, ..)| FILLED.contains(&name))
        });
    if makes_all || !boundary.is_local(document) {
        return None;
    }
    let is_keyed = key.is_none() || is_keyed(boundary, document);
    let places: Vec<PlaceId> = [document].into_iter().chain(key).collect();
    for at_block in 0..flow.code.blocks.len() {
        let block = BlockId::new(at_block);
        for at in flow.code.block(block).insts.range() {
            let InstKind::Assume { test, holds } = flow.code.insts[at].kind else {
                continue;
            };
            if at != candidate.at.1 as usize
                && is_missing(boundary, test, holds, document, index)
                && boundary.is_unheeded((block, at as u32), candidate, &places)
                && !boundary.is_asked_there(candidate, &places)
                // Who reads it just where it is not in there means a position.
                && (is_keyed || !boundary.dominates(block, candidate.at.0))
            {
                return Some(test);
            }
        }
    }
    None
}

/// Whether the function makes a dictionary of it, or asks it for keys: what is in a list is no index of it.
fn is_keyed(boundary: &Boundary<'_>, document: PlaceId) -> bool {
    let flow = boundary.flow;
    let is_made = boundary
        .origins(document)
        .iter()
        .any(|origin| match *origin {
            Origin::Value(value) => match flow.module.kind(value) {
                ExprKind::Dict(_) => true,
                ExprKind::Call { .. } => {
                    matches!(boundary.called(value), Some(("dict" | "OrderedDict", ..)))
                }
                _ => false,
            },
            Origin::Element(_) => false,
        });
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    is_made
        || exprs.any(|expr| {
            matches!(
                boundary.called(expr),
                Some(("get" | "keys" | "items" | "values" | "setdefault" | "update" | "iteritems", Some(receiver), _))
                    if flow.place_of(receiver) == Some(document)
            )
        })
}

/// Whether a condition that came out like this says that there is no such key.
fn is_missing(
    boundary: &Boundary<'_>,
    test: ExprId,
    holds: bool,
    document: PlaceId,
    index: ExprId,
) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let same_key = |other: ExprId| flow.form(other) == flow.form(index);
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => is_missing(boundary, operand, !holds, document, index),
        kind @ (ExprKind::And(parts) | ExprKind::Or(parts)) => {
            let is_sure = matches!(kind, ExprKind::And(_)) == holds;
            let mut parts = module.list(parts).iter();
            is_sure && parts.any(|&part| is_missing(boundary, part, holds, document, index))
        }
        ExprKind::Compare {
            operator,
            left,
            right,
        } if module.kind(right) == ExprKind::Name(document) && same_key(left) => {
            matches!(
                (operator, holds),
                (Comparison::In, false) | (Comparison::NotIn, true)
            )
        }
        // What is not there is as false as what is empty.
        ExprKind::Call { .. } => matches!(
            boundary.called(test),
            Some(("has_key" | "get", Some(receiver), arguments))
                if !holds
                    && module.kind(receiver) == ExprKind::Name(document)
                    && arguments.first().is_some_and(|&key| same_key(key))
        ),
        _ => false,
    }
}
