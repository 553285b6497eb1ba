//! What stands around a division that says that the divisor is not zero.

use super::evidence::Why;
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, InstKind, Loop, LoopKind, Module, PlaceId, Source,
};
use crate::rules::guarded::elapsed::{lets_zero_through, reads_clock};
use crate::rules::{Scene, is_test};

/// Whether any test of the function looks at what the divisor is made of.
pub(super) fn is_tested(
    scene: &Scene<'_>,
    why: Why,
    (divisor, at): (ExprId, ExprId),
    of: ExprId,
) -> bool {
    let flow = scene.flow;
    let module = flow.module;
    let mut subjects: Vec<PlaceId> = Vec::new();
    for root in [divisor, of] {
        module.walk(root, &mut |part| {
            if let Some(place) = flow.place_of(part) {
                subjects.push(place);
            }
        });
    }
    let mut callees: Vec<PlaceId> = Vec::new();
    for root in [divisor, of] {
        module.walk(root, &mut |part| {
            if let ExprKind::Call { callee, .. } = module.kind(part) {
                callees.extend(flow.place_of(callee));
            }
        });
    }
    subjects.retain(|place| !callees.contains(place));
    // A test of `self.a` says nothing of `self.b`.
    let owners: Vec<PlaceId> = subjects
        .iter()
        .filter_map(|&place| flow.code.place(place).parent)
        .collect();
    subjects.retain(|place| !owners.contains(place));
    add_derived(scene, &mut subjects);
    let is_elapsed = matches!(module.kind(of), ExprKind::Binary { left, right, .. }
        if reads_clock(scene, left) || reads_clock(scene, right));
    // The readings themselves are compared for other reasons than that they may be the same.
    let elapsed: Vec<PlaceId> = flow.place_of(divisor).into_iter().collect();
    if is_elapsed && !elapsed.is_empty() {
        subjects.clone_from(&elapsed);
    }
    let mentions = |test: ExprId| {
        let is_open = is_elapsed && lets_zero_through(scene, test, &elapsed);
        let is_of_counts = why == Why::Kept && compares_counts(scene, test);
        !is_open && !is_of_counts && asks(scene, test, &subjects)
    };
    let in_insts = flow
        .code
        .insts
        .iter()
        .any(|inst| matches!(inst.kind, InstKind::Assume { test, .. } if mentions(test)));
    in_insts
        || flow
            .code
            .exprs
            .range()
            .any(|index| match module.exprs[index].kind {
                ExprKind::Conditional { test, .. } => mentions(test),
                ExprKind::And(parts) | ExprKind::Or(parts) => {
                    module.list(parts).iter().any(|&part| mentions(part))
                }
                ExprKind::Compare {
                    operator,
                    left,
                    right,
                } => {
                    let is_open =
                        is_elapsed && lets_zero_through(scene, ExprId::new(index), &elapsed);
                    let is_of_counts =
                        why == Why::Kept && compares_counts(scene, ExprId::new(index));
                    operator != Comparison::In
                        && !is_open
                        && !is_of_counts
                        && asks(scene, ExprId::new(index), &subjects)
                        && (mentions(left) || mentions(right))
                }
                ExprKind::Comprehension(id) => {
                    let clauses = &module.comprehension(id).clauses;
                    clauses
                        .iter()
                        .flat_map(|clause| &clause.conditions)
                        .any(|&test| mentions(test))
                }
                ExprKind::Call { callee, arguments } => {
                    let is_bound = matches!(
                        module.dotted(flow.code, callee).as_deref(),
                        Some("max" | "min" | "any" | "all" | "bool")
                    );
                    is_bound
                        && !module.span(ExprId::new(index)).contains(module.span(at))
                        && module
                            .arguments(arguments)
                            .iter()
                            .any(|argument| mentions(argument.value))
                }
                _ => false,
            })
}

/// Whether the function asks elsewhere for what the loops go through in which a counter grows: then there is something to count.
pub(super) fn is_of_asked_loop(scene: &Scene<'_>, counter: ExprId) -> bool {
    let flow = scene.flow;
    let module = flow.module;
    let Some(place) = flow.place_of(counter) else {
        return false;
    };
    let grows = |of: &&Loop| {
        flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Augmented { .. },
                ..
            } => flow.place_of(target) == Some(place) && of.suite.contains(inst.span),
            _ => false,
        })
    };
    flow.code.loops.iter().filter(grows).any(|of| {
        let subject = match of.kind {
            LoopKind::For { iterable, .. } => iterable,
            LoopKind::While { test } => test,
        };
        let mut subjects: Vec<PlaceId> = Vec::new();
        module.walk(subject, &mut |part| subjects.extend(flow.place_of(part)));
        flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => test != subject && asks(scene, test, &subjects),
            _ => false,
        })
    })
}

/// `self.done >= self.total`: it says that enough was counted, and not that anything was.
fn compares_counts(scene: &Scene<'_>, test: ExprId) -> bool {
    let module = scene.flow.module;
    let is_path = |side| {
        matches!(
            module.kind(side),
            ExprKind::Name(_) | ExprKind::Attribute { .. }
        )
    };
    match module.kind(test) {
        ExprKind::Compare {
            operator:
                Comparison::Less
                | Comparison::LessEqual
                | Comparison::Greater
                | Comparison::GreaterEqual,
            left,
            right,
        } => is_path(left) && is_path(right),
        ExprKind::And(parts) => {
            let mut parts = module.list(parts).iter();
            parts.all(|&part| is_path(part) || compares_counts(scene, part))
        }
        _ => false,
    }
}

