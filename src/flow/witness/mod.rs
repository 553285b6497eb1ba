//! Looks for a way through a function that really can be taken: one on which no condition comes out both ways.
//!
//! The worklist joins what holds on different paths and forgets which conditions go together. Before something is told
//! that holds on one path only, that path is looked for: from the entry, with a memory of how each condition came out.

mod carry;
mod closed;
mod compare;
mod doubt;
mod facts;
mod kinds;
mod live;
mod rounds;
mod steps;
mod suppose;
mod survive;
mod turns;
mod ways;

use super::Flow;
use crate::ir::{BlockId, ExprId, ExprKind, PlaceId, Run, TryId, TryKind};
use facts::{Fact, Facts};
use live::Live;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use turns::Turn;
pub use turns::{Course, Decided, Shape};
use ways::Exits;

/// What is looked for: control reaches `target` while `place` still holds what it was given at `origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The variable or path.
    pub place: PlaceId,
    /// The expression that it is bound to; nothing for a variable that is not bound at all.
    pub origin: Option<ExprId>,
    /// It is a parameter, and None was passed.
    pub passed: bool,
    /// The instruction that uses it.
    pub target: (BlockId, u32),
}

impl Wanted {
    /// A variable that is not bound at all is looked for.
    fn is_unbound(&self) -> bool {
        self.origin.is_none() && !self.passed
    }
}

/// What a parameter is for one call, where the call says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Given {
    /// None.
    None,
    /// A literal that is true or false, and not None.
    Literal(bool),
    /// Something that is not None.
    Something,
}

/// What else is known of a way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances<'c> {
    /// What the call gave to parameters.
    pub given: &'c [(PlaceId, Given)],
    /// The expression inside the target that must be evaluated.
    pub subject: Option<ExprId>,
}

/// What came of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// There is no such way.
    None,
    /// Only with an exception that its handler more likely does not wait for.
    Unlikely,
    /// Only past a chain of tests of one thing against constants, none of which fits.
    Unlisted,
    /// Only if a loop over something runs no round.
    EmptyLoop,
    /// Only if a loop that binds the name in some round comes to its end without, or a thing is not the one value that
    /// it is tested for.
    Unfound,
    /// Only with an exception of which nothing is known but that a handler waits for it.
    Exception,
    /// There is.
    Path,
}

/// The search is given up after so many steps; then there is no witness.
const STEPS: usize = 4000;

/// All searches of a function together: past it there is no witness for what is left of the function, which is told as
/// one that was given up. A step costs more the more facts it carries along, and so does each binding on its way.
const EFFORT: usize = 1_000_000 * STEP_COST;

/// What a step costs, beside one for each fact that it carries along.
const STEP_COST: usize = 16;

/// What a binding costs is one for so many facts that it is held against.
const FACTS: usize = 16;

/// Which way a search follows first.
#[derive(Clone, Copy)]
enum Order {
    /// The likeliest.
    LikelyFirst,
    /// The last one that it came upon.
    Any,
}

/// How a search ended.
#[derive(Clone, Copy)]
enum Outcome {
    /// With a way, which costs this.
    Found(Witness),
    /// There is none.
    Exhausted,
    /// After so many steps, on a way that costs this.
    GaveUp(Witness),
}

/// A way through the function, as far as it was followed.
#[derive(Clone)]
struct Walker {
    block: BlockId,
    facts: Facts,
    rounds: SmallVec<[u32; 4]>,
    /// Of loops that are being gone through, by their number: the rounds that began since control came to the loop.
    begun: SmallVec<[(u32, u8); 2]>,
    armed: bool,
    cost: Witness,
    /// The last turn of the way, where turns are kept.
    trail: Option<u32>,
    /// The constants that one subject was found different from, in tests one right after the other.
    refused: Option<Refused>,
}

/// A chain of tests of one subject against constants, as far as it came out false.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Refused {
    subject: u64,
    alternatives: u32,
}

