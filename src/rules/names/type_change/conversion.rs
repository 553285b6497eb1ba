//! A new value that is made of the old one.

use super::Change;
use crate::ir::{BinaryOperator, ExprId, ExprKind, InstKind, PlaceId, Scope, Source, Step};
use crate::value::Kinds;

impl Change<'_> {
    /// The new value is made of the old one. A number or container that is formatted into a text is none.
    pub(super) fn is_conversion(&self) -> bool {
        let flow = self.flow;
        if !flow.mentions(self.value, self.place) {
            return self.depends_on_old();
        }
        let is_it = |expr: ExprId| flow.module.kind(expr) == ExprKind::Name(self.place);
        let formatted = match flow.module.kind(self.value) {
            ExprKind::Binary {
                operator: BinaryOperator::Modulo,
                left,
                right,
            } if matches!(flow.module.kind(left), ExprKind::Text(_)) => {
                match flow.module.kind(right) {
                    ExprKind::Tuple(parts) => {
                        flow.module.list(parts).iter().any(|&part| is_it(part))
                    }
                    _ => is_it(right),
                }
            }
            ExprKind::Interpolated(parts) => {
                flow.module.list(parts).iter().any(|&part| is_it(part))
            }
            _ => false,
        };
        !(formatted && self.new == Kinds::TEXT && self.old != Kinds::TEXT)
    }

    /// The new value is made of others that were made of the old one.
    fn depends_on_old(&self) -> bool {
        let flow = self.flow;
        let mut known = Vec::new();
        self.places_in(self.value, &mut known);
        let mut at = 0;
        while at < known.len() && known.len() < DEPENDENCIES {
            let place = known[at];
            at += 1;
            if place == self.place {
                return true;
            }
            for inst in &flow.code.insts {
                self.feeds(inst.kind, place, &mut known);
            }
        }
        known.contains(&self.place)
    }

    fn places_in(&self, expr: ExprId, into: &mut Vec<PlaceId>) {
        let flow = self.flow;
        flow.module.walk(expr, &mut |part| {
            if let ExprKind::Name(place) = flow.module.kind(part)
                && !matches!(
                    flow.code.place(place).step,
                    Step::Variable {
                        scope: Scope::Global { .. },
                        ..
                    }
                )
                && !into.contains(&place)
            {
                into.push(place);
            }
        });
    }

    /// Adds what an instruction puts into a variable: by binding it, or by a method or item of it.
    fn feeds(&self, kind: InstKind, place: PlaceId, into: &mut Vec<PlaceId>) {
        let flow = self.flow;
        match kind {
            InstKind::Bind { target, source, .. } if flow.mentions(target, place) => match source {
                Source::Value(value) | Source::Augmented { value, .. } => {
                    self.places_in(value, into)
                }
                Source::Element { iterable, .. } => self.places_in(iterable, into),
                Source::Entered { manager, .. } => self.places_in(manager, into),
                _ => {}
            },
            InstKind::Eval(call) => {
                if let ExprKind::Call { callee, .. } = flow.module.kind(call)
                    && let ExprKind::Attribute { value, .. } = flow.module.kind(callee)
                    && flow.module.kind(value) == ExprKind::Name(place)
                {
                    self.places_in(call, into);
                }
            }
            _ => {}
        }
    }
}

/// Larger webs of variables are not followed.
const DEPENDENCIES: usize = 24;
