//! Narrowing: what a condition that came out true or false says about the places in it.

use super::{ALWAYS_TRUE, Flow, Held, Origin, State};
use crate::ir::{
    Argument, Comparison, ExprId, ExprKind, FunctionKind, Passing, Pattern, PatternId, PlaceId,
    Run, UnaryOperator,
};
use crate::project::{Actual, Target, actuals};
use crate::value::{Facts, Kinds};

impl Flow<'_, '_> {
    /// Takes in that `test` came out as `holds`. A state in which it can't is unreachable from here on.
    pub(super) fn assume(&self, test: ExprId, holds: bool, state: &mut State) {
        if !state.is_reachable() {
            return;
        }
        if self.has_walrus {
            self.assume_evaluated(test, state);
        }
        if let Some(runs) = self.type_checking(test) {
            return self.feasible_if(holds == runs, state);
        }
        match self.module.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.assume(operand, !holds, state),
            ExprKind::And(operands) => self.assume_logic(operands, true, holds, state),
            ExprKind::Or(operands) => self.assume_logic(operands, false, holds, state),
            ExprKind::Compare {
                operator,
                left,
                right,
            } => self.assume_comparison(operator, left, right, holds, state),
            ExprKind::Call { callee, arguments } => {
                self.assume_call(test, callee, arguments, holds, state)
            }
            ExprKind::Walrus { target, value } => {
                self.assume(value, holds, state);
                self.assume(target, holds, state);
            }
            ExprKind::Matches { subject, pattern } => {
                self.assume_pattern(subject, pattern, holds, state)
            }
            ExprKind::True => self.feasible_if(holds, state),
            ExprKind::False | ExprKind::None | ExprKind::Int(0) => self.feasible_if(!holds, state),
            ExprKind::Int(_) => self.feasible_if(holds, state),
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                self.feasible_if(holds != parts.is_empty(), state)
            }
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => {
                self.assume_truth(test, holds, state)
            }
            _ => {}
        }
    }

    /// What a condition binds is bound once it came out; its operands behind `and` and `or` come here by themselves.
    fn assume_evaluated(&self, test: ExprId, state: &mut State) {
        if matches!(self.module.kind(test), ExprKind::And(_) | ExprKind::Or(_)) {
            return;
        }
        for target in self.bound_in(test) {
            let held = state.get(target);
            if held.value.kinds.meets(Kinds::UNBOUND) {
                let bound = held.without(Kinds::UNBOUND);
                state.set(
                    target,
                    if bound.value.is_never() {
                        Held::UNKNOWN
                    } else {
                        bound
                    },
                );
            }
        }
    }

    /// The names that are bound wherever an expression is evaluated.
    pub(super) fn bound_in(&self, expr: ExprId) -> Vec<PlaceId> {
        let mut found = Vec::new();
        self.collect_bound(expr, &mut found);
        found
    }

    fn collect_bound(&self, expr: ExprId, found: &mut Vec<PlaceId>) {
        match self.module.kind(expr) {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                if let Some(&first) = self.module.list(parts).first() {
                    self.collect_bound(first, found);
                }
            }
            ExprKind::Conditional { test, .. } => self.collect_bound(test, found),
            ExprKind::Comprehension(_) => {}
            ExprKind::Walrus { target, value } => {
                self.collect_bound(value, found);
                found.extend(self.place_of(target));
            }
            _ => self
                .module
                .for_each_part(expr, &mut |part| self.collect_bound(part, found)),
        }
    }

    /// Takes in that `test` would come out as `holds`.
    pub fn suppose(&self, test: ExprId, holds: bool, state: &mut State) {
        self.assume(test, holds, state);
    }

    /// For `TYPE_CHECKING`: what only type checkers read never runs, but inside a function it is a promise: `assert x`.
    pub(super) fn type_checking(&self, test: ExprId) -> Option<bool> {
        let is_flag = match self.module.kind(test) {
            ExprKind::Name(place) => self.place_text(place) == "TYPE_CHECKING",
            ExprKind::Attribute { name, .. } => self.module.name(name) == "TYPE_CHECKING",
            _ => false,
        };
        is_flag.then_some(matches!(self.code.kind, FunctionKind::Def))
    }

    fn feasible_if(&self, feasible: bool, state: &mut State) {
        if !feasible {
            state.stop();
        }
    }

    /// All operands came out alike, or one of them broke it off after those before it did not.
    fn assume_logic(&self, operands: Run, is_and: bool, holds: bool, state: &mut State) {
        let operands = self.module.list(operands);
        if holds == is_and {
            for &operand in operands {
                self.walruses_ran(operand, state);
                self.assume(operand, is_and, state);
            }
            return;
        }
        let mut joined: Option<State> = None;
        for &operand in operands {
            let mut broken_off = state.clone();
            self.assume(operand, !is_and, &mut broken_off);
            match &mut joined {
                Some(joined) => {
                    joined.join(&broken_off);
                }
                None => joined = Some(broken_off),
            }
            self.assume(operand, is_and, state);
        }
        if let Some(joined) = joined {
            *state = joined;
        }
    }

    /// An operand was evaluated: what it binds on every way through it is bound.
    fn walruses_ran(&self, operand: ExprId, state: &mut State) {
        match self.module.kind(operand) {
            ExprKind::Walrus { target, value } => {
                self.walruses_ran(value, state);
                if let Some(place) = self.place_of(target) {
                    let held = state.get(place).without(Kinds::UNBOUND);
                    state.set(
                        place,
                        if held.value.is_never() {
                            Held::UNKNOWN
                        } else {
                            held
                        },
                    );
                }
            }
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Conditional { .. }
            | ExprKind::Lambda(_)
            | ExprKind::Comprehension(_) => {}
            _ => self
                .module
                .for_each_part(operand, &mut |part| self.walruses_ran(part, state)),
        }
    }

    fn assume_truth(&self, test: ExprId, holds: bool, state: &mut State) {
        let Some(place) = self.place_of(test) else {
            return;
        };
        if let Some(condition) = self.alias(state, place)
            && self.is_condition(condition)
        {
            self.assume(condition, holds, state);
            if !state.is_reachable() {
                return;
            }
        }
        let held = self.look_up(place, test, state);
        let narrowed = if holds {
            let held = held.without(Kinds::NONE);
            Held {
                value: held.value.free_of(Facts::EMPTY.with(Facts::ZERO)),
                ..held
            }
        } else {
            held.without(ALWAYS_TRUE)
        };
        self.put(place, narrowed, state);
    }

    fn is_condition(&self, expr: ExprId) -> bool {
        match self.module.kind(expr) {
            ExprKind::Compare { .. }
            | ExprKind::Unary {
                operator: UnaryOperator::Not,
                ..
            } => true,
            ExprKind::And(parts) => self
                .module
                .list(parts)
                .iter()
                .all(|&part| self.place_of(part).is_some() || self.is_condition(part)),
            ExprKind::Call { callee, .. } => {
                let name = self.module.dotted(self.code, callee);
                matches!(
                    name.as_deref(),
                    Some("bool" | "isinstance" | "all" | "any" | "callable" | "hasattr")
                )
            }
            _ => false,
        }
    }

    /// What a place holds, from the program where the function has not touched it.
    fn look_up(&self, place: PlaceId, expr: ExprId, state: &State) -> Held {
        let held = state.get(place);
        if held == Held::UNSET {
            self.quietly(expr, state)
        } else {
            held
        }
    }

    fn put(&self, place: PlaceId, held: Held, state: &mut State) {
        if held.value.is_never() {
            state.stop();
        } else {
            state.set(place, held);
        }
    }

    fn assume_comparison(
        &self,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        holds: bool,
        state: &mut State,
    ) {
        use Comparison::{Equal, In, Is, IsNot, NotEqual, NotIn};
        let holds = if matches!(operator, IsNot | NotEqual | NotIn) {
            !holds
        } else {
            holds
        };
        match operator {
            Is | IsNot | Equal | NotEqual => {
                self.assume_same(left, right, holds, state);
                self.assume_same(right, left, holds, state);
                self.assume_length(left, right, holds, state);
            }
            In | NotIn => self.assume_membership(left, right, holds, state),
            _ => {
                // Both sides were ordered, so neither is None, whichever way it came out.
                for side in [left, right] {
                    let ordered = self.unwrapped(side);
                    if let Some(place) = self.place_of(ordered) {
                        let held = self.look_up(place, ordered, state).without(Kinds::NONE);
                        self.put(place, held, state);
                    }
                }
                self.assume_order(operator, left, right, holds, state);
            }
        }
    }

    /// `left` is, or is not, the same as `right`.
    fn assume_same(&self, left: ExprId, right: ExprId, holds: bool, state: &mut State) {
        let subject = self.unwrapped(left);
        let Some(place) = self.place_of(subject) else {
            if holds {
                self.assume_call_is(left, right, state);
            }
            return;
        };
        if !state.is_reachable() {
            return;
        }
        if holds && self.module.kind(right) != ExprKind::None {
            self.assume_typed(place, state);
        }
        match self.module.kind(right) {
            ExprKind::None => {
                let held = self.look_up(place, subject, state);
                let narrowed = if holds {
                    is_none(held, subject)
                } else {
                    self.assume_original(held, state);
                    held.without(Kinds::NONE)
                };
                self.put(place, narrowed, state);
            }
            ExprKind::True | ExprKind::False if self.alias(state, place).is_some() => {
                let came_out = matches!(self.module.kind(right), ExprKind::True) == holds;
                self.assume_truth(subject, came_out, state);
            }
            ExprKind::Text(_)
            | ExprKind::Bytes(_)
            | ExprKind::Int(_)
            | ExprKind::Number(_)
            | ExprKind::True
            | ExprKind::False
                if holds =>
            {
                let held = self.look_up(place, subject, state).without(Kinds::NONE);
                self.put(place, held, state);
            }
            ExprKind::Int(0) => {
                let held = self.look_up(place, subject, state);
                let held = Held {
                    value: held.value.free_of(Facts::ZERO),
                    ..held
                };
                self.put(place, held, state);
            }
            _ => {}
        }
    }

    /// `type(x) is T`, `x.get(…) == 3`: the part that must not be None for it to be true.
    fn assume_call_is(&self, left: ExprId, right: ExprId, state: &mut State) {
        let ExprKind::Call { callee, arguments } = self.module.kind(left) else {
            return;
        };
        let name = self.module.dotted(self.code, callee);
        let not_none = !matches!(self.module.kind(right), ExprKind::None);
        if name.as_deref() == Some("type") && not_none {
            self.not_none(self.module.arguments(arguments).first(), state);
        }
    }

    /// `copy = x` and then `copy is not None`: x is not None either, if it is never bound again.
    fn assume_original(&self, copy: Held, state: &mut State) {
        let original = copy.bound.and_then(|bound| self.place_of(bound));
        if let (Some(original), Some(bound)) = (original, copy.bound)
            && self.is_bound_once(original)
        {
            let held = self
                .look_up(original, bound, state)
                .without(crate::value::Kinds::NONE);
            self.put(original, held, state);
        }
    }

    /// A name for `type(x)` is, or is among, known types: x is not None.
    fn assume_typed(&self, place: PlaceId, state: &mut State) {
        if let Some(bound) = self.alias(state, place)
            && let ExprKind::Call { callee, arguments } = self.module.kind(bound)
            && self.module.dotted(self.code, callee).as_deref() == Some("type")
        {
            self.not_none(self.module.arguments(arguments).first(), state);
        }
    }

    fn not_none(&self, argument: Option<&Argument>, state: &mut State) {
        let Some(argument) = argument.filter(|argument| argument.passing == Passing::Positional)
        else {
            return;
        };
        self.expr_not_none(argument.value, state);
    }

    fn expr_not_none(&self, expr: ExprId, state: &mut State) {
        let expr = self.unwrapped(expr);
        if let Some(place) = self.place_of(expr)
            && state.is_reachable()
        {
            let held = self.look_up(place, expr, state).without(Kinds::NONE);
            self.put(place, held, state);
        }
    }

    /// The name behind a walrus.
    fn unwrapped(&self, expr: ExprId) -> ExprId {
        match self.module.kind(expr) {
            ExprKind::Walrus { target, .. } => target,
            _ => expr,
        }
    }

    fn assume_membership(&self, left: ExprId, right: ExprId, holds: bool, state: &mut State) {
        if let Some(place) = self.place_of(left).filter(|_| holds) {
            self.assume_typed(place, state);
        }
        if let ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) =
            self.module.kind(right)
        {
            let parts = self.module.list(parts);
            if matches!(self.module.kind(left), ExprKind::None) {
                if !holds {
                    parts
                        .iter()
                        .for_each(|&part| self.expr_not_none(part, state));
                }
                return;
            }
            let is_none = |part: &ExprId| matches!(self.module.kind(*part), ExprKind::None);
            let constant = |part: &ExprId| {
                !matches!(
                    self.module.kind(*part),
                    ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Hole
                )
            };
            if holds && parts.iter().all(|part| constant(part) && !is_none(part)) {
                self.expr_not_none(left, state);
            }
            if !holds && parts.iter().any(is_none) {
                self.expr_not_none(left, state);
            }
            return;
        }
        if holds {
            self.expr_not_none(right, state);
            self.not_empty(right, state);
        }
    }

    pub(super) fn not_empty(&self, expr: ExprId, state: &mut State) {
        if let Some(place) = self.place_of(expr)
            && state.is_reachable()
        {
            let held = self.look_up(place, expr, state);
            let held = Held {
                value: held.value.free_of(Facts::EMPTY),
                ..held
            };
            self.put(place, held, state);
        }
    }

    /// `len(x) == 3` says that x is not empty; `len(x) == 0` came out false likewise.
    fn assume_length(&self, left: ExprId, right: ExprId, holds: bool, state: &mut State) {
        let Some(of) = self.length_of(left) else {
            return;
        };
        let is_zero = matches!(self.module.kind(right), ExprKind::Int(0));
        let is_positive = matches!(self.module.kind(right), ExprKind::Int(number) if number > 0);
        if (is_zero && !holds) || (is_positive && holds) {
            self.not_empty(of, state);
        }
    }

    fn assume_order(
        &self,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        holds: bool,
        state: &mut State,
    ) {
        use Comparison::{Greater, GreaterEqual, Less, LessEqual};
        let number = |expr| match self.module.kind(expr) {
            ExprKind::Int(number) => Some(number),
            _ => None,
        };
        // Brought to the form `left > bound` or `left >= bound`.
        let (subject, bound, strict) = match (operator, holds) {
            (Greater, true) | (LessEqual, false) => (left, number(right), true),
            (GreaterEqual, true) | (Less, false) => (left, number(right), false),
            (Less, true) | (GreaterEqual, false) => (right, number(left), true),
            (LessEqual, true) | (Greater, false) => (right, number(left), false),
            _ => return,
        };
        let Some(bound) = bound else { return };
        let positive = if strict { bound >= 0 } else { bound >= 1 };
        if !positive {
            return;
        }
        match self.length_of(subject) {
            Some(of) => self.not_empty(of, state),
            None => {
                if let Some(place) = self.place_of(subject)
                    && state.is_reachable()
                {
                    let held = state.get(place);
                    self.put(
                        place,
                        Held {
                            value: held.value.free_of(Facts::ZERO),
                            ..held
                        },
                        state,
                    );
                    if let Some(of) = self
                        .alias(state, place)
                        .and_then(|bound| self.length_of(bound))
                    {
                        self.not_empty(of, state);
                    }
                }
            }
        }
    }

    /// The argument of `len(…)`.
    fn length_of(&self, expr: ExprId) -> Option<ExprId> {
        let ExprKind::Call { callee, arguments } = self.module.kind(expr) else {
            return None;
        };
        let is_len = self.module.dotted(self.code, callee).as_deref() == Some("len");
        self.module
            .arguments(arguments)
            .first()
            .filter(|_| is_len)
            .map(|argument| argument.value)
    }

    fn assume_call(
        &self,
        test: ExprId,
        callee: ExprId,
        arguments: Run,
        holds: bool,
        state: &mut State,
    ) {
        let arguments = self.module.arguments(arguments);
        let name = self.module.dotted(self.code, callee);
        match name.as_deref() {
            Some("isinstance" | "issubclass") => self.assume_instance(arguments, holds, state),
            Some("callable" | "hasattr") if holds => self.not_none(arguments.first(), state),
            Some("len" | "bool") => {
                if let Some(argument) = arguments.first() {
                    self.assume(argument.value, holds, state);
                }
            }
            Some("all") if holds => self.assume_each(arguments, state),
            Some("any") if !holds => self.assume_none_of(arguments, state),
            _ => self.assume_predicate(test, callee, arguments, holds, state),
        }
    }

    fn assume_instance(&self, arguments: &[Argument], holds: bool, state: &mut State) {
        let [subject, class] = arguments else { return };
        let mentions_none = self.mentions_none_type(class.value);
        if holds && !mentions_none {
            self.not_none(Some(subject), state);
        }
        let subject = self.unwrapped(subject.value);
        let Some(place) = self.place_of(subject) else {
            return;
        };
        let Some(class) = self.evaluate.class_named(class.value) else {
            return;
        };
        if !state.is_reachable() {
            return;
        }
        let held = self.look_up(place, subject, state);
        let known = self.program.instance_of(class);
        if holds && held.value.is_unknown() {
            state.set(
                place,
                Held {
                    value: known,
                    origin: Origin::Nothing,
                    bound: held.bound,
                },
            );
        }
    }

    fn mentions_none_type(&self, expr: ExprId) -> bool {
        let mut found = false;
        self.module
            .walk(expr, &mut |part| match self.module.kind(part) {
                ExprKind::None => found = true,
                ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                    found |= self
                        .module
                        .dotted(self.code, part)
                        .is_some_and(|name| name.ends_with("NoneType"));
                }
                _ => {}
            });
        found
    }

    /// `all([x, y])`, `all(v is not None for v in (x, y))`.
    fn assume_each(&self, arguments: &[Argument], state: &mut State) {
        let [argument] = arguments else { return };
        match self.module.kind(argument.value) {
            ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Set(parts) => {
                for &part in self.module.list(parts) {
                    self.assume(part, true, state);
                }
            }
            ExprKind::Comprehension(_) => self.assume_of_each(argument.value, true, state),
            _ => {}
        }
    }

    /// `any(v is None for v in (x, y))` came out false; `any([x is None, y is None])` too.
    fn assume_none_of(&self, arguments: &[Argument], state: &mut State) {
        let [argument] = arguments else { return };
        match self.module.kind(argument.value) {
            ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Set(parts) => {
                for &part in self.module.list(parts) {
                    self.assume(part, false, state);
                }
            }
            ExprKind::Comprehension(_) => self.assume_of_each(argument.value, false, state),
            _ => {}
        }
    }

    /// The condition of a generator over a display holds, or does not, for each of its elements.
    fn assume_of_each(&self, generator: ExprId, holds: bool, state: &mut State) {
        let ExprKind::Comprehension(id) = self.module.kind(generator) else {
            return;
        };
        let comprehension = self.module.comprehension(id);
        let [clause] = &comprehension.clauses[..] else {
            return;
        };
        let ExprKind::Name(variable) = self.module.kind(clause.target) else {
            return;
        };
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = self.module.kind(clause.iterable)
        else {
            return;
        };
        if !clause.conditions.is_empty() {
            return;
        }
        let mut inside = state.clone();
        inside.set(
            variable,
            Held {
                value: crate::value::Value::UNKNOWN.join(crate::value::Value::NONE),
                ..Held::UNKNOWN
            },
        );
        self.assume(comprehension.element, holds, &mut inside);
        if inside.is_reachable() && !inside.get(variable).value.may_be_none() {
            for &part in self.module.list(parts) {
                self.expr_not_none(part, state);
            }
        }
    }

    /// A function of the project whose result says that an argument is not None.
    fn assume_predicate(
        &self,
        _test: ExprId,
        callee: ExprId,
        arguments: &[Argument],
        holds: bool,
        state: &mut State,
    ) {
        let called = self.quietly(callee, state);
        let (function, bound) = match self.program.target(called.value) {
            Target::Function { function, bound } => (function, bound),
            _ => return,
        };
        if bound && self.program.is_overridden(function) {
            return;
        }
        let summary = self.known.get(function);
        let means = if holds {
            summary.true_means
        } else {
            summary.false_means
        };
        if means.is_empty() {
            return;
        }
        let (module, code) = self.program.code(function);
        for (parameter, actual) in actuals(self.module, arguments, module, code, bound)
            .into_iter()
            .enumerate()
        {
            if let Actual::Given(argument) = actual
                && means.has(parameter)
            {
                self.expr_not_none(argument, state);
            }
        }
    }

    fn assume_pattern(&self, subject: ExprId, pattern: PatternId, holds: bool, state: &mut State) {
        match self.module.pattern(pattern) {
            Pattern::Anything | Pattern::Star => self.feasible_if(holds, state),
            Pattern::Value(value) => self.assume_same(subject, *value, holds, state),
            Pattern::Sequence(_) | Pattern::Mapping(_) if holds => {
                self.expr_not_none(subject, state)
            }
            Pattern::Class { class, .. } if holds => {
                self.expr_not_none(subject, state);
                if let (Some(class), Some(place)) =
                    (self.evaluate.class_named(*class), self.place_of(subject))
                    && state.is_reachable()
                {
                    let held = state.get(place);
                    state.set(
                        place,
                        Held {
                            value: self.program.instance_of(class),
                            origin: Origin::Nothing,
                            bound: held.bound,
                        },
                    );
                }
            }
            Pattern::Or(parts) if holds => {
                let mut joined: Option<State> = None;
                for &part in parts {
                    let mut one = state.clone();
                    self.assume_pattern(subject, part, true, &mut one);
                    match &mut joined {
                        Some(joined) => {
                            joined.join(&one);
                        }
                        None => joined = Some(one),
                    }
                }
                if let Some(joined) = joined {
                    *state = joined;
                }
            }
            Pattern::Or(parts) => parts
                .iter()
                .for_each(|&part| self.assume_pattern(subject, part, false, state)),
            Pattern::As(inner) => self.assume_pattern(subject, *inner, holds, state),
            _ => {}
        }
    }
}

/// None for certain: with the evidence that there was, or the test itself where there was none.
fn is_none(held: Held, test: ExprId) -> Held {
    let origin = if held.value.may_be_none() {
        held.origin
    } else {
        Origin::Tested(test)
    };
    Held {
        origin,
        ..held.meet(Kinds::NONE)
    }
}
