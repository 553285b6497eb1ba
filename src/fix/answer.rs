//! Answers, Deferreds and delayed calls that are finished twice, or when nobody waits any more.

use super::bench::{Bench, argument, replace};
use super::judged;
use super::statements::Statements;
use crate::finding::{Finding, Fix, Message, Related};
use crate::ir::{ExprKind, Scope, Step};
use crate::text::Span;

pub(super) fn once(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    match finding.message.key {
        "gone" => ask(bench, finding),
        "again" => leave(bench, finding),
        "fired" => take_away(bench, finding),
        "cancelled" => active(bench, finding),
        _ => None,
    }
}

/// `request.notifyFinish()` in the function that has the request, and a test of it where a function inside finishes it.
fn ask(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let module = bench.module;
    let request = argument(&finding.message, "request")?;
    let span = finding.location.span;
    let around = module.functions.iter();
    let code = around
        .filter(|code| code.span.contains(span))
        .max_by_key(|code| code.span.start)?;
    let outer = code.places.iter().find_map(|place| match place.step {
        Step::Variable {
            name,
            scope: Scope::Free { function, .. },
        } if module.name(name) == request => Some(module.function(function)),
        _ => None,
    })?;
    let is_its = outer
        .parameters
        .iter()
        .any(|parameter| module.name(parameter.name) == request);
    if !is_its || module.names.iter().any(|known| known == "gone") {
        return None;
    }
    let statements = Statements::of(bench)?;
    let finish = statements.expression(span)?;
    let first = statements.start_of_body(outer.name_span)?;
    let rows = [
        "gone = []".to_owned(),
        format!("{request}.notifyFinish().addErrback(gone.append)"),
    ];
    let mut edits = statements.under(finish, "if not gone:")?;
    edits.push(statements.before(first, &rows));
    judged(Message::new("notify").with("request", request), edits)
}

/// `return` behind the call that ends the answer.
fn leave(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let statements = Statements::of(bench)?;
    let ends = statements.expression(beside(finding, "ended")?)?;
    judged(
        Message::new("return"),
        vec![statements.behind(ends, "return")?],
    )
}

/// `d, self.d = self.d, None` where it is fired first, and a test where it is fired again.
fn take_away(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let deferred = argument(&finding.message, "deferred")?;
    let name = deferred.rsplit('.').next()?.trim_start_matches('_');
    if bench.module.names.iter().any(|known| known == name)
        && !deferred.ends_with(&format!(".{name}"))
    {
        return None;
    }
    let statements = Statements::of(bench)?;
    let fired = beside(finding, "first")?;
    let first = statements.expression(fired)?;
    let again = statements.expression(finding.location.span)?;
    let receiver = bench.module.exprs.iter().find(|expr| {
        matches!(expr.kind, ExprKind::Attribute { .. })
            && fired.contains(expr.span)
            && bench.text(expr.span) == deferred
    })?;
    let mut edits = statements.under(again, &format!("if {deferred} is not None:"))?;
    let row = format!("{name}, {deferred} = {deferred}, None");
    edits.push(statements.before(first, &[row]));
    edits.push(replace(receiver.span, name));
    judged(Message::new("swap").with("deferred", deferred), edits)
}

/// `if call.active():` around the cancelling.
fn active(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let statements = Statements::of(bench)?;
    let cancel = statements.expression(finding.location.span)?;
    let call = argument(&finding.message, "call")?;
    let edits = statements.under(cancel, &format!("if {call}.active():"))?;
    judged(Message::new("active").with("call", call), edits)
}

/// The place in the same file that says the rest of it.
fn beside(finding: &Finding, key: &str) -> Option<Span> {
    let is_it = |related: &&Related| {
        related.message.key == key && related.location.file == finding.location.file
    };
    let related = finding.related.iter().find(is_it)?;
    Some(related.location.span)
}
