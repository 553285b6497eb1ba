//! `empty-sequence`: an element is taken for granted of what may have too few of them.

use super::boundary::{Boundary, Candidate, Origin};
use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message};
use crate::flow::{Solution, State};
use crate::ir::{
    BlockId, ComprehensionKind, Dialect, ExprId, ExprKind, InstKind, LoopKind, Next, PlaceId,
    Source, UnaryOperator,
};
use crate::value::{Facts, Kinds};

pub(super) const RULE: Rule = Rule {
    name: "empty-sequence",
    family: Family::Boundary,
    page: include_str!("../../rules/empty-sequence.md"),
    severity: crate::finding::Severity::Warning,
    check: Check::Function(check),
};

/// Calls that answer with a list of whatever they found, which may be nothing.
const FINDING: [&str; 16] = [
    "findall",
    "xpath",
    "cssselect",
    "select",
    "getElementsByTagName",
    "getElementsByTagNameNS",
    "getElementsByClassName",
    "find_all",
    "findAll",
    "find_elements",
    "find_elements_by_xpath",
    "fetchall",
    "fetchmany",
    "splitlines",
    "readlines",
    "iglob",
];

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// What is known of how few elements a value can have.
struct Evidence {
    /// So many it has at least.
    least: i64,
    /// How sure it is that it matters.
    confidence: Confidence,
    /// The message that says why.
    key: &'static str,
    /// Where it comes from.
    source: ExprId,
}

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    let boundary = Boundary::new(scene, solution);
    let is_of_interest = |kind: ExprKind| match kind {
        ExprKind::Subscript { .. } | ExprKind::Call { .. } => true,
        ExprKind::Tuple(parts) | ExprKind::List(parts) => parts.count >= 2,
        _ => false,
    };
    if boundary.in_test() || !boundary.has(&is_of_interest) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut told = Vec::new();
    boundary.walk(&mut |candidate, state| {
        if let Some(finding) = indexed(&boundary, candidate, state, &mut told) {
            findings.push(finding);
        }
        findings.extend(called(&boundary, candidate, state));
    });
    findings.extend(unpacked(&boundary));
    findings
}

/// `x[0]`, `x[-1]`.
fn indexed(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    state: &State,
    told: &mut Vec<ExprId>,
) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let index = constant(boundary, index)?;
    let need = if index < 0 { -index } else { index + 1 };
    let evidence = evidence(boundary, value, state)?;
    if evidence.least >= need
        || told.contains(&evidence.source)
        || boundary.is_caught(candidate.at.0, &["IndexError"])
        || is_guarded(boundary, candidate, value, evidence.source)
    {
        return None;
    }
    told.push(evidence.source);
    let text = boundary.text(value);
    let message = Message::new("indexed")
        .with("name", text.clone())
        .with("index", index.to_string());
    let finding = boundary.scene.at(candidate.expr, message);
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    let help = Message::new("guard").with("name", text);
    Some(
        finding
            .because(why)
            .confidence(evidence.confidence)
            .help(help),
    )
}

/// A literal index.
pub(super) fn constant(boundary: &Boundary<'_>, index: ExprId) -> Option<i64> {
    match boundary.flow.module.kind(index) {
        ExprKind::Int(number) => Some(i64::from(number)),
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => match boundary.flow.module.kind(operand) {
            ExprKind::Int(number) => Some(-i64::from(number)),
            _ => None,
        },
        _ => None,
    }
}

fn is_guarded(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    source: ExprId,
) -> bool {
    let mut places = boundary.places(subject);
    places.extend(boundary.places(source));
    let mut inner = places.clone();
    for &place in &places {
        for origin in boundary.origins(place) {
            if let Origin::Value(value) = origin {
                inner.extend(boundary.places(value));
            }
        }
    }
    boundary.is_tested(candidate, &inner)
}

