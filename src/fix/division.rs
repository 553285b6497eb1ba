//! A division that says what it gives for a divisor of zero.

use super::bench::{Bench, insert};
use super::judged;
use crate::finding::{Finding, Fix, Message};
use crate::ir::{BinaryOperator, ExprKind};

/// `(a / b if b else 0)`.
pub(super) fn test(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let span = finding.location.span;
    let divisor = bench.exprs_at(span).find_map(|expr| match bench.module.kind(expr) {
        ExprKind::Binary {
            operator: BinaryOperator::Divide | BinaryOperator::FloorDivide | BinaryOperator::Modulo,
            right,
            ..
        } => Some(right),
        _ => None,
    })?;
    let is_simple = match bench.module.kind(divisor) {
        ExprKind::Name(_) => true,
        ExprKind::Attribute { place, .. } | ExprKind::Subscript { place, .. } => place.is_some(),
        ExprKind::Call { callee, .. } => &*bench.text(bench.module.span(callee)) == "len",
        _ => false,
    };
    let text = bench.text(bench.module.span(divisor)).into_owned();
    if !is_simple || text.contains(['\n', '\r']) {
        return None;
    }
    let edits = vec![
        insert(span.start, "("),
        insert(span.end, format!(" if {text} else 0)")),
    ];
    judged(Message::new("zero").with("divisor", text), edits)
}
