//! `for volume in answer["volume"]`, where other answers of the same function are asked with `answer.get("image", [])`.

use super::belief::is_bound_once;
use crate::ir::{ExprId, ExprKind, InstKind, LoopKind, Module, Source};
use crate::rules::sequences::{Boundary, Candidate};

/// So many other calls are looked at.
const CALLS: usize = 40;

/// So many of them must ask with care, and more than do not.
const CAREFUL: usize = 3;

/// Where the list of another answer of the same function is asked for with care, and that is how it is mostly done.
pub(super) fn asked_of_another(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    let mut loops = flow.code.loops.iter();
    let is_run_over = loops
        .any(|of| matches!(of.kind, LoopKind::For { iterable, .. } if iterable == candidate.expr));
    let place = flow.place_of(value)?;
    let is_text = matches!(module.kind(index), ExprKind::Text(_));
    let is_steady = boundary.values(value).len() > 1 || is_bound_once(boundary, place);
    if !is_run_over || !is_text || !is_steady {
        return None;
    }
    let calls = boundary.values(value);
    let function = boundary.callee(*calls.first()?)?;
    let is_of_it = |&call: &ExprId| boundary.callee(call) == Some(function);
    if !calls.iter().all(is_of_it) {
        return None;
    }
    let (mut careful, mut careless) = (Vec::new(), 0);
    for site in boundary.scene.graph.calls_of(function).take(CALLS) {
        let (other, code) = flow.program.code(site.caller);
        if site.caller == flow.function || !std::ptr::eq(other, module) {
            continue;
        }
        let holds = code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } if value == site.call => module.kind(target).place(),
            _ => None,
        });
        let is_it = |expr: ExprId| holds.is_some() && module.kind(expr).place() == holds;
        for expr in code.exprs.range().map(ExprId::new) {
            match module.kind(expr) {
                ExprKind::Call { .. } if asks_for_list(module, expr, &is_it) => careful.push(expr),
                ExprKind::Subscript { value, .. } if is_it(value) => careless += 1,
                _ => {}
            }
        }
    }
    (careful.len() >= CAREFUL && careful.len() > careless).then(|| careful[0])
}

/// `answer.get("image", [])`
fn asks_for_list(module: &Module, call: ExprId, is_it: &dyn Fn(ExprId) -> bool) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return false;
    };
    let has_list = matches!(module.arguments(arguments), [_, default]
        if matches!(module.kind(default.value), ExprKind::List(parts) if parts.is_empty()));
    has_list && module.name(name) == "get" && is_it(value)
}
