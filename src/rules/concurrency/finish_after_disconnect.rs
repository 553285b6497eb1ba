//! `finish-after-disconnect`: what is finished, written to, fired or cancelled after it can be gone.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{BlockId, Dialect, ExprId, ExprKind, FunctionId, FunctionKind, Module};
use crate::project::{CallKind, Coverage, Evaluate};
use crate::rules::concurrency::answer_ended::Again;
use crate::rules::concurrency::fired_twice;
use crate::rules::concurrency::method_calls::{MethodCall, argument_count, method, method_calls};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::ClassRef;
use crate::text::{Location, Span};
use crate::types::{FunctionRef, Type};
use rustc_hash::FxHashMap;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "finish-after-disconnect",
    family: Family::Concurrency,
    page: include_str!("../../../rules/finish-after-disconnect.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// What hands a function over to be called later.
const LATER: [&str; 9] = [
    "addCallback",
    "addCallbacks",
    "addErrback",
    "addBoth",
    "callLater",
    "callFromThread",
    "callInThread",
    "callWhenRunning",
    "deferLater",
];

/// What only code mentions that knows that the client may be gone.
const AWARE: [&str; 8] = [
    "notifyFinish",
    "_disconnected",
    "finished",
    "channel",
    "connectionLost",
    "isDisconnected",
    "disconnected",
    "transport",
];

/// Callers of callbacks are followed so far.
const HOPS: usize = 2;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let callbacks = callbacks(whole);
    let mut again = Again::of(whole);
    let finishing = whole.program.mentioning(["finish"]);
    let mut findings = Vec::new();
    for index in 0..whole.program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module_ref, _) = whole.program.locate(function);
        if whole.escapes.is_out_of_scope(module_ref) {
            continue;
        }
        findings.extend(again.find(rule, function));
        if finishing[module_ref.0 as usize] {
            findings.extend(late_finishes(rule, whole, &callbacks, function));
        }
    }
    findings.extend(fired_twice::find(rule, whole));
    findings
}

