//! `partial-mismatch`: arguments are bound for a later call that the function does not take.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Flow, Solution};
use crate::ir::{
    Argument, ExprId, ExprKind, Function, InstKind, Module, ParameterKind, Passing, PlaceId,
};
use crate::project::Target;
use crate::rules::around::{called, keyword};
use crate::rules::functional::early_call::statement;
use crate::rules::{Check, Family, Rule, Scene};
use crate::text::Location;
use crate::types::FunctionRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "partial-mismatch",
    family: Family::Functional,
    page: include_str!("../../../rules/partial-mismatch.md"),
    severity: Severity::Error,
    check: Check::Function(check),
};

/// Functions that call what they are given with the arguments behind it: its position, and how many come before those.
const CALLING: [(&str, usize, usize); 19] = [
    ("addBoth", 0, 1),
    ("addCallback", 0, 1),
    ("addErrback", 0, 1),
    ("call_at", 1, 0),
    ("call_later", 1, 0),
    ("call_soon", 0, 0),
    ("call_soon_threadsafe", 0, 0),
    ("callFromThread", 0, 0),
    ("callInThread", 0, 0),
    ("callLater", 1, 0),
    ("callWhenRunning", 0, 0),
    ("deferLater", 2, 0),
    ("deferToThread", 0, 0),
    ("run_in_executor", 1, 0),
    ("spawn", 0, 0),
    ("spawn_later", 1, 0),
    ("submit", 0, 0),
    ("to_thread", 0, 0),
    ("LoopingCall", 0, 0),
];

/// Keywords that some of these take for themselves.
const OWN_KEYWORDS: [&str; 6] = ["context", "name", "daemon", "loop", "timeout", "seconds"];

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let module = flow.module;
    let partials = partials(flow);
    let mut findings = Vec::new();
    for index in flow.code.exprs.range() {
        let call = ExprId::new(index);
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            continue;
        };
        let arguments = module.arguments(arguments);
        let bound =
            bound(flow, callee, arguments).or_else(|| of_name(flow, &partials, callee, arguments));
        if let Some(bound) = bound
            && let Some((signature, wrong)) = mismatch(flow, &bound)
        {
            findings.push(report(scene, call, &bound, &signature, &wrong));
        }
    }
    findings
}

/// A function and what is bound for it.
struct Bound {
    function: ExprId,
    positional: usize,
    keywords: Vec<String>,
    /// Nothing more is given later.
    is_all: bool,
}

fn bound(flow: &Flow<'_, '_>, callee: ExprId, arguments: &[Argument]) -> Option<Bound> {
    let module = flow.module;
    let name = called(module, flow.code, callee);
    if matches!(name, "Thread" | "Process") {
        return of_thread(flow, arguments);
    }
    if matches!(name, "partial" | "partialmethod") {
        if flow.evaluate.dotted(callee)?.rsplit('.').next() != Some("partial") {
            return None;
        }
        return with(module, arguments, 0, 0, false);
    }
    let &(_, position, before) = CALLING.iter().find(|(known, ..)| *known == name)?;
    with(module, arguments, position, before, true)
}

fn with(
    module: &Module,
    arguments: &[Argument],
    position: usize,
    before: usize,
    is_all: bool,
) -> Option<Bound> {
    let mut positional = 0;
    let mut keywords = Vec::new();
    for argument in arguments {
        match argument.passing {
            Passing::Positional => positional += 1,
            Passing::Keyword(name) => keywords.push(module.name(name).to_owned()),
            Passing::Star | Passing::DoubleStar => return None,
        }
    }
    if is_all
        && keywords
            .iter()
            .any(|name| OWN_KEYWORDS.contains(&name.as_str()))
    {
        return None;
    }
    Some(Bound {
        function: crate::rules::around::positional(arguments, position)?,
        positional: positional - position - 1 + before,
        keywords,
        is_all,
    })
}

