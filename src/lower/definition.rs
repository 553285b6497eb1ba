//! Functions, lambdas and classes: what the parent evaluates, and the queue of their bodies.

use super::body::Body;
use super::{DEPTH, Lowering};
use crate::ir::{
    Class, ClassId, ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind, NameId, Next,
    Parameter, Run, Source, Step,
};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

/// A body that waits for the one around it to be finished.
#[derive(Debug)]
pub(super) struct Pending {
    id: FunctionId,
    kind: FunctionKind,
    /// The suite, the lambda's expression, or the module.
    code: NodeId,
    /// Python 2 tuple parameters: their index and pattern.
    unpacked: Vec<(usize, NodeId)>,
    depth: u32,
}

/// What the head of a definition says, in the parent's places.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) parameters: Vec<Parameter>,
    pub(super) unpacked: Vec<(usize, NodeId)>,
}

impl Lowering<'_> {
    pub(super) fn queue_module(&mut self) {
        let root = self.tree.root();
        let name = self.names.intern("<module>");
        let span = Span::new(0, self.text.len() as u32);
        let function = Function {
            has_docstring: self.has_docstring(root),
            ..self.blank(name, FunctionKind::Module, span, Span::default())
        };
        self.queue(function, root, Vec::new());
    }

    /// A function of which nothing but its name is known.
    fn blank(&mut self, name: NameId, kind: FunctionKind, span: Span, name_span: Span) -> Function {
        Function {
            name,
            kind,
            parent: (kind != FunctionKind::Module).then_some(self.body.id),
            class: None,
            span,
            name_span,
            decorators: Run::default(),
            parameters: Vec::new(),
            returns: None,
            is_async: false,
            is_generator: false,
            has_docstring: false,
            is_dynamic: false,
            exprs: Run::default(),
            places: Vec::new(),
            insts: Vec::new(),
            blocks: Vec::new(),
            tries: Vec::new(),
            loops: Vec::new(),
        }
    }

    fn queue(
        &mut self,
        function: Function,
        code: NodeId,
        unpacked: Vec<(usize, NodeId)>,
    ) -> FunctionId {
        let id = self.next_function();
        let kind = function.kind;
        self.functions.push(function);
        self.record_environment();
        self.queue.push_back(Pending {
            id,
            kind,
            code,
            unpacked,
            depth: self.depth,
        });
        id
    }

    /// Lowers a queued body.
    pub(super) fn lower_body(&mut self, pending: Pending) {
        let first_expr = self.exprs.len();
        self.body = Body::new(pending.id, pending.kind);
        self.depth = pending.depth;
        let entry = self.body.new_block();
        self.body.start(entry);
        self.bind_parameters(pending.id);
        for (index, pattern) in pending.unpacked {
            self.unpack_parameter(index, pattern);
        }
        if pending.kind == FunctionKind::Lambda {
            let span = self.tree.span(pending.code);
            let value = self.expr(pending.code);
            self.body.emit(InstKind::Return(Some(value)), span);
        } else {
            self.statements(pending.code);
        }
        self.body.end(Next::Return);
        self.resolve();
        self.store_body(first_expr);
    }

    fn bind_parameters(&mut self, id: FunctionId) {
        let count = self.functions[id.index()].parameters.len();
        for index in 0..count {
            let name = self.functions[id.index()].parameters[index].name;
            let place = self.parameter_variable(name, index);
            self.functions[id.index()].parameters[index].place = place;
        }
    }

    /// Python 2's `def f((a, b))` binds its parts at the entry.
    fn unpack_parameter(&mut self, _index: usize, pattern: NodeId) {
        let target = self.target(pattern);
        let kind = InstKind::Bind {
            target,
            source: Source::Opaque,
            annotation: None,
        };
        self.body.emit(kind, self.tree.span(pattern));
    }

    /// A definition with its decorators.
    pub(super) fn decorated(&mut self, node: NodeId) {
        let tree = self.tree;
        let base = self.list_stack.len();
        let mut definition = None;
        for part in tree.parts(node) {
            match tree.kind(part) {
                Kind::Decorator => {
                    let decorator = self.first_of(part);
                    self.list_stack.push(decorator);
                }
                _ => definition = Some(part),
            }
        }
        let decorators = self.list(base);
        let start = tree.span(node).start;
        match definition {
            Some(definition) if tree.kind(definition) == Kind::ClassDefinition => {
                self.class(definition, decorators, start);
            }
            Some(definition) if tree.kind(definition) == Kind::FunctionDefinition => {
                self.function(definition, decorators, start);
            }
            _ => self.unread_statement(node),
        }
    }

    pub(super) fn function(&mut self, node: NodeId, decorators: Run, start: u32) {
        let tree = self.tree;
        if self.depth >= DEPTH {
            self.too_deep_statement(node);
            return;
        }
        let (Some(word), Some(suite)) = (
            tree.child(node, Kind::Identifier),
            tree.child(node, Kind::Block),
        ) else {
            self.unread_statement(node);
            return;
        };
        let opening = self.opening();
        if let Some(list) = tree.child(node, Kind::TypeParameter) {
            self.type_parameters(list);
        }
        let mut head = match tree.child(node, Kind::Parameters) {
            Some(list) => self.parameters(list),
            None => Head::default(),
        };
        let returns = tree
            .child(node, Kind::Type)
            .map(|annotation| self.annotation(annotation));
        let returns = self
            .function_comment(node, suite, &mut head.parameters)
            .or(returns);
        let name = self.name_of(word);
        let span = Span::new(start, self.suite_span(suite).end.max(tree.span(word).end));
        let function = Function {
            class: self.current_class(),
            decorators,
            parameters: head.parameters,
            returns,
            is_async: tree.is_async(node),
            has_docstring: self.has_docstring(suite),
            ..self.blank(name, FunctionKind::Def, span, tree.span(word))
        };
        let id = self.queue(function, suite, head.unpacked);
        self.close_targets(opening);
        self.bind_definition(word, Source::Function(id), span);
    }

    fn bind_definition(&mut self, word: NodeId, source: Source, span: Span) {
        let target = self.bound_name(word);
        self.body.emit(
            InstKind::Bind {
                target,
                source,
                annotation: None,
            },
            span,
        );
    }

    pub(super) fn class(&mut self, node: NodeId, decorators: Run, start: u32) {
        let tree = self.tree;
        if self.depth >= DEPTH {
            self.too_deep_statement(node);
            return;
        }
        let (Some(word), Some(suite)) = (
            tree.child(node, Kind::Identifier),
            tree.child(node, Kind::Block),
        ) else {
            self.unread_statement(node);
            return;
        };
        let opening = self.opening();
        if let Some(list) = tree.child(node, Kind::TypeParameter) {
            self.type_parameters(list);
        }
        let arguments = match tree.child(node, Kind::ArgumentList) {
            Some(list) => self.call_arguments(list),
            None => Run::default(),
        };
        let name = self.name_of(word);
        let span = Span::new(start, self.suite_span(suite).end.max(tree.span(word).end));
        let name_span = tree.span(word);
        let class = ClassId::new(self.classes.len());
        let function = Function {
            class: Some(class),
            has_docstring: self.has_docstring(suite),
            ..self.blank(name, FunctionKind::Class, span, name_span)
        };
        let body = self.queue(function, suite, Vec::new());
        self.classes.push(Class {
            name,
            name_span,
            span,
            parent: self.body.id,
            body,
            arguments,
            decorators,
        });
        self.close_targets(opening);
        self.bind_definition(word, Source::Class(class), span);
    }

    pub(super) fn lambda(&mut self, node: NodeId) -> ExprId {
        let tree = self.tree;
        let head = match tree.child(node, Kind::LambdaParameters) {
            Some(list) => self.parameters(list),
            None => Head::default(),
        };
        let Some(code) = tree
            .parts(node)
            .find(|&part| tree.kind(part) != Kind::LambdaParameters)
        else {
            return self.hole(node);
        };
        let name = self.names.intern("<lambda>");
        let span = tree.span(node);
        let word = Span::new(span.start, span.start + "lambda".len() as u32);
        let function = Function {
            parameters: head.parameters,
            ..self.blank(name, FunctionKind::Lambda, span, word)
        };
        let id = self.queue(function, code, head.unpacked);
        self.add(ExprKind::Lambda(id), span)
    }

    fn has_docstring(&self, suite: NodeId) -> bool {
        let tree = self.tree;
        let Some(first) = tree
            .first(suite)
            .filter(|&first| tree.kind(first) == Kind::ExpressionStatement)
        else {
            return false;
        };
        let mut parts = tree.parts(first);
        let (Some(only), None) = (parts.next(), parts.next()) else {
            return false;
        };
        match tree.kind(only) {
            Kind::String => super::literal::is_text(self.node_text(only)),
            Kind::ConcatenatedString => tree
                .parts(only)
                .all(|part| super::literal::is_text(self.node_text(part))),
            _ => false,
        }
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
}
