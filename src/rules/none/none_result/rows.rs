//! Rows of a query that are there whatever the tables hold: of an aggregate, or of what the cursor has counted.

use crate::flow::Flow;
use crate::ir::{ExprId, ExprKind, InstKind, LoopKind};
use crate::rules::none::belief::alike;

/// What a statement says that gives a row in any case.
const ALWAYS: [&str; 9] = [
    "count(",
    "max(",
    "min(",
    "sum(",
    "avg(",
    "exists(",
    "version()",
    "pragma ",
    "last_insert",
];

/// Whether a row is fetched once for each that the cursor has counted: `for _ in range(cursor.rowcount)`; or behind a test
/// of how many there are.
pub(super) fn is_counted(flow: &Flow<'_, '_>, source: ExprId) -> bool {
    let module = flow.module;
    let span = module.span(source);
    let counts = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= matches!(module.kind(part), ExprKind::Attribute { name, .. }
                if matches!(module.name(name), "rowcount" | "rownumber"));
        });
        found
    };
    let is_looped = flow.code.loops.iter().any(|of| {
        matches!(of.kind, LoopKind::For { iterable, .. } if counts(iterable))
            && of.suite.contains(span)
    });
    // A count speaks for the statement before it.
    let executed = flow.code.exprs.range().map(ExprId::new).filter_map(|expr| {
        let ExprKind::Call { callee, .. } = module.kind(expr) else {
            return None;
        };
        let start = module.span(expr).start;
        let is_it = module.last_name(flow.code, callee) == Some("execute") && start < span.start;
        is_it.then_some(start)
    });
    let executed = executed.max().unwrap_or(0);
    is_looped
        || flow.code.insts.iter().any(|inst| {
            matches!(inst.kind, InstKind::Assume { test, .. }
                if (executed..span.start).contains(&module.span(test).start)
                    && tests_count(flow, test))
        })
}

/// `cursor.rowcount == 0`, `rows < 1` where `rows = cursor.execute(…)`.
fn tests_count(flow: &Flow<'_, '_>, test: ExprId) -> bool {
    let module = flow.module;
    let mut found = false;
    module.walk(test, &mut |part| match module.kind(part) {
        ExprKind::Attribute { name, .. } => found |= module.name(name) == "rowcount",
        ExprKind::Name(place) => {
            found |= flow.only_value(place).is_some_and(|value| {
                matches!(module.kind(value), ExprKind::Attribute { name, .. } if module.name(name) == "rowcount")
            });
        }
        _ => {}
    });
    found
}

/// Whether the last statement that a cursor was given before gives one row whatever there is.
pub(super) fn is_aggregate(flow: &Flow<'_, '_>, cursor: ExprId) -> bool {
    let module = flow.module;
    let statement = |expr: ExprId| {
        let ExprKind::Call { callee, arguments } = module.kind(expr) else {
            return None;
        };
        let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
            return None;
        };
        let first = module.arguments(arguments).first()?.value;
        (module.name(name) == "execute").then_some((value, first))
    };
    // `connection.execute("…").fetchone()`, or a name for what `execute` gave.
    let made = match flow.place_of(cursor) {
        Some(place) => flow.only_value(place),
        None => Some(cursor),
    };
    if let Some((_, text)) = made.and_then(statement) {
        return counts(flow, text);
    }
    let before = module.span(cursor).start;
    let given = flow.code.exprs.range().map(ExprId::new).filter_map(|expr| {
        let (receiver, text) = statement(expr)?;
        let start = module.span(expr).start;
        (start < before && alike(module, receiver, cursor)).then_some((start, text))
    });
    let last = given.max_by_key(|&(start, _)| start);
    last.is_some_and(|(_, text)| counts(flow, text))
}

/// Whether a statement counts, or asks for anything else that is always there: `select(func.count(…))`, `SELECT COUNT(*)`.
pub(super) fn counts(flow: &Flow<'_, '_>, statement: ExprId) -> bool {
    let module = flow.module;
    let statement = match flow.place_of(statement) {
        Some(place) => flow.only_value(place).unwrap_or(statement),
        None => statement,
    };
    let mut found = false;
    let mut groups = false;
    module.walk(statement, &mut |part| match module.kind(part) {
        ExprKind::Text(text) => {
            let text = module.name(text).to_ascii_lowercase();
            found |= ALWAYS.iter().any(|word| text.contains(word));
            groups |= text.contains("group by");
        }
        ExprKind::Attribute { name, value, .. } => {
            let is_function = module
                .last_name(flow.code, value)
                .or(module.plain_name(flow.code, value))
                == Some("func");
            found |= is_function && matches!(module.name(name), "count" | "coalesce");
            groups |= module.name(name) == "group_by";
        }
        _ => {}
    });
    found && !groups
}
