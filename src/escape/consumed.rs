//! Where a function runs what it makes: coroutines, generators and other lazy things do nothing before.

use crate::ir::{
    ComprehensionKind, Dialect, ExprId, ExprKind, Function, InstKind, LoopKind, Module, PlaceId,
    Scope, Source, Step, TryId, TryKind,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// Functions that run, or wait for, the coroutines or generators that they are given.
const CONSUMERS: [&str; 22] = [
    "gather",
    "wait_for",
    "shield",
    "run",
    "run_until_complete",
    "run_coroutine_threadsafe",
    "list",
    "tuple",
    "set",
    "dict",
    "sorted",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "next",
    "join",
    "extend",
    "update",
    "wait",
    "run_sync",
];

/// Functions that go through what they are given when somebody goes through what they give.
const PASSING: [&str; 8] = [
    "chain",
    "enumerate",
    "filter",
    "islice",
    "iter",
    "map",
    "tqdm",
    "zip",
];

/// More of these in each other are not looked into.
const NESTED: usize = 3;

/// What one function does with the coroutines, generators and other lazy things that it makes.
#[derive(Debug)]
pub(super) struct Consumed {
    /// Expressions whose value is run where it is made: awaited, iterated, handed to what runs it.
    here: FxHashSet<ExprId>,
    /// Those that get a name first: the guards of the places that go through what the name holds.
    later: FxHashMap<ExprId, Vec<Option<TryId>>>,
}

impl Consumed {
    /// Reads a function.
    pub(super) fn of(module: &Module, code: &Function) -> Self {
        let here = at_once(module, code);
        let later = later(module, code, &here);
        Self { here, later }
    }

    /// Whether the value of an expression is run where it is made.
    pub(super) fn is_at_once(&self, expr: ExprId) -> bool {
        self.here.contains(&expr)
    }

    /// The guards of the places that run what an expression makes; none where it is not known to be run in the function. `own`
    /// is the guard of the expression itself.
    pub(super) fn guards(&self, expr: ExprId, own: Option<TryId>) -> Option<Vec<Option<TryId>>> {
        match self.is_at_once(expr) {
            true => Some(vec![own]),
            false => self.later.get(&expr).cloned(),
        }
    }

    /// The guards of an expression when it is evaluated: it may stand inside of something lazy that is run elsewhere.
    pub(super) fn guards_of(
        &self,
        module: &Module,
        code: &Function,
        expr: ExprId,
        own: Option<TryId>,
    ) -> Vec<Option<TryId>> {
        let is_outer = |lazy: ExprId| is_put_off(module, code, lazy, expr);
        let outer = self.later.iter().filter(|(lazy, _)| is_outer(**lazy));
        let size = |lazy: ExprId| {
            let span = module.span(lazy);
            span.end - span.start
        };
        let innermost = outer.min_by_key(|(lazy, _)| size(**lazy));
        innermost.map_or_else(|| vec![own], |(_, guards)| guards.clone())
    }
}

/// Whether a part of something lazy is evaluated only when somebody goes through it.
fn is_put_off(module: &Module, code: &Function, lazy: ExprId, part: ExprId) -> bool {
    let holds = |expr: ExprId| module.span(expr).contains(module.span(part));
    match module.kind(lazy) {
        ExprKind::Comprehension(id) => {
            let first = module.comprehension(id).clauses.first();
            holds(lazy) && !first.is_some_and(|first| holds(first.iterable))
        }
        // In Python 3 the function is called for each element that somebody asks for.
        ExprKind::Call { callee, arguments } => {
            let first = module.arguments(arguments).first();
            module.dialect == Dialect::Three
                && matches!(callee_name(module, code, callee), "map" | "filter")
                && first.is_some_and(|first| first.value == part)
        }
        _ => false,
    }
}

/// Expressions whose coroutine or generator is run where it is made: awaited, iterated, handed to what runs it.
fn at_once(module: &Module, code: &Function) -> FxHashSet<ExprId> {
    let mut found = FxHashSet::default();
    for index in code.exprs.range() {
        match module.exprs[index].kind {
            ExprKind::Await(value)
            | ExprKind::YieldFrom(value)
            | ExprKind::Yield(Some(value))
            | ExprKind::Starred(value) => add(module, code, value, &mut found),
            ExprKind::Call { callee, arguments }
                if CONSUMERS.contains(&callee_name(module, code, callee)) =>
            {
                for argument in module.arguments(arguments) {
                    add(module, code, argument.value, &mut found);
                }
            }
            ExprKind::Comprehension(id) => {
                for clause in &module.comprehension(id).clauses {
                    add(module, code, clause.iterable, &mut found);
                }
            }
            _ => {}
        }
    }
    for of in &code.loops {
        if let LoopKind::For { iterable, .. } = of.kind {
            add(module, code, iterable, &mut found);
        }
    }
    for region in &code.tries {
        if let TryKind::With { manager, .. } = region.kind {
            found.insert(manager);
        }
    }
    found
}

/// Adds an expression, and what it passes on.
fn add(module: &Module, code: &Function, expr: ExprId, found: &mut FxHashSet<ExprId>) {
    let mut open = vec![expr];
    for _ in 0..NESTED {
        let mut inner = Vec::new();
        for expr in open {
            found.insert(expr);
            if let ExprKind::Call { callee, arguments } = module.kind(expr)
                && PASSING.contains(&callee_name(module, code, callee))
            {
                inner.extend(module.arguments(arguments).iter().map(|given| given.value));
            }
        }
        open = inner;
    }
}

/// The last part of the name that a call calls.
fn callee_name<'m>(module: &'m Module, code: &Function, callee: ExprId) -> &'m str {
    match module.kind(callee) {
        ExprKind::Attribute { name, .. } => module.name(name),
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable { name, .. } => module.name(name),
            _ => "",
        },
        _ => "",
    }
}