/// `Thread(target=f, args=(a, b), kwargs={"c": d})`.
fn of_thread(flow: &Flow<'_, '_>, arguments: &[Argument]) -> Option<Bound> {
    let module = flow.module;
    let starred =
        |argument: &Argument| matches!(argument.passing, Passing::Star | Passing::DoubleStar);
    if arguments.iter().any(starred) {
        return None;
    }
    let function = keyword(module, arguments, "target")?;
    let positional = match keyword(module, arguments, "args").map(|args| module.kind(args)) {
        None => 0,
        Some(ExprKind::Tuple(parts) | ExprKind::List(parts)) => {
            let parts = module.list(parts);
            let is_starred = |&part: &ExprId| matches!(module.kind(part), ExprKind::Starred(_));
            if parts.iter().any(is_starred) {
                return None;
            }
            parts.len()
        }
        Some(_) => return None,
    };
    let keywords = match keyword(module, arguments, "kwargs").map(|kwargs| module.kind(kwargs)) {
        None => Vec::new(),
        Some(ExprKind::Dict(pairs)) => {
            let keys = module.list(pairs).iter().step_by(2);
            let texts = keys.map(|&key| match module.kind(key) {
                ExprKind::Text(text) => Some(module.name(text).to_owned()),
                _ => None,
            });
            texts.collect::<Option<Vec<_>>>()?
        }
        Some(_) => return None,
    };
    Some(Bound {
        function,
        positional,
        keywords,
        is_all: true,
    })
}

/// The variables that hold a partial, and nothing else ever.
fn partials(flow: &Flow<'_, '_>) -> Vec<(PlaceId, ExprId)> {
    let module = flow.module;
    let insts = &flow.code.insts;
    let made = insts.iter().filter_map(|inst| {
        let (target, value) = crate::rules::around::bound_value(inst.kind)?;
        let (ExprKind::Name(place), ExprKind::Call { callee, .. }) =
            (module.kind(target), module.kind(value))
        else {
            return None;
        };
        (called(module, flow.code, callee) == "partial").then_some((place, value))
    });
    let is_only = |place: PlaceId| {
        let bindings = insts.iter().filter(|inst| {
            matches!(inst.kind, InstKind::Bind { target, .. } | InstKind::Forget(target)
                if crate::rules::around::binds(module, target, place))
        });
        bindings.count() == 1
    };
    made.filter(|&(place, _)| is_only(place)).collect()
}

/// A call of a name that holds a partial: what was bound and what is given now.
fn of_name(
    flow: &Flow<'_, '_>,
    partials: &[(PlaceId, ExprId)],
    callee: ExprId,
    arguments: &[Argument],
) -> Option<Bound> {
    let module = flow.module;
    let ExprKind::Name(place) = module.kind(callee) else {
        return None;
    };
    let &(_, value) = partials.iter().find(|(known, _)| *known == place)?;
    let ExprKind::Call {
        callee: maker,
        arguments: early,
    } = module.kind(value)
    else {
        return None;
    };
    let early = bound(flow, maker, module.arguments(early))?;
    let mut positional = early.positional;
    let mut keywords = early.keywords;
    for argument in arguments {
        match argument.passing {
            Passing::Positional => positional += 1,
            Passing::Keyword(name) => {
                let name = module.name(name).to_owned();
                // A keyword of the call replaces the one that was bound.
                if !keywords.contains(&name) {
                    keywords.push(name);
                }
            }
            Passing::Star | Passing::DoubleStar => return None,
        }
    }
    Some(Bound {
        positional,
        keywords,
        is_all: true,
        ..early
    })
}

/// A function of the project that is called as it is written.
struct Signature {
    function: FunctionRef,
    /// The first parameter is given already.
    skip: usize,
}

/// What is wrong.
enum Wrong {
    TooMany { takes: usize },
    Unknown(String),
    Twice(String),
    Missing(String),
}

fn mismatch(flow: &Flow<'_, '_>, bound: &Bound) -> Option<(Signature, Wrong)> {
    let signature = signature(flow, bound.function)?;
    let (module, code) = flow.program.code(signature.function);
    let wrong = misfit(module, code, signature.skip, bound)?;
    Some((signature, wrong))
}

