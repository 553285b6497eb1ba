//! `none-variable`: a variable that is None on one path is used.

use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Event, Origin, State};
use crate::infer::survives_none;
use crate::ir::ExprKind;

pub(super) const RULE: Rule = Rule {
    name: "none-variable",
    family: Family::None,
    page: include_str!("../../rules/none-variable.md"),
    severity: Severity::Error,
    check: Check::Event(check),
};

fn check(scene: &Scene<'_>, _: &State, event: Event<'_>) -> Option<Finding> {
    let (at, subject, held) = match event {
        Event::Use { subject, held, at, .. } => (at, subject, held),
        Event::Demanded { call, argument, held, .. } => (call, argument, held),
        _ => return None,
    };
    let flow = scene.flow;
    let Origin::Expr(source) = held.origin else { return None };
    let ExprKind::None = flow.module.kind(source) else { return None };
    let place = flow.place_of(subject)?;
    if survives_none(flow) {
        return None;
    }
    let name = flow.place_text(place);
    let finding = scene.at(at, Message::new("used").with("name", name.clone()));
    let finding = finding.because(scene.related(source, Message::new("source").with("name", name)));
    Some(finding.confidence(Confidence::Medium))
}
