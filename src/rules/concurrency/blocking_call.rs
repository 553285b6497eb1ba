//! `blocking-call`: a call that waits, in code that must not: everything else in its thread waits with it.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::infer::LibraryCall;
use crate::ir::{Argument, ExprId, ExprKind, InstKind, Module, Passing, Source};
use crate::library::Call;
use crate::project::Evaluate;
use crate::rules::concurrency::cooperative::{Context, Cooperative, Reached};
use crate::rules::concurrency::method_calls::method;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::{Delivery, Effects};
use crate::text::Location;
use crate::types::{FunctionRef, Type};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "blocking-call",
    family: Family::Concurrency,
    page: include_str!("../../../rules/blocking-call.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Calls that block by default and that event loops make in their non-blocking form, or that run the loop themselves.
const OF_LOOPS: [&str; 12] = [
    "_thread.",
    "asyncio.",
    "eventlet.",
    "gevent.",
    "select.",
    "selectors.",
    "socket.socket.",
    "ssl.",
    "threading.Condition.",
    "threading.Lock.",
    "threading.RLock.",
    "threading.Semaphore.",
];

/// Files that are large as a rule: trees, archives, copies.
const HEAVY: [&str; 6] = [
    "shutil.copytree",
    "shutil.make_archive",
    "shutil.rmtree",
    "shutil.unpack_archive",
    "tarfile.TarFile.extractall",
    "zipfile.ZipFile.extractall",
];

/// What is further away than that the coroutine gets to only under many conditions.
const HOPS: usize = 2;

/// What the tables count as waiting for another process and that does not wait.
const AT_ONCE: [&str; 2] = ["subprocess.Popen", "twisted.internet.base.ReactorBase.run"];

/// A person: whoever asks one is a program for one user, unless the coroutine itself asks.
const PERSON: [&str; 4] = ["click.prompt", "getpass.getpass", "input", "raw_input"];

/// Functions that run before anybody is served.
const STARTUP: [&str; 10] = [
    "_main",
    "amain",
    "async_main",
    "initialize",
    "lifespan",
    "main",
    "on_startup",
    "setup",
    "startService",
    "startup",
];

/// What is usually done already where it is asked for.
const DONE: [&str; 4] = [
    "concurrent.futures.Future.exception",
    "concurrent.futures.Future.result",
    "queue.Queue.put",
    "threading.Thread.join",
];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let cooperative = Cooperative::of(whole);
    let mut findings = Vec::new();
    let sources = whole.program.sources.iter();
    let doubled: Vec<bool> = sources.map(|source| is_doubled(&source.module)).collect();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        let Some(reached) = cooperative.get(function) else {
            continue;
        };
        let (module_ref, _) = whole.program.locate(function);
        if doubled[module_ref.0 as usize] || whole.escapes.is_out_of_scope(module_ref) {
            continue;
        }
        let mut waiting = Vec::new();
        for call in &trace.library {
            let known = whole.program.library.get(call.callee);
            if let Some(wait) = wait(whole, function, known, call) {
                waiting.push((call, known, wait));
            }
        }
        for &(call, known, wait) in &waiting {
            let is_other = |made| waiting.iter().any(|(other, ..)| other.call == made);
            if !is_rest_of(whole, function, call.call, &is_other) {
                let of = Blocking {
                    function,
                    reached,
                    known,
                    call,
                    wait,
                };
                findings.push(finding(rule, whole, &cooperative, &of));
            }
        }
    }
    findings
}

/// Whether a module is written once for both worlds: a flag tells which of the calls is made.
fn is_doubled(module: &Module) -> bool {
    module.names.iter().any(|name| name.as_str() == "_IS_SYNC")
}

/// Whether a call reads on what another call that waits has opened, as in `urlopen(url).read()`: the two are moved
/// away together.
fn is_rest_of(
    whole: &Whole<'_>,
    function: FunctionRef,
    call: ExprId,
    is_waiting: &dyn Fn(ExprId) -> bool,
) -> bool {
    let (module, code) = whole.program.code(function);
    let Some((receiver, name)) = method(module, call) else {
        return false;
    };
    match module.kind(receiver) {
        ExprKind::Call { .. } => is_waiting(receiver),
        ExprKind::Name(_) if name.starts_with("read") => code.insts.iter().any(|inst| {
            let InstKind::Bind { target, source, .. } = inst.kind else {
                return false;
            };
            let (Source::Value(made) | Source::Entered { manager: made, .. }) = source else {
                return false;
            };
            module.kind(target) == module.kind(receiver) && is_waiting(made)
        }),
        _ => false,
    }
}

