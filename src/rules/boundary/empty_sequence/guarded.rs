//! Guards that do not test the sequence itself: a caller looks at the command line, a counter counts what was added.

use super::list::appends;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source,
};
use crate::rules::sequences::{Boundary, Candidate};

/// So many callers are asked.
const CALLERS: usize = 24;

/// Whether a caller looks at the command line before, or the function takes arguments off it one by one.
pub(super) fn is_argued(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    let mut calls = boundary.scene.graph.calls_of(flow.function).take(CALLERS);
    let takes = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Forget(target) => has_argv(flow.module, flow.code, target),
        _ => false,
    });
    takes
        || calls.any(|call| {
            let (module, code) = flow.program.code(call.caller);
            code.insts.iter().any(|inst| match inst.kind {
                InstKind::Assume { test, .. } => has_argv(module, code, test),
                _ => false,
            })
        })
}

/// Whether the only test on the way is that there is not more than one, `if len(found) > 1: raise`: none is not more than one.
pub(super) fn is_only_bounded_above(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
) -> bool {
    let flow = boundary.flow;
    let Some(place) = flow.place_of(subject) else {
        return false;
    };
    let mut is_bounded = false;
    for block in (0..flow.code.blocks.len()).map(BlockId::new) {
        for inst in flow.code.insts(flow.code.block(block)) {
            let InstKind::Assume { test, holds } = inst.kind else {
                continue;
            };
            if !flow.mentions(test, place) {
                continue;
            }
            let is_above = match flow.module.kind(test) {
                ExprKind::Compare {
                    operator,
                    left,
                    right,
                } => {
                    let is_length = matches!(boundary.called(left), Some(("len", None, of))
                        if of.first().is_some_and(|&of| flow.place_of(of) == Some(place)));
                    let is_several = match (operator, flow.module.kind(right)) {
                        (Comparison::Greater, ExprKind::Int(number)) => number >= 1,
                        (Comparison::GreaterEqual, ExprKind::Int(number)) => number >= 2,
                        _ => false,
                    };
                    is_length && is_several
                }
                _ => false,
            };
            if !is_above {
                return false;
            }
            let raises = { flow.code.insts(flow.code.block(block)).iter() }
                .any(|inst| matches!(inst.kind, InstKind::Raise { .. }));
            // Where several are dealt with beside, one is what is left.
            if holds && !raises {
                return false;
            }
            is_bounded |= !holds && boundary.dominates(block, candidate.at.0);
        }
    }
    is_bounded && !boundary.is_tested_beside(candidate, &|test| flow.mentions(test, place))
}

/// Whether the module asks anywhere how many arguments there are: here it does not.
pub(super) fn counts_arguments(boundary: &Boundary<'_>) -> bool {
    let module = boundary.flow.module;
    module.functions.iter().any(|code| {
        code.insts.iter().any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => {
                let mut found = false;
                module.walk(test, &mut |part| {
                    if let ExprKind::Call { callee, arguments } = module.kind(part) {
                        let is_len = module.dotted(code, callee).as_deref() == Some("len");
                        let mut arguments = module.arguments(arguments).iter();
                        found |= is_len && arguments.any(|of| has_argv(module, code, of.value));
                    }
                });
                found
            }
            _ => false,
        })
    })
}

fn has_argv(module: &Module, code: &Function, expr: ExprId) -> bool {
    let mut found = false;
    module.walk(expr, &mut |part| {
        found |= match module.kind(part) {
            ExprKind::Attribute { name, .. } => module.name(name) == "argv",
            ExprKind::Name(place) => module.place_text(code, place) == "argv",
            _ => false,
        };
    });
    found
}

/// Whether a number that grows with a list is tested in its stead.
pub(super) fn is_counted(boundary: &Boundary<'_>, candidate: Candidate, subject: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(place) = flow.place_of(subject) else {
        return false;
    };
    let blocks = appends(boundary, place).into_iter();
    let counters: Vec<PlaceId> = blocks
        .flat_map(|block| flow.code.insts(flow.code.block(block)))
        .filter_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Augmented { .. },
                ..
            } => flow.place_of(target),
            _ => None,
        })
        .collect();
    !counters.is_empty() && boundary.is_tested(candidate, &counters)
}

/// Calls whose answer is one that decides.
const DECIDING: [&str; 9] = [
    "bool",
    "any",
    "all",
    "search",
    "match",
    "fullmatch",
    "startswith",
    "endswith",
    "isinstance",
];

/// Whether another function of the module decides by the same attribute of the same parameter: `match(command)` looks at
/// `command.output` before anybody asks this one.
pub(super) fn is_asked_beside(boundary: &Boundary<'_>, text: ExprId) -> bool {
    let flow = boundary.flow;
    let is_path = flow
        .place_of(text)
        .is_some_and(|place| is_of_parameter(flow.code, place));
    let Some(written) = flow.module.dotted(flow.code, text).filter(|_| is_path) else {
        return false;
    };
    flow.module.functions.iter().any(|code| {
        let decides = |inst: &crate::ir::Inst| match inst.kind {
            InstKind::Return(Some(value)) => {
                let is_answer = match flow.module.kind(value) {
                    ExprKind::Compare { .. } | ExprKind::And(_) => true,
                    ExprKind::Call { callee, .. } => {
                        let called = flow.module.dotted(code, callee).unwrap_or_default();
                        DECIDING.contains(&called.rsplit('.').next().unwrap_or_default())
                    }
                    _ => false,
                };
                is_answer && mentions(flow.module, code, value, &written)
            }
            _ => false,
        };
        code.name_span != flow.code.name_span
            && code.parent == flow.code.parent
            && code.insts.iter().any(decides)
    })
}

fn is_of_parameter(code: &Function, place: PlaceId) -> bool {
    let root = code.root(place);
    let mut parameters = code.parameters.iter();
    root != place && parameters.any(|parameter| parameter.place == root)
}

fn mentions(module: &Module, code: &Function, expr: ExprId, written: &str) -> bool {
    let mut found = false;
    module.walk(expr, &mut |part| {
        found |= module.dotted(code, part).as_deref() == Some(written);
    });
    found
}
