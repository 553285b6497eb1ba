//! Operators.

use super::Lowering;
use crate::ir::{BinaryOperator, Comparison, ExprId, ExprKind, UnaryOperator};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// The operator token of a node.
    fn operator(&self, node: NodeId) -> Kind {
        let tree = self.tree;
        tree.children(node)
            .map(|child| tree.kind(child))
            .find(|kind| kind.is_token())
            .unwrap_or(Kind::Punctuation)
    }

    pub(super) fn binary(&mut self, node: NodeId, left: ExprId, span: Span) -> ExprId {
        let right = self.tree.parts(node).nth(1);
        let right = self.expr_or_hole(right, node);
        match binary_operator(self.operator(node)) {
            Some(operator) => self.add(
                ExprKind::Binary {
                    operator,
                    left,
                    right,
                },
                span,
            ),
            None => self.hole(node),
        }
    }

    /// The operator of `target op= value`.
    pub(super) fn augmented_operator(&self, node: NodeId) -> BinaryOperator {
        binary_operator(self.operator(node)).unwrap_or(BinaryOperator::Add)
    }

    pub(super) fn sign(&mut self, node: NodeId) -> ExprId {
        let operator = match self.operator(node) {
            // The element of a comprehension that the repair wrote over: `{**d for d in ds}`.
            Kind::Plus if self.node_text(node).starts_with('*') => {
                let value = self.first_of(node);
                return self.add(ExprKind::Starred(value), self.tree.span(node));
            }
            Kind::Minus => UnaryOperator::Minus,
            Kind::Plus => UnaryOperator::Plus,
            _ => UnaryOperator::Invert,
        };
        self.unary(node, operator)
    }

    pub(super) fn unary(&mut self, node: NodeId, operator: UnaryOperator) -> ExprId {
        let operand = self.first_of(node);
        self.add(ExprKind::Unary { operator, operand }, self.tree.span(node))
    }

    /// `a and b and c` is one list of operands; the tree nests it on the left.
    pub(super) fn boolean(&mut self, node: NodeId) -> ExprId {
        let operator = self.operator(node);
        let stack = self.node_stack.len();
        let mut leftmost = node;
        while self.tree.kind(leftmost) == Kind::BooleanOperator
            && self.operator(leftmost) == operator
        {
            let tree = self.tree;
            let mut parts = tree.parts(leftmost);
            let Some(left) = parts.next() else { break };
            if let Some(right) = parts.next() {
                self.node_stack.push(right);
            }
            leftmost = left;
        }
        let base = self.list_stack.len();
        let first = self.expr(leftmost);
        self.list_stack.push(first);
        while self.node_stack.len() > stack
            && let Some(operand) = self.node_stack.pop()
        {
            let operand = self.expr(operand);
            self.list_stack.push(operand);
        }
        let run = self.list(base);
        let kind = if operator == Kind::Or {
            ExprKind::Or(run)
        } else {
            ExprKind::And(run)
        };
        self.add(kind, self.tree.span(node))
    }

    pub(super) fn comparison(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let mut children = tree.children(node);
        let Some(first) = children.next() else {
            return self.hole(node);
        };
        let mut left = self.expr(first);
        let base = self.list_stack.len();
        let mut operator = None;
        for child in children {
            let kind = tree.kind(child);
            if kind.is_token() {
                operator = comparison_operator(kind);
                continue;
            }
            let right = self.expr(child);
            let span = Span::new(
                self.exprs[left.index()].span.start,
                self.exprs[right.index()].span.end,
            );
            let kind = operator.map_or(ExprKind::Hole, |operator| ExprKind::Compare {
                operator,
                left,
                right,
            });
            let compared = self.add(kind, span);
            self.list_stack.push(compared);
            left = right;
        }
        if self.list_stack.len() == base + 1
            && let Some(only) = self.list_stack.pop()
        {
            return only;
        }
        let run = self.list(base);
        self.add(ExprKind::And(run), tree.span(node))
    }
}

fn binary_operator(token: Kind) -> Option<BinaryOperator> {
    Some(match token {
        Kind::Plus | Kind::PlusAssign => BinaryOperator::Add,
        Kind::Minus | Kind::MinusAssign => BinaryOperator::Subtract,
        Kind::Star | Kind::StarAssign => BinaryOperator::Multiply,
        Kind::At | Kind::AtAssign => BinaryOperator::MatrixMultiply,
        Kind::Slash | Kind::SlashAssign => BinaryOperator::Divide,
        Kind::DoubleSlash | Kind::DoubleSlashAssign => BinaryOperator::FloorDivide,
        Kind::Percent | Kind::PercentAssign => BinaryOperator::Modulo,
        Kind::DoubleStar | Kind::DoubleStarAssign => BinaryOperator::Power,
        Kind::ShiftLeft | Kind::ShiftLeftAssign => BinaryOperator::ShiftLeft,
        Kind::ShiftRight | Kind::ShiftRightAssign => BinaryOperator::ShiftRight,
        Kind::Ampersand | Kind::AmpersandAssign => BinaryOperator::BitAnd,
        Kind::Pipe | Kind::PipeAssign => BinaryOperator::BitOr,
        Kind::Caret | Kind::CaretAssign => BinaryOperator::BitXor,
        _ => return None,
    })
}

fn comparison_operator(token: Kind) -> Option<Comparison> {
    Some(match token {
        Kind::Equal => Comparison::Equal,
        Kind::NotEqual | Kind::Diamond => Comparison::NotEqual,
        Kind::Less => Comparison::Less,
        Kind::LessEqual => Comparison::LessEqual,
        Kind::Greater => Comparison::Greater,
        Kind::GreaterEqual => Comparison::GreaterEqual,
        Kind::Is => Comparison::Is,
        Kind::IsNot => Comparison::IsNot,
        Kind::In => Comparison::In,
        Kind::NotIn => Comparison::NotIn,
        _ => return None,
    })
}