/// A call that waits where it must not.
struct Blocking<'b> {
    function: FunctionRef,
    reached: Reached,
    known: &'b Call,
    call: &'b LibraryCall,
    wait: Wait,
}

/// What a call waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Time to pass.
    Sleep,
    /// Someone over the network, a database, another process, a person.
    Other,
    /// A disk: short, as a rule.
    Disk,
    /// Somebody at the keyboard.
    Person,
    /// Something that is probably there already.
    Moment,
}

/// What a call waits for, if it waits.
fn wait(
    whole: &Whole<'_>,
    function: FunctionRef,
    known: &Call,
    call: &LibraryCall,
) -> Option<Wait> {
    let effects = known.summary.effects;
    let name = known.name.as_str();
    if !effects.meets(Effects::BLOCKING)
        || known.summary.delivery != Delivery::Now
        || known.lazy
        || OF_LOOPS.iter().any(|prefix| name.starts_with(prefix))
        || AT_ONCE.contains(&name)
        || (name.starts_with("os.") && effects.meets(Effects::PROCESS) && !waits_for_process(name))
        || name.contains(".fetch")
        || name.contains(".Cursor.next")
    {
        return None;
    }
    let (module, _) = whole.program.code(function);
    let ExprKind::Call { callee, arguments } = module.kind(call.call) else {
        return None;
    };
    let arguments = module.arguments(arguments);
    if is_told_not_to_wait(module, arguments) || is_queued(whole, function, known, callee) {
        return None;
    }
    if name == "time.sleep" {
        return match arguments.first().map(|first| length(module, first.value)) {
            Some(Some(seconds)) if seconds <= 0.0 => None,
            Some(Some(seconds)) if seconds < SHORT => Some(Wait::Moment),
            _ => Some(Wait::Sleep),
        };
    }
    if DONE.contains(&name) {
        return Some(Wait::Moment);
    }
    if PERSON.contains(&name) {
        return Some(Wait::Person);
    }
    if name.starts_with("sqlite3.") {
        return Some(Wait::Disk);
    }
    let is_disk = effects.meets(Effects::FILE)
        && !effects.meets(Effects::NETWORK.with(Effects::DATABASE))
        && !HEAVY.contains(&name);
    Some(if is_disk { Wait::Disk } else { Wait::Other })
}

/// Whether a function of `os` waits for the process that it is about.
fn waits_for_process(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.starts_with("wait") || last.starts_with("spawn") || matches!(last, "popen" | "system")
}

/// A shorter sleep than this is no longer than what else a loop does in one round.
const SHORT: f64 = 0.02;

fn length(module: &Module, expr: ExprId) -> Option<f64> {
    match module.kind(expr) {
        ExprKind::Int(number) => Some(f64::from(number)),
        ExprKind::Number(text) => module.name(text).parse().ok(),
        _ => None,
    }
}

/// `queue.get(False)`, `lock.acquire(blocking=False)`, `get(timeout=0)`, `waitpid(pid, os.WNOHANG)`, the lookup of an address that is one already.
fn is_told_not_to_wait(module: &Module, arguments: &[Argument]) -> bool {
    arguments.iter().any(|argument| {
        if says(
            module,
            argument.value,
            &["AI_NUMERICHOST", "NI_NUMERICHOST", "WNOHANG"],
        ) {
            return true;
        }
        let is_off = matches!(
            module.kind(argument.value),
            ExprKind::False | ExprKind::Int(0)
        );
        match argument.passing {
            Passing::Keyword(name) => {
                is_off && matches!(module.name(name), "block" | "blocking" | "timeout" | "wait")
            }
            Passing::Positional => module.kind(argument.value) == ExprKind::False,
            _ => false,
        }
    })
}

/// Whether an argument mentions one of these flags.
fn says(module: &Module, expr: ExprId, flags: &[&str]) -> bool {
    let mut found = false;
    module.walk(expr, &mut |part| {
        if let ExprKind::Attribute { name, .. } = module.kind(part) {
            found |= flags.contains(&module.name(name));
        }
    });
    found
}

