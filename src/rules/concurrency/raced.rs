//! A time-out and an answer that race: each fires the same Deferred or future, and neither knows of the other.

use crate::finding::{Confidence, Finding, Message, Related};
use crate::ir::{ExprId, ExprKind, InstKind};
use crate::project::Evaluate;
use crate::rules::Rule;
use crate::rules::concurrency::finish_after_disconnect::{at, is_handled};
use crate::rules::concurrency::fired_twice::{FIRES, Methods, OnAttribute, made_by, own_attribute};
use crate::rules::concurrency::method_calls::method;
use crate::rules::dynamic::told::is_callback;
use crate::text::Location;
use crate::types::{FunctionRef, Type};
use rustc_hash::FxHashSet;

/// What schedules a method of the class.
const SCHEDULES: [&str; 2] = ["callLater", "call_later"];

/// What a time-out does that lets no answer come any more.
const ENDS: [&str; 9] = [
    "abort",
    "abortConnection",
    "close",
    "connectionLost",
    "disconnect",
    "kill",
    "loseConnection",
    "shutdown",
    "stop",
];

/// A method that a class has called after some time.
struct Timer {
    runs: FunctionRef,
    /// The attribute that holds the delayed call.
    kept: Option<String>,
}

/// Every such race in a class.
pub(super) fn find(rule: &'static Rule, methods: &Methods<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told = FxHashSet::default();
    for timer in timers(methods) {
        let runs = timer.runs;
        if is_callback_of(methods, runs) || methods.asks(runs) || ends(methods, runs) {
            continue;
        }
        for late in fires(methods, runs) {
            if !methods.is_unconditional(late) || methods.binds(runs, &late.attribute) {
                continue;
            }
            for answer in answers(methods, late) {
                let cancels = cancel(methods, answer.function, &timer);
                if told.insert(answer.call.call) {
                    findings.extend(fired(rule, methods, answer, late));
                }
                match cancels {
                    None if told.insert(late.call.call) => {
                        findings.extend(fired(rule, methods, late, answer));
                    }
                    Some(cancel) if is_deferred(late) && told.insert(cancel.call.call) => {
                        findings.extend(cancelled(rule, methods, cancel, runs));
                    }
                    _ => {}
                }
            }
        }
    }
    findings
}

/// What a class schedules.
fn timers(methods: &Methods<'_>) -> Vec<Timer> {
    let program = methods.whole.program;
    let mut found = Vec::new();
    for &function in &methods.members {
        let (module_ref, id) = program.locate(function);
        let (module, code) = program.code(function);
        for inst in &code.insts {
            let (value, target) = match inst.kind {
                InstKind::Eval(value) => (value, None),
                InstKind::Bind {
                    target,
                    source: crate::ir::Source::Value(value),
                    ..
                } => (value, Some(target)),
                _ => continue,
            };
            let is_scheduled =
                method(module, value).is_some_and(|(_, name)| SCHEDULES.contains(&name));
            let ExprKind::Call { arguments, .. } = module.kind(value) else {
                continue;
            };
            let Some(runs) = module.arguments(arguments).get(1).filter(|_| is_scheduled) else {
                continue;
            };
            let runs = Evaluate::new(program, module_ref, id).value(runs.value);
            let Type::Function { function: runs, .. } = program.types.get(runs.class) else {
                continue;
            };
            if methods.members.contains(&runs) {
                let kept = target.and_then(|target| own_attribute(module, code, target));
                found.push(Timer { runs, kept });
            }
        }
    }
    found
}

/// Whether a method is called with what came over a connection.
fn is_callback_of(methods: &Methods<'_>, function: FunctionRef) -> bool {
    let (module, code) = methods.whole.program.code(function);
    is_callback(module, code)
}

fn fires<'a, 'w>(
    methods: &'a Methods<'w>,
    function: FunctionRef,
) -> impl Iterator<Item = &'a OnAttribute<'w>> {
    let calls = methods.calls.iter();
    calls.filter(move |of| {
        of.function == function
            && FIRES.contains(&of.call.name)
            && is_made_here(methods, &of.attribute)
    })
}

