//! Patterns of a `case`.

use super::matching::Capture;
use super::{DEPTH, Lowering};
use crate::ir::{BinaryOperator, ExprId, ExprKind, Pattern, PatternId, Step, UnaryOperator};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    pub(super) fn add_pattern(&mut self, pattern: Pattern) -> PatternId {
        self.patterns.push(pattern);
        PatternId::new(self.patterns.len() - 1)
    }

    /// Whether a pattern fits everything.
    pub(super) fn is_irrefutable(&self, pattern: PatternId) -> bool {
        match &self.patterns[pattern.index()] {
            Pattern::Anything => true,
            Pattern::As(inner) => self.is_irrefutable(*inner),
            Pattern::Or(parts) => parts.iter().any(|&part| self.is_irrefutable(part)),
            _ => false,
        }
    }

    pub(super) fn pattern(
        &mut self,
        node: NodeId,
        whole: bool,
        captures: &mut Vec<Capture>,
    ) -> PatternId {
        if self.depth >= DEPTH {
            let hole = self.too_deep(node);
            return self.add_pattern(Pattern::Value(hole));
        }
        self.depth += 1;
        let pattern = self.any_pattern(node, whole, captures);
        self.depth -= 1;
        pattern
    }

    fn any_pattern(&mut self, node: NodeId, whole: bool, captures: &mut Vec<Capture>) -> PatternId {
        let tree = self.tree;
        match tree.kind(node) {
            Kind::CasePattern => self.case_pattern(node, whole, captures),
            Kind::AsPattern => {
                let mut parts = tree.parts(node);
                let Some(inner) = parts.next() else {
                    return self.add_pattern(Pattern::Anything);
                };
                let inner = self.pattern(inner, whole, captures);
                if let Some(word) = parts.next() {
                    captures.push(Capture { word, whole });
                }
                self.add_pattern(Pattern::As(inner))
            }
            Kind::UnionPattern => self.union_pattern(node, whole, captures),
            Kind::ListPattern => self.sequence_pattern(node, captures),
            Kind::TuplePattern => self.tuple_pattern(node, whole, captures),
            Kind::DictPattern => self.mapping_pattern(node, captures),
            Kind::ClassPattern => self.class_pattern(node, captures),
            Kind::SplatPattern => {
                captures.extend(tree.first(node).map(|word| Capture { word, whole: false }));
                self.add_pattern(Pattern::Star)
            }
            Kind::DottedName => self.dotted_pattern(node, whole, captures),
            Kind::KeywordPattern => match tree.parts(node).nth(1) {
                Some(value) => self.pattern(value, false, captures),
                // `a=_` has no node behind the sign.
                None => self.add_pattern(Pattern::Anything),
            },
            _ => {
                let value = self.pattern_value(node);
                self.add_pattern(Pattern::Value(value))
            }
        }
    }

    fn case_pattern(
        &mut self,
        node: NodeId,
        whole: bool,
        captures: &mut Vec<Capture>,
    ) -> PatternId {
        let tree = self.tree;
        let mut children = tree.children(node);
        let Some(first) = children.next() else {
            return self.add_pattern(Pattern::Anything);
        };
        match tree.kind(first) {
            Kind::Underscore => self.add_pattern(Pattern::Anything),
            Kind::Minus => {
                let value = self.negative(first, children.next(), node);
                self.add_pattern(Pattern::Value(value))
            }
            _ => self.pattern(first, whole, captures),
        }
    }

    /// `-1`: the sign and the number stand side by side.
    fn negative(&mut self, sign: NodeId, number: Option<NodeId>, node: NodeId) -> ExprId {
        let operand = self.expr_or_hole(number, node);
        let span = Span::new(
            self.tree.span(sign).start,
            self.exprs[operand.index()].span.end,
        );
        self.add(
            ExprKind::Unary {
                operator: UnaryOperator::Minus,
                operand,
            },
            span,
        )
    }

    fn union_pattern(
        &mut self,
        node: NodeId,
        whole: bool,
        captures: &mut Vec<Capture>,
    ) -> PatternId {
        let tree = self.tree;
        let mut parts = Vec::new();
        let mut children = tree.children(node);
        while let Some(child) = children.next() {
            match tree.kind(child) {
                Kind::Pipe => {}
                Kind::Underscore => parts.push(self.add_pattern(Pattern::Anything)),
                Kind::Minus => {
                    let value = self.negative(child, children.next(), node);
                    parts.push(self.add_pattern(Pattern::Value(value)));
                }
                // `a | b | c` nests in some versions of the grammar.
                _ => parts.push(self.pattern(child, whole, captures)),
            }
        }
        self.unique_captures(captures);
        self.add_pattern(Pattern::Or(parts))
    }

    /// The alternatives of a pattern bind the same names: each is bound once.
    fn unique_captures(&self, captures: &mut Vec<Capture>) {
        let mut seen: Vec<&str> = Vec::new();
        captures.retain(|capture| {
            let text = self.node_text(capture.word);
            let new = !seen.contains(&text);
            seen.push(text);
            new
        });
    }

    fn sequence_pattern(&mut self, node: NodeId, captures: &mut Vec<Capture>) -> PatternId {
        let parts: Vec<NodeId> = self.tree.parts(node).collect();
        let parts = parts
            .into_iter()
            .map(|part| self.pattern(part, false, captures))
            .collect();
        self.add_pattern(Pattern::Sequence(parts))
    }

    /// `(a)` is a group, `(a,)` and `(a, b)` are sequences.
    fn tuple_pattern(
        &mut self,
        node: NodeId,
        whole: bool,
        captures: &mut Vec<Capture>,
    ) -> PatternId {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        if let (Some(only), None) = (parts.next(), parts.next())
            && !self.has_comma(tree.span(only).end, tree.span(node).end)
        {
            return self.pattern(only, whole, captures);
        }
        self.sequence_pattern(node, captures)
    }

    fn mapping_pattern(&mut self, node: NodeId, captures: &mut Vec<Capture>) -> PatternId {
        let tree = self.tree;
        // Keys are literals or dotted names and bind nothing; only the values and `**rest` matter.
        let parts: Vec<NodeId> = tree
            .parts(node)
            .filter(|&part| matches!(tree.kind(part), Kind::CasePattern | Kind::SplatPattern))
            .collect();
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            if tree.kind(part) == Kind::SplatPattern {
                captures.extend(tree.first(part).map(|word| Capture { word, whole: false }));
            } else {
                values.push(self.pattern(part, false, captures));
            }
        }
        self.add_pattern(Pattern::Mapping(values))
    }

    fn class_pattern(&mut self, node: NodeId, captures: &mut Vec<Capture>) -> PatternId {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let Some(class) = parts.next() else {
            return self.add_pattern(Pattern::Anything);
        };
        let class = self.dotted_value(class);
        let parts: Vec<NodeId> = parts.collect();
        let parts = parts
            .into_iter()
            .map(|part| self.pattern(part, false, captures))
            .collect();
        self.add_pattern(Pattern::Class { class, parts })
    }

    /// A bare name captures; a dotted one is a value.
    fn dotted_pattern(
        &mut self,
        node: NodeId,
        whole: bool,
        captures: &mut Vec<Capture>,
    ) -> PatternId {
        let tree = self.tree;
        let mut words = tree.parts(node);
        let (Some(word), None) = (words.next(), words.next()) else {
            let value = self.dotted_value(node);
            return self.add_pattern(Pattern::Value(value));
        };
        captures.push(Capture { word, whole });
        self.add_pattern(Pattern::Anything)
    }

    /// `a.b.c` as an expression.
    fn dotted_value(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let mut words = tree.parts(node);
        let Some(first) = words.next() else {
            return self.hole(node);
        };
        let start = tree.span(first).start;
        let mut value = self.name(first);
        for word in words.take(DEPTH as usize) {
            let name = self.name_of(word);
            let place = self.path(value, Step::Attribute(name));
            let span = Span::new(start, tree.span(word).end);
            value = self.add(ExprKind::Attribute { value, name, place }, span);
        }
        value
    }

    fn pattern_value(&mut self, node: NodeId) -> ExprId {
        if self.tree.kind(node) != Kind::ComplexPattern {
            return self.expr(node);
        }
        let tree = self.tree;
        let mut numbers = tree.parts(node);
        let left = self.expr_or_hole(numbers.next(), node);
        let right = self.expr_or_hole(numbers.next(), node);
        let minus = tree
            .children(node)
            .skip(1)
            .any(|child| tree.kind(child) == Kind::Minus);
        let operator = if minus {
            BinaryOperator::Subtract
        } else {
            BinaryOperator::Add
        };
        self.add(
            ExprKind::Binary {
                operator,
                left,
                right,
            },
            tree.span(node),
        )
    }
}
