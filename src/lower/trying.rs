//! `try` and `with`.

use super::{DEPTH, Lowering};
use crate::ir::{
    BlockId, Dialect, ExprId, ExprKind, Handler, InstKind, Next, Source, Try, TryId, TryKind,
};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    pub(super) fn try_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let Some(suite) = tree.child(node, Kind::Block) else {
            return self.unread_statement(node);
        };
        let span = self.try_span(node);
        let finally = tree
            .child(node, Kind::FinallyClause)
            .and_then(|clause| tree.child(clause, Kind::Block));
        let mut meeting = None;
        let outer = self.body.guard;
        let region = finally.map(|finally| self.open_finally(node, suite, finally, span));
        match tree.child(node, Kind::ExceptClause) {
            Some(_) => self.catching(node, suite, span, outer, &mut meeting),
            None => {
                let first = self.body.new_block();
                self.body.pass_to(first);
                self.statements(suite);
                self.else_suite(node);
                self.meet_outside(outer, &mut meeting);
            }
        }
        if let (Some(region), Some(finally)) = (region, finally) {
            self.finally_suite(region, finally);
        }
        self.continue_at(meeting);
    }

    /// The whole statement, from its `try` to the end of its last suite.
    fn try_span(&self, node: NodeId) -> Span {
        let tree = self.tree;
        let last = tree.parts(node).last().unwrap_or(node);
        let suite = if tree.kind(last) == Kind::Block {
            Some(last)
        } else {
            tree.child(last, Kind::Block)
        };
        let end = suite.map_or(tree.span(node).end, |suite| self.suite_span(suite).end);
        Span::new(tree.span(node).start, end)
    }

    /// A jump to behind the statement. The block there is guarded as the statement is, not as its suites are.
    fn meet_outside(&mut self, outer: Option<TryId>, meeting: &mut Option<BlockId>) {
        let inner = std::mem::replace(&mut self.body.guard, outer);
        self.meet(meeting);
        self.body.guard = inner;
    }

    fn open_finally(&mut self, node: NodeId, suite: NodeId, finally: NodeId, span: Span) -> TryId {
        self.body.block();
        let entry = self.body.new_block();
        let kind = TryKind::Finally {
            entry,
            suite: self.suite_span(finally),
        };
        let body = Span::new(self.suite_span(suite).start, self.guarded_end(node));
        let statements = self.guarded_statements(node);
        self.body.open_region(Try {
            parent: None,
            kind,
            span,
            body,
            statements,
        })
    }

    /// Where the last suite before the `finally` ends.
    fn guarded_end(&self, node: NodeId) -> u32 {
        let tree = self.tree;
        let clauses = tree
            .parts(node)
            .take_while(|&part| tree.kind(part) != Kind::FinallyClause);
        let suites = clauses.filter_map(|part| match tree.kind(part) {
            Kind::Block => Some(part),
            _ => tree.child(part, Kind::Block),
        });
        suites
            .last()
            .map_or(tree.span(node).end, |suite| self.suite_span(suite).end)
    }

    fn guarded_statements(&self, node: NodeId) -> u32 {
        let tree = self.tree;
        let clauses = tree
            .parts(node)
            .take_while(|&part| tree.kind(part) != Kind::FinallyClause);
        clauses.map(|part| self.count_statements(part)).sum()
    }

    fn finally_suite(&mut self, region: TryId, finally: NodeId) {
        self.body.close_region(region);
        if let TryKind::Finally { entry, .. } = self.body.tries[region.index()].kind {
            // The entry was made before the region was open, so it has the region's parent as its guard.
            self.body.start(entry);
            self.statements(finally);
            self.body.end(Next::Resume(region));
        }
    }

    fn else_suite(&mut self, node: NodeId) {
        let tree = self.tree;
        let suite = tree
            .child(node, Kind::ElseClause)
            .and_then(|clause| tree.child(clause, Kind::Block));
        self.suite(suite);
    }

    fn catching(
        &mut self,
        node: NodeId,
        suite: NodeId,
        span: Span,
        outer: Option<TryId>,
        meeting: &mut Option<BlockId>,
    ) {
        let tree = self.tree;
        self.body.block();
        let otherwise = tree
            .child(node, Kind::ElseClause)
            .and_then(|clause| tree.child(clause, Kind::Block));
        let kind = TryKind::Catch {
            handlers: Vec::new(),
            star: false,
            otherwise: otherwise.map(|suite| self.suite_span(suite)),
        };
        let (body, statements) = (self.suite_span(suite), self.count_statements(suite));
        let region = self.body.open_region(Try {
            parent: None,
            kind,
            span,
            body,
            statements,
        });
        let first = self.body.new_block();
        self.body.pass_to(first);
        self.statements(suite);
        self.body.close_region(region);
        if self.body.current.is_some() {
            if otherwise.is_some() {
                let block = self.body.new_block();
                self.body.pass_to(block);
                self.suite(otherwise);
            }
            self.meet_outside(outer, meeting);
        } else if otherwise.is_some() {
            self.suite(otherwise);
            self.meet_outside(outer, meeting);
        }
        let clauses = tree
            .parts(node)
            .filter(|&part| tree.kind(part) == Kind::ExceptClause);
        for (index, clause) in clauses.enumerate() {
            self.handler(clause, region, index as u16);
            self.meet_outside(outer, meeting);
        }
    }

    fn handler(&mut self, clause: NodeId, region: TryId, index: u16) {
        let tree = self.tree;
        let suite = tree.child(clause, Kind::Block);
        let span = tree.span(clause);
        let body = suite.map_or(Span::new(span.end, span.end), |suite| {
            self.suite_span(suite)
        });
        let entry = self.body.new_block();
        self.body.start(entry);
        let (types, target, header_end) = self.caught(clause);
        let header = Span::new(
            span.start,
            header_end.max(span.start + "except".len() as u32),
        );
        let handler = Handler {
            types,
            target,
            entry,
            span: Span::new(span.start, body.end),
            header,
            body,
            statements: suite.map_or(0, |suite| self.count_statements(suite)),
        };
        let has_star = tree.child(clause, Kind::Star).is_some();
        if let TryKind::Catch { handlers, star, .. } = &mut self.body.tries[region.index()].kind {
            handlers.push(handler);
            *star |= has_star;
        }
        if let Some(target) = target {
            let source = Source::Caught {
                region,
                handler: index,
            };
            self.body.emit(
                InstKind::Bind {
                    target,
                    source,
                    annotation: None,
                },
                header,
            );
        }
        self.suite(suite);
        if let Some(target) = target
            && self.dialect == Dialect::Three
            && self.body.current.is_some()
        {
            self.body.emit(InstKind::Forget(target), header);
        }
    }

    /// What an `except` clause catches, the name that it binds, and where its head ends.
    fn caught(&mut self, clause: NodeId) -> (Option<ExprId>, Option<ExprId>, u32) {
        let tree = self.tree;
        let values: Vec<NodeId> = tree
            .parts(clause)
            .filter(|&part| tree.kind(part) != Kind::Block)
            .collect();
        let Some((&first, rest)) = values.split_first() else {
            return (self.unread_condition(clause), None, 0);
        };
        let end = values.last().map_or(0, |&last| tree.span(last).end);
        if tree.kind(first) == Kind::AsPattern {
            let mut parts = tree.parts(first);
            let types = self.expr_or_hole(parts.next(), first);
            let target = parts.next().map(|target| self.target(target));
            return (Some(types), target, end);
        }
        let Some(&second) = rest.first() else {
            let types = self.expr(first);
            return (Some(types), None, end);
        };
        let named = tree.child(clause, Kind::As).is_some();
        if named || self.dialect == Dialect::Two {
            let types = self.expr(first);
            let target = self.target(second);
            return (Some(types), Some(target), end);
        }
        let base = self.list_stack.len();
        for &value in &values {
            let value = self.expr(value);
            self.list_stack.push(value);
        }
        let run = self.list(base);
        let types = self.add(ExprKind::Tuple(run), Span::new(tree.span(first).start, end));
        (Some(types), None, end)
    }

    pub(super) fn with_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let Some(clause) = tree.child(node, Kind::WithClause) else {
            return self.unread_statement(node);
        };
        let suite = tree.child(node, Kind::Block);
        let is_async = tree.is_async(node);
        let (outer, depth) = (self.body.guard, self.depth);
        self.body.block();
        let after = self.body.new_block();
        let body = suite
            .map(|suite| self.suite_span(suite))
            .unwrap_or_default();
        let span = Span::new(tree.span(node).start, body.end.max(tree.span(clause).end));
        let statements = suite.map_or(0, |suite| self.count_statements(suite));
        for item in tree
            .parts(clause)
            .filter(|&item| tree.kind(item) == Kind::WithItem)
        {
            let region = |manager| Try {
                parent: None,
                kind: TryKind::With {
                    manager,
                    is_async,
                    after,
                },
                span,
                body,
                statements,
            };
            self.with_item(item, is_async, region);
        }
        self.suite(suite);
        self.body.end(Next::Goto(after));
        (self.body.guard, self.depth) = (outer, depth);
        self.body.start(after);
    }

    /// Evaluates a manager and opens its region. Each item nests in the one before it.
    fn with_item(&mut self, item: NodeId, is_async: bool, region: impl FnOnce(ExprId) -> Try) {
        if self.depth >= DEPTH {
            return self.too_deep_statement(item);
        }
        self.depth += 1;
        let head = self.tree.span(item);
        let (value, target) = self.with_parts(item);
        let manager = self.expr(value);
        self.body.emit(InstKind::Eval(manager), head);
        self.body.open_region(region(manager));
        let first = self.body.new_block();
        self.body.pass_to(first);
        if let Some(target) = target {
            let target = self.target(target);
            let source = Source::Entered { manager, is_async };
            self.body.emit(
                InstKind::Bind {
                    target,
                    source,
                    annotation: None,
                },
                head,
            );
        }
    }

    /// The manager and the target of a `with` item, which may stand in parentheses together.
    fn with_parts(&self, item: NodeId) -> (NodeId, Option<NodeId>) {
        let tree = self.tree;
        let mut value = tree.first(item).unwrap_or(item);
        let bare = value;
        while tree.kind(value) == Kind::ParenthesizedExpression {
            match tree.first(value) {
                Some(inner) => value = inner,
                None => break,
            }
        }
        if tree.kind(value) != Kind::AsPattern {
            return (bare, None);
        }
        let mut parts = tree.parts(value);
        (parts.next().unwrap_or(value), parts.next())
    }
}
