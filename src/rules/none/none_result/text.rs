//! Whether a text may look in any way: then a pattern that does not match it is an everyday thing. Of most texts the author
//! knows how they look; it takes a sign that this one varies.

use crate::flow::Flow;
use crate::ir::{Comparison, ExprId, ExprKind, InstKind, LoopKind, PlaceId, Source};
use crate::rules::none::belief::alike;

/// Names of calls that give what somebody else wrote.
const FROM_OTHERS: [&str; 7] = [
    "input",
    "raw_input",
    "getvalue",
    "communicate",
    "check_output",
    "getoutput",
    "getpass",
];

/// How the names of other such calls start.
const READING: [&str; 2] = ["read", "recv"];

/// Attributes that hold what somebody else wrote.
const OF_OTHERS: [&str; 9] = [
    "args", "message", "stdout", "stderr", "text", "content", "body", "argv", "environ",
];

/// Names of variables that hold what somebody else wrote, whichever way it came.
const CALLED: [&str; 9] = [
    "answer", "line", "out", "output", "reply", "resp", "response", "stderr", "stdout",
];

/// Names are followed to what they are bound to so far.
const DEPTH: usize = 3;

/// Whether something says that the text, which a call matches, may look in any way.
pub(super) fn varies(flow: &Flow<'_, '_>, call: ExprId, text: ExprId) -> bool {
    is_of_others(flow, text, DEPTH)
        || is_line(flow, text)
        || is_any_text(flow, text)
        || is_half_known(flow, call, text)
        || is_doubted_elsewhere(flow, call)
}

/// Parts of names of parameters that say what a text looks like.
const SHAPED: [&str; 10] = [
    "url", "uri", "path", "name", "id", "key", "host", "href", "file", "dir",
];

/// Whether it is a parameter, and its name does not say how it looks.
fn is_any_text(flow: &Flow<'_, '_>, text: ExprId) -> bool {
    let Some(place) = flow.place_of(text) else {
        return false;
    };
    let mut parameters = flow.code.parameters.iter();
    let is_given = parameters.any(|parameter| parameter.place == place);
    let name = flow.place_text(place).to_ascii_lowercase();
    is_given
        && !name
            .split('_')
            .any(|word| SHAPED.iter().any(|shape| word.contains(shape)))
}

