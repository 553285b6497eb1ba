//! What fires once and is fired again when the connection goes: a Deferred, a delayed call, a closed socket in a broadcast.

use crate::finding::{Confidence, Finding, Message, Related};
use crate::ir::{ExprId, ExprKind, Function, InstKind, LoopKind, Module, Source};
use crate::rules::concurrency::finish_after_disconnect::{at, is_handled};
use crate::rules::concurrency::method_calls::{MethodCall, method, method_calls};
use crate::rules::concurrency::raced;
use crate::rules::{Rule, Whole};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::FunctionRef;
use std::collections::BTreeMap;

/// What fires a Deferred or a future.
pub(super) const FIRES: [&str; 4] = ["callback", "errback", "set_exception", "set_result"];

/// What is done with what fires once.
const ACTS: [&str; 5] = [
    "callback",
    "cancel",
    "errback",
    "set_exception",
    "set_result",
];

/// What is called when the connection has gone.
const LOST: [&str; 5] = [
    "clientConnectionFailed",
    "clientConnectionLost",
    "connectionLost",
    "connection_lost",
    "processEnded",
];

/// What is called at the end, whatever has fired before.
const LAST: [&str; 9] = [
    "connectionLost",
    "connection_lost",
    "clientConnectionLost",
    "stopService",
    "stopFactory",
    "stop",
    "close",
    "shutdown",
    "processEnded",
];

/// Everything of this sort in the project.
pub(in crate::rules) fn find(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mentioned = |name: &str| whole.program.find_symbol(name).is_some();
    let mut findings = Vec::new();
    let is_timed = mentioned("callLater") || mentioned("call_later");
    if FIRES.iter().any(|name| mentioned(name)) || is_timed {
        let firing = whole.program.mentioning(ACTS);
        let is_firing = |&method: &FunctionRef| firing[whole.program.locate(method).0.0 as usize];
        for methods in methods(whole).values() {
            if !methods.iter().any(is_firing) {
                continue;
            }
            let class = Methods::of(whole, methods);
            findings.extend(class.fired_twice(rule));
            findings.extend(class.cancelled_late(rule));
            findings.extend(raced::find(rule, &class));
        }
    }
    if mentioned("write_message") {
        findings.extend(broadcasts(rule, whole));
    }
    findings
}

/// The methods of each class of the project, in the order of the code.
fn methods(whole: &Whole<'_>) -> BTreeMap<ClassRef, Vec<FunctionRef>> {
    let mut found: BTreeMap<ClassRef, Vec<FunctionRef>> = BTreeMap::new();
    for index in 0..whole.program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module, _) = whole.program.locate(function);
        if whole.escapes.is_out_of_scope(module) {
            continue;
        }
        if let Some(class) = whole.program.class_of_method(function) {
            found.entry(class).or_default().push(function);
        }
    }
    found
}

/// A call on an attribute of `self`.
pub(super) struct OnAttribute<'m> {
    pub(super) function: FunctionRef,
    pub(super) attribute: String,
    pub(super) call: MethodCall<'m>,
}

/// A binding of an attribute of `self`.
pub(super) struct Binding {
    pub(super) function: FunctionRef,
    pub(super) attribute: String,
    pub(super) value: Option<ExprId>,
}

/// What the methods of one class do with its attributes.
pub(super) struct Methods<'w> {
    pub(super) whole: &'w Whole<'w>,
    pub(super) members: Vec<FunctionRef>,
    pub(super) calls: Vec<OnAttribute<'w>>,
    pub(super) bindings: Vec<Binding>,
}

impl<'w> Methods<'w> {
    fn of(whole: &'w Whole<'w>, methods: &[FunctionRef]) -> Self {
        let mut found = Self {
            whole,
            members: methods.to_vec(),
            calls: Vec::new(),
            bindings: Vec::new(),
        };
        for &function in methods {
            let (module, code) = whole.program.code(function);
            for call in method_calls(module, code, &ACTS) {
                if let Some(attribute) = own_attribute(module, code, call.receiver) {
                    found.calls.push(OnAttribute {
                        function,
                        attribute,
                        call,
                    });
                }
            }
            found.bindings.extend(bindings(module, code, function));
        }
        found
    }

