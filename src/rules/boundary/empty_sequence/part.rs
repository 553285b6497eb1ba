//! `text.split(".")[1][0]`, `max(lines[1:])`: what stands between two separators may be nothing, and so may what is behind the
//! first one.

use super::constant;
use super::evidence::Evidence;
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId};
use crate::rules::sequences::{Boundary, Origin};

/// What stands between these is nothing wherever two of them meet.
const MEETING: [&str; 9] = [".", "/", "\\", " ", ",", ";", "\n", "|", "\t"];

/// `os.sep`, `os.pathsep`, `os.linesep`.
const NAMED: [&str; 4] = ["sep", "pathsep", "linesep", "altsep"];

/// The first or last character of a part of a text.
pub(super) fn of_part(boundary: &Boundary<'_>, subject: ExprId) -> Option<Evidence> {
    let ExprKind::Subscript { value, index, .. } = boundary.flow.module.kind(subject) else {
        return None;
    };
    let split = split_of(boundary, value, index)?;
    let (_, _, arguments) = boundary.called(split)?;
    let is_meeting = match boundary.flow.module.kind(*arguments.first()?) {
        ExprKind::Text(by) => MEETING.contains(&boundary.flow.module.name(by)),
        ExprKind::Attribute { name, .. } => NAMED.contains(&boundary.flow.module.name(name)),
        _ => false,
    };
    is_meeting.then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "between",
        source: split,
    })
}

/// Whether an element of something is one of the parts of a text.
pub(super) fn is_part(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> bool {
    split_of(boundary, value, index).is_some()
}

/// The call that took a text apart at a separator, of which one part is read; not where what is taken apart is written down.
fn split_of(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> Option<ExprId> {
    let flow = boundary.flow;
    constant(boundary, index)?;
    let values = match flow.module.kind(value) {
        ExprKind::Name(place) => {
            if is_filtered(boundary, place) {
                return None;
            }
            boundary.values(value)
        }
        _ => vec![value],
    };
    let [split] = values[..] else { return None };
    let ("split" | "rsplit", Some(text), arguments) = boundary.called(split)? else {
        return None;
    };
    let is_of_text = match flow.module.kind(text) {
        ExprKind::Text(_) | ExprKind::Bytes(_) => false,
        _ => {
            let written = flow.module.dotted(flow.code, text).unwrap_or_default();
            let last = written.rsplit('.').next().unwrap_or_default();
            !last.starts_with("__") && !matches!(last, "re" | "shlex")
        }
    };
    let is_at_separator =
        { arguments.first() }.is_some_and(|&by| !matches!(flow.module.kind(by), ExprKind::None));
    (is_of_text && is_at_separator).then_some(split)
}

/// Whether parts are taken out of the list again: then it may be the empty ones.
fn is_filtered(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let flow = boundary.flow;
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Eval(call) => matches!(
            boundary.called(call),
            Some(("remove" | "clear", Some(list), _)) if flow.place_of(list) == Some(place)
        ),
        _ => false,
    })
}

/// `lines[1:]` of the parts of a text: nothing where there is no separator in it.
pub(super) fn of_rest(
    boundary: &Boundary<'_>,
    rest: ExprId,
    value: ExprId,
    index: ExprId,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Slice {
        lower: Some(lower),
        upper: None,
        ..
    } = module.kind(index)
    else {
        return None;
    };
    let cut = constant(boundary, lower).filter(|&cut| cut > 0)?;
    let values = match module.kind(value) {
        ExprKind::Name(place) => {
            let origins = boundary.origins(place);
            let is_one = |origin: &&Origin| matches!(origin, Origin::Value(_));
            match origins.iter().find(is_one) {
                Some(&Origin::Value(first)) => vec![first],
                _ => return None,
            }
        }
        _ => vec![value],
    };
    let [split] = values[..] else { return None };
    let (name, Some(text), arguments) = boundary.called(split)? else {
        return None;
    };
    let least = match name {
        "split" | "rsplit" => i64::from(!arguments.is_empty()),
        "splitlines" | "readlines" => 0,
        _ => return None,
    };
    let is_written = matches!(module.kind(text), ExprKind::Text(_) | ExprKind::Bytes(_));
    (!is_written && least <= cut).then_some(Evidence {
        least: 0,
        confidence: Confidence::Low,
        key: "rest",
        source: rest,
    })
}
