//! A loop whose target was in use before, and is read behind it.

use super::{Target, finding, names_in};
use crate::finding::{Confidence, Finding, Message};
use crate::flow::{At, Flow, Reaching, Start};
use crate::ir::{ExprId, ExprKind, InstKind, Loop, LoopKind, PlaceId, Scope, Source, Step};
use crate::rules::Scene;
use crate::rules::names::overwritten_parameter::is_behind;

/// A variable that was in use before the loop is read behind it, where it holds the last element.
pub(super) fn overwriting(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    target: Target,
    own: &Loop,
    iterable: ExprId,
) -> Option<Finding> {
    let flow = scene.flow;
    let held = ways.reach(target.place, Start::Behind(target.at.inst));
    let from_break = ways.reachable(own.body, Some(own.header));
    let is_carried = |read: &At| {
        ways.block_of(read.inst)
            .is_some_and(|block| from_break[block.index()])
    };
    let later = *held
        .reads
        .iter()
        .find(|read| is_behind(flow, read, own.span) && !is_carried(read))?;
    let before = previous(flow, ways, target, (own, iterable), later)?;
    let name = flow.place_text(target.place);
    let finding = finding(scene, target.at, "loop").confidence(Confidence::High);
    let finding = finding.because(before_related(scene, before, &name));
    Some(finding.because(scene.related(later.name, Message::new("read").with("name", name))))
}

/// Where a variable got the value that a target overwrites.
#[derive(Clone, Copy)]
pub(super) enum Before {
    Parameter(u16),
    Bound(At),
}

pub(super) fn before_related(
    scene: &Scene<'_>,
    before: Before,
    name: &str,
) -> crate::finding::Related {
    let message = Message::new("before").with("name", name);
    match before {
        Before::Bound(at) => scene.related(at.name, message),
        Before::Parameter(index) => {
            let location = scene.location_of(scene.flow.code.parameters[usize::from(index)].span);
            crate::finding::Related { location, message }
        }
    }
}

/// A value from elsewhere that was in use before the loop.
fn previous(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    target: Target,
    (own, iterable): (&Loop, ExprId),
    later: At,
) -> Option<Before> {
    let is_before = |read: &At| {
        flow.module.span(read.name).start < own.suite.start
            && !own.suite.contains(flow.module.span(read.name))
    };
    if let Step::Variable {
        scope: Scope::Parameter { index, .. },
        ..
    } = flow.code.place(target.place).step
    {
        let reach = ways.reach(target.place, Start::Entry);
        if reach.is_killed_at(target.at.inst) && reach.reads.iter().any(is_before) {
            return Some(Before::Parameter(index));
        }
    }
    ways.bindings(target.place).into_iter().find_map(|binding| {
        let value = value_of(flow, binding)?;
        let outside = !own
            .span
            .contains(flow.code.insts[binding.inst as usize].span);
        if !outside || is_default(flow, value) || shares_a_source(flow, value, iterable) {
            return None;
        }
        let reach = ways.reach(target.place, Start::Behind(binding.inst));
        let was_used = reach.reads.iter().any(is_before);
        (reach.is_killed_at(target.at.inst)
            && (was_used || is_of_a_pair(flow, ways, (binding, value), own, later)))
        .then_some(Before::Bound(binding))
    })
}

/// What a statement binds to a name: the value itself, its part of a display, or what is unpacked.
fn value_of(flow: &Flow<'_, '_>, binding: At) -> Option<ExprId> {
    let InstKind::Bind {
        target,
        source: Source::Value(value),
        ..
    } = flow.code.insts[binding.inst as usize].kind
    else {
        return None;
    };
    let module = flow.module;
    match module.kind(target) {
        _ if target == binding.name => Some(value),
        ExprKind::Tuple(names) | ExprKind::List(names) => {
            let at = module
                .list(names)
                .iter()
                .position(|&name| name == binding.name)?;
            match module.kind(value) {
                ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                    module.list(parts).get(at).copied()
                }
                _ => Some(value),
            }
        }
        _ => None,
    }
}

/// A value that nobody reads before the loop is mostly a default. It is none where the loop goes over pairs: who wanted the
/// last pair would have prepared, and read, both. Nor does anybody compute a default from what the loop does not know.
fn is_of_a_pair(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    (before, value): (At, ExprId),
    own: &Loop,
    later: At,
) -> bool {
    let LoopKind::For { target, .. } = own.kind else {
        return false;
    };
    let names = names_in(flow, target);
    let place_of = |name: ExprId| flow.module.kind(name).place();
    let others: Vec<PlaceId> = names
        .iter()
        .map(|&(_, place)| place)
        .filter(|&place| Some(place) != place_of(before.name))
        .collect();
    let is_apart = |&place: &PlaceId| {
        let bound_once = ways.bindings(place).len() == 1;
        let held = ways.reach(place, Start::Entry);
        let mut reads = flow
            .code
            .exprs
            .range()
            .map(ExprId::new)
            .filter(|&expr| place_of(expr) == Some(place));
        let stays_inside = reads.all(|name| own.span.contains(flow.module.span(name)));
        bound_once && held.reads.is_empty() && stays_inside
    };
    let statement = |inst: u32| flow.code.insts[inst as usize].span;
    let is_made_of_something = matches!(
        flow.module.kind(value),
        ExprKind::Call { .. } | ExprKind::Attribute { .. } | ExprKind::Binary { .. }
    );
    !others.is_empty()
        && others.iter().all(is_apart)
        && is_made_of_something
        // Two ways to get the same: the one before stands in for the loop.
        && ways.conditions(before.inst).len() == ways.conditions(later.inst).len()
        && !flow.code.loops.iter().any(|of| of.span.contains(statement(before.inst)))
}

/// A value that a loop is meant to replace.
pub(super) fn is_default(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    match flow.module.kind(value) {
        ExprKind::None
        | ExprKind::True
        | ExprKind::False
        | ExprKind::Int(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Bytes(_) => true,
        ExprKind::Unary { operand, .. } => is_default(flow, operand),
        ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Dict(parts) => parts.is_empty(),
        _ => false,
    }
}

/// The first value and the elements come from the same variable: `line = file.readline()`, `for line in file`.
fn shares_a_source(flow: &Flow<'_, '_>, value: ExprId, iterable: ExprId) -> bool {
    let mut found = false;
    flow.module.walk(value, &mut |part| {
        if let ExprKind::Name(place) = flow.module.kind(part)
            && !matches!(
                flow.code.place(place).step,
                Step::Variable {
                    scope: Scope::Global { .. },
                    ..
                }
            )
        {
            found |= flow.mentions(iterable, place);
        }
    });
    found
}
