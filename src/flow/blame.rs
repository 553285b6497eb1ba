//! Which parameters a way through the function was taken for: `if not text: return None`.

use super::Flow;
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, Next, PlaceId, UnaryOperator};
use crate::summary::Parameters;

/// Conditions farther up are not blamed.
const UP: usize = 12;

impl Flow<'_, '_> {
    /// Parameters that are None, empty or false wherever control gets to the block at work, or one of which is.
    pub fn blamed_parameters(&self) -> Parameters {
        let mut blamed = Parameters::NONE;
        let mut at = self.position().0;
        for _ in 0..UP {
            for inst in self.code.insts(self.code.block(at)) {
                if let InstKind::Assume { test, holds } = inst.kind {
                    self.blame(test, holds, &mut blamed);
                }
            }
            let Some(before) = self.only_predecessor(at) else {
                break;
            };
            at = before;
        }
        blamed
    }

    /// Whether an expression that is written just like this one was tested on every way to `block`, or stands before it in
    /// `inst`, in a condition of the same expression: `d.get(k) and d.get(k).strip()`.
    pub fn is_tested_alike(&self, expr: ExprId, (block, inst): (BlockId, u32)) -> bool {
        let form = self.form(expr);
        let mut at = Some(block);
        for _ in 0..UP {
            let Some(block) = at else { break };
            let tests = self.code.insts(self.code.block(block)).iter();
            let mut tests = tests.filter_map(|inst| match inst.kind {
                InstKind::Assume { test, .. } => Some(test),
                _ => None,
            });
            if tests.any(|test| self.has_form(test, form, None)) {
                return true;
            }
            at = self.only_predecessor(block);
        }
        let before = self.module.span(expr).start;
        let mut found = false;
        self.code.insts[inst as usize]
            .kind
            .for_each_expr(&mut |root| {
                found |= self.has_form(root, form, Some(before));
                self.module.walk(root, &mut |part| {
                    if let ExprKind::Conditional { test, .. } = self.module.kind(part)
                        && self.module.span(part).contains(self.module.span(expr))
                    {
                        found |= self.has_form(test, form, None);
                    }
                });
            });
        found
    }

    /// Whether an expression of this form stands in another; with `before`, only in front of that offset.
    fn has_form(&self, within: ExprId, form: u64, before: Option<u32>) -> bool {
        let mut found = false;
        self.module.walk(within, &mut |part| {
            let in_front = before.is_none_or(|before| self.module.span(part).start < before);
            let is_call = matches!(
                self.module.kind(part),
                ExprKind::Call { .. } | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
            );
            found |= in_front && is_call && self.form(part) == form;
        });
        found
    }

    pub(super) fn only_predecessor(&self, block: BlockId) -> Option<BlockId> {
        let leads_here = |next: Next| match next {
            Next::Goto(to) => to == block,
            Next::Branch(one, other) => one == block || other == block,
            _ => false,
        };
        let mut before = self
            .code
            .blocks
            .iter()
            .enumerate()
            .filter(|(_, from)| leads_here(from.next));
        match (before.next(), before.next()) {
            (Some((index, _)), None) => Some(BlockId::new(index)),
            _ => None,
        }
    }

    fn blame(&self, test: ExprId, holds: bool, blamed: &mut Parameters) {
        match self.module.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.blame(operand, !holds, blamed),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                self.module
                    .list(parts)
                    .iter()
                    .for_each(|&part| self.blame(part, holds, blamed));
            }
            ExprKind::Name(place) if !holds => self.blame_place(place, blamed),
            ExprKind::Compare {
                operator,
                left,
                right,
            } if self.module.kind(right) == ExprKind::None => {
                let is_none = matches!(operator, Comparison::Is | Comparison::Equal) == holds;
                if let (true, ExprKind::Name(place)) = (is_none, self.module.kind(left)) {
                    self.blame_place(place, blamed);
                }
            }
            _ => {}
        }
    }

    fn blame_place(&self, place: PlaceId, blamed: &mut Parameters) {
        // What was bound anew is not what the caller gave.
        let is_given = self.times_bound(place) == 0;
        if let Some(index) = self
            .code
            .parameters
            .iter()
            .position(|parameter| parameter.place == place && is_given)
        {
            blamed.insert(index);
        }
    }
}
