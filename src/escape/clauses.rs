//! What `except` clauses do with what they catch.

use crate::ir::{
    ExprId, ExprKind, Function, Handler, Inst, InstKind, Module, Next, Scope, Source, Step,
};
use crate::text::Span;
use rustc_hash::FxHashSet;

/// What becomes of an exception in a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ends here, on some way through the handler at least.
    Handled,
    /// Every way through the handler raises it again.
    Reraised,
    /// Every way through the handler raises something, and not always the same exception.
    Translated,
}

/// Names of functions that tell somebody.
const TELLING: [&str; 31] = [
    "exception",
    "error",
    "warning",
    "warn",
    "critical",
    "fatal",
    "info",
    "debug",
    "log",
    "msg",
    "err",
    "errback",
    "print",
    "print_exc",
    "print_exception",
    "format_exc",
    "exc_info",
    "capture_exception",
    "captureException",
    "capture_message",
    "captureMessage",
    "handle_error",
    "handleError",
    "echo",
    "secho",
    "notify",
    "failure",
    "fail",
    "write",
    "excepthook",
    "record_exception",
];

/// Parts of names of functions that tell somebody.
const TELLING_PARTS: [&str; 12] = [
    "log", "warn", "report", "error", "trace", "display", "incr", "metric", "stat", "print",
    "alert", "message",
];

/// What becomes of what a handler catches.
pub fn fate(module: &Module, code: &Function, handler: &Handler) -> Fate {
    let mut seen = FxHashSet::default();
    let mut open = vec![handler.entry];
    let mut translates = false;
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        let block = code.block(at);
        let insts = code.insts(block);
        if insts.iter().any(|inst| !handler.span.contains(inst.span)) {
            return Fate::Handled;
        }
        if insts.iter().any(|inst| is_reraise_call(module, code, inst)) {
            continue;
        }
        match block.next {
            Next::Goto(next) => open.push(next),
            Next::Branch(one, other) => open.extend([one, other]),
            Next::Raise => {
                translates |= insts
                    .last()
                    .is_some_and(|inst| !reraises(module, handler, inst))
            }
            // What ends the program or the request says something else than what was caught.
            Next::Never => translates = true,
            Next::Return | Next::Resume(_) => return Fate::Handled,
        }
    }
    if translates {
        Fate::Translated
    } else {
        Fate::Reraised
    }
}

/// Whether an instruction raises what the handler caught.
fn reraises(module: &Module, handler: &Handler, inst: &Inst) -> bool {
    let InstKind::Raise {
        exception,
        assertion: false,
        ..
    } = inst.kind
    else {
        return false;
    };
    let Some(mut exception) = exception else {
        return true;
    };
    // `raise e.with_traceback(tb)`
    if let ExprKind::Call { callee, .. } = module.kind(exception)
        && let ExprKind::Attribute { value, .. } = module.kind(callee)
    {
        exception = value;
    }
    let target = handler
        .target
        .and_then(|target| module.kind(target).place());
    match module.kind(exception) {
        ExprKind::Name(place) => target == Some(place),
        // Python 2: `raise type, value, traceback` of what `sys.exc_info()` gave.
        ExprKind::Tuple(parts) => module.list(parts).len() == 3,
        _ => false,
    }
}

fn is_reraise_call(module: &Module, code: &Function, inst: &Inst) -> bool {
    let InstKind::Eval(value) = inst.kind else {
        return false;
    };
    let ExprKind::Call { callee, .. } = module.kind(value) else {
        return false;
    };
    matches!(
        name_of(module, code, callee),
        "reraise" | "raiseException" | "raise_from"
    )
}

/// The last part of the name that a call calls.
pub fn called_name(module: &Module, expr: ExprId) -> Option<&str> {
    let ExprKind::Call { callee, .. } = module.kind(expr) else {
        return None;
    };
    match module.kind(callee) {
        ExprKind::Attribute { name, .. } => Some(module.name(name)),
        _ => None,
    }
}

/// The instructions of a suite.
pub fn insts_in(code: &Function, suite: Span) -> impl Iterator<Item = &Inst> {
    code.insts
        .iter()
        .filter(move |inst| suite.contains(inst.span))
}

