//! What a comparison says about its sides.

use crate::flow::{Flow, Held, Origin, State};
use crate::ir::{Comparison, ExprId, ExprKind, PlaceId};
use crate::value::{Facts, Kinds};

impl Flow<'_, '_> {
    pub(super) fn assume_comparison(
        &self,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        holds: bool,
        state: &mut State,
    ) {
        use Comparison::{Equal, In, Is, IsNot, NotEqual, NotIn};
        let holds = if matches!(operator, IsNot | NotEqual | NotIn) {
            !holds
        } else {
            holds
        };
        match operator {
            Is | IsNot | Equal | NotEqual if self.is_type_of_none(right) => {
                self.assume_type_of_none(left, holds, state);
            }
            Is | IsNot | Equal | NotEqual => {
                self.assume_same(left, right, holds, state);
                self.assume_same(right, left, holds, state);
                self.assume_length(left, right, holds, state);
            }
            In | NotIn => self.assume_membership(left, right, holds, state),
            _ => {
                // Both sides were ordered, so neither is None, whichever way it came out.
                for side in [left, right] {
                    let ordered = self.unwrapped(side);
                    if let Some(place) = self.place_of(ordered) {
                        let held = self.look_up(place, ordered, state).without(Kinds::NONE);
                        self.put(place, held, state);
                    }
                }
                self.assume_order(operator, left, right, holds, state);
            }
        }
    }

    /// `type(None)`, `NoneType`.
    pub(in crate::flow) fn is_type_of_none(&self, expr: ExprId) -> bool {
        let module = self.module;
        if let ExprKind::Call { arguments, .. } = module.kind(expr) {
            return self.is_type_call(expr)
                && matches!(module.arguments(arguments), [only] if module.kind(only.value) == ExprKind::None);
        }
        let name = module
            .last_name(self.code, expr)
            .or_else(|| module.plain_name(self.code, expr));
        name == Some("NoneType")
    }

    fn is_type_call(&self, expr: ExprId) -> bool {
        let ExprKind::Call { callee, arguments } = self.module.kind(expr) else {
            return false;
        };
        arguments.count == 1 && self.module.plain_name(self.code, callee) == Some("type")
    }

    /// `type(x) is type(None)` says what `x is None` says.
    fn assume_type_of_none(&self, left: ExprId, holds: bool, state: &mut State) {
        let ExprKind::Call { arguments, .. } = self.module.kind(left) else {
            return;
        };
        let Some(argument) = self.module.arguments(arguments).first() else {
            return;
        };
        if !self.is_type_call(left) || holds {
            return;
        }
        let subject = self.unwrapped(argument.value);
        if let Some(place) = self.place_of(subject)
            && state.is_reachable()
        {
            let held = self.look_up(place, subject, state).without(Kinds::NONE);
            self.put(place, held, state);
        }
    }

    /// `left` is, or is not, the same as `right`.
    pub(super) fn assume_same(&self, left: ExprId, right: ExprId, holds: bool, state: &mut State) {
        let subject = self.unwrapped(left);
        let Some(place) = self.tested_place(subject) else {
            if holds {
                self.assume_call_is(left, right, state);
            }
            return;
        };
        if !state.is_reachable() {
            return;
        }
        if holds && self.module.kind(right) != ExprKind::None {
            self.assume_typed(place, state);
        }
        match self.module.kind(right) {
            ExprKind::None => {
                let held = self.look_up(place, subject, state);
                let narrowed = if holds {
                    is_none(held, subject)
                } else {
                    self.assume_original(held, state);
                    self.object_not_none(subject, state);
                    held.without(Kinds::NONE)
                };
                if self.place_of(subject).is_some() || !holds {
                    self.put(place, narrowed, state);
                }
            }
            ExprKind::True | ExprKind::False if self.alias(state, place).is_some() => {
                let came_out = matches!(self.module.kind(right), ExprKind::True) == holds;
                self.assume_truth(subject, came_out, state);
            }
            ExprKind::Text(_)
            | ExprKind::Bytes(_)
            | ExprKind::Int(_)
            | ExprKind::Number(_)
            | ExprKind::True
            | ExprKind::False
                if holds =>
            {
                let held = self.look_up(place, subject, state).without(Kinds::NONE);
                self.put(place, held, state);
            }
            ExprKind::Int(0) => {
                let held = self.look_up(place, subject, state);
                let held = Held {
                    value: held.value.free_of(Facts::ZERO),
                    ..held
                };
                self.put(place, held, state);
            }
            _ => {}
        }
    }

    /// `type(x) is T`, `x.get(…) == 3`: the part that must not be None for it to be true.
    fn assume_call_is(&self, left: ExprId, right: ExprId, state: &mut State) {
        let ExprKind::Call { callee, arguments } = self.module.kind(left) else {
            return;
        };
        let name = self.module.plain_name(self.code, callee);
        let not_none = !matches!(self.module.kind(right), ExprKind::None);
        if name == Some("type") && not_none {
            self.not_none(self.module.arguments(arguments).first(), state);
        }
    }