/// Calls and generator expressions that are bound to a name, with the guards of the places that go through it, and generator
/// expressions that are returned.
fn later(
    module: &Module,
    code: &Function,
    here: &FxHashSet<ExprId>,
) -> FxHashMap<ExprId, Vec<Option<TryId>>> {
    let mut found: FxHashMap<ExprId, Vec<Option<TryId>>> = FxHashMap::default();
    let mut bound: FxHashMap<PlaceId, Vec<ExprId>> = FxHashMap::default();
    for inst in &code.insts {
        match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } => {
                if let ExprKind::Name(place) = module.kind(target)
                    && is_variable(code, place)
                    && may_be_lazy(module, value)
                {
                    bound.entry(place).or_default().push(value);
                }
            }
            InstKind::Return(Some(value)) if is_generator(module, value) => {
                found.insert(value, vec![None]);
            }
            _ => {}
        }
    }
    if bound.is_empty() {
        return found;
    }
    let used: FxHashMap<ExprId, PlaceId> = here
        .iter()
        .filter_map(|&expr| match module.kind(expr) {
            ExprKind::Name(place) if bound.contains_key(&place) => Some((expr, place)),
            _ => None,
        })
        .collect();
    if used.is_empty() {
        return found;
    }
    for block in &code.blocks {
        for inst in code.insts(block) {
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |part| {
                    let Some(place) = used.get(&part) else { return };
                    for &value in bound.get(place).into_iter().flatten() {
                        let guards = found.entry(value).or_default();
                        if !guards.contains(&block.guard) {
                            guards.push(block.guard);
                        }
                    }
                });
            });
        }
    }
    found
}

fn is_variable(code: &Function, place: PlaceId) -> bool {
    let Step::Variable { scope, .. } = code.place(place).step else {
        return false;
    };
    matches!(scope, Scope::Local { .. } | Scope::Parameter { .. })
}

/// Whether a value may do nothing before somebody goes through it. Which calls do, their callees tell.
fn may_be_lazy(module: &Module, value: ExprId) -> bool {
    match module.kind(value) {
        ExprKind::Call { .. } => true,
        _ => is_generator(module, value),
    }
}

fn is_generator(module: &Module, value: ExprId) -> bool {
    match module.kind(value) {
        ExprKind::Comprehension(id) => {
            module.comprehension(id).kind == ComprehensionKind::Generator
        }
        _ => false,
    }
}
