//! Evaluates expressions in a state, and tells what happens on the way.

use super::{Event, Flow, Held, Observer, Origin, State, Use};
use crate::ir::{
    BinaryOperator, Comparison, ComprehensionId, ComprehensionKind, Dialect, ExprId, ExprKind,
    FunctionKind, NameId, PlaceId, Run, Scope, Step, UnaryOperator,
};
use crate::project::literal;
use crate::types::{FunctionRef, Type};
use crate::value::{Facts, Kinds, Value};

impl Flow<'_, '_> {
    /// Evaluates an expression.
    pub(super) fn eval(
        &self,
        expr: ExprId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        match self.module.kind(expr) {
            ExprKind::Name(place) => self.name(expr, place, state, observer),
            ExprKind::Attribute { value, name, place } => {
                self.attribute(expr, value, name, place, state, observer)
            }
            ExprKind::Subscript {
                value,
                index,
                place,
            } => self.subscript(expr, value, index, place, state, observer),
            ExprKind::Call { callee, arguments } => {
                self.call(expr, callee, arguments, state, observer)
            }
            ExprKind::And(operands) => self.logic(operands, true, state, observer),
            ExprKind::Or(operands) => self.logic(operands, false, state, observer),
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => self.conditional(test, then, otherwise, state, observer),
            ExprKind::Binary {
                operator,
                left,
                right,
            } => self.binary(expr, operator, left, right, state, observer),
            ExprKind::Unary { operator, operand } => {
                self.unary(expr, operator, operand, state, observer)
            }
            ExprKind::Compare {
                operator,
                left,
                right,
            } => self.compare(expr, operator, left, right, state, observer),
            ExprKind::Comprehension(id) => self.comprehension(expr, id, state, observer),
            ExprKind::Walrus { target, value } => {
                let held = self.eval(value, state, observer);
                self.bind(
                    target,
                    Held {
                        bound: Some(value),
                        ..held
                    },
                    state,
                    observer,
                );
                held
            }
            ExprKind::List(parts) => self.display(Kinds::LIST, parts, state, observer),
            ExprKind::Tuple(parts) => self.display(Kinds::TUPLE, parts, state, observer),
            ExprKind::Set(parts) => self.display(Kinds::SET, parts, state, observer),
            ExprKind::Dict(parts) => self.display(Kinds::DICT, parts, state, observer),
            ExprKind::Starred(value) => {
                let held = self.eval(value, state, observer);
                self.used(value, held, Use::Iterate, expr, state, observer);
                Held::UNKNOWN
            }
            ExprKind::Lambda(id) => {
                let function = self.program.function(self.module_ref, id);
                Held::from(expr, self.program.function_value(function))
            }
            ExprKind::Await(awaited) => self.awaited(expr, awaited, state, observer),
            ExprKind::None => Held::from(expr, Value::NONE),
            ExprKind::Text(name) | ExprKind::Bytes(name) => self.text(expr, name),
            _ => self.other(expr, state, observer),
        }
    }

    fn other(&self, expr: ExprId, state: &mut State, observer: &mut dyn Observer) -> Held {
        self.module.for_each_part(expr, &mut |part| {
            self.eval(part, state, observer);
        });
        Held::from(expr, literal(self.module.kind(expr)))
    }

    /// Evaluates without telling anybody and without changing the state.
    pub fn quietly(&self, expr: ExprId, state: &State) -> Held {
        self.eval(expr, &mut state.clone(), &mut super::Silent)
    }

    fn text(&self, expr: ExprId, name: NameId) -> Held {
        let value = literal(self.module.kind(expr));
        let is_empty = self.module.name(name).is_empty();
        Held::from(
            expr,
            if is_empty {
                value.with(Facts::EMPTY)
            } else {
                value
            },
        )
    }

    fn name(
        &self,
        expr: ExprId,
        place: PlaceId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let mut held = state.get(place);
        if held == Held::UNSET {
            held = self.initial(expr, place);
        }
        observer.event(self, state, Event::Read { name: expr, held });
        if held.value.kinds.meets(Kinds::UNBOUND) {
            held = held.without(Kinds::UNBOUND);
            if held.value.is_never() {
                held = Held::UNKNOWN;
            }
            state.set(place, held);
        }
        held
    }