/// One search, and what it remembers of conditions. A condition is a hash of its form.
struct Search<'f, 'p, 'a> {
    flow: &'f Flow<'p, 'a>,
    wanted: Wanted,
    subject: Option<ExprId>,
    suite: Option<TryId>,
    only_control: bool,
    /// The wanted name is not bound at all: then chains of tests and loops that search are weighed too.
    is_unbound: bool,
    seen: FxHashSet<u64>,
    /// The places that a condition depends on.
    mentions: FxHashMap<u64, Rc<[PlaceId]>>,
    /// Operands of which at least one came out as the flag says, by the form of the whole.
    choices: FxHashMap<u64, (Run, bool)>,
    /// Blocks that are on some way to the target.
    leading: Rc<[bool]>,
    /// Conditions that hold where one of several others does.
    one_of: FxHashMap<u64, Vec<u64>>,
    /// Of a comparison with literals: the place, and the literals' forms.
    literals: FxHashMap<u64, (PlaceId, Vec<u64>)>,
    /// Of a test of type: the form of its subject, and the built-in types that it asks for.
    types: FxHashMap<u64, (u64, u16)>,
    /// Integers, by their form.
    numbers: FxHashMap<u64, i32>,
    steps: usize,
    /// What coming to the end of a loop says, by its number.
    exits: FxHashMap<u32, Exits>,
    /// The places that conditions of `mentions` are about, and those that they start from.
    asked_about: Vec<bool>,
    /// Ways that were tried, for the room that their facts take.
    tried: Vec<Walker>,
    /// What still counts, once the search turns out to be a long one.
    live: Option<Live>,
    /// The turns of all ways and the one before each, where they are wanted.
    turns: Option<Vec<(Turn, Option<u32>)>>,
    /// The last turn of the way that was found.
    found: Option<u32>,
}

impl Flow<'_, '_> {
    /// Looks for a way on which `wanted` comes true.
    pub fn witness(&self, wanted: Wanted) -> Witness {
        self.witness_where(wanted, Circumstances::default())
    }

    /// The same for one expression of the target: what its own instruction tests before it counts too, as in
    /// `if test and use(x)`.
    pub fn witness_at(&self, wanted: Wanted, part: ExprId) -> Witness {
        self.witness_where(
            wanted,
            Circumstances {
                subject: Some(part),
                ..Circumstances::default()
            },
        )
    }

    /// The same under circumstances that the caller knows of.
    pub fn witness_where(&self, wanted: Wanted, circumstances: Circumstances<'_>) -> Witness {
        if self.is_exhausted() {
            return Witness::None;
        }
        let Circumstances { given, subject } = circumstances;
        self.asked(wanted, given, subject, || self.best(wanted, given, subject))
    }

    /// The likeliest way that there is: that which a search finds first that follows likely ways before others. Where it
    /// is given up, one that follows ways in any order may still come upon one; then it is asked whether there are likelier
    /// ones.
    fn best(&self, wanted: Wanted, given: &[(PlaceId, Given)], subject: Option<ExprId>) -> Witness {
        let leading = self.leading(wanted);
        let search = |order, least| {
            let mut search = Search::new(self, wanted, subject, Rc::clone(&leading));
            search.run(order, least, given)
        };
        let given_up_at = match search(Order::LikelyFirst, Witness::Unlikely) {
            Outcome::Found(cost) => return cost,
            Outcome::Exhausted => return Witness::None,
            Outcome::GaveUp(cost) => cost,
        };
        let Outcome::Found(found) = search(Order::Any, Witness::Unlikely) else {
            return Witness::None;
        };
        let likely = [
            Witness::Path,
            Witness::Exception,
            Witness::Unfound,
            Witness::EmptyLoop,
            Witness::Unlisted,
        ];
        // Where it was still about the likeliest ones, it went the way that a search of its own would go.
        let is_open = |least| found < least && least <= given_up_at && least != Witness::Path;
        let is_found = |least| matches!(search(Order::Any, least), Outcome::Found(_));
        let mut likely = likely.into_iter();
        let best = likely.find(|&least| is_open(least) && is_found(least));
        best.unwrap_or(found)
    }

    /// The blocks from which there is some way to what is wanted.
    fn leading(&self, wanted: Wanted) -> Rc<[bool]> {
        match wanted.is_unbound() {
            true => self.leading_unbound(wanted.target.0, wanted.place),
            false => self.leading_to(wanted.target.0),
        }
    }

    /// Whether a search was not made, because those before it took so long.
    pub fn is_exhausted(&self) -> bool {
        self.effort.get() > EFFORT
    }

    /// Takes an effort on account.
    fn spend(&self, effort: usize) {
        self.effort.set(self.effort.get() + effort);
    }

    /// Whether control can get to an instruction at all, with these arguments.
    pub fn reaches(&self, target: (BlockId, u32), given: &[(PlaceId, Given)]) -> bool {
        let Some(parameter) = self.code.parameters.first() else {
            return true;
        };
        let wanted = Wanted {
            place: parameter.place,
            origin: None,
            passed: false,
            target,
        };
        let leading = self.leading_to(target.0);
        let mut search = Search::new(self, wanted, None, leading);
        search.only_control = true;
        search.is_unbound = false;
        let outcome = search.run(Order::Any, Witness::Unlikely, given);
        !matches!(outcome, Outcome::Exhausted)
    }

    pub(super) fn form_of(&self, expr: ExprId) -> u64 {
        let module = self.module;
        let mut hasher = FxHasher::default();
        module.walk(expr, &mut |part| {
            hash_kind(module.kind(part), &mut hasher);
        });
        hasher.finish()
    }

