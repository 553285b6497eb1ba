//! The call graph: who calls whom, from where, and which functions are handed around as values.

use super::components::components;
use super::points_to::{OpenCall, PointsTo, ProgramBindings};
use super::{Evaluate, Program, Read, Target, note};
use crate::ir::{
    BlockId, ExprId, ExprKind, Function, FunctionId, InstKind, LoopKind, Module, PlaceId, Source,
    TryId,
};
use crate::library::schema::By;
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef, Type};
use crate::value::Value;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

/// So many callbacks in a row are followed.
const ROUNDS: usize = 4;

/// A call of a function of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallSite {
    /// The function that calls.
    pub caller: FunctionRef,
    /// The function that is called.
    pub callee: FunctionRef,
    /// The call.
    pub call: ExprId,
    /// The block that it is in.
    pub block: BlockId,
    /// The innermost guarded region around it.
    pub guard: Option<TryId>,
    /// The first argument is a receiver that is not written among the arguments.
    pub bound: bool,
    /// The receiver may be of a subclass that overrides the method: this is one of several that may be called.
    pub is_virtual: bool,
    /// How the call names its callee.
    pub kind: CallKind,
}

/// How a call names its callee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
    /// By a name or attribute that stands for this function alone.
    Named,
    /// By a variable, element or result that may hold this function.
    Value,
    /// Not at all: a decorator is applied, a class is raised, a loop asks for an iterator.
    Implicit,
}

/// A function that is used as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The function.
    pub function: FunctionRef,
    /// Whose code uses it.
    pub by: FunctionRef,
    /// The name, attribute or lambda.
    pub at: ExprId,
}

/// Who calls whom.
#[derive(Debug, Default)]
pub struct CallGraph {
    /// Every call, by caller and place.
    pub sites: Vec<CallSite>,
    /// Functions that are used as values, in the order of places.
    pub handed: Vec<Handed>,
    by_callee: Vec<Vec<u32>>,
    first_site: Vec<u32>,
    escapes: Vec<bool>,
}

impl CallGraph {
    /// Finds every call of a function of the project.
    pub fn of(program: &Program<'_>) -> Self {
        let count = program.sources.len() as u32;
        let scans: Vec<Scan<'_, '_>> = (0..count)
            .into_par_iter()
            .map(|index| Scan::of(program, ModuleRef(index)))
            .collect();
        let mut graph = Self {
            escapes: vec![false; program.function_count()],
            ..Self::default()
        };
        let mut open = Vec::new();
        let mut elements = Vec::new();
        for scan in scans {
            graph.sites.extend(scan.sites);
            open.extend(scan.open);
            elements.extend(scan.elements);
            for handed in scan.handed {
                graph.escapes[handed.function.0 as usize] = true;
                graph.handed.push(handed);
            }
            for function in scan.escaping {
                graph.escapes[function.0 as usize] = true;
            }
        }
        graph.index(program.function_count());
        let bindings = ProgramBindings::of(program);
        graph.close(program, &open, &bindings);
        graph.hand_elements(program, &elements, &bindings);
        graph
    }

    /// Functions of a collection that a loop hands on one after the other.
    fn hand_elements(
        &mut self,
        program: &Program<'_>,
        elements: &[(FunctionRef, ExprId)],
        bindings: &ProgramBindings,
    ) {
        if elements.is_empty() {
            return;
        }
        let mut handed = Vec::new();
        let points_to = PointsTo::new(program, self, bindings);
        for &(by, at) in elements {
            let functions = points_to.functions(by, at).into_iter();
            handed.extend(functions.map(|function| Handed { function, by, at }));
        }
        for handed in &handed {
            self.escapes[handed.function.0 as usize] = true;
        }
        self.handed.extend(handed);
        self.handed.sort_by_key(|handed| handed.by);
    }

