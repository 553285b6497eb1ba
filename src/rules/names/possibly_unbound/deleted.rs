//! Names that were bound and deleted: by `del`, or by Python at the end of the handler that binds them.

use super::Read;
use crate::finding::Confidence;
use crate::flow::{At, Flow, Held, Reaching, Start};
use crate::ir::{Dialect, ExprId, InstKind, PlaceId, Scope, Source, Step};
use crate::rules::names::overwritten_parameter::after_handler;
use crate::value::Kinds;

/// The `del` that leaves a read without a value.
#[derive(Clone, Copy)]
pub(super) struct Deletion {
    /// The deleted name.
    pub(super) name: ExprId,
    /// How sure it is that the read follows on it.
    pub(super) confidence: Confidence,
}

/// The `del` farther up whose way leads to a read: past no other condition than those that the `del` itself stands under.
pub(super) fn before(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    read: Read,
    held: Held,
) -> Option<Deletion> {
    let insts = flow.code.insts.iter().enumerate();
    let mut deletions = insts.filter_map(|(index, inst)| match inst.kind {
        InstKind::Forget(target) if flow.module.kind(target).place() == Some(read.place) => {
            Some((index as u32, target))
        }
        _ => None,
    });
    let caught = handler_that_deletes(flow, ways, read.place);
    deletions.find_map(|(inst, name)| {
        let at = flow.module.span(name).start;
        let follows = at < flow.module.span(read.name).start
            && ways
                .reach(read.place, Start::Behind(inst))
                .is_read_by(read.name);
        if caught || !follows {
            return None;
        }
        let own = ways.conditions(inst);
        let is_new = |condition: &(ExprId, bool, bool)| {
            !own.iter()
                .any(|known| (known.0, known.1) == (condition.0, condition.1))
        };
        if ways.conditions(read.at.1).iter().any(is_new) {
            return None;
        }
        let confidence = match held.value.kinds == Kinds::UNBOUND {
            true => Confidence::High,
            false => Confidence::Medium,
        };
        Some(Deletion { name, confidence })
    })
}

/// Whether only handlers bind a name, which Python 3 deletes at their end.
pub(super) fn handler_that_deletes(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
) -> bool {
    let bindings = ways.bindings(place);
    flow.module.dialect == Dialect::Three
        && !bindings.is_empty()
        && bindings.iter().all(|binding| is_caught(flow, binding.inst))
}

fn is_caught(flow: &Flow<'_, '_>, inst: u32) -> bool {
    matches!(
        flow.code.insts[inst as usize].kind,
        InstKind::Bind {
            source: Source::Caught { .. },
            ..
        }
    )
}

/// Whether a handler overwrites an argument or a variable under this name: that is told where it happens.
pub(super) fn is_told_as_overwritten(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    read: Read,
) -> bool {
    let bindings = ways.bindings(read.place);
    let caught: Vec<u32> = bindings
        .iter()
        .map(|binding| binding.inst)
        .filter(|&inst| is_caught(flow, inst))
        .collect();
    if caught.is_empty() || flow.module.dialect == Dialect::Two {
        return false;
    }
    let is_parameter = matches!(
        flow.code.place(read.place).step,
        Step::Variable {
            scope: Scope::Parameter { .. },
            ..
        }
    );
    let is_assigned = |at: &&At| {
        matches!(flow.code.insts[at.inst as usize].kind,
            InstKind::Bind { target, source: Source::Value(_), .. } if target == at.name)
    };
    let values = bindings
        .iter()
        .filter(is_assigned)
        .map(|binding| Start::Behind(binding.inst));
    let starts = values.chain(is_parameter.then_some(Start::Entry));
    starts.into_iter().any(|start| {
        let reach = ways.reach(read.place, start);
        caught.iter().any(|&inst| {
            reach.is_killed_at(inst)
                && after_handler(flow, ways, read.place, inst, &reach).is_some()
        })
    })
}
