//! Keys that may not be there.

use super::bench::{Bench, insert, replace};
use super::judged;
use crate::finding::{Edit, Finding, Fix, Message};
use crate::ir::{Argument, ExprId, ExprKind, InstKind, Passing, Source};
use crate::text::Span;

/// `.get(key)` for `[key]`, and `pop` with a default.
pub(super) fn with_default(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    match finding.message.key {
        "read" => read(bench, finding),
        "removed" => removed(bench, finding.location.span),
        _ => None,
    }
}

fn read(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let module = bench.module;
    let is_section = |key| matches!(key, "configuration" | "element");
    if finding
        .related
        .iter()
        .any(|related| is_section(related.message.key))
    {
        return None;
    }
    let at = finding.location.span;
    let exprs = (0..module.exprs.len()).map(ExprId::new);
    let expr = exprs
        .filter(|&expr| matches!(module.kind(expr), ExprKind::Subscript { .. }))
        .filter(|&expr| module.span(expr).end == at.end && module.span(expr).contains(at))
        .max_by_key(|&expr| module.span(expr).start)?;
    let ExprKind::Subscript { value, index, .. } = module.kind(expr) else {
        return None;
    };
    let default = default(bench, expr)?;
    let (open, close) = brackets(bench, expr, value, index)?;
    let key = bench.text(module.span(index)).into_owned();
    let message = Message::new("get").with("key", format!("{key}{default}"));
    judged(
        message,
        vec![
            replace(open, ".get("),
            replace(close, format!("{default})")),
        ],
    )
}

/// The brackets of `value[index]`, if there is nothing else between.
fn brackets(bench: &Bench<'_>, expr: ExprId, value: ExprId, index: ExprId) -> Option<(Span, Span)> {
    let module = bench.module;
    let open = Span::new(module.span(value).end, module.span(index).start);
    let close = Span::new(module.span(index).end, module.span(expr).end);
    (bench.text(open) == "[" && bench.text(close) == "]").then_some((open, close))
}

/// What stands in for a value that is not there, behind a comma: nothing where None does as well. No answer where neither does.
fn default(bench: &Bench<'_>, expr: ExprId) -> Option<&'static str> {
    let module = bench.module;
    for inst in module.functions.iter().flat_map(|code| &code.insts) {
        match inst.kind {
            InstKind::Bind { target, .. } | InstKind::Forget(target) if target == expr => {
                return None;
            }
            InstKind::Bind {
                source: Source::Element { iterable, .. },
                ..
            } if iterable == expr => return Some(", ()"),
            InstKind::Bind {
                source: Source::Value(value),
                ..
            } if value == expr => return Some(""),
            InstKind::Return(Some(value)) if value == expr => return Some(""),
            _ => {}
        }
    }
    None
}

/// `pop(key, None)` for `pop(key)` and `del`.
fn removed(bench: &Bench<'_>, at: Span) -> Option<Fix> {
    let module = bench.module;
    let pop = bench.exprs_at(at).find_map(|expr| match module.kind(expr) {
        ExprKind::Call { arguments, .. } => match module.arguments(arguments) {
            &[
                Argument {
                    passing: Passing::Positional,
                    value,
                },
            ] => Some(vec![insert(module.span(value).end, ", None")]),
            _ => None,
        },
        _ => None,
    });
    let edits = pop.or_else(|| forgotten(bench, at))?;
    judged(Message::new("discard"), edits)
}

/// `del x[k]` as `x.pop(k, None)`.
fn forgotten(bench: &Bench<'_>, at: Span) -> Option<Vec<Edit>> {
    let module = bench.module;
    let mut insts = module.functions.iter().flat_map(|code| &code.insts);
    insts.find_map(|inst| {
        let InstKind::Forget(target) = inst.kind else {
            return None;
        };
        let ExprKind::Subscript { value, index, .. } = module.kind(target) else {
            return None;
        };
        let span = module.span(target);
        let word = Span::new(inst.span.start, span.start);
        let is_it = span.contains(at) || at.contains(span);
        if !is_it || inst.span.end != span.end || bench.text(word).trim_end() != "del" {
            return None;
        }
        let (open, close) = brackets(bench, target, value, index)?;
        Some(vec![
            replace(word, ""),
            replace(open, ".pop("),
            replace(close, ", None)"),
        ])
    })
}
