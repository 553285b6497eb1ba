//! Looks for a way through a function that really can be taken: one on which no condition comes out both ways.
//!
//! The worklist joins what holds on different paths and forgets which conditions go together. Before something is told
//! that holds on one path only, that path is looked for: from the entry, with a memory of how each condition came out.

use super::Flow;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Inst, InstKind, Next, PlaceId, Source, Try, TryId,
    TryKind, UnaryOperator,
};
use crate::project::Catches;
use rustc_hash::{FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// What is looked for: control reaches `target` while `place` still holds what it was given at `origin`.
#[derive(Clone, Copy, Debug)]
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

/// What a parameter is for one call, where the call says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// None.
    None,
    /// A literal that is true or false, and not None.
    Literal(bool),
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
    /// Only if a loop over something runs no round.
    EmptyLoop,
    /// Only with an exception of which nothing is known but that a handler waits for it.
    Exception,
    /// There is.
    Path,
}

/// The search is given up after so many steps; then there is no witness.
const STEPS: usize = 4000;

/// A way through the function, as far as it was followed.
#[derive(Clone)]
struct Walker {
    block: BlockId,
    facts: Vec<Fact>,
    rounds: Vec<u32>,
    armed: bool,
    cost: Witness,
}

/// How a condition came out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Fact {
    condition: u64,
    holds: bool,
}

