//! What a handler elsewhere in the function says of a read: that what is read may not be there.

use super::{Boundary, Candidate};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind};
use crate::project::Coverage;

impl Boundary<'_> {
    /// Where the same element is read under a handler that is there for its absence: of `error`, and of nothing broad, with
    /// nothing else around that could raise it.
    pub(in crate::rules) fn handled_elsewhere(
        &self,
        candidate: Candidate,
        error: &str,
    ) -> Option<ExprId> {
        let flow = self.flow;
        let dialect = flow.module.dialect;
        let missing = flow.program.library.class(error, dialect)?;
        let everything = flow.program.library.class("Exception", dialect)?;
        let ExprKind::Subscript { value, .. } = flow.module.kind(candidate.expr) else {
            return None;
        };
        let root = flow.code.root(flow.place_of(value)?);
        let form = flow.form(candidate.expr);
        let mut found = None;
        for index in 0..flow.code.blocks.len() {
            let block = BlockId::new(index);
            let guard = flow.code.block(block).guard;
            let caught = |class| flow.program.caught_in(flow.function, guard, class).0;
            if guard.is_none()
                || caught(missing) != Coverage::Full
                || caught(everything) == Coverage::Full
            {
                continue;
            }
            for part in self.elements_of(block) {
                if flow.form(part) == form {
                    found = found.or(Some((part, block)));
                } else if !self.is_behind(part, candidate.expr) {
                    return None;
                }
            }
        }
        let (elsewhere, block) = found?;
        let is_proven = self.dominates(block, candidate.at.0);
        (!is_proven && self.is_together(elsewhere, candidate.expr, root)).then_some(elsewhere)
    }

    /// The elements that a block reads.
    fn elements_of(&self, block: BlockId) -> Vec<ExprId> {
        let (module, code) = (self.flow.module, self.flow.code);
        let mut found = Vec::new();
        for inst in code.insts(code.block(block)) {
            let target = match inst.kind {
                InstKind::Bind { target, .. } => Some(target),
                _ => None,
            };
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |part| {
                    let is_read = Some(part) != target
                        && match module.kind(part) {
                            ExprKind::Subscript { index, .. } => {
                                !matches!(module.kind(index), ExprKind::Slice { .. })
                            }
                            _ => false,
                        };
                    if is_read {
                        found.push(part);
                    }
                });
            });
        }
        found
    }

    /// Whether an element is there if another is: `x[0]` where `x[1]` is.
    fn is_behind(&self, element: ExprId, other: ExprId) -> bool {
        let module = self.flow.module;
        let parts = |expr: ExprId| match module.kind(expr) {
            ExprKind::Subscript { value, index, .. } => match module.kind(index) {
                ExprKind::Int(index) => Some((self.flow.form(value), index)),
                _ => None,
            },
            _ => None,
        };
        match (parts(element), parts(other)) {
            (Some((value, index)), Some((same, last))) => value == same && index < last,
            _ => false,
        }
    }
}
