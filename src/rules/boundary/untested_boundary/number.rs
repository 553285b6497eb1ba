//! Numbers and lengths that can be read off the code.

use crate::ir::{BinaryOperator, ExprId, ExprKind, Module, NameId, Scope, Step, UnaryOperator};
use crate::rules::Whole;
use crate::rules::constants;
use crate::types::FunctionRef;

/// Names and operators are followed so far.
const DEPTH: usize = 6;

/// A number as people write it.
pub(super) fn written(number: f64) -> String {
    format!("{number}")
}

/// The number that an expression is, if the code says it.
pub(super) fn number(whole: &Whole<'_>, function: FunctionRef, expr: ExprId) -> Option<f64> {
    numeric(whole, function, expr, DEPTH)
}

fn numeric(whole: &Whole<'_>, function: FunctionRef, expr: ExprId, depth: usize) -> Option<f64> {
    let depth = depth.checked_sub(1)?;
    let (module, code) = whole.program.code(function);
    match module.kind(expr) {
        ExprKind::Int(number) => Some(f64::from(number)),
        ExprKind::Number(name) => literal(module, name),
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => numeric(whole, function, operand, depth).map(|number| -number),
        ExprKind::Binary {
            operator,
            left,
            right,
        } => {
            let left = numeric(whole, function, left, depth)?;
            let right = numeric(whole, function, right, depth)?;
            computed(operator, left, right)
        }
        ExprKind::Name(place) => {
            let Step::Variable { name, scope } = code.place(place).step else {
                return None;
            };
            if !matches!(scope, Scope::Global { .. }) {
                return None;
            }
            let (body, value) = constants::global(whole, function, module.name(name))?;
            numeric(whole, body, value, depth)
        }
        _ => None,
    }
}

fn computed(operator: BinaryOperator, left: f64, right: f64) -> Option<f64> {
    let result = match operator {
        BinaryOperator::Add => left + right,
        BinaryOperator::Subtract => left - right,
        BinaryOperator::Multiply => left * right,
        BinaryOperator::Power => left.powf(right),
        BinaryOperator::Divide => left / right,
        _ => return None,
    };
    result.is_finite().then_some(result)
}

fn literal(module: &Module, name: NameId) -> Option<f64> {
    let text = module.name(name).replace('_', "");
    let text = text.trim_end_matches(['l', 'L']);
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The length of what an expression is, if the code says it.
pub(super) fn length(whole: &Whole<'_>, function: FunctionRef, expr: ExprId) -> Option<f64> {
    sized(whole, function, expr, DEPTH)
}

fn sized(whole: &Whole<'_>, function: FunctionRef, expr: ExprId, depth: usize) -> Option<f64> {
    let depth = depth.checked_sub(1)?;
    let (module, _) = whole.program.code(function);
    match module.kind(expr) {
        ExprKind::Text(name) => Some(module.name(name).chars().count() as f64),
        ExprKind::Bytes(name) => Some(module.name(name).len() as f64),
        ExprKind::List(parts) | ExprKind::Tuple(parts) => {
            let is_starred = |part: &ExprId| matches!(module.kind(*part), ExprKind::Starred(_));
            let parts = module.list(parts);
            (!parts.iter().any(is_starred)).then_some(parts.len() as f64)
        }
        ExprKind::Dict(parts) => {
            let keys = module.list(parts).iter().step_by(2);
            let mut literal = keys.map(|&key| matches!(module.kind(key), ExprKind::Text(_)));
            literal
                .all(|is_literal| is_literal)
                .then_some(f64::from(parts.count / 2))
        }
        ExprKind::Binary {
            operator: BinaryOperator::Add,
            left,
            right,
        } => {
            let left = sized(whole, function, left, depth)?;
            Some(left + sized(whole, function, right, depth)?)
        }
        ExprKind::Binary {
            operator: BinaryOperator::Multiply,
            left,
            right,
        } => {
            let of = |one, other| {
                let times = numeric(whole, function, other, depth)?;
                Some(sized(whole, function, one, depth)? * times.max(0.0))
            };
            of(left, right).or_else(|| of(right, left))
        }
        _ => None,
    }
}
