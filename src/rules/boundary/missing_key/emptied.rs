//! `options or {}`, `load(path)` that returns `{}` where there is no file: whoever reads a key of that has forgotten the empty
//! one.

use crate::ir::{ExprId, ExprKind, Function, FunctionKind, InstKind, Module, Source, TryKind};
use crate::project::Target;
use crate::rules::sequences::{Boundary, Origin};
use crate::text::Span;
use crate::types::FunctionRef;

/// Functions that return what others return are followed so far.
const DEPTH: usize = 3;

/// Where an empty dictionary stands in for a document that is not there.
pub(super) fn emptied(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> Option<ExprId> {
    let flow = boundary.flow;
    match flow.module.kind(value) {
        ExprKind::Name(place) if boundary.sources(place).is_empty() => {
            let mut parameters = flow.code.parameters.iter();
            let default = parameters
                .find(|parameter| parameter.place == place)?
                .default?;
            is_empty(flow.module, default).then_some(default)
        }
        ExprKind::Name(place) => {
            let origins = boundary.origins(place);
            let [Origin::Value(only)] = origins[..] else {
                return None;
            };
            stands_in(boundary, only)
        }
        ExprKind::Attribute { value: own, .. } => of_attribute(boundary, value, own, index),
        ExprKind::Call { .. } => stands_in(boundary, value),
        _ => None,
    }
}

/// The empty dictionary that an expression gives, where it can give another one.
fn stands_in(boundary: &Boundary<'_>, expr: ExprId) -> Option<ExprId> {
    let module = boundary.flow.module;
    if is_emptied(module, expr) {
        return Some(expr);
    }
    let ExprKind::Call { callee, .. } = module.kind(expr) else {
        return None;
    };
    let flow = boundary.flow;
    let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) else {
        return None;
    };
    gives_empty(boundary, function, DEPTH).then_some(expr)
}

/// `x or {}`, `d.get(k, {})`, `x if x else {}`.
fn is_emptied(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Or(parts) => {
            let last = module.list(parts).last();
            last.is_some_and(|&last| is_empty(module, last))
        }
        ExprKind::Call { callee, arguments } => {
            let ExprKind::Attribute { name, .. } = module.kind(callee) else {
                return false;
            };
            match module.arguments(arguments) {
                [_, default] => {
                    matches!(module.name(name), "get" | "pop") && is_empty(module, default.value)
                }
                _ => false,
            }
        }
        ExprKind::Conditional {
            then, otherwise, ..
        } => is_empty(module, then) != is_empty(module, otherwise),
        _ => false,
    }
}

fn is_empty(module: &Module, expr: ExprId) -> bool {
    matches!(module.kind(expr), ExprKind::Dict(parts) if parts.is_empty())
}

/// A parameter that is an empty dictionary unless somebody passes another.
fn is_empty_by_default(module: &Module, code: &Function, value: ExprId) -> bool {
    let ExprKind::Name(place) = module.kind(value) else {
        return false;
    };
    let mut parameters = code.parameters.iter();
    let default = parameters
        .find(|parameter| parameter.place == place)
        .and_then(|parameter| parameter.default);
    default.is_some_and(|default| is_empty(module, default))
}

/// Whether a function says `return {}` where something failed, or gives what another such function gives.
fn gives_empty(boundary: &Boundary<'_>, function: FunctionRef, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let (module, code) = boundary.flow.program.code(function);
    let returned = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Return(Some(value)) => Some((value, inst.span)),
        _ => None,
    });
    let inner = boundary.flow.of_another(function);
    returned
        .into_iter()
        .any(|(value, span)| match module.kind(value) {
            _ if is_emptied(module, value) => true,
            // What is given for nothing is nothing; what is given for what failed may be anything.
            ExprKind::Dict(parts) => parts.is_empty() && is_in_handler(code, span),
            ExprKind::Call { callee, .. } => {
                match inner.program.target(inner.evaluate.value(callee)) {
                    Target::Function { function: next, .. } => {
                        next != function && gives_empty(boundary, next, depth)
                    }
                    _ => false,
                }
            }
            _ => false,
        })
}

/// Whether a statement stands in an `except`.
fn is_in_handler(code: &Function, statement: Span) -> bool {
    code.tries.iter().any(|region| match &region.kind {
        TryKind::Catch { handlers, .. } => {
            let mut handlers = handlers.iter();
            handlers.any(|handler| handler.body.contains(statement))
        }
        _ => false,
    })
}

/// `self.info`, where the constructor says `self.info = info or {}`, and nothing in the file makes the key.
fn of_attribute(
    boundary: &Boundary<'_>,
    attribute: ExprId,
    object: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    let own = flow.code.parameters.first()?.place;
    let ExprKind::Text(key) = module.kind(index) else {
        return None;
    };
    let class = flow.program.class_of_method(flow.function)?;
    let is_made =
        { boundary.scene.habits.get(flow.module_ref, key) }.is_some_and(|habit| habit.is_made);
    if flow.place_of(object) != Some(own) || is_made {
        return None;
    }
    let body = module
        .classes
        .get(flow.program.project_class(class)?.id?.index())?
        .span;
    let name = module.dotted(flow.code, attribute)?;
    let mut found = None;
    for code in &module.functions {
        if !body.contains(code.name_span) || code.kind != FunctionKind::Def {
            continue;
        }
        for inst in &code.insts {
            let InstKind::Bind { target, source, .. } = inst.kind else {
                continue;
            };
            if module.dotted(code, target).as_deref() != Some(&name) {
                continue;
            }
            match source {
                Source::Value(value)
                    if (is_emptied(module, value) || is_empty_by_default(module, code, value))
                        && module.name(code.name) == "__init__" =>
                {
                    found = Some(value);
                }
                // Somebody else says what is in it.
                _ => return None,
            }
        }
    }
    found
}
