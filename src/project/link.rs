//! Links modules into a program: rounds over all bindings until no type of a name changes any more.
//!
//! Each round computes every variable, attribute and result anew from the ones of the round before, module by module
//! in parallel. What still changes in the last round is unknown: a chain of bindings that long is no evidence.

use super::classes::{Assignment, Attribute, collect, member_symbol, resolve_bases};
use super::decorators::decoration;
use super::naming::{Imported, ModuleNames};
use super::{
    Actual, Decoration, Evaluate, Program, Source, Symbol, Target, actuals, external::Externals,
};
use crate::ir::{
    Dialect, ExprId, ExprKind, Function, FunctionId, FunctionKind, ImportId, Inst, InstKind,
    Module, ParameterKind, PlaceId, Scope, Source as Bound, Step,
};
use crate::library::Library;
use crate::summary::ClassRef;
use crate::text::{FileId, Location};
use crate::types::{CallRef, ExternalRef, FunctionRef, ModuleRef, Type};
use crate::value::{Kinds, TypeId, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// How many bindings in a row a type is followed through.
const ROUNDS: usize = 7;

/// What is known of names regardless of the order in which things happen.
#[derive(Default)]
pub(super) struct FlowInsensitive {
    first_place: Vec<u32>,
    variables: Vec<Value>,
    returns: Vec<Value>,
    globals: Vec<FxHashMap<Symbol, PlaceId>>,
    imports: Vec<Vec<ResolvedImport>>,
    star_imports: Vec<Vec<ModuleRef>>,
    has_unknown_star_import: Vec<bool>,
}

/// What an import binds.
#[derive(Clone, Copy, Debug)]
enum ResolvedImport {
    Module(ModuleRef),
    Name(ModuleRef, Symbol),
    Outside(Value),
}

impl FlowInsensitive {
    pub(super) fn variable(&self, function: FunctionRef, place: PlaceId) -> Value {
        self.variables[self.first_place[function.0 as usize] as usize + place.index()]
    }

    pub(super) fn returned(&self, function: FunctionRef) -> Value {
        self.returns[function.0 as usize]
    }

    pub(super) fn global(&self, module: ModuleRef, symbol: Symbol) -> Option<PlaceId> {
        self.globals[module.0 as usize].get(&symbol).copied()
    }

    /// The module and the name in it that an import of a name binds.
    pub(super) fn imported(&self, module: ModuleRef, id: ImportId) -> Option<(ModuleRef, Symbol)> {
        match self.imports[module.0 as usize][id.index()] {
            ResolvedImport::Name(module, symbol) => Some((module, symbol)),
            ResolvedImport::Module(_) | ResolvedImport::Outside(_) => None,
        }
    }

    pub(super) fn star_imports(&self, module: ModuleRef) -> &[ModuleRef] {
        &self.star_imports[module.0 as usize]
    }

    pub(super) fn has_unknown_star_import(&self, module: ModuleRef) -> bool {
        self.has_unknown_star_import[module.0 as usize]
    }
}

pub(super) fn link<'a>(sources: &'a [Source], library: &'a Library) -> Program<'a> {
    let mut program = skeleton(sources, library);
    intern_symbols(&mut program);
    intern_types(&mut program);
    resolve_imports(&mut program);
    program.decorations = vec![Decoration::default(); program.functions.len()];
    let mut last = Vec::new();
    for round in 0..ROUNDS {
        let changed_bases = resolve_bases(&mut program);
        if round < 3 || changed_bases {
            let count = program.functions.len() as u32;
            program.decorations = (0..count)
                .into_par_iter()
                .map(|f| decoration(&program, FunctionRef(f)))
                .collect();
        }
        last = run_round(&mut program);
        if last.is_empty() && round > 1 && !changed_bases {
            break;
        }
    }
    settle(&mut program, &last);
    let count = program.functions.len() as u32;
    program.overridden = (0..count)
        .into_par_iter()
        .map(|f| !program.overrides(FunctionRef(f)).is_empty())
        .collect();
    program
}

fn skeleton<'a>(sources: &'a [Source], library: &'a Library) -> Program<'a> {
    let mut functions = Vec::new();
    let mut first_function = Vec::new();
    let mut first_class = Vec::new();
    let mut first_place = Vec::new();
    let (mut places, mut classes) = (0, 0);
    for (index, source) in sources.iter().enumerate() {
        first_function.push(functions.len() as u32);
        first_class.push(classes);
        classes += source.module.classes.len() as u32;
        for (id, function) in source.module.functions.iter().enumerate() {
            functions.push((ModuleRef(index as u32), FunctionId::new(id)));
            first_place.push(places);
            places += function.places.len() as u32;
        }
    }
    let facts = FlowInsensitive {
        first_place,
        variables: vec![Value::NEVER; places as usize],
        returns: vec![Value::NEVER; functions.len()],
        ..FlowInsensitive::default()
    };
    Program {
        sources,
        library,
        types: library.types().clone(),
        classes: collect(sources),
        functions,
        first_function,
        first_class,
        decorations: Vec::new(),
        overridden: Vec::new(),
        modules: ModuleNames::of(sources),
        symbols: FxHashMap::default(),
        symbol_of: Vec::new(),
        facts,
        externals: Externals::after(library.external_count()),
    }
}

fn intern_symbols(program: &mut Program<'_>) {
    for source in program.sources {
        let mut own = Vec::with_capacity(source.module.names.len());
        for name in &source.module.names {
            let next = Symbol(program.symbols.len() as u32);
            let symbol = match program.symbols.get(name.as_str()) {
                Some(&known) => known,
                None => {
                    program.symbols.insert(name.clone(), next);
                    next
                }
            };
            own.push(symbol);
        }
        program.symbol_of.push(own);
    }
    for index in 0..program.sources.len() {
        let module = program.module(ModuleRef(index as u32));
        let mut globals = FxHashMap::default();
        for (place, step) in module.body().places.iter().enumerate() {
            if let Step::Variable {
                name,
                scope: Scope::Local { .. },
            } = step.step
            {
                globals.insert(program.symbol_of[index][name.index()], PlaceId::new(place));
            }
        }
        program.facts.globals.push(globals);
    }
}

fn intern_types(program: &mut Program<'_>) {
    let library = program.library;
    for class in 0..library.class_count() as u32 {
        program.types.intern(Type::Instance(ClassRef(class)));
        program.types.intern(Type::Class(ClassRef(class)));
    }
    for call in 0..library.call_count() as u32 {
        program.types.intern(Type::Call(CallRef(call)));
    }
    for external in 0..library.external_count() as u32 {
        program.types.intern(Type::External(ExternalRef(external)));
    }
    for index in 0..program.classes.len() as u32 {
        let class = ClassRef(library.class_count() as u32 + index);
        program.types.intern(Type::Instance(class));
        program.types.intern(Type::Class(class));
    }
    for index in 0..program.functions.len() as u32 {
        let function = FunctionRef(index);
        program.types.intern(Type::Function {
            function,
            bound: false,
        });
        program.types.intern(Type::Function {
            function,
            bound: true,
        });
    }
    for index in 0..program.sources.len() as u32 {
        program.types.intern(Type::Module(ModuleRef(index)));
    }
}

fn resolve_imports(program: &mut Program<'_>) {
    let count = program.sources.len() as u32;
    for index in 0..count {
        let module_ref = ModuleRef(index);
        let module = program.module(module_ref);
        let mut own = Vec::with_capacity(module.imports.len());
        let mut stars = Vec::new();
        let mut unknown_star = false;
        for id in 0..module.imports.len() {
            let resolved = resolve_import(program, module_ref, ImportId::new(id));
            let is_star = module.imports[id]
                .name
                .is_some_and(|name| module.name(name) == "*");
            match resolved {
                ResolvedImport::Name(starred, _) | ResolvedImport::Module(starred) if is_star => {
                    stars.push(starred)
                }
                _ => unknown_star |= is_star,
            }
            own.push(resolved);
        }
        program.facts.imports.push(own);
        program.facts.star_imports.push(stars);
        program.facts.has_unknown_star_import.push(unknown_star);
    }
}

fn resolve_import(
    program: &mut Program<'_>,
    module_ref: ModuleRef,
    id: ImportId,
) -> ResolvedImport {
    let module = program.module(module_ref);
    let import = &module.imports[id.index()];
    let from = program.modules.resolve(import, module_ref, program.sources);
    match (import.name, from) {
        (None, Imported::Project(found)) if import.alias.is_some() => ResolvedImport::Module(found),
        (None, Imported::Project(_) | Imported::Outside(_)) if import.alias.is_none() => {
            let dotted = module.name(import.module);
            let first = dotted.split('.').next().unwrap_or(dotted);
            match program.modules.find(first, module_ref, program.sources) {
                Some(found) if found != module_ref => ResolvedImport::Module(found),
                _ => outside(program, dotted, first, module.dialect),
            }
        }
        (None, Imported::Project(found)) => ResolvedImport::Module(found),
        (None, Imported::Outside(dotted)) => outside(program, &dotted, &dotted, module.dialect),
        (Some(name), Imported::Project(found)) => {
            ResolvedImport::Name(found, program.symbol(module_ref, name))
        }
        (Some(name), Imported::Outside(dotted)) => {
            let submodule = format!("{dotted}.{}", module.name(name));
            match program
                .modules
                .find(&submodule, module_ref, program.sources)
            {
                Some(found) => ResolvedImport::Module(found),
                None => outside(program, &submodule, &submodule, module.dialect),
            }
        }
    }
}

/// `import a.b.c` makes all of `whole` known, and binds `bound`, a part of it.
fn outside(
    program: &mut Program<'_>,
    whole: &str,
    bound: &str,
    dialect: Dialect,
) -> ResolvedImport {
    let ends = whole
        .match_indices('.')
        .map(|(at, _)| at)
        .chain([whole.len()]);
    for end in ends {
        let external = program.externals.intern(&whole[..end]);
        program.types.intern(Type::External(external));
    }
    ResolvedImport::Outside(program.outside(bound, dialect))
}

/// What one module's code binds.
#[derive(Default)]
struct Updates {
    variables: Vec<(FunctionRef, PlaceId, Value, Way)>,
    returns: Vec<(FunctionRef, Value)>,
    attributes: Vec<(ClassRef, Symbol, Assignment)>,
    containers: Vec<Type>,
}

/// How a variable gets a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Bound,
    Imported,
    Passed,
}

