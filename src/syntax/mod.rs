//! Syntax: source text to a flat tree. The only module that names `tree_sitter`.
//!
//! The parser's own tree is walked once with a cursor and dropped. What stays is one vector in preorder, without
//! comments and punctuation, that costs a step of an index to walk.

mod kind;
mod lines;
mod repair;
mod rewrite;

pub use kind::Kind;

use crate::text::Span;
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// A node: an index into the tree that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    /// Index behind the last descendant.
    next: u32,
    kind: Kind,
    missing: bool,
}

/// A parsed file.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    /// Comments in order.
    pub comments: Vec<Span>,
    /// Whether the parser met something that it could not read.
    pub has_error: bool,
    /// Expressions inside strings and comments, by where their text starts: annotations in quotes, type comments,
    /// Python 2 backticks.
    fragments: FxHashMap<u32, NodeId>,
    has_type_comments: bool,
    /// Statements and heads of statements that are no Python, in order. In the tree something harmless stands there.
    unread: Vec<Span>,
}

thread_local! {
    static PARSER: RefCell<Option<tree_sitter::Parser>> = const { RefCell::new(None) };
}

/// Parses with this thread's parser. Nothing comes back only where the parser itself gives up.
fn parse_text(text: &[u8]) -> Option<tree_sitter::Tree> {
    PARSER.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut parser = tree_sitter::Parser::new();
            parser
                .set_language(&tree_sitter_python::LANGUAGE.into())
                .ok()?;
            *slot = Some(parser);
        }
        slot.as_mut()?.parse(text, None)
    })
}

/// Parses and throws the result away: what a benchmark compares with.
pub fn parse_only(text: &[u8]) {
    drop(parse_text(text));
}

/// Parses a file.
pub fn parse(text: &[u8]) -> Tree {
    let Some(parsed) = parse_text(text) else {
        let mut tree = Tree {
            has_error: true,
            ..Tree::default()
        };
        tree.open_root(text.len() as u32);
        return tree;
    };
    let (mut tree, quoted) = if parsed.root_node().has_error() {
        repair::parse(text, parsed)
    } else {
        let mut tree = Tree::default();
        tree.nodes.reserve(text.len() / 8);
        let mut quoted = Vec::new();
        tree.flatten(&parsed, text, &mut quoted);
        (tree, quoted)
    };
    for node in quoted {
        tree.parse_quoted(text, node);
    }
    tree.parse_type_comments(text);
    tree
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

    /// Starts a tree whose statements come from several parses.
    fn open_root(&mut self, end: u32) {
        self.nodes.push(Node {
            start: 0,
            end,
            next: 1,
            kind: Kind::Module,
            missing: false,
        });
    }

    fn close_root(&mut self) {
        self.nodes[0].next = self.nodes.len() as u32;
    }

    /// Appends the statements of `parsed`, whose text starts at `offset` of the file.
    fn append_piece(
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
    fn flatten(&mut self, parsed: &tree_sitter::Tree, text: &[u8], quoted: &mut Vec<NodeId>) {
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

    fn parse_quoted(&mut self, text: &[u8], node: NodeId) {
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

    fn parse_type_comments(&mut self, text: &[u8]) {
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

/// Whether the prefix of the string at `start` allows expressions in it.
fn may_interpolate(text: &[u8], start: u32) -> bool {
    let prefix = text.get(start as usize..).unwrap_or_default();
    prefix
        .iter()
        .take(3)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .any(|byte| matches!(byte.to_ascii_lowercase(), b'f' | b't'))
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
