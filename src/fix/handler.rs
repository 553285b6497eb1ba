//! `except` clauses: what they name, and those that never run.

use super::bench::{Bench, argument, insert, replace};
use super::{fix, judged};
use crate::finding::{Applicability, Finding, Fix, Message};
use crate::ir::{ExprKind, Handler, Import, Module, TryKind};
use crate::text::Span;

/// `except Exception:`.
pub(super) fn name_exception(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let header = finding.location.span;
    let is_bare = bench.text(header).trim_end() == "except";
    let at = header.start + "except".len() as u32;
    let behind = bench.byte(at);
    (is_bare || behind == b':')
        .then(|| judged(Message::new("exception"), vec![insert(at, " Exception")]))
        .flatten()
}

/// The missing classes added to the handler that is there.
pub(super) fn widen(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let handlers = finding
        .related
        .iter()
        .find(|related| related.message.key == "handlers")?;
    let handler = handler_at(bench.module, handlers.location.span)?;
    let types = handler.types?;
    let help = finding.help.as_ref().filter(|help| help.key == "widen")?;
    let errors = argument(help, "errors")?;
    let names: Vec<&str> = errors.split(", ").collect();
    if names.is_empty() || !names.iter().all(|name| is_known(bench.module, name)) {
        return None;
    }
    let span = bench.module.span(types);
    let text = bench.text(span);
    if text.contains(['\n', '\r']) {
        return None;
    }
    let inside = match bench.module.kind(types) {
        ExprKind::Tuple(_) => text
            .trim_start_matches('(')
            .trim_end_matches(')')
            .trim_end_matches([',', ' ']),
        ExprKind::Name(_) | ExprKind::Attribute { .. } => &*text,
        _ => return None,
    };
    let has_parentheses = text.starts_with('(') || is_enclosed(bench, span);
    let list = format!("{inside}, {}", names.join(", "));
    let content = match has_parentheses && !text.starts_with('(') {
        true => list,
        false => format!("({list})"),
    };
    judged(
        Message::new("widen").with("errors", errors),
        vec![replace(span, content)],
    )
}

fn is_enclosed(bench: &Bench<'_>, span: Span) -> bool {
    span.start > 0 && bench.byte(span.start - 1) == b'(' && bench.byte(span.end) == b')'
}

/// A handler that never runs can go without changing anything.
pub(super) fn delete(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    if finding.message.key != "unreachable" {
        return None;
    }
    let handler = handler_at(bench.module, finding.location.span)?;
    let lines = &bench.module.lines;
    let first = lines.row(handler.span.start);
    let last = lines.row(
        handler
            .span
            .end
            .saturating_sub(1)
            .max(handler.body.end.saturating_sub(1)),
    );
    let before = Span::new(lines.start(first), handler.span.start);
    let is_alone = bench.text(before).trim().is_empty();
    let span = match last + 1 < lines.count() {
        true => Span::new(lines.start(first), lines.start(last + 1)),
        // The last row of the file has no end: the row before it gives up its own.
        false => Span::new(
            end_of_text(bench, lines.start(first)),
            bench.source.len() as u32,
        ),
    };
    is_alone
        .then(|| {
            fix(
                Applicability::Safe,
                Message::new("delete"),
                vec![replace(span, "")],
            )
        })
        .flatten()
}

/// Where the text of a row ends, before that with which the next one starts.
fn end_of_text(bench: &Bench<'_>, next: u32) -> u32 {
    let text = Span::new(0, next).of(bench.source);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text).len() as u32
}

fn handler_at(module: &Module, header: Span) -> Option<&Handler> {
    let regions = module.functions.iter().flat_map(|code| &code.tries);
    let mut handlers = regions.flat_map(|region| match &region.kind {
        TryKind::Catch { handlers, .. } => handlers.as_slice(),
        _ => &[],
    });
    handlers.find(|handler| handler.header == header)
}

/// Builtin classes of exceptions that findings name.
const BUILTIN: &[&str] = &[
    "ArithmeticError",
    "AttributeError",
    "BlockingIOError",
    "BrokenPipeError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "EOFError",
    "EnvironmentError",
    "FileExistsError",
    "FileNotFoundError",
    "IOError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "LookupError",
    "NotADirectoryError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RuntimeError",
    "StopIteration",
    "TimeoutError",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "ValueError",
    "ZeroDivisionError",
];

/// Whether the file can write a class like that: it is builtin, or its library is imported by name. Of a name that
/// findings shorten, only the library's own top is sure to be right.
fn is_known(module: &Module, name: &str) -> bool {
    let Some((library, _)) = name.split_once('.') else {
        return BUILTIN.contains(&name) && !is_bound(module, name);
    };
    let imports = module.imports.iter();
    imports
        .filter(|import| import.name.is_none() && import.alias.is_none())
        .any(|import: &Import| module.name(import.module) == library)
        && matches!(
            library,
            "requests"
                | "socket"
                | "json"
                | "sqlite3"
                | "psycopg2"
                | "redis"
                | "pymysql"
                | "httpx"
                | "aiohttp"
                | "ssl"
        )
}

fn is_bound(module: &Module, name: &str) -> bool {
    let mut imports = module.imports.iter();
    imports.any(|import| {
        let bound = import.alias.or(import.name);
        bound.is_some_and(|bound| module.name(bound) == name)
    }) || module
        .classes
        .iter()
        .any(|class| module.name(class.name) == name)
}
