//! Walking names from a module on, and putting a receiver's element where a method's type says "element".

use super::Library;
use super::tables::kinds::{ELEMENT, RECEIVER};
use super::tables::names::NameId;
use super::tables::typetext::{TypeText, parse};
use crate::ir::Dialect;
use crate::summary::ClassRef;
use crate::types::{CallRef, ExternalRef, Type, Types};
use crate::value::{Kinds, TypeId, Value};

/// What a name of the library is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A module or package.
    Module,
    /// A class.
    Class(ClassRef),
    /// A function or method.
    Call(CallRef),
    /// A variable.
    Value(Value),
}

impl Library {
    /// The name that an import leads to.
    pub fn external(&self, dotted: &str, dialect: Dialect) -> Option<ExternalRef> {
        let name = self.compiled.find(dotted, super::python2(dialect))?;
        Some(ExternalRef(name.0))
    }

    /// The name of something in a module, or of a member of a class.
    pub fn member(&self, of: ExternalRef, segment: &str, dialect: Dialect) -> Option<ExternalRef> {
        let python2 = super::python2(dialect);
        let name = self.compiled.member(NameId(of.0), segment, python2)?;
        Some(ExternalRef(name.0))
    }

    /// What a name is.
    pub fn thing(&self, name: ExternalRef, dialect: Dialect) -> Thing {
        let role = self.compiled.role(NameId(name.0), super::python2(dialect));
        if let Some(class) = self.class_at(role) {
            Thing::Class(class)
        } else if let Some(call) = self.call_at(role) {
            Thing::Call(call)
        } else {
            self.held(role).map_or(Thing::Module, Thing::Value)
        }
    }

    /// A whole name.
    pub fn external_name(&self, name: ExternalRef) -> String {
        self.compiled.names.full(NameId(name.0))
    }

    /// How many names there are: those that a project adds are numbered on from here.
    pub fn external_count(&self) -> usize {
        self.compiled.names.count()
    }
}

/// The value that a call returns, given its receiver or, for a function, its first argument: `list.pop` returns
/// "the element", `list.copy` "the receiver itself". Other values stay as they are.
pub fn substitute(library: &Library, types: &mut Types, value: Value, receiver: Value) -> Value {
    match types.get(value.class) {
        Type::Instance(class) if library.class_name(class) == RECEIVER => Value {
            kinds: (value.kinds - Kinds::ANY) | (receiver.kinds - Kinds::NONE),
            facts: value.facts,
            class: receiver.class,
        },
        Type::Instance(class) if library.class_name(class) == ELEMENT => {
            let element = types.element(receiver.class);
            Value {
                kinds: (value.kinds - Kinds::ANY) | element.kinds,
                facts: value.facts,
                class: element.class,
            }
        }
        Type::Container {
            kind,
            element,
            kinds,
        } => {
            let inner = substitute(library, types, Value::typed(kinds, element), receiver);
            let class = types.intern(Type::Container {
                kind,
                element: inner.class,
                kinds: inner.kinds,
            });
            Value { class, ..value }
        }
        _ => value,
    }
}

pub(super) fn value_of(library: &Library, text: &str) -> Option<Value> {
    of(library, &parse(text).ok()?)
}

fn of(library: &Library, text: &TypeText<'_>) -> Option<Value> {
    let (name, arguments) = match text {
        TypeText::Union(all) => {
            return all.iter().try_fold(Value::NEVER, |joined, part| {
                Some(joined.join(of(library, part)?))
            });
        }
        TypeText::Name(name, arguments) => (*name, arguments.as_slice()),
    };
    match (name, arguments) {
        ("None", _) => Some(Value::NONE),
        ("Any" | "object", _) => Some(Value::UNKNOWN),
        ("Callable", _) => Some(Value::of(Kinds::FUNCTION)),
        ("list", [element]) => container(library, Kinds::LIST, element),
        ("dict", [_, element]) => container(library, Kinds::DICT, element),
        _ => {
            let class = library.class(name, Dialect::Three)?;
            Some(library.instance(class))
        }
    }
}

fn container(library: &Library, kind: Kinds, element: &TypeText<'_>) -> Option<Value> {
    let element = of(library, element)?;
    let wanted = Type::Container {
        kind,
        element: element.class,
        kinds: element.kinds,
    };
    let class = library.types().find(wanted).unwrap_or(TypeId::UNKNOWN);
    Some(Value::typed(kind, class))
}
