//! The workbench of a fix: a file's text beside what it says, and the style that it is written in.

use crate::finding::Edit;
use crate::ir::{ExprId, Function, FunctionKind, InstKind, ExprKind, Module};
use crate::text::{Span, line_end};
use std::borrow::Cow;

pub(super) struct Bench<'a> {
    pub(super) module: &'a Module,
    pub(super) source: &'a [u8],
}

/// Words that open a clause that nothing can stand before: it belongs to the statement above, or is evaluated again.
const CLAUSES: &[&str] = &["elif", "else", "except", "finally", "while", "case", "@", "async", "class", "def", ")"];

impl<'a> Bench<'a> {
    pub(super) fn new(module: &'a Module, source: &'a [u8]) -> Self {
        Self { module, source }
    }

    pub(super) fn text(&self, span: Span) -> Cow<'a, str> {
        String::from_utf8_lossy(span.of(self.source))
    }

    pub(super) fn byte(&self, at: u32) -> u8 {
        self.source.get(at as usize).copied().unwrap_or_default()
    }

    pub(super) fn end(&self) -> &'static str {
        line_end(self.source)
    }

    /// The bytes of a row, without its end.
    pub(super) fn row(&self, row: u32) -> Span {
        let start = self.module.lines.start(row);
        let rest = self.source.get(start as usize..).unwrap_or_default();
        let length = rest.split(|byte| b"\r\n".contains(byte)).next().map_or(0, <[u8]>::len);
        Span::new(start, start + length as u32)
    }

    /// The white space that a row begins with.
    pub(super) fn indent(&self, row: u32) -> Cow<'a, str> {
        let line = self.row(row);
        let bytes = line.of(self.source);
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let space = bytes.iter().take_while(|byte| b" \t".contains(byte)).count();
        let start = line.end - bytes.len() as u32;
        self.text(Span::new(start, start + space as u32))
    }

    /// One step of indentation: that of the first function or class body that shows it.
    pub(super) fn step(&self) -> String {
        let bodies = self.module.functions.iter().skip(1);
        for code in bodies.filter(|code| code.kind == FunctionKind::Def) {
            let own = self.module.lines.row(code.name_span.start);
            let first = code.insts.iter().map(|inst| inst.span.start);
            let first = first.filter(|&at| self.module.lines.row(at) > own && code.span.end > at).min();
            let Some(row) = first.map(|at| self.module.lines.row(at)) else {
                continue;
            };
            let (outer, inner) = (self.indent(own), self.indent(row));
            if let Some(step) = inner.strip_prefix(&*outer).filter(|step| !step.is_empty()) {
                return step.to_owned();
            }
        }
        "    ".to_owned()
    }

    /// The quotation mark that the file prefers.
    pub(super) fn quote(&self) -> char {
        let count = |mark: u8| self.source.iter().filter(|&&byte| byte == mark).count();
        if count(b'\'') > count(b'"') { '\'' } else { '"' }
    }

    /// The innermost function or module body around a place.
    pub(super) fn function(&self, span: Span) -> &'a Function {
        let around = self.module.functions.iter().skip(1);
        let around = around.filter(|code| code.span.contains(span) && !code.name_span.contains(span));
        around
            .min_by_key(|code| code.span.end - code.span.start)
            .unwrap_or(self.module.body())
    }

    /// The calls, subscripts, and whatever else of a kind stands at a span.
    pub(super) fn exprs_at(&self, span: Span) -> impl Iterator<Item = ExprId> + use<'a> {
        let module = self.module;
        (0..module.exprs.len()).map(ExprId::new).filter(move |&id| module.span(id) == span)
    }

    /// Where lines can be inserted before the statement at an offset: the start of its row, and that row. Nothing where
    /// the statement shares its row, or belongs to a clause.
    pub(super) fn before(&self, statement: u32) -> Option<u32> {
        let row = self.module.lines.row(statement);
        let line = self.row(row);
        let text = self.text(line);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let opens = |word: &str| {
            text.strip_prefix(word).is_some_and(|rest| {
                word == "@" || !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        };
        let ahead = self.text(Span::new(line.start, statement));
        let is_head = ["if", "for", "with", "return", "assert", "raise", "del", "print"]
            .iter()
            .any(|word| ahead.trim() == *word);
        let is_first = ahead.trim_start_matches('\u{feff}').trim().is_empty() || is_head;
        let continues = row > 0 && self.text(self.row(row - 1)).ends_with('\\');
        let is_clause = CLAUSES.iter().any(|word| opens(word));
        (is_first && !is_clause && !continues && !self.is_inside_literal(line.start)).then_some(row)
    }

    /// Whether a row starts in the middle of an expression: of a literal of several rows, of a call.
    fn is_inside_literal(&self, start: u32) -> bool {
        let mut exprs = self.module.exprs.iter();
        exprs.any(|expr| {
            expr.span.start < start
                && start < expr.span.end
                && !matches!(expr.kind, ExprKind::Lambda(_) | ExprKind::Hole)
        })
    }

    /// Lines before a row, each with the row's indentation.
    pub(super) fn lines_before(&self, row: u32, lines: &[String]) -> Edit {
        let indent = self.indent(row);
        let line = self.row(row);
        let mark = if self.source.get(line.start as usize..).unwrap_or_default().starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let lines = lines.iter().map(|line| format!("{indent}{line}{}", self.end()));
        insert(line.start + mark, lines.collect::<String>())
    }

    /// The class of exception that the file raises for a wrong argument.
    pub(super) fn complaint(&self) -> &'static str {
        let raised = |wanted: &str| {
            let functions = self.module.functions.iter();
            let insts = functions.flat_map(|code| code.insts.iter().map(move |inst| (code, inst)));
            insts
                .filter(|(code, inst)| match inst.kind {
                    InstKind::Raise { exception: Some(raised), .. } => {
                        let raised = match self.module.kind(raised) {
                            ExprKind::Call { callee, .. } => callee,
                            _ => raised,
                        };
                        self.module.dotted(code, raised).as_deref() == Some(wanted)
                    }
                    _ => false,
                })
                .count()
        };
        if raised("TypeError") > raised("ValueError") { "TypeError" } else { "ValueError" }
    }

    /// Whether no name of the file is this one.
    pub(super) fn is_free(&self, name: &str) -> bool {
        !self.module.names.iter().any(|known| known == name)
    }

    /// Goes back over white space and comments.
    pub(super) fn back(&self, mut at: u32, floor: u32) -> u32 {
        while at > floor {
            let comment = self.module.comments.iter().find(|comment| comment.end == at);
            match comment {
                Some(comment) if comment.start >= floor && comment.start < at => at = comment.start,
                _ if self.byte(at - 1).is_ascii_whitespace() || self.byte(at - 1) == b'\\' => at -= 1,
                _ => break,
            }
        }
        at
    }
}

pub(super) fn insert(at: u32, content: impl Into<String>) -> Edit {
    replace(Span::new(at, at), content)
}

pub(super) fn replace(span: Span, content: impl Into<String>) -> Edit {
    Edit { span, content: content.into() }
}

/// The value of a message's argument.
pub(super) fn argument<'m>(message: &'m crate::finding::Message, name: &str) -> Option<&'m str> {
    let mut arguments = message.arguments.iter();
    arguments.find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}
