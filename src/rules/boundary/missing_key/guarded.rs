//! Whether anything on the way to a read says that the key is there.

use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, InstKind, LoopKind, PlaceId, UnaryOperator,
};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// Words in the names of functions that raise if their argument is not as it should be.
const CHECKING: [&str; 9] = [
    "check", "valid", "assert", "ensure", "require", "verify", "expect", "sanity", "raise",
];

/// Keys that say that the rest of an answer is not there.
const FAILING: [&str; 12] = [
    "error",
    "errors",
    "exception",
    "fault",
    "status",
    "code",
    "message",
    "ok",
    "success",
    "detail",
    "reason",
    "failed",
];

/// Anything that tests one of the places, or the key, counts.
pub(super) fn is_guarded(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
    places: &[PlaceId],
) -> bool {
    boundary.is_tested(candidate, places)
        || is_named_in_test(boundary, candidate, value, index, places)
}

/// Whether a condition mentions the thing, or the key.
fn is_named_in_test(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
    places: &[PlaceId],
) -> bool {
    let form = boundary.flow.form(value);
    let alike = |test: ExprId| {
        let mut hit = asks_for_key(boundary, test, index);
        boundary.flow.module.walk(test, &mut |part| {
            hit |= !places.is_empty() && boundary.flow.form(part) == form;
        });
        hit
    };
    boundary.is_tested_by(candidate, &alike, false)
}

/// Whether a condition is about the key, whatever has it: `response.has_header("Content-Type")`.
fn asks_for_key(boundary: &Boundary<'_>, test: ExprId, index: ExprId) -> bool {
    let key = boundary.flow.form(index);
    let mut hit = false;
    boundary.flow.module.walk(test, &mut |part| {
        let asks = boundary.called(part).is_some_and(|(_, _, arguments)| {
            let mut arguments = arguments.iter();
            arguments.any(|&argument| boundary.flow.form(argument) == key)
        });
        hit |= asks || boundary.flow.form(part) == key;
    });
    hit
}

/// Whether a condition says something of what is in a document that somebody else has filled. That it is there at all, or
/// that another key is not, says nothing of this one.
pub(super) fn is_settled(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
    places: &[PlaceId],
) -> bool {
    let says = |test: ExprId| {
        !is_later(boundary, candidate, test)
            && (asks_for_key(boundary, test, index) || says_something(boundary, test, places))
    };
    let is_variant = |test: ExprId| has_other_key(boundary, test, places);
    boundary.is_tested_by(candidate, &says, false)
        || is_in_branch(boundary, candidate, &is_variant)
        || boundary.is_looped(candidate, places) && !is_element(boundary, value)
        || is_checked(boundary, candidate, index, places)
        || is_asked_in_turn(boundary, candidate, places)
}

/// `for key in KEYS: if key not in data: raise …`: a loop before that asks for one key after another.
fn is_asked_in_turn(boundary: &Boundary<'_>, candidate: Candidate, places: &[PlaceId]) -> bool {
    let flow = boundary.flow;
    let read = flow.module.span(candidate.expr);
    flow.code.loops.iter().any(|of| {
        let LoopKind::For { target, .. } = of.kind else {
            return false;
        };
        let key = flow.place_of(target);
        let asks = |test: ExprId| match flow.module.kind(test) {
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                left,
                right,
            } => {
                key.is_some()
                    && flow.place_of(left) == key
                    && flow
                        .place_of(right)
                        .is_some_and(|place| places.contains(&place))
            }
            _ => false,
        };
        of.suite.end <= read.start
            && boundary.dominates(of.header, candidate.at.0)
            && flow.code.insts.iter().any(|inst| match inst.kind {
                InstKind::Assume { test, .. } => {
                    let mut found = false;
                    flow.module.walk(test, &mut |part| found |= asks(part));
                    found && of.suite.contains(flow.module.span(test))
                }
                _ => false,
            })
    })
}

/// Whether a condition of another statement stands behind the read.
fn is_later(boundary: &Boundary<'_>, candidate: Candidate, test: ExprId) -> bool {
    let module = boundary.flow.module;
    let test = module.span(test);
    test.start > module.span(candidate.expr).start && !module.span(candidate.root).contains(test)
}

/// Whether a thing is what a loop hands out.
fn is_element(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let ExprKind::Name(place) = boundary.flow.module.kind(value) else {
        return false;
    };
    matches!(boundary.origins(place)[..], [Origin::Element(_)])
}

