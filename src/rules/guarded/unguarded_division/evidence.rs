//! What there is to believe that a divisor is zero on some path.

use super::kept::{counts_in_class, is_filled_later, is_optional_in_class};
use super::{converted, unwrapped};
use crate::flow::{Held, State};
use crate::ir::{
    Argument, BinaryOperator, Comparison, ExprId, ExprKind, InstKind, Module, ParameterKind, Scope,
    Source, Step,
};
use crate::project::Target;
use crate::rules::Scene;
use crate::rules::guarded::elapsed::{is_span_of_time, sounds_elapsed};
use crate::value::Facts;

/// Why a divisor can be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The length of something that may be empty.
    Length,
    /// The sum of numbers that may all be zero, or none.
    Sum,
    /// A difference.
    Difference,
    /// It starts at zero, and what adds to it may never run.
    Counter,
    /// An attribute that starts at zero, and that other methods add to.
    Kept,
    /// A time that may be too short to measure.
    Elapsed,
    /// A number that was written outside the program.
    Outside,
    /// It is tested for None, and not for zero.
    Optional,
    /// A function of the project returns a literal zero for it on some path.
    Returned,
    /// Zero is the default where a key is missing.
    Default,
}

impl Why {
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Sum => "sum",
            Self::Difference => "difference",
            Self::Counter | Self::Kept => "counter",
            Self::Elapsed => "elapsed",
            Self::Outside => "outside",
            Self::Optional => "optional",
            Self::Returned => "returned",
            Self::Default => "default",
        }
    }

    /// Whether the reason lies in the expression that the divisor was bound to.
    pub(super) fn is_of_expression(self) -> bool {
        !matches!(self, Self::Counter | Self::Kept | Self::Optional)
    }
}

/// The reason to believe that a divisor can be zero, and what it is made of.
pub(super) fn evidence(
    scene: &Scene<'_>,
    state: &State,
    written: ExprId,
    bound: Option<ExprId>,
    held: Held,
) -> Option<(Why, ExprId)> {
    let divisor = unwrapped(scene, written);
    let meaning = divided(scene, state, bound.unwrap_or(divisor));
    if let Some(why) = of_expression(scene, state, meaning) {
        return Some((why, meaning));
    }
    if meaning != divisor && counts_in_class(scene, meaning) {
        return Some((Why::Kept, meaning));
    }
    let mut forms = [Some(written), bound].into_iter().flatten();
    if let Some(text) = forms.find_map(|form| outside(scene, state, form)) {
        return Some((Why::Outside, text));
    }
    scene.flow.place_of(divisor)?;
    if held.value.facts.has(Facts::ZERO) && is_counter(scene, divisor) {
        return Some((Why::Counter, divisor));
    }
    if counts_in_class(scene, divisor) {
        return Some((Why::Kept, divisor));
    }
    let is_given =
        bound.is_none() || matches!(scene.flow.module.kind(meaning), ExprKind::Attribute { .. });
    if is_given && sounds_elapsed(scene, divisor) {
        return Some((Why::Elapsed, divisor));
    }
    is_optional(scene, divisor).then_some((Why::Optional, divisor))
}

/// What a divisor is made of: a quotient is zero where what was divided is.
fn divided(scene: &Scene<'_>, state: &State, expr: ExprId) -> ExprId {
    let mut at = unwrapped(scene, expr);
    for _ in 0..QUOTIENTS {
        let ExprKind::Binary {
            operator: BinaryOperator::Divide | BinaryOperator::FloorDivide,
            left,
            ..
        } = scene.flow.module.kind(at)
        else {
            break;
        };
        let place = scene.flow.place_of(left);
        let bound = place.and_then(|place| state.get(place).bound);
        at = unwrapped(scene, bound.unwrap_or(left));
    }
    at
}

/// More quotients of quotients are not followed.
const QUOTIENTS: usize = 3;

fn of_expression(scene: &Scene<'_>, state: &State, expr: ExprId) -> Option<Why> {
    let flow = scene.flow;
    let module = flow.module;
    match module.kind(expr) {
        ExprKind::Call { callee, arguments } => {
            if is_span_of_time(scene, expr) {
                return Some(Why::Elapsed);
            }
            if returns_zero(scene, callee) {
                return Some(Why::Returned);
            }
            if defaults_to_zero(scene, callee, module.arguments(arguments)) {
                return Some(Why::Default);
            }
            let [only] = module.arguments(arguments) else {
                return None;
            };
            match module.dotted(flow.code, callee).as_deref() {
                Some("len") if may_be_empty(scene, state, only.value) => Some(Why::Length),
                Some("sum") => Some(Why::Sum),
                _ => None,
            }
        }
        ExprKind::Binary {
            operator: BinaryOperator::Subtract,
            left,
            right,
        } => {
            let is_varying = |side| is_varying(scene, side);
            (is_varying(left) && is_varying(right)).then_some(Why::Difference)
        }
        // All that was counted, of one kind or the other.
        ExprKind::Binary {
            operator: BinaryOperator::Add,
            left,
            right,
        } => {
            let counts = |side| counts_in_class(scene, side) || is_counter(scene, side);
            (counts(left) && counts(right)).then_some(Why::Kept)
        }
        _ => None,
    }
}

/// Whether a call reaches a function of the project one of whose `return` statements gives a literal zero.
fn returns_zero(scene: &Scene<'_>, callee: ExprId) -> bool {
    let flow = scene.flow;
    let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) else {
        return false;
    };
    let (module, code) = flow.program.code(function);
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => is_zero_in(module, value),
        _ => false,
    })
}

