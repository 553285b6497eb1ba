//! What decorators make of a function.

use super::{Evaluate, Program};
use crate::ir::{
    Clause, Comparison, ExprId, ExprKind, Function, InstKind, LoopKind, Module, Next,
    ParameterKind, UnaryOperator,
};
use crate::library::schema::{Decorator, Makes};
use crate::types::{FunctionRef, Type};

/// How a function's decorators change what calling its name does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoration {
    /// Some decorator is there at all.
    pub is_decorated: bool,
    /// Calling the name may not call the function, or not as it is written.
    pub is_opaque: bool,
    /// Reading the attribute calls it.
    pub is_property: bool,
    /// It has no receiver.
    pub is_static: bool,
    /// Its receiver is the class.
    pub is_class_method: bool,
    /// It is a generator made into a context manager.
    pub is_context_manager: bool,
    /// It has no body worth the name: abstract, or one of several overloads.
    pub is_abstract: bool,
    /// Something registers it: a route, a command, a signal handler. It is called from outside.
    pub is_registered: bool,
    /// It refuses arguments that are None.
    pub rejects_none: bool,
}

/// Reads the decorators of a function.
pub(super) fn decoration(program: &Program<'_>, function: FunctionRef) -> Decoration {
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let code = module.function(id);
    let mut decoration = Decoration {
        is_decorated: !code.decorators.is_empty(),
        ..Decoration::default()
    };
    let Some(parent) = code.parent else {
        return decoration;
    };
    let evaluate = Evaluate::new(program, module_ref, parent);
    for &decorator in module.list(code.decorators) {
        apply(&mut decoration, program, &evaluate, module, decorator);
    }
    let name = module.name(code.name);
    if matches!(name, "__new__" | "__init_subclass__" | "__class_getitem__")
        && !decoration.is_static
    {
        decoration.is_class_method = true;
    }
    decoration
}

fn apply(
    decoration: &mut Decoration,
    program: &Program<'_>,
    evaluate: &Evaluate<'_, '_>,
    module: &Module,
    decorator: ExprId,
) {
    let dotted = evaluate
        .dotted(callee(module, decorator))
        .unwrap_or_default();
    let last = dotted.rsplit('.').next().unwrap_or_default();
    match last {
        "property"
        | "cached_property"
        | "abstractproperty"
        | "lazy_property"
        | "reify"
        | "classproperty"
        | "locked_cached_property"
        | "memoized_property"
        | "memoized_instancemethod"
        | "lazy_attribute" => {
            decoration.is_property = true;
            decoration.is_abstract |= last == "abstractproperty";
        }
        "staticmethod" | "abstractstaticmethod" => decoration.is_static = true,
        "classmethod" | "abstractclassmethod" | "hybridmethod" => decoration.is_class_method = true,
        "contextmanager" | "asynccontextmanager" => decoration.is_context_manager = true,
        "abstractmethod" | "overload" => decoration.is_abstract = true,
        "setter" | "deleter" | "getter" => decoration.is_opaque = true,
        _ => other(decoration, program, evaluate, module, decorator, &dotted),
    }
}

fn other(
    decoration: &mut Decoration,
    program: &Program<'_>,
    evaluate: &Evaluate<'_, '_>,
    module: &Module,
    decorator: ExprId,
    dotted: &str,
) {
    let of_group = || {
        let name = program.method_name(evaluate, module, callee(module, decorator))?;
        program.library.decorator(&name)
    };
    if let Some(known) = program.library.decorator(dotted).or_else(of_group) {
        return known_decorator(decoration, known);
    }
    decoration.is_registered = true;
    let value = evaluate.value(callee(module, decorator));
    let is_call = matches!(module.kind(decorator), ExprKind::Call { .. });
    let Type::Function { function, .. } = program.types.get(value.class) else {
        decoration.is_opaque = true;
        return;
    };
    decoration.is_opaque |= !returns_its_argument(program, function, is_call);
    decoration.rejects_none |= refuses_none(program, function);
}

fn known_decorator(decoration: &mut Decoration, known: &Decorator) {
    match known.makes {
        Some(Makes::Same) | None => {}
        Some(Makes::Property) => decoration.is_property = true,
        Some(Makes::Static) => decoration.is_static = true,
        Some(Makes::Class) => decoration.is_class_method = true,
        Some(Makes::Abstract | Makes::Overload) => decoration.is_abstract = true,
        Some(Makes::AbstractProperty) => {
            decoration.is_property = true;
            decoration.is_abstract = true;
        }
        Some(Makes::ContextManager | Makes::AsyncContextManager) => {
            decoration.is_context_manager = true
        }
        Some(Makes::Task) => decoration.is_registered = true,
        Some(
            Makes::Deferred
            | Makes::Coroutine
            | Makes::Dispatch
            | Makes::Dataclass
            | Makes::Fixture
            | Makes::Unknown,
        ) => {
            decoration.is_opaque = true;
        }
    }
    decoration.rejects_none |= known.rejects_none;
}

