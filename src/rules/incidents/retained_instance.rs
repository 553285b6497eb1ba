//! `retained-instance`: a cache on a method keeps every instance alive that it was called on.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{ExprId, ExprKind, Function, Module, Passing};
use crate::library::schema::Caches;
use crate::project::{Evaluate, Program};
use crate::rules::incidents::observers::Often;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::ClassRef;
use crate::types::FunctionRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "retained-instance",
    family: Family::Incidents,
    page: include_str!("../../../rules/retained-instance.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Bases whose instances live as long as the program anyway.
const ETERNAL: [&str; 7] = [
    "Enum", "Flag", "IntEnum", "IntFlag", "StrEnum", "type", "ABCMeta",
];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let functions = (0..program.function_count() as u32).map(FunctionRef);
    let mut often = None;
    functions
        .filter(|&function| {
            program.decoration(function).is_decorated && whole.is_reported(function)
        })
        .filter_map(|function| finding(rule, whole, function, &mut often))
        .collect()
}

/// Whether instances of a class are made again and again: each of them stays until others have pushed it out.
fn is_made_often(whole: &Whole<'_>, class: ClassRef, often: &mut Option<Often>) -> bool {
    let Some(constructor) = whole.program.method(class, "__init__") else {
        return false;
    };
    let often = often.get_or_insert_with(|| Often::of(whole));
    often.is_served(constructor)
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    often: &mut Option<Often>,
) -> Option<Finding> {
    let program = whole.program;
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let code = module.function(id);
    let evaluate = Evaluate::new(program, module_ref, code.parent?);
    let decorators = module.list(code.decorators).iter();
    let (decorator, caches) = decorators
        .copied()
        .find_map(|decorator| Some((decorator, caching(program, &evaluate, module, decorator)?)))?;
    let name = module.name(code.name);
    let decoration = program.decoration(function);
    let class = program.class_of_method(function).filter(|_| {
        !decoration.is_static && !decoration.is_class_method && takes_instance(module, code)
    });
    let is_unbounded = caches == Caches::Unbounded;
    let (key, is_hint) = match class {
        Some(class) if lives_on(program, class) => return None,
        Some(_) if is_unbounded => ("for-ever", is_cleared(module)),
        Some(class) => ("method", !is_made_often(whole, class, often)),
        None => {
            let takes = code
                .parameters
                .iter()
                .skip(usize::from(decoration.is_class_method));
            if !is_unbounded || takes.count() == 0 {
                return None;
            }
            ("unbounded", true)
        }
    };
    let message = Message::new(key).with("function", name);
    let mut found = draft(rule, program, function, module.span(decorator), message);
    if is_hint {
        found.severity = Severity::Hint;
    }
    let help = if class.is_some() { "instance" } else { "bound" };
    found.statement = code.span.start;
    let confidence = if is_unbounded {
        Confidence::High
    } else {
        Confidence::Medium
    };
    Some(found.confidence(confidence).help(Message::new(help)))
}

/// Whether something in the file empties a cache.
fn is_cleared(module: &Module) -> bool {
    module.names.iter().any(|name| name == "cache_clear")
}

/// Whether the first parameter is an instance, not the class.
fn takes_instance(module: &Module, code: &Function) -> bool {
    code.parameters
        .first()
        .is_some_and(|first| module.name(first.name) == "self")
}

/// How a decorator keeps arguments alive.
fn caching(
    program: &Program<'_>,
    evaluate: &Evaluate<'_, '_>,
    module: &Module,
    decorator: ExprId,
) -> Option<Caches> {
    let (callee, arguments) = match module.kind(decorator) {
        ExprKind::Call { callee, arguments } => (callee, module.arguments(arguments)),
        _ => (decorator, &[][..]),
    };
    let known = program.library.decorator(&evaluate.dotted(callee)?)?;
    let size = arguments.iter().find(|argument| match argument.passing {
        Passing::Positional => true,
        Passing::Keyword(name) => module.name(name) == "maxsize",
        _ => false,
    });
    match (known.caches?, size.map(|size| module.kind(size.value))) {
        (Caches::OnInstance, _) => None,
        (Caches::Bounded, Some(ExprKind::None)) => Some(Caches::Unbounded),
        // One entry holds one instance.
        (Caches::Bounded, Some(ExprKind::Int(0 | 1))) => None,
        (caches, _) => Some(caches),
    }
}

/// Whether instances of a class are never given up: members of an enum, classes, the one instance that a module makes.
fn lives_on(program: &Program<'_>, class: ClassRef) -> bool {
    let ancestors = program.linearization(class);
    let by_name = ancestors.iter().any(|&ancestor| {
        let name = program.class_name(ancestor);
        ETERNAL.contains(&name.rsplit('.').next().unwrap_or(name))
    });
    let keywords = program.project_class(class).and_then(|info| {
        let module = program.module(info.module?);
        let arguments = module.arguments(module.class(info.id?).arguments);
        Some(arguments.iter().any(|argument| {
            matches!(argument.passing, Passing::Keyword(name) if module.name(name) == "metaclass")
        }))
    });
    // One object runs a command, and ends with it.
    let is_command = program.method(class, "handle").is_some()
        && program.method(class, "add_arguments").is_some();
    by_name || is_command || keywords.unwrap_or(false)
}
