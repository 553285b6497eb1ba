//! What a function of the project gives: a list of what it found, or of what passed its condition, may have nothing in it,
//! whoever asks for it.

use super::evidence::{Evidence, FINDING, of_form};
use super::whole::is_opened;
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source};
use crate::project::{CallSite, Coverage, Target};
use crate::rules::Scene;
use crate::rules::sequences::{Boundary, Outside};
use crate::types::FunctionRef;

/// So many other calls are looked at.
const CALLS: usize = 16;

/// Functions that return what others return are followed so far.
const DEPTH: usize = 3;

/// Parts of a query that give one row whatever is there.
const AGGREGATES: [&str; 6] = ["count(", "max(", "min(", "sum(", "avg(", "exists("];

/// Why what a call of the project gives may be empty.
pub(super) fn answered(boundary: &Boundary<'_>, call: ExprId) -> Option<Evidence> {
    let function = callee(boundary, call)?;
    if asks_for_one(boundary, call) {
        return None;
    }
    let found = of_function(boundary, function, DEPTH)?;
    let is_doubted = || {
        let sites = boundary.scene.graph.calls_of(function).take(CALLS);
        sites
            .into_iter()
            .any(|site| site.call != call && is_doubted_at(boundary, site))
    };
    let confidence = if found.key == "filtered" && !is_doubted() {
        Confidence::Low
    } else {
        found.confidence.max(Confidence::Medium)
    };
    Some(Evidence {
        least: 0,
        confidence,
        key: "empty",
        source: call,
    })
}

fn callee(boundary: &Boundary<'_>, call: ExprId) -> Option<FunctionRef> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    match flow.program.target(flow.evaluate.value(callee)) {
        Target::Function { function, .. } if function != flow.function => Some(function),
        _ => None,
    }
}

/// What the way a function's answer is written says.
fn of_function(boundary: &Boundary<'_>, function: FunctionRef, depth: usize) -> Option<Evidence> {
    let depth = depth.checked_sub(1)?;
    let (module, code) = boundary.flow.program.code(function);
    let returned: Vec<ExprId> = code
        .insts
        .iter()
        .filter_map(|inst| match inst.kind {
            InstKind::Return(value) => value,
            _ => None,
        })
        .collect();
    let is_worth_it = |&value: &ExprId| {
        matches!(
            module.kind(value),
            ExprKind::Call { .. } | ExprKind::Comprehension(_) | ExprKind::Name(_)
        )
    };
    if !returned.iter().any(is_worth_it) || returned.len() > DEPTH {
        return None;
    }
    let inner = boundary.flow.of_another(function);
    let solution = inner.solve();
    let scene = Scene {
        flow: &inner,
        ..*boundary.scene
    };
    let within = Boundary::new(&scene, &solution);
    let nothing_known = State::of(code.places.len());
    returned.into_iter().find_map(|value| {
        let value = match (module.kind(value), &within.values(value)[..]) {
            (ExprKind::Name(place), _) if is_tested(module, code, place) => return None,
            (ExprKind::Name(_), [only]) => *only,
            (ExprKind::Name(_), _) => return None,
            _ => value,
        };
        of_form(&within, value, &nothing_known)
            .filter(|found| found.least == 0 && is_list(found.key))
            .or_else(|| of_function(&within, callee(&within, value)?, depth))
    })
}

/// Whether the evidence is of a list, not of a text.
fn is_list(key: &str) -> bool {
    matches!(key, "found" | "filtered" | "file" | "empty")
}

/// Whether a query is one that always has an answer.
fn asks_for_one(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let module = boundary.flow.module;
    let Some((_, _, arguments)) = boundary.called(call) else {
        return false;
    };
    arguments.iter().any(|&argument| {
        let values = boundary.values(argument);
        values.iter().any(|&value| match module.kind(value) {
            ExprKind::Text(text) => {
                let text = module.name(text).to_ascii_lowercase();
                AGGREGATES.iter().any(|word| text.contains(word)) && !text.contains("group by")
            }
            _ => false,
        })
    })
}

/// Whether another call of the function does not take for granted that there is something: it catches IndexError, or asks.
fn is_doubted_at(boundary: &Boundary<'_>, site: &CallSite) -> bool {
    let program = boundary.flow.program;
    let (module, code) = program.code(site.caller);
    let missing = program.library.class("IndexError", module.dialect);
    let everything = program.library.class("Exception", module.dialect);
    let caught = |class| program.caught_in(site.caller, site.guard, class).0 == Coverage::Full;
    if missing.is_some_and(caught) && !everything.is_some_and(caught) {
        return true;
    }
    let holds = code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } if module.span(value).contains(module.span(site.call)) => module.kind(target).place(),
        _ => None,
    });
    holds.is_some_and(|place| is_tested(module, code, place))
}

/// Whether a function asks whether there is anything in a variable.
fn is_tested(module: &Module, code: &Function, place: PlaceId) -> bool {
    let asks = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= module.kind(part).place() == Some(place)
        });
        found
    };
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => asks(test),
        _ => false,
    }) || code
        .exprs
        .range()
        .map(ExprId::new)
        .any(|expr| match module.kind(expr) {
            ExprKind::Conditional { test, .. } => asks(test),
            ExprKind::Or(parts) | ExprKind::And(parts) => {
                module.list(parts).first().is_some_and(|&first| asks(first))
            }
            _ => false,
        })
}

/// Whether what a comprehension goes through is what somebody else put there: files of a folder, what a search found, the lines
/// of a file, the parts of a text from outside.
pub(super) fn is_of_found(boundary: &Boundary<'_>, iterable: ExprId) -> bool {
    if is_opened(boundary, iterable) {
        return true;
    }
    let values = boundary.values(iterable);
    !values.is_empty() && values.iter().all(|&value| is_found(boundary, value))
}

fn is_found(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let Some((name, Some(receiver), arguments)) = boundary.called(value) else {
        return false;
    };
    let from_outside = || {
        let who = boundary.written_by(receiver);
        who.is_some_and(|(who, _)| who != Outside::Database)
    };
    match name {
        "listdir" | "scandir" | "iterdir" | "rglob" | "glob" | "iglob" => true,
        "split" => arguments.is_empty() && from_outside(),
        "splitlines" | "readlines" => from_outside(),
        "select" => arguments.len() == 1,
        _ => FINDING.contains(&name),
    }
}
