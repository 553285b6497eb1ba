//! What an instruction does to the state.

use super::{Event, Flow, Held, Observer, Origin, State, Use};
use crate::ir::{ExprId, ExprKind, Inst, InstKind, PlaceId, Source, TryKind};
use crate::project::Target;
use crate::summary::Parameters;
use crate::types::Type;
use crate::value::{Facts, Kinds, TypeId, Value};

impl Flow<'_, '_> {
    /// Runs an instruction.
    pub(super) fn run(&self, inst: &Inst, state: &mut State, observer: &mut dyn Observer) {
        match inst.kind {
            InstKind::Bind {
                target,
                source,
                annotation,
            } => {
                let held = self.source(target, source, state, observer);
                let held = match annotation {
                    Some(annotation) => self.promised(annotation, held),
                    None => held,
                };
                self.bind_from(target, source, held, state, observer);
            }
            InstKind::Eval(value) => self.evaluated(value, state, observer),
            InstKind::Assume { test, holds } => self.assume(test, holds, state),
            InstKind::Return(value) => {
                let held = match value {
                    Some(value) => self.eval(value, state, observer),
                    None => Held {
                        value: Value::NONE,
                        origin: Origin::Nothing,
                        bound: None,
                    },
                };
                observer.event(self, state, Event::Return { value, held });
            }
            InstKind::Raise {
                exception, cause, ..
            } => {
                for part in [exception, cause].into_iter().flatten() {
                    self.eval(part, state, observer);
                }
            }
            InstKind::Forget(target) => self.forget(target, state, observer),
            InstKind::Declare { .. } => {}
        }
    }

    /// `x: T = v`: the value tells more than the annotation where it is known.
    fn promised(&self, annotation: ExprId, held: Held) -> Held {
        let promised = self.evaluate.annotated(annotation);
        if !held.value.is_unknown() || promised.is_unknown() {
            return held;
        }
        Held {
            value: promised.without(Kinds::NONE),
            ..held
        }
    }

    fn evaluated(&self, value: ExprId, state: &mut State, observer: &mut dyn Observer) {
        let held = self.eval(value, state, observer);
        if self.iterated.contains(&value) {
            self.used(value, held, Use::Iterate, value, state, observer);
        }
        if self.entered.contains(&value) {
            self.used(value, held, Use::Enter, value, state, observer);
        }
    }

    fn source(
        &self,
        target: ExprId,
        source: Source,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        match source {
            Source::Value(value) => {
                let held = self.eval(value, state, observer);
                Held {
                    bound: Some(value),
                    ..held
                }
            }
            Source::Augmented { operator, value } => {
                let old = self.eval(target, state, observer);
                let old = self.used(target, old, Use::Operand, target, state, observer);
                let new = self.eval(value, state, observer);
                let new = self.used(value, new, Use::Operand, target, state, observer);
                self.divide(operator, (value, new), old, target, state, observer);
                let result = crate::project::binary(operator, old.value, new.value);
                let kinds = old.value.kinds;
                let kept = if result.is_unknown() && kinds.is_single() {
                    old.value.free_of(Facts::EMPTY.with(Facts::ZERO))
                } else {
                    result
                };
                Held {
                    value: kept,
                    origin: Origin::Nothing,
                    bound: None,
                }
            }
            Source::Element { iterable, .. } => {
                if let Some(something) = self.or_nothing(iterable) {
                    self.assume(something, true, state);
                }
                let held = self.quietly(iterable, state);
                let element = self.element(iterable, self.program.iterated(held.value));
                self.gone_through(element, held.value)
            }
            Source::Entered { manager, is_async } => self.entered(manager, is_async, state),
            Source::Caught { region, handler } => self.caught(region, handler),
            Source::Captured {
                subject,
                whole: true,
            } => self.quietly(subject, state),
            Source::Function(id) => {
                let function = self.program.function(self.module_ref, id);
                match self.program.decoration(function).is_opaque {
                    true => Held::UNKNOWN,
                    false => Held {
                        value: self.program.function_value(function),
                        ..Held::UNKNOWN
                    },
                }
            }
            Source::Class(id) => {
                let class = Type::Class(self.program.class(self.module_ref, id));
                let class = self.program.types.find(class).unwrap_or(TypeId::UNKNOWN);
                Held {
                    value: Value::typed(Kinds::CLASS, class),
                    ..Held::UNKNOWN
                }
            }
            Source::Import(_) => match self.module.kind(target) {
                ExprKind::Name(place) => {
                    Held::without_evidence(self.program.variable(self.function, place))
                }
                _ => Held::UNKNOWN,
            },
            Source::Captured { .. } | Source::Opaque => Held::UNKNOWN,
        }
    }

