//! Which Python a file is written in, and the statements that only Python 2 has.

use super::Lowering;
use crate::ir::{
    Argument, Dialect, ExprId, ExprKind, InstKind, Passing, Run, Source, Step, UnaryOperator,
};
use crate::syntax::{Kind, NodeId, Tree};
use crate::text::Span;

/// Finds a file's dialect by what only one of the two reads; without any evidence it is Python 3.
pub(super) fn detect(tree: &Tree, text: &str) -> Dialect {
    let (mut two, mut three) = (0_u32, 0_u32);
    for node in tree.all() {
        match tree.kind(node) {
            Kind::Identifier => {}
            kind if is_two(tree, text, node, kind) => two += 1,
            kind if is_three(tree, text, node, kind) => three += 1,
            _ => {}
        }
    }
    if two > three {
        Dialect::Two
    } else {
        Dialect::Three
    }
}

fn is_two(tree: &Tree, text: &str, node: NodeId, kind: Kind) -> bool {
    let content = || {
        let span = tree.span(node);
        text.get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    };
    match kind {
        Kind::PrintStatement | Kind::ExecStatement | Kind::Diamond => true,
        Kind::ExceptClause => is_old_except(tree, text, node),
        Kind::RaiseStatement => tree.child(node, Kind::ExpressionList).is_some(),
        Kind::String => {
            let content = content().as_bytes();
            content.starts_with(b"`") || matches!(content, [b'u' | b'U', b'r' | b'R', ..])
        }
        Kind::Integer => match content().as_bytes() {
            [.., b'l' | b'L'] => true,
            [b'0', rest @ ..] => {
                rest.iter().any(|digit| *digit != b'0') && rest.iter().all(u8::is_ascii_digit)
            }
            _ => false,
        },
        Kind::Parameters => tree.child(node, Kind::TuplePattern).is_some(),
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
    let span = tree.span(second);
    let word = text
        .get(span.start as usize..span.end as usize)
        .unwrap_or_default();
    tree.kind(second) == Kind::Identifier
        && tree.child(node, Kind::As).is_none()
        && word.starts_with(|letter: char| letter.is_lowercase() || letter == '_')
}

fn is_three(tree: &Tree, text: &str, node: NodeId, kind: Kind) -> bool {
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
        Kind::FunctionDefinition | Kind::ForStatement | Kind::WithStatement => tree
            .children(node)
            .next()
            .is_some_and(|child| tree.kind(child) == Kind::Async),
        Kind::RaiseStatement | Kind::Yield => tree.child(node, Kind::From).is_some(),
        Kind::ExceptClause => tree.child(node, Kind::Star).is_some(),
        Kind::ClassDefinition => tree
            .child(node, Kind::ArgumentList)
            .is_some_and(|list| tree.child(list, Kind::KeywordArgument).is_some()),
        Kind::Call => is_print_with_keywords(tree, text, node),
        _ => false,
    }
}

/// `print(x, file=f)` is no Python 2, unless that imports the function.
fn is_print_with_keywords(tree: &Tree, text: &str, node: NodeId) -> bool {
    let Some(callee) = tree.first(node) else {
        return false;
    };
    let span = tree.span(callee);
    text.get(span.start as usize..span.end as usize) == Some("print")
        && tree
            .child(node, Kind::ArgumentList)
            .is_some_and(|list| tree.child(list, Kind::KeywordArgument).is_some())
}

