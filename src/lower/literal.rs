//! Numbers and strings.

use super::Lowering;
use crate::ir::{Dialect, ExprId, ExprKind};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

/// What the letters before the quote say.
#[derive(Clone, Copy, Debug, Default)]
struct Prefix {
    bytes: bool,
    raw: bool,
    interpolated: bool,
}

impl Lowering<'_> {
    pub(super) fn integer(&mut self, node: NodeId) -> ExprId {
        let text = self.node_text(node);
        let kind = match parse_integer(text, self.dialect) {
            Some(value) => ExprKind::Int(value),
            None => ExprKind::Number(self.names.intern(text)),
        };
        self.add(kind, self.tree.span(node))
    }

    pub(super) fn float(&mut self, node: NodeId) -> ExprId {
        let name = self.name_of(node);
        self.add(ExprKind::Number(name), self.tree.span(node))
    }

    pub(super) fn string(&mut self, node: NodeId) -> ExprId {
        let span = self.tree.span(node);
        if self.in_annotation
            && let Some(fragment) = self.tree.fragment(span.start)
        {
            return self.expr(fragment);
        }
        let text = self.node_text(node);
        if text.starts_with('`') {
            return self.backticks(node);
        }
        let (prefix, content) = split(text);
        if prefix.interpolated {
            return self.interpolated(node);
        }
        let name = if content.contains('\\') && !prefix.raw {
            self.buffer.clear();
            decode_escapes(content, prefix.bytes, &mut self.buffer);
            self.names.intern(&self.buffer)
        } else {
            self.names.intern(content)
        };
        self.add(
            if prefix.bytes {
                ExprKind::Bytes(name)
            } else {
                ExprKind::Text(name)
            },
            span,
        )
    }

    fn backticks(&mut self, node: NodeId) -> ExprId {
        let span = self.tree.span(node);
        let inner = match self.tree.fragment(span.start) {
            Some(fragment) if self.depth < super::DEPTH => {
                self.depth += 1;
                let inner = self.expr(fragment);
                self.depth -= 1;
                inner
            }
            _ => self.hole(node),
        };
        self.add(ExprKind::Backticks(inner), span)
    }

    fn interpolated(&mut self, node: NodeId) -> ExprId {
        if self.depth >= super::DEPTH {
            return self.too_deep(node);
        }
        self.depth += 1;
        let base = self.list_stack.len();
        self.beginning(node);
        self.interpolations(node);
        let run = self.list(base);
        self.depth -= 1;
        self.add(ExprKind::Interpolated(run), self.tree.span(node))
    }

    /// Puts what an f-string begins with onto the list stack, as a text: it tells keys and commands apart that are filled
    /// alike.
    fn beginning(&mut self, node: NodeId) {
        let text = self.node_text(node);
        let (prefix, content) = split(text);
        let written = content.split(['{', '\\']).next().unwrap_or_default();
        if !prefix.interpolated || written.is_empty() {
            return;
        }
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let quotes = (text.len() - letters - content.len()) / 2;
        let start = self.tree.span(node).start + (letters + quotes) as u32;
        let span = Span::new(start, start + written.len() as u32);
        let name = self.names.intern(written);
        let value = self.add(ExprKind::Text(name), span);
        self.list_stack.push(value);
    }

    /// Reads the expressions of an f-string onto the list stack.
    fn interpolations(&mut self, node: NodeId) {
        if self.depth >= super::DEPTH {
            self.too_deep(node);
            return;
        }
        self.depth += 1;
        let quoted = std::mem::replace(&mut self.in_annotation, false);
        for part in self.tree.parts(node) {
            match self.tree.kind(part) {
                Kind::Interpolation | Kind::FormatExpression | Kind::FormatSpecifier => {
                    self.interpolations(part)
                }
                _ if self.tree.kind(node) == Kind::FormatSpecifier => {}
                _ => {
                    let value = self.expr(part);
                    self.list_stack.push(value);
                }
            }
        }
        self.in_annotation = quoted;
        self.depth -= 1;
    }

    /// Literals side by side are one.
    pub(super) fn concatenated(&mut self, node: NodeId) -> ExprId {
        let prefix = self
            .tree
            .first(node)
            .map(|first| split(self.node_text(first)).0)
            .unwrap_or_default();
        let tree = self.tree;
        let interpolated = tree
            .parts(node)
            .any(|part| split(self.node_text(part)).0.interpolated);
        let span = tree.span(node);
        if interpolated {
            let base = self.list_stack.len();
            tree.first(node)
                .into_iter()
                .for_each(|first| self.beginning(first));
            tree.parts(node).for_each(|part| self.interpolations(part));
            let run = self.list(base);
            return self.add(ExprKind::Interpolated(run), span);
        }
        self.buffer.clear();
        for part in tree.parts(node) {
            let (prefix, content) = split(self.node_text(part));
            if prefix.raw {
                self.buffer.push_str(content);
            } else {
                decode_escapes(content, prefix.bytes, &mut self.buffer);
            }
        }
        let name = self.names.intern(&self.buffer);
        self.add(
            if prefix.bytes {
                ExprKind::Bytes(name)
            } else {
                ExprKind::Text(name)
            },
            span,
        )
    }
}