    fn entered(&self, manager: ExprId, is_async: bool, state: &State) -> Held {
        let held = self.quietly(manager, state);
        match self.program.types.get(held.value.class) {
            Type::Instance(class) if self.program.project_class(class).is_some() && !is_async => {
                match self.program.method(class, "__enter__") {
                    Some(enter) => Held::without_evidence(self.program.returned(enter)),
                    None => Held::UNKNOWN,
                }
            }
            Type::Instance(_) => Held::without_evidence(held.value),
            _ if held.value.kinds == Kinds::FILE => held,
            _ => Held::UNKNOWN,
        }
    }

    fn caught(&self, region: crate::ir::TryId, handler: u16) -> Held {
        let TryKind::Catch { handlers, .. } = &self.code.region(region).kind else {
            return Held::UNKNOWN;
        };
        let types = handlers
            .get(usize::from(handler))
            .and_then(|handler| handler.types);
        match types.and_then(|types| self.evaluate.class_named(types)) {
            Some(class) => Held {
                value: self.program.instance_of(class),
                ..Held::UNKNOWN
            },
            None => Held {
                value: Value::of(Kinds::INSTANCE),
                ..Held::UNKNOWN
            },
        }
    }

    /// Binds a target to the parts of a display where both have the same shape, else as a whole.
    fn bind_from(
        &self,
        target: ExprId,
        source: Source,
        held: Held,
        state: &mut State,
        observer: &mut dyn Observer,
    ) {
        let targets = self.module.kind(target);
        if let (ExprKind::Tuple(targets) | ExprKind::List(targets), Source::Value(value)) =
            (targets, source)
            && let ExprKind::Tuple(values) | ExprKind::List(values) = self.module.kind(value)
        {
            let targets = self.module.list(targets);
            let values = self.module.list(values);
            let starred = |expr: &ExprId| matches!(self.module.kind(*expr), ExprKind::Starred(_));
            if targets.len() == values.len() && !targets.iter().chain(values).any(starred) {
                let parts: Vec<Held> = values
                    .iter()
                    .map(|&value| Held {
                        bound: Some(value),
                        ..self.quietly(value, state)
                    })
                    .collect();
                for ((&target, &value), part) in targets.iter().zip(values).zip(parts) {
                    self.bind_from(target, Source::Value(value), part, state, observer);
                }
                return;
            }
        }
        self.bind(target, held, state, observer);
    }

    /// Binds a target.
    pub(super) fn bind(
        &self,
        target: ExprId,
        held: Held,
        state: &mut State,
        observer: &mut dyn Observer,
    ) {
        match self.module.kind(target) {
            ExprKind::Name(place) => self.store(target, place, held, state, observer),
            ExprKind::Attribute { value, place, .. } => {
                let object = self.eval(value, state, observer);
                self.used(value, object, Use::Attribute, target, state, observer);
                if let Some(place) = place {
                    self.store(target, place, held, state, observer);
                }
            }
            ExprKind::Subscript {
                value,
                index,
                place,
            } => {
                let object = self.eval(value, state, observer);
                self.eval(index, state, observer);
                self.used(value, object, Use::Subscript, target, state, observer);
                self.no_longer_empty(value, state);
                if let Some(place) = place {
                    self.store(target, place, held, state, observer);
                }
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                self.unpack(target, parts, held, state, observer)
            }
            ExprKind::Starred(inner) => {
                let rest = Held {
                    value: Value::of(Kinds::LIST),
                    ..Held::UNKNOWN
                };
                self.bind(inner, rest, state, observer);
            }
            _ => {
                self.eval(target, state, observer);
            }
        }
    }

