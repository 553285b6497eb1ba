//! Calls: what the callee demands, promises, returns and changes.

use super::stopping::stops_by_literal;
use super::{Event, Flow, Held, Observer, Origin, State, Use};
use crate::ir::{Argument, BinaryOperator, Dialect, ExprId, ExprKind, Passing, Run, Scope, Step};
use crate::library::Call;
use crate::project::{Actual, Target, actuals};
use crate::summary::{Delivery, Summary};
use crate::types::{CallRef, FunctionRef};
use crate::value::{Facts, Kinds, Value};

/// Methods that put something into their receiver.
const GROWING: [&str; 8] = [
    "append",
    "extend",
    "insert",
    "add",
    "update",
    "appendleft",
    "push",
    "setdefault",
];

/// How the names of codecs start that make text of bytes.
const CODECS: [&str; 14] = [
    "ascii", "big5", "cp", "euc", "gb", "idna", "iso", "koi8", "latin", "mbcs", "punycode",
    "shift", "unicode", "utf",
];

/// Methods of sockets whose first argument is a constant of the module `socket`.
const SOCKET_METHODS: [&str; 3] = ["setsockopt", "getsockopt", "shutdown"];

/// Those constants.
const SOCKET_CONSTANTS: [&str; 9] = [
    "SHUT_RD",
    "SHUT_WR",
    "SHUT_RDWR",
    "SOL_SOCKET",
    "SOL_TCP",
    "IPPROTO_IP",
    "IPPROTO_IPV6",
    "IPPROTO_TCP",
    "IPPROTO_UDP",
];

impl Flow<'_, '_> {
    /// Evaluates a call.
    pub(super) fn call(
        &self,
        expr: ExprId,
        callee: ExprId,
        arguments: Run,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let called = self.eval(callee, state, observer);
        let called = self.used(callee, called, Use::Call, expr, state, observer);
        let arguments = self.module.arguments(arguments);
        let held: Vec<Held> = arguments
            .iter()
            .map(|argument| self.eval(argument.value, state, observer))
            .collect();
        for (argument, &held) in arguments.iter().zip(&held) {
            if matches!(argument.passing, Passing::Star | Passing::DoubleStar) {
                self.used(argument.value, held, Use::Iterate, expr, state, observer);
            }
        }
        if let Some(value) = self.super_value(expr) {
            return Held::from(expr, value);
        }
        if let ([left, right], &[dividend, held]) = (arguments, &held[..])
            && left.passing == Passing::Positional
            && self.module.dotted(self.code, callee).as_deref() == Some("divmod")
        {
            let by = (right.value, held);
            self.divide(
                BinaryOperator::FloorDivide,
                by,
                dividend,
                expr,
                state,
                observer,
            );
        }
        let target = match self.program.target(called.value) {
            Target::Unknown => self.by_arguments(callee, arguments),
            known => known,
        };
        observer.event(self, state, Event::Call { call: expr, target });
        match target {
            Target::Function { function, bound } => {
                self.call_function(expr, function, bound, (arguments, &held), state, observer)
            }
            Target::Construct { class, initializer } => {
                if let Some(function) = initializer {
                    self.call_function(expr, function, true, (arguments, &held), state, observer);
                } else {
                    self.other_code_ran(state);
                }
                Held::from(expr, self.program.instance_of(class))
            }
            Target::Library(call) => {
                let result =
                    self.call_library(expr, call, callee, (arguments, &held), state, observer);
                let result = self.optional_group(expr, (callee, arguments), result, state);
                self.handed_on(result, callee, (arguments, &held), state)
            }
            Target::Unknown => {
                self.other_code_ran(state);
                self.grow(callee, state);
                if self.sounds_final(callee) {
                    state.stop();
                }
                let result = self.looked_up(expr, callee, arguments);
                let result = self.optional_group(expr, (callee, arguments), result, state);
                self.handed_on(result, callee, (arguments, &held), state)
            }
        }
    }

