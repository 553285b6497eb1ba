//! Documents of more than one shape: what is read where another key is not there, or as the default of one that may not be.

use super::belief::{asks, is_bound_once};
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, PlaceId, UnaryOperator};
use crate::rules::sequences::{Boundary, Candidate};

/// What goes by these names somebody else has written.
const SENT: [&str; 12] = [
    "event",
    "message",
    "msg",
    "payload",
    "update",
    "notification",
    "data",
    "answer",
    "response",
    "reply",
    "result",
    "body",
];

/// `d.get(k, d[other])`: the default is evaluated always. Where `other` is asked for with care.
pub(super) fn fallback(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    let mut is_default = false;
    flow.module.walk(candidate.root, &mut |part| {
        if let Some(("get" | "pop" | "setdefault", Some(receiver), arguments)) =
            boundary.called(part)
            && let [_, default] = arguments[..]
        {
            is_default |= default == candidate.expr && flow.place_of(receiver) == Some(place);
        }
    });
    if !is_default || !is_bound_once(boundary, place) {
        return None;
    }
    let mut blocks = (0..flow.code.blocks.len()).map(BlockId::new);
    let is_sure = blocks.any(|block| {
        let mut insts = flow.code.insts(flow.code.block(block)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Assume { test, holds } => is_there(boundary, test, holds, place, index),
            _ => false,
        }) && boundary.dominates(block, candidate.at.0)
    });
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    let asked = exprs.find(|&expr| asks(boundary, expr, place, index))?;
    (!is_sure).then_some(asked)
}

/// Whether a condition that came out like this shows that a key is there; one of several that are joined by `or` does not.
fn is_there(
    boundary: &Boundary<'_>,
    test: ExprId,
    holds: bool,
    place: PlaceId,
    index: ExprId,
) -> bool {
    let module = boundary.flow.module;
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => is_there(boundary, operand, !holds, place, index),
        ExprKind::And(parts) => {
            let mut parts = module.list(parts).iter();
            holds && parts.any(|&part| is_there(boundary, part, holds, place, index))
        }
        ExprKind::Compare {
            operator: Comparison::NotIn,
            ..
        } => !holds && asks(boundary, test, place, index),
        _ => holds && asks(boundary, test, place, index),
    }
}

/// The question by which another key of a document that somebody sent is not there, where this one is read and nowhere
/// asked for: `if "message" in event: … else: event["text"]`.
pub(super) fn other_shape(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    let place = flow.place_of(value)?;
    if !is_sent(boundary, value) || !is_bound_once(boundary, place) {
        return None;
    }
    let mut found = None;
    for index_of in 0..flow.code.blocks.len() {
        let block = BlockId::new(index_of);
        for inst in flow.code.insts(flow.code.block(block)) {
            let InstKind::Assume { test, holds } = inst.kind else {
                continue;
            };
            let Some((key, is_in)) = key_of(boundary, test, place) else {
                continue;
            };
            if !boundary.dominates(block, candidate.at.0) {
                continue;
            }
            if is_in == holds {
                // That one key is there tells which shape it is.
                return None;
            }
            // A shape that ends the function there is dealt with: what is left is the other.
            if flow.form(key) != flow.form(index)
                && goes_on(boundary, (test, holds), candidate, place)
            {
                found = Some(test);
            }
        }
    }
    let found = found?;
    // What other branches read too belongs to all shapes.
    let form = flow.form(candidate.expr);
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    let is_common = exprs.any(|expr| {
        expr != candidate.expr
            && matches!(module.kind(expr), ExprKind::Subscript { .. })
            && flow.form(expr) == form
    });
    (!is_common).then_some(found)
}

/// Whether the way on which a condition came out differently has something made of the other shape: it joins the way of the read
/// again, or returns a part of the document.
fn goes_on(
    boundary: &Boundary<'_>,
    (test, holds): (ExprId, bool),
    candidate: Candidate,
    place: PlaceId,
) -> bool {
    let flow = boundary.flow;
    let blocks = || (0..flow.code.blocks.len()).map(BlockId::new);
    let insts = |block: BlockId| flow.code.insts(flow.code.block(block)).iter();
    let is_other = |block: &BlockId| {
        insts(*block).any(|inst| {
            matches!(inst.kind, InstKind::Assume { test: asked, holds: came }
                if asked == test && came != holds)
        })
    };
    let gives_part = |block: BlockId| {
        insts(block).any(|inst| match inst.kind {
            InstKind::Return(Some(value)) => flow.mentions(value, place),
            _ => false,
        })
    };
    blocks().filter(is_other).any(|other| {
        gives_part(other)
            || blocks().any(|joined| {
                joined != candidate.at.0
                    && insts(joined).next().is_some()
                    && boundary.reaches(other, joined)
                    && boundary.reaches(candidate.at.0, joined)
            })
    })
}

/// The key that a condition asks for, and whether it asks that it is there.
fn key_of(boundary: &Boundary<'_>, test: ExprId, place: PlaceId) -> Option<(ExprId, bool)> {
    let flow = boundary.flow;
    match flow.module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => key_of(boundary, operand, place).map(|(key, is_in)| (key, !is_in)),
        ExprKind::Compare {
            operator,
            left,
            right,
        } if flow.place_of(right) == Some(place) => match (operator, flow.module.kind(left)) {
            (Comparison::In, ExprKind::Text(_)) => Some((left, true)),
            (Comparison::NotIn, ExprKind::Text(_)) => Some((left, false)),
            _ => None,
        },
        _ => None,
    }
}

fn is_sent(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let mut at = value;
    while let ExprKind::Subscript { value, .. } = flow.module.kind(at) {
        at = value;
    }
    let written = flow.module.dotted(flow.code, at).unwrap_or_default();
    let last = written.rsplit('.').next().unwrap_or_default();
    SENT.contains(&last)
}
