//! What the code around says of a group that may take no part in a match, of a document that may be empty, and of a default
//! that a function hands back.

use crate::finding::Confidence;
use crate::flow::{Flow, Given};
use crate::infer::ResultUse;
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId, Source};
use crate::rules::Whole;
use crate::rules::none::calls::can_give_none;
use crate::types::FunctionRef;

/// The match that a group is taken from.
fn found(flow: &Flow<'_, '_>, source: ExprId) -> Option<ExprId> {
    let module = flow.module;
    match module.kind(source) {
        ExprKind::Subscript { value, .. } => Some(value),
        ExprKind::Call { callee, .. } => match module.kind(callee) {
            ExprKind::Attribute { value, name, .. }
                if matches!(module.name(name), "group" | "groups" | "groupdict") =>
            {
                Some(value)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether control gets to a use by way of a test of another group of the same match: which ones took part, that one told.
pub(super) fn is_group_asked(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let Some(of) = found(flow, used.source).and_then(|found| flow.place_of(found)) else {
        return false;
    };
    let module = flow.module;
    let is_part = |expr: ExprId| {
        let value = match module.kind(expr) {
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => value,
            _ => return false,
        };
        flow.place_of(value) == Some(of)
    };
    let mut parts: Vec<PlaceId> = Vec::new();
    for inst in &flow.code.insts {
        let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
        else {
            continue;
        };
        let mut is_taken = false;
        module.walk(value, &mut |part| is_taken |= is_part(part));
        if is_taken {
            module.walk(target, &mut |part| parts.extend(flow.place_of(part)));
        }
    }
    let end = module.span(used.subject).start;
    let asks = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= is_part(part)
                || flow
                    .place_of(part)
                    .is_some_and(|place| parts.contains(&place));
        });
        found
    };
    let before = |test: ExprId| module.span(test).start < end;
    let is_asked = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => before(test) && asks(test),
        _ => false,
    });
    is_asked
        || flow
            .code
            .exprs
            .range()
            .map(ExprId::new)
            .any(|expr| match module.kind(expr) {
                ExprKind::Conditional { test, .. } => {
                    module.span(expr).contains(module.span(used.subject)) && asks(test)
                }
                ExprKind::And(parts) | ExprKind::Or(parts) => {
                    let first = module.list(parts).first();
                    module.span(expr).contains(module.span(used.subject))
                        && first.is_some_and(|&first| before(first) && asks(first))
                }
                _ => false,
            })
}

/// How sure it is that a document of YAML may be empty, which gives None: a file that somebody names is his to write.
pub(super) fn of_document(flow: &Flow<'_, '_>, source: ExprId) -> Confidence {
    let ExprKind::Call { arguments, .. } = flow.module.kind(source) else {
        return Confidence::Low;
    };
    let first = flow.module.arguments(arguments).first();
    match first.and_then(|first| opened(flow, first.value, STEPS)) {
        Some(path) if !is_own_file(flow, path) => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// Bindings are followed so far.
const STEPS: usize = 4;

/// The path of the file that is read: `open(path)`, a name bound to it, `f.read()`, `path.read_text()`.
fn opened(flow: &Flow<'_, '_>, expr: ExprId, steps: usize) -> Option<ExprId> {
    let steps = steps.checked_sub(1)?;
    let module = flow.module;
    if let ExprKind::Call { callee, arguments } = module.kind(expr) {
        let first = module.arguments(arguments).first().map(|first| first.value);
        return match module.kind(callee) {
            ExprKind::Attribute { value, name, .. } => match module.name(name) {
                "read" | "decode" => opened(flow, value, steps),
                "read_text" | "read_bytes" => Some(value),
                // `path.open()` has a mode, `io.open(path)` a path.
                "open" => match first.map(|first| module.kind(first)) {
                    Some(ExprKind::Text(mode)) if module.name(mode).len() < 3 => Some(value),
                    None => Some(value),
                    _ => first,
                },
                _ => None,
            },
            _ if module.dotted(flow.code, callee).as_deref() == Some("open") => first,
            _ => None,
        };
    }
    let place = flow.place_of(expr)?;
    let bound = flow.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value) | Source::Entered { manager: value, .. },
            ..
        } if flow.place_of(target) == Some(place) => Some(value),
        _ => None,
    });
    opened(flow, bound?, steps)
}

/// Whether a path is written down: a file that comes with the program.
fn is_own_file(flow: &Flow<'_, '_>, path: ExprId) -> bool {
    let mut is_open = false;
    flow.module.walk(path, &mut |part| {
        is_open |= match flow.module.kind(part) {
            ExprKind::Name(place) => {
                let name = flow.place_text(place);
                // A constant, a module, `__file__`.
                !name.starts_with("__")
                    && name.chars().any(char::is_lowercase)
                    && !matches!(name.as_str(), "os" | "path" | "pathlib" | "open")
            }
            _ => false,
        };
    });
    let is_name = matches!(flow.module.kind(path), ExprKind::Name(_));
    !(is_open || is_name)
}

/// How sure it is that a function which hands back the default that a call leaves None finds nothing: one that searches what
/// it is given does not know what it will find.
pub(super) fn of_default(
    whole: &Whole<'_>,
    function: FunctionRef,
    given: &[(PlaceId, Given)],
) -> Option<Confidence> {
    let (module, code) = whole.program.code(function);
    let hands_back = whole.summaries[function.0 as usize].none_if_none;
    let is_left = code
        .parameters
        .iter()
        .enumerate()
        .any(|(index, parameter)| {
            hands_back.has(index) && given.contains(&(parameter.place, Given::None))
        });
    if !is_left || !can_give_none(whole, function, given) {
        return None;
    }
    let is_search = code.insts.iter().any(|inst| {
        let InstKind::Return(Some(value)) = inst.kind else {
            return false;
        };
        match module.kind(value) {
            ExprKind::Call { callee, .. } => module.dotted(code, callee).as_deref() == Some("next"),
            _ => false,
        }
    });
    Some(match is_search {
        true => Confidence::Medium,
        false => Confidence::Low,
    })
}
