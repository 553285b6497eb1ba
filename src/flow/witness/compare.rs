//! Comparisons, truth and tests of type on a way.

use super::{Fact, Search, Walker, hash_of};
use crate::ir::{Comparison, ExprId, ExprKind, PlaceId};

impl Search<'_, '_, '_> {
    pub(super) fn suppose_truth(
        &mut self,
        walker: &mut Walker,
        _test: ExprId,
        place: PlaceId,
        holds: bool,
    ) -> bool {
        let none = self.noneness_of(place);
        if holds
            && walker.facts.contains(&Fact {
                condition: none,
                holds: true,
            })
        {
            return false;
        }
        // Who tested it for None meant its truth, until shown otherwise: an empty text on this way is no evidence.
        let condition = self.truth_of(place);
        let known_false = Fact {
            condition,
            holds: false,
        };
        if !holds
            && walker.facts.contains(&Fact {
                condition: none,
                holds: false,
            })
            && !walker.facts.contains(&known_false)
        {
            return false;
        }
        if holds {
            let fact = Fact {
                condition: none,
                holds: false,
            };
            walker.facts.push(fact);
        }
        self.settle(walker, condition, holds)
    }

    /// `""` and `0`: what equals them is false.
    fn is_nothing(&self, literal: ExprId) -> bool {
        let module = self.flow.module;
        match module.kind(literal) {
            ExprKind::Text(text) => module.name(text).is_empty(),
            ExprKind::Int(number) => number == 0,
            _ => false,
        }
    }

    /// What is true equals neither, and what is false and no None equals the one that it is compared with.
    fn contradicts_nothing(&mut self, walker: &Walker, place: PlaceId, equal: bool) -> bool {
        let (truth, none) = (self.truth_of(place), self.noneness_of(place));
        let known = |condition, holds| walker.facts.contains(&Fact { condition, holds });
        match equal {
            true => known(truth, true),
            false => known(truth, false) && !known(none, true),
        }
    }

    /// What has an attribute that is not None is not None itself.
    pub(super) fn suppose_object(&mut self, walker: &mut Walker, place: PlaceId) -> bool {
        let Some(object) = self.flow.code.place(place).parent else {
            return true;
        };
        let condition = self.noneness_of(object);
        self.settle(walker, condition, false)
    }

    pub(super) fn suppose_comparison(
        &mut self,
        walker: &mut Walker,
        test: ExprId,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        holds: bool,
    ) -> bool {
        let module = self.flow.module;
        let left = match module.kind(left) {
            ExprKind::Walrus { target, .. } => target,
            _ => left,
        };
        let negated = matches!(
            operator,
            Comparison::IsNot | Comparison::NotEqual | Comparison::NotIn
        );
        let holds_positive = holds != negated;
        let same = matches!(
            operator,
            Comparison::Is | Comparison::IsNot | Comparison::Equal | Comparison::NotEqual
        );
        if let (true, Some(place), ExprKind::None) =
            (same, self.flow.tested_place(left), module.kind(right))
        {
            let truth = self.truth_of(place);
            if holds_positive
                && walker.facts.contains(&Fact {
                    condition: truth,
                    holds: true,
                })
            {
                return false;
            }
            let condition = self.noneness_of(place);
            // Found false before: then it was None, until shown otherwise.
            let known = |condition, holds| walker.facts.contains(&Fact { condition, holds });
            if self.is_unbound && !holds_positive && known(truth, false) && !known(condition, false)
            {
                return false;
            }
            return self.settle(walker, condition, holds_positive)
                && (holds_positive || self.suppose_object(walker, place));
        }
        if let (true, Some(place), ExprKind::True | ExprKind::False) =
            (same, self.flow.tested_place(left), module.kind(right))
        {
            let truth = matches!(module.kind(right), ExprKind::True) == holds_positive;
            return self.suppose_truth(walker, left, place, truth);
        }
        if matches!(operator, Comparison::Equal | Comparison::NotEqual)
            && holds_positive
            && self.is_one_none(walker, left, right)
        {
            return false;
        }
        if same && !self.suppose_type_of(walker, (left, right), holds_positive) {
            return false;
        }
        let positive = match operator {
            // What is no None, is the one where it equals the other.
            Comparison::IsNot | Comparison::Is | Comparison::NotEqual => Comparison::Equal,
            Comparison::NotIn => Comparison::In,
            other => other,
        };
        let forms = (self.flow.form(left), self.flow.form(right));
        // `b > a`, `not a >= b` and `not b <= a` all say `a < b`.
        let (positive, forms, holds_positive) = match operator {
            Comparison::Greater => (Comparison::Less, (forms.1, forms.0), holds),
            Comparison::GreaterEqual => (Comparison::Less, forms, !holds),
            Comparison::LessEqual => (Comparison::Less, (forms.1, forms.0), !holds),
            _ => (positive, forms, holds_positive),
        };
        let condition = hash_of(&("compare", positive as u8, forms.0, forms.1));
        self.remember_mentions(condition, test);
        if let (Comparison::Equal, Some(place), ExprKind::Int(_) | ExprKind::Text(_)) =
            (positive, self.flow.place_of(left), module.kind(right))
        {
            let literal = self.literal(right);
            self.literals.insert(condition, (place, vec![literal]));
            if self.equals_another(walker, place, literal) {
                return !holds_positive;
            }
        }
        if let (Some(place), ExprKind::Int(number)) = (self.flow.place_of(left), module.kind(right))
            && let Some(known) = self.known_number(walker, place)
            && let Some(comes_out) = ordered(operator, known, number)
        {
            return comes_out == holds;
        }
        if let (Comparison::Equal, Some(place)) = (positive, self.flow.place_of(left))
            && self.is_nothing(right)
            && self.contradicts_nothing(walker, place, holds_positive)
        {
            return false;
        }
        // `key in (options or {})`: nothing is in an empty one.
        if positive == Comparison::In
            && holds_positive
            && let ExprKind::Or(parts) = module.kind(right)
            && !self.suppose_one(walker, parts, true)
        {
            return false;
        }
        if positive == Comparison::In
            && holds_positive
            && let Some(container) = self.flow.place_of(right)
        {
            // What is empty holds nothing.
            let condition = self.truth_of(container);
            let holds = false;
            if walker.facts.contains(&Fact { condition, holds }) {
                return false;
            }
        }
        if let (Comparison::In, Some(place)) = (positive, self.flow.place_of(left))
            && let Some(has_none) = self.holds_none(right)
        {
            let condition = self.noneness_of(place);
            let none = Fact {
                condition,
                holds: true,
            };
            if holds_positive != has_none && !self.settle(walker, condition, false) {
                return false;
            }
            if walker.facts.contains(&none) {
                return holds_positive == has_none;
            }
        }
        let parts = match (positive, module.kind(right)) {
            (
                Comparison::In,
                ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts),
            ) => {
                let of = |part: ExprId| {
                    let equal = Comparison::Equal as u8;
                    hash_of(&("compare", equal, self.flow.form(left), self.flow.form(part)))
                };
                let forms = self.literals_of(module.list(parts));
                if let (Some(place), Some(forms)) = (self.flow.place_of(left), forms) {
                    if forms
                        .iter()
                        .all(|&form| self.equals_another(walker, place, form))
                    {
                        return !holds_positive;
                    }
                    self.literals.insert(condition, (place, forms));
                }
                module.list(parts).iter().map(|&part| of(part)).collect()
            }
            _ => Vec::new(),
        };
        self.suppose_one_of(walker, test, condition, parts, holds_positive)
    }

    /// Whether one of two variables is known to be None, and of the other nothing is known: `if name != last` in the first
    /// round. That both are None is for others to show.
    fn is_one_none(&mut self, walker: &Walker, left: ExprId, right: ExprId) -> bool {
        let mut is_none = |side: ExprId| {
            self.flow.place_of(side).map(|place| {
                let condition = self.noneness_of(place);
                walker.facts.contains(&Fact {
                    condition,
                    holds: true,
                })
            })
        };
        matches!(
            (is_none(left), is_none(right)),
            (Some(true), None | Some(false)) | (None | Some(false), Some(true))
        )
    }

    /// Whether None is among the elements of a display, here or bound once to a name; nothing if that cannot be told.
    fn holds_none(&self, container: ExprId) -> Option<bool> {
        let module = self.flow.module;
        let display = match self.flow.place_of(container) {
            Some(place) => self.flow.only_value(place)?,
            None => container,
        };
        let (ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts)) =
            module.kind(display)
        else {
            return None;
        };
        let parts = module.list(parts);
        if parts
            .iter()
            .any(|&part| module.kind(part) == ExprKind::None)
        {
            return Some(true);
        }
        let is_literal = |&part: &ExprId| {
            matches!(
                module.kind(part),
                ExprKind::Int(_) | ExprKind::Text(_) | ExprKind::Bytes(_) | ExprKind::Number(_)
            )
        };
        parts.iter().all(is_literal).then_some(false)
    }

    /// The form of a literal; of an integer, the number is kept too.
    pub(super) fn literal(&mut self, literal: ExprId) -> u64 {
        let form = self.flow.form(literal);
        if let ExprKind::Int(number) = self.flow.module.kind(literal) {
            self.numbers.insert(form, number);
        }
        form
    }

    /// The forms of literals; nothing if there is anything else among them.
    fn literals_of(&mut self, parts: &[ExprId]) -> Option<Vec<u64>> {
        let is_literal = |&part: &ExprId| {
            matches!(
                self.flow.module.kind(part),
                ExprKind::Int(_) | ExprKind::Text(_)
            )
        };
        if parts.is_empty() || !parts.iter().all(is_literal) {
            return None;
        }
        Some(parts.iter().map(|&part| self.literal(part)).collect())
    }
}

/// How two integers compare.
fn ordered(operator: Comparison, left: i32, right: i32) -> Option<bool> {
    match operator {
        Comparison::Less => Some(left < right),
        Comparison::LessEqual => Some(left <= right),
        Comparison::Greater => Some(left > right),
        Comparison::GreaterEqual => Some(left >= right),
        _ => None,
    }
}