    /// Finds what open calls may call. What is found may tell what a parameter is, and so what others call.
    fn close(&mut self, program: &Program<'_>, open: &[OpenCall], bindings: &ProgramBindings) {
        for _ in 0..ROUNDS {
            let points_to = PointsTo::new(program, self, bindings);
            let found: Vec<Vec<CallSite>> =
                open.par_iter().map(|open| points_to.sites(open)).collect();
            let mut known: FxHashSet<CallSite> = self.sites.iter().copied().collect();
            let before = self.sites.len();
            let new = found.into_iter().flatten();
            self.sites.extend(new.filter(|&site| known.insert(site)));
            if self.sites.len() == before {
                return;
            }
            self.sites.sort_by_key(|site| site.caller);
            self.index(program.function_count());
        }
    }

    fn index(&mut self, functions: usize) {
        self.by_callee = vec![Vec::new(); functions];
        self.first_site = vec![0; functions + 1];
        for (index, site) in self.sites.iter().enumerate() {
            self.by_callee[site.callee.0 as usize].push(index as u32);
            self.first_site[site.caller.0 as usize + 1] += 1;
        }
        for at in 1..self.first_site.len() {
            self.first_site[at] += self.first_site[at - 1];
        }
    }

    pub(super) fn function_count(&self) -> usize {
        self.escapes.len()
    }

    /// The calls in a function.
    pub fn calls_in(&self, caller: FunctionRef) -> &[CallSite] {
        note(Read::Calls(caller));
        let at = caller.0 as usize;
        &self.sites[self.first_site[at] as usize..self.first_site[at + 1] as usize]
    }

    /// The calls of a function.
    pub fn calls_of(&self, callee: FunctionRef) -> impl ExactSizeIterator<Item = &CallSite> {
        note(Read::Callers(callee));
        self.by_callee[callee.0 as usize]
            .iter()
            .map(|&index| &self.sites[index as usize])
    }

    /// Whether a function is used as a value somewhere: it may be called by anybody with anything.
    pub fn escapes(&self, function: FunctionRef) -> bool {
        note(Read::Callers(function));
        self.escapes[function.0 as usize]
    }

    /// Whether a function called the same before.
    pub(crate) fn has_same_calls(&self, function: FunctionRef, before: &Self) -> bool {
        self.calls_in(function) == before.calls_in(function)
    }

    /// Whether a function was called from the same places before.
    pub(crate) fn has_same_callers(&self, function: FunctionRef, before: &Self) -> bool {
        self.escapes(function) == before.escapes(function)
            && self.calls_of(function).eq(before.calls_of(function))
    }

    /// The graph's strongly connected components in layers: a component calls only its own members and components of
    /// earlier layers. Components and members are sorted.
    pub fn layers(&self) -> Vec<Vec<Vec<FunctionRef>>> {
        components(self)
    }
}

/// One module's calls.
struct Scan<'p, 'a> {
    program: &'p Program<'a>,
    module_ref: ModuleRef,
    module: &'a Module,
    sites: Vec<CallSite>,
    open: Vec<OpenCall>,
    escaping: Vec<FunctionRef>,
    handed: Vec<Handed>,
    /// Targets of loops that are arguments of what takes functions.
    elements: Vec<(FunctionRef, ExprId)>,
}

impl<'p, 'a> Scan<'p, 'a> {
    fn of(program: &'p Program<'a>, module_ref: ModuleRef) -> Self {
        let module = program.module(module_ref);
        let mut scan = Self {
            program,
            module_ref,
            module,
            sites: Vec::new(),
            open: Vec::new(),
            escaping: Vec::new(),
            handed: Vec::new(),
            elements: Vec::new(),
        };
        for id in 0..module.functions.len() {
            scan.function(FunctionId::new(id));
        }
        scan
    }

