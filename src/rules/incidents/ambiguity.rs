//! Whether a regular expression backtracks exponentially: whether one of its loops reads some text in two ways.
//!
//! The pattern becomes an automaton whose states are the places that read a character. It is exponentially ambiguous
//! exactly if some state gets back to itself by two different ways that read the same text.

use fancy_regex::{Assertion, Expr};
use regex_syntax::hir::{Class, HirKind};
use rustc_hash::{FxHashMap, FxHashSet};

/// Larger automata are not looked at.
const STATES: usize = 300;
/// More ways from state to state are not followed.
const WAYS: usize = 40_000;
/// More pairs of states are not compared.
const PAIRS: usize = 60_000;

/// Text that a pattern reads in more ways the more often it is repeated; nothing where there is none, or nobody can tell.
pub(in crate::rules) fn ambiguous_text(pattern: &str) -> Option<String> {
    let tree = Expr::parse_tree(pattern).ok()?;
    let mut automaton = Automaton::default();
    let start = automaton.node()?;
    let end = automaton.build(&tree.expr, start, false)?;
    let follow = Follow::of(&automaton, end)?;
    follow.ambiguous_text(&automaton)
}

/// A set of characters: ranges in order.
type Letters = Vec<(u32, u32)>;

/// Nodes joined by empty steps; some nodes read a character and go to another.
#[derive(Default)]
struct Automaton {
    empty: Vec<Vec<usize>>,
    /// The node that reads, what it reads, where it goes.
    reads: Vec<(usize, Letters, usize)>,
}

impl Automaton {
    fn node(&mut self) -> Option<usize> {
        self.empty.push(Vec::new());
        (self.empty.len() < 4 * STATES && self.reads.len() < STATES).then(|| self.empty.len() - 1)
    }

    fn read(&mut self, from: usize, letters: Letters) -> Option<usize> {
        let to = self.node()?;
        self.reads.push((from, letters, to));
        Some(to)
    }

    /// Adds an expression behind a node and gives the node behind it. What is no plain reading of text ends the way
    /// where it is in a loop: the loop is not known to go on. Elsewhere it is something that can fail.
    fn build(&mut self, expr: &Expr, from: usize, in_loop: bool) -> Option<usize> {
        match expr {
            Expr::Empty => Some(from),
            Expr::Group(inner) => self.build(inner, from, in_loop),
            Expr::Concat(parts) => {
                let mut at = from;
                for part in parts {
                    at = self.build(part, at, in_loop)?;
                }
                Some(at)
            }
            Expr::Alt(parts) => {
                let end = self.node()?;
                for part in parts {
                    let start = self.node()?;
                    self.empty[from].push(start);
                    let last = self.build(part, start, in_loop)?;
                    self.empty[last].push(end);
                }
                Some(end)
            }
            Expr::Repeat { child, lo, hi, .. } => self.repeat(child, (*lo, *hi), from, in_loop),
            Expr::Literal { val, casei } => {
                let mut at = from;
                for letter in val.chars() {
                    at = self.read(at, letters_of(letter, *casei))?;
                }
                Some(at)
            }
            Expr::Any { newline, .. } => {
                let all = if *newline {
                    vec![(0, 0x10_ffff)]
                } else {
                    vec![(0, 9), (11, 0x10_ffff)]
                };
                self.read(from, all)
            }
            Expr::Delegate { inner, casei } => {
                let letters = class(inner, *casei)?;
                self.read(from, letters)
            }
            Expr::Assertion(Assertion::StartText | Assertion::StartLine { .. }) if !in_loop => {
                Some(from)
            }
            _ => self.opaque(from, in_loop),
        }
    }

    fn opaque(&mut self, from: usize, in_loop: bool) -> Option<usize> {
        if in_loop {
            return self.node();
        }
        self.read(from, vec![(END, END)])
    }

    fn repeat(
        &mut self,
        child: &Expr,
        (low, high): (usize, usize),
        from: usize,
        in_loop: bool,
    ) -> Option<usize> {
        let mut at = from;
        if high == usize::MAX {
            // The last of the required rounds is the loop itself.
            for _ in 1..low {
                at = self.build(child, at, in_loop)?;
            }
            let head = self.node()?;
            let end = self.node()?;
            self.empty[at].push(head);
            let last = self.build(child, head, true)?;
            self.empty[last].push(head);
            self.empty[last].push(end);
            if low == 0 {
                self.empty[at].push(end);
            }
            return Some(end);
        }
        for _ in 0..low {
            at = self.build(child, at, in_loop)?;
        }
        let end = self.node()?;
        self.empty[at].push(end);
        for _ in low..high {
            at = self.build(child, at, in_loop)?;
            self.empty[at].push(end);
        }
        Some(end)
    }
}

