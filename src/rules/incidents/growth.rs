//! What the rules about containers that grow share: what is done with one, and whether calls bring ever new things.

use crate::ir::{ExprId, ExprKind, Function, FunctionKind, InstKind, Module, PlaceId};
use crate::rules::Whole;
use crate::rules::around::{binds, called, receiver};
use crate::rules::dynamic::origin::origin;
use crate::text::Span;
use crate::types::FunctionRef;

/// Methods that put something in.
const GROWING: [&str; 7] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "insert",
    "setdefault",
    "update",
];

/// Methods that only look.
const LOOKING: [&str; 15] = [
    "copy",
    "count",
    "get",
    "has_key",
    "index",
    "issubset",
    "issuperset",
    "items",
    "iteritems",
    "iterkeys",
    "itervalues",
    "keys",
    "sort",
    "union",
    "values",
];

/// Methods that take something out of what stands under a key.
const THINNING: [&str; 8] = [
    "clear",
    "discard",
    "get_nowait",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "difference_update",
];

/// Functions that only look; a length that is asked for may be a bound.
const READING: [&str; 12] = [
    "any",
    "all",
    "dict",
    "enumerate",
    "iter",
    "list",
    "max",
    "min",
    "repr",
    "sorted",
    "str",
    "sum",
];

/// Arguments of which a program has only so many: its classes and functions.
const LIMITED: [&str; 14] = [
    "callback", "class_", "cls", "f", "fn", "func", "function", "klass", "method", "model",
    "module", "self", "type", "type_",
];

/// What functions are called that fill a table once.
const FILLING: [&str; 16] = [
    "add_",
    "configure",
    "declare",
    "define",
    "init",
    "install",
    "load",
    "_load",
    "populate",
    "read",
    "register",
    "_register",
    "set",
    "setup",
    "import",
    "_init",
];

/// Where something is put in.
#[derive(Clone, Copy)]
pub(in crate::rules) struct Growth {
    pub(in crate::rules) function: FunctionRef,
    pub(in crate::rules) at: ExprId,
    /// What decides how many there will be.
    pub(in crate::rules) by: ExprId,
    pub(in crate::rules) statement: Span,
}

/// What is done with a container.
pub(in crate::rules) enum Use {
    Looks,
    /// Something is put in: where, and what decides how many.
    Grows(ExprId, ExprId),
    /// Something is put into what stands under a key: a new one where the container makes what is missing.
    Fills(ExprId, ExprId),
    Other,
}

/// Whether a container makes what is asked for and missing: `defaultdict(list)`.
pub(in crate::rules) fn makes_missing(module: &Module, code: &Function, value: ExprId) -> bool {
    matches!(module.kind(value), ExprKind::Call { callee, .. } if called(module, code, callee) == "defaultdict")
}

/// Whether a value is a container with nothing in it.
pub(in crate::rules) fn is_empty_container(
    module: &Module,
    code: &Function,
    value: ExprId,
) -> bool {
    match module.kind(value) {
        ExprKind::List(parts) | ExprKind::Dict(parts) => parts.is_empty(),
        ExprKind::Call { callee, arguments } => {
            let name = called(module, code, callee);
            let arguments = module.arguments(arguments);
            match name {
                "list" | "dict" | "set" | "OrderedDict" | "Counter" => arguments.is_empty(),
                "defaultdict" => arguments.len() == 1,
                "deque" => arguments.is_empty(),
                _ => false,
            }
        }
        _ => false,
    }
}

/// What an instruction does with a container, given the expressions around it.
pub(in crate::rules) fn use_of(
    module: &Module,
    code: &Function,
    kind: InstKind,
    chain: &[ExprId],
    expr: ExprId,
) -> Use {
    let Some(&parent) = chain.last() else {
        return match kind {
            // What a loop iterates, what a condition tests.
            InstKind::Eval(_) => Use::Looks,
            _ => Use::Other,
        };
    };
    let above = chain.len().checked_sub(2).map(|index| chain[index]);
    match module.kind(parent) {
        ExprKind::Subscript { value, index, .. } if value == expr => match kind {
            InstKind::Bind { target, .. } if target == parent => Use::Grows(parent, index),
            InstKind::Forget(_) => Use::Other,
            InstKind::Bind { target, .. } if thins(module, target, chain, expr) => Use::Other,
            _ => match above.map(|above| module.kind(above)) {
                Some(ExprKind::Attribute { name, .. }) => {
                    let name = module.name(name);
                    if GROWING.contains(&name) {
                        Use::Fills(parent, index)
                    } else if THINNING.contains(&name) {
                        Use::Other
                    } else {
                        Use::Looks
                    }
                }
                _ => Use::Looks,
            },
        },
        ExprKind::Attribute { name, .. } => {
            let Some(ExprKind::Call { callee, arguments }) = above.map(|above| module.kind(above))
            else {
                return Use::Other;
            };
            let method = module.name(name);
            let first = module.arguments(arguments).first();
            match first {
                _ if callee != parent => Use::Other,
                Some(first) if GROWING.contains(&method) => Use::Grows(parent, first.value),
                _ if LOOKING.contains(&method) => Use::Looks,
                _ => Use::Other,
            }
        }
        ExprKind::Compare { .. } | ExprKind::Unary { .. } => Use::Looks,
        ExprKind::And(_) | ExprKind::Or(_) if matches!(kind, InstKind::Eval(_)) => Use::Looks,
        ExprKind::Comprehension(_) => Use::Looks,
        ExprKind::Call { callee, .. } if callee != expr => {
            let name = called(module, code, callee);
            let is_told = name == "len" && tells(module, kind, &chain[..chain.len() - 1]);
            if receiver(module, callee).is_none() && (READING.contains(&name) || is_told) {
                Use::Looks
            } else {
                Use::Other
            }
        }
        _ => Use::Other,
    }
}

