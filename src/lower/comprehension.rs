//! Comprehensions and generator expressions.

use super::Lowering;
use crate::ir::{
    Clause, Comprehension, ComprehensionId, ComprehensionKind, Dialect, ExprId, ExprKind,
};
use crate::syntax::{Kind, NodeId};

impl Lowering<'_> {
    pub(super) fn comprehension(&mut self, node: NodeId, kind: Kind) -> ExprId {
        let tree = self.tree;
        let kind = match kind {
            Kind::ListComprehension => ComprehensionKind::List,
            Kind::SetComprehension if self.unpacks_mappings(node) => ComprehensionKind::Dict,
            Kind::SetComprehension => ComprehensionKind::Set,
            Kind::DictionaryComprehension => ComprehensionKind::Dict,
            _ => ComprehensionKind::Generator,
        };
        let Some(first) = tree.child(node, Kind::ForInClause) else {
            return self.hole(node);
        };
        // The first iterable is evaluated outside, before the comprehension has a scope.
        let outermost = self.iterable(first);
        let opening = self.opening();
        let scoped = !(self.dialect == Dialect::Two && kind == ComprehensionKind::List);
        if scoped {
            self.body.comprehensions += 1;
            self.open_clause_targets(node);
        }
        let clauses = self.clauses(node, first, outermost);
        let (element, value) = self.element(node);
        if scoped {
            self.body.comprehensions -= 1;
            self.close_targets(opening);
        }
        self.comprehensions.push(Comprehension {
            kind,
            element,
            value,
            clauses,
        });
        let id = ComprehensionId::new(self.comprehensions.len() - 1);
        self.add(ExprKind::Comprehension(id), tree.span(node))
    }

    /// `{**d for d in ds}`, which the tree has as a set.
    fn unpacks_mappings(&self, node: NodeId) -> bool {
        self.tree
            .first(node)
            .is_some_and(|element| self.node_text(element).starts_with("**"))
    }

    /// The element; of a dict comprehension key and value.
    fn element(&mut self, node: NodeId) -> (ExprId, Option<ExprId>) {
        let Some(body) = self.tree.first(node) else {
            return (self.hole(node), None);
        };
        match self.tree.kind(body) {
            Kind::Pair => {
                let (key, value) = self.pair(body);
                (key, Some(value))
            }
            _ => (self.expr(body), None),
        }
    }

    fn clauses(&mut self, node: NodeId, first: NodeId, outermost: ExprId) -> Vec<Clause> {
        let tree = self.tree;
        let mut clauses: Vec<Clause> = Vec::with_capacity(1);
        for part in tree.parts(node) {
            match tree.kind(part) {
                Kind::ForInClause => {
                    let iterable = if part == first {
                        outermost
                    } else {
                        self.iterable(part)
                    };
                    let target = match tree.first(part) {
                        Some(target) => self.target(target),
                        None => self.hole(part),
                    };
                    let is_async = tree.child(part, Kind::Async).is_some();
                    clauses.push(Clause {
                        target,
                        iterable,
                        conditions: Vec::new(),
                        is_async,
                    });
                }
                Kind::IfClause => {
                    let condition = self.first_of(part);
                    if let Some(clause) = clauses.last_mut() {
                        clause.conditions.push(condition);
                    }
                }
                _ => {}
            }
        }
        clauses
    }

    /// What stands behind the `in` of a clause. Python 2 allows a bare tuple there.
    fn iterable(&mut self, clause: NodeId) -> ExprId {
        let tree = self.tree;
        self.index(clause, tree.parts(clause).skip(1))
    }

    /// Every name that the clauses bind is the comprehension's own from its start to its end.
    fn open_clause_targets(&mut self, node: NodeId) {
        let tree = self.tree;
        for clause in tree
            .parts(node)
            .filter(|&part| tree.kind(part) == Kind::ForInClause)
        {
            if let Some(target) = tree.first(clause) {
                self.open_names(target);
            }
        }
    }

    fn open_names(&mut self, target: NodeId) {
        match self.tree.kind(target) {
            Kind::Identifier => {
                let name = self.name_of(target);
                self.open_target(name);
            }
            Kind::PatternList
            | Kind::TuplePattern
            | Kind::ListPattern
            | Kind::ListSplatPattern
            | Kind::Tuple
            | Kind::List
            | Kind::ExpressionList
            | Kind::ListSplat
            | Kind::ParenthesizedExpression => {
                // Nested targets are as deep as the tree: only their names matter, so no recursion is needed.
                let mut skip_to = None;
                for part in self.tree.descendants(target) {
                    let start = self.tree.span(part).start;
                    if skip_to.is_some_and(|end| start < end) {
                        continue;
                    }
                    match self.tree.kind(part) {
                        Kind::Attribute | Kind::Subscript | Kind::Call => {
                            skip_to = Some(self.tree.span(part).end)
                        }
                        Kind::Identifier => {
                            let name = self.name_of(part);
                            self.open_target(name);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}
