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

    fn only_predecessor(&self, block: BlockId) -> Option<BlockId> {
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
        if let Some(index) = self
            .code
            .parameters
            .iter()
            .position(|parameter| parameter.place == place)
        {
            blamed.insert(index);
        }
    }
}