    /// `copy = x` and then `copy is not None`: x is not None either, if it is never bound again.
    fn assume_original(&self, copy: Held, state: &mut State) {
        let original = copy.bound.and_then(|bound| self.place_of(bound));
        if let (Some(original), Some(bound)) = (original, copy.bound)
            && self.is_bound_once(original)
        {
            let held = self.look_up(original, bound, state).without(Kinds::NONE);
            self.put(original, held, state);
        }
    }

    /// A name for `type(x)` is, or is among, known types: x is not None.
    fn assume_typed(&self, place: PlaceId, state: &mut State) {
        if let Some(bound) = self.alias(state, place)
            && let ExprKind::Call { callee, arguments } = self.module.kind(bound)
            && self.module.plain_name(self.code, callee) == Some("type")
        {
            self.not_none(self.module.arguments(arguments).first(), state);
        }
    }

    fn assume_membership(&self, left: ExprId, right: ExprId, holds: bool, state: &mut State) {
        if let Some(place) = self.place_of(left).filter(|_| holds) {
            self.assume_typed(place, state);
        }
        if let ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) =
            self.module.kind(right)
        {
            let parts = self.module.list(parts);
            if matches!(self.module.kind(left), ExprKind::None) {
                if !holds {
                    parts
                        .iter()
                        .for_each(|&part| self.expr_not_none(part, state));
                }
                return;
            }
            let is_none = |part: &ExprId| matches!(self.module.kind(*part), ExprKind::None);
            let constant = |part: &ExprId| {
                !matches!(
                    self.module.kind(*part),
                    ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Hole
                )
            };
            if holds && parts.iter().all(|part| constant(part) && !is_none(part)) {
                self.expr_not_none(left, state);
            }
            if !holds && parts.iter().any(is_none) {
                self.expr_not_none(left, state);
            }
            return;
        }
        if holds {
            self.expr_not_none(right, state);
            self.not_empty(right, state);
        }
    }

    /// `len(x) == 3` says that x is not empty; `len(x) == 0` came out false likewise.
    fn assume_length(&self, left: ExprId, right: ExprId, holds: bool, state: &mut State) {
        let Some(of) = self.length_of(left) else {
            return;
        };
        let is_zero = matches!(self.module.kind(right), ExprKind::Int(0));
        let is_positive = matches!(self.module.kind(right), ExprKind::Int(number) if number > 0);
        if (is_zero && !holds) || (is_positive && holds) {
            self.not_empty(of, state);
        }
    }

    fn assume_order(
        &self,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        holds: bool,
        state: &mut State,
    ) {
        use Comparison::{Greater, GreaterEqual, Less, LessEqual};
        let number = |expr| match self.module.kind(expr) {
            ExprKind::Int(number) => Some(number),
            _ => None,
        };
        // Brought to the form `left > bound` or `left >= bound`.
        let (subject, bound, strict) = match (operator, holds) {
            (Greater, true) | (LessEqual, false) => (left, number(right), true),
            (GreaterEqual, true) | (Less, false) => (left, number(right), false),
            (Less, true) | (GreaterEqual, false) => (right, number(left), true),
            (LessEqual, true) | (Greater, false) => (right, number(left), false),
            _ => return,
        };
        let Some(bound) = bound else { return };
        let positive = if strict { bound >= 0 } else { bound >= 1 };
        if !positive {
            return;
        }
        match self.length_of(subject) {
            Some(of) => self.not_empty(of, state),
            None => {
                if let Some(place) = self.place_of(subject)
                    && state.is_reachable()
                {
                    let held = state.get(place);
                    self.put(
                        place,
                        Held {
                            value: held.value.free_of(Facts::ZERO),
                            ..held
                        },
                        state,
                    );
                    if let Some(of) = self
                        .alias(state, place)
                        .and_then(|bound| self.length_of(bound))
                    {
                        self.not_empty(of, state);
                    }
                }
            }
        }
    }

    /// The argument of `len(…)`.
    fn length_of(&self, expr: ExprId) -> Option<ExprId> {
        let ExprKind::Call { callee, arguments } = self.module.kind(expr) else {
            return None;
        };
        let is_len = self.module.plain_name(self.code, callee) == Some("len");
        self.module
            .arguments(arguments)
            .first()
            .filter(|_| is_len)
            .map(|argument| argument.value)
    }
}

/// None for certain: with the evidence that there was, or the test itself where there was none.
fn is_none(held: Held, test: ExprId) -> Held {
    let origin = if held.value.may_be_none() {
        held.origin
    } else {
        Origin::Tested(test)
    };
    Held {
        origin,
        ..held.meet(Kinds::NONE)
    }
}
