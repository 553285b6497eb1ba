//! Expressions.

use super::{DEPTH, Lowering};
use crate::ir::{ExprId, ExprKind, Step, UnaryOperator};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// Reads an expression.
    ///
    /// What nests on the left (`a.b.c`, `a + b + c`, `f()()`) is read in a loop: such chains are long in real code.
    pub(super) fn expr(&mut self, node: NodeId) -> ExprId {
        let base = self.node_stack.len();
        let mut lowest = node;
        loop {
            match self.tree.kind(lowest) {
                Kind::Identifier => break,
                Kind::Attribute | Kind::Call | Kind::Subscript | Kind::BinaryOperator => {
                    self.node_stack.push(lowest)
                }
                Kind::ParenthesizedExpression
                    if self.called_at.is_some() && self.is_called_group(lowest) =>
                {
                    break;
                }
                Kind::ParenthesizedExpression | Kind::Type => {}
                _ => break,
            }
            match self.tree.first(lowest) {
                Some(inner) => lowest = inner,
                None => break,
            }
        }
        let depth = self.depth;
        let allowed = DEPTH.saturating_sub(depth) as usize;
        let mut result = if self.node_stack.len() - base > allowed {
            let innermost = self.node_stack[base + allowed];
            self.node_stack.truncate(base + allowed);
            self.too_deep(innermost)
        } else {
            self.depth = depth + (self.node_stack.len() - base) as u32;
            self.simple(lowest)
        };
        // `*a.b` alone in a list: the tree has the attribute of a splat.
        let starred = match self.exprs[result.index()].kind {
            ExprKind::Starred(inner) if self.node_stack.len() > base => {
                result = inner;
                true
            }
            _ => false,
        };
        while self.node_stack.len() > base
            && let Some(outer) = self.node_stack.pop()
        {
            self.depth = depth + (self.node_stack.len() - base) as u32 + 1;
            result = self.link(outer, lowest, result);
            lowest = outer;
        }
        self.depth = depth;
        if starred {
            self.add(ExprKind::Starred(result), self.tree.span(node))
        } else {
            result
        }
    }

    /// One link of a chain: `node` with its leftmost part, `inner`, already read as `left`.
    fn link(&mut self, node: NodeId, inner: NodeId, left: ExprId) -> ExprId {
        if self.print_at.is_some() && self.is_print_word(inner) {
            return self.print_operand(node);
        }
        let mut span = self.tree.span(node);
        span.start = span.start.max(self.splat_start(left, span.start));
        match self.tree.kind(node) {
            Kind::Attribute => self.attribute(node, left, span),
            Kind::Call => self.call(node, left, span),
            Kind::Subscript => self.subscript(node, left, span),
            _ => self.binary(node, left, span),
        }
    }

    /// Where a chain starts whose tree has a `*` in front.
    fn splat_start(&self, left: ExprId, start: u32) -> u32 {
        match self.text.as_bytes().get(start as usize) {
            Some(b'*') => self.exprs[left.index()].span.start,
            _ => start,
        }
    }

    /// An expression that nothing on its left nests in.
    fn simple(&mut self, node: NodeId) -> ExprId {
        let kind = self.tree.kind(node);
        match kind {
            Kind::Identifier => return self.name(node),
            Kind::None => return self.add(ExprKind::None, self.tree.span(node)),
            Kind::True => return self.add(ExprKind::True, self.tree.span(node)),
            Kind::False => return self.add(ExprKind::False, self.tree.span(node)),
            Kind::Ellipsis => return self.add(ExprKind::Ellipsis, self.tree.span(node)),
            Kind::Integer => return self.integer(node),
            Kind::Float => return self.float(node),
            Kind::String => return self.string(node),
            _ => {}
        }
        if self.depth >= DEPTH {
            return self.too_deep(node);
        }
        self.depth += 1;
        let result = self.compound(node, kind);
        self.depth -= 1;
        result
    }

    fn compound(&mut self, node: NodeId, kind: Kind) -> ExprId {
        if self.called_at.is_some() && self.is_called_group(node) {
            return self.called_group(node);
        }
        match kind {
            Kind::ConcatenatedString => self.concatenated(node),
            Kind::BooleanOperator => self.boolean(node),
            Kind::ComparisonOperator => self.comparison(node),
            Kind::NotOperator => self.unary(node, UnaryOperator::Not),
            Kind::UnaryOperator => self.sign(node),
            Kind::ConditionalExpression => self.conditional(node),
            Kind::Lambda => self.lambda(node),
            Kind::NamedExpression => self.walrus(node),
            Kind::Await => self.wrapped(node, ExprKind::Await),
            Kind::ListSplat | Kind::ListSplatPattern => self.wrapped(node, ExprKind::Starred),
            Kind::Yield => self.yielding(node),
            Kind::Tuple | Kind::ExpressionList | Kind::PatternList | Kind::TuplePattern => {
                self.display(node, ExprKind::Tuple)
            }
            Kind::List | Kind::ListPattern => self.display(node, ExprKind::List),
            Kind::Set => self.display(node, ExprKind::Set),
            Kind::Dictionary => self.dictionary(node),
            Kind::Slice => self.slice(node),
            Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::DictionaryComprehension
            | Kind::GeneratorExpression => self.comprehension(node, kind),
            Kind::GenericType
            | Kind::UnionType
            | Kind::MemberType
            | Kind::SplatType
            | Kind::ConstrainedType => self.type_form(node, kind),
            Kind::AsPattern | Kind::ParenthesizedExpression => self.first_of(node),
            _ => self.hole(node),
        }
    }

    /// The first part of a node, or a hole where it has none.
    pub(super) fn first_of(&mut self, node: NodeId) -> ExprId {
        match self.tree.first(node) {
            Some(inner) => self.expr(inner),
            None => self.hole(node),
        }
    }

    /// An expression that should be there.
    pub(super) fn expr_or_hole(&mut self, node: Option<NodeId>, around: NodeId) -> ExprId {
        match node {
            Some(node) => self.expr(node),
            None => self.hole(around),
        }
    }

    pub(super) fn name(&mut self, node: NodeId) -> ExprId {
        let span = self.tree.span(node);
        if span.start == span.end {
            return self.add(ExprKind::Hole, span);
        }
        let name = self.name_of(node);
        let place = self.variable(name);
        self.add(ExprKind::Name(place), span)
    }

    fn attribute(&mut self, node: NodeId, value: ExprId, span: Span) -> ExprId {
        let Some(word) = self.tree.parts(node).nth(1) else {
            return value;
        };
        let name = self.name_of(word);
        let place = self.path(value, Step::Attribute(name));
        self.add(ExprKind::Attribute { value, name, place }, span)
    }

    fn subscript(&mut self, node: NodeId, value: ExprId, span: Span) -> ExprId {
        let tree = self.tree;
        let literal = self.in_annotation && self.is_literal_type(node);
        let index = self.index_of_type(node, tree.parts(node).skip(1), literal);
        let place = self
            .index_step(index)
            .and_then(|step| self.path(value, step));
        self.add(
            ExprKind::Subscript {
                value,
                index,
                place,
            },
            span,
        )
    }

    /// What stands in the brackets of `node`: several, or one with a comma behind it, are a tuple.
    pub(super) fn index(
        &mut self,
        node: NodeId,
        mut parts: impl Iterator<Item = NodeId>,
    ) -> ExprId {
        let Some(first) = parts.next() else {
            return self.hole(node);
        };
        let mut last = first;
        let base = self.list_stack.len();
        let value = self.expr(first);
        self.list_stack.push(value);
        for part in parts {
            let value = self.expr(part);
            self.list_stack.push(value);
            last = part;
        }
        let end = self.tree.span(last).end;
        let alone = self.list_stack.len() == base + 1;
        if alone && !self.has_comma(end, self.tree.span(node).end) {
            self.list_stack.truncate(base);
            return value;
        }
        let start = self.tree.span(first).start;
        let run = self.list(base);
        self.add(ExprKind::Tuple(run), Span { start, end })
    }

    /// Whether a comma stands between two offsets, outside of comments.
    pub(super) fn has_comma(&self, start: u32, end: u32) -> bool {
        let between = self.span_text(Span { start, end });
        between.lines().any(|line| {
            line.split('#')
                .next()
                .is_some_and(|code| code.contains(','))
        })
    }

    fn wrapped(&mut self, node: NodeId, kind: impl Fn(ExprId) -> ExprKind) -> ExprId {
        let value = self.first_of(node);
        self.add(kind(value), self.tree.span(node))
    }

    fn yielding(&mut self, node: NodeId) -> ExprId {
        // A yield inside a comprehension makes that a generator, where it is allowed at all.
        if self.body.comprehensions == 0 {
            self.body.is_generator = true;
        }
        let value = self.tree.first(node).map(|value| self.expr(value));
        let kind = match value {
            Some(value) if self.tree.child(node, Kind::From).is_some() => {
                ExprKind::YieldFrom(value)
            }
            value => ExprKind::Yield(value),
        };
        self.add(kind, self.tree.span(node))
    }

    fn conditional(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let (then, test, otherwise) = (parts.next(), parts.next(), parts.next());
        if let Some(walrus) = then.filter(|&then| tree.kind(then) == Kind::NamedExpression) {
            return self.walrus_around(walrus, test, otherwise, node);
        }
        let then = self.expr_or_hole(then, node);
        let test = self.expr_or_hole(test, node);
        let otherwise = self.expr_or_hole(otherwise, node);
        self.add(
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            },
            tree.span(node),
        )
    }

    /// `p := a if b else c`: the tree has the walrus inside the conditional, Python the other way around.
    fn walrus_around(
        &mut self,
        walrus: NodeId,
        test: Option<NodeId>,
        otherwise: Option<NodeId>,
        node: NodeId,
    ) -> ExprId {
        let tree = self.tree;
        let mut parts = tree.parts(walrus);
        let (target, then) = (parts.next(), parts.next());
        let then = self.expr_or_hole(then, walrus);
        let test = self.expr_or_hole(test, node);
        let otherwise = self.expr_or_hole(otherwise, node);
        let span = Span::new(self.exprs[then.index()].span.start, tree.span(node).end);
        let value = self.add(
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            },
            span,
        );
        self.walrus_of(target, value, node)
    }

    fn walrus(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let target = parts.next();
        let value = self.expr_or_hole(parts.next(), node);
        self.walrus_of(target, value, node)
    }

    fn walrus_of(&mut self, target: Option<NodeId>, value: ExprId, node: NodeId) -> ExprId {
        let Some(target) = target else { return value };
        let name = self.name_of(target);
        let place = self.bound_variable(name);
        let target = self.add(ExprKind::Name(place), self.tree.span(target));
        self.add(ExprKind::Walrus { target, value }, self.tree.span(node))
    }
}
