//! `**options`: what callers may pass, and what the function tests as if it were optional.

use super::belief::{asks, is_truth};
use super::document::Document;
use crate::finding::Confidence;
use crate::ir::{ExprId, InstKind, ParameterKind, PlaceId};
use crate::rules::sequences::{Boundary, Candidate};

/// `if options["store"]` of `**options`: whoever tests it means that it is optional.
pub(super) fn of_keywords(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<Document> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    if !is_keywords(boundary, place) {
        return None;
    }
    let tested = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => is_truth(boundary, test, candidate.expr),
        _ => false,
    });
    let name = flow.program.qualified_name(flow.function);
    let is_private = name
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with('_'));
    let mut parameters = flow.code.parameters.iter();
    let takes_anything = parameters.any(|parameter| parameter.kind == ParameterKind::Star);
    let is_command = name.ends_with(".handle") || is_in_command(boundary);
    let is_optional = tested && !is_private && !is_command && !takes_anything;
    let asks_before = |test: ExprId| {
        let mut found = false;
        flow.module.walk(test, &mut |part| {
            found |= asks(boundary, part, place, index);
        });
        found
    };
    let is_sure = is_optional && !boundary.is_tested_by(candidate, &asks_before, false);
    is_sure.then_some(Document::new("keywords", value, Confidence::Medium))
}

/// Whether the class at work is a command, whose parser fills what is handed on.
fn is_in_command(boundary: &Boundary<'_>) -> bool {
    let program = boundary.flow.program;
    program
        .class_of_method(boundary.flow.function)
        .is_some_and(|class| program.method(class, "handle").is_some())
}

pub(super) fn is_keywords(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let parameters = &boundary.flow.code.parameters;
    parameters
        .iter()
        .any(|parameter| parameter.place == place && parameter.kind == ParameterKind::DoubleStar)
}
