//! Where the wanted None goes under other names, and how it comes to its own name inside an expression.

use super::{Fact, Search, Walker, hash_of};
use crate::ir::{ExprId, ExprKind, PlaceId};
use std::rc::Rc;

impl Search<'_, '_, '_> {
    /// Whether an expression is a name that holds the wanted None on this way: `program = tool`.
    pub(super) fn carries(&self, walker: &Walker, value: ExprId) -> bool {
        self.flow.place_of(value).is_some_and(|place| {
            walker.facts.contains(&Fact {
                condition: hash_of(&("carries", place)),
                holds: true,
            })
        })
    }

    /// From now on a name holds the wanted None.
    pub(super) fn carry(&mut self, walker: &mut Walker, place: PlaceId) {
        if self.is_unbound || self.only_control || self.wanted.passed {
            return;
        }
        let condition = hash_of(&("carries", place));
        self.mention(condition, Rc::from([place]));
        walker.facts.push(Fact {
            condition,
            holds: true,
        });
        self.remember(walker, place, true, false);
    }

    /// `if (match := search(text)) is None`: the wanted name is bound inside an expression that is evaluated.
    pub(super) fn arm_inside(&mut self, walker: &mut Walker, expr: ExprId) {
        let wanted = self.wanted.place;
        if self.is_unbound
            || self.only_control
            || self.wanted.origin.is_none()
            || !self.flow.bound_in(expr).contains(&wanted)
        {
            return;
        }
        let module = self.flow.module;
        let mut bound = None;
        module.walk(expr, &mut |part| {
            if let ExprKind::Walrus { target, value } = module.kind(part)
                && self.flow.place_of(target) == Some(wanted)
                && self.gives_origin(value)
            {
                bound = Some(value);
            }
        });
        if let Some(value) = bound {
            walker.armed = true;
            if self.is_origin(value) {
                self.carry(walker, wanted);
            }
        }
    }
}
