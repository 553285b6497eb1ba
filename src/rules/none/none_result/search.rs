//! A loop that searches until it has found something or has come to a limit.

use crate::flow::Flow;
use crate::infer::ResultUse;
use crate::ir::{ExprId, ExprKind, InstKind, LoopKind};
use crate::rules::none::belief::{Question, asked};

/// Whether a loop ends where nothing was found as well: `while n < limit and not found: …`. Who wrote the limit down has
/// reckoned with it.
pub(super) fn is_given_up(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let (module, code) = (flow.module, flow.code);
    let Some(place) = flow.place_of(used.subject) else {
        return false;
    };
    let asks = |part: ExprId| {
        let mut found = Vec::new();
        asked(module, code, part, &mut found);
        matches!(found[..], [only] if only.place == place
            && !only.positive
            && matches!(only.question, Question::None | Question::Truth))
    };
    let loops = code
        .loops
        .iter()
        .filter(|of| matches!(of.kind, LoopKind::While { .. }));
    loops
        .map(|of| code.insts(code.block(of.header)))
        .any(|insts| {
            insts.iter().any(|inst| match inst.kind {
                InstKind::Eval(condition) => match module.kind(condition) {
                    ExprKind::And(parts) => {
                        let parts = module.list(parts);
                        parts.len() > 1 && parts.iter().any(|&part| asks(part))
                    }
                    _ => false,
                },
                _ => false,
            })
        })
}
