//! A use in one branch, and a test behind it to which the other branches lead as well.

use crate::flow::{Flow, Wanted, Witness};
use crate::ir::{BlockId, Function, InstKind, Next, PlaceId, Scope, Source, Step, TryKind};
use crate::project::Coverage;
use crate::rules::none::belief::{Asked, Question, Relied, guards, is_own_variable};

/// Whether control gets from one block to another, exceptions counted.
pub(super) fn leads_to(code: &Function, from: BlockId, to: BlockId) -> bool {
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let block = code.block(at);
        match block.next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, other) => open.extend([one, other]),
            _ => {}
        }
        for region in guards(code, block.guard) {
            match &code.region(region).kind {
                TryKind::Catch { handlers, .. } => {
                    open.extend(handlers.iter().map(|handler| handler.entry));
                }
                TryKind::Finally { entry, .. } => open.push(*entry),
                TryKind::With { after, .. } => open.push(*after),
            }
        }
    }
    false
}

/// Whether a variable that is asked for None was used on one of the ways to the question, where None can get.
pub(super) fn is_often_between(
    flow: &Flow<'_, '_>,
    (used, block, inst): (Relied, BlockId, usize),
    (asked, tested): (Asked, BlockId),
) -> bool {
    let code = flow.code;
    if asked.question != Question::None
        || !is_own_variable(code, used.place)
        || block == tested
        || is_survived(flow, block)
        || !leads_to(code, block, tested)
        || leads_to(code, tested, block)
    {
        return false;
    }
    let (origin, passed) = match flow.only_value(used.place) {
        Some(value) => (Some(value), false),
        None if is_parameter(code, used.place) && !is_cleared(flow, used.place) => (None, true),
        None => return false,
    };
    let wanted = Wanted {
        place: used.place,
        origin,
        passed,
        target: (block, inst as u32),
    };
    flow.witness_at(wanted, used.subject) == Witness::Path
}

/// Whether the function itself binds a variable to None: then the question is about that.
fn is_cleared(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, source, .. } => {
            let is_none = match source {
                Source::Value(value) => flow.evaluate.value(value).may_be_none(),
                _ => false,
            };
            is_none && flow.place_of(target) == Some(place)
        }
        _ => false,
    })
}

fn is_parameter(code: &Function, place: PlaceId) -> bool {
    matches!(
        code.place(place).step,
        Step::Variable {
            scope: Scope::Parameter { .. },
            ..
        }
    )
}

/// Whether a handler around a block catches what using None raises.
fn is_survived(flow: &Flow<'_, '_>, block: BlockId) -> bool {
    let guard = flow.code.block(block).guard;
    ["AttributeError", "TypeError"].iter().any(|name| {
        let class = flow.program.library.class(name, flow.module.dialect);
        class.is_some_and(|class| {
            flow.program.caught_in(flow.function, guard, class).0 == Coverage::Full
        })
    })
}
