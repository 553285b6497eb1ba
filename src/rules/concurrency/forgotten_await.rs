//! `forgotten-await`: a coroutine or generator that is made and never run.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    ComprehensionKind, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, Source,
};
use crate::project::{CallKind, CallSite, Evaluate, Handed, Target};
use crate::rules::concurrency::believed_await::{Awaited, Dropped};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::Delivery;
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef, Type};
use rustc_hash::FxHashSet;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "forgotten-await",
    family: Family::Concurrency,
    page: include_str!("../../../rules/forgotten-await.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

/// Libraries whose awaitables are futures: what they stand for runs, awaited or not.
const FUTURES: [&str; 5] = [
    "tornado.",
    "motor.",
    "twisted.",
    "asyncio.AbstractEventLoop.run_in_executor",
    "asyncio.BaseEventLoop.run_in_executor",
];

/// What a coroutine object itself has.
const OWN: [&str; 10] = [
    "send",
    "throw",
    "close",
    "cr_frame",
    "cr_code",
    "cr_running",
    "cr_await",
    "__await__",
    "__name__",
    "__qualname__",
];

/// Builtins that work on a value, and can do nothing with a coroutine.
const WORKERS: [&str; 16] = [
    "len",
    "int",
    "float",
    "str",
    "bool",
    "bytes",
    "sorted",
    "sum",
    "list",
    "dict",
    "set",
    "tuple",
    "max",
    "min",
    "enumerate",
    "json.dumps",
];

/// What calls a function and drops the coroutine that comes back.
const CALLERS: [&str; 21] = [
    "asyncio.AbstractEventLoop.add_reader",
    "asyncio.AbstractEventLoop.add_signal_handler",
    "asyncio.AbstractEventLoop.add_writer",
    "asyncio.AbstractEventLoop.call_at",
    "asyncio.AbstractEventLoop.call_later",
    "asyncio.AbstractEventLoop.call_soon",
    "asyncio.AbstractEventLoop.call_soon_threadsafe",
    "asyncio.Future.add_done_callback",
    "asyncio.Task.add_done_callback",
    "atexit.register",
    "concurrent.futures.Future.add_done_callback",
    "loop.call_later",
    "loop.call_soon",
    "loop.call_soon_threadsafe",
    "signal.signal",
    "threading.Thread",
    "threading.Timer",
    "twisted.internet.base.ReactorBase.callFromThread",
    "twisted.internet.base.ReactorBase.callInThread",
    "twisted.internet.base.ReactorBase.callLater",
    "twisted.internet.base.ReactorBase.callWhenRunning",
];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sources = whole.program.sources.iter();
    let homes: Vec<Home> = sources.map(|source| Home::of(&source.module)).collect();
    let mut awaited: Option<(ModuleRef, Awaited)> = None;
    for index in 0..whole.program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module, _) = whole.program.locate(function);
        let home = homes[module.0 as usize];
        if home.is_doubled || !whole.is_reported(function) {
            continue;
        }
        if home.has_coroutines {
            let known = awaited.take().filter(|(of, _)| *of == module);
            let source = whole.program.module(module);
            let known = known.unwrap_or_else(|| (module, Awaited::of(source)));
            let dropped = known.1.dropped(whole, function);
            findings.extend(dropped.iter().map(|of| believed(rule, whole, function, of)));
            awaited = Some(known);
        }
        let made = made(whole, function, home);
        if made.is_empty() {
            continue;
        }
        let (module, code) = whole.program.code(function);
        let usage = Usage::of(module, code);
        let found = made
            .iter()
            .filter_map(|made| finding(rule, whole, function, &usage, made));
        findings.extend(found);
    }
    let is_coroutine = |handed: &&Handed| is_coroutine_function(whole, handed.function);
    let mut usage: Option<(FunctionRef, Usage<'_>)> = None;
    let handed = whole.graph.handed.iter().filter(is_coroutine);
    for handed in handed.filter(|handed| whole.is_reported(handed.by)) {
        let known = usage.take().filter(|(of, _)| *of == handed.by);
        let (module, code) = whole.program.code(handed.by);
        let known = known.unwrap_or_else(|| (handed.by, Usage::of(module, code)));
        findings.extend(called_and_dropped(rule, whole, &known.1, handed));
        usage = Some(known);
    }
    findings
}

