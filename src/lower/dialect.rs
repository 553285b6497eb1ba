//! Which Python a file is written in.

use crate::ir::Dialect;
use crate::syntax::{Kind, NodeId, Tree};

/// Finds a file's dialect by what only one of the two reads; without any evidence it is Python 3.
pub(super) fn detect(tree: &Tree, text: &str) -> Dialect {
    let (mut two, mut three) = (0_u32, 0_u32);
    let (mut keywords, mut future) = (0_u32, false);
    for node in tree.all() {
        match tree.kind(node) {
            Kind::Identifier | Kind::Attribute | Kind::ArgumentList => {}
            Kind::Call => keywords += u32::from(is_print_with_keywords(tree, text, node)),
            Kind::FutureImportStatement => {
                future |= content(tree, text, node).contains("print_function")
            }
            kind if is_two(tree, text, node, kind) => two += 1,
            kind if is_three(tree, node, kind) => three += 1,
            _ => {}
        }
    }
    // With the function imported, Python 2 reads `print(x, file=f)` as well.
    three += if future { 0 } else { keywords };
    if two > three {
        Dialect::Two
    } else {
        Dialect::Three
    }
}

fn content<'a>(tree: &Tree, text: &'a str, node: NodeId) -> &'a str {
    let span = tree.span(node);
    text.get(span.start as usize..span.end as usize)
        .unwrap_or_default()
}

fn is_two(tree: &Tree, text: &str, node: NodeId, kind: Kind) -> bool {
    match kind {
        Kind::PrintStatement | Kind::ExecStatement | Kind::Diamond => true,
        Kind::DeleteStatement => content(tree, text, node).starts_with("exec"),
        Kind::ExceptClause => is_old_except(tree, text, node),
        Kind::RaiseStatement => tree.child(node, Kind::ExpressionList).is_some(),
        Kind::String => {
            let content = content(tree, text, node).as_bytes();
            content.starts_with(b"`") || matches!(content, [b'u' | b'U', b'r' | b'R', ..])
        }
        Kind::Integer => match content(tree, text, node).as_bytes() {
            [.., b'l' | b'L'] => true,
            [b'0', rest @ ..] => {
                rest.iter().any(|digit| *digit != b'0') && rest.iter().all(u8::is_ascii_digit)
            }
            _ => false,
        },
        Kind::Parameters | Kind::LambdaParameters | Kind::DefaultParameter => {
            tree.child(node, Kind::TuplePattern).is_some()
        }
        Kind::ForInClause => tree.parts(node).count() > 2,
        _ => false,
    }
}

/// `except E, e:` reads as `except (E, F):` does without its parentheses since 3.14. A second name that looks like a
/// variable decides.
fn is_old_except(tree: &Tree, text: &str, node: NodeId) -> bool {
    let mut values = tree
        .parts(node)
        .filter(|&part| tree.kind(part) != Kind::Block);
    let (Some(_), Some(second), None) = (values.next(), values.next(), values.next()) else {
        return false;
    };
    let variable = |letter: char| letter.is_lowercase() || letter == '_';
    match tree.kind(second) {
        Kind::Tuple => true,
        Kind::Identifier => content(tree, text, second).starts_with(variable),
        _ => false,
    }
}

fn is_three(tree: &Tree, node: NodeId, kind: Kind) -> bool {
    let has = |node: NodeId, kind: Kind| tree.child(node, kind).is_some();
    match kind {
        Kind::Type
        | Kind::NonlocalStatement
        | Kind::MatchStatement
        | Kind::TypeAliasStatement
        | Kind::NamedExpression
        | Kind::KeywordSeparator
        | Kind::PositionalSeparator
        | Kind::Interpolation
        | Kind::Await => true,
        Kind::FunctionDefinition | Kind::ForStatement | Kind::WithStatement => tree.is_async(node),
        Kind::RaiseStatement | Kind::Yield => has(node, Kind::From),
        Kind::ExceptClause => has(node, Kind::Star),
        Kind::ClassDefinition => tree
            .child(node, Kind::ArgumentList)
            .is_some_and(|list| has(list, Kind::KeywordArgument)),
        _ => false,
    }
}

/// `print(x, file=f)` is no Python 2, unless that imports the function.
fn is_print_with_keywords(tree: &Tree, text: &str, node: NodeId) -> bool {
    let mut parts = tree.parts(node);
    let (Some(callee), Some(list)) = (parts.next(), parts.next()) else {
        return false;
    };
    content(tree, text, callee) == "print" && tree.child(list, Kind::KeywordArgument).is_some()
}
