//! How the rest of the module reads a key.

use super::belief::is_built;
use crate::ir::{ExprId, ExprKind, Function, FunctionKind, Module};
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
    let name = last_name(flow.module, flow.code, value)?;
    let is_here = |expr: &ExprId| flow.code.exprs.range().contains(&expr.index());
    let is_built = || {
        flow.place_of(value)
            .is_some_and(|place| is_built(boundary, place))
    };
    if habit.examples.iter().any(is_here) || is_built() {
        return None;
    }
    let mut examples = habit.examples.iter().copied();
    examples.find(|&expr| asked_of(flow.module, expr).is_some_and(|other| other == name))
}

/// `answer` of `self.answer`.
fn last_name(module: &Module, code: &Function, expr: ExprId) -> Option<String> {
    let dotted = module.dotted(code, expr)?;
    Some(dotted.rsplit('.').next().unwrap_or_default().to_owned())
}

/// The last name of what a careful read asks.
fn asked_of(module: &Module, expr: ExprId) -> Option<String> {
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
    last_name(module, code, asked)
}
