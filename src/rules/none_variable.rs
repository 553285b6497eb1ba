//! `none-variable`: a variable that is None on one path is used.

use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Circumstances, Event, Origin, State, Wanted, Witness};
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
    let Event::Use {
        subject, held, at, ..
    } = event
    else {
        return None;
    };
    let flow = scene.flow;
    let Origin::Expr(source) = held.origin else {
        return None;
    };
    let ExprKind::None = flow.module.kind(source) else {
        return None;
    };
    let place = flow.place_of(subject)?;
    if survives_none(flow) {
        return None;
    }
    let wanted = Wanted {
        place,
        origin: Some(source),
        passed: false,
        target: flow.position(),
    };
    let confidence = match flow.witness_where(
        wanted,
        Circumstances {
            subject: Some(subject),
            ..Circumstances::default()
        },
    ) {
        Witness::None => return None,
        Witness::EmptyLoop => Confidence::Low,
        Witness::Exception => Confidence::Medium,
        Witness::Path => Confidence::High,
    };
    let name = flow.place_text(place);
    let finding = scene.at(at, Message::new("used").with("name", name.clone()));
    let finding = finding.because(scene.related(source, Message::new("source").with("name", name)));
    let help = Message::new("guard").with("name", flow.place_text(place));
    Some(finding.confidence(confidence).help(help))
}
