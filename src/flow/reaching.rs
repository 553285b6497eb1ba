//! Which bindings of a variable reach which reads of it: searches forward from one binding, made for candidates only.

pub use super::access::Access;

use super::Flow;
use super::raising::Raising;
use crate::ir::{
    BlockId, ExprId, ExprKind, Function, Inst, InstKind, Next, PlaceId, Source, TryId, TryKind,
};
use std::rc::Rc;

/// Where a search starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the head of the function: with the argument, for a parameter.
    Entry,
    /// Behind this instruction, an index into `Function::insts`.
    Behind(u32),
}

/// A read or a binding, and the instruction that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The name.
    pub name: ExprId,
    /// The instruction.
    pub inst: u32,
}

/// How far a binding gets.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Reads that may see it.
    pub reads: Vec<At>,
    /// Bindings that may replace it.
    pub kills: Vec<At>,
    /// Deletions that may end it.
    pub deletions: Vec<At>,
    /// It may still be there when the function returns or the module's end is reached.
    pub survives: bool,
}

impl Reach {
    /// Whether it may be replaced by the binding in this instruction.
    pub fn is_killed_at(&self, inst: u32) -> bool {
        self.kills.iter().any(|kill| kill.inst == inst)
    }

    /// Whether this read may see it.
    pub fn is_read_by(&self, name: ExprId) -> bool {
        self.reads.iter().any(|read| read.name == name)
    }
}

/// The ways through a function, conditions aside.
pub struct Reaching<'f, 'p, 'a> {
    flow: &'f Flow<'p, 'a>,
    layout: Rc<Layout>,
}

/// Where control may go from each block.
pub(super) struct Layout {
    block_of: Vec<Option<BlockId>>,
    next: Vec<Vec<BlockId>>,
    ends: Vec<bool>,
}

impl<'f, 'p, 'a> Reaching<'f, 'p, 'a> {
    /// Lays out the ways through the function of `flow`.
    pub fn of(flow: &'f Flow<'p, 'a>) -> Self {
        Self {
            flow,
            layout: flow.layout(),
        }
    }

    /// The block of an instruction.
    pub fn block_of(&self, inst: u32) -> Option<BlockId> {
        self.layout.block_of.get(inst as usize).copied().flatten()
    }

    /// Blocks from which control may get to `target`, itself among them.
    pub(super) fn leading_to(&self, target: BlockId) -> Vec<bool> {
        let before = self.flow.before();
        let mut seen = vec![false; self.flow.code.blocks.len()];
        let mut open = vec![target.index()];
        while let Some(block) = open.pop() {
            if !std::mem::replace(&mut seen[block], true) {
                open.extend(&before[block]);
            }
        }
        seen
    }

    /// Those of them from which control may get there without binding a variable. Before a block binds it, what it runs may
    /// raise; behind it no way goes on.
    pub(super) fn leading_unbound(&self, target: BlockId, place: PlaceId) -> Vec<bool> {
        let code = self.flow.code;
        let before = self.flow.before();
        let binds = |index: usize| {
            let mut insts = code.insts(&code.blocks[index]).iter();
            insts.any(|inst| self.is_bound_by(inst, place) && !is_caught(inst))
        };
        let mut seen = vec![false; code.blocks.len()];
        let mut open = vec![target.index()];
        while let Some(block) = open.pop() {
            if std::mem::replace(&mut seen[block], true) {
                continue;
            }
            let to = BlockId::new(block);
            open.extend(before[block].iter().copied().filter(|&from| {
                !seen[from]
                    && (!binds(from) || self.every_catcher(code.blocks[from].guard).contains(&to))
            }));
        }
        seen
    }

