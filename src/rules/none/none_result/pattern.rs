//! What is known of a pattern and the text that it is tried on: some match any text, some a text that was matched before.

use crate::flow::Flow;
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, Source, UnaryOperator};
use crate::rules::none::belief::alike;
use std::iter::Peekable;
use std::str::Chars;

/// Deeper groups are not looked into.
const DEPTH: usize = 20;

/// How sure a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Any text matches.
    Always,
    /// Any text of one line matches.
    OneLine,
    /// Not every text does.
    Open,
}

/// How sure a call of `match` or `search` is to find something, by its pattern alone.
pub(super) fn certainty(flow: &Flow<'_, '_>, call: ExprId) -> Certainty {
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return Certainty::Open;
    };
    let ExprKind::Attribute { name, .. } = flow.module.kind(callee) else {
        return Certainty::Open;
    };
    match flow.pattern_of(call) {
        Some(pattern) => of_pattern(&pattern, flow.module.name(name)),
        None => Certainty::Open,
    }
}

fn of_pattern(pattern: &str, method: &str) -> Certainty {
    if is_mostly_there(pattern) && method != "fullmatch" {
        return Certainty::OneLine;
    }
    let mut needs = Needs::default();
    let mut rest = pattern.chars().peekable();
    if !alternatives(&mut rest, &mut needs, DEPTH) || rest.next().is_some() {
        return Certainty::Open;
    }
    match (method, needs.end) {
        ("search", true) if !needs.start => Certainty::Always,
        ("search" | "match", false) => Certainty::Always,
        ("search" | "match", true) if pattern.contains(".*") => Certainty::OneLine,
        _ => Certainty::Open,
    }
}

/// A run of anything but one or two characters, and no more: `([^(]+)`. Only an empty text, or one of nothing else, has none.
fn is_mostly_there(pattern: &str) -> bool {
    const LEFT_OUT: usize = 2;
    let inner = pattern
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let class = inner.unwrap_or(pattern).strip_prefix("[^");
    let class = class.and_then(|rest| rest.strip_suffix("]+"));
    class.is_some_and(|class| {
        let left_out = class.replace('\\', "");
        left_out.chars().count() <= LEFT_OUT && !left_out.contains(']')
    })
}

/// What a match of nothing still asks for.
#[derive(Default)]
struct Needs {
    start: bool,
    end: bool,
}

/// Whether one of several alternatives matches nothing; stops before what closes the group.
fn alternatives(rest: &mut Peekable<Chars<'_>>, needs: &mut Needs, depth: usize) -> bool {
    let mut found = false;
    loop {
        let mut own = Needs::default();
        if sequence(rest, &mut own, depth) && !found {
            found = true;
            needs.start |= own.start;
            needs.end |= own.end;
        }
        if rest.next_if_eq(&'|').is_none() {
            return found;
        }
    }
}

/// Whether all parts of a sequence match nothing.
fn sequence(rest: &mut Peekable<Chars<'_>>, needs: &mut Needs, depth: usize) -> bool {
    let mut all = true;
    while let Some(&next) = rest.peek() {
        if matches!(next, '|' | ')') {
            break;
        }
        rest.next();
        let mut own = Needs::default();
        let matches_nothing = match next {
            '^' => {
                own.start = true;
                true
            }
            '$' => {
                own.end = true;
                true
            }
            '\\' => {
                rest.next();
                false
            }
            '[' => {
                class(rest);
                false
            }
            '(' => depth > 0 && group(rest, &mut own, depth - 1),
            _ => false,
        };
        if is_optional(rest) {
            continue;
        }
        needs.start |= own.start;
        needs.end |= own.end;
        all &= matches_nothing;
    }
    all
}

/// Skips a set of characters.
fn class(rest: &mut Peekable<Chars<'_>>) {
    rest.next_if_eq(&'^');
    rest.next_if_eq(&']');
    while let Some(next) = rest.next() {
        match next {
            '\\' => {
                rest.next();
            }
            ']' => return,
            _ => {}
        }
    }
}

/// Whether a group matches nothing; of a test of what stands around it is not known.
fn group(rest: &mut Peekable<Chars<'_>>, needs: &mut Needs, depth: usize) -> bool {
    let mut is_plain = true;
    if rest.next_if_eq(&'?').is_some() {
        match rest.next() {
            Some(':') => {}
            Some('P') if rest.next_if_eq(&'<').is_some() => {
                while rest.next().is_some_and(|next| next != '>') {}
            }
            _ => is_plain = false,
        }
    }
    let found = alternatives(rest, needs, depth);
    rest.next_if_eq(&')');
    found && is_plain
}

