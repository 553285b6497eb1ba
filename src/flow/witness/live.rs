//! What is known on a way and can matter no more is dropped: or every condition that was ever met would double the ways.
//!
//! A condition counts at a block if some condition that is met from there on, on the way to the target, is about the same
//! variables or attributes. Those that one condition asks about together count together: what is known of one may decide
//! the other.

use super::{Search, Walker};
use crate::flow::Flow;
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, LoopKind, PlaceId, Source};
use rustc_hash::FxHashMap;

/// Searches that end sooner need no help.
const SHORT: usize = 100;

/// Which groups of variables count at the head of each block.
pub(super) struct Live {
    groups: FxHashMap<PlaceId, usize>,
    width: usize,
    at: Vec<u64>,
}

impl Live {
    fn of(flow: &Flow<'_, '_>, target: (BlockId, u32), leading: &[bool]) -> Self {
        let asked = asked_in(flow, target);
        let groups = groups(flow, &asked);
        let count = groups.values().max().map_or(0, |last| last + 1);
        let blocks = flow.code.blocks.len();
        let mut live = Self {
            groups,
            width: count.div_ceil(64),
            at: vec![0; blocks * count.div_ceil(64)],
        };
        let mut open = Vec::new();
        for (block, exprs) in asked
            .iter()
            .enumerate()
            .filter(|&(block, _)| leading[block])
        {
            for &expr in exprs {
                for place in flow.mentioned_in(expr).iter() {
                    if let Some(&group) = live.groups.get(place) {
                        live.at[block * live.width + group / 64] |= 1 << (group % 64);
                    }
                }
            }
            open.push(block);
        }
        let before = flow.before();
        while let Some(block) = open.pop() {
            let earlier = before[block].iter().copied();
            open.extend(earlier.filter(|&from| leading[from] && live.takes_over(from, block)));
        }
        live
    }

    /// What counts at `block` counts at `from` too. Whether that is news.
    fn takes_over(&mut self, from: usize, block: usize) -> bool {
        let mut is_new = false;
        for word in 0..self.width {
            let theirs = self.at[block * self.width + word];
            let own = &mut self.at[from * self.width + word];
            is_new |= *own | theirs != *own;
            *own |= theirs;
        }
        is_new
    }

    fn has(&self, block: BlockId, place: PlaceId) -> bool {
        self.groups.get(&place).is_some_and(|group| {
            let word = self.at[block.index() * self.width + group / 64];
            word >> (group % 64) & 1 == 1
        })
    }
}

/// The expressions of each block that ask what is known.
fn asked_in(flow: &Flow<'_, '_>, target: (BlockId, u32)) -> Vec<Vec<ExprId>> {
    let code = flow.code;
    let mut asked: Vec<Vec<ExprId>> = vec![Vec::new(); code.blocks.len()];
    for (block, exprs) in code.blocks.iter().zip(&mut asked) {
        for inst in code.insts(block) {
            match inst.kind {
                InstKind::Assume { test, .. } => exprs.push(test),
                InstKind::Bind {
                    source: Source::Value(value),
                    ..
                } if is_taken_over(flow, value) => exprs.push(value),
                _ => {}
            }
            // What is None on a way ends it where an attribute of it is read.
            inst.kind.for_each_expr(&mut |root| {
                flow.module.walk(root, &mut |part| {
                    if let ExprKind::Attribute { value, .. } = flow.module.kind(part) {
                        exprs.push(value);
                    }
                });
            });
        }
    }
    for of in &code.loops {
        if let LoopKind::For { iterable, .. } = of.kind {
            asked[of.header.index()].push(iterable);
        }
    }
    if let Some(inst) = code.insts.get(target.1 as usize) {
        inst.kind
            .for_each_expr(&mut |expr| asked[target.0.index()].push(expr));
    }
    asked
}

/// Whether what is known of an expression decides what is known of a name that it is bound to.
fn is_taken_over(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    matches!(
        flow.module.kind(value),
        ExprKind::Conditional { .. } | ExprKind::Attribute { .. } | ExprKind::Compare { .. }
    )
}

/// Those of some places that are no mere part of the way to another of them: of `self.size`, not `self`.
fn whole<'w>(flow: &'w Flow<'_, '_>, places: &'w [PlaceId]) -> impl Iterator<Item = PlaceId> + 'w {
    let leads_on = |place: PlaceId| {
        let parent = |&other: &PlaceId| flow.code.place(other).parent == Some(place);
        places.iter().any(parent)
    };
    places
        .iter()
        .copied()
        .filter(move |&place| !leads_on(place))
}

/// Places that an expression asks about together are in one group; groups are numbered without gaps.
fn groups(flow: &Flow<'_, '_>, asked: &[Vec<ExprId>]) -> FxHashMap<PlaceId, usize> {
    let mut parent: Vec<usize> = (0..flow.code.places.len()).collect();
    let mut all = Vec::new();
    for &expr in asked.iter().flatten() {
        let mentioned = flow.mentioned_in(expr);
        let whole: Vec<PlaceId> = whole(flow, &mentioned).collect();
        for pair in whole.windows(2) {
            let (one, other) = (pair[0].index(), pair[1].index());
            let (one, other) = (leader(&mut parent, one), leader(&mut parent, other));
            parent[one] = other;
        }
        all.extend_from_slice(&mentioned);
    }
    let mut numbers = FxHashMap::default();
    let mut found = FxHashMap::default();
    for place in all {
        let leader = leader(&mut parent, place.index());
        let next = numbers.len();
        found.insert(place, *numbers.entry(leader).or_insert(next));
    }
    found
}

fn leader(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

impl Search<'_, '_, '_> {
    /// Drops what can matter no more on the way from a walker's block on.
    pub(super) fn trim(&mut self, walker: &mut Walker) {
        if self.steps < SHORT {
            return;
        }
        let (flow, target) = (self.flow, self.wanted.target);
        let live = self
            .live
            .get_or_insert_with(|| Live::of(flow, target, &self.leading));
        walker.facts.retain(|fact| {
            let places = self.mentions.get(&fact.condition);
            places
                .is_none_or(|places| whole(flow, places).any(|place| live.has(walker.block, place)))
        });
    }
}
