//! What the program knows of Python's libraries: `rules/library/`, compiled in, and a team's own tables.
//!
//! ```
//! use pothole::ir::Dialect;
//! use pothole::library::Library;
//!
//! let library = Library::builtin();
//! let get = library.call("requests.get").map(|call| library.get(call));
//! assert!(get.is_some_and(|get| get.summary.wants.iter().any(|want| want.rule == "missing-timeout")));
//! let timeout = library.class("requests.Timeout", Dialect::Three);
//! let root = library.class("OSError", Dialect::Three);
//! assert!(timeout.zip(root).is_some_and(|(a, b)| library.is_subclass(a, b, Dialect::Three)));
//! ```

pub mod tables;
#[cfg(test)]
mod tests;
mod things;

pub use tables::call::{Call, Overload, RaisesIf};
pub use tables::compiler::LibraryError;
pub use tables::schema;
pub use things::{Thing, substitute};

use crate::ir::Dialect;
use crate::summary::{ClassRef, Summary};
use crate::types::{CallRef, Type, Types};
use crate::value::{Kinds, Value};
use std::sync::OnceLock;
use tables::compile::compile;
use tables::compiled::{Compiled, Role};
use tables::names::NameId;

/// The library. Lookups are by dotted name, such as `redis.Redis.get`, in the namespace of builtins and packages;
/// aliases are resolved on the way.
#[derive(Debug)]
pub struct Library {
    compiled: Compiled<'static>,
    types: Types,
    calls: Vec<OnceLock<Box<Call>>>,
    class_names: Vec<OnceLock<Box<str>>>,
}

