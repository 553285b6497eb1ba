//! What keeps listeners: a method of the project that puts its argument into a container of its instance, and the method
//! that takes it out again; a global container that instances put themselves into.

use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, InstKind, LoopKind, Module, PlaceId, Scope, Step,
};
use crate::project::Program;
use crate::rules::around::{called, receiver, root_variable, variable_name};
use crate::rules::constants::global_value;
use crate::rules::incidents::observers::Registered;
use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef};

/// Methods that put something into a container.
const PUTS: [&str; 5] = ["add", "append", "appendleft", "insert", "push"];

/// Methods that take something out of one.
const TAKES: [&str; 8] = [
    "clear",
    "difference_update",
    "discard",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "truncate",
];

/// The methods of a class that take out of a container what this method of it puts in.
pub(super) fn undone_by<'p>(program: &Program<'p>, adds: FunctionRef) -> Option<Vec<&'p str>> {
    let class = program.class_of_method(adds)?;
    let (module, code) = program.code(adds);
    let own = code.parameters.first()?.place;
    let attribute = puts_into(module, code, own)?;
    let (module_ref, _) = program.locate(adds);
    let mut found = Vec::new();
    for (index, other) in module.functions.iter().enumerate() {
        let function = program.function(module_ref, FunctionId::new(index));
        let is_sibling = function != adds
            && program.class_of_method(function) == Some(class)
            && other.parameters.len() > 1;
        if is_sibling && takes_out(module, other, attribute) {
            found.push(module.name(other.name));
        }
    }
    (!found.is_empty()).then_some(found)
}

/// The attribute of its instance that a method puts one of its parameters into.
fn puts_into<'m>(module: &'m Module, code: &Function, own: PlaceId) -> Option<&'m str> {
    let is_parameter = |expr: ExprId| match module.kind(expr) {
        ExprKind::Name(place) => place != own && code.parameters.iter().any(|of| of.place == place),
        _ => false,
    };
    let by_call = code.exprs.range().map(ExprId::new).find_map(|call| {
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            return None;
        };
        let mut given = module.arguments(arguments).iter();
        let puts = PUTS.contains(&called(module, code, callee))
            && given.any(|argument| is_parameter(argument.value));
        own_container(module, receiver(module, callee).filter(|_| puts)?, own)
    });
    by_call.or_else(|| {
        code.insts.iter().find_map(|inst| {
            let (target, value) = crate::rules::around::bound_value(inst.kind)?;
            match module.kind(target) {
                ExprKind::Subscript { value: of, .. } if is_parameter(value) => {
                    own_container(module, of, own)
                }
                _ => None,
            }
        })
    })
}

/// The attribute of the instance that an expression reaches into: `self.by_name.setdefault(name, [])` is in `by_name`.
fn own_container(module: &Module, expr: ExprId, own: PlaceId) -> Option<&str> {
    match module.kind(expr) {
        ExprKind::Attribute { value, name, .. } if module.kind(value) == ExprKind::Name(own) => {
            Some(module.name(name))
        }
        ExprKind::Subscript { value, .. } => own_container(module, value, own),
        ExprKind::Call { callee, .. } => own_container(module, receiver(module, callee)?, own),
        _ => None,
    }
}

/// Whether a method takes something out of the container that an attribute of its instance holds.
fn takes_out(module: &Module, code: &Function, attribute: &str) -> bool {
    let Some(own) = code.parameters.first().map(|first| first.place) else {
        return false;
    };
    let is_it = |expr: ExprId| own_container(module, expr, own) == Some(attribute);
    let by_call = code
        .exprs
        .range()
        .map(ExprId::new)
        .any(|call| match module.kind(call) {
            ExprKind::Call { callee, .. } => {
                TAKES.contains(&called(module, code, callee))
                    && receiver(module, callee).is_some_and(is_it)
            }
            _ => false,
        });
    by_call
        || code.insts.iter().any(|inst| match inst.kind {
            InstKind::Forget(target) => match module.kind(target) {
                ExprKind::Subscript { value, .. } => is_it(value),
                _ => false,
            },
            // The container is made anew, without it.
            InstKind::Bind { target, .. } => {
                module.name(code.name) != "__init__"
                    && matches!(module.kind(target), ExprKind::Attribute { .. })
                    && is_it(target)
            }
            _ => false,
        })
}

/// A global container that something is put into.
pub(super) struct Pushed {
    pub(super) container: String,
}

impl Pushed {
    pub(super) fn registered(self, call: ExprId) -> Registered {
        Registered {
            call,
            undo: format!("{}.remove", self.container),
            ends: true,
        }
    }
}

