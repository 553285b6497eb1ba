//! Calls.

use super::Lowering;
use crate::ir::{Argument, ExprId, ExprKind, Passing, Run, Step};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    pub(super) fn call(&mut self, node: NodeId, callee: ExprId, span: Span) -> ExprId {
        let Some(list) = self.tree.parts(node).nth(1) else {
            return callee;
        };
        let arguments = self.call_arguments(list);
        self.note_dynamic(callee, arguments);
        self.add(ExprKind::Call { callee, arguments }, span)
    }

    /// The arguments in an argument list; a lone generator expression is the only argument.
    pub(super) fn call_arguments(&mut self, list: NodeId) -> Run {
        let base = self.argument_stack.len();
        if self.tree.kind(list) == Kind::GeneratorExpression {
            let value = self.expr(list);
            self.argument_stack.push(Argument {
                passing: Passing::Positional,
                value,
            });
        } else {
            for part in self.tree.parts(list) {
                let argument = self.argument(part);
                self.argument_stack.push(argument);
            }
        }
        self.arguments(base)
    }

    fn argument(&mut self, node: NodeId) -> Argument {
        match self.tree.kind(node) {
            Kind::KeywordArgument => {
                let tree = self.tree;
                let mut parts = tree.parts(node);
                let name = parts.next().map_or(node, |word| word);
                let name = self.name_of(name);
                let value = self.expr_or_hole(parts.next(), node);
                Argument {
                    passing: Passing::Keyword(name),
                    value,
                }
            }
            Kind::ListSplat => Argument {
                passing: Passing::Star,
                value: self.first_of(node),
            },
            Kind::DictionarySplat => Argument {
                passing: Passing::DoubleStar,
                value: self.first_of(node),
            },
            Kind::ParenthesizedExpression => self.parenthesized_argument(node),
            _ => Argument {
                passing: Passing::Positional,
                value: self.expr(node),
            },
        }
    }

    /// `f((*a))`, which Python 2 reads as `f(*a)`.
    fn parenthesized_argument(&mut self, node: NodeId) -> Argument {
        match self.tree.first(node) {
            Some(inner) if self.tree.kind(inner) == Kind::ListSplat => self.argument(inner),
            _ => Argument {
                passing: Passing::Positional,
                value: self.expr(node),
            },
        }
    }

    /// Notes calls that read or change variables behind the analysis's back.
    fn note_dynamic(&mut self, callee: ExprId, arguments: Run) {
        let ExprKind::Name(place) = self.exprs[callee.index()].kind else {
            return;
        };
        let Step::Variable { name, .. } = self.body.places[place.index()].step else {
            return;
        };
        match name.index() {
            super::LOCALS => self.body.is_dynamic = true,
            super::EXEC | super::EVAL => self.body.is_dynamic |= arguments.count == 1,
            super::VARS => self.body.is_dynamic |= arguments.count == 0,
            super::GLOBALS => self.changes_globals = true,
            _ => {}
        }
    }
}
