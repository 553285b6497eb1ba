//! The workbench of a fix: a file's text beside what it says.

use crate::finding::Edit;
use crate::ir::{ExprId, Module};
use crate::syntax::{self, Tree};
use crate::text::Span;
use std::borrow::Cow;
use std::cell::OnceCell;

pub(super) struct Bench<'a> {
    pub(super) module: &'a Module,
    pub(super) source: &'a [u8],
    tree: OnceCell<Option<Tree>>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(module: &'a Module, source: &'a [u8]) -> Self {
        Self {
            module,
            source,
            tree: OnceCell::new(),
        }
    }

    /// The syntax of a file that the parser could read, parsed where it is first asked for.
    pub(super) fn tree(&self) -> Option<&Tree> {
        let parse = || {
            if std::str::from_utf8(self.source).is_err() && may_be_misread(self.source) {
                return None;
            }
            let tree = syntax::parse(self.source);
            (!tree.is_repaired()).then_some(tree)
        };
        self.tree.get_or_init(parse).as_ref()
    }

    pub(super) fn text(&self, span: Span) -> Cow<'a, str> {
        String::from_utf8_lossy(span.of(self.source))
    }

    pub(super) fn byte(&self, at: u32) -> u8 {
        self.source.get(at as usize).copied().unwrap_or_default()
    }

    /// The expressions that stand at a span: parentheses are no expressions, so there can be several.
    pub(super) fn exprs_at(&self, span: Span) -> impl Iterator<Item = ExprId> + use<'a> {
        let module = self.module;
        (0..module.exprs.len())
            .map(ExprId::new)
            .filter(move |&id| module.span(id) == span)
    }

    /// Goes back over white space and comments.
    pub(super) fn back(&self, mut at: u32, floor: u32) -> u32 {
        while at > floor {
            let comment = self
                .module
                .comments
                .iter()
                .find(|comment| comment.end == at);
            match comment {
                Some(comment) if comment.start >= floor && comment.start < at => at = comment.start,
                _ if self.byte(at - 1).is_ascii_whitespace() || self.byte(at - 1) == b'\\' => {
                    at -= 1
                }
                _ => break,
            }
        }
        at
    }
}

/// Whether a text that is no UTF-8 may be other code than it looks like. Of what the encodings of two bytes have as a second
/// one, only the backslash means something in a string.
fn may_be_misread(source: &[u8]) -> bool {
    source
        .windows(2)
        .any(|pair| !pair[0].is_ascii() && pair[1] == b'\\')
}

pub(super) fn insert(at: u32, content: impl Into<String>) -> Edit {
    replace(Span::new(at, at), content)
}

pub(super) fn replace(span: Span, content: impl Into<String>) -> Edit {
    Edit {
        span,
        content: content.into(),
    }
}

/// The value of a message's argument.
pub(super) fn argument<'m>(message: &'m crate::finding::Message, name: &str) -> Option<&'m str> {
    let mut arguments = message.arguments.iter();
    arguments
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.as_str())
}
