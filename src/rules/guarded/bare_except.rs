//! `bare-except`: a handler that names no class catches also what nobody wants to catch.

use crate::escape::clauses::{Fate, called_names, fate, keeps_exception, tells};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::Solution;
use crate::ir::{Handler, InstKind, TryKind};
use crate::rules::{Check, Family, Rule, Scene};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "bare-except",
    family: Family::Guarded,
    page: include_str!("../../../rules/bare-except.md"),
    severity: Severity::Error,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let mut findings = Vec::new();
    for region in &scene.flow.code.tries {
        let TryKind::Catch { handlers, .. } = &region.kind else {
            continue;
        };
        let bare = handlers.iter().filter(|handler| handler.types.is_none());
        findings.extend(bare.filter_map(|handler| finding(scene, handler)));
    }
    findings
}

fn finding(scene: &Scene<'_>, handler: &Handler) -> Option<Finding> {
    let (module, code) = (scene.flow.module, scene.flow.code);
    if fate(module, code, handler) != Fate::Handled || raises(scene, handler) {
        return None;
    }
    let is_told = tells(module, code, handler);
    let key = if is_told { "bare" } else { "silent" };
    let severity = if keeps_exception(module, code, handler) {
        Severity::Hint
    } else if is_told {
        Severity::Warning
    } else {
        Severity::Error
    };
    let finding = Finding {
        statement: handler.header.start,
        ..scene.at_span(handler.header, Message::new(key))
    };
    let is_habit = scene.habits.bare_handlers() > HABIT && is_logged(scene, handler);
    let confidence = if is_habit || module.name(code.name) == "__del__" {
        Confidence::Low
    } else {
        // It is there for all to see, and often around too little to do harm.
        Confidence::Medium
    };
    Some(
        finding
            .severity(severity)
            .confidence(confidence)
            .help(Message::new("name")),
    )
}

/// A project with more of them than that writes them on purpose, at least where it logs what it caught.
const HABIT: usize = 12;

/// Calls that write the whole exception where somebody reads it.
const LOGGING: [&str; 12] = [
    "critical",
    "deferr",
    "err",
    "error",
    "exception",
    "format_exc",
    "handle_error",
    "handleError",
    "print_exc",
    "print_exception",
    "warn",
    "warning",
];

/// Whether the handler writes down what it caught, as the outermost loop of a server does.
fn is_logged(scene: &Scene<'_>, handler: &Handler) -> bool {
    let (module, code) = (scene.flow.module, scene.flow.code);
    called_names(module, code, handler.body)
        .iter()
        .any(|name| LOGGING.contains(name))
}

/// Whether the exception may be raised again: somebody thought of what else it can be.
fn raises(scene: &Scene<'_>, handler: &Handler) -> bool {
    let mut insts = crate::escape::clauses::insts_in(scene.flow.code, handler.body);
    insts.any(|inst| {
        matches!(
            inst.kind,
            InstKind::Raise {
                assertion: false,
                ..
            }
        )
    })
}
