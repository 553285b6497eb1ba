//! `early-call`: a function is called where the function itself is wanted: `callLater(1, f(x))`.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Solution};
use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId};
use crate::library::schema::By;
use crate::project::{Actual, Target, actuals};
use crate::rules::around::{called, keyword, positional, receiver};
use crate::rules::{Check, Family, Rule, Scene};
use crate::summary::Delivery;
use crate::types::{FunctionRef, Type};
use crate::value::{Kinds, Value};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "early-call",
    family: Family::Functional,
    page: include_str!("../../../rules/early-call.md"),
    severity: Severity::Error,
    check: Check::Function(check),
};

/// Functions that want a function, and where: by the name they are called by, whoever's they are.
const WANTING: [(&str, usize); 32] = [
    ("addBoth", 0),
    ("addCallback", 0),
    ("addErrback", 0),
    ("add_done_callback", 0),
    ("add_job", 0),
    ("add_signal_handler", 1),
    ("add_timeout", 1),
    ("after", 1),
    ("after_idle", 0),
    ("apply_async", 0),
    ("call_at", 1),
    ("call_later", 1),
    ("call_soon", 0),
    ("call_soon_threadsafe", 0),
    ("callFromThread", 0),
    ("callInThread", 0),
    ("callLater", 1),
    ("callWhenRunning", 0),
    ("deferToThread", 0),
    ("enter", 2),
    ("enterabs", 2),
    ("run_in_executor", 1),
    ("spawn", 0),
    ("spawn_later", 1),
    ("start_new_thread", 0),
    ("submit", 0),
    ("Timer", 1),
    ("LoopingCall", 0),
    ("deferLater", 2),
    ("idle_add", 0),
    ("timeout_add", 1),
    ("to_thread", 0),
];

/// Names of these that say nothing when nobody knows whose they are: `spawn(work())` may well want a coroutine.
const COMMON: [&str; 13] = [
    "add_job",
    "add_timeout",
    "after",
    "apply_async",
    "call_at",
    "call_later",
    "call_soon",
    "enter",
    "enterabs",
    "spawn",
    "spawn_later",
    "submit",
    "to_thread",
];

/// Functions of Python itself that want a function first; a method of that name is something else.
const BUILTINS: [&str; 6] = [
    "filter",
    "map",
    "partial",
    "partialmethod",
    "reduce",
    "starmap",
];

/// Where they are.
const MODULES: [&str; 5] = [
    "builtins",
    "__builtin__",
    "functools",
    "itertools",
    "six.moves",
];

/// Keywords behind which a function is wanted, and of whom.
const KEYWORDS: [(&str, &[&str]); 5] = [
    ("target", &["Thread", "Process", "Greenlet"]),
    ("key", &["sorted", "sort", "min", "max", "groupby"]),
    ("function", &["Timer"]),
    ("func", &["add_job"]),
    ("command", &["Button", "Checkbutton", "add_command"]),
];

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let module = flow.module;
    let mut findings = Vec::new();
    for index in flow.code.exprs.range() {
        let call = ExprId::new(index);
        let ExprKind::Call { callee, .. } = module.kind(call) else {
            continue;
        };
        let Some(wanted) = wanted(flow, call) else {
            continue;
        };
        let ExprKind::Call { callee: early, .. } = module.kind(wanted) else {
            continue;
        };
        let Some(result) = result(flow, wanted) else {
            continue;
        };
        if !wants(flow, call, wanted, &result) {
            continue;
        }
        let message = Message::new(result.key())
            .with("function", text(flow, early))
            .with("taker", text(flow, callee))
            .with("kind", result.word());
        let finding = scene.at(wanted, message).confidence(Confidence::High);
        let help = Message::new("pass").with("function", text(flow, early));
        findings.push(Finding {
            statement: statement(flow.code, module.span(call)),
            ..finding.help(help)
        });
    }
    findings
}

/// Where the statement starts that a span is in.
pub(in crate::rules) fn statement(code: &Function, span: crate::text::Span) -> u32 {
    let around = code
        .insts
        .iter()
        .filter(|inst| crate::rules::around::covers(inst.span, span));
    let narrowest = around.min_by_key(|inst| inst.span.end - inst.span.start);
    narrowest.map_or(span.start, |inst| inst.span.start)
}

fn text(flow: &Flow<'_, '_>, callee: ExprId) -> String {
    match flow.module.dotted(flow.code, callee) {
        Some(dotted) => dotted,
        None => called(flow.module, flow.code, callee).to_owned(),
    }
}

/// The argument of a call that should be a function.
pub(in crate::rules) fn wanted(flow: &Flow<'_, '_>, call: ExprId) -> Option<ExprId> {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return None;
    };
    let arguments = module.arguments(arguments);
    let mut calls = arguments.iter();
    if !calls.any(|argument| matches!(module.kind(argument.value), ExprKind::Call { .. })) {
        return None;
    }
    let name = called(module, flow.code, callee);
    for (word, takers) in KEYWORDS {
        if takers.contains(&name)
            && let Some(found) = keyword(module, arguments, word)
        {
            return Some(found);
        }
    }
    let dotted = flow.evaluate.dotted(callee)?;
    if BUILTINS.contains(&name) {
        let library = flow.program.target(flow.evaluate.value(callee));
        let is_it = dotted
            .rsplit_once('.')
            .is_none_or(|(module, _)| MODULES.contains(&module));
        return (is_it && matches!(library, Target::Library(_)))
            .then(|| positional(arguments, 0))?;
    }
    if let Some(&(_, position)) = WANTING.iter().find(|(known, _)| *known == name) {
        return positional(arguments, position);
    }
    let mut entries = flow.program.library.entries(&dotted);
    let entry = entries.find(|entry| entry.by == By::Call && entry.position.is_some())?;
    let by_name = entry.keyword.as_deref();
    by_name
        .and_then(|word| keyword(module, arguments, word))
        .or_else(|| positional(arguments, usize::from(entry.position?)))
}

