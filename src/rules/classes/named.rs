//! Calls of methods by names that only one family of classes has, on values that nobody can follow.

use crate::ir::{ExprId, ExprKind, Function, FunctionId, InstKind, Module, Source};
use crate::project::{Evaluate, Program, Target};
use crate::rules::classes::interfaces::{Instance, Open};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::stores::method;
use crate::rules::{Whole, is_test};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef, Type};
use rustc_hash::FxHashMap;

/// Names that other things have, too: such a call says nothing of its receiver.
const COMMON: [&str; 31] = [
    "add", "append", "call", "clear", "close", "copy", "count", "decode", "delete", "encode",
    "execute", "format", "get", "index", "items", "join", "keys", "name", "next", "open", "pop",
    "read", "run", "save", "send", "set", "start", "stop", "update", "values", "write",
];

/// Calls of methods, by the methods' names.
pub(super) struct Named {
    calls: FxHashMap<String, Vec<(FunctionRef, ExprId)>>,
}

impl Named {
    /// The calls, outside of tests, of everything that the families of these classes have.
    pub(super) fn of(whole: &Whole<'_>, open: &[Open]) -> Self {
        let program = whole.program;
        let mut calls: FxHashMap<String, Vec<(FunctionRef, ExprId)>> = FxHashMap::default();
        for of in open {
            for class in program.linearization(of.class) {
                let members = program.project_class(class).map(|info| &info.members);
                for value in members.into_iter().flat_map(|members| members.values()) {
                    if let Type::Function { function, .. } = program.types.get(value.class) {
                        let (module, code) = program.code(function);
                        calls.entry(module.name(code.name).to_owned()).or_default();
                    }
                }
            }
        }
        for index in 0..program.function_count() as u32 {
            let function = FunctionRef(index);
            let (module, code) = program.code(function);
            if is_test(program, function) {
                continue;
            }
            for call in code.exprs.range().map(ExprId::new) {
                if let Some((_, name)) = method(module, call)
                    && let Some(known) = calls.get_mut(name)
                {
                    known.push((function, call));
                }
            }
        }
        Self { calls }
    }

    /// A call of this method, or of what overrides it, on what may be an instance of the class.
    pub(super) fn call(
        &self,
        whole: &Whole<'_>,
        class: ClassRef,
        called: FunctionRef,
    ) -> Option<Location> {
        let program = whole.program;
        let (module, code) = program.code(called);
        let name = module.name(code.name);
        let is_rare = !COMMON.contains(&name) && is_of_one_family(program, class, name);
        let mut calls = self.calls.get(name)?.iter();
        let &(function, call) = calls.find(|&&(function, call)| {
            let (module_ref, id) = program.locate(function);
            may_be(program, module_ref, id, call, class, is_rare)
        })?;
        let (module, _) = program.code(function);
        Some(Location {
            file: program.file(function),
            span: module.span(call),
        })
    }
}

/// Whether the receiver of a call may be of a class: it is of an ancestor of it, or nobody knows.
fn may_be(
    program: &Program<'_>,
    module_ref: ModuleRef,
    id: FunctionId,
    call: ExprId,
    class: ClassRef,
    is_rare: bool,
) -> bool {
    let module = program.module(module_ref);
    let code = module.function(id);
    let Some((receiver, _)) = method(module, call) else {
        return false;
    };
    let own = code.parameters.first().filter(|_| code.class.is_some());
    if own.is_some_and(|own| module.kind(receiver) == ExprKind::Name(own.place)) {
        return false;
    }
    let value = Evaluate::new(program, module_ref, id).value(receiver);
    match program.types.get(value.class) {
        Type::Instance(of) if of == class => false,
        Type::Instance(of) => {
            // An item of a list of which only the first ones are known may be of any class of the family.
            program.has_ancestor(class, of)
                || is_item(module, code, receiver) && is_related(program, class, of)
        }
        Type::Unknown => is_rare && value.kinds == crate::value::Value::UNKNOWN.kinds,
        _ => false,
    }
}

/// Whether a variable is what a loop goes over.
fn is_item(module: &Module, code: &Function, expr: ExprId) -> bool {
    code.insts.iter().any(|inst| {
        matches!(inst.kind, InstKind::Bind { target, source: Source::Element { .. }, .. }
            if module.kind(target) == module.kind(expr))
    })
}

