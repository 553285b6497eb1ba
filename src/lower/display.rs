//! Tuples, lists, sets, dicts and slices.

use super::Lowering;
use crate::ir::{ExprId, ExprKind, Run};
use crate::syntax::{Kind, NodeId};

impl Lowering<'_> {
    pub(super) fn display(&mut self, node: NodeId, kind: impl Fn(Run) -> ExprKind) -> ExprId {
        let base = self.list_stack.len();
        for part in self.tree.parts(node) {
            let value = self.expr(part);
            self.list_stack.push(value);
        }
        let run = self.list(base);
        self.add(kind(run), self.tree.span(node))
    }

    pub(super) fn dictionary(&mut self, node: NodeId) -> ExprId {
        let base = self.list_stack.len();
        for part in self.tree.parts(node) {
            let (key, value) = self.dictionary_item(part);
            self.list_stack.push(key);
            self.list_stack.push(value);
        }
        let run = self.list(base);
        self.add(ExprKind::Dict(run), self.tree.span(node))
    }

    fn dictionary_item(&mut self, node: NodeId) -> (ExprId, ExprId) {
        if self.tree.kind(node) == Kind::Pair {
            return self.pair(node);
        }
        let value = self.first_of(node);
        (
            self.add(ExprKind::Starred(value), self.tree.span(node)),
            value,
        )
    }

    /// Key and value of `key: value`.
    pub(super) fn pair(&mut self, node: NodeId) -> (ExprId, ExprId) {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let key = self.expr_or_hole(parts.next(), node);
        (key, self.expr_or_hole(parts.next(), node))
    }

    pub(super) fn slice(&mut self, node: NodeId) -> ExprId {
        let mut bounds = [None; 3];
        let mut at = 0;
        for child in self.tree.children(node) {
            if self.tree.kind(child) == Kind::Colon {
                at += 1;
            } else if let Some(bound) = bounds.get_mut(at) {
                *bound = Some(child);
            }
        }
        let [lower, upper, step] = bounds.map(|bound| bound.map(|bound| self.expr(bound)));
        self.add(ExprKind::Slice { lower, upper, step }, self.tree.span(node))
    }
}
