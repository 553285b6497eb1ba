//! Conditions that may go together: one that leaves a variable None, and one that leads to its use.

use crate::flow::Flow;
use crate::infer::ResultUse;
use crate::ir::{BlockId, ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Scope, Step};

/// Whether control gets to a use by way of a condition of its own, behind all that binds the variable, and what decides
/// whether it is bound is neither what a caller chooses nor what the file system says: then it is the function's own business
/// that the one goes with the other.
pub(super) fn may_go_together(flow: &Flow<'_, '_>, used: &ResultUse, place: PlaceId) -> bool {
    let (module, code) = (flow.module, flow.code);
    let at = used.position.0;
    let before = module.span(used.subject).start;
    let bindings = bindings(flow, place, before);
    let Some(last) = bindings.iter().map(|&(_, start)| start).max() else {
        return false;
    };
    // In a loop the one branch is to run in an earlier round than the other.
    let in_one_loop = code.loops.iter().any(|of| {
        of.suite.contains(module.span(used.subject))
            && bindings
                .iter()
                .any(|&(_, start)| of.suite.start <= start && start < of.suite.end)
    });
    if in_one_loop {
        return false;
    }
    let mentions = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= flow.place_of(part) == Some(place);
        });
        found
    };
    let is_guarded = tests_around(flow, at).any(|(_, test)| {
        let start = module.span(test).start;
        start > last && start < before && !mentions(test)
    });
    is_guarded
        && !bindings.iter().any(|&(block, _)| {
            tests_around(flow, block)
                .filter(|&(around, _)| !flow.dominators().dominates(around, at))
                .any(|(_, test)| is_open(flow, test))
        })
}

/// Where a variable is bound before an offset.
fn bindings(flow: &Flow<'_, '_>, place: PlaceId, before: u32) -> Vec<(BlockId, u32)> {
    let mut found = Vec::new();
    for (index, block) in flow.code.blocks.iter().enumerate() {
        for inst in flow.code.insts(block) {
            if let InstKind::Bind { target, .. } = inst.kind
                && inst.span.start < before
                && flow.mentions(target, place)
            {
                found.push((BlockId::new(index), inst.span.start));
            }
        }
    }
    found
}

/// The conditions that came out one way or the other wherever control gets to a block.
fn tests_around(flow: &Flow<'_, '_>, to: BlockId) -> impl Iterator<Item = (BlockId, ExprId)> {
    let code = flow.code;
    flow.dominators().upward(to).filter_map(|block| {
        let first = code.insts(code.block(block)).first()?;
        match first.kind {
            InstKind::Assume { test, .. } => Some((block, test)),
            _ => None,
        }
    })
}

/// Whether a condition asks a parameter, or whether a file is there.
fn is_open(flow: &Flow<'_, '_>, test: ExprId) -> bool {
    let (module, code) = (flow.module, flow.code);
    let is_method = code.class.is_some() && code.kind == FunctionKind::Def;
    let asks_files = |part: ExprId| {
        matches!(module.kind(part), ExprKind::Attribute { name, .. }
            if matches!(module.name(name), "exists" | "isfile" | "isdir" | "is_file"))
    };
    let mut found = false;
    module.walk(test, &mut |part| {
        found |= asks_files(part);
        if let ExprKind::Name(place) = module.kind(part) {
            found |= matches!(code.place(place).step, Step::Variable {
                scope: Scope::Parameter { index, .. },
                ..
            } if !(is_method && index == 0));
            // `is_there = os.path.exists(path)`
            if let Some(value) = flow.only_value(place) {
                module.walk(value, &mut |part| found |= asks_files(part));
            }
        }
    });
    found
}