/// Stands for something besides a character that must hold.
const END: u32 = 0x11_0000;

fn letters_of(letter: char, casei: bool) -> Letters {
    let mut found = vec![(letter as u32, letter as u32)];
    if casei {
        let others = letter.to_lowercase().chain(letter.to_uppercase());
        found.extend(others.map(|other| (other as u32, other as u32)));
        found.sort_unstable();
        found.dedup();
    }
    found
}

fn class(text: &str, casei: bool) -> Option<Letters> {
    let mut parser = regex_syntax::ParserBuilder::new()
        .case_insensitive(casei)
        .build();
    let parsed = parser.parse(text).ok()?;
    match parsed.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges().iter();
            Some(
                ranges
                    .map(|range| (range.start() as u32, range.end() as u32))
                    .collect(),
            )
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges = class.ranges().iter();
            Some(
                ranges
                    .map(|range| (u32::from(range.start()), u32::from(range.end())))
                    .collect(),
            )
        }
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let mut letters = text.chars();
            let only = letters.next()?;
            letters.next().is_none().then(|| letters_of(only, casei))
        }
        _ => None,
    }
}

/// A character that both sets have; a visible one where there is one.
fn common(one: &Letters, other: &Letters) -> Option<u32> {
    let mut found = None;
    for &(low, high) in one {
        for &(other_low, other_high) in other {
            let (start, end) = (low.max(other_low), high.min(other_high));
            if start > end || start == END {
                continue;
            }
            for visible in ['a' as u32, '0' as u32, 'A' as u32] {
                if (start..=end).contains(&visible) {
                    return Some(visible);
                }
            }
            if found.is_none() || start < 128 && start > 32 {
                found = Some(if start < 33 && end > 33 { 33 } else { start });
            }
        }
    }
    found
}

/// Which reading state can come right behind which.
struct Follow {
    next: Vec<Vec<usize>>,
    /// Pairs that follow each other in more than one way.
    twice: FxHashSet<(usize, usize)>,
    /// The component of mutually reachable states that a state is in; 0 for those in no loop.
    component: Vec<usize>,
    /// The pattern has matched when it gets here: whatever follows, it does not look further.
    matches: Vec<bool>,
}

impl Follow {
    fn of(automaton: &Automaton, end: usize) -> Option<Self> {
        let mut reading: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        for (state, (from, ..)) in automaton.reads.iter().enumerate() {
            reading.entry(*from).or_default().push(state);
        }
        let count = automaton.reads.len();
        let mut follow = Self {
            next: vec![Vec::new(); count],
            twice: FxHashSet::default(),
            component: vec![0; count],
            matches: vec![false; count],
        };
        let mut budget = WAYS;
        for (state, (.., to)) in automaton.reads.iter().enumerate() {
            let mut path = vec![(*to, 0)];
            follow.arrive(state, *to, end, &reading);
            while let Some((node, edge)) = path.last_mut() {
                budget = budget.checked_sub(1)?;
                let Some(&target) = automaton.empty[*node].get(*edge) else {
                    path.pop();
                    continue;
                };
                *edge += 1;
                if path.iter().all(|&(node, _)| node != target) {
                    follow.arrive(state, target, end, &reading);
                    path.push((target, 0));
                }
            }
        }
        follow.find_components();
        Some(follow)
    }

    fn arrive(
        &mut self,
        state: usize,
        node: usize,
        end: usize,
        reading: &FxHashMap<usize, Vec<usize>>,
    ) {
        self.matches[state] |= node == end;
        for &next in reading.get(&node).map_or(&[][..], Vec::as_slice) {
            if self.next[state].contains(&next) {
                self.twice.insert((state, next));
            } else {
                self.next[state].push(next);
            }
        }
    }

