//! A timeout that a call lacks.

use super::bench::{Bench, argument, insert, replace};
use super::judged;
use crate::finding::{Edit, Finding, Fix, Message};
use crate::ir::{Argument, ComprehensionKind, ExprId, ExprKind, Passing};
use crate::text::Span;

/// Seconds: long enough for what answers at all, short enough for whoever waits.
const SECONDS: u32 = 10;

/// `timeout=10`.
pub(super) fn timeout(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let name = argument(&finding.message, "argument")?;
    // A socket has no argument for it.
    if !is_identifier(name) || finding.help.as_ref()?.key != "give" {
        return None;
    }
    let value = if in_milliseconds(name) {
        SECONDS * 1000
    } else {
        SECONDS
    };
    let arguments = call_at(bench, finding.location.span)?;
    let given = arguments.iter().find(|argument| match argument.passing {
        Passing::Keyword(known) => bench.module.name(known) == name,
        _ => false,
    });
    let edit = match given {
        Some(given) => replace(bench.module.span(given.value), value.to_string()),
        None if finding.message.key == "none" => return None,
        None => append(
            bench,
            finding.location.span,
            &arguments,
            &format!("{name}={value}"),
        )?,
    };
    let message = Message::new("timeout")
        .with("argument", name)
        .with("value", value.to_string());
    judged(message, vec![edit])
}

fn in_milliseconds(name: &str) -> bool {
    name.ends_with("_ms") || name.ends_with("MS") || name.ends_with("_millis")
}

/// The arguments of the call at a span.
fn call_at(bench: &Bench<'_>, span: Span) -> Option<Vec<Argument>> {
    bench
        .exprs_at(span)
        .find_map(|expr| match bench.module.kind(expr) {
            ExprKind::Call { arguments, .. } => Some(bench.module.arguments(arguments).to_vec()),
            _ => None,
        })
}

/// One more argument at the end of a call.
pub(super) fn append(
    bench: &Bench<'_>,
    call: Span,
    arguments: &[Argument],
    text: &str,
) -> Option<Edit> {
    match arguments {
        // A generator that is the only argument would need parentheses of its own.
        [only]
            if is_generator(bench, only.value)
                && bench.byte(bench.module.span(only.value).start) != b'(' =>
        {
            None
        }
        _ => append_behind(bench, call, text),
    }
}

fn append_behind(bench: &Bench<'_>, call: Span, text: &str) -> Option<Edit> {
    let close = call
        .end
        .checked_sub(1)
        .filter(|&close| bench.byte(close) == b')')?;
    let at = bench.back(close, call.start);
    Some(match bench.byte(at.checked_sub(1)?) {
        b'(' => insert(at, text),
        b',' => insert(at, format!(" {text}")),
        _ => insert(at, format!(", {text}")),
    })
}

fn is_generator(bench: &Bench<'_>, expr: ExprId) -> bool {
    match bench.module.kind(expr) {
        ExprKind::Comprehension(id) => {
            bench.module.comprehension(id).kind == ComprehensionKind::Generator
        }
        _ => false,
    }
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(char::is_numeric)
}
