//! Where a function gives None, and what that tells: a search that found nothing, something outside that failed, or only a way
//! that its author did not think of.

use crate::flow::{Flow, Given};
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, InstKind, Loop, LoopKind, Module, Next,
    PlaceId, Scope, Step, TryKind, UnaryOperator,
};
use crate::rules::Whole;
use crate::text::Span;

/// Conditions farther up do not count.
const UP: usize = 6;

/// Whether some place that gives None tells of a thing that is missing.
pub(super) fn is_told(whole: &Whole<'_>, flow: &Flow<'_, '_>, given: &[(PlaceId, Given)]) -> bool {
    let code = flow.code;
    let places = &whole.summaries[flow.function.0 as usize].none_at;
    places.iter().any(|place| {
        let returning = returning(code, place.span);
        match returning {
            Some((block, at)) => {
                (given.is_empty() || flow.reaches((block, at), given))
                    && !is_about_state(flow, block)
            }
            None => falls_off(flow),
        }
    })
}

fn returning(code: &Function, span: Span) -> Option<(BlockId, u32)> {
    code.blocks.iter().enumerate().find_map(|(index, block)| {
        let mut insts = block.insts.range();
        let at = insts.find(|&inst| code.insts[inst].span == span)?;
        Some((BlockId::new(index), at as u32))
    })
}

/// Whether control only gets to a block where an attribute of the object or a variable of the module is true or not: who
/// calls the function knows in what state those are.
fn is_about_state(flow: &Flow<'_, '_>, block: BlockId) -> bool {
    let first = flow.code.insts(flow.code.block(block)).first();
    match first.map(|inst| inst.kind) {
        Some(InstKind::Assume { test, .. }) => is_state(flow, test),
        _ => false,
    }
}

fn is_state(flow: &Flow<'_, '_>, test: ExprId) -> bool {
    let (module, code) = (flow.module, flow.code);
    let tested = match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => return is_state(flow, operand),
        ExprKind::Compare {
            operator: Comparison::Is | Comparison::IsNot,
            left,
            right,
        } if module.kind(right) == ExprKind::None => left,
        _ => test,
    };
    let Some(place) = flow.place_of(tested) else {
        return false;
    };
    let root = code.root(place);
    match code.place(root).step {
        Step::Variable {
            scope: Scope::Global { .. },
            ..
        } => true,
        Step::Variable {
            scope: Scope::Parameter { index: 0, .. },
            ..
        } => root != place && code.class.is_some(),
        _ => false,
    }
}

/// Whether control falls off the end of a function where something was looked for and not found, or failed. It does not
/// where only a context manager that swallows, the last round of a retry, or a chain of cases leads there.
fn falls_off(flow: &Flow<'_, '_>) -> bool {
    let code = flow.code;
    let ends: Vec<BlockId> = code
        .blocks
        .iter()
        .enumerate()
        .filter_map(|(index, block)| {
            let last = code.insts(block).last().map(|inst| inst.kind);
            let falls = block.next == Next::Return && !matches!(last, Some(InstKind::Return(_)));
            falls.then(|| BlockId::new(index))
        })
        .collect();
    let handlers = code.tries.iter().filter_map(|region| match &region.kind {
        TryKind::Catch { handlers, .. } => Some(handlers),
        _ => None,
    });
    let is_open = |block: BlockId| !is_round_again(flow.module, code, block);
    handlers
        .flatten()
        .any(|handler| leads_to(code, handler.entry, &ends, &is_open))
        || is_searching(flow, &ends)
}

/// Whether a block is the head of a loop that only tries again.
fn is_round_again(module: &Module, code: &Function, block: BlockId) -> bool {
    code.loops
        .iter()
        .any(|of| of.header == block && is_retry(module, code, of))
}

fn is_retry(module: &Module, code: &Function, of: &Loop) -> bool {
    let LoopKind::For { iterable, .. } = of.kind else {
        return false;
    };
    match module.kind(iterable) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee).as_deref() == Some("range"),
        ExprKind::Tuple(_) | ExprKind::List(_) => true,
        _ => false,
    }
}

fn leads_to(
    code: &Function,
    from: BlockId,
    to: &[BlockId],
    is_open: &dyn Fn(BlockId) -> bool,
) -> bool {
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at.index()], true) || !is_open(at) {
            continue;
        }
        if to.contains(&at) {
            return true;
        }
        match code.block(at).next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, other) => open.extend([one, other]),
            _ => {}
        }
    }
    false
}

/// Whether the end comes behind a loop that returns what it finds, or where something is not in a container.
fn is_searching(flow: &Flow<'_, '_>, ends: &[BlockId]) -> bool {
    let code = flow.code;
    let returns_inside = |of: &Loop| {
        let mut insts = code.insts.iter();
        insts.any(|inst| {
            matches!(inst.kind, InstKind::Return(Some(_))) && of.suite.contains(inst.span)
        })
    };
    let mut loops = code.loops.iter();
    let found = loops.any(|of| {
        matches!(of.kind, LoopKind::For { .. })
            && !is_retry(flow.module, code, of)
            && returns_inside(of)
            && goes_round(code, of)
            && leads_to(code, of.header, ends, &|_| true)
    });
    found || ends.iter().any(|&end| is_missing(flow, end))
}

/// Whether a loop can come to a second round: one that leaves in the first takes the only element that there is.
fn goes_round(code: &Function, of: &Loop) -> bool {
    match code.block(of.header).next {
        Next::Branch(inside, _) => leads_to(code, inside, &[of.header], &|_| true),
        _ => true,
    }
}

fn is_missing(flow: &Flow<'_, '_>, end: BlockId) -> bool {
    let code = flow.code;
    let mut open = vec![end];
    for _ in 0..UP {
        let mut before = Vec::new();
        for at in open {
            let assumed = code
                .insts(code.block(at))
                .iter()
                .any(|inst| match inst.kind {
                    InstKind::Assume { test, holds } if finds_nothing(flow, test, holds) => true,
                    InstKind::Assume { test, holds } => match flow.module.kind(test) {
                        ExprKind::Compare { operator, .. } => matches!(
                            (operator, holds),
                            (Comparison::In, false) | (Comparison::NotIn, true)
                        ),
                        _ => false,
                    },
                    _ => false,
                });
            if assumed {
                return true;
            }
            let is_empty = code.insts(code.block(at)).is_empty();
            if is_empty {
                let blocks = code.blocks.iter().enumerate();
                before.extend(
                    blocks
                        .filter(|(_, from)| match from.next {
                            Next::Goto(to) => to == at,
                            Next::Branch(one, other) => one == at || other == at,
                            _ => false,
                        })
                        .map(|(index, _)| BlockId::new(index)),
                );
            }
        }
        open = before;
    }
    false
}

/// Whether a condition that came out so says that a search of the library has found nothing: `if m: return …` and no more.
fn finds_nothing(flow: &Flow<'_, '_>, test: ExprId, holds: bool) -> bool {
    let module = flow.module;
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => finds_nothing(flow, operand, !holds),
        ExprKind::Compare {
            operator: operator @ (Comparison::Is | Comparison::IsNot),
            left,
            right,
        } if module.kind(right) == ExprKind::None => {
            finds_nothing(flow, left, (operator == Comparison::IsNot) == holds)
        }
        ExprKind::Name(place) if !holds => {
            let value = flow.only_value(place);
            value.is_some_and(|value| flow.evaluate.value(value).may_be_none())
        }
        _ => false,
    }
}
