//! What the group of a pattern lets through that a text is taken from.

use crate::escape::Site;
use crate::flow::Flow;
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId, Source};
use crate::rules::Whole;

/// What is known of a text that a pattern matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing: it is no group, or the pattern is not written out.
    Unknown,
    /// Digits, and what else numbers and dates are written with.
    Digits,
    /// Anything.
    Anything,
}

/// A text is followed through so many expressions.
const STEPS: usize = 6;

/// Which group of a match.
enum Which<'m> {
    Number(usize),
    Name(&'m str),
    /// What `findall` gives: the only group, or else all of it.
    Found,
}

/// What the group that a call reads lets through.
pub(super) fn matched_by(whole: &Whole<'_>, site: &Site) -> Held {
    let flow = whole.flow(site.function);
    let ExprKind::Call { arguments, .. } = flow.module.kind(site.call.call) else {
        return Held::Unknown;
    };
    let Some(first) = flow.module.arguments(arguments).first() else {
        return Held::Unknown;
    };
    held(&flow, first.value).unwrap_or(Held::Unknown)
}

fn held(flow: &Flow<'_, '_>, text: ExprId) -> Option<Held> {
    let (found, which) = group_of(flow, text, STEPS)?;
    let pattern = flow.pattern_of(match_of(flow, found)?)?;
    let inner = match which {
        Which::Number(0) => pattern.clone(),
        Which::Number(number) => inner(&pattern, |at, _| at == number)?,
        Which::Found => inner(&pattern, |at, _| at == 1).unwrap_or_else(|| pattern.clone()),
        Which::Name(name) => inner(&pattern, |_, own| own == name)?,
    };
    Some(if is_of_digits(&inner) {
        Held::Digits
    } else {
        Held::Anything
    })
}

/// The match and the group of it that an expression stands for.
fn group_of<'a>(flow: &Flow<'_, 'a>, expr: ExprId, steps: usize) -> Option<(ExprId, Which<'a>)> {
    let steps = steps.checked_sub(1)?;
    let module = flow.module;
    let which = |key: ExprId| match module.kind(key) {
        ExprKind::Int(number) => usize::try_from(number).ok().map(Which::Number),
        ExprKind::Text(name) => Some(Which::Name(module.name(name))),
        _ => None,
    };
    match module.kind(expr) {
        ExprKind::Call { callee, arguments } => {
            let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
                return None;
            };
            match (module.name(name), module.arguments(arguments)) {
                ("group", []) => Some((value, Which::Number(0))),
                ("group", [only]) => Some((value, which(only.value)?)),
                // A part of the group, or the group with something cut off.
                ("strip" | "lstrip" | "rstrip" | "lower" | "upper", _) => {
                    group_of(flow, value, steps)
                }
                _ => None,
            }
        }
        ExprKind::Subscript { value, index, .. } => match (module.kind(value), which(index)) {
            (ExprKind::Name(place), Some(Which::Number(number))) => {
                let all = flow.only_value(place).filter(|&of| is_findall(flow, of));
                let parts = groups_in(flow, place);
                let found = all.map(|all| (all, Which::Found));
                let found = found.or(parts.map(|parts| (parts, Which::Number(number + 1))));
                Some(found.unwrap_or((value, Which::Number(number))))
            }
            (ExprKind::Name(_), Some(which)) => Some((value, which)),
            (ExprKind::Call { .. }, _) if is_findall(flow, value) => Some((value, Which::Found)),
            // A part of what was split, or the group with something cut off.
            (ExprKind::Call { callee, .. }, _) => match module.kind(callee) {
                ExprKind::Attribute { value, name, .. }
                    if ["split", "rsplit", "partition"].contains(&module.name(name)) =>
                {
                    group_of(flow, value, steps)
                }
                _ => None,
            },
            (_, None) => group_of(flow, value, steps),
            _ => None,
        },
        ExprKind::Name(place) => match gone_through(flow, place) {
            Some(all) if is_findall(flow, all) => Some((all, Which::Found)),
            _ => bound_group(flow, place, steps),
        },
        _ => None,
    }
}

/// Whether an expression is all that a pattern finds: `re.findall(pattern, text)`.
fn is_findall(flow: &Flow<'_, '_>, expr: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(expr) else {
        return false;
    };
    matches!(flow.module.kind(callee), ExprKind::Attribute { name, .. }
        if flow.module.name(name) == "findall")
}

/// What a loop or comprehension goes through that a name is the target of.
fn gone_through(flow: &Flow<'_, '_>, place: PlaceId) -> Option<ExprId> {
    let module = flow.module;
    let meant = |iterable: ExprId| match module.kind(iterable) {
        ExprKind::Name(all) => flow.only_value(all).unwrap_or(iterable),
        _ => iterable,
    };
    let in_loop = flow.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Element { iterable, .. },
            ..
        } if module.kind(target) == ExprKind::Name(place) => Some(meant(iterable)),
        _ => None,
    });
    in_loop.or_else(|| {
        let mut exprs = flow.code.exprs.range();
        exprs.find_map(|index| match module.exprs[index].kind {
            ExprKind::Comprehension(id) => {
                let mut clauses = module.comprehension(id).clauses.iter();
                let clause =
                    clauses.find(|clause| module.kind(clause.target) == ExprKind::Name(place))?;
                Some(meant(clause.iterable))
            }
            _ => None,
        })
    })
}

/// The match whose groups a name stands for: `parts = found.groups()`.
fn groups_in(flow: &Flow<'_, '_>, place: PlaceId) -> Option<ExprId> {
    let module = flow.module;
    let ExprKind::Call { callee, .. } = module.kind(flow.only_value(place)?) else {
        return None;
    };
    match module.kind(callee) {
        ExprKind::Attribute { value, name, .. } if module.name(name) == "groups" => Some(value),
        _ => None,
    }
}

