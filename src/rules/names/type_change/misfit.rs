//! A read that fits the old type of a name and not the new one.

use super::Change;
use crate::flow::{At, Reach, Wanted, Witness};
use crate::ir::{ExprId, ExprKind};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::names::vocabulary::{is_data, lacks};
use crate::value::Kinds;

impl Change<'_> {
    /// Where the new value gets to a use that only the old one stands.
    pub(super) fn misfit(&self, after: &Reach) -> Option<At> {
        let usage = Usage::of(self.flow.module, self.flow.code);
        after.reads.iter().copied().find(|read| {
            self.fits_only_old(&usage, read.name)
                && !self.is_asked_before(*read)
                && self.new_value_gets_to(*read)
        })
    }

    fn fits_only_old(&self, usage: &Usage<'_>, name: ExprId) -> bool {
        let module = self.flow.module;
        let container = Kinds::LIST | Kinds::TUPLE | Kinds::SET | Kinds::DICT | Kinds::ITERATOR;
        let part = match usage.fate(name) {
            Fate::Iterated => return self.new == Kinds::NUMBER && container.has(self.old),
            Fate::Part(part) => part,
            _ => return false,
        };
        match module.kind(part) {
            ExprKind::Attribute {
                value, name: of, ..
            } if value == name => {
                let of = module.name(of);
                lacks(self.new, of) && is_data(self.old) && !lacks(self.old, of)
            }
            ExprKind::Call { callee, .. } if callee == name => {
                is_data(self.new) && (Kinds::FUNCTION | Kinds::CLASS).has(self.old)
            }
            ExprKind::Subscript { value, index, .. } if value == name => {
                let by_key = matches!(module.kind(index), ExprKind::Text(_));
                let indexed = Kinds::LIST | Kinds::TUPLE | Kinds::TEXT;
                by_key && self.old == Kinds::DICT && indexed.has(self.new)
                    || self.new == Kinds::NUMBER && (indexed | Kinds::DICT).has(self.old)
            }
            _ => false,
        }
    }

    /// Whether a condition on the name itself stands before the read: it may well ask for the type.
    fn is_asked_before(&self, read: At) -> bool {
        let mut tests = self.ways.conditions(read.inst).into_iter();
        tests.any(|(test, ..)| self.flow.mentions(test, self.place))
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
