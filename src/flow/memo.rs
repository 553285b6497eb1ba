//! What is asked of one function again and again while it is looked at, computed once.
//!
//! A search for a way passes the same condition thousands of times, and a rule asks for the same way once for each read
//! that it looks back at. It is all a matter of the code and of the program around it.

use super::dominators::{Dominators, ways_on};
use super::raising::Raising;
use super::reaching::Layout;
use super::regex::{Group, groups};
use super::witness::{Given, Wanted, Witness};
use super::{Flow, Reaching, State};
use crate::ir::{BlockId, ExprId, ExprKind, PlaceId, TryId};
use crate::project::{Catches, Coverage};
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// A search for a way: what for, with which arguments, and for which part of the instruction.
type Question = (Wanted, Vec<(PlaceId, Given)>, Option<ExprId>);

/// A place for each instruction or region, made when the first is asked for.
type Each<T> = OnceCell<Box<[T]>>;

/// For each block, whether it is one of some.
type Blocks = Rc<[bool]>;

/// The arguments that must come out in a certain way for control to get past an expression; nothing where it never does.
type ComingBack = Option<Rc<[(ExprId, bool)]>>;

/// The number of an instruction that control gets to, an expression in it, and the outermost one around that.
pub(crate) type Taken = (u32, ExprId, ExprId);

/// An instruction that control gets to, and what holds before it.
pub(super) type Reached = ((BlockId, u32), State);

/// Answers that were given before.
#[derive(Default)]
pub(super) struct Memo {
    forms: RefCell<FxHashMap<ExprId, u64>>,
    mentioned: RefCell<FxHashMap<ExprId, Rc<[PlaceId]>>>,
    bound: RefCell<FxHashMap<ExprId, Rc<[PlaceId]>>>,
    raising: Each<Cell<Option<Raising>>>,
    catches: Each<OnceCell<Rc<[Catches]>>>,
    layout: OnceCell<Rc<Layout>>,
    touching: OnceCell<FxHashMap<PlaceId, Rc<[u32]>>>,
    stops: OnceCell<Rc<[u32]>>,
    survives: RefCell<FxHashMap<Option<TryId>, bool>>,
    before: OnceCell<Rc<[Vec<usize>]>>,
    leading: RefCell<FxHashMap<BlockId, Blocks>>,
    leading_unbound: RefCell<FxHashMap<(BlockId, PlaceId), Blocks>>,
    witnesses: RefCell<FxHashMap<Question, Witness>>,
    reached: OnceCell<Rc<[Reached]>>,
    taken: OnceCell<Rc<[Taken]>>,
    groups: RefCell<FxHashMap<ExprId, Option<Rc<[Group]>>>>,
    slight: Each<Cell<Option<bool>>>,
    swallows: RefCell<FxHashMap<ExprId, bool>>,
    coming_back: RefCell<FxHashMap<ExprId, ComingBack>>,
    dominators: OnceCell<Dominators>,
    objects: Each<OnceCell<Rc<[PlaceId]>>>,
}

/// What `known` has for a key, or else what `compute` gives, which it has from then on.
fn recall<K, V>(known: &RefCell<FxHashMap<K, V>>, key: K, compute: impl FnOnce() -> V) -> V
where
    K: std::hash::Hash + Eq,
    V: Clone,
{
    if let Some(found) = known.borrow().get(&key) {
        return found.clone();
    }
    let new = compute();
    known.borrow_mut().insert(key, new.clone());
    new
}

impl Flow<'_, '_> {
    /// The groups of the pattern of a call of `match`, `search` and the like, where it is written out.
    pub(super) fn groups_in(&self, call: ExprId) -> Option<Rc<[Group]>> {
        recall(&self.memo.groups, call, || {
            let groups = groups(&self.pattern_of(call)?)?;
            Some(groups.into())
        })
    }

    /// A hash of an expression's form: equal for expressions that are written alike.
    pub fn form(&self, expr: ExprId) -> u64 {
        recall(&self.memo.forms, expr, || self.form_of(expr))
    }

    /// The places that an expression mentions.
    pub(super) fn mentioned_in(&self, expr: ExprId) -> Rc<[PlaceId]> {
        recall(&self.memo.mentioned, expr, || {
            let mut places = Vec::new();
            self.module
                .walk(expr, &mut |part| places.extend(self.place_of(part)));
            places.into()
        })
    }

    /// The names that an assignment inside an expression binds, whether or not it comes to that.
    pub(super) fn assigned_in(&self, expr: ExprId) -> Rc<[PlaceId]> {
        if !self.has_walrus() {
            return Rc::default();
        }
        let mut places = Vec::new();
        self.module.walk(expr, &mut |part| {
            if let ExprKind::Walrus { target, .. } = self.module.kind(part) {
                places.extend(self.place_of(target));
            }
        });
        places.into()
    }

    /// The names that are bound wherever an expression is evaluated.
    pub(super) fn bound_in(&self, expr: ExprId) -> Rc<[PlaceId]> {
        if !self.has_walrus() {
            return Rc::default();
        }
        recall(&self.memo.bound, expr, || self.collect_bound(expr).into())
    }

    /// What an instruction, an index into `Function::insts`, can raise.
    pub(super) fn raising(&self, inst: u32) -> Raising {
        let insts = &self.code.insts;
        let known = self
            .memo
            .raising
            .get_or_init(|| vec![Cell::new(None); insts.len()].into());
        let cell = &known[inst as usize];
        let raising = cell
            .get()
            .unwrap_or_else(|| self.raising_of(&insts[inst as usize]));
        cell.set(Some(raising));
        raising
    }

