//! `if not found: log("nothing")`, and then `found[0]` all the same: the function knows, and goes on.

use super::constant;
use super::evidence::{Evidence, FINDING, is_empty_literal};
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, PlaceId, Source, UnaryOperator};
use crate::rules::sequences::{Boundary, Candidate};

/// The function has asked, and goes on where there is nothing.
pub(super) const UNHEEDED: &str = "unheeded";

/// The variable was asked about before it was bound again.
pub(super) const REBOUND: &str = "rebound";

/// Where the function asks whether there are so many, and gets to the use although there are not.
pub(super) fn unheeded(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    need: i64,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Name(place) = flow.module.kind(subject) else {
        return None;
    };
    if !boundary.is_local(place) || has_separator(boundary, candidate, subject) {
        return None;
    }
    let places = [place];
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for at in flow.code.block(block).insts.range() {
            let InstKind::Assume { test, holds } = flow.code.insts[at].kind else {
                continue;
            };
            if at != candidate.at.1 as usize
                && most(boundary, test, holds, place).is_some_and(|most| most < need)
                && boundary.is_unheeded((block, at as u32), candidate, &places)
            {
                return Some(Evidence {
                    least: 0,
                    confidence: Confidence::Medium,
                    key: UNHEEDED,
                    source: test,
                });
            }
        }
    }
    None
}

/// `if ":" in text`, `parts = text.split(":")`: there are two, whatever is asked then.
fn has_separator(boundary: &Boundary<'_>, candidate: Candidate, subject: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    boundary.values(subject).iter().any(|&split| {
        let Some(("split" | "rsplit", Some(_), arguments)) = boundary.called(split) else {
            return false;
        };
        let Some(&by) = arguments.first() else {
            return false;
        };
        let asks = |test: ExprId| {
            let mut found = false;
            module.walk(test, &mut |part| {
                if let ExprKind::Compare { left, .. } = module.kind(part) {
                    found |= flow.form(left) == flow.form(by);
                }
            });
            found
        };
        boundary.is_tested_by(candidate, &asks, false)
    })
}

/// So many elements there are at most where a condition came out like this.
fn most(boundary: &Boundary<'_>, test: ExprId, holds: bool, place: PlaceId) -> Option<i64> {
    use Comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    let flow = boundary.flow;
    let module = flow.module;
    let is_it = |expr: ExprId| module.kind(expr) == ExprKind::Name(place);
    let is_length = |expr: ExprId| {
        matches!(boundary.called(expr), Some(("len", None, arguments))
        if matches!(arguments[..], [only] if is_it(only)))
    };
    match module.kind(test) {
        ExprKind::Name(_) | ExprKind::Call { .. } => {
            ((is_it(test) || is_length(test)) && !holds).then_some(0)
        }
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => most(boundary, operand, !holds, place),
        kind @ (ExprKind::And(parts) | ExprKind::Or(parts)) => {
            let is_sure = matches!(kind, ExprKind::And(_)) == holds;
            let parts = module.list(parts).iter();
            let mut known = parts.filter_map(|&part| most(boundary, part, holds, place));
            known.next().filter(|_| is_sure)
        }
        ExprKind::Compare {
            operator,
            left,
            right,
        } if is_length(left) => {
            let number = constant(boundary, right)?;
            match (operator, holds) {
                (Less, true) | (GreaterEqual, false) => Some(number - 1),
                (LessEqual | Equal, true) | (Greater | NotEqual, false) => Some(number),
                _ => None,
            }
        }
        ExprKind::Compare {
            operator,
            left,
            right,
        } if is_it(left) && is_empty_literal(module, right) => {
            let is_equal = matches!((operator, holds), (Equal, true) | (NotEqual, false));
            is_equal.then_some(0)
        }
        _ => None,
    }
}

/// `found = search(a)`, `if not found: return`, `found = search(b)`, `found[0]`: what was asked about the first is not asked about
/// the second.
pub(super) fn rebound(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    state: &State,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Name(place) = module.kind(subject) else {
        return None;
    };
    let value = flow.held(state, subject)?.bound?;
    let is_list = match boundary.called(value) {
        Some(("sorted" | "list", None, _)) => true,
        Some((name, Some(_), _)) => FINDING.contains(&name) && name != "splitlines",
        _ => false,
    };
    let is_new = is_list && !flow.mentions(value, place);
    if !is_new || !boundary.is_local(place) || !flow.code.owns(value) {
        return None;
    }
    let start = module.span(value).start;
    let mut bound = None;
    let mut is_second = false;
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for at in flow.code.block(block).insts.range() {
            let InstKind::Bind { target, source, .. } = flow.code.insts[at].kind else {
                continue;
            };
            if flow.place_of(target) != Some(place) {
                continue;
            }
            match source {
                Source::Value(other) if other == value => bound = Some((block, at as u32)),
                Source::Value(other) => {
                    is_second |= module.span(other).end < start
                        && matches!(module.kind(other), ExprKind::Call { .. });
                }
                _ => {}
            }
        }
    }
    let bound = bound.filter(|_| is_second)?;
    let asked = flow.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Assume { test, holds } => {
            let is_before = module.span(test).end < start;
            (is_before && most(boundary, test, holds, place) == Some(0)).then_some(test)
        }
        _ => None,
    })?;
    let places = [place];
    let is_asked_again = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => {
            module.span(test).start > start && boundary.mentions(test, &places)
        }
        _ => false,
    });
    let is_open = boundary.goes_on(bound, candidate, &mut |inst| match inst.kind {
        InstKind::Assume { test, .. } => boundary.mentions(test, &places),
        InstKind::Bind { target, .. } => flow.place_of(target) == Some(place),
        _ => false,
    });
    (is_open && !is_asked_again).then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: REBOUND,
        source: asked,
    })
}
