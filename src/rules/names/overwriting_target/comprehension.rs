//! List comprehensions of Python 2: their targets are variables of the function.

use super::after_loop::{Before, before_related, is_default};
use super::{finding, loop_of, names_in};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Access, At, Flow, Reaching, Start};
use crate::ir::{Dialect, ExprKind, InstKind, PlaceId, Scope, Source, Step};
use crate::rules::Scene;
use crate::rules::names::vocabulary::is_throwaway;

/// Targets of Python 2's list comprehensions, which bind in the function itself.
pub(super) fn leaked(flow: &Flow<'_, '_>, counts: &[u32]) -> Vec<(PlaceId, At)> {
    let mut found = Vec::new();
    if flow.module.dialect == Dialect::Three {
        return found;
    }
    for (index, inst) in flow.code.insts.iter().enumerate() {
        inst.kind.for_each_expr(&mut |root| {
            flow.module.walk(root, &mut |part| {
                let ExprKind::Comprehension(id) = flow.module.kind(part) else {
                    return;
                };
                for clause in &flow.module.comprehension(id).clauses {
                    for (name, place) in names_in(flow, clause.target) {
                        let is_own = matches!(
                            flow.code.place(place).step,
                            Step::Variable {
                                scope: Scope::Comprehension,
                                ..
                            }
                        );
                        if !is_own
                            && counts[place.index()] > 0
                            && !is_throwaway(&flow.place_text(place))
                        {
                            found.push((
                                place,
                                At {
                                    name,
                                    inst: index as u32,
                                },
                            ));
                        }
                    }
                }
            });
        });
    }
    found
}

/// A comprehension's target over a variable that is read behind it.
pub(super) fn overwriting(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    at: At,
) -> Option<Finding> {
    let flow = scene.flow;
    let name = flow.place_text(place);
    let held = ways.reach(place, Start::Behind(at.inst));
    let inst = &flow.code.insts[at.inst as usize];
    // Bound again by the same statement: `x = [x for x in xs]`.
    let mut writes = Vec::new();
    flow.accesses(inst, place, &mut |access| {
        if let Access::Write(name) = access {
            writes.push(name);
        }
    });
    if writes.last() != Some(&at.name) {
        return None;
    }
    let later = held.reads.iter().find(|read| read.inst != at.inst)?;
    let mut before = None;
    if let Step::Variable {
        scope: Scope::Parameter { index, .. },
        ..
    } = flow.code.place(place).step
        && ways.reach(place, Start::Entry).is_killed_at(at.inst)
    {
        before = Some(Before::Parameter(index));
    }
    let before = before.or_else(|| {
        ways.bindings(place)
            .into_iter()
            .find_map(|binding| bound_before(flow, ways, place, binding, at, later))
    })?;
    let finding = finding(scene, at, "leaked")
        .confidence(Confidence::High)
        .severity(Severity::Error);
    let finding = finding.because(before_related(scene, before, &name));
    Some(finding.because(scene.related(later.name, Message::new("read").with("name", name))))
}

/// A binding whose value the comprehension overwrites while it is still wanted. A loop's target is wanted only in the loop.
fn bound_before(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    binding: At,
    at: At,
    later: &At,
) -> Option<Before> {
    let InstKind::Bind { source, .. } = flow.code.insts[binding.inst as usize].kind else {
        return None;
    };
    if binding.inst == at.inst
        || !ways
            .reach(place, Start::Behind(binding.inst))
            .is_killed_at(at.inst)
    {
        return None;
    }
    let wanted = match source {
        Source::Element { .. } => {
            let suite = loop_of(flow, binding.inst)?.suite;
            suite.contains(flow.module.span(later.name))
                && suite.contains(flow.module.span(at.name))
        }
        Source::Value(value) => !is_default(flow, value),
        _ => true,
    };
    wanted.then_some(Before::Bound(binding))
}
