//! `next(it)`, `max(…)`, `random.choice(…)`: one of many, where there may be none.

use super::answered::yields_nothing;
use super::evidence::{DEFAULTED, Evidence, evidence, evidence_of_argument};
use super::is_guarded;
use super::passed::passed;
use super::whole::of_lines;
use crate::finding::{Confidence, Finding, Message};
use crate::flow::State;
use crate::ir::{
    BlockId, Dialect, ExprId, ExprKind, Function, FunctionId, InstKind, LoopKind, Module, Passing,
    PlaceId,
};
use crate::project::Coverage;
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// `next(it)`, `max(…)`, `random.choice(…)`.
pub(super) fn called(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    state: &State,
) -> Option<(ExprId, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, arguments } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let written = flow.module.dotted(flow.code, callee);
    // The module's functions are methods of an instance that it keeps to itself.
    let name = match written.as_deref() {
        Some("random.choice") => "random.choice".to_owned(),
        _ => flow.evaluate.dotted(callee)?,
    };
    let name = name.strip_prefix("builtins.").unwrap_or(&name);
    let arguments = flow.module.arguments(arguments);
    let [argument, rest @ ..] = arguments else {
        return None;
    };
    let argument = argument.value;
    match name {
        "next" if rest.is_empty() => {
            exhausted(boundary, candidate, argument).map(|finding| (candidate.expr, finding))
        }
        "max" | "min" => {
            let named = |wanted: &str| {
                rest.iter().any(|argument| matches!(argument.passing, Passing::Keyword(name) if flow.module.name(name) == wanted))
            };
            let only = rest
                .iter()
                .all(|argument| matches!(argument.passing, Passing::Keyword(_)));
            (only && !named("default"))
                .then(|| reduced(boundary, candidate, argument, name, "ValueError", state))?
        }
        "random.choice" => reduced(boundary, candidate, argument, name, "IndexError", state),
        "statistics.mean"
        | "statistics.median"
        | "statistics.fmean"
        | "statistics.mode"
        | "statistics.harmonic_mean"
        | "statistics.geometric_mean"
        | "statistics.median_low"
        | "statistics.median_high" => {
            reduced(boundary, candidate, argument, name, "ValueError", state)
        }
        "functools.reduce" | "reduce" if rest.len() == 1 => {
            let argument = rest.first()?.value;
            reduced(boundary, candidate, argument, name, "TypeError", state)
        }
        _ => None,
    }
}

/// One value of many, where there may be none.
fn reduced(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    argument: ExprId,
    name: &str,
    error: &str,
    state: &State,
) -> Option<(ExprId, Finding)> {
    let through = gone_through(boundary, argument);
    let evidence = match boundary.flow.module.kind(argument) {
        ExprKind::Comprehension(_) => evidence_of_argument(boundary, argument, state)
            .or_else(|| of_lines(boundary, argument, state)),
        _ => evidence(boundary, argument, state),
    }
    .or_else(|| (through != argument).then(|| evidence(boundary, through, state))?)
    .or_else(|| passed(boundary, through, 1))
    .or_else(|| doubted(boundary, candidate.expr, argument))
    .or_else(|| asked_later(boundary, candidate, argument))?;
    if evidence.least > 0
        || boundary.is_caught(candidate.at.0, &[error])
        || is_guarded(
            boundary,
            candidate,
            argument,
            evidence.own_source(boundary.flow),
        )
        || is_guarded(
            boundary,
            candidate,
            through,
            evidence.own_source(boundary.flow),
        )
    {
        return None;
    }
    // What is said of the first of those that fit does not hold for the largest of them.
    let confidence = match evidence.key {
        "filtered" | "found" => evidence.confidence.max(Confidence::Medium),
        _ => evidence.confidence,
    };
    let message = Message::new("reduced").with("call", name);
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    let help = Message::new("nonempty").with("error", error);
    let cause = evidence.source;
    Some((cause, finding.confidence(confidence).help(help)))
}

/// Where the function asks whether there is anything, after the use on every way: either the question is idle, or the use fails.
fn asked_later(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    argument: ExprId,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Name(place) = flow.module.kind(argument) else {
        return None;
    };
    let start = flow.module.span(candidate.expr).end;
    let is_about = |test: ExprId| match flow.module.kind(test) {
        ExprKind::Unary { operand, .. } => flow.place_of(operand) == Some(place),
        _ => flow.place_of(test) == Some(place),
    };
    let is_bound_later = boundary.sources(place).len() > 1;
    let source = (0..flow.code.blocks.len())
        .map(BlockId::new)
        .find_map(|block| {
            let mut insts = flow.code.insts(flow.code.block(block)).iter();
            insts.find_map(|inst| match inst.kind {
                InstKind::Assume { test, .. } => {
                    let is_behind = flow.module.span(test).start >= start
                        && boundary.dominates(candidate.at.0, block);
                    (is_about(test) && is_behind).then_some(test)
                }
                _ => None,
            })
        })?;
    (!is_bound_later).then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "later",
        source,
    })
}

