//! The compiler of tables: names, classes and aliases.

use super::call::{Call, Overload};
use super::compiled::{CallEntry, Class, Compiled, Role, Span, StoredType};
use super::kinds::{class_kinds, kinds_by_name};
use super::names::NameId;
use super::schema::{Parents, Tables};
use crate::summary::ClassRef;
use crate::types::{Type, Types};
use crate::value::{Kinds, TypeId, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Which entry of a table is wrong, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryError {
    /// The entry, as its table names it.
    pub entry: String,
    /// What is wrong.
    pub problem: String,
}

impl std::fmt::Display for LibraryError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}: {}", self.entry, self.problem)
    }
}

impl std::error::Error for LibraryError {}

pub(super) type Result<T> = std::result::Result<T, LibraryError>;

/// The work in progress.
pub(super) struct Compiler {
    pub(super) to: Compiled<'static>,
    pub(super) types: Types,
    two: BTreeMap<NameId, Role>,
    two_bases: BTreeMap<ClassRef, Span>,
    pub(super) values: FxHashMap<Value, u32>,
    pub(super) overloads: FxHashMap<Vec<Overload>, u32>,
    pub(super) described: FxHashSet<NameId>,
}

impl Compiler {
    pub(super) fn new(mut to: Compiled<'static>) -> Self {
        let types = to.types();
        if to.values.is_empty() {
            to.values.push(Value::UNKNOWN);
            to.details.push(Call::default());
            to.overloads.push(Vec::new());
        }
        let values = (0..).zip(&to.values).map(|(at, &value)| (value, at));
        let overloads = (0..).zip(&to.overloads).map(|(at, all)| (all.clone(), at));
        Self {
            types,
            values: values.collect(),
            overloads: overloads.collect(),
            two: to.two.iter().copied().collect(),
            two_bases: to.two_bases.iter().copied().collect(),
            described: FxHashSet::default(),
            to,
        }
    }

