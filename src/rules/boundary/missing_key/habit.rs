//! How the rest of the module reads a key.

use super::belief::is_built;
use crate::ir::{ExprId, ExprKind, Function, FunctionKind, InstKind, Module, Source};
use crate::rules::sequences::Boundary;

/// So many careful reads of a key in a module make the one that is not careful the odd one out.
const CAREFUL: u32 = 2;

/// A key that the rest of the module never takes for granted, in documents of the same name.
pub(super) fn odd_one_out(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> Option<ExprId> {
    let flow = boundary.flow;
    let ExprKind::Text(key) = flow.module.kind(index) else {
        return None;
    };
    let habit = boundary.scene.habits.get(flow.module_ref, key)?;
    let is_odd = habit.bare == 1 && habit.careful >= CAREFUL && !habit.is_made;
    // What a lambda reads, its caller may guard.
    if !is_odd || flow.code.kind == FunctionKind::Lambda {
        return None;
    }
    let name = flow.module.dotted(flow.code, value)?;
    let source = source(flow.module, flow.code, value);
    let is_here = |expr: &ExprId| flow.code.exprs.range().contains(&expr.index());
    let is_built = || {
        flow.place_of(value)
            .is_some_and(|place| is_built(boundary, place))
    };
    if habit.examples.iter().any(is_here) || is_built() {
        return None;
    }
    let mut examples = habit.examples.iter().copied();
    examples.find(|&expr| {
        asked_of(flow.module, expr)
            .is_some_and(|(other, from)| other == name && is_alike(&from, &source))
    })
}

/// Where what a variable holds comes from: two of the same name need not be two of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sourced {
    /// Whoever calls the function.
    Caller,
    /// A function of this name.
    Call(String),
    /// Anything else.
    Elsewhere,
}

fn is_alike(one: &Sourced, other: &Sourced) -> bool {
    one == other
        || matches!(
            (one, other),
            (Sourced::Elsewhere, _) | (_, Sourced::Elsewhere)
        )
}

fn source(module: &Module, code: &Function, expr: ExprId) -> Sourced {
    let Some(root) = module.kind(expr).place().map(|place| code.root(place)) else {
        return Sourced::Elsewhere;
    };
    let mut found = None;
    for inst in &code.insts {
        if let InstKind::Bind { target, source, .. } = inst.kind
            && module.kind(target).place() == Some(root)
        {
            let called = match source {
                Source::Value(value) => callee(module, code, value),
                _ => None,
            };
            match (called, &found) {
                (Some(called), None) => found = Some(called),
                (Some(called), Some(known)) if *known == called => {}
                _ => return Sourced::Elsewhere,
            }
        }
    }
    let mut parameters = code.parameters.iter();
    match found {
        Some(called) => Sourced::Call(called),
        None if parameters.any(|parameter| parameter.place == root) => Sourced::Caller,
        None => Sourced::Elsewhere,
    }
}

/// The name of what an expression calls.
fn callee(module: &Module, code: &Function, expr: ExprId) -> Option<String> {
    match module.kind(expr) {
        ExprKind::Await(inner) => callee(module, code, inner),
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    }
}

/// What a careful read asks, and where that comes from.
fn asked_of(module: &Module, expr: ExprId) -> Option<(String, Sourced)> {
    let asked = match module.kind(expr) {
        ExprKind::Compare { right, .. } => right,
        ExprKind::Call { callee, .. } => match module.kind(callee) {
            ExprKind::Attribute { value, .. } => value,
            _ => return None,
        },
        _ => return None,
    };
    let mut functions = module.functions.iter();
    let code = functions.find(|code| code.exprs.range().contains(&expr.index()))?;
    Some((module.dotted(code, asked)?, source(module, code, asked)))
}
