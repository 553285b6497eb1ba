//! What every place of a function holds at one point of it.

use crate::ir::{ExprId, PlaceId};
use crate::value::{Kinds, Value};
use smallvec::SmallVec;
use std::rc::Rc;

/// A value and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The value.
    pub value: Value,
    /// Why it may be None; `Nothing` where it may not.
    pub origin: Origin,
    /// The expression that it was last bound to, if that is the same on every path.
    pub bound: Option<ExprId>,
}

/// Why a value may be None. The order is that of preference where two paths meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// This expression: the literal, or the call or attribute that may give None.
    Expr(ExprId),
    /// An attribute that is None until something sets it; the expression reads it.
    Attribute(ExprId),
    /// A parameter: whether None is ever passed is for the callers to say.
    Parameter(u16),
    /// Nothing but a test for None, which somebody must have had a reason for.
    Tested(ExprId),
    /// Nothing.
    Nothing,
    /// Nothing, as nobody has looked: what the place holds on entry is for the program to say.
    Unset,
}

impl Held {
    /// Not known.
    pub const UNKNOWN: Held = Held {
        value: Value::UNKNOWN,
        origin: Origin::Nothing,
        bound: None,
    };
    /// Not looked up yet.
    pub const UNSET: Held = Held {
        value: Value::UNKNOWN,
        origin: Origin::Unset,
        bound: None,
    };
    /// A variable without a binding.
    pub const UNBOUND: Held = Held {
        value: Value::of(Kinds::UNBOUND),
        origin: Origin::Nothing,
        bound: None,
    };
    /// Bottom.
    pub const NEVER: Held = Held {
        value: Value::NEVER,
        origin: Origin::Nothing,
        bound: None,
    };

    /// A value of which None, if it is in it, comes from `expr`.
    pub fn from(expr: ExprId, value: Value) -> Held {
        let origin = if value.may_be_none() {
            Origin::Expr(expr)
        } else {
            Origin::Nothing
        };
        Held {
            value,
            origin,
            bound: None,
        }
    }

    /// A value for whose None there is no evidence worth keeping.
    pub fn without_evidence(value: Value) -> Held {
        let kept = value.without(Kinds::NONE | Kinds::UNBOUND);
        let value = if kept.is_never() {
            Value::UNKNOWN
        } else {
            kept
        };
        Held {
            value,
            origin: Origin::Nothing,
            bound: None,
        }
    }

    /// The least above both.
    pub fn join(self, other: Held) -> Held {
        // What nobody has touched on one path is still for the program to say, whatever harmless happened on the other.
        if (self == Held::UNSET && other.is_harmless())
            || (other == Held::UNSET && self.is_harmless())
        {
            return Held::UNSET;
        }
        let origin = match (self.value.may_be_none(), other.value.may_be_none()) {
            (true, true) => self.origin.min(other.origin),
            (true, false) => self.origin,
            (false, true) => other.origin,
            (false, false) if self.origin == other.origin => self.origin,
            (false, false) => Origin::Nothing,
        };
        let bound = match (self.value.is_never(), other.value.is_never()) {
            (true, _) => other.bound,
            (_, true) => self.bound,
            _ if self.bound == other.bound => self.bound,
            _ => None,
        };
        Held {
            value: self.value.join(other.value),
            origin,
            bound,
        }
    }

    /// Neither None nor unbound, as far as is known.
    fn is_harmless(self) -> bool {
        !self.value.is_never() && !self.value.kinds.meets(Kinds::NONE | Kinds::UNBOUND)
    }

    /// Known not to be of these kinds.
    pub fn without(self, kinds: Kinds) -> Held {
        let value = self.value.without(kinds);
        let origin = if value.may_be_none() {
            self.origin
        } else {
            Origin::Nothing
        };
        Held {
            value,
            origin,
            ..self
        }
    }

    /// Known to be of these kinds.
    pub fn meet(self, kinds: Kinds) -> Held {
        let value = self.value.meet(kinds);
        let origin = if value.may_be_none() {
            self.origin
        } else {
            Origin::Nothing
        };
        Held {
            value,
            origin,
            ..self
        }
    }
}

/// Places are kept in chunks that states share until one of them changes: a branch costs as much as it changes.
const CHUNK: usize = 16;

type Chunk = [Held; CHUNK];

/// What every place holds. Unreachable states hold nothing and take no part in joins.
#[derive(Clone, Debug)]
pub struct State {
    chunks: SmallVec<[Rc<Chunk>; 2]>,
    reachable: bool,
}

impl State {
    /// All places not looked up yet.
    pub fn of(places: usize) -> State {
        let chunk = Rc::new([Held::UNSET; CHUNK]);
        State {
            chunks: (0..places.div_ceil(CHUNK))
                .map(|_| Rc::clone(&chunk))
                .collect(),
            reachable: true,
        }
    }

    /// Whether control gets here.
    pub fn is_reachable(&self) -> bool {
        self.reachable
    }

    /// Control does not get here.
    pub fn stop(&mut self) {
        self.reachable = false;
    }

    /// What a place holds.
    pub fn get(&self, place: PlaceId) -> Held {
        let at = place.index();
        self.chunks[at / CHUNK][at % CHUNK]
    }

    /// Changes what a place holds.
    pub fn set(&mut self, place: PlaceId, held: Held) {
        let at = place.index();
        if self.get(place) != held {
            Rc::make_mut(&mut self.chunks[at / CHUNK])[at % CHUNK] = held;
        }
    }

    /// Takes in what holds on another path. Returns whether that changed anything.
    pub fn join(&mut self, other: &State) -> bool {
        if !other.reachable {
            return false;
        }
        if !self.reachable {
            *self = other.clone();
            return true;
        }
        let mut changed = false;
        for (own, theirs) in self.chunks.iter_mut().zip(&other.chunks) {
            if Rc::ptr_eq(own, theirs) || **own == **theirs {
                continue;
            }
            let mut joined = **own;
            for (a, b) in joined.iter_mut().zip(theirs.iter()) {
                *a = a.join(*b);
            }
            if joined != **own {
                *own = Rc::new(joined);
                changed = true;
            }
        }
        changed
    }
}
