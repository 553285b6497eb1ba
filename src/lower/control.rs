//! Branches and loops.

use super::Lowering;
use super::body::LoopTarget;
use crate::ir::{BlockId, InstKind, Loop, LoopKind, Next, Source};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// The statements of a suite, from the first to the last: the tree's own node may end in blanks and comments.
    pub(super) fn suite_span(&self, suite: NodeId) -> Span {
        let tree = self.tree;
        let mut parts = tree.parts(suite);
        let Some(first) = parts.next() else {
            return tree.span(suite);
        };
        let last = parts.last().unwrap_or(first);
        Span::new(tree.span(first).start, tree.span(last).end)
    }

    /// How many statements a suite has, nested ones counted.
    pub(super) fn count_statements(&self, suite: NodeId) -> u32 {
        let tree = self.tree;
        let statements = tree
            .descendants(suite)
            .filter(|&node| tree.kind(node).is_statement())
            .count();
        let wrapped = tree
            .descendants(suite)
            .filter(|&node| tree.kind(node) == Kind::DecoratedDefinition)
            .count();
        (statements - wrapped.min(statements)) as u32
    }

    pub(super) fn suite(&mut self, suite: Option<NodeId>) {
        if let Some(suite) = suite {
            self.statements(suite);
        }
    }

    /// Ends the current branch with a jump to where the branches meet.
    pub(super) fn meet(&mut self, meeting: &mut Option<BlockId>) {
        if self.body.current.is_none() {
            return;
        }
        let block = *meeting.get_or_insert_with(|| self.body.new_block());
        self.body.end(Next::Goto(block));
    }

    /// Goes on where the branches met; nowhere if none of them came through.
    pub(super) fn continue_at(&mut self, meeting: Option<BlockId>) {
        if let Some(block) = meeting {
            self.body.start(block);
        }
    }

    pub(super) fn if_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let mut meeting = None;
        self.if_branch(node, &mut meeting);
        for part in tree.parts(node) {
            match tree.kind(part) {
                Kind::ElifClause => self.if_branch(part, &mut meeting),
                Kind::ElseClause => self.suite(tree.child(part, Kind::Block)),
                _ => {}
            }
        }
        self.meet(&mut meeting);
        self.continue_at(meeting);
    }

    /// `if test: suite`; goes on where the test was false.
    fn if_branch(&mut self, node: NodeId, meeting: &mut Option<BlockId>) {
        let tree = self.tree;
        let Some(condition) = tree.first(node) else {
            return;
        };
        let span = tree.span(condition);
        let test = match self.unread_condition(node) {
            Some(hole) => hole,
            None => self.expr(condition),
        };
        self.body.emit(InstKind::Eval(test), span);
        let (holds, fails) = self.body.branch();
        self.body.start(holds);
        self.body.assume(test, true, span);
        self.suite(tree.child(node, Kind::Block));
        self.meet(meeting);
        self.body.start(fails);
        self.body.assume(test, false, span);
    }

    fn open_loop(
        &mut self,
        kind: LoopKind,
        header: BlockId,
        body: BlockId,
        after: BlockId,
        node: NodeId,
    ) -> LoopTarget {
        let tree = self.tree;
        let suite = tree
            .child(node, Kind::Block)
            .map(|suite| self.suite_span(suite))
            .unwrap_or_default();
        let parent = self.body.innermost.map(|target| target.index);
        let span = self.loop_span(node);
        let index = self.body.loops.len() as u32;
        self.body.loops.push(Loop {
            kind,
            parent,
            header,
            body,
            span,
            suite,
        });
        LoopTarget {
            index,
            header,
            after,
        }
    }

    fn loop_span(&self, node: NodeId) -> Span {
        let tree = self.tree;
        let otherwise = tree
            .child(node, Kind::ElseClause)
            .and_then(|clause| tree.child(clause, Kind::Block));
        let last = otherwise.or_else(|| tree.child(node, Kind::Block));
        let end = last.map_or(tree.span(node).end, |suite| self.suite_span(suite).end);
        Span::new(tree.span(node).start, end)
    }

    /// The body of a loop, its way back, its `else`, and what follows. The current block is the body's first.
    fn loop_body(
        &mut self,
        node: NodeId,
        target: LoopTarget,
        exit: BlockId,
        begin_exit: impl FnOnce(&mut Self),
    ) {
        let tree = self.tree;
        let outer = self.body.innermost.replace(target);
        self.suite(tree.child(node, Kind::Block));
        self.body.end(Next::Goto(target.header));
        self.body.innermost = outer;
        self.body.start(exit);
        begin_exit(self);
        let otherwise = tree
            .child(node, Kind::ElseClause)
            .and_then(|clause| tree.child(clause, Kind::Block));
        self.suite(otherwise);
        self.body.end(Next::Goto(target.after));
        self.body.start(target.after);
    }

    pub(super) fn while_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let Some(condition) = tree.first(node) else {
            return;
        };
        let span = tree.span(condition);
        self.body.block();
        let header = self.body.new_block();
        self.body.pass_to(header);
        let test = self.expr(condition);
        self.body.emit(InstKind::Eval(test), span);
        let (first, exit) = self.body.branch();
        let after = self.body.new_block();
        let target = self.open_loop(LoopKind::While { test }, header, first, after, node);
        self.body.start(first);
        self.body.assume(test, true, span);
        self.loop_body(node, target, exit, |lowering| {
            lowering.body.assume(test, false, span)
        });
    }

    pub(super) fn for_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let is_async = tree.is_async(node);
        let mut parts = tree.parts(node);
        let (Some(left), Some(right)) = (parts.next(), parts.next()) else {
            return;
        };
        let iterable = self.expr(right);
        self.body.emit(InstKind::Eval(iterable), tree.span(right));
        let header = self.body.new_block();
        self.body.pass_to(header);
        let (first, exit) = self.body.branch();
        let after = self.body.new_block();
        self.body.start(first);
        let target = self.target(left);
        let kind = LoopKind::For {
            target,
            iterable,
            is_async,
        };
        let place = self.open_loop(kind, header, first, after, node);
        let source = Source::Element { iterable, is_async };
        let head = Span::new(tree.span(node).start, tree.span(right).end);
        self.body.emit(
            InstKind::Bind {
                target,
                source,
                annotation: None,
            },
            head,
        );
        self.loop_body(node, place, exit, |_| {});
    }
}
