//! The call graph: who calls whom, from where, and which functions are handed around as values.

use super::points_to::{OpenCall, PointsTo, ProgramBindings};
use super::{Evaluate, Program, Read, Target, note};
use crate::ir::{BlockId, ExprId, ExprKind, FunctionId, InstKind, Module, Source, TryId};
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
        for scan in scans {
            graph.sites.extend(scan.sites);
            open.extend(scan.open);
            for handed in scan.handed {
                graph.escapes[handed.function.0 as usize] = true;
                graph.handed.push(handed);
            }
            for function in scan.escaping {
                graph.escapes[function.0 as usize] = true;
            }
        }
        graph.index(program.function_count());
        graph.close(program, &open);
        graph
    }

    /// Finds what open calls may call. What is found may tell what a parameter is, and so what others call.
    fn close(&mut self, program: &Program<'_>, open: &[OpenCall]) {
        let bindings = ProgramBindings::of(program);
        for _ in 0..ROUNDS {
            let points_to = PointsTo::new(program, self, &bindings);
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

fn binds_name(module: &Module, kind: InstKind, expr: ExprId) -> bool {
    matches!(kind, InstKind::Bind { target, .. } if target == expr)
        && matches!(module.kind(expr), ExprKind::Name(_))
}

/// Tarjan's algorithm without recursion, then layers by the longest way down.
fn components(graph: &CallGraph) -> Vec<Vec<Vec<FunctionRef>>> {
    let count = graph.escapes.len();
    let mut tarjan = Tarjan {
        graph,
        index: vec![0; count],
        low: vec![0; count],
        on_stack: vec![false; count],
        stack: Vec::new(),
        next: 1,
        layer_of: vec![0; count],
        layers: Vec::new(),
    };
    for function in 0..count as u32 {
        if tarjan.index[function as usize] == 0 {
            tarjan.visit(function);
        }
    }
    for layer in &mut tarjan.layers {
        layer.sort_unstable();
    }
    tarjan.layers
}

struct Tarjan<'g> {
    graph: &'g CallGraph,
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    next: u32,
    layer_of: Vec<u32>,
    layers: Vec<Vec<Vec<FunctionRef>>>,
}

impl Tarjan<'_> {
    fn visit(&mut self, root: u32) {
        let mut open = vec![(root, 0)];
        self.enter(root);
        while let Some((at, position)) = open.pop() {
            let calls = self.graph.calls_in(FunctionRef(at));
            let Some(site) = calls.get(position) else {
                self.leave(at);
                if let Some(&(parent, _)) = open.last() {
                    self.low[parent as usize] =
                        self.low[parent as usize].min(self.low[at as usize]);
                }
                continue;
            };
            open.push((at, position + 1));
            let callee = site.callee.0;
            if self.index[callee as usize] == 0 {
                self.enter(callee);
                open.push((callee, 0));
            } else if self.on_stack[callee as usize] {
                self.low[at as usize] = self.low[at as usize].min(self.index[callee as usize]);
            }
        }
    }

    fn enter(&mut self, at: u32) {
        self.index[at as usize] = self.next;
        self.low[at as usize] = self.next;
        self.next += 1;
        self.stack.push(at);
        self.on_stack[at as usize] = true;
    }

    fn leave(&mut self, at: u32) {
        if self.low[at as usize] != self.index[at as usize] {
            return;
        }
        let mut members = Vec::new();
        while let Some(member) = self.stack.pop() {
            self.on_stack[member as usize] = false;
            members.push(FunctionRef(member));
            if member == at {
                break;
            }
        }
        members.sort_unstable();
        let below = members
            .iter()
            .flat_map(|&member| self.graph.calls_in(member));
        let outside = below.filter(|site| members.binary_search(&site.callee).is_err());
        let layer = outside
            .map(|site| self.layer_of[site.callee.0 as usize] + 1)
            .max()
            .unwrap_or(0);
        for &member in &members {
            self.layer_of[member.0 as usize] = layer;
        }
        while self.layers.len() <= layer as usize {
            self.layers.push(Vec::new());
        }
        self.layers[layer as usize].push(members);
    }
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
