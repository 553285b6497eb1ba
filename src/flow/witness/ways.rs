//! Where control can go from a block: the next ones, handlers, and the `finally` that the search is about.

use super::{Fact, Facts, Search, Turn, Walker, Witness, hash_of};
use crate::ir::{
    BlockId, ExprId, ExprKind, Inst, InstKind, LoopKind, Next, Source, Try, TryId, TryKind,
};
use crate::project::Catches;

/// `enumerate(reversed(list(x)))`: as many calls around an iterable are looked through.
const WRAPPERS: usize = 3;

/// What coming to the end of a loop says.
#[derive(Clone, Copy)]
pub(super) struct Exits {
    /// It tries again, and raises when it has tried often enough.
    gives_up: bool,
    /// It binds the wanted name in some round.
    searches: bool,
}

impl Search<'_, '_, '_> {
    /// Follows one block; true if the target is reached.
    pub(super) fn block(&mut self, mut walker: Walker, open: &mut Vec<Walker>) -> bool {
        let code = self.flow.code;
        let block = *code.block(walker.block);
        for index in block.insts.range() {
            let inst = &code.insts[index];
            if walker.armed && (walker.block, index as u32) == self.wanted.target {
                let subject = self.subject;
                if subject.is_none_or(|subject| self.evaluates(&walker, inst, subject))
                    && self.is_consistent(&walker)
                {
                    self.found = walker.trail;
                    return true;
                }
            }
            if block.guard.is_some() {
                self.raise(&walker, block.guard, index as u32, open);
            }
            if !self.inst(&mut walker, index) {
                if matches!(inst.kind, InstKind::Return(_)) {
                    self.finish(&walker, block.guard, Witness::Path, open);
                }
                return false;
            }
        }
        let end = (walker.block, block.insts.range().end as u32);
        if walker.armed && end == self.wanted.target {
            self.found = walker.trail;
            return true;
        }
        if self.leads_out(block.next) {
            self.finish(&walker, block.guard, Witness::Path, open);
        }
        self.leave(&walker, block.next, open);
        false
    }

    /// Whether an instruction evaluates a part of it, as far as the conditions inside it are known.
    fn evaluates(&mut self, walker: &Walker, inst: &Inst, subject: ExprId) -> bool {
        let mut roots = Vec::new();
        inst.kind.for_each_expr(&mut |root| roots.push(root));
        let root = roots.into_iter().find(|&root| self.holds(root, subject));
        root.is_none_or(|root| self.comes_to(&mut walker.clone(), root, subject))
    }

    fn holds(&self, expr: ExprId, subject: ExprId) -> bool {
        let mut found = false;
        let module = self.flow.module;
        module.walk(expr, &mut |part| found |= part == subject);
        found
    }

    fn comes_to(&mut self, walker: &mut Walker, expr: ExprId, subject: ExprId) -> bool {
        if expr == subject {
            return true;
        }
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                if self.holds(test, subject) {
                    return self.comes_to(walker, test, subject);
                }
                let in_then = self.holds(then, subject);
                let branch = if in_then { then } else { otherwise };
                !self.is_doubtful_inside(walker, test, in_then)
                    && self.suppose(walker, test, in_then)
                    && self.comes_to(walker, branch, subject)
            }
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let is_and = matches!(module.kind(expr), ExprKind::And(_));
                for &part in module.list(parts) {
                    if self.holds(part, subject) {
                        return self.comes_to(walker, part, subject);
                    }
                    if self.is_doubtful_inside(walker, part, is_and)
                        || !self.suppose(walker, part, is_and)
                    {
                        return false;
                    }
                }
                true
            }
            _ => {
                let mut next = None;
                module.for_each_part(expr, &mut |part| {
                    if next.is_none() && self.holds(part, subject) {
                        next = Some(part);
                    }
                });
                next.is_none_or(|part| self.comes_to(walker, part, subject))
            }
        }
    }

    /// Whatever leaves a guarded block comes to the `finally` suite at last, if the use stands in one.
    fn finish(&self, walker: &Walker, guard: Option<TryId>, cost: Witness, open: &mut Vec<Walker>) {
        let Some(suite) = self.suite else { return };
        let TryKind::Finally { entry, .. } = self.flow.code.region(suite).kind else {
            return;
        };
        if self.flow.code.is_within(guard, suite) {
            open.push(Walker {
                block: entry,
                cost: walker.cost.min(cost),
                ..walker.clone()
            });
        }
    }

    /// Whether control leaves what the `finally` guards.
    fn leads_out(&self, next: Next) -> bool {
        let Some(suite) = self.suite else {
            return false;
        };
        let code = self.flow.code;
        let is_outside = |to: BlockId| !code.is_within(code.block(to).guard, suite);
        match next {
            Next::Goto(to) => is_outside(to),
            Next::Branch(one, other) => is_outside(one) || is_outside(other),
            Next::Return => true,
            _ => false,
        }
    }

    fn leave(&mut self, walker: &Walker, next: Next, open: &mut Vec<Walker>) {
        let from = walker.block;
        let mut go = |block: BlockId, walker: Walker| open.push(Walker { block, ..walker });
        match next {
            Next::Goto(to) => {
                let mut walker = walker.clone();
                self.come_to(&mut walker, from, to);
                go(to, walker);
            }
            Next::Branch(one, other) => {
                let header = self
                    .flow
                    .code
                    .loops
                    .iter()
                    .position(|of| of.header == walker.block);
                let Some(header) = header else {
                    for to in [one, other] {
                        let mut walker = walker.clone();
                        walker.trail = self.turn(&walker, Turn::Branch { from, to });
                        go(to, walker);
                    }
                    return;
                };
                let has_a_round = self.has_a_round(&walker.facts, header);
                let header = header as u32;
                let mut inside = walker.clone();
                if !inside.rounds.contains(&header) {
                    inside.rounds.push(header);
                }
                let mut outside = walker.clone();
                let written = self.written_rounds(header as usize);
                let (may_begin, may_end) = self.begin(&mut inside, header, written);
                if walker.cost <= Witness::Exception && self.exits(header).gives_up {
                    outside.cost = outside.cost.min(Witness::Unlikely);
                }
                if may_begin && !self.has_no_round(&walker.facts, header as usize) {
                    go(one, inside);
                }
                if !may_end {
                    return;
                }
                if walker.rounds.contains(&header) {
                    if self.exits(header).searches {
                        outside.cost = outside.cost.min(Witness::Unfound);
                    }
                    go(other, outside);
                } else if !has_a_round {
                    outside.cost = outside.cost.min(Witness::EmptyLoop);
                    go(other, outside);
                }
            }
            _ => {}
        }
    }

    /// Whether what a `for` goes over was found empty on this way.
    fn has_no_round(&self, facts: &Facts, of: usize) -> bool {
        let LoopKind::For { iterable, .. } = self.flow.code.loops[of].kind else {
            return false;
        };
        let place = self.flow.place_of(iterable);
        place.is_some_and(|place| {
            let condition = hash_of(&("truth", place));
            facts.contains(&Fact {
                condition,
                holds: false,
            })
        })
    }

    /// Whether a `for` runs at least one round: over what is written down, or what was found true on this way.
    fn has_a_round(&self, facts: &Facts, of: usize) -> bool {
        let LoopKind::For { iterable, .. } = self.flow.code.loops[of].kind else {
            return false;
        };
        let is_true = |place| {
            let condition = hash_of(&("truth", place));
            facts.contains(&Fact {
                condition,
                holds: true,
            })
        };
        let mut iterable = iterable;
        for _ in 0..WRAPPERS {
            iterable = match self.flow.module.kind(iterable) {
                ExprKind::Call { callee, arguments } => {
                    let name = self.flow.module.plain_name(self.flow.code, callee);
                    // What has something in it has items.
                    if let ExprKind::Attribute { value, name, .. } = self.flow.module.kind(callee)
                        && arguments.is_empty()
                        && matches!(self.flow.module.name(name), "items" | "keys" | "values")
                    {
                        iterable = value;
                        continue;
                    }
                    let Some(first) = self.flow.module.arguments(arguments).first() else {
                        return false;
                    };
                    match name {
                        Some("enumerate" | "reversed" | "sorted" | "list" | "tuple" | "iter") => {
                            first.value
                        }
                        Some("range" | "xrange") => {
                            // Who counts wants to count: that the number is 0 is for others to show.
                            let kind = self.flow.module.kind(first.value);
                            return arguments.count > 1 || kind != ExprKind::Int(0);
                        }
                        _ => return false,
                    }
                }
                ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
                    let is_plain = |part: &ExprId| {
                        !matches!(self.flow.module.kind(*part), ExprKind::Starred(_))
                    };
                    return self.flow.module.list(parts).iter().any(is_plain);
                }
                _ => return self.flow.place_of(iterable).is_some_and(is_true),
            };
        }
        false
    }

    /// What coming to the end of a loop says.
    fn exits(&mut self, header: u32) -> Exits {
        if let Some(&known) = self.exits.get(&header) {
            return known;
        }
        let exits = Exits {
            gives_up: self.gives_up(header),
            searches: self.searches(header),
        };
        self.exits.insert(header, exits);
        exits
    }

    /// A loop that tries again, and raises when it has tried often enough: it does not run out.
    fn gives_up(&self, header: u32) -> bool {
        let code = self.flow.code;
        let suite = code.loops[header as usize].suite;
        if let LoopKind::For { iterable, .. } = code.loops[header as usize].kind
            && !self.counts(iterable)
        {
            return false;
        }
        let in_loop = |inst: &Inst| suite.contains(inst.span);
        code.insts.iter().any(|inst| {
            matches!(
                inst.kind,
                InstKind::Raise {
                    assertion: false,
                    ..
                }
            ) && in_loop(inst)
        })
    }

    /// `range(…)`: rounds are counted, not elements taken.
    fn counts(&self, iterable: ExprId) -> bool {
        let ExprKind::Call { callee, .. } = self.flow.module.kind(iterable) else {
            return false;
        };
        let name = self.flow.module.plain_name(self.flow.code, callee);
        matches!(name, Some("range" | "xrange"))
    }

    /// A loop that binds the wanted name in some round, and is read behind: it more likely finds what it looks for.
    fn searches(&self, header: u32) -> bool {
        let code = self.flow.code;
        let of = &code.loops[header as usize];
        let target = code.insts.get(self.wanted.target.1 as usize);
        if !self.is_unbound || target.is_none_or(|target| of.span.contains(target.span)) {
            return false;
        }
        let binds = |inst: &Inst| {
            let InstKind::Bind { target, .. } = inst.kind else {
                return false;
            };
            of.suite.contains(inst.span) && self.flow.mentions(target, self.wanted.place)
        };
        code.insts.iter().any(binds)
    }

    /// Carries a walker to the handlers that may catch what an instruction raises.
    fn raise(&mut self, walker: &Walker, guard: Option<TryId>, index: u32, open: &mut Vec<Walker>) {
        let inst = &self.flow.code.insts[index as usize];
        let raising = self.flow.raising(index);
        let next_round = matches!(
            inst.kind,
            InstKind::Bind {
                source: Source::Element { .. },
                ..
            }
        );
        if raising.is_nothing() || next_round || self.binds_before_it_raises(inst) {
            return;
        }
        let likely = match self.is_unbound && self.flow.is_slight(index) {
            true => Witness::Unlikely,
            false => Witness::Exception,
        };
        let traced = self.turn(walker, Turn::Raised { inst: index });
        let traced = traced.map(|turn| Walker {
            trail: Some(turn),
            ..walker.clone()
        });
        let walker = traced.as_ref().unwrap_or(walker);
        let mut at = guard;
        while let Some(id) = at {
            if self.suite == Some(id) {
                self.finish(walker, guard, likely, open);
            }
            let region = self.flow.code.region(id);
            if let TryKind::With { manager, after, .. } = region.kind
                && self.flow.swallows(manager)
            {
                open.push(Walker {
                    block: after,
                    cost: walker.cost.min(Witness::Exception),
                    ..walker.clone()
                });
            }
            if let TryKind::Catch { handlers, .. } = &region.kind {
                for (handler, catches) in handlers.iter().zip(self.flow.catches(id).iter()) {
                    let (receives, ends) = self.flow.handles(catches, raising);
                    if receives {
                        let cost = match raising.class {
                            Some(_) => walker.cost,
                            None if self.is_meant_for_later(catches, region, index) => {
                                walker.cost.min(Witness::Unlikely)
                            }
                            None => walker.cost.min(Witness::Exception),
                        };
                        open.push(Walker {
                            block: handler.entry,
                            cost,
                            ..walker.clone()
                        });
                    }
                    if ends {
                        return;
                    }
                }
            }
            at = region.parent;
        }
    }

    /// Whether an instruction binds the wanted name before anything in it can raise: `table[key := type(value)]`.
    fn binds_before_it_raises(&self, inst: &Inst) -> bool {
        if !self.is_unbound || !self.flow.has_walrus() {
            return false;
        }
        let (flow, module) = (self.flow, self.flow.module);
        let mut found = false;
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| {
                if let ExprKind::Walrus { target, value } = module.kind(part)
                    && flow.place_of(target) == Some(self.wanted.place)
                    && flow.assigned_in(root).contains(&self.wanted.place)
                {
                    found |= flow.is_harmless_value(value);
                }
            });
        });
        found
    }

    /// Whether a handler more likely waits for what a later statement of its suite raises: where it waits for one
    /// class, or what is raised at once is next to nothing.
    fn is_meant_for_later(&self, catches: &Catches, region: &Try, index: u32) -> bool {
        let inst = &self.flow.code.insts[index as usize];
        let program = self.flow.program;
        let is_broad = match catches {
            Catches::Everything => true,
            Catches::Classes { classes, .. } => classes.iter().any(|&class| {
                let name = program.class_name(class);
                matches!(name, "Exception" | "BaseException" | "StandardError")
            }),
        };
        if is_broad && !(self.is_unbound && self.flow.is_slight(index)) {
            return false;
        }
        // Who calls something, and then looks at what it gave, waits for the call.
        let calls = |inst: &Inst| {
            let mut found = false;
            let module = self.flow.module;
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |part| {
                    found |= matches!(module.kind(part), ExprKind::Call { .. });
                });
            });
            found
        };
        let is_call = calls(inst);
        let insts = self.flow.code.insts.iter().enumerate();
        { insts }.any(|(index, other)| {
            let raises = || {
                let raising = self.flow.raising(index as u32);
                raising.anything
                    && !(is_broad && self.flow.is_slight(index as u32))
                    && (!is_call || calls(other))
            };
            region.body.contains(other.span) && other.span.start > inst.span.start && raises()
        })
    }
}
