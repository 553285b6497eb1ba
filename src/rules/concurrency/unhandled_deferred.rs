//! `unhandled-deferred`: a Deferred that gets callbacks and no errback, and that nobody else has.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{Argument, ExprId, ExprKind, Function, InstKind, Module, Passing, Source, Step};
use crate::library::schema::Mark;
use crate::project::{Evaluate, Target};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::{Delivery, Effects};
use crate::text::Location;
use crate::types::FunctionRef;
use rustc_hash::FxHashSet;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unhandled-deferred",
    family: Family::Concurrency,
    page: include_str!("../../../rules/unhandled-deferred.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// What gives the Deferred itself back, and is found on nothing else.
const CHAIN: [&str; 6] = [
    "addCallback",
    "addCallbacks",
    "addErrback",
    "addBoth",
    "addTimeout",
    "chainDeferred",
];

/// What makes Deferreds that do not fail: they are made fired, or only ever fire with a result.
const SURE: [&str; 9] = [
    "Deferred",
    "DeferredList",
    "succeed",
    "acquire",
    "stopListening",
    "deferLater",
    "loseConnection",
    "sleep",
    "callLater",
];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let is_mentioned = ["addCallback", "addCallbacks"]
        .iter()
        .any(|name| whole.program.find_symbol(name).is_some());
    if !is_mentioned || !uses_twisted(whole) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for index in 0..whole.program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module_ref, _) = whole.program.locate(function);
        if whole.escapes.is_out_of_scope(module_ref) {
            continue;
        }
        let (module, code) = whole.program.code(function);
        let chains: Vec<ExprId> = code
            .exprs
            .range()
            .map(ExprId::new)
            .filter(|&expr| receiver(module, expr).is_some())
            .collect();
        if !chains.is_empty() {
            let usage = Usage::of(module, code);
            findings.extend(unhandled(rule, whole, function, &usage, &chains));
        }
    }
    findings
}

fn uses_twisted(whole: &Whole<'_>) -> bool {
    whole.program.sources.iter().any(|source| {
        let module = &source.module;
        let mut imports = module.imports.iter();
        imports.any(|import| module.name(import.module).starts_with("twisted"))
    })
}

/// What a link of a chain is called on, and the link's name.
fn receiver(module: &Module, expr: ExprId) -> Option<(ExprId, &str)> {
    let ExprKind::Call { callee, .. } = module.kind(expr) else {
        return None;
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return None;
    };
    let name = module.name(name);
    CHAIN.contains(&name).then_some((value, name))
}

/// Whether a link of a chain takes care of failures.
fn handles(module: &Module, link: ExprId, name: &str) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(link) else {
        return true;
    };
    let arguments = module.arguments(arguments);
    match name {
        "addErrback" | "addBoth" | "chainDeferred" => true,
        "addCallbacks" => has_errback(module, arguments),
        _ => false,
    }
}

fn has_errback(module: &Module, arguments: &[Argument]) -> bool {
    let is_something = |argument: &Argument| module.kind(argument.value) != ExprKind::None;
    let mut positional = arguments
        .iter()
        .filter(|argument| argument.passing == Passing::Positional);
    let named = arguments.iter().any(|argument| match argument.passing {
        Passing::Keyword(name) => module.name(name) == "errback" && is_something(argument),
        Passing::Star | Passing::DoubleStar => true,
        Passing::Positional => false,
    });
    named || positional.nth(1).is_some_and(is_something)
}

/// A chain from its outermost link to what it starts from.
struct Chain {
    base: ExprId,
    /// The innermost link.
    first: ExprId,
    is_handled: bool,
}

fn chain(module: &Module, outermost: ExprId) -> Option<Chain> {
    let mut found: Option<Chain> = None;
    let mut at = outermost;
    while let Some((value, name)) = receiver(module, at) {
        let is_handled = found.is_some_and(|found| found.is_handled) || handles(module, at, name);
        found = Some(Chain {
            base: value,
            first: at,
            is_handled,
        });
        at = value;
    }
    found
}