/// Computes everything anew; returns the variables and results that changed.
fn run_round(program: &mut Program<'_>) -> Vec<Changed> {
    let shared: &Program<'_> = program;
    let count = shared.sources.len() as u32;
    let updates: Vec<Updates> = (0..count)
        .into_par_iter()
        .map(|index| Round::of(shared, ModuleRef(index)))
        .collect();
    apply(program, updates)
}

/// Something whose value changed in a round.
enum Changed {
    Variable(usize),
    Returned(usize),
    Types,
}

fn apply(program: &mut Program<'_>, updates: Vec<Updates>) -> Vec<Changed> {
    let mut variables = vec![Value::NEVER; program.facts.variables.len()];
    let mut passed = vec![Value::NEVER; variables.len()];
    let mut returns = vec![Value::NEVER; program.facts.returns.len()];
    let types_before = program.types.count();
    for info in &mut program.classes {
        info.attributes.clear();
    }
    let first_class = program.library.class_count() as u32;
    for update in updates {
        for (function, place, value, way) in update.variables {
            let at = program.facts.first_place[function.0 as usize] as usize + place.index();
            match way {
                Way::Bound => variables[at] = variables[at].join(value),
                Way::Passed => passed[at] = passed[at].join(value),
                Way::Imported => variables[at] = better_import(program, variables[at], value),
            }
        }
        for (function, value) in update.returns {
            let at = &mut returns[function.0 as usize];
            *at = at.join(value);
        }
        for (class, symbol, assignment) in update.attributes {
            let Some(own) = class.0.checked_sub(first_class) else {
                continue;
            };
            let attribute: &mut Attribute = program.classes[own as usize]
                .attributes
                .entry(symbol)
                .or_default();
            attribute.value = attribute.value.join(assignment.value);
            attribute.assignments.push(assignment);
        }
        for container in update.containers {
            program.types.intern(container);
        }
    }
    for (own, passed) in variables.iter_mut().zip(passed) {
        let is_open = (own.kinds - Kinds::NONE).is_empty();
        // Who passes on None where None is the default passes nothing.
        let is_default = own.is_none() && passed.is_none();
        if is_open && !passed.is_never() && !is_default {
            *own = Value::typed(Kinds::ANY | own.kinds, passed.class);
        }
    }
    let mut changed = Vec::new();
    let difference = |old: &[Value], new: &[Value]| -> Vec<usize> {
        old.iter()
            .zip(new)
            .enumerate()
            .filter(|(_, (old, new))| old != new)
            .map(|(at, _)| at)
            .collect()
    };
    changed.extend(
        difference(&program.facts.variables, &variables)
            .into_iter()
            .map(Changed::Variable),
    );
    changed.extend(
        difference(&program.facts.returns, &returns)
            .into_iter()
            .map(Changed::Returned),
    );
    if program.types.count() != types_before {
        changed.push(Changed::Types);
    }
    program.facts.variables = variables;
    program.facts.returns = returns;
    refresh_members(program);
    changed
}

