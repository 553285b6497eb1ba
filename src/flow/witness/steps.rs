//! What an instruction does to what is known of a way.

use super::{Fact, Search, Walker, hash_of};
use crate::flow::Flow;
use crate::ir::{
    BinaryOperator, Comparison, ExprId, ExprKind, Inst, InstKind, PlaceId, Source, UnaryOperator,
};
use std::rc::Rc;

impl Search<'_, '_, '_> {
    /// Runs one instruction; false if the way ends here.
    pub(super) fn inst(&mut self, walker: &mut Walker, index: usize) -> bool {
        let inst: &Inst = &self.flow.code.insts[index];
        if !self.survives(walker, index) {
            return false;
        }
        if self.is_unbound && self.flow.has_walrus() {
            let mut roots = Vec::new();
            inst.kind.for_each_expr(&mut |root| roots.push(root));
            if !roots.into_iter().all(|root| self.passes_by(walker, root)) {
                return false;
            }
        }
        match inst.kind {
            InstKind::Assume { test, holds } => {
                self.refuse(walker, test, holds);
                !self.is_doubtful(walker, test, holds)
                    && self.suppose(walker, test, holds)
                    && self.leaves_a_choice(walker)
            }
            InstKind::Bind { target, source, .. } => self.bind(walker, target, source),
            InstKind::Eval(value) => {
                self.grow(walker, value);
                self.forget_walruses(walker, value);
                self.arm_inside(walker, value);
                self.comes_back(walker, value) && !self.binds_wanted(walker, value)
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
        for &place in self.flow.assigned_in(value).iter() {
            self.forget(walker, place);
        }
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
        }
    }

    /// `errors["base"] = e`: from now on `"base" in errors`.
    fn put(&mut self, walker: &mut Walker, place: PlaceId, container: ExprId, index: ExprId) {
        let (index, container) = (self.flow.form(index), self.flow.form(container));
        let condition = hash_of(&("compare", Comparison::In as u8, index, container));
        self.mention(condition, Rc::from([place]));
        walker.facts.retain(|fact| fact.condition != condition);
        walker.facts.push(Fact {
            condition,
            holds: true,
        });
    }

    /// False if a binding takes from the wanted place what was looked for.
    fn bind(&mut self, walker: &mut Walker, target: ExprId, source: Source) -> bool {
        let value = match source {
            Source::Value(value) => Some(value),
            Source::Element { iterable, .. } => {
                if let Some(something) = self.flow.or_nothing(iterable)
                    && !self.suppose(walker, something, true)
                {
                    return false;
                }
                None
            }
            _ => None,
        };
        let outcome = value.and_then(|value| self.outcome(walker, value));
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
        let copied = value.is_some_and(|value| self.carries(walker, value));
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
            let is_renewed = self.wanted.passed && place != self.wanted.place;
            if is_renewed && self.flow.code.root(self.wanted.place) == place {
                // Another object, whose attribute is None until something sets it.
                let wanted = self.wanted.place;
                self.remember(walker, wanted, true, false);
            } else if place == self.wanted.place || self.flow.code.root(self.wanted.place) == place
            {
                let is_origin = value.is_some_and(|value| self.gives_origin(value))
                    || (copied && place == self.wanted.place);
                if self.only_control {
                    return;
                }
                // At the end of its handler the name of an exception is no longer bound.
                let is_passing = self.is_unbound && matches!(source, Source::Caught { .. });
                if walker.armed && !is_origin && !is_passing {
                    alive = false;
                }
                walker.armed = is_origin;
                if let (true, Some(value)) = (is_origin, value) {
                    alive &= self.suppose_on_the_way(walker, value);
                }
            }
            if part == target && value.is_some_and(|value| copied || self.is_origin(value)) {
                self.carry(walker, place);
            }
            if let Some(outcome) = outcome {
                self.remember(walker, place, false, outcome);
            }
            if let Some(value) = value {
                self.learn(walker, part, value);
                self.take_over(walker, part, value);
            }
            match source {
                Source::Caught { .. } => {
                    let condition = self.noneness_of(place);
                    self.settle(walker, condition, false);
                }
                Source::Import(import)
                    if self.flow.module.imports[import.index()].name.is_none() =>
                {
                    self.remember(walker, place, false, true);
                }
                Source::Function(_) | Source::Class(_) => {
                    self.remember(walker, place, false, true);
                }
                Source::Augmented {
                    operator: BinaryOperator::Add,
                    value,
                } if self.is_filled(value) => {
                    self.remember(walker, place, false, true);
                }
                Source::Element { iterable, .. } if self.is_unbound => {
                    self.count(walker, target, part, iterable);
                }
                _ => {}
            }
        });
        alive
    }

    /// How a condition that is given a name comes out, where what is known on this way decides it.
    fn outcome(&mut self, walker: &Walker, value: ExprId) -> Option<bool> {
        let is_condition = matches!(
            self.flow.module.kind(value),
            ExprKind::Compare { .. }
                | ExprKind::Unary {
                    operator: UnaryOperator::Not,
                    ..
                }
        );
        if !is_condition || walker.facts.len() == 0 {
            return None;
        }
        let can_be = |search: &mut Self, holds| search.suppose(&mut walker.clone(), value, holds);
        match (can_be(self, true), can_be(self, false)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    /// Whether a call comes back, for all that is known of its arguments on this way.
    fn comes_back(&mut self, walker: &mut Walker, value: ExprId) -> bool {
        let Some(stopping) = self.flow.coming_back(value) else {
            return false;
        };
        { stopping.iter() }.all(|&(argument, holds)| self.suppose(walker, argument, holds))
    }

    /// Whether the wanted value is what an expression gives, or one side of it does.
    pub(super) fn gives_origin(&self, value: ExprId) -> bool {
        let Some(origin) = self.wanted.origin else {
            return false;
        };
        let mut found = false;
        self.flow
            .module
            .walk(value, &mut |part| found |= part == origin);
        found
    }

    /// Whether an expression is the wanted None itself, awaited or not.
    pub(super) fn is_origin(&self, value: ExprId) -> bool {
        let module = self.flow.module;
        match module.kind(value) {
            // The side that gives it is the one that was taken.
            ExprKind::Conditional {
                then, otherwise, ..
            } => [then, otherwise]
                .into_iter()
                .any(|side| self.gives_origin(side) && self.is_origin(side)),
            ExprKind::Or(parts) => {
                let last = module.list(parts).last();
                last.is_some_and(|&last| self.is_origin(last))
            }
            ExprKind::Await(called) => self.is_origin(called),
            kind => {
                Some(value) == self.wanted.origin
                    && matches!(
                        kind,
                        ExprKind::Call { .. }
                            | ExprKind::Attribute { .. }
                            | ExprKind::Subscript { .. }
                            | ExprKind::None
                    )
            }
        }
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

    /// `set()`, `list()`, `dict()`.
    fn is_made_empty(&self, value: ExprId) -> bool {
        let module = self.flow.module;
        let ExprKind::Call { callee, arguments } = module.kind(value) else {
            return false;
        };
        let name = module.plain_name(self.flow.code, callee);
        arguments.is_empty() && matches!(name, Some("set" | "list" | "dict"))
    }

    /// `tasks = list(found)`, `error = caught`: what is known of the one is known of the other.
    fn take_over(&mut self, walker: &mut Walker, target: ExprId, value: ExprId) {
        let module = self.flow.module;
        let (copied, is_same) = match module.kind(value) {
            ExprKind::Call { callee, arguments } if arguments.count == 1 => {
                let name = module.plain_name(self.flow.code, callee);
                if !matches!(name, Some("list" | "tuple" | "sorted" | "set" | "dict")) {
                    return;
                }
                (module.arguments(arguments)[0].value, false)
            }
            _ => (value, true),
        };
        let (Some(from), Some(to)) = (self.flow.place_of(copied), self.flow.place_of(target))
        else {
            return;
        };
        if from == to {
            return;
        }
        let pairs = [
            (self.truth_of(from), self.truth_of(to), true),
            (self.noneness_of(from), self.noneness_of(to), is_same),
        ];
        for (known, new, is_wanted) in pairs {
            let known = walker.facts.iter().find(|fact| fact.condition == known);
            if let Some(holds) = known.map(|fact| fact.holds).filter(|_| is_wanted) {
                self.settle(walker, new, holds);
            }
        }
    }

    /// The element that a round starts with: the first number of a count, the next of what is written down.
    fn count(&mut self, walker: &mut Walker, target: ExprId, part: ExprId, iterable: ExprId) {
        let module = self.flow.module;
        let Some(round) = self.round_of(walker, target) else {
            return;
        };
        match module.kind(iterable) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) if part == target => {
                let element = module.list(parts).get(round as usize);
                if let Some(&element) = element {
                    self.learn(walker, part, element);
                }
            }
            ExprKind::Call { callee, arguments } if round == 0 => {
                let name = module.plain_name(self.flow.code, callee);
                let first = match (name, module.kind(target)) {
                    (Some("range" | "xrange"), _) => part == target && arguments.count == 1,
                    (Some("enumerate"), ExprKind::Tuple(parts)) => {
                        arguments.count == 1 && module.list(parts).first() == Some(&part)
                    }
                    _ => false,
                };
                if first {
                    self.starts_at_zero(walker, part);
                }
            }
            _ => {}
        }
    }

    /// `i` of `for i in range(n)`, in the first round.
    fn starts_at_zero(&mut self, walker: &mut Walker, counter: ExprId) {
        let Some(place) = self.flow.place_of(counter) else {
            return;
        };
        self.remember(walker, place, false, false);
        let zero = Flow::form_of_leaf(ExprKind::Int(0));
        self.numbers.insert(zero, 0);
        self.equal(walker, counter, place, zero);
    }

    /// From now on the place equals a literal.
    fn equal(&mut self, walker: &mut Walker, target: ExprId, place: PlaceId, literal: u64) {
        let positive = Comparison::Equal as u8;
        let condition = hash_of(&("compare", positive, self.flow.form(target), literal));
        self.mention(condition, Rc::from([place]));
        self.literals.insert(condition, (place, vec![literal]));
        walker.facts.push(Fact {
            condition,
            holds: true,
        });
    }

    /// Whether a way goes past a walrus of the wanted name: `x = (n := 1) if test else 0`, where the test fails.
    fn passes_by(&mut self, walker: &mut Walker, expr: ExprId) -> bool {
        let (flow, wanted) = (self.flow, self.wanted.place);
        let binds = |part: ExprId| flow.bound_in(part).contains(&wanted);
        if !flow.assigned_in(expr).contains(&wanted) {
            return true;
        }
        match flow.module.kind(expr) {
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                let side = binds(then) != binds(otherwise);
                !side || self.suppose(walker, test, !binds(then))
            }
            ExprKind::Lambda(_) | ExprKind::Comprehension(_) => true,
            _ => {
                let mut parts = Vec::new();
                flow.module
                    .for_each_part(expr, &mut |part| parts.push(part));
                parts.into_iter().all(|part| self.passes_by(walker, part))
            }
        }
    }

    /// Whether an expression gives a text or a container with something in it.
    fn is_filled(&self, value: ExprId) -> bool {
        let module = self.flow.module;
        match module.kind(value) {
            ExprKind::Text(text) => !module.name(text).is_empty(),
            ExprKind::List(parts) | ExprKind::Tuple(parts) => !parts.is_empty(),
            ExprKind::Binary {
                operator: BinaryOperator::Modulo,
                left,
                ..
            } => self.is_filled(left),
            ExprKind::Binary {
                operator: BinaryOperator::Add,
                left,
                right,
            } => self.is_filled(left) || self.is_filled(right),
            ExprKind::Call { callee, .. } => match module.kind(callee) {
                ExprKind::Attribute { value, name, .. } => {
                    module.name(name) == "format" && self.is_filled(value)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// A literal tells how conditions on the name will come out.
    fn learn(&mut self, walker: &mut Walker, target: ExprId, value: ExprId) {
        if self.is_made_empty(value)
            && let Some(place) = self.flow.place_of(target)
        {
            return self.remember(walker, place, false, false);
        }
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
            _ if self.is_filled(value) => (false, true),
            _ => return,
        };
        let Some(place) = self.flow.place_of(target) else {
            return;
        };
        self.remember(walker, place, is_none, truth);
        if !is_none {
            let literal = self.literal(value);
            self.equal(walker, target, place, literal);
        }
    }
}
