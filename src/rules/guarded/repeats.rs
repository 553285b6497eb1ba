//! Calls that a handler of everything makes once more when they may be what has just failed.

use crate::escape::clauses::{Fate, called_names, fate};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{ExprId, ExprKind, Function, Handler, Module, Try, TryKind};
use crate::project::Catches;
use crate::rules::guarded::io::Touches;
use crate::rules::{Rule, Whole, draft};
use crate::text::Location;
use crate::types::FunctionRef;

/// Methods that send a command to a database, whatever they are called on.
const DATABASE: [&str; 4] = ["commit", "execute", "executemany", "save"];

/// Methods that write to the other side.
const NETWORK: [&str; 6] = [
    "publish",
    "send",
    "send_message",
    "sendall",
    "sendmail",
    "sendto",
];

/// Parts of names of what a handler does to get a connection that works.
const MENDS: [&str; 5] = ["connect", "open", "retry", "rollback", "reset"];

/// The findings of the rule about what touches this.
pub(super) fn findings(rule: &'static Rule, whole: &Whole<'_>, wanted: Touches) -> Vec<Finding> {
    let methods: &[&str] = match wanted {
        Touches::Database => &DATABASE,
        Touches::Network => &NETWORK,
        Touches::File | Touches::Text => return Vec::new(),
    };
    let mut findings = Vec::new();
    for index in 0..whole.program.function_count() {
        let function = FunctionRef(index as u32);
        let (module_ref, id) = whole.program.locate(function);
        let (module, code) = whole.program.code(function);
        if code.tries.is_empty() || whole.escapes.is_out_of_scope(module_ref) {
            continue;
        }
        for region in &code.tries {
            let TryKind::Catch { handlers, .. } = &region.kind else {
                continue;
            };
            for handler in handlers {
                let catches = whole.program.catches(module_ref, id, handler.types);
                let is_all = catches == Catches::Everything || whole.program.is_broad(&catches);
                if is_all
                    && fate(module, code, handler) != Fate::Reraised
                    && let Some((again, first)) = repeated(module, code, region, handler, methods)
                {
                    findings.push(finding(rule, whole, function, again, first));
                }
            }
        }
    }
    findings
}

/// A call of a handler that is written in the suite too, and that nothing guards there.
fn repeated(
    module: &Module,
    code: &Function,
    region: &Try,
    handler: &Handler,
    methods: &[&str],
) -> Option<(ExprId, ExprId)> {
    let calls = || {
        code.exprs.range().map(ExprId::new).filter_map(|call| {
            let ExprKind::Call { callee, .. } = module.kind(call) else {
                return None;
            };
            let ExprKind::Attribute { name, .. } = module.kind(callee) else {
                return None;
            };
            methods
                .contains(&module.name(name))
                .then_some((call, callee))
        })
    };
    let is_guarded = |call: ExprId| {
        let span = module.span(call);
        code.tries
            .iter()
            .any(|other| matches!(other.kind, TryKind::Catch { .. }) && other.body.contains(span))
    };
    let mends = called_names(module, code, handler.body)
        .iter()
        .any(|name| MENDS.iter().any(|part| name.contains(part)));
    if mends {
        return None;
    }
    calls()
        .filter(|&(call, _)| handler.body.contains(module.span(call)) && !is_guarded(call))
        .find_map(|(again, callee)| {
            let text = module.dotted(code, callee)?;
            let first = calls().find(|&(call, other)| {
                region.body.contains(module.span(call))
                    && module.dotted(code, other).as_deref() == Some(text.as_str())
            })?;
            Some((again, first.0))
        })
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    again: ExprId,
    first: ExprId,
) -> Finding {
    let (module, code) = whole.program.code(function);
    let written = match module.kind(again) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    let call = written.unwrap_or_else(|| "…".to_owned());
    let message = Message::new("again").with("call", call);
    let location = Location {
        file: whole.program.file(function),
        span: module.span(first),
    };
    draft(rule, whole.program, function, module.span(again), message)
        .severity(Severity::Warning)
        .confidence(Confidence::Medium)
        .because(Related {
            location,
            message: Message::new("first"),
        })
        .help(Message::new("guard-again"))
}
