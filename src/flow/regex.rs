//! Regular expressions as the program writes them down, and which of their groups a match may leave out.

use super::Flow;
use crate::ir::{Argument, ExprId, ExprKind, Function, FunctionKind, InstKind, Source, Step};
use std::iter::Peekable;
use std::str::Chars;

/// Deeper groups are not looked into.
const DEPTH: usize = 20;

/// A capturing group of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its name, where it has one.
    pub(crate) name: Option<String>,
    /// A match may come about without it, whatever else is in the pattern.
    pub(crate) is_optional: bool,
    /// It is one of several of which one takes part, or looks around.
    is_choice: bool,
}

/// The capturing groups of a pattern, the first of which is group 1. Nothing where the pattern is more than is read here.
pub(crate) fn groups(pattern: &str) -> Option<Vec<Group>> {
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        groups: Vec::new(),
        is_odd: false,
    };
    reader.alternatives(DEPTH);
    let is_read = !reader.is_odd && reader.rest.next().is_none();
    for group in &mut reader.groups {
        group.is_optional &= !group.is_choice;
    }
    is_read.then_some(reader.groups)
}

/// Whether a pattern lets the empty text through. Nothing where the pattern is more than is read here.
pub(crate) fn matches_nothing(pattern: &str) -> Option<bool> {
    let mut reader = Reader {
        rest: pattern.chars().peekable(),
        groups: Vec::new(),
        is_odd: false,
    };
    let is_nothing = reader.alternatives(DEPTH);
    let is_read = !reader.is_odd && reader.rest.next().is_none();
    is_read.then_some(is_nothing)
}

struct Reader<'p> {
    rest: Peekable<Chars<'p>>,
    groups: Vec<Group>,
    is_odd: bool,
}

impl Reader<'_> {
    /// Reads up to what closes the group. Whether nothing at all matches.
    fn alternatives(&mut self, depth: usize) -> bool {
        let first = self.groups.len();
        let mut is_nothing = self.sequence(depth);
        let mut is_choice = false;
        while self.rest.next_if_eq(&'|').is_some() {
            is_choice = true;
            is_nothing |= self.sequence(depth);
        }
        // One of several took part: which one, other groups tell.
        if is_choice {
            self.settle(first);
        }
        is_nothing
    }

    fn settle(&mut self, first: usize) {
        for group in &mut self.groups[first..] {
            group.is_choice = true;
        }
    }

    fn sequence(&mut self, depth: usize) -> bool {
        let mut is_nothing = true;
        while let Some(&next) = self.rest.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            self.rest.next();
            let first = self.groups.len();
            let matches_nothing = match next {
                '^' | '$' => true,
                '\\' => matches!(self.rest.next(), Some('A' | 'b' | 'B' | 'Z')),
                '[' => {
                    self.class();
                    false
                }
                '(' => self.group(depth),
                _ => false,
            };
            if self.is_optional() {
                // What matches nothing takes part with that.
                if !matches_nothing {
                    for group in &mut self.groups[first..] {
                        group.is_optional = true;
                    }
                }
            } else {
                is_nothing &= matches_nothing;
            }
        }
        is_nothing
    }

    fn class(&mut self) {
        self.rest.next_if_eq(&'^');
        self.rest.next_if_eq(&']');
        while let Some(next) = self.rest.next() {
            match next {
                '\\' => {
                    self.rest.next();
                }
                ']' => return,
                _ => {}
            }
        }
    }

    /// Reads a group behind its bracket.
    fn group(&mut self, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            self.is_odd = true;
            return false;
        };
        let first = self.groups.len();
        let mut looks_around = false;
        if self.rest.next_if_eq(&'?').is_none() {
            self.groups.push(Group::default());
        } else {
            match self.rest.next() {
                Some(':') => {}
                Some('P') if self.rest.next_if_eq(&'<').is_some() => {
                    let mut name = String::new();
                    while let Some(letter) = self.rest.next().filter(|&letter| letter != '>') {
                        name.push(letter);
                    }
                    self.groups.push(Group {
                        name: Some(name),
                        ..Group::default()
                    });
                }
                Some('=' | '!') => looks_around = true,
                Some('<') => {
                    looks_around = true;
                    self.rest.next();
                }
                _ => self.is_odd = true,
            }
        }
        let is_nothing = self.alternatives(depth);
        self.is_odd |= self.rest.next_if_eq(&')').is_none();
        if looks_around {
            self.settle(first);
        }
        is_nothing || looks_around
    }

    /// Whether a quantifier follows that allows for none; it is skipped in any case.
    fn is_optional(&mut self) -> bool {
        let is_optional = match self.rest.peek() {
            Some('*' | '?') => true,
            Some('+') => false,
            Some('{') => {
                self.rest.next();
                let mut text = String::new();
                while let Some(next) = self.rest.next_if(|&next| next != '}') {
                    text.push(next);
                }
                let least = text.split(',').next().unwrap_or_default();
                least.is_empty() || least.chars().all(|digit| digit == '0')
            }
            _ => return false,
        };
        self.rest.next();
        if self.rest.next_if_eq(&'?').is_none() {
            self.rest.next_if_eq(&'+');
        }
        is_optional
    }
}

