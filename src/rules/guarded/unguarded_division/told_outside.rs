//! Divisors that were read out of a text from outside, in another function than the one that divides by them.

use super::evidence::Why;
use super::tested::is_tested;
use super::unwrapped;
use crate::finding::{Confidence, Finding, Message, Related};
use crate::ir::{BinaryOperator, ExprId, ExprKind, Function, InstKind, Module, PlaceId};
use crate::project::Coverage;
use crate::rules::guarded::settled::is_settled_by_callers;
use crate::rules::guarded::sources::{Door, Sources};
use crate::rules::{Habits, Rule, Scene, Whole, is_test};
use crate::text::Location;
use crate::types::FunctionRef;

/// A division by a name or path.
struct Division {
    at: ExprId,
    divisor: ExprId,
}

/// Divisions by a number that was read out of a text from outside.
pub(super) fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let mut sources = None;
    let mut findings = Vec::new();
    for index in 0..program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module, code) = program.code(function);
        let divisions = divisions(module, code);
        if divisions.is_empty() || is_test(program, function) {
            continue;
        }
        let sources = sources.get_or_insert_with(|| Sources::of(whole));
        for division in divisions {
            findings.extend(told(rule, whole, sources, function, &division));
        }
    }
    findings
}

fn divisions(module: &Module, code: &Function) -> Vec<Division> {
    let exprs = code.exprs.range().map(ExprId::new);
    let found = exprs.filter_map(|at| {
        let ExprKind::Binary {
            operator,
            left,
            right,
        } = module.kind(at)
        else {
            return None;
        };
        let divides = match operator {
            BinaryOperator::Divide | BinaryOperator::FloorDivide => true,
            BinaryOperator::Modulo => matches!(
                module.kind(left),
                ExprKind::Int(_) | ExprKind::Number(_) | ExprKind::Binary { .. }
            ),
            _ => false,
        };
        let is_path = matches!(
            module.kind(right),
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Call { .. }
        );
        (divides && is_path).then_some(Division { at, divisor: right })
    });
    found.collect()
}

fn told(
    rule: &'static Rule,
    whole: &Whole<'_>,
    sources: &Sources<'_, '_>,
    function: FunctionRef,
    division: &Division,
) -> Option<Finding> {
    let program = whole.program;
    let (entrance, met) = sources.of_number(function, division.divisor)?;
    // Who starts the program sets its environment, and sees what comes of it.
    if entrance.door == Door::Environment {
        return None;
    }
    let flow = whole.flow(function);
    let habits = Habits::default();
    let scene = Scene {
        rule,
        flow: &flow,
        graph: whole.graph,
        habits: &habits,
    };
    let divisor = unwrapped(&scene, division.divisor);
    let path = &program.sources[flow.module_ref.0 as usize].path;
    let zero = program
        .library
        .class("ZeroDivisionError", flow.module.dialect)?;
    let guard = crate::escape::guard_at(flow.module, flow.code, division.at);
    let is_caught = program.caught_in(function, guard, zero).0 == Coverage::Full;
    if is_caught
        || scene.is_caught_above(zero)
        || crate::escape::is_out_of_scope(path)
        || is_tested(&scene, Why::Outside, (divisor, division.at), divisor)
        || is_settled_by_callers(&scene, divisor)
        || met.iter().any(|&at| is_tested_at(whole, at))
    {
        return None;
    }
    let message = Message::new("outside");
    let finding = scene.at(division.at, message);
    let related = Related {
        location: Location {
            file: program.file(entrance.function),
            span: program.code(entrance.function).0.span(entrance.expr),
        },
        message: Message::new("entrance"),
    };
    let finding = Finding {
        statement: flow.module.span(division.at).start,
        ..finding
    };
    Some(
        finding
            .because(related)
            .confidence(Confidence::Medium)
            .help(Message::new("test")),
    )
}

/// Whether a number that was met on the way is tested where it was met.
fn is_tested_at(whole: &Whole<'_>, (function, expr): (FunctionRef, ExprId)) -> bool {
    let (module, code) = whole.program.code(function);
    let Some(place) = module.kind(expr).place() else {
        return false;
    };
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => asks(module, test, place),
        _ => false,
    })
}

fn asks(module: &Module, test: ExprId, place: PlaceId) -> bool {
    let mut found = false;
    module.walk(test, &mut |part| {
        found |= module.kind(part).place() == Some(place)
    });
    found
}