/// Whether a quantifier follows that allows for none; it is skipped in any case.
fn is_optional(rest: &mut Peekable<Chars<'_>>) -> bool {
    let optional = match rest.peek() {
        Some('*' | '?') => true,
        Some('+') => false,
        Some('{') => {
            rest.next();
            let first = rest.peek().copied();
            let mut number = String::new();
            while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                number.push(digit);
            }
            while rest.peek().is_some_and(|&next| next != '}') {
                rest.next();
            }
            first == Some(',') || number.trim_start_matches('0').is_empty() && !number.is_empty()
        }
        _ => return false,
    };
    rest.next();
    // Lazy and possessive ones.
    if rest.next_if_eq(&'?').is_none() {
        rest.next_if_eq(&'+');
    }
    optional
}

/// Whether control only gets to a call, or to where its result is used, where another pattern has matched the same text.
pub(super) fn is_matched_before(
    flow: &Flow<'_, '_>,
    (call, used): (ExprId, BlockId),
    text: ExprId,
) -> bool {
    let code = flow.code;
    let span = flow.module.span(call);
    let at = code.blocks.iter().position(|block| {
        code.insts(block)
            .iter()
            .any(|inst| !matches!(inst.kind, InstKind::Assume { .. }) && inst.span.contains(span))
    });
    let Some(at) = at.map(BlockId::new) else {
        return false;
    };
    code.blocks.iter().enumerate().any(|(index, block)| {
        let Some(InstKind::Assume { test, holds }) =
            code.insts(block).first().map(|inst| inst.kind)
        else {
            return false;
        };
        let mut found = false;
        for_each_proven(flow, test, holds, &mut |proven| {
            found |= is_match_of(flow, proven, text);
        });
        let test = BlockId::new(index);
        found && (flow.dominators().dominates(test, at) || flow.dominators().dominates(test, used))
    })
}

/// The parts of a condition that are true, given how it came out.
fn for_each_proven(flow: &Flow<'_, '_>, test: ExprId, holds: bool, visit: &mut dyn FnMut(ExprId)) {
    match flow.module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => for_each_proven(flow, operand, !holds, visit),
        ExprKind::And(parts) if holds => {
            for &part in flow.module.list(parts) {
                for_each_proven(flow, part, true, visit);
            }
        }
        ExprKind::Or(parts) if !holds => {
            for &part in flow.module.list(parts) {
                for_each_proven(flow, part, false, visit);
            }
        }
        ExprKind::Compare {
            operator,
            left,
            right,
        } if flow.module.kind(right) == ExprKind::None
            && (operator == Comparison::IsNot) == holds =>
        {
            visit(left);
        }
        ExprKind::Walrus { target, .. } if holds => visit(target),
        _ if holds => visit(test),
        _ => {}
    }
}

/// Whether an expression is a match of a text, or a name that is bound to one.
fn is_match_of(flow: &Flow<'_, '_>, expr: ExprId, text: ExprId) -> bool {
    let module = flow.module;
    let is_call = |expr: ExprId| {
        let ExprKind::Call { callee, arguments } = module.kind(expr) else {
            return false;
        };
        let ExprKind::Attribute { name, .. } = module.kind(callee) else {
            return false;
        };
        let last = module.arguments(arguments).iter().take(2).next_back();
        matches!(
            module.name(name),
            "match" | "search" | "fullmatch" | "findall"
        ) && last.is_some_and(|last| alike(module, last.value, text))
    };
    if is_call(expr) {
        return true;
    }
    let Some(place) = flow.place_of(expr) else {
        return false;
    };
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } => flow.place_of(target) == Some(place) && is_call(value),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{Certainty, of_pattern};

    #[test]
    fn what_matches_any_text() {
        for (pattern, method, expected) in [
            (r"((?:\[\])*)$", "search", Certainty::Always),
            (r"((?:\[\])*)$", "match", Certainty::Open),
            (r"\s*(\d*)", "match", Certainty::Always),
            (
                r"^(?P<number>[0-9.]*)\s*(?P<unit>.*)$",
                "match",
                Certainty::OneLine,
            ),
            (r"a|b*", "match", Certainty::Always),
            (r"(a|b)*c{0,3}d?", "search", Certainty::Always),
            (r"^$", "search", Certainty::Open),
            (r"\d+", "match", Certainty::Open),
            (r"[^]]*x", "match", Certainty::Open),
            (r"(?=x)", "match", Certainty::Open),
            (r"x{1,}", "search", Certainty::Open),
        ] {
            assert_eq!(of_pattern(pattern, method), expected, "{pattern} {method}");
        }
    }
}