/// `try: import a as m / except ImportError: import b as m`: the one of which more is known stands for both.
fn better_import(program: &Program<'_>, old: Value, new: Value) -> Value {
    let rank = |value: Value| match program.types.get(value.class) {
        Type::Unknown => 0,
        Type::External(_) if value.kinds == Kinds::ANY => 1,
        _ => 2,
    };
    if old.is_never() || rank(new) > rank(old) {
        new
    } else {
        old
    }
}

fn refresh_members(program: &mut Program<'_>) {
    for index in 0..program.functions.len() as u32 {
        let function = FunctionRef(index);
        let (_, code) = program.code(function);
        if code.kind != FunctionKind::Class {
            continue;
        }
        for place in 0..code.places.len() {
            let place = PlaceId::new(place);
            let Some((class, symbol)) = member_symbol(program, function, place) else {
                continue;
            };
            let value = program.variable(function, place);
            let own = class.0 as usize - program.library.class_count();
            program.classes[own].members.insert(symbol, value);
        }
    }
}

/// What never got a value, or still changes, is unknown.
fn settle(program: &mut Program<'_>, changed: &[Changed]) {
    for change in changed {
        match *change {
            Changed::Variable(at) => program.facts.variables[at] = Value::UNKNOWN,
            Changed::Returned(at) => program.facts.returns[at] = Value::UNKNOWN,
            Changed::Types => {}
        }
    }
    for value in program
        .facts
        .variables
        .iter_mut()
        .chain(&mut program.facts.returns)
    {
        if value.is_never() {
            *value = Value::UNKNOWN;
        }
    }
    for info in &mut program.classes {
        #[expect(
            clippy::iter_over_hash_type,
            reason = "each element is changed by itself"
        )]
        for value in info.members.values_mut() {
            if value.is_never() {
                *value = Value::UNKNOWN;
            }
        }
        #[expect(
            clippy::iter_over_hash_type,
            reason = "each element is changed by itself"
        )]
        for attribute in info.attributes.values_mut() {
            if attribute.value.is_never() {
                attribute.value = Value::UNKNOWN;
            }
        }
    }
}

