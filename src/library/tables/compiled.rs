//! The compiled form: what `build.rs` writes and `Library::builtin` reads, in few allocations.

use super::call::{Call, Overload};
use super::names::{NameId, Names};
use super::schema::{Context, Decorator, Entry};
use super::words::Words;
use crate::summary::ClassRef;
use crate::types::{Type, Types};
use crate::value::{Kinds, TypeId, Value};
use serde::{Deserialize, Serialize};

/// The library, compiled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Compiled<'a> {
    /// All names.
    #[serde(borrow)]
    pub names: Names<'a>,
    /// What each name is, by its id: which sort of thing in the three lowest bits, and its index behind which one is added.
    #[serde(borrow)]
    roles: Words<'a>,
    /// The names that are several things, such as a class and what its constructor does, sorted.
    several: Vec<(NameId, Role)>,
    /// What is different in Python 2, sorted by name.
    pub two: Vec<(NameId, Role)>,
    /// All classes.
    pub classes: Vec<Class>,
    /// Bases of classes, class by class.
    pub bases: Vec<ClassRef>,
    /// Classes with other bases in Python 2, sorted.
    pub two_bases: Vec<(ClassRef, Span)>,
    /// All types but the unknown, in order.
    pub types: Vec<StoredType>,
    /// All values that calls return and attributes hold.
    pub values: Vec<Value>,
    /// All calls, four numbers each.
    #[serde(borrow)]
    calls: Words<'a>,
    /// What they do; the first does nothing known.
    pub details: Vec<Call>,
    /// What they return with more arguments; the first is empty.
    pub overloads: Vec<Vec<Overload>>,
    /// Decorators by name.
    pub decorators: Named<Decorator>,
    /// Context managers by name.
    pub contexts: Named<Context>,
    /// Entry points by name.
    pub entries: Named<Entry>,
}

/// What a name is: indices behind which one is added, so that 0 says "nothing".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// A class.
    pub class: u32,
    /// A call.
    pub call: u32,
    /// A variable or attribute that holds a value.
    pub value: u32,
    /// Another name for this name.
    pub alias: u32,
}

impl Role {
    /// Nothing but, perhaps, the parent of other names.
    pub fn is_empty(self) -> bool {
        self == Role::default()
    }
}

const CLASS: u32 = 1;
const CALL: u32 = 2;
const VALUE: u32 = 3;
const ALIAS: u32 = 4;
const SEVERAL: u32 = 5;

/// A class.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: NameId,
    /// Its bases.
    pub bases: Span,
    /// What an instance is.
    pub kinds: Kinds,
}

/// Some of `Compiled::bases`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub start: u32,
    /// How many.
    pub count: u32,
}

/// A call: indices of what it has in common with others.
#[derive(Clone, Copy, Debug)]
pub struct CallEntry {
    /// Its name.
    pub name: NameId,
    /// Index in `values`.
    pub returns: u32,
    /// Index in `overloads`.
    pub overloads: u32,
    /// Index in `details`.
    pub detail: u32,
}

/// A type, as it is stored.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum StoredType {
    /// An instance of a class.
    Instance(ClassRef),
    /// A class itself.
    Class(ClassRef),
    /// A container.
    Container {
        /// Its kind.
        kind: Kinds,
        /// Its elements' type.
        element: TypeId,
        /// Their kinds.
        kinds: Kinds,
    },
}

impl StoredType {
    /// The stored form; the library has no other types than these.
    pub fn of(from: Type) -> Option<StoredType> {
        match from {
            Type::Instance(class) => Some(StoredType::Instance(class)),
            Type::Class(class) => Some(StoredType::Class(class)),
            Type::Container {
                kind,
                element,
                kinds,
            } => Some(StoredType::Container {
                kind,
                element,
                kinds,
            }),
            _ => None,
        }
    }

    fn get(self) -> Type {
        match self {
            StoredType::Instance(class) => Type::Instance(class),
            StoredType::Class(class) => Type::Class(class),
            StoredType::Container {
                kind,
                element,
                kinds,
            } => Type::Container {
                kind,
                element,
                kinds,
            },
        }
    }
}

/// Some tables, and which name leads to which, sorted by name. A name may lead to several.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Named<T> {
    /// The tables.
    pub all: Vec<T>,
    /// Names and indices.
    pub by_name: Vec<(NameId, u32)>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            by_name: Vec::new(),
        }
    }
}

impl<T> Named<T> {
    /// What `name` leads to.
    pub fn get(&self, name: NameId) -> impl Iterator<Item = &T> {
        let start = self.by_name.partition_point(|&(known, _)| known < name);
        self.by_name
            .iter()
            .skip(start)
            .take_while(move |&&(known, _)| known == name)
            .filter_map(|&(_, index)| self.all.get(index as usize))
    }
}

