//! Whether a handler goes on behind its `try`, or leaves in a way that its form hides.

use crate::flow::{Decided, Flow};
use crate::ir::{ExprId, ExprKind, Handler, Inst, InstKind, PlaceId, Source, Try, TryKind};
use crate::rules::around::called;

/// Whether the body of a `try` raises by a statement of its own: that is what the handlers wait for.
fn raises_itself(flow: &Flow<'_, '_>, region: &Try) -> bool {
    flow.code.insts.iter().any(|inst| {
        region.body.contains(inst.span)
            && matches!(
                inst.kind,
                InstKind::Raise {
                    exception: Some(_),
                    assertion: false,
                    ..
                }
            )
    })
}

/// Whether an expression calls something, awaited or not.
pub(super) fn calls(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    match flow.module.kind(value) {
        ExprKind::Call { .. } => true,
        ExprKind::Await(value) | ExprKind::Subscript { value, .. } => calls(flow, value),
        _ => false,
    }
}

/// Whether some handler of what raised is sure to go on: it asks nothing, leaves nowhere, and gives the exception to nobody
/// who may well raise it again, as in `self.fail(error)`. Of what a `with` swallows, only `suppress` is sure.
pub(super) fn goes_on(flow: &Flow<'_, '_>, decided: Option<Decided>) -> bool {
    let Some(Decided::Raised(raised)) = decided else {
        return true;
    };
    let raised = flow.code.insts[raised as usize].span;
    let mut regions = flow.code.tries.iter();
    regions.any(|region| {
        region.body.contains(raised)
            && !raises_itself(flow, region)
            && match &region.kind {
                TryKind::Catch { handlers, .. } => {
                    handlers.iter().any(|handler| is_plain(flow, handler))
                }
                TryKind::With { manager, .. } => suppresses(flow, *manager),
                TryKind::Finally { .. } => false,
            }
    })
}

fn suppresses(flow: &Flow<'_, '_>, manager: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(manager) else {
        return false;
    };
    let name = flow.module.dotted(flow.code, callee).unwrap_or_default();
    name.rsplit('.').next() == Some("suppress")
}

fn is_plain(flow: &Flow<'_, '_>, handler: &Handler) -> bool {
    let body = handler.body;
    let mut regions = flow.code.tries.iter();
    if regions.any(|region| body.contains(region.span)) {
        return false;
    }
    let error = handler
        .target
        .and_then(|target| flow.module.kind(target).place());
    let inside = flow
        .code
        .insts
        .iter()
        .filter(|inst| body.contains(inst.span));
    let leaves = |inst: &Inst| {
        matches!(
            inst.kind,
            InstKind::Assume { .. } | InstKind::Return(_) | InstKind::Raise { .. }
        )
    };
    // Where it asks something, the way that was found goes on for one answer.
    let asks = inside.clone().any(leaves);
    let mut inside = inside;
    inside.all(|inst| match inst.kind {
        InstKind::Eval(value) => {
            let is_given = error.is_some_and(|error| hands_on(flow, value, error));
            let leaves = asks && sounds_leaving(flow, value);
            !matches!(flow.module.kind(value), ExprKind::Yield(_)) && !is_given && !leaves
        }
        // Somebody who is given the exception may decide whether to go on.
        InstKind::Bind {
            source: Source::Value(value),
            ..
        } if asks => !error.is_some_and(|error| is_given(flow, value, error)),
        _ => true,
    })
}

/// Parts of names of functions that hardly come back.
const LEAVES: [&str; 10] = [
    "abort", "bail", "die", "error", "exit", "fail", "fatal", "raise", "throw", "usage",
];

/// Whether an expression calls something that sounds as if it ended the function.
fn sounds_leaving(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(value) else {
        return false;
    };
    let name = called(flow.module, flow.code, callee);
    let lower = name.to_ascii_lowercase();
    !NOTES.contains(&name) && LEAVES.iter().any(|part| lower.contains(part))
}

/// Whether an expression calls something with the exception.
fn is_given(flow: &Flow<'_, '_>, value: ExprId, error: PlaceId) -> bool {
    let ExprKind::Call { arguments, .. } = flow.module.kind(value) else {
        return false;
    };
    let mut given = flow.module.arguments(arguments).iter();
    given.any(|argument| flow.module.kind(argument.value).place() == Some(error))
}

fn hands_on(flow: &Flow<'_, '_>, value: ExprId, error: PlaceId) -> bool {
    let call = match flow.module.kind(value) {
        ExprKind::Await(call) => call,
        _ => value,
    };
    let ExprKind::Call { callee, arguments } = flow.module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, name, .. } = flow.module.kind(callee) else {
        return false;
    };
    let owner = flow.module.dotted(flow.code, value).unwrap_or_default();
    let owner = owner.rsplit('.').next().unwrap_or_default();
    let is_log = LOGS.contains(&owner.trim_start_matches('_').to_ascii_lowercase().as_str());
    let notes = is_log || NOTES.contains(&flow.module.name(name));
    let mut given = flow.module.arguments(arguments).iter();
    !notes && given.any(|argument| flow.module.kind(argument.value).place() == Some(error))
}

/// Names of what takes note of things.
const LOGS: [&str; 6] = [
    "log",
    "logger",
    "logging",
    "sentry",
    "traceback",
    "warnings",
];

/// Methods that take note of an exception, and come back.
const NOTES: &[&str] = &[
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "log",
    "msg",
    "err",
    "write",
    "append",
    "add",
    "put",
];