/// Whether two classes have an ancestor of the project in common.
fn is_related(program: &Program<'_>, one: ClassRef, other: ClassRef) -> bool {
    let chain = program.linearization(one);
    let mut others = program.linearization(other).into_iter();
    others.any(|of| program.project_class(of).is_some() && chain.contains(&of))
}

/// Whether all classes of the project with a method of this name descend from one that this class descends from.
fn is_of_one_family(program: &Program<'_>, class: ClassRef, name: &str) -> bool {
    let Some(symbol) = program.find_symbol(name) else {
        return false;
    };
    let has = |of: ClassRef| {
        program
            .project_class(of)
            .is_some_and(|info| info.members.contains_key(&symbol))
    };
    let chain = program.linearization(class);
    let Some(&root) = chain.iter().rev().find(|&&of| has(of)) else {
        return false;
    };
    let first = program.library.class_count() as u32;
    let mut all = (0..program.classes.len() as u32).map(|index| ClassRef(first + index));
    all.all(|of| !has(of) || program.has_ancestor(of, root))
}

/// Whether an instance goes where nobody can follow it: into a container, an attribute, a call, out of the function.
pub(super) fn is_let_out(whole: &Whole<'_>, place: &Instance) -> bool {
    let (module, code) = whole.program.code(place.function);
    let usage = Usage::of(module, code);
    let is_out = |expr: ExprId| match usage.fate(expr) {
        Fate::Part(parent) => !matches!(
            module.kind(parent),
            ExprKind::Attribute { .. }
                | ExprKind::Compare { .. }
                | ExprKind::Binary { .. }
                | ExprKind::Unary { .. }
                | ExprKind::Subscript { .. }
        ),
        Fate::Other => true,
        _ => false,
    };
    let fate = usage.fate(place.call);
    match fate {
        Fate::Bound(_) => match usage.variable(fate) {
            Some(variable) => usage.reads(variable).into_iter().any(is_out),
            None => true,
        },
        _ => is_out(place.call),
    }
}

/// Whether the same function makes an instance of another class of the family, which has the method, and puts it into the
/// same place.
pub(super) fn has_sibling(
    whole: &Whole<'_>,
    place: &Instance,
    class: ClassRef,
    missing: FunctionRef,
) -> bool {
    let program = whole.program;
    let (module_ref, id) = program.locate(place.function);
    let (module, code) = program.code(place.function);
    let (home, defined) = program.code(missing);
    let name = home.name(defined.name);
    let evaluate = Evaluate::new(program, module_ref, id);
    let usage = Usage::of(module, code);
    let Some(wanted) = destination(module, code, &usage, place.call) else {
        return false;
    };
    let mut exprs = code.exprs.range().map(ExprId::new);
    exprs.any(|call| {
        let ExprKind::Call { callee, .. } = module.kind(call) else {
            return false;
        };
        match program.target(evaluate.value(callee)) {
            Target::Construct { class: other, .. } => {
                let has = program.method(other, name);
                other != class
                    && is_related(program, class, other)
                    && has.is_some_and(|has| has != missing)
                    && destination(module, code, &usage, call).as_ref() == Some(&wanted)
            }
            _ => false,
        }
    })
}

/// Where a value goes: the variable or attribute that holds it, or the container that it is in; out of the function.
fn destination(
    module: &Module,
    code: &Function,
    usage: &Usage<'_>,
    value: ExprId,
) -> Option<String> {
    match usage.fate(value) {
        Fate::Bound(target) => module.dotted(code, target),
        Fate::Other => Some("return".to_owned()),
        Fate::Part(parent) => match module.kind(parent) {
            ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Set(_) | ExprKind::Dict(_) => {
                destination(module, code, usage, parent)
            }
            ExprKind::Call { callee, .. } => match module.kind(callee) {
                ExprKind::Attribute { value, name, .. }
                    if matches!(module.name(name), "add" | "append" | "insert") =>
                {
                    module.dotted(code, value)
                }
                _ => module.dotted(code, callee),
            },
            _ => None,
        },
        _ => None,
    }
}
