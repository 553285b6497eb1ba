//! `swallowed-exception`: a handler makes an error disappear, and nobody ever hears of it.

use crate::escape::clauses::{called_names, does_nothing, only_constants, tells};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{ExprKind, Function, Handler, InstKind, Module, Source, Try, TryId, TryKind};
use crate::project::{Catches, Coverage};
use crate::rules::guarded::meant::is_within;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::Effects;
use crate::text::Span;
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "swallowed-exception",
    family: Family::Guarded,
    page: include_str!("../../../rules/swallowed-exception.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// A `try` of so few statements asks a question.
const SHORT: u32 = 2;

/// What tidies up may fail unheard: there is nothing left to save. Parts of names, in lower case.
const TIDYING: [&str; 27] = [
    "close",
    "quit",
    "shutdown",
    "disconnect",
    "terminate",
    "kill",
    "unlink",
    "remove",
    "rmtree",
    "rmdir",
    "cancel",
    "join",
    "release",
    "stop",
    "clean",
    "rollback",
    "logout",
    "flush",
    "abort",
    "loseconnection",
    "discard",
    "detach",
    "unregister",
    "destroy",
    "teardown",
    "__del__",
    "__exit__",
];

/// Classes that are answers rather than errors where a statement or two ask.
const ANSWERS: [&str; 13] = [
    "KeyError",
    "IndexError",
    "LookupError",
    "AttributeError",
    "StopIteration",
    "StopAsyncIteration",
    "ValueError",
    "ImportError",
    "ModuleNotFoundError",
    "queue.Empty",
    "queue.Full",
    "FileNotFoundError",
    "FileExistsError",
];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for index in 0..whole.program.function_count() {
        let function = FunctionRef(index as u32);
        let (module, code) = whole.program.code(function);
        if code.is_too_wide(module) {
            continue;
        }
        for (index, region) in code.tries.iter().enumerate() {
            let TryKind::Catch { handlers, .. } = &region.kind else {
                continue;
            };
            for handler in handlers.iter().filter(|handler| handler.types.is_some()) {
                findings.extend(swallowed(
                    rule,
                    whole,
                    function,
                    (TryId::new(index), region),
                    handler,
                ));
            }
        }
    }
    habits_are_hints(&mut findings);
    findings
}

/// A file that does the same again and again does it on purpose: telemetry, best-effort clean-up.
const HABIT: usize = 4;

fn habits_are_hints(findings: &mut [Finding]) {
    let mut counts = FxHashMap::default();
    for finding in findings.iter() {
        *counts.entry(finding.location.file).or_insert(0) += 1;
    }
    for finding in findings {
        if counts[&finding.location.file] >= HABIT {
            finding.confidence = Confidence::Low;
        }
    }
}

fn swallowed(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    (id, region): (TryId, &Try),
    handler: &Handler,
) -> Option<Finding> {
    let (module, code) = whole.program.code(function);
    let nothing = does_nothing(module, code, handler);
    if !nothing && (!only_constants(module, code, handler) || tells(module, code, handler)) {
        return None;
    }
    let (module_ref, function_id) = whole.program.locate(function);
    let catches = whole
        .program
        .catches(module_ref, function_id, handler.types);
    let is_broad = whole.program.is_broad(&catches);
    let (key, confidence) = match (is_broad, nothing) {
        (true, true) if does_io(whole, function, id) => ("nothing", Confidence::High),
        (true, true) => ("nothing", Confidence::Medium),
        (true, false) => ("constant", Confidence::Medium),
        (false, true) if hides_io(whole, function, id, &catches) => ("io", Confidence::High),
        _ => return None,
    };
    let message = Message::new(key).with("types", types_text(module, code, handler));
    let finding = Finding {
        statement: handler.header.start,
        ..draft(rule, whole.program, function, handler.header, message)
    };
    // What one expression asks for, a broad handler may answer: only IO that goes wrong unheard is news.
    let is_short = region.statements <= SHORT;
    let asks = is_short
        && key != "io"
        && !does_io(whole, function, id)
        && !waits(module, code, region.body);
    let goes_on = key != "constant" && tries_another(module, code, region, handler);
    let confidence = if asks || goes_on {
        Confidence::Low
    } else {
        confidence
    };
    let finding = finding.confidence(confidence).help(Message::new("tell"));
    let is_harmless = is_explained(module, handler)
        || sounds_tidying(module.name(code.name))
        || tidies_up(module, code, region.body)
        || only_imports(code, region.body);
    Some(if is_harmless {
        finding.severity(Severity::Hint)
    } else {
        finding
    })
}

