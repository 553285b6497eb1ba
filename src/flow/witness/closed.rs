//! Chains of tests of one thing against constants: `if kind == "a": … elif kind == "b": …` with no `else`. Whoever
//! writes one mostly knows that there is no other kind, so that the way past all of them needs more than its form.

use super::{Refused, Search, Walker, Witness, hash_of};
use crate::ir::{Comparison, ExprId, ExprKind, UnaryOperator};

/// As many alternatives make a list of all there are.
const LISTED: u32 = 2;

/// Where a variable is None if none of them fits, somebody wrote down a way without a value: it takes more.
const LISTED_WITH_DEFAULT: u32 = 4;

impl Search<'_, '_, '_> {
    /// Takes in that a test came out as `holds`: the way is a less likely one once it refused every alternative of a
    /// chain.
    pub(super) fn refuse(&self, walker: &mut Walker, test: ExprId, holds: bool) {
        let is_none = |origin| self.flow.module.kind(origin) == ExprKind::None;
        let has_default = self.wanted.origin.is_some_and(is_none);
        if !self.is_unbound && !has_default {
            return;
        }
        let Some((subject, alternatives)) = self.refuses(test, holds) else {
            walker.refused = None;
            return;
        };
        let before = walker.refused.filter(|known| known.subject == subject);
        let alternatives = before.map_or(0, |known| known.alternatives) + alternatives;
        walker.refused = Some(Refused {
            subject,
            alternatives,
        });
        if alternatives == 0 || self.is_known_to_be_listed(walker, subject) {
            return;
        }
        let cost = match (self.is_unbound, alternatives) {
            (true, LISTED..) | (false, LISTED_WITH_DEFAULT..) => Witness::Unlisted,
            (true, _) => Witness::Unfound,
            (false, _) => return,
        };
        walker.cost = walker.cost.min(cost);
    }

    /// Whether the subject is known to be one of several on this way: then what is left of them is no guess.
    fn is_known_to_be_listed(&self, walker: &Walker, subject: u64) -> bool {
        let mut held = walker.facts.iter().filter(|fact| fact.holds);
        held.any(|fact| {
            self.literals
                .get(&fact.condition)
                .is_some_and(|(place, forms)| {
                    forms.len() > 1 && hash_of(&("place", *place)) == subject
                })
        })
    }

    /// The subject of a test that came out such that the subject is none of some constants, and how many these are.
    fn refuses(&self, test: ExprId, holds: bool) -> Option<(u64, u32)> {
        let module = self.flow.module;
        match module.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.refuses(operand, !holds),
            ExprKind::Or(parts) if !holds => {
                let mut parts = module.list(parts).iter();
                let (subject, mut count) = self.refuses(*parts.next()?, false)?;
                for &part in parts {
                    let (other, more) = self.refuses(part, false)?;
                    if other != subject {
                        return None;
                    }
                    count += more;
                }
                Some((subject, count))
            }
            // `kind == "a" and more`: refused for either reason, but still a test of the kind.
            ExprKind::And(parts) if !holds => {
                let parts = module.list(parts);
                parts.iter().find_map(|&part| self.refuses(part, false))
            }
            ExprKind::Compare {
                operator,
                left,
                right,
            } => {
                let positive = matches!(
                    operator,
                    Comparison::Equal | Comparison::Is | Comparison::In
                );
                let negative = matches!(
                    operator,
                    Comparison::NotEqual | Comparison::IsNot | Comparison::NotIn
                );
                let is_order = matches!(
                    operator,
                    Comparison::Less
                        | Comparison::LessEqual
                        | Comparison::Greater
                        | Comparison::GreaterEqual
                );
                if is_order && !holds && self.is_unbound && self.is_constant(right) {
                    return Some((self.subject(left), 1));
                }
                if !(positive && !holds || negative && holds) {
                    return None;
                }
                // None, true and false are states of a thing, not one of many values.
                let state = matches!(
                    module.kind(right),
                    ExprKind::None | ExprKind::True | ExprKind::False
                );
                if self.is_constant(right) {
                    return Some((self.subject(left), u32::from(!state)));
                }
                // `"a" in options`, and then `"b" in options`: a list of what there may be, too.
                let is_flag = matches!(module.kind(left), ExprKind::Text(text) if module.name(text).len() == 1);
                (self.is_constant(left) && !is_flag).then(|| (self.subject(right), 1))
            }
            ExprKind::Call { callee, arguments } if !holds => {
                let arguments = module.arguments(arguments);
                if let ExprKind::Attribute { value, name, .. } = module.kind(callee)
                    && matches!(module.name(name), "startswith" | "endswith")
                {
                    return Some((self.subject(value), 1));
                }
                let name = module.plain_name(self.flow.code, callee)?;
                let [subject, _] = arguments else {
                    return None;
                };
                let is_type_test = matches!(name, "isinstance" | "issubclass" | "hasattr");
                is_type_test.then(|| (self.subject(subject.value), 1))
            }
            ExprKind::Matches { subject, .. } if !holds => Some((self.subject(subject), 1)),
            // The last resort of a chain: `elif not items`.
            ExprKind::Name(_) | ExprKind::Attribute { .. } if holds => {
                Some((self.subject(test), 0))
            }
            _ => None,
        }
    }

    /// What is tested: the thing itself, however it is looked at.
    fn subject(&self, expr: ExprId) -> u64 {
        let module = self.flow.module;
        if let Some(place) = self.flow.place_of(expr) {
            return hash_of(&("place", place));
        }
        match module.kind(expr) {
            ExprKind::Walrus { target, .. } => self.subject(target),
            ExprKind::Call { callee, arguments } => match module.kind(callee) {
                ExprKind::Attribute { value, name, .. }
                    if arguments.count == 0
                        && matches!(module.name(name), "lower" | "upper" | "strip") =>
                {
                    self.subject(value)
                }
                ExprKind::Name(_) if arguments.count == 1 => {
                    match module.plain_name(self.flow.code, callee) {
                        Some("len" | "type" | "str" | "int") => {
                            self.subject(module.arguments(arguments)[0].value)
                        }
                        _ => hash_of(&("form", self.flow.form(expr))),
                    }
                }
                _ => hash_of(&("form", self.flow.form(expr))),
            },
            _ => hash_of(&("form", self.flow.form(expr))),
        }
    }

    /// A literal, a name in capitals, a member of an enumeration, or a display of such.
    fn is_constant(&self, expr: ExprId) -> bool {
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::Text(_)
            | ExprKind::Bytes(_)
            | ExprKind::Int(_)
            | ExprKind::Number(_)
            | ExprKind::None
            | ExprKind::True
            | ExprKind::False => true,
            ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                let mut parts = module.list(parts).iter();
                parts.all(|&part| self.is_constant(part))
            }
            ExprKind::Subscript { value, index, .. } => {
                self.is_constant(value) && self.is_constant(index)
            }
            kind @ (ExprKind::Name(_) | ExprKind::Attribute { .. }) => {
                let last = module.last_name(self.flow.code, expr).unwrap_or_default();
                let is_member = matches!(kind, ExprKind::Attribute { .. });
                is_capital(last) || is_member && starts_capital(last)
            }
            _ => false,
        }
    }
}

fn is_capital(name: &str) -> bool {
    name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_lowercase)
}

fn starts_capital(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
