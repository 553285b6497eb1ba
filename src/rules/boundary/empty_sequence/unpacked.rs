//! `name, value = line.split("=", 1)`: the parts of a text are unpacked, and there may be too few.

use super::evidence::of_split;
use super::is_guarded;
use crate::finding::{Finding, Message};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, Source};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// `name, value = line.split("=", 1)`.
pub(super) fn unpacked(boundary: &Boundary<'_>) -> Vec<Finding> {
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
        || is_guarded(boundary, candidate, candidate.expr, Some(split))
    {
        return None;
    }
    let message = Message::new("unpacked").with("count", wanted.to_string());
    let why = boundary.scene.related(split, Message::new(evidence.key));
    let mut finding = boundary.scene.at(candidate.expr, message);
    finding.statement = module.span(target).start;
    let help = Message::new("part");
    Some(
        finding
            .because(why)
            .confidence(evidence.confidence)
            .help(help),
    )
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
