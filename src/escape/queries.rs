//! Queries that are put together in one place and sent in another: the call that makes one does nothing; who goes through it, asks
//! for its length or takes an element of it asks the database.

use crate::infer::LibraryCall;
use crate::ir::{
    BlockId, ExprId, ExprKind, Function, InstKind, Module, Scope, Source, Step, UnaryOperator,
};
use crate::library::schema::Mark;
use crate::project::{Evaluate, Program, Target};
use crate::summary::ClassRef;
use crate::types::{CallRef, FunctionRef, Type};
use rustc_hash::FxHashSet;

/// Builtins that go through what they are given.
const CONSUMERS: [&str; 14] = [
    "all",
    "any",
    "dict",
    "enumerate",
    "frozenset",
    "list",
    "max",
    "min",
    "next",
    "set",
    "sorted",
    "sum",
    "tuple",
    "zip",
];

/// The classes of queries that wait for whoever uses them, of libraries that the program imports.
pub(super) struct Queries {
    classes: FxHashSet<ClassRef>,
}

impl Queries {
    /// Finds them.
    pub(super) fn of(program: &Program<'_>) -> Self {
        let mut roots: FxHashSet<&str> = FxHashSet::default();
        for source in program.sources {
            let module = &source.module;
            let names = module
                .imports
                .iter()
                .map(|import| module.name(import.module));
            roots.extend(names.map(root));
        }
        let library = program.library;
        let asks = |class: &ClassRef| {
            let methods = ["__iter__", "__aiter__"];
            let mut calls = methods
                .iter()
                .filter_map(|name| library.method(*class, name));
            roots.contains(root(library.class_name(*class)))
                && calls.any(|call| library.get(call).marks.contains(&Mark::Asks))
        };
        let classes = (0..library.class_count() as u32).map(ClassRef);
        Self {
            classes: classes.filter(asks).collect(),
        }
    }

    /// Where a function is the first to ask for what a query finds that it holds by a name or is given by another function. Calls of
    /// the library that are used where they are made are not among them.
    pub(super) fn asked(&self, program: &Program<'_>, function: FunctionRef) -> Vec<LibraryCall> {
        if self.classes.is_empty() {
            return Vec::new();
        }
        let (module_ref, id) = program.locate(function);
        let (module, code) = program.code(function);
        let mut reader = Reader {
            queries: self,
            program,
            evaluate: Evaluate::new(program, module_ref, id),
            module,
            code,
            known: FxHashSet::default(),
            found: Vec::new(),
        };
        for (index, block) in code.blocks.iter().enumerate() {
            for at in block.insts.range() {
                reader.inst(BlockId::new(index), at as u32, code.insts[at].kind);
            }
        }
        reader.found
    }
}

fn root(dotted: &str) -> &str {
    dotted.split('.').next().unwrap_or_default()
}

struct Reader<'r, 'a> {
    queries: &'r Queries,
    program: &'r Program<'a>,
    evaluate: Evaluate<'r, 'a>,
    module: &'a Module,
    code: &'a Function,
    /// What was asked before: the answer is there.
    known: FxHashSet<String>,
    found: Vec<LibraryCall>,
}

impl Reader<'_, '_> {
    fn inst(&mut self, block: BlockId, inst: u32, kind: InstKind) {
        let module = self.module;
        let mut uses: Vec<(ExprId, &str)> = Vec::new();
        match kind {
            InstKind::Bind {
                source: Source::Element { iterable, is_async },
                ..
            } => uses.push((iterable, if is_async { "__aiter__" } else { "__iter__" })),
            InstKind::Assume { test, .. } => uses.push((tested(module, test), "__bool__")),
            _ => {}
        }
        kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| self.uses(part, &mut uses));
        });
        for (query, method) in uses {
            if let Some(callee) = self.sent(query, method) {
                self.found.push(LibraryCall {
                    call: query,
                    callee,
                    block,
                    inst,
                    from_outside: false,
                });
            }
        }
    }

    /// What an expression uses as a query, if it is one.
    fn uses(&self, part: ExprId, uses: &mut Vec<(ExprId, &str)>) {
        let module = self.module;
        match module.kind(part) {
            ExprKind::Comprehension(id) => {
                let clauses = module.comprehension(id).clauses.iter();
                uses.extend(clauses.map(|clause| (clause.iterable, "__iter__")));
            }
            ExprKind::YieldFrom(value) => uses.push((value, "__iter__")),
            ExprKind::Subscript { value, index, .. }
                if !matches!(module.kind(index), ExprKind::Slice { .. }) =>
            {
                uses.push((value, "__getitem__"));
            }
            ExprKind::Conditional { test, .. } => uses.push((tested(module, test), "__bool__")),
            ExprKind::Call { callee, arguments } => {
                let ExprKind::Name(place) = module.kind(callee) else {
                    return;
                };
                let Step::Variable {
                    name,
                    scope: Scope::Global { .. },
                } = self.code.place(place).step
                else {
                    return;
                };
                let given = module.arguments(arguments).iter().map(|given| given.value);
                match module.name(name) {
                    "len" => uses.extend(given.map(|given| (given, "__len__"))),
                    "bool" => uses.extend(given.map(|given| (given, "__bool__"))),
                    name if CONSUMERS.contains(&name) => {
                        uses.extend(given.map(|given| (given, "__iter__")));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// The method that sends a query where an expression is one, for the first time.
    fn sent(&mut self, query: ExprId, method: &str) -> Option<CallRef> {
        let place = match self.module.kind(query) {
            ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                Some(self.module.dotted(self.code, query)?)
            }
            ExprKind::Call { callee, .. } => {
                match self.program.target(self.evaluate.value(callee)) {
                    Target::Function { .. } => None,
                    _ => return None,
                }
            }
            _ => return None,
        };
        let Type::Instance(class) = self.program.types.get(self.evaluate.value(query).class) else {
            return None;
        };
        if !self.queries.classes.contains(&class) {
            return None;
        }
        let callee = self.program.library.method(class, method)?;
        let asks = self.program.library.get(callee).marks.contains(&Mark::Asks);
        let is_first = asks && place.is_none_or(|place| self.known.insert(place));
        is_first.then_some(callee)
    }
}

/// What a condition asks of: behind `not`, too.
fn tested(module: &Module, test: ExprId) -> ExprId {
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => operand,
        _ => test,
    }
}
