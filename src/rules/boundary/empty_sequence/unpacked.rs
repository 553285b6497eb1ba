//! `name, value = line.split("=", 1)`: the parts of a text are unpacked, and there may be too few.

use super::evidence::evidence;
use super::split::of_split;
use super::{is_counted_before, is_guarded};
use crate::finding::{Finding, Message};
use crate::flow::State;
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, Source, UnaryOperator};
use crate::rules::sequences::{Boundary, Candidate, Origin};
use std::cell::OnceCell;

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// `name, value = line.split("=", 1)`.
pub(super) fn unpacked(boundary: &Boundary<'_>) -> Vec<Finding> {
    let flow = boundary.flow;
    let mut findings = Vec::new();
    // What is known of parameters and calls holds everywhere.
    let nothing_known = OnceCell::new();
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for at in flow.code.block(block).insts.range() {
            let inst = flow.code.insts[at];
            if let InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } = inst.kind
                && let ExprKind::Tuple(_) | ExprKind::List(_) = flow.module.kind(target)
            {
                let candidate = Candidate {
                    expr: value,
                    root: value,
                    at: (block, at as u32),
                };
                let state = nothing_known.get_or_init(|| State::of(flow.code.places.len()));
                findings.extend(unpacked_at(boundary, candidate, target, state));
            }
        }
    }
    findings
}

fn unpacked_at(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    target: ExprId,
    state: &State,
) -> Option<Finding> {
    let module = boundary.flow.module;
    let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = module.kind(target) else {
        return None;
    };
    let starred = |part: &ExprId| matches!(module.kind(*part), ExprKind::Starred(_));
    let wanted = i64::from(parts.count);
    if module.list(parts).iter().any(starred) {
        return spread(boundary, candidate, target, wanted - 1, state);
    }
    if let Some(found) = address(boundary, candidate, target, wanted) {
        return Some(found);
    }
    let split = split_behind(boundary, candidate.expr, DEPTH)?;
    let (_, Some(text), arguments) = boundary.called(split)? else {
        return None;
    };
    let evidence = of_split(boundary, split, text, &arguments)?;
    if evidence.least >= wanted || boundary.is_caught(candidate.at.0, &["ValueError"]) {
        return None;
    }
    let (key, why) = if is_counted_before(boundary, candidate, candidate.expr, wanted, split) {
        let asked = surplus(boundary, candidate, text, &arguments, wanted)?;
        (
            "surplus",
            boundary.scene.related(asked, Message::new("once")),
        )
    } else {
        (
            "unpacked",
            boundary.scene.related(split, Message::new(evidence.key)),
        )
    };
    let message = Message::new(key).with("count", wanted.to_string());
    let mut finding = boundary.scene.at(candidate.expr, message);
    finding.statement = module.span(target).start;
    let help = Message::new(if key == "surplus" { "maxsplit" } else { "part" });
    Some(
        finding
            .because(why)
            .confidence(evidence.confidence)
            .help(help),
    )
}

/// `first, *rest = found`: what is not starred must be there.
fn spread(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    target: ExprId,
    wanted: i64,
    state: &State,
) -> Option<Finding> {
    let evidence = evidence(boundary, candidate.expr, state)?;
    if evidence.least >= wanted
        || boundary.is_caught(candidate.at.0, &["ValueError"])
        || is_guarded(
            boundary,
            candidate,
            candidate.expr,
            evidence.own_source(boundary.flow),
        )
    {
        return None;
    }
    let message = Message::new("unpacked").with("count", wanted.to_string());
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    let mut finding = boundary.scene.at(candidate.expr, message).because(why);
    finding.statement = boundary.flow.module.span(target).start;
    let help = Message::new("part");
    Some(finding.confidence(evidence.confidence).help(help))
}

/// `if "=" in line:` in front of `name, value = line.split("=")`: it proves that there are two parts, not that there are no
/// more. The condition.
fn surplus(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    text: ExprId,
    arguments: &[ExprId],
    wanted: i64,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let [separator] = arguments[..] else {
        return None;
    };
    let ExprKind::Text(_) = flow.module.kind(separator) else {
        return None;
    };
    let asks = |test: ExprId| match flow.module.kind(positive(boundary, test)) {
        ExprKind::Compare {
            operator: Comparison::In | Comparison::NotIn,
            left,
            right,
        } => flow.form(left) == flow.form(separator) && flow.form(right) == flow.form(text),
        ExprKind::Call { .. } => begins_with(boundary, positive(boundary, test), text, separator),
        _ => false,
    };
    let others = |test: ExprId| {
        let mut found = false;
        flow.module.walk(test, &mut |part| {
            found |= flow.form(part) == flow.form(text)
        });
        found && !asks(test)
    };
    let asked = flow.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Assume { test, .. } if asks(test) => Some(test),
        _ => None,
    })?;
    let is_known = !boundary.is_tested_by(candidate, &asks, false)
        || boundary.is_tested_by(candidate, &others, false);
    (wanted == 2 && !is_known).then_some(asked)
}

/// `x` of `not x`.
fn positive(boundary: &Boundary<'_>, test: ExprId) -> ExprId {
    match boundary.flow.module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => operand,
        _ => test,
    }
}

/// `text.startswith("HTTP/")`, with the separator in what it begins with.
fn begins_with(boundary: &Boundary<'_>, test: ExprId, text: ExprId, separator: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(("startswith", Some(asked), arguments)) = boundary.called(test) else {
        return false;
    };
    let written = |expr: ExprId| match flow.module.kind(expr) {
        ExprKind::Text(text) => Some(flow.module.name(text)),
        _ => None,
    };
    let start = arguments.first().and_then(|&start| written(start));
    let has_separator = start.zip(written(separator));
    flow.form(asked) == flow.form(text)
        && has_separator.is_some_and(|(start, separator)| start.matches(separator).count() == 1)
}

/// Calls that give the address of a socket, which has as many parts as its family says.
const ADDRESSES: [&str; 2] = ["getsockname", "getpeername"];

/// `host, port = sock.getsockname()`: four parts for IPv6, and a text for a socket of the file system.
fn address(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    target: ExprId,
    wanted: i64,
) -> Option<Finding> {
    let flow = boundary.flow;
    let (name, Some(socket), arguments) = boundary.called(candidate.expr)? else {
        return None;
    };
    let is_address = ADDRESSES.contains(&name) && arguments.is_empty();
    if wanted != 2
        || !is_address
        || boundary.is_caught(candidate.at.0, &["ValueError"])
        || is_own(boundary, socket)
        || tests_family(boundary)
    {
        return None;
    }
    let message = Message::new("address").with("call", name);
    let mut finding = boundary.scene.at(candidate.expr, message);
    finding.statement = flow.module.span(target).start;
    Some(finding.help(Message::new("two")))
}

/// Whether the function makes the socket itself: it knows the family.
fn is_own(boundary: &Boundary<'_>, socket: ExprId) -> bool {
    let makes = |value: &ExprId| {
        let ExprKind::Call { callee, .. } = boundary.flow.module.kind(*value) else {
            return false;
        };
        let name = boundary.flow.evaluate.dotted(callee).unwrap_or_default();
        name.starts_with("socket.")
    };
    let sources = match boundary.flow.module.kind(socket) {
        ExprKind::Name(place) => boundary.sources(place),
        _ => Vec::new(),
    };
    sources.iter().any(makes)
}

/// Whether the function asks for the family anywhere.
fn tests_family(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    exprs.any(|expr| match flow.module.kind(expr) {
        ExprKind::Attribute { name, .. } => flow.module.name(name).starts_with("AF_INET"),
        _ => false,
    })
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
