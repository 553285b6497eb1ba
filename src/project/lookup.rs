//! What an attribute of a value is, and what a call of one does: the same answers for every pass.

use super::{Program, Symbol};
use crate::ir::{Dialect, FunctionId, Scope, Step};
use crate::library::Thing;
use crate::summary::{ClassRef, Delivery};
use crate::types::{CallRef, ExternalRef, FunctionRef, ModuleRef, Type};
use crate::value::{Kinds, TypeId, Value};

/// What a call reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A function of the project.
    Function {
        /// Which.
        function: FunctionRef,
        /// Its first parameter is given already.
        bound: bool,
    },
    /// A call that the library knows.
    Library(CallRef),
    /// A class of the project is instantiated; with its `__init__`, where it has one in the project.
    Construct {
        /// The class.
        class: ClassRef,
        /// What runs.
        initializer: Option<FunctionRef>,
    },
    /// Nobody knows.
    Unknown,
}

/// Star imports of star imports are followed so far.
const STAR_IMPORTS: usize = 8;

impl Program<'_> {
    /// The value of `value.name`.
    pub fn attribute(&self, value: Value, symbol: Symbol, name: &str) -> Value {
        match self.types.get(value.class) {
            Type::Instance(class) => self.instance_attribute(class, symbol, name),
            Type::Class(class) => self.class_attribute(class, symbol, name),
            Type::Module(module) => self.export(module, symbol, name, 0),
            Type::External(external) => self.external_attribute(external, name, Dialect::Three),
            Type::Function { .. } | Type::Call(_) => Value::UNKNOWN,
            Type::Container { kind, .. } => self.method_of_kind(kind, name),
            Type::Unknown => self.method_of_kind(value.kinds - Kinds::NONE, name),
        }
    }

    fn method_of_kind(&self, kinds: Kinds, name: &str) -> Value {
        let class = match kinds {
            Kinds::TEXT => "str",
            Kinds::BYTES => "bytes",
            Kinds::LIST => "list",
            Kinds::DICT => "dict",
            Kinds::TUPLE => "tuple",
            Kinds::SET => "set",
            _ => return Value::UNKNOWN,
        };
        match self.library.class(class, Dialect::Three) {
            Some(class) => self.library_attribute(class, name),
            None => Value::UNKNOWN,
        }
    }

    fn library_attribute(&self, class: ClassRef, name: &str) -> Value {
        if let Some(call) = self.library.method(class, name) {
            return self.library_call(call);
        }
        self.library
            .attribute(class, name)
            .unwrap_or(Value::UNKNOWN)
    }

    fn library_call(&self, call: CallRef) -> Value {
        let class = self.types.find(Type::Call(call)).unwrap_or(TypeId::UNKNOWN);
        Value::typed(Kinds::FUNCTION, class)
    }

    /// What reading an attribute of an instance gives.
    pub fn instance_attribute(&self, class: ClassRef, symbol: Symbol, name: &str) -> Value {
        let Some(info) = self.project_class(class) else {
            return self.library_attribute(class, name);
        };
        let mut found = Value::NEVER;
        for &ancestor in &info.linearization {
            let Some(ancestor_info) = self.project_class(ancestor) else {
                if found.is_never() {
                    return self.library_attribute(ancestor, name);
                }
                break;
            };
            if let Some(attribute) = ancestor_info.attributes.get(&symbol) {
                found = found.join(attribute.value);
            }
            if let Some(&member) = ancestor_info.members.get(&symbol) {
                found = found.join(self.bind_member(member, false));
                break;
            }
        }
        if found.is_never() {
            Value::UNKNOWN
        } else {
            found
        }
    }

    fn class_attribute(&self, class: ClassRef, symbol: Symbol, name: &str) -> Value {
        let Some(info) = self.project_class(class) else {
            let dotted = format!("{}.{name}", self.library.class_name(class));
            if let Some(call) = self.library.call(&dotted) {
                return self.library_call(call);
            }
            // `Model.objects`: what a class keeps for all of its instances is described with them.
            return self
                .library
                .attribute(class, name)
                .unwrap_or(Value::UNKNOWN);
        };
        for &ancestor in &info.linearization {
            let Some(ancestor_info) = self.project_class(ancestor) else {
                return self.class_attribute(ancestor, symbol, name);
            };
            if let Some(&member) = ancestor_info.members.get(&symbol) {
                return self.bind_member(member, true);
            }
        }
        Value::UNKNOWN
    }

    /// The getter behind an attribute of an instance, if a property of the project's is read.
    pub fn property(&self, object: Value, symbol: Symbol) -> Option<FunctionRef> {
        let Type::Instance(class) = self.types.get(object.class) else {
            return None;
        };
        let ancestors = &self.project_class(class)?.linearization;
        let member = ancestors.iter().find_map(|&ancestor| {
            let info = self.project_class(ancestor);
            info.map_or(Some(None), |info| info.members.get(&symbol).map(Some))
        });
        match self.types.get(member??.class) {
            Type::Function { function, .. } if self.decoration(function).is_property => {
                Some(function)
            }
            _ => None,
        }
    }

    /// A function found on an instance or class is bound to it, unless it says otherwise; a property is called.
    fn bind_member(&self, member: Value, on_class: bool) -> Value {
        let Type::Function { function, .. } = self.types.get(member.class) else {
            return member;
        };
        let decoration = self.decoration(function);
        if decoration.is_property {
            return if on_class {
                Value::UNKNOWN
            } else {
                self.returned(function)
            };
        }
        let bound = !decoration.is_static && (!on_class || decoration.is_class_method);
        let class = self
            .types
            .find(Type::Function { function, bound })
            .unwrap_or(TypeId::UNKNOWN);
        Value { class, ..member }
    }

    /// What a module of the project calls `name`.
    pub fn export(&self, module: ModuleRef, symbol: Symbol, name: &str, depth: usize) -> Value {
        if let Some(place) = self.facts.global(module, symbol) {
            return self.variable(self.function(module, FunctionId::new(0)), place);
        }
        if let Some(found) = self.submodule(module, name) {
            return self.module_value(found);
        }
        if depth < STAR_IMPORTS {
            for &starred in self.facts.star_imports(module) {
                let found = self.export(starred, symbol, name, depth + 1);
                if found != Value::UNKNOWN {
                    return found;
                }
            }
        }
        // A package's own copy of six.
        if name == "moves" && self.module_name(module).ends_with("six") {
            return self.outside("six.moves", Dialect::Three);
        }
        Value::UNKNOWN
    }

    fn submodule(&self, module: ModuleRef, name: &str) -> Option<ModuleRef> {
        if !self.modules.has_last_part(name) {
            return None;
        }
        let dotted = format!("{}.{name}", self.module_name(module));
        self.modules.find(&dotted, module, self.sources)
    }

    pub(super) fn module_value(&self, module: ModuleRef) -> Value {
        let class = self
            .types
            .find(Type::Module(module))
            .unwrap_or(TypeId::UNKNOWN);
        Value::typed(Kinds::MODULE, class)
    }

    /// What a name outside the project has by another name, as a file of `dialect` sees it first: `socket.error` is a
    /// class of its own in Python 2.
    pub(super) fn external_attribute(
        &self,
        external: ExternalRef,
        name: &str,
        dialect: Dialect,
    ) -> Value {
        if external.0 as usize >= self.library.external_count() {
            return self.outside(
                &format!("{}.{name}", self.externals.name(external)),
                dialect,
            );
        }
        let member = |dialect| self.library.member(external, name, dialect);
        match member(dialect).or_else(|| member(other(dialect))) {
            Some(member) => self.thing(member, dialect),
            None => Value::UNKNOWN,
        }
    }

    /// What a dotted name outside the project stands for, in a file of `dialect`.
    pub(super) fn outside(&self, dotted: &str, dialect: Dialect) -> Value {
        let known = |dialect| self.library.external(dotted, dialect);
        if let Some(known) = known(dialect).or_else(|| known(other(dialect))) {
            return self.thing(known, dialect);
        }
        match self.externals.find(dotted) {
            Some(external) => Value::typed(Kinds::ANY, self.type_of(Type::External(external))),
            None => Value::UNKNOWN,
        }
    }

    fn thing(&self, name: ExternalRef, dialect: Dialect) -> Value {
        let thing = match self.library.thing(name, dialect) {
            Thing::Module => self.library.thing(name, other(dialect)),
            thing => thing,
        };
        match thing {
            Thing::Class(class) => Value::typed(Kinds::CLASS, self.type_of(Type::Class(class))),
            Thing::Call(call) => self.library_call(call),
            Thing::Value(value) => value,
            Thing::Module => Value::typed(Kinds::MODULE, self.type_of(Type::External(name))),
        }
    }

    fn type_of(&self, of: Type) -> TypeId {
        self.types.find(of).unwrap_or(TypeId::UNKNOWN)
    }

    /// The dotted name of a thing outside the project.
    pub fn external_name(&self, value: Value) -> Option<String> {
        match self.types.get(value.class) {
            Type::External(external) if (external.0 as usize) < self.library.external_count() => {
                Some(self.library.external_name(external))
            }
            Type::External(external) => Some(self.externals.name(external).to_owned()),
            Type::Call(call) => Some(self.library.get(call).name.clone()),
            Type::Class(class) if self.project_class(class).is_none() => {
                Some(self.library.class_name(class).to_owned())
            }
            _ => None,
        }
    }

    /// What calling a value reaches.
    pub fn target(&self, callee: Value) -> Target {
        match self.types.get(callee.class) {
            Type::Function { function, bound } => Target::Function { function, bound },
            Type::Call(call) => Target::Library(call),
            Type::Class(class) if self.project_class(class).is_some() => Target::Construct {
                class,
                initializer: self.method(class, "__init__"),
            },
            Type::Class(class) => match self.library.constructor(class) {
                Some(call) => Target::Library(call),
                None => Target::Construct {
                    class,
                    initializer: None,
                },
            },
            Type::Instance(class) => match self.method(class, "__call__") {
                Some(function) => Target::Function {
                    function,
                    bound: true,
                },
                None if self.project_class(class).is_none() => {
                    let call = self.library.method(class, "__call__");
                    call.map_or(Target::Unknown, Target::Library)
                }
                None => Target::Unknown,
            },
            _ => Target::Unknown,
        }
    }

    /// A method of a class, if it is a function of the project.
    pub fn method(&self, class: ClassRef, name: &str) -> Option<FunctionRef> {
        let info = self.project_class(class)?;
        let symbol = self.find_symbol(name)?;
        for &ancestor in &info.linearization {
            let member = self.project_class(ancestor)?.members.get(&symbol);
            if let Some(member) = member {
                return match self.types.get(member.class) {
                    Type::Function { function, .. } => Some(function),
                    _ => None,
                };
            }
        }
        None
    }

    /// What a call gives, flow aside. `given` and `named` tell its arguments.
    pub fn call_result(&self, callee: Value, given: usize, named: &dyn Fn(&str) -> bool) -> Value {
        match self.target(callee) {
            Target::Function { function, .. } => self.function_result(function),
            Target::Library(call) => self.library.get(call).returns(given, named),
            Target::Construct { class, .. } => {
                Value::typed(Kinds::INSTANCE, self.instance_type(class))
            }
            Target::Unknown => Value::UNKNOWN,
        }
    }

    fn function_result(&self, function: FunctionRef) -> Value {
        match self.delivery(function) {
            Delivery::Now => self.returned(function),
            Delivery::Generator => Value::of(Kinds::ITERATOR),
            Delivery::Awaited | Delivery::Deferred => Value::UNKNOWN,
        }
    }

    /// How the result of a function of the project arrives.
    pub fn delivery(&self, function: FunctionRef) -> Delivery {
        let (_, code) = self.code(function);
        match (code.is_async, code.is_generator) {
            (true, false) => Delivery::Awaited,
            (_, true) => Delivery::Generator,
            (false, false) => Delivery::Now,
        }
    }

    /// The name of a function's variable.
    pub fn variable_symbol(&self, module: ModuleRef, step: Step) -> Option<(Symbol, Scope)> {
        match step {
            Step::Variable { name, scope } => Some((self.symbol(module, name), scope)),
            _ => None,
        }
    }
}

fn other(dialect: Dialect) -> Dialect {
    match dialect {
        Dialect::Two => Dialect::Three,
        Dialect::Three => Dialect::Two,
    }
}
