//! `none-result`: a call's result that can be None is used with no guard.

use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Event, Origin, State, Wanted, Witness};
use crate::infer::survives_none;
use crate::ir::{ExprId, ExprKind};
use crate::project::Target;

pub(super) const RULE: Rule = Rule {
    name: "none-result",
    family: Family::None,
    page: include_str!("../../rules/none-result.md"),
    severity: Severity::Warning,
    check: Check::Event(check),
};

fn check(scene: &Scene<'_>, _: &State, event: Event<'_>) -> Option<Finding> {
    let Event::Use { subject, held, at, .. } = event else { return None };
    let flow = scene.flow;
    let Origin::Expr(source) = held.origin else { return None };
    if survives_none(flow) {
        return None;
    }
    if let Some(place) = flow.place_of(subject)
        && flow.witness(Wanted { place, origin: Some(source), passed: false, target: flow.position() }) < Witness::Exception
    {
        return None;
    }
    let what = flow.module.dotted(flow.code, called(scene, source)?).unwrap_or_else(|| "it".to_owned());
    let finding = scene.at(at, Message::new("used").with("call", what.clone()));
    let finding = if subject == source { finding } else { finding.because(scene.related(source, Message::new("source").with("call", what))) };
    let finding = with_returns(scene, finding, source);
    Some(finding.confidence(Confidence::Medium))
}

/// What is called, or the attribute that is read.
fn called(scene: &Scene<'_>, source: ExprId) -> Option<ExprId> {
    match scene.flow.module.kind(source) {
        ExprKind::Call { callee, .. } => Some(callee),
        ExprKind::Attribute { .. } => Some(source),
        _ => None,
    }
}

/// For a function of the project: where it returns None.
fn with_returns(scene: &Scene<'_>, mut finding: Finding, source: ExprId) -> Finding {
    let flow = scene.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(source) else { return finding };
    if let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) {
        for &location in flow.known.get(function).none_at.iter().take(3) {
            finding.related.push(crate::finding::Related { location, message: Message::new("returns") });
        }
    }
    finding
}