    fn unpack(
        &self,
        target: ExprId,
        parts: crate::ir::Run,
        held: Held,
        state: &mut State,
        observer: &mut dyn Observer,
    ) {
        let subject = held.bound.unwrap_or(target);
        let call = held.bound.map(|value| self.unawaited(value));
        let nones = call.map_or(Parameters::NONE, |call| {
            self.none_items(call).or(self.optional_items(call, state))
        });
        let held = self.used(subject, held, Use::Unpack, target, state, observer);
        let element = Held::without_evidence(self.program.iterated(held.value));
        let element = self.gone_through(element, held.value);
        for (index, &part) in self.module.list(parts).iter().enumerate() {
            let element = match call.filter(|_| nones.has(index)) {
                Some(call) => Held {
                    value: element.value.join(Value::NONE),
                    origin: Origin::Expr(call),
                    bound: None,
                },
                None => element,
            };
            self.bind(part, element, state, observer);
        }
    }

    /// `x` of `for … in x or []`: where there is a round, it is true.
    pub(super) fn or_nothing(&self, iterable: ExprId) -> Option<ExprId> {
        let ExprKind::Or(parts) = self.module.kind(iterable) else {
            return None;
        };
        let [first, second] = *self.module.list(parts) else {
            return None;
        };
        let is_empty = match self.module.kind(second) {
            ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Dict(parts) => {
                parts.is_empty()
            }
            _ => false,
        };
        is_empty.then_some(first)
    }

    fn unawaited(&self, value: ExprId) -> ExprId {
        match self.module.kind(value) {
            ExprKind::Await(inner) => inner,
            _ => value,
        }
    }

    /// The elements that are None now and then in what a call of the project's own functions returns.
    fn none_items(&self, call: ExprId) -> Parameters {
        let ExprKind::Call { callee, .. } = self.module.kind(call) else {
            return Parameters::NONE;
        };
        let target = self.program.target(self.evaluate.value(callee));
        let Target::Function { function, bound } = target else {
            return Parameters::NONE;
        };
        let may_be_another = bound && self.program.is_overridden(function);
        if may_be_another || self.program.decoration(function).is_context_manager {
            return Parameters::NONE;
        }
        self.summary(function).none_items
    }

    /// Something was put into a container.
    pub(super) fn no_longer_empty(&self, container: ExprId, state: &mut State) {
        if let Some(place) = self.place_of(container) {
            let held = state.get(place);
            state.set(
                place,
                Held {
                    value: held.value.free_of(Facts::EMPTY),
                    ..held
                },
            );
        }
    }

    fn store(
        &self,
        target: ExprId,
        place: PlaceId,
        held: Held,
        state: &mut State,
        observer: &mut dyn Observer,
    ) {
        let before = state.get(place);
        observer.event(
            self,
            state,
            Event::Bind {
                target,
                before,
                after: held,
            },
        );
        let held = if held.value.is_never() {
            Held::UNKNOWN
        } else {
            held
        };
        state.set(place, held);
        for &path in &self.paths_below[place.index()] {
            state.set(path, Held::UNSET);
        }
    }

    fn forget(&self, target: ExprId, state: &mut State, observer: &mut dyn Observer) {
        match self.module.kind(target) {
            ExprKind::Name(place) => {
                state.set(place, Held::UNBOUND);
                for &path in &self.paths_below[place.index()] {
                    state.set(path, Held::UNSET);
                }
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                for &part in self.module.list(parts) {
                    self.forget(part, state, observer);
                }
            }
            _ => {
                self.eval(target, state, observer);
                if let Some(place) = self.place_of(target) {
                    state.set(place, Held::UNSET);
                }
            }
        }
    }

    /// Other code ran: what it may have set is not None for certain any more.
    pub(super) fn other_code_ran(&self, state: &mut State) {
        for &place in &self.shared {
            let held = state.get(place);
            let doubtful = held.value.may_be_none() || held.value.facts != Facts::NOTHING;
            if doubtful && held != Held::UNSET {
                state.set(
                    place,
                    Held {
                        bound: held.bound,
                        ..Held::UNKNOWN
                    },
                );
            }
        }
    }
}
