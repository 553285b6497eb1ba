//! What a rule is.

use crate::finding::{Finding, Severity};
use crate::flow::{Event, Solution, State};
use crate::rules::scene::{Scene, Whole};

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name: the hazard, in kebab case.
    pub name: &'static str,
    /// Which sentence of the notes it stands for.
    pub family: Family,
    /// Its page: front matter with the messages, then the manual's text.
    pub page: &'static str,
    /// How bad its findings are unless one says otherwise.
    pub severity: Severity,
    /// What it looks at.
    pub check: Check,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Everything that happens in a function, with what holds while it happens.
    Event(fn(&Scene<'_>, &State, Event<'_>) -> Option<Finding>),
    /// Each function by itself.
    Function(fn(&Scene<'_>, &Solution) -> Vec<Finding>),
    /// The same where tests are no exception: in them, what the others find is a hint.
    FunctionAndTest(fn(&Scene<'_>, &Solution) -> Vec<Finding>),
    /// Everything that happens in a function, and then the whole program for what only that tells.
    EventAndProgram(
        fn(&Scene<'_>, &State, Event<'_>) -> Option<Finding>,
        fn(&'static Rule, &Whole<'_>) -> Vec<Finding>,
    ),
    /// The whole program.
    Program(fn(&'static Rule, &Whole<'_>) -> Vec<Finding>),
}

/// The sentence of the notes that a rule stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// A temporary variable must never overwrite an existing one.
    Names,
    /// Every function must intercept null arguments.
    None,
    /// Network requests, database IO and numeric computation get a try-except, in moderation.
    Guarded,
    /// Test the boundary values.
    Boundary,
    /// Redis is a cache: only data that expires.
    Storage,
    /// Interfaces and abstract classes cannot be instantiated.
    Classes,
    /// Running Python code dynamically.
    Dynamic,
    /// Twisted, gevent, greenlets, async and await.
    Concurrency,
    /// Memory that grows, CPU that spikes, singletons and observers.
    Incidents,
    /// Functions are values that are assigned and passed on.
    Functional,
}

impl Family {
    /// Every family, in the notes' order.
    pub const ALL: &[Family] = &[
        Family::Names,
        Family::None,
        Family::Guarded,
        Family::Boundary,
        Family::Storage,
        Family::Classes,
        Family::Dynamic,
        Family::Concurrency,
        Family::Incidents,
        Family::Functional,
    ];

    /// The family's name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Names => "names",
            Family::None => "none",
            Family::Guarded => "guarded",
            Family::Boundary => "boundary",
            Family::Storage => "storage",
            Family::Classes => "classes",
            Family::Dynamic => "dynamic",
            Family::Concurrency => "concurrency",
            Family::Incidents => "incidents",
            Family::Functional => "functional",
        }
    }
}
