//! Whether anything on the way to a use has tested what it takes for granted, or catches that it is not so.

use super::{Boundary, Candidate, Origin};
use crate::flow::Dominators;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, InstKind, LoopKind, Next, PlaceId, TryKind,
};
use crate::project::Coverage;

/// Words in the names of functions that raise if their argument is not as it should be.
const CHECKING: [&str; 8] = [
    "check", "valid", "assert", "ensure", "require", "verify", "expect", "sanity",
];

/// Attributes that say whether there is something in the thing they belong to.
const TELLING: [&str; 16] = [
    "ok",
    "status",
    "status_code",
    "code",
    "error",
    "errors",
    "returncode",
    "success",
    "size",
    "length",
    "count",
    "rowcount",
    "ndim",
    "shape",
    "empty",
    "is_empty",
];

/// Calls whose answer says something of what they are asked about.
const ASKING: [&str; 10] = [
    "len",
    "any",
    "all",
    "bool",
    "startswith",
    "endswith",
    "find",
    "count",
    "match",
    "search",
];

/// `is_redirect`, `has_header`: whoever asks that of a thing has a reason to believe what is in it.
fn is_question(name: &str) -> bool {
    name.starts_with("is_") || name.starts_with("has_")
}

impl Boundary<'_> {
    /// Whether one of these classes is caught around a place.
    pub(in crate::rules) fn is_caught(&self, at: BlockId, classes: &[&str]) -> bool {
        let flow = self.flow;
        let guard = flow.code.block(at).guard;
        classes.iter().any(|name| {
            let class = flow.program.library.class(name, flow.module.dialect);
            class.is_some_and(|class| {
                let caught = |guard| flow.program.caught_in(flow.function, guard, class).0;
                (guard.is_some() && caught(guard) != Coverage::None)
                    || self.scene.is_caught_above(class)
            })
        })
    }

    /// Whether a condition that is evaluated on every way to a use says something about one of these places.
    pub(in crate::rules) fn is_tested(&self, candidate: Candidate, places: &[PlaceId]) -> bool {
        let mentions = |test: ExprId| self.mentions(test, places);
        self.is_tested_by(candidate, &mentions, false)
            || self.is_looped(candidate, places)
            || self.is_checked(candidate, places)
    }

    /// Whether a condition that `mentions` tells apart is evaluated on every way to a use; with `strict`, also came out the
    /// same on every way.
    pub(in crate::rules) fn is_tested_by(
        &self,
        candidate: Candidate,
        mentions: &dyn Fn(ExprId) -> bool,
        strict: bool,
    ) -> bool {
        if self.is_tested_beside(candidate, mentions) {
            return true;
        }
        let code = self.flow.code;
        let inside = self.flow.module.span(candidate.expr);
        let is_apart = |test: ExprId| !self.flow.module.span(test).contains(inside);
        for index in 0..code.blocks.len() {
            let block = BlockId::new(index);
            let mut tests = code.insts(code.block(block)).iter();
            let has = tests.any(|inst| match inst.kind {
                InstKind::Assume { test, .. } => is_apart(test) && mentions(test),
                _ => false,
            });
            if !has {
                continue;
            }
            // What is asked at the end of the block of the use comes too late.
            let stands = if strict {
                self.dominates(block, candidate.at.0)
            } else {
                self.before(block).iter().any(|&before| {
                    before != candidate.at.0 && self.dominates(before, candidate.at.0)
                })
            };
            if stands {
                return true;
            }
        }
        false
    }

    /// Whether the same expression asks, or the use stands in a loop over the thing.
    pub(in crate::rules) fn is_asked_there(
        &self,
        candidate: Candidate,
        places: &[PlaceId],
    ) -> bool {
        self.is_tested_beside(candidate, &|test| self.mentions(test, places))
            || self.is_looped(candidate, places)
    }

    /// Conditions of the same expression: `a and b`, `x if a else y`, `… for … if a`.
    pub(in crate::rules) fn is_tested_beside(
        &self,
        candidate: Candidate,
        mentions: &dyn Fn(ExprId) -> bool,
    ) -> bool {
        let module = self.flow.module;
        let inside = module.span(candidate.expr);
        let apart = |expr: ExprId| !module.span(expr).contains(inside);
        let mut found = false;
        module.walk(candidate.root, &mut |part| {
            if found || !module.span(part).contains(inside) {
                return;
            }
            found = match module.kind(part) {
                ExprKind::And(parts) | ExprKind::Or(parts) => {
                    let before = |other: &&ExprId| module.span(**other).start < inside.start;
                    let mut others = module.list(parts).iter().filter(before);
                    others.any(|&other| apart(other) && mentions(other))
                }
                ExprKind::Conditional { test, .. } => apart(test) && mentions(test),
                ExprKind::Comprehension(id) => {
                    let clauses = &module.comprehension(id).clauses;
                    let mut conditions = clauses.iter().flat_map(|clause| &clause.conditions);
                    conditions.any(|&condition| {
                        (apart(condition) || matches!(module.kind(condition), ExprKind::And(_)))
                            && mentions(condition)
                    })
                }
                _ => false,
            };
        });
        found
    }

    /// Whether a condition says something about one of these places.
    pub(in crate::rules) fn mentions(&self, test: ExprId, places: &[PlaceId]) -> bool {
        let module = self.flow.module;
        if self.says_nothing(test) {
            return false;
        }
        let here = self.flow.place_of(test);
        if here.is_some_and(|place| places.contains(&place) || self.tells(place, places)) {
            return true;
        }
        match module.kind(test) {
            ExprKind::Call { callee, arguments } => {
                let subject = match module.kind(callee) {
                    ExprKind::Attribute { value, .. } => value,
                    _ => callee,
                };
                let mut arguments = module.arguments(arguments).iter();
                let is_asked = |(name, receiver, _): (&str, Option<ExprId>, Vec<ExprId>)| {
                    is_question(name)
                        && receiver.is_some_and(|receiver| self.owns(receiver, places))
                };
                self.called(test).is_some_and(is_asked)
                    || self.mentions(subject, places)
                    || arguments.any(|argument| self.mentions(argument.value, places))
            }
            // `element.tag` says nothing of what else an element has.
            ExprKind::Attribute { value, name, .. } => {
                (TELLING.contains(&module.name(name)) && self.mentions(value, places))
                    || (is_question(module.name(name)) && self.owns(value, places))
            }
            _ => {
                let mut found = false;
                module.for_each_part(test, &mut |part| {
                    found = found || self.mentions(part, places)
                });
                found
            }
        }
    }

    /// Whether one of these places is an attribute of what an expression names; the object at work has too many of them.
    fn owns(&self, expr: ExprId, places: &[PlaceId]) -> bool {
        let code = self.flow.code;
        let own = code.parameters.first().map(|first| first.place);
        self.flow.place_of(expr).is_some_and(|owner| {
            let is_own = code.class.is_some() && own == Some(owner);
            let mut places = places.iter();
            !is_own && places.any(|&place| code.place(place).parent == Some(owner))
        })
    }

    /// Whether control can pass both expressions while a variable keeps its value.
    pub(in crate::rules) fn is_together(
        &self,
        one: ExprId,
        other: ExprId,
        variable: PlaceId,
    ) -> bool {
        match (self.block_of(one), self.block_of(other)) {
            (Some(one), Some(other)) => {
                one == other || self.leads(one, other, variable) || self.leads(other, one, variable)
            }
            _ => true,
        }
    }

    /// The block in which an expression is evaluated.
    pub(in crate::rules) fn block_of(&self, expr: ExprId) -> Option<BlockId> {
        let (code, span) = (self.flow.code, self.flow.module.span(expr));
        let mut blocks = (0..code.blocks.len()).map(BlockId::new);
        blocks.find(|&block| {
            let mut insts = code.insts(code.block(block)).iter();
            insts.any(|inst| {
                inst.span.contains(span) && !matches!(inst.kind, InstKind::Assume { .. })
            })
        })
    }

    /// Whether control gets from one block to another with no binding of a variable between.
    fn leads(&self, from: BlockId, to: BlockId, variable: PlaceId) -> bool {
        let code = self.flow.code;
        let binds = |block: BlockId| {
            let mut insts = code.insts(code.block(block)).iter();
            insts.any(|inst| match inst.kind {
                InstKind::Bind { target, .. } => self.flow.place_of(target) == Some(variable),
                _ => false,
            })
        };
        let mut seen = vec![false; code.blocks.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for next in self.after(at) {
                if next == to {
                    return true;
                }
                if !std::mem::replace(&mut seen[next.index()], true) && !binds(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// Whether a name stands for a condition on one of these places.
    fn tells(&self, place: PlaceId, places: &[PlaceId]) -> bool {
        let module = self.flow.module;
        let asks = |value: ExprId| match module.kind(value) {
            ExprKind::Compare { .. }
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Unary {
                operator: crate::ir::UnaryOperator::Not,
                ..
            } => true,
            ExprKind::Call { .. } => self
                .called(value)
                .is_some_and(|(name, ..)| ASKING.contains(&name)),
            _ => false,
        };
        self.origins(place).iter().any(|origin| match *origin {
            Origin::Value(value) if self.leaves_out(value, places) => true,
            Origin::Value(value) if asks(value) => {
                let read = self.places(value);
                read.iter().any(|place| places.contains(place))
            }
            _ => false,
        })
    }

    /// `[key for key in wanted if key not in document]`: whether there is any says something of the document.
    fn leaves_out(&self, value: ExprId, places: &[PlaceId]) -> bool {
        let module = self.flow.module;
        let ExprKind::Comprehension(id) = module.kind(value) else {
            return false;
        };
        let clauses = &module.comprehension(id).clauses;
        let mut conditions = clauses.iter().flat_map(|clause| &clause.conditions);
        conditions.any(|&condition| match module.kind(condition) {
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                right,
                ..
            } => self
                .flow
                .place_of(right)
                .is_some_and(|place| places.contains(&place)),
            _ => false,
        })
    }

    /// `x is None` and `isinstance(x, T)` say nothing of what is in it.
    fn says_nothing(&self, test: ExprId) -> bool {
        let module = self.flow.module;
        match module.kind(test) {
            ExprKind::Compare {
                operator: Comparison::Is | Comparison::IsNot,
                right,
                ..
            } => matches!(module.kind(right), ExprKind::None),
            ExprKind::Call { .. } => {
                matches!(
                    self.called(test),
                    Some(("isinstance" | "hasattr" | "callable", None, _))
                )
            }
            _ => false,
        }
    }

    /// Whether the use stands in a loop over the thing itself.
    pub(in crate::rules) fn is_looped(&self, candidate: Candidate, places: &[PlaceId]) -> bool {
        let inside = self.flow.module.span(candidate.expr);
        self.flow.code.loops.iter().any(|of| {
            of.suite.contains(inside)
                && match of.kind {
                    LoopKind::For { iterable, .. } => self.mentions(iterable, places),
                    LoopKind::While { test } => self.mentions(test, places),
                }
        })
    }

    /// Whether a helper whose name says that it checks got it before.
    pub(in crate::rules) fn is_checked(&self, candidate: Candidate, places: &[PlaceId]) -> bool {
        let code = self.flow.code;
        let start = self.flow.module.span(candidate.expr).start;
        (0..code.blocks.len()).any(|index| {
            let block = BlockId::new(index);
            let mut insts = code.insts(code.block(block)).iter();
            insts.any(|inst| match inst.kind {
                InstKind::Eval(call) if inst.span.start < start => {
                    self.checks(call) && self.mentions(call, places)
                }
                _ => false,
            }) && self.dominates(block, candidate.at.0)
        })
    }

    fn checks(&self, call: ExprId) -> bool {
        self.called(call).is_some_and(|(name, ..)| {
            let name = name.to_ascii_lowercase();
            CHECKING.iter().any(|word| name.contains(word))
        })
    }

    /// Whether control passes one block on every way to another.
    pub(in crate::rules) fn dominates(&self, block: BlockId, target: BlockId) -> bool {
        let count = self.flow.code.blocks.len();
        let known = &self.dominators;
        let known = known.get_or_init(|| Dominators::of(count, |at| self.after(at)));
        known.dominates(block, target)
    }

    /// Whether control can get from one block to another.
    pub(in crate::rules) fn reaches(&self, from: BlockId, to: BlockId) -> bool {
        let mut seen = vec![false; self.flow.code.blocks.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            for next in self.after(at) {
                if !std::mem::replace(&mut seen[next.index()], true) {
                    open.push(next);
                }
            }
        }
        false
    }

    pub(super) fn before(&self, block: BlockId) -> Vec<BlockId> {
        let blocks = self.flow.code.blocks.iter().enumerate();
        let leads = blocks.filter(|(_, from)| match from.next {
            Next::Branch(one, other) => one == block || other == block,
            Next::Goto(to) => to == block,
            _ => false,
        });
        leads.map(|(index, _)| BlockId::new(index)).collect()
    }

    /// Where control can go from a block.
    fn after(&self, block: BlockId) -> Vec<BlockId> {
        let code = self.flow.code;
        let mut found = Vec::new();
        if self.solution.at(block).is_none() {
            return found;
        }
        let mut guard = code.block(block).guard;
        while let Some(region) = guard {
            let region = code.region(region);
            match &region.kind {
                TryKind::Catch { handlers, .. } => {
                    found.extend(handlers.iter().map(|handler| handler.entry));
                }
                TryKind::Finally { entry, .. } => found.push(*entry),
                TryKind::With { .. } => {}
            }
            guard = region.parent;
        }
        let ends = code.insts(code.block(block)).iter().any(
            |inst| matches!(inst.kind, InstKind::Eval(value) if self.flow.never_returns(value)),
        );
        match code.block(block).next {
            _ if ends => {}
            Next::Goto(to) => found.push(to),
            Next::Branch(one, other) => found.extend([one, other]),
            _ => {}
        }
        found
    }
}
