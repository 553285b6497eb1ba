//! How conditions came out on a way, by their form, and when that is forgotten.

use super::{Search, Walker, hash_of};
use crate::ir::{ExprId, PlaceId};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// How a condition came out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fact {
    pub(super) condition: u64,
    pub(super) holds: bool,
}

/// A fact that is known on a way, with the number of its condition in this search.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) fact: Fact,
    pub(super) number: u32,
}

/// What is known on a way: in order, each fact once, so that ways on which the same is known are the same. Ways share
/// what they know until one of them learns or forgets something.
#[derive(Clone, Default)]
pub(super) struct Facts {
    known: Rc<Vec<Known>>,
    /// The digests of all facts, added up.
    digest: u64,
}

impl Facts {
    pub(super) fn contains(&self, fact: &Fact) -> bool {
        self.find(fact).is_ok()
    }

    fn find(&self, fact: &Fact) -> Result<usize, usize> {
        self.known.binary_search_by(|known| known.fact.cmp(fact))
    }

    /// Keeps a fact; `number` gives the number of its condition.
    fn push(&mut self, fact: Fact, number: impl FnOnce() -> u32) {
        if let Err(at) = self.find(&fact) {
            let number = number();
            self.digest = self.digest.wrapping_add(fact.digest());
            Rc::make_mut(&mut self.known).insert(at, Known { fact, number });
        }
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Known) -> bool) {
        let Some(first) = self.known.iter().position(|known| !keep(known)) else {
            return;
        };
        let all = Rc::make_mut(&mut self.known);
        let mut kept = first;
        for at in first..all.len() {
            let known = all[at];
            if at > first && keep(&known) {
                all[kept] = known;
                kept += 1;
            } else {
                self.digest = self.digest.wrapping_sub(known.fact.digest());
            }
        }
        all.truncate(kept);
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Known> {
        self.known.iter()
    }
}

impl Fact {
    /// Well mixed, so that sums of digests are as good as a hash of all facts together.
    fn digest(self) -> u64 {
        let mixed = (self.condition ^ u64::from(self.holds)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }
}

impl Hash for Facts {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.digest.hash(hasher);
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
            self.learnt(walker, Fact { condition, holds });
        }
    }

    /// From now on a fact is known on a way.
    pub(super) fn learnt(&mut self, walker: &mut Walker, fact: Fact) {
        let conditions = &mut self.conditions;
        walker
            .facts
            .push(fact, || conditions.number(fact.condition));
    }

    pub(super) fn truth_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("truth", place));
        self.conditions.about(self.flow.code, condition, place);
        condition
    }

    pub(super) fn noneness_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("none", place));
        self.conditions.about(self.flow.code, condition, place);
        condition
    }

    /// Conditions that mention a place say nothing any more once it is bound again.
    pub(super) fn forget(&self, walker: &mut Walker, place: PlaceId) {
        let code = self.flow.code;
        let subject = hash_of(&("place", place));
        walker.refused = walker.refused.filter(|chain| chain.subject != subject);
        walker
            .facts
            .retain(|known| !self.conditions.at(known.number).depends_on(code, place));
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
        let held = walker.facts.iter().filter(|known| known.fact.holds);
        held.filter_map(move |known| {
            let (other, forms) = self.conditions.at(known.number).literals.as_ref()?;
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
        let code = self.flow.code;
        self.conditions.of(condition).mention(code, places);
    }

    pub(super) fn settle(&mut self, walker: &mut Walker, condition: u64, holds: bool) -> bool {
        if walker.facts.contains(&Fact {
            condition,
            holds: !holds,
        }) {
            return false;
        }
        self.learnt(walker, Fact { condition, holds });
        true
    }
}
