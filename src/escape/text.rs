//! Files that are read as text, which they may not be.

use crate::infer::LibraryCall;
use crate::ir::{
    Dialect, ExprId, ExprKind, Function, InstKind, LoopKind, Module, Passing, PlaceId, Source,
    TryId, TryKind,
};
use crate::text::Span;

/// Methods of a file that read it.
const READS: [&str; 3] = ["read", "readline", "readlines"];

/// Codecs that read anything.
const ANYTHING: [&str; 4] = ["cp437", "iso-8859-1", "latin-1", "latin1"];

/// Whether a function that reads a text says nothing of bytes that are none: no `errors=…`, no codec that reads anything.
pub(super) fn is_strict(module: &Module, code: &Function) -> bool {
    module.dialect == Dialect::Three
        && code
            .exprs
            .range()
            .map(ExprId::new)
            .all(|part| match module.kind(part) {
                ExprKind::Call { arguments, .. } => {
                    module
                        .arguments(arguments)
                        .iter()
                        .all(|argument| match argument.passing {
                            Passing::Keyword(name) => match module.name(name) {
                                "errors" => false,
                                "encoding" => match module.kind(argument.value) {
                                    ExprKind::Text(codec) => {
                                        !ANYTHING.contains(&module.name(codec))
                                    }
                                    _ => true,
                                },
                                _ => true,
                            },
                            _ => true,
                        })
                }
                _ => true,
            })
}

/// Whether a method is called on a file that some function opened for bytes: `with fopen(path, "rb") as file`.
pub(super) fn is_of_bytes(module: &Module, code: &Function, call: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    let file = match module.kind(callee) {
        ExprKind::Attribute { value, .. } => module.kind(value).place(),
        _ => None,
    };
    let Some(file) = file else {
        return false;
    };
    let is_mode = |expr: ExprId| {
        matches!(module.kind(expr), ExprKind::Text(mode)
            if module.name(mode).len() <= 3
                && module.name(mode).contains('b')
                && module.name(mode).chars().all(|letter| "rwaxbU+".contains(letter)))
    };
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value) | Source::Entered { manager: value, .. },
            ..
        } if module.kind(target).place() == Some(file) => match module.kind(value) {
            ExprKind::Call { arguments, .. } => {
                let mut arguments = module.arguments(arguments).iter();
                arguments.any(|argument| is_mode(argument.value))
            }
            _ => false,
        },
        _ => false,
    })
}

/// Whether a file is opened as a text, and read under the same handlers.
pub(super) fn is_read(module: &Module, code: &Function, call: LibraryCall) -> bool {
    let Some(suite) = suite_of(code, code.block(call.block).guard) else {
        return false;
    };
    is_strict(module, code) && opens_text(module, call.call) && {
        let file = file_of(module, code, call.call);
        let is_file = |part: ExprId| {
            part == call.call || file.is_some_and(|file| module.kind(part).place() == Some(file))
        };
        reads(module, code, suite, &is_file)
    }
}

/// The suite of the innermost `try` with handlers around a place.
fn suite_of(code: &Function, guard: Option<TryId>) -> Option<Span> {
    let mut at = guard;
    loop {
        let region = code.region(at?);
        match region.kind {
            TryKind::Catch { .. } => return Some(region.body),
            TryKind::With { .. } | TryKind::Finally { .. } => at = region.parent,
        }
    }
}

/// Whether the mode of a call of `open` is that of a text to be read: not given, or written out.
fn opens_text(module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let arguments = module.arguments(arguments);
    let named = arguments.iter().find(|argument| {
        matches!(argument.passing, Passing::Keyword(name) if module.name(name) == "mode")
    });
    let second = arguments
        .get(1)
        .filter(|argument| argument.passing == Passing::Positional);
    match second.or(named).map(|mode| module.kind(mode.value)) {
        None => true,
        Some(ExprKind::Text(mode)) => {
            let mode = module.name(mode);
            mode.starts_with('r') && !mode.contains(['b', '+'])
        }
        Some(_) => false,
    }
}

/// The variable that an opened file is bound to.
fn file_of(module: &Module, code: &Function, call: ExprId) -> Option<PlaceId> {
    code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value) | Source::Entered { manager: value, .. },
            ..
        } if value == call => module.kind(target).place(),
        _ => None,
    })
}

/// Whether a file is read in a suite: line by line, or by a method.
fn reads(module: &Module, code: &Function, suite: Span, is_file: &dyn Fn(ExprId) -> bool) -> bool {
    let by_line = code.loops.iter().any(|of| match of.kind {
        LoopKind::For { iterable, .. } => {
            suite.contains(module.span(iterable)) && is_file(iterable)
        }
        LoopKind::While { .. } => false,
    });
    by_line
        || code.exprs.range().map(ExprId::new).any(|part| {
            let callee = match module.kind(part) {
                ExprKind::Call { callee, .. } if suite.contains(module.span(part)) => callee,
                _ => return false,
            };
            matches!(module.kind(callee), ExprKind::Attribute { value, name, .. }
                if READS.contains(&module.name(name)) && is_file(value))
        })
}