/// Whether a length is only passed on to somebody, who logs or counts it.
fn tells(module: &Module, kind: InstKind, around: &[ExprId]) -> bool {
    let is_call = |&part: &ExprId| matches!(module.kind(part), ExprKind::Call { .. });
    let compares = |&part: &ExprId| matches!(module.kind(part), ExprKind::Compare { .. });
    matches!(kind, InstKind::Eval(_)) && around.iter().any(is_call) && !around.iter().any(compares)
}

/// `hits[key] = [hit for hit in hits[key] if …]`: what is old is left out.
fn thins(module: &Module, target: ExprId, chain: &[ExprId], expr: ExprId) -> bool {
    let is_same = matches!(module.kind(target), ExprKind::Subscript { value, .. }
        if module.kind(value) == module.kind(expr));
    let is_part = |&part: &ExprId| match module.kind(part) {
        ExprKind::Comprehension(_) => true,
        ExprKind::Subscript { index, .. } => matches!(module.kind(index), ExprKind::Slice { .. }),
        _ => false,
    };
    is_same && chain.iter().any(is_part)
}

/// Whether a function puts in ever new things: no table that is filled once, no decorator, no key that a program has
/// only so many of.
pub(in crate::rules) fn keeps_growing(
    whole: &Whole<'_>,
    function: FunctionRef,
    by: ExprId,
) -> bool {
    let (module, code) = whole.program.code(function);
    let own = module.name(code.name);
    let fills = FILLING.iter().any(|start| own.starts_with(start));
    let is_decorator = whole.graph.escapes(function) && makes_decorator(module, code);
    code.kind == FunctionKind::Def
        && !fills
        && !is_decorator
        && (depends_on_arguments(module, code, by)
            || is_new_instance(module, code, by)
            || origin(whole, function, by).is_some())
        && !is_called_on_import_only(whole, function)
        && !crate::rules::is_test(whole.program, function)
}

fn is_called_on_import_only(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let program = whole.program;
    let mut sites = whole.graph.calls_of(function).peekable();
    sites.peek().is_some()
        && sites.all(|site| {
            let (_, caller) = program.code(site.caller);
            matches!(caller.kind, FunctionKind::Module | FunctionKind::Class)
        })
}

/// A function that returns one of its parameters or a function inside it is applied to definitions.
fn makes_decorator(module: &Module, code: &Function) -> bool {
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => match module.kind(value) {
            ExprKind::Name(place) => code
                .parameters
                .iter()
                .any(|parameter| parameter.place == place),
            _ => false,
        },
        _ => false,
    })
}

/// `instances.append(self)` in a constructor.
pub(in crate::rules) fn is_new_instance(module: &Module, code: &Function, by: ExprId) -> bool {
    let first = code.parameters.first().map(|first| first.place);
    module.name(code.name) == "__init__"
        && code.class.is_some()
        && first.is_some_and(|first| module.kind(by) == ExprKind::Name(first))
}

/// Whether what an expression says comes from the arguments: nothing else makes new keys for ever.
fn depends_on_arguments(module: &Module, code: &Function, by: ExprId) -> bool {
    let mut found = false;
    module.walk(by, &mut |part| {
        if let ExprKind::Name(place) = module.kind(part) {
            found |= is_argument(module, code, place) || is_derived(module, code, place);
        }
    });
    found
}

fn is_argument(module: &Module, code: &Function, place: PlaceId) -> bool {
    let mut parameters = code.parameters.iter();
    parameters.any(|parameter| {
        parameter.place == place && !LIMITED.contains(&module.name(parameter.name))
    })
}

/// A local variable that is made from an argument.
fn is_derived(module: &Module, code: &Function, place: PlaceId) -> bool {
    code.insts.iter().any(|inst| {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            return false;
        };
        if !binds(module, target, place) {
            return false;
        }
        let mut found = false;
        source.for_each_expr(&mut |value| {
            module.walk(value, &mut |part| {
                if let ExprKind::Name(of) = module.kind(part) {
                    found |= is_argument(module, code, of);
                }
            });
        });
        found
    })
}