impl Flow<'_, '_> {
    /// The pattern of a call of `match`, `search` and the like, where it is written out: in the call, or where it was compiled.
    pub(crate) fn pattern_of(&self, call: ExprId) -> Option<String> {
        let module = self.module;
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            return None;
        };
        let ExprKind::Attribute { value, .. } = module.kind(callee) else {
            return None;
        };
        if matches!(module.plain_name(self.code, value), Some("re" | "regex")) {
            return self.written_pattern(self.code, module.arguments(arguments));
        }
        let here = |value| (self.code, value);
        let bound = match module.kind(value) {
            ExprKind::Attribute { name, .. } => self.bound_outside(module.name(name)),
            ExprKind::Name(place) => self.only_value(place).map(here).or_else(|| {
                let Step::Variable { name, .. } = self.code.place(place).step else {
                    return None;
                };
                self.bound_outside(module.name(name))
            }),
            _ => Some(here(value)),
        };
        let (code, value) = bound?;
        self.compiled(code, value)
    }

    /// The pattern in `re.compile(pattern)`, which stands in `code`.
    fn compiled(&self, code: &Function, expr: ExprId) -> Option<String> {
        let ExprKind::Call { callee, arguments } = self.module.kind(expr) else {
            return None;
        };
        let is_compile = match self.module.kind(callee) {
            ExprKind::Attribute { name, .. } => self.module.name(name) == "compile",
            _ => false,
        };
        if !is_compile {
            return None;
        }
        self.written_pattern(code, self.module.arguments(arguments))
    }

    /// The first argument of a call in `code` as text, without what the flag for comments hides. Places are of the function that
    /// names them: another one may have none of that number.
    fn written_pattern(&self, code: &Function, arguments: &[Argument]) -> Option<String> {
        let first = arguments.first()?.value;
        let text = match self.module.kind(first) {
            ExprKind::Text(text) => text,
            ExprKind::Name(place) => {
                let Step::Variable { name, .. } = code.place(place).step else {
                    return None;
                };
                let is_here = std::ptr::eq(code, self.code);
                let bound = { is_here.then(|| self.only_value(place)).flatten() }
                    .or_else(|| Some(self.bound_outside(self.module.name(name))?.1))?;
                match self.module.kind(bound) {
                    ExprKind::Text(text) => text,
                    _ => return None,
                }
            }
            _ => return None,
        };
        let text = self.module.name(text);
        let is_verbose = arguments.iter().skip(1).any(|argument| {
            let mut found = false;
            self.module.walk(argument.value, &mut |part| {
                found |= matches!(self.module.kind(part), ExprKind::Attribute { name, .. }
                    if matches!(self.module.name(name), "X" | "VERBOSE"));
            });
            found
        });
        Some(match is_verbose || text.starts_with("(?x)") {
            true => without_comments(text.trim_start_matches("(?x)")),
            false => text.to_owned(),
        })
    }

    /// What a variable of the module or an attribute of a class is bound to, where nothing else is.
    fn bound_outside(&self, name: &str) -> Option<(&Function, ExprId)> {
        let module = self.module;
        let bodies = module
            .functions
            .iter()
            .filter(|code| matches!(code.kind, FunctionKind::Module | FunctionKind::Class));
        let mut bound = bodies.flat_map(|code| {
            code.insts.iter().filter_map(move |inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } => match module.kind(target) {
                    ExprKind::Name(place) => match code.place(place).step {
                        Step::Variable { name: known, .. } => {
                            (module.name(known) == name).then_some((code, value))
                        }
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            })
        });
        let only = bound.next()?;
        bound.next().is_none().then_some(only)
    }
}

fn without_comments(pattern: &str) -> String {
    let mut found = String::new();
    let mut rest = pattern.chars();
    let mut is_class = false;
    while let Some(next) = rest.next() {
        match next {
            '\\' => {
                found.push(next);
                found.extend(rest.next());
            }
            '#' if !is_class => {
                rest.by_ref().find(|&letter| letter == '\n');
            }
            _ if next.is_whitespace() && !is_class => {}
            _ => {
                is_class = next == '[' || (is_class && next != ']');
                found.push(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{groups, without_comments};

    fn optional(pattern: &str) -> Option<Vec<bool>> {
        let groups = groups(pattern)?;
        Some(groups.iter().map(|group| group.is_optional).collect())
    }

    #[test]
    fn which_groups_may_be_left_out() {
        for (pattern, expected) in [
            (r"(\d+)(?:-(\d+))?", vec![false, true]),
            (r"(\d+)(-(\d+))?", vec![false, true, true]),
            (r"(a*)?b", vec![false]),
            (r"(a)|(b)", vec![false, false]),
            (r"(?:x|(y))?", vec![false]),
            (
                r"(?P<host>[^:(]+)(:(?P<port>\d+))*",
                vec![false, true, true],
            ),
            (r"(x){0,2}(y){1,2}[)(]", vec![true, false]),
            (r"\((x)+(?=(y)?)", vec![false, false]),
        ] {
            assert_eq!(optional(pattern), Some(expected), "{pattern}");
        }
        assert_eq!(optional(r"(?i:(x)?)"), None);
        assert_eq!(optional(r"(x"), None);
    }

    #[test]
    fn comments_say_nothing() {
        let pattern = "(\\d+)  # a number (of things)\n [ #]\\#";
        assert_eq!(without_comments(pattern), "(\\d+)[ #]\\#");
    }
}
