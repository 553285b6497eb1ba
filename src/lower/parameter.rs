//! Parameters, type parameters, and the type comments of functions.

use super::Lowering;
use super::definition::Head;
use crate::ir::{ExprId, ExprKind, InstKind, Parameter, ParameterKind, PlaceId, Source};
use crate::syntax::{Kind, NodeId};

impl Lowering<'_> {
    /// Type parameters are seen by the definition alone; each is bound right before it.
    pub(super) fn type_parameters(&mut self, list: NodeId) {
        let tree = self.tree;
        for parameter in tree.parts(list) {
            let Some(word) = tree
                .descendants(parameter)
                .find(|&part| tree.kind(part) == Kind::Identifier)
            else {
                continue;
            };
            let name = self.name_of(word);
            let place = self.open_target(name);
            let target = self.add(ExprKind::Name(place), tree.span(word));
            let kind = InstKind::Bind {
                target,
                source: Source::Opaque,
                annotation: None,
            };
            self.body.emit(kind, tree.span(parameter));
        }
    }

    pub(super) fn parameters(&mut self, list: NodeId) -> Head {
        let tree = self.tree;
        let mut head = Head::default();
        let mut kind = ParameterKind::Normal;
        for part in tree.parts(list) {
            match tree.kind(part) {
                Kind::PositionalSeparator => {
                    for parameter in &mut head.parameters {
                        parameter.kind = ParameterKind::PositionalOnly;
                    }
                }
                Kind::KeywordSeparator => kind = ParameterKind::KeywordOnly,
                _ => {
                    self.parameter(part, kind, &mut head);
                    if head
                        .parameters
                        .last()
                        .is_some_and(|last| last.kind == ParameterKind::Star)
                    {
                        kind = ParameterKind::KeywordOnly;
                    }
                }
            }
        }
        head
    }

    fn parameter(&mut self, node: NodeId, kind: ParameterKind, head: &mut Head) {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let (declared, default) = match tree.kind(node) {
            Kind::DefaultParameter => (parts.next(), parts.next()),
            Kind::TypedDefaultParameter => (parts.next(), parts.nth(1)),
            Kind::TypedParameter => (parts.next(), None),
            Kind::Identifier
            | Kind::ListSplatPattern
            | Kind::DictionarySplatPattern
            | Kind::TuplePattern
            | Kind::None
            | Kind::True
            | Kind::False => (Some(node), None),
            _ => (None, None),
        };
        let Some(declared) = declared else { return };
        let annotation = match tree.kind(node) {
            Kind::TypedParameter | Kind::TypedDefaultParameter => tree.child(node, Kind::Type),
            _ => None,
        };
        let annotation = annotation.map(|annotation| self.annotation(annotation));
        let default = default.map(|default| self.expr(default));
        let kind = match tree.kind(declared) {
            Kind::ListSplatPattern => ParameterKind::Star,
            Kind::DictionarySplatPattern => ParameterKind::DoubleStar,
            _ => kind,
        };
        let index = head.parameters.len();
        let name = match tree.kind(declared) {
            Kind::TuplePattern => {
                head.unpacked.push((index, declared));
                self.names.intern("")
            }
            Kind::ListSplatPattern | Kind::DictionarySplatPattern => {
                let word = tree.first(declared).unwrap_or(declared);
                self.name_of(word)
            }
            _ => self.name_of(declared),
        };
        let place = PlaceId::new(index);
        let span = tree.span(node);
        head.parameters.push(Parameter {
            place,
            name,
            span,
            kind,
            default,
            annotation,
        });
    }

    /// `# type: (int, str) -> bool` behind a head or on the first line of its suite, and `# type:` behind a parameter.
    pub(super) fn function_comment(
        &mut self,
        node: NodeId,
        suite: NodeId,
        parameters: &mut [Parameter],
    ) -> Option<ExprId> {
        let tree = self.tree;
        if !tree.has_type_comments() {
            return None;
        }
        for parameter in parameters
            .iter_mut()
            .filter(|parameter| parameter.annotation.is_none())
        {
            // The comment behind the last parameter may be the whole function's.
            let comment = self.type_comment_behind(parameter.span.end);
            let own = comment.filter(|&comment| tree.fragment(comment + 1).is_none());
            let fragment = own.and_then(|comment| tree.fragment(comment));
            parameter.annotation = fragment.map(|fragment| self.annotation(fragment));
        }
        let head = tree
            .children(node)
            .take_while(|&child| tree.kind(child) != Kind::Block)
            .last()?;
        let (start, end) = (tree.span(head).end, self.suite_span(suite).start);
        let first = tree
            .comments
            .partition_point(|comment| comment.start < start);
        let comment = tree.comments[first..]
            .iter()
            .take_while(|comment| comment.start < end);
        let comment = comment
            .map(|comment| comment.start)
            .find(|&comment| tree.fragment(comment + 1).is_some())?;
        let types = tree.fragment(comment);
        if let Some(types) = types {
            self.spread_types(types, parameters);
        }
        tree.fragment(comment + 1)
            .map(|returns| self.annotation(returns))
    }

    /// Gives the types of a function's type comment to its parameters; `(...)` says nothing, and `self` may be left out.
    fn spread_types(&mut self, types: NodeId, parameters: &mut [Parameter]) {
        let tree = self.tree;
        let types: Vec<NodeId> = match tree.kind(types) {
            Kind::Tuple | Kind::ParenthesizedExpression => tree.parts(types).collect(),
            _ => return,
        };
        let skipped = match parameters.len().checked_sub(types.len()) {
            Some(skipped) if skipped <= 1 => skipped,
            _ => return,
        };
        for (parameter, &annotation) in parameters[skipped..].iter_mut().zip(&types) {
            if tree.kind(annotation) != Kind::Ellipsis && parameter.annotation.is_none() {
                parameter.annotation = Some(self.annotation(annotation));
            }
        }
    }
}
