//! The numbers by which a function decides what to do with a parameter.

use super::number::number;
use crate::ir::{Comparison, ExprId, ExprKind, Function, InstKind, Module, ParameterKind, PlaceId};
use crate::rules::Whole;
use crate::types::FunctionRef;

/// Values this close to a threshold that is no whole number are near it, as a share of it.
const CLOSE: f64 = 0.05;

/// A comparison of a parameter, or its length, with a number.
#[derive(Clone, Debug)]
pub(super) struct Threshold {
    /// Which parameter.
    pub(super) parameter: usize,
    /// How it is written: `n`, `len(text)`.
    pub(super) name: String,
    /// Its length is compared, not itself.
    pub(super) is_length: bool,
    /// The number.
    pub(super) limit: f64,
    /// The comparison.
    pub(super) at: ExprId,
    /// The number itself belongs to those above it: `>= limit`, `< limit`.
    is_upper: bool,
}

impl Threshold {
    /// Whether another comparison asks for the same values.
    pub(super) fn is_like(&self, other: &Threshold) -> bool {
        self.parameter == other.parameter
            && self.is_length == other.is_length
            && self.limit.total_cmp(&other.limit).is_eq()
    }

    fn is_whole(&self) -> bool {
        self.limit.fract() == 0.0
    }

    /// Whether a value is the number, or next to it.
    pub(super) fn is_near(&self, value: f64) -> bool {
        let near = if self.is_whole() {
            1.0
        } else {
            self.limit.abs() * CLOSE
        };
        (value - self.limit).abs() <= near
    }

    /// The two values between which the answer changes; for a number that is not whole only itself.
    pub(super) fn sides(&self) -> Vec<f64> {
        match (self.is_whole(), self.is_upper) {
            (false, _) => vec![self.limit],
            (true, true) => vec![self.limit - 1.0, self.limit],
            (true, false) => vec![self.limit, self.limit + 1.0],
        }
    }
}

/// The thresholds of a function.
pub(super) fn thresholds(whole: &Whole<'_>, function: FunctionRef) -> Vec<Threshold> {
    let (module, code) = whole.program.code(function);
    let exprs = code.exprs.range().map(ExprId::new);
    exprs
        .filter_map(|expr| {
            let ExprKind::Compare {
                operator,
                left,
                right,
            } = module.kind(expr)
            else {
                return None;
            };
            let (parameter, name, is_length, is_mirrored) = subject(module, code, left)
                .map(|(parameter, name, is_length)| (parameter, name, is_length, false))
                .or_else(|| {
                    subject(module, code, right)
                        .map(|(parameter, name, is_length)| (parameter, name, is_length, true))
                })?;
            let is_upper = match operator {
                Comparison::Less | Comparison::GreaterEqual => !is_mirrored,
                Comparison::LessEqual | Comparison::Greater => is_mirrored,
                _ => return None,
            };
            let limit = number(whole, function, if is_mirrored { left } else { right })?;
            Some(Threshold {
                parameter,
                name,
                is_length,
                limit,
                at: expr,
                is_upper,
            })
        })
        .collect()
}

/// The parameter that a side of a comparison is, or is the length of.
fn subject(module: &Module, code: &Function, expr: ExprId) -> Option<(usize, String, bool)> {
    let (place, is_length) = match module.kind(expr) {
        ExprKind::Name(place) => (place, false),
        ExprKind::Call { callee, arguments } => {
            let is_len = module.dotted(code, callee).as_deref() == Some("len");
            match module.arguments(arguments) {
                [only] if is_len => (module.kind(only.value).place()?, true),
                _ => return None,
            }
        }
        _ => return None,
    };
    let parameter = code.parameters.iter().position(|parameter| {
        parameter.place == place
            && !matches!(
                parameter.kind,
                ParameterKind::Star | ParameterKind::DoubleStar
            )
    })?;
    let name = module.name(code.parameters[parameter].name);
    let name = if is_length {
        format!("len({name})")
    } else {
        name.to_owned()
    };
    (!is_bound(module, code, place)).then_some((parameter, name, is_length))
}

/// Whether the function binds a parameter anew: what it compares is not what it was given.
fn is_bound(module: &Module, code: &Function, place: PlaceId) -> bool {
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, .. } => {
            let mut found = false;
            module.walk(target, &mut |part| {
                found |= module.kind(part) == ExprKind::Name(place);
            });
            found
        }
        _ => false,
    })
}