/// Whether it is what somebody else wrote: an answer, an output, an error's message, a file.
fn is_of_others(flow: &Flow<'_, '_>, text: ExprId, depth: usize) -> bool {
    let module = flow.module;
    if let Some(place) = flow.place_of(text) {
        let is_caught = flow.code.insts.iter().any(|inst| {
            matches!(inst.kind, InstKind::Bind { target, source: Source::Caught { .. }, .. }
                if flow.place_of(target) == Some(place))
        });
        let bound = flow.only_value(place).filter(|_| depth > 0);
        let name = flow.place_text(place);
        let is_called_so = CALLED.contains(&name.as_str());
        if is_called_so
            || is_caught
            || bound.is_some_and(|value| is_of_others(flow, value, depth - 1))
        {
            return true;
        }
    }
    match module.kind(text) {
        ExprKind::Await(value) => is_of_others(flow, value, depth),
        ExprKind::Attribute { name, .. } => OF_OTHERS.contains(&module.name(name)),
        ExprKind::Subscript { value, .. } => is_of_others(flow, value, depth),
        ExprKind::Call { callee, arguments } => {
            let name = module
                .last_name(flow.code, callee)
                .or_else(|| module.plain_name(flow.code, callee));
            let receiver = match module.kind(callee) {
                ExprKind::Attribute { value, .. } => Some(value),
                _ => None,
            };
            let first = module.arguments(arguments).first();
            match name {
                Some(name)
                    if FROM_OTHERS.contains(&name)
                        || READING.iter().any(|start| name.starts_with(start)) =>
                {
                    true
                }
                Some("str" | "unicode" | "repr" | "to_text" | "to_native" | "text_type") => {
                    first.is_some_and(|first| is_of_others(flow, first.value, depth))
                }
                Some("strip" | "lower" | "upper" | "decode" | "rstrip" | "lstrip") => {
                    receiver.is_some_and(|receiver| is_of_others(flow, receiver, depth))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether it is one of many lines: one of them is an odd one.
fn is_line(flow: &Flow<'_, '_>, text: ExprId) -> bool {
    let module = flow.module;
    let subject = match module.kind(text) {
        ExprKind::Subscript { value, .. } => {
            return module
                .last_name(flow.code, value)
                .or_else(|| module.plain_name(flow.code, value))
                .is_some_and(|name| name.ends_with("lines"));
        }
        ExprKind::Call { callee, .. } => match module.kind(callee) {
            ExprKind::Attribute { value, .. } => value,
            _ => return false,
        },
        _ => text,
    };
    let Some(place) = flow.place_of(subject) else {
        return false;
    };
    flow.code.loops.iter().any(|of| {
        let LoopKind::For {
            target, iterable, ..
        } = of.kind
        else {
            return false;
        };
        flow.place_of(target) == Some(place) && gives_lines(flow, iterable)
    })
}

fn gives_lines(flow: &Flow<'_, '_>, iterable: ExprId) -> bool {
    let module = flow.module;
    let made = match flow.place_of(iterable) {
        Some(place) => flow.only_value(place).unwrap_or(iterable),
        None => iterable,
    };
    let is_named = |place: PlaceId| {
        let name = flow.place_text(place);
        name.ends_with("lines")
            || matches!(name.as_str(), "f" | "fp" | "fd" | "fh" | "file" | "stdin")
    };
    if flow.place_of(iterable).is_some_and(is_named) {
        return true;
    }
    let ExprKind::Call { callee, .. } = module.kind(made) else {
        return false;
    };
    let name = module
        .last_name(flow.code, callee)
        .or_else(|| module.plain_name(flow.code, callee));
    matches!(
        name,
        Some("splitlines" | "readlines" | "split" | "open" | "get_file_lines" | "iter_lines")
    )
}

/// Whether a condition before asks what the text starts with, or what it holds: more than that is not known of it.
fn is_half_known(flow: &Flow<'_, '_>, call: ExprId, text: ExprId) -> bool {
    let module = flow.module;
    let before = module.span(call).start;
    flow.code.insts.iter().any(|inst| {
        let InstKind::Assume { test, holds: true } = inst.kind else {
            return false;
        };
        let mut found = false;
        module.walk(test, &mut |part| match module.kind(part) {
            ExprKind::Call { callee, .. } => {
                found |= matches!(module.kind(callee), ExprKind::Attribute { value, name, .. }
                    if matches!(module.name(name), "startswith" | "endswith")
                        && alike(module, value, text));
            }
            ExprKind::Compare {
                operator: Comparison::In,
                left,
                right,
            } => {
                found |=
                    matches!(module.kind(left), ExprKind::Text(_)) && alike(module, right, text);
            }
            _ => {}
        });
        found && module.span(test).end < before
    })
}

/// Whether other code of the file tests what the same pattern gives.
fn is_doubted_elsewhere(flow: &Flow<'_, '_>, call: ExprId) -> bool {
    let module = flow.module;
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, .. } = module.kind(callee) else {
        return false;
    };
    let Some(pattern) =
        name_of(flow, value).filter(|name| !matches!(name.as_str(), "re" | "regex"))
    else {
        return false;
    };
    let is_it = |code: &crate::ir::Function, part: ExprId| {
        let ExprKind::Call { callee, .. } = module.kind(part) else {
            return false;
        };
        let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
            return false;
        };
        matches!(module.name(name), "match" | "search" | "fullmatch")
            && module.dotted(code, value).as_ref() == Some(&pattern)
    };
    module.functions.iter().any(|code| {
        let mut bound = Vec::new();
        for inst in &code.insts {
            if let InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } = inst.kind
                && is_it(code, value)
                && let Some(place) = module.kind(target).place()
            {
                bound.push(place);
            }
        }
        code.insts.iter().any(|inst| {
            let InstKind::Assume { test, .. } = inst.kind else {
                return false;
            };
            let mut found = false;
            module.walk(test, &mut |part| {
                found |= is_it(code, part)
                    || module
                        .kind(part)
                        .place()
                        .is_some_and(|place| bound.contains(&place));
            });
            found
        })
    })
}

fn name_of(flow: &Flow<'_, '_>, expr: ExprId) -> Option<String> {
    flow.module.dotted(flow.code, expr)
}