    /// Whether a variable is bound wherever control gets past an instruction.
    fn is_bound_by(&self, inst: &Inst, place: PlaceId) -> bool {
        let InstKind::Bind { target, .. } = inst.kind else {
            return false;
        };
        let module = self.flow.module;
        let is_it = |part| self.flow.place_of(part) == Some(place);
        match module.kind(target) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                module.list(parts).iter().any(|&part| is_it(part))
            }
            _ => is_it(target),
        }
    }

    /// For each block, those from which control may come to it. Every handler counts, whatever it catches.
    pub(super) fn before(&self) -> Vec<Vec<usize>> {
        let code = self.flow.code;
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); code.blocks.len()];
        for (index, block) in code.blocks.iter().enumerate() {
            let direct = match block.next {
                Next::Goto(to) => vec![to],
                Next::Branch(one, other) => vec![one, other],
                _ => Vec::new(),
            };
            let caught = self.every_catcher(block.guard);
            for to in self.layout.next[index]
                .iter()
                .copied()
                .chain(direct)
                .chain(caught)
            {
                before[to.index()].push(index);
            }
        }
        before
    }

    /// The blocks that whatever is raised under a guard may get to, whatever they catch.
    pub(super) fn every_catcher(&self, guard: Option<TryId>) -> Vec<BlockId> {
        let mut found = Vec::new();
        let mut at = guard;
        while let Some(id) = at {
            let region = self.flow.code.region(id);
            match &region.kind {
                TryKind::Catch { handlers, .. } => {
                    found.extend(handlers.iter().map(|handler| handler.entry));
                }
                TryKind::Finally { entry, .. } => found.push(*entry),
                TryKind::With { after, .. } => found.push(*after),
            }
            at = region.parent;
        }
        found
    }

    /// Follows a variable from where it got its value.
    pub fn reach(&self, place: PlaceId, from: Start) -> Reach {
        let code = self.flow.code;
        let mut reach = Reach::default();
        let mut seen = vec![false; code.blocks.len()];
        let mut open = Vec::new();
        let (block, first) = match from {
            Start::Entry => {
                seen[0] = true;
                (BlockId::new(0), None)
            }
            Start::Behind(inst) => match self.block_of(inst) {
                Some(block) => (block, Some(inst as usize + 1)),
                None => return reach,
            },
        };
        self.through(block, first, place, &mut reach, &mut open);
        while let Some(block) = open.pop() {
            if !seen[block.index()] {
                seen[block.index()] = true;
                self.through(block, None, place, &mut reach, &mut open);
            }
        }
        reach.reads.sort_unstable_by_key(|at| (at.inst, at.name));
        reach.reads.dedup();
        reach.kills.sort_unstable_by_key(|at| (at.inst, at.name));
        reach.kills.dedup();
        reach
    }

    /// Follows a variable through a block, up to where it is bound again.
    fn through(
        &self,
        id: BlockId,
        first: Option<usize>,
        place: PlaceId,
        reach: &mut Reach,
        open: &mut Vec<BlockId>,
    ) {
        let block = self.flow.code.block(id);
        let range = block.insts.range();
        let first = first.unwrap_or(range.start) as u32;
        let stop = within(&self.flow.stops(), first, range.end as u32).next();
        let mut end = stop.map_or(range.end as u32, |stop| stop + 1);
        let mut ended = false;
        for inst in within(&self.flow.touching(place), first, end) {
            let at = |name| At { name, inst };
            let kind = &self.flow.code.insts[inst as usize];
            self.flow.accesses(kind, place, &mut |access| {
                if ended {
                    return;
                }
                match access {
                    Access::Read(name) => reach.reads.push(at(name)),
                    Access::Write(name) => {
                        reach.kills.push(at(name));
                        ended = true;
                    }
                    Access::Delete(name) => {
                        reach.deletions.push(at(name));
                        ended = true;
                    }
                }
            });
            if ended {
                end = inst + 1;
                break;
            }
        }
        if block.guard.is_some() {
            for inst in first..end {
                let raising = self.flow.raising(inst);
                if !raising.is_nothing() {
                    open.extend(catchers(self.flow, block.guard, raising));
                }
            }
        }
        if ended || stop.is_some() {
            return;
        }
        open.extend(&self.layout.next[id.index()]);
        reach.survives |= self.layout.ends[id.index()];
    }

    /// The instructions that bind a variable, in order.
    pub fn bindings(&self, place: PlaceId) -> Vec<At> {
        let mut found = Vec::new();
        for &inst in self.flow.touching(place).iter() {
            let kind = &self.flow.code.insts[inst as usize];
            self.flow.accesses(kind, place, &mut |access| {
                if let Access::Write(name) = access {
                    found.push(At { name, inst });
                }
            });
        }
        found
    }

    /// Blocks that control gets to from the head of `from`, that block itself among them, without passing `without`.
    pub fn reachable(&self, from: BlockId, without: Option<BlockId>) -> Vec<bool> {
        let mut seen = vec![false; self.flow.code.blocks.len()];
        let mut open = vec![from];
        while let Some(block) = open.pop() {
            if seen[block.index()] || Some(block) == without {
                continue;
            }
            seen[block.index()] = true;
            open.extend(&self.layout.next[block.index()]);
            let guard = self.flow.code.block(block).guard;
            if guard.is_some() {
                open.extend(catchers(
                    self.flow,
                    guard,
                    Raising {
                        anything: true,
                        ..Raising::default()
                    },
                ));
            }
        }
        seen
    }

    /// The conditions that hold wherever this instruction runs, each with how it came out and whether the other way
    /// meets this one again later.
    pub fn conditions(&self, inst: u32) -> Vec<(ExprId, bool, bool)> {
        let code = self.flow.code;
        let Some(block) = self.block_of(inst) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (index, from) in code.blocks.iter().enumerate() {
            let Next::Branch(one, other) = from.next else {
                continue;
            };
            for (branch, sibling) in [(one, other), (other, one)] {
                let Some(Inst {
                    kind: InstKind::Assume { test, holds },
                    ..
                }) = code.insts(code.block(branch)).first()
                else {
                    continue;
                };
                let without = self.reachable(BlockId::new(0), Some(branch));
                if without[block.index()] || !self.reachable(BlockId::new(0), None)[index] {
                    continue;
                }
                let own = self.reachable(block, None);
                let others = self.reachable(sibling, Some(branch));
                let rejoins = own.iter().zip(&others).any(|(a, b)| *a && *b);
                found.push((*test, *holds, rejoins));
            }
        }
        found
    }
}

