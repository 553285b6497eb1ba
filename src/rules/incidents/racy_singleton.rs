//! `racy-singleton`: a shared object is made where a test finds none, and two threads can both find none.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, Scope, Step, TryKind,
    UnaryOperator,
};
use crate::library::schema::{Mark, Runs};
use crate::project::{Evaluate, Program, Target};
use crate::rules::around::{bound_value, called, covers};
use crate::rules::incidents::reached::reached;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::Effects;
use crate::text::Location;
use crate::types::FunctionRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "racy-singleton",
    family: Family::Incidents,
    page: include_str!("../../../rules/racy-singleton.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let functions = (0..program.function_count() as u32).map(FunctionRef);
    let races: Vec<Race> = functions
        .filter_map(|function| race(program, function))
        .collect();
    if races.is_empty() {
        return Vec::new();
    }
    let concurrent = reached(whole, &[Runs::Thread, Runs::Greenlet, Runs::Request]);
    let found = races.into_iter().map(|race| {
        let by = concurrent[race.function.0 as usize];
        report(rule, program, &race, by)
    });
    found.collect()
}

/// A test and the assignment behind it, with no lock around them.
struct Race {
    function: FunctionRef,
    test: ExprId,
    made: ExprId,
    name: String,
}

fn race(program: &Program<'_>, function: FunctionRef) -> Option<Race> {
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let code = module.function(id);
    if code.kind != FunctionKind::Def || code.is_async {
        return None;
    }
    let evaluate = Evaluate::new(program, module_ref, id);
    for block in &code.blocks {
        let insts = code.insts(block);
        let Some(InstKind::Assume { test, holds }) = insts.first().map(|inst| inst.kind) else {
            continue;
        };
        let Some(tested) = found_missing(module, test, holds) else {
            continue;
        };
        let Some(name) = shared_name(module, code, tested) else {
            continue;
        };
        for inst in insts {
            let Some((target, value)) = bound_value(inst.kind) else {
                continue;
            };
            if shared_name(module, code, target).as_ref() == Some(&name)
                && is_worth_one(program, module, &evaluate, value)
                && !is_locked(program, module, code, &evaluate, inst.span)
            {
                return Some(Race {
                    function,
                    test,
                    made: value,
                    name,
                });
            }
        }
    }
    None
}

/// What a test found to be None or false.
fn found_missing(module: &Module, test: ExprId, holds: bool) -> Option<ExprId> {
    match module.kind(test) {
        ExprKind::Compare {
            operator: Comparison::Is | Comparison::Equal,
            left,
            right,
        } if holds && module.kind(right) == ExprKind::None => Some(left),
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => found_missing(module, operand, !holds),
        ExprKind::Name(_) | ExprKind::Attribute { .. } if !holds => Some(test),
        _ => None,
    }
}

/// The text of a variable of the module or an attribute of a class: what all threads share.
fn shared_name(module: &Module, code: &Function, expr: ExprId) -> Option<String> {
    match module.kind(expr) {
        ExprKind::Name(place) => {
            let is_global = matches!(
                code.place(place).step,
                Step::Variable {
                    scope: Scope::Global { declared: true },
                    ..
                }
            );
            is_global.then(|| module.place_text(code, place))
        }
        ExprKind::Attribute { value, name, .. } => {
            let owner = module.dotted(code, value)?;
            let is_class =
                owner == "cls" || owner.starts_with(|first: char| first.is_ascii_uppercase());
            is_class.then(|| format!("{owner}.{}", module.name(name)))
        }
        _ => None,
    }
}

/// Whether a second one does harm: an instance of a class of the project that has state, a connection, a file.
fn is_worth_one(
    program: &Program<'_>,
    module: &Module,
    evaluate: &Evaluate<'_, '_>,
    value: ExprId,
) -> bool {
    let ExprKind::Call { callee, .. } = module.kind(value) else {
        return false;
    };
    match program.target(evaluate.value(callee)) {
        Target::Construct {
            initializer: Some(_),
            ..
        } => true,
        Target::Library(call) => {
            let known = program.library.get(call);
            let reaches_out = Effects::NETWORK.with(Effects::DATABASE);
            known.marks.contains(&Mark::Opens) || known.summary.effects.meets(reaches_out)
        }
        _ => is_own_instance(module, callee),
    }
}

/// `cls()`, `super().__new__(cls)`.
fn is_own_instance(module: &Module, callee: ExprId) -> bool {
    matches!(module.kind(callee), ExprKind::Attribute { name, .. } if module.name(name) == "__new__")
}

fn is_locked(
    program: &Program<'_>,
    module: &Module,
    code: &Function,
    evaluate: &Evaluate<'_, '_>,
    span: crate::text::Span,
) -> bool {
    let by_name = |expr: ExprId| {
        let dotted = module.dotted(code, expr).unwrap_or_default().to_lowercase();
        ["lock", "mutex", "sem", "once", "guard"]
            .iter()
            .any(|word| dotted.contains(word))
    };
    let is_lock = |manager: ExprId| {
        let subject = match module.kind(manager) {
            ExprKind::Call { callee, .. } => callee,
            _ => manager,
        };
        let class = evaluate.value(manager).class;
        let known = match program.types.get(class) {
            crate::types::Type::Instance(class) => program
                .library
                .context(program.class_name(class))
                .is_some_and(|context| context.locks),
            _ => false,
        };
        known || by_name(subject)
    };
    let with_lock = code.tries.iter().any(|region| match region.kind {
        TryKind::With { manager, .. } => covers(region.body, span) && is_lock(manager),
        _ => false,
    });
    let acquires = code.exprs.range().any(|index| {
        matches!(module.kind(ExprId::new(index)), ExprKind::Call { callee, .. }
            if matches!(called(module, code, callee), "acquire" | "acquireLock" | "_acquireLock"))
    });
    // Decorators are evaluated by the code around the function.
    let outer = code.parent.map(|parent| module.function(parent));
    let decorated = outer.is_some_and(|outer| {
        let mut names = module.list(code.decorators).iter();
        names.any(|&decorator| {
            module
                .dotted(outer, decorator)
                .is_some_and(|name| name.contains("synchron") || name.contains("lock"))
        })
    });
    with_lock || acquires || decorated
}

fn report(
    rule: &'static Rule,
    program: &Program<'_>,
    race: &Race,
    concurrent: Option<Runs>,
) -> Finding {
    let (module, _) = program.code(race.function);
    let key = match concurrent {
        Some(Runs::Greenlet) => "greenlets",
        Some(_) => "threads",
        None => "shared",
    };
    let message = Message::new(key).with("name", race.name.clone());
    let span = module.span(race.made);
    let mut finding = draft(rule, program, race.function, span, message);
    if concurrent.is_none() {
        finding.severity = Severity::Hint;
    }
    finding
        .because(Related {
            location: Location {
                file: program.file(race.function),
                span: module.span(race.test),
            },
            message: Message::new("tested").with("name", race.name.clone()),
        })
        .confidence(Confidence::Medium)
        .help(Message::new("lock"))
}
