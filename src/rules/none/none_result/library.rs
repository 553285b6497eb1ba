//! How sure it is that a result of the library is None, by what the code around it says.

use crate::finding::Confidence;
use crate::flow::Flow;
use crate::ir::{Comparison, ExprId, ExprKind, FunctionKind, InstKind, Source};
use crate::rules::none::belief::alike;

/// Results that are None only where the program is not what it is: a module without a file, a parser outside of its events.
const STEADY: [&str; 7] = [
    "get_payload",
    "get_starttag_text",
    "spec_from_file_location",
    "spec_from_loader",
    "currentframe",
    "getmodule",
    "getmodulename",
];

/// Attributes that are there whenever somebody reads them: streams that were asked for, the name that an import gives its
/// error, memory that is not closed yet, the root of a document that was parsed or made.
const PRESENT: [&str; 7] = [
    "stdin",
    "stdout",
    "stderr",
    "name",
    "buf",
    "documentElement",
    // A parser sets it before it calls anybody.
    "values",
];

/// What the library may give, and what the code around knows better. Nothing where the key is known to be there.
pub(super) fn of_library(flow: &Flow<'_, '_>, source: ExprId) -> Option<Confidence> {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(source) else {
        let ExprKind::Attribute { name, .. } = module.kind(source) else {
            return Some(Confidence::Medium);
        };
        let name = module.name(name);
        return Some(match PRESENT.contains(&name) || name.starts_with("__") {
            true => Confidence::Low,
            false => Confidence::Medium,
        });
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return Some(Confidence::High);
    };
    match (module.name(name), module.arguments(arguments)) {
        ("get", [key, ..]) if is_contained(flow, key.value, value, source) => None,
        ("get", [key, ..])
            if is_table(flow, value) && matches!(module.kind(key.value), ExprKind::Text(_)) =>
        {
            Some(Confidence::Low)
        }
        ("get", _) => Some(Confidence::Medium),
        (name, _) if STEADY.contains(&name) => Some(Confidence::Low),
        ("match" | "search" | "fullmatch", [.., text]) if is_part_of_match(flow, text.value) => {
            Some(Confidence::Low)
        }
        _ if matches!(flow.code.kind, FunctionKind::Module | FunctionKind::Class) => {
            Some(Confidence::Low)
        }
        _ => Some(Confidence::High),
    }
}

/// Whether the code before asks for the key in the same container.
fn is_contained(flow: &Flow<'_, '_>, key: ExprId, container: ExprId, source: ExprId) -> bool {
    let before = flow.module.span(source).start;
    flow.code.exprs.range().any(|index| {
        let expr = ExprId::new(index);
        match flow.module.kind(expr) {
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                left,
                right,
            } => {
                flow.module.span(expr).start < before
                    && alike(flow.module, left, key)
                    && alike(flow.module, right, container)
            }
            _ => false,
        }
    })
}

/// Whether a text is a group that an earlier pattern matched: then that one decided what it may look like.
fn is_part_of_match(flow: &Flow<'_, '_>, text: ExprId) -> bool {
    const STEPS: usize = 3;
    let module = flow.module;
    let is_group = |value: ExprId| {
        let mut found = false;
        module.walk(value, &mut |part| {
            found |= matches!(module.kind(part), ExprKind::Attribute { name, .. }
                if matches!(module.name(name), "group" | "groups" | "groupdict"));
        });
        found
    };
    let mut at = text;
    for _ in 0..STEPS {
        if is_group(at) {
            return true;
        }
        let subject = match module.kind(at) {
            ExprKind::Subscript { value, .. } => value,
            _ => at,
        };
        let Some(place) = flow.place_of(subject) else {
            return false;
        };
        let bound = flow.code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } => {
                let mut found = false;
                module.walk(target, &mut |part| {
                    found |= flow.place_of(part) == Some(place);
                });
                found.then_some(value)
            }
            _ => None,
        });
        match bound {
            Some(value) if value != at => at = value,
            _ => return false,
        }
    }
    is_group(at)
}

/// A table that the program wrote down itself: `C.MAPPING`.
fn is_table(flow: &Flow<'_, '_>, container: ExprId) -> bool {
    let dotted = flow.module.dotted(flow.code, container).unwrap_or_default();
    let last = dotted.rsplit('.').next().unwrap_or_default();
    last.len() > 1 && last.chars().all(|letter| !letter.is_lowercase())
}
