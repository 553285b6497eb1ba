//! `match`: the subject and the cases.

use super::Lowering;
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, Next, Pattern, Source};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

/// A name that a pattern binds, in the order of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capture {
    pub(super) word: NodeId,
    /// The whole subject, not a part of it.
    pub(super) whole: bool,
}

impl Lowering<'_> {
    pub(super) fn match_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let subjects = tree
            .parts(node)
            .filter(|&part| tree.kind(part) != Kind::Block);
        let block = tree.child(node, Kind::Block);
        let (Some(first), Some(block)) = (tree.first(node), block) else {
            return self.unread_statement(node);
        };
        // Between the subjects and the colon there is at most a comma.
        let span = self.head_span(first, node);
        let subject = self.subject(node, subjects, block);
        self.body.emit(InstKind::Eval(subject), span);
        let mut meeting = None;
        for case in tree
            .parts(block)
            .filter(|&part| tree.kind(part) == Kind::CaseClause)
        {
            self.case(case, subject);
            self.suite(tree.child(case, Kind::Block));
            self.meet(&mut meeting);
            match self.next_case.take() {
                Some(next) => self.body.start(next),
                None => {
                    self.body.current = None;
                }
            }
        }
        self.meet(&mut meeting);
        self.continue_at(meeting);
    }

    fn head_span(&self, first: NodeId, node: NodeId) -> Span {
        let tree = self.tree;
        let last = tree
            .parts(node)
            .take_while(|&part| tree.kind(part) != Kind::Block)
            .last()
            .unwrap_or(first);
        Span::new(tree.span(first).start, tree.span(last).end)
    }

    fn subject(
        &mut self,
        node: NodeId,
        subjects: impl Iterator<Item = NodeId>,
        block: NodeId,
    ) -> ExprId {
        let tree = self.tree;
        let subjects: Vec<NodeId> = subjects.collect();
        let colon = tree
            .child(node, Kind::Colon)
            .map_or(tree.span(block).start, |colon| tree.span(colon).start);
        match subjects[..] {
            [only] if !self.comma_follows(tree.span(only).end, colon) => self.expr(only),
            _ => {
                let base = self.list_stack.len();
                for &subject in &subjects {
                    let value = self.expr(subject);
                    self.list_stack.push(value);
                }
                let run = self.list(base);
                let span = self.head_span(subjects.first().copied().unwrap_or(node), node);
                self.add(ExprKind::Tuple(run), span)
            }
        }
    }

    /// Whether the first sign behind `start` is a comma.
    fn comma_follows(&self, start: u32, end: u32) -> bool {
        self.span_text(Span::new(start, end))
            .trim_start()
            .starts_with(',')
    }

    /// The head of a case; the current block becomes the case's body, `next_case` where it did not fit.
    fn case(&mut self, case: NodeId, subject: ExprId) {
        let tree = self.tree;
        let patterns: Vec<NodeId> = tree
            .parts(case)
            .take_while(|&part| tree.kind(part) == Kind::CasePattern)
            .collect();
        let Some((&first, &last)) = patterns.first().zip(patterns.last()) else {
            return;
        };
        let span = Span::new(tree.span(first).start, tree.span(last).end);
        let mut captures = Vec::new();
        let sequence = patterns.len() > 1 || self.comma_follows(span.end, tree.span(case).end);
        let pattern = if let Some(hole) = self.unread_condition(case) {
            self.add_pattern(Pattern::Value(hole))
        } else if sequence {
            let parts = patterns
                .iter()
                .map(|&part| self.pattern(part, false, &mut captures))
                .collect();
            self.add_pattern(Pattern::Sequence(parts))
        } else {
            self.pattern(first, true, &mut captures)
        };
        self.body.block();
        let mut next = None;
        if self.is_irrefutable(pattern) {
            let body = self.body.new_block();
            self.body.pass_to(body);
        } else {
            let test = self.add(ExprKind::Matches { subject, pattern }, span);
            let (fits, fails) = self.body.branch();
            self.body.start(fails);
            self.body.assume(test, false, span);
            next = self.body.current;
            self.pause();
            self.body.start(fits);
            self.body.assume(test, true, span);
        }
        self.bind_captures(&captures, subject);
        let guard = tree
            .child(case, Kind::IfClause)
            .and_then(|clause| tree.first(clause));
        self.next_case = match guard {
            Some(guard) => Some(self.guard(guard, next)),
            None => next.map(|fails| {
                let next = self.body.new_block();
                self.body.blocks[fails.index()].next = Next::Goto(next);
                next
            }),
        };
    }

    /// Leaves a block whose end is decided later.
    fn pause(&mut self) {
        self.body.end(Next::Never);
    }

    fn bind_captures(&mut self, captures: &[Capture], subject: ExprId) {
        for &Capture { word, whole } in captures {
            let target = self.bound_name(word);
            let source = Source::Captured { subject, whole };
            self.body.emit(
                InstKind::Bind {
                    target,
                    source,
                    annotation: None,
                },
                self.tree.span(word),
            );
        }
    }

    /// `if guard` of a case: where it does not hold, control meets that of a pattern that does not fit.
    fn guard(&mut self, guard: NodeId, fails: Option<BlockId>) -> BlockId {
        let span = self.tree.span(guard);
        let test = self.expr(guard);
        self.body.emit(InstKind::Eval(test), span);
        let (holds, declined) = self.body.branch();
        let next = self.body.new_block();
        self.body.start(declined);
        self.body.assume(test, false, span);
        self.body.end(Next::Goto(next));
        if let Some(fails) = fails {
            self.body.blocks[fails.index()].next = Next::Goto(next);
        }
        self.body.start(holds);
        self.body.assume(test, true, span);
        next
    }
}