    /// Whether an instruction, an index into `Function::insts`, raises nothing for all practical purposes.
    pub(super) fn is_slight(&self, inst: u32) -> bool {
        let insts = &self.code.insts;
        let known = &self.memo.slight;
        let known = known.get_or_init(|| vec![Cell::new(None); insts.len()].into());
        let cell = &known[inst as usize];
        let is_slight = cell
            .get()
            .unwrap_or_else(|| self.is_slight_inst(&insts[inst as usize], self.raising(inst)));
        cell.set(Some(is_slight));
        is_slight
    }

    /// Whether a context manager may keep an exception from leaving its `with`.
    pub(super) fn swallows(&self, manager: ExprId) -> bool {
        recall(&self.memo.swallows, manager, || self.may_swallow(manager))
    }

    /// The arguments that must come out in a certain way for control to get past an expression; nothing where it never does.
    pub(super) fn coming_back(&self, expr: ExprId) -> ComingBack {
        recall(&self.memo.coming_back, expr, || {
            let comes_back = !self.never_returns(expr);
            comes_back.then(|| Rc::from(&self.stopping(expr)[..]))
        })
    }

    /// The places whose attributes are read wherever an instruction runs, which `collect` finds.
    pub(super) fn objects(
        &self,
        inst: u32,
        collect: impl FnOnce() -> Vec<PlaceId>,
    ) -> Rc<[PlaceId]> {
        let count = self.code.insts.len();
        let known = &self.memo.objects;
        let known = known.get_or_init(|| vec![OnceCell::new(); count].into());
        Rc::clone(known[inst as usize].get_or_init(|| collect().into()))
    }

    /// What each handler of a region catches; nothing for one that is no `try`.
    pub(super) fn catches(&self, region: TryId) -> Rc<[Catches]> {
        let count = self.code.tries.len();
        let known = self
            .memo
            .catches
            .get_or_init(|| vec![OnceCell::new(); count].into());
        let cell = &known[region.index()];
        Rc::clone(cell.get_or_init(|| self.catches_of(region).into()))
    }

    /// Whether code with this guard stands in a `try` that catches what using None raises.
    pub(crate) fn survives_none(&self, guard: Option<TryId>) -> bool {
        recall(&self.memo.survives, guard, || {
            ["AttributeError", "TypeError"].iter().any(|name| {
                let class = self.program.library.class(name, self.module.dialect);
                class.is_some_and(|class| {
                    self.program.caught_in(self.function, guard, class).0 == Coverage::Full
                })
            })
        })
    }

    /// The instructions that control gets to.
    pub(super) fn reached(&self, record: impl FnOnce() -> Vec<Reached>) -> Rc<[Reached]> {
        Rc::clone(self.memo.reached.get_or_init(|| record().into()))
    }

    /// The calls and subscripts in them, which `collect` finds.
    pub(crate) fn taken(&self, collect: impl FnOnce() -> Vec<Taken>) -> Rc<[Taken]> {
        Rc::clone(self.memo.taken.get_or_init(|| collect().into()))
    }

    /// The ways between the blocks.
    pub(super) fn layout(&self) -> Rc<Layout> {
        Rc::clone(self.memo.layout.get_or_init(|| Rc::new(Layout::of(self))))
    }

    /// Which blocks control must have come through, exceptions counted.
    pub(crate) fn dominators(&self) -> &Dominators {
        let code = self.code;
        let known = &self.memo.dominators;
        known.get_or_init(|| Dominators::of(code.blocks.len(), |at| ways_on(code, at)))
    }

    /// The instructions that do something with a variable, in order.
    pub(super) fn touching(&self, place: PlaceId) -> Rc<[u32]> {
        let known = self.memo.touching.get_or_init(|| self.find_touching());
        known.get(&place).cloned().unwrap_or_default()
    }

    /// The instructions behind which control does not go on, in order.
    pub(super) fn stops(&self) -> Rc<[u32]> {
        Rc::clone(self.memo.stops.get_or_init(|| self.find_stops()))
    }

    /// For each block, those from which control may come to it.
    pub(super) fn before(&self) -> Rc<[Vec<usize>]> {
        let known = &self.memo.before;
        Rc::clone(known.get_or_init(|| Reaching::of(self).before().into()))
    }

    /// Blocks from which control may get to `target`, itself among them.
    pub(super) fn leading_to(&self, target: BlockId) -> Rc<[bool]> {
        recall(&self.memo.leading, target, || {
            Reaching::of(self).leading_to(target).into()
        })
    }

    /// Those of them from which control may get there without binding a variable.
    pub(super) fn leading_unbound(&self, target: BlockId, place: PlaceId) -> Rc<[bool]> {
        recall(&self.memo.leading_unbound, (target, place), || {
            Reaching::of(self).leading_unbound(target, place).into()
        })
    }

    /// The answer to a question after a way, which `search` finds where it was not asked before.
    pub(super) fn asked(
        &self,
        wanted: Wanted,
        given: &[(PlaceId, Given)],
        subject: Option<ExprId>,
        search: impl FnOnce() -> Witness,
    ) -> Witness {
        let question = (wanted, given.to_vec(), subject);
        recall(&self.memo.witnesses, question, search)
    }
}
