//! Who looks after what fails where no caller does: futures whose results are read under handlers, observers of tasks, handlers and
//! middleware of a framework.

use super::entry::Entry;
use super::search::guard_at;
use crate::ir::{ExprId, ExprKind, Function, Inst, InstKind, Module, Source, TryKind};
use crate::library::schema::Fate;
use crate::project::Program;
use crate::types::FunctionRef;

/// Methods that are told what becomes of a task.
const OBSERVERS: [&str; 3] = [
    "add_done_callback",
    "link_exception",
    "set_exception_handler",
];

/// Methods that raise what a task raised.
const TAKERS: [&str; 3] = ["exception", "get", "result"];

/// Methods whose results raise what the functions raise that they are given.
const MAPS: [&str; 6] = [
    "imap",
    "imap_unordered",
    "map",
    "map_unordered",
    "starmap",
    "istarmap",
];

/// An entry of whose failures somebody is told.
pub(super) fn raised(entry: Entry) -> Entry {
    match entry {
        Entry::Registered { runs, .. } => Entry::Registered {
            runs,
            fate: Fate::Raised,
        },
        other => other,
    }
}

/// Whether the function that hands another one on with `call` looks after what becomes of it.
pub(super) fn is_watched(program: &Program<'_>, by: FunctionRef, call: ExprId) -> bool {
    let (module, code) = program.code(by);
    let name_of = |expr: ExprId| match module.kind(expr) {
        ExprKind::Call { callee, arguments } => match module.kind(callee) {
            ExprKind::Attribute { name, .. } => Some((module.name(name), arguments)),
            _ => None,
        },
        _ => None,
    };
    let is_mapped = name_of(call).is_some_and(|(name, _)| MAPS.contains(&name));
    if is_mapped && is_caught(module, code, call) {
        return true;
    }
    code.exprs.range().map(ExprId::new).any(|expr| {
        let Some((name, arguments)) = name_of(expr) else {
            return matches!(module.kind(expr), ExprKind::Await(task)
                if matches!(module.kind(task), ExprKind::Name(_)))
                && is_caught(module, code, expr);
        };
        (OBSERVERS.contains(&name) && observes(module, code, expr, call))
            || (TAKERS.contains(&name)
                && (name != "get" || module.arguments(arguments).is_empty())
                && is_caught(module, code, expr))
    })
}

/// Whether an observer is told of what `call` makes: it is set on the very thing, or on the whole loop. What only forgets a task that is
/// done looks at nothing.
fn observes(module: &Module, code: &Function, setting: ExprId, call: ExprId) -> bool {
    const FORGETS: [&str; 3] = ["discard", "pop", "remove"];
    let ExprKind::Call { callee, arguments } = module.kind(setting) else {
        return false;
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return false;
    };
    let forgets = |argument: ExprId| {
        matches!(module.kind(argument), ExprKind::Attribute { name, .. }
            if FORGETS.contains(&module.name(name)))
    };
    let first = module.arguments(arguments).first();
    if first.is_some_and(|first| forgets(first.value)) {
        return false;
    }
    let span = module.span(call);
    let is_bound = |inst: &Inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(made),
            ..
        } => {
            module.span(made).contains(span)
                && module.kind(target).place().is_some()
                && module.kind(target).place() == module.kind(value).place()
        }
        _ => false,
    };
    module.name(name) == "set_exception_handler"
        || module.span(value).contains(span)
        || code.insts.iter().any(is_bound)
}

/// Whether handlers stand around an expression.
fn is_caught(module: &Module, code: &Function, expr: ExprId) -> bool {
    let mut at = guard_at(module, code, expr);
    while let Some(region) = at {
        let region = code.region(region);
        if matches!(region.kind, TryKind::Catch { .. }) {
            return true;
        }
        at = region.parent;
    }
    false
}

/// Whether some handler or middleware of the project answers for errors of requests.
pub(super) fn handles_errors(program: &Program<'_>) -> bool {
    const NAMES: [&str; 4] = [
        "exception_handler",
        "process_exception",
        "add_exception_handler",
        "EXCEPTION_HANDLER",
    ];
    const BY_CODE: [&str; 2] = ["errorhandler", "register_error_handler"];
    let is_named = |names: &[&str]| {
        let mut names = names.iter();
        names.any(|name| program.find_symbol(name).is_some())
    };
    is_named(&NAMES)
        || (is_named(&BY_CODE) && !answers_codes_only(program, &BY_CODE))
        || (is_named(&["middleware"]) && has_catching_middleware(program))
}

/// Whether all that is registered is pages for codes of answers, as for what is not found, and none for a failure of the server.
fn answers_codes_only(program: &Program<'_>, names: &[&str]) -> bool {
    const FAILURE: i32 = 500;
    let (mut codes, mut others) = (0, 0);
    for source in program.sources {
        let module = &source.module;
        for expr in &module.exprs {
            let ExprKind::Call { callee, arguments } = expr.kind else {
                continue;
            };
            if !matches!(module.kind(callee), ExprKind::Attribute { name, .. }
                if names.contains(&module.name(name)))
            {
                continue;
            }
            let first = module.arguments(arguments).first();
            match first.map(|first| module.kind(first.value)) {
                Some(ExprKind::Int(code)) if code != FAILURE => codes += 1,
                _ => others += 1,
            }
        }
    }
    codes > 0 && others == 0
}

/// Whether a function that is decorated as a middleware has handlers.
fn has_catching_middleware(program: &Program<'_>) -> bool {
    (0..program.function_count() as u32).any(|index| {
        let (module, code) = program.code(FunctionRef(index));
        let catches = |kind: &TryKind| matches!(kind, TryKind::Catch { .. });
        code.tries.iter().any(|region| catches(&region.kind))
            && module.list(code.decorators).iter().any(|&decorator| {
                matches!(module.kind(decorator), ExprKind::Attribute { name, .. }
                    if module.name(name) == "middleware")
            })
    })
}