    fn function(&mut self, id: FunctionId) {
        let code = self.module.function(id);
        let caller = self.program.function(self.module_ref, id);
        let decoration = self.program.decoration(caller);
        if decoration.is_registered || decoration.is_opaque {
            self.escaping.push(caller);
        }
        let evaluate = Evaluate::new(self.program, self.module_ref, id);
        self.elements(&evaluate, caller, code);
        let mut callees = FxHashSet::default();
        for (index, block) in code.blocks.iter().enumerate() {
            let block_id = BlockId::new(index);
            for inst in code.insts(block) {
                let module = self.module;
                let site = CallSite {
                    caller,
                    callee: caller,
                    call: ExprId::new(0),
                    block: block_id,
                    guard: block.guard,
                    bound: false,
                    is_virtual: false,
                    kind: CallKind::Implicit,
                };
                self.implicit(&evaluate, inst.kind, site);
                inst.kind.for_each_expr(&mut |root| {
                    // A name that is bound is not read: `def f` alone hands `f` to nobody.
                    if binds_name(module, inst.kind, root) {
                        return;
                    }
                    module.walk(root, &mut |expr| {
                        self.expr(&evaluate, caller, expr, block_id, block.guard, &mut callees);
                    });
                });
            }
        }
        for parameter in &code.parameters {
            if let (Some(default), Some(parent)) = (parameter.default, code.parent) {
                let outer = Evaluate::new(self.program, self.module_ref, parent);
                self.escape(
                    &outer,
                    self.program.function(self.module_ref, parent),
                    default,
                );
            }
        }
    }

    fn expr(
        &mut self,
        evaluate: &Evaluate<'p, 'a>,
        caller: FunctionRef,
        expr: ExprId,
        block: BlockId,
        guard: Option<TryId>,
        callees: &mut FxHashSet<ExprId>,
    ) {
        match self.module.kind(expr) {
            ExprKind::Call { callee, .. } => {
                callees.insert(callee);
                let site = CallSite {
                    caller,
                    callee: caller,
                    call: expr,
                    block,
                    guard,
                    bound: false,
                    is_virtual: false,
                    kind: CallKind::Named,
                };
                self.call(evaluate, callee, site);
            }
            ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Lambda(_)
                if !callees.contains(&expr) =>
            {
                self.escape(evaluate, caller, expr);
            }
            _ => {}
        }
    }

    /// Targets of loops that the function hands to what registers functions: a thread for each of them.
    fn elements(&mut self, evaluate: &Evaluate<'p, 'a>, caller: FunctionRef, code: &Function) {
        let targets = loop_targets(self.module, code);
        if targets.is_empty() {
            return;
        }
        let program = self.program;
        for call in code.exprs.range() {
            let ExprKind::Call { callee, arguments } = self.module.exprs[call].kind else {
                continue;
            };
            let given = self.module.arguments(arguments).iter();
            let is_target = |expr: &ExprId| match self.module.kind(*expr) {
                ExprKind::Name(place) => {
                    let value = evaluate.value(*expr);
                    targets.contains(&place) && program.types.get(value.class) == Type::Unknown
                }
                _ => false,
            };
            let mut elements = given.map(|given| given.value).filter(is_target).peekable();
            if elements.peek().is_none() {
                continue;
            }
            let name = program.method_name(evaluate, self.module, callee);
            let mut known = name.iter().flat_map(|name| program.library.entries(name));
            if known.any(|known| known.by == By::Call) {
                self.elements.extend(elements.map(|at| (caller, at)));
            }
        }
    }

    /// A call of `callee`, at a site whose callee is not filled in yet.
    fn call(&mut self, evaluate: &Evaluate<'p, 'a>, callee: ExprId, site: CallSite) {
        match self.program.target(evaluate.value(callee)) {
            Target::Function { function, bound } => {
                // `super().method()` looks the method up from a known place on: no subclass' version is meant.
                let may_be_overridden = bound && !self.is_of_super(evaluate, callee);
                self.site(function, bound, may_be_overridden, site);
            }
            Target::Construct {
                initializer: Some(function),
                ..
            } => self.site(function, true, false, site),
            Target::Unknown => match self.module.kind(callee) {
                ExprKind::Name(_)
                | ExprKind::Subscript { .. }
                | ExprKind::Call { .. }
                | ExprKind::Attribute { .. } => self.open.push(OpenCall { site, callee }),
                _ => {}
            },
            Target::Construct { .. } | Target::Library(_) => {}
        }
    }