/// Functions that are handed over to be called later, and where.
fn callbacks(whole: &Whole<'_>) -> FxHashMap<FunctionRef, Location> {
    let mut found = FxHashMap::default();
    let is_mentioned = LATER
        .iter()
        .any(|name| whole.program.find_symbol(name).is_some());
    if !is_mentioned {
        return found;
    }
    let mut usage: Option<(FunctionRef, Usage<'_>)> = None;
    for handed in &whole.graph.handed {
        let (module, code) = whole.program.code(handed.by);
        let known = usage.take().filter(|(of, _)| *of == handed.by);
        let known = known.unwrap_or_else(|| (handed.by, Usage::of(module, code)));
        if let Fate::Part(call) = known.1.fate(handed.at)
            && let Some((_, name)) = method(module, call)
            && LATER.contains(&name)
        {
            found.entry(handed.function).or_insert(Location {
                file: whole.program.file(handed.by),
                span: module.span(handed.at),
            });
        }
        usage = Some(known);
    }
    found
}

/// `request.finish()` where the client may have gone since the request came in.
fn late_finishes(
    rule: &'static Rule,
    whole: &Whole<'_>,
    callbacks: &FxHashMap<FunctionRef, Location>,
    function: FunctionRef,
) -> Vec<Finding> {
    let (_, id) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    let mut findings = Vec::new();
    for of in method_calls(module, code, &["finish"]) {
        if argument_count(module, of.call) > 0
            || !is_twisted_request(whole, function, of.receiver)
            || is_handled(whole, function, of.block, "RuntimeError")
            || is_aware(module, outermost(module, id))
        {
            continue;
        }
        let Some(since) = since(whole, callbacks, function, module.span(of.call), 0) else {
            continue;
        };
        let related = Related {
            location: since,
            message: Message::new("later"),
        };
        let text = module.dotted(code, of.receiver).unwrap_or_default();
        let message = Message::new("gone").with("request", text);
        let finding = at(rule, whole, function, &of, message)
            .confidence(Confidence::Medium)
            .help(Message::new("notify"));
        findings.push(finding.because(related));
    }
    findings
}

/// Where control was given up between the request's arrival and a place in a function, if it was.
fn since(
    whole: &Whole<'_>,
    callbacks: &FxHashMap<FunctionRef, Location>,
    function: FunctionRef,
    place: Span,
    hops: usize,
) -> Option<Location> {
    let (module, code) = whole.program.code(function);
    if let Some(&registered) = callbacks.get(&function) {
        return Some(registered);
    }
    let waits = code.exprs.range().map(ExprId::new).find(|&expr| {
        let waits = matches!(
            module.kind(expr),
            ExprKind::Await(_) | ExprKind::Yield(Some(_)) | ExprKind::YieldFrom(_)
        );
        waits && module.span(expr).end <= place.start
    });
    if let Some(waits) = waits {
        return Some(Location {
            file: whole.program.file(function),
            span: module.span(waits),
        });
    }
    if hops >= HOPS {
        return None;
    }
    let mut callers = whole.graph.calls_of(function);
    callers.find_map(|site| {
        if site.kind != CallKind::Named {
            return None;
        }
        let span = whole.program.code(site.caller).0.span(site.call);
        since(whole, callbacks, site.caller, span, hops + 1)
    })
}

/// Whether an expression is a request of Twisted: by its type, or by its name in a module that imports `twisted.web`.
pub(in crate::rules) fn is_twisted_request(
    whole: &Whole<'_>,
    function: FunctionRef,
    receiver: ExprId,
) -> bool {
    let (module_ref, id) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    let value = Evaluate::new(whole.program, module_ref, id).value(receiver);
    if let Type::Instance(class) = whole.program.types.get(value.class) {
        return is_a(whole, class, "twisted.web.http.Request");
    }
    let text = module.dotted(code, receiver).unwrap_or_default();
    let last = text.rsplit('.').next().unwrap_or_default();
    (last == "req" || last.ends_with("request"))
        && module
            .imports
            .iter()
            .any(|import| module.name(import.module).starts_with("twisted.web"))
}

/// Whether a class is one of the library's, or inherits from it.
pub(in crate::rules) fn is_a(whole: &Whole<'_>, class: ClassRef, wanted: &str) -> bool {
    let program = whole.program;
    let library = program.library;
    let Some(wanted) = library.class(wanted, Dialect::Three) else {
        return false;
    };
    program.linearization(class).into_iter().any(|ancestor| {
        program.project_class(ancestor).is_none()
            && library.is_subclass(ancestor, wanted, Dialect::Three)
    })
}

/// Whether an exception of this class is caught where it is raised.
pub(in crate::rules) fn is_handled(
    whole: &Whole<'_>,
    function: FunctionRef,
    block: BlockId,
    class: &str,
) -> bool {
    let (_, code) = whole.program.code(function);
    let dialect = whole.program.dialect(function);
    let Some(class) = whole.program.library.class(class, dialect) else {
        return false;
    };
    let guard = code.block(block).guard;
    whole.program.caught_in(function, guard, class).0 == Coverage::Full
}

/// The function or class at the top of the module that a function stands in.
fn outermost(module: &Module, id: FunctionId) -> Span {
    let mut code = module.function(id);
    while let Some(parent) = code.parent {
        let around = module.function(parent);
        if around.kind == FunctionKind::Module {
            break;
        }
        code = around;
    }
    code.span
}

fn is_aware(module: &Module, span: Span) -> bool {
    module.exprs.iter().any(|expr| match expr.kind {
        ExprKind::Attribute { name, .. } => {
            span.contains(expr.span) && AWARE.contains(&module.name(name))
        }
        _ => false,
    })
}

/// A finding at a call.
pub(in crate::rules) fn at(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    of: &MethodCall<'_>,
    message: Message,
) -> Finding {
    let (module, code) = whole.program.code(function);
    Finding {
        statement: code.insts[of.inst].span.start,
        ..draft(rule, whole.program, function, module.span(of.call), message)
    }
}
