//! `unreachable-handler`: an earlier handler of the same `try` catches it all.

use super::swallowed_exception::types_text;
use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::Solution;
use crate::ir::{Handler, TryKind};
use crate::project::{Catches, Coverage};

pub(super) const RULE: Rule = Rule {
    name: "unreachable-handler",
    family: Family::Guarded,
    page: include_str!("../../rules/unreachable-handler.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let mut findings = Vec::new();
    for region in &scene.flow.code.tries {
        let TryKind::Catch { handlers, star: false, .. } = &region.kind else { continue };
        for later in 1..handlers.len() {
            findings.extend(shadowing(scene, handlers, later).map(|earlier| finding(scene, &handlers[earlier], &handlers[later])));
        }
    }
    findings
}

/// The earlier handler that catches the last of what the later one names, if nothing is left for it.
fn shadowing(scene: &Scene<'_>, handlers: &[Handler], later: usize) -> Option<usize> {
    let flow = scene.flow;
    let catches = |handler: &Handler| flow.program.catches(flow.module_ref, flow.id(), handler.types);
    let Catches::Classes { classes, open: false } = catches(&handlers[later]) else { return None };
    let mut last = None;
    for &class in &classes {
        let earlier = (0..later).find(|&earlier| match catches(&handlers[earlier]) {
            Catches::Everything => true,
            caught @ Catches::Classes { open: false, .. } => {
                flow.program.covers(&caught, class, flow.module.dialect) == Coverage::Full && is_certain(scene, &caught, class)
            }
            Catches::Classes { .. } => false,
        })?;
        last = last.max(Some(earlier));
    }
    last
}

/// A class with an unknown base may be anything: `covers` gives it the benefit of the doubt, this rule must not.
fn is_certain(scene: &Scene<'_>, caught: &Catches, class: crate::summary::ClassRef) -> bool {
    let Catches::Classes { classes, .. } = caught else { return true };
    let flow = scene.flow;
    classes.iter().any(|&known| flow.program.is_subclass(class, known, flow.module.dialect) == Some(true))
}

fn finding(scene: &Scene<'_>, earlier: &Handler, later: &Handler) -> Finding {
    let (module, code) = (scene.flow.module, scene.flow.code);
    let message = Message::new("unreachable").with("types", types_text(module, code, later));
    let finding = Finding { statement: later.header.start, ..scene.at_span(later.header, message) };
    let location = scene.location_of(earlier.header);
    let related = Related { location, message: Message::new("earlier").with("types", types_text(module, code, earlier)) };
    finding.because(related).confidence(Confidence::High).help(Message::new("order"))
}
