//! What the groups of a pattern can match.

use fancy_regex::Expr;
use regex_syntax::hir::{Class, HirKind};

/// More texts that a group can match are not listed.
const TEXTS: usize = 64;

/// Whether a group of a pattern matches texts that are none of these; nothing where that cannot be told.
pub(super) fn admits_other(
    pattern: &str,
    group: &str,
    keys: &[String],
    is_changed: bool,
) -> Option<bool> {
    let tree = Expr::parse_tree(pattern).ok()?;
    let number = match group.parse::<usize>() {
        Ok(number) => number,
        Err(_) => *tree.named_groups.get(group)?.first()?,
    };
    let mut count = 0;
    let inner = group_at(&tree.expr, number, &mut count)?;
    let Some(texts) = texts(inner) else {
        return Some(true);
    };
    let is_known = |text: &String| {
        keys.contains(text)
            || is_changed
                && keys
                    .iter()
                    .any(|key| key.to_lowercase() == text.to_lowercase())
    };
    Some(!texts.iter().all(is_known))
}

/// The group of a number, in the order in which they open.
fn group_at<'e>(expr: &'e Expr, number: usize, count: &mut usize) -> Option<&'e Expr> {
    match expr {
        Expr::Group(inner) => {
            *count += 1;
            if *count == number {
                return Some(inner);
            }
            group_at(inner, number, count)
        }
        Expr::Concat(parts) | Expr::Alt(parts) => {
            parts.iter().find_map(|part| group_at(part, number, count))
        }
        Expr::Repeat { child, .. } => group_at(child, number, count),
        Expr::LookAround(inner, _) | Expr::AtomicGroup(inner) => group_at(inner, number, count),
        _ => None,
    }
}

/// All texts that a part of a pattern matches, where they are few.
fn texts(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Empty => Some(vec![String::new()]),
        Expr::Literal { val, .. } => Some(vec![val.to_string()]),
        Expr::Group(inner) => texts(inner),
        Expr::Alt(parts) => {
            let mut found = Vec::new();
            for part in parts {
                found.extend(texts(part)?);
            }
            (found.len() <= TEXTS).then_some(found)
        }
        Expr::Concat(parts) => {
            let mut found = vec![String::new()];
            for part in parts {
                let next = texts(part)?;
                if found.len() * next.len() > TEXTS {
                    return None;
                }
                found = found
                    .iter()
                    .flat_map(|start| next.iter().map(move |end| format!("{start}{end}")))
                    .collect();
            }
            Some(found)
        }
        Expr::Repeat { child, lo, hi, .. } if *hi <= 1 => {
            let mut found = texts(child)?;
            if *lo == 0 {
                found.push(String::new());
            }
            Some(found)
        }
        Expr::Delegate { inner, .. } => letters(inner),
        _ => None,
    }
}

/// The letters of a set.
fn letters(class: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(class).ok()?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            let mut found = Vec::new();
            for range in class.ranges() {
                for letter in range.start()..=range.end() {
                    if found.len() >= TEXTS {
                        return None;
                    }
                    found.push(letter.to_string());
                }
            }
            Some(found)
        }
        HirKind::Literal(literal) => Some(vec![String::from_utf8(literal.0.to_vec()).ok()?]),
        _ => None,
    }
}
