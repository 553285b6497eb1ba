//! Whether the callers of a function settle that a divisor made of its parameters is not zero: they pass constants, or have
//! tested what they pass.

use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId, Scope as Variable, Step};
use crate::project::{Actual, CallSite, actuals};
use crate::rules::{Scene, is_test};

/// More callers are not asked.
const CALLERS: usize = 24;

/// Whether every known caller settles the parameters that a divisor is made of. Not where there is none.
pub(super) fn is_settled_by_callers(scene: &Scene<'_>, divisor: ExprId) -> bool {
    let flow = scene.flow;
    // What the receiver holds is no matter of who calls.
    let is_method = flow.program.class_of_method(flow.function).is_some()
        && !flow.program.decoration(flow.function).is_static;
    let receivers = usize::from(is_method);
    let mut parameters = Vec::new();
    flow.module.walk(divisor, &mut |part| {
        if let Some(place) = flow.place_of(part)
            && let Step::Variable {
                scope: Variable::Parameter { index, .. },
                ..
            } = flow.code.place(place).step
            && usize::from(index) >= receivers
        {
            parameters.push(usize::from(index));
        }
    });
    if parameters.is_empty() {
        return false;
    }
    let mut callers = 0;
    for site in scene.graph.calls_of(flow.function) {
        if is_test(flow.program, site.caller) {
            continue;
        }
        callers += 1;
        if callers > CALLERS || !settles(scene, site, &parameters) {
            return false;
        }
    }
    // A function that is handed on is called by somebody, with what nobody here knows.
    callers > 0 || scene.graph.escapes(flow.function)
}

/// Whether one call settles all of the parameters.
fn settles(scene: &Scene<'_>, site: &CallSite, parameters: &[usize]) -> bool {
    let program = scene.flow.program;
    let (module, code) = program.code(site.caller);
    let ExprKind::Call { arguments, .. } = module.kind(site.call) else {
        return false;
    };
    let arguments = module.arguments(arguments);
    let (callee_module, callee) = (scene.flow.module, scene.flow.code);
    let given = actuals(module, arguments, callee_module, callee, site.bound);
    parameters.iter().all(|&index| match given.get(index) {
        Some(&Actual::Given(value)) => {
            is_constant(module, code, value) || is_tested(module, code, value)
        }
        Some(Actual::Omitted) => true,
        // `mean(*values)`, where `values` was tested.
        _ => arguments.iter().any(|argument| {
            is_constant(module, code, argument.value) || is_tested(module, code, argument.value)
        }),
    })
}

/// Whether a value is written out, or a constant of a module or class.
fn is_constant(module: &Module, code: &Function, value: ExprId) -> bool {
    match module.kind(value) {
        ExprKind::Int(_) | ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Bytes(_) => true,
        ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
            !module.list(parts).is_empty()
        }
        ExprKind::Unary { operand, .. } => is_constant(module, code, operand),
        ExprKind::Starred(value) => is_constant(module, code, value),
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let text = module.dotted(code, value).unwrap_or_default();
            let last = text.rsplit('.').next().unwrap_or_default();
            last.len() > 1 && last == last.to_uppercase()
        }
        _ => false,
    }
}

/// Whether any test of a function looks at what a value is made of, or a loop goes through it.
fn is_tested(module: &Module, code: &Function, value: ExprId) -> bool {
    let places = |root: ExprId| {
        let mut found: Vec<PlaceId> = Vec::new();
        module.walk(root, &mut |part| found.extend(module.kind(part).place()));
        found
    };
    let wanted = places(value);
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => places(test).iter().any(|place| wanted.contains(place)),
        _ => false,
    })
}