    /// What a variable of another scope holds, order aside: that it is None before somebody sets it is for others to judge.
    fn initial(&self, expr: ExprId, place: PlaceId) -> Held {
        let Step::Variable { name, scope } = self.code.place(place).step else {
            return Held::UNKNOWN;
        };
        match scope {
            Scope::Free {
                function, place, ..
            } => {
                let owner = self.program.function(self.module_ref, function);
                Held::without_evidence(self.program.variable(owner, place))
            }
            Scope::Global { .. } => {
                let value = self.program.global(self.module_ref, name);
                let is_function = self.code.kind == FunctionKind::Def;
                match value.may_be_none() && is_function {
                    true => Held {
                        // What it is set to later may be nothing that is known.
                        value: match value.is_none() {
                            true => Value::UNKNOWN.join(Value::NONE),
                            false => value.without(Kinds::UNBOUND),
                        },
                        origin: Origin::Attribute(expr),
                        bound: None,
                    },
                    false => Held::without_evidence(value),
                }
            }
            _ => Held::UNKNOWN,
        }
    }

    fn attribute(
        &self,
        expr: ExprId,
        value: ExprId,
        name: NameId,
        place: Option<PlaceId>,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let object = self.eval(value, state, observer);
        let object = if is_of_everything(self.module.name(name)) {
            object
        } else {
            self.used(value, object, Use::Attribute, expr, state, observer)
        };
        if let Some(known) = place
            .map(|place| state.get(place))
            .filter(|&held| held != Held::UNSET)
        {
            return known;
        }
        if let Some(held) = self.optional_attribute(expr, object.value) {
            return held;
        }
        let held = self.declared_attribute(expr, object.value, name);
        self.attribute_of_message(expr, object.value, held)
    }

    fn declared_attribute(&self, expr: ExprId, object: Value, name: NameId) -> Held {
        let symbol = self.program.symbol(self.module_ref, name);
        let value = self
            .program
            .attribute(object, symbol, self.module.name(name));
        if let Some(getter) = self.program.property(object, symbol) {
            return self.read_property(expr, getter, value);
        }
        match self.program.types.get(object.class) {
            _ if !value.may_be_none() => Held::from(expr, value),
            Type::Instance(class) if self.program.project_class(class).is_some() => Held {
                value,
                origin: Origin::Attribute(expr),
                bound: None,
            },
            Type::Module(_) | Type::Class(_) => Held::without_evidence(value),
            _ => Held::from(expr, value),
        }
    }

    /// What a property gives, as its body says; `declared` is what is known of it otherwise.
    fn read_property(&self, expr: ExprId, getter: FunctionRef, declared: Value) -> Held {
        let returns = self.summary(getter).returns;
        if self.program.is_overridden(getter) || !returns.may_be_none() {
            return Held::without_evidence(declared);
        }
        Held::from(expr, returns)
    }

    fn subscript(
        &self,
        expr: ExprId,
        value: ExprId,
        index: ExprId,
        place: Option<PlaceId>,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let object = self.eval(value, state, observer);
        self.eval(index, state, observer);
        let object = self.used(value, object, Use::Subscript, expr, state, observer);
        if let Some(known) = place
            .map(|place| state.get(place))
            .filter(|&held| held != Held::UNSET)
        {
            return known;
        }
        if let Some(held) = self.optional_element(expr, (value, index), state) {
            return held;
        }
        let sliced = matches!(self.module.kind(index), ExprKind::Slice { .. });
        let found = self.program.subscript(object.value, sliced);
        let outside = object.value.facts.has(Facts::OUTSIDE);
        let found = match self.program.types.get(object.value.class) {
            // What the library says of its own: a message without the header that is asked for.
            Type::Instance(class) if self.program.project_class(class).is_none() => {
                Held::from(expr, found)
            }
            _ => Held::without_evidence(found),
        };
        let facts = if outside {
            Facts::OUTSIDE
        } else {
            Facts::NOTHING
        };
        Held {
            value: found.value.with(facts),
            ..found
        }
    }

