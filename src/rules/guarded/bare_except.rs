//! `bare-except`: a handler that names no class catches also what nobody wants to catch.

use crate::escape::clauses::{
    Fate, called_name, called_names, fate, insts_in, keeps_exception, tells,
};
use crate::escape::is_out_of_scope;
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{ExprId, ExprKind, Function, Handler, InstKind, Module, Try, TryId, TryKind};
use crate::project::Coverage;
use crate::rules::guarded::excuses::{
    is_explained, is_promised, only_converts, only_imports, raises_behind, sounds_tidying,
    tidies_up,
};
use crate::rules::guarded::harm::{Harm, harm};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::{Location, Span};
use crate::types::FunctionRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "bare-except",
    family: Family::Guarded,
    page: include_str!("../../../rules/bare-except.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let count = number_of_bare_handlers(whole);
    for index in 0..whole.program.function_count() {
        let function = FunctionRef(index as u32);
        let (module, code) = whole.program.code(function);
        for (index, region) in code.tries.iter().enumerate() {
            let TryKind::Catch { handlers, .. } = &region.kind else {
                continue;
            };
            let Some(handler) = handlers.last().filter(|handler| handler.types.is_none()) else {
                continue;
            };
            let bare = Bare {
                function,
                id: TryId::new(index),
                region,
                handlers,
                handler,
            };
            match fate(module, code, handler) {
                Fate::Handled if !raises(module, code, handler) => {
                    findings.push(finding(rule, whole, &bare, count))
                }
                Fate::Translated => findings.extend(translated(rule, whole, &bare)),
                Fate::Handled | Fate::Reraised => {}
            }
        }
    }
    findings
}

/// A handler that names no class, the last of its `try`.
struct Bare<'b> {
    function: FunctionRef,
    id: TryId,
    region: &'b Try,
    handlers: &'b [Handler],
    handler: &'b Handler,
}

/// A handler of everything that says something else of whatever it caught: that an entry is invalid, when Ctrl-C was pressed or
/// a name was mistyped. Not where it passes on or writes down what it was.
fn translated(rule: &'static Rule, whole: &Whole<'_>, bare: &Bare<'_>) -> Option<Finding> {
    let (module, code) = whole.program.code(bare.function);
    let handler = bare.handler;
    let mut raised = insts_in(code, handler.body).filter_map(|inst| match inst.kind {
        InstKind::Raise {
            exception: Some(exception),
            assertion: false,
            ..
        } => Some(exception),
        _ => None,
    });
    let says = raised.next()?;
    let is_call = matches!(module.kind(says), ExprKind::Call { .. });
    if !is_call
        || raised.next().is_some()
        || keeps_exception(module, code, handler)
        || is_logged(module, code, handler)
        || catches_interrupts(whole, bare)
        || is_excused(whole, bare)
        || is_over_at_once(module, code, bare.region.body)
        || called_names(module, code, handler.body).contains(&"exc_info")
    {
        return None;
    }
    let span = handler.header;
    let finding = draft(
        rule,
        whole.program,
        bare.function,
        span,
        Message::new("translated"),
    );
    let finding = Finding {
        statement: span.start,
        ..finding
    };
    Some(
        finding
            .severity(Severity::Warning)
            .help(Message::new("name")),
    )
}

/// Whether all that a suite does is over at once, and fails for one reason: a number is read, a text is cut.
fn is_over_at_once(module: &Module, code: &Function, suite: Span) -> bool {
    const SHORT: [&str; 9] = [
        "float", "get", "group", "int", "len", "long", "split", "str", "strptime",
    ];
    called_names(module, code, suite)
        .iter()
        .all(|name| SHORT.contains(name))
}

fn finding(rule: &'static Rule, whole: &Whole<'_>, bare: &Bare<'_>, count: usize) -> Finding {
    let (module, code) = whole.program.code(bare.function);
    let handler = bare.handler;
    let is_told = tells(module, code, handler) && !only_murmurs(module, code, handler);
    let harm = harm(
        whole,
        bare.function,
        (bare.id, bare.region),
        handler,
        is_told,
    );
    let severity = if keeps_exception(module, code, handler) {
        Severity::Hint
    } else if is_told && !matches!(harm, Some(Harm::Exits(_) | Harm::Cancels(_))) {
        Severity::Warning
    } else {
        Severity::Error
    };
    let key = match harm {
        Some(Harm::Exits(_)) => "exits",
        Some(Harm::Cancels(_)) => "cancels",
        _ if is_told => "bare",
        _ => "silent",
    };
    let confidence = match harm {
        _ if catches_interrupts(whole, bare) => Confidence::Low,
        Some(Harm::Exits(_)) => Confidence::High,
        Some(Harm::Cancels(_)) => Confidence::Medium,
        None if is_told || is_excused(whole, bare) => Confidence::Low,
        None if count > STYLE => Confidence::Low,
        None if only_converts(module, code, bare.region.body) => Confidence::Low,
        None => Confidence::Medium,
        Some(_) if is_excused(whole, bare) => Confidence::Low,
        Some(_) if count > HABIT && is_logged(module, code, handler) => Confidence::Low,
        Some(_) => Confidence::Medium,
    };
    let mut finding = Finding {
        statement: handler.header.start,
        ..draft(
            rule,
            whole.program,
            bare.function,
            handler.header,
            Message::new(key),
        )
    };
    finding
        .related
        .extend(harm.and_then(|harm| related(whole, bare.function, harm)));
    finding
        .severity(severity)
        .confidence(confidence)
        .help(Message::new("name"))
}

