//! Another name for a variable that took one which was not free.

use super::bench::{Bench, argument, replace};
use super::judged;
use crate::finding::{Edit, Finding, Fix, Message};
use crate::ir::{ExprId, ExprKind, Function, FunctionKind, LoopKind, Module, PlaceId, Scope, Step, TryKind};
use crate::text::Span;

/// A variable that hides a builtin, wherever it is used as data: what calls it means the builtin.
pub(super) fn data(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let code = bench.function(finding.location.span);
    let name = argument(&finding.message, "name")?;
    let place = own_variable(bench.module, code, name)?;
    let new = format!("{name}_");
    let called = callees(bench.module, code);
    let uses = names_of(bench.module, code, place, code.span);
    let kept: Vec<Span> = uses
        .into_iter()
        .filter(|expr| !called.contains(expr))
        .map(|expr| bench.module.span(expr))
        .collect();
    rename(bench, &kept, name, new)
}

/// A target that overwrites another variable, and its uses inside the statement that binds it.
pub(super) fn target(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let span = finding.location.span;
    let code = bench.function(span);
    let name = argument(&finding.message, "name")?;
    if matches!(finding.message.key, "own" | "leaked" | "unread") {
        return None;
    }
    let place = variable(bench.module, code, name)?;
    let suite = suite_of(bench.module, code, span)?;
    let uses = names_of(bench.module, code, place, suite);
    let spans: Vec<Span> = uses.into_iter().map(|expr| bench.module.span(expr)).collect();
    if !spans.contains(&span) || is_bound_again(bench, code, place, suite, span) {
        return None;
    }
    let stem = if finding.message.key.starts_with("caught") { "error" } else { "" };
    let new = match stem {
        "" => format!("inner_{name}"),
        stem => stem.to_owned(),
    };
    rename(bench, &spans, name, new)
}

fn rename(bench: &Bench<'_>, spans: &[Span], name: &str, new: String) -> Option<Fix> {
    let is_name = |span: &Span| &*bench.text(*span) == name;
    if !bench.is_free(&new) || spans.is_empty() || !spans.iter().all(is_name) {
        return None;
    }
    let edits: Vec<Edit> = spans.iter().map(|&span| replace(span, new.clone())).collect();
    judged(Message::new("rename").with("new", new), edits)
}

/// A variable that lives in a function, is seen by no other, and came in from nowhere.
fn own_variable(module: &Module, code: &Function, name: &str) -> Option<PlaceId> {
    let place = variable(module, code, name)?;
    match code.place(place).step {
        Step::Variable { scope: Scope::Local { captured: false, rebound_inside: false }, .. } => Some(place),
        _ => None,
    }
}

fn variable(module: &Module, code: &Function, name: &str) -> Option<PlaceId> {
    if code.kind != FunctionKind::Def || code.is_dynamic {
        return None;
    }
    let mut places = (0..code.places.len()).map(PlaceId::new);
    places.find(|&place| match code.place(place).step {
        Step::Variable { name: known, scope } => {
            let seen_inside = match scope {
                Scope::Local { captured, rebound_inside }
                | Scope::Parameter { captured, rebound_inside, .. } => captured || rebound_inside,
                _ => true,
            };
            module.name(known) == name && !seen_inside
        }
        _ => false,
    })
}

/// The expressions of a function that name a variable inside a span.
fn names_of(module: &Module, code: &Function, place: PlaceId, within: Span) -> Vec<ExprId> {
    let exprs = code.exprs.range().map(ExprId::new);
    exprs
        .filter(|&expr| module.kind(expr) == ExprKind::Name(place) && within.contains(module.span(expr)))
        .collect()
}

fn callees(module: &Module, code: &Function) -> Vec<ExprId> {
    let exprs = code.exprs.range().map(ExprId::new);
    exprs
        .filter_map(|expr| match module.kind(expr) {
            ExprKind::Call { callee, .. } => Some(callee),
            _ => None,
        })
        .collect()
}

/// The statement whose target stands at a span: a loop without its `else`, a handler. Of a `with` nobody knows where it
/// ends here.
fn suite_of(module: &Module, code: &Function, target: Span) -> Option<Span> {
    let loops = code.loops.iter().filter_map(|one| match one.kind {
        LoopKind::For { target: expr, .. } if module.span(expr).contains(target) => {
            Some(Span::new(module.span(expr).start, one.suite.end))
        }
        _ => None,
    });
    let handlers = code.tries.iter().flat_map(|region| match &region.kind {
        TryKind::Catch { handlers, .. } => handlers.as_slice(),
        _ => &[],
    });
    let handlers = handlers
        .filter(|handler| handler.target.is_some_and(|expr| module.span(expr).contains(target)))
        .map(|handler| Span::new(handler.header.start, handler.body.end));
    loops.chain(handlers).min_by_key(|span| span.end - span.start)
}

/// Whether the suite gives the variable another value: then it is no mere temporary.
fn is_bound_again(bench: &Bench<'_>, code: &Function, place: PlaceId, suite: Span, own: Span) -> bool {
    use crate::ir::InstKind;
    let mut insts = code.insts.iter();
    insts.any(|inst| match inst.kind {
        InstKind::Bind { target, .. } | InstKind::Forget(target) => {
            let span = bench.module.span(target);
            bench.module.kind(target) == ExprKind::Name(place)
                && suite.contains(span)
                && span != own
        }
        _ => false,
    })
}
