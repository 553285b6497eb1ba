//! The flat tree.

use super::Kind;
use crate::text::Span;
use rustc_hash::FxHashMap;

/// A node: an index into the tree that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Index behind the last descendant.
    pub(super) next: u32,
    pub(super) kind: Kind,
    pub(super) missing: bool,
}

/// A parsed file.
#[derive(Debug, Default)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    /// Comments in order.
    pub comments: Vec<Span>,
    /// Whether the parser met something that it could not read.
    pub has_error: bool,
    /// Expressions inside strings and comments, by where their text starts: annotations in quotes, type comments,
    /// Python 2 backticks.
    pub(super) fragments: FxHashMap<u32, NodeId>,
    pub(super) has_type_comments: bool,
    /// Statements and heads of statements that are no Python, in order. In the tree something harmless stands there.
    pub(super) unread: Vec<Span>,
}

impl Tree {
    /// The file's own node.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// What a node is.
    pub fn kind(&self, node: NodeId) -> Kind {
        self.nodes[node.0 as usize].kind
    }

    /// Where a node stands.
    pub fn span(&self, node: NodeId) -> Span {
        let Node { start, end, .. } = self.nodes[node.0 as usize];
        Span { start, end }
    }

    /// Whether the parser made a node up.
    pub fn is_missing(&self, node: NodeId) -> bool {
        self.nodes[node.0 as usize].missing
    }

    /// The children of a node, tokens included.
    pub fn children(&self, node: NodeId) -> Children<'_> {
        Children {
            tree: self,
            next: node.0 + 1,
            end: self.nodes[node.0 as usize].next,
        }
    }

    /// The children of a node that are no tokens.
    pub fn parts(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.children(node)
            .filter(|&child| !self.kind(child).is_token())
    }

    /// The first child of a node that is no token.
    pub fn first(&self, node: NodeId) -> Option<NodeId> {
        self.parts(node).next()
    }

    /// The first child of a kind.
    pub fn child(&self, node: NodeId, kind: Kind) -> Option<NodeId> {
        self.children(node).find(|&child| self.kind(child) == kind)
    }

    /// Whether a statement starts with `async`.
    pub fn is_async(&self, node: NodeId) -> bool {
        self.children(node)
            .next()
            .is_some_and(|child| self.kind(child) == Kind::Async)
    }

    /// All nodes below a node and the node itself, in the order of the text.
    pub fn descendants(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (node.0..self.nodes[node.0 as usize].next).map(NodeId)
    }

    /// All nodes of the file, without those of the fragments.
    pub fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.descendants(self.root())
    }

    /// The expression inside the string or comment that starts at `start`.
    pub fn fragment(&self, start: u32) -> Option<NodeId> {
        if self.fragments.is_empty() {
            None
        } else {
            self.fragments.get(&start).copied()
        }
    }

    /// Whether any comment holds a type.
    pub fn has_type_comments(&self) -> bool {
        self.has_type_comments
    }

    /// Statements and heads of statements that are no Python.
    pub fn unread(&self) -> &[Span] {
        &self.unread
    }

    /// Whether there is anything in the file that the parser could not read.
    pub fn is_repaired(&self) -> bool {
        self.has_error || !self.unread.is_empty()
    }

    /// Whether something harmless stands for what is written at `start`.
    pub fn unread_at(&self, start: u32) -> Option<Span> {
        let index = self
            .unread
            .binary_search_by_key(&start, |span| span.start)
            .ok()?;
        Some(self.unread[index])
    }
}

/// The children of a node.
#[derive(Clone, Debug)]
pub struct Children<'tree> {
    tree: &'tree Tree,
    next: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let node = NodeId(self.next);
        self.next = self.tree.nodes[self.next as usize].next;
        Some(node)
    }
}
