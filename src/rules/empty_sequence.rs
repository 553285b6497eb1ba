//! `empty-sequence`: an element is taken for granted of what may have too few of them.

mod evidence;
mod list;
mod reduced;
mod unpacked;

use super::boundary::{Boundary, Candidate, Origin};
use super::{Check, Family, Rule, Scene};
use crate::finding::{Finding, Message};
use crate::flow::{Solution, State};
use crate::ir::{ExprId, ExprKind, UnaryOperator};
use evidence::evidence;
use reduced::called;
use unpacked::unpacked;

pub(super) const RULE: Rule = Rule {
    name: "empty-sequence",
    family: Family::Boundary,
    page: include_str!("../../rules/empty-sequence.md"),
    severity: crate::finding::Severity::Warning,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    let boundary = Boundary::new(scene, solution);
    let is_of_interest = |kind: ExprKind| match kind {
        ExprKind::Subscript { .. } | ExprKind::Call { .. } => true,
        ExprKind::Tuple(parts) | ExprKind::List(parts) => parts.count >= 2,
        _ => false,
    };
    if boundary.in_test() || !boundary.has(&is_of_interest) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut told = Vec::new();
    boundary.walk(&mut |candidate, state| {
        if let Some(finding) = indexed(&boundary, candidate, state, &mut told) {
            findings.push(finding);
        }
        findings.extend(called(&boundary, candidate, state));
    });
    findings.extend(unpacked(&boundary));
    findings
}

/// `x[0]`, `x[-1]`.
fn indexed(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    state: &State,
    told: &mut Vec<ExprId>,
) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let index = constant(boundary, index)?;
    let need = if index < 0 { -index } else { index + 1 };
    let evidence = evidence(boundary, value, state)?;
    if evidence.least >= need
        || told.contains(&evidence.source)
        || boundary.is_caught(candidate.at.0, &["IndexError"])
        || is_guarded(boundary, candidate, value, evidence.source)
    {
        return None;
    }
    told.push(evidence.source);
    let text = boundary.text(value);
    let message = Message::new("indexed")
        .with("name", text.clone())
        .with("index", index.to_string());
    let finding = boundary.scene.at(candidate.expr, message);
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    let help = Message::new("guard").with("name", text);
    Some(
        finding
            .because(why)
            .confidence(evidence.confidence)
            .help(help),
    )
}

/// A literal index.
pub(super) fn constant(boundary: &Boundary<'_>, index: ExprId) -> Option<i64> {
    match boundary.flow.module.kind(index) {
        ExprKind::Int(number) => Some(i64::from(number)),
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => match boundary.flow.module.kind(operand) {
            ExprKind::Int(number) => Some(-i64::from(number)),
            _ => None,
        },
        _ => None,
    }
}

fn is_guarded(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    source: ExprId,
) -> bool {
    let mut places = boundary.places(subject);
    places.extend(boundary.places(source));
    let mut inner = places.clone();
    for &place in &places {
        for origin in boundary.origins(place) {
            if let Origin::Value(value) = origin {
                inner.extend(boundary.places(value));
            }
        }
    }
    boundary.is_tested(candidate, &inner)
}
