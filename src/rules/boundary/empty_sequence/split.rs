//! The parts of a text: how many there are where its separator does not occur.

use super::evidence::{Evidence, is_empty_literal};
use super::parsed::{is_asked_for_form, is_counted_elsewhere, is_of_list};
use super::printed::{checks_itself, is_line, is_of_kernel, tests_status};
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind};
use crate::rules::sequences::{Boundary, Outside};

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// `text.split(",")` has one element where there is no comma, `text.split()` none where there is only space.
pub(super) fn of_split(
    boundary: &Boundary<'_>,
    expr: ExprId,
    text: ExprId,
    arguments: &[ExprId],
) -> Option<Evidence> {
    let module = boundary.flow.module;
    let separator = arguments.first().copied();
    let by_space = separator.is_none_or(|first| matches!(module.kind(first), ExprKind::None));
    let source = expr;
    if has_empty_default(boundary, text, DEPTH) {
        return Some(Evidence {
            least: i64::from(!by_space),
            confidence: Confidence::High,
            key: "default",
            source,
        });
    }
    let known = matches!(module.kind(text), ExprKind::Text(_) | ExprKind::Bytes(_))
        || module
            .dotted(boundary.flow.code, text)
            .is_some_and(|name| name.ends_with("__name__") || name.ends_with("__version__"));
    if known {
        return None;
    }
    let confidence = match boundary.written_by(text) {
        Some((Outside::Database, _)) => Confidence::Low,
        None if is_of_list(boundary, text)
            || is_asked_for_form(boundary, text)
            || is_counted_elsewhere(boundary, text, separator) =>
        {
            Confidence::Medium
        }
        None => Confidence::Low,
        Some((Outside::File, from)) if is_of_kernel(boundary, from) => Confidence::Low,
        // What another program prints between its own separators comes as it always does; a blank line is another thing.
        Some((Outside::Process, _)) if !by_space && !is_of_list(boundary, text) => Confidence::Low,
        Some((Outside::Process, from))
            if !is_line(boundary, text)
                && (tests_status(boundary) || checks_itself(boundary, from)) =>
        {
            Confidence::Low
        }
        Some(_) => Confidence::Medium,
    };
    Some(Evidence {
        least: i64::from(!by_space),
        confidence,
        key: if by_space { "spaces" } else { "separator" },
        source,
    })
}

/// `error or output or "unknown"`: there is always some text.
pub(super) fn has_text_default(boundary: &Boundary<'_>, text: ExprId) -> bool {
    let module = boundary.flow.module;
    boundary.values(text).iter().any(|&value| {
        let ExprKind::Or(parts) = module.kind(value) else {
            return false;
        };
        let last = module.list(parts).last();
        last.is_some_and(|&last| {
            matches!(module.kind(last), ExprKind::Text(_)) && !is_empty_literal(module, last)
        })
    })
}

/// `d.get("k", "")`: where the key is missing, there is nothing to split.
fn has_empty_default(boundary: &Boundary<'_>, text: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    boundary.values(text).iter().any(|&value| {
        let Some((name, Some(receiver), arguments)) = boundary.called(value) else {
            return false;
        };
        match (name, arguments.get(1)) {
            ("strip" | "lower" | "decode" | "upper", _) => {
                has_empty_default(boundary, receiver, depth)
            }
            ("get" | "getenv", Some(&default)) => match boundary.flow.module.kind(default) {
                ExprKind::Text(text) => boundary.flow.module.name(text).is_empty(),
                _ => false,
            },
            _ => false,
        }
    })
}
