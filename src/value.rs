//! What a name may hold: one abstract value for kinds, None, class and the few facts that rules ask for.

use serde::{Deserialize, Serialize};
use std::ops::{BitAnd, BitOr, Not, Sub};

/// A set of kinds. `ANY` among them says: besides, something of which nothing is known. Unknown is never evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Kinds(u32);

impl Kinds {
    /// The empty set: no value gets here.
    pub const NEVER: Kinds = Kinds(0);
    /// None.
    pub const NONE: Kinds = Kinds(1);
    /// True or False.
    pub const BOOL: Kinds = Kinds(1 << 1);
    /// int, long, float, complex, Decimal, Fraction.
    pub const NUMBER: Kinds = Kinds(1 << 2);
    /// str; in Python 2 also unicode.
    pub const TEXT: Kinds = Kinds(1 << 3);
    /// bytes, bytearray.
    pub const BYTES: Kinds = Kinds(1 << 4);
    /// list, deque.
    pub const LIST: Kinds = Kinds(1 << 5);
    /// tuple, namedtuple.
    pub const TUPLE: Kinds = Kinds(1 << 6);
    /// dict, OrderedDict, defaultdict, Counter.
    pub const DICT: Kinds = Kinds(1 << 7);
    /// set, frozenset.
    pub const SET: Kinds = Kinds(1 << 8);
    /// A function, method, lambda or partial.
    pub const FUNCTION: Kinds = Kinds(1 << 9);
    /// A class.
    pub const CLASS: Kinds = Kinds(1 << 10);
    /// A module.
    pub const MODULE: Kinds = Kinds(1 << 11);
    /// An open file or socket.
    pub const FILE: Kinds = Kinds(1 << 12);
    /// An instance of some class that is none of the above.
    pub const INSTANCE: Kinds = Kinds(1 << 13);
    /// An iterator or generator.
    pub const ITERATOR: Kinds = Kinds(1 << 14);
    /// No binding at all: reading it raises NameError.
    pub const UNBOUND: Kinds = Kinds(1 << 15);
    /// Something unknown.
    pub const ANY: Kinds = Kinds(1 << 16);
    /// Containers and text: what has a length and is false when it is empty.
    pub const SIZED: Kinds = Kinds(
        Self::TEXT.0 | Self::BYTES.0 | Self::LIST.0 | Self::TUPLE.0 | Self::DICT.0 | Self::SET.0,
    );
    const ALL: u32 = (1 << 17) - 1;

    /// Each kind by itself, in order.
    pub const EACH: [Kinds; 17] = {
        let mut each = [Kinds(0); 17];
        let mut bit = 0;
        while bit < 17 {
            each[bit] = Kinds(1 << bit);
            bit += 1;
        }
        each
    };

    /// Both, where a constant is made.
    pub const fn with(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in it.
    pub const fn has(self, other: Kinds) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in it.
    pub const fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it is one known kind, None aside.
    pub const fn is_single(self) -> bool {
        let rest = self.0 & !Self::NONE.0;
        rest.is_power_of_two() && rest != Self::ANY.0 && rest != Self::UNBOUND.0
    }

    /// The name of a single kind, as messages say it.
    pub const fn word(self) -> &'static str {
        match Kinds(self.0 & !Self::UNBOUND.0) {
            Self::NONE => "None",
            Self::BOOL => "bool",
            Self::NUMBER => "number",
            Self::TEXT => "str",
            Self::BYTES => "bytes",
            Self::LIST => "list",
            Self::TUPLE => "tuple",
            Self::DICT => "dict",
            Self::SET => "set",
            Self::FUNCTION => "function",
            Self::CLASS => "class",
            Self::MODULE => "module",
            Self::FILE => "file",
            Self::INSTANCE => "instance",
            Self::ITERATOR => "iterator",
            _ => "value",
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds = Kinds::EACH.iter().filter(|&&kind| self.kinds.has(kind));
        let words: Vec<&str> = kinds.map(|kind| kind.word()).collect();
        out.write_str(if words.is_empty() { "never" } else { "" })?;
        out.write_str(&words.join(" | "))
    }
}

impl BitOr for Kinds {
    type Output = Kinds;
    fn bitor(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }
}

impl BitAnd for Kinds {
    type Output = Kinds;
    fn bitand(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }
}

impl Sub for Kinds {
    type Output = Kinds;
    fn sub(self, other: Kinds) -> Kinds {
        Kinds(self.0 & !other.0)
    }
}

impl Not for Kinds {
    type Output = Kinds;
    fn not(self) -> Kinds {
        Kinds(!self.0 & Self::ALL)
    }
}

/// Facts that hold on some path: evidence, never proof. Joining unites them, narrowing takes them away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Facts(u16);

impl Facts {
    /// None known.
    pub const NOTHING: Facts = Facts(0);
    /// There is a path on which it has no elements.
    pub const EMPTY: Facts = Facts(1);
    /// There is a path on which it is zero.
    pub const ZERO: Facts = Facts(1 << 1);
    /// It came from outside the program: a socket, a request, a file, the environment, a database.
    pub const OUTSIDE: Facts = Facts(1 << 2);

    /// Whether all of `other` holds.
    pub const fn has(self, other: Facts) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    pub const fn with(self, other: Facts) -> Facts {
        Facts(self.0 | other.0)
    }

