//! `unreachable-handler`: an earlier handler of the same `try` catches it all.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::Solution;
use crate::ir::{Dialect, Handler, TryKind};
use crate::project::Catches;
use crate::rules::guarded::swallowed_exception::types_text;
use crate::rules::{Check, Family, Rule, Scene};
use crate::summary::ClassRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unreachable-handler",
    family: Family::Guarded,
    page: include_str!("../../../rules/unreachable-handler.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let mut findings = Vec::new();
    for region in &scene.flow.code.tries {
        let TryKind::Catch {
            handlers,
            star: false,
            ..
        } = &region.kind
        else {
            continue;
        };
        for later in 1..handlers.len() {
            if let Some(shadow) = shadowing(scene, handlers, later) {
                findings.push(finding(
                    scene,
                    &shadow,
                    &handlers[shadow.earlier],
                    &handlers[later],
                ));
            }
        }
    }
    findings
}

/// What never gets to a handler.
struct Shadow {
    /// The earlier handler that catches the last of it.
    earlier: usize,
    /// Those classes.
    classes: Vec<ClassRef>,
    /// Nothing else is left for the handler.
    is_all: bool,
    /// In Python 2 the classes are siblings: the names are those of a file that runs in both.
    is_of_three: bool,
}

fn shadowing(scene: &Scene<'_>, handlers: &[Handler], later: usize) -> Option<Shadow> {
    let flow = scene.flow;
    let catches = |handler: &Handler| {
        flow.program
            .catches(flow.module_ref, flow.id(), handler.types)
    };
    let Catches::Classes { classes, open, .. } = catches(&handlers[later]) else {
        return None;
    };
    let count = classes.len();
    let mut shadow = Shadow {
        earlier: 0,
        classes: Vec::new(),
        is_all: false,
        is_of_three: false,
    };
    let (module, code) = (flow.module, flow.code);
    let written = types_text(module, code, &handlers[later]);
    let mut written = written.split(", ");
    for class in classes {
        let name = written.next().unwrap_or_default();
        let earlier = (0..later).find(|&earlier| match catches(&handlers[earlier]) {
            Catches::Everything => true,
            caught @ Catches::Classes { open: false, .. } => is_certain(scene, &caught, class),
            Catches::Classes { .. } => false,
        });
        if let Some(earlier) = earlier {
            let above = types_text(module, code, &handlers[earlier]);
            shadow.is_of_three |= !holds_in_two(scene, &above, name);
            shadow.earlier = shadow.earlier.max(earlier);
            shadow.classes.push(class);
        }
    }
    shadow.is_all = !open && shadow.classes.len() == count;
    (!shadow.classes.is_empty()).then_some(shadow)
}

/// Whether one of the names above covers a name in Python 2 as well, as far as both are known there.
fn holds_in_two(scene: &Scene<'_>, above: &str, name: &str) -> bool {
    let library = scene.flow.program.library;
    let class = |name: &str| library.class(name, Dialect::Two);
    let Some(later) = class(name) else {
        return true;
    };
    above.split(", ").any(|name| {
        class(name).is_none_or(|earlier| library.is_subclass(later, earlier, Dialect::Two))
    })
}

/// A class with an unknown base may be anything: `covers` gives it the benefit of the doubt, this rule must not.
fn is_certain(scene: &Scene<'_>, caught: &Catches, class: ClassRef) -> bool {
    let Catches::Classes { classes, .. } = caught else {
        return true;
    };
    let flow = scene.flow;
    classes
        .iter()
        .any(|&known| flow.program.is_subclass(class, known, flow.module.dialect) == Some(true))
}

fn finding(scene: &Scene<'_>, shadow: &Shadow, earlier: &Handler, later: &Handler) -> Finding {
    let (module, code) = (scene.flow.module, scene.flow.code);
    let names: Vec<&str> = shadow
        .classes
        .iter()
        .map(|&class| scene.flow.program.class_name(class))
        .collect();
    let message = if shadow.is_all {
        Message::new("unreachable").with("types", types_text(module, code, later))
    } else {
        Message::new("partly").with("types", names.join(", "))
    };
    let finding = Finding {
        statement: later.header.start,
        ..scene.at_span(later.header, message)
    };
    let location = scene.location_of(earlier.header);
    let related = Related {
        location,
        message: Message::new("earlier").with("types", types_text(module, code, earlier)),
    };
    let confidence = if shadow.is_of_three {
        Confidence::Low
    } else if shadow.is_all {
        Confidence::High
    } else {
        Confidence::Medium
    };
    finding
        .because(related)
        .confidence(confidence)
        .help(Message::new("order"))
}
