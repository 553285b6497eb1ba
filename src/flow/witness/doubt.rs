//! A None that is shown to somebody on the way: what a predicate says of it, or what was made of it, tells mostly that it is
//! none.

use super::{Search, Walker};
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, Next, PlaceId, UnaryOperator};

/// Functions whose outcome for None is known, or which are asked about something else.
const PLAIN: [&str; 12] = [
    "all",
    "any",
    "bool",
    "callable",
    "getattr",
    "hasattr",
    "id",
    "isinstance",
    "issubclass",
    "len",
    "print",
    "type",
];

/// Parts of names of predicates that may well hold for None.
const FOR_NONE: [&str; 12] = [
    "blank", "default", "empty", "hashable", "invalid", "missing", "na", "nan", "none", "not",
    "null", "scalar",
];

/// How the names of predicates start.
const PREDICATES: [&str; 5] = ["has", "is", "can", "exists", "valid"];

impl Search<'_, '_, '_> {
    /// Whether a condition on the way asks about the wanted None, and comes out as it hardly does for None.
    pub(super) fn is_doubtful(&self, walker: &Walker, test: ExprId, holds: bool) -> bool {
        let is_about_none = !self.is_unbound && !self.only_control && walker.armed;
        is_about_none && self.doubts(test, holds, self.is_decisive(walker.block, test))
    }

    /// The same for a condition inside the expression that uses the value: only one outcome leads to it.
    pub(super) fn is_doubtful_inside(&self, walker: &Walker, test: ExprId, holds: bool) -> bool {
        let is_about_none = !self.is_unbound && !self.only_control && walker.armed;
        is_about_none && self.doubts(test, holds, true)
    }

    fn doubts(&self, test: ExprId, holds: bool, is_decisive: bool) -> bool {
        let module = self.flow.module;
        match module.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.doubts(operand, !holds, is_decisive),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let is_and = matches!(module.kind(test), ExprKind::And(_));
                let mut parts = module.list(parts).iter();
                is_and == holds && parts.any(|&part| self.doubts(part, holds, is_decisive))
            }
            ExprKind::Walrus { value, .. } => self.doubts(value, holds, is_decisive),
            ExprKind::Call { .. } => {
                self.is_shown(test)
                    && !self.is_for_none(test, holds)
                    && (is_decisive || (holds && self.sounds_like_predicate(test)))
                    && !(holds && self.may_hold_for_none(test))
            }
            ExprKind::Name(place) => holds && self.is_made_of_it(place),
            ExprKind::Compare {
                operator: Comparison::IsNot,
                left,
                right,
            } if module.kind(right) == ExprKind::None => {
                let place = self.flow.place_of(left);
                holds && place.is_some_and(|place| self.is_made_of_it(place))
            }
            ExprKind::Compare {
                operator: Comparison::Is,
                left,
                right,
            } if module.kind(right) == ExprKind::None => {
                let place = self.flow.place_of(left);
                !holds && place.is_some_and(|place| self.is_made_of_it(place))
            }
            _ => false,
        }
    }

    /// Whether only one outcome of the condition that a block begins with leads on to the use.
    fn is_decisive(&self, block: BlockId, test: ExprId) -> bool {
        let code = self.flow.code;
        let first = code.insts(code.block(block)).first();
        let is_first = matches!(first.map(|inst| inst.kind), Some(InstKind::Assume { test: first, .. }) if first == test);
        let before = self.flow.only_predecessor(block).filter(|_| is_first);
        before.is_some_and(|before| match code.block(before).next {
            Next::Branch(one, other) => {
                let other = if one == block { other } else { one };
                !self.leading[other.index()]
            }
            _ => false,
        })
    }

    /// Whether a predicate of the project's own says by its body that the wanted place is something where it comes out the
    /// other way: then this is the way of the None.
    fn is_for_none(&self, call: ExprId, holds: bool) -> bool {
        let ExprKind::Call { callee, arguments } = self.flow.module.kind(call) else {
            return false;
        };
        let called = self.flow.evaluate.value(callee);
        let arguments = self.flow.module.arguments(arguments);
        let says = |holds| {
            let proven = self.flow.proven_by(called, arguments, holds);
            let mut proven = proven.into_iter();
            proven.any(|part| self.flow.place_of(part) == Some(self.wanted.place))
        };
        says(!holds) && !says(holds)
    }

    /// Whether the wanted place itself is an argument of a call, or an alternative of one: `exists(path or "")`.
    fn is_shown(&self, call: ExprId) -> bool {
        let (flow, module) = (self.flow, self.flow.module);
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            return false;
        };
        let name = module.dotted(flow.code, callee);
        if name.is_some_and(|name| PLAIN.contains(&name.as_str())) {
            return false;
        }
        module.arguments(arguments).iter().any(|argument| {
            let is_it = |part: ExprId| flow.place_of(part) == Some(self.wanted.place);
            match module.kind(argument.value) {
                ExprKind::Or(parts) => module.list(parts).iter().any(|&part| is_it(part)),
                _ => is_it(argument.value),
            }
        })
    }

    /// Whether a variable is what a call made of the wanted value: what is made of None is nothing, too.
    fn is_made_of_it(&self, place: PlaceId) -> bool {
        let flow = self.flow;
        if place == self.wanted.place {
            return false;
        }
        let Some(value) = flow.only_value(place) else {
            return false;
        };
        let value = match flow.module.kind(value) {
            ExprKind::Await(value) => value,
            ExprKind::Or(parts) => match flow.module.list(parts).first() {
                Some(&first) => first,
                None => value,
            },
            _ => value,
        };
        self.is_shown(value)
    }

    fn sounds_like_predicate(&self, call: ExprId) -> bool {
        self.words(call)
            .is_some_and(|words| PREDICATES.iter().any(|first| words.starts_with(first)))
    }

    fn may_hold_for_none(&self, call: ExprId) -> bool {
        self.words(call).is_some_and(|words| {
            words
                .split('_')
                .any(|word| FOR_NONE.contains(&word) || word.starts_with("isn"))
        })
    }

    /// The name of what is called, in lower case and without a leading underscore.
    fn words(&self, call: ExprId) -> Option<String> {
        let module = self.flow.module;
        let ExprKind::Call { callee, .. } = module.kind(call) else {
            return None;
        };
        let name = match module.kind(callee) {
            ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
            ExprKind::Name(place) => self.flow.place_text(place),
            _ => return None,
        };
        Some(name.trim_start_matches('_').to_ascii_lowercase())
    }
}
