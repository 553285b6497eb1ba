//! `possibly-unbound`: a name is read that is not bound on every path.

use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Event, State, Wanted, Witness};
use crate::ir::{ExprKind, FunctionKind};
use crate::value::Kinds;

pub(super) const RULE: Rule = Rule {
    name: "possibly-unbound",
    family: Family::Names,
    page: include_str!("../../rules/possibly-unbound.md"),
    severity: Severity::Warning,
    check: Check::Event(check),
};

fn check(scene: &Scene<'_>, _: &State, event: Event<'_>) -> Option<Finding> {
    let Event::Read { name, held } = event else { return None };
    let flow = scene.flow;
    if !held.value.kinds.meets(Kinds::UNBOUND) || flow.code.kind == FunctionKind::Class || flow.code.is_dynamic {
        return None;
    }
    let ExprKind::Name(place) = flow.module.kind(name) else { return None };
    let name_text = flow.place_text(place);
    if flow.program.builtin(&name_text, flow.module.dialect) != crate::value::Value::UNKNOWN {
        return None;
    }
    let confidence = match flow.witness(Wanted { place, origin: None, passed: false, target: flow.position() }) {
        Witness::None => return None,
        Witness::EmptyLoop => Confidence::Low,
        Witness::Exception => Confidence::Medium,
        Witness::Path => Confidence::High,
    };
    Some(scene.at(name, Message::new("read").with("name", name_text)).confidence(confidence))
}