/// One module's part of a round.
struct Round<'p, 'a> {
    program: &'p Program<'a>,
    module_ref: ModuleRef,
    module: &'a Module,
    updates: Updates,
}

impl<'p, 'a> Round<'p, 'a> {
    fn of(program: &'p Program<'a>, module_ref: ModuleRef) -> Updates {
        let module = program.module(module_ref);
        let mut round = Self {
            program,
            module_ref,
            module,
            updates: Updates::default(),
        };
        for (id, code) in module.functions.iter().enumerate() {
            round.function(FunctionId::new(id), code);
        }
        round.updates
    }

    fn function(&mut self, id: FunctionId, code: &'a Function) {
        let evaluate = Evaluate::new(self.program, self.module_ref, id);
        let function = self.program.function(self.module_ref, id);
        self.parameters(function, code);
        for inst in &code.insts {
            self.inst(&evaluate, function, code, inst);
        }
        for index in code.exprs.range() {
            self.expr(&evaluate, function, code, ExprId::new(index));
        }
    }

    fn parameters(&mut self, function: FunctionRef, code: &'a Function) {
        let Some(parent) = code.parent else { return };
        let outer = Evaluate::new(self.program, self.module_ref, parent);
        let receiver = self.receiver(function, code);
        for (index, parameter) in code.parameters.iter().enumerate() {
            let value = match (index, receiver, parameter.annotation, parameter.kind) {
                (_, _, _, ParameterKind::Star) => Value::of(Kinds::TUPLE),
                (_, _, _, ParameterKind::DoubleStar) => Value::of(Kinds::DICT),
                (0, Some(receiver), ..) => receiver,
                (_, _, Some(annotation), _) => outer.annotated(annotation),
                _ if parameter
                    .default
                    .is_some_and(|default| self.module.kind(default) == ExprKind::None) =>
                {
                    Value::NONE
                }
                _ => continue,
            };
            self.bind(function, parameter.place, value);
        }
        let passed = self.program.passed_by_framework(function);
        for (parameter, value) in code.parameters.iter().zip(passed) {
            if value.class != TypeId::UNKNOWN {
                self.updates
                    .variables
                    .push((function, parameter.place, value, Way::Passed));
            }
        }
    }

