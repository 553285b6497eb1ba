//! Where a way ends because what is None on it was used before.

use super::{Fact, Search, Walker};
use crate::ir::{Comparison, ExprId, ExprKind, Inst, InstKind, PlaceId, Run};

impl Search<'_, '_, '_> {
    /// Whether a way goes on behind an instruction that needs something of what is None on this way.
    pub(super) fn survives(&mut self, walker: &mut Walker, index: usize) -> bool {
        let inst: &Inst = &self.flow.code.insts[index];
        if matches!(inst.kind, InstKind::Assume { .. }) {
            return true;
        }
        let objects = self.flow.objects(index as u32, || {
            let mut objects = Vec::new();
            inst.kind
                .for_each_expr(&mut |root| self.objects(root, &mut objects));
            objects
        });
        { objects.iter() }.all(|&place| {
            let condition = self.noneness_of(place);
            !walker.facts.contains(&Fact {
                condition,
                holds: true,
            })
        })
    }

    /// The places of which something is needed wherever an expression is evaluated: an attribute, an element, a length.
    fn objects(&self, expr: ExprId, found: &mut Vec<PlaceId>) {
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                if let Some(&first) = module.list(parts).first() {
                    self.objects(first, found);
                }
            }
            ExprKind::Conditional { test, .. } => self.objects(test, found),
            ExprKind::Comprehension(_) | ExprKind::Lambda(_) => {}
            kind => {
                match kind {
                    ExprKind::Attribute { value, name, .. }
                        if !module.name(name).starts_with("__") =>
                    {
                        found.extend(self.flow.place_of(value));
                    }
                    ExprKind::Subscript { value, .. } => found.extend(self.flow.place_of(value)),
                    ExprKind::Compare {
                        operator: Comparison::In | Comparison::NotIn,
                        right,
                        ..
                    } => found.extend(self.flow.place_of(right)),
                    ExprKind::Call { callee, arguments } => {
                        found.extend(self.needed(callee, arguments));
                    }
                    _ => {}
                }
                module.for_each_part(expr, &mut |part| self.objects(part, found));
            }
        }
    }
    /// The argument of a built-in function that takes no None.
    fn needed(&self, callee: ExprId, arguments: Run) -> Option<PlaceId> {
        let module = self.flow.module;
        let [only] = module.arguments(arguments) else {
            return None;
        };
        let name = module.plain_name(self.flow.code, callee)?;
        let takes_none = !matches!(
            name,
            "len" | "int" | "float" | "iter" | "next" | "sorted" | "reversed" | "enumerate"
        );
        self.flow.place_of(only.value).filter(|_| !takes_none)
    }
}
