//! Interfaces and abstract classes: which methods have no body, and which classes leave them so.

use crate::ir::{
    Class, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, Passing, Scope, Step,
};
use crate::project::{Coverage, Evaluate, Program, Symbol, Target};
use crate::rules::Whole;
use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef, Type};
use rustc_hash::{FxHashMap, FxHashSet};

/// What a class leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Open {
    /// The class.
    pub(in crate::rules) class: ClassRef,
    /// Its abstract methods: Python refuses to instantiate it.
    pub(in crate::rules) declared: Vec<FunctionRef>,
    /// Methods that only raise NotImplementedError.
    pub(in crate::rules) raising: Vec<FunctionRef>,
    /// The class statement says that it is abstract, whatever its methods are.
    pub(in crate::rules) is_marked: bool,
}

/// A call that makes an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Instance {
    /// Whose code it is in.
    pub(in crate::rules) function: FunctionRef,
    /// The call.
    pub(in crate::rules) call: ExprId,
    /// Its instruction.
    pub(in crate::rules) inst: u32,
}

/// Every class that can be read to the top and leaves a method open, or says that it is abstract.
pub(in crate::rules) fn open_classes(whole: &Whole<'_>) -> Vec<Open> {
    let program = whole.program;
    let first = program.library.class_count() as u32;
    let all = (0..program.classes.len() as u32).map(|index| ClassRef(first + index));
    all.filter_map(|class| open_class(program, class)).collect()
}

fn open_class(program: &Program<'_>, class: ClassRef) -> Option<Open> {
    let info = program.project_class(class)?;
    let chain = &info.linearization;
    if !chain.iter().all(|&at| is_plain(program, at)) {
        return None;
    }
    let mut seen: FxHashSet<Symbol> = FxHashSet::default();
    let mut open = Open {
        class,
        declared: Vec::new(),
        raising: Vec::new(),
        is_marked: is_marked(program, class),
    };
    let is_declared = is_declared(program, class);
    for &at in chain {
        let Some(info) = program.project_class(at) else {
            continue;
        };
        let mut members: Vec<_> = info.members.iter().collect();
        members.sort_unstable_by_key(|(symbol, _)| **symbol);
        for (&symbol, value) in members {
            if !seen.insert(symbol) {
                continue;
            }
            let Type::Function { function, .. } = program.types.get(value.class) else {
                continue;
            };
            if is_abstract(program, function) {
                if is_declared && defines(program, at, function) {
                    open.declared.push(function);
                }
            } else if only_raises(program, function) && !info.attributes.contains_key(&symbol) {
                open.raising.push(function);
            }
        }
    }
    open.declared.sort_unstable();
    open.raising.sort_unstable();
    (open.is_marked || !open.declared.is_empty() || !open.raising.is_empty()).then_some(open)
}

/// Whether the class statement says that the class is abstract: `class Base(ABC)`, `metaclass=ABCMeta`.
fn is_marked(program: &Program<'_>, class: ClassRef) -> bool {
    let Some((module_ref, module, of)) = syntax(program, class) else {
        return false;
    };
    let evaluate = Evaluate::new(program, module_ref, of.parent);
    let mut bases = module.arguments(of.arguments).iter();
    let has_base = bases.any(|argument| {
        let base = evaluate.class_named(argument.value);
        argument.passing == Passing::Positional
            && base.is_some_and(|base| program.class_name(base) == "abc.ABC")
    });
    has_base || says_so(program, class)
}

/// Whether a function is written in this class's own body.
fn defines(program: &Program<'_>, class: ClassRef, function: FunctionRef) -> bool {
    program.class_of_method(function) == Some(class)
}

/// Whether nothing but its body says what a class has: every base is known, no decorator changes it, no `__new__` makes
/// something else, and no other metaclass has a say.
fn is_plain(program: &Program<'_>, class: ClassRef) -> bool {
    let Some((module_ref, module, of)) = syntax(program, class) else {
        let name = program.class_name(class);
        return matches!(
            name,
            "object" | "abc.ABC" | "typing.Generic" | "typing.Protocol"
        ) || name.ends_with("Error")
            || name.ends_with("Exception");
    };
    let evaluate = Evaluate::new(program, module_ref, of.parent);
    let bases_are_known =
        module
            .arguments(of.arguments)
            .iter()
            .all(|argument| match argument.passing {
                Passing::Positional => {
                    evaluate.class_named(base(module, argument.value)).is_some()
                        || is_metaclass_base(module, &evaluate, argument.value)
                }
                Passing::Keyword(name) => {
                    module.name(name) != "metaclass" || is_abc_meta(&evaluate, argument.value)
                }
                Passing::Star | Passing::DoubleStar => false,
            });
    let decorators = module.list(of.decorators).iter();
    let decorated = decorators.copied().any(|decorator| {
        let callee = match module.kind(decorator) {
            ExprKind::Call { callee, .. } => callee,
            _ => decorator,
        };
        let name = evaluate.dotted(callee).unwrap_or_default();
        !matches!(
            name.rsplit('.').next().unwrap_or_default(),
            "add_metaclass"
                | "dataclass"
                | "final"
                | "runtime_checkable"
                | "python_2_unicode_compatible"
        )
    });
    bases_are_known && !decorated && !makes_others(program, class)
}

