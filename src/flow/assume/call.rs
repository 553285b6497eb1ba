//! What a call in a condition says about its arguments: tests of type, `all`, `any`, the project's own predicates.

use crate::flow::{Flow, Held, Origin, State};
use crate::ir::{
    Argument, Comparison, ExprId, ExprKind, Function, InstKind, Module, ParameterKind, Passing,
    PlaceId, Run, UnaryOperator,
};
use crate::project::{Actual, Target, actuals};
use crate::value::Value;
use smallvec::SmallVec;

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
            _ => self.assume_predicate(callee, arguments, holds, state),
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

    /// `missing = [v for v in (x, y) if v is None]` turned out empty.
    pub(super) fn assume_none_found(&self, found: ExprId, state: &mut State) {
        let ExprKind::Comprehension(id) = self.module.kind(found) else {
            return;
        };
        let comprehension = self.module.comprehension(id);
        let [clause] = &comprehension.clauses[..] else {
            return;
        };
        let (
            &[condition],
            ExprKind::Name(variable),
            ExprKind::Tuple(parts) | ExprKind::List(parts),
        ) = (
            &clause.conditions[..],
            self.module.kind(clause.target),
            self.module.kind(clause.iterable),
        )
        else {
            return;
        };
        if self.is_left_by(condition, variable, state) {
            for &part in self.module.list(parts) {
                self.expr_not_none(part, state);
            }
        }
    }

    /// Whether a variable of a comprehension, of which nothing is known, is not None where a condition fails.
    fn is_left_by(&self, condition: ExprId, variable: PlaceId, state: &State) -> bool {
        let mut inside = state.clone();
        inside.set(
            variable,
            Held {
                value: Value::UNKNOWN.join(Value::NONE),
                ..Held::UNKNOWN
            },
        );
        self.assume(condition, false, &mut inside);
        inside.is_reachable() && !inside.get(variable).value.may_be_none()
    }

    /// A function of the project whose result says that an argument is not None.
    fn assume_predicate(
        &self,
        callee: ExprId,
        arguments: &[Argument],
        holds: bool,
        state: &mut State,
    ) {
        let called = self.quietly(callee, state);
        for argument in self.proven_by(called.value, arguments, holds) {
            self.expr_not_none(argument, state);
        }
    }

    /// The arguments that are not None where a function of the project came out so for them.
    pub(in crate::flow) fn proven_by(
        &self,
        called: Value,
        arguments: &[Argument],
        holds: bool,
    ) -> SmallVec<[ExprId; 2]> {
        let Target::Function { function, bound } = self.program.target(called) else {
            return SmallVec::new();
        };
        if bound && self.program.is_overridden(function) {
            return SmallVec::new();
        }
        let (module, code) = self.program.code(function);
        if asks_each(module, code) == Some(holds) {
            let given = arguments
                .iter()
                .filter(|argument| argument.passing == Passing::Positional);
            return given.map(|argument| argument.value).collect();
        }
        let summary = self.summary(function);
        let means = match holds {
            true => summary.true_means,
            false => summary.false_means,
        };
        if means.is_empty() {
            return SmallVec::new();
        }
        let given = actuals(self.module, arguments, module, code, bound);
        let given = given.into_iter().enumerate();
        let proven = given.filter_map(|(parameter, actual)| match actual {
            Actual::Given(argument) if means.has(parameter) => Some(argument),
            _ => None,
        });
        proven.collect()
    }
}

/// How a function of any number of arguments comes out where none of them is None, if it asks just that of each:
/// `def all_given(*args): return all(arg is not None for arg in args)`.
fn asks_each(module: &Module, code: &Function) -> Option<bool> {
    let [only] = &code.parameters[..] else {
        return None;
    };
    if only.kind != ParameterKind::Star {
        return None;
    }
    let mut returned = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Return(value) => value,
        _ => None,
    });
    let (Some(value), None) = (returned.next(), returned.next()) else {
        return None;
    };
    let (value, is_negated) = match module.kind(value) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => (operand, true),
        _ => (value, false),
    };
    let ExprKind::Call { callee, arguments } = module.kind(value) else {
        return None;
    };
    let [generator] = module.arguments(arguments) else {
        return None;
    };
    let ExprKind::Comprehension(id) = module.kind(generator.value) else {
        return None;
    };
    let comprehension = module.comprehension(id);
    let [clause] = &comprehension.clauses[..] else {
        return None;
    };
    let ExprKind::Compare {
        operator,
        left,
        right,
    } = module.kind(comprehension.element)
    else {
        return None;
    };
    let asks = clause.conditions.is_empty()
        && module.kind(clause.iterable) == ExprKind::Name(only.place)
        && module.kind(left) == module.kind(clause.target)
        && module.kind(right) == ExprKind::None;
    let holds = match (module.plain_name(code, callee)?, operator) {
        ("all", Comparison::IsNot) => true,
        ("any", Comparison::Is) => false,
        _ => return None,
    };
    asks.then_some(holds != is_negated)
}
