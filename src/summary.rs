//! What a call does, as its caller sees it: computed for the project's functions, written down for the libraries'.

use crate::text::Location;
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// A class of the program: its index in `project::Classes`. Those of the library come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassRef(pub u32);

/// A set of parameters, by position; those past the 63rd are never in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameters(u64);

impl Parameters {
    /// None.
    pub const NONE: Parameters = Parameters(0);
    /// All: the bottom of a "must" fact.
    pub const ALL: Parameters = Parameters(u64::MAX);

    /// Whether parameter `index` is in it.
    pub fn has(self, index: usize) -> bool {
        index < 63 && self.0 >> index & 1 == 1
    }

    /// With parameter `index`.
    pub fn insert(&mut self, index: usize) {
        if index < 63 {
            self.0 |= 1 << index;
        }
    }

    /// Those in both.
    pub fn and(self, other: Parameters) -> Parameters {
        Parameters(self.0 & other.0)
    }

    /// Those in either.
    pub fn or(self, other: Parameters) -> Parameters {
        Parameters(self.0 | other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl std::fmt::Display for Parameters {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let indices = (0..63)
            .filter(|&index| self.has(index))
            .map(|index| index.to_string());
        out.write_str(&indices.collect::<Vec<_>>().join(", "))
    }
}

/// What a call touches besides memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Effects(u8);

impl Effects {
    /// Nothing.
    pub const NOTHING: Effects = Effects(0);
    /// The network.
    pub const NETWORK: Effects = Effects(1);
    /// A database or cache.
    pub const DATABASE: Effects = Effects(1 << 1);
    /// The file system.
    pub const FILE: Effects = Effects(1 << 2);
    /// Another process.
    pub const PROCESS: Effects = Effects(1 << 3);
    /// Reads text into values.
    pub const PARSE: Effects = Effects(1 << 4);
    /// It can wait for something outside.
    pub const BLOCKING: Effects = Effects(1 << 5);

    /// Whether any of `other` is in it.
    pub const fn meets(self, other: Effects) -> bool {
        self.0 & other.0 != 0
    }

    /// Both.
    pub const fn with(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }
}

/// An exception that leaves a call, and how it got there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raise {
    /// Its class.
    pub class: ClassRef,
    /// Where it arises and the calls that it came through, innermost first; empty for what a library raises by itself.
    pub path: Vec<Location>,
    /// What the call that raises it does; nothing for a `raise` statement.
    pub effects: Effects,
}

/// A parameter that must not be None, as the body uses it with no guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// Which.
    pub parameter: u16,
    /// Where it is used, innermost function.
    pub location: Location,
    /// It fails on every path that returns: there is no way around the use.
    pub always: bool,
}

/// How a call's result reaches the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// The call returns it.
    #[default]
    Now,
    /// The call returns a generator.
    Generator,
    /// The call returns a coroutine; `await` gives the result and raises what is raised.
    Awaited,
    /// The call returns a Twisted Deferred; `yield` in inlineCallbacks and `await` give the result.
    Deferred,
}

/// An argument that a call should be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// Keywords any of which satisfies it.
    pub one_of: Vec<String>,
    /// 0-based position that satisfies it too, `self` not counted.
    pub position: Option<u8>,
    /// The rule that asks for it.
    pub rule: String,
}

/// What a call does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What it returns; None is in it only with evidence.
    pub returns: Value,
    /// Where it returns None, for the findings that follow from it.
    pub none_at: Vec<Location>,
    /// It returns None exactly if this argument is None.
    pub none_if_none: Parameters,
    /// It returns tuples of one length, in which these elements are None now and then.
    pub none_items: Parameters,
    /// It returns this argument as it is, if it returns one.
    pub returns_argument: Option<u16>,
    /// It never returns.
    pub never_returns: bool,
    /// It returns only if these are not None.
    pub requires: Parameters,
    /// It does not return if one of these is true.
    pub stops_if: Parameters,
    /// It does not return if one of these is false.
    pub stops_unless: Parameters,
    /// A true result means that these are not None.
    pub true_means: Parameters,
    /// A false result means that these are not None.
    pub false_means: Parameters,
    /// What it uses without a guard.
    pub demands: Vec<Demand>,
    /// What leaves it.
    pub raises: Vec<Raise>,
    /// Whether `raises` is all that matters, or anything may come out besides.
    pub effects: Effects,
    /// How the result arrives.
    pub delivery: Delivery,
    /// Arguments that it should be given.
    pub wants: Vec<Want>,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            returns: Value::UNKNOWN,
            none_at: Vec::new(),
            none_if_none: Parameters::NONE,
            none_items: Parameters::NONE,
            returns_argument: None,
            never_returns: false,
            requires: Parameters::NONE,
            stops_if: Parameters::NONE,
            stops_unless: Parameters::NONE,
            true_means: Parameters::NONE,
            false_means: Parameters::NONE,
            demands: Vec::new(),
            raises: Vec::new(),
            effects: Effects::NOTHING,
            delivery: Delivery::Now,
            wants: Vec::new(),
        }
    }
}
