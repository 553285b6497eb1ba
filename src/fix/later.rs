//! Calls that come too early, and coroutines that nobody awaits.

use super::bench::{Bench, argument, insert, replace};
use super::judged;
use crate::finding::{Finding, Fix, Message};
use crate::ir::{ExprKind, FunctionKind, InstKind, Passing, Source};
use crate::text::Span;

/// The function instead of what it returns.
pub(super) fn pass_function(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    if finding.message.key == "unstarted" {
        return None;
    }
    let module = bench.module;
    let span = finding.location.span;
    let (callee, arguments) = bench
        .exprs_at(span)
        .find_map(|expr| match module.kind(expr) {
            ExprKind::Call { callee, arguments } => {
                Some((module.span(callee), module.arguments(arguments).to_vec()))
            }
            _ => None,
        })?;
    let taker = argument(&finding.message, "taker")?.rsplit('.').next()?;
    let text = bench.text(span);
    let content = match taker {
        "filter" | "map" | "reduce" | "starmap" | "sorted" | "sort" | "min" | "max" | "groupby" => {
            return None;
        }
        "partial" | "partialmethod" => {
            let is_open = bench.byte(callee.end) == b'(';
            let inner = Span::new(callee.end + 1, span.end.checked_sub(1)?);
            let spread = arguments
                .iter()
                .any(|given| given.passing != Passing::Positional);
            if !is_open || spread {
                return None;
            }
            let inner = bench.text(inner);
            let inner = inner.trim().trim_end_matches(',');
            match inner {
                "" => bench.text(callee).into_owned(),
                inner => format!("{}, {inner}", bench.text(callee)),
            }
        }
        "addBoth" | "addCallback" | "addErrback" | "add_done_callback" => {
            format!("lambda _: {text}")
        }
        _ if arguments.is_empty() => bench.text(callee).into_owned(),
        _ => format!("lambda: {text}"),
    };
    let function = argument(&finding.message, "function")?;
    let message = Message::new("pass").with("function", function);
    judged(message, vec![replace(span, content)])
}

/// `await` in front of the call.
pub(super) fn wait(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let module = bench.module;
    let span = finding.location.span;
    if finding.help.as_ref()?.key != "await" || finding.message.key == "collected" {
        return None;
    }
    let around = module.functions.iter();
    let code = around
        .filter(|code| code.kind != FunctionKind::Lambda && code.span.contains(span))
        .max_by_key(|code| code.span.start)?;
    let stands_alone = code.insts.iter().any(|inst| match inst.kind {
        InstKind::Eval(value)
        | InstKind::Return(Some(value))
        | InstKind::Bind {
            source: Source::Value(value),
            ..
        } => module.span(value) == span,
        _ => false,
    });
    (code.is_async && stands_alone)
        .then(|| judged(Message::new("await"), vec![insert(span.start, "await ")]))
        .flatten()
}