/// Another reduction of the file that goes through the same things, and says what to do where there are none.
fn doubted(boundary: &Boundary<'_>, own: ExprId, argument: ExprId) -> Option<Evidence> {
    let module = boundary.flow.module;
    let value = match boundary.values(argument)[..] {
        [value] => value,
        _ => return None,
    };
    let wanted = runs(module, boundary.flow.code, value)?;
    let is_of_object = wanted
        .first()
        .is_some_and(|first| first.starts_with("self."));
    let is_other = |code: &&Function| code.name_span != boundary.flow.code.name_span;
    let mut others = module.functions.iter().filter(is_other);
    let source = others.find_map(|code| {
        let mut exprs = code.exprs.range().map(ExprId::new);
        exprs.find(|&expr| {
            let ExprKind::Call { callee, arguments } = module.kind(expr) else {
                return false;
            };
            let called = module.dotted(code, callee).unwrap_or_default();
            let [first, rest @ ..] = module.arguments(arguments) else {
                return false;
            };
            let has_default = rest.iter().any(|argument| {
                matches!(argument.passing, Passing::Keyword(name) if module.name(name) == "default")
            });
            expr != own
                && has_default
                && matches!(called.as_str(), "max" | "min")
                && runs(module, code, first.value).as_ref() == Some(&wanted)
        })
    })?;
    is_of_object.then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: DEFAULTED,
        source,
    })
}

/// What a comprehension without conditions runs through, one by one.
fn runs(module: &Module, code: &Function, expr: ExprId) -> Option<Vec<String>> {
    let ExprKind::Comprehension(id) = module.kind(expr) else {
        return module.dotted(code, expr).map(|name| vec![name]);
    };
    let clauses = module.comprehension(id).clauses.iter();
    clauses
        .map(|clause| {
            let is_plain = clause.conditions.is_empty();
            module.dotted(code, clause.iterable).filter(|_| is_plain)
        })
        .collect()
}

/// What a value is made of, element by element: `xs` of `[x.size for x in xs]`, also by way of a name.
fn gone_through(boundary: &Boundary<'_>, argument: ExprId) -> ExprId {
    let module = boundary.flow.module;
    let values = boundary.values(argument);
    let [value] = values[..] else {
        return argument;
    };
    match module.kind(value) {
        ExprKind::Comprehension(id) => match &module.comprehension(id).clauses[..] {
            [clause] if clause.conditions.is_empty() => clause.iterable,
            _ => argument,
        },
        _ => argument,
    }
}

/// `next(it)` with no default.
fn exhausted(boundary: &Boundary<'_>, candidate: Candidate, argument: ExprId) -> Option<Finding> {
    let flow = boundary.flow;
    if boundary.is_caught(candidate.at.0, &["StopIteration"]) {
        return None;
    }
    let (key, confidence) = match flow.module.kind(argument) {
        ExprKind::Comprehension(id) => {
            let comprehension = flow.module.comprehension(id);
            let filtered = comprehension
                .clauses
                .iter()
                .any(|clause| !clause.conditions.is_empty());
            // Mostly an invariant: what is looked for was put there before. Not where the same is looked for with a default.
            let confidence = if has_default_elsewhere(boundary, candidate.expr, argument) {
                Confidence::Medium
            } else {
                Confidence::Low
            };
            filtered.then_some(("nothing", confidence))?
        }
        _ if searches(boundary, argument) => ("nothing", Confidence::Medium),
        _ if is_filter(boundary, argument)
            && has_default_elsewhere(boundary, candidate.expr, argument) =>
        {
            ("nothing", Confidence::Medium)
        }
        _ if generates(boundary, argument) => ("nothing", Confidence::Medium),
        _ if is_of_file(boundary, argument) => ("header", Confidence::Medium),
        ExprKind::Name(place)
            if in_endless_loop(boundary, candidate) && is_finite(boundary, place) =>
        {
            ("generator", Confidence::High)
        }
        _ => return None,
    };
    let places = boundary.places(argument);
    let finding = boundary.scene.at(candidate.expr, Message::new(key));
    let help = Message::new("next");
    (key == "generator" || !boundary.is_tested(candidate, &places))
        .then(|| finding.confidence(confidence).help(help))
}

/// `next(filter(…))`, also by way of a name.
fn is_filter(boundary: &Boundary<'_>, iterator: ExprId) -> bool {
    let values = boundary.values(iterator);
    let filters = |&value: &ExprId| matches!(boundary.called(value), Some(("filter", None, _)));
    !values.is_empty() && values.iter().all(filters)
}

/// `next(keys_of(event))` of a generator that yields in its loops only.
fn generates(boundary: &Boundary<'_>, iterator: ExprId) -> bool {
    matches!(boundary.flow.module.kind(iterator), ExprKind::Call { .. })
        && yields_nothing(boundary, iterator)
}

