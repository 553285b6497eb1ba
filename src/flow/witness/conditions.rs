//! What a search remembers of each condition that it met, numbered in the order in which it met them.

use crate::ir::{Function, PlaceId, Run};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The conditions of a search. A condition is a hash of its form.
#[derive(Default)]
pub(super) struct Conditions {
    numbers: FxHashMap<u64, u32>,
    all: Vec<Condition>,
}

/// A condition.
#[derive(Default)]
pub(super) struct Condition {
    /// The places that it depends on, once something said so.
    pub(super) mentions: Option<Rc<[PlaceId]>>,
    /// A bit for each of those places and of the variables that they are parts of, one bit for several.
    mask: u64,
    /// Its operands, of which at least one came out as the flag says.
    pub(super) choice: Option<(Run, bool)>,
    /// It holds where one of these others does.
    pub(super) one_of: Vec<u64>,
    /// Of a comparison with literals: the place, and the literals' forms.
    pub(super) literals: Option<(PlaceId, Vec<u64>)>,
}

impl Conditions {
    pub(super) fn number(&mut self, condition: u64) -> u32 {
        let next = self.all.len() as u32;
        let number = *self.numbers.entry(condition).or_insert(next);
        if number == next {
            self.all.push(Condition::default());
        }
        number
    }

    pub(super) fn of(&mut self, condition: u64) -> &mut Condition {
        let number = self.number(condition);
        &mut self.all[number as usize]
    }

    pub(super) fn at(&self, number: u32) -> &Condition {
        &self.all[number as usize]
    }

    /// A condition depends on a place, unless it is known already what it depends on.
    pub(super) fn about(&mut self, code: &Function, condition: u64, place: PlaceId) {
        let known = self.of(condition);
        if known.mentions.is_none() {
            known.mention(code, Rc::from([place]));
        }
    }
}

impl Condition {
    pub(super) fn mention(&mut self, code: &Function, places: Rc<[PlaceId]>) {
        if self
            .mentions
            .as_ref()
            .is_some_and(|known| Rc::ptr_eq(known, &places))
        {
            return;
        }
        let bits = places
            .iter()
            .map(|&place| bit(place) | bit(code.root(place)));
        self.mask = bits.fold(0, |all, bit| all | bit);
        self.mentions = Some(places);
    }

    /// Whether it says nothing any more once a place is bound again.
    pub(super) fn depends_on(&self, code: &Function, place: PlaceId) -> bool {
        let same = |&mentioned: &PlaceId| mentioned == place || code.root(mentioned) == place;
        self.mask & bit(place) != 0
            && self
                .mentions
                .as_ref()
                .is_some_and(|places| places.iter().any(same))
    }
}

fn bit(place: PlaceId) -> u64 {
    1 << (place.index() % 64)
}
