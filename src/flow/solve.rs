//! The worklist: states at the heads of blocks to a fixpoint.
//!
//! A `finally` body stands once in the code and is entered in several ways: normally, on the way of a `return`, `break`
//! or `continue`, with an exception. What holds there is kept apart for each way through it, or a variable that is
//! bound on the normal way would seem unbound behind the statement.

use super::raising::Raising;
use super::{Flow, Held, Observer, Silent, State};
use crate::ir::{Block, BlockId, Inst, Next, TryId, TryKind};
use crate::value::Kinds;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Where control was headed when it entered a `finally` body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Headed {
    To(BlockId),
    Return,
    Raise,
}

/// The `finally` bodies that control is inside of, and where it was headed: an index into `Solution::ways`.
type Way = u32;

/// Deeper nesting of `finally` bodies in each other, or more ways through them, give the function up.
const WAYS: usize = 400;

/// A function is given up where its blocks are visited more often than this many times on average.
const VISITS: usize = 60;

/// A function with more blocks than this is given up: the largest of 320,000 functions that people wrote has 540, and
/// what rules ask of a function may grow with the square of its blocks.
const BLOCKS: usize = 2_000;

/// What holds before each instruction is kept for those who ask again, unless instructions times places are more.
const KEPT: usize = 4_000_000;

/// What holds at the head of every block.
pub struct Solution {
    /// Outside of all `finally` bodies, by block.
    outside: Vec<Option<State>>,
    /// Inside of them.
    inside: FxHashMap<(BlockId, Way), State>,
    ways: Vec<Vec<(TryId, Headed)>>,
    known_ways: FxHashMap<Vec<(TryId, Headed)>, Way>,
    /// A bound was hit: nothing is known of this function.
    pub gave_up: bool,
    /// Control can fall off the end of the function.
    pub falls_off: bool,
}

/// A worklist run.
struct Run<'f, 'p, 'a> {
    flow: &'f Flow<'p, 'a>,
    solution: Solution,
    open: BTreeSet<(BlockId, Way)>,
    visits: usize,
}

impl<'p, 'a> Flow<'p, 'a> {
    /// Computes what holds at the head of every block.
    pub fn solve(&self) -> Solution {
        let mut solution = Solution {
            outside: Vec::new(),
            inside: FxHashMap::default(),
            ways: vec![Vec::new()],
            known_ways: FxHashMap::default(),
            gave_up: false,
            falls_off: false,
        };
        if self.code.blocks.len() > BLOCKS || self.code.is_too_wide(self.module) {
            solution.gave_up = true;
            return solution;
        }
        solution.outside.resize(self.code.blocks.len(), None);
        let mut run = Run {
            flow: self,
            solution,
            open: BTreeSet::new(),
            visits: 0,
        };
        run.arrive(BlockId::new(0), 0, &self.entry());
        let bound = VISITS * self.code.blocks.len() + 1000;
        while let Some((block, way)) = run.open.pop_first() {
            run.visits += 1;
            if run.visits > bound || run.solution.ways.len() > WAYS {
                run.solution.gave_up = true;
                break;
            }
            run.block(block, way);
        }
        run.solution
    }

    /// Runs through every block that control gets to, in order, and tells what happens.
    pub fn walk(&self, solution: &Solution, observer: &mut dyn Observer) {
        if solution.gave_up {
            return;
        }
        for head in solution.heads() {
            let Some(mut state) = solution.get(head.0, head.1).cloned() else {
                continue;
            };
            let block = self.code.block(head.0);
            for index in block.insts.range() {
                self.position.set((head.0, index as u32));
                if !state.is_reachable() {
                    break;
                }
                observer.inst(self, &state);
                self.run(&self.code.insts[index], &mut state, observer);
            }
            if block.next == Next::Return && state.is_reachable() && !self.ends_in_return(block) {
                let held = Held {
                    value: crate::value::Value::NONE,
                    ..Held::UNKNOWN
                };
                observer.event(self, &state, super::Event::Return { value: None, held });
            }
        }
    }

    /// Calls `visit` with every instruction that control gets to, and with what holds before it on the first way there.
    pub fn each_reached(&self, solution: &Solution, visit: &mut dyn FnMut((BlockId, u32), &State)) {
        if self.code.insts.len() * self.code.places.len() > KEPT {
            return self.first_visits(solution, visit);
        }
        let record = || {
            let mut reached = Vec::new();
            self.first_visits(solution, &mut |at, state| reached.push((at, state.clone())));
            reached
        };
        for (at, state) in self.reached(record).iter() {
            self.position.set(*at);
            visit(*at, state);
        }
    }