    fn receiver(&self, function: FunctionRef, code: &Function) -> Option<Value> {
        let class = self.program.class_of_method(function)?;
        let decoration = self.program.decoration(function);
        if decoration.is_static || code.kind != FunctionKind::Def {
            return None;
        }
        if decoration.is_class_method {
            let class = self.program.types.find(Type::Class(class))?;
            return Some(Value::typed(Kinds::CLASS, class));
        }
        Some(Value::typed(
            Kinds::INSTANCE,
            self.program.instance_type(class),
        ))
    }

    fn bind(&mut self, function: FunctionRef, place: PlaceId, value: Value) {
        self.updates
            .variables
            .push((function, place, value, Way::Bound));
    }

    fn inst(
        &mut self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        inst: &Inst,
    ) {
        match inst.kind {
            InstKind::Bind {
                target,
                source,
                annotation,
            } => {
                if let Bound::Import(import) = source {
                    let value = self.import(import);
                    if let Some(place) = self.owner_of(function, code, target) {
                        self.updates
                            .variables
                            .push((place.0, place.1, value, Way::Imported));
                    }
                    return;
                }
                if let Bound::Value(whole) = source
                    && self.unpack(evaluate, function, code, target, whole, inst)
                {
                    return;
                }
                let mut value = self.source(evaluate, source, target);
                if let Some(annotation) = annotation {
                    let promised = evaluate.annotated(annotation);
                    value = if promised.is_unknown() {
                        value
                    } else {
                        promised
                    };
                }
                self.target(evaluate, function, code, target, value, inst);
            }
            InstKind::Return(value) if !code.is_generator => {
                let value = value.map_or(Value::NONE, |value| evaluate.value(value));
                self.updates.returns.push((function, value));
            }
            _ => {}
        }
    }