/// The prefix of a string literal and what stands between its quotes.
fn split(text: &str) -> (Prefix, &str) {
    let mut prefix = Prefix::default();
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    for letter in text.bytes().take(letters) {
        match letter.to_ascii_lowercase() {
            b'b' => prefix.bytes = true,
            b'r' => prefix.raw = true,
            b'f' | b't' => prefix.interpolated = true,
            _ => {}
        }
    }
    let quoted = &text[letters..];
    let triple = quoted.starts_with("\"\"\"") || quoted.starts_with("'''");
    let width = if triple { 3 } else { 1 };
    (
        prefix,
        quoted
            .get(width..quoted.len().saturating_sub(width))
            .unwrap_or_default(),
    )
}

/// Whether a string literal is plain text: neither bytes nor an f-string.
pub(super) fn is_text(text: &str) -> bool {
    let (prefix, _) = split(text);
    !prefix.bytes && !prefix.interpolated && !text.starts_with('`')
}

/// Appends `content` with its escapes resolved. Unknown escapes stay as they are written.
fn decode_escapes(content: &str, bytes: bool, into: &mut String) {
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        into.push_str(&rest[..at]);
        rest = &rest[at..];
        let (letter, length) = escape(rest, bytes);
        match letter {
            Some(letter) => into.push(letter),
            None if length == 0 => {
                into.push('\\');
                rest = &rest[1..];
                continue;
            }
            None => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    into.push_str(rest);
}

/// What the escape at the start of `text` stands for, and how long it is. A line continuation stands for nothing;
/// length 0 says that this is no escape.
fn escape(text: &str, bytes: bool) -> (Option<char>, usize) {
    let Some(&letter) = text.as_bytes().get(1) else {
        return (None, 0);
    };
    let simple = |letter| (Some(letter), 2);
    match letter {
        b'\n' => (None, 2),
        b'\r' => (
            None,
            if text.as_bytes().get(2) == Some(&b'\n') {
                3
            } else {
                2
            },
        ),
        b'\\' => simple('\\'),
        b'\'' => simple('\''),
        b'"' => simple('"'),
        b'a' => simple('\x07'),
        b'b' => simple('\x08'),
        b'f' => simple('\x0c'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'v' => simple('\x0b'),
        b'0'..=b'7' => octal(text),
        b'x' => hexadecimal(text, 2),
        b'u' if !bytes => hexadecimal(text, 4),
        b'U' if !bytes => hexadecimal(text, 8),
        _ => (None, 0),
    }
}

fn octal(text: &str) -> (Option<char>, usize) {
    let digits = text[1..]
        .bytes()
        .take(3)
        .take_while(|digit| matches!(digit, b'0'..=b'7'))
        .count();
    let value = u32::from_str_radix(&text[1..=digits], 8)
        .ok()
        .and_then(char::from_u32);
    (value, if value.is_some() { digits + 1 } else { 0 })
}

fn hexadecimal(text: &str, digits: usize) -> (Option<char>, usize) {
    let value = text
        .get(2..2 + digits)
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let value = value
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .and_then(char::from_u32);
    (value, if value.is_some() { digits + 2 } else { 0 })
}

/// The value of an integer literal, where it fits.
fn parse_integer(text: &str, dialect: Dialect) -> Option<i32> {
    if text.len() == 1 {
        return text
            .bytes()
            .next()
            .filter(u8::is_ascii_digit)
            .map(|digit| i32::from(digit - b'0'));
    }
    let text = text.trim_end_matches(['l', 'L']);
    let cleaned;
    let text = if text.contains('_') {
        cleaned = text.replace('_', "");
        cleaned.as_str()
    } else {
        text
    };
    match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => i32::from_str_radix(&text[2..], 16).ok(),
        [b'0', b'o' | b'O', ..] => i32::from_str_radix(&text[2..], 8).ok(),
        [b'0', b'b' | b'B', ..] => i32::from_str_radix(&text[2..], 2).ok(),
        [b'0', _, ..] if dialect == Dialect::Two => i32::from_str_radix(text, 8).ok(),
        _ => text.parse().ok(),
    }
}
