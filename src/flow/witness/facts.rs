//! How conditions came out on a way, by their form, and when that is forgotten.

use super::{FACTS, Search, Walker, hash_of};
use crate::ir::{ExprId, PlaceId};
use std::collections::hash_map::Entry;
use std::rc::Rc;

/// How a condition came out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Fact {
    pub(super) condition: u64,
    pub(super) holds: bool,
}

/// What is known on a way: in order, each fact once, so that ways on which the same is known are the same.
#[derive(Clone, Default, Hash)]
pub(super) struct Facts(Vec<Fact>);

impl Facts {
    pub(super) fn contains(&self, fact: &Fact) -> bool {
        self.0.binary_search(fact).is_ok()
    }

    pub(super) fn push(&mut self, fact: Fact) {
        if let Err(at) = self.0.binary_search(&fact) {
            self.0.insert(at, fact);
        }
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Fact) -> bool) {
        self.0.retain(keep);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.0.iter()
    }
}

impl Walker {
    /// Becomes another way, in the room that this one took.
    pub(super) fn become_one(&mut self, other: &Walker) {
        self.facts.0.clone_from(&other.facts.0);
        self.rounds.clone_from(&other.rounds);
        self.begun.clone_from(&other.begun);
        self.block = other.block;
        self.armed = other.armed;
        self.cost = other.cost;
        self.trail = other.trail;
        self.refused = other.refused;
    }
}

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
    }

    pub(super) fn truth_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("truth", place));
        self.is_about(condition, place);
        condition
    }

    pub(super) fn noneness_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("none", place));
        self.is_about(condition, place);
        condition
    }

    fn is_about(&mut self, condition: u64, place: PlaceId) {
        if let Entry::Vacant(entry) = self.mentions.entry(condition) {
            entry.insert(Rc::from([place]));
            self.ask_about(place);
        }
    }

    /// A condition is about some places, whatever it was about before.
    pub(super) fn mention(&mut self, condition: u64, places: Rc<[PlaceId]>) {
        for &place in places.iter() {
            self.ask_about(place);
        }
        self.mentions.insert(condition, places);
    }

    fn ask_about(&mut self, place: PlaceId) {
        self.asked_about[place.index()] = true;
        self.asked_about[self.flow.code.root(place).index()] = true;
    }

    /// Conditions that mention a place say nothing any more once it is bound again.
    pub(super) fn forget(&self, walker: &mut Walker, place: PlaceId) {
        self.flow.spend(walker.facts.len() / FACTS);
        let code = self.flow.code;
        let subject = hash_of(&("place", place));
        walker.refused = walker.refused.filter(|chain| chain.subject != subject);
        if !self.asked_about[place.index()] {
            return;
        }
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
        let places = self.flow.mentioned_in(test);
        self.mention(condition, places);
    }

    pub(super) fn settle(&self, walker: &mut Walker, condition: u64, holds: bool) -> bool {
        if walker.facts.contains(&Fact {
            condition,
            holds: !holds,
        }) {
            return false;
        }
        walker.facts.push(Fact { condition, holds });
        true
    }
}
