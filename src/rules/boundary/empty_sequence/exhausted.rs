//! `next(it)` with no default: the iterator may have nothing to give.

use super::answered::yields_nothing;
use crate::finding::{Confidence, Finding, Message};
use crate::ir::{Dialect, ExprId, ExprKind, Function, FunctionId, LoopKind, PlaceId};
use crate::project::Coverage;
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// `next(it)` with no default.
pub(super) fn exhausted(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    argument: ExprId,
) -> Option<Finding> {
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
