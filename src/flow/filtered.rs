//! A comprehension that leaves out what is None says that the container has it: a loop over the same container meets it too.

use super::{Flow, Held, Origin};
use crate::ir::{Clause, Comparison, ExprId, ExprKind, PlaceId, Scope, Step};
use crate::value::Value;

/// A container of which some comprehension of the function leaves out None.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    container: PlaceId,
    condition: ExprId,
}

impl Flow<'_, '_> {
    /// What a loop binds its target to. The evidence for None is the condition of the comprehension.
    pub(super) fn element(&self, iterable: ExprId, value: Value) -> Held {
        let held = Held::without_evidence(value);
        let ExprKind::Name(place) = self.module.kind(iterable) else {
            return held;
        };
        let filters = self.filters.get_or_init(|| self.filters());
        match filters.iter().find(|filter| filter.container == place) {
            Some(filter) => Held {
                value: held.value.join(Value::NONE),
                origin: Origin::Expr(filter.condition),
                bound: None,
            },
            None => held,
        }
    }

    fn filters(&self) -> Vec<Filter> {
        let exprs = self.code.exprs.range().map(ExprId::new);
        let comprehensions = exprs.filter_map(|expr| match self.module.kind(expr) {
            ExprKind::Comprehension(id) => self.module.comprehension(id).clauses.first(),
            _ => None,
        });
        comprehensions
            .filter_map(|clause| self.filter(clause))
            .collect()
    }

    /// `for item in container if item is not None`, of a variable that is bound once: elsewhere it is the same container.
    fn filter(&self, clause: &Clause) -> Option<Filter> {
        let ExprKind::Name(container) = self.module.kind(clause.iterable) else {
            return None;
        };
        let expected = match self.code.place(container).step {
            Step::Variable {
                scope: Scope::Local { .. },
                ..
            } => 1,
            Step::Variable {
                scope: Scope::Parameter { .. },
                ..
            } => 0,
            _ => return None,
        };
        if self.times_bound(container) != expected {
            return None;
        }
        let item = self.module.kind(clause.target);
        let leaves_out_none = |condition: &&ExprId| match self.module.kind(**condition) {
            ExprKind::Compare {
                operator: Comparison::IsNot,
                left,
                right,
            } => self.module.kind(left) == item && self.module.kind(right) == ExprKind::None,
            _ => false,
        };
        let condition = clause.conditions.iter().find(leaves_out_none)?;
        Some(Filter {
            container,
            condition: *condition,
        })
    }
}
