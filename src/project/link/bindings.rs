//! What one function's code binds, evaluated with what the round before knew.

use super::super::classes::Assignment;
use super::super::evaluate::binary;
use super::super::{Actual, Evaluate, Program, Read, Symbol, Target, actuals, note};
use super::imports::ResolvedImport;
use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, FunctionKind, ImportId, Inst, InstKind, Module,
    ParameterKind, PlaceId, Run, Scope, Source as Bound, Step,
};
use crate::summary::ClassRef;
use crate::text::{FileId, Location};
use crate::types::{FunctionRef, ModuleRef, Type};
use crate::value::{Kinds, TypeId, Value};

/// What the code of one function binds.
#[derive(Default, PartialEq)]
pub(super) struct Updates {
    /// Variables, which may be those of a function around it, in order.
    pub(super) variables: Vec<Binding>,
    /// What it returns.
    pub(super) returned: Value,
    /// Parameters, which may be another module's, and what calls pass to them.
    pub(super) passed: Vec<(FunctionRef, PlaceId, Value)>,
    pub(super) attributes: Vec<(ClassRef, Symbol, Assignment)>,
    pub(super) containers: Vec<Type>,
}

/// A variable is bound.
#[derive(PartialEq)]
pub(super) struct Binding {
    pub(super) function: FunctionRef,
    pub(super) place: PlaceId,
    pub(super) value: Value,
    /// Of several imports one counts.
    pub(super) is_import: bool,
}

/// One function's part of a round.
pub(super) struct FunctionBindings<'p, 'a> {
    program: &'p Program<'a>,
    module_ref: ModuleRef,
    module: &'a Module,
    updates: Updates,
}

impl<'p, 'a> FunctionBindings<'p, 'a> {
    pub(super) fn of(program: &'p Program<'a>, function: FunctionRef) -> Updates {
        let (module_ref, id) = program.locate(function);
        let module = program.module(module_ref);
        let mut own = Self {
            program,
            module_ref,
            module,
            updates: Updates {
                returned: Value::NEVER,
                ..Updates::default()
            },
        };
        own.function(id, module.function(id));
        own.updates
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
                self.updates.passed.push((function, parameter.place, value));
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
        self.updates.variables.push(Binding {
            function,
            place,
            value,
            is_import: false,
        });
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
                    if let Some((function, place)) = self.owner_of(function, code, target) {
                        self.updates.variables.push(Binding {
                            function,
                            place,
                            value,
                            is_import: true,
                        });
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
                self.updates.returned = self.updates.returned.join(value);
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
                binary(operator, evaluate.value(target), evaluate.value(value))
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
                note(Read::Container);
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
    fn call(&mut self, evaluate: &Evaluate<'_, 'a>, callee: ExprId, arguments: Run) {
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
                let passed = (function, parameter.place, value);
                self.updates.passed.push(passed);
            }
        }
    }
}

/// `try: import a as m / except ImportError: import b as m`: the one of which more is known stands for both.
pub(super) fn better_import(program: &Program<'_>, old: Value, new: Value) -> Value {
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
