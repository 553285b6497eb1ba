//! What a function of the project gives: a list of what it found, or of what passed its condition, may have nothing in it,
//! whoever asks for it.

use super::evidence::{Evidence, FINDING, of_form};
use super::whole::is_opened;
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, InstKind, LoopKind, Module, Passing, PlaceId, Source,
    TryKind,
};
use crate::project::{CallSite, Coverage};
use crate::rules::sequences::{Boundary, Outside};
use crate::types::FunctionRef;

/// So many other calls are looked at.
const CALLS: usize = 16;

/// Functions that return what others return are followed so far.
const DEPTH: usize = 3;

/// Parts of a query that give one row whatever is there.
const AGGREGATES: [&str; 10] = [
    "avg(",
    "count(",
    "current_",
    "exists(",
    "last_insert_id(",
    "max(",
    "min(",
    "now(",
    "sum(",
    "version(",
];

/// Why what a call of the project gives may be empty.
pub(super) fn answered(boundary: &Boundary<'_>, call: ExprId) -> Option<Evidence> {
    let function = boundary.callee(call)?;
    if asks_for_one(boundary, call) {
        return None;
    }
    let found = of_function(boundary, function, DEPTH)?;
    let is_doubted = || is_doubted(boundary, function, call, found.least);
    let confidence = if found.key == "filtered" && !is_doubted() {
        Confidence::Low
    } else {
        found.confidence.max(Confidence::Medium)
    };
    Some(Evidence {
        least: found.least,
        confidence: match found.least {
            0 => confidence,
            // How many parts there are is told where somebody doubts it, or the text is from outside.
            _ if is_doubted() => Confidence::Medium,
            _ => found.confidence,
        },
        key: "empty",
        source: call,
    })
}

/// Whether another call of a function does not take for granted that there is something in what it gives.
pub(super) fn is_doubted(
    boundary: &Boundary<'_>,
    function: FunctionRef,
    call: ExprId,
    least: i64,
) -> bool {
    let sites = boundary.scene.graph.calls_of(function).take(CALLS);
    sites
        .into_iter()
        .any(|site| site.call != call && is_doubted_at(boundary, site, least))
}

/// The function that is called, if it is a generator which yields only in loops and under conditions.
pub(super) fn yields_nothing(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let Some(function) = boundary.callee(call) else {
        return false;
    };
    let (module, code) = boundary.flow.program.code(function);
    let mut yields = 0;
    for expr in code.exprs.range().map(ExprId::new) {
        if matches!(
            module.kind(expr),
            ExprKind::Yield(_) | ExprKind::YieldFrom(_)
        ) {
            let span = module.span(expr);
            yields += 1;
            let is_in_loop = code
                .loops
                .iter()
                .any(|of| matches!(of.kind, LoopKind::For { .. }) && of.suite.contains(span));
            if !is_in_loop {
                return false;
            }
        }
    }
    yields > 0
}

/// Whether what is called is a generator that yields only in a loop over what was found somewhere.
pub(super) fn yields_found(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let Some(function) = boundary
        .callee(call)
        .filter(|_| yields_nothing(boundary, call))
    else {
        return false;
    };
    boundary.in_another(function, |within| {
        let mut loops = within.flow.code.loops.iter();
        loops.any(|of| match of.kind {
            LoopKind::For { iterable, .. } => of.parent.is_none() && is_of_found(within, iterable),
            LoopKind::While { .. } => false,
        })
    })
}

/// Whether a function of the project gives one for each of what it is passed.
pub(super) fn gives_one_for_each(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let Some(function) = boundary.callee(call) else {
        return false;
    };
    let (module, code) = boundary.flow.program.code(function);
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => match module.kind(value) {
            ExprKind::Comprehension(id) => match &module.comprehension(id).clauses[..] {
                [clause] => {
                    let through = module.kind(clause.iterable).place();
                    let mut parameters = code.parameters.iter();
                    clause.conditions.is_empty() && parameters.any(|own| Some(own.place) == through)
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    })
}

/// What the way a function's answer is written says.
fn of_function(boundary: &Boundary<'_>, function: FunctionRef, depth: usize) -> Option<Evidence> {
    let depth = depth.checked_sub(1)?;
    let (module, code) = boundary.flow.program.code(function);
    let returned: Vec<ExprId> = code
        .insts
        .iter()
        .filter_map(|inst| match inst.kind {
            InstKind::Return(value) => value,
            _ => None,
        })
        .collect();
    let is_worth_it = |&value: &ExprId| {
        matches!(
            module.kind(value),
            ExprKind::Call { .. } | ExprKind::Comprehension(_) | ExprKind::Name(_)
        )
    };
    if !returned.iter().any(is_worth_it) || returned.len() > DEPTH {
        return None;
    }
    // Where there is another answer, that may be for the texts that have too few parts.
    let is_only = returned.len() == 1;
    boundary.in_another_solved(function, |within| {
        let nothing_known = State::of(code.places.len());
        returned.into_iter().find_map(|value| {
            let value = match (module.kind(value), &within.values(value)[..]) {
                (ExprKind::Name(place), _) if is_tested(module, code, place) => return None,
                (ExprKind::Name(_), [only]) => *only,
                (ExprKind::Name(_), _) => return None,
                _ => value,
            };
            of_form(within, value, &nothing_known)
                .filter(|found| is_list(found.key) && (found.least == 0 || is_only))
                .or_else(|| of_function(within, within.callee(value)?, depth))
        })
    })
}

/// Whether a function of the project gives what passed a condition, of those that it went through.
pub(super) fn filters(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let Some(function) = boundary.callee(call) else {
        return false;
    };
    let (module, code) = boundary.flow.program.code(function);
    let mut returned = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Return(value) => value,
        _ => None,
    });
    let is_filtered = |value: ExprId| match module.kind(value) {
        ExprKind::Comprehension(id) => {
            let mut clauses = module.comprehension(id).clauses.iter();
            clauses.any(|clause| !clause.conditions.is_empty())
        }
        _ => false,
    };
    returned.next().is_some_and(is_filtered) && returned.next().is_none()
}

