//! What excuses a handler that keeps an exception for itself: a comment, a promise in the docstring, a body that only tidies
//! up, imports or asks.

use crate::escape::clauses::{called_names, insts_in};
use crate::ir::{ExprKind, Function, Handler, InstKind, Module, Source, Try};
use crate::rules::around::called;
use crate::text::Span;

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

/// Parts of sentences that say what a function does when something fails, in lower case.
const PROMISES: [&str; 13] = [
    "error",
    "fail",
    "exception",
    "best effort",
    "best-effort",
    "silent",
    "ignor",
    "unable",
    "could not",
    "cannot be",
    "can't be",
    "if possible",
    "unavailable",
];

/// Methods that must answer whatever happens: who prints an object wants no traceback.
const TOTAL: [&str; 6] = [
    "__repr__",
    "__str__",
    "__unicode__",
    "__format__",
    "__hash__",
    "__bool__",
];

/// Whether a comment says why: below the clause's first line, or right above it. Those on the line talk to other tools, and
/// `TODO` says that somebody meant to do it better.
pub(in crate::rules) fn is_explained(module: &Module, handler: &Handler) -> bool {
    let lines = &module.lines;
    let header = lines.row(handler.header.start);
    let inside = lines.row(handler.header.end) + 1..=lines.row(handler.span.end);
    let is_there = |comment: &Span| {
        let row = lines.row(comment.start);
        inside.contains(&row) || row + 1 == header
    };
    module.comments.iter().any(is_there) && !module.admissions.iter().any(is_there)
}

/// Whether the docstring says what comes out when something fails, or the function is one that must not fail.
pub(in crate::rules) fn is_promised(module: &Module, code: &Function) -> bool {
    if TOTAL.contains(&module.name(code.name)) {
        return true;
    }
    let text = docstring(module, code).unwrap_or_default();
    PROMISES.iter().any(|part| text.contains(part))
}

/// A function's docstring in lower case.
pub(in crate::rules) fn docstring(module: &Module, code: &Function) -> Option<String> {
    let InstKind::Eval(first) = code.insts.first()?.kind else {
        return None;
    };
    match module.kind(first) {
        ExprKind::Text(text) if code.has_docstring => Some(module.name(text).to_ascii_lowercase()),
        _ => None,
    }
}

/// Whether all that a suite calls only tidies up.
pub(in crate::rules) fn tidies_up(module: &Module, code: &Function, suite: Span) -> bool {
    let names = called_names(module, code, suite);
    !names.is_empty() && names.iter().all(|name| sounds_tidying(name))
}

/// Whether a name is that of something that tidies up.
pub(in crate::rules) fn sounds_tidying(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    TIDYING.iter().any(|part| lower.contains(part))
}

/// Whether a suite only imports.
pub(in crate::rules) fn only_imports(code: &Function, suite: Span) -> bool {
    let mut insts = insts_in(code, suite);
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

/// Whether a suite waits for something: what that is can fail for a reason outside.
pub(in crate::rules) fn waits(module: &Module, code: &Function, suite: Span) -> bool {
    code.exprs.range().map(|at| &module.exprs[at]).any(|expr| {
        matches!(expr.kind, ExprKind::Await(_) | ExprKind::Yield(_)) && suite.contains(expr.span)
    })
}

/// Whether the statement right behind a `try` raises: whoever gets there hears of it.
pub(in crate::rules) fn raises_behind(code: &Function, region: &Try) -> bool {
    let behind = code
        .insts
        .iter()
        .filter(|inst| inst.span.start >= region.span.end);
    let next = behind.min_by_key(|inst| inst.span.start);
    next.is_some_and(|inst| {
        matches!(
            inst.kind,
            InstKind::Raise {
                assertion: false,
                ..
            }
        )
    })
}

/// What turns one value into another, or looks into one: it fails for one reason.
const CONVERTS: [&str; 32] = [
    "bool",
    "bytes",
    "decode",
    "decodebytes",
    "b64decode",
    "dict",
    "encode",
    "find",
    "float",
    "format",
    "get",
    "getattr",
    "getpass",
    "group",
    "hash",
    "hasattr",
    "id",
    "index",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "loads",
    "next",
    "repr",
    "setattr",
    "split",
    "str",
    "strip",
    "tuple",
];

/// Whether all that a suite calls only turns one value into another.
pub(in crate::rules) fn only_converts(module: &Module, code: &Function, suite: Span) -> bool {
    let exprs = code.exprs.range().map(|at| &module.exprs[at]);
    let mut calls = exprs.filter_map(|expr| match expr.kind {
        ExprKind::Call { callee, .. } if suite.contains(expr.span) => Some(callee),
        _ => None,
    });
    calls.all(|callee| CONVERTS.contains(&called(module, code, callee)))
}
