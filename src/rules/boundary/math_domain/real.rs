//! Functions of real numbers: roots, logarithms, arcs, factorials, powers of e.

use super::{Call, Evidence, binary, is_one, is_varying, meaning, negated};
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{BinaryOperator, ExprId, ExprKind};
use crate::rules::sequences::Boundary;
use crate::value::{Facts, Kinds};

/// Functions that make a whole number of another.
const WHOLE: [&str; 5] = ["int", "floor", "ceil", "round", "trunc"];

/// The root of a difference: below zero where the right side is larger, and by rounding where both are alike.
pub(super) fn root(boundary: &Boundary<'_>, argument: ExprId) -> Option<Evidence> {
    let source = difference(boundary, argument)?;
    Some(Evidence {
        key: "root",
        source,
        confidence: Confidence::Medium,
        help: "clamp",
    })
}

/// `a - b` of what varies on both sides, and `1 - x * x`.
fn difference(boundary: &Boundary<'_>, argument: ExprId) -> Option<ExprId> {
    let (operator, left, right, source) = binary(boundary, argument)?;
    let varies = is_varying(boundary, right)
        && (is_varying(boundary, left) || (is_one(boundary, left) && is_square(boundary, right)));
    (operator == BinaryOperator::Subtract && varies).then_some(source)
}

/// `x * x`, `x ** 2`.
fn is_square(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    let Some((operator, left, right, _)) = binary(boundary, expr) else {
        return false;
    };
    match operator {
        BinaryOperator::Power => boundary.flow.module.kind(right) == ExprKind::Int(2),
        BinaryOperator::Multiply => boundary.flow.form(left) == boundary.flow.form(right),
        _ => false,
    }
}

/// The logarithm of what is zero on some path, and the number of digits of anything: zero has one, too.
pub(super) fn logarithm(
    boundary: &Boundary<'_>,
    call: &Call<'_>,
    state: &State,
) -> Option<Evidence> {
    let &argument = call.arguments.first()?;
    let told = |key, source| {
        Some(Evidence {
            key,
            source,
            confidence: Confidence::Medium,
            help: "positive",
        })
    };
    if !is_varying(boundary, argument) {
        return None;
    }
    let source = meaning(boundary, argument);
    if let Some((None, of)) = counted(boundary, source)
        && boundary
            .flow
            .quietly(of, state)
            .value
            .facts
            .has(Facts::EMPTY)
    {
        return told("length", source);
    }
    let value = boundary.flow.quietly(argument, state).value;
    if value.facts.has(Facts::ZERO) && value.kinds == Kinds::NUMBER {
        return told("zero", source);
    }
    if let Some(source) = difference(boundary, argument) {
        return told("zero", source);
    }
    (is_unadorned(boundary, source) && is_made_whole(boundary, call))
        .then(|| told("digits", argument))?
}

/// `len(x)`: x.
fn counted(boundary: &Boundary<'_>, expr: ExprId) -> Option<(Option<ExprId>, ExprId)> {
    match boundary.called(expr)? {
        ("len", receiver, arguments) => Some((receiver, *arguments.first()?)),
        _ => None,
    }
}

/// A variable, or `abs` of one: nothing is added that would keep it from being zero.
fn is_unadorned(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    match boundary.flow.module.kind(expr) {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => true,
        ExprKind::Call { .. } => {
            matches!(boundary.called(expr), Some(("abs" | "fabs", ..)))
        }
        _ => false,
    }
}

/// `int(math.log10(n))`, `math.floor(math.log(n, 1024))`: it counts digits.
fn is_made_whole(boundary: &Boundary<'_>, call: &Call<'_>) -> bool {
    let module = boundary.flow.module;
    let inside = module.span(call.candidate.expr);
    let mut found = false;
    module.walk(call.candidate.root, &mut |part| {
        if part != call.candidate.expr && module.span(part).contains(inside) {
            found |= boundary.called(part).is_some_and(|(name, _, arguments)| {
                WHOLE.contains(&name)
                    && arguments
                        .first()
                        .is_some_and(|&first| module.span(first).contains(inside))
            });
        }
    });
    found
}

/// A cosine that was computed: rounding takes it past one.
pub(super) fn arc(boundary: &Boundary<'_>, argument: ExprId) -> Option<Evidence> {
    let (operator, left, right, source) = binary(boundary, argument)?;
    let is_quotient = operator == BinaryOperator::Divide
        && is_varying(boundary, left)
        && is_varying(boundary, right);
    let is_product = |side| {
        binary(boundary, side).is_some_and(|(operator, ..)| operator == BinaryOperator::Multiply)
            && is_varying(boundary, side)
    };
    let is_sum = matches!(operator, BinaryOperator::Add | BinaryOperator::Subtract)
        && is_product(left)
        && is_product(right);
    (is_quotient || is_sum).then_some(Evidence {
        key: "arc",
        source,
        confidence: Confidence::Medium,
        help: "between",
    })
}

/// The factorial of a difference.
pub(super) fn factorial(boundary: &Boundary<'_>, argument: ExprId) -> Option<Evidence> {
    let source = difference(boundary, argument)?;
    Some(Evidence {
        key: "factorial",
        source,
        confidence: Confidence::Low,
        help: "clamp",
    })
}

/// `1 / (1 + math.exp(-x))` overflows for an x far below zero.
pub(super) fn exponential(boundary: &Boundary<'_>, call: &Call<'_>) -> Option<Evidence> {
    let module = boundary.flow.module;
    let exponent = negated(boundary, *call.arguments.first()?)?;
    let mut is_logistic = false;
    module.walk(call.candidate.root, &mut |part| {
        if let ExprKind::Binary {
            operator: BinaryOperator::Add,
            left,
            right,
        } = module.kind(part)
        {
            let other = if left == call.candidate.expr {
                Some(right)
            } else if right == call.candidate.expr {
                Some(left)
            } else {
                None
            };
            is_logistic |= other.is_some_and(|other| is_one(boundary, other));
        }
    });
    (is_logistic && is_varying(boundary, exponent)).then_some(Evidence {
        key: "logistic",
        source: exponent,
        confidence: Confidence::Medium,
        help: "bounded",
    })
}
