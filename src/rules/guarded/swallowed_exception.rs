//! `swallowed-exception`: a handler makes an error disappear, and nobody ever hears of it.

use crate::escape::clauses::{called_names, does_nothing, insts_in, only_constants, tells};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{
    Dialect, ExprId, ExprKind, Function, FunctionKind, Handler, Inst, InstKind, Module, PlaceId,
    Source, Try, TryId, TryKind,
};
use crate::project::{Catches, Coverage};
use crate::rules::guarded::excuses::{
    is_explained, is_promised, only_converts, only_imports, raises_behind, sounds_tidying,
    tidies_up, waits,
};
use crate::rules::guarded::harm::goes_round;
use crate::rules::guarded::meant::is_within;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::Effects;
use crate::text::Span;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "swallowed-exception",
    family: Family::Guarded,
    page: include_str!("../../../rules/swallowed-exception.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// A `try` of so few statements asks a question.
const SHORT: u32 = 2;

/// Classes that are answers rather than errors where a statement or two ask.
const ANSWERS: [&str; 17] = [
    "BlockingIOError",
    "InterruptedError",
    "ssl.SSLWantReadError",
    "ssl.SSLWantWriteError",
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

/// A file that does the same again and again does it on purpose: telemetry, best-effort clean-up. One place is enough to say so; what
/// hides that a request or a query failed is told wherever it stands.
const HABIT: usize = 4;

fn habits_are_hints(findings: &mut [Finding]) {
    let mut counts = FxHashMap::default();
    for finding in findings.iter() {
        *counts.entry(finding.location.file).or_insert(0) += 1;
    }
    let mut told = FxHashSet::default();
    for finding in findings {
        let file = finding.location.file;
        let is_open =
            finding.confidence == Confidence::Medium && finding.severity != Severity::Hint;
        let is_first = is_open && told.insert(file);
        if counts[&file] >= HABIT && !is_first && finding.confidence != Confidence::High {
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
    let (module_ref, function_id) = whole.program.locate(function);
    let catches = whole
        .program
        .catches(module_ref, function_id, handler.types);
    let is_broad = whole.program.is_broad(&catches);
    let nothing = does_nothing(module, code, handler);
    let is_silent =
        nothing || (only_constants(module, code, handler) && !tells(module, code, handler));
    let (key, confidence) = match (is_broad, nothing) {
        _ if !is_silent && falls_out(module, code, region, handler) => {
            ("falls", Confidence::Medium)
        }
        _ if !is_silent => return None,
        (true, true) if does_io(whole, function, id) => ("nothing", Confidence::High),
        (true, true) => ("nothing", Confidence::Medium),
        (true, false) => ("constant", Confidence::Medium),
        (false, true) if hides_io(whole, function, id, &catches) => ("io", Confidence::High),
        (false, true) if makes_folder(whole, function, (id, region), &catches) => {
            ("folder", Confidence::Medium)
        }
        _ => return None,
    };
    let message = Message::new(key).with("types", types_text(module, code, handler));
    let finding = Finding {
        statement: handler.header.start,
        ..draft(rule, whole.program, function, handler.header, message)
    };
    let is_question = key != "falls" && is_question(whole, function, (id, region), handler, key);
    let goes_on = key != "constant" && tries_another(module, code, region, handler);
    let is_nothing = key == "constant"
        && !does_io(whole, function, id)
        && !waits(module, code, region.body)
        && gives_nothing(module, code, handler);
    let is_heard = key == "folder" && is_used_next(module, code, region);
    let confidence =
        if is_question || goes_on || is_nothing || is_heard || is_promised(module, code) {
            Confidence::Low
        } else {
            confidence
        };
    let finding = finding.confidence(confidence).help(Message::new("tell"));
    let is_harmless = is_explained(module, handler)
        || (key != "falls" && sounds_tidying(module.name(code.name)))
        || tidies_up(module, code, region.body)
        || only_imports(code, region.body);
    Some(if is_harmless {
        finding.severity(Severity::Hint)
    } else {
        finding
    })
}

/// Whether all that a handler puts in place of what failed is a value that stands for none: who reads it has to ask.
fn gives_nothing(module: &Module, code: &Function, handler: &Handler) -> bool {
    let is_nothing = |value: ExprId| match module.kind(value) {
        ExprKind::None => true,
        ExprKind::Text(text) | ExprKind::Bytes(text) => module.name(text).is_empty(),
        ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Dict(parts) => {
            module.list(parts).is_empty()
        }
        _ => false,
    };
    insts_in(code, handler.body).all(|inst| match inst.kind {
        InstKind::Return(value) => value.is_none_or(is_nothing),
        InstKind::Bind {
            source: Source::Value(value),
            ..
        } => is_nothing(value),
        _ => true,
    })
}

/// Whether the statement behind a `try` works in the folder that it makes: it raises where there is none.
fn is_used_next(module: &Module, code: &Function, region: &Try) -> bool {
    let places = |root: ExprId| {
        let mut found: Vec<PlaceId> = Vec::new();
        module.walk(root, &mut |part| found.extend(module.kind(part).place()));
        found
    };
    let mut made = Vec::new();
    for inst in insts_in(code, region.body) {
        inst.kind
            .for_each_expr(&mut |root| made.extend(places(root)));
    }
    let mut behind: Vec<&Inst> = code
        .insts
        .iter()
        .filter(|inst| inst.span.start >= region.span.end)
        .collect();
    behind.sort_by_key(|inst| inst.span.start);
    behind.into_iter().take(DEFAULTS).any(|inst| {
        let mut found = false;
        inst.kind.for_each_expr(&mut |root| {
            let is_call = matches!(module.kind(root), ExprKind::Call { .. });
            found |= is_call && places(root).iter().any(|place| made.contains(place));
        });
        found
    })
}

/// Whether the name that a suite binds was bound to something else right before: that stands where the suite fails.
fn has_default(module: &Module, code: &Function, region: &Try) -> bool {
    let bound = |inst: &Inst| match inst.kind {
        InstKind::Bind { target, .. } => module.kind(target).place(),
        _ => None,
    };
    let mut before: Vec<&Inst> = code
        .insts
        .iter()
        .filter(|inst| inst.span.end <= region.span.start)
        .collect();
    before.sort_by_key(|inst| std::cmp::Reverse(inst.span.end));
    let defaults: Vec<PlaceId> = before.into_iter().take(DEFAULTS).map_while(bound).collect();
    insts_in(code, region.body)
        .filter_map(bound)
        .any(|name| defaults.contains(&name))
}

/// So many statements right before a `try` may give names their defaults.
const DEFAULTS: usize = 4;

/// Whether a suite only makes a folder, and everything that the system says of it is dropped: not only that it is there.
fn makes_folder(
    whole: &Whole<'_>,
    function: FunctionRef,
    (id, region): (TryId, &Try),
    catches: &Catches,
) -> bool {
    let Catches::Classes {
        classes,
        open: false,
        ..
    } = catches
    else {
        return false;
    };
    let (module, code) = whole.program.code(function);
    let is_all = classes
        .iter()
        .any(|&class| whole.program.class_name(class) == "OSError");
    let mut calls = whole.traces[function.0 as usize].library.iter();
    module.dialect == Dialect::Three
        && is_all
        && region.statements == 1
        && calls.any(|call| {
            let name = whole.program.library.get(call.callee).name.as_str();
            ["os.makedirs", "os.mkdir", "pathlib.Path.mkdir"].contains(&name)
                && is_within(code, code.block(call.block).guard, id)
        })
}

/// Whether the `try` asks a question, and that it fails is the answer: what one expression asks for; what decides how a loop or
/// the code behind goes on; what a connection alone says of the other side; a probe of what this machine has.
fn is_question(
    whole: &Whole<'_>,
    function: FunctionRef,
    (id, region): (TryId, &Try),
    handler: &Handler,
    key: &str,
) -> bool {
    let (module, code) = whole.program.code(function);
    let TryKind::Catch { otherwise, .. } = &region.kind else {
        return false;
    };
    let does_io = does_io(whole, function, id);
    let is_short = region.statements <= SHORT
        && key != "io"
        && !does_io
        && !waits(module, code, region.body)
        && key != "folder"
        && (key != "nothing"
            || only_converts(module, code, region.body)
            || has_default(module, code, region));
    let is_asked = key == "constant" && sounds_asking(module.name(code.name));
    let is_probe = key != "io" && !does_io && code.kind == FunctionKind::Module;
    is_short
        || is_asked
        || is_probe
        || (key != "constant" && (otherwise.is_some() || leaves_loop(code, handler)))
        || only_connects(whole, function, id)
        || raises_behind(code, region)
}

/// Whether a name asks whether something holds.
fn sounds_asking(name: &str) -> bool {
    const QUESTIONS: [&str; 6] = ["can_", "has_", "is_", "should_", "supports_", "_supports"];
    let name = name.trim_start_matches('_').to_ascii_lowercase();
    QUESTIONS.iter().any(|question| {
        name.starts_with(question) || (question.starts_with('_') && name.ends_with(question))
    })
}

/// Whether a handler ends the loop that its `try` stands in.
fn leaves_loop(code: &Function, handler: &Handler) -> bool {
    let in_loop = code.loops.iter().any(|of| of.suite.contains(handler.span));
    in_loop && !goes_round(code, handler)
}

/// What only asks who is there, or tunes a connection that works without.
const PROBES: [&str; 11] = [
    "close",
    "connect",
    "create_connection",
    "getaddrinfo",
    "getfqdn",
    "gethostbyname",
    "getsockopt",
    "setsockopt",
    "settimeout",
    "shutdown",
    "socket",
];

/// Whether all that a suite does over the network is to connect and to tune: no request, no data.
fn only_connects(whole: &Whole<'_>, function: FunctionRef, region: TryId) -> bool {
    let (_, code) = whole.program.code(function);
    let calls = &whole.traces[function.0 as usize].library;
    let mut all = calls
        .iter()
        .filter(|call| is_within(code, code.block(call.block).guard, region))
        .map(|call| whole.program.library.get(call.callee))
        .filter(|known| {
            let io = Effects::NETWORK.with(Effects::DATABASE);
            known.summary.effects.meets(io)
        })
        .peekable();
    all.peek().is_some()
        && all.all(|known| {
            let last = known.name.rsplit('.').next().unwrap_or_default();
            known.name.starts_with("socket.") && PROBES.contains(&last)
        })
}

/// Whether a handler only tidies up and falls out of the function's end, where the `try` returns a value: the caller gets None
/// and goes on with it.
fn falls_out(module: &Module, code: &Function, region: &Try, handler: &Handler) -> bool {
    let names = called_names(module, code, handler.body);
    let tidies = !names.is_empty()
        && names
            .iter()
            .all(|name| sounds_tidying(name) || ["values", "items", "keys"].contains(name));
    let gives = |inst: &Inst| match inst.kind {
        InstKind::Return(Some(value)) => module.kind(value) != ExprKind::None,
        _ => false,
    };
    let ends = |inst: &Inst| matches!(inst.kind, InstKind::Return(_) | InstKind::Raise { .. });
    let mut behind = code
        .insts
        .iter()
        .filter(|inst| inst.span.start >= region.span.end);
    tidies
        && !tells(module, code, handler)
        && !insts_in(code, handler.body).any(ends)
        && insts_in(code, region.body).any(gives)
        && behind.next().is_none()
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
        ..
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