/// Whether a command only waits in a pipeline for its `execute`.
fn is_queued(whole: &Whole<'_>, function: FunctionRef, known: &Call, callee: ExprId) -> bool {
    let (module_ref, id) = whole.program.locate(function);
    let module = whole.program.module(module_ref);
    let ExprKind::Attribute { value, .. } = module.kind(callee) else {
        return false;
    };
    let receiver = Evaluate::new(whole.program, module_ref, id).value(value);
    match whole.program.types.get(receiver.class) {
        Type::Instance(class) => {
            whole.program.class_name(class).ends_with("Pipeline")
                && !known.name.ends_with(".execute")
        }
        _ => false,
    }
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    cooperative: &Cooperative,
    of: &Blocking<'_>,
) -> Finding {
    let (module, code) = whole.program.code(of.function);
    let span = module.span(of.call.call);
    let name = match module.kind(of.call.call) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    let name = name.unwrap_or_else(|| of.known.name.clone());
    let (top, path) = cooperative.way(of.function);
    let key = match of.reached.context {
        Context::Coroutine => "coroutine",
        Context::Reactor => "reactor",
        Context::Greenlet => "greenlet",
    };
    let message = Message::new(key)
        .with("call", name)
        .with("top", whole.program.qualified_name(top));
    let statement = code.insts.get(of.call.inst as usize);
    let mut finding = Finding {
        statement: statement.map_or(span.start, |inst| inst.span.start),
        ..draft(rule, whole.program, of.function, span, message)
    }
    .help(Message::new(help(of)));
    if !path.is_empty() {
        finding.related.push(entry(whole, top));
        finding.cause = Some(whole.program.qualified_name(top));
    }
    let hops = path.len();
    for hop in path {
        finding.related.push(Related {
            location: Location {
                file: whole.program.file(hop.caller),
                span: whole.program.code(hop.caller).0.span(hop.call),
            },
            message: Message::new("calls").with("name", whole.program.qualified_name(hop.caller)),
        });
    }
    let confidence = if hops > HOPS {
        Confidence::Low
    } else {
        confidence(whole, of)
    };
    let finding = finding.confidence(confidence);
    if is_bearable(whole, of, top) {
        finding.severity(Severity::Hint)
    } else {
        finding
    }
}

/// Whether nobody suffers: the wait is short, or nobody is served yet.
fn is_bearable(whole: &Whole<'_>, of: &Blocking<'_>, top: FunctionRef) -> bool {
    let is_below = top != of.function;
    let (module, code) = whole.program.code(top);
    match of.wait {
        Wait::Disk | Wait::Moment => true,
        Wait::Person => is_below,
        Wait::Sleep | Wait::Other => {
            let name = module.name(code.name);
            // Tornado calls a handler's `initialize` for each request.
            let serves = name == "initialize" && of.reached.context != Context::Coroutine;
            is_below && !serves && STARTUP.contains(&name)
        }
    }
}

fn entry(whole: &Whole<'_>, top: FunctionRef) -> Related {
    let (_, code) = whole.program.code(top);
    Related {
        location: Location {
            file: whole.program.file(top),
            span: code.name_span,
        },
        message: Message::new("starts").with("name", whole.program.qualified_name(top)),
    }
}

fn confidence(whole: &Whole<'_>, of: &Blocking<'_>) -> Confidence {
    let is_library = !whole.escapes.is_application;
    match (of.reached.context, of.reached.is_doubtful) {
        (Context::Coroutine, false) => Confidence::High,
        (Context::Reactor, false) => Confidence::Medium,
        // Whether a library's greenlets are patched is for the program that uses it to say.
        (Context::Greenlet, false) if !is_library => Confidence::Medium,
        // A method that some subclass overrides: most often another one is meant, the asynchronous.
        _ => Confidence::Low,
    }
}

fn help(of: &Blocking<'_>) -> &'static str {
    match (of.reached.context, of.wait) {
        (Context::Coroutine, Wait::Sleep) => "await-sleep",
        (Context::Coroutine, _) => "to-thread",
        (Context::Reactor, Wait::Sleep) => "call-later",
        (Context::Reactor, _) => "defer",
        (Context::Greenlet, _) => "patch",
    }
}