/// `Generic[T]` is `Generic`.
fn base(module: &Module, expr: ExprId) -> ExprId {
    match module.kind(expr) {
        ExprKind::Subscript { value, .. } => value,
        _ => expr,
    }
}

fn makes_others(program: &Program<'_>, class: ClassRef) -> bool {
    let Some(info) = program.project_class(class) else {
        return false;
    };
    ["__new__", "__getattr__", "__getattribute__"]
        .iter()
        .filter_map(|name| program.find_symbol(name))
        .any(|symbol| info.members.contains_key(&symbol))
}

pub(in crate::rules) fn syntax<'a>(
    program: &Program<'a>,
    class: ClassRef,
) -> Option<(ModuleRef, &'a Module, &'a Class)> {
    let info = program.project_class(class)?;
    let (module_ref, id) = (info.module?, info.id?);
    let module = program.module(module_ref);
    Some((module_ref, module, module.class(id)))
}

/// Whether a class says that it is abstract, or an ancestor says so: Python then refuses to instantiate it while a method is missing.
pub(in crate::rules) fn is_declared(program: &Program<'_>, class: ClassRef) -> bool {
    let chain = program.linearization(class);
    chain.iter().any(|&at| says_so(program, at))
}

/// Whether the class statement itself says so.
pub(in crate::rules) fn says_so(program: &Program<'_>, class: ClassRef) -> bool {
    let Some((module_ref, module, of)) = syntax(program, class) else {
        return matches!(
            program.class_name(class),
            "abc.ABC" | "typing.Protocol" | "typing_extensions.Protocol"
        );
    };
    let evaluate = Evaluate::new(program, module_ref, of.parent);
    let by_argument =
        module
            .arguments(of.arguments)
            .iter()
            .any(|argument| match argument.passing {
                Passing::Positional => is_metaclass_base(module, &evaluate, argument.value),
                Passing::Keyword(name) => {
                    module.name(name) == "metaclass" && is_abc_meta(&evaluate, argument.value)
                }
                _ => false,
            });
    let by_decorator = module
        .list(of.decorators)
        .iter()
        .any(|&decorator| is_metaclass_call(module, &evaluate, decorator, "add_metaclass"));
    by_argument || by_decorator || has_old_metaclass(program, class)
}

/// Python 2: `__metaclass__ = ABCMeta` in the body.
fn has_old_metaclass(program: &Program<'_>, class: ClassRef) -> bool {
    let (Some(symbol), Some(info)) = (
        program.find_symbol("__metaclass__"),
        program.project_class(class),
    ) else {
        return false;
    };
    info.members.contains_key(&symbol)
}

/// `six.with_metaclass(ABCMeta)`.
fn is_metaclass_base(module: &Module, evaluate: &Evaluate<'_, '_>, expr: ExprId) -> bool {
    is_metaclass_call(module, evaluate, expr, "with_metaclass")
}

fn is_metaclass_call(
    module: &Module,
    evaluate: &Evaluate<'_, '_>,
    expr: ExprId,
    wanted: &str,
) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(expr) else {
        return false;
    };
    let name = evaluate.dotted(callee).unwrap_or_default();
    let arguments = module.arguments(arguments);
    let rest_is_object = arguments
        .iter()
        .skip(1)
        .all(|argument| evaluate.dotted(argument.value).as_deref() == Some("object"));
    name.rsplit('.').next() == Some(wanted)
        && rest_is_object
        && arguments
            .first()
            .is_some_and(|first| is_abc_meta(evaluate, first.value))
}

fn is_abc_meta(evaluate: &Evaluate<'_, '_>, expr: ExprId) -> bool {
    let name = evaluate.dotted(expr).unwrap_or_default();
    name.rsplit('.').next() == Some("ABCMeta")
}

/// Whether a method is marked as abstract.
pub(in crate::rules) fn is_abstract(program: &Program<'_>, function: FunctionRef) -> bool {
    if !program.decoration(function).is_abstract {
        return false;
    }
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let code = module.function(id);
    let Some(parent) = code.parent else {
        return false;
    };
    let evaluate = Evaluate::new(program, module_ref, parent);
    let decorators = module.list(code.decorators).iter();
    decorators.copied().any(|decorator| {
        let name = evaluate.dotted(decorator).unwrap_or_default();
        name.rsplit('.')
            .next()
            .is_some_and(|name| name.starts_with("abstract"))
    })
}