    /// `a, b = x, y`: each target is bound to its own part. Whether it is such a binding.
    fn unpack(
        &mut self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        target: ExprId,
        whole: ExprId,
        inst: &Inst,
    ) -> bool {
        let (ExprKind::Tuple(targets) | ExprKind::List(targets)) = self.module.kind(target) else {
            return false;
        };
        let (ExprKind::Tuple(values) | ExprKind::List(values)) = self.module.kind(whole) else {
            return false;
        };
        let (targets, values) = (self.module.list(targets), self.module.list(values));
        let is_starred = |&part: &ExprId| matches!(self.module.kind(part), ExprKind::Starred(_));
        if targets.len() != values.len() || targets.iter().chain(values).any(is_starred) {
            return false;
        }
        for (&target, &value) in targets.iter().zip(values) {
            if !self.unpack(evaluate, function, code, target, value, inst) {
                self.request_container(evaluate, value);
                self.target(
                    evaluate,
                    function,
                    code,
                    target,
                    evaluate.value(value),
                    inst,
                );
            }
        }
        true
    }

    fn source(&mut self, evaluate: &Evaluate<'_, 'a>, source: Bound, target: ExprId) -> Value {
        match source {
            Bound::Value(value) => {
                self.request_container(evaluate, value);
                evaluate.value(value)
            }
            Bound::Augmented { operator, value } => {
                super::evaluate::binary(operator, evaluate.value(target), evaluate.value(value))
            }
            Bound::Element {
                iterable,
                is_async: false,
            } => self.program.iterated(evaluate.value(iterable)),
            Bound::Entered { manager, .. } => self.entered(evaluate, manager),
            Bound::Function(id) => {
                let function = self.program.function(self.module_ref, id);
                match self.program.decoration(function).is_opaque {
                    true => Value::UNKNOWN,
                    false => self.program.function_value(function),
                }
            }
            Bound::Class(id) => {
                let class = self.program.class(self.module_ref, id);
                let class = self
                    .program
                    .types
                    .find(Type::Class(class))
                    .unwrap_or(TypeId::UNKNOWN);
                Value::typed(Kinds::CLASS, class)
            }
            Bound::Captured {
                subject,
                whole: true,
            } => evaluate.value(subject),
            _ => Value::UNKNOWN,
        }
    }

    fn request_container(&mut self, evaluate: &Evaluate<'_, 'a>, value: ExprId) {
        let (kind, element) = match self.module.kind(value) {
            ExprKind::List(items) => (Kinds::LIST, self.module.list(items).first().copied()),
            ExprKind::Tuple(items) => (Kinds::TUPLE, self.module.list(items).first().copied()),
            ExprKind::Dict(items) => (Kinds::DICT, self.module.list(items).get(1).copied()),
            ExprKind::Comprehension(id) => {
                (Kinds::LIST, Some(self.module.comprehension(id).element))
            }
            _ => return,
        };
        let Some(element) = element else { return };
        let element = evaluate.value(element);
        if element.class != TypeId::UNKNOWN {
            let wanted = Type::Container {
                kind,
                element: element.class,
                kinds: element.kinds,
            };
            if self.program.types.find(wanted).is_none() {
                self.updates.containers.push(wanted);
            }
        }
    }

    /// What `with manager as x` gives: itself for most, what a generator yields for a context manager made of one.
    fn entered(&self, evaluate: &Evaluate<'_, 'a>, manager: ExprId) -> Value {
        let value = evaluate.value(manager);
        match self.program.types.get(value.class) {
            Type::Instance(class) if self.program.project_class(class).is_some() => {
                match self.program.method(class, "__enter__") {
                    Some(enter) => self.program.returned(enter),
                    None => value,
                }
            }
            Type::Instance(_) => value,
            _ if value.kinds == Kinds::FILE => value,
            _ => Value::UNKNOWN,
        }
    }

    fn import(&self, id: ImportId) -> Value {
        let import = &self.module.imports[id.index()];
        match self.program.facts.imports[self.module_ref.0 as usize][id.index()] {
            ResolvedImport::Module(module) => self.program.module_value(module),
            ResolvedImport::Name(module, symbol) => {
                let name = import.name.map_or("", |name| self.module.name(name));
                self.program.export(module, symbol, name, 0)
            }
            ResolvedImport::Outside(value) => value,
        }
    }