/// Whether a suite does nothing: `pass`, `continue`, `break`, a docstring.
pub fn does_nothing(module: &Module, code: &Function, handler: &Handler) -> bool {
    insts_in(code, handler.body).all(|inst| match inst.kind {
        InstKind::Eval(value) => matches!(
            module.kind(value),
            ExprKind::Text(_) | ExprKind::Ellipsis | ExprKind::None
        ),
        InstKind::Declare { .. } => true,
        _ => false,
    })
}

/// Whether a suite only returns constants or binds them to names.
pub fn only_constants(module: &Module, code: &Function, handler: &Handler) -> bool {
    insts_in(code, handler.body).all(|inst| match inst.kind {
        InstKind::Return(value) => value.is_none_or(|value| is_constant(module, value)),
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } => is_constant(module, value) && !is_flag(module, target, value),
        InstKind::Eval(value) => is_constant(module, value) || returns_constant(module, value),
        InstKind::Declare { .. } => true,
        _ => false,
    })
}

/// Whether a handler notes what happened where somebody else looks: `self.is_broken = True`.
fn is_flag(module: &Module, target: ExprId, value: ExprId) -> bool {
    matches!(module.kind(value), ExprKind::True | ExprKind::False)
        && matches!(
            module.kind(target),
            ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
        )
}

/// Twisted's `returnValue(constant)`.
fn returns_constant(module: &Module, expr: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(expr) else {
        return false;
    };
    let is_return = called_name(module, expr) == Some("returnValue");
    let mut arguments = module.arguments(arguments).iter();
    is_return && arguments.all(|argument| is_constant(module, argument.value))
}

/// Whether a suite keeps the exception as a whole, for somebody else to raise: `sys.exc_info()`, `Failure()`.
pub fn keeps_exception(module: &Module, code: &Function, handler: &Handler) -> bool {
    let mut kept = false;
    let mut taken_apart = false;
    for inst in insts_in(code, handler.body) {
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| match module.kind(part) {
                ExprKind::Call { callee, .. } => {
                    kept |= matches!(
                        name_of(module, code, callee),
                        "exc_info" | "Failure" | "fail" | "set_exception"
                    )
                }
                ExprKind::Subscript { value, .. } => {
                    taken_apart |= called_name(module, value) == Some("exc_info")
                }
                _ => {}
            });
        });
    }
    kept && !taken_apart
}

fn is_constant(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::None
        | ExprKind::True
        | ExprKind::False
        | ExprKind::Ellipsis
        | ExprKind::Int(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Bytes(_) => true,
        ExprKind::Unary { operand, .. } => is_constant(module, operand),
        ExprKind::Tuple(parts)
        | ExprKind::List(parts)
        | ExprKind::Set(parts)
        | ExprKind::Dict(parts) => module
            .list(parts)
            .iter()
            .all(|&part| is_constant(module, part)),
        _ => false,
    }
}

/// Whether a handler tells somebody: it logs, prints, reports, or does something with the exception.
pub fn tells(module: &Module, code: &Function, handler: &Handler) -> bool {
    let target = handler
        .target
        .and_then(|target| module.kind(target).place());
    let mut found = false;
    for inst in insts_in(code, handler.body) {
        if matches!(inst.kind, InstKind::Raise { .. }) {
            return true;
        }
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| {
                found |= match module.kind(part) {
                    ExprKind::Name(place) if !handler.header.contains(module.span(part)) => {
                        Some(place) == target
                    }
                    ExprKind::Call { callee, .. } => is_telling(name_of(module, code, callee)),
                    _ => false,
                };
            });
        });
    }
    found
}

fn is_telling(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    TELLING.contains(&name) || TELLING_PARTS.iter().any(|part| lower.contains(part))
}

/// The last part of a name or attribute.
fn name_of<'m>(module: &'m Module, code: &Function, callee: ExprId) -> &'m str {
    match module.kind(callee) {
        ExprKind::Attribute { name, .. } => module.name(name),
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable {
                name,
                scope:
                    Scope::Global { .. }
                    | Scope::Local { .. }
                    | Scope::Free { .. }
                    | Scope::Parameter { .. }
                    | Scope::Comprehension,
            } => module.name(name),
            _ => "",
        },
        _ => "",
    }
}

/// The names of everything that a suite calls.
pub fn called_names<'m>(module: &'m Module, code: &'m Function, suite: Span) -> Vec<&'m str> {
    let mut names = Vec::new();
    for inst in insts_in(code, suite) {
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| {
                if let ExprKind::Call { callee, .. } = module.kind(part) {
                    names.push(name_of(module, code, callee));
                }
            });
        });
    }
    names
}
