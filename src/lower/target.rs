//! Targets of bindings.

use super::{DEPTH, Lowering};
use crate::ir::{ExprId, ExprKind};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// Reads what is bound: names in it are the function's own.
    pub(super) fn target(&mut self, node: NodeId) -> ExprId {
        if self.depth >= DEPTH {
            return self.too_deep(node);
        }
        self.depth += 1;
        let target = match self.tree.kind(node) {
            Kind::Identifier => self.bound_name(node),
            Kind::True | Kind::False | Kind::None => self.bound_name(node),
            Kind::TuplePattern | Kind::PatternList | Kind::Tuple | Kind::ExpressionList => {
                self.targets(node, false)
            }
            Kind::ListPattern | Kind::List => self.targets(node, true),
            Kind::ListSplatPattern | Kind::ListSplat => self.starred_target(node),
            Kind::ParenthesizedExpression | Kind::AsPatternTarget => match self.tree.first(node) {
                Some(inner) => self.target(inner),
                None => self.hole(node),
            },
            _ => self.expr(node),
        };
        self.depth -= 1;
        target
    }

    pub(super) fn bound_name(&mut self, node: NodeId) -> ExprId {
        let span = self.tree.span(node);
        if span.start == span.end {
            return self.add(ExprKind::Hole, span);
        }
        let name = self.name_of(node);
        let place = self.bound_variable(name);
        self.add(ExprKind::Name(place), span)
    }

    fn targets(&mut self, node: NodeId, list: bool) -> ExprId {
        let span = self.tree.span(node);
        if !list
            && self.is_grouped(node, span)
            && let Some(inner) = self.tree.first(node)
        {
            return self.target(inner);
        }
        let base = self.list_stack.len();
        for part in self.tree.parts(node) {
            let target = self.target(part);
            self.list_stack.push(target);
        }
        let run = self.list(base);
        self.add(
            if list {
                ExprKind::List(run)
            } else {
                ExprKind::Tuple(run)
            },
            span,
        )
    }

    /// `(a) = 1`: the tree has a tuple pattern, Python a name.
    fn is_grouped(&self, node: NodeId, span: Span) -> bool {
        let mut parts = self.tree.parts(node);
        let (Some(only), None) = (parts.next(), parts.next()) else {
            return false;
        };
        self.tree.kind(node) == Kind::TuplePattern
            && !self.has_comma(self.tree.span(only).end, span.end)
    }

    fn starred_target(&mut self, node: NodeId) -> ExprId {
        let inner = match self.tree.first(node) {
            Some(inner) => self.target(inner),
            None => self.hole(node),
        };
        self.add(ExprKind::Starred(inner), self.tree.span(node))
    }
}
