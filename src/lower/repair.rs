//! Trees that are wrong without an error.

use super::Lowering;
use crate::ir::{Argument, ExprId, ExprKind, InstKind, Passing, Source};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// `type(x).attribute = value`: the tree has a type alias, Python an assignment to a part of a call.
    pub(super) fn assignment_to_type(
        &mut self,
        node: NodeId,
        target: NodeId,
        right: Option<NodeId>,
    ) {
        let span = self.tree.span(node);
        let value = match right {
            Some(right) => self.expr(right),
            None => self.hole(node),
        };
        let group = self.leftmost_group(target);
        self.called_at = Some(self.tree.span(group).start);
        let target = if group == target {
            self.expr(target)
        } else {
            self.target(target)
        };
        self.called_at = None;
        self.body.emit(
            InstKind::Bind {
                target,
                source: Source::Value(value),
                annotation: None,
            },
            span,
        );
    }

    /// The parentheses or brackets that a chain starts with.
    fn leftmost_group(&self, mut node: NodeId) -> NodeId {
        while let Kind::Attribute | Kind::Call | Kind::Subscript | Kind::MemberType | Kind::Type =
            self.tree.kind(node)
        {
            match self.tree.first(node) {
                Some(first) => node = first,
                None => break,
            }
        }
        node
    }

    pub(super) fn is_called_group(&self, node: NodeId) -> bool {
        self.called_at == Some(self.tree.span(node).start)
    }

    /// The group behind the word `type`: arguments of its call, or an index.
    pub(super) fn called_group(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        self.called_at = None;
        let span = tree.span(node);
        let before = self
            .text
            .get(..span.start as usize)
            .unwrap_or_default()
            .trim_end()
            .len() as u32;
        let word = Span::new(before.saturating_sub("type".len() as u32), before);
        let name = self.names.intern("type");
        let place = self.variable(name);
        let callee = self.add(ExprKind::Name(place), word);
        let whole = Span::new(word.start, span.end);
        if tree.kind(node) == Kind::List {
            let index = self.index(node, tree.parts(node));
            return self.add(
                ExprKind::Subscript {
                    value: callee,
                    index,
                    place: None,
                },
                whole,
            );
        }
        let base = self.argument_stack.len();
        for part in tree.parts(node) {
            let value = self.expr(part);
            self.argument_stack.push(Argument {
                passing: Passing::Positional,
                value,
            });
        }
        let arguments = self.arguments(base);
        self.add(ExprKind::Call { callee, arguments }, whole)
    }
}
