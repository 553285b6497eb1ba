//! What is known on a way and can matter no more is dropped: or every condition that was ever met would double the ways.
//!
//! A condition counts at a block if some condition that is met from there on, on the way to the target, is about the same
//! variables or attributes. Those that one condition asks about together count together: what is known of one may decide
//! the other.

use super::{Search, Walker};
use crate::flow::{Flow, Reaching};
use crate::ir::{BlockId, ExprId, ExprKind, Inst, InstKind, LoopKind, Next, PlaceId, Source};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Searches that end sooner need no help.
const SHORT: usize = 100;

/// Which variables and attributes count at the head of each block: some condition that is about them, or about what counts
/// together with them, is met before they are bound again.
pub(super) struct Live {
    width: usize,
    at: Vec<u64>,
}

impl Live {
    fn of(flow: &Flow<'_, '_>, target: (BlockId, u32), leading: &[bool]) -> Self {
        let code = flow.code;
        let width = code.places.len().div_ceil(64);
        let asked = Asked::of(flow, target);
        let together = together(flow, &asked, width);
        let effects: Vec<Effect> = (0..code.blocks.len())
            .map(|block| Effect::of(flow, &asked, &together, block, width))
            .collect();
        let mut live = Self {
            width,
            at: vec![0; code.blocks.len() * width],
        };
        let before = flow.before();
        let mut open: Vec<usize> = (0..code.blocks.len()).filter(|&at| leading[at]).collect();
        for &block in &open {
            live.at[block * width..][..width].copy_from_slice(&effects[block].asked);
        }
        while let Some(block) = open.pop() {
            let earlier = before[block].iter().copied();
            open.extend(
                earlier
                    .filter(|&from| leading[from] && live.takes_over(from, block, &effects[from])),
            );
        }
        live
    }

    /// What counts at `block` counts at `from` too, unless it is bound there. Whether that is news. Where `from` raises, it
    /// may not have been bound yet.
    fn takes_over(&mut self, from: usize, block: usize, effect: &Effect) -> bool {
        let mut is_new = false;
        for word in 0..self.width {
            let bound = match effect.next.contains(&Some(BlockId::new(block))) {
                true => effect.bound[word],
                false => 0,
            };
            let theirs = self.at[block * self.width + word] & !bound;
            let own = &mut self.at[from * self.width + word];
            is_new |= *own | theirs != *own;
            *own |= theirs;
        }
        is_new
    }

    fn has(&self, block: BlockId, place: PlaceId) -> bool {
        has_bit(&self.at[block.index() * self.width..], place)
    }
}

fn has_bit(bits: &[u64], place: PlaceId) -> bool {
    bits[place.index() / 64] >> (place.index() % 64) & 1 == 1
}

fn set_bit(bits: &mut [u64], place: PlaceId) {
    bits[place.index() / 64] |= 1 << (place.index() % 64);
}

/// What a block does to what counts.
struct Effect {
    /// Asked about before it is bound.
    asked: Vec<u64>,
    /// Bound wherever control gets to the end.
    bound: Vec<u64>,
    /// Where control goes from the end alone, and not from where something before it raises.
    next: [Option<BlockId>; 2],
}

impl Effect {
    fn of(
        flow: &Flow<'_, '_>,
        asked: &Asked,
        together: &FxHashMap<PlaceId, Rc<[u64]>>,
        block: usize,
        width: usize,
    ) -> Self {
        let code = flow.code;
        let mut effect = Self {
            asked: vec![0; width],
            bound: vec![0; width],
            next: [None; 2],
        };
        let ask = |exprs: &[ExprId], into: &mut [u64]| {
            for &expr in exprs {
                for place in flow.mentioned_in(expr).iter() {
                    let all = together.get(place).map_or(&[][..], |all| all);
                    into.iter_mut().zip(all).for_each(|(own, new)| *own |= new);
                }
            }
        };
        ask(&asked.at_end[block], &mut effect.asked);
        for inst in code.blocks[block].insts.range().rev() {
            for place in bound_by(flow, &code.insts[inst]) {
                let below = match code.root(place) == place {
                    true => flow.paths_below[place.index()].as_slice(),
                    false => &[],
                };
                for &gone in below.iter().chain([&place]) {
                    set_bit(&mut effect.bound, gone);
                    effect.asked[gone.index() / 64] &= !(1 << (gone.index() % 64));
                }
            }
            ask(&asked.by[inst], &mut effect.asked);
        }
        let caught = Reaching::of(flow).every_catcher(code.blocks[block].guard);
        let from_end = |to: BlockId| Some(to).filter(|to| !caught.contains(to));
        effect.next = match code.blocks[block].next {
            Next::Goto(to) => [from_end(to), None],
            Next::Branch(one, other) => [from_end(one), from_end(other)],
            _ => [None; 2],
        };
        effect
    }
}

