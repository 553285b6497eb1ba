//! What a call in a condition says about its arguments: tests of type, `all`, `any`, the project's own predicates.

use crate::flow::{Flow, Held, Origin, State};
use crate::ir::{Argument, ExprId, ExprKind, Run};
use crate::project::{Actual, Target, actuals};
use crate::value::Value;

impl Flow<'_, '_> {
    pub(super) fn assume_call(
        &self,
        test: ExprId,
        callee: ExprId,
        arguments: Run,
        holds: bool,
        state: &mut State,
    ) {
        let arguments = self.module.arguments(arguments);
        match self.module.plain_name(self.code, callee) {
            Some("isinstance" | "issubclass") => self.assume_instance(arguments, holds, state),
            Some("callable" | "hasattr") if holds => self.not_none(arguments.first(), state),
            Some("getattr") => {
                if holds && self.is_false_default(arguments) {
                    self.not_none(arguments.first(), state);
                }
                self.assume_truth(test, holds, state);
            }
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

    /// `getattr(x, "name", False)`: None has no such attribute, and the default is false.
    fn is_false_default(&self, arguments: &[Argument]) -> bool {
        let [_, name, default] = arguments else {
            return false;
        };
        let is_of_all = match self.module.kind(name.value) {
            ExprKind::Text(name) => self.module.name(name).starts_with("__"),
            _ => true,
        };
        let is_false = match self.module.kind(default.value) {
            ExprKind::None | ExprKind::False | ExprKind::Int(0) => true,
            ExprKind::Text(text) => self.module.name(text).is_empty(),
            ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Dict(parts) => {
                parts.is_empty()
            }
            _ => false,
        };
        is_false && !is_of_all
    }

    fn assume_instance(&self, arguments: &[Argument], holds: bool, state: &mut State) {
        let [subject, class] = arguments else { return };
        let mentions_none = self.mentions_none_type(class.value);
        if holds != mentions_none {
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
                        .last_name(self.code, part)
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
                value: Value::UNKNOWN.join(Value::NONE),
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
        let summary = self.summary(function);
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
}
