//! Types of the program: what a `TypeId` stands for.

use crate::summary::ClassRef;
use crate::value::{Kinds, TypeId, Value};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// A function of the project: its index in `project::Program`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FunctionRef(pub u32);

/// A module of the project: its index in `project::Program`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModuleRef(pub u32);

/// A call that the library knows: its index in `library::Library`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallRef(pub u32);

/// A dotted name outside the project, of which the library may or may not know something: its index in the library's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExternalRef(pub u32);

/// What a value is an instance of, or which thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    /// Nothing known.
    Unknown,
    /// An instance of a class.
    Instance(ClassRef),
    /// The class itself.
    Class(ClassRef),
    /// A function of the project; where it is looked up on an instance, bound to it.
    Function {
        /// Which.
        function: FunctionRef,
        /// The first parameter is already given.
        bound: bool,
    },
    /// A call that the library knows.
    Call(CallRef),
    /// A module of the project.
    Module(ModuleRef),
    /// A module, or anything else with a dotted name, outside the project.
    External(ExternalRef),
    /// A list, tuple, set, iterator or dict of elements (for a dict: values) of one type.
    Container {
        /// The container's kind.
        kind: Kinds,
        /// The type of its elements.
        element: TypeId,
        /// The kinds of its elements.
        kinds: Kinds,
    },
}

/// All types, each once. The library's come first, then the project's.
#[derive(Clone, Debug)]
pub struct Types {
    all: Vec<Type>,
    known: FxHashMap<Type, TypeId>,
    /// The types of classes and functions by their number, so that what is asked most is found without a search.
    numbered: [Vec<TypeId>; NUMBERED],
}

/// Of how many sorts of types there is one for each number.
const NUMBERED: usize = 5;

/// The sort and number of a type that stands for something numbered.
fn number(of: Type) -> Option<(usize, u32)> {
    match of {
        Type::Instance(class) => Some((0, class.0)),
        Type::Class(class) => Some((1, class.0)),
        Type::Function {
            function,
            bound: false,
        } => Some((2, function.0)),
        Type::Function {
            function,
            bound: true,
        } => Some((3, function.0)),
        Type::Call(call) => Some((4, call.0)),
        _ => None,
    }
}

impl Default for Types {
    fn default() -> Self {
        let mut types = Self {
            all: Vec::new(),
            known: FxHashMap::default(),
            numbered: Default::default(),
        };
        types.intern(Type::Unknown);
        types
    }
}

impl Types {
    /// The id of a type; a new one where it is not known yet.
    pub fn intern(&mut self, new: Type) -> TypeId {
        if let Some(known) = self.find(new) {
            return known;
        }
        let id = TypeId(self.all.len() as u32);
        self.all.push(new);
        match number(new) {
            Some((sort, number)) => {
                let ids = &mut self.numbered[sort];
                let missing = (number as usize + 1).saturating_sub(ids.len());
                ids.extend(std::iter::repeat_n(TypeId::UNKNOWN, missing));
                ids[number as usize] = id;
            }
            None => {
                self.known.insert(new, id);
            }
        }
        id
    }

    /// The id of a type that was interned before.
    pub fn find(&self, wanted: Type) -> Option<TypeId> {
        let Some((sort, number)) = number(wanted) else {
            return self.known.get(&wanted).copied();
        };
        let id = self.numbered[sort].get(number as usize).copied();
        id.filter(|&id| id != TypeId::UNKNOWN)
    }

    /// What an id stands for.
    pub fn get(&self, id: TypeId) -> Type {
        self.all
            .get(id.0 as usize)
            .copied()
            .unwrap_or(Type::Unknown)
    }

    /// Whether every id stands for the same as in `other`.
    pub(crate) fn is_numbered_as(&self, other: &Self) -> bool {
        self.all == other.all
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// The value of an element of a container of this type.
    pub fn element(&self, id: TypeId) -> Value {
        match self.get(id) {
            Type::Container { element, kinds, .. } => Value::typed(kinds, element),
            _ => Value::UNKNOWN,
        }
    }
}
