//! Simple statements.

use super::{DEPTH, Lowering};
use crate::ir::{Argument, Dialect, ExprId, ExprKind, InstKind, Next, Passing, Run, Source};
use crate::syntax::{Kind, NodeId};
use crate::text::Span;

impl Lowering<'_> {
    /// Reads the statements of a suite or of the file.
    pub(super) fn statements(&mut self, suite: NodeId) {
        for node in self.tree.parts(suite) {
            self.statement(node);
        }
    }

    pub(super) fn statement(&mut self, node: NodeId) {
        if self.depth >= DEPTH {
            self.too_deep_statement(node);
            return;
        }
        self.depth += 1;
        self.any_statement(node);
        self.depth -= 1;
    }

    fn any_statement(&mut self, node: NodeId) {
        let kind = self.tree.kind(node);
        if self.tree.is_repaired() && self.is_broken(node, kind) {
            return;
        }
        match kind {
            Kind::ExpressionStatement => self.expression_statement(node),
            Kind::ReturnStatement => self.return_statement(node),
            Kind::IfStatement => self.if_statement(node),
            Kind::FunctionDefinition => {
                self.function(node, Run::default(), self.tree.span(node).start)
            }
            Kind::ClassDefinition => self.class(node, Run::default(), self.tree.span(node).start),
            Kind::DecoratedDefinition => self.decorated(node),
            Kind::ForStatement => self.for_statement(node),
            Kind::WhileStatement => self.while_statement(node),
            Kind::TryStatement => self.try_statement(node),
            Kind::WithStatement => self.with_statement(node),
            Kind::MatchStatement => self.match_statement(node),
            Kind::RaiseStatement => self.raise_statement(node),
            Kind::AssertStatement => self.assert_statement(node),
            Kind::DeleteStatement => self.delete_statement(node),
            Kind::ImportStatement => self.import(node),
            Kind::ImportFromStatement => self.import_from(node),
            Kind::FutureImportStatement => self.import_future(node),
            Kind::GlobalStatement => self.declare_scope(node, true),
            Kind::NonlocalStatement => self.declare_scope(node, false),
            Kind::PrintStatement => self.print_statement(node),
            Kind::ExecStatement => self.exec_statement(node),
            Kind::TypeAliasStatement => self.type_alias(node),
            Kind::BreakStatement => self.jump(true),
            Kind::ContinueStatement => self.jump(false),
            Kind::PassStatement => {}
            _ => self.unread_statement(node),
        }
    }

    pub(super) fn too_deep_statement(&mut self, node: NodeId) {
        let hole = self.too_deep(node);
        self.body.emit(InstKind::Eval(hole), self.tree.span(node));
    }

    fn eval(&mut self, node: NodeId) {
        let value = self.expr(node);
        self.body.emit(InstKind::Eval(value), self.tree.span(node));
    }

    fn expression_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        if self.dialect == Dialect::Two && self.old_statement(node) {
            return;
        }
        let mut parts = tree.parts(node);
        let Some(first) = parts.next() else { return };
        match tree.kind(first) {
            Kind::Assignment => self.assignment(first),
            Kind::AugmentedAssignment => self.augmented(first),
            _ if parts.next().is_none()
                && !self.has_comma(tree.span(first).end, tree.span(node).end) =>
            {
                let value = self.expr(first);
                self.body.emit(InstKind::Eval(value), tree.span(node));
            }
            _ => {
                let value = self.index(node, tree.parts(node));
                self.body.emit(InstKind::Eval(value), tree.span(node));
            }
        }
    }

    /// `x = y = value`: the value is read once, and each target is bound to it, left to right.
    fn assignment(&mut self, node: NodeId) {
        let tree = self.tree;
        let statement = tree.span(node);
        let stack = self.node_stack.len();
        let mut last = node;
        loop {
            let mut parts = tree.parts(last);
            let (Some(left), right) = (parts.next(), parts.last()) else {
                break;
            };
            match right {
                Some(right)
                    if tree.kind(right) == Kind::Assignment
                        && tree.child(last, Kind::Type).is_none() =>
                {
                    self.node_stack.push(left);
                    last = right;
                }
                _ => break,
            }
        }
        let annotated = tree.child(last, Kind::Type);
        let mut parts = tree.parts(last);
        let (left, right) = (parts.next(), parts.last());
        let Some(left) = left else {
            self.node_stack.truncate(stack);
            return;
        };
        self.node_stack.push(left);
        if let Some(annotated) = annotated.filter(|&annotated| right == Some(annotated)) {
            self.node_stack.truncate(stack);
            return self.declaration(left, annotated, statement);
        }
        let value = match right {
            Some(right) if tree.kind(right) == Kind::AugmentedAssignment => self.hole(right),
            right => self.expr_or_hole(right, last),
        };
        let annotation = match annotated {
            Some(annotated) => Some(self.annotation(annotated)),
            None => self.assignment_comment(statement.end),
        };
        let targets: Vec<NodeId> = self.node_stack.drain(stack..).collect();
        for left in targets {
            let target = self.target(left);
            self.body.emit(
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    annotation,
                },
                statement,
            );
        }
    }

    fn declaration(&mut self, left: NodeId, annotated: NodeId, span: Span) {
        let annotation = self.annotation(annotated);
        // A declared name is local, though nothing is bound to it yet.
        let target = self.target(left);
        self.body
            .emit(InstKind::Declare { target, annotation }, span);
    }

    fn augmented(&mut self, node: NodeId) {
        let tree = self.tree;
        let operator = self.augmented_operator(node);
        let mut parts = tree.parts(node);
        let (Some(left), right) = (parts.next(), parts.next()) else {
            return;
        };
        let value = self.expr_or_hole(right, node);
        let target = self.target(left);
        let source = Source::Augmented { operator, value };
        self.body.emit(
            InstKind::Bind {
                target,
                source,
                annotation: None,
            },
            tree.span(node),
        );
    }

    fn return_statement(&mut self, node: NodeId) {
        let value = self.tree.first(node).map(|value| self.expr(value));
        self.body
            .emit(InstKind::Return(value), self.tree.span(node));
        self.body.end(Next::Return);
    }

    fn raise_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let (first, second) = (parts.next(), parts.next());
        // `raise from e` is no Python; whatever stands alone is the exception.
        let exception = first.map(|first| match tree.kind(first) {
            Kind::ExpressionList => self.old_raise(first),
            _ => self.expr(first),
        });
        let cause = second.map(|second| self.expr(second));
        self.body.emit(
            InstKind::Raise {
                exception,
                cause,
                assertion: false,
            },
            tree.span(node),
        );
        self.body.end(Next::Raise);
    }

    /// Python 2's `raise E, "m", traceback` raises `E("m")`.
    fn old_raise(&mut self, list: NodeId) -> ExprId {
        let tree = self.tree;
        let mut parts = tree.parts(list);
        let callee = self.expr_or_hole(parts.next(), list);
        let Some(value) = parts.next() else {
            return callee;
        };
        let base = self.argument_stack.len();
        match tree.kind(value) {
            Kind::None => {}
            Kind::Tuple => {
                for part in tree.parts(value) {
                    let value = self.expr(part);
                    self.argument_stack.push(Argument {
                        passing: Passing::Positional,
                        value,
                    });
                }
            }
            _ => {
                let value = self.expr(value);
                self.argument_stack.push(Argument {
                    passing: Passing::Positional,
                    value,
                });
            }
        }
        let bare = tree.kind(value) == Kind::None;
        if let Some(traceback) = parts.next() {
            self.eval(traceback);
        }
        let arguments = self.arguments(base);
        if bare {
            callee
        } else {
            self.add(ExprKind::Call { callee, arguments }, tree.span(list))
        }
    }

    fn assert_statement(&mut self, node: NodeId) {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let Some(test_node) = parts.next() else {
            return;
        };
        let span = tree.span(node);
        let test = self.expr(test_node);
        self.body.emit(InstKind::Eval(test), span);
        let (holds, fails) = self.body.branch();
        self.body.start(fails);
        self.body.assume(test, false, span);
        let exception = parts.next().map(|message| self.expr(message));
        self.body.emit(
            InstKind::Raise {
                exception,
                cause: None,
                assertion: true,
            },
            span,
        );
        self.body.end(Next::Raise);
        self.body.start(holds);
        self.body.assume(test, true, span);
    }

    fn delete_statement(&mut self, node: NodeId) {
        if self.node_text(node).starts_with("exec") {
            return self.long_exec(node);
        }
        for part in self.tree.parts(node) {
            self.forget(part, self.tree.span(node));
        }
    }

    fn forget(&mut self, node: NodeId, span: Span) {
        match self.tree.kind(node) {
            Kind::ExpressionList | Kind::Tuple | Kind::List | Kind::ParenthesizedExpression
                if self.depth < DEPTH =>
            {
                self.depth += 1;
                self.tree
                    .parts(node)
                    .for_each(|part| self.forget(part, span));
                self.depth -= 1;
            }
            _ => {
                let target = self.target(node);
                self.body.emit(InstKind::Forget(target), span);
            }
        }
    }

    fn declare_scope(&mut self, node: NodeId, global: bool) {
        for word in self.tree.parts(node) {
            let name = self.name_of(word);
            self.declared_variable(name, global);
        }
    }

    fn type_alias(&mut self, node: NodeId) {
        let tree = self.tree;
        let mut parts = tree.parts(node);
        let (Some(left), right) = (parts.next(), parts.next()) else {
            return;
        };
        let inner = tree.first(left).unwrap_or(left);
        let word = match tree.kind(inner) {
            Kind::Identifier => Some(inner),
            Kind::GenericType => tree.first(inner),
            _ => None,
        };
        match word {
            Some(word) => {
                let opening = self.opening();
                if let Some(list) = tree.child(inner, Kind::TypeParameter) {
                    self.type_parameters(list);
                }
                if let Some(right) = right {
                    self.annotation(right);
                }
                self.close_targets(opening);
                let target = self.bound_name(word);
                let kind = InstKind::Bind {
                    target,
                    source: Source::Opaque,
                    annotation: None,
                };
                self.body.emit(kind, tree.span(node));
            }
            None => self.assignment_to_type(node, inner, right),
        }
    }

    /// `break` or `continue`.
    fn jump(&mut self, out: bool) {
        match self.body.innermost {
            Some(target) => {
                self.body.block();
                self.body
                    .end(Next::Goto(if out { target.after } else { target.header }));
            }
            None => self.body.end(Next::Never),
        }
    }

    /// A call of a builtin that Python 2 writes as a statement.
    pub(super) fn builtin_call(&mut self, word: Span, run: Run, span: Span) {
        let name = self.span_text(word);
        let name = self.names.intern(name);
        let place = self.variable(name);
        let callee = self.add(ExprKind::Name(place), word);
        let call = self.add(
            ExprKind::Call {
                callee,
                arguments: run,
            },
            span,
        );
        self.body.emit(InstKind::Eval(call), span);
    }
}
