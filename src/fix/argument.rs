//! What a function does with its arguments before anything else.

use super::bench::{Bench, argument, replace};
use super::judged;
use super::statements::Statements;
use crate::finding::{Finding, Fix, Message};
use crate::ir::{Function, FunctionKind, Parameter};
use crate::text::Span;

/// `if name is None: raise ValueError(…)` at the top of the function.
pub(super) fn guard(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let name = argument(&finding.message, "name")?;
    let (code, _) = declared(bench, finding.location.span, name)?;
    let statements = Statements::of(bench)?;
    let first = statements.start_of_body(code.name_span)?;
    let quote = quote(bench.source);
    let step = statements.step(first);
    let rows = [
        format!("if {name} is None:"),
        format!("{step}raise ValueError({quote}{name} must not be None{quote})"),
    ];
    let edit = statements.before(first, &rows);
    judged(Message::new("guard").with("name", name), vec![edit])
}

/// `name=None`, and a new object for each call.
pub(super) fn fresh(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let name = argument(&finding.message, "name")?;
    let (code, parameter) = declared(bench, finding.location.span, name)?;
    let default = bench.module.span(parameter.default?);
    let text = bench.text(default).into_owned();
    if text.contains(['\n', '\r']) {
        return None;
    }
    let statements = Statements::of(bench)?;
    let first = statements.start_of_body(code.name_span)?;
    let step = statements.step(first);
    let rows = [
        format!("if {name} is None:"),
        format!("{step}{name} = {text}"),
    ];
    let edits = vec![replace(default, "None"), statements.before(first, &rows)];
    let message = Message::new("fresh").with("name", name).with("value", text);
    judged(message, edits)
}

/// The innermost function around a span that has a parameter of that name.
fn declared<'a>(
    bench: &Bench<'a>,
    span: Span,
    name: &str,
) -> Option<(&'a Function, &'a Parameter)> {
    let module = bench.module;
    let functions = module.functions.iter();
    let around =
        functions.filter(|code| code.kind == FunctionKind::Def && code.span.contains(span));
    let with = around.filter_map(|code| {
        let mut parameters = code.parameters.iter();
        let parameter = parameters.find(|parameter| module.name(parameter.name) == name)?;
        Some((code, parameter))
    });
    with.max_by_key(|(code, _)| code.span.start)
}

/// The quote that the file prefers.
fn quote(source: &[u8]) -> char {
    let count = |quote: u8| source.iter().filter(|&&byte| byte == quote).count();
    if count(b'\'') > count(b'"') {
        '\''
    } else {
        '"'
    }
}
