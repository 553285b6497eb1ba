//! The time between two readings of a clock, which is 0 where the clock is coarse.

use crate::ir::{Comparison, ExprId, ExprKind, PlaceId};
use crate::rules::Scene;

/// Functions that read a clock.
const CLOCKS: [&str; 9] = [
    "clock",
    "default_timer",
    "monotonic",
    "now",
    "perf_counter",
    "process_time",
    "time",
    "total_seconds",
    "utcnow",
];

/// Whether an expression reads a clock, by itself or by way of the only value of a name.
pub(in crate::rules) fn reads_clock(scene: &Scene<'_>, expr: ExprId) -> bool {
    let flow = scene.flow;
    let is_clock = |expr: ExprId| match flow.module.kind(expr) {
        ExprKind::Call { callee, arguments } => {
            let name = flow.module.dotted(flow.code, callee).unwrap_or_default();
            let last = name.rsplit('.').next().unwrap_or_default();
            CLOCKS.contains(&last) && flow.module.arguments(arguments).is_empty()
        }
        _ => false,
    };
    is_clock(expr)
        || flow
            .place_of(expr)
            .and_then(|place| flow.only_value(place))
            .is_some_and(is_clock)
}

/// Whether a comparison lets a length of time of zero through whichever way it comes out: `elapsed >= interval`, where the
/// interval is no number that is written out.
pub(in crate::rules) fn lets_zero_through(
    scene: &Scene<'_>,
    test: ExprId,
    subjects: &[PlaceId],
) -> bool {
    let flow = scene.flow;
    let ExprKind::Compare {
        operator,
        left,
        right,
    } = flow.module.kind(test)
    else {
        return false;
    };
    let is_subject = |side: ExprId| {
        flow.place_of(side)
            .is_some_and(|place| subjects.contains(&place))
    };
    let is_open = |side: ExprId| {
        matches!(
            flow.module.kind(side),
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Int(0)
        )
    };
    match operator {
        Comparison::GreaterEqual | Comparison::Less => is_subject(left) && is_open(right),
        Comparison::LessEqual | Comparison::Greater => is_subject(right) && is_open(left),
        _ => false,
    }
}
