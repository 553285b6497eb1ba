//! Names: a temporary that gets one of its own, and a loop's variable bound when a function is made.

use super::bench::{Bench, argument, insert, replace};
use super::judged;
use super::statements::Statements;
use crate::finding::{Finding, Fix, Message};
use crate::ir::{
    Dialect, ExprId, ExprKind, Function, InstKind, LoopKind, ParameterKind, PlaceId, Scope, Step,
    TryKind,
};
use crate::text::Span;

/// The target of a loop, `with` or `except` under another name, there and in its suite.
pub(super) fn rename(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let module = bench.module;
    let span = finding.location.span;
    // `for part in part`: which of the two is meant behind the loop, only its author knows.
    if finding.message.key == "own" {
        return None;
    }
    let (code, place) = variable(bench, span)?;
    let Step::Variable {
        name,
        scope:
            Scope::Local {
                captured: false, ..
            }
            | Scope::Parameter {
                captured: false, ..
            },
    } = code.place(place).step
    else {
        return None;
    };
    let (suite, word) = suite(bench, code, span)?;
    let old = module.name(name);
    let new = format!("{word}_{old}");
    if code.is_dynamic || module.names.iter().any(|known| known == new.as_str()) {
        return None;
    }
    let names = code.exprs.range().map(ExprId::new);
    let names = names.filter(|&expr| module.kind(expr) == ExprKind::Name(place));
    let spans = names.map(|expr| module.span(expr));
    let meant: Vec<Span> = spans
        .filter(|&at| at == span || suite.contains(at))
        .collect();
    if !meant.iter().all(|&at| bench.text(at) == old) {
        return None;
    }
    let edits = meant.into_iter().map(|at| replace(at, new.clone()));
    let message = Message::new("rename").with("name", old).with("new", &*new);
    judged(message, edits.collect())
}

/// The variable that stands at a span, and whose it is.
fn variable<'a>(bench: &Bench<'a>, span: Span) -> Option<(&'a Function, PlaceId)> {
    let module = bench.module;
    let expr = bench
        .exprs_at(span)
        .find(|&expr| matches!(module.kind(expr), ExprKind::Name(_)))?;
    let mut functions = module.functions.iter();
    let code = functions.find(|code| code.exprs.range().contains(&expr.index()))?;
    Some((code, module.kind(expr).place()?))
}

/// The suite that a target is bound for, and what to call the target.
fn suite(bench: &Bench<'_>, code: &Function, target: Span) -> Option<(Span, &'static str)> {
    let caught = code.tries.iter().find_map(|region| match &region.kind {
        TryKind::Catch { handlers, .. } => {
            let mut handlers = handlers.iter();
            let handler = handlers.find(|handler| handler.header.contains(target))?;
            Some((handler.body, "caught"))
        }
        TryKind::With { .. } => {
            let is_its = region.span.contains(target) && target.end <= region.body.start;
            is_its.then_some((region.body, "entered"))
        }
        TryKind::Finally { .. } => None,
    });
    let mut loops = code.loops.iter();
    let looped = loops.find_map(|of| match of.kind {
        LoopKind::For { target: bound, .. } => {
            let is_its = bench.module.span(bound).contains(target);
            is_its.then_some((of.suite, "each"))
        }
        LoopKind::While { .. } => None,
    });
    caught.or(looped)
}

/// `name=name` among the parameters of a function that is made in a loop, for each name that the loop binds.
pub(super) fn bind_now(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let module = bench.module;
    let span = finding.location.span;
    let mut functions = module.functions.iter();
    let code = functions.find(|code| {
        code.name_span == span || (code.span == span && code.name_span.start == span.start)
    })?;
    let has = |kind| code.parameters.iter().any(|known| known.kind == kind);
    let is_late = has(ParameterKind::Star) && module.dialect == Dialect::Two;
    if has(ParameterKind::DoubleStar) || is_late {
        return None;
    }
    let mut names = vec![argument(&finding.message, "name")?];
    names.extend(rebound(bench, code));
    names.sort_unstable();
    names.dedup();
    let bound: Vec<String> = names.iter().map(|name| format!("{name}={name}")).collect();
    let text = bound.join(", ");
    let edit = if code.parameters.is_empty() && code.span == span {
        insert(code.name_span.end, format!(" {text}"))
    } else {
        let close = Statements::of(bench)?.end_of_parameters(span)?;
        let at = bench.back(close, code.name_span.end);
        match bench.byte(at.checked_sub(1)?) {
            b'(' => insert(at, text.clone()),
            b',' => insert(at, format!(" {text}")),
            _ => insert(at, format!(", {text}")),
        }
    };
    judged(Message::new("bind-now").with("names", text), vec![edit])
}

/// The names of the function around that a function reads and that the loop around it binds.
fn rebound<'a>(bench: &'a Bench<'_>, code: &'a Function) -> impl Iterator<Item = &'a str> {
    let module = bench.module;
    code.places.iter().filter_map(|place| {
        let Step::Variable {
            name,
            scope: Scope::Free {
                function, place, ..
            },
        } = place.step
        else {
            return None;
        };
        let outer = module.function(function);
        let loops = outer.loops.iter();
        let around = loops.filter(|of| of.suite.contains(code.span));
        let around = around.max_by_key(|of| of.span.start)?;
        let is_bound = outer.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind { target, .. } => {
                around.span.contains(inst.span) && binds(bench, outer, target, place)
            }
            _ => false,
        });
        is_bound.then(|| module.name(name))
    })
}

fn binds(bench: &Bench<'_>, code: &Function, target: ExprId, place: PlaceId) -> bool {
    let module = bench.module;
    let span = module.span(target);
    let mut names = code.exprs.range().map(ExprId::new);
    names.any(|expr| module.kind(expr) == ExprKind::Name(place) && span.contains(module.span(expr)))
}
