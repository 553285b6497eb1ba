//! `racy-singleton`: a shared object is made where a test finds none, and two threads can both find none.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, Next, Scope,
    Step, TryKind, UnaryOperator,
};
use crate::library::schema::{Mark, Runs};
use crate::project::{Evaluate, Program, Target};
use crate::rules::around::{bound_value, called, covers};
use crate::rules::incidents::reached::reached;
use crate::rules::stores::bound_value as bound_value_of;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::Effects;
use crate::text::{Location, Span};
use crate::types::{FunctionRef, Type};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "racy-singleton",
    family: Family::Incidents,
    page: include_str!("../../../rules/racy-singleton.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Words of classes whose instances keep connections or threads.
const CLIENTS: [&str; 12] = [
    "Client",
    "Cluster",
    "Connection",
    "Consumer",
    "Elasticsearch",
    "Engine",
    "Executor",
    "OpenSearch",
    "Pool",
    "Producer",
    "Redis",
    "Session",
];

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
        let by = by.or_else(|| constructed(program, race.function, &concurrent));
        report(rule, program, &race, by)
    });
    found.collect()
}

/// Where the class of a `__new__` is instantiated.
fn constructed(
    program: &Program<'_>,
    function: FunctionRef,
    concurrent: &[Option<Runs>],
) -> Option<Runs> {
    let (module, code) = program.code(function);
    let made = program.class_of_method(function)?;
    if module.name(code.name) != "__new__" {
        return None;
    }
    let reached = concurrent.iter().enumerate();
    let mut reached =
        reached.filter_map(|(index, runs)| Some((FunctionRef(index as u32), (*runs)?)));
    reached.find_map(|(at, runs)| {
        let (module_ref, id) = program.locate(at);
        let (module, code) = program.code(at);
        let evaluate = Evaluate::new(program, module_ref, id);
        let is_made = code
            .exprs
            .range()
            .map(ExprId::new)
            .any(|call| match module.kind(call) {
                ExprKind::Call { callee, .. } => matches!(
                    program.target(evaluate.value(callee)),
                    Target::Construct { class, .. } if program.has_ancestor(class, made)
                ),
                _ => false,
            });
        is_made.then_some(runs)
    })
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
    let is_race = |name: &String, target: ExprId, value: ExprId, span: Span| {
        shared_name(module, code, target).as_ref() == Some(name)
            && is_worth_one(program, module, code, &evaluate, value)
            && !is_locked(program, module, code, &evaluate, span)
    };
    for (index, block) in code.blocks.iter().enumerate() {
        let insts = code.insts(block);
        let Some(InstKind::Assume { test, holds }) = insts.first().map(|inst| inst.kind) else {
            continue;
        };
        let Some(name) = found_missing(module, code, test, holds) else {
            continue;
        };
        for at in behind(code, BlockId::new(index)) {
            for inst in code.insts(code.block(at)) {
                let Some((target, value)) = bound_value(inst.kind) else {
                    continue;
                };
                if is_race(&name, target, value, inst.span) {
                    return Some(Race {
                        function,
                        test,
                        made: value,
                        name,
                    });
                }
            }
        }
    }
    code.insts.iter().find_map(|inst| {
        let (target, value) = bound_value(inst.kind)?;
        let ExprKind::Or(parts) = module.kind(value) else {
            return None;
        };
        let &[test, made] = module.list(parts) else {
            return None;
        };
        let name = shared_name(module, code, test)?;
        is_race(&name, target, made, inst.span).then_some(Race {
            function,
            test,
            made,
            name,
        })
    })
}