impl Library {
    /// The library that is compiled in.
    pub fn builtin() -> &'static Library {
        static BUILTIN: OnceLock<Library> = OnceLock::new();
        BUILTIN.get_or_init(Library::load)
    }

    /// Reads the library that is compiled in; `builtin` does it once.
    fn load() -> Library {
        let blob = include_bytes!(concat!(env!("OUT_DIR"), "/library.postcard"));
        let compiled = postcard::from_bytes(blob);
        debug_assert!(compiled.is_ok(), "the build wrote what it can read");
        Library::new(compiled.unwrap_or_default())
    }

    fn new(compiled: Compiled<'static>) -> Library {
        let types = compiled.types();
        let calls = compiled.call_count() + compiled.classes.len();
        let class_names = compiled.classes.iter().map(|_| OnceLock::new()).collect();
        Library {
            types,
            calls: (0..calls).map(|_| OnceLock::new()).collect(),
            class_names,
            compiled,
        }
    }

    /// This library and a team's own tables, which win where both say something of a name.
    pub fn with(&self, tables: schema::Tables) -> Result<Library, LibraryError> {
        compile(self.compiled.clone(), &[tables]).map(Library::new)
    }

    /// The class of this name; builtins go by their bare name.
    pub fn class(&self, dotted: &str, dialect: Dialect) -> Option<ClassRef> {
        let name = self.find(dotted, dialect)?;
        self.class_at(self.compiled.role(name, python2(dialect)))
    }

    fn class_at(&self, role: Role) -> Option<ClassRef> {
        role.class.checked_sub(1).map(ClassRef)
    }

    fn find(&self, dotted: &str, dialect: Dialect) -> Option<NameId> {
        self.compiled.find(dotted, python2(dialect))
    }

    /// How many classes there are: those of a project are numbered on from here.
    pub fn class_count(&self) -> usize {
        self.compiled.classes.len()
    }

    /// The canonical name of a class, or nothing for a class of the project.
    pub fn class_name(&self, class: ClassRef) -> &str {
        let names = &self.compiled.names;
        let full = |name| names.full(name).into_boxed_str();
        self.class_names
            .get(class.0 as usize)
            .zip(self.compiled.class_name(class))
            .map_or("", |(cell, name)| cell.get_or_init(|| full(name)))
    }

    /// The direct bases of a class.
    pub fn class_bases(&self, class: ClassRef, dialect: Dialect) -> &[ClassRef] {
        self.compiled.class_bases(class, python2(dialect))
    }

    /// A class and all its bases, in the order in which a member is looked up.
    pub fn mro(&self, class: ClassRef, dialect: Dialect) -> Vec<ClassRef> {
        self.compiled.mro(class, python2(dialect))
    }

    /// Whether `class` is `base`, or inherits from it.
    pub fn is_subclass(&self, class: ClassRef, base: ClassRef, dialect: Dialect) -> bool {
        class == base
            || self
                .class_bases(class, dialect)
                .iter()
                .any(|&parent| self.is_subclass(parent, base, dialect))
    }

    /// What an instance of a class is.
    pub fn kinds_of(&self, class: ClassRef) -> Kinds {
        let known = self.compiled.classes.get(class.0 as usize);
        known.map_or(Kinds::INSTANCE, |class| class.kinds)
    }

    /// An instance of a class.
    pub fn instance(&self, class: ClassRef) -> Value {
        let id = self.types.find(Type::Instance(class));
        Value::typed(self.kinds_of(class), id.unwrap_or_default())
    }

    /// The class whose methods a value of a library's type has: for a container, that of the builtin.
    pub fn receiver(&self, of: Type) -> Option<ClassRef> {
        match of {
            Type::Instance(class) => Some(class),
            Type::Container { kind, .. } => {
                let name = match kind {
                    Kinds::LIST => "list",
                    Kinds::TUPLE => "tuple",
                    Kinds::SET => "set",
                    Kinds::DICT => "dict",
                    Kinds::ITERATOR => "typing.Generator",
                    _ => return None,
                };
                self.class(name, Dialect::Three)
            }
            _ => None,
        }
    }

    /// The call of a function, a class (its constructor) or a static or class method.
    pub fn call(&self, dotted: &str) -> Option<CallRef> {
        let name = self
            .find(dotted, Dialect::Three)
            .or(self.find(dotted, Dialect::Two))?;
        self.call_at(self.compiled.role(name, false))
            .or_else(|| self.call_at(self.compiled.role(name, true)))
    }

    /// A class that says nothing of its constructor has one nevertheless, numbered behind the calls.
    fn call_at(&self, role: Role) -> Option<CallRef> {
        let written = role.call.checked_sub(1);
        let implied = role
            .class
            .checked_sub(1)
            .map(|class| self.compiled.call_count() as u32 + class);
        written.or(implied).map(CallRef)
    }

    /// The constructor of a class.
    pub fn constructor(&self, class: ClassRef) -> Option<CallRef> {
        let name = self.compiled.class_name(class)?;
        let written = self.compiled.role(name, false).call.checked_sub(1);
        let implied = self.compiled.call_count() as u32 + class.0;
        Some(CallRef(written.unwrap_or(implied)))
    }

    /// A method of a class, its own or inherited; a class may say what all its other methods do.
    pub fn method(&self, class: ClassRef, name: &str) -> Option<CallRef> {
        self.own_method(class, name)
            .or_else(|| self.own_method(class, "*"))
    }

    fn own_method(&self, class: ClassRef, name: &str) -> Option<CallRef> {
        let call = |role: Role| role.call.checked_sub(1).map(CallRef);
        self.inherited(class, name, call)
    }

    /// What the first class that has the member, and has something of this sort there, says of it.
    fn inherited<T>(
        &self,
        class: ClassRef,
        member: &str,
        what: impl Fn(Role) -> Option<T>,
    ) -> Option<T> {
        let own = self.compiled.class_name(class)?;
        let of = |name| {
            let name = self.compiled.names.child(name, member)?;
            what(
                self.compiled
                    .role(self.compiled.resolve(name, false), false),
            )
        };
        of(own).or_else(|| {
            let order = self.compiled.mro(class, false);
            let names = order.into_iter().skip(1);
            names
                .filter_map(|base| self.compiled.class_name(base))
                .find_map(of)
        })
    }

    /// What an attribute of an instance holds. Methods are no attributes, and hide what any other name would hold.
    pub fn attribute(&self, class: ClassRef, name: &str) -> Option<Value> {
        let held = |role: Role| self.held(role);
        self.inherited(class, name, held).or_else(|| {
            let hidden = name.starts_with("__") || self.own_method(class, name).is_some();
            if hidden {
                return None;
            }
            self.inherited(class, "*", held)
        })
    }

    fn held(&self, role: Role) -> Option<Value> {
        let value = role.value.checked_sub(1)?;
        self.compiled.values.get(value as usize).copied()
    }

    /// What `x[...]` gives for an instance of a class.
    pub fn element(&self, class: ClassRef) -> Option<Value> {
        self.inherited(class, "[]", |role| self.held(role))
            .or_else(|| {
                let call = self.own_method(class, "__getitem__")?;
                Some(self.get(call).summary.returns)
            })
    }

    /// What `for` gives for an instance of a class.
    pub fn iterated(&self, class: ClassRef) -> Option<Value> {
        let call = self.own_method(class, "__iter__")?;
        let iterator = self.get(call).summary.returns;
        let element = self.types.element(iterator.class);
        if iterator.kinds == Kinds::ITERATOR && !element.is_unknown() {
            return Some(element);
        }
        let Type::Instance(class) = self.types.get(iterator.class) else {
            return None;
        };
        let next = self.own_method(class, "__next__")?;
        Some(self.get(next).summary.returns)
    }

    /// What a variable of a module, or an attribute of a class, holds.
    pub fn global(&self, dotted: &str) -> Option<Value> {
        let name = self.find(dotted, Dialect::Three)?;
        self.held(self.compiled.role(name, false))
    }

    /// Whether it is a module or package.
    pub fn is_module(&self, dotted: &str) -> bool {
        self.find(dotted, Dialect::Three)
            .is_some_and(|name| self.is_module_name(name))
    }

    fn is_module_name(&self, name: NameId) -> bool {
        let role = self.compiled.role(name, false);
        role.class == 0 && role.call == 0 && role.value == 0
    }

    /// A call.
    pub fn get(&self, call: CallRef) -> &Call {
        static NOTHING: OnceLock<Call> = OnceLock::new();
        match self.calls.get(call.0 as usize) {
            Some(cell) => cell.get_or_init(|| Box::new(self.build(call))),
            None => NOTHING.get_or_init(Call::default),
        }
    }

    fn build(&self, call: CallRef) -> Call {
        let written = self.compiled.call_count();
        if call.0 as usize >= written {
            return self.build_constructor(ClassRef(call.0 - written as u32));
        }
        let entry = self.compiled.call(call.0 as usize);
        let at = |index: u32| index as usize;
        let detail = self.compiled.details.get(at(entry.detail));
        let detail = detail.cloned().unwrap_or_default();
        let returns = self.compiled.values.get(at(entry.returns));
        let overloads = self.compiled.overloads.get(at(entry.overloads));
        Call {
            name: self.compiled.names.full(entry.name),
            summary: Summary {
                returns: returns.copied().unwrap_or(Value::UNKNOWN),
                ..detail.summary
            },
            overloads: overloads.cloned().unwrap_or_default(),
            constructs: self.class_at(self.compiled.role(entry.name, false)),
            ..detail
        }
    }

    fn build_constructor(&self, class: ClassRef) -> Call {
        Call {
            name: self.class_name(class).to_owned(),
            summary: Summary {
                returns: self.instance(class),
                ..Summary::default()
            },
            constructs: Some(class),
            ..Call::default()
        }
    }

    /// How many calls are known, those of constructors that nothing is said of included.
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// The types that the library's values have. Those of a project are numbered on from here.
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// What a decorator does.
    pub fn decorator(&self, dotted: &str) -> Option<&schema::Decorator> {
        let name = self.find(dotted, Dialect::Three)?;
        self.compiled.decorators.get(name).next()
    }

    /// What a context manager does.
    pub fn context(&self, dotted: &str) -> Option<&schema::Context> {
        let name = self.find(dotted, Dialect::Three)?;
        self.compiled.contexts.get(name).next()
    }

    /// What a decorator, a call or a base class makes an entry point of, in the order of the tables.
    pub fn entries(&self, dotted: &str) -> impl Iterator<Item = &schema::Entry> {
        let name = self.find(dotted, Dialect::Three);
        name.into_iter()
            .flat_map(|name| self.compiled.entries.get(name))
    }

    /// The entry points among the methods of a class's subclasses: from its own tables, then its bases'.
    pub fn base_entries(&self, class: ClassRef) -> impl Iterator<Item = &schema::Entry> {
        let order = self.compiled.mro(class, false).into_iter();
        order
            .filter_map(|base| self.compiled.class_name(base))
            .flat_map(|name| self.compiled.entries.get(name))
            .filter(|entry| entry.by == schema::By::Base)
    }

    /// The value of a type text, of types that the library has already: what a table's `parameters` say.
    pub fn value_of(&self, text: &str) -> Option<Value> {
        things::value_of(self, text)
    }
}

fn python2(dialect: Dialect) -> bool {
    dialect == Dialect::Two
}