    fn first_visits(&self, solution: &Solution, visit: &mut dyn FnMut((BlockId, u32), &State)) {
        let seen = vec![false; self.code.insts.len()];
        self.walk(solution, &mut FirstVisits { visit, seen });
    }

    /// Walks through the function as `walk` does, and remembers what holds before each instruction for those who ask with
    /// `each_reached` afterwards.
    pub fn walk_and_remember(&self, solution: &Solution, observer: &mut dyn Observer) {
        if self.code.insts.len() * self.code.places.len() > KEPT {
            return self.walk(solution, observer);
        }
        let seen = vec![false; self.code.insts.len()];
        let mut remembering = Remembering {
            observer,
            seen,
            reached: Vec::with_capacity(self.code.insts.len()),
        };
        self.walk(solution, &mut remembering);
        let reached = remembering.reached;
        self.reached(|| reached);
    }

    fn ends_in_return(&self, block: &Block) -> bool {
        let last = self.code.insts(block).last();
        matches!(
            last,
            Some(Inst {
                kind: crate::ir::InstKind::Return(_),
                ..
            })
        )
    }
}

/// Hands on each instruction once.
struct FirstVisits<'v> {
    visit: &'v mut dyn FnMut((BlockId, u32), &State),
    seen: Vec<bool>,
}

impl Observer for FirstVisits<'_> {
    fn event(&mut self, _: &Flow<'_, '_>, _: &State, _: super::Event<'_>) {}

    fn inst(&mut self, flow: &Flow<'_, '_>, state: &State) {
        let at = flow.position();
        if !std::mem::replace(&mut self.seen[at.1 as usize], true) {
            (self.visit)(at, state);
        }
    }
}

/// Keeps what holds before each instruction, on the first way there.
struct Remembering<'o> {
    observer: &'o mut dyn Observer,
    seen: Vec<bool>,
    reached: Vec<((BlockId, u32), State)>,
}

impl Observer for Remembering<'_> {
    fn event(&mut self, flow: &Flow<'_, '_>, state: &State, event: super::Event<'_>) {
        self.observer.event(flow, state, event);
    }

    fn inst(&mut self, flow: &Flow<'_, '_>, state: &State) {
        let at = flow.position();
        if !std::mem::replace(&mut self.seen[at.1 as usize], true) {
            self.reached.push((at, state.clone()));
        }
        self.observer.inst(flow, state);
    }
}

impl Solution {
    fn get(&self, block: BlockId, way: Way) -> Option<&State> {
        match way {
            0 => self.outside.get(block.index())?.as_ref(),
            _ => self.inside.get(&(block, way)),
        }
    }

    /// Where control gets to, in order.
    fn heads(&self) -> Vec<(BlockId, Way)> {
        let outside = self.outside.iter().enumerate();
        let outside = outside.filter(|(_, state)| state.is_some());
        let outside = outside.map(|(block, _)| (BlockId::new(block), 0));
        let mut heads: Vec<_> = outside.chain(self.inside.keys().copied()).collect();
        heads.sort_unstable();
        heads
    }

    /// What holds when a block is entered, on all ways through it together.
    pub fn at(&self, block: BlockId) -> Option<State> {
        let mut joined: Option<State> = None;
        for way in 0..self.ways.len() as u32 {
            let Some(state) = self.get(block, way) else {
                continue;
            };
            match &mut joined {
                Some(joined) => {
                    joined.join(state);
                }
                None => joined = Some(state.clone()),
            }
        }
        joined
    }
}

