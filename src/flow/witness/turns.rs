//! What decided a way that was found: the branches that it took and what raised on it, and which of them kept the wanted
//! name from being bound.

use super::{Circumstances, Order, Outcome, Search, Walker, Wanted, Witness};
use crate::flow::{Flow, Reaching, Start};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, LoopKind, Next, TryKind};

/// Where a way could have gone on otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// Of two blocks, to the second.
    Branch {
        /// The block that ends in the branch.
        from: BlockId,
        /// Where the way went.
        to: BlockId,
    },
    /// Away from an instruction that raised.
    Raised {
        /// Its index.
        inst: u32,
    },
}

/// How a way gets past all bindings of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Past one branch, and nothing more is asked before the read.
    Straight,
    /// Past one branch; whether control then comes to the read, other conditions decide.
    Guarded,
    /// Past several branches, each of which binds the name.
    Several,
    /// The same, and nothing more is asked before the read.
    Chain,
    /// The binding stands in another branch of the same round of a loop: an earlier round was to bind it.
    EarlierRound,
    /// Something raised before the binding, a handler went on, and the read stands behind.
    Handled,
    /// The same in a loop that tries again.
    Retried,
    /// Something raised before the binding, and the handler reads the name.
    InHandler,
    /// Something raised before the binding, and the `finally` reads the name.
    InFinally,
    /// Past nothing that could be told.
    Other,
}

/// A way that was found, and what it rests on.
#[derive(Clone, Debug)]
pub struct Course {
    /// How it gets past the bindings.
    pub shape: Shape,
    /// What decided it last: the test that came out the other way, or what raised.
    pub decided: Option<Decided>,
}

/// The last thing that kept a name from being bound.
#[derive(Clone, Copy, Debug)]
pub enum Decided {
    /// A test came out so.
    Test {
        /// The test.
        test: ExprId,
        /// How it came out.
        holds: bool,
    },
    /// An instruction raised: its index.
    Raised(u32),
}

impl Search<'_, '_, '_> {
    /// The trail of a way with one turn more, where turns are kept.
    pub(super) fn turn(&mut self, walker: &Walker, turn: Turn) -> Option<u32> {
        let turns = self.turns.as_mut()?;
        turns.push((turn, walker.trail));
        u32::try_from(turns.len() - 1).ok()
    }

    /// The turns of the way that was found, the first one first.
    fn turns_taken(&self) -> Vec<Turn> {
        let mut taken = Vec::new();
        let mut at = self.found;
        while let Some((turn, before)) = at.and_then(|at| self.turns.as_ref()?.get(at as usize)) {
            taken.push(*turn);
            at = *before;
        }
        taken.reverse();
        taken
    }
}

impl Flow<'_, '_> {
    /// What a way of at least this likelihood to an unbound name rests on.
    pub fn course(&self, wanted: Wanted, part: ExprId, least: Witness) -> Option<Course> {
        let mut search = Search::new(self, wanted, Some(part), self.leading(wanted));
        search.turns = Some(Vec::new());
        let outcome = search.run(Order::Any, least, Circumstances::default().given);
        matches!(outcome, Outcome::Found(_))
            .then(|| self.course_of(wanted, part, &search.turns_taken()))
    }

    fn course_of(&self, wanted: Wanted, part: ExprId, turns: &[Turn]) -> Course {
        let raised = turns.iter().rev().find_map(|turn| match turn {
            Turn::Raised { inst } => Some(*inst),
            _ => None,
        });
        if let Some(inst) = raised {
            return Course {
                shape: self.shape_of_raised(wanted, inst),
                decided: Some(Decided::Raised(inst)),
            };
        }
        let ways = Reaching::of(self);
        let bindings = ways.bindings(wanted.place);
        let bindings: Vec<BlockId> = bindings
            .iter()
            .filter_map(|binding| ways.block_of(binding.inst))
            .collect();
        let target = wanted.target.0;
        let skips = |&&turn: &&Turn| {
            let Turn::Branch { from, to } = turn else {
                return false;
            };
            let Some(other) = self.other_side(from, to) else {
                return false;
            };
            let (taken, left) = (
                self.ahead(to, &[target, from]),
                self.ahead(other, &[target, from]),
            );
            bindings
                .iter()
                .any(|binding| left[binding.index()] && !taken[binding.index()])
        };
        let skipped: Vec<&Turn> = turns.iter().filter(skips).collect();
        let Some(&&Turn::Branch { from, to }) = skipped.last() else {
            return Course {
                shape: Shape::Other,
                decided: None,
            };
        };
        // Every way on may come to one read or another of the name.
        let reads = ways.reach(wanted.place, Start::Entry).reads;
        let mut targets: Vec<BlockId> = { reads.iter() }
            .filter(|read| !self.is_asked_first(read.inst, read.name))
            .filter_map(|read| ways.block_of(read.inst))
            .filter(|&block| block != from)
            .collect();
        targets.push(target);
        let shape = if !self.is_met_later(&bindings, target) {
            Shape::EarlierRound
        } else if skipped.len() > 1 {
            let is_straight =
                self.is_straight(from, to, &targets) && !self.is_asked_first(wanted.target.1, part);
            if is_straight {
                Shape::Chain
            } else {
                Shape::Several
            }
        } else if self.is_straight(from, to, &targets)
            && !self.is_asked_first(wanted.target.1, part)
        {
            Shape::Straight
        } else {
            Shape::Guarded
        };
        Course {
            shape,
            decided: self
                .test_of(to)
                .map(|(test, holds)| Decided::Test { test, holds }),
        }
    }

