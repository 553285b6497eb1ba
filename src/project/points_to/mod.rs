//! Which functions an expression may stand for, where it may be several: a points-to analysis on demand.
//!
//! It walks backward from a call's callee over bindings, arguments of known calls, results, attributes and the elements
//! of containers. Only callables and what carries them are followed. Bounds: `STEPS` expressions for one question, `DEPTH`
//! of them in each other, parameters of functions with at most `CALLERS` known calls, answers of at most `CALLEES`.

mod bindings;

use super::{Actual, CallGraph, CallKind, CallSite, Evaluate, Program, Symbol, Target, actuals};
use crate::ir::{ExprId, ExprKind, FunctionId, Module, NameId, PlaceId, Run, Scope, Step};
use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef, Type};
use bindings::{Binding, Bindings, Held, Holder, Key};
use rustc_hash::FxHashSet;
use std::sync::OnceLock;

const STEPS: usize = 400;
const DEPTH: usize = 40;
const CALLERS: usize = 32;
const CALLEES: usize = 12;

/// A call whose callee the types alone do not tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenCall {
    /// The call; its callee is not filled in.
    pub site: CallSite,
    /// What is called.
    pub callee: ExprId,
}

/// What a value may be, as far as calls matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Object {
    Function {
        function: FunctionRef,
        bound: bool,
    },
    Class(ClassRef),
    Instance(ClassRef),
    /// A display or comprehension, and in whose code it is written.
    Display(FunctionRef, ExprId),
    /// What a call of a generator function gives.
    Generator(FunctionRef),
}

/// Answers questions about a program whose call graph is known in part.
pub(super) struct PointsTo<'p, 'a> {
    program: &'p Program<'a>,
    graph: &'p CallGraph,
    bindings: &'p ProgramBindings,
}

/// The bindings of each module of a program; a module is read when it is first asked for.
pub(super) struct ProgramBindings(Vec<OnceLock<Bindings>>);

impl ProgramBindings {
    pub(super) fn of(program: &Program<'_>) -> Self {
        Self(program.sources.iter().map(|_| OnceLock::new()).collect())
    }
}

impl<'p, 'a> PointsTo<'p, 'a> {
    pub(super) fn new(
        program: &'p Program<'a>,
        graph: &'p CallGraph,
        bindings: &'p ProgramBindings,
    ) -> Self {
        Self {
            program,
            graph,
            bindings,
        }
    }

    /// The calls that an open call may be.
    pub(super) fn sites(&self, open: &OpenCall) -> Vec<CallSite> {
        let mut search = Search {
            points_to: self,
            seen: FxHashSet::default(),
            asked_callers: false,
        };
        let mut objects = Vec::new();
        search.expr(open.site.caller, open.callee, 0, &mut objects);
        let mut sites: Vec<CallSite> = Vec::new();
        for object in objects {
            let (callee, bound) = match object {
                Object::Function { function, bound } => (Some(function), bound),
                Object::Class(class) => (self.program.method(class, "__init__"), true),
                Object::Instance(class) => (self.program.method(class, "__call__"), true),
                Object::Display(..) | Object::Generator(_) => continue,
            };
            let Some(callee) = callee else { continue };
            let site = CallSite {
                callee,
                bound,
                kind: match open.site.kind {
                    CallKind::Implicit => CallKind::Implicit,
                    CallKind::Named | CallKind::Value => CallKind::Value,
                },
                ..open.site
            };
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        if sites.len() > CALLEES {
            sites.clear();
        }
        // Callers are not told apart: with several callees, this caller need not be the one that hands in that callee.
        let is_virtual = search.asked_callers && sites.len() > 1;
        for site in &mut sites {
            site.is_virtual = is_virtual;
        }
        sites
    }

    /// The functions that an expression may stand for, if they are few.
    pub(super) fn functions(&self, by: FunctionRef, expr: ExprId) -> Vec<FunctionRef> {
        let mut search = Search {
            points_to: self,
            seen: FxHashSet::default(),
            asked_callers: false,
        };
        let mut objects = Vec::new();
        search.expr(by, expr, 0, &mut objects);
        let mut functions: Vec<FunctionRef> = objects
            .into_iter()
            .filter_map(|object| match object {
                Object::Function { function, .. } => Some(function),
                _ => None,
            })
            .collect();
        functions.sort_unstable();
        functions.dedup();
        match functions.len() > CALLEES {
            true => Vec::new(),
            false => functions,
        }
    }

    fn bindings(&self, module: ModuleRef) -> &'p Bindings {
        self.bindings.0[module.0 as usize].get_or_init(|| {
            Bindings::of(
                self.program.module(module),
                &|name| self.program.symbol(module, name),
                &|name| self.global(module, name),
            )
        })
    }