/// A name that a group was bound to: `text = found.group(1)`, `host, size = found.groups()`.
fn bound_group<'a>(
    flow: &Flow<'_, 'a>,
    place: PlaceId,
    steps: usize,
) -> Option<(ExprId, Which<'a>)> {
    let module = flow.module;
    flow.code.insts.iter().find_map(|inst| {
        let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
        else {
            return None;
        };
        match module.kind(target) {
            ExprKind::Name(own) if own == place => match module.kind(value) {
                ExprKind::Name(_) => None,
                _ => group_of(flow, value, steps),
            },
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let mut parts = module.list(parts).iter();
                let at = parts.position(|&part| module.kind(part) == ExprKind::Name(place))?;
                // `start, end = re.findall(pattern, text)[0]`
                if let ExprKind::Subscript { value, .. } = module.kind(value)
                    && is_findall(flow, value)
                {
                    return Some((value, Which::Number(at + 1)));
                }
                let ExprKind::Call { callee, arguments } = module.kind(value) else {
                    return None;
                };
                let given = module.arguments(arguments).get(at);
                match module.kind(callee) {
                    // `name, size = found.group("name", "size")`
                    ExprKind::Attribute { value, name, .. } if module.name(name) == "group" => {
                        match module.kind(given?.value) {
                            ExprKind::Int(number) => {
                                Some((value, Which::Number(usize::try_from(number).ok()?)))
                            }
                            ExprKind::Text(name) => Some((value, Which::Name(module.name(name)))),
                            _ => None,
                        }
                    }
                    ExprKind::Attribute { value, name, .. } if module.name(name) == "groups" => {
                        Some((value, Which::Number(at + 1)))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    })
}

/// The call that gave a match.
fn match_of(flow: &Flow<'_, '_>, found: ExprId) -> Option<ExprId> {
    let is_call = |expr: ExprId| matches!(flow.module.kind(expr), ExprKind::Call { .. });
    match flow.module.kind(found) {
        ExprKind::Call { .. } => Some(found),
        ExprKind::Walrus { value, .. } => Some(value).filter(|&value| is_call(value)),
        ExprKind::Name(place) => {
            // `for found in pattern.finditer(text)`
            if let Some(all) = gone_through(flow, place).filter(|&all| is_call(all)) {
                return Some(all);
            }
            let mut bound = flow.code.insts.iter().filter_map(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } if flow.module.kind(target) == ExprKind::Name(place) => Some(value),
                _ => None,
            });
            let only = bound.next().filter(|&value| is_call(value))?;
            bound.next().is_none().then_some(only)
        }
        _ => None,
    }
}

/// What stands between the parentheses of a group.
fn inner(pattern: &str, is_wanted: impl Fn(usize, &str) -> bool) -> Option<String> {
    let bytes = pattern.as_bytes();
    let mut open: Vec<(bool, usize)> = Vec::new();
    let mut count = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => at = end_of_class(bytes, at),
            b'(' => {
                let rest = &pattern[at + 1..];
                let name = rest
                    .strip_prefix("?P<")
                    .and_then(|rest| rest.split('>').next());
                let is_group = name.is_some() || !rest.starts_with('?');
                let start = at + 1 + name.map_or(0, |name| name.len() + 4);
                count += usize::from(is_group);
                open.push((
                    is_group && is_wanted(count, name.unwrap_or_default()),
                    start,
                ));
            }
            b')' => {
                let (is_it, start) = open.pop()?;
                if is_it {
                    return pattern.get(start..at).map(str::to_owned);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where a set of characters ends that starts at an index.
fn end_of_class(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    if bytes.get(at) == Some(&b'^') {
        at += 1;
    }
    if bytes.get(at) == Some(&b']') {
        at += 1;
    }
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b']' => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a part of a pattern lets nothing through but digits and the signs between them.
fn is_of_digits(part: &str) -> bool {
    let bytes = part.as_bytes();
    let mut at = 0;
    let mut has_digits = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => {
                at += 1;
                match bytes.get(at) {
                    Some(b'd') => has_digits = true,
                    Some(b'.' | b'-' | b'+' | b':' | b'/' | b's' | b'b') => {}
                    _ => return false,
                }
            }
            b'[' => {
                let end = end_of_class(bytes, at);
                let class = part.get(at + 1..end).unwrap_or("^");
                let is_digit = |byte: u8| byte.is_ascii_digit() || b"-+.,: d\\".contains(&byte);
                if !class.bytes().all(is_digit) {
                    return false;
                }
                has_digits = true;
                at = end;
            }
            b'{' => at += part[at..].find('}').unwrap_or(0),
            byte if byte.is_ascii_digit() => has_digits = true,
            b'?' | b':' | b'+' | b'*' | b'(' | b')' | b'|' | b'-' | b'/' | b' ' | b'^' | b'$' => {}
            _ => return false,
        }
        at += 1;
    }
    has_digits
}

#[cfg(test)]
mod tests {
    use super::{inner, is_of_digits};

    #[test]
    fn groups_are_taken_out() {
        let of = |pattern, number| inner(pattern, |at, _| at == number).unwrap_or_default();
        assert_eq!(of(r"(\S+) \[([^\]]+)\] (\d+)", 2), r"[^\]]+");
        assert_eq!(of(r"(?:a|b)(?P<size>\d+)", 1), r"\d+");
        assert_eq!(of(r"(", 1), "");
    }

    #[test]
    fn digits_are_told_from_anything() {
        assert!(is_of_digits(r"\d+") && is_of_digits("[0-9]{4}-[0-9]{2}"));
        assert!(!is_of_digits(r"\S+") && !is_of_digits("[^ ]+") && !is_of_digits(".*"));
    }
}
