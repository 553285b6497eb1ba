//! `undeclared-interface`: a class of nothing but empty methods, which nothing keeps from being instantiated.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{Dialect, FunctionKind, Passing};
use crate::project::Program;
use crate::rules::classes::interfaces::{self, Body, body, says_so, syntax};
use crate::rules::guarded::excuses::docstring;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::{FunctionRef, Type};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "undeclared-interface",
    family: Family::Classes,
    page: include_str!("../../../rules/undeclared-interface.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// One empty method is a hook.
const LEAST: usize = 2;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let first = program.library.class_count() as u32;
    let all = (0..program.classes.len() as u32).map(|index| ClassRef(first + index));
    all.filter_map(|class| interface(rule, whole, class))
        .collect()
}

fn interface(rule: &'static Rule, whole: &Whole<'_>, class: ClassRef) -> Option<Finding> {
    let program = whole.program;
    let info = program.project_class(class)?;
    if info.subclasses.is_empty() || !has_no_bases(program, class) || says_so(program, class) {
        return None;
    }
    let (module_ref, module, of) = syntax(program, class)?;
    let is_stub = program.sources[module_ref.0 as usize]
        .path
        .ends_with(".pyi");
    if is_stub || program.class_name(class).ends_with("Mixin") {
        return None;
    }
    if let Some(finding) = unenforced(rule, program, class) {
        return Some(finding);
    }
    let (methods, all_raise) = methods(program, class)?;
    let implements = |&subclass: &ClassRef| implemented(program, subclass, &methods);
    let complete = info.subclasses.iter().copied().find(implements);
    // Empty methods that subclasses override as they please are hooks; those that each of them overrides are an interface.
    let is_interface = if all_raise {
        complete.is_some()
    } else {
        info.subclasses.iter().all(implements)
    };
    let complete = complete.filter(|_| is_interface)?;
    // A metaclass beside those of the subclasses may conflict with theirs: worth it only where a subclass forgot something.
    // What others derive from in turn may leave the rest to them.
    let is_last = |&&subclass: &&ClassRef| {
        program
            .project_class(subclass)
            .is_some_and(|info| info.subclasses.is_empty())
    };
    let mut last = info.subclasses.iter().filter(is_last);
    let confidence = if is_mixed_in(program, class) && last.all(implements) {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    let function = program.function(module_ref, of.body);
    let message = Message::new("interface")
        .with("class", program.class_name(class))
        .with("count", methods.len().to_string());
    let help = match module.dialect {
        Dialect::Two => Message::new("old"),
        Dialect::Three => Message::new("declare"),
    };
    let finding = draft(rule, program, function, of.name_span, message)
        .confidence(confidence)
        .help(help);
    let (other_ref, _, other) = syntax(program, complete)?;
    let location = Location {
        file: program.file(program.function(other_ref, other.body)),
        span: other.name_span,
    };
    Some(finding.because(Related {
        location,
        message: Message::new("implements").with("class", program.class_name(complete)),
    }))
}

/// Methods that are marked as abstract in a class whose metaclass does not look at the marks.
fn unenforced(rule: &'static Rule, program: &Program<'_>, class: ClassRef) -> Option<Finding> {
    let (module_ref, home, of) = syntax(program, class)?;
    // A metaclass of its own may look at the marks.
    let mut arguments = home.arguments(of.arguments).iter();
    if arguments.any(|argument| matches!(argument.passing, Passing::Keyword(_))) {
        return None;
    }
    let members = &program.project_class(class)?.members;
    let mut marked: Vec<FunctionRef> = members
        .values()
        .filter_map(|value| match program.types.get(value.class) {
            Type::Function { function, .. } => Some(function),
            _ => None,
        })
        .filter(|&function| program.class_of_method(function) == Some(class))
        .filter(|&function| interfaces::is_abstract(program, function))
        .collect();
    marked.sort_unstable();
    let &first = marked.first()?;
    let is_declared_below = program
        .descendants(class)
        .into_iter()
        .any(|below| interfaces::is_declared(program, below));
    if is_declared_below || is_mixed_in(program, class) {
        return None;
    }
    let (module, code) = program.code(first);
    let function = program.function(module_ref, of.body);
    let message = Message::new("unenforced")
        .with("class", program.class_name(class))
        .with("method", module.name(code.name));
    let help = Message::new(match module.dialect {
        Dialect::Two => "old",
        Dialect::Three => "declare",
    });
    let location = Location {
        file: program.file(first),
        span: code.name_span,
    };
    let method = module.name(code.name).to_owned();
    let message_there = Message::new("marked").with("method", method);
    Some(
        draft(rule, program, function, of.name_span, message)
            .help(help)
            .because(Related {
                location,
                message: message_there,
            }),
    )
}

/// Whether a class is one of several bases of others, which may bring a metaclass of their own.
fn is_mixed_in(program: &Program<'_>, class: ClassRef) -> bool {
    let says = syntax(program, class).is_some_and(|(_, module, of)| {
        docstring(module, module.function(of.body)).is_some_and(|text| text.contains("mixin"))
    });
    let has_others = |below: ClassRef| {
        program
            .project_class(below)
            .is_none_or(|info| info.has_unknown_base)
    };
    says || program.descendants(class).into_iter().any(has_others)
}

fn has_no_bases(program: &Program<'_>, class: ClassRef) -> bool {
    let Some(info) = program.project_class(class) else {
        return false;
    };
    let known = info
        .linearization
        .iter()
        .all(|&at| at == class || program.class_name(at) == "object");
    known && !info.has_unknown_base
}

/// The methods of a class, if all of them are empty; and whether all of them raise.
fn methods(program: &Program<'_>, class: ClassRef) -> Option<(Vec<FunctionRef>, bool)> {
    let info = program.project_class(class)?;
    let mut found = Vec::new();
    let mut all_raise = true;
    let mut members: Vec<_> = info.members.iter().collect();
    members.sort_unstable_by_key(|(symbol, _)| **symbol);
    for (_, value) in members {
        let Type::Function { function, .. } = program.types.get(value.class) else {
            continue;
        };
        let (module, code) = program.code(function);
        let is_own = program.class_of_method(function) == Some(class);
        if code.kind != FunctionKind::Def || !is_own {
            return None;
        }
        match body(module, code) {
            Body::Works => return None,
            Body::Empty => all_raise = false,
            Body::Raises => {}
        }
        let name = module.name(code.name);
        if name != "__init__" {
            found.push(function);
        }
    }
    found.sort_unstable();
    (found.len() >= LEAST && !has_data(program, class)).then_some((found, all_raise))
}

/// Whether instances keep something of their own.
fn has_data(program: &Program<'_>, class: ClassRef) -> bool {
    program.project_class(class).is_some_and(|info| {
        info.attributes.values().any(|attribute| {
            attribute
                .assignments
                .iter()
                .any(|assignment| program.class_of_method(assignment.function) == Some(class))
        })
    })
}

fn implemented(program: &Program<'_>, class: ClassRef, methods: &[FunctionRef]) -> bool {
    methods.iter().all(|&function| {
        let (module, code) = program.code(function);
        let found = program.method(class, module.name(code.name));
        found.is_some_and(|found| {
            let (module, code) = program.code(found);
            found != function && interfaces::body(module, code) != Body::Raises
        })
    })
}