/// The blocks that are only reached through one, that one among them.
fn behind(code: &Function, gate: BlockId) -> Vec<BlockId> {
    let reach = |from: BlockId, barred: Option<BlockId>| {
        let mut seen = vec![false; code.blocks.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if Some(at) == barred || std::mem::replace(&mut seen[at.index()], true) {
                continue;
            }
            match code.block(at).next {
                Next::Goto(to) => open.push(to),
                Next::Branch(one, other) => open.extend([one, other]),
                _ => {}
            }
        }
        seen
    };
    let without = reach(BlockId::new(0), Some(gate));
    let from = reach(gate, None);
    let all = 0..code.blocks.len();
    all.filter(|&at| from[at] && !without[at])
        .map(BlockId::new)
        .collect()
}

/// What a test found to be None or false, or not to be there.
fn found_missing(module: &Module, code: &Function, test: ExprId, holds: bool) -> Option<String> {
    match module.kind(test) {
        ExprKind::Compare {
            operator: Comparison::Is | Comparison::Equal,
            left,
            right,
        } if holds && module.kind(right) == ExprKind::None => shared_name(module, code, left),
        ExprKind::Compare {
            operator: Comparison::IsNot | Comparison::NotEqual,
            left,
            right,
        } if !holds && module.kind(right) == ExprKind::None => shared_name(module, code, left),
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => found_missing(module, code, operand, !holds),
        // `name not in clients`
        ExprKind::Compare {
            operator: Comparison::NotIn,
            right,
            ..
        } if holds => registry(module, code, right),
        ExprKind::Compare {
            operator: Comparison::In,
            right,
            ..
        } if !holds => registry(module, code, right),
        ExprKind::Name(_) | ExprKind::Attribute { .. } if !holds => shared_name(module, code, test),
        // `hasattr(cls, "instance")`
        ExprKind::Call { callee, arguments }
            if !holds && called(module, code, callee) == "hasattr" =>
        {
            let &[owner, name] = module.arguments(arguments) else {
                return None;
            };
            let ExprKind::Text(name) = module.kind(name.value) else {
                return None;
            };
            let owner = module.dotted(code, owner.value)?;
            is_class_name(&owner).then(|| format!("{owner}.{}", module.name(name)))
        }
        _ => None,
    }
}

/// The items of a dict of the module or of a class, each of which is made once.
fn registry(module: &Module, code: &Function, container: ExprId) -> Option<String> {
    let text = match module.kind(container) {
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable {
                scope: Scope::Global { .. },
                ..
            } => module.place_text(code, place),
            _ => return None,
        },
        _ => shared_name(module, code, container)?,
    };
    Some(format!("{text}[…]"))
}

fn is_class_name(owner: &str) -> bool {
    owner == "cls" || owner.starts_with(|first: char| first.is_ascii_uppercase())
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
            is_class_name(&owner).then(|| format!("{owner}.{}", module.name(name)))
        }
        ExprKind::Subscript { value, .. } => registry(module, code, value),
        _ => None,
    }
}

/// Whether a second one does harm: an instance of a class of the project that has state, a connection, a file.
fn is_worth_one(
    program: &Program<'_>,
    module: &Module,
    code: &Function,
    evaluate: &Evaluate<'_, '_>,
    value: ExprId,
) -> bool {
    // `instance = super().__new__(cls)`, and then `cls.instance = instance`.
    let value = match module.kind(value) {
        ExprKind::Name(place) => match bound_value_of(module, code, place) {
            Some(value) => value,
            None => return false,
        },
        _ => value,
    };
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
            known.marks.contains(&Mark::Opens)
                || known.summary.effects.meets(reaches_out)
                || is_client(program, evaluate, value)
        }
        _ => is_own_instance(module, callee),
    }
}

/// Whether a call makes what keeps connections, though it opens none yet.
fn is_client(program: &Program<'_>, evaluate: &Evaluate<'_, '_>, value: ExprId) -> bool {
    let Type::Instance(class) = program.types.get(evaluate.value(value).class) else {
        return false;
    };
    let name = program.class_name(class);
    let last = name.rsplit('.').next().unwrap_or(name);
    CLIENTS.iter().any(|word| last.contains(word))
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