/// `options.get("width", 0)`.
fn defaults_to_zero(scene: &Scene<'_>, callee: ExprId, arguments: &[Argument]) -> bool {
    let module = scene.flow.module;
    let (name, default) = match (module.kind(callee), arguments) {
        (ExprKind::Attribute { name, .. }, [_, default]) => (module.name(name), default),
        _ => return false,
    };
    matches!(name, "get" | "pop" | "setdefault") && is_zero_in(module, default.value)
}

/// `int(text)` of a text from outside: "0" is a number, too.
fn outside(scene: &Scene<'_>, state: &State, expr: ExprId) -> Option<ExprId> {
    let text = converted(scene, expr)?;
    let held = scene.flow.quietly(text, state);
    held.value.facts.has(Facts::OUTSIDE).then_some(text)
}

/// Whether a side of a difference is a name or a path, or made of some: no constant.
pub(super) fn is_varying(scene: &Scene<'_>, side: ExprId) -> bool {
    let module = scene.flow.module;
    match module.kind(side) {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let text = module.dotted(scene.flow.code, side).unwrap_or_default();
            let last = text.rsplit('.').next().unwrap_or_default().to_owned();
            last != last.to_uppercase()
        }
        ExprKind::Subscript { .. } => true,
        ExprKind::Call { callee, .. } => !matches!(module.kind(callee), ExprKind::Hole),
        ExprKind::Binary {
            operator: BinaryOperator::Multiply,
            left,
            right,
        } => is_varying(scene, left) && is_varying(scene, right),
        _ => false,
    }
}

/// Whether the argument of `len` may be empty: a parameter that is a sequence, what is known to be empty on some path, or what
/// an object starts with nothing in.
fn may_be_empty(scene: &Scene<'_>, state: &State, expr: ExprId) -> bool {
    let flow = scene.flow;
    let is_global = |place| {
        let step = flow.code.place(flow.code.root(place)).step;
        matches!(
            step,
            Step::Variable {
                scope: Scope::Global { .. },
                ..
            }
        )
    };
    if flow.place_of(expr).is_some_and(is_global) {
        return false;
    }
    let is_empty = flow.quietly(expr, state).value.facts.has(Facts::EMPTY);
    if is_empty && !is_returned(scene, state, expr) {
        return true;
    }
    let filtered = |expr| match flow.module.kind(expr) {
        ExprKind::Comprehension(id) => flow
            .module
            .comprehension(id)
            .clauses
            .iter()
            .any(|clause| !clause.conditions.is_empty()),
        _ => false,
    };
    let Some(place) = flow.place_of(expr) else {
        return filtered(expr);
    };
    if state.get(place).bound.is_some_and(filtered) || is_filled_later(scene, expr) {
        return true;
    }
    match flow.code.place(place).step {
        Step::Variable {
            scope: Scope::Parameter { index, .. },
            ..
        } => {
            let parameter = flow.code.parameters.get(usize::from(index));
            parameter.is_some_and(|parameter| parameter.kind != ParameterKind::DoubleStar)
        }
        _ => false,
    }
}

/// Whether a value is what a function of the project returns: a list that starts empty there is filled more often than not.
fn is_returned(scene: &Scene<'_>, state: &State, expr: ExprId) -> bool {
    let flow = scene.flow;
    let bound = flow
        .place_of(expr)
        .and_then(|place| state.get(place).bound)
        .unwrap_or(expr);
    let ExprKind::Call { callee, .. } = flow.module.kind(bound) else {
        return false;
    };
    let value = flow.evaluate.value(callee);
    matches!(flow.program.target(value), Target::Function { .. })
}

/// Whether a name starts from a literal zero and is only ever added to.
fn is_counter(scene: &Scene<'_>, divisor: ExprId) -> bool {
    let flow = scene.flow;
    let Some(place) = flow.place_of(divisor) else {
        return false;
    };
    let mut starts = false;
    let mut grows = false;
    let mut other = false;
    for inst in &flow.code.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        if flow.place_of(target) != Some(place) {
            continue;
        }
        match source {
            Source::Value(value) if is_zero(scene, value) => starts = true,
            Source::Augmented {
                operator: BinaryOperator::Add,
                ..
            } => grows = true,
            _ => other = true,
        }
    }
    let is_variable = matches!(flow.code.place(place).step, Step::Variable { .. });
    starts && grows && !other && is_variable
}

/// `0` and `0.0`.
pub(super) fn is_zero(scene: &Scene<'_>, expr: ExprId) -> bool {
    is_zero_in(scene.flow.module, expr)
}

fn is_zero_in(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Int(0) => true,
        ExprKind::Number(text) => matches!(module.name(text), "0.0" | "0." | ".0"),
        _ => false,
    }
}

/// Words of names that count or measure something which there may be nothing of.
const AMOUNTS: [&str; 16] = [
    "amount", "bytes", "count", "duration", "elapsed", "length", "n", "num", "number", "pieces",
    "seconds", "size", "sum", "taken", "total", "weight",
];

/// Whether a number that something is divided by is tested for None in this function: somebody thought of what is missing,
/// and not of what is zero.
fn is_optional(scene: &Scene<'_>, divisor: ExprId) -> bool {
    let flow = scene.flow;
    let module = flow.module;
    let Some(text) = module.dotted(flow.code, divisor) else {
        return false;
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    if !last.split('_').any(|word| AMOUNTS.contains(&word)) {
        return false;
    }
    if is_optional_in_class(scene, divisor) {
        return true;
    }
    let place = flow.place_of(divisor);
    flow.code.insts.iter().any(|inst| {
        let InstKind::Assume { test, .. } = inst.kind else {
            return false;
        };
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= matches!(
                module.kind(part),
                ExprKind::Compare { operator: Comparison::Is | Comparison::IsNot, left, right }
                    if flow.place_of(left) == place && module.kind(right) == ExprKind::None
            );
        });
        found
    })
}
