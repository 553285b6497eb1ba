//! Defaults that do not help: `d.get(k, {})[j]`, and `d.get(k, d[j])`, which reads `d[j]` in any case.

use super::belief::{asks, is_bound_once};
use super::document::Document;
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, InstKind};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// A read that a default beside it makes go wrong.
pub(super) fn of_default(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<Document> {
    of_empty(boundary, candidate, value, index)
        .map(|asked| Document::new("default", asked, Confidence::Medium))
        .or_else(|| {
            of_eager(boundary, candidate, value, index)
                .map(|asked| Document::new("eager", asked, Confidence::Medium))
        })
}

/// `d.get(k, {})[j]`, also through a name.
fn of_empty(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let asked = match flow.module.kind(value) {
        ExprKind::Call { .. } => value,
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(asked)] if !is_filled(boundary, value) => asked,
            _ => return None,
        },
        _ => return None,
    };
    let Some(("get", Some(_), arguments)) = boundary.called(asked) else {
        return None;
    };
    let [key, default] = arguments[..] else {
        return None;
    };
    let is_nothing = match flow.module.kind(default) {
        ExprKind::Dict(parts) => parts.is_empty(),
        _ => false,
    };
    if !is_nothing {
        return None;
    }
    // Who asks for this one with care knows that it can be missing.
    if let Some(place) = flow.place_of(value) {
        let mut exprs = flow.code.exprs.range().map(ExprId::new);
        if exprs.any(|expr| asks(boundary, expr, place, index)) {
            return None;
        }
    }
    let forms = [flow.form(key), flow.form(value), flow.form(index)];
    let mentions = |test: ExprId| {
        let mut found = false;
        flow.module
            .walk(test, &mut |part| found |= forms.contains(&flow.form(part)));
        found
    };
    let is_tested = boundary.is_tested_by(candidate, &mentions, false)
        || boundary.is_looped(candidate, &boundary.places(value));
    (!is_tested).then_some(asked)
}

/// Whether the function puts anything into the thing, or hands it to whoever may.
fn is_filled(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let place = flow.place_of(value);
    let stores = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, .. } => match flow.module.kind(target) {
            ExprKind::Subscript { value, .. } => flow.place_of(value) == place,
            _ => false,
        },
        _ => false,
    });
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    stores
        || exprs.any(|expr| match boundary.called(expr) {
            Some(("update" | "setdefault", Some(receiver), _)) => flow.place_of(receiver) == place,
            _ => false,
        })
}

/// `d.get(k, d[j])`, where somebody asks for `j` with care: the default is evaluated whether it is needed or not.
fn of_eager(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    let mut call = None;
    flow.module.walk(candidate.root, &mut |part| {
        if let Some(("get" | "pop" | "setdefault", Some(receiver), arguments)) =
            boundary.called(part)
            && arguments.get(1) == Some(&candidate.expr)
            && flow.place_of(receiver) == Some(place)
        {
            call = Some(part);
        }
    });
    let call = call?;
    if !is_bound_once(boundary, place) {
        return None;
    }
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    if !exprs.any(|expr| asks(boundary, expr, place, index)) {
        return None;
    }
    // `if d.get(k) or d.get(j)` says that one of them is there, not which.
    let proves = |test: ExprId| {
        let mut found = false;
        let is_choice = matches!(flow.module.kind(test), ExprKind::Or(_));
        flow.module.walk(test, &mut |part| {
            found |= asks(boundary, part, place, index);
        });
        found && !is_choice
    };
    (!boundary.is_tested_by(candidate, &proves, false)).then_some(call)
}