/// Whether the one that is called wants a function there: a library's by what is known of it, the project's own by what it
/// does with it, and one of which nothing is known by its name, if that is no common word. Nothing can be done with None.
fn wants(flow: &Flow<'_, '_>, call: ExprId, wanted: ExprId, result: &Early) -> bool {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return false;
    };
    match flow.program.target(flow.evaluate.value(callee)) {
        Target::Library(_) => true,
        Target::Function { function, bound } => {
            let (theirs, code) = flow.program.code(function);
            let given = actuals(module, module.arguments(arguments), theirs, code, bound);
            let at = given
                .iter()
                .position(|actual| matches!(actual, Actual::Given(value) if *value == wanted));
            at.is_some_and(|at| calls_back(theirs, code, code.parameters[at].place))
        }
        Target::Construct { .. } => false,
        Target::Unknown => {
            matches!(result, Early::Nothing)
                || is_of_library(flow, callee)
                || !COMMON.contains(&called(module, flow.code, callee))
        }
    }
}

/// Whether it is a method of a class of a library: `ThreadPoolExecutor().submit`.
fn is_of_library(flow: &Flow<'_, '_>, callee: ExprId) -> bool {
    let class = receiver(flow.module, callee).map(|of| flow.evaluate.value(of).class);
    class.is_some_and(|class| {
        matches!(flow.program.types.get(class), Type::Instance(class)
            if flow.program.project_class(class).is_none())
    })
}

/// Whether a function calls its parameter, or hands it to one that is known to.
fn calls_back(module: &Module, code: &Function, place: PlaceId) -> bool {
    let is_it = |expr: ExprId| module.kind(expr).place() == Some(place);
    code.exprs.range().map(ExprId::new).any(|expr| {
        let ExprKind::Call { callee, arguments } = module.kind(expr) else {
            return false;
        };
        let name = called(module, code, callee);
        let taken = WANTING.iter().find(|(known, _)| *known == name);
        let handed = taken.and_then(|&(_, at)| positional(module.arguments(arguments), at));
        is_it(callee) || handed.is_some_and(is_it)
    })
}

/// What a call gives that is no function.
enum Early {
    /// The function returns nothing at all.
    Nothing,
    /// A value that cannot be called.
    Data(Kinds),
    /// A coroutine or generator, of which nothing has run.
    Unstarted(&'static str),
}

impl Early {
    fn key(&self) -> &'static str {
        match self {
            Early::Nothing => "nothing",
            Early::Data(_) => "data",
            Early::Unstarted(_) => "unstarted",
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Early::Nothing => "None",
            Early::Data(kinds) => kinds.word(),
            Early::Unstarted(word) => word,
        }
    }
}

fn result(flow: &Flow<'_, '_>, call: ExprId) -> Option<Early> {
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    match flow.program.target(flow.evaluate.value(callee)) {
        Target::Function { function, .. } => of_function(flow, function),
        Target::Library(library) => {
            let known = flow.program.library.get(library);
            (known.summary.delivery == Delivery::Now).then_some(())?;
            data(flow, known.summary.returns)
        }
        _ => None,
    }
}

fn of_function(flow: &Flow<'_, '_>, function: FunctionRef) -> Option<Early> {
    let program = flow.program;
    let decoration = program.decoration(function);
    let (module, code) = program.code(function);
    if decoration.is_decorated && (decoration.is_opaque || decoration.is_registered)
        || decoration.is_abstract
        || decoration.is_context_manager
        || program.is_overridden(function)
    {
        return None;
    }
    match program.delivery(function) {
        Delivery::Awaited => return Some(Early::Unstarted("coroutine")),
        Delivery::Generator => return Some(Early::Unstarted("generator")),
        Delivery::Deferred => return None,
        Delivery::Now => {}
    }
    let summary = flow.summary(function);
    if summary.never_returns || is_stub(module, code) {
        return None;
    }
    if is_procedure(module, code) {
        return Some(Early::Nothing);
    }
    data(flow, summary.returns)
}

/// A function that returns nothing on any path.
fn is_procedure(module: &Module, code: &Function) -> bool {
    code.insts.iter().all(|inst| match inst.kind {
        InstKind::Return(Some(value)) => module.kind(value) == ExprKind::None,
        _ => true,
    })
}

fn data(flow: &Flow<'_, '_>, returns: Value) -> Option<Early> {
    let callable = Kinds::FUNCTION | Kinds::CLASS | Kinds::ANY | Kinds::UNBOUND | Kinds::MODULE;
    let rest = returns.kinds - Kinds::NONE;
    if returns.is_none() {
        return Some(Early::Nothing);
    }
    if rest.is_empty() || rest.meets(callable) {
        return None;
    }
    if rest.meets(Kinds::INSTANCE) {
        let Type::Instance(class) = flow.program.types.get(returns.class) else {
            return None;
        };
        let info = flow.program.project_class(class)?;
        if info.has_unknown_base || flow.program.method(class, "__call__").is_some() {
            return None;
        }
    }
    rest.is_single().then_some(Early::Data(rest))
}

/// A body that says nothing of what the real one returns.
fn is_stub(module: &Module, code: &Function) -> bool {
    code.insts.iter().all(|inst| match inst.kind {
        InstKind::Raise { .. } | InstKind::Return(None) => true,
        InstKind::Eval(value) => {
            matches!(module.kind(value), ExprKind::Text(_) | ExprKind::Ellipsis)
        }
        _ => false,
    })
}
