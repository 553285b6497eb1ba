//! `pwd.getpwuid(os.getuid())`: a number that stands in a file or that a process runs under need not be that of an account.

use crate::finding::{Confidence, Finding, Message};
use crate::ir::{ExprId, ExprKind, Module};
use crate::rules::sequences::{Boundary, Candidate};

/// Functions that look an account up by its number, and raise where there is none.
const LOOKING: [&str; 2] = ["getpwuid", "getgrgid"];

/// An account that is looked up by a number that is not known to belong to one.
pub(super) fn account(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let (name, _, arguments) = boundary.called(candidate.expr)?;
    if !LOOKING.contains(&name) {
        return None;
    }
    let number = *arguments.first()?;
    // A process that runs under no account mostly cannot do much at all.
    let confidence = if is_of_file(flow.module, &boundary.values(number)) {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    if !is_foreign(boundary, number) || boundary.is_caught(candidate.at.0, &["KeyError"]) {
        return None;
    }
    let message = Message::new("account").with("call", name);
    let finding = boundary.scene.at(candidate.expr, message);
    Some(finding.confidence(confidence).help(Message::new("number")))
}

/// `os.stat(path).st_uid`: files come from elsewhere.
fn is_of_file(module: &Module, numbers: &[ExprId]) -> bool {
    numbers.iter().all(|&number| match module.kind(number) {
        ExprKind::Attribute { name, .. } => matches!(module.name(name), "st_uid" | "st_gid"),
        _ => false,
    })
}

/// `os.stat(path).st_uid`, `os.getuid()`: what the system says.
fn is_foreign(boundary: &Boundary<'_>, number: ExprId) -> bool {
    let module = boundary.flow.module;
    let values = boundary.values(number);
    !values.is_empty()
        && values.iter().all(|&value| match module.kind(value) {
            ExprKind::Attribute { name, .. } => matches!(module.name(name), "st_uid" | "st_gid"),
            ExprKind::Call { .. } => matches!(
                boundary.called(value),
                Some(("getuid" | "geteuid" | "getgid" | "getegid", ..))
            ),
            _ => false,
        })
}
