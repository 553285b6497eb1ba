//! `words[1]` of a parameter, where functions of the same kind ask how many there are.

use super::evidence::Evidence;
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, Function, FunctionKind, Module, Scope, Step};
use crate::rules::sequences::Boundary;

/// So many of its kind must ask.
const ASKING: usize = 2;

/// The evidence is the code of another function.
pub(super) const ALIKE: &str = "alike";

/// A parameter of which other functions of the same name, or of the same first word of it and with the same parameters, ask for
/// the length before they take an element.
pub(super) fn alike(boundary: &Boundary<'_>, subject: ExprId, need: i64) -> Option<Evidence> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Name(place) = module.kind(subject) else {
        return None;
    };
    let is_parameter = matches!(
        flow.code.place(place).step,
        Step::Variable {
            scope: Scope::Parameter { .. },
            ..
        }
    );
    if need < 2 || !is_parameter || !boundary.origins(place).is_empty() {
        return None;
    }
    let position = { flow.code.parameters.iter() }.position(|own| own.place == place)?;
    let own = kind_of(module, flow.code)?;
    let mut found = None;
    let mut count = 0;
    for code in &module.functions {
        let is_other = code.name_span != flow.code.name_span && code.kind == FunctionKind::Def;
        if !is_other || kind_of(module, code).as_ref() != Some(&own) {
            continue;
        }
        if let Some(asked) = asked(module, code, position) {
            count += 1;
            found = found.or(Some(asked));
        }
    }
    found.filter(|_| count >= ASKING).map(|source| Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: ALIKE,
        source,
    })
}

/// What functions of one kind have in common: the name of methods, the first word of a function's name, and the parameters.
fn kind_of(module: &Module, code: &Function) -> Option<(String, Vec<String>)> {
    let name = module.name(code.name);
    let kind = match code.class {
        Some(_) if !name.contains('_') => name,
        _ => name.split_once('_').map(|(first, _)| first)?,
    };
    let parameters = code.parameters.iter();
    let names = parameters.map(|parameter| module.name(parameter.name).to_owned());
    (!kind.is_empty()).then(|| (kind.to_owned(), names.collect()))
}

/// Where a function asks for the length of a parameter.
fn asked(module: &Module, code: &Function, position: usize) -> Option<ExprId> {
    let place = code.parameters.get(position)?.place;
    let mut exprs = code.exprs.range().map(ExprId::new);
    exprs.find(|&expr| match module.kind(expr) {
        ExprKind::Compare { left, .. } => match module.kind(left) {
            ExprKind::Call { callee, arguments } => {
                let is_len = module.dotted(code, callee).as_deref() == Some("len");
                match module.arguments(arguments) {
                    [only] => is_len && module.kind(only.value) == ExprKind::Name(place),
                    _ => false,
                }
            }
            _ => false,
        },
        _ => false,
    })
}
