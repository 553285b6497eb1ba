//! The parser's tree, walked once into the flat one.

use super::kind::{self, Kind};
use super::tree::{Node, NodeId, Tree};
use crate::text::Span;

impl Tree {
    /// Starts a tree whose statements come from several parses.
    pub(super) fn open_root(&mut self, end: u32) {
        self.nodes.push(Node {
            start: 0,
            end,
            next: 1,
            kind: Kind::Module,
            missing: false,
        });
    }

    pub(super) fn close_root(&mut self) {
        self.nodes[0].next = self.nodes.len() as u32;
    }

    /// Appends the statements of `parsed`, whose text starts at `offset` of the file.
    pub(super) fn append_piece(
        &mut self,
        parsed: &tree_sitter::Tree,
        text: &[u8],
        offset: u32,
        quoted: &mut Vec<NodeId>,
    ) {
        let (first, strings) = (self.nodes.len(), quoted.len());
        let comments = self.comments.len();
        self.flatten(parsed, text, quoted);
        self.comments.truncate(comments);
        // The piece's own root goes: everything behind it moves up by one.
        if self.nodes[first].kind == Kind::Module {
            self.nodes.remove(first);
            for node in &mut self.nodes[first..] {
                node.next -= 1;
            }
            for string in &mut quoted[strings..] {
                string.0 -= 1;
            }
        }
        for node in &mut self.nodes[first..] {
            node.start += offset;
            node.end += offset;
        }
    }

    /// Appends the nodes of `parsed`, and to `quoted` the strings that hold expressions.
    pub(super) fn flatten(
        &mut self,
        parsed: &tree_sitter::Tree,
        text: &[u8],
        quoted: &mut Vec<NodeId>,
    ) {
        let table = kind::table();
        let has_error = parsed.root_node().has_error();
        self.has_error |= has_error;
        let mut open: Vec<u32> = Vec::new();
        let mut types = 0_u32;
        let mut cursor = parsed.walk();
        loop {
            let node = cursor.node();
            let kind = table
                .get(node.kind_id() as usize)
                .copied()
                .unwrap_or(Kind::Error);
            if kind != Kind::Punctuation {
                let index = self.nodes.len() as u32;
                let (start, end) = (node.start_byte() as u32, node.end_byte() as u32);
                if kind == Kind::Comment {
                    self.comments.push(Span { start, end });
                } else {
                    let missing = has_error && node.is_missing();
                    self.nodes.push(Node {
                        start,
                        end,
                        next: index + 1,
                        kind,
                        missing,
                    });
                    let mut descend = !kind.is_leaf();
                    if kind == Kind::String {
                        descend = may_interpolate(text, start);
                        if types > 0 || text.get(start as usize) == Some(&b'`') {
                            quoted.push(NodeId(index));
                        }
                    }
                    if descend && cursor.goto_first_child() {
                        open.push(index);
                        types += u32::from(kind == Kind::Type);
                        continue;
                    }
                }
            }
            while !cursor.goto_next_sibling() {
                let Some(closed) = open.pop() else {
                    return;
                };
                cursor.goto_parent();
                let next = self.nodes.len() as u32;
                let node = &mut self.nodes[closed as usize];
                node.next = next;
                types -= u32::from(node.kind == Kind::Type);
            }
        }
    }
}

/// Whether the prefix of the string at `start` allows expressions in it.
fn may_interpolate(text: &[u8], start: u32) -> bool {
    let prefix = text.get(start as usize..).unwrap_or_default();
    prefix
        .iter()
        .take(3)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .any(|byte| matches!(byte.to_ascii_lowercase(), b'f' | b't'))
}