/// Whether a decorator of the project hands back the function it was given, or a wrapper that says `functools.wraps`.
fn returns_its_argument(
    program: &Program<'_>,
    decorator: FunctionRef,
    has_arguments: bool,
) -> bool {
    let (module, code) = program.code(decorator);
    if has_arguments {
        return false;
    }
    let Some(first) = code.parameters.first() else {
        return false;
    };
    let mut returns = code.insts.iter().filter_map(|inst| match inst.kind {
        crate::ir::InstKind::Return(Some(value)) => Some(module.kind(value)),
        _ => None,
    });
    let mut any = false;
    let all = returns.all(|kind| {
        any = true;
        matches!(kind, ExprKind::Name(place) if place == first.place)
    });
    any && all
}

/// What a decorator expression calls, or the expression itself.
pub(super) fn callee(module: &Module, decorator: ExprId) -> ExprId {
    match module.kind(decorator) {
        ExprKind::Call { callee, .. } => callee,
        _ => decorator,
    }
}

/// Whether a decorator of the project wraps what it is given in a function that lets no argument pass that is None.
fn refuses_none(program: &Program<'_>, decorator: FunctionRef) -> bool {
    let (module_ref, id) = program.locate(decorator);
    let module = program.module(module_ref);
    let mut inside = module.inside(id).into_iter();
    inside.any(|inner| raises_on_none(module, module.function(inner)))
}

/// Whether one of the branches that a wrapper ends in is taken where one of its arguments is None.
fn raises_on_none(module: &Module, wrapper: &Function) -> bool {
    wrapper.blocks.iter().any(|block| {
        let first = wrapper.insts(block).first().map(|inst| inst.kind);
        match (first, block.next) {
            (Some(InstKind::Assume { test, holds }), Next::Raise) => {
                finds_none(module, wrapper, test, holds)
            }
            _ => false,
        }
    })
}

/// Whether a condition that came out like this says that some argument is None.
fn finds_none(module: &Module, wrapper: &Function, test: ExprId, holds: bool) -> bool {
    let of_each = |argument: ExprId, holds: bool| {
        let ExprKind::Comprehension(id) = module.kind(argument) else {
            return false;
        };
        let comprehension = module.comprehension(id);
        let over = |clause: &Clause| mentions_arguments(module, wrapper, clause.iterable);
        comprehension.clauses.iter().any(over)
            && is_none_test(module, comprehension.element, holds).is_some()
    };
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => finds_none(module, wrapper, operand, !holds),
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| finds_none(module, wrapper, part, holds))
        }
        ExprKind::Compare {
            operator: Comparison::In,
            left,
            right,
        } if module.kind(left) == ExprKind::None => {
            holds && mentions_arguments(module, wrapper, right)
        }
        ExprKind::Compare { .. } => is_none_test(module, test, holds)
            .is_some_and(|subject| is_each_argument(module, wrapper, subject)),
        ExprKind::Call { callee, arguments } => {
            let name = module.dotted(wrapper, callee);
            let mut arguments = module.arguments(arguments).iter();
            match name.as_deref() {
                Some("any") => holds && arguments.any(|argument| of_each(argument.value, true)),
                Some("all") => !holds && arguments.any(|argument| of_each(argument.value, false)),
                _ => false,
            }
        }
        _ => false,
    }
}

/// What is None where a comparison came out like this.
fn is_none_test(module: &Module, test: ExprId, holds: bool) -> Option<ExprId> {
    let ExprKind::Compare {
        operator,
        left,
        right,
    } = module.kind(test)
    else {
        return None;
    };
    let says_none = match operator {
        Comparison::Is | Comparison::Equal => holds,
        Comparison::IsNot | Comparison::NotEqual => !holds,
        _ => false,
    };
    (says_none && module.kind(right) == ExprKind::None).then_some(left)
}

/// Whether a name is bound by a loop over `args` or `kwargs`.
fn is_each_argument(module: &Module, wrapper: &Function, subject: ExprId) -> bool {
    wrapper.loops.iter().any(|of| {
        let LoopKind::For {
            target, iterable, ..
        } = of.kind
        else {
            return false;
        };
        let mut bound = false;
        module.walk(target, &mut |part| {
            bound |= module.kind(part) == module.kind(subject);
        });
        bound && mentions_arguments(module, wrapper, iterable)
    })
}

/// Whether an expression looks at `args` or `kwargs`.
fn mentions_arguments(module: &Module, wrapper: &Function, expr: ExprId) -> bool {
    let stars = wrapper.parameters.iter().filter(|parameter| {
        matches!(
            parameter.kind,
            ParameterKind::Star | ParameterKind::DoubleStar
        )
    });
    let places: Vec<_> = stars
        .map(|parameter| ExprKind::Name(parameter.place))
        .collect();
    let mut found = false;
    module.walk(expr, &mut |part| {
        found |= places.contains(&module.kind(part))
    });
    found
}
