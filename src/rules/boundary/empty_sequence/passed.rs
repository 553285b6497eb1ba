//! A parameter that is taken to have elements, where a call of the same file passes what may have none.

use super::evidence::Evidence;
use super::guarding;
use super::parsed::parts;
use crate::finding::Confidence;
use crate::flow::Flow;
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId, Scope, Source, Step};
use crate::project::{CallKind, CallSite};
use crate::rules::sequences::{Boundary, Candidate, Outside};

/// The evidence is a call: what it says of its places means nothing in the function that is called.
pub(super) const PASSED: &str = "passed";

/// The evidence is a call that passes the words of a line that somebody typed.
pub(super) const WORDS: &str = "words";

/// So many calls are looked at.
const CALLS: usize = 12;

/// A call of the function that passes a list which may be empty, with nothing in between that asks.
pub(super) fn passed(boundary: &Boundary<'_>, subject: ExprId, need: i64) -> Option<Evidence> {
    let flow = boundary.flow;
    let place = flow.place_of(subject)?;
    let is_parameter = matches!(
        flow.code.place(place).step,
        Step::Variable {
            scope: Scope::Parameter { .. },
            ..
        }
    );
    if !is_parameter || !boundary.origins(place).is_empty() {
        return None;
    }
    let position = { flow.code.parameters.iter() }.position(|own| own.place == place)?;
    let calls = boundary.scene.graph.calls_of(flow.function);
    let mut calls = calls
        .take(CALLS)
        .filter(|site| flow.program.locate(site.caller).0 == flow.module_ref);
    calls.find_map(|site| {
        let passes = match site.kind {
            CallKind::Named => passes_nothing(boundary, site, position),
            _ => false,
        };
        let key = if passes {
            PASSED
        } else if need > 1 && passes_words(boundary, site, position, need) {
            WORDS
        } else {
            return None;
        };
        Some(Evidence {
            least: 0,
            confidence: Confidence::Medium,
            key,
            source: site.call,
        })
    })
}

/// Whether a call passes what may be empty, and nothing before it asks whether it is.
fn passes_nothing(boundary: &Boundary<'_>, site: &CallSite, position: usize) -> bool {
    let Some((argument, place)) = argument(boundary, site, position) else {
        return false;
    };
    let inner = boundary.flow.of_another(site.caller);
    if !is_thinned(&inner, place, site) {
        return false;
    }
    let candidate = passed_at(site, argument);
    boundary.in_another_solved(site.caller, |caller| {
        let is_caught = caller.is_caught(site.block, &["IndexError", "ValueError"]);
        !is_caught && !caller.is_tested(candidate, &[place])
    })
}

fn passed_at(site: &CallSite, argument: ExprId) -> Candidate {
    Candidate {
        expr: argument,
        root: site.call,
        at: (site.block, 0),
    }
}

/// The variable that a call passes.
fn argument(
    boundary: &Boundary<'_>,
    site: &CallSite,
    position: usize,
) -> Option<(ExprId, PlaceId)> {
    let module = boundary.flow.module;
    let ExprKind::Call { arguments, .. } = module.kind(site.call) else {
        return None;
    };
    let position = position.checked_sub(usize::from(site.bound))?;
    let argument = module.arguments(arguments).get(position)?.value;
    match module.kind(argument) {
        ExprKind::Name(place) => Some((argument, place)),
        _ => None,
    }
}

/// Whether a call passes the words of a line that somebody typed or sent, and nothing before it counts them.
fn passes_words(boundary: &Boundary<'_>, site: &CallSite, position: usize, need: i64) -> bool {
    let Some((argument, place)) = argument(boundary, site, position) else {
        return false;
    };
    let inner = boundary.flow.of_another(site.caller);
    let bound = inner.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } if inner.place_of(target) == Some(place) => Some(value),
        _ => None,
    });
    let Some(split) = bound else { return false };
    let is_split = matches!(inner.module.kind(split), ExprKind::Call { callee, .. }
        if matches!(inner.module.kind(callee), ExprKind::Attribute { name, .. }
            if inner.module.name(name) == "split"));
    if !is_split {
        return false;
    }
    let candidate = passed_at(site, argument);
    boundary.in_another_solved(site.caller, |caller| {
        let Some(("split", Some(text), _)) = caller.called(split) else {
            return false;
        };
        let is_typed = matches!(
            caller.written_by(text),
            Some((Outside::Input | Outside::Network | Outside::Request, _))
        );
        let places = guarding(caller, argument, Some(split));
        is_typed
            && parts(caller, split, need)
                .is_some_and(|parts| !caller.are_counted(candidate, &places, &parts))
            && !caller.is_caught(site.block, &["IndexError", "LookupError"])
    })
}

/// Whether the last thing that a variable was bound to before a call is a list of which elements were left out, or an empty one
/// that only a loop fills.
fn is_thinned(flow: &Flow<'_, '_>, place: PlaceId, site: &CallSite) -> bool {
    let start = flow.module.span(site.call).start;
    let bound = flow.code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } if flow.place_of(target) == Some(place) && inst.span.start < start => Some(value),
        _ => None,
    });
    let Some(last) = bound.max_by_key(|&value| flow.module.span(value).start) else {
        return false;
    };
    match flow.module.kind(last) {
        ExprKind::Comprehension(id) => {
            let clauses = &flow.module.comprehension(id).clauses;
            clauses.iter().any(|clause| !clause.conditions.is_empty())
        }
        ExprKind::List(parts) => parts.is_empty() && is_filled_in_loop(flow, place, last, start),
        _ => false,
    }
}

/// Whether all that puts something into a list between its binding and a call stands in a loop that the call is not in.
fn is_filled_in_loop(flow: &Flow<'_, '_>, place: PlaceId, bound: ExprId, end: u32) -> bool {
    let begin = flow.module.span(bound).start;
    let mut grows = false;
    for inst in &flow.code.insts {
        if inst.span.start < begin || inst.span.start >= end {
            continue;
        }
        let is_in_loop = || {
            let mut loops = flow.code.loops.iter();
            loops.any(|of| of.suite.contains(inst.span) && of.suite.end <= end)
        };
        match inst.kind {
            InstKind::Eval(call) => match flow.module.kind(call) {
                ExprKind::Call { callee, arguments } => {
                    let is_own = match flow.module.kind(callee) {
                        ExprKind::Attribute { value, .. } => flow.place_of(value) == Some(place),
                        _ => false,
                    };
                    let mut arguments = flow.module.arguments(arguments).iter();
                    if is_own {
                        grows = true;
                        if !is_in_loop() {
                            return false;
                        }
                    } else if arguments.any(|given| flow.place_of(given.value) == Some(place)) {
                        return false;
                    }
                }
                _ => continue,
            },
            InstKind::Bind {
                target,
                source: Source::Augmented { .. },
                ..
            } if flow.place_of(target) == Some(place) => return false,
            _ => {}
        }
    }
    grows
}
