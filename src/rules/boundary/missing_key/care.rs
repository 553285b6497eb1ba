//! How much a careful question says of a key: what is done where the key is not there, and whether that comes before the read.

use super::belief::{doubts, is_truth};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind};
use crate::rules::sequences::{Boundary, Candidate};

/// Words of parameters that say whether somebody has looked at the document before.
const VERIFYING: [&str; 5] = ["verif", "valid", "check", "trust", "strict"];

/// Whether a question says what to do without the key: `k in d`, `d.get(k, x)`, `d.get(k) or x`, `if d.get(k)`. A plain
/// `d.get(k)` may be nothing but a habit.
pub(super) fn is_meant(boundary: &Boundary<'_>, question: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let arguments = match boundary.called(question) {
        Some((_, _, arguments)) => arguments,
        None => return true,
    };
    let has_default = arguments
        .get(1)
        .is_some_and(|&default| !matches!(module.kind(default), ExprKind::None));
    if has_default || matches!(boundary.called(question), Some(("has_key", ..))) {
        return true;
    }
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    let is_replaced = exprs.any(|expr| match module.kind(expr) {
        ExprKind::Or(parts) => {
            let parts = module.list(parts);
            parts
                .iter()
                .take(parts.len().saturating_sub(1))
                .any(|&part| part == question)
        }
        ExprKind::And(parts) => module.list(parts).contains(&question),
        ExprKind::Conditional { test, .. } => is_truth(boundary, test, question),
        ExprKind::Compare { left, right, .. } => {
            left == question && matches!(module.kind(right), ExprKind::None)
        }
        _ => false,
    });
    is_replaced || is_tested(boundary, question)
}

/// Whether a condition is about the answer, or about the variable that holds it.
fn is_tested(boundary: &Boundary<'_>, question: ExprId) -> bool {
    let flow = boundary.flow;
    let holds = flow.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: crate::ir::Source::Value(value),
            ..
        } if value == question => flow.place_of(target),
        _ => None,
    });
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => {
            is_truth(boundary, test, question)
                || holds.is_some_and(|place| doubts(boundary, test, place))
        }
        _ => false,
    })
}

/// Whether the read comes first on every way to the question: either the question is idle, or the read fails before it.
pub(super) fn is_late(boundary: &Boundary<'_>, candidate: Candidate, question: ExprId) -> bool {
    let flow = boundary.flow;
    let span = flow.module.span(question);
    let Some(block) = boundary.block_of(question) else {
        return false;
    };
    let read = flow.module.span(candidate.expr);
    if block == candidate.at.0 {
        return read.start < span.start;
    }
    boundary.dominates(candidate.at.0, block)
}

/// `a[k] if c else a.get(k)`: only one of the two is evaluated.
pub(super) fn is_other_arm(boundary: &Boundary<'_>, read: ExprId, question: ExprId) -> bool {
    let module = boundary.flow.module;
    let (read, question) = (module.span(read), module.span(question));
    let mut exprs = boundary.flow.code.exprs.range().map(ExprId::new);
    exprs.any(|expr| match module.kind(expr) {
        ExprKind::Conditional {
            then, otherwise, ..
        } => {
            let (then, otherwise) = (module.span(then), module.span(otherwise));
            (then.contains(read) && otherwise.contains(question))
                || (then.contains(question) && otherwise.contains(read))
        }
        _ => false,
    })
}

/// `if not is_verified: if k not in d: return`: the callers that say so have looked before.
pub(super) fn is_left_to_caller(boundary: &Boundary<'_>, question: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(block) = boundary.block_of(question) else {
        return false;
    };
    let is_flag = |expr: ExprId| {
        let place = flow.place_of(expr);
        let mut parameters = flow.code.parameters.iter();
        parameters.any(|parameter| {
            let name = flow.place_text(parameter.place);
            Some(parameter.place) == place && VERIFYING.iter().any(|word| name.contains(word))
        })
    };
    let mut blocks = (0..flow.code.blocks.len()).map(BlockId::new);
    blocks.any(|above| {
        let mut insts = flow.code.insts(flow.code.block(above)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => {
                let mut found = false;
                flow.module.walk(test, &mut |part| found |= is_flag(part));
                found
            }
            _ => false,
        }) && boundary.dominates(above, block)
    })
}