/// Whether the evidence is of a list, not of a text.
fn is_list(key: &str) -> bool {
    matches!(
        key,
        "found" | "filtered" | "file" | "empty" | "spaces" | "separator" | "default"
    )
}

/// Whether a query is one that always has an answer.
pub(super) fn asks_for_one(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let module = boundary.flow.module;
    let Some((_, _, arguments)) = boundary.called(call) else {
        return false;
    };
    arguments.iter().any(|&argument| {
        let values = boundary.values(argument);
        values.iter().any(|&value| match module.kind(value) {
            ExprKind::Text(text) => {
                let text = module.name(text).to_ascii_lowercase();
                AGGREGATES.iter().any(|word| text.contains(word)) && !text.contains("group by")
            }
            _ => false,
        })
    })
}

/// Whether another call of the function does not take for granted that there is something: it catches IndexError, or asks.
fn is_doubted_at(boundary: &Boundary<'_>, site: &CallSite, least: i64) -> bool {
    let program = boundary.flow.program;
    let (module, code) = program.code(site.caller);
    let missing = program.library.class("IndexError", module.dialect);
    let everything = program.library.class("Exception", module.dialect);
    let caught = |class| program.caught_in(site.caller, site.guard, class).0 == Coverage::Full;
    if missing.is_some_and(caught) && !everything.is_some_and(caught) {
        return true;
    }
    if is_asked_itself(module, code, site.call) {
        return true;
    }
    let holds = code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } if module.span(value).contains(module.span(site.call)) => module.kind(target).place(),
        _ => None,
    });
    holds.is_some_and(|place| is_doubted_there(module, code, place, least))
}

/// Whether another call of the same function says there and then what is to be done where it gives nothing.
pub(super) fn is_asked_on_the_spot(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let Some(function) = boundary.callee(call) else {
        return false;
    };
    let program = boundary.flow.program;
    let sites = boundary.scene.graph.calls_of(function).take(CALLS);
    sites.into_iter().any(|site| {
        let (module, code) = program.code(site.caller);
        let mut exprs = code.exprs.range().map(ExprId::new);
        site.call != call
            && exprs.any(|expr| match module.kind(expr) {
                ExprKind::Or(parts) => {
                    let parts = module.list(parts);
                    let is_list = parts.last().is_some_and(|&last| {
                        matches!(module.kind(last), ExprKind::List(_) | ExprKind::Tuple(_))
                    });
                    is_list && parts.first() == Some(&site.call)
                }
                _ => false,
            })
    })
}

/// `f(x) or [y]`, `if f(x)`, `max(f(x), default=0)`: what to do where there is nothing is said on the spot.
fn is_asked_itself(module: &Module, code: &Function, call: ExprId) -> bool {
    let is_it = |expr: ExprId| match module.kind(expr) {
        ExprKind::Unary { operand, .. } => operand == call,
        _ => expr == call,
    };
    let in_statement = code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => is_it(test),
        _ => false,
    });
    let mut exprs = code.exprs.range().map(ExprId::new);
    in_statement
        || exprs.any(|expr| match module.kind(expr) {
            ExprKind::Conditional { test, .. } => is_it(test),
            ExprKind::Or(parts) | ExprKind::And(parts) => module
                .list(parts)
                .first()
                .is_some_and(|&first| is_it(first)),
            ExprKind::Call { callee, arguments } => {
                let reduces = matches!(
                    module.dotted(code, callee).as_deref(),
                    Some("max" | "min" | "next" | "sum")
                );
                match module.arguments(arguments) {
                    [first, rest @ ..] if reduces => {
                        runs_over(module, first.value, call)
                            && rest.iter().any(|argument| {
                                matches!(argument.passing, Passing::Keyword(name)
                                    if module.name(name) == "default")
                            })
                    }
                    _ => false,
                }
            }
            _ => false,
        })
}