/// Why a value may have too few elements.
fn evidence(boundary: &Boundary<'_>, subject: ExprId, state: &State) -> Option<Evidence> {
    let flow = boundary.flow;
    if let ExprKind::Name(place) = flow.module.kind(subject) {
        if let Some(found) = filled(boundary, place, state) {
            return Some(found);
        }
        let held = flow.held(state, subject);
        let source = held.and_then(|held| held.bound);
        let found = of_form(boundary, source?, state);
        return found.or_else(|| of_result(boundary, subject, source?, state));
    }
    of_form(boundary, subject, state).or_else(|| of_result(boundary, subject, subject, state))
}

/// A call of the project, or of a library, that may give nothing.
fn of_result(
    boundary: &Boundary<'_>,
    subject: ExprId,
    source: ExprId,
    state: &State,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Call { .. } = flow.module.kind(source) else {
        return None;
    };
    let value = match flow.held(state, subject) {
        Some(held) => held.value,
        None => flow.quietly(subject, state).value,
    };
    let sequence = Kinds::LIST | Kinds::TUPLE | Kinds::TEXT | Kinds::BYTES;
    let fits = (value.kinds - sequence - Kinds::NONE).is_empty() && value.kinds.meets(sequence);
    (fits && value.facts.has(Facts::EMPTY)).then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "empty",
        source,
    })
}

/// What the way a value is written says.
fn of_form(boundary: &Boundary<'_>, expr: ExprId, state: &State) -> Option<Evidence> {
    let evidence = |least, confidence, key| {
        Some(Evidence {
            least,
            confidence,
            key,
            source: expr,
        })
    };
    match boundary.flow.module.kind(expr) {
        ExprKind::Call { .. } => {
            let (name, receiver, arguments) = boundary.called(expr)?;
            match (name, receiver) {
                ("split" | "rsplit", Some(text))
                    if boundary.flow.evaluate.dotted(text).as_deref() != Some("re") =>
                {
                    of_split(boundary, expr, text, &arguments)
                }
                ("sorted" | "list" | "tuple", None) => {
                    let inner = evidence_of_argument(boundary, *arguments.first()?, state)?;
                    Some(Evidence {
                        source: expr,
                        ..inner
                    })
                }
                ("filter", None) if boundary.flow.module.dialect == Dialect::Two => {
                    evidence(0, Confidence::Medium, "filtered")
                }
                ("glob", Some(_)) => evidence(0, Confidence::Medium, "found"),
                (name, Some(receiver)) if FINDING.contains(&name) => {
                    let is_text_file = name == "readlines" || name == "splitlines";
                    if is_text_file && !boundary.is_outside(receiver) {
                        return None;
                    }
                    if name == "select" && arguments.len() != 1 {
                        return None;
                    }
                    evidence(0, Confidence::Medium, "found")
                }
                ("strip" | "lstrip" | "rstrip", Some(text)) if boundary.is_outside(text) => {
                    evidence(0, Confidence::Medium, "blank")
                }
                ("join", Some(_)) => of_join(boundary, expr, *arguments.first()?, state),
                _ => None,
            }
        }
        ExprKind::Comprehension(id) => {
            let comprehension = boundary.flow.module.comprehension(id);
            let filtered = comprehension
                .clauses
                .iter()
                .any(|clause| !clause.conditions.is_empty());
            (filtered && comprehension.kind == ComprehensionKind::List)
                .then(|| evidence(0, Confidence::Medium, "filtered"))?
        }
        ExprKind::Attribute { .. } => {
            let name = boundary.flow.evaluate.dotted(expr)?;
            match name.as_str() {
                "sys.argv" => evidence(1, Confidence::Medium, "argv"),
                _ => of_exception(boundary, expr),
            }
        }
        _ => None,
    }
}

fn evidence_of_argument(
    boundary: &Boundary<'_>,
    argument: ExprId,
    state: &State,
) -> Option<Evidence> {
    match boundary.flow.module.kind(argument) {
        ExprKind::Comprehension(id) => {
            let comprehension = boundary.flow.module.comprehension(id);
            let filtered = comprehension
                .clauses
                .iter()
                .any(|clause| !clause.conditions.is_empty());
            filtered.then_some(Evidence {
                least: 0,
                confidence: Confidence::Medium,
                key: "filtered",
                source: argument,
            })
        }
        ExprKind::Call { .. } => match boundary.called(argument)? {
            ("filter", None, _) => Some(Evidence {
                least: 0,
                confidence: Confidence::Medium,
                key: "filtered",
                source: argument,
            }),
            ("glob", None, _) => None,
            _ => of_form(boundary, argument, state),
        },
        _ => None,
    }
}