/// What is the same for all functions of a module.
#[derive(Clone, Copy, Debug)]
struct Home {
    /// It is written once for both worlds, and a tool makes the synchronous form of it.
    is_doubled: bool,
    /// Some function of it is a coroutine function.
    has_coroutines: bool,
}

impl Home {
    fn of(module: &Module) -> Self {
        let flags = ["_IS_SYNC", "IS_SYNC", "_IS_ASYNC"];
        let mut names = module.names.iter();
        Self {
            is_doubled: names.any(|name| flags.contains(&name.as_str())),
            has_coroutines: module.functions.iter().any(|code| code.is_async),
        }
    }
}

/// A call that makes something which has to be run.
struct Made {
    call: ExprId,
    statement: u32,
    /// What is made by iterating, not by awaiting.
    is_generator: bool,
    defined: Option<FunctionRef>,
    confidence: Confidence,
}

fn made(whole: &Whole<'_>, function: FunctionRef, home: Home) -> Vec<Made> {
    let program = whole.program;
    let sites = whole.graph.calls_in(function);
    let (module, code) = program.code(function);
    let mut seen = FxHashSet::default();
    let mut made = Vec::new();
    for site in sites {
        let is_candidate = has_to_be_run(whole, site) && is_named(whole, module, code, site);
        if !is_candidate || !seen.insert(site.call) {
            continue;
        }
        let same = sites.iter().filter(|other| other.call == site.call);
        let is_generator = program.delivery(site.callee) == Delivery::Generator;
        if same.clone().any(|other| {
            !has_to_be_run(whole, other)
                || is_generator != (program.delivery(other.callee) == Delivery::Generator)
        }) {
            continue;
        }
        made.push(Made {
            call: site.call,
            statement: statement(whole, site),
            is_generator,
            defined: Some(site.callee),
            confidence: if site.is_virtual {
                Confidence::Medium
            } else {
                Confidence::High
            },
        });
    }
    if home.has_coroutines {
        made.extend(of_library(whole, function));
    }
    made
}

/// Statements and assignments that are nothing but a call of a library's coroutine.
fn of_library(whole: &Whole<'_>, function: FunctionRef) -> Vec<Made> {
    let program = whole.program;
    let (module_ref, id) = program.locate(function);
    let (module, code) = program.code(function);
    let evaluate = Evaluate::new(program, module_ref, id);
    let mut made = Vec::new();
    for inst in &code.insts {
        let (InstKind::Eval(call)
        | InstKind::Bind {
            source: Source::Value(call),
            ..
        }) = inst.kind
        else {
            continue;
        };
        let ExprKind::Call { callee, .. } = module.kind(call) else {
            continue;
        };
        let Target::Library(known) = program.target(evaluate.value(callee)) else {
            continue;
        };
        let known = program.library.get(known);
        let is_coroutine = known.summary.delivery == Delivery::Awaited
            && !FUTURES.iter().any(|future| known.name.starts_with(future));
        if is_coroutine && known.constructs.is_none() && !is_queued(whole, function, call) {
            made.push(Made {
                call,
                statement: inst.span.start,
                is_generator: false,
                defined: None,
                confidence: Confidence::High,
            });
        }
    }
    made
}