/// `listeners.append(…)`: a list or set of the module, whose items the module calls or tells in a loop.
pub(super) fn pushed(program: &Program<'_>, function: FunctionRef, call: ExprId) -> Option<Pushed> {
    let (module, code) = program.code(function);
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return None;
    };
    if !matches!(called(module, code, callee), "append" | "add") {
        return None;
    }
    let ExprKind::Name(place) = module.kind(receiver(module, callee)?) else {
        return None;
    };
    let Step::Variable {
        scope: Scope::Global { .. },
        ..
    } = code.place(place).step
    else {
        return None;
    };
    let name = variable_name(module, code, place);
    let value = global_value(program, function, name)?;
    let is_plain = match module.kind(value) {
        ExprKind::List(_) | ExprKind::Set(_) => true,
        ExprKind::Call { arguments, .. } => {
            let made = made_by(module, value);
            matches!(made, "list" | "set") && module.arguments(arguments).is_empty()
        }
        _ => false,
    };
    (is_plain && is_told(module, name)).then(|| Pushed {
        container: name.to_owned(),
    })
}

fn made_by(module: &Module, call: ExprId) -> &str {
    match module.kind(call) {
        ExprKind::Call { callee, .. } => called(module, module.body(), callee),
        _ => "",
    }
}

/// Whether some loop of the module goes over a global.
fn is_told(module: &Module, name: &str) -> bool {
    let is_it = |code: &Function, expr: ExprId| {
        let expr = match module.kind(expr) {
            ExprKind::Call { arguments, .. } => match module.arguments(arguments).first() {
                Some(first) => first.value,
                None => return false,
            },
            _ => expr,
        };
        matches!(module.kind(expr), ExprKind::Name(place) if variable_name(module, code, place) == name)
    };
    module.functions.iter().any(|code| {
        code.loops.iter().any(|of| match of.kind {
            LoopKind::For { iterable, .. } => is_it(code, iterable),
            LoopKind::While { .. } => false,
        })
    })
}

/// Whether an argument is the instance, a method of it, or what it holds.
pub(super) fn is_of(module: &Module, expr: ExprId, own: PlaceId) -> bool {
    match module.kind(expr) {
        ExprKind::Name(place) => place == own,
        ExprKind::Attribute { value, .. } => module.kind(value) == ExprKind::Name(own),
        _ => false,
    }
}

/// Whether anything in the project takes the instances of a class out of a container of that name, measures it or binds it
/// anew in a function. Instances of other classes that take themselves out do not.
pub(super) fn is_removed(program: &Program<'_>, container: &str, class: ClassRef) -> bool {
    program.sources.iter().enumerate().any(|(source, of)| {
        let module = &of.module;
        let module_ref = ModuleRef(source as u32);
        module.names.iter().any(|name| name == container)
            && module.functions.iter().enumerate().any(|(index, code)| {
                let is_it = |expr: ExprId| match module.kind(expr) {
                    ExprKind::Name(place) => variable_name(module, code, place) == container,
                    ExprKind::Attribute { name, .. } => module.name(name) == container,
                    _ => false,
                };
                let owner = || {
                    let function = program.function(module_ref, FunctionId::new(index));
                    program.class_of_method(function)
                };
                let own = code.parameters.first().map(|first| first.place);
                let by_call =
                    code.exprs
                        .range()
                        .map(ExprId::new)
                        .any(|call| match module.kind(call) {
                            ExprKind::Call { callee, arguments } => {
                                let name = called(module, code, callee);
                                let given = module.arguments(arguments).first();
                                let is_others = || {
                                    let given =
                                        given.and_then(|first| root_variable(module, first.value));
                                    given.is_some()
                                        && given == own
                                        && owner().is_some_and(|of| of != class)
                                };
                                TAKES.contains(&name)
                                    && receiver(module, callee).is_some_and(is_it)
                                    && !is_others()
                                    || name == "len"
                                        && given.is_some_and(|first| is_it(first.value))
                            }
                            _ => false,
                        });
                by_call
                    || code.insts.iter().any(|inst| match inst.kind {
                        InstKind::Forget(target) => match module.kind(target) {
                            ExprKind::Subscript { value, .. } => is_it(value),
                            _ => is_it(target),
                        },
                        InstKind::Bind { target, .. } => {
                            let at = match module.kind(target) {
                                ExprKind::Subscript { value, .. } => value,
                                _ => target,
                            };
                            index != 0 && is_it(at)
                        }
                        _ => false,
                    })
            })
    })
}
