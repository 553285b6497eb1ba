//! Syntax to IR, one small function per construct.
//!
//! A body is lowered from its first statement to its last; the bodies inside it are queued and follow when it is
//! finished. So the expressions of a function stand together, and what a nested function finds of the functions around
//! it is final.

mod annotation;
mod body;
mod broken;
mod call;
mod comment;
mod comprehension;
mod control;
mod decode;
mod definition;
mod dialect;
mod display;
mod expr;
mod import;
mod literal;
mod matching;
mod names;
mod old;
mod operator;
mod parameter;
mod pattern;
mod repair;
mod resolve;
mod scope;
mod statement;
mod target;
mod trying;

use crate::ir::{
    Argument, BlockId, Class, Comprehension, Dialect, Expr, ExprId, ExprKind, Function, FunctionId,
    Import, Module, NameId, Pattern, Problem, ProblemKind, Run,
};
use crate::syntax::{self, NodeId, Tree};
use crate::text::{Lines, Span};
use body::Body;
use definition::Pending;
use names::Names;
use scope::Scopes;
use std::collections::VecDeque;

/// How deep syntax may nest, and no expression of a module is deeper: a pass over the IR may recurse.
pub const DEPTH: u32 = 400;

/// Reads a file. Never fails: what could not be read is in the module's problems.
///
/// Without a dialect the file's own is found by what only one of the two reads.
pub fn lower(source: &[u8], dialect: Option<Dialect>) -> Module {
    let text = match decode::decode(source) {
        Ok(text) => text,
        Err(problem) => return unreadable(source, dialect, problem),
    };
    let tree = syntax::parse(text.as_bytes());
    let dialect = dialect.unwrap_or_else(|| dialect::detect(&tree, &text));
    let mut lowering = Lowering::new(&text, &tree, dialect);
    let unread = tree.unread().iter();
    lowering.problems.extend(unread.map(|&span| Problem {
        kind: ProblemKind::Syntax,
        span,
    }));
    lowering.module();
    let mut module = lowering.finish();
    module.problems.sort_by_key(|problem| problem.span);
    module.lines = Lines::of(source);
    module.comments = tree.comments.clone();
    module.admissions = comment::admissions(&tree.comments, &text);
    module.suppressions = comment::suppressions(&tree.comments, &text, &module.lines);
    module
}

/// The module of a file of which nothing could be read.
fn unreadable(source: &[u8], dialect: Option<Dialect>, problem: Problem) -> Module {
    let tree = syntax::parse(b"");
    let mut lowering = Lowering::new("", &tree, dialect.unwrap_or(Dialect::Three));
    lowering.problems.push(problem);
    lowering.module();
    let mut module = lowering.finish();
    module.lines = Lines::of(source);
    module
}

/// The module under construction.
struct Lowering<'a> {
    text: &'a str,
    tree: &'a Tree,
    dialect: Dialect,
    /// `from __future__ import print_function`: `print` is a name.
    print_function: bool,
    names: Names,
    functions: Vec<Function>,
    classes: Vec<Class>,
    exprs: Vec<Expr>,
    lists: Vec<ExprId>,
    arguments: Vec<Argument>,
    comprehensions: Vec<Comprehension>,
    patterns: Vec<Pattern>,
    imports: Vec<Import>,
    problems: Vec<Problem>,
    queue: VecDeque<Pending>,
    body: Body,
    scopes: Scopes,
    depth: u32,
    /// Elements of the lists that are being read, innermost last.
    list_stack: Vec<ExprId>,
    argument_stack: Vec<Argument>,
    node_stack: Vec<NodeId>,
    /// Content of the literal that is being read.
    buffer: String,
    /// Inside an annotation, where a string is an expression.
    in_annotation: bool,
    /// Where a Python 2 statement starts whose first word `print` is no name.
    print_at: Option<u32>,
    /// Where the parentheses start that the word `type` in front of them calls.
    called_at: Option<u32>,
    /// The block that the current case goes on to where it does not fit.
    next_case: Option<BlockId>,
    /// `globals()` is called somewhere.
    changes_globals: bool,
}

