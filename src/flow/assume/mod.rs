//! Narrowing: what a condition that came out true or false says about the places in it.

mod call;
mod compare;
mod pattern;

use super::{ALWAYS_TRUE, Flow, Held, State};
use crate::ir::{
    Argument, BinaryOperator, ExprId, ExprKind, FunctionKind, Passing, PlaceId, Run, Step,
    UnaryOperator,
};
use crate::value::{Facts, Kinds, Value};

impl Flow<'_, '_> {
    /// Takes in that `test` came out as `holds`. A state in which it can't is unreachable from here on.
    pub(super) fn assume(&self, test: ExprId, holds: bool, state: &mut State) {
        if !state.is_reachable() {
            return;
        }
        if self.has_walrus() {
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
            // `isinstance(x, T) & (x > y)`
            ExprKind::Binary {
                operator: BinaryOperator::BitAnd,
                left,
                right,
            } if holds => {
                self.assume(left, true, state);
                self.assume(right, true, state);
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
        for &target in self.bound_in(test).iter() {
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

    pub(super) fn collect_bound(&self, expr: ExprId) -> Vec<PlaceId> {
        let mut found = Vec::new();
        self.add_bound(expr, &mut found);
        found
    }

    fn add_bound(&self, expr: ExprId, found: &mut Vec<PlaceId>) {
        match self.module.kind(expr) {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                if let Some(&first) = self.module.list(parts).first() {
                    self.add_bound(first, found);
                }
            }
            ExprKind::Conditional { test, .. } => self.add_bound(test, found),
            ExprKind::Comprehension(_) => {}
            ExprKind::Walrus { target, value } => {
                self.add_bound(value, found);
                found.extend(self.place_of(target));
            }
            _ => self
                .module
                .for_each_part(expr, &mut |part| self.add_bound(part, found)),
        }
    }

    /// Takes in that `test` would come out as `holds`.
    pub fn suppose(&self, test: ExprId, holds: bool, state: &mut State) {
        self.assume(test, holds, state);
    }

    /// For `TYPE_CHECKING`: what only type checkers read never runs, but inside a function it is a promise: `assert x`.
    pub(super) fn type_checking(&self, test: ExprId) -> Option<bool> {
        // Whoever writes `not TYPE_CHECKING` means what runs.
        if let ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } = self.module.kind(test)
        {
            return self.is_type_checking(operand).then_some(true);
        }
        self.is_type_checking(test)
            .then_some(matches!(self.code.kind, FunctionKind::Def))
    }

    fn is_type_checking(&self, test: ExprId) -> bool {
        match self.module.kind(test) {
            ExprKind::Name(place) => match self.code.place(place).step {
                Step::Variable { name, .. } => self.module.name(name) == "TYPE_CHECKING",
                _ => false,
            },
            ExprKind::Attribute { name, .. } => self.module.name(name) == "TYPE_CHECKING",
            _ => false,
        }
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
        let Some(place) = self.tested_place(test) else {
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
        if holds {
            self.object_not_none(test, state);
        } else if let Some(bound) = self.alias(state, place) {
            self.assume_none_found(bound, state);
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
        // The None that `getattr` gives stands for an attribute that is not there.
        if self.place_of(test).is_some() || !narrowed.value.may_be_none() {
            self.put(place, narrowed, state);
        }
    }

    /// `getattr(x, "name", None)` gave something: x is not None either.
    fn object_not_none(&self, test: ExprId, state: &mut State) {
        if let ExprKind::Call { arguments, .. } = self.module.kind(test) {
            self.not_none(self.module.arguments(arguments).first(), state);
        }
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
                matches!(
                    self.module.plain_name(self.code, callee),
                    Some(
                        "bool" | "isinstance" | "all" | "any" | "callable" | "hasattr" | "getattr"
                    )
                )
            }
            _ => false,
        }
    }

    /// What a place holds, from the program where the function has not touched it. Of an attribute that only None is known
    /// to be bound to, somebody sets it whom the analysis does not see: why else would the function ask.
    fn look_up(&self, place: PlaceId, expr: ExprId, state: &State) -> Held {
        let held = state.get(place);
        if held != Held::UNSET {
            return held;
        }
        let held = self.quietly(expr, state);
        match held.value.is_none() {
            true => Held {
                value: held.value.join(Value::UNKNOWN),
                ..held
            },
            false => held,
        }
    }

    fn put(&self, place: PlaceId, held: Held, state: &mut State) {
        if held.value.is_never() {
            state.stop();
        } else {
            state.set(place, held);
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
}