    fn global(&self, module: ModuleRef, name: NameId) -> Option<PlaceId> {
        let symbol = self.program.symbol(module, name);
        self.program.facts.global(module, symbol)
    }
}

struct Search<'s, 'p, 'a> {
    points_to: &'s PointsTo<'p, 'a>,
    /// The expressions that were asked for, and with which key.
    seen: FxHashSet<(FunctionRef, ExprId, Option<Key>)>,
    /// Some parameter was traced to the calls of its function.
    asked_callers: bool,
}

impl<'p, 'a> Search<'_, 'p, 'a> {
    fn program(&self) -> &'p Program<'a> {
        self.points_to.program
    }

    fn module(&self, function: FunctionRef) -> (ModuleRef, &'a Module) {
        let (module, _) = self.program().locate(function);
        (module, self.program().module(module))
    }

    fn evaluate(&self, function: FunctionRef) -> Evaluate<'p, 'a> {
        let (module, id) = self.program().locate(function);
        Evaluate::new(self.program(), module, id)
    }

    fn may_ask(&mut self, at: (FunctionRef, ExprId, Option<Key>), depth: usize) -> bool {
        depth < DEPTH && self.seen.len() < STEPS && self.seen.insert(at)
    }

    /// What an expression may be.
    fn expr(&mut self, by: FunctionRef, expr: ExprId, depth: usize, found: &mut Vec<Object>) {
        if !self.may_ask((by, expr, None), depth) {
            return;
        }
        let depth = depth + 1;
        let program = self.program();
        let (module_ref, module) = self.module(by);
        let known = match program.types.get(self.evaluate(by).value(expr).class) {
            Type::Function { function, bound } => Some(Object::Function { function, bound }),
            Type::Class(class) => Some(Object::Class(class)),
            Type::Instance(class) => Some(Object::Instance(class)),
            _ => None,
        };
        if let Some(known) = known {
            return found.push(known);
        }
        match module.kind(expr) {
            ExprKind::Name(place) => self.name(by, place, depth, found),
            ExprKind::Lambda(id) => found.push(Object::Function {
                function: program.function(module_ref, id),
                bound: false,
            }),
            ExprKind::List(_)
            | ExprKind::Tuple(_)
            | ExprKind::Set(_)
            | ExprKind::Dict(_)
            | ExprKind::Comprehension(_) => found.push(Object::Display(by, expr)),
            ExprKind::Subscript { value, index, .. } => match module.kind(index) {
                ExprKind::Slice { .. } => {
                    let mut parts = Vec::new();
                    self.element(by, value, &Key::Any, depth, &mut parts);
                    found.extend(parts);
                    self.expr(by, value, depth, found);
                }
                _ => self.element(by, value, &bindings::key(module, index), depth, found),
            },
            ExprKind::Call { callee, arguments } => {
                self.call(by, callee, arguments, depth, found);
            }
            ExprKind::Attribute { value, name, .. } => {
                self.attribute(by, value, name, depth, found);
            }
            ExprKind::Conditional {
                then, otherwise, ..
            } => {
                self.expr(by, then, depth, found);
                self.expr(by, otherwise, depth, found);
            }
            ExprKind::And(operands) | ExprKind::Or(operands) => {
                for &operand in module.list(operands) {
                    self.expr(by, operand, depth, found);
                }
            }
            ExprKind::Walrus { value, .. } | ExprKind::Await(value) => {
                self.expr(by, value, depth, found);
            }
            _ => {}
        }
    }

    fn name(&mut self, by: FunctionRef, place: PlaceId, depth: usize, found: &mut Vec<Object>) {
        let Some((owner, place)) = self.owner(by, place) else {
            return;
        };
        self.variable(owner, place, depth, found);
    }

    fn owner(&self, by: FunctionRef, place: PlaceId) -> Option<(FunctionRef, PlaceId)> {
        let (module_ref, id) = self.program().locate(by);
        let module = self.program().module(module_ref);
        let global = |name| self.points_to.global(module_ref, name);
        let (function, place) = bindings::owner(module, &global, id, place)?;
        Some((self.program().function(module_ref, function), place))
    }

    fn variable(
        &mut self,
        owner: FunctionRef,
        place: PlaceId,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let (module_ref, id) = self.program().locate(owner);
        let (_, code) = self.program().code(owner);
        if let Step::Variable {
            scope: Scope::Parameter { index, .. },
            ..
        } = code.place(place).step
        {
            self.parameter(owner, index as usize, depth, found);
        }
        let bindings = self.points_to.bindings(module_ref);
        for binding in bindings.variables.get(&(id, place)).into_iter().flatten() {
            self.binding(module_ref, binding, depth, found);
        }
    }

    fn binding(
        &mut self,
        module_ref: ModuleRef,
        binding: &Binding,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let by = self.program().function(module_ref, binding.function);
        match &binding.held {
            Held::Value(value) => self.expr(by, *value, depth, found),
            Held::Element(container, key) => self.element(by, *container, key, depth, found),
            Held::Part(container, index) => self.part(by, *container, *index, depth, found),
            Held::Function(id) => self.decorated(module_ref, *id, 0, depth, found),
            Held::Class(id) => found.push(Object::Class(self.program().class(module_ref, *id))),
            Held::Import(id) => {
                let Some((module, symbol)) = self.program().facts.imported(module_ref, *id) else {
                    return;
                };
                if let Some(place) = self.program().facts.global(module, symbol)
                    && depth < DEPTH
                {
                    let body = self.program().function(module, FunctionId::new(0));
                    self.variable(body, place, depth + 1, found);
                }
            }
        }
    }

    /// What a `def` binds, its decorators from `position` inward applied.
    fn decorated(
        &mut self,
        module_ref: ModuleRef,
        id: FunctionId,
        position: usize,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let program = self.program();
        let function = program.function(module_ref, id);
        let (module, code) = program.code(function);
        let decorators = module.list(code.decorators);
        let (Some(&decorator), Some(parent)) = (decorators.get(position), code.parent) else {
            return found.push(Object::Function {
                function,
                bound: false,
            });
        };
        let mut callees = Vec::new();
        let by = program.function(module_ref, parent);
        self.expr(by, decorator, depth, &mut callees);
        for callee in callees {
            self.result(callee, depth, found);
        }
    }

    fn result(&mut self, callee: Object, depth: usize, found: &mut Vec<Object>) {
        let function = match callee {
            Object::Function { function, .. } => function,
            Object::Class(class) => return found.push(Object::Instance(class)),
            Object::Instance(class) => match self.program().method(class, "__call__") {
                Some(function) => function,
                None => return,
            },
            Object::Display(..) | Object::Generator(_) => return,
        };
        let (module_ref, id) = self.program().locate(function);
        if self.program().code(function).1.is_generator {
            return found.push(Object::Generator(function));
        }
        let returned = &self.points_to.bindings(module_ref).returned;
        for &value in returned.get(&id).into_iter().flatten() {
            self.expr(function, value, depth, found);
        }
    }

    fn parameter(
        &mut self,
        function: FunctionRef,
        index: usize,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        self.asked_callers = true;
        let program = self.program();
        let (module, code) = program.code(function);
        let sites: Vec<CallSite> = self.points_to.graph.calls_of(function).copied().collect();
        let mut omitted = sites.is_empty();
        if sites.len() > CALLERS {
            return;
        }
        for site in sites {
            let (caller_ref, caller) = self.module(site.caller);
            if site.kind == CallKind::Implicit {
                let decorated = &self.points_to.bindings(caller_ref).decorated;
                if let Some(&(id, position)) = decorated.get(&site.call)
                    && index == usize::from(site.bound)
                {
                    self.decorated(caller_ref, id, position + 1, depth, found);
                }
                continue;
            }
            let ExprKind::Call { arguments, .. } = caller.kind(site.call) else {
                continue;
            };
            let given = actuals(
                caller,
                caller.arguments(arguments),
                module,
                code,
                site.bound,
            );
            match given.get(index) {
                Some(Actual::Given(value)) => self.expr(site.caller, *value, depth, found),
                Some(Actual::Omitted) => omitted = true,
                _ => {}
            }
        }
        let default = code
            .parameters
            .get(index)
            .and_then(|parameter| parameter.default);
        if let (true, Some(default), Some(parent)) = (omitted, default, code.parent) {
            let (module_ref, _) = program.locate(function);
            self.expr(program.function(module_ref, parent), default, depth, found);
        }
    }

    fn call(
        &mut self,
        by: FunctionRef,
        callee: ExprId,
        arguments: Run,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let (_, module) = self.module(by);
        let is_library = matches!(
            self.program().target(self.evaluate(by).value(callee)),
            Target::Library(_)
        );
        if is_library {
            // What a container's copy, view or iterator holds is what the container holds.
            if let Some(source) = container_of(module, callee, arguments) {
                self.expr(by, source, depth, found);
            }
            return;
        }
        let mut callees = Vec::new();
        self.expr(by, callee, depth, &mut callees);
        for callee in callees {
            self.result(callee, depth, found);
        }
    }

    /// What an element of a container may be.
    fn element(
        &mut self,
        by: FunctionRef,
        container: ExprId,
        key: &Key,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        if !self.may_ask((by, container, Some(key.clone())), depth) {
            return;
        }
        let depth = depth + 1;
        let mut objects = Vec::new();
        self.expr(by, container, depth, &mut objects);
        for object in objects {
            match object {
                Object::Display(function, display) => {
                    let (_, module) = self.module(function);
                    for element in bindings::elements(module, display, key) {
                        self.expr(function, element, depth, found);
                    }
                }
                Object::Generator(function) => {
                    let (module_ref, id) = self.program().locate(function);
                    let yielded = &self.points_to.bindings(module_ref).yielded;
                    for &value in yielded.get(&id).into_iter().flatten() {
                        self.expr(function, value, depth, found);
                    }
                }
                Object::Instance(class) if *key == Key::Each => {
                    self.iterated(class, depth, found);
                }
                _ => {}
            }
        }
        self.put_in(by, container, key, depth, found);
    }

    /// What stands at a position of each element of a container: `for name, function in functions.items()`.
    fn part(
        &mut self,
        by: FunctionRef,
        container: ExprId,
        index: i32,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let (_, module) = self.module(by);
        if let ExprKind::Call { callee, .. } = module.kind(container)
            && let ExprKind::Attribute { value, name, .. } = module.kind(callee)
            && matches!(module.name(name), "items" | "iteritems")
        {
            if index == 1 {
                self.element(by, value, &Key::Any, depth, found);
            }
            return;
        }
        if let ExprKind::Call { callee, arguments } = module.kind(container)
            && let [first, ..] = module.arguments(arguments)
            && self.evaluate(by).dotted(callee).as_deref() == Some("enumerate")
        {
            if index == 1 {
                self.element(by, first.value, &Key::Each, depth, found);
            }
            return;
        }
        let mut elements = Vec::new();
        self.element(by, container, &Key::Each, depth, &mut elements);
        for element in elements {
            if let Object::Display(function, display) = element {
                let (_, module) = self.module(function);
                for part in bindings::elements(module, display, &Key::Index(index)) {
                    self.expr(function, part, depth, found);
                }
            }
        }
    }

    /// What the iterator of a class of the project gives.
    fn iterated(&mut self, class: ClassRef, depth: usize, found: &mut Vec<Object>) {
        let program = self.program();
        let Some(iter) = program.method(class, "__iter__") else {
            return;
        };
        let Type::Instance(iterator) = program.types.get(program.returned(iter).class) else {
            return;
        };
        if let Some(function) = program.method(iterator, "__next__") {
            let bound = true;
            self.result(Object::Function { function, bound }, depth, found);
        }
    }

    /// What is put into a container after it was made, through the name that it is read by.
    fn put_in(
        &mut self,
        by: FunctionRef,
        container: ExprId,
        key: &Key,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let (module_ref, module) = self.module(by);
        let (module_ref, holder) = match module.kind(container) {
            ExprKind::Name(place) => match self.owner(by, place) {
                Some((owner, place)) => {
                    let (module, id) = self.program().locate(owner);
                    (module, Holder::Variable(id, place))
                }
                None => return,
            },
            ExprKind::Attribute { name, .. } => {
                let symbol = self.program().symbol(module_ref, name);
                (module_ref, Holder::Attribute(symbol))
            }
            _ => return,
        };
        let elements = &self.points_to.bindings(module_ref).elements;
        for (put, binding) in elements.get(&holder).into_iter().flatten() {
            if put == key || *put == Key::Any || matches!(key, Key::Any | Key::Each) {
                self.binding(module_ref, binding, depth, found);
            }
        }
    }

    fn attribute(
        &mut self,
        by: FunctionRef,
        value: ExprId,
        name: NameId,
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let program = self.program();
        let (module_ref, _) = self.module(by);
        let symbol = program.symbol(module_ref, name);
        let class = match program.types.get(self.evaluate(by).value(value).class) {
            Type::Instance(class) | Type::Class(class) => class,
            _ => return,
        };
        let mut family = program.linearization(class);
        family.extend(program.descendants(class));
        let mut modules: Vec<ModuleRef> = family
            .iter()
            .filter_map(|&class| program.project_class(class)?.module)
            .collect();
        modules.sort_unstable();
        modules.dedup();
        for module_ref in modules {
            self.stored(module_ref, symbol, &family, depth, found);
        }
    }

    /// What a module stores in an attribute of objects of some classes.
    fn stored(
        &mut self,
        module_ref: ModuleRef,
        symbol: Symbol,
        family: &[ClassRef],
        depth: usize,
        found: &mut Vec<Object>,
    ) {
        let attributes = &self.points_to.bindings(module_ref).attributes;
        for (object, binding) in attributes.get(&symbol).into_iter().flatten() {
            let by = self.program().function(module_ref, binding.function);
            let object = self.evaluate(by).value(*object);
            let is_of_family = match self.program().types.get(object.class) {
                Type::Instance(class) | Type::Class(class) => family.contains(&class),
                _ => false,
            };
            if is_of_family {
                self.binding(module_ref, binding, depth, found);
            }
        }
    }
}

/// The container that a library call passes on: `list(x)`, `x.values()`, `x.copy()`.
fn container_of(module: &Module, callee: ExprId, arguments: Run) -> Option<ExprId> {
    match module.kind(callee) {
        ExprKind::Attribute { value, name, .. } => {
            matches!(module.name(name), "values" | "copy").then_some(value)
        }
        ExprKind::Name(_) => module.arguments(arguments).first().map(|first| first.value),
        _ => None,
    }
}