/// The places of which nothing is known any more once an instruction bound them.
fn bound_by(flow: &Flow<'_, '_>, inst: &Inst) -> Vec<PlaceId> {
    let InstKind::Bind { target, .. } = inst.kind else {
        return Vec::new();
    };
    match flow.module.kind(target) {
        ExprKind::Tuple(parts) | ExprKind::List(parts) => {
            let parts = flow.module.list(parts).iter();
            parts.filter_map(|&part| flow.place_of(part)).collect()
        }
        _ => flow.place_of(target).into_iter().collect(),
    }
}

/// The expressions that ask what is known.
struct Asked {
    /// By instruction.
    by: Vec<Vec<ExprId>>,
    /// By block, behind its instructions.
    at_end: Vec<Vec<ExprId>>,
}

impl Asked {
    fn of(flow: &Flow<'_, '_>, target: (BlockId, u32)) -> Self {
        let code = flow.code;
        let mut asked = Self {
            by: vec![Vec::new(); code.insts.len()],
            at_end: vec![Vec::new(); code.blocks.len()],
        };
        for (inst, exprs) in code.insts.iter().zip(&mut asked.by) {
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
        for of in &code.loops {
            if let LoopKind::For { iterable, .. } = of.kind {
                asked.at_end[of.header.index()].push(iterable);
            }
        }
        if let Some(inst) = code.insts.get(target.1 as usize) {
            let exprs = &mut asked.by[target.1 as usize];
            inst.kind.for_each_expr(&mut |expr| exprs.push(expr));
        }
        asked
    }

    fn all(&self) -> impl Iterator<Item = ExprId> {
        self.by.iter().chain(&self.at_end).flatten().copied()
    }
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

/// For each place that is asked about, all those that count together with it: some expression asks about both.
fn together(flow: &Flow<'_, '_>, asked: &Asked, width: usize) -> FxHashMap<PlaceId, Rc<[u64]>> {
    let mut parent: Vec<usize> = (0..flow.code.places.len()).collect();
    let mut all = vec![0; width];
    for expr in asked.all() {
        let mentioned = flow.mentioned_in(expr);
        let whole: Vec<PlaceId> = whole(flow, &mentioned).collect();
        for pair in whole.windows(2) {
            let (one, other) = (pair[0].index(), pair[1].index());
            let (one, other) = (leader(&mut parent, one), leader(&mut parent, other));
            parent[one] = other;
        }
        mentioned.iter().for_each(|&place| set_bit(&mut all, place));
    }
    let places = (0..flow.code.places.len()).map(PlaceId::new);
    let places: Vec<PlaceId> = places.filter(|&place| has_bit(&all, place)).collect();
    let mut groups: Vec<Option<Vec<u64>>> = vec![None; parent.len()];
    for &place in &places {
        let group =
            groups[leader(&mut parent, place.index())].get_or_insert_with(|| vec![0; width]);
        set_bit(group, place);
    }
    let groups: Vec<Option<Rc<[u64]>>> = { groups.into_iter() }
        .map(|group| group.map(Rc::from))
        .collect();
    let group = |place: PlaceId| Some((place, groups[leader(&mut parent, place.index())].clone()?));
    places.into_iter().filter_map(group).collect()
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