/// Whether a call names the function itself: an attribute that holds it today may hold another tomorrow.
fn is_named(whole: &Whole<'_>, module: &Module, code: &Function, site: &CallSite) -> bool {
    let ExprKind::Call { callee, .. } = module.kind(site.call) else {
        return false;
    };
    let (home, defined) = whole.program.code(site.callee);
    let text = module.dotted(code, callee).unwrap_or_default();
    let last = match module.kind(callee) {
        ExprKind::Attribute { name, .. } => module.name(name),
        _ => text.rsplit('.').next().unwrap_or_default(),
    };
    site.kind == CallKind::Named && last == home.name(defined.name)
}

/// Where the statement around a call starts.
fn statement(whole: &Whole<'_>, site: &CallSite) -> u32 {
    let (module, code) = whole.program.code(site.caller);
    let span = module.span(site.call);
    let insts = code.insts(code.block(site.block)).iter();
    let mut around = insts.filter(|inst| inst.span.contains(span));
    around.next().map_or(span.start, |inst| inst.span.start)
}

/// Whether a call of a function does nothing but make a coroutine or generator of it.
fn has_to_be_run(whole: &Whole<'_>, site: &CallSite) -> bool {
    let decoration = whole.program.decoration(site.callee);
    matches!(
        whole.program.delivery(site.callee),
        Delivery::Awaited | Delivery::Generator
    ) && !decoration.is_opaque
        && !decoration.is_context_manager
        && !decoration.is_abstract
}

/// Whether a command only waits in a pipeline for its `execute`.
fn is_queued(whole: &Whole<'_>, function: FunctionRef, call: ExprId) -> bool {
    let (module_ref, id) = whole.program.locate(function);
    let module = whole.program.module(module_ref);
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, .. } = module.kind(callee) else {
        return false;
    };
    let receiver = Evaluate::new(whole.program, module_ref, id).value(value);
    match whole.program.types.get(receiver.class) {
        Type::Instance(class) => whole.program.class_name(class).ends_with("Pipeline"),
        _ => false,
    }
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    usage: &Usage<'_>,
    made: &Made,
) -> Option<Finding> {
    let (module, code) = whole.program.code(function);
    let fate = usage.fate(made.call);
    let (key, at) = match usage.variable(fate) {
        Some(variable) if usage.bindings(variable) == 1 => {
            let reads = usage.reads(variable);
            match reads.as_slice() {
                [] => ("kept", made.call),
                _ => reads
                    .iter()
                    .find_map(|&read| Some((misuse(whole, function, usage, read, made)?, read)))?,
            }
        }
        _ => match fate {
            Fate::Dropped => ("dropped", made.call),
            _ => (misuse(whole, function, usage, made.call, made)?, made.call),
        },
    };
    let key = match (key, made.is_generator) {
        ("dropped" | "kept" | "collected", true) => "generator",
        (_, true) => return None,
        (key, false) => key,
    };
    // A generator that is only kept may be kept for its `close`, or by mistake: nobody can tell.
    if made.is_generator && fate != Fate::Dropped {
        return None;
    }
    let span = module.span(at);
    let name = call_name(module, code, made.call);
    let message = Message::new(key).with("call", name);
    let help = match (made.is_generator, code.is_async) {
        (true, _) => "iterate",
        (false, true) => "await",
        (false, false) if code.kind == FunctionKind::Module => "run",
        (false, false) => "schedule",
    };
    let mut finding = Finding {
        statement: made.statement,
        ..draft(rule, whole.program, function, span, message)
    }
    .confidence(made.confidence)
    .help(Message::new(help));
    if let Some(defined) = made.defined {
        finding = finding.because(definition(whole, defined));
    }
    Some(finding)
}

/// The same call is awaited elsewhere in the file.
fn believed(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    of: &Dropped,
) -> Finding {
    let (module, code) = whole.program.code(function);
    let name = call_name(module, code, of.call);
    let message = Message::new("believed").with("call", name.clone());
    let awaited = Related {
        location: Location {
            file: whole.program.file(function),
            span: of.awaited,
        },
        message: Message::new("awaited").with("call", name),
    };
    Finding {
        statement: of.statement,
        ..draft(rule, whole.program, function, module.span(of.call), message)
    }
    .confidence(Confidence::Medium)
    .help(Message::new("await"))
    .because(awaited)
}

