//! `overwriting-target`: a loop, `with` or `except` target overwrites a variable that is still in use.

mod after_loop;
mod comprehension;
mod statement;

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{At, Flow, Reaching, Solution, Start};
use crate::ir::{
    Dialect, ExprId, ExprKind, FunctionKind, InstKind, Loop, LoopKind, PlaceId, Source,
};
use crate::rules::names::overwritten_parameter::is_behind;
use crate::rules::names::vocabulary::is_throwaway;
use crate::rules::none::belief::{Question, asked};
use crate::rules::{Check, Family, Rule, Scene};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "overwriting-target",
    family: Family::Names,
    page: include_str!("../../../rules/overwriting-target.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// A target that binds a name.
#[derive(Clone, Copy)]
struct Target {
    place: PlaceId,
    at: At,
    source: Source,
}

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    if flow.code.is_dynamic || flow.code.kind == FunctionKind::Class {
        return Vec::new();
    }
    let targets = targets(flow);
    if targets.is_empty() && flow.module.dialect == Dialect::Three {
        return Vec::new();
    }
    let counts = bindings(flow);
    let again: Vec<Target> = targets
        .into_iter()
        .filter(|target| counts[target.place.index()] > 1)
        .collect();
    let leaked = comprehension::leaked(flow, &counts);
    if again.is_empty() && leaked.is_empty() {
        return Vec::new();
    }
    let ways = Reaching::of(flow);
    let mut findings: Vec<Finding> = again
        .iter()
        .filter_map(|&target| overwriting(scene, &ways, target))
        .collect();
    // One for each statement: a tuple of targets is one slip.
    findings.dedup_by(|a, b| a.statement == b.statement);
    findings.extend(
        leaked
            .into_iter()
            .filter_map(|(place, at)| comprehension::overwriting(scene, &ways, place, at)),
    );
    findings
}

/// Names that a `for`, `with` or `except` binds.
fn targets(flow: &Flow<'_, '_>) -> Vec<Target> {
    let mut found = Vec::new();
    for (index, inst) in flow.code.insts.iter().enumerate() {
        let InstKind::Bind {
            target,
            source:
                source @ (Source::Element { .. } | Source::Entered { .. } | Source::Caught { .. }),
            ..
        } = inst.kind
        else {
            continue;
        };
        for (name, place) in names_in(flow, target) {
            if !is_throwaway(&flow.place_text(place)) {
                found.push(Target {
                    place,
                    at: At {
                        name,
                        inst: index as u32,
                    },
                    source,
                });
            }
        }
    }
    found
}

fn names_in(flow: &Flow<'_, '_>, target: ExprId) -> Vec<(ExprId, PlaceId)> {
    match flow.module.kind(target) {
        ExprKind::Name(place) => vec![(target, place)],
        ExprKind::Tuple(parts) | ExprKind::List(parts) => flow
            .module
            .list(parts)
            .iter()
            .flat_map(|&part| names_in(flow, part))
            .collect(),
        ExprKind::Starred(inner) => names_in(flow, inner),
        _ => Vec::new(),
    }
}

/// How often each variable gets a value, an argument counted.
fn bindings(flow: &Flow<'_, '_>) -> Vec<u32> {
    let mut counts = vec![0; flow.code.places.len()];
    for parameter in &flow.code.parameters {
        counts[parameter.place.index()] += 1;
    }
    for inst in &flow.code.insts {
        if let InstKind::Bind { target, .. } = inst.kind {
            for (_, place) in names_in(flow, target) {
                counts[place.index()] += 1;
            }
        }
    }
    counts
}

fn overwriting(scene: &Scene<'_>, ways: &Reaching<'_, '_, '_>, target: Target) -> Option<Finding> {
    match target.source {
        Source::Element { iterable, .. } => {
            let own = loop_of(scene.flow, target.at.inst)?;
            own_name(scene, ways, target, own, iterable)
                .or_else(|| nested(scene, ways, target, own))
                .or_else(|| after_loop::overwriting(scene, ways, target, own, iterable))
        }
        _ => statement::overwriting(scene, ways, target),
    }
}

/// The loop whose target is bound in this instruction.
fn loop_of<'a>(flow: &Flow<'_, 'a>, inst: u32) -> Option<&'a Loop> {
    let span = flow.code.insts[inst as usize].span;
    let around = flow.code.loops.iter().filter(|of| {
        matches!(of.kind, LoopKind::For { .. })
            && of.span.contains(span)
            && !of.suite.contains(span)
    });
    around.max_by_key(|of| of.span.start)
}

