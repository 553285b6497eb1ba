//! What a condition says of how many parts a text has: that there is something, or what the first word is, says nothing of a
//! second part.

use super::{Boundary, Candidate};
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, InstKind, LoopKind, PlaceId, UnaryOperator,
};

/// What a use takes of the parts of a text.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Parts<'p> {
    /// So many are needed.
    pub(in crate::rules) need: i64,
    /// What stands between them; nothing for any space.
    pub(in crate::rules) separator: Option<&'p str>,
    /// So many characters are cut off in front before.
    pub(in crate::rules) cut: i64,
    /// Whoever writes the text decides by the first part how many there are.
    pub(in crate::rules) is_format: bool,
}

impl Boundary<'_> {
    /// Whether something on every way to a use says that there may be enough parts.
    pub(in crate::rules) fn are_counted(
        &self,
        candidate: Candidate,
        places: &[PlaceId],
        parts: &Parts<'_>,
    ) -> bool {
        let inside = self.flow.module.span(candidate.expr);
        let says = |test: ExprId| self.says_of(test, places, parts);
        let is_asked_for = || self.are_asked_for(candidate, places, parts);
        let is_looped = || {
            let mut loops = self.flow.code.loops.iter();
            loops.any(|of| {
                of.suite.contains(inside)
                    && match of.kind {
                        LoopKind::For { iterable, .. } => self.mentions(iterable, places),
                        LoopKind::While { test } => says(test),
                    }
            })
        };
        is_asked_for()
            || is_looped()
            || self.is_checked(candidate, places)
            || self.begins_with_enough(candidate, places, parts)
    }

    /// Whether a condition on every way to a use says that there may be enough parts.
    pub(in crate::rules) fn are_asked_for(
        &self,
        candidate: Candidate,
        places: &[PlaceId],
        parts: &Parts<'_>,
    ) -> bool {
        let says = |test: ExprId| self.says_of(test, places, parts);
        self.is_tested_by(candidate, &says, false)
    }

    /// Whether control only gets to a use where the text begins or ends with what has a separator in it.
    fn begins_with_enough(
        &self,
        candidate: Candidate,
        places: &[PlaceId],
        parts: &Parts<'_>,
    ) -> bool {
        let code = self.flow.code;
        let is_beside = || {
            let proves = |test: ExprId| self.proves(test, true, places, parts);
            self.is_tested_beside(candidate, &proves)
        };
        (0..code.blocks.len()).map(BlockId::new).any(|block| {
            let mut insts = code.insts(code.block(block)).iter();
            insts.any(|inst| match inst.kind {
                InstKind::Assume { test, holds } => {
                    self.proves(test, holds, places, parts) && self.dominates(block, candidate.at.0)
                }
                _ => false,
            })
        }) || is_beside()
    }

    /// Whether a condition that came out like this shows that there is a separator.
    fn proves(&self, test: ExprId, holds: bool, places: &[PlaceId], parts: &Parts<'_>) -> bool {
        let module = self.flow.module;
        match module.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.proves(operand, !holds, places, parts),
            ExprKind::And(tests) if holds => {
                let mut tests = module.list(tests).iter();
                tests.any(|&test| self.proves(test, holds, places, parts))
            }
            ExprKind::Or(tests) if !holds => {
                let mut tests = module.list(tests).iter();
                tests.any(|&test| self.proves(test, holds, places, parts))
            }
            ExprKind::Call { .. } => match self.called(test) {
                Some(("startswith" | "endswith", Some(text), arguments)) => {
                    let is_long = |&start: &ExprId| !self.is_short(start, parts);
                    holds && self.is_one_of(text, places) && arguments.first().is_some_and(is_long)
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn says_of(&self, test: ExprId, places: &[PlaceId], parts: &Parts<'_>) -> bool {
        let module = self.flow.module;
        match module.kind(test) {
            ExprKind::And(tests) | ExprKind::Or(tests) => {
                let mut tests = module.list(tests).iter();
                tests.any(|&test| self.says_of(test, places, parts))
            }
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.says_of(operand, places, parts),
            _ => !self.says_less(test, places, parts) && self.mentions(test, places),
        }
    }

    /// Whether a condition is about the text, and proves less than the use needs however it comes out.
    fn says_less(&self, test: ExprId, places: &[PlaceId], parts: &Parts<'_>) -> bool {
        let module = self.flow.module;
        match module.kind(test) {
            ExprKind::Name(_) | ExprKind::Attribute { .. } => self.is_one_of(test, places),
            ExprKind::Call { .. } => match self.called(test) {
                Some(("strip" | "lstrip" | "rstrip" | "isspace", Some(text), _)) => {
                    self.is_one_of(text, places)
                }
                // What it shows depends on how it comes out.
                Some(("startswith" | "endswith", Some(text), _)) => self.is_one_of(text, places),
                _ => false,
            },
            ExprKind::Compare {
                operator,
                left,
                right,
            } => self.compares_less(operator, left, right, places, parts),
            _ => false,
        }
    }

    fn compares_less(
        &self,
        operator: Comparison,
        left: ExprId,
        right: ExprId,
        places: &[PlaceId],
        parts: &Parts<'_>,
    ) -> bool {
        let module = self.flow.module;
        let is_order = !matches!(
            operator,
            Comparison::Equal | Comparison::NotEqual | Comparison::In | Comparison::NotIn
        );
        match module.kind(left) {
            ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                !is_order && self.is_one_of(left, places) && self.is_short(right, parts)
            }
            ExprKind::Subscript { value, index, .. } => {
                let is_before = match module.kind(index) {
                    ExprKind::Int(index) => i64::from(index) < parts.need - 1 && index >= 0,
                    ExprKind::Slice { lower: None, .. } => parts.need > 1,
                    _ => false,
                };
                let is_first_of_cut =
                    parts.cut > 0 && matches!(module.kind(index), ExprKind::Int(0));
                !is_order
                    && !parts.is_format
                    && (is_before || is_first_of_cut)
                    && self.is_one_of(value, places)
            }
            ExprKind::Call { .. } => match self.called(left) {
                Some(("len", None, arguments)) => {
                    let is_it = arguments
                        .first()
                        .is_some_and(|&of| self.is_one_of(of, places));
                    let is_first = match module.kind(right) {
                        ExprKind::Int(0) => true,
                        ExprKind::Int(1) => {
                            matches!(operator, Comparison::Less | Comparison::GreaterEqual)
                        }
                        _ => false,
                    };
                    is_it && is_first && parts.need > 1
                }
                Some(("strip" | "lower" | "upper", Some(text), _)) => {
                    !is_order && self.is_one_of(text, places) && self.is_short(right, parts)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a text that is written out, or each of several, is of one part.
    fn is_short(&self, expr: ExprId, parts: &Parts<'_>) -> bool {
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::Text(text) | ExprKind::Bytes(text) => {
                let text = module.name(text);
                let is_within = parts.cut == 0 || text.chars().count() as i64 <= parts.cut;
                is_within
                    && match parts.separator {
                        Some(separator) => {
                            let written = separator.trim();
                            !text.contains(if written.is_empty() {
                                separator
                            } else {
                                written
                            })
                        }
                        None => !text.contains(char::is_whitespace) || parts.cut > 0,
                    }
            }
            ExprKind::Tuple(all) | ExprKind::List(all) | ExprKind::Set(all) => module
                .list(all)
                .iter()
                .all(|&one| self.is_short(one, parts)),
            _ => false,
        }
    }

    fn is_one_of(&self, expr: ExprId, places: &[PlaceId]) -> bool {
        let place = self.flow.place_of(expr);
        place.is_some_and(|place| places.contains(&place))
    }
}