    /// States that reach each other get the same number.
    fn find_components(&mut self) {
        let count = self.next.len();
        let reach: Vec<Vec<bool>> = (0..count).map(|state| self.reached(state)).collect();
        let mut number = 0;
        for (state, from_here) in reach.iter().enumerate() {
            if self.component[state] != 0 || !from_here[state] {
                continue;
            }
            number += 1;
            for (other, back) in reach.iter().enumerate().skip(state) {
                if from_here[other] && back[state] {
                    self.component[other] = number;
                }
            }
        }
    }

    fn reached(&self, from: usize) -> Vec<bool> {
        let mut seen = vec![false; self.next.len()];
        let mut open = self.next[from].clone();
        while let Some(state) = open.pop() {
            if !std::mem::replace(&mut seen[state], true) {
                open.extend(&self.next[state]);
            }
        }
        seen
    }

    fn ambiguous_text(&self, automaton: &Automaton) -> Option<String> {
        let letters = |state: usize| &automaton.reads[state].1;
        let mut budget = PAIRS;
        for start in 0..self.next.len() {
            if self.component[start] == 0 || self.can_stop(self.component[start]) {
                continue;
            }
            // From (start, start, same) to (start, start, different), reading the same text on both sides.
            let mut from: FxHashMap<(usize, usize, bool), (usize, usize, bool)> =
                FxHashMap::default();
            let mut open = std::collections::VecDeque::from([(start, start, false)]);
            while let Some(at) = open.pop_front() {
                let (one, other, differ) = at;
                for &next in &self.next[one] {
                    for &beside in &self.next[other] {
                        budget = budget.checked_sub(1)?;
                        if self.component[next] != self.component[start]
                            || self.component[beside] != self.component[start]
                            || common(letters(next), letters(beside)).is_none()
                        {
                            continue;
                        }
                        let twice =
                            one == other && next == beside && self.twice.contains(&(one, next));
                        let pair = (next, beside, differ || next != beside || twice);
                        if from.contains_key(&pair) {
                            continue;
                        }
                        from.insert(pair, at);
                        if pair == (start, start, true) {
                            return Some(spell(automaton, &from, pair, start));
                        }
                        open.push_back(pair);
                    }
                }
            }
        }
        None
    }

    /// Whether the pattern matches as soon as it is in this loop: then it never has to try another way.
    fn can_stop(&self, component: usize) -> bool {
        let mut states = (0..self.next.len()).filter(|&state| self.component[state] == component);
        states.any(|state| self.matches[state])
    }
}

/// The text along the way back from a pair of states to the first.
fn spell(
    automaton: &Automaton,
    from: &FxHashMap<(usize, usize, bool), (usize, usize, bool)>,
    end: (usize, usize, bool),
    start: usize,
) -> String {
    let mut letters = Vec::new();
    let mut at = end;
    while letters.len() < STATES {
        let (one, other, _) = at;
        let letter = common(&automaton.reads[one].1, &automaton.reads[other].1);
        letters.extend(letter.and_then(char::from_u32));
        match from.get(&at) {
            Some(&before) if before != (start, start, false) => at = before,
            _ => break,
        }
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::ambiguous_text;

    #[test]
    fn nested_loops_and_overlapping_alternatives_are_exponential() {
        for pattern in [
            r"(a+)+$",
            r"(a*)*b",
            r"^(\w+\s?)*$",
            r"(a|aa)+$",
            r"(.*,)*x",
            r"(\\.|[^x])*x",
            r"^([a-z]|[a-c])*!",
            r"^(?:a*b*)*c",
            r"(?P<name>\d+)*:(?P=name)",
            r"^(\d+,?)+$",
        ] {
            assert!(ambiguous_text(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn what_reads_text_in_one_way_is_not() {
        for pattern in [
            r"(a+b)+$",
            r"(?:[^\\x]|\\.)*x",
            r"^\w+(\s\w+)*$",
            r"(a+)+",
            r"(a*)*",
            r"\s*\s*x",
            r"^(\d{1,3}\.){3}\d{1,3}$",
            r"(?:\w+\b)*x",
            r"(a|b)*c",
            r"[\w.]+@[\w.]+",
        ] {
            assert_eq!(ambiguous_text(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn the_text_is_what_the_loop_reads() {
        assert_eq!(ambiguous_text("(a+)+$").as_deref(), Some("a"));
        assert_eq!(
            ambiguous_text("(xy|xyxy)+$").map(|text| text.len() % 2),
            Some(0)
        );
    }
}
