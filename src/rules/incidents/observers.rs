//! Observers: instances that register themselves with something that outlives them, and whether many of them do.

use crate::ir::{Argument, ExprId, ExprKind, Function, Module, Scope, Step};
use crate::library::schema::Runs;
use crate::project::{Evaluate, Program, Target};
use crate::rules::Whole;
use crate::rules::around::{called, receiver, root_variable};
use crate::rules::incidents::kept;
use crate::rules::incidents::reached::reached;
use crate::text::Span;
use crate::types::FunctionRef;
use std::cell::OnceCell;

/// What registers, and what would take the listener away again.
const PAIRS: [(&str, &[&str]); 15] = [
    ("addEventListener", &["removeEventListener"]),
    ("addHandler", &["removeHandler"]),
    ("addListener", &["removeListener"]),
    ("addObserver", &["deleteObserver", "removeObserver"]),
    ("add_callback", &["remove_callback"]),
    ("add_handler", &["remove_handler"]),
    ("add_listener", &["del_listener", "remove_listener"]),
    ("add_observer", &["remove_observer"]),
    ("attach", &["detach"]),
    ("on", &["off", "remove_listener"]),
    ("register", &["deregister", "unregister"]),
    ("register_callback", &["unregister_callback"]),
    ("register_listener", &["unregister_listener"]),
    ("register_observer", &["unregister_observer"]),
    ("subscribe", &["unsubscribe"]),
];

/// Where a function runs again and again.
const OFTEN: [Runs; 5] = [
    Runs::Request,
    Runs::Loop,
    Runs::Greenlet,
    Runs::Task,
    Runs::Thread,
];

/// A method that registers its instance.
pub(in crate::rules) struct Registered {
    pub(in crate::rules) call: ExprId,
    /// `remove_listener`, as the project writes it elsewhere.
    pub(in crate::rules) undo: String,
    /// The class has a method by which its instances end: there is more than one of them in the life of the program.
    pub(in crate::rules) ends: bool,
}

/// Methods by which an instance ends before the program does.
const ENDINGS: [&str; 20] = [
    "__aexit__",
    "__del__",
    "__exit__",
    "aclose",
    "cleanup",
    "close",
    "closeEvent",
    "connectionLost",
    "connection_lost",
    "destroy",
    "disconnect",
    "dispose",
    "hide",
    "leave",
    "on_close",
    "on_connection_close",
    "on_disconnect",
    "teardown",
    "unload",
    "unmount",
];

/// The calls in a method that register it, or another method of its instance, with something global, where the project
/// has a way to take listeners away and the class does not use it.
pub(in crate::rules) fn registered(
    program: &Program<'_>,
    evaluate: &Evaluate<'_, '_>,
    function: FunctionRef,
) -> Vec<Registered> {
    let (module, code) = program.code(function);
    let Some(own) = code.parameters.first().map(|first| first.place) else {
        return Vec::new();
    };
    let Some(class) = code
        .parent
        .filter(|_| program.class_of_method(function).is_some())
    else {
        return Vec::new();
    };
    let is_ending = |other: &Function| {
        other.parent == Some(class) && ENDINGS.contains(&module.name(other.name))
    };
    let ends = OnceCell::new();
    let ends = || *ends.get_or_init(|| module.functions.iter().any(is_ending));
    let class = module.function(class).span;
    let mut found = Vec::new();
    for call in code.exprs.range().map(ExprId::new) {
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            continue;
        };
        let is_kept = receiver(module, callee).is_some_and(|of| is_global(module, code, of));
        let name = called(module, code, callee);
        if !is_kept {
            continue;
        }
        let pair = PAIRS.iter().find(|(add, _)| *add == name);
        let known = pair.map(|(_, undo)| undo.to_vec());
        let undo = known.or_else(|| match program.target(evaluate.value(callee)) {
            Target::Function {
                function,
                bound: true,
            } => kept::undone_by(program, function),
            _ => None,
        });
        let Some(undo) = undo else {
            if ends()
                && let Some(undo) = kept::pushed(program, function, call)
            {
                let is_own = |of: &Argument| kept::is_of(module, of.value, own);
                let owner = program.class_of_method(function);
                let is_removed =
                    owner.is_none_or(|of| kept::is_removed(program, &undo.container, of));
                if module.arguments(arguments).iter().any(is_own) && !is_removed {
                    found.push(undo.registered(call));
                }
            }
            continue;
        };
        let is_own = |given: &Argument| match module.kind(given.value) {
            ExprKind::Name(place) => place == own,
            ExprKind::Attribute { value, .. } if module.kind(value) == ExprKind::Name(own) => {
                matches!(
                    program.target(evaluate.value(given.value)),
                    Target::Function { .. }
                )
            }
            _ => false,
        };
        if !module.arguments(arguments).iter().any(is_own) || mentions(module, class, &undo) {
            continue;
        }
        let known = undo.iter().find(|undo| program.find_symbol(undo).is_some());
        found.extend(known.map(|&undo| Registered {
            call,
            undo: undo.to_owned(),
            ends: ends(),
        }));
    }
    found
}

pub(super) fn is_global(module: &Module, code: &Function, of: ExprId) -> bool {
    let place = root_variable(module, of);
    place.is_some_and(|place| {
        matches!(
            code.place(place).step,
            Step::Variable {
                scope: Scope::Global { .. },
                ..
            }
        )
    })
}

fn mentions(module: &Module, span: Span, names: &[&str]) -> bool {
    module.exprs.iter().any(|expr| match expr.kind {
        ExprKind::Attribute { name, .. } => {
            span.contains(expr.span) && names.contains(&module.name(name))
        }
        _ => false,
    })
}

/// Which functions run again and again, each time with a new instance.
pub(in crate::rules) struct Often {
    served: Vec<Option<Runs>>,
}

impl Often {
    pub(in crate::rules) fn of(whole: &Whole<'_>) -> Self {
        Self {
            served: reached(whole, &OFTEN),
        }
    }

    /// Whether a function is reached from a request, a connection or a task.
    pub(in crate::rules) fn is_served(&self, function: FunctionRef) -> bool {
        self.served[function.0 as usize].is_some()
    }

    /// Whether a function is reached from a request, a connection, a task, or called in a loop.
    pub(in crate::rules) fn runs(&self, whole: &Whole<'_>, function: FunctionRef) -> bool {
        let in_loop = || {
            whole.graph.calls_of(function).any(|site| {
                let (module, code) = whole.program.code(site.caller);
                let span = module.span(site.call);
                code.loops
                    .iter()
                    .any(|of| crate::rules::around::covers(of.suite, span))
            })
        };
        self.served[function.0 as usize].is_some() || in_loop()
    }
}