    /// The function and place that a name in `code` is stored in.
    fn owner_of(
        &self,
        function: FunctionRef,
        code: &Function,
        target: ExprId,
    ) -> Option<(FunctionRef, PlaceId)> {
        let ExprKind::Name(place) = self.module.kind(target) else {
            return None;
        };
        let Step::Variable { name, scope } = code.place(place).step else {
            return None;
        };
        match scope {
            Scope::Local { .. } | Scope::Parameter { .. } | Scope::Comprehension => {
                Some((function, place))
            }
            Scope::Free {
                function, place, ..
            } => Some((self.program.function(self.module_ref, function), place)),
            Scope::Global { .. } => {
                let symbol = self.program.symbol(self.module_ref, name);
                let place = self.program.facts.global(self.module_ref, symbol)?;
                Some((
                    self.program.function(self.module_ref, FunctionId::new(0)),
                    place,
                ))
            }
        }
    }

    fn target(
        &mut self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        target: ExprId,
        value: Value,
        inst: &Inst,
    ) {
        match self.module.kind(target) {
            ExprKind::Name(_) => {
                if let Some((owner, place)) = self.owner_of(function, code, target) {
                    self.bind(owner, place, value);
                }
            }
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let element = self.program.iterated(value);
                let element = if element.is_never() {
                    Value::UNKNOWN
                } else {
                    element
                };
                for &part in self.module.list(parts) {
                    self.target(evaluate, function, code, part, element, inst);
                }
            }
            ExprKind::Starred(inner) => self.target(
                evaluate,
                function,
                code,
                inner,
                Value::of(Kinds::LIST),
                inst,
            ),
            ExprKind::Attribute {
                value: object,
                name,
                ..
            } => {
                let object = evaluate.value(object);
                let class = match self.program.types.get(object.class) {
                    Type::Instance(class) | Type::Class(class) => class,
                    _ => return,
                };
                let location = Location {
                    file: FileId(self.module_ref.0),
                    span: inst.span,
                };
                let assignment = Assignment {
                    function,
                    location,
                    value,
                };
                self.updates.attributes.push((
                    class,
                    self.program.symbol(self.module_ref, name),
                    assignment,
                ));
            }
            _ => {}
        }
    }

    fn expr(
        &mut self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        expr: ExprId,
    ) {
        match self.module.kind(expr) {
            ExprKind::Walrus { target, value } => {
                if let Some((owner, place)) = self.owner_of(function, code, target) {
                    self.bind(owner, place, evaluate.value(value));
                }
            }
            ExprKind::Comprehension(id) => {
                for clause in &self.module.comprehension(id).clauses {
                    let element = self.program.iterated(evaluate.value(clause.iterable));
                    self.comprehension_target(function, clause.target, element);
                }
            }
            ExprKind::Call { callee, arguments } => self.call(evaluate, callee, arguments),
            _ => {}
        }
    }

    fn comprehension_target(&mut self, function: FunctionRef, target: ExprId, value: Value) {
        match self.module.kind(target) {
            ExprKind::Name(place) => self.bind(function, place, value),
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let element = self.program.iterated(value);
                for &part in self.module.list(parts) {
                    self.comprehension_target(function, part, element);
                }
            }
            _ => {}
        }
    }

    /// What a call passes is what a parameter without an annotation holds.
    fn call(&mut self, evaluate: &Evaluate<'_, 'a>, callee: ExprId, arguments: crate::ir::Run) {
        let (function, bound) = match self.program.target(evaluate.value(callee)) {
            Target::Function { function, bound } => (function, bound),
            Target::Construct {
                initializer: Some(function),
                ..
            } => (function, true),
            _ => return,
        };
        let (module, code) = self.program.code(function);
        let given = actuals(
            self.module,
            self.module.arguments(arguments),
            module,
            code,
            bound,
        );
        for (parameter, actual) in code.parameters.iter().zip(given) {
            let Actual::Given(value) = actual else {
                continue;
            };
            let value = evaluate.value(value);
            if value.class != TypeId::UNKNOWN || !value.is_never() {
                self.updates
                    .variables
                    .push((function, parameter.place, value, Way::Passed));
            }
        }
    }
}