    /// Tells that a value is used, after which it is not None: the same None is told once on each path.
    pub(super) fn used(
        &self,
        subject: ExprId,
        held: Held,
        how: Use,
        at: ExprId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        if !held.value.may_be_none() {
            return held;
        }
        observer.event(
            self,
            state,
            Event::Use {
                subject,
                held,
                how,
                at,
            },
        );
        let rest = held.without(Kinds::NONE);
        let rest = if rest.value.is_never() {
            Held::UNKNOWN
        } else {
            rest
        };
        if let Some(place) = self.place_of(subject) {
            state.set(place, rest);
        } else if let ExprKind::Walrus { target, .. } = self.module.kind(subject)
            && let Some(place) = self.place_of(target)
        {
            state.set(place, rest);
        }
        rest
    }

    fn logic(
        &self,
        operands: Run,
        is_and: bool,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let operands = self.module.list(operands);
        let mut left_early: Option<State> = None;
        let mut result = Held::NEVER;
        for (index, &operand) in operands.iter().enumerate() {
            let held = self.eval(operand, state, observer);
            if index + 1 == operands.len() {
                result = result.join(held);
                break;
            }
            result = result.join(if is_and { falsy(held) } else { truthy(held) });
            let mut early = state.clone();
            self.assume(operand, !is_and, &mut early);
            match &mut left_early {
                Some(joined) => {
                    joined.join(&early);
                }
                None => left_early = Some(early),
            }
            self.assume(operand, is_and, state);
            // For all that is known it never gets further: nothing is used there.
            if !state.is_reachable() {
                break;
            }
        }
        if let Some(early) = left_early {
            state.join(&early);
        }
        result
    }

    fn conditional(
        &self,
        test: ExprId,
        then: ExprId,
        otherwise: ExprId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        self.eval(test, state, observer);
        let mut other_state = state.clone();
        self.assume(test, true, state);
        self.assume(test, false, &mut other_state);
        let mut held = Held::NEVER;
        if state.is_reachable() {
            held = held.join(self.eval(then, state, observer));
        }
        if other_state.is_reachable() {
            held = held.join(self.eval(otherwise, &mut other_state, observer));
        }
        state.join(&other_state);
        held
    }

    fn binary(
        &self,
        expr: ExprId,
        operator: BinaryOperator,
        left: ExprId,
        right: ExprId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let mut a = self.eval(left, state, observer);
        let mut b = self.eval(right, state, observer);
        let formats = operator == BinaryOperator::Modulo
            && (a.value.kinds.meets(Kinds::TEXT | Kinds::BYTES) || a.value.is_unknown());
        if !formats {
            a = self.used(left, a, Use::Operand, expr, state, observer);
            b = self.used(right, b, Use::Operand, expr, state, observer);
        }
        self.divide(operator, (right, b), a, expr, state, observer);
        Held::from(expr, crate::project::binary(operator, a.value, b.value)).without(Kinds::NONE)
    }

    /// Tells of a division.
    pub(super) fn divide(
        &self,
        operator: BinaryOperator,
        (divisor, held): (ExprId, Held),
        dividend: Held,
        at: ExprId,
        state: &State,
        observer: &mut dyn Observer,
    ) {
        use BinaryOperator::{Divide, FloorDivide, Modulo};
        if matches!(operator, Divide | FloorDivide | Modulo) {
            let event = Event::Divide {
                divisor,
                held,
                dividend,
                at,
            };
            observer.event(self, state, event);
        }
    }

    fn unary(
        &self,
        expr: ExprId,
        operator: UnaryOperator,
        operand: ExprId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let held = self.eval(operand, state, observer);
        if operator == UnaryOperator::Not {
            return Held::from(expr, Value::of(Kinds::BOOL));
        }
        let held = self.used(operand, held, Use::Operand, expr, state, observer);
        let is_number = held.value.kinds == Kinds::NUMBER;
        Held::from(
            expr,
            if is_number {
                Value::of(Kinds::NUMBER)
            } else {
                Value::UNKNOWN
            },
        )
    }

