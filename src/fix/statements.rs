//! Whole statements of a file, as its syntax has them: where a new row can go, and how deep it is indented.

use super::bench::{Bench, insert};
use crate::finding::Edit;
use crate::syntax::{Kind, NodeId, Tree};
use crate::text::{Span, line_end};

/// The statements of a file.
pub(super) struct Statements<'a> {
    bench: &'a Bench<'a>,
    tree: &'a Tree,
}

/// A statement that has its rows to itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    node: NodeId,
    /// From its first word to its last.
    pub(super) span: Span,
    /// Its first row.
    pub(super) first: u32,
    /// Its last row.
    pub(super) last: u32,
}

impl<'a> Statements<'a> {
    pub(super) fn of(bench: &'a Bench<'a>) -> Option<Self> {
        let tree = bench.tree()?;
        Some(Self { bench, tree })
    }

    /// The innermost statement around a span.
    pub(super) fn around(&self, span: Span) -> Option<Statement> {
        self.innermost(|kind| kind.is_statement(), span)
    }

    /// The innermost statement around a span, if it is an expression alone.
    pub(super) fn expression(&self, span: Span) -> Option<Statement> {
        self.around(span)
            .filter(|found| self.tree.kind(found.node) == Kind::ExpressionStatement)
    }

    /// The innermost `if` around a span.
    pub(super) fn conditional(&self, span: Span) -> Option<Statement> {
        self.innermost(|kind| kind == Kind::IfStatement, span)
    }

    /// The statement of the module's own level around a span.
    pub(super) fn outermost(&self, span: Span) -> Option<Statement> {
        let mut top = self.tree.parts(self.tree.root());
        let node = top.find(|&node| self.tree.span(node).contains(span))?;
        self.alone(node)
    }

    /// The first import of the module's own level that asks nothing of the future.
    pub(super) fn first_import(&self) -> Option<Statement> {
        let is_import = |kind| matches!(kind, Kind::ImportStatement | Kind::ImportFromStatement);
        let mut top = self.tree.parts(self.tree.root());
        self.alone(top.find(|&node| is_import(self.tree.kind(node)))?)
    }

    /// The first statement behind the docstring of the function whose name stands at a span.
    pub(super) fn start_of_body(&self, name: Span) -> Option<Statement> {
        let of = self.innermost_node(|kind| kind == Kind::FunctionDefinition, name)?;
        let block = self.tree.child(of, Kind::Block)?;
        let is_text = |kind| matches!(kind, Kind::String | Kind::ConcatenatedString);
        let is_docstring = |node: NodeId| {
            let inner = self.tree.first(node);
            self.tree.kind(node) == Kind::ExpressionStatement
                && inner.is_some_and(|inner| is_text(self.tree.kind(inner)))
        };
        let mut body = self.tree.parts(block);
        let first = body.next()?;
        let first = if is_docstring(first) {
            body.next()?
        } else {
            first
        };
        self.alone(first)
    }

    /// Where the parameters of a function or lambda end: before the parenthesis or colon.
    pub(super) fn end_of_parameters(&self, function: Span) -> Option<u32> {
        let is_function = |kind| matches!(kind, Kind::Lambda | Kind::FunctionDefinition);
        let of = self.innermost_node(is_function, function)?;
        if let Some(list) = self.tree.child(of, Kind::Parameters) {
            return self.tree.span(list).end.checked_sub(1);
        }
        let list = self.tree.child(of, Kind::LambdaParameters)?;
        Some(self.tree.span(list).end)
    }

    /// The white space in front of a statement.
    pub(super) fn indentation(&self, statement: Statement) -> String {
        let start = self.bench.module.lines.start(statement.first);
        let margin = Span::new(start, statement.span.start);
        self.bench.text(margin).into_owned()
    }

    /// A step of indentation, as the file takes them.
    pub(super) fn step(&self, statement: Statement) -> &'static str {
        if self.indentation(statement).contains('\t') {
            return "\t";
        }
        let widths = self.tree.all().filter_map(|node| {
            let is_inside = self.tree.kind(node) == Kind::Block;
            let block = is_inside.then(|| self.alone(node)).flatten()?;
            Some(self.indentation(block).len())
        });
        match widths.min() {
            Some(2) => "  ",
            _ => "    ",
        }
    }

    /// Rows in front of a statement, as deep as it is.
    pub(super) fn before(&self, statement: Statement, rows: &[String]) -> Edit {
        let margin = self.indentation(statement);
        let end = line_end(self.bench.source);
        let text: String = rows
            .iter()
            .map(|row| format!("{margin}{row}{end}"))
            .collect();
        insert(self.bench.module.lines.start(statement.first), text)
    }

    /// A row behind a statement, as deep as it is.
    pub(super) fn behind(&self, statement: Statement, row: &str) -> Option<Edit> {
        let margin = self.indentation(statement);
        let end = line_end(self.bench.source);
        let lines = &self.bench.module.lines;
        let next = statement.last + 1;
        (next < lines.count()).then(|| insert(lines.start(next), format!("{margin}{row}{end}")))
    }

    /// A statement put under a head of its own: the head in front, and every row a step deeper. Nothing where a text
    /// runs over several rows: its own white space would grow.
    pub(super) fn under(&self, statement: Statement, head: &str) -> Option<Vec<Edit>> {
        if self.has_long_text(statement) {
            return None;
        }
        let lines = &self.bench.module.lines;
        let step = self.step(statement);
        let margin = self.indentation(statement);
        let end = line_end(self.bench.source);
        let rows = statement.first..=statement.last;
        let is_filled = |row: &u32| !matches!(self.bench.byte(lines.start(*row)), b'\n' | b'\r');
        let mut edits: Vec<Edit> = rows
            .filter(is_filled)
            .map(|row| insert(lines.start(row), step))
            .collect();
        let first = edits.first_mut()?;
        first.content = format!("{margin}{head}{end}{step}");
        Some(edits)
    }

    fn has_long_text(&self, statement: Statement) -> bool {
        let lines = &self.bench.module.lines;
        self.tree.descendants(statement.node).any(|node| {
            let span = self.tree.span(node);
            self.tree.kind(node) == Kind::String && lines.row(span.start) != lines.row(span.end)
        })
    }

    fn innermost(&self, is_meant: impl Fn(Kind) -> bool, span: Span) -> Option<Statement> {
        self.alone(self.innermost_node(is_meant, span)?)
    }

    fn innermost_node(&self, is_meant: impl Fn(Kind) -> bool, span: Span) -> Option<NodeId> {
        self.tree
            .all()
            .filter(|&node| is_meant(self.tree.kind(node)))
            .filter(|&node| self.tree.span(node).contains(span))
            .last()
    }

    /// A node as a statement, if there is nothing but a comment beside it.
    fn alone(&self, node: NodeId) -> Option<Statement> {
        let bench = self.bench;
        let lines = &bench.module.lines;
        let mut span = self.tree.span(node);
        span.end = bench.back(span.end, span.start);
        let (first, last) = (lines.row(span.start), lines.row(span.end));
        let before = bench.text(Span::new(lines.start(first), span.start));
        let end = if last + 1 < lines.count() {
            lines.start(last + 1)
        } else {
            bench.source.len() as u32
        };
        let behind = bench.text(Span::new(span.end, end));
        let behind = behind.trim();
        let is_alone = before.trim().is_empty() && (behind.is_empty() || behind.starts_with('#'));
        is_alone.then_some(Statement {
            node,
            span,
            first,
            last,
        })
    }
}