/// Names that are told apart by their id: they are interned first.
const KNOWN: [&str; 5] = ["locals", "exec", "eval", "vars", "globals"];
const LOCALS: usize = 0;
const EXEC: usize = 1;
const EVAL: usize = 2;
const VARS: usize = 3;
const GLOBALS: usize = 4;

impl<'a> Lowering<'a> {
    fn new(text: &'a str, tree: &'a Tree, dialect: Dialect) -> Self {
        Self {
            text,
            tree,
            dialect,
            print_function: false,
            names: KNOWN.iter().fold(Names::default(), |mut names, name| {
                names.intern(name);
                names
            }),
            functions: Vec::new(),
            classes: Vec::new(),
            exprs: Vec::new(),
            lists: Vec::new(),
            arguments: Vec::new(),
            comprehensions: Vec::new(),
            patterns: Vec::new(),
            imports: Vec::new(),
            problems: Vec::new(),
            queue: VecDeque::new(),
            body: Body::default(),
            scopes: Scopes::default(),
            depth: 0,
            list_stack: Vec::new(),
            argument_stack: Vec::new(),
            node_stack: Vec::new(),
            buffer: String::new(),
            in_annotation: false,
            print_at: None,
            called_at: None,
            next_case: None,
            changes_globals: false,
        }
    }

    /// Lowers the module's own body and then every body that was found on the way.
    fn module(&mut self) {
        self.queue_module();
        while let Some(pending) = self.queue.pop_front() {
            self.lower_body(pending);
        }
        self.functions[0].is_dynamic |= self.changes_globals;
    }

    fn finish(self) -> Module {
        Module {
            dialect: self.dialect,
            names: self.names.names,
            functions: self.functions,
            classes: self.classes,
            exprs: self.exprs,
            lists: self.lists,
            arguments: self.arguments,
            comprehensions: self.comprehensions,
            patterns: self.patterns,
            imports: self.imports,
            comments: Vec::new(),
            admissions: Vec::new(),
            suppressions: Vec::new(),
            problems: self.problems,
            lines: Lines::default(),
        }
    }

    /// The text of a node. It borrows the file, not the lowering.
    fn node_text(&self, node: NodeId) -> &'a str {
        self.span_text(self.tree.span(node))
    }

    fn span_text(&self, span: Span) -> &'a str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    fn name_of(&mut self, node: NodeId) -> NameId {
        let text = self.node_text(node);
        self.names.intern(text)
    }

    fn add(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, span });
        ExprId::new(self.exprs.len() - 1)
    }

    fn hole(&mut self, node: NodeId) -> ExprId {
        let span = self.tree.span(node);
        self.add(ExprKind::Hole, span)
    }

    /// Reads no deeper: everything under `node` is a hole.
    fn too_deep(&mut self, node: NodeId) -> ExprId {
        let span = self.tree.span(node);
        if self
            .problems
            .last()
            .is_none_or(|last| last.kind != ProblemKind::TooDeep || !last.span.contains(span))
        {
            self.problems.push(Problem {
                kind: ProblemKind::TooDeep,
                span,
            });
        }
        self.add(ExprKind::Hole, span)
    }

    /// Moves the elements above `base` of the list stack into the module's lists.
    fn list(&mut self, base: usize) -> Run {
        let start = self.lists.len() as u32;
        self.lists.extend(self.list_stack.drain(base..));
        Run {
            start,
            count: self.lists.len() as u32 - start,
        }
    }

    fn arguments(&mut self, base: usize) -> Run {
        let start = self.arguments.len() as u32;
        self.arguments.extend(self.argument_stack.drain(base..));
        Run {
            start,
            count: self.arguments.len() as u32 - start,
        }
    }

    /// The id that the next queued body gets.
    fn next_function(&self) -> FunctionId {
        FunctionId::new(self.functions.len())
    }
}