/// What is remembered of a condition: a hash of its form, and the places that it depends on.
struct Search<'f, 'p, 'a> {
    flow: &'f Flow<'p, 'a>,
    wanted: Wanted,
    subject: Option<ExprId>,
    suite: Option<TryId>,
    only_control: bool,
    seen: FxHashSet<u64>,
    mentions: rustc_hash::FxHashMap<u64, Vec<PlaceId>>,
    /// Operands of which at least one came out as the flag says, by the form of the whole.
    choices: rustc_hash::FxHashMap<u64, (crate::ir::Run, bool)>,
    /// Blocks that are on some way to the target.
    leading: Vec<bool>,
    /// Conditions that hold where one of several others does.
    one_of: rustc_hash::FxHashMap<u64, Vec<u64>>,
    /// Of a comparison with a literal: the place, and the literal's form.
    literals: rustc_hash::FxHashMap<u64, (PlaceId, u64)>,
    steps: usize,
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
        let suite = self.finally_around(wanted.target.0);
        let leading = super::Reaching::of(self).leading_to(wanted.target.0);
        let mut best = Witness::None;
        for least in [Witness::Path, Witness::Exception, Witness::EmptyLoop] {
            let mut search = Search {
                flow: self,
                wanted,
                subject: circumstances.subject,
                suite,
                only_control: false,
                seen: FxHashSet::default(),
                mentions: rustc_hash::FxHashMap::default(),
                literals: rustc_hash::FxHashMap::default(),
                one_of: rustc_hash::FxHashMap::default(),
                choices: rustc_hash::FxHashMap::default(),
                leading: leading.clone(),
                steps: 0,
            };
            if search.run(least, circumstances.given) {
                best = least;
                break;
            }
        }
        best
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
        let mut search = Search {
            flow: self,
            wanted,
            subject: None,
            suite: self.finally_around(target.0),
            only_control: true,
            seen: FxHashSet::default(),
            mentions: rustc_hash::FxHashMap::default(),
            literals: rustc_hash::FxHashMap::default(),
            one_of: rustc_hash::FxHashMap::default(),
            choices: rustc_hash::FxHashMap::default(),
            leading: super::Reaching::of(self).leading_to(target.0),
            steps: 0,
        };
        search.run(Witness::EmptyLoop, given) || search.steps > STEPS
    }

    /// A hash of an expression's form: equal for expressions that are written alike.
    pub fn form(&self, expr: ExprId) -> u64 {
        let module = self.module;
        let mut hasher = FxHasher::default();
        module.walk(expr, &mut |part| {
            let kind = module.kind(part);
            std::mem::discriminant(&kind).hash(&mut hasher);
            match kind {
                ExprKind::Name(place) => place.hash(&mut hasher),
                ExprKind::Attribute { name, .. }
                | ExprKind::Number(name)
                | ExprKind::Text(name)
                | ExprKind::Bytes(name) => name.hash(&mut hasher),
                ExprKind::Int(number) => number.hash(&mut hasher),
                ExprKind::Call { arguments, .. } => arguments.count.hash(&mut hasher),
                ExprKind::Compare { operator, .. } => (operator as u8).hash(&mut hasher),
                ExprKind::Binary { operator, .. } => (operator as u8).hash(&mut hasher),
                _ => {}
            }
        });
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

impl Search<'_, '_, '_> {
    /// Whether there is a way that costs no less than `least`.
    fn run(&mut self, least: Witness, given: &[(PlaceId, Given)]) -> bool {
        let start = Walker {
            block: BlockId::new(0),
            facts: Vec::new(),
            rounds: Vec::new(),
            armed: self.wanted.origin.is_none(),
            cost: Witness::Path,
        };
        let mut start = start;
        let passed = Some((self.wanted.place, Given::None)).filter(|_| self.wanted.passed);
        for (place, given) in passed.into_iter().chain(given.iter().copied()) {
            let (is_none, truth) = match given {
                Given::None => (true, false),
                Given::Literal(truth) => (false, truth),
            };
            self.remember(&mut start, place, is_none, truth);
        }
        start.facts.sort_unstable();
        start.facts.dedup();
        let mut open = vec![start];
        while let Some(walker) = open.pop() {
            self.steps += 1;
            if self.steps > STEPS {
                return false;
            }
            if !self.leading[walker.block.index()] {
                continue;
            }
            if walker.cost < least || !self.seen.insert(hash_of(&walker)) {
                continue;
            }
            if self.block(walker, &mut open) {
                return true;
            }
        }
        false
    }

    /// Follows one block; true if the target is reached.
    fn block(&mut self, mut walker: Walker, open: &mut Vec<Walker>) -> bool {
        let code = self.flow.code;
        let block = *code.block(walker.block);
        for index in block.insts.range() {
            let inst = &code.insts[index];
            if walker.armed && (walker.block, index as u32) == self.wanted.target {
                let subject = self.subject;
                if subject.is_none_or(|subject| self.evaluates(&walker, inst, subject)) {
                    return true;
                }
            }
            if block.guard.is_some() {
                self.raise(&walker, block.guard, inst, open);
            }
            if !self.inst(&mut walker, inst) {
                if matches!(inst.kind, InstKind::Return(_) | InstKind::Raise { .. }) {
                    self.finish(&walker, block.guard, Witness::Path, open);
                }
                return false;
            }
        }
        let end = (walker.block, block.insts.range().end as u32);
        if walker.armed && end == self.wanted.target {
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
                self.suppose(walker, test, in_then) && self.comes_to(walker, branch, subject)
            }
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let is_and = matches!(module.kind(expr), ExprKind::And(_));
                for &part in module.list(parts) {
                    if self.holds(part, subject) {
                        return self.comes_to(walker, part, subject);
                    }
                    if !self.suppose(walker, part, is_and) {
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
        if self.is_within(guard, suite) {
            open.push(Walker {
                block: entry,
                cost: walker.cost.min(cost),
                ..walker.clone()
            });
        }
    }

    fn is_within(&self, guard: Option<TryId>, suite: TryId) -> bool {
        let mut around = std::iter::successors(guard, |&id| self.flow.code.region(id).parent);
        around.any(|id| id == suite)
    }

    /// Whether control leaves what the `finally` guards.
    fn leads_out(&self, next: Next) -> bool {
        let Some(suite) = self.suite else {
            return false;
        };
        let is_outside = |to: BlockId| !self.is_within(self.flow.code.block(to).guard, suite);
        match next {
            Next::Goto(to) => is_outside(to),
            Next::Branch(one, other) => is_outside(one) || is_outside(other),
            Next::Return => true,
            _ => false,
        }
    }

    fn leave(&mut self, walker: &Walker, next: Next, open: &mut Vec<Walker>) {
        let mut go = |block: BlockId, walker: Walker| open.push(Walker { block, ..walker });
        match next {
            Next::Goto(to) => go(to, walker.clone()),
            Next::Branch(one, other) => {
                let header = self
                    .flow
                    .code
                    .loops
                    .iter()
                    .position(|of| of.header == walker.block);
                let Some(header) = header else {
                    go(one, walker.clone());
                    go(other, walker.clone());
                    return;
                };
                let header = header as u32;
                let mut inside = walker.clone();
                if !inside.rounds.contains(&header) {
                    inside.rounds.push(header);
                }
                let mut outside = walker.clone();
                if !walker.rounds.contains(&header)
                    || (walker.cost == Witness::Exception && self.gives_up(header))
                {
                    outside.cost = outside.cost.min(Witness::EmptyLoop);
                }
                go(one, inside);
                go(other, outside);
            }
            _ => {}
        }
    }

    /// A loop that tries again, and raises when it has tried often enough: it does not run out.
    fn gives_up(&self, header: u32) -> bool {
        let code = self.flow.code;
        let suite = code.loops[header as usize].suite;
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

    /// Carries a walker to the handlers that may catch what an instruction raises.
    fn raise(
        &mut self,
        walker: &Walker,
        guard: Option<TryId>,
        inst: &Inst,
        open: &mut Vec<Walker>,
    ) {
        let raising = self.flow.raising(inst);
        let next_round = matches!(
            inst.kind,
            InstKind::Bind {
                source: Source::Element { .. },
                ..
            }
        );
        if raising.is_nothing() || next_round {
            return;
        }
        self.finish(walker, guard, Witness::Exception, open);
        let mut at = guard;
        while let Some(id) = at {
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
                for (handler, catches) in handlers.iter().zip(self.flow.catches_of(id)) {
                    let (receives, ends) = self.flow.handles(&catches, raising);
                    if receives {
                        let cost = match raising.class {
                            Some(_) => walker.cost,
                            None if self.is_meant_for_later(&catches, region, inst) => {
                                walker.cost.min(Witness::EmptyLoop)
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

    /// Whether a handler of one class more likely waits for what a later statement of its suite raises.
    fn is_meant_for_later(&self, catches: &Catches, region: &Try, inst: &Inst) -> bool {
        let Catches::Classes { classes, .. } = catches else {
            return false;
        };
        let program = self.flow.program;
        if classes
            .iter()
            .any(|&class| program.class_name(class) == "Exception")
        {
            return false;
        }
        self.flow.code.insts.iter().any(|other| {
            region.body.contains(other.span)
                && other.span.start > inst.span.start
                && self.flow.raising(other).anything
        })
    }

    /// Runs one instruction; false if the way ends here.
    fn inst(&mut self, walker: &mut Walker, inst: &Inst) -> bool {
        match inst.kind {
            InstKind::Assume { test, holds } => {
                self.suppose(walker, test, holds) && self.leaves_a_choice(walker)
            }
            InstKind::Bind { target, source, .. } => self.bind(walker, target, source),
            InstKind::Eval(value) => {
                self.grow(walker, value);
                self.forget_walruses(walker, value);
                !self.flow.never_returns(value) && !self.binds_wanted(walker, value)
            }
            InstKind::Return(_) | InstKind::Raise { .. } => false,
            InstKind::Forget(target) => {
                if let Some(place) = self.flow.place_of(target) {
                    self.forget(walker, place);
                    if place == self.wanted.place && !self.only_control {
                        walker.armed = self.wanted.origin.is_none();
                    }
                }
                true
            }
            InstKind::Declare { .. } => true,
        }
    }

    /// What an expression binds on the way is something else from now on.
    fn forget_walruses(&self, walker: &mut Walker, value: ExprId) {
        self.flow.module.walk(value, &mut |part| {
            if let ExprKind::Walrus { target, .. } = self.flow.module.kind(part)
                && let Some(place) = self.flow.place_of(target)
            {
                self.forget(walker, place);
            }
        });
    }

    /// `errors.append(e)`: a container that something was put into is not empty.
    fn grow(&mut self, walker: &mut Walker, value: ExprId) {
        let module = self.flow.module;
        if let ExprKind::Call { callee, .. } = module.kind(value)
            && let ExprKind::Attribute { value, name, .. } = module.kind(callee)
            && let Some(place) = self.flow.place_of(value)
        {
            match module.name(name) {
                "append" | "add" | "insert" | "setdefault" | "appendleft" => {
                    self.filled(walker, place, true)
                }
                "update" | "extend" | "pop" | "remove" | "clear" | "discard" | "popitem" => {
                    self.filled(walker, place, false);
                }
                _ => {}
            }
        }
    }

    /// What is known of a container's truth, after something was put in or taken out.
    fn filled(&mut self, walker: &mut Walker, place: PlaceId, for_certain: bool) {
        let condition = self.truth_of(place);
        walker.facts.retain(|fact| fact.condition != condition);
        if for_certain {
            walker.facts.push(Fact {
                condition,
                holds: true,
            });
            walker.facts.sort_unstable();
        }
    }

    /// `errors["base"] = e`: from now on `"base" in errors`.
    fn put(&mut self, walker: &mut Walker, place: PlaceId, container: ExprId, index: ExprId) {
        let (index, container) = (self.flow.form(index), self.flow.form(container));
        let condition = hash_of(&("compare", Comparison::In as u8, index, container));
        self.mentions.insert(condition, vec![place]);
        walker.facts.retain(|fact| fact.condition != condition);
        walker.facts.push(Fact {
            condition,
            holds: true,
        });
        walker.facts.sort_unstable();
    }

    /// False if a binding takes from the wanted place what was looked for.
    fn bind(&mut self, walker: &mut Walker, target: ExprId, source: Source) -> bool {
        let value = match source {
            Source::Value(value) => Some(value),
            _ => None,
        };
        if let (ExprKind::Tuple(targets) | ExprKind::List(targets), Some(value)) =
            (self.flow.module.kind(target), value)
            && let ExprKind::Tuple(values) | ExprKind::List(values) = self.flow.module.kind(value)
            && targets.count == values.count
        {
            let module = self.flow.module;
            let pairs = module.list(targets).iter().zip(module.list(values));
            return pairs.fold(true, |alive, (&target, &value)| {
                alive & self.bind(walker, target, Source::Value(value))
            });
        }
        if let ExprKind::Subscript { value, index, .. } = self.flow.module.kind(target)
            && let Some(container) = self.flow.place_of(value)
        {
            self.filled(walker, container, true);
            self.put(walker, container, value, index);
        }
        let mut alive = true;
        self.flow.module.walk(target, &mut |part| {
            let Some(place) = self.flow.place_of(part) else {
                return;
            };
            if part != target
                && !matches!(
                    self.flow.module.kind(target),
                    ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::Starred(_)
                )
            {
                return;
            }
            self.forget(walker, place);
            if place == self.wanted.place || self.flow.code.root(self.wanted.place) == place {
                let is_origin =
                    value.is_some() && value.is_some_and(|value| self.gives_origin(value));
                if self.only_control {
                    return;
                }
                if walker.armed && !is_origin {
                    alive = false;
                }
                walker.armed = is_origin;
                if let (true, Some(value)) = (is_origin, value) {
                    alive &= self.suppose_on_the_way(walker, value);
                }
            }
            if let Some(value) = value {
                self.learn(walker, part, value);
            }
        });
        alive
    }

    /// Whether the wanted value is what an expression gives, or one side of it does.
    fn gives_origin(&self, value: ExprId) -> bool {
        let Some(origin) = self.wanted.origin else {
            return false;
        };
        let mut found = false;
        self.flow
            .module
            .walk(value, &mut |part| found |= part == origin);
        found
    }

    /// The conditions inside an expression under which it gives the origin: `None if test else value`.
    fn suppose_on_the_way(&mut self, walker: &mut Walker, value: ExprId) -> bool {
        if let ExprKind::Conditional {
            test,
            then,
            otherwise,
        } = self.flow.module.kind(value)
        {
            let in_then = self.gives_origin(then);
            let branch = if in_then { then } else { otherwise };
            return self.suppose(walker, test, in_then) && self.suppose_on_the_way(walker, branch);
        }
        true
    }

    /// A literal tells how conditions on the name will come out.
    fn learn(&mut self, walker: &mut Walker, target: ExprId, value: ExprId) {
        let (is_none, truth) = match self.flow.module.kind(value) {
            ExprKind::None => (true, false),
            ExprKind::True => (false, true),
            ExprKind::False | ExprKind::Int(0) => (false, false),
            ExprKind::Int(_) => (false, true),
            ExprKind::Unary {
                operator: UnaryOperator::Minus,
                operand,
            } if matches!(self.flow.module.kind(operand), ExprKind::Int(_)) => (false, true),
            ExprKind::Text(text) => (false, !self.flow.module.name(text).is_empty()),
            ExprKind::List(parts) | ExprKind::Dict(parts) => (false, !parts.is_empty()),
            _ => return,
        };
        let Some(place) = self.flow.place_of(target) else {
            return;
        };
        self.remember(walker, place, is_none, truth);
        if !is_none {
            let positive = Comparison::Equal as u8;
            let forms = (self.flow.form(target), self.flow.form(value));
            let condition = hash_of(&("compare", positive, forms.0, forms.1));
            self.mentions.insert(condition, vec![place]);
            self.literals.insert(condition, (place, forms.1));
            walker.facts.push(Fact {
                condition,
                holds: true,
            });
            walker.facts.sort_unstable();
        }
    }

    fn remember(&mut self, walker: &mut Walker, place: PlaceId, is_none: bool, truth: bool) {
        for (condition, holds) in [
            (self.truth_of(place), truth),
            (self.noneness_of(place), is_none),
        ] {
            walker.facts.push(Fact { condition, holds });
        }
        walker.facts.sort_unstable();
    }

    /// Whether the place is known to equal another literal on this way.
    fn equals_another(&self, walker: &Walker, place: PlaceId, literal: u64) -> bool {
        walker.facts.iter().any(|fact| {
            fact.holds
                && self
                    .literals
                    .get(&fact.condition)
                    .is_some_and(|&(other, form)| other == place && form != literal)
        })
    }

    /// `isinstance(x, T)`, `callable(x)` where x is None: it comes out false.
    fn asks_none(&mut self, walker: &Walker, callee: ExprId, arguments: crate::ir::Run) -> bool {
        let module = self.flow.module;
        let name = module.dotted(self.flow.code, callee);
        let asks = matches!(
            name.as_deref(),
            Some("isinstance" | "issubclass" | "callable")
        );
        let arguments = module.arguments(arguments);
        let place = arguments
            .first()
            .and_then(|argument| self.flow.place_of(argument.value));
        let (true, Some(place)) = (asks, place) else {
            return false;
        };
        let mut about_none = false;
        for argument in &arguments[1..] {
            module.walk(argument.value, &mut |part| {
                let name = module.dotted(self.flow.code, part);
                about_none |= matches!(module.kind(part), ExprKind::None | ExprKind::Call { .. })
                    || name.is_some_and(|name| name.ends_with("NoneType"));
            });
        }
        let condition = self.noneness_of(place);
        let none = Fact {
            condition,
            holds: true,
        };
        !about_none && walker.facts.contains(&none)
    }

    fn truth_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("truth", place));
        self.mentions.insert(condition, vec![place]);
        condition
    }

    fn noneness_of(&mut self, place: PlaceId) -> u64 {
        let condition = hash_of(&("none", place));
        self.mentions.insert(condition, vec![place]);
        condition
    }

    /// Conditions that mention a place say nothing any more once it is bound again.
    fn forget(&self, walker: &mut Walker, place: PlaceId) {
        let code = self.flow.code;
        walker.facts.retain(|fact| {
            let places = self.mentions.get(&fact.condition);
            !places.is_some_and(|places| {
                places
                    .iter()
                    .any(|&mentioned| mentioned == place || code.root(mentioned) == place)
            })
        });
    }

    /// Whether evaluating a condition binds the wanted name to something else.
    fn binds_wanted(&self, walker: &Walker, test: ExprId) -> bool {
        let is_leaf = !matches!(
            self.flow.module.kind(test),
            ExprKind::And(_) | ExprKind::Or(_)
        );
        walker.armed && is_leaf && self.flow.bound_in(test).contains(&self.wanted.place)
    }

    /// False if a condition came out the other way before.
    fn suppose(&mut self, walker: &mut Walker, test: ExprId, holds: bool) -> bool {
        let module = self.flow.module;
        if self.binds_wanted(walker, test) {
            return false;
        }
        if let ExprKind::And(parts) | ExprKind::Or(parts) = module.kind(test) {
            if !self.record(walker, test, holds) {
                return false;
            }
            let is_and = matches!(module.kind(test), ExprKind::And(_));
            if is_and != holds {
                let condition = hash_of(&("form", self.flow.form(test)));
                self.choices.insert(condition, (parts, holds));
            }
        }
        if let Some(runs) = self.flow.type_checking(test) {
            return holds == runs;
        }
        match module.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.suppose(walker, operand, !holds),
            ExprKind::Walrus { target, value } => {
                self.suppose(walker, value, holds) && self.suppose(walker, target, holds)
            }
            ExprKind::And(parts) if holds => module
                .list(parts)
                .iter()
                .all(|&part| self.suppose(walker, part, true)),
            ExprKind::Or(parts) if !holds => module
                .list(parts)
                .iter()
                .all(|&part| self.suppose(walker, part, false)),
            ExprKind::And(parts) => self.suppose_one(walker, parts, false),
            ExprKind::Or(parts) => self.suppose_one(walker, parts, true),
            ExprKind::True => holds,
            ExprKind::False => !holds,
            ExprKind::Int(number) => holds == (number != 0),
            ExprKind::Name(place)
            | ExprKind::Attribute {
                place: Some(place), ..
            } => self.suppose_truth(walker, test, place, holds),
            ExprKind::Compare {
                operator,
                left,
                right,
            } => self.suppose_comparison(walker, test, operator, left, right, holds),
            ExprKind::Call { callee, arguments }
                if holds && self.asks_none(walker, callee, arguments) =>
            {
                false
            }
            ExprKind::Call { callee, arguments } if self.is_type_test(callee, arguments) => {
                self.suppose_type(walker, test, arguments, holds)
            }
            ExprKind::Call { callee, arguments } => match self.quantified(callee, arguments) {
                Some((parts, is_all)) if is_all == holds => module
                    .list(parts)
                    .iter()
                    .all(|&part| self.suppose(walker, part, holds)),
                Some((parts, _)) => {
                    let condition = hash_of(&("form", self.flow.form(test)));
                    self.choices.insert(condition, (parts, holds));
                    self.record(walker, test, holds) && self.suppose_one(walker, parts, holds)
                }
                None => self.record(walker, test, holds),
            },
            _ => self.record(walker, test, holds),
        }
    }

    fn is_type_test(&self, callee: ExprId, arguments: crate::ir::Run) -> bool {
        let name = self.flow.module.dotted(self.flow.code, callee);
        arguments.count == 2 && name.as_deref() == Some("isinstance")
    }

    /// `isinstance(x, (A, B))`: one of `isinstance(x, A)` and `isinstance(x, B)`.
    fn suppose_type(
        &mut self,
        walker: &mut Walker,
        test: ExprId,
        arguments: crate::ir::Run,
        holds: bool,
    ) -> bool {
        let module = self.flow.module;
        let [subject, class] = module.arguments(arguments) else {
            return self.record(walker, test, holds);
        };
        let subject = self.flow.form(subject.value);
        let of = |class: ExprId| hash_of(&("isinstance", subject, self.flow.form(class)));
        let whole = of(class.value);
        let parts = match module.kind(class.value) {
            ExprKind::Tuple(parts) => module.list(parts).iter().map(|&part| of(part)).collect(),
            _ => Vec::new(),
        };
        self.suppose_one_of(walker, test, whole, parts, holds)
    }

    /// A condition that holds where one of several does; on its own where there are none.
    fn suppose_one_of(
        &mut self,
        walker: &mut Walker,
        test: ExprId,
        whole: u64,
        parts: Vec<u64>,
        holds: bool,
    ) -> bool {
        for &condition in parts.iter().chain([&whole]) {
            self.remember_mentions(condition, test);
        }
        if !holds && !parts.iter().all(|&part| self.settle(walker, part, false)) {
            return false;
        }
        if !parts.is_empty() {
            self.one_of.insert(whole, parts);
        }
        self.settle(walker, whole, holds) && self.is_possible(walker)
    }

    /// Whether of each condition that one of several operands decided, some operand still can have.
    fn leaves_a_choice(&mut self, walker: &Walker) -> bool {
        let open: Vec<(crate::ir::Run, bool)> = walker
            .facts
            .iter()
            .filter_map(|fact| {
                let choice = self.choices.get(&fact.condition)?;
                (choice.1 == fact.holds).then_some(*choice)
            })
            .collect();
        open.into_iter().all(|(parts, holds)| {
            let mut parts = self.flow.module.list(parts).iter();
            parts.any(|&part| self.suppose(&mut walker.clone(), part, holds))
        })
    }

    /// Whether of each choice that was made one part is left.
    fn is_possible(&self, walker: &Walker) -> bool {
        let is_false = |&condition: &u64| {
            walker.facts.contains(&Fact {
                condition,
                holds: false,
            })
        };
        walker.facts.iter().all(|fact| {
            let parts = self.one_of.get(&fact.condition).filter(|_| fact.holds);
            !parts.is_some_and(|parts| parts.iter().all(is_false))
        })
    }

    /// `any((a, b))` and `all([a, b])`: the parts, and whether it is `all`.
    fn quantified(
        &self,
        callee: ExprId,
        arguments: crate::ir::Run,
    ) -> Option<(crate::ir::Run, bool)> {
        let module = self.flow.module;
        let name = module.dotted(self.flow.code, callee)?;
        let [argument] = module.arguments(arguments) else {
            return None;
        };
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = module.kind(argument.value) else {
            return None;
        };
        matches!(name.as_str(), "any" | "all").then_some((parts, name == "all"))
    }

    /// At least one of several came out as `holds`: if all but one are known to have come out otherwise, that one did.
    fn suppose_one(&mut self, walker: &mut Walker, parts: crate::ir::Run, holds: bool) -> bool {
        let mut possible = Vec::new();
        for &part in self.flow.module.list(parts) {
            if self.suppose(&mut walker.clone(), part, holds) {
                possible.push(part);
            }
        }
        match possible[..] {
            [] => false,
            [only] => self.suppose(walker, only, holds),
            _ => true,
        }
    }

    fn suppose_truth(
        &mut self,
        walker: &mut Walker,
        _test: ExprId,
        place: PlaceId,
        holds: bool,
    ) -> bool {
        let none = self.noneness_of(place);
        if holds
            && walker.facts.contains(&Fact {
                condition: none,
                holds: true,
            })
        {
            return false;
        }
        // Who tested it for None meant its truth, until shown otherwise: an empty text on this way is no evidence.
        let condition = self.truth_of(place);
        let known_false = Fact {
            condition,
            holds: false,
        };
        if !holds
            && walker.facts.contains(&Fact {
                condition: none,
                holds: false,
            })
            && !walker.facts.contains(&known_false)
        {
            return false;
        }
        if holds {
            let fact = Fact {
                condition: none,
                holds: false,
            };
            if !walker.facts.contains(&fact) {
                walker.facts.push(fact);
            }
        }
        self.settle(walker, condition, holds)
    }

    fn suppose_comparison(
        &mut self,
        walker: &mut Walker,
        test: ExprId,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        holds: bool,
    ) -> bool {
        let module = self.flow.module;
        let left = match module.kind(left) {
            ExprKind::Walrus { target, .. } => target,
            _ => left,
        };
        let negated = matches!(
            operator,
            Comparison::IsNot | Comparison::NotEqual | Comparison::NotIn
        );
        let holds_positive = holds != negated;
        let same = matches!(
            operator,
            Comparison::Is | Comparison::IsNot | Comparison::Equal | Comparison::NotEqual
        );
        if let (true, Some(place), ExprKind::None) =
            (same, self.flow.place_of(left), module.kind(right))
        {
            let truth = self.truth_of(place);
            if holds_positive
                && walker.facts.contains(&Fact {
                    condition: truth,
                    holds: true,
                })
            {
                return false;
            }
            let condition = self.noneness_of(place);
            return self.settle(walker, condition, holds_positive);
        }
        if let (true, Some(place), ExprKind::True | ExprKind::False) =
            (same, self.flow.place_of(left), module.kind(right))
        {
            let truth = matches!(module.kind(right), ExprKind::True) == holds_positive;
            return self.suppose_truth(walker, left, place, truth);
        }
        let positive = match operator {
            Comparison::IsNot => Comparison::Is,
            Comparison::NotEqual => Comparison::Equal,
            Comparison::NotIn => Comparison::In,
            other => other,
        };
        let condition = hash_of(&(
            "compare",
            positive as u8,
            self.flow.form(left),
            self.flow.form(right),
        ));
        self.remember_mentions(condition, test);
        if let (Comparison::Equal, Some(place), ExprKind::Int(_) | ExprKind::Text(_)) =
            (positive, self.flow.place_of(left), module.kind(right))
        {
            let literal = self.flow.form(right);
            self.literals.insert(condition, (place, literal));
            if self.equals_another(walker, place, literal) {
                return !holds_positive;
            }
        }
        let parts = match (positive, module.kind(right)) {
            (
                Comparison::In,
                ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts),
            ) => {
                let of = |part: ExprId| {
                    let equal = Comparison::Equal as u8;
                    hash_of(&("compare", equal, self.flow.form(left), self.flow.form(part)))
                };
                module.list(parts).iter().map(|&part| of(part)).collect()
            }
            _ => Vec::new(),
        };
        self.suppose_one_of(walker, test, condition, parts, holds_positive)
    }

    fn record(&mut self, walker: &mut Walker, test: ExprId, holds: bool) -> bool {
        let condition = hash_of(&("form", self.flow.form(test)));
        self.remember_mentions(condition, test);
        self.settle(walker, condition, holds)
    }

    fn remember_mentions(&mut self, condition: u64, test: ExprId) {
        let mut places = Vec::new();
        self.flow
            .module
            .walk(test, &mut |part| places.extend(self.flow.place_of(part)));
        self.mentions.insert(condition, places);
    }

    fn settle(&self, walker: &mut Walker, condition: u64, holds: bool) -> bool {
        if walker.facts.contains(&Fact {
            condition,
            holds: !holds,
        }) {
            return false;
        }
        let fact = Fact { condition, holds };
        if !walker.facts.contains(&fact) {
            walker.facts.push(fact);
            walker.facts.sort_unstable();
        }
        true
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
            self.armed,
            self.cost as u8,
        )
            .hash(hasher);
    }
}