fn signature(flow: &Flow<'_, '_>, function: ExprId) -> Option<Signature> {
    let program = flow.program;
    let value = flow.evaluate.value(function);
    if !value.kinds.is_single() {
        return None;
    }
    let (function, skip) = match program.target(value) {
        Target::Function { function, bound } => (function, usize::from(bound)),
        Target::Construct {
            class,
            initializer: Some(function),
        } if program.project_class(class).is_some_and(|info| {
            !info.has_unknown_base && program.method(class, "__new__").is_none()
        }) =>
        {
            (function, 1)
        }
        _ => return None,
    };
    let decoration = program.decoration(function);
    if decoration.is_decorated && (decoration.is_opaque || decoration.is_registered)
        || decoration.is_abstract
        || decoration.is_property
        || program.is_overridden(function)
        || is_replaced(flow, function)
    {
        return None;
    }
    Some(Signature { function, skip })
}

/// Whether another definition of the same name may be the one that is meant.
fn is_replaced(flow: &Flow<'_, '_>, function: FunctionRef) -> bool {
    let (module, code) = flow.program.code(function);
    let Some(parent) = code.parent else {
        return true;
    };
    let parent = module.function(parent);
    let same = parent.insts.iter().filter(|inst| {
        let InstKind::Bind { target, .. } = inst.kind else {
            return false;
        };
        matches!(module.kind(target), ExprKind::Name(place)
            if crate::rules::around::variable_name(module, parent, place) == module.name(code.name))
    });
    code.kind == crate::ir::FunctionKind::Def && same.count() != 1
}

fn misfit(module: &Module, code: &Function, skip: usize, bound: &Bound) -> Option<Wrong> {
    use ParameterKind::{DoubleStar, KeywordOnly, Normal, PositionalOnly, Star};
    let parameters = code.parameters.get(skip..)?;
    let positional: Vec<_> = parameters
        .iter()
        .filter(|parameter| matches!(parameter.kind, PositionalOnly | Normal))
        .collect();
    let has = |kind| parameters.iter().any(|parameter| parameter.kind == kind);
    if bound.positional > positional.len() && !has(Star) {
        return Some(Wrong::TooMany {
            takes: positional.len(),
        });
    }
    for keyword in &bound.keywords {
        let index = positional.iter().position(|parameter| {
            parameter.kind == Normal && module.name(parameter.name) == keyword
        });
        match index {
            Some(index) if index < bound.positional => return Some(Wrong::Twice(keyword.clone())),
            Some(_) => {}
            None => {
                let is_known = parameters.iter().any(|parameter| {
                    parameter.kind == KeywordOnly && module.name(parameter.name) == keyword
                });
                if !is_known && !has(DoubleStar) {
                    return Some(Wrong::Unknown(keyword.clone()));
                }
            }
        }
    }
    if !bound.is_all {
        return None;
    }
    let missing = parameters.iter().enumerate().find(|(index, parameter)| {
        let name = module.name(parameter.name);
        matches!(parameter.kind, PositionalOnly | Normal | KeywordOnly)
            && parameter.default.is_none()
            && (parameter.kind == KeywordOnly || *index >= bound.positional)
            && !bound.keywords.iter().any(|keyword| keyword == name)
    });
    missing.map(|(_, parameter)| Wrong::Missing(module.name(parameter.name).to_owned()))
}

fn report(
    scene: &Scene<'_>,
    call: ExprId,
    bound: &Bound,
    signature: &Signature,
    wrong: &Wrong,
) -> Finding {
    let flow = scene.flow;
    let program = flow.program;
    let (module, code) = program.code(signature.function);
    let name = match flow.module.dotted(flow.code, bound.function) {
        Some(dotted) => dotted,
        None => module.name(code.name).to_owned(),
    };
    let message = match wrong {
        Wrong::TooMany { takes } => Message::new("too-many")
            .with("takes", takes.to_string())
            .with("given", bound.positional.to_string()),
        Wrong::Unknown(keyword) => Message::new("unknown").with("keyword", keyword),
        Wrong::Twice(keyword) => Message::new("twice").with("keyword", keyword),
        Wrong::Missing(parameter) => Message::new("missing").with("keyword", parameter),
    };
    let defined = Related {
        location: Location {
            file: program.file(signature.function),
            span: code.name_span,
        },
        message: Message::new("defined").with("function", name.clone()),
    };
    let finding = scene
        .at(call, message.with("function", name))
        .confidence(Confidence::High)
        .because(defined)
        .help(Message::new("fit"));
    Finding {
        statement: statement(flow.code, flow.module.span(call)),
        ..finding
    }
}