/// Whether the class makes what an attribute holds.
fn is_made_here(methods: &Methods<'_>, attribute: &str) -> bool {
    let mut bindings = methods.bindings.iter();
    bindings.any(|binding| {
        let (module, _) = methods.whole.program.code(binding.function);
        let made = binding.value.map(|value| made_by(module, value));
        binding.attribute == attribute
            && matches!(made, Some("Deferred" | "Future" | "create_future"))
    })
}

/// Where the answer comes and fires the same, and nothing there tells that the time was out.
fn answers<'a, 'w>(methods: &'a Methods<'w>, late: &OnAttribute<'w>) -> Vec<&'a OnAttribute<'w>> {
    let calls = methods.calls.iter();
    let found = calls.filter(|of| {
        of.attribute == late.attribute
            && FIRES.contains(&of.call.name)
            && is_callback_of(methods, of.function)
            && !methods.asks(of.function)
            && !methods.binds(of.function, &of.attribute)
            && is_blind(methods, of, late.function)
    });
    found.collect()
}

/// Whether what a method asks before a call is nothing that the other method changes.
fn is_blind(methods: &Methods<'_>, of: &OnAttribute<'_>, other: FunctionRef) -> bool {
    let (module, code) = methods.whole.program.code(of.function);
    let start = module.span(of.call.call).start;
    let below = methods.whole.graph.calls_in(other).iter();
    let others: Vec<FunctionRef> = below
        .map(|site| site.callee)
        .chain(std::iter::once(other))
        .collect();
    let mut tests = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Assume { test, .. } if module.span(test).start < start => Some(test),
        _ => None,
    });
    tests.all(|test| {
        let mut is_changed = false;
        module.walk(test, &mut |part| {
            if let Some(attribute) = own_attribute(module, code, part) {
                is_changed |= others.iter().any(|&other| methods.binds(other, &attribute));
            }
        });
        !is_changed
    })
}

/// Whether a time-out ends the connection or the program.
fn ends(methods: &Methods<'_>, function: FunctionRef) -> bool {
    let (module, code) = methods.whole.program.code(function);
    let mut exprs = code.exprs.range().map(ExprId::new);
    exprs.any(|expr| match module.kind(expr) {
        ExprKind::Attribute { name, .. } => ENDS.contains(&module.name(name)),
        _ => false,
    })
}

/// Where a method cancels a timer.
fn cancel<'a, 'w>(
    methods: &'a Methods<'w>,
    function: FunctionRef,
    timer: &Timer,
) -> Option<&'a OnAttribute<'w>> {
    let kept = timer.kept.as_deref()?;
    let mut calls = methods.calls.iter();
    calls.find(|of| of.function == function && of.attribute == kept && of.call.name == "cancel")
}

fn is_deferred(of: &OnAttribute<'_>) -> bool {
    !of.call.name.starts_with("set_")
}

/// What is fired though the other may have fired it before.
fn fired(
    rule: &'static Rule,
    methods: &Methods<'_>,
    of: &OnAttribute<'_>,
    before: &OnAttribute<'_>,
) -> Option<Finding> {
    let class = if is_deferred(of) {
        "twisted.internet.defer.AlreadyCalledError"
    } else {
        "asyncio.InvalidStateError"
    };
    if is_handled(methods.whole, of.function, of.call.block, class) {
        return None;
    }
    let message = Message::new("raced").with("deferred", format!("self.{}", of.attribute));
    let finding = at(rule, methods.whole, of.function, &of.call, message)
        .confidence(Confidence::Medium)
        .help(Message::new("swap"));
    Some(finding.because(methods.related(before, "first")))
}

/// The delayed call has run, and is cancelled.
fn cancelled(
    rule: &'static Rule,
    methods: &Methods<'_>,
    of: &OnAttribute<'_>,
    runs: FunctionRef,
) -> Option<Finding> {
    if is_handled(methods.whole, of.function, of.call.block, "ValueError") {
        return None;
    }
    let (_, code) = methods.whole.program.code(runs);
    let related = Related {
        location: Location {
            file: methods.whole.program.file(runs),
            span: code.name_span,
        },
        message: Message::new("ran").with("name", methods.name(runs)),
    };
    let message = Message::new("cancelled").with("call", format!("self.{}", of.attribute));
    let finding = at(rule, methods.whole, of.function, &of.call, message)
        .confidence(Confidence::Medium)
        .help(Message::new("active"));
    Some(finding.because(related))
}