/// What the body of a method amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Body {
    /// Nothing: `pass`, a docstring, `return None`.
    Empty,
    /// `raise NotImplementedError`.
    Raises,
    /// Something.
    Works,
}

/// What the body of a method amounts to.
pub(in crate::rules) fn body(module: &Module, code: &Function) -> Body {
    let mut raises = false;
    if code.is_generator {
        return Body::Works;
    }
    for inst in &code.insts {
        match inst.kind {
            InstKind::Eval(value) => {
                if !matches!(
                    module.kind(value),
                    ExprKind::Text(_) | ExprKind::Ellipsis | ExprKind::None
                ) {
                    return Body::Works;
                }
            }
            InstKind::Return(None) => {}
            InstKind::Return(Some(value)) if module.kind(value) == ExprKind::None => {}
            InstKind::Raise {
                exception: Some(exception),
                ..
            } if names_not_implemented(module, code, exception) => raises = true,
            _ => return Body::Works,
        }
    }
    if raises { Body::Raises } else { Body::Empty }
}

fn names_not_implemented(module: &Module, code: &Function, exception: ExprId) -> bool {
    let named = match module.kind(exception) {
        ExprKind::Call { callee, .. } => callee,
        _ => exception,
    };
    module.dotted(code, named).as_deref() == Some("NotImplementedError")
}

fn only_raises(program: &Program<'_>, function: FunctionRef) -> bool {
    let (module, code) = program.code(function);
    code.kind == FunctionKind::Def && body(module, code) == Body::Raises
}

/// Every call that makes an instance of one of these classes, by class.
pub(in crate::rules) fn instances(
    whole: &Whole<'_>,
    wanted: &FxHashSet<ClassRef>,
) -> FxHashMap<ClassRef, Vec<Instance>> {
    let program = whole.program;
    let names: FxHashSet<&str> = wanted
        .iter()
        .map(|&class| program.class_name(class))
        .collect();
    let mut found: FxHashMap<ClassRef, Vec<Instance>> = FxHashMap::default();
    for index in 0..program.sources.len() as u32 {
        let module_ref = ModuleRef(index);
        let module = program.module(module_ref);
        let mentions = module
            .names
            .iter()
            .any(|name| names.contains(name.as_str()));
        if !mentions {
            continue;
        }
        for id in 0..module.functions.len() {
            in_function(
                whole,
                module_ref,
                crate::ir::FunctionId::new(id),
                wanted,
                &mut found,
            );
        }
    }
    found
}

fn in_function(
    whole: &Whole<'_>,
    module_ref: ModuleRef,
    id: crate::ir::FunctionId,
    wanted: &FxHashSet<ClassRef>,
    found: &mut FxHashMap<ClassRef, Vec<Instance>>,
) {
    let program = whole.program;
    let module = program.module(module_ref);
    let code = module.function(id);
    let function = program.function(module_ref, id);
    let evaluate = Evaluate::new(program, module_ref, id);
    for block in &code.blocks {
        for inst in block.insts.range() {
            code.insts[inst].kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |call| {
                    let ExprKind::Call { callee, .. } = module.kind(call) else {
                        return;
                    };
                    let Target::Construct { class, .. } = program.target(evaluate.value(callee))
                    else {
                        return;
                    };
                    let is_meant = wanted.contains(&class)
                        && names(program, module, code, callee, class)
                        && !is_expected(program, function, block.guard);
                    if is_meant {
                        found.entry(class).or_default().push(Instance {
                            function,
                            call,
                            inst: inst as u32,
                        });
                    }
                });
            });
        }
    }
}

/// Whether an expression names just this class: what `cls`, a parameter or an attribute holds may be a subclass.
fn names(
    program: &Program<'_>,
    module: &Module,
    code: &Function,
    expr: ExprId,
    class: ClassRef,
) -> bool {
    let name = match module.kind(expr) {
        ExprKind::Attribute { name, .. } => module.name(name),
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable {
                scope: Scope::Parameter { .. },
                ..
            } => return false,
            Step::Variable { name, .. } => module.name(name),
            _ => return false,
        },
        _ => return false,
    };
    name == program.class_name(class)
}

/// Whether somebody waits for the TypeError.
fn is_expected(
    program: &Program<'_>,
    function: FunctionRef,
    guard: Option<crate::ir::TryId>,
) -> bool {
    let class = program
        .library
        .class("TypeError", program.dialect(function));
    guard.is_some()
        && class.is_some_and(|class| program.caught_in(function, guard, class).0 != Coverage::None)
}