    pub(super) fn finish(mut self) -> Compiled<'static> {
        let ids = 1..self.types.count() as u32;
        let stored = ids.filter_map(|id| StoredType::of(self.types.get(TypeId(id))));
        self.to.types = stored.collect();
        self.to
    }

    pub(super) fn role(&self, name: NameId) -> Role {
        self.to.role(name, false)
    }

    pub(super) fn change(&mut self, name: NameId, change: impl FnOnce(&mut Role)) {
        let mut role = self.role(name);
        change(&mut role);
        self.to.set_role(name, role);
    }

    /// Names and aliases, with nothing behind them yet.
    pub(super) fn declare(&mut self, table: &Tables) {
        for (alias, target) in &table.alias {
            let alias = self.to.names.intern(alias);
            let target = self.to.names.intern(target);
            self.change(alias, |role| role.alias = target.0 + 1);
        }
        for name in table.exception.keys().chain(table.class.keys()) {
            let name = self.to.names.intern(name);
            if self.role(name).class == 0 {
                let class = self.new_class(name);
                self.change(name, |role| {
                    role.class = class.0 + 1;
                    role.alias = 0;
                });
            }
        }
        self.declare_python2(table);
    }

    fn declare_python2(&mut self, table: &Tables) {
        for (alias, target) in &table.python2.alias {
            let alias = self.to.names.intern(alias);
            let alias_of = self.to.names.intern(target).0 + 1;
            let role = Role {
                alias: alias_of,
                ..Role::default()
            };
            self.two.insert(alias, role);
        }
        for name in table.python2.exception.keys() {
            let name = self.to.names.intern(name);
            let known = self.two.get(&name).copied().unwrap_or(self.role(name));
            if known.class == 0 {
                let role = Role {
                    class: self.new_class(name).0 + 1,
                    alias: 0,
                    ..known
                };
                self.two.insert(name, role);
            }
        }
        self.to.two = self.two.iter().map(|(&name, &role)| (name, role)).collect();
    }

    fn new_class(&mut self, name: NameId) -> ClassRef {
        let class = ClassRef(self.to.classes.len() as u32);
        self.to.classes.push(Class {
            name,
            bases: Span::default(),
            kinds: Kinds::NEVER,
        });
        self.types.intern(Type::Instance(class));
        class
    }

    /// The class of this name, by any of its names.
    pub(super) fn class(&self, dotted: &str, python2: bool) -> Option<ClassRef> {
        let name = self.to.find(dotted, python2)?;
        let index = self.to.role(name, python2).class.checked_sub(1)?;
        Some(ClassRef(index))
    }

    pub(super) fn class_or_error(&self, entry: &str, dotted: &str) -> Result<ClassRef> {
        let found = self.class(dotted, false).or(self.class(dotted, true));
        found.ok_or_else(|| unknown(entry, dotted))
    }

    pub(super) fn inherit(&mut self, table: &Tables) -> Result<()> {
        for (name, parents) in table.exception.iter().chain(&table.class) {
            let class = self.class_or_error(name, name)?;
            let three = self.bases(name, parents, false)?;
            let two = self.bases(name, parents, true)?;
            if two != three {
                let span = self.push_bases(&two);
                self.two_bases.insert(class, span);
            }
            let span = self.push_bases(&three);
            self.to.classes[class.0 as usize].bases = span;
        }
        for (name, parents) in &table.python2.exception {
            let found = self.class(name, true);
            let class = found.ok_or_else(|| error(name, "no such class".to_owned()))?;
            let bases = self.bases(name, parents, true)?;
            let span = self.push_bases(&bases);
            self.two_bases.insert(class, span);
        }
        self.to.two_bases = self.two_bases.iter().map(|(&c, &s)| (c, s)).collect();
        Ok(())
    }

    /// The parents, in a dialect; what only the other one has does as well.
    fn bases(&self, entry: &str, parents: &Parents, python2: bool) -> Result<Vec<ClassRef>> {
        let find = |parent| {
            let found = self.class(parent, python2).or(self.class(parent, !python2));
            found.ok_or_else(|| error(entry, format!("its parent `{parent}` is not known")))
        };
        parents.iter().map(find).collect()
    }

    fn push_bases(&mut self, bases: &[ClassRef]) -> Span {
        let start = self.to.bases.len() as u32;
        self.to.bases.extend(bases);
        Span {
            start,
            count: bases.len() as u32,
        }
    }

    pub(super) fn find_kinds(&mut self) {
        let known = kinds_by_name(&self.to);
        for class in 0..self.to.classes.len() {
            let kinds = class_kinds(&self.to, &known, ClassRef(class as u32));
            self.to.classes[class].kinds = kinds;
        }
    }

    /// An alias of an inherited method leads to where the method is described.
    pub(super) fn settle_aliases(&mut self, table: &Tables) -> Result<()> {
        for (alias, target) in table.alias.iter().chain(&table.python2.alias) {
            let found = self
                .to
                .find(target, false)
                .filter(|&name| self.says(name, false));
            let found = found.or(self
                .to
                .find(target, true)
                .filter(|&name| self.says(name, true)));
            let Some(found) = found else {
                return Err(error(alias, format!("its target `{target}` is not known")));
            };
            let alias = self.to.names.intern(alias);
            if self.role(alias).alias != 0 {
                self.change(alias, |role| role.alias = found.0 + 1);
            }
        }
        Ok(())
    }

    fn says(&self, name: NameId, python2: bool) -> bool {
        !self.to.role(name, python2).is_empty() || self.to.names.has_children(name)
    }

    /// The name that an entry is kept under: aliases are resolved on the way to it, and at its end.
    pub(super) fn canonical(&mut self, dotted: &str) -> NameId {
        let mut names = std::mem::take(&mut self.to.names);
        let name = names.intern_through(dotted, |name| self.to.resolve(name, false));
        self.to.names = names;
        self.to.resolve(name, false)
    }

    pub(super) fn add_call(&mut self, name: NameId, entry: CallEntry) {
        let at = self.to.call_count();
        self.to.set_call(at, entry);
        self.change(name, |role| role.call = at as u32 + 1);
    }
}

pub(super) fn error(entry: &str, problem: String) -> LibraryError {
    LibraryError {
        entry: entry.to_owned(),
        problem,
    }
}

pub(super) fn unknown(entry: &str, class: &str) -> LibraryError {
    error(entry, format!("no class `{class}` is known"))
}
