//! A read that fits the old type of a name and not the new one.

use super::Change;
use crate::flow::{At, Reach, Wanted, Witness};
use crate::project::Coverage;
use crate::rules::concurrency::usage::Usage;

impl Change<'_> {
    /// Where the new value gets to a use that only the old one stands.
    pub(super) fn misfit(&self, after: &Reach) -> Option<At> {
        if after.reads.is_empty() {
            return None;
        }
        let usage = Usage::of(self.flow.module, self.flow.code);
        after.reads.iter().copied().find(|read| {
            self.stands(self.new, &usage, *read) == Some(false)
                && self.stands(self.old, &usage, *read) == Some(true)
                && !self.is_asked_before(*read)
                && !self.is_awaited(*read)
                && self.new_value_gets_to(*read)
        })
    }

    /// Whether a condition on the name itself stands before the read: it may well ask for the type.
    fn is_asked_before(&self, read: At) -> bool {
        let mut tests = self.ways.conditions(read.inst).into_iter();
        tests.any(|(test, ..)| self.flow.mentions(test, self.place))
    }

    /// Whether a handler waits for what the wrong type raises.
    fn is_awaited(&self, read: At) -> bool {
        let flow = self.flow;
        let Some(block) = self.ways.block_of(read.inst) else {
            return true;
        };
        let guard = flow.code.block(block).guard;
        ["TypeError", "AttributeError"].into_iter().any(|name| {
            let class = flow.program.library.class(name, flow.module.dialect);
            class.is_some_and(|class| {
                flow.program.caught_in(flow.function, guard, class).0 == Coverage::Full
            })
        })
    }

    fn new_value_gets_to(&self, read: At) -> bool {
        let Some(block) = self.ways.block_of(read.inst) else {
            return false;
        };
        let wanted = Wanted {
            place: self.place,
            origin: Some(self.value),
            passed: false,
            target: (block, read.inst),
        };
        self.flow.witness_at(wanted, read.name) >= Witness::Exception
    }
}