fn unhandled(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    usage: &Usage<'_>,
    links: &[ExprId],
) -> Vec<Finding> {
    let (module, code) = whole.program.code(function);
    let mut findings = Vec::new();
    let mut seen = FxHashSet::default();
    for &link in links {
        if usage.fate(link) != Fate::Dropped {
            continue;
        }
        let Some(found) = chain(module, link).filter(|found| !found.is_handled) else {
            continue;
        };
        let made = match module.kind(found.base) {
            ExprKind::Call { .. } => Some(found.base),
            ExprKind::Name(_) => made_for(module, code, usage, found.base),
            _ => None,
        };
        if let Some(made) = made
            && seen.insert(made)
            && !is_sure(module, code, made)
        {
            findings.push(finding(rule, whole, function, made, found.first));
        }
    }
    findings
}

/// The call whose Deferred a variable holds, if all that ever happens to it is that it gets callbacks.
fn made_for(
    module: &Module,
    code: &Function,
    usage: &Usage<'_>,
    variable: ExprId,
) -> Option<ExprId> {
    let ExprKind::Name(place) = module.kind(variable) else {
        return None;
    };
    let (target, made) = code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } if module.kind(target) == ExprKind::Name(place) => Some((target, value)),
        _ => None,
    })?;
    usage.variable(Fate::Bound(target))?;
    let is_only = usage.bindings(place) == 1
        && usage
            .reads(place)
            .iter()
            .all(|&read| only_gets_callbacks(module, usage, read));
    let is_call = matches!(module.kind(made), ExprKind::Call { .. });
    (is_only && is_call).then_some(made)
}

fn only_gets_callbacks(module: &Module, usage: &Usage<'_>, read: ExprId) -> bool {
    let mut at = read;
    loop {
        let link = usage
            .parent(at)
            .and_then(|attribute| usage.parent(attribute))
            .filter(|&call| receiver(module, call).is_some_and(|(value, _)| value == at));
        let Some(link) = link else {
            break;
        };
        if receiver(module, link).is_none_or(|(_, name)| handles(module, link, name)) {
            return false;
        }
        at = link;
    }
    at != read && usage.fate(at) == Fate::Dropped
}

/// Whether the Deferred does not fail by itself; a `DeferredList` that is told to does.
fn is_sure(module: &Module, code: &Function, made: ExprId) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(made) else {
        return true;
    };
    let last = match module.kind(callee) {
        ExprKind::Attribute { name, .. } => module.name(name),
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable { name, .. } => module.name(name),
            _ => return true,
        },
        _ => return true,
    };
    let fails_at_once = module
        .arguments(arguments)
        .iter()
        .any(|argument| match argument.passing {
            Passing::Keyword(name) => module.name(name) == "fireOnOneErrback",
            _ => false,
        });
    // `deferLater(reactor, 1, f)` hears what `f` raises; a lambda is there to wait.
    let runs_something = last == "deferLater"
        && module.arguments(arguments).get(2).is_some_and(|third| {
            matches!(
                module.kind(third.value),
                ExprKind::Name(_) | ExprKind::Attribute { .. }
            )
        });
    (SURE.contains(&last) || last.starts_with("when")) && !fails_at_once && !runs_something
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    made: ExprId,
    link: ExprId,
) -> Finding {
    let (module_ref, id) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    let span = module.span(made);
    let callee = match module.kind(made) {
        ExprKind::Call { callee, .. } => callee,
        _ => made,
    };
    let name = module
        .dotted(code, callee)
        .unwrap_or_else(|| match module.kind(callee) {
            ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
            _ => "it".to_owned(),
        });
    let evaluate = Evaluate::new(whole.program, module_ref, id);
    let does_io = match whole.program.target(evaluate.value(callee)) {
        Target::Library(known) => {
            let known = whole.program.library.get(known);
            known.summary.delivery == Delivery::Deferred
                && (known.has(Mark::Offloads)
                    || known.summary.effects.meets(
                        Effects::NETWORK
                            .with(Effects::DATABASE)
                            .with(Effects::PROCESS),
                    ))
        }
        _ => false,
    };
    let statement = code
        .insts
        .iter()
        .find(|inst| inst.span.contains(span))
        .map_or(span.start, |inst| inst.span.start);
    let callback = Related {
        location: Location {
            file: whole.program.file(function),
            span: module.span(link),
        },
        message: Message::new("callback"),
    };
    let message = Message::new(if does_io { "fails" } else { "unhandled" }).with("call", name);
    let finding = Finding {
        statement,
        ..draft(rule, whole.program, function, span, message)
    };
    finding
        .confidence(if does_io {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .help(Message::new("errback"))
        .because(callback)
}
