//! What other functions of the file do with a list that is thinned out like this one.

use super::evidence::Evidence;
use crate::finding::Confidence;
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source, UnaryOperator,
};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// What there may be too few of, where the function itself asks at another place whether there is anything: `if rest:` in
/// one branch, `rest[0]` in the other.
pub(super) fn doubted_here(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    known: Evidence,
) -> Evidence {
    let flow = boundary.flow;
    let is_of_parts = matches!(known.key, "rest" | "spaces" | "filtered" | "empty");
    let ExprKind::Name(place) = flow.module.kind(subject) else {
        return known;
    };
    let is_bound_once = matches!(boundary.origins(place)[..], [Origin::Value(_)]);
    if !is_of_parts || known.confidence > Confidence::Low || !is_bound_once {
        return known;
    }
    let own = flow.module.span(candidate.expr);
    let asks = |test: ExprId| is_truth(flow.module, flow.code, test, place);
    let in_statement = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => asks(test) && !flow.module.span(test).contains(own),
        _ => false,
    });
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    let is_asked = in_statement
        || exprs.any(|expr| match flow.module.kind(expr) {
            ExprKind::Conditional { test, .. } => asks(test),
            ExprKind::And(parts) => {
                let mut parts = flow.module.list(parts).iter();
                parts.any(|&part| asks(part))
            }
            _ => false,
        });
    Evidence {
        confidence: if is_asked {
            Confidence::Medium
        } else {
            known.confidence
        },
        ..known
    }
}

/// `rest`, `not rest`, `len(rest) > 0`, also as a part of `and`.
fn is_truth(module: &Module, code: &Function, test: ExprId, place: PlaceId) -> bool {
    let is_it = |expr: ExprId| module.kind(expr).place() == Some(place);
    match module.kind(test) {
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| is_truth(module, code, part, place))
        }
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => is_truth(module, code, operand, place),
        ExprKind::Compare { operator, left, .. } => {
            !matches!(operator, Comparison::In | Comparison::NotIn)
                && match module.kind(left) {
                    ExprKind::Call { callee, arguments } => {
                        let is_len = module.dotted(code, callee).as_deref() == Some("len");
                        matches!(module.arguments(arguments), [only] if is_len && is_it(only.value))
                    }
                    _ => false,
                }
        }
        _ => is_it(test),
    }
}

/// Whether another function thins out the same things, and asks whether anything is left.
pub(super) fn is_asked(boundary: &Boundary<'_>, source: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let Some(wanted) = thinned(module, flow.code, source).filter(|name| name.contains('.')) else {
        return false;
    };
    let is_other = |code: &&Function| code.name_span != flow.code.name_span;
    let mut others = module.functions.iter().filter(is_other);
    others.any(|code| {
        code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } if thinned(module, code, value).as_ref() == Some(&wanted) => {
                let place = module.kind(target).place();
                place.is_some() && is_tested(module, code, place)
            }
            _ => false,
        })
    })
}

/// What a comprehension with a condition, or `filter`, goes through, by name: `self.members`, `self.members()`.
fn thinned(module: &Module, code: &Function, expr: ExprId) -> Option<String> {
    let through = match module.kind(expr) {
        ExprKind::Comprehension(id) => match &module.comprehension(id).clauses[..] {
            [clause] if !clause.conditions.is_empty() => clause.iterable,
            _ => return None,
        },
        ExprKind::Call { callee, arguments } => {
            let is_filter = module.dotted(code, callee).as_deref() == Some("filter");
            module
                .arguments(arguments)
                .get(1)
                .filter(|_| is_filter)?
                .value
        }
        _ => return None,
    };
    match module.kind(through) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => module.dotted(code, through),
    }
}

fn is_tested(module: &Module, code: &Function, place: Option<crate::ir::PlaceId>) -> bool {
    let asks = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= module.kind(part).place() == place
        });
        found
    };
    let mut exprs = code.exprs.range().map(ExprId::new);
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => asks(test),
        _ => false,
    }) || exprs.any(|expr| match module.kind(expr) {
        ExprKind::Conditional { test, .. } => asks(test),
        _ => false,
    })
}
