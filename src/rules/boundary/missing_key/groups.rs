//! Which texts a group of a regular expression lets through.

use crate::flow::matches_nothing;
use crate::ir::{ExprId, ExprKind};
use crate::rules::sequences::Boundary;

/// What a group lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// These texts and no others.
    Of(Vec<String>),
    /// More than can be written down.
    Any,
}

/// What the group lets through that an expression takes out of a match: `match.group(2)`, `match["unit"]`.
pub(super) fn group_of(boundary: &Boundary<'_>, expr: ExprId) -> Option<Group> {
    let (pattern, which) = taken_out(boundary, expr)?;
    Some(words(inside(boundary, &pattern, which)?))
}

/// Whether the group that an expression takes out of a match has at least one character.
pub(in crate::rules::boundary) fn has_text(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    let Some((pattern, which)) = taken_out(boundary, expr) else {
        return false;
    };
    let inside = inside(boundary, &pattern, which);
    inside.and_then(matches_nothing) == Some(false)
}

/// What stands in the group of a pattern.
fn inside<'p>(boundary: &Boundary<'_>, pattern: &'p str, which: ExprId) -> Option<&'p str> {
    let module = boundary.flow.module;
    match module.kind(which) {
        ExprKind::Int(number) => body(pattern, usize::try_from(number).ok()?, None),
        ExprKind::Text(name) => body(pattern, 0, Some(module.name(name))),
        _ => None,
    }
}

/// The pattern of a match, and which group is taken out of it: `match.group(2)`, `match["unit"]`.
fn taken_out(boundary: &Boundary<'_>, expr: ExprId) -> Option<(String, ExprId)> {
    let (found, which) = match boundary.flow.module.kind(expr) {
        ExprKind::Call { .. } => match boundary.called(expr)? {
            ("group", Some(found), arguments) => (found, *arguments.first()?),
            _ => return None,
        },
        ExprKind::Subscript { value, index, .. } => (value, index),
        _ => return None,
    };
    let values = boundary.values(found);
    let [call] = values[..] else { return None };
    let ("match" | "search" | "fullmatch", ..) = boundary.called(call)? else {
        return None;
    };
    Some((boundary.flow.pattern_of(call)?, which))
}

/// What stands between the parentheses of a group, by its number or name.
fn body<'p>(pattern: &'p str, number: usize, name: Option<&str>) -> Option<&'p str> {
    let bytes = pattern.as_bytes();
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut groups = 0;
    let mut in_class = false;
    let mut at = 0;
    let mut wanted = None;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' if !in_class => in_class = true,
            b']' if in_class => in_class = false,
            b'(' if !in_class => {
                let rest = &pattern[at + 1..];
                let named = rest
                    .strip_prefix("?P<")
                    .and_then(|rest| rest.split_once('>'));
                let mut start = at + 1;
                let mut own = 0;
                if let Some((label, _)) = named {
                    groups += 1;
                    own = groups;
                    start = at + 1 + 3 + label.len() + 1;
                    if name == Some(label) {
                        wanted = Some(own);
                    }
                } else if !rest.starts_with('?') {
                    groups += 1;
                    own = groups;
                }
                open.push((own, start));
            }
            b')' if !in_class => {
                let (own, start) = open.pop()?;
                let is_it = match name {
                    Some(_) => wanted == Some(own) && own > 0,
                    None => own == number && own > 0,
                };
                if is_it {
                    return pattern.get(start..at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The texts that a part of a pattern lets through, where they can be written down.
fn words(inside: &str) -> Group {
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == ' ';
    if let Some(class) = inside
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let is_list = class
            .chars()
            .all(|c| c.is_alphanumeric() || "_+/*<>=".contains(c));
        return match is_list {
            true => Group::Of(class.chars().map(String::from).collect()),
            false => Group::Any,
        };
    }
    let words: Vec<String> = inside.split('|').map(str::to_owned).collect();
    if words.iter().all(|word| word.chars().all(is_plain)) {
        Group::Of(words)
    } else {
        Group::Any
    }
}