/// What is done with a coroutine that can only be meant for its result.
fn misuse(
    whole: &Whole<'_>,
    function: FunctionRef,
    usage: &Usage<'_>,
    expr: ExprId,
    made: &Made,
) -> Option<&'static str> {
    let (module, _) = whole.program.code(function);
    match usage.fate(expr) {
        // A library's awaitable may have a truth and members of its own.
        Fate::Tested => made.defined.map(|_| "tested"),
        Fate::Iterated | Fate::Entered => made.defined.map(|_| "used"),
        Fate::Part(parent) => match module.kind(parent) {
            ExprKind::Attribute { value, name, .. } if value == expr => {
                let is_own = OWN.contains(&module.name(name));
                (!is_own && made.defined.is_some()).then_some("used")
            }
            ExprKind::Subscript { value, .. } if value == expr => made.defined.map(|_| "used"),
            ExprKind::Compare { .. } | ExprKind::Binary { .. } => Some("used"),
            ExprKind::Call { callee, .. } if callee != expr => {
                let (module_ref, id) = whole.program.locate(function);
                let evaluate = Evaluate::new(whole.program, module_ref, id);
                let name = evaluate.dotted(callee).unwrap_or_default();
                WORKERS.contains(&name.as_str()).then_some("used")
            }
            ExprKind::Comprehension(id) => {
                let comprehension = module.comprehension(id);
                let is_element = comprehension.element == expr;
                let is_list = comprehension.kind == ComprehensionKind::List;
                (is_element && is_list && usage.fate(parent) == Fate::Dropped)
                    .then_some("collected")
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_coroutine_function(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let decoration = whole.program.decoration(function);
    whole.program.delivery(function) == Delivery::Awaited && !decoration.is_opaque
}

/// A coroutine function that is handed to something which calls it and drops what comes back.
fn called_and_dropped(
    rule: &'static Rule,
    whole: &Whole<'_>,
    usage: &Usage<'_>,
    handed: &Handed,
) -> Option<Finding> {
    let program = whole.program;
    let (module_ref, id) = program.locate(handed.by);
    let (module, code) = program.code(handed.by);
    let Fate::Part(call) = usage.fate(handed.at) else {
        return None;
    };
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return None;
    };
    let evaluate = Evaluate::new(program, module_ref, id);
    let name = match program.target(evaluate.value(callee)) {
        Target::Library(known) => program.library.get(known).name.clone(),
        _ => evaluate.dotted(callee)?,
    };
    if !CALLERS.contains(&name.as_str()) {
        return None;
    }
    let caller = module.dotted(code, callee).unwrap_or(name);
    let message = Message::new("handed")
        .with("call", call_name(module, code, handed.at))
        .with("caller", caller);
    let finding = draft(rule, program, handed.by, module.span(handed.at), message);
    Some(
        finding
            .confidence(Confidence::High)
            .help(Message::new("wrap"))
            .because(definition(whole, handed.function)),
    )
}

fn definition(whole: &Whole<'_>, function: FunctionRef) -> Related {
    let (_, code) = whole.program.code(function);
    Related {
        location: Location {
            file: whole.program.file(function),
            span: code.name_span,
        },
        message: Message::new("defined").with("name", whole.program.qualified_name(function)),
    }
}

/// What is called, as it is written.
fn call_name(module: &Module, code: &Function, expr: ExprId) -> String {
    let callee = match module.kind(expr) {
        ExprKind::Call { callee, .. } => callee,
        _ => expr,
    };
    module
        .dotted(code, callee)
        .unwrap_or_else(|| match module.kind(callee) {
            ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
            _ => "it".to_owned(),
        })
}
