//! `arguments[arguments.index("-o") + 1]`: what was searched may be the last one, and then nothing comes behind it.

use crate::finding::{Confidence, Finding, Message};
use crate::ir::{BinaryOperator, ExprId, ExprKind, InstKind};
use crate::rules::boundary::empty_sequence::constant;
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// The element behind one that was searched, where nothing asks whether there is another.
pub(super) fn following(
    boundary: &Boundary<'_>,
    candidate: Candidate,
) -> Option<(ExprId, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let ExprKind::Binary {
        operator: BinaryOperator::Add,
        left,
        right,
    } = flow.module.kind(only_value(boundary, index))
    else {
        return None;
    };
    constant(boundary, right).filter(|&ahead| ahead > 0)?;
    let search = only_value(boundary, left);
    let ("index", Some(searched), _) = boundary.called(search)? else {
        return None;
    };
    if flow.form(searched) != flow.form(value)
        || boundary.is_caught(candidate.at.0, &["IndexError"])
        || asks_for_end(boundary, value)
    {
        return None;
    }
    let name = boundary.text(value);
    let message = Message::new("following").with("name", name.clone());
    let why = boundary.scene.related(search, Message::new("searched"));
    let help = Message::new("stop").with("name", name);
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    Some((search, finding.confidence(Confidence::Medium).help(help)))
}

/// An expression, or what its name is bound to once.
fn only_value(boundary: &Boundary<'_>, expr: ExprId) -> ExprId {
    match boundary.flow.module.kind(expr) {
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(value)] => value,
            _ => expr,
        },
        _ => expr,
    }
}

/// Whether any condition of the function is about how long it is, or about its last element; and whether it is made longer.
fn asks_for_end(boundary: &Boundary<'_>, sequence: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let form = flow.form(sequence);
    let is_it = |expr: ExprId| flow.form(expr) == form;
    let is_end = |part: ExprId| match module.kind(part) {
        ExprKind::Call { .. } => match boundary.called(part) {
            Some(("len", None, arguments)) => arguments.first().is_some_and(|&of| is_it(of)),
            Some(("append" | "extend" | "insert", Some(list), _)) => is_it(list),
            Some(("endswith", Some(text), _)) => is_it(text),
            _ => false,
        },
        ExprKind::Subscript { value, index, .. } => {
            is_it(value) && constant(boundary, index) == Some(-1)
        }
        _ => false,
    };
    flow.code.exprs.range().map(ExprId::new).any(is_end)
        || flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: crate::ir::Source::Augmented { .. },
                ..
            } => is_it(target),
            _ => false,
        })
}
