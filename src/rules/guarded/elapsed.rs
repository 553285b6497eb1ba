//! The time between two readings of a clock, which is 0 where the clock is coarse.

use crate::ir::{BinaryOperator, Comparison, ExprId, ExprKind, InstKind, PlaceId, Source};
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

/// Whether an expression reads a clock, by itself or by way of the values of a name.
pub(in crate::rules) fn reads_clock(scene: &Scene<'_>, expr: ExprId) -> bool {
    let flow = scene.flow;
    let is_clock = |expr: ExprId| is_reading(scene, expr);
    let Some(place) = flow.place_of(expr) else {
        return is_clock(expr);
    };
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } => flow.place_of(target) == Some(place) && is_clock(value),
        _ => false,
    })
}

/// `time.time()`, and what `int` makes of it.
fn is_reading(scene: &Scene<'_>, expr: ExprId) -> bool {
    let flow = scene.flow;
    let ExprKind::Call { callee, arguments } = flow.module.kind(expr) else {
        return false;
    };
    let name = flow.module.dotted(flow.code, callee).unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    match flow.module.arguments(arguments) {
        [] => CLOCKS.contains(&last),
        [only] => matches!(last, "int" | "round" | "float") && is_reading(scene, only.value),
        _ => false,
    }
}

/// `(end - start).total_seconds()`, and that of a variable; a length of time that is written out has one.
pub(in crate::rules) fn is_span_of_time(scene: &Scene<'_>, call: ExprId) -> bool {
    let module = scene.flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return false;
    };
    let varies = match module.kind(value) {
        ExprKind::Binary { operator, .. } => operator == BinaryOperator::Subtract,
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let text = module.dotted(scene.flow.code, value).unwrap_or_default();
            text != text.to_uppercase() && has_word(scene, value, &SPANS)
        }
        _ => false,
    };
    module.name(name) == "total_seconds" && arguments.count == 0 && varies
}

/// Words of names that say how long something took.
const SPANS: [&str; 8] = [
    "duration",
    "elapsed",
    "runtime",
    "taken",
    "timedelta",
    "took",
    "uptime",
    "walltime",
];

/// Words of names of moments.
const MOMENTS: [&str; 14] = [
    "begin",
    "clock",
    "end",
    "ended",
    "finish",
    "finished",
    "last",
    "now",
    "start",
    "started",
    "stop",
    "time",
    "timestamp",
    "ts",
];

/// Whether the name of an expression says how long something took.
pub(in crate::rules) fn sounds_elapsed(scene: &Scene<'_>, expr: ExprId) -> bool {
    has_word(scene, expr, &SPANS) && !has_word(scene, expr, &CONFIGURED)
}

/// Words of names of lengths of time that somebody set.
const CONFIGURED: [&str; 7] = [
    "default", "interval", "max", "maximum", "min", "minimum", "target",
];

/// Whether an expression is a moment, by a clock or by its name.
pub(in crate::rules) fn tells_time(scene: &Scene<'_>, expr: ExprId) -> bool {
    has_word(scene, expr, &MOMENTS) || reads_clock(scene, expr)
}

fn has_word(scene: &Scene<'_>, expr: ExprId, words: &[&str]) -> bool {
    let flow = scene.flow;
    let name = flow.module.dotted(flow.code, expr).unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    let lower = last.to_ascii_lowercase();
    lower.split('_').any(|word| words.contains(&word))
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