/// `for items in items`.
fn own_name(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    target: Target,
    own: &Loop,
    iterable: ExprId,
) -> Option<Finding> {
    (scene.flow.module.kind(iterable) == ExprKind::Name(target.place)).then(|| {
        let held = ways.reach(target.place, Start::Behind(target.at.inst));
        let mut reads = held.reads.iter();
        let is_missed = reads.any(|read| is_behind(scene.flow, read, own.span));
        // The loop itself keeps the container: nobody else asks for it any more.
        let confidence = match is_missed && !is_sure_to_run(scene.flow, ways, target) {
            true => Confidence::High,
            false => Confidence::Low,
        };
        let finding = finding(scene, target.at, "own").confidence(confidence);
        finding.because(scene.related(
            iterable,
            Message::new("iterated").with("name", scene.flow.place_text(target.place)),
        ))
    })
}

/// Whether the container was asked before the loop whether there is anything in it. Then the name behind the loop is always
/// its last element, and who made sure of that wants just this one: `if len(node): for node in node: …; node.tail = end`.
fn is_sure_to_run(flow: &Flow<'_, '_>, ways: &Reaching<'_, '_, '_>, target: Target) -> bool {
    let mut conditions = ways.conditions(target.at.inst).into_iter();
    conditions.any(|(test, holds, _)| {
        let mut found = Vec::new();
        asked(flow.module, flow.code, test, &mut found);
        found.iter().any(|asked| {
            asked.place == target.place
                && asked.positive == holds
                && matches!(asked.question, Question::Truth | Question::Length)
        })
    })
}

/// A loop inside a loop with the same target.
fn nested(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    target: Target,
    own: &Loop,
) -> Option<Finding> {
    let flow = scene.flow;
    let outer = enclosing(flow, own).find_map(|of| {
        let LoopKind::For {
            target: outer,
            iterable,
            ..
        } = of.kind
        else {
            return None;
        };
        if is_same_iterator(flow, iterable, own) {
            return None;
        }
        let name = names_in(flow, outer)
            .into_iter()
            .find(|(_, place)| *place == target.place)?
            .0;
        Some((of, name))
    });
    let (outer, name) = outer?;
    let reach = ways.reach(target.place, Start::Behind(target.at.inst));
    // Whoever leaves the inner loop by `break` takes what was found along.
    let from_break = ways.reachable(own.body, Some(own.header));
    let is_carried = |read: &At| {
        let block = ways.block_of(read.inst);
        block.is_some_and(|block| from_break[block.index()])
    };
    let later = reach.reads.iter().find(|read| {
        let span = flow.module.span(read.name);
        outer.suite.contains(span)
            && !own.span.contains(span)
            && span.start >= own.span.end
            && !is_carried(read)
    });
    let related = scene.related(
        name,
        Message::new("outer").with("name", flow.place_text(target.place)),
    );
    Some(match later {
        Some(read) => {
            let read = scene.related(
                read.name,
                Message::new("read").with("name", flow.place_text(target.place)),
            );
            finding(scene, target.at, "nested-read")
                .confidence(Confidence::High)
                .severity(Severity::Error)
                .because(related)
                .because(read)
        }
        None => finding(scene, target.at, "nested")
            .confidence(Confidence::Medium)
            .severity(Severity::Hint)
            .because(related),
    })
}

/// Both loops take from one iterator: the inner one only goes on where the outer one is.
fn is_same_iterator(flow: &Flow<'_, '_>, outer: ExprId, own: &Loop) -> bool {
    let LoopKind::For { iterable, .. } = own.kind else {
        return false;
    };
    let outer = flow.module.kind(outer).place();
    outer.is_some() && outer == flow.module.kind(iterable).place()
}

fn enclosing<'a>(flow: &Flow<'_, 'a>, of: &Loop) -> impl Iterator<Item = &'a Loop> {
    let loops = &flow.code.loops;
    let mut at = of.parent;
    std::iter::from_fn(move || {
        let found = loops.get(at? as usize)?;
        at = found.parent;
        Some(found)
    })
}

fn finding(scene: &Scene<'_>, at: At, key: &'static str) -> Finding {
    let flow = scene.flow;
    let name = match flow.module.kind(at.name) {
        ExprKind::Name(place) => flow.place_text(place),
        _ => String::new(),
    };
    let statement = flow.code.insts[at.inst as usize].span.start;
    let finding = Finding {
        statement,
        ..scene.at(at.name, Message::new(key).with("name", name.clone()))
    };
    finding.help(Message::new("rename").with("name", name))
}
