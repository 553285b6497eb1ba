//! Which blocks control must have come through when it is in another one.

use crate::ir::{BlockId, Function, Next, TryKind};
use std::iter::successors;

/// No block.
const NONE: u32 = u32::MAX;

/// For each block the last one before it that every way to it passes, computed once, so that a question about two blocks
/// costs no more than a look at both.
#[derive(Debug)]
pub(crate) struct Dominators {
    /// The immediate dominator of each block; `NONE` for the entry and for what control does not get to.
    above: Box<[u32]>,
    /// When a walk over the tree of dominators enters each block and leaves it; 0 for what control does not get to.
    entered: Box<[u32]>,
    left: Box<[u32]>,
}

impl Dominators {
    /// Of `count` blocks, the first of which is the entry.
    pub(crate) fn of(count: usize, after: impl Fn(BlockId) -> Vec<BlockId>) -> Self {
        let (order, next) = postorder(count, &after);
        let mut place = vec![NONE; count];
        for (index, &block) in order.iter().enumerate() {
            place[block as usize] = index as u32;
        }
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); count];
        for &block in &order {
            for &to in &next[block as usize] {
                before[to.index()].push(block);
            }
        }
        let above = immediate(&order, &place, &before);
        let (entered, left) = walk(&order, &above);
        Self {
            above: above.into(),
            entered: entered.into(),
            left: left.into(),
        }
    }

    /// Whether control can't come to `to` but through `by`. It never comes to what it does not get to.
    pub(crate) fn dominates(&self, by: BlockId, to: BlockId) -> bool {
        let (by, to) = (by.index(), to.index());
        if by == to || self.entered[to] == 0 {
            return true;
        }
        let is_reached = self.entered[by] != 0;
        is_reached && self.entered[by] < self.entered[to] && self.left[to] < self.left[by]
    }

    /// The block itself and those that control came through, nearest first.
    pub(crate) fn upward(&self, from: BlockId) -> impl Iterator<Item = BlockId> {
        let above = |&block: &BlockId| {
            let above = self.above[block.index()];
            (above != NONE).then(|| BlockId::new(above as usize))
        };
        successors(Some(from), above)
    }
}

/// The blocks that control gets to, each behind those that come after it, and what comes after each block.
fn postorder(
    count: usize,
    after: &impl Fn(BlockId) -> Vec<BlockId>,
) -> (Vec<u32>, Vec<Vec<BlockId>>) {
    let mut next: Vec<Vec<BlockId>> = vec![Vec::new(); count];
    let mut order = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    let mut open: Vec<(u32, usize)> = Vec::new();
    if count > 0 {
        seen[0] = true;
        next[0] = after(BlockId::new(0));
        open.push((0, 0));
    }
    while let Some((block, at)) = open.last_mut() {
        let block = *block as usize;
        let Some(&to) = next[block].get(*at) else {
            order.push(block as u32);
            open.pop();
            continue;
        };
        *at += 1;
        if !std::mem::replace(&mut seen[to.index()], true) {
            next[to.index()] = after(to);
            open.push((to.index() as u32, 0));
        }
    }
    (order, next)
}

/// Cooper, Harvey and Kennedy: a few rounds over the blocks in reverse postorder until nothing changes.
fn immediate(order: &[u32], place: &[u32], before: &[Vec<u32>]) -> Vec<u32> {
    let mut above = vec![NONE; place.len()];
    let Some(&entry) = order.last() else {
        return above;
    };
    above[entry as usize] = entry;
    let mut is_changed = true;
    while is_changed {
        is_changed = false;
        for &block in order.iter().rev().skip(1) {
            let known = before[block as usize]
                .iter()
                .filter(|&&from| above[from as usize] != NONE);
            let Some(new) = known
                .copied()
                .reduce(|one, other| common(&above, place, one, other))
            else {
                continue;
            };
            is_changed |= above[block as usize] != new;
            above[block as usize] = new;
        }
    }
    above[entry as usize] = NONE;
    above
}

/// The nearest block above both.
fn common(above: &[u32], place: &[u32], mut one: u32, mut other: u32) -> u32 {
    while one != other {
        while place[one as usize] < place[other as usize] {
            one = above[one as usize];
        }
        while place[other as usize] < place[one as usize] {
            other = above[other as usize];
        }
    }
    one
}

/// When a walk over the tree enters each block and leaves it.
fn walk(order: &[u32], above: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut below: Vec<Vec<u32>> = vec![Vec::new(); above.len()];
    for &block in order.iter().rev() {
        if above[block as usize] != NONE {
            below[above[block as usize] as usize].push(block);
        }
    }
    let (mut entered, mut left) = (vec![0; above.len()], vec![0; above.len()]);
    let mut clock = 0;
    let mut tick = || {
        clock += 1;
        clock
    };
    let mut open: Vec<(u32, bool)> = order
        .last()
        .map(|&entry| (entry, false))
        .into_iter()
        .collect();
    while let Some((block, is_done)) = open.pop() {
        if is_done {
            left[block as usize] = tick();
            continue;
        }
        entered[block as usize] = tick();
        open.push((block, true));
        open.extend(below[block as usize].iter().map(|&below| (below, false)));
    }
    (entered, left)
}

/// Where control can go from a block, exceptions counted.
pub(crate) fn ways_on(code: &Function, at: BlockId) -> Vec<BlockId> {
    let block = code.block(at);
    let mut next = match block.next {
        Next::Goto(to) => vec![to],
        Next::Branch(one, other) => vec![one, other],
        _ => Vec::new(),
    };
    let regions = successors(block.guard, |&region| code.region(region).parent);
    for region in regions {
        match &code.region(region).kind {
            TryKind::Catch { handlers, .. } => {
                next.extend(handlers.iter().map(|handler| handler.entry));
            }
            TryKind::Finally { entry, .. } => next.push(*entry),
            TryKind::With { after, .. } => next.push(*after),
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The blocks that can be taken out with the effect that control no longer gets to `to`.
    fn slowly(next: &[Vec<usize>], by: usize, to: usize) -> bool {
        if by == to || by == 0 {
            return true;
        }
        let mut seen = vec![false; next.len()];
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            if at == by || std::mem::replace(&mut seen[at], true) {
                continue;
            }
            if at == to {
                return false;
            }
            open.extend(&next[at]);
        }
        true
    }

    #[test]
    fn the_same_as_by_taking_blocks_out() {
        let mut seed = 0x9e37_79b9_u64;
        let mut roll = |sides: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 11) as usize % sides
        };
        for _ in 0..300 {
            let count = 1 + roll(12);
            let next: Vec<Vec<usize>> = (0..count)
                .map(|_| (0..roll(4)).map(|_| roll(count)).collect())
                .collect();
            let tree = Dominators::of(count, |at| {
                let ways = next[at.index()].iter();
                ways.map(|&to| BlockId::new(to)).collect()
            });
            for by in 0..count {
                for to in 0..count {
                    let is_above = tree.dominates(BlockId::new(by), BlockId::new(to));
                    assert_eq!(is_above, slowly(&next, by, to), "{next:?} {by} {to}");
                }
            }
        }
    }
}
