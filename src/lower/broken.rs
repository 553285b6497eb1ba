//! Statements that could not be read: the analysis goes around them.

use super::Lowering;
use crate::ir::{ExprId, ExprKind, InstKind, Problem, ProblemKind};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// Deals with a statement that could not be read, or in a part. Says whether that was all there is to do.
    pub(super) fn is_broken(&mut self, node: NodeId, kind: Kind) -> bool {
        let tree = self.tree;
        if kind == Kind::Error {
            self.salvage(node);
            return true;
        }
        match tree.unread_at(tree.span(node).start) {
            // The head alone is no Python: its suite is read as usual.
            Some(_)
                if tree.child(node, Kind::Block).is_some() || kind == Kind::DecoratedDefinition =>
            {
                false
            }
            Some(span) => {
                let hole = self.add(ExprKind::Hole, span);
                self.body.emit(InstKind::Eval(hole), span);
                true
            }
            None => tree.has_error && self.is_simple_and_broken(node),
        }
    }

    /// Whether a simple statement holds an error; then it counts as unread.
    fn is_simple_and_broken(&mut self, node: NodeId) -> bool {
        let tree = self.tree;
        let is_error = |part: NodeId| tree.kind(part) == Kind::Error || tree.is_missing(part);
        if tree
            .descendants(node)
            .any(|part| tree.kind(part) == Kind::Block)
        {
            let lost = tree
                .children(node)
                .filter(|&part| is_error(part))
                .map(|part| tree.span(part))
                .next();
            let span = lost.map(|lost| self.first_line(lost));
            self.problems.extend(span.map(|span| Problem {
                kind: ProblemKind::Syntax,
                span,
            }));
            return false;
        }
        let broken = tree.descendants(node).any(is_error);
        if broken {
            self.unread_statement(node);
        }
        broken
    }

    /// What stands under an error: the statements in it are read, the rest may do anything.
    fn salvage(&mut self, node: NodeId) {
        self.unread_statement(node);
        let tree = self.tree;
        for part in tree.parts(node) {
            match tree.kind(part) {
                kind if kind.is_statement() || kind == Kind::Error => self.statement(part),
                Kind::Block => self.statements(part),
                _ => {}
            }
        }
    }

    /// The condition of a head that was written over, which is not the file's.
    pub(super) fn unread_condition(&mut self, head: NodeId) -> Option<ExprId> {
        if !self.tree.is_repaired() {
            return None;
        }
        let span = self.tree.unread_at(self.tree.span(head).start)?;
        Some(self.add(ExprKind::Hole, span))
    }

    /// Something that is no statement that is known here: it may do anything.
    pub(super) fn unread_statement(&mut self, node: NodeId) {
        let span = self.tree.span(node);
        self.problems.push(Problem {
            kind: ProblemKind::Syntax,
            span: self.first_line(span),
        });
        let hole = self.hole(node);
        self.body.emit(InstKind::Eval(hole), span);
    }

    /// The part of a span on its first line: an error can be as long as the file.
    fn first_line(&self, span: Span) -> Span {
        let length = self
            .span_text(span)
            .find('\n')
            .unwrap_or((span.end - span.start) as usize);
        Span::new(span.start, span.start + length as u32)
    }
}