    pub(super) fn name(&self, function: FunctionRef) -> &'w str {
        let (module, code) = self.whole.program.code(function);
        module.name(code.name)
    }

    /// Whether a method binds an attribute.
    pub(super) fn binds(&self, function: FunctionRef, attribute: &str) -> bool {
        let mut bindings = self.bindings.iter();
        bindings.any(|binding| binding.function == function && binding.attribute == attribute)
    }

    /// Whether an attribute is only ever bound to new Deferreds or futures, and at the start.
    fn is_fresh_once(&self, attribute: &str) -> bool {
        let mut any = false;
        let all = self
            .bindings
            .iter()
            .filter(|binding| binding.attribute == attribute)
            .all(|binding| {
                let (module, _) = self.whole.program.code(binding.function);
                let made = binding.value.map(|value| made_by(module, value));
                any |= matches!(made, Some("Deferred" | "Future" | "create_future"));
                any && matches!(
                    self.name(binding.function),
                    "__init__" | "connectionMade" | "connection_made"
                )
            });
        any && all
    }

    /// A method fires it and leaves it there; then the connection goes, and it is fired again with no question.
    fn fired_twice(&self, rule: &'static Rule) -> Vec<Finding> {
        let mut findings = Vec::new();
        for last in &self.calls {
            let is_last = LOST.contains(&self.name(last.function));
            if !is_last || !FIRES.contains(&last.call.name) || !self.is_fresh_once(&last.attribute)
            {
                continue;
            }
            let first = self.calls.iter().find(|first| {
                first.attribute == last.attribute
                    && first.function != last.function
                    && FIRES.contains(&first.call.name)
                    && !matches!(self.name(first.function), "__init__")
            });
            let Some(first) = first.filter(|_| self.is_unconditional(last)) else {
                continue;
            };
            let class = if last.call.name.starts_with("set_") {
                "asyncio.InvalidStateError"
            } else {
                "twisted.internet.defer.AlreadyCalledError"
            };
            if is_handled(self.whole, last.function, last.call.block, class) {
                continue;
            }
            let message =
                Message::new("fired").with("deferred", format!("self.{}", last.attribute));
            let finding = at(rule, self.whole, last.function, &last.call, message)
                .confidence(Confidence::Medium)
                .help(Message::new("swap"))
                .because(self.related(first, "first"));
            findings.push(finding);
        }
        findings
    }

    pub(super) fn related(&self, of: &OnAttribute<'_>, key: &'static str) -> Related {
        let (module, _) = self.whole.program.code(of.function);
        Related {
            location: Location {
                file: self.whole.program.file(of.function),
                span: module.span(of.call.call),
            },
            message: Message::new(key).with("name", self.name(of.function)),
        }
    }

    /// Whether nothing is asked before the call.
    pub(super) fn is_unconditional(&self, of: &OnAttribute<'_>) -> bool {
        let (module, code) = self.whole.program.code(of.function);
        let start = module.span(of.call.call).start;
        !code.insts.iter().any(|inst| {
            matches!(inst.kind, InstKind::Assume { test, .. } if module.span(test).start < start)
        })
    }

    /// A delayed call is cancelled at the end, though it may have run: its function does not say so.
    fn cancelled_late(&self, rule: &'static Rule) -> Vec<Finding> {
        let mut findings = Vec::new();
        for of in &self.calls {
            let is_last = LAST.contains(&self.name(of.function));
            if of.call.name != "cancel"
                || !is_last && !self.is_asked_elsewhere(of)
                || self.asks(of.function)
                || !self.asks_only(of)
                || self.is_cleared_elsewhere(of)
            {
                continue;
            }
            let Some(runs) = self.scheduled(&of.attribute) else {
                continue;
            };
            let sets = |function: FunctionRef| self.binds(function, &of.attribute);
            let below = self.whole.graph.calls_in(runs).iter();
            if sets(runs)
                || below.map(|site| site.callee).any(sets)
                || is_handled(self.whole, of.function, of.call.block, "ValueError")
            {
                continue;
            }
            let (_, code) = self.whole.program.code(runs);
            let related = Related {
                location: Location {
                    file: self.whole.program.file(runs),
                    span: code.name_span,
                },
                message: Message::new("ran").with("name", self.name(runs)),
            };
            let message = Message::new("cancelled").with("call", format!("self.{}", of.attribute));
            let finding = at(rule, self.whole, of.function, &of.call, message)
                .confidence(Confidence::Medium)
                .help(Message::new("active"))
                .because(related);
            findings.push(finding);
        }
        findings
    }

    /// Whether another method asks the same delayed call whether it has run before it cancels it.
    fn is_asked_elsewhere(&self, of: &OnAttribute<'_>) -> bool {
        self.calls.iter().any(|other| {
            other.function != of.function
                && other.attribute == of.attribute
                && other.call.name == "cancel"
                && self.asks(other.function)
        })
    }

    /// Whether a method asks what has happened so far.
    pub(super) fn asks(&self, function: FunctionRef) -> bool {
        let (module, code) = self.whole.program.code(function);
        let mut exprs = code.exprs.range().map(ExprId::new);
        exprs.any(|expr| match module.kind(expr) {
            ExprKind::Attribute { name, .. } => matches!(
                module.name(name),
                "active" | "called" | "cancelled" | "done"
            ),
            _ => false,
        })
    }

    /// Whether all that is asked before the call is whether the attribute is there: anything else may know what ran.
    fn asks_only(&self, of: &OnAttribute<'_>) -> bool {
        let (module, code) = self.whole.program.code(of.function);
        let start = module.span(of.call.call).start;
        let mut tests = code.insts.iter().filter_map(|inst| match inst.kind {
            InstKind::Assume { test, .. } if module.span(test).start < start => Some(test),
            _ => None,
        });
        tests.all(|test| {
            let mut mentions = false;
            module.walk(test, &mut |part| {
                let attribute = own_attribute(module, code, part);
                mentions |= attribute.as_deref() == Some(of.attribute.as_str());
            });
            mentions
        })
    }

    /// Whether some other method sets the attribute to None: the one that runs may call it.
    fn is_cleared_elsewhere(&self, of: &OnAttribute<'_>) -> bool {
        self.bindings.iter().any(|binding| {
            let (module, _) = self.whole.program.code(binding.function);
            let is_none = binding
                .value
                .is_some_and(|value| module.kind(value) == ExprKind::None);
            binding.attribute == of.attribute
                && binding.function != of.function
                && self.name(binding.function) != "__init__"
                && is_none
        })
    }

    /// The method that the delayed call in an attribute runs, where there is but one.
    fn scheduled(&self, attribute: &str) -> Option<FunctionRef> {
        let mut found = None;
        for binding in &self.bindings {
            let Some(value) = binding.value.filter(|_| binding.attribute == attribute) else {
                continue;
            };
            let (module_ref, id) = self.whole.program.locate(binding.function);
            let module = self.whole.program.module(module_ref);
            if module.kind(value) == ExprKind::None {
                continue;
            }
            let ExprKind::Call { arguments, .. } = module.kind(value) else {
                return None;
            };
            let is_delayed = method(module, value).is_some_and(|(_, name)| name == "callLater");
            let runs = module.arguments(arguments).get(1)?.value;
            let evaluate = crate::project::Evaluate::new(self.whole.program, module_ref, id);
            let crate::types::Type::Function { function, .. } =
                self.whole.program.types.get(evaluate.value(runs).class)
            else {
                return None;
            };
            if !is_delayed || found.is_some_and(|found| found != function) {
                return None;
            }
            found = Some(function);
        }
        found
    }
}