/// Whether an expression is a call, or goes through what it gives with no condition.
fn runs_over(module: &Module, expr: ExprId, call: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Comprehension(id) => match &module.comprehension(id).clauses[..] {
            [clause] => clause.conditions.is_empty() && clause.iterable == call,
            _ => false,
        },
        _ => expr == call,
    }
}

/// Whether a function asks whether there is anything in a variable; with `least`, how many there are.
fn is_doubted_there(module: &Module, code: &Function, place: PlaceId, least: i64) -> bool {
    let is_it = |expr: ExprId| module.kind(expr).place() == Some(place);
    let is_length = |expr: ExprId| match module.kind(expr) {
        ExprKind::Call { callee, arguments } => {
            let is_len = module.dotted(code, callee).as_deref() == Some("len");
            matches!(module.arguments(arguments), [only] if is_len && is_it(only.value))
        }
        _ => false,
    };
    let asks = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= match module.kind(part) {
                ExprKind::Unary { operand, .. } => is_it(operand) || is_length(operand),
                ExprKind::Compare {
                    operator,
                    left,
                    right,
                } => {
                    let is_of_first = match module.kind(right) {
                        ExprKind::Int(0) => true,
                        ExprKind::Int(1) => {
                            !matches!(operator, Comparison::Greater | Comparison::LessEqual)
                        }
                        ExprKind::Int(2) => operator == Comparison::Less,
                        _ => false,
                    };
                    is_length(left) && (is_of_first || least > 0)
                }
                _ => false,
            };
        });
        found || is_it(test) || is_length(test)
    };
    let in_statement = code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => asks(test),
        _ => false,
    });
    in_statement
        || code
            .exprs
            .range()
            .map(ExprId::new)
            .any(|expr| match module.kind(expr) {
                ExprKind::Conditional { test, .. } => asks(test),
                ExprKind::Or(parts) | ExprKind::And(parts) => {
                    let first = module.list(parts).first();
                    first.is_some_and(|&first| is_it(first) || is_length(first))
                }
                _ => false,
            })
}

/// Whether a function asks anything of a variable.
fn is_tested(module: &Module, code: &Function, place: PlaceId) -> bool {
    let asks = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= module.kind(part).place() == Some(place)
        });
        found
    };
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => asks(test),
        _ => false,
    }) || code
        .exprs
        .range()
        .map(ExprId::new)
        .any(|expr| match module.kind(expr) {
            ExprKind::Conditional { test, .. } => asks(test),
            ExprKind::Or(parts) | ExprKind::And(parts) => {
                module.list(parts).first().is_some_and(|&first| asks(first))
            }
            _ => false,
        })
}

/// Whether what a comprehension goes through is what somebody else put there: files of a folder, what a search found, the lines
/// of a file, the parts of a text from outside.
pub(super) fn is_of_found(boundary: &Boundary<'_>, iterable: ExprId) -> bool {
    if is_opened(boundary, iterable) {
        return true;
    }
    let values = boundary.values(iterable);
    !values.is_empty() && values.iter().all(|&value| is_found(boundary, value))
}

/// Whether a function of the project says `return []` in a handler: what failed is nothing.
fn gives_nothing(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let Some(function) = boundary.callee(call) else {
        return false;
    };
    let (module, code) = boundary.flow.program.code(function);
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => {
            let is_empty = matches!(module.kind(value), ExprKind::List(parts) if parts.is_empty());
            let span = inst.span;
            is_empty
                && code.tries.iter().any(|region| match &region.kind {
                    TryKind::Catch { handlers, .. } => {
                        handlers.iter().any(|handler| handler.body.contains(span))
                    }
                    _ => false,
                })
        }
        _ => false,
    })
}

fn is_found(boundary: &Boundary<'_>, value: ExprId) -> bool {
    if boundary.callee(value).is_some() {
        return answered(boundary, value)
            .is_some_and(|found| found.least == 0 && found.confidence >= Confidence::Medium)
            || gives_nothing(boundary, value);
    }
    let Some((name, Some(receiver), arguments)) = boundary.called(value) else {
        return false;
    };
    let from_outside = || {
        let who = boundary.written_by(receiver);
        who.is_some_and(|(who, _)| who != Outside::Database)
    };
    match name {
        "listdir" | "scandir" | "iterdir" | "rglob" | "glob" | "iglob" => true,
        "split" => arguments.is_empty() && from_outside(),
        "splitlines" | "readlines" => from_outside(),
        "select" => arguments.len() == 1,
        _ => FINDING.contains(&name),
    }
}