/// `text.split(",")` has one element where there is no comma, `text.split()` none where there is only space.
fn of_split(
    boundary: &Boundary<'_>,
    expr: ExprId,
    text: ExprId,
    arguments: &[ExprId],
) -> Option<Evidence> {
    let module = boundary.flow.module;
    let separator = arguments.first().copied();
    let by_space = separator.is_none_or(|first| matches!(module.kind(first), ExprKind::None));
    let source = expr;
    if has_empty_default(boundary, text, DEPTH) {
        return Some(Evidence {
            least: i64::from(!by_space),
            confidence: Confidence::High,
            key: "default",
            source,
        });
    }
    let known = matches!(module.kind(text), ExprKind::Text(_) | ExprKind::Bytes(_))
        || module
            .dotted(boundary.flow.code, text)
            .is_some_and(|name| name.ends_with("__name__") || name.ends_with("__version__"));
    if known {
        return None;
    }
    let outside = boundary.is_outside(text);
    Some(Evidence {
        least: i64::from(!by_space),
        confidence: if outside {
            Confidence::Medium
        } else {
            Confidence::Low
        },
        key: if by_space { "spaces" } else { "separator" },
        source,
    })
}

/// `d.get("k", "")`: where the key is missing, there is nothing to split.
fn has_empty_default(boundary: &Boundary<'_>, text: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    boundary.values(text).iter().any(|&value| {
        let Some((name, Some(receiver), arguments)) = boundary.called(value) else {
            return false;
        };
        match (name, arguments.get(1)) {
            ("strip" | "lower" | "decode" | "upper", _) => {
                has_empty_default(boundary, receiver, depth)
            }
            ("get" | "getenv", Some(&default)) => match boundary.flow.module.kind(default) {
                ExprKind::Text(text) => boundary.flow.module.name(text).is_empty(),
                _ => false,
            },
            _ => false,
        }
    })
}

/// `"".join(lines)` is empty where `lines` is.
fn of_join(
    boundary: &Boundary<'_>,
    expr: ExprId,
    argument: ExprId,
    state: &State,
) -> Option<Evidence> {
    let inner = match boundary.flow.module.kind(argument) {
        ExprKind::Name(place) => of_empty_display(boundary, place, state)?,
        _ => evidence_of_argument(boundary, argument, state)?,
    };
    (inner.least == 0).then_some(Evidence {
        key: "joined",
        source: expr,
        ..inner
    })
}

/// `error.args[0]` of a caught exception.
fn of_exception(boundary: &Boundary<'_>, expr: ExprId) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Attribute { value, name, .. } = flow.module.kind(expr) else {
        return None;
    };
    if flow.module.name(name) != "args" {
        return None;
    }
    let place = flow.place_of(value)?;
    let caught = flow.code.insts.iter().any(|inst| {
        matches!(inst.kind, InstKind::Bind { target, source: Source::Caught { .. }, .. } if flow.place_of(target) == Some(place))
    });
    caught.then_some(Evidence {
        least: 0,
        confidence: Confidence::Low,
        key: "exception",
        source: expr,
    })
}

/// A list that starts empty and is filled only under a condition.
fn filled(boundary: &Boundary<'_>, place: PlaceId, state: &State) -> Option<Evidence> {
    let evidence = of_empty_display(boundary, place, state)?;
    let appends = appends(boundary, place);
    let conditional =
        !appends.is_empty() && appends.iter().all(|&block| is_conditional(boundary, block));
    Some(Evidence {
        confidence: if conditional {
            Confidence::Medium
        } else {
            Confidence::Low
        },
        ..evidence
    })
}