impl Run<'_, '_, '_> {
    fn arrive(&mut self, block: BlockId, way: Way, state: &State) {
        if !state.is_reachable() {
            return;
        }
        let known = match way {
            0 => self.solution.outside[block.index()].as_mut(),
            _ => self.solution.inside.get_mut(&(block, way)),
        };
        let changed = match (known, way) {
            (Some(known), _) => known.join(state),
            (None, 0) => {
                self.solution.outside[block.index()] = Some(state.clone());
                true
            }
            (None, _) => {
                self.solution.inside.insert((block, way), state.clone());
                true
            }
        };
        if changed {
            self.open.insert((block, way));
        }
    }

    fn block(&mut self, id: BlockId, way: Way) {
        let Some(mut state) = self.solution.get(id, way).cloned() else {
            return;
        };
        let block = *self.flow.code.block(id);
        for index in block.insts.range() {
            let inst = &self.flow.code.insts[index];
            self.flow.position.set((id, index as u32));
            if block.guard.is_some() {
                let raising = self.flow.raising(index as u32);
                if !raising.is_nothing() {
                    self.raise(block.guard, way, &state, raising);
                }
            }
            self.flow.run(inst, &mut state, &mut Silent);
            if !state.is_reachable() {
                return;
            }
        }
        self.leave(id, block, way, &state);
    }

    fn leave(&mut self, id: BlockId, block: Block, way: Way, state: &State) {
        match block.next {
            Next::Goto(to) => self.jump(block.guard, way, Headed::To(to), state),
            Next::Branch(one, other) => {
                self.jump(block.guard, way, Headed::To(one), state);
                if self.flow.code.loops.iter().any(|of| of.header == id) {
                    let mut behind = state.clone();
                    self.flow.passed_loop(id, &mut behind);
                    self.jump(block.guard, way, Headed::To(other), &behind);
                } else {
                    self.jump(block.guard, way, Headed::To(other), state);
                }
            }
            Next::Return => self.jump(block.guard, way, Headed::Return, state),
            Next::Resume(region) => self.resume(region, way, state),
            Next::Raise | Next::Never => {}
        }
    }

    /// Goes where control is headed, through the `finally` bodies on the way.
    fn jump(&mut self, from: Option<TryId>, way: Way, headed: Headed, state: &State) {
        let code = self.flow.code;
        let stop = match headed {
            Headed::To(block) => code.block(block).guard,
            Headed::Return | Headed::Raise => None,
        };
        let mut at = from;
        // A jump into a nested region leaves none of those around it.
        while let Some(region) = at
            && !code.is_within(stop, region)
        {
            if let TryKind::Finally { entry, .. } = code.region(region).kind {
                let inside = self.enter(way, region, headed);
                self.arrive(entry, inside, state);
                return;
            }
            at = code.region(region).parent;
        }
        match headed {
            Headed::To(block) => self.arrive(block, way, state),
            Headed::Return => self.solution.falls_off = true,
            Headed::Raise => {}
        }
    }

    fn enter(&mut self, way: Way, region: TryId, headed: Headed) -> Way {
        let mut path = self.solution.ways[way as usize].clone();
        // A body is never inside of itself: whoever enters it again has left it, by a `break` or `continue` in it.
        if let Some(left) = path.iter().position(|&(inside, _)| inside == region) {
            path.truncate(left);
        }
        path.push((region, headed));
        if let Some(&known) = self.solution.known_ways.get(&path) {
            return known;
        }
        let new = self.solution.ways.len() as Way;
        self.solution.ways.push(path.clone());
        self.solution.known_ways.insert(path, new);
        new
    }

    /// At the end of a `finally` body: on to where control was headed.
    fn resume(&mut self, region: TryId, way: Way, state: &State) {
        let mut path = self.solution.ways[way as usize].clone();
        let Some((_, headed)) = path.pop() else {
            return;
        };
        let outer = if path.is_empty() {
            0
        } else {
            self.solution.known_ways.get(&path).copied().unwrap_or(0)
        };
        let parent = self.flow.code.region(region).parent;
        match headed {
            Headed::Raise => {
                let anything = Raising {
                    anything: true,
                    ..Raising::default()
                };
                self.raise(parent, outer, state, anything);
            }
            _ => self.jump(parent, outer, headed, state),
        }
    }

    /// Carries the state from before an instruction to everybody who may catch what it raises.
    fn raise(&mut self, guard: Option<TryId>, way: Way, state: &State, raising: Raising) {
        let code = self.flow.code;
        let mut at = guard;
        while let Some(id) = at {
            let region = code.region(id);
            match &region.kind {
                TryKind::Catch { handlers, .. } => {
                    let catches = self.flow.catches(id);
                    for (handler, catches) in handlers.iter().zip(catches.iter()) {
                        let (receives, ends) = self.flow.handles(catches, raising);
                        if receives {
                            self.arrive(handler.entry, way, state);
                        }
                        if ends {
                            return;
                        }
                    }
                }
                TryKind::Finally { entry, .. } => {
                    let inside = self.enter(way, id, Headed::Raise);
                    self.arrive(*entry, inside, state);
                    return;
                }
                TryKind::With { manager, after, .. } => {
                    if self.flow.swallows(*manager) {
                        let mut state = state.clone();
                        self.flow.other_code_ran(&mut state);
                        self.jump(region.parent, way, Headed::To(*after), &state);
                    }
                }
            }
            at = region.parent;
        }
    }
}

impl State {
    /// Whether a place is bound on every path.
    pub fn is_bound(&self, place: crate::ir::PlaceId) -> bool {
        !self.get(place).value.kinds.meets(Kinds::UNBOUND)
    }
}