impl Compiled<'_> {
    /// What a name is in Python 3, or in Python 2.
    pub fn role(&self, name: NameId, python2: bool) -> Role {
        if python2 && let Ok(at) = self.two.binary_search_by_key(&name, |&(known, _)| known) {
            return self.two[at].1;
        }
        let word = self.roles.get(name.0 as usize);
        let index = word >> 3;
        let mut role = Role::default();
        match word & 7 {
            SEVERAL => return self.several_role(name),
            CLASS => role.class = index,
            CALL => role.call = index,
            VALUE => role.value = index,
            ALIAS => role.alias = index,
            _ => {}
        }
        role
    }

    fn several_role(&self, name: NameId) -> Role {
        let found = self
            .several
            .binary_search_by_key(&name, |&(known, _)| known);
        found.map_or(Role::default(), |at| self.several[at].1)
    }

    /// Says what a name is in Python 3, and where nothing else is said, in Python 2.
    pub fn set_role(&mut self, name: NameId, role: Role) {
        let word = match role {
            Role {
                class,
                call: 0,
                value: 0,
                alias: 0,
            } => class << 3 | CLASS,
            Role {
                class: 0,
                call,
                value: 0,
                alias: 0,
            } => call << 3 | CALL,
            Role {
                class: 0,
                call: 0,
                value,
                alias: 0,
            } => value << 3 | VALUE,
            Role {
                class: 0,
                call: 0,
                value: 0,
                alias,
            } => alias << 3 | ALIAS,
            _ => {
                match self
                    .several
                    .binary_search_by_key(&name, |&(known, _)| known)
                {
                    Ok(at) => self.several[at].1 = role,
                    Err(at) => self.several.insert(at, (name, role)),
                }
                SEVERAL
            }
        };
        self.roles.set(name.0 as usize, word);
    }

    /// How many calls there are.
    pub fn call_count(&self) -> usize {
        self.calls.len() / 4
    }

    /// A call.
    pub fn call(&self, index: usize) -> CallEntry {
        let word = |at| self.calls.get(index * 4 + at);
        CallEntry {
            name: NameId(word(0)),
            returns: word(1),
            overloads: word(2),
            detail: word(3),
        }
    }

    /// Writes a call, a new one where there are just so many.
    pub fn set_call(&mut self, index: usize, entry: CallEntry) {
        let words = [entry.name.0, entry.returns, entry.overloads, entry.detail];
        for (at, word) in words.into_iter().enumerate() {
            self.calls.set(index * 4 + at, word);
        }
    }

    /// The name behind all aliases.
    pub fn resolve(&self, name: NameId, python2: bool) -> NameId {
        let mut at = name;
        for _ in 0..8 {
            match self.role(at, python2).alias {
                0 => break,
                alias => at = NameId(alias - 1),
            }
        }
        at
    }

    /// A whole name, aliases resolved at each segment, inherited members found in their class.
    pub fn find(&self, dotted: &str, python2: bool) -> Option<NameId> {
        let (plain, item) = match dotted.strip_suffix("[]") {
            Some(plain) => (plain, Some("[]")),
            None => (dotted, None),
        };
        let plain = plain
            .strip_prefix("builtins.")
            .or_else(|| plain.strip_prefix("__builtin__."))
            .unwrap_or(plain);
        plain
            .split('.')
            .chain(item)
            .try_fold(NameId::ROOT, |at, segment| {
                self.member(at, segment, python2)
            })
    }

    /// What `segment` is below a name: its own, or inherited where the name is a class. Aliases are resolved.
    pub fn member(&self, name: NameId, segment: &str, python2: bool) -> Option<NameId> {
        let says = |found: &NameId| !self.role(*found, python2).is_empty();
        let own = self.names.child(name, segment);
        let inherited = || {
            let class = self.role(name, python2).class.checked_sub(1)?;
            let order = self.mro(ClassRef(class), python2);
            order
                .into_iter()
                .skip(1)
                .filter_map(|base| self.names.child(self.class_name(base)?, segment))
                .find(says)
        };
        let found = own.filter(says).or_else(inherited).or(own)?;
        Some(self.resolve(found, python2))
    }

    /// The name of a class.
    pub fn class_name(&self, class: ClassRef) -> Option<NameId> {
        self.classes.get(class.0 as usize).map(|class| class.name)
    }

    /// The direct bases of a class.
    pub fn class_bases(&self, class: ClassRef, python2: bool) -> &[ClassRef] {
        let own = self.classes.get(class.0 as usize).map(|class| class.bases);
        let other = python2
            .then(|| {
                self.two_bases
                    .binary_search_by_key(&class, |&(known, _)| known)
            })
            .and_then(Result::ok)
            .map(|at| self.two_bases[at].1);
        let span = other.or(own).unwrap_or_default();
        let start = span.start as usize;
        self.bases
            .get(start..start + span.count as usize)
            .unwrap_or_default()
    }

    /// A class and its bases: depth first, left to right, of those met twice the last.
    pub fn mro(&self, class: ClassRef, python2: bool) -> Vec<ClassRef> {
        let mut all = Vec::new();
        self.collect(class, python2, 0, &mut all);
        let mut order: Vec<ClassRef> = Vec::with_capacity(all.len());
        for class in all.into_iter().rev() {
            if !order.contains(&class) {
                order.push(class);
            }
        }
        order.reverse();
        order
    }

    fn collect(&self, class: ClassRef, python2: bool, depth: u8, all: &mut Vec<ClassRef>) {
        all.push(class);
        if depth < 32 {
            for &base in self.class_bases(class, python2) {
                self.collect(base, python2, depth + 1, all);
            }
        }
    }

    /// The table of types that these ids come from.
    pub fn types(&self) -> Types {
        let mut types = Types::default();
        for &stored in &self.types {
            types.intern(stored.get());
        }
        types
    }
}