    fn test_of(&self, block: BlockId) -> Option<(ExprId, bool)> {
        match self.code.insts(self.code.block(block)).first()?.kind {
            InstKind::Assume { test, holds } => Some((test, holds)),
            _ => None,
        }
    }

    fn other_side(&self, from: BlockId, to: BlockId) -> Option<BlockId> {
        match self.code.block(from).next {
            Next::Branch(one, other) => Some(if one == to { other } else { one }),
            _ => None,
        }
    }

    /// The blocks that control may get to from one on, itself among them, exceptions aside, without passing certain ones.
    fn ahead(&self, start: BlockId, without: &[BlockId]) -> Vec<bool> {
        let mut seen = vec![false; self.code.blocks.len()];
        let mut open = vec![start];
        while let Some(block) = open.pop() {
            if without.contains(&block) || std::mem::replace(&mut seen[block.index()], true) {
                continue;
            }
            match self.code.block(block).next {
                Next::Goto(to) => open.push(to),
                Next::Branch(one, other) => open.extend([one, other]),
                _ => {}
            }
        }
        seen
    }

    /// Whether whatever comes from a branch comes to one of the targets, and not out of the function or around a loop.
    fn is_straight(&self, from: BlockId, to: BlockId, targets: &[BlockId]) -> bool {
        let ahead = self.ahead(to, targets);
        let leaves = |&(index, block): &(usize, &crate::ir::Block)| {
            ahead[index] && !matches!(block.next, Next::Goto(_) | Next::Branch(..))
        };
        let mut blocks = self.code.blocks.iter().enumerate();
        !ahead[from.index()] && !blocks.any(|block| leaves(&block))
    }

    /// Whether some binding comes to the target in the same round of the loops around.
    fn is_met_later(&self, bindings: &[BlockId], target: BlockId) -> bool {
        let headers: Vec<BlockId> = self.code.loops.iter().map(|of| of.header).collect();
        bindings.iter().any(|&binding| {
            let around: Vec<BlockId> = { headers.iter().copied() }
                .filter(|&header| header != target && header != binding)
                .collect();
            binding != target && self.ahead(binding, &around)[target.index()]
        })
    }

    /// Whether an instruction asks something before it comes to a part of it: `test and part`.
    fn is_asked_first(&self, inst: u32, part: ExprId) -> bool {
        let module = self.module;
        let holds = |expr: ExprId| {
            let mut found = false;
            module.walk(expr, &mut |inner| found |= inner == part);
            found
        };
        let mut asked = false;
        self.code.insts[inst as usize]
            .kind
            .for_each_expr(&mut |root| {
                module.walk(root, &mut |expr| {
                    asked |= match module.kind(expr) {
                        ExprKind::And(parts) | ExprKind::Or(parts) => {
                            module.list(parts)[1..].iter().any(|&later| holds(later))
                        }
                        ExprKind::Conditional {
                            then, otherwise, ..
                        } => holds(then) || holds(otherwise),
                        _ => false,
                    };
                });
            });
        asked
    }

    fn shape_of_raised(&self, wanted: Wanted, raised: u32) -> Shape {
        let insts = &self.code.insts;
        let (Some(raised), Some(target)) = (
            insts.get(raised as usize).map(|inst| inst.span),
            insts.get(wanted.target.1 as usize).map(|inst| inst.span),
        ) else {
            return Shape::Other;
        };
        for region in &self.code.tries {
            match &region.kind {
                TryKind::Finally { suite, .. } if suite.contains(target) => {
                    return Shape::InFinally;
                }
                TryKind::Catch { handlers, .. }
                    if region.body.contains(raised)
                        && handlers.iter().any(|handler| handler.span.contains(target)) =>
                {
                    return Shape::InHandler;
                }
                _ => {}
            }
        }
        let retries = self.code.loops.iter().any(|of| {
            of.suite.contains(raised)
                && !of.suite.contains(target)
                && matches!(of.kind, LoopKind::For { .. } | LoopKind::While { .. })
        });
        match retries {
            true => Shape::Retried,
            false => Shape::Handled,
        }
    }
}
