//! How often a loop was gone through on a way: what is written down gives its elements one after the other, and a count
//! starts with its first number.

use super::{Search, Walker};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, LoopKind};

/// Longer displays are not followed element by element.
const WRITTEN: u32 = 8;

impl Search<'_, '_, '_> {
    /// Whoever comes to a loop from outside starts it anew.
    pub(super) fn come_to(&self, walker: &mut Walker, from: BlockId, to: BlockId) {
        if walker.begun.is_empty() {
            return;
        }
        let code = self.flow.code;
        let Some(of) = code.loops.iter().position(|of| of.header == to) else {
            return;
        };
        let LoopKind::For { iterable, .. } = code.loops[of].kind else {
            return;
        };
        let mut insts = code.insts(code.block(from)).iter();
        if insts.any(|inst| matches!(inst.kind, InstKind::Eval(value) if value == iterable)) {
            walker
                .begun
                .retain(|&mut (header, _)| header as usize != of);
        }
    }

    /// One round more of a loop, whose elements are `written` down. Whether there can be one, and whether the loop can end
    /// before it.
    pub(super) fn begin(
        &self,
        walker: &mut Walker,
        header: u32,
        written: Option<u32>,
    ) -> (bool, bool) {
        if !self.is_unbound
            || !matches!(
                self.flow.code.loops[header as usize].kind,
                LoopKind::For { .. }
            )
        {
            return (true, true);
        }
        let begun = match walker.begun.iter_mut().find(|(of, _)| *of == header) {
            Some((_, count)) => {
                let before = *count;
                *count = (before + 1).min(written.map_or(2, |all| all as u8 + 1));
                before
            }
            None => {
                walker.begun.push((header, 1));
                0
            }
        };
        match written {
            Some(all) => (u32::from(begun) < all, u32::from(begun) >= all),
            None => (true, true),
        }
    }

    /// How many elements a loop goes over, where they are written down.
    pub(super) fn written_rounds(&self, of: usize) -> Option<u32> {
        let LoopKind::For { iterable, .. } = self.flow.code.loops[of].kind else {
            return None;
        };
        let module = self.flow.module;
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = module.kind(iterable) else {
            return None;
        };
        let mut each = module.list(parts).iter();
        let is_plain = each.all(|&part| !matches!(module.kind(part), ExprKind::Starred(_)));
        (is_plain && parts.count <= WRITTEN).then_some(parts.count)
    }

    /// Which round of its loop a target is bound in, the first being 0; nothing for one of which that is not known.
    pub(super) fn round_of(&self, walker: &Walker, target: ExprId) -> Option<u8> {
        let is_it = |of: &crate::ir::Loop| matches!(of.kind, LoopKind::For { target: other, .. } if other == target);
        let of = self.flow.code.loops.iter().position(is_it)?;
        let begun = walker
            .begun
            .iter()
            .find(|(header, _)| *header as usize == of)?;
        begun.1.checked_sub(1)
    }
}