impl Lowering<'_> {
    /// `print a, b` is a call of `print`, `print >>f, a` one with `file=f`.
    pub(super) fn print_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let base = self.argument_stack.len();
        let mut file = None;
        for part in tree.parts(node) {
            if tree.kind(part) == Kind::Chevron {
                file = Some(self.first_of(part));
            } else {
                let value = self.expr(part);
                self.argument_stack.push(Argument {
                    passing: Passing::Positional,
                    value,
                });
            }
        }
        if let Some(value) = file {
            let passing = Passing::Keyword(self.names.intern("file"));
            self.argument_stack.push(Argument { passing, value });
        }
        let run = self.arguments(base);
        let span = tree.span(node);
        self.builtin_call(
            Span::new(span.start, span.start + "print".len() as u32),
            run,
            span,
        );
    }

    /// `exec code in globals, locals` is a call of `exec`.
    pub(super) fn exec_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let base = self.argument_stack.len();
        for part in tree.parts(node) {
            let value = self.expr(part);
            self.argument_stack.push(Argument {
                passing: Passing::Positional,
                value,
            });
        }
        self.exec_call(base, tree.span(node));
    }

    fn exec_call(&mut self, base: usize, span: Span) {
        let run = self.arguments(base);
        self.body.is_dynamic |= run.count == 1;
        self.builtin_call(
            Span::new(span.start, span.start + "exec".len() as u32),
            run,
            span,
        );
    }

    /// An expression statement that is a `print` or `exec` statement in Python 2. Says whether it was one.
    pub(super) fn old_statement(&mut self, node: NodeId) -> bool {
        let tree = self.tree;
        let Some(first) = tree.first(node) else {
            return false;
        };
        if matches!(
            tree.kind(first),
            Kind::Assignment | Kind::AugmentedAssignment
        ) {
            return false;
        }
        let start = tree.span(node).start;
        let text = self.text.get(start as usize..).unwrap_or_default();
        if text.starts_with("exec") {
            return self.exec_in(node, first);
        }
        let is_print = text.starts_with("print") && self.print_is_statement();
        if !is_print || self.node_text(self.leftmost(first)) != "print" {
            return false;
        }
        self.print_tuple(node);
        true
    }

    fn leftmost(&self, mut node: NodeId) -> NodeId {
        while let Some(first) = self.tree.first(node) {
            node = first;
        }
        node
    }

    /// `print ("a"), b`: what the tree has as a call, a subscript or an operator is the first thing to print.
    fn print_tuple(&mut self, node: NodeId) {
        let tree = self.tree;
        let span = tree.span(node);
        let base = self.argument_stack.len();
        for part in tree.parts(node) {
            if tree.kind(part) == Kind::Identifier && tree.span(part).start == span.start {
                continue;
            }
            self.print_at = Some(span.start);
            let value = self.expr(part);
            self.print_at = None;
            self.argument_stack.push(Argument {
                passing: Passing::Positional,
                value,
            });
        }
        let run = self.arguments(base);
        self.builtin_call(
            Span::new(span.start, span.start + "print".len() as u32),
            run,
            span,
        );
    }

    pub(super) fn is_print_word(&self, node: NodeId) -> bool {
        self.tree.kind(node) == Kind::Identifier
            && Some(self.tree.span(node).start) == self.print_at
    }

    /// What the link of a chain around the word `print` is when the word is a statement's.
    pub(super) fn print_operand(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let word = self.print_at.take();
        let span = Span::new(
            tree.span(node).start + "print".len() as u32,
            tree.span(node).end,
        );
        let second = tree.parts(node).nth(1);
        let operand = match (tree.kind(node), second) {
            (Kind::Call, Some(list)) if tree.kind(list) == Kind::ArgumentList => {
                self.parenthesized(list)
            }
            (Kind::Subscript, Some(_)) => {
                let base = self.list_stack.len();
                for part in tree.parts(node).skip(1) {
                    let value = self.expr(part);
                    self.list_stack.push(value);
                }
                let run = self.list(base);
                self.add(ExprKind::List(run), span)
            }
            (Kind::BinaryOperator, Some(operand)) => self.signed(node, operand),
            (_, second) => self.expr_or_hole(second, node),
        };
        self.print_at = word;
        operand
    }

    /// An argument list as the tuple or the parenthesized expression that it is.
    fn parenthesized(&mut self, list: NodeId) -> ExprId {
        let tree = self.tree;
        let mut parts = tree.parts(list);
        let span = tree.span(list);
        if let (Some(only), None) = (parts.next(), parts.next())
            && !self.has_comma(tree.span(only).end, span.end)
        {
            return self.expr(only);
        }
        let base = self.list_stack.len();
        for part in tree.parts(list) {
            let value = self.expr(part);
            self.list_stack.push(value);
        }
        let run = self.list(base);
        self.add(ExprKind::Tuple(run), span)
    }

    fn signed(&mut self, node: NodeId, operand: NodeId) -> ExprId {
        let tree = self.tree;
        let Some(sign) = tree
            .children(node)
            .find(|&child| tree.kind(child).is_token())
        else {
            return self.expr(operand);
        };
        let span = Span::new(tree.span(sign).start, tree.span(operand).end);
        let kind = tree.kind(sign);
        let operand = self.expr(operand);
        match kind {
            Kind::Minus => self.add(
                ExprKind::Unary {
                    operator: UnaryOperator::Minus,
                    operand,
                },
                span,
            ),
            Kind::Plus => self.add(
                ExprKind::Unary {
                    operator: UnaryOperator::Plus,
                    operand,
                },
                span,
            ),
            Kind::Star => self.add(ExprKind::Starred(operand), span),
            _ => operand,
        }
    }

    /// `exec(code) in namespace`: the tree has a comparison.
    fn exec_in(&mut self, node: NodeId, first: NodeId) -> bool {
        let tree = self.tree;
        if tree.kind(first) != Kind::ComparisonOperator || tree.child(first, Kind::In).is_none() {
            return false;
        }
        let mut operands = tree.parts(first);
        let (Some(call), Some(namespace), None) =
            (operands.next(), operands.next(), operands.next())
        else {
            return false;
        };
        let mut parts = tree.parts(call);
        let (Some(word), Some(list)) = (parts.next(), parts.next()) else {
            return false;
        };
        if tree.kind(call) != Kind::Call
            || self.node_text(word) != "exec"
            || tree.kind(list) != Kind::ArgumentList
        {
            return false;
        }
        let base = self.argument_stack.len();
        let code = self.parenthesized(list);
        self.argument_stack.push(Argument {
            passing: Passing::Positional,
            value: code,
        });
        for part in std::iter::once(namespace).chain(tree.parts(node).skip(1)) {
            let value = self.expr(part);
            self.argument_stack.push(Argument {
                passing: Passing::Positional,
                value,
            });
        }
        self.exec_call(base, tree.span(node));
        true
    }

    /// Notes calls that read or change variables behind the analysis's back.
    pub(super) fn note_dynamic(&mut self, callee: ExprId, arguments: Run) {
        let ExprKind::Name(place) = self.exprs[callee.index()].kind else {
            return;
        };
        let Step::Variable { name, .. } = self.body.places[place.index()].step else {
            return;
        };
        match name.index() {
            super::LOCALS => self.body.is_dynamic = true,
            super::EXEC | super::EVAL => self.body.is_dynamic |= arguments.count == 1,
            super::VARS => self.body.is_dynamic |= arguments.count == 0,
            super::GLOBALS => self.changes_globals = true,
            _ => {}
        }
    }

    /// `type(x).attribute = value`: the tree has a type alias, Python an assignment to a part of a call.
    pub(super) fn assignment_to_type(
        &mut self,
        node: NodeId,
        target: NodeId,
        right: Option<NodeId>,
    ) {
        let span = self.tree.span(node);
        let value = match right {
            Some(right) => self.expr(right),
            None => self.hole(node),
        };
        self.called_at = Some(self.tree.span(self.leftmost_group(target)).start);
        let target = self.target(target);
        self.called_at = None;
        self.body.emit(
            InstKind::Bind {
                target,
                source: Source::Value(value),
                annotation: None,
            },
            span,
        );
    }

    /// The parentheses or brackets that a chain starts with.
    fn leftmost_group(&self, mut node: NodeId) -> NodeId {
        while let Kind::Attribute | Kind::Call | Kind::Subscript | Kind::MemberType | Kind::Type =
            self.tree.kind(node)
        {
            match self.tree.first(node) {
                Some(first) => node = first,
                None => break,
            }
        }
        node
    }

    pub(super) fn is_called_group(&self, node: NodeId) -> bool {
        self.called_at == Some(self.tree.span(node).start)
    }

    /// The group behind the word `type`: arguments of its call, or an index.
    pub(super) fn called_group(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        self.called_at = None;
        let span = tree.span(node);
        let before = self
            .text
            .get(..span.start as usize)
            .unwrap_or_default()
            .trim_end()
            .len() as u32;
        let word = Span::new(before.saturating_sub("type".len() as u32), before);
        let name = self.names.intern("type");
        let place = self.variable(name);
        let callee = self.add(ExprKind::Name(place), word);
        let whole = Span::new(word.start, span.end);
        if tree.kind(node) == Kind::List {
            let index = self.index(node, tree.parts(node));
            return self.add(
                ExprKind::Subscript {
                    value: callee,
                    index,
                    place: None,
                },
                whole,
            );
        }
        let base = self.argument_stack.len();
        for part in tree.parts(node) {
            let value = self.expr(part);
            self.argument_stack.push(Argument {
                passing: Passing::Positional,
                value,
            });
        }
        let arguments = self.arguments(base);
        self.add(ExprKind::Call { callee, arguments }, whole)
    }
}
