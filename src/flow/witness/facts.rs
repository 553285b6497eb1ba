//! How conditions came out on a way, by their form, and when that is forgotten.

use super::{Fact, Search, Walker, hash_of};
use crate::ir::{ExprId, PlaceId};

impl Search<'_, '_, '_> {
    pub(super) fn remember(
        &mut self,
        walker: &mut Walker,
        place: PlaceId,
        is_none: bool,
        truth: bool,
    ) {
        for (condition, holds) in [
            (self.truth_of(place), truth),
            (self.noneness_of(place), is_none),
        ] {
            walker.facts.push(Fact { condition, holds });
        }
        walker.facts.sort_unstable();
    }

    pub(super) fn truth_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("truth", place));
        self.mentions.insert(condition, vec![place]);
        condition
    }

    pub(super) fn noneness_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("none", place));
        self.mentions.insert(condition, vec![place]);
        condition
    }

    /// Conditions that mention a place say nothing any more once it is bound again.
    pub(super) fn forget(&self, walker: &mut Walker, place: PlaceId) {
        let code = self.flow.code;
        let subject = hash_of(&("place", place));
        walker.refused = walker.refused.filter(|chain| chain.subject != subject);
        walker.facts.retain(|fact| {
            let places = self.mentions.get(&fact.condition);
            !places.is_some_and(|places| {
                places
                    .iter()
                    .any(|&mentioned| mentioned == place || code.root(mentioned) == place)
            })
        });
    }

    /// Whether the place is known to equal another literal on this way, or one of several others.
    pub(super) fn equals_another(&self, walker: &Walker, place: PlaceId, literal: u64) -> bool {
        self.known_literals(walker, place)
            .any(|known| !known.contains(&literal))
    }

    /// The integer that the place is known to equal on this way.
    pub(super) fn known_number(&self, walker: &Walker, place: PlaceId) -> Option<i32> {
        self.known_literals(walker, place)
            .find_map(|known| match known {
                [form] => self.numbers.get(form).copied(),
                _ => None,
            })
    }

    /// The literals that the place equals one of, for each comparison that held on this way.
    pub(super) fn known_literals<'s>(
        &'s self,
        walker: &'s Walker,
        place: PlaceId,
    ) -> impl Iterator<Item = &'s [u64]> {
        let held = walker.facts.iter().filter(|fact| fact.holds);
        held.filter_map(move |fact| {
            let (other, forms) = self.literals.get(&fact.condition)?;
            (*other == place).then_some(forms.as_slice())
        })
    }

    pub(super) fn record(&mut self, walker: &mut Walker, test: ExprId, holds: bool) -> bool {
        let condition = hash_of(&("form", self.flow.form(test)));
        self.remember_mentions(condition, test);
        self.settle(walker, condition, holds)
    }

    pub(super) fn remember_mentions(&mut self, condition: u64, test: ExprId) {
        let mut places = Vec::new();
        self.flow
            .module
            .walk(test, &mut |part| places.extend(self.flow.place_of(part)));
        self.mentions.insert(condition, places);
    }

    pub(super) fn settle(&self, walker: &mut Walker, condition: u64, holds: bool) -> bool {
        let opposite = Fact {
            condition,
            holds: !holds,
        };
        if walker.facts.binary_search(&opposite).is_ok() {
            return false;
        }
        let fact = Fact { condition, holds };
        if let Err(at) = walker.facts.binary_search(&fact) {
            walker.facts.insert(at, fact);
        }
        true
    }
}
