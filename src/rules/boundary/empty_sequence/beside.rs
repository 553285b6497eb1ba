//! What other functions of the file do with a list that is thinned out like this one.

use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, Source};
use crate::rules::sequences::Boundary;

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
