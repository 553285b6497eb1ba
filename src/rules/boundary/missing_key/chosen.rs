//! `UNITS[match.group(2)]`: a dictionary that is written down is asked for a key that somebody else chose.

use super::document::Document;
use super::groups::{Group, group_of};
use crate::finding::Confidence;
use crate::ir::{
    Comparison, ExprId, ExprKind, FunctionKind, InstKind, LoopKind, Module, NameId, PlaceId, Scope,
    Source, Step,
};
use crate::rules::sequences::{Boundary, Candidate, KEEPING, Origin, Outside};

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// A table that is written down, or filled under conditions, and a key that is not.
pub(super) fn chosen(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<Document> {
    let flow = boundary.flow;
    let ExprKind::Name(table) = flow.module.kind(value) else {
        return None;
    };
    if !is_variable(boundary, index) || is_own_key(boundary, candidate, table, index) {
        return None;
    }
    let mut places = boundary.places(index);
    for place in places.clone() {
        for origin in boundary.origins(place) {
            if let Origin::Value(value) = origin {
                places.extend(boundary.places(value));
            }
        }
    }
    let (key, document) = match flow.code.place(table).step {
        Step::Variable {
            name,
            scope: Scope::Global { .. },
        } => {
            let written = constant_table(flow.module, name)?;
            let keys = keys(flow.module, written)?;
            (is_chosen(boundary, index, &keys)?, value)
        }
        Step::Variable {
            scope: Scope::Local { .. },
            ..
        } => ("partly", filled_partly(boundary, table, index)?),
        _ => return None,
    };
    let asks = |test: ExprId| {
        let mut found = false;
        flow.module.walk(test, &mut |part| {
            let place = flow.place_of(part);
            found |= place.is_some_and(|place| place == table || places.contains(&place));
        });
        found && !is_plain(flow.module, test)
    };
    let is_known = boundary.is_tested_by(candidate, &asks, false)
        || boundary.is_caught(candidate.at.0, &["KeyError"])
        || boundary.is_checked(candidate, &places);
    (!is_known).then_some(Document::new(key, document, Confidence::Medium))
}

/// `key`, `not key`, `key is None`: that there is one does not say that it is one of those.
fn is_plain(module: &Module, test: ExprId) -> bool {
    match module.kind(test) {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => true,
        ExprKind::Unary { operand, .. } => is_plain(module, operand),
        ExprKind::Compare {
            operator: Comparison::Is | Comparison::IsNot,
            ..
        } => true,
        _ => false,
    }
}

fn is_variable(boundary: &Boundary<'_>, index: ExprId) -> bool {
    matches!(
        boundary.flow.module.kind(index),
        ExprKind::Name(_)
            | ExprKind::Attribute { .. }
            | ExprKind::Subscript { .. }
            | ExprKind::Call { .. }
    )
}

/// Whether a loop takes the keys out of the table itself.
fn is_own_key(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    table: PlaceId,
    index: ExprId,
) -> bool {
    let inside = boundary.flow.module.span(candidate.expr);
    let runs_over = |iterable: ExprId| boundary.places(iterable).contains(&table);
    let in_loop = boundary.flow.code.loops.iter().any(|of| match of.kind {
        LoopKind::For { iterable, .. } => of.suite.contains(inside) && runs_over(iterable),
        LoopKind::While { .. } => false,
    });
    in_loop
        || boundary
            .places(index)
            .into_iter()
            .any(|place| boundary.sources(place).into_iter().any(runs_over))
}

/// The dictionary that a global of the module is bound to, where it is bound once and nothing in the file changes it.
fn constant_table(module: &Module, name: NameId) -> Option<ExprId> {
    let is_it = |code: &crate::ir::Function, expr: ExprId| match module.kind(expr) {
        ExprKind::Name(place) => {
            matches!(code.place(place).step, Step::Variable { name: known, .. } if known == name)
        }
        _ => false,
    };
    let mut found = None;
    for code in &module.functions {
        for inst in &code.insts {
            match inst.kind {
                InstKind::Bind { target, source, .. } => match module.kind(target) {
                    ExprKind::Name(_)
                        if is_it(code, target) && code.kind == FunctionKind::Module =>
                    {
                        match source {
                            Source::Value(value) if found.is_none() => found = Some(value),
                            _ => return None,
                        }
                    }
                    ExprKind::Subscript { value, .. } if is_it(code, value) => return None,
                    _ => {}
                },
                InstKind::Eval(call) => {
                    if let ExprKind::Call { callee, arguments } = module.kind(call) {
                        let is_changed = match module.kind(callee) {
                            ExprKind::Attribute { value, .. } => is_it(code, value),
                            _ => false,
                        };
                        let mut arguments = module.arguments(arguments).iter();
                        if is_changed || arguments.any(|given| is_it(code, given.value)) {
                            return None;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The keys of a dictionary display, where all of them are texts.
fn keys(module: &Module, table: ExprId) -> Option<Vec<&str>> {
    let ExprKind::Dict(parts) = module.kind(table) else {
        return None;
    };
    let mut found = Vec::new();
    for &key in module.list(parts).iter().step_by(2) {
        match module.kind(key) {
            ExprKind::Text(text) => found.push(module.name(text)),
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Whether somebody else chose a key: a pattern that lets more through than there are keys, or whoever is outside.
fn is_chosen(boundary: &Boundary<'_>, index: ExprId, keys: &[&str]) -> Option<&'static str> {
    match group_of(boundary, stripped(boundary, index, DEPTH)) {
        Some(Group::Of(words)) => {
            let is_more = words.iter().any(|word| !keys.contains(&word.as_str()));
            return is_more.then_some("pattern");
        }
        Some(Group::Any) => return Some("pattern"),
        None => {}
    }
    match boundary.written_by(index)?.0 {
        Outside::Arguments
        | Outside::Environment
        | Outside::Input
        | Outside::Request
        | Outside::Network => Some("chosen"),
        Outside::File | Outside::Process | Outside::Database => None,
    }
}

/// What a name stands for, and what a method that keeps a text is called on.
fn stripped(boundary: &Boundary<'_>, expr: ExprId, depth: usize) -> ExprId {
    let Some(depth) = depth.checked_sub(1) else {
        return expr;
    };
    match boundary.called(expr) {
        Some((name, Some(receiver), _)) if KEEPING.contains(&name) && name != "group" => {
            stripped(boundary, receiver, depth)
        }
        _ => match boundary.values(expr)[..] {
            [value] if value != expr => stripped(boundary, value, depth),
            _ => expr,
        },
    }
}

/// Where a dictionary of the function starts empty, if all that fills it are literal keys, one of them under a condition, and
/// the key is one of what a loop runs over.
fn filled_partly(boundary: &Boundary<'_>, table: PlaceId, index: ExprId) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    let key = flow.place_of(index)?;
    let origins = boundary.origins(key);
    let is_of_loop = !origins.is_empty() && { origins.iter() }
        .all(|origin| matches!(origin, Origin::Element(_)));
    let [Origin::Value(start)] = boundary.origins(table)[..] else {
        return None;
    };
    let is_dict = matches!(module.kind(start), ExprKind::Dict(parts) if parts.is_empty());
    if !is_of_loop || !is_dict {
        return None;
    }
    let mut is_conditional = false;
    for index in 0..flow.code.blocks.len() {
        let block = crate::ir::BlockId::new(index);
        for inst in flow.code.insts(flow.code.block(block)) {
            match inst.kind {
                InstKind::Bind { target, .. } => {
                    if let ExprKind::Subscript { value, index, .. } = module.kind(target)
                        && flow.place_of(value) == Some(table)
                    {
                        if !matches!(module.kind(index), ExprKind::Text(_)) {
                            return None;
                        }
                        is_conditional |= !boundary.dominates(block, flow.position().0);
                    }
                }
                InstKind::Eval(call) => {
                    let Some((_, receiver, arguments)) = boundary.called(call) else {
                        continue;
                    };
                    let is_it = |&expr: &ExprId| flow.place_of(expr) == Some(table);
                    if receiver.is_some_and(|of| is_it(&of)) || arguments.iter().any(is_it) {
                        return None;
                    }
                }
                _ => {}
            }
        }
    }
    is_conditional.then_some(start)
}
