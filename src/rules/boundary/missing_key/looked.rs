//! Whether a function looks into a document before it hands it on.

use crate::ir::{Comparison, ExprId, ExprKind, InstKind};
use crate::rules::sequences::Boundary;

/// Words in the names of functions that look whether a document is as it should be.
pub(super) const CHECKING: [&str; 9] = [
    "check", "valid", "schema", "assert", "ensure", "require", "verify", "expect", "error",
];

/// Methods that fill a dictionary with what it lacks.
pub(super) const FILLING: [&str; 3] = ["setdefault", "update", "merge"];

/// Whether a function looks into a document that it hands on: tests something of it, fills it, or has it checked.
pub(super) fn is_looked_at(inner: &Boundary<'_>, value: ExprId) -> bool {
    let flow = inner.flow;
    let Some(place) = flow.place_of(value) else {
        return false;
    };
    let is_inside = |expr: ExprId| {
        let mut found = false;
        flow.module.walk(expr, &mut |part| {
            found |= match flow.module.kind(part) {
                ExprKind::Subscript { value, .. } => flow.place_of(value) == Some(place),
                ExprKind::Compare {
                    operator: Comparison::In | Comparison::NotIn,
                    right,
                    ..
                } => flow.place_of(right) == Some(place),
                ExprKind::Call { .. } => matches!(
                    inner.called(part),
                    Some(("get" | "has_key" | "keys", Some(receiver), _))
                        if flow.place_of(receiver) == Some(place)
                ),
                _ => false,
            };
        });
        found
    };
    let is_tested = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => is_inside(test),
        InstKind::Bind { target, .. } => match flow.module.kind(target) {
            ExprKind::Subscript { value, .. } => flow.place_of(value) == Some(place),
            _ => false,
        },
        _ => false,
    });
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    is_tested
        || exprs.any(|expr| match inner.called(expr) {
            Some((name, Some(receiver), _)) if flow.place_of(receiver) == Some(place) => {
                FILLING.contains(&name)
            }
            Some((name, _, arguments)) => {
                let name = name.to_ascii_lowercase();
                CHECKING.iter().any(|word| name.contains(word))
                    && arguments
                        .iter()
                        .any(|&argument| flow.place_of(argument) == Some(place))
            }
            None => false,
        })
}