    /// Without `other`.
    pub const fn without(self, other: Facts) -> Facts {
        Facts(self.0 & !other.0)
    }
}

/// A type of the program: its index in the table of `project::Types`. `UNKNOWN` is the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct TypeId(pub u32);

impl TypeId {
    /// No type is known.
    pub const UNKNOWN: TypeId = TypeId(0);
}

/// An abstract value. `NEVER` is the bottom: no execution gets here with it; `UNKNOWN` says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    /// What it may be.
    pub kinds: Kinds,
    /// What is known of it on some path.
    pub facts: Facts,
    /// Its type, where it is not None: a class's instance, a function, a module, a list of something.
    pub class: TypeId,
}

impl Value {
    /// No value.
    pub const NEVER: Value = Value::of(Kinds::NEVER);
    /// Any value; None only without evidence.
    pub const UNKNOWN: Value = Value::of(Kinds::ANY);
    /// None.
    pub const NONE: Value = Value::of(Kinds::NONE);

    /// A value of these kinds and no more.
    pub const fn of(kinds: Kinds) -> Value {
        Value {
            kinds,
            facts: Facts::NOTHING,
            class: TypeId::UNKNOWN,
        }
    }

    /// A value of one kind and type.
    pub const fn typed(kinds: Kinds, class: TypeId) -> Value {
        Value {
            kinds,
            facts: Facts::NOTHING,
            class,
        }
    }

    /// Whether no execution has it.
    pub const fn is_never(self) -> bool {
        self.kinds.is_empty()
    }

    /// Whether there is evidence that it is None on some path.
    pub const fn may_be_none(self) -> bool {
        self.kinds.has(Kinds::NONE)
    }

    /// Whether it is None on every path.
    pub fn is_none(self) -> bool {
        self.kinds == Kinds::NONE
    }

    /// Whether nothing is known but, perhaps, that it can be None.
    pub fn is_unknown(self) -> bool {
        self.kinds.has(Kinds::ANY)
    }

    /// The least value above both.
    pub fn join(self, other: Value) -> Value {
        Value {
            kinds: self.kinds | other.kinds,
            facts: self.facts.with(other.facts),
            class: self.joined_class(other),
        }
    }

    /// None and unbound have no class to disagree about.
    fn joined_class(self, other: Value) -> TypeId {
        let classless = Kinds::NONE | Kinds::UNBOUND;
        if (self.kinds - classless).is_empty() {
            other.class
        } else if (other.kinds - classless).is_empty() || self.class == other.class {
            self.class
        } else {
            TypeId::UNKNOWN
        }
    }

    /// What is left where the value is known to be of `kinds`. An unknown value becomes exactly these.
    pub fn meet(self, kinds: Kinds) -> Value {
        let known = self.kinds & kinds;
        let kept = if self.kinds.has(Kinds::ANY) {
            kinds
        } else {
            known
        };
        self.keep(kept)
    }

    /// What is left where the value is known not to be of `kinds`.
    pub fn without(self, kinds: Kinds) -> Value {
        self.keep(self.kinds - kinds)
    }

    fn keep(self, kinds: Kinds) -> Value {
        let valueless = (kinds - Kinds::NONE - Kinds::UNBOUND).is_empty();
        Value {
            kinds,
            facts: if valueless {
                Facts::NOTHING
            } else {
                self.facts
            },
            class: if valueless {
                TypeId::UNKNOWN
            } else {
                self.class
            },
        }
    }

    /// With these facts besides.
    pub const fn with(self, facts: Facts) -> Value {
        Value {
            facts: self.facts.with(facts),
            ..self
        }
    }

    /// Known not to have these facts.
    pub const fn free_of(self, facts: Facts) -> Value {
        Value {
            facts: self.facts.without(facts),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of a few kinds and facts: enough for each branch of the operations, few enough to try all triples.
    fn values() -> Vec<Value> {
        let kinds = [Kinds::NONE, Kinds::UNBOUND, Kinds::TEXT, Kinds::ANY];
        let mut all = Vec::new();
        for bits in 0..16_u32 {
            let picked = (0..4).filter(|bit| bits >> bit & 1 == 1);
            let set = picked.fold(Kinds::NEVER, |set, bit| set | kinds[bit]);
            for facts in [Facts::NOTHING, Facts::EMPTY] {
                for class in [TypeId(0), TypeId(1), TypeId(2)] {
                    let value = Value {
                        kinds: set,
                        facts,
                        class,
                    };
                    all.push(value.keep(set));
                }
            }
        }
        all
    }

    #[test]
    fn join_is_a_least_upper_bound_of_kinds_and_facts() {
        let all = values();
        for &a in &all {
            assert_eq!(a.join(a), a);
            assert_eq!(a.join(Value::NEVER), a);
            for &b in &all {
                assert_eq!(a.join(b), b.join(a));
                for &c in &all {
                    let left = a.join(b).join(c);
                    let right = a.join(b.join(c));
                    assert_eq!(left.kinds, right.kinds);
                    assert_eq!(left.facts, right.facts);
                }
            }
        }
    }

    #[test]
    fn narrowing_never_adds_a_known_kind() {
        for value in values() {
            for kind in Kinds::EACH {
                assert!(!value.without(kind).kinds.meets(kind));
                let met = value.meet(kind);
                assert!((met.kinds - kind).is_empty());
                if !value.is_unknown() {
                    assert_eq!(met.kinds, value.kinds & kind);
                }
            }
        }
    }
}