    fn compare(
        &self,
        expr: ExprId,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let a = self.eval(left, state, observer);
        let b = self.eval(right, state, observer);
        match operator {
            Comparison::In | Comparison::NotIn => {
                self.used(right, b, Use::Contains, expr, state, observer);
            }
            Comparison::Less
            | Comparison::LessEqual
            | Comparison::Greater
            | Comparison::GreaterEqual
                // Python 2 orders None below everything.
                if self.module.dialect == Dialect::Three && !self.program.reads_two() =>
            {
                self.used(left, a, Use::Order, expr, state, observer);
                self.used(right, b, Use::Order, expr, state, observer);
            }
            _ => {}
        }
        Held::from(expr, Value::of(Kinds::BOOL))
    }

    fn display(
        &self,
        kind: Kinds,
        parts: Run,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let mut element = Value::NEVER;
        let parts = self.module.list(parts);
        for (index, &part) in parts.iter().enumerate() {
            let held = self.eval(part, state, observer);
            if kind != Kinds::DICT || index % 2 == 1 {
                element = element.join(held.value.without(Kinds::NONE));
            }
        }
        let value = self.program.container(kind, element);
        let value = if parts.is_empty() {
            value.with(Facts::EMPTY)
        } else {
            value
        };
        Held {
            value,
            origin: Origin::Nothing,
            bound: None,
        }
    }

    fn comprehension(
        &self,
        expr: ExprId,
        id: ComprehensionId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let comprehension = self.module.comprehension(id);
        let mut inside = state.clone();
        let mut filtered = false;
        for (index, clause) in comprehension.clauses.iter().enumerate() {
            // The first iterable is evaluated outside; what is learned there stays.
            let mut iterable = if index == 0 {
                self.eval(clause.iterable, state, observer)
            } else {
                self.eval(clause.iterable, &mut inside, observer)
            };
            if !clause.is_async {
                let at = if index == 0 { &mut *state } else { &mut inside };
                iterable = self.used(clause.iterable, iterable, Use::Iterate, expr, at, observer);
            }
            if index == 0 {
                inside = state.clone();
            }
            let element = Held::without_evidence(self.program.iterated(iterable.value));
            let element = self.gone_through(element, iterable.value);
            self.bind(clause.target, element, &mut inside, observer);
            for &condition in &clause.conditions {
                filtered = true;
                self.eval(condition, &mut inside, observer);
                self.assume(condition, true, &mut inside);
            }
        }
        let mut element = Held::UNKNOWN;
        if inside.is_reachable() {
            element = self.eval(comprehension.element, &mut inside, observer);
            if let Some(value) = comprehension.value {
                element = self.eval(value, &mut inside, observer);
            }
        }
        let kind = match comprehension.kind {
            ComprehensionKind::List => Kinds::LIST,
            ComprehensionKind::Set => Kinds::SET,
            ComprehensionKind::Dict => Kinds::DICT,
            ComprehensionKind::Generator => Kinds::ITERATOR,
        };
        let value = self
            .program
            .container(kind, element.value.without(Kinds::NONE));
        Held::from(
            expr,
            if filtered {
                value.with(Facts::EMPTY)
            } else {
                value
            },
        )
    }
}

/// What `x and …` gives where `x` is false.
fn falsy(held: Held) -> Held {
    held.without(super::ALWAYS_TRUE)
}

/// What `x or …` gives where `x` is true.
fn truthy(held: Held) -> Held {
    let held = held.without(Kinds::NONE);
    Held {
        value: held.value.free_of(Facts::EMPTY.with(Facts::ZERO)),
        ..held
    }
}

/// Attributes that None has, too.
fn is_of_everything(name: &str) -> bool {
    matches!(
        name,
        "__class__"
            | "__doc__"
            | "__eq__"
            | "__ne__"
            | "__hash__"
            | "__repr__"
            | "__str__"
            | "__bool__"
            | "__dir__"
            | "__init__"
            | "__new__"
            | "__setattr__"
            | "__getattribute__"
            | "__reduce__"
            | "__reduce_ex__"
            | "__format__"
            | "__sizeof__"
    )
}