    /// `await f()`: a coroutine of the project gives what its body returns, one of a library what is written of it.
    pub(super) fn awaited(
        &self,
        expr: ExprId,
        inner: ExprId,
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let outer = self.awaiting.replace(Some(inner));
        let held = self.eval(inner, state, observer);
        self.awaiting.set(outer);
        let ExprKind::Call { callee, .. } = self.module.kind(inner) else {
            return Held::without_evidence(self.evaluate.value(expr));
        };
        match self.program.target(self.evaluate.value(callee)) {
            Target::Function { function, .. }
                if self.program.delivery(function) == Delivery::Awaited =>
            {
                held
            }
            Target::Library(_) => held,
            _ => Held::without_evidence(self.evaluate.value(expr)),
        }
    }

    /// What a method of an unknown receiver is, where an argument gives it away: `x.shutdown(socket.SHUT_RDWR)`.
    fn by_arguments(&self, callee: ExprId, arguments: &[Argument]) -> Target {
        let ExprKind::Attribute { name, .. } = self.module.kind(callee) else {
            return Target::Unknown;
        };
        let name = self.module.name(name);
        if name == "decode" && self.is_decoding(callee, arguments) {
            return self.method_of("bytes", name);
        }
        let Some(first) = arguments.first() else {
            return Target::Unknown;
        };
        if !SOCKET_METHODS.contains(&name) {
            return Target::Unknown;
        }
        let constant = self.module.last_name(self.code, first.value);
        if !constant.is_some_and(|constant| SOCKET_CONSTANTS.contains(&constant)) {
            return Target::Unknown;
        }
        self.method_of("socket.socket", name)
    }

    fn method_of(&self, class: &str, name: &str) -> Target {
        let library = self.program.library;
        let method = library
            .class(class, self.module.dialect)
            .and_then(|class| library.method(class, name));
        method.map_or(Target::Unknown, Target::Library)
    }

    /// Whether a call of `decode` says that it makes text of bytes: it names a codec, or nothing.
    fn is_decoding(&self, callee: ExprId, arguments: &[Argument]) -> bool {
        let ExprKind::Attribute { value, .. } = self.module.kind(callee) else {
            return false;
        };
        let receiver = self.module.dotted(self.code, value).unwrap_or_default();
        if matches!(receiver.as_str(), "self" | "cls") || receiver.ends_with("coder") {
            return false;
        }
        let says_codec =
            |argument: &Argument| match (argument.passing, self.module.kind(argument.value)) {
                (Passing::Keyword(name), _) => {
                    matches!(self.module.name(name), "encoding" | "errors")
                }
                (Passing::Positional, ExprKind::Text(codec)) => {
                    let codec = self.module.name(codec).to_ascii_lowercase();
                    CODECS.iter().any(|start| codec.starts_with(start))
                }
                (Passing::Positional, _) => {
                    let name = self
                        .module
                        .dotted(self.code, argument.value)
                        .unwrap_or_default();
                    let name = name.to_ascii_lowercase();
                    ["encoding", "charset", "codec"]
                        .iter()
                        .any(|part| name.contains(part))
                }
                _ => false,
            };
        arguments.len() <= 2 && arguments.first().is_none_or(says_codec)
    }

    fn super_value(&self, expr: ExprId) -> Option<Value> {
        let ExprKind::Call { callee, .. } = self.module.kind(expr) else {
            return None;
        };
        let ExprKind::Name(place) = self.module.kind(callee) else {
            return None;
        };
        let Step::Variable {
            name,
            scope: Scope::Global { .. },
        } = self.code.place(place).step
        else {
            return None;
        };
        (self.module.name(name) == "super").then(|| self.evaluate.value(expr))
    }

    fn call_function(
        &self,
        expr: ExprId,
        function: FunctionRef,
        bound: bool,
        (arguments, held): (&[Argument], &[Held]),
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let summary = self.summary(function);
        let (module, code) = self.program.code(function);
        let given = actuals(self.module, arguments, module, code, bound);
        let value_of = |wanted: ExprId| {
            arguments
                .iter()
                .position(|argument| argument.value == wanted)
                .map_or(Held::UNKNOWN, |at| held[at])
        };
        for (parameter, actual) in given.iter().enumerate() {
            let (argument, held) = match *actual {
                Actual::Given(argument) => (Some(argument), value_of(argument)),
                Actual::Omitted => (None, Held::UNKNOWN),
                Actual::Unclear => continue,
            };
            observer.event(
                self,
                state,
                Event::Pass {
                    call: expr,
                    callee: function,
                    parameter: parameter as u16,
                    argument,
                    held,
                },
            );
        }
        let overridden = bound && self.is_overridden(function);
        if overridden {
            self.other_code_ran(state);
            return Held::UNKNOWN;
        }
        self.demands(expr, function, summary, &given, &value_of, state, observer);
        self.checked_by(function, arguments, bound, state);
        self.other_code_ran(state);
        let stops = stops_by_literal(summary, &given, (self.module, module, code));
        if (summary.never_returns || stops) && self.program.delivery(function) == Delivery::Now {
            state.stop();
        }
        self.result(expr, function, summary, &given, &value_of)
    }

