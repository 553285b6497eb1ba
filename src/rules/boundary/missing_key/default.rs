//! A default that does not help: `d.get(k, {})[j]`.

use super::belief::asks;
use super::document::Document;
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, InstKind};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// A read of what is an empty dictionary where the default is taken.
pub(super) fn of_default(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<Document> {
    of_empty(boundary, candidate, value, index)
        .map(|asked| Document::new("default", asked, Confidence::Medium))
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
