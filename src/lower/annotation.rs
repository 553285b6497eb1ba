//! Annotations: types, strings that hold them, and type comments.

use super::Lowering;
use crate::ir::{BinaryOperator, ExprId, ExprKind, Step};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// Reads an annotation: a string in it is the expression that it holds.
    pub(super) fn annotation(&mut self, node: NodeId) -> ExprId {
        let outer = std::mem::replace(&mut self.in_annotation, true);
        let annotation = self.expr(node);
        self.in_annotation = outer;
        annotation
    }

    /// Whether a subscript is `Literal[…]`, where strings are strings.
    pub(super) fn is_literal_type(&self, node: NodeId) -> bool {
        let Some(value) = self.tree.first(node) else {
            return false;
        };
        let text = self.node_text(value);
        text == "Literal" || text.ends_with(".Literal")
    }

    /// Forms that the grammar knows only in annotations, as the expressions that they are.
    pub(super) fn type_form(&mut self, node: NodeId, kind: Kind) -> ExprId {
        match kind {
            Kind::GenericType => self.generic_type(node),
            Kind::UnionType => self.union_type(node),
            Kind::MemberType => self.member_type(node),
            Kind::SplatType => {
                let value = self.first_of(node);
                self.add(ExprKind::Starred(value), self.tree.span(node))
            }
            _ => self.first_of(node),
        }
    }

    fn generic_type(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let Some(list) = tree.child(node, Kind::TypeParameter) else {
            return self.first_of(node);
        };
        let literal = self.is_literal_type(node);
        let value = self.first_of(node);
        let index = self.index_of_type(list, tree.parts(list), literal);
        let place = self
            .index_step(index)
            .and_then(|step| self.path(value, step));
        self.add(
            ExprKind::Subscript {
                value,
                index,
                place,
            },
            tree.span(node),
        )
    }

    /// An index; in that of `Literal[…]` strings are strings.
    pub(super) fn index_of_type(
        &mut self,
        node: NodeId,
        parts: impl Iterator<Item = NodeId>,
        literal: bool,
    ) -> ExprId {
        let outer = self.in_annotation;
        self.in_annotation &= !literal;
        let index = self.index(node, parts);
        self.in_annotation = outer;
        index
    }

    fn union_type(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let left = self.expr_or_hole(parts.next(), node);
        let right = self.expr_or_hole(parts.next(), node);
        self.add(
            ExprKind::Binary {
                operator: BinaryOperator::BitOr,
                left,
                right,
            },
            tree.span(node),
        )
    }

    fn member_type(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let value = self.expr_or_hole(parts.next(), node);
        let Some(word) = parts.next() else {
            return value;
        };
        let name = self.name_of(word);
        let place = self.path(value, Step::Attribute(name));
        self.add(ExprKind::Attribute { value, name, place }, tree.span(node))
    }

    /// The type comment that stands behind `end` on the same line: where it starts.
    pub(super) fn type_comment_behind(&self, end: u32) -> Option<u32> {
        if !self.tree.has_type_comments() {
            return None;
        }
        let comments = &self.tree.comments;
        let comment = comments.get(comments.partition_point(|comment| comment.start < end))?;
        let between = self.span_text(Span::new(end, comment.start));
        between
            .trim_matches([' ', '\t', ',', ')', ':'])
            .is_empty()
            .then_some(comment.start)
    }

    /// The type comment of an assignment that ends at `end`.
    pub(super) fn assignment_comment(&mut self, end: u32) -> Option<ExprId> {
        let comment = self.type_comment_behind(end)?;
        let fragment = self.tree.fragment(comment)?;
        Some(self.annotation(fragment))
    }
}