/// Whether a condition looks into one of the places.
fn says_something(boundary: &Boundary<'_>, test: ExprId, places: &[PlaceId]) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let is_it = |expr: ExprId| {
        flow.place_of(expr)
            .is_some_and(|place| places.contains(&place))
    };
    match module.kind(test) {
        // That it is there at all.
        ExprKind::Name(place) if !places.contains(&place) => is_told_by(boundary, place, places),
        ExprKind::Name(_) => false,
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => says_something(boundary, operand, places),
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| says_something(boundary, part, places))
        }
        ExprKind::Walrus { value, .. } => says_something(boundary, value, places),
        ExprKind::Compare {
            operator: Comparison::In | Comparison::NotIn,
            left,
            right,
        } if is_it(right) => match module.kind(left) {
            ExprKind::Text(text) => FAILING.contains(&module.name(text)),
            _ => true,
        },
        ExprKind::Compare { left, right, .. } if is_it(left) => {
            !matches!(module.kind(right), ExprKind::None)
                && !is_it(right)
                && !is_empty(boundary, right)
        }
        ExprKind::Call { .. } => match boundary.called(test) {
            Some(("isinstance" | "hasattr" | "callable" | "len" | "bool", None, _)) => false,
            Some((_, Some(receiver), _)) if is_it(receiver) => true,
            _ => boundary.mentions(test, places),
        },
        _ if is_it(test) => false,
        _ => boundary.mentions(test, places),
    }
}

fn is_empty(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    match boundary.flow.module.kind(expr) {
        ExprKind::Dict(parts) | ExprKind::List(parts) => parts.is_empty(),
        _ => false,
    }
}

/// `missing = [key for key in KEYS if key not in data]`: a name that stands for a question about one of the places.
fn is_told_by(boundary: &Boundary<'_>, place: PlaceId, places: &[PlaceId]) -> bool {
    let flow = boundary.flow;
    let mut origins = boundary.origins(place).into_iter();
    origins.any(|origin| {
        let Origin::Value(value) = origin else {
            return false;
        };
        let mut is_question = false;
        flow.module.walk(value, &mut |part| {
            is_question |= matches!(
                flow.module.kind(part),
                ExprKind::Compare { .. } | ExprKind::Comprehension(_) | ExprKind::Binary { .. }
            ) || matches!(
                boundary.called(part),
                Some((
                    "get" | "issubset" | "issuperset" | "difference" | "any" | "all" | "set",
                    ..
                ))
            );
        });
        is_question
            && boundary
                .places(value)
                .iter()
                .any(|place| places.contains(place))
    })
}

/// Whether a condition asks for another key.
fn has_other_key(boundary: &Boundary<'_>, test: ExprId, places: &[PlaceId]) -> bool {
    let flow = boundary.flow;
    match flow.module.kind(test) {
        ExprKind::And(parts) => {
            let mut parts = flow.module.list(parts).iter();
            parts.any(|&part| has_other_key(boundary, part, places))
        }
        ExprKind::Compare {
            operator: Comparison::In,
            right,
            ..
        } => flow
            .place_of(right)
            .is_some_and(|place| places.contains(&place)),
        _ => false,
    }
}

/// Whether control only gets to a read where a condition came out true.
fn is_in_branch(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    wanted: &dyn Fn(ExprId) -> bool,
) -> bool {
    let code = boundary.flow.code;
    (0..code.blocks.len()).map(BlockId::new).any(|block| {
        let mut insts = code.insts(code.block(block)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Assume { test, holds: true } => wanted(test),
            _ => false,
        }) && boundary.dominates(block, candidate.at.0)
    })
}

/// Whether a helper whose name says that it checks got the thing before. One that is told some keys checks those.
fn is_checked(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    index: ExprId,
    places: &[PlaceId],
) -> bool {
    let flow = boundary.flow;
    let code = flow.code;
    let key = flow.form(index);
    let start = flow.module.span(candidate.expr).start;
    let checks = |call: ExprId| {
        let Some((name, _, arguments)) = boundary.called(call) else {
            return false;
        };
        let name = name.to_ascii_lowercase();
        let mut texts = arguments
            .iter()
            .filter(|&&argument| matches!(flow.module.kind(argument), ExprKind::Text(_)))
            .peekable();
        let is_about = texts.peek().is_none() || texts.any(|&text| flow.form(text) == key);
        is_about
            && CHECKING.iter().any(|word| name.contains(word))
            && arguments
                .iter()
                .any(|&argument| boundary.mentions(argument, places))
    };
    (0..code.blocks.len()).map(BlockId::new).any(|block| {
        let mut insts = code.insts(code.block(block)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Eval(call) => inst.span.start < start && checks(call),
            InstKind::Bind {
                source: crate::ir::Source::Value(call),
                ..
            } => inst.span.start < start && checks(call),
            _ => false,
        }) && boundary.dominates(block, candidate.at.0)
    })
}
