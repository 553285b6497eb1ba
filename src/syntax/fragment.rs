//! Expressions inside strings and comments.

use super::tree::{NodeId, Tree};
use super::{Kind, parse_text};
use crate::text::Span;

impl Tree {
    pub(super) fn parse_quoted(&mut self, text: &[u8], node: NodeId) {
        let span = self.span(node);
        let Some(content) = plain_content(text, span) else {
            return;
        };
        self.parse_fragment(text, content, span.start);
    }

    /// Parses the expression in `content` and files it under `key`.
    fn parse_fragment(&mut self, text: &[u8], content: Span, key: u32) {
        if content.start == 0 {
            return;
        }
        // Parentheses let the expression run over several lines.
        let mut piece = Vec::with_capacity(content.of(text).len() + 2);
        piece.push(b'(');
        piece.extend_from_slice(content.of(text));
        piece.push(b')');
        let Some(parsed) = parse_text(&piece) else {
            return;
        };
        if parsed.root_node().has_error() {
            return;
        }
        let offset = content.start - 1;
        let first = self.nodes.len();
        let comments = self.comments.len();
        self.flatten(&parsed, &piece, &mut Vec::new());
        self.comments.truncate(comments);
        for node in &mut self.nodes[first..] {
            node.start += offset;
            node.end += offset;
        }
        if let Some(expression) = self.only_expression(NodeId(first as u32)) {
            self.fragments.insert(key, expression);
        }
    }

    /// What stands in the parentheses that are the only statement of a piece; a tuple is those parentheses.
    fn only_expression(&self, root: NodeId) -> Option<NodeId> {
        let mut statements = self.parts(root);
        let (statement, None) = (statements.next()?, statements.next()) else {
            return None;
        };
        let expression = self
            .first(statement)
            .filter(|_| self.kind(statement) == Kind::ExpressionStatement)?;
        match self.kind(expression) {
            Kind::ParenthesizedExpression => self.first(expression),
            _ => Some(expression),
        }
    }

    pub(super) fn parse_type_comments(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(&comment) = self.comments.get(at) {
            at += 1;
            if let Some(content) = type_comment(text, comment) {
                self.parse_type_comment(text, content, comment.start);
            }
        }
    }

    fn parse_type_comment(&mut self, text: &[u8], content: Span, key: u32) {
        let bytes = content.of(text);
        self.has_type_comments = true;
        match find_arrow(bytes) {
            Some(arrow) => {
                let middle = content.start + arrow as u32;
                self.parse_fragment(text, Span::new(content.start, middle), key);
                self.parse_fragment(text, Span::new(middle + 2, content.end), key + 1);
            }
            None => self.parse_fragment(text, content, key),
        }
    }
}

fn find_arrow(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).rposition(|pair| pair == b"->")
}

/// The text behind `# type:`, up to a comment in the comment; nothing for any other comment and for `ignore`.
fn type_comment(text: &[u8], comment: Span) -> Option<Span> {
    let bytes = comment
        .of(text)
        .strip_prefix(b"#")?
        .trim_ascii_start()
        .strip_prefix(b"type:")?;
    let content = bytes.trim_ascii_start();
    let end = content
        .iter()
        .position(|&byte| byte == b'#')
        .unwrap_or(content.len());
    if content.starts_with(b"ignore") || content.is_empty() {
        return None;
    }
    let start = comment.end - content.len() as u32;
    Some(Span::new(
        start,
        start + content[..end].trim_ascii_end().len() as u32,
    ))
}

/// The content of a string that is written as it is: no prefix, no escapes. Backticks count as quotes.
fn plain_content(text: &[u8], string: Span) -> Option<Span> {
    let bytes = string.of(text);
    let &quote = bytes.first()?;
    if !matches!(quote, b'"' | b'\'' | b'`') || (quote != b'`' && bytes.contains(&b'\\')) {
        return None;
    }
    let width = if bytes.len() >= 6 && bytes[1] == quote && bytes[2] == quote {
        3
    } else {
        1
    };
    let content = Span::new(string.start + width, string.end.checked_sub(width)?);
    (content.start < content.end).then_some(content)
}