/// The attribute that an expression reads from the method's first parameter.
pub(super) fn own_attribute(module: &Module, code: &Function, expr: ExprId) -> Option<String> {
    let ExprKind::Attribute { value, name, .. } = module.kind(expr) else {
        return None;
    };
    let first = code.parameters.first()?;
    (module.kind(value) == ExprKind::Name(first.place)).then(|| module.name(name).to_owned())
}

fn bindings(module: &Module, code: &Function, function: FunctionRef) -> Vec<Binding> {
    let mut found = Vec::new();
    for inst in &code.insts {
        let (target, value) = match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } => (target, Some(value)),
            InstKind::Bind { target, .. } | InstKind::Forget(target) => (target, None),
            _ => continue,
        };
        let mut add = |target, value| {
            if let Some(attribute) = own_attribute(module, code, target) {
                found.push(Binding {
                    function,
                    attribute,
                    value,
                });
            }
        };
        match module.kind(target) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let parts = module.list(parts).iter();
                parts.for_each(|&part| add(part, None));
            }
            _ => add(target, value),
        }
    }
    found
}

/// The last part of the name of what a call calls.
pub(super) fn made_by(module: &Module, value: ExprId) -> &str {
    let ExprKind::Call { callee, .. } = module.kind(value) else {
        return "";
    };
    match module.kind(callee) {
        ExprKind::Attribute { name, .. } => module.name(name),
        _ => module
            .functions
            .iter()
            .find(|code| code.exprs.range().contains(&callee.index()))
            .map(|code| match module.kind(callee) {
                ExprKind::Name(place) => match code.place(place).step {
                    crate::ir::Step::Variable { name, .. } => module.name(name),
                    _ => "",
                },
                _ => "",
            })
            .unwrap_or_default(),
    }
}

/// One closed connection ends the round: those behind it get nothing.
fn broadcasts(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for index in 0..whole.program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module_ref, _) = whole.program.locate(function);
        let (module, code) = whole.program.code(function);
        let mut imports = module.imports.iter();
        if code.loops.is_empty()
            || whole.escapes.is_out_of_scope(module_ref)
            || !imports.any(|import| module.name(import.module).starts_with("tornado"))
        {
            continue;
        }
        for of in method_calls(module, code, &["write_message"]) {
            let span = module.span(of.call);
            let is_target = code.loops.iter().any(|around| match around.kind {
                LoopKind::For { target, .. } => {
                    around.suite.contains(span) && module.kind(target) == module.kind(of.receiver)
                }
                LoopKind::While { .. } => false,
            });
            let class = "tornado.websocket.WebSocketClosedError";
            if is_target && !is_handled(whole, function, of.block, class) {
                let finding = at(rule, whole, function, &of, Message::new("broadcast"))
                    .confidence(Confidence::Medium)
                    .help(Message::new("catch"));
                findings.push(finding);
            }
        }
    }
    findings
}