    pub(super) fn is_overridden(&self, function: FunctionRef) -> bool {
        self.program.is_overridden(function)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one call, each used once"
    )]
    fn demands(
        &self,
        expr: ExprId,
        callee: FunctionRef,
        summary: &Summary,
        given: &[Actual],
        value_of: &dyn Fn(ExprId) -> Held,
        state: &mut State,
        observer: &mut dyn Observer,
    ) {
        for demand in &summary.demands {
            let Some(&Actual::Given(argument)) = given.get(usize::from(demand.parameter)) else {
                continue;
            };
            let held = value_of(argument);
            if held.value.may_be_none() {
                observer.event(
                    self,
                    state,
                    Event::Demanded {
                        call: expr,
                        callee,
                        demand,
                        argument,
                        held,
                    },
                );
            }
        }
        for (parameter, actual) in given.iter().enumerate() {
            let Actual::Given(argument) = *actual else {
                continue;
            };
            let always = summary
                .demands
                .iter()
                .any(|demand| usize::from(demand.parameter) == parameter && demand.always);
            if (summary.requires.has(parameter) || always)
                && let Some(place) = self.place_of(argument)
            {
                state.set(place, state.get(place).without(Kinds::NONE));
            }
        }
    }

    fn result(
        &self,
        expr: ExprId,
        function: FunctionRef,
        summary: &Summary,
        given: &[Actual],
        value_of: &dyn Fn(ExprId) -> Held,
    ) -> Held {
        match self.program.delivery(function) {
            Delivery::Now => {}
            Delivery::Generator if self.program.decoration(function).is_context_manager => {
                return Held::UNKNOWN;
            }
            Delivery::Generator => return Held::from(expr, Value::of(Kinds::ITERATOR)),
            Delivery::Awaited if self.awaiting.get() == Some(expr) => {}
            Delivery::Awaited | Delivery::Deferred => return Held::UNKNOWN,
        }
        if self.program.decoration(function).is_context_manager {
            return Held::UNKNOWN;
        }
        if let Some(parameter) = summary.returns_argument
            && let Some(&Actual::Given(argument)) = given.get(usize::from(parameter))
        {
            let held = value_of(argument);
            // It came back: a function that raises for None has not been given one.
            return match summary.requires.has(usize::from(parameter)) {
                true => held.without(Kinds::NONE),
                false => held,
            };
        }
        let mut held = Held::from(expr, summary.returns);
        for (parameter, actual) in given.iter().enumerate() {
            if !summary.none_if_none.has(parameter) {
                continue;
            }
            let origin = match *actual {
                Actual::Given(argument) => {
                    let passed = value_of(argument);
                    passed.value.may_be_none().then_some(passed.origin)
                }
                // The default is handed back: nobody but the call itself is to blame.
                Actual::Omitted => {
                    let (module, code) = self.program.code(function);
                    let default = code.parameters[parameter].default;
                    let is_none =
                        default.is_some_and(|default| module.kind(default) == ExprKind::None);
                    is_none.then_some(Origin::Expr(expr))
                }
                Actual::Unclear => None,
            };
            if let Some(origin) = origin {
                held = held.join(Held {
                    value: Value::NONE,
                    origin,
                    bound: None,
                });
            }
        }
        held
    }

    /// A call that returned has found these arguments not to be None.
    fn require(&self, summary: &Summary, arguments: &[Argument], state: &mut State) {
        let plain = arguments
            .iter()
            .take_while(|argument| argument.passing == Passing::Positional);
        for (position, argument) in plain.enumerate() {
            if summary.requires.has(position)
                && let Some(place) = self.place_of(argument.value)
            {
                state.set(place, state.get(place).without(Kinds::NONE));
            }
        }
    }

    fn call_library(
        &self,
        expr: ExprId,
        call: CallRef,
        callee: ExprId,
        (arguments, held): (&[Argument], &[Held]),
        state: &mut State,
        observer: &mut dyn Observer,
    ) -> Held {
        let call: &Call = self.program.library.get(call);
        let name = call.name.as_str();
        if call.summary.never_returns {
            state.stop();
        }
        self.demanded(expr, call, (arguments, held), state, observer);
        if !is_pure(call) {
            self.other_code_ran(state);
        }
        self.grow(callee, state);
        self.require(&call.summary, arguments, state);
        let given = arguments
            .iter()
            .filter(|argument| argument.passing == Passing::Positional)
            .count();
        let named = |wanted: &str| {
            arguments.iter().any(|argument| matches!(argument.passing, Passing::Keyword(name) if self.module.name(name) == wanted))
        };
        let starred = arguments
            .iter()
            .any(|argument| matches!(argument.passing, Passing::Star | Passing::DoubleStar));
        let mut value = call.returns(given, named);
        if starred {
            value = value.without(Kinds::NONE);
        }
        if call.outside {
            value = value.with(Facts::OUTSIDE);
        }
        let value = if value.is_never() {
            Value::UNKNOWN
        } else {
            value
        };
        self.default_of_get(name, arguments, held, value, expr)
    }

    /// The arguments that the callee does not take None for. None that is written out there is meant.
    fn demanded(
        &self,
        expr: ExprId,
        call: &Call,
        (arguments, held): (&[Argument], &[Held]),
        state: &mut State,
        observer: &mut dyn Observer,
    ) {
        let compares = matches!(call.name.as_str(), "max" | "min") && arguments.len() > 1;
        // Python 2 orders None below everything.
        if compares && (self.module.dialect != Dialect::Three || self.program.reads_two()) {
            return;
        }
        let plain = arguments
            .iter()
            .zip(held)
            .take_while(|(argument, _)| argument.passing == Passing::Positional);
        for (position, (argument, &held)) in plain.enumerate() {
            let is_written = self.module.kind(argument.value) == ExprKind::None;
            if (compares || call.demands.has(position)) && !is_written {
                self.used(argument.value, held, Use::Argument, expr, state, observer);
            }
        }
    }

    /// `getattr(x, "y", default)` and `d.get(k, default)` give None where the default is None.
    fn default_of_get(
        &self,
        name: &str,
        arguments: &[Argument],
        held: &[Held],
        value: Value,
        expr: ExprId,
    ) -> Held {
        if name == "getattr" && self.is_encoding_of_stream(arguments) {
            return Held::from(expr, Value::of(Kinds::TEXT | Kinds::NONE));
        }
        let position = match name {
            "getattr" => 2,
            "next" => 1,
            _ if matches!(name.rsplit('.').next(), Some("get" | "pop" | "setdefault")) => 1,
            _ => return Held::from(expr, value),
        };
        match (arguments.get(position), held.get(position)) {
            (Some(argument), Some(default)) if argument.passing == Passing::Positional => {
                let value = value.without(Kinds::NONE);
                let value = if value.is_never() {
                    Value::UNKNOWN
                } else {
                    value
                };
                let result = Held::from(expr, value);
                match default.origin {
                    _ if default.value.is_none() => result.join(Held {
                        origin: Origin::Expr(expr),
                        ..*default
                    }),
                    // Whoever leaves the default alone gets it back.
                    Origin::Parameter(_) if default.value.may_be_none() => result.join(Held {
                        value: Value::NONE,
                        bound: None,
                        ..*default
                    }),
                    _ => result,
                }
            }
            _ => Held::from(expr, value),
        }
    }

    fn grow(&self, callee: ExprId, state: &mut State) {
        if let ExprKind::Attribute { value, name, .. } = self.module.kind(callee)
            && GROWING.contains(&self.module.name(name))
        {
            self.no_longer_empty(value, state);
        }
    }
}

/// Whether a call leaves the program's variables and attributes alone.
fn is_pure(call: &Call) -> bool {
    call.described || !call.name.contains('.') || call.name.starts_with("str.")
}