    /// The form of an expression that has no parts.
    fn form_of_leaf(kind: ExprKind) -> u64 {
        let mut hasher = FxHasher::default();
        hash_kind(kind, &mut hasher);
        hasher.finish()
    }

    /// The `finally` whose suite a block stands in. Ways through other such suites are not followed.
    fn finally_around(&self, block: BlockId) -> Option<TryId> {
        let first = self.code.insts(self.code.block(block)).first()?;
        let found = self
            .code
            .tries
            .iter()
            .rposition(|region| match &region.kind {
                TryKind::Finally { suite, .. } => suite.contains(first.span),
                _ => false,
            });
        found.map(TryId::new)
    }
}

impl<'f, 'p, 'a> Search<'f, 'p, 'a> {
    fn new(
        flow: &'f Flow<'p, 'a>,
        wanted: Wanted,
        subject: Option<ExprId>,
        leading: Rc<[bool]>,
    ) -> Self {
        Self {
            flow,
            wanted,
            subject,
            suite: flow.finally_around(wanted.target.0),
            only_control: false,
            is_unbound: wanted.is_unbound(),
            seen: FxHashSet::default(),
            mentions: FxHashMap::default(),
            choices: FxHashMap::default(),
            leading,
            one_of: FxHashMap::default(),
            literals: FxHashMap::default(),
            types: FxHashMap::default(),
            numbers: FxHashMap::default(),
            steps: 0,
            exits: FxHashMap::default(),
            asked_about: vec![false; flow.code.places.len()],
            tried: Vec::new(),
            live: None,
            turns: None,
            found: None,
        }
    }

    /// Looks for a way that costs no less than `least`.
    fn run(&mut self, order: Order, least: Witness, given: &[(PlaceId, Given)]) -> Outcome {
        let start = Walker {
            block: BlockId::new(0),
            facts: Facts::default(),
            rounds: SmallVec::new(),
            begun: SmallVec::new(),
            trail: None,
            armed: self.wanted.origin.is_none(),
            cost: Witness::Path,
            refused: None,
        };
        let mut start = start;
        let passed = Some((self.wanted.place, Given::None)).filter(|_| self.wanted.passed);
        for (place, given) in passed.into_iter().chain(given.iter().copied()) {
            match given {
                Given::None => self.remember(&mut start, place, true, false),
                Given::Literal(truth) => self.remember(&mut start, place, false, truth),
                Given::Something => {
                    let condition = self.noneness_of(place);
                    start.facts.push(Fact {
                        condition,
                        holds: false,
                    });
                }
            }
        }
        self.declare(&mut start);
        // Ways that cost less are followed once there are no others.
        let mut open: [Vec<Walker>; Witness::Path as usize + 1] = Default::default();
        let level = |walker: &Walker| match order {
            Order::LikelyFirst => walker.cost as usize,
            Order::Any => 0,
        };
        open[level(&start)].push(start);
        let mut next = Vec::new();
        while let Some(mut walker) = open.iter_mut().rev().find_map(Vec::pop) {
            self.steps += 1;
            self.flow.spend(STEP_COST + walker.facts.len());
            let cost = walker.cost;
            if self.steps > STEPS || self.flow.is_exhausted() {
                return Outcome::GaveUp(cost);
            }
            if !self.leading[walker.block.index()] {
                continue;
            }
            self.trim(&mut walker);
            if walker.cost < least || !self.seen.insert(hash_of(&walker)) {
                continue;
            }
            if self.block(walker, &mut next) {
                return Outcome::Found(cost);
            }
            for walker in next.drain(..) {
                open[level(&walker)].push(walker);
            }
        }
        Outcome::Exhausted
    }
}

/// What an expression is, its parts aside.
fn hash_kind(kind: ExprKind, hasher: &mut FxHasher) {
    std::mem::discriminant(&kind).hash(hasher);
    match kind {
        ExprKind::Name(place) => place.hash(hasher),
        ExprKind::Attribute { name, .. }
        | ExprKind::Number(name)
        | ExprKind::Text(name)
        | ExprKind::Bytes(name) => name.hash(hasher),
        ExprKind::Int(number) => number.hash(hasher),
        ExprKind::Call { arguments, .. } => arguments.count.hash(hasher),
        ExprKind::Compare { operator, .. } => (operator as u8).hash(hasher),
        ExprKind::Binary { operator, .. } => (operator as u8).hash(hasher),
        _ => {}
    }
}

fn hash_of<T: Hash + ?Sized>(of: &T) -> u64 {
    let mut hasher = FxHasher::default();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Hash for Walker {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (
            self.block,
            &self.facts,
            &self.rounds,
            &self.begun,
            self.armed,
            self.cost as u8,
            self.refused,
        )
            .hash(hasher);
    }
}