/// The place in the suite that the harm is done to.
fn related(whole: &Whole<'_>, function: FunctionRef, harm: Harm) -> Option<Related> {
    let (key, at) = match harm {
        Harm::Exits(at) => ("exit", at),
        Harm::Cancels(at) => ("await", at),
        Harm::Waits(at) => ("waits", at),
        Harm::Hides(at) => ("hides", at),
        Harm::Repeats | Harm::Buries => return None,
    };
    let (module, code) = whole.program.code(function);
    let callee = match module.kind(at) {
        ExprKind::Call { callee, .. } => callee,
        _ => at,
    };
    let call = module
        .dotted(code, callee)
        .unwrap_or_else(|| "…".to_owned());
    Some(Related {
        location: Location {
            file: whole.program.file(function),
            span: module.span(at),
        },
        message: Message::new(key).with("call", call),
    })
}

/// Whether a handler before this one catches KeyboardInterrupt: what is left is what `except Exception` would catch.
fn catches_interrupts(whole: &Whole<'_>, bare: &Bare<'_>) -> bool {
    let program = whole.program;
    let (module_ref, id) = program.locate(bare.function);
    let (module, _) = program.code(bare.function);
    let Some(interrupt) = program.library.class("KeyboardInterrupt", module.dialect) else {
        return false;
    };
    let mut named = bare
        .handlers
        .iter()
        .filter(|handler| handler.types.is_some());
    named.any(|handler| {
        let catches = program.catches(module_ref, id, handler.types);
        program.covers(&catches, interrupt, module.dialect) == Coverage::Full
    })
}

/// Whether somebody thought of what the handler keeps for itself, or nothing is lost by it.
fn is_excused(whole: &Whole<'_>, bare: &Bare<'_>) -> bool {
    let (module, code) = whole.program.code(bare.function);
    let (module_ref, _) = whole.program.locate(bare.function);
    let path = whole.program.sources[module_ref.0 as usize].path.as_str();
    let handler = bare.handler;
    is_out_of_scope(path)
        || module.name(code.name) == "__del__"
        || is_explained(module, handler)
        || is_promised(module, code)
        || sounds_tidying(module.name(code.name))
        || tidies_up(module, code, bare.region.body)
        || only_imports(code, bare.region.body)
        || raises_behind(code, bare.region)
}

fn number_of_bare_handlers(whole: &Whole<'_>) -> usize {
    let sources = whole.program.sources.iter();
    let regions = sources
        .flat_map(|source| &source.module.functions)
        .flat_map(|code| &code.tries);
    regions
        .filter(|region| match &region.kind {
            TryKind::Catch { handlers, .. } => {
                handlers.last().is_some_and(|last| last.types.is_none())
            }
            _ => false,
        })
        .count()
}

/// A project with more of them than that writes them on purpose, at least where it logs what it caught.
const HABIT: usize = 12;

/// A project with more of them than that has a style of its own.
const STYLE: usize = 48;

/// Calls that write the whole exception where somebody reads it.
const LOGGING: [&str; 12] = [
    "critical",
    "deferr",
    "err",
    "error",
    "exception",
    "format_exc",
    "handle_error",
    "handleError",
    "print_exc",
    "print_exception",
    "warn",
    "warning",
];

/// Whether all that a handler tells is a fixed line for those who look for faults: neither what it caught nor where.
fn only_murmurs(module: &Module, code: &Function, handler: &Handler) -> bool {
    let is_fixed = |part: ExprId| {
        let ExprKind::Call { arguments, .. } = module.kind(part) else {
            return false;
        };
        let mut arguments = module.arguments(arguments).iter();
        arguments.all(|argument| matches!(module.kind(argument.value), ExprKind::Text(_)))
    };
    insts_in(code, handler.body).all(|inst| match inst.kind {
        InstKind::Eval(value) => called_name(module, value) == Some("debug") && is_fixed(value),
        InstKind::Return(_) => true,
        _ => false,
    })
}

/// Whether the handler writes down what it caught, as the outermost loop of a server does.
fn is_logged(module: &Module, code: &Function, handler: &Handler) -> bool {
    called_names(module, code, handler.body)
        .iter()
        .any(|name| LOGGING.contains(name))
}

/// Whether the exception may be raised again: somebody thought of what else it can be.
fn raises(module: &Module, code: &Function, handler: &Handler) -> bool {
    let mut insts = insts_in(code, handler.body);
    let names = called_names(module, code, handler.body);
    names.iter().any(|name| name.contains("reraise"))
        || insts.any(|inst| {
            matches!(
                inst.kind,
                InstKind::Raise {
                    assertion: false,
                    ..
                }
            )
        })
}
