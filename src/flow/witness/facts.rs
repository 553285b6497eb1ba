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
        walker.facts.retain(|fact| {
            let places = self.mentions.get(&fact.condition);
            !places.is_some_and(|places| {
                places
                    .iter()
                    .any(|&mentioned| mentioned == place || code.root(mentioned) == place)
            })
        });
    }

    /// Whether the place is known to equal another literal on this way.
    pub(super) fn equals_another(&self, walker: &Walker, place: PlaceId, literal: u64) -> bool {
        walker.facts.iter().any(|fact| {
            fact.holds
                && self
                    .literals
                    .get(&fact.condition)
                    .is_some_and(|&(other, form)| other == place && form != literal)
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