/// Whether a comment says why: below the clause's first line, or right above it. Those on the line talk to other tools, and
/// `TODO` says that somebody meant to do it better.
fn is_explained(module: &Module, handler: &Handler) -> bool {
    let lines = &module.lines;
    let header = lines.row(handler.header.start);
    let inside = lines.row(handler.header.end) + 1..=lines.row(handler.span.end);
    let is_there = |comment: &Span| {
        let row = lines.row(comment.start);
        inside.contains(&row) || row + 1 == header
    };
    module.comments.iter().any(is_there) && !module.admissions.iter().any(is_there)
}

/// Whether a suite waits for something: what that is can fail for a reason outside.
fn waits(module: &Module, code: &Function, suite: Span) -> bool {
    code.exprs.range().map(|at| &module.exprs[at]).any(|expr| {
        matches!(expr.kind, ExprKind::Await(_) | ExprKind::Yield(_)) && suite.contains(expr.span)
    })
}

/// Whether what fails is one of several that are tried: the next one of a loop that ends with the first that works, or
/// the code behind the `try`, which tries again or raises.
fn tries_another(module: &Module, code: &Function, region: &Try, handler: &Handler) -> bool {
    let is_inside = |span: Span| region.span.contains(span) && !handler.span.contains(span);
    let ends_at_first = code
        .insts
        .iter()
        .any(|inst| matches!(inst.kind, InstKind::Return(_)) && is_inside(inst.span));
    let in_loop = code.loops.iter().any(|of| of.suite.contains(region.span));
    let raises_behind = code.insts.iter().any(|inst| {
        inst.span.start >= region.span.end
            && matches!(
                inst.kind,
                InstKind::Raise {
                    assertion: false,
                    ..
                }
            )
    });
    let calls = called_names(module, code, region.body);
    let behind = Span::new(region.span.end, code.span.end.max(region.span.end));
    let again = called_names(module, code, behind);
    let calls_again = calls
        .iter()
        .any(|name| !name.is_empty() && again.contains(name));
    ends_at_first && (in_loop || raises_behind || calls_again)
}

/// Whether the suite calls something that talks to the network or a database.
fn does_io(whole: &Whole<'_>, function: FunctionRef, region: TryId) -> bool {
    let (_, code) = whole.program.code(function);
    let calls = &whole.traces[function.0 as usize].library;
    calls.iter().any(|call| {
        let effects = whole.program.library.get(call.callee).summary.effects;
        let guard = code.block(call.block).guard;
        effects.meets(Effects::NETWORK.with(Effects::DATABASE)) && is_within(code, guard, region)
    })
}

/// Whether the suite talks to the network or a database, and the handler catches what that raises.
fn hides_io(whole: &Whole<'_>, function: FunctionRef, region: TryId, catches: &Catches) -> bool {
    let Catches::Classes {
        classes,
        open: false,
    } = catches
    else {
        return false;
    };
    if classes
        .iter()
        .all(|&class| ANSWERS.contains(&whole.program.class_name(class)))
    {
        return false;
    }
    let (module, code) = whole.program.code(function);
    let calls = &whole.traces[function.0 as usize].library;
    calls.iter().any(|call| {
        let known = whole.program.library.get(call.callee);
        let is_io = known
            .summary
            .effects
            .meets(Effects::NETWORK.with(Effects::DATABASE));
        let is_inside = is_within(code, code.block(call.block).guard, region);
        let caught = |class| whole.program.covers(catches, class, module.dialect) != Coverage::None;
        is_io && is_inside && known.summary.raises.iter().any(|raise| caught(raise.class))
    })
}

/// Whether all that a suite calls only tidies up.
fn tidies_up(module: &Module, code: &Function, suite: Span) -> bool {
    let names = called_names(module, code, suite);
    !names.is_empty() && names.iter().all(|name| sounds_tidying(name))
}

fn sounds_tidying(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    TIDYING.iter().any(|part| lower.contains(part))
}

fn only_imports(code: &Function, suite: Span) -> bool {
    let mut insts = crate::escape::clauses::insts_in(code, suite);
    insts.all(|inst| {
        matches!(
            inst.kind,
            InstKind::Bind {
                source: Source::Import(_),
                ..
            }
        )
    })
}

/// The classes that a handler names, as they are written.
pub(in crate::rules) fn types_text(module: &Module, code: &Function, handler: &Handler) -> String {
    let Some(types) = handler.types else {
        return "everything".to_owned();
    };
    let text = |part| module.dotted(code, part).unwrap_or_else(|| "…".to_owned());
    match module.kind(types) {
        ExprKind::Tuple(parts) => module
            .list(parts)
            .iter()
            .map(|&part| text(part))
            .collect::<Vec<_>>()
            .join(", "),
        _ => text(types),
    }
}