fn of_empty_display(boundary: &Boundary<'_>, place: PlaceId, state: &State) -> Option<Evidence> {
    let flow = boundary.flow;
    let held = state.get(place).value;
    if !held.facts.has(Facts::EMPTY) || held.kinds != Kinds::LIST {
        return None;
    }
    let origins = boundary.origins(place);
    let [Origin::Value(source)] = origins[..] else {
        return None;
    };
    let is_empty = matches!(flow.module.kind(source), ExprKind::List(parts) if parts.is_empty());
    (is_empty && !is_handed_out(boundary, place)).then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "filled",
        source,
    })
}

/// Whether somebody else may fill it: it is an argument of a call, bound to something, or bound in a nested function.
fn is_handed_out(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let module = boundary.flow.module;
    let is_it = |expr: ExprId| boundary.flow.place_of(expr) == Some(place);
    let mut exprs = boundary.flow.code.exprs.range();
    let passed = exprs.any(|index| match module.kind(ExprId::new(index)) {
        ExprKind::Call { arguments, .. } => {
            let mut arguments = module.arguments(arguments).iter();
            let is_harmless = matches!(
                boundary.called(ExprId::new(index)),
                Some((
                    "len" | "sorted" | "join" | "list" | "str" | "set" | "tuple" | "debug" | "info",
                    ..
                ))
            );
            !is_harmless && arguments.any(|argument| is_it(argument.value))
        }
        _ => false,
    });
    let bound = boundary.flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            source: Source::Value(value),
            ..
        } => is_it(value),
        InstKind::Bind {
            target,
            source: Source::Augmented { .. },
            ..
        } => is_it(target),
        _ => false,
    });
    passed || bound
}

/// The blocks that put something into a list.
fn appends(boundary: &Boundary<'_>, place: PlaceId) -> Vec<BlockId> {
    let flow = boundary.flow;
    let blocks = 0..flow.code.blocks.len();
    let grows = |block: &BlockId| {
        flow.code
            .insts(flow.code.block(*block))
            .iter()
            .any(|inst| match inst.kind {
                InstKind::Eval(call) => match boundary.called(call) {
                    Some((name, Some(receiver), _)) => {
                        matches!(name, "append" | "extend" | "insert")
                            && flow.place_of(receiver) == Some(place)
                    }
                    _ => false,
                },
                _ => false,
            })
    };
    blocks.map(BlockId::new).filter(grows).collect()
}

/// Whether not every round of the loop around a block gets there.
fn is_conditional(boundary: &Boundary<'_>, block: BlockId) -> bool {
    let code = boundary.flow.code;
    let Some(inst) = code.insts(code.block(block)).first() else {
        return false;
    };
    let around = code
        .loops
        .iter()
        .filter(|of| of.suite.contains(inst.span))
        .min_by_key(|of| of.suite.end - of.suite.start);
    let Some(around) = around else { return true };
    let head = around.header;
    let is_end = |at: BlockId| match code.block(at).next {
        Next::Goto(to) => to == head,
        Next::Branch(one, other) => one == head || other == head,
        _ => false,
    };
    let blocks = (0..code.blocks.len()).map(BlockId::new);
    let mut ends = blocks.filter(|&at| {
        let inside = code
            .insts(code.block(at))
            .first()
            .is_none_or(|first| around.suite.contains(first.span));
        inside && is_end(at) && at != head
    });
    let is_for = matches!(around.kind, LoopKind::For { .. });
    is_for && ends.any(|end| !boundary.dominates(block, end))
}

