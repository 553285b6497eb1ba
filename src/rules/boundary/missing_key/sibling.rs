//! `self.settings["name"]`, where another method of the class asks for the same key with care.

use crate::ir::{Comparison, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, NameId};
use crate::rules::sequences::Boundary;
use crate::text::Span;

/// Where another method asks for the key with care, if the class never puts it in.
pub(super) fn asked_by_sibling(
    boundary: &Boundary<'_>,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    let (
        ExprKind::Text(key),
        ExprKind::Attribute {
            value: object,
            name,
            ..
        },
    ) = (module.kind(index), module.kind(value))
    else {
        return None;
    };
    let habit = boundary.scene.habits.get(flow.module_ref, key)?;
    if habit.careful == 0 || habit.is_made || habit.is_filled_in {
        return None;
    }
    let own = flow.code.parameters.first()?.place;
    let class = flow.program.class_of_method(flow.function)?;
    if flow.place_of(object) != Some(own) {
        return None;
    }
    let body = module
        .classes
        .get(flow.program.project_class(class)?.id?.index())?
        .span;
    let mut methods = module.functions.iter().filter(|code| {
        body.contains(code.name_span)
            && code.kind == FunctionKind::Def
            && code.name_span != flow.code.name_span
    });
    let asked = methods.find_map(|code| asked(module, code, name, key))?;
    (!is_taken_apart(module, body, key)).then_some(asked)
}

/// `key in self.name`, `self.name.get(key, default)`.
fn asked(module: &Module, code: &Function, name: NameId, key: NameId) -> Option<ExprId> {
    let is_it = |expr: ExprId| matches!(module.kind(expr), ExprKind::Attribute { name: known, .. } if known == name);
    let is_key = |expr: ExprId| module.kind(expr) == ExprKind::Text(key);
    let mut exprs = code.exprs.range().map(ExprId::new);
    exprs.find(|&expr| match module.kind(expr) {
        ExprKind::Compare {
            operator: Comparison::In | Comparison::NotIn,
            left,
            right,
        } => is_key(left) && is_it(right),
        ExprKind::Call { callee, arguments } => {
            let arguments = module.arguments(arguments);
            match module.kind(callee) {
                ExprKind::Attribute { value, name, .. } => {
                    module.name(name) == "get"
                        && arguments.len() == 2
                        && is_key(arguments[0].value)
                        && is_it(value)
                }
                _ => false,
            }
        }
        _ => false,
    })
}

/// Whether a method raises behind a question for the key: then nobody gets to the others without it.
fn is_taken_apart(module: &Module, body: Span, key: NameId) -> bool {
    let mut methods = module
        .functions
        .iter()
        .filter(|code| body.contains(code.name_span));
    methods.any(|code| {
        code.blocks.iter().any(|block| {
            let insts = code.insts(block);
            let is_about = insts.iter().any(|inst| match inst.kind {
                InstKind::Assume { test, .. } => {
                    let mut found = false;
                    module.walk(test, &mut |part| {
                        found |= module.kind(part) == ExprKind::Text(key)
                    });
                    found
                }
                _ => false,
            });
            is_about
                && insts
                    .iter()
                    .any(|inst| matches!(inst.kind, InstKind::Raise { .. }))
        })
    })
}