/// Calls that go through what is found in a folder or a text.
const SEARCHING: [&str; 6] = ["glob", "rglob", "iglob", "iterdir", "finditer", "scandir"];

/// `next(folder.glob("*.json"))`, `next(iter(folder.iterdir()))`, `next(os.walk(folder))`.
fn searches(boundary: &Boundary<'_>, iterator: ExprId) -> bool {
    let is_search = |&value: &ExprId| match boundary.called(value) {
        Some(("iter", None, inner)) => inner
            .first()
            .is_some_and(|&inner| is_search(boundary, inner)),
        _ => is_search(boundary, value),
    };
    let values = boundary.values(iterator);
    !values.is_empty() && values.iter().all(is_search)
}

fn is_search(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = boundary.flow.module.kind(call) else {
        return false;
    };
    let dotted = boundary.flow.evaluate.dotted(callee).unwrap_or_default();
    match boundary.called(call) {
        Some((name, Some(_), _)) => SEARCHING.contains(&name) || dotted == "os.walk",
        _ => false,
    }
}

/// Whether another `next` of the file goes through the same, and says what to take where nothing fits.
fn has_default_elsewhere(boundary: &Boundary<'_>, own: ExprId, generator: ExprId) -> bool {
    let module = boundary.flow.module;
    let through = |code: &Function, expr: ExprId| match module.kind(expr) {
        ExprKind::Comprehension(id) => {
            let first = module.comprehension(id).clauses.first()?;
            module.dotted(code, first.iterable)
        }
        ExprKind::Call { arguments, .. } => {
            let second = module.arguments(arguments).get(1)?;
            module.dotted(code, second.value)
        }
        _ => None,
    };
    let generator = match boundary.values(generator)[..] {
        [value] => value,
        _ => generator,
    };
    let missing = boundary
        .flow
        .program
        .library
        .class("StopIteration", boundary.flow.module.dialect);
    let Some(wanted) = through(boundary.flow.code, generator) else {
        return false;
    };
    let is_attribute = wanted.contains('.');
    is_attribute
        && module.functions.iter().enumerate().any(|(index, code)| {
            let function = boundary
                .flow
                .program
                .function(boundary.flow.module_ref, FunctionId::new(index));
            let is_caught = |expr: ExprId| {
                let span = module.span(expr);
                let mut blocks = code.blocks.iter();
                blocks.any(|block| {
                    let has = { code.insts(block).iter() }.any(|inst| inst.span.contains(span));
                    let caught = |class| {
                        boundary
                            .flow
                            .program
                            .caught_in(function, block.guard, class)
                            .0
                            == Coverage::Full
                    };
                    has && block.guard.is_some() && missing.is_some_and(caught)
                })
            };
            let mut exprs = code.exprs.range().map(ExprId::new);
            exprs.any(|expr| match module.kind(expr) {
                ExprKind::Call { callee, arguments } if expr != own => {
                    let is_next = module.dotted(code, callee).as_deref() == Some("next");
                    match module.arguments(arguments) {
                        [first, rest @ ..] if is_next => {
                            through(code, first.value).as_deref() == Some(&wanted)
                                && (!rest.is_empty() || is_caught(expr))
                        }
                        _ => false,
                    }
                }
                _ => false,
            })
        })
}

/// Whether it runs over the lines of a file: a table without any has no header either.
fn is_of_file(boundary: &Boundary<'_>, iterator: ExprId) -> bool {
    let values = boundary.values(iterator);
    let reads = |&value: &ExprId| {
        let ExprKind::Call { callee, .. } = boundary.flow.module.kind(value) else {
            return false;
        };
        let name = boundary.flow.evaluate.dotted(callee).unwrap_or_default();
        matches!(name.as_str(), "csv.reader" | "csv.DictReader")
    };
    !values.is_empty() && values.iter().all(reads)
}

/// Whether a use stands in a `while True` of a generator: `StopIteration` does not end it quietly any more (PEP 479).
fn in_endless_loop(boundary: &Boundary<'_>, candidate: Candidate) -> bool {
    let flow = boundary.flow;
    let mut exprs = flow.code.exprs.range();
    let yields = exprs.any(|index| {
        matches!(
            flow.module.kind(ExprId::new(index)),
            ExprKind::Yield(_) | ExprKind::YieldFrom(_)
        )
    });
    let inside = flow.module.span(candidate.expr);
    yields
        && flow.module.dialect == Dialect::Three
        && flow.code.loops.iter().any(|of| match of.kind {
            LoopKind::While { test } => {
                of.suite.contains(inside)
                    && matches!(flow.module.kind(test), ExprKind::True | ExprKind::Int(1))
            }
            LoopKind::For { .. } => false,
        })
}

/// Whether an iterator is made here of something that ends.
fn is_finite(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    boundary.origins(place).iter().any(|origin| match *origin {
        Origin::Value(value) => matches!(boundary.called(value), Some(("iter", None, arguments)) if arguments.len() == 1),
        Origin::Element(_) => false,
    })
}
