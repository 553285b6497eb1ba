//! A list that starts empty and is filled on some paths only.

use super::answered::is_of_found;
use super::evidence::Evidence;
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, InstKind, Loop, LoopKind, Next, PlaceId, Source,
};
use crate::rules::sequences::{Boundary, Origin};
use crate::text::Span;
use crate::value::{Facts, Kinds};

/// A list that starts empty and is filled only under a condition.
pub(super) fn filled(boundary: &Boundary<'_>, place: PlaceId, state: &State) -> Option<Evidence> {
    let evidence = of_empty_display(boundary, place, state)?;
    let appends = appends(boundary, place);
    let conditional = !appends.is_empty()
        && !is_known_by_source(boundary, &appends)
        && !is_known_by_loop(boundary, &appends)
        && !is_told_by_flag(boundary)
        && (appends.iter().all(|&block| is_conditional(boundary, block))
            || is_in_first_round(boundary, &appends)
            || appends
                .iter()
                .all(|&block| is_of_found_round(boundary, block)));
    Some(Evidence {
        confidence: if conditional {
            Confidence::Medium
        } else {
            Confidence::Low
        },
        ..evidence
    })
}

pub(super) fn of_empty_display(
    boundary: &Boundary<'_>,
    place: PlaceId,
    state: &State,
) -> Option<Evidence> {
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

/// Whether a condition in front of the use asks for what the list is filled from: `if item in wanted: found.append(item)`,
/// `if wanted: found[0]`.
fn is_known_by_source(boundary: &Boundary<'_>, appends: &[BlockId]) -> bool {
    let flow = boundary.flow;
    let (at, inst) = flow.position();
    let tests = |block: BlockId| {
        let insts = flow.code.insts(flow.code.block(block)).iter();
        insts.filter_map(|inst| match inst.kind {
            InstKind::Assume { test, holds } => Some((test, holds)),
            _ => None,
        })
    };
    let mut wanted: Vec<u64> = Vec::new();
    let blocks = || (0..flow.code.blocks.len()).map(BlockId::new);
    for block in blocks() {
        for (test, _) in tests(block) {
            let is_of_fill = appends.iter().any(|&fill| boundary.dominates(block, fill));
            if let ExprKind::Compare {
                operator: Comparison::In,
                right,
                ..
            } = flow.module.kind(test)
                && is_of_fill
            {
                wanted.push(flow.form(right));
            }
        }
    }
    let start = flow.code.insts[inst as usize].span.start;
    !wanted.is_empty()
        && blocks().any(|block| {
            tests(block).any(|(test, holds)| {
                let is_it = holds && wanted.contains(&flow.form(test));
                is_it && flow.module.span(test).start < start && boundary.dominates(block, at)
            })
        })
}

/// Whether somebody else may fill it: it is an argument of a call, bound to something, or bound in a nested function.
pub(super) fn is_handed_out(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let module = boundary.flow.module;
    let is_it = |expr: ExprId| boundary.flow.place_of(expr) == Some(place);
    // What is returned comes back to nobody here.
    let mut returned = Vec::new();
    for inst in &boundary.flow.code.insts {
        if let InstKind::Return(Some(value)) = inst.kind {
            returned.push(module.span(value));
        }
    }
    let is_returned = |expr: ExprId| {
        let span = module.span(expr);
        returned.iter().any(|of| of.contains(span))
    };
    let mut exprs = boundary.flow.code.exprs.range();
    let passed = exprs.any(|index| match module.kind(ExprId::new(index)) {
        ExprKind::Call { .. } if is_returned(ExprId::new(index)) => false,
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
pub(super) fn appends(boundary: &Boundary<'_>, place: PlaceId) -> Vec<BlockId> {
    put_in(boundary, place, &["append", "extend", "insert"])
}

/// The blocks that call one of these methods of a variable.
pub(super) fn put_in(boundary: &Boundary<'_>, place: PlaceId, by: &[&str]) -> Vec<BlockId> {
    let flow = boundary.flow;
    let blocks = 0..flow.code.blocks.len();
    let grows = |block: &BlockId| {
        flow.code
            .insts(flow.code.block(*block))
            .iter()
            .any(|inst| match inst.kind {
                InstKind::Eval(call) => match boundary.called(call) {
                    Some((name, Some(receiver), _)) => {
                        by.contains(&name) && flow.place_of(receiver) == Some(place)
                    }
                    _ => false,
                },
                _ => false,
            })
    };
    blocks.map(BlockId::new).filter(grows).collect()
}

/// Whether the use at work stands in the very loop that fills the list, where the first round need not have come past any
/// of the statements that do.
fn is_in_first_round(boundary: &Boundary<'_>, appends: &[BlockId]) -> bool {
    let flow = boundary.flow;
    let (at, inst) = flow.position();
    let span = flow.code.insts[inst as usize].span;
    let around = flow.code.loops.iter().filter(|of| of.suite.contains(span));
    let Some(around) = around.min_by_key(|of| of.suite.end - of.suite.start) else {
        return false;
    };
    appends.iter().all(|&block| {
        let is_inside =
            span_of(boundary, block).is_some_and(|inside| around.suite.contains(inside));
        is_inside && !boundary.dominates(block, at)
    })
}

/// Whether the use at work stands in a loop, behind a flag that the loop sets.
fn is_told_by_flag(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    let (_, inst) = flow.position();
    let span = flow.code.insts[inst as usize].span;
    let mut around = flow.code.loops.iter().filter(|of| of.suite.contains(span));
    around.any(|of| is_behind_flag(boundary, of.suite))
}

/// Where the last statement of a block stands: the first one may be the head of the loop that the block begins.
fn span_of(boundary: &Boundary<'_>, block: BlockId) -> Option<Span> {
    let code = boundary.flow.code;
    code.insts(code.block(block)).last().map(|last| last.span)
}

/// Flags are followed through so many names.
const FLAGS: usize = 4;

/// Whether a condition of the loop on the way to the use asks for a flag that the loop itself sets: it may say that something
/// was put in.
fn is_behind_flag(boundary: &Boundary<'_>, suite: Span) -> bool {
    let flow = boundary.flow;
    let (at, _) = flow.position();
    (0..flow.code.blocks.len()).map(BlockId::new).any(|block| {
        let mut insts = flow.code.insts(flow.code.block(block)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => {
                let mut asks = false;
                flow.module.walk(test, &mut |part| {
                    asks |= flow
                        .place_of(part)
                        .is_some_and(|place| is_flag(boundary, place, FLAGS));
                });
                asks && suite.contains(flow.module.span(test)) && boundary.dominates(block, at)
            }
            _ => false,
        })
    })
}

/// Whether all that a variable is bound to are constants and answers to questions.
fn is_flag(boundary: &Boundary<'_>, place: PlaceId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let module = boundary.flow.module;
    let origins = boundary.origins(place);
    origins.len() > 1
        && origins.iter().all(|origin| match *origin {
            Origin::Value(value) => match module.kind(value) {
                ExprKind::True
                | ExprKind::False
                | ExprKind::Int(_)
                | ExprKind::None
                | ExprKind::Compare { .. }
                | ExprKind::Unary { .. } => true,
                ExprKind::Call { .. } => answers(boundary, value),
                ExprKind::Name(other) => {
                    other == place || is_flag(boundary, other, depth) || asks(boundary, other)
                }
                _ => false,
            },
            Origin::Element(_) => false,
        })
}

/// `line.endswith("\\")`, `is_open(line)`
fn answers(boundary: &Boundary<'_>, call: ExprId) -> bool {
    boundary.called(call).is_some_and(|(name, ..)| {
        matches!(
            name,
            "startswith" | "endswith" | "bool" | "any" | "all" | "isinstance"
        ) || name.starts_with("is")
            || name.starts_with("has")
    })
}

/// Whether a variable holds nothing but answers to one question.
fn asks(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let module = boundary.flow.module;
    let origins = boundary.origins(place);
    !origins.is_empty()
        && origins.iter().all(|origin| match *origin {
            Origin::Value(value) => matches!(
                module.kind(value),
                ExprKind::True | ExprKind::False | ExprKind::Compare { .. }
            ),
            Origin::Element(_) => false,
        })
}

/// Whether a condition on the way to the use, outside of the loops that fill the list, asks for what one of them runs over:
/// `if frame.columns:`, where the list has one element for each.
fn is_known_by_loop(boundary: &Boundary<'_>, appends: &[BlockId]) -> bool {
    let flow = boundary.flow;
    let (at, _) = flow.position();
    appends.iter().any(|&fill| {
        let Some(around) = loop_around(boundary, fill) else {
            return false;
        };
        let LoopKind::For { iterable, .. } = around.kind else {
            return false;
        };
        let places = boundary.places(iterable);
        !places.is_empty()
            && (0..flow.code.blocks.len()).map(BlockId::new).any(|block| {
                let mut insts = flow.code.insts(flow.code.block(block)).iter();
                insts.any(|inst| match inst.kind {
                    InstKind::Assume { test, .. } => {
                        !around.suite.contains(flow.module.span(test))
                            && boundary.mentions(test, &places)
                            && boundary.dominates(block, at)
                    }
                    _ => false,
                })
            })
    })
}

/// The innermost loop around the last statement of a block.
fn loop_around<'b>(boundary: &'b Boundary<'_>, block: BlockId) -> Option<&'b Loop> {
    let span = span_of(boundary, block)?;
    let around = { boundary.flow.code.loops.iter() }.filter(|of| of.suite.contains(span));
    around.min_by_key(|of| of.suite.end - of.suite.start)
}

/// Whether a block adds one for each of what was found somewhere: of files in a folder, of lines of a text from outside, of rows.
pub(super) fn is_of_found_round(boundary: &Boundary<'_>, block: BlockId) -> bool {
    loop_around(boundary, block).is_some_and(|around| match around.kind {
        LoopKind::For { iterable, .. } => is_of_found(boundary, iterable),
        LoopKind::While { .. } => false,
    })
}

/// Whether not every round of the loop around a block gets there.
pub(super) fn is_conditional(boundary: &Boundary<'_>, block: BlockId) -> bool {
    let code = boundary.flow.code;
    if code.block(block).insts.is_empty() {
        return false;
    }
    let Some(around) = loop_around(boundary, block) else {
        return true;
    };
    let head = around.header;
    let is_end = |at: BlockId| match code.block(at).next {
        Next::Goto(to) => to == head,
        Next::Branch(one, other) => one == head || other == head,
        _ => false,
    };
    let blocks = (0..code.blocks.len()).map(BlockId::new);
    let mut ends = blocks.filter(|&at| {
        let inside = span_of(boundary, at).is_none_or(|last| around.suite.contains(last));
        inside && is_end(at) && at != head
    });
    let is_for = matches!(around.kind, LoopKind::For { .. });
    is_for && ends.any(|end| !boundary.dominates(block, end))
}
