//! Statements that only Python 2 has.

use super::Lowering;
use crate::ir::{Argument, Dialect, ExprId, ExprKind, Passing, UnaryOperator};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// Whether `print` is a statement in this file.
    fn print_is_statement(&self) -> bool {
        self.dialect == Dialect::Two && !self.print_function
    }

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

    /// An `exec` statement that was read as a `del`: `exec a % b in names`.
    pub(super) fn long_exec(&mut self, node: NodeId) {
        let tree = self.tree;
        let base = self.argument_stack.len();
        let list = tree
            .first(node)
            .filter(|&first| tree.kind(first) == Kind::ExpressionList);
        for part in tree.parts(list.unwrap_or(node)) {
            let is_in =
                tree.kind(part) == Kind::ComparisonOperator && tree.child(part, Kind::In).is_some();
            // What stands before the `in` is the code, behind it the names.
            let operands = tree.parts(part).filter(|_| is_in);
            for operand in operands.chain(std::iter::once(part).filter(|_| !is_in)) {
                let value = self.expr(operand);
                self.argument_stack.push(Argument {
                    passing: Passing::Positional,
                    value,
                });
            }
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
}