    fn site(&mut self, callee: FunctionRef, bound: bool, may_be_overridden: bool, site: CallSite) {
        let overrides = match may_be_overridden {
            true => self.program.overrides(callee),
            false => &[],
        };
        let is_virtual = !overrides.is_empty();
        let callees = std::iter::once(callee).chain(overrides.iter().copied());
        self.sites.extend(callees.map(|callee| CallSite {
            callee,
            bound,
            is_virtual,
            ..site
        }));
    }

    fn is_of_super(&self, evaluate: &Evaluate<'p, 'a>, callee: ExprId) -> bool {
        matches!(self.module.kind(callee), ExprKind::Attribute { value, .. } if evaluate.is_super_call(value))
    }

    /// Calls that nobody writes.
    fn implicit(&mut self, evaluate: &Evaluate<'p, 'a>, kind: InstKind, mut site: CallSite) {
        match kind {
            InstKind::Raise {
                exception: Some(exception),
                ..
            } => {
                let class = evaluate.value(exception);
                if let Target::Construct { .. } = self.program.target(class) {
                    site.call = exception;
                    self.call(evaluate, exception, site);
                }
            }
            InstKind::Bind {
                source: Source::Function(id),
                ..
            } => {
                let decorators = self.module.function(id).decorators;
                for &decorator in self.module.list(decorators) {
                    site.call = decorator;
                    self.call(evaluate, decorator, site);
                    if let ExprKind::Call { callee, .. } = self.module.kind(decorator) {
                        let kind = CallKind::Named;
                        let site = CallSite { kind, ..site };
                        self.call(evaluate, callee, site);
                    }
                }
            }
            InstKind::Bind {
                source: Source::Element { iterable, .. },
                ..
            } => {
                site.call = iterable;
                self.iteration(evaluate.value(iterable), site);
            }
            _ => {}
        }
    }

    fn iteration(&mut self, iterable: Value, site: CallSite) {
        let Type::Instance(class) = self.program.types.get(iterable.class) else {
            return;
        };
        let Some(iter) = self.program.method(class, "__iter__") else {
            return;
        };
        self.site(iter, true, true, site);
        let iterator = self.program.returned(iter);
        if let Type::Instance(class) = self.program.types.get(iterator.class)
            && let Some(next) = self.program.method(class, "__next__")
        {
            self.site(next, true, true, site);
        }
    }

    fn escape(&mut self, evaluate: &Evaluate<'p, 'a>, by: FunctionRef, at: ExprId) {
        if let Type::Function { function, .. } = self.program.types.get(evaluate.value(at).class) {
            self.handed.push(Handed { function, by, at });
        }
    }
}

/// The variables that loops and comprehensions bind.
fn loop_targets(module: &Module, code: &Function) -> FxHashSet<PlaceId> {
    let mut found = FxHashSet::default();
    let mut add = |target: ExprId| {
        let parts = match module.kind(target) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) => module.list(parts),
            _ => std::slice::from_ref(&target),
        };
        found.extend(parts.iter().filter_map(|&part| match module.kind(part) {
            ExprKind::Name(place) => Some(place),
            _ => None,
        }));
    };
    for of in &code.loops {
        if let LoopKind::For { target, .. } = of.kind {
            add(target);
        }
    }
    for index in code.exprs.range() {
        if let ExprKind::Comprehension(id) = module.exprs[index].kind {
            let clauses = &module.comprehension(id).clauses;
            clauses.iter().for_each(|clause| add(clause.target));
        }
    }
    found
}

fn binds_name(module: &Module, kind: InstKind, expr: ExprId) -> bool {
    matches!(kind, InstKind::Bind { target, .. } if target == expr)
        && matches!(module.kind(expr), ExprKind::Name(_))
}

impl CallSite {
    /// Where the call is.
    pub fn location(&self, program: &Program<'_>) -> Location {
        let (module, _) = program.code(self.caller);
        Location {
            file: program.file(self.caller),
            span: module.span(self.call),
        }
    }
}
