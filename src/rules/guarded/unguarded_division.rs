//! `unguarded-division`: the divisor can be zero, and nothing tests it.

mod doubt;
mod evidence;
mod kept;
mod tested;
mod told_outside;

use crate::escape::is_out_of_scope;
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Event, State};
use crate::ir::{BinaryOperator, ExprId, ExprKind, UnaryOperator};
use crate::project::Coverage;
use crate::rules::guarded::settled::is_settled_by_callers;
use crate::rules::{Check, Family, Rule, Scene};
use crate::value::Kinds;
use doubt::{is_array, is_sure, promises_content};
use evidence::{Why, evidence};
use tested::{is_inside_loop, is_of_asked_loop, is_tested, is_tested_by_callers};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unguarded-division",
    family: Family::Guarded,
    page: include_str!("../../../rules/unguarded-division.md"),
    severity: Severity::Warning,
    check: Check::EventAndProgram(check, told_outside::check),
};

fn check(scene: &Scene<'_>, state: &State, event: Event<'_>) -> Option<Finding> {
    let Event::Divide {
        divisor,
        held,
        dividend,
        at,
    } = event
    else {
        return None;
    };
    let flow = scene.flow;
    let is_modulo = matches!(
        flow.module.kind(at),
        ExprKind::Binary {
            operator: BinaryOperator::Modulo,
            ..
        }
    );
    let is_number = dividend.value.kinds == Kinds::NUMBER;
    let is_other = !(dividend.value.kinds - Kinds::NUMBER - Kinds::ANY).is_empty();
    if (is_modulo && !is_number) || is_other {
        return None;
    }
    let written = divisor;
    let divisor = unwrapped(scene, divisor);
    let bound = flow
        .place_of(divisor)
        .and_then(|place| state.get(place).bound);
    let (why, of) = evidence(scene, state, written, bound, held)?;
    if why == Why::Optional && is_modulo {
        return None;
    }
    let zero = flow
        .program
        .library
        .class("ZeroDivisionError", flow.module.dialect)?;
    let guard = flow.code.block(flow.position().0).guard;
    if flow.program.caught_in(flow.function, guard, zero).0 == Coverage::Full {
        return None;
    }
    if is_tested(scene, why, (divisor, at), of)
        || (why == Why::Length && is_inside_loop(scene, of, at))
        || (why == Why::Counter && is_of_asked_loop(scene, divisor))
    {
        return None;
    }
    let place = flow.program.sources[flow.module_ref.0 as usize]
        .path
        .as_str();
    if scene.is_caught_above(zero)
        || is_out_of_scope(place)
        || (why != Why::Sum && is_settled_by_callers(scene, of))
        || is_tested_by_callers(scene, of)
    {
        return None;
    }
    let text = flow.module.dotted(flow.code, divisor);
    let message = Message::new(why.key()).with("divisor", text.unwrap_or_else(|| "…".to_owned()));
    let finding = scene.at(at, message);
    let finding = match bound {
        Some(bound) if why.is_of_expression() => {
            finding.because(scene.related(unwrapped(scene, bound), Message::new("from")))
        }
        _ => finding,
    };
    let is_sure = is_sure(scene, why, of, dividend_of(scene, at))
        && !is_array(scene, why, dividend.value.kinds);
    let confidence = if is_sure && !promises_content(scene) {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    let help = match why {
        Why::Difference => Message::new("differ"),
        Why::Elapsed => Message::new("smallest"),
        _ => Message::new("test"),
    };
    Some(finding.confidence(confidence).help(help))
}

/// What is divided, where it is written.
fn dividend_of(scene: &Scene<'_>, at: ExprId) -> Option<ExprId> {
    match scene.flow.module.kind(at) {
        ExprKind::Binary { left, .. } => Some(left),
        _ => None,
    }
}

/// What `float(x)`, `int(x)`, `Decimal(x)` and `-x` are of.
fn unwrapped(scene: &Scene<'_>, expr: ExprId) -> ExprId {
    let module = scene.flow.module;
    match module.kind(expr) {
        ExprKind::Call { .. } => converted(scene, expr).map_or(expr, |of| unwrapped(scene, of)),
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => unwrapped(scene, operand),
        _ => expr,
    }
}

/// `float(x)`: x.
fn converted(scene: &Scene<'_>, expr: ExprId) -> Option<ExprId> {
    let module = scene.flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(expr) else {
        return None;
    };
    let name = module.dotted(scene.flow.code, callee)?;
    let is_conversion = matches!(
        name.as_str(),
        "float" | "int" | "Decimal" | "decimal.Decimal" | "long"
    );
    match module.arguments(arguments) {
        [only] if is_conversion => Some(only.value),
        _ => None,
    }
}
