//! Lists of which a comprehension leaves out what does not belong.

use super::evidence::Evidence;
use crate::finding::Confidence;
use crate::ir::{Comparison, ComprehensionKind, ExprId, ExprKind, Module, PlaceId, UnaryOperator};
use crate::rules::sequences::{Boundary, Origin};

/// The evidence is a filter that a condition switches on: that condition says nothing of what is left.
pub(super) const NARROWED: &str = "narrowed";

/// A list of which some of the elements were left out on one of the ways to a use: `xs = [x for x in xs if x.is_new]`.
pub(super) fn narrowed(
    boundary: &Boundary<'_>,
    subject: ExprId,
    place: PlaceId,
) -> Option<Evidence> {
    let module = boundary.flow.module;
    let start = module.span(subject).start;
    let origins = boundary.origins(place).into_iter();
    let mut before = origins.filter_map(|origin| match origin {
        Origin::Value(value) if module.span(value).start < start => Some(value),
        _ => None,
    });
    let is_of_itself = |&value: &ExprId| match module.kind(value) {
        ExprKind::Comprehension(id) => {
            let clauses = &module.comprehension(id).clauses;
            matches!(&clauses[..], [clause] if boundary.flow.place_of(clause.iterable) == Some(place))
        }
        _ => false,
    };
    let source = before.find(is_of_itself)?;
    let found = of_filter(boundary, source)?;
    Some(Evidence {
        key: NARROWED,
        ..found
    })
}

/// A list comprehension with a condition.
pub(super) fn of_filter(boundary: &Boundary<'_>, expr: ExprId) -> Option<Evidence> {
    let ExprKind::Comprehension(id) = boundary.flow.module.kind(expr) else {
        return None;
    };
    let comprehension = boundary.flow.module.comprehension(id);
    let conditions = comprehension
        .clauses
        .iter()
        .flat_map(|clause| &clause.conditions);
    let mut conditions = conditions.peekable();
    let is_list = comprehension.kind == ComprehensionKind::List;
    (is_list && conditions.peek().is_some()).then(|| Evidence {
        least: 0,
        // Whoever looks for the one that fits mostly knows that there is one.
        confidence: match conditions.all(|&condition| leaves_out(boundary.flow.module, condition)) {
            true => Confidence::Medium,
            false => Confidence::Low,
        },
        key: "filtered",
        source: expr,
    })
}

/// Whether a condition leaves out what does not belong, where others look for one certain element.
fn leaves_out(module: &Module, condition: ExprId) -> bool {
    match module.kind(condition) {
        ExprKind::Compare { operator, .. } => !matches!(
            operator,
            Comparison::Equal | Comparison::Is | Comparison::In
        ),
        ExprKind::Call { callee, .. } => match module.kind(callee) {
            ExprKind::Attribute { name, .. } => matches!(
                module.name(name),
                "startswith" | "endswith" | "match" | "search" | "strip"
            ),
            _ => false,
        },
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            ..
        } => true,
        ExprKind::Name(_) => true,
        ExprKind::And(parts) => module
            .list(parts)
            .iter()
            .all(|&part| leaves_out(module, part)),
        _ => false,
    }
}