impl Layout {
    pub(super) fn of(flow: &Flow<'_, '_>) -> Self {
        let code = flow.code;
        let mut block_of = vec![None; code.insts.len()];
        for (index, block) in code.blocks.iter().enumerate() {
            for inst in block.insts.range() {
                block_of[inst] = Some(BlockId::new(index));
            }
        }
        let count = code.blocks.len();
        let mut layout = Self {
            block_of,
            next: vec![Vec::new(); count],
            ends: vec![false; count],
        };
        layout.lay_out(flow);
        layout
    }

    fn lay_out(&mut self, flow: &Flow<'_, '_>) {
        let code = flow.code;
        // Where control goes on behind each `finally` body.
        let mut resumed: Vec<(Vec<BlockId>, bool)> = vec![(Vec::new(), false); code.tries.len()];
        for (index, block) in code.blocks.iter().enumerate() {
            match block.next {
                Next::Goto(to) => self.jump(code, index, block.guard, Some(to), &mut resumed),
                Next::Branch(one, other) => {
                    self.jump(code, index, block.guard, Some(one), &mut resumed);
                    self.jump(code, index, block.guard, Some(other), &mut resumed);
                }
                Next::Return => self.jump(code, index, block.guard, None, &mut resumed),
                Next::Raise | Next::Never | Next::Resume(_) => {}
            }
        }
        for (index, block) in code.blocks.iter().enumerate() {
            let Next::Resume(region) = block.next else {
                continue;
            };
            let (targets, ends) = &resumed[region.index()];
            self.next[index].extend(targets);
            self.ends[index] |= *ends;
            let anything = Raising {
                anything: true,
                ..Raising::default()
            };
            let caught = catchers(flow, code.region(region).parent, anything);
            self.next[index].extend(caught);
        }
    }

    /// Start a block to where it is headed, through the `finally` bodies on the way.
    fn jump(
        &mut self,
        code: &Function,
        from: usize,
        guard: Option<TryId>,
        to: Option<BlockId>,
        resumed: &mut [(Vec<BlockId>, bool)],
    ) {
        let stop = to.and_then(|to| code.block(to).guard);
        let mut behind: Option<TryId> = None;
        let mut at = guard;
        while let Some(region) = at
            && !code.is_within(stop, region)
        {
            if let TryKind::Finally { entry, .. } = code.region(region).kind {
                match behind {
                    Some(inner) => resumed[inner.index()].0.push(entry),
                    None => self.next[from].push(entry),
                }
                behind = Some(region);
            }
            at = code.region(region).parent;
        }
        match (behind, to) {
            (None, Some(to)) => self.next[from].push(to),
            (None, None) => self.ends[from] = true,
            (Some(inner), Some(to)) => resumed[inner.index()].0.push(to),
            (Some(inner), None) => resumed[inner.index()].1 = true,
        }
    }
}

/// Those of some sorted instructions that are not before `first`, and before `end`.
fn within(sorted: &[u32], first: u32, end: u32) -> impl Iterator<Item = u32> {
    let from = sorted.partition_point(|&inst| inst < first);
    let found = sorted[from..].iter().copied();
    found.take_while(move |&inst| inst < end)
}

/// The blocks that an exception raised under `guard` can get to.
fn catchers(flow: &Flow<'_, '_>, guard: Option<TryId>, raising: Raising) -> Vec<BlockId> {
    let code = flow.code;
    let mut found = Vec::new();
    let mut at = guard;
    while let Some(id) = at {
        let region = code.region(id);
        match &region.kind {
            TryKind::Catch { handlers, .. } => {
                for (handler, catches) in handlers.iter().zip(flow.catches(id).iter()) {
                    let (receives, ends) = flow.handles(catches, raising);
                    if receives {
                        found.push(handler.entry);
                    }
                    if ends {
                        return found;
                    }
                }
            }
            TryKind::Finally { entry, .. } => {
                found.push(*entry);
                return found;
            }
            TryKind::With { manager, after, .. } => {
                if flow.swallows(*manager) {
                    found.push(*after);
                }
            }
        }
        at = region.parent;
    }
    found
}

/// Whether a handler gives an exception its name, which it takes away again at its end.
fn is_caught(inst: &Inst) -> bool {
    matches!(
        inst.kind,
        InstKind::Bind {
            source: Source::Caught { .. },
            ..
        }
    )
}
