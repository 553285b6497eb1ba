//! What a `case` says about its subject.

use crate::flow::{Flow, Held, Origin, State};
use crate::ir::{ExprId, Pattern, PatternId};

impl Flow<'_, '_> {
    pub(super) fn assume_pattern(
        &self,
        subject: ExprId,
        pattern: PatternId,
        holds: bool,
        state: &mut State,
    ) {
        match self.module.pattern(pattern) {
            Pattern::Anything | Pattern::Star => self.feasible_if(holds, state),
            Pattern::Value(value) => self.assume_same(subject, *value, holds, state),
            Pattern::Sequence(_) | Pattern::Mapping(_) if holds => {
                self.expr_not_none(subject, state)
            }
            Pattern::Class { class, .. } if holds => {
                self.expr_not_none(subject, state);
                if let (Some(class), Some(place)) =
                    (self.evaluate.class_named(*class), self.place_of(subject))
                    && state.is_reachable()
                {
                    let held = state.get(place);
                    state.set(
                        place,
                        Held {
                            value: self.program.instance_of(class),
                            origin: Origin::Nothing,
                            bound: held.bound,
                        },
                    );
                }
            }
            Pattern::Or(parts) if holds => {
                let mut joined: Option<State> = None;
                for &part in parts {
                    let mut one = state.clone();
                    self.assume_pattern(subject, part, true, &mut one);
                    match &mut joined {
                        Some(joined) => {
                            joined.join(&one);
                        }
                        None => joined = Some(one),
                    }
                }
                if let Some(joined) = joined {
                    *state = joined;
                }
            }
            Pattern::Or(parts) => parts
                .iter()
                .for_each(|&part| self.assume_pattern(subject, part, false, state)),
            Pattern::As(inner) => self.assume_pattern(subject, *inner, holds, state),
            _ => {}
        }
    }
}