/// Adds the names that were bound to what is made of these places: `total = sum(values)` where `len(values)` is divided by.
fn add_derived(scene: &Scene<'_>, subjects: &mut Vec<PlaceId>) {
    let flow = scene.flow;
    let behind = flow.position().1 as usize;
    for _ in 0..DERIVED {
        for inst in flow.code.insts.iter().take(behind) {
            let InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } = inst.kind
            else {
                continue;
            };
            let Some(place) = flow
                .place_of(target)
                .filter(|place| !subjects.contains(place))
            else {
                continue;
            };
            let mut is_made = false;
            flow.module.walk(value, &mut |part| {
                let part = flow.place_of(part);
                is_made |= part.is_some_and(|part| subjects.contains(&part));
            });
            if is_made {
                subjects.push(place);
            }
        }
    }
}

/// More steps from a name to another that is made of it are not taken.
const DERIVED: usize = 2;

/// Whether a test asks anything of these places that zero and another number answer differently: a test for None does not.
fn asks(scene: &Scene<'_>, test: ExprId, subjects: &[PlaceId]) -> bool {
    let module = scene.flow.module;
    let is_subject = |expr: ExprId| {
        let place = scene.flow.place_of(expr);
        place.is_some_and(|place| subjects.contains(&place))
    };
    if is_subject(test) {
        return true;
    }
    match module.kind(test) {
        ExprKind::Compare {
            operator: Comparison::Is | Comparison::IsNot,
            right,
            ..
        } if module.kind(right) == ExprKind::None => false,
        ExprKind::Call { callee, .. }
            if module.dotted(scene.flow.code, callee).as_deref() == Some("isinstance") =>
        {
            false
        }
        _ => {
            let mut found = false;
            module.for_each_part(test, &mut |part| found |= asks(scene, part, subjects));
            found
        }
    }
}

/// The same of an attribute by its name.
fn asks_by_name(module: &Module, code: &Function, test: ExprId, text: &str) -> bool {
    if module.dotted(code, test).as_deref() == Some(text) {
        return true;
    }
    match module.kind(test) {
        ExprKind::Compare {
            operator: Comparison::Is | Comparison::IsNot,
            right,
            ..
        } if module.kind(right) == ExprKind::None => false,
        _ => {
            let mut found = false;
            module.for_each_part(test, &mut |part| {
                found |= asks_by_name(module, code, part, text)
            });
            found
        }
    }
}

/// More callers are not asked.
const CALLERS: usize = 24;

/// Whether every known caller of a method tests the attribute that it divides by: `if self.count: self.report()`.
pub(super) fn is_tested_by_callers(scene: &Scene<'_>, of: ExprId) -> bool {
    let flow = scene.flow;
    let text = match flow.module.kind(of) {
        ExprKind::Attribute { .. } => flow.module.dotted(flow.code, of),
        ExprKind::Call { arguments, .. } => {
            let counted = flow.module.arguments(arguments).first();
            counted.and_then(|counted| flow.module.dotted(flow.code, counted.value))
        }
        _ => None,
    };
    let Some(text) = text.filter(|text| text.starts_with("self.")) else {
        return false;
    };
    let program = flow.program;
    let sites = scene.graph.calls_of(flow.function);
    let mut sites = sites
        .filter(|site| !is_test(program, site.caller))
        .take(CALLERS)
        .peekable();
    sites.peek().is_some()
        && sites.all(|site| {
            let (module, code) = program.code(site.caller);
            code.insts.iter().any(|inst| {
                let InstKind::Assume { test, .. } = inst.kind else {
                    return false;
                };
                asks_by_name(module, code, test, &text)
            })
        })
}

/// Whether the division stands in a loop over the very thing whose length it divides by.
pub(super) fn is_inside_loop(scene: &Scene<'_>, of: ExprId, at: ExprId) -> bool {
    let flow = scene.flow;
    let module = flow.module;
    let ExprKind::Call { arguments, .. } = module.kind(of) else {
        return false;
    };
    let Some(subject) = module
        .arguments(arguments)
        .first()
        .and_then(|argument| flow.place_of(argument.value))
    else {
        return false;
    };
    let span = module.span(at);
    let mentions = |iterable: ExprId| {
        let mut found = false;
        module.walk(iterable, &mut |part| {
            found |= flow.place_of(part) == Some(subject)
        });
        found
    };
    let in_loop = flow.code.loops.iter().any(|of| match of.kind {
        LoopKind::For { iterable, .. } => of.suite.contains(span) && mentions(iterable),
        LoopKind::While { .. } => false,
    });
    in_loop
        || flow
            .code
            .exprs
            .range()
            .any(|index| match module.exprs[index].kind {
                ExprKind::Comprehension(id) => {
                    module.exprs[index].span.contains(span)
                        && module
                            .comprehension(id)
                            .clauses
                            .iter()
                            .any(|clause| mentions(clause.iterable))
                }
                _ => false,
            })
}
