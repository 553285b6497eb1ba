//! `next(it)`, `max(…)`, `random.choice(…)`: one of many, where there may be none.

use super::answered::{filters, yields_found};
use super::evidence::{DEFAULTED, Evidence, evidence, evidence_of_argument};
use super::exhausted::exhausted;
use super::is_guarded;
use super::list::{is_conditional, is_handed_out, is_of_found_round, put_in};
use super::passed::passed;
use super::unheeded::unheeded;
use super::whole::of_lines;
use crate::finding::{Confidence, Finding, Message};
use crate::flow::State;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, InstKind, Module, Passing, PlaceId, Source,
    UnaryOperator,
};
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
        // `self.random.choice(…)`
        Some(written) if written.ends_with("random.choice") => "random.choice".to_owned(),
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
    if let Some(asked) = unheeded(boundary, candidate, argument, 1) {
        let places = boundary.places(argument);
        let is_due = !boundary.is_caught(candidate.at.0, &[error])
            && !boundary.is_asked_there(candidate, &places);
        return is_due.then(|| told(boundary, candidate, &asked, name, error));
    }
    let doubt =
        || of_set(boundary, argument).or_else(|| of_chosen(boundary, candidate, argument, name));
    let evidence = match boundary.flow.module.kind(argument) {
        ExprKind::Comprehension(_) => evidence_of_argument(boundary, argument, state)
            .or_else(|| of_lines(boundary, argument, state)),
        _ => match evidence(boundary, argument, state) {
            Some(found) if found.confidence > Confidence::Low => Some(found),
            known => doubt().or(known),
        },
    }
    .or_else(|| (through != argument).then(|| evidence(boundary, through, state))?)
    .or_else(|| passed(boundary, through, 1))
    .or_else(|| of_generator(boundary, argument))
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
    Some(told(boundary, candidate, &evidence, name, error))
}

/// `max(authors(since))` of a generator that yields in its loops only, over what was found somewhere.
fn of_generator(boundary: &Boundary<'_>, argument: ExprId) -> Option<Evidence> {
    let call = match boundary.values(argument)[..] {
        [value] => value,
        _ => return None,
    };
    yields_found(boundary, call).then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "empty",
        source: call,
    })
}

/// What is said of it, and what it is said because of.
fn told(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    evidence: &Evidence,
    name: &str,
    error: &str,
) -> (ExprId, Finding) {
    // What is said of the first of those that fit does not hold for the largest of them.
    let confidence = match evidence.key {
        "filtered" | "found" | "rest" => evidence.confidence.max(Confidence::Medium),
        "empty" if filters(boundary, evidence.source) => Confidence::Medium,
        _ => evidence.confidence,
    };
    let message = Message::new("reduced").with("call", name);
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    let help = Message::new("nonempty").with("error", error);
    (evidence.source, finding.confidence(confidence).help(help))
}

/// A set that starts empty, and that gets elements under a condition only: `taken = set()`.
fn of_set(boundary: &Boundary<'_>, argument: ExprId) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Name(place) = flow.module.kind(argument) else {
        return None;
    };
    let [Origin::Value(source)] = boundary.origins(place)[..] else {
        return None;
    };
    let is_empty = match flow.module.kind(source) {
        ExprKind::Dict(parts) => parts.is_empty(),
        _ => matches!(
            boundary.called(source),
            Some(("set" | "dict" | "Counter" | "defaultdict", _, arguments))
                if arguments.is_empty()
        ),
    };
    let mut added = put_in(boundary, place, &["add", "update", "setdefault"]);
    added.extend(stored(boundary, place));
    let is_sparse = is_empty
        && boundary.is_local(place)
        && !added.is_empty()
        && !is_handed_out(boundary, place)
        && (added.iter().all(|&block| is_conditional(boundary, block)) || { added.iter() }
            .all(|&block| is_of_found_round(boundary, block)));
    is_sparse.then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "filled",
        source,
    })
}

/// The blocks that put something into a dictionary: `sizes[name] = size`, `sizes[name] += size`.
fn stored(boundary: &Boundary<'_>, place: PlaceId) -> Vec<BlockId> {
    let flow = boundary.flow;
    let stores = |block: &BlockId| {
        let mut insts = flow.code.insts(flow.code.block(*block)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Bind { target, .. } => matches!(
                flow.module.kind(target),
                ExprKind::Subscript { value, .. } if flow.place_of(value) == Some(place)
            ),
            _ => false,
        })
    };
    let blocks = (0..flow.code.blocks.len()).map(BlockId::new);
    blocks.filter(stores).collect()
}

/// `peer = random.choice(peers)`, `if peer`: whoever asks whether one was chosen thinks that there may be none.
fn of_chosen(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    argument: ExprId,
    name: &str,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let is_display = matches!(
        flow.module.kind(argument),
        ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Text(_)
    );
    if name != "random.choice" || is_display {
        return None;
    }
    let InstKind::Bind {
        target,
        source: Source::Value(value),
        ..
    } = flow.code.insts[candidate.at.1 as usize].kind
    else {
        return None;
    };
    let ExprKind::Name(chosen) = flow.module.kind(target) else {
        return None;
    };
    let is_only = value == candidate.expr && boundary.origins(chosen).len() == 1;
    let source = flow.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Assume { test, .. } => {
            let asked = match flow.module.kind(test) {
                ExprKind::Unary {
                    operator: UnaryOperator::Not,
                    operand,
                } => operand,
                ExprKind::Compare {
                    operator: Comparison::Is | Comparison::IsNot,
                    left,
                    right,
                } if matches!(flow.module.kind(right), ExprKind::None) => left,
                _ => test,
            };
            (flow.module.kind(asked) == ExprKind::Name(chosen)).then_some(test)
        }
        _ => None,
    })?;
    is_only.then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "chosen",
        source,
    })
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
