//! Syntax: source text to a flat tree. The only module that names `tree_sitter`.
//!
//! The parser's own tree is walked once with a cursor and dropped. What stays is one vector in preorder, without
//! comments and punctuation, that costs a step of an index to walk.

mod flatten;
mod fragment;
mod kind;
mod lines;
mod repair;
mod rewrite;
mod tree;

pub use kind::Kind;
pub use tree::{Children, NodeId, Tree};

use std::cell::RefCell;

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
