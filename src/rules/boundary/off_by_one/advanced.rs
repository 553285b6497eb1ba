//! `i += 1` and then `text[i]`, where the function asks elsewhere whether `i < len(text)`.

use super::limits::of_length;
use super::{outside_of_elements, sum, written};
use crate::finding::{Confidence, Finding, Message};
use crate::ir::{
    BinaryOperator, BlockId, Comparison, ExprId, ExprKind, Inst, InstKind, LoopKind, PlaceId,
    Source,
};
use crate::rules::boundary::empty_sequence::constant;
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::value::Kinds;

/// An index that was moved on, and that nothing has held against the length since.
pub(super) fn advanced(boundary: &Boundary<'_>, candidate: Candidate) -> Option<(ExprId, Finding)> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Subscript { value, index, .. } = module.kind(candidate.expr) else {
        return None;
    };
    let (counter, ahead) = sum(boundary, index)?;
    let ExprKind::Name(place) = module.kind(counter) else {
        return None;
    };
    if !boundary.is_local(place) || flow.evaluate.value(value).kinds.meets(Kinds::DICT) {
        return None;
    }
    let moves = moves(boundary, place);
    if moves.is_empty() {
        return None;
    }
    let inside = module.span(candidate.expr);
    // Where something else ends the loop, that something mostly stands at the end of the sequence too.
    let is_counted = flow.code.loops.iter().any(|of| match of.kind {
        LoopKind::While { test } => {
            let mut found = false;
            module.walk(test, &mut |part| {
                found |= is_bound(boundary, part, place, value, false);
            });
            found && of.suite.contains(inside)
        }
        LoopKind::For { .. } => false,
    });
    if !is_counted {
        return None;
    }
    let asked = { flow.code.exprs.range().map(ExprId::new) }
        .find(|&test| is_bound(boundary, test, place, value, false))?;
    let is_ahead = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => {
            let mut found = false;
            module.walk(test, &mut |part| {
                found |= is_bound(boundary, part, place, value, true);
            });
            found
        }
        _ => false,
    });
    let about = |test: ExprId| {
        let mut found = false;
        outside_of_elements(module, test, &mut |part| {
            found |= flow.place_of(part) == Some(place);
        });
        found
    };
    if is_ahead
        || boundary.is_caught(candidate.at.0, &["IndexError"])
        || boundary.is_tested_beside(candidate, &about)
    {
        return None;
    }
    let moved = moves.into_iter().find(|&(block, at)| {
        boundary.goes_on((block, at), candidate, &mut |inst| {
            ends(boundary, inst, place, value, &about)
        })
    })?;
    let name = boundary.text(value);
    let message = Message::new("advanced")
        .with("name", name.clone())
        .with("index", written(boundary, counter, ahead));
    let why = boundary.scene.related(
        asked,
        Message::new("bounded").with("name", boundary.text(counter)),
    );
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    let help = Message::new("again").with("name", name);
    let cause = match flow.code.insts[moved.1 as usize].kind {
        InstKind::Bind { target, .. } => target,
        _ => counter,
    };
    Some((cause, finding.confidence(Confidence::Medium).help(help)))
}

/// The statements that move a counter on by a number.
fn moves(boundary: &Boundary<'_>, counter: PlaceId) -> Vec<(BlockId, u32)> {
    let flow = boundary.flow;
    let is_more = |value: ExprId| constant(boundary, value).is_some_and(|number| number > 0);
    let mut found = Vec::new();
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for at in flow.code.block(block).insts.range() {
            let InstKind::Bind { target, source, .. } = flow.code.insts[at].kind else {
                continue;
            };
            let is_moved = match source {
                Source::Augmented {
                    operator: BinaryOperator::Add,
                    value,
                } => is_more(value),
                Source::Value(value) => match flow.module.kind(value) {
                    ExprKind::Binary {
                        operator: BinaryOperator::Add,
                        left,
                        right,
                    } => flow.place_of(left) == Some(counter) && is_more(right),
                    _ => false,
                },
                _ => false,
            };
            if is_moved && flow.place_of(target) == Some(counter) {
                found.push((block, at as u32));
            }
        }
    }
    found
}

/// Whether an instruction holds the counter against something, or binds it or the sequence anew.
fn ends(
    boundary: &Boundary<'_>,
    inst: &Inst,
    counter: PlaceId,
    sequence: ExprId,
    about: &dyn Fn(ExprId) -> bool,
) -> bool {
    let flow = boundary.flow;
    match inst.kind {
        InstKind::Assume { test, .. } => about(test),
        InstKind::Bind { target, .. } | InstKind::Forget(target) => {
            let mut found = false;
            let form = flow.form(sequence);
            flow.module.walk(target, &mut |part| {
                found |= flow.place_of(part) == Some(counter) || flow.form(part) == form;
            });
            found
        }
        _ => false,
    }
}

/// `counter < len(sequence)`, also by way of a name; with `ahead`, one that is about what comes after: `counter + 1 < n`.
fn is_bound(
    boundary: &Boundary<'_>,
    test: ExprId,
    counter: PlaceId,
    sequence: ExprId,
    ahead: bool,
) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Compare {
        operator,
        left,
        right,
    } = module.kind(test)
    else {
        return false;
    };
    let is_order = matches!(
        operator,
        Comparison::Less
            | Comparison::LessEqual
            | Comparison::Greater
            | Comparison::GreaterEqual
            | Comparison::Equal
            | Comparison::NotEqual
    );
    let held = |counted: ExprId, limit: ExprId| {
        let (at, more) = sum(boundary, counted)?;
        let over = length(boundary, limit, sequence)?;
        (flow.place_of(at) == Some(counter)).then_some(more - over)
    };
    let held = held(left, right).or_else(|| held(right, left));
    is_order && held.is_some_and(|more| (more > 0) == ahead)
}

/// `len(sequence) + n`, or a name that stands for it: n.
fn length(boundary: &Boundary<'_>, expr: ExprId, sequence: ExprId) -> Option<i64> {
    let flow = boundary.flow;
    if let Some(over) = of_length(boundary, expr, sequence) {
        return Some(over);
    }
    match flow.module.kind(expr) {
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(value)] => of_length(boundary, value, sequence),
            _ => of_length(boundary, beside(boundary, place)?, sequence),
        },
        ExprKind::Binary {
            operator: BinaryOperator::Subtract,
            left,
            right,
        } => Some(length(boundary, left, sequence)? - constant(boundary, right)?),
        _ => None,
    }
}

/// What a name is bound to in a display: `i, n = 0, len(text)`.
fn beside(boundary: &Boundary<'_>, place: PlaceId) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    flow.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } => {
            let (ExprKind::Tuple(targets), ExprKind::Tuple(values)) =
                (module.kind(target), module.kind(value))
            else {
                return None;
            };
            let targets = module.list(targets).iter();
            let mut pairs = targets.zip(module.list(values));
            let (_, &value) = pairs.find(|&(&target, _)| flow.place_of(target) == Some(place))?;
            Some(value)
        }
        _ => None,
    })
}
