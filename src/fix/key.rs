//! A key that may not be there, asked for with care.

use super::bench::{Bench, argument, replace};
use super::judged;
use crate::finding::{Finding, Fix, Message};
use crate::ir::ExprKind;
use crate::text::Span;

/// `x.get(key)`; of the environment and of headers, which hold text, with an empty one.
pub(super) fn get(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let span = finding.location.span;
    let (value, index) = bench.exprs_at(span).find_map(|expr| match bench.module.kind(expr) {
        ExprKind::Subscript { value, index, .. } => Some((value, index)),
        _ => None,
    })?;
    argument(&finding.message, "key")?;
    if matches!(bench.module.kind(index), ExprKind::Tuple(_) | ExprKind::Slice { .. } | ExprKind::Starred(_)) {
        return None;
    }
    let index = bench.module.span(index);
    let open = opening(bench, bench.module.span(value).end, index.start)?;
    let close = span.end.checked_sub(1).filter(|&close| bench.byte(close) == b']')?;
    let holds_text = finding
        .related
        .iter()
        .any(|related| matches!(related.message.key, "environment" | "headers"));
    let quote = bench.quote();
    let closing = match holds_text {
        true => format!(", {quote}{quote})"),
        false => ")".to_owned(),
    };
    let edits = vec![
        replace(Span::new(open, open + 1), ".get("),
        replace(Span::new(close, close + 1), closing),
    ];
    judged(Message::new("get"), edits)
}

/// The bracket between a value, which may stand in parentheses, and its index.
fn opening(bench: &Bench<'_>, from: u32, to: u32) -> Option<u32> {
    let between = Span::new(from, to).of(bench.source);
    let at = between.iter().position(|&byte| byte == b'[')? as u32;
    let before = Span::new(from, from + at).of(bench.source);
    before.iter().all(|byte| b") \t".contains(byte)).then_some(from + at)
}