/// `next(it)`, `max(…)`, `random.choice(…)`.
fn called(boundary: &Boundary<'_>, candidate: Candidate, state: &State) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, arguments } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let name = flow.evaluate.dotted(callee)?;
    let name = name.strip_prefix("builtins.").unwrap_or(&name);
    let arguments = flow.module.arguments(arguments);
    let [argument, rest @ ..] = arguments else {
        return None;
    };
    let argument = argument.value;
    match name {
        "next" if rest.is_empty() => exhausted(boundary, candidate, argument),
        "max" | "min" => {
            let named = |wanted: &str| {
                rest.iter().any(|argument| matches!(argument.passing, crate::ir::Passing::Keyword(name) if flow.module.name(name) == wanted))
            };
            let only = rest
                .iter()
                .all(|argument| matches!(argument.passing, crate::ir::Passing::Keyword(_)));
            (only && !named("default"))
                .then(|| reduced(boundary, candidate, argument, name, "ValueError", state))?
        }
        "random.choice" => reduced(boundary, candidate, argument, name, "IndexError", state),
        "statistics.mean" | "statistics.median" => {
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
) -> Option<Finding> {
    let evidence = match boundary.flow.module.kind(argument) {
        ExprKind::Comprehension(_) => evidence_of_argument(boundary, argument, state)?,
        _ => evidence(boundary, argument, state)?,
    };
    if evidence.least > 0
        || boundary.is_caught(candidate.at.0, &[error])
        || is_guarded(boundary, candidate, argument, evidence.source)
    {
        return None;
    }
    let message = Message::new("reduced").with("call", name);
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    Some(
        boundary
            .scene
            .at(candidate.expr, message)
            .because(why)
            .confidence(evidence.confidence),
    )
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
            filtered.then_some(("nothing", Confidence::Medium))?
        }
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

/// `name, value = line.split("=", 1)`.
fn unpacked(boundary: &Boundary<'_>) -> Vec<Finding> {
    let flow = boundary.flow;
    let mut findings = Vec::new();
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for at in flow.code.block(block).insts.range() {
            let inst = flow.code.insts[at];
            if let InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } = inst.kind
            {
                let candidate = Candidate {
                    expr: value,
                    root: value,
                    at: (block, at as u32),
                };
                findings.extend(unpacked_at(boundary, candidate, target));
            }
        }
    }
    findings
}

fn unpacked_at(boundary: &Boundary<'_>, candidate: Candidate, target: ExprId) -> Option<Finding> {
    let module = boundary.flow.module;
    let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = module.kind(target) else {
        return None;
    };
    let starred = |part: &ExprId| matches!(module.kind(*part), ExprKind::Starred(_));
    let wanted = i64::from(parts.count);
    if module.list(parts).iter().any(starred) {
        return None;
    }
    let split = split_behind(boundary, candidate.expr, DEPTH)?;
    let (_, Some(text), arguments) = boundary.called(split)? else {
        return None;
    };
    let evidence = of_split(boundary, split, text, &arguments)?;
    if evidence.least >= wanted
        || boundary.is_caught(candidate.at.0, &["ValueError"])
        || is_guarded(boundary, candidate, candidate.expr, split)
    {
        return None;
    }
    let message = Message::new("unpacked").with("count", wanted.to_string());
    let why = boundary.scene.related(split, Message::new(evidence.key));
    let mut finding = boundary.scene.at(candidate.expr, message);
    finding.statement = module.span(target).start;
    Some(finding.because(why).confidence(evidence.confidence))
}

/// The split whose parts an expression gives one by one: itself, or what `[int(part) for part in …]` or `map` runs over.
fn split_behind(boundary: &Boundary<'_>, expr: ExprId, depth: usize) -> Option<ExprId> {
    let depth = depth.checked_sub(1)?;
    match boundary.flow.module.kind(expr) {
        ExprKind::Call { .. } => match boundary.called(expr)? {
            ("split" | "rsplit", Some(_), _) => Some(expr),
            ("map" | "imap", None, arguments) => split_behind(boundary, *arguments.get(1)?, depth),
            _ => None,
        },
        ExprKind::Comprehension(id) => {
            let comprehension = boundary.flow.module.comprehension(id);
            match &comprehension.clauses[..] {
                [clause] if clause.conditions.is_empty() => {
                    split_behind(boundary, clause.iterable, depth)
                }
                _ => None,
            }
        }
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(value)]
                if !matches!(boundary.flow.module.kind(value), ExprKind::Name(_)) =>
            {
                split_behind(boundary, value, depth)
            }
            _ => None,
        },
        _ => None,
    }
}
