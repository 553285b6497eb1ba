//! `pwd.getpwuid(os.getuid())`: a number that stands in a file or that a process runs under need not be that of an account.

use crate::finding::{Confidence, Finding, Message};
use crate::ir::{ExprId, ExprKind};
use crate::rules::sequences::{Boundary, Candidate};

/// Functions that look an account up by its number, and raise where there is none.
const LOOKING: [&str; 2] = ["pwd.getpwuid", "grp.getgrgid"];

/// An account that is looked up by a number that is not known to belong to one.
pub(super) fn account(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, arguments } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let name = flow.evaluate.dotted(callee)?;
    if !LOOKING.contains(&name.as_str()) {
        return None;
    }
    let number = flow.module.arguments(arguments).first()?.value;
    if !is_foreign(boundary, number) || boundary.is_caught(candidate.at.0, &["KeyError"]) {
        return None;
    }
    let message = Message::new("account").with("call", name);
    let finding = boundary.scene.at(candidate.expr, message);
    Some(
        finding
            .confidence(Confidence::Medium)
            .help(Message::new("number")),
    )
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
