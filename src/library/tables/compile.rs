//! From tables to the compiled form; run by `build.rs` for the library's own and at run time for a team's.

use super::call::{Call, Overload, RaisesIf};
use super::compiled::{CallEntry, Class, Compiled, Named, Role, Span, StoredType};
use super::names::NameId;
use super::schema::{self, Attribute, By, Effect, Parents, Tables};
use super::typed::{class_kinds, kinds_by_name, value};
use crate::summary::{ClassRef, Delivery, Effects, Parameters, Raise, Summary, Want};
use crate::types::{Type, Types};
use crate::value::{Facts, Kinds, TypeId, Value};
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

/// Adds tables to what is compiled already. Later tables win where they say more of the same name.
pub fn compile(onto: Compiled<'static>, tables: &[Tables]) -> Result<Compiled<'static>> {
    let mut compiler = Compiler::new(onto);
    for table in tables {
        compiler.declare(table);
    }
    for table in tables {
        compiler.inherit(table)?;
    }
    compiler.find_kinds();
    for table in tables {
        compiler.attributes(table)?;
        compiler.described.clear();
        compiler.calls(table)?;
        compiler.guards(table)?;
    }
    for table in tables {
        compiler.settle_aliases(table)?;
    }
    Ok(compiler.finish())
}

/// The work in progress.
pub(super) struct Compiler {
    pub(super) to: Compiled<'static>,
    pub(super) types: Types,
    two: BTreeMap<NameId, Role>,
    two_bases: BTreeMap<ClassRef, Span>,
    values: FxHashMap<Value, u32>,
    overloads: FxHashMap<Vec<Overload>, u32>,
    described: FxHashSet<NameId>,
}

impl Compiler {
    fn new(mut to: Compiled<'static>) -> Self {
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

    fn finish(mut self) -> Compiled<'static> {
        let ids = 1..self.types.count() as u32;
        let stored = ids.filter_map(|id| StoredType::of(self.types.get(TypeId(id))));
        self.to.types = stored.collect();
        self.to
    }

    fn role(&self, name: NameId) -> Role {
        self.to.role(name, false)
    }

    fn change(&mut self, name: NameId, change: impl FnOnce(&mut Role)) {
        let mut role = self.role(name);
        change(&mut role);
        self.to.set_role(name, role);
    }

    /// Names and aliases, with nothing behind them yet.
    fn declare(&mut self, table: &Tables) {
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

    fn class_or_error(&self, entry: &str, dotted: &str) -> Result<ClassRef> {
        let found = self.class(dotted, false).or(self.class(dotted, true));
        found.ok_or_else(|| unknown(entry, dotted))
    }

    fn inherit(&mut self, table: &Tables) -> Result<()> {
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

    fn find_kinds(&mut self) {
        let known = kinds_by_name(&self.to);
        for class in 0..self.to.classes.len() {
            let kinds = class_kinds(&self.to, &known, ClassRef(class as u32));
            self.to.classes[class].kinds = kinds;
        }
    }

    /// An alias of an inherited method leads to where the method is described.
    fn settle_aliases(&mut self, table: &Tables) -> Result<()> {
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
    fn canonical(&mut self, dotted: &str) -> NameId {
        let mut names = std::mem::take(&mut self.to.names);
        let name = names.intern_through(dotted, |name| self.to.resolve(name, false));
        self.to.names = names;
        self.to.resolve(name, false)
    }

    fn attributes(&mut self, table: &Tables) -> Result<()> {
        for (name, attribute) in &table.attribute {
            let (text, facts) = match attribute {
                Attribute::Type(text) => (text, Facts::NOTHING),
                Attribute::Facts {
                    r#type,
                    outside,
                    empty,
                    zero,
                } => (r#type, facts(*outside, *empty, *zero)),
            };
            let value = value(self, name, text)?.with(facts);
            let value = self.value(value);
            let name = self.canonical(name);
            self.change(name, |role| role.value = value + 1);
        }
        Ok(())
    }

    fn value(&mut self, value: Value) -> u32 {
        let values = &mut self.to.values;
        *self.values.entry(value).or_insert_with(|| {
            values.push(value);
            values.len() as u32 - 1
        })
    }

    fn calls(&mut self, table: &Tables) -> Result<()> {
        for call in &table.call {
            let described = schema::Call {
                names: Vec::new(),
                returns: None,
                overloads: Vec::new(),
                ..call.clone()
            } != schema::Call::default();
            let detail = if described { self.detail(call)? } else { 0 };
            for name in &call.names {
                self.call(call, name, detail)?;
            }
        }
        Ok(())
    }

    /// Where a name has a call already, what is not said anew stays.
    fn call(&mut self, call: &schema::Call, dotted: &str, detail: u32) -> Result<()> {
        let name = self.canonical(dotted);
        let facts = facts(call.outside, call.empty, call.zero);
        let known = self.role(name).call.checked_sub(1).map(|at| at as usize);
        let before = known.map(|at| self.to.call(at));
        let is_new = detail == 0 || self.described.insert(name);
        if !is_new && before.is_none_or(|before| before.detail != detail) {
            return Err(error(dotted, "described twice".to_owned()));
        }
        let (returns, overloads) = match (&call.returns, before) {
            (Some(text), _) => self.returns(call, dotted, text, facts)?,
            (None, Some(before)) => self.same_returns(before, facts),
            (None, None) => (self.default_returns(name, facts), 0),
        };
        let entry = CallEntry {
            name,
            returns,
            overloads,
            detail: match before {
                Some(before) if detail == 0 => before.detail,
                _ => detail,
            },
        };
        match known {
            Some(at) => self.to.set_call(at, entry),
            None => self.add_call(name, entry),
        }
        Ok(())
    }

    fn returns(
        &mut self,
        call: &schema::Call,
        dotted: &str,
        text: &str,
        facts: Facts,
    ) -> Result<(u32, u32)> {
        let value_of = |this: &mut Self, text| Ok(with(value(this, dotted, text)?, facts));
        let returns = value_of(self, text)?;
        let mut overloads = Vec::with_capacity(call.overloads.len());
        for overload in &call.overloads {
            overloads.push(Overload {
                positional: overload.positional,
                keywords: overload.keywords.clone(),
                returns: value_of(self, &overload.returns)?,
            });
        }
        Ok((self.value(returns), self.overloads(overloads)))
    }

    fn same_returns(&mut self, before: CallEntry, facts: Facts) -> (u32, u32) {
        let returns = with(self.to.values[before.returns as usize], facts);
        let mut overloads = self.to.overloads[before.overloads as usize].clone();
        for overload in &mut overloads {
            overload.returns = with(overload.returns, facts);
        }
        (self.value(returns), self.overloads(overloads))
    }

    /// A constructor returns its instance.
    fn default_returns(&mut self, name: NameId, facts: Facts) -> u32 {
        let instance = self.role(name).class.checked_sub(1).map(|class| {
            let class = ClassRef(class);
            let kinds = self.to.classes[class.0 as usize].kinds;
            Value::typed(kinds, self.types.intern(Type::Instance(class)))
        });
        self.value(with(instance.unwrap_or(Value::UNKNOWN), facts))
    }

    fn overloads(&mut self, overloads: Vec<Overload>) -> u32 {
        let all = &mut self.to.overloads;
        *self.overloads.entry(overloads).or_insert_with_key(|new| {
            all.push(new.clone());
            all.len() as u32 - 1
        })
    }

    /// What the names of one `[[call]]` have in common.
    fn detail(&mut self, call: &schema::Call) -> Result<u32> {
        let entry = call.names.first().map_or("[[call]]", String::as_str);
        let mut raises_if = Vec::with_capacity(call.raises_if.len());
        for condition in &call.raises_if {
            raises_if.push(RaisesIf {
                when: condition.when,
                keyword: condition.keyword.clone(),
                position: condition.position,
                raises: self.raised(entry, &condition.raises)?,
            });
        }
        let summary = self.summary(entry, call)?;
        let python2 = self.raises(entry, call, summary.effects, true)?;
        self.to.details.push(Call {
            raises_in_python2: (python2 != summary.raises).then_some(python2),
            summary,
            described: true,
            outside: call.outside,
            lazy: call.lazy,
            demands: parameters(&call.demands),
            raises_if,
            wants: call.wants.clone(),
            ttl: call.ttl,
            ttl_parameters: call.ttl_parameters.clone(),
            domain: call.domain,
            marks: call.marks.clone(),
            ..Call::default()
        });
        Ok(self.to.details.len() as u32 - 1)
    }

    fn summary(&self, entry: &str, call: &schema::Call) -> Result<Summary> {
        let effects = call.effects.iter().fold(Effects::NOTHING, |all, &effect| {
            all.with(match effect {
                Effect::Network => Effects::NETWORK,
                Effect::Database => Effects::DATABASE,
                Effect::File => Effects::FILE,
                Effect::Process => Effects::PROCESS,
                Effect::Parse => Effects::PARSE,
                Effect::Blocking => Effects::BLOCKING,
            })
        });
        let want = |want: &schema::Want| Want {
            one_of: want.one_of.clone(),
            position: want.position,
            rule: want.rule.clone(),
        };
        Ok(Summary {
            none_if_none: parameters(&call.none_if_none),
            returns_argument: call.returns_argument,
            never_returns: call.never_returns,
            requires: parameters(&call.requires),
            true_means: parameters(&call.true_means),
            false_means: parameters(&call.false_means),
            raises: self.raises(entry, call, effects, false)?,
            effects,
            delivery: match call.delivery {
                None => Delivery::Now,
                Some(schema::Delivery::Generator) => Delivery::Generator,
                Some(schema::Delivery::Awaited) => Delivery::Awaited,
                Some(schema::Delivery::Deferred) => Delivery::Deferred,
            },
            wants: call.wants.iter().map(want).collect(),
            ..Summary::default()
        })
    }

    fn raises(
        &self,
        entry: &str,
        call: &schema::Call,
        effects: Effects,
        python2: bool,
    ) -> Result<Vec<Raise>> {
        let mut all: Vec<Raise> = Vec::with_capacity(call.raises.len());
        for name in &call.raises {
            let found = self.class(name, python2).or(self.class(name, !python2));
            let class = found.ok_or_else(|| unknown(entry, name))?;
            if all.iter().all(|raise| raise.class != class) {
                all.push(Raise {
                    class,
                    path: Vec::new(),
                    effects,
                });
            }
        }
        Ok(all)
    }

    fn raised(&self, entry: &str, names: &[String]) -> Result<Vec<ClassRef>> {
        names
            .iter()
            .map(|name| self.class_or_error(entry, name))
            .collect()
    }

    fn guards(&mut self, table: &Tables) -> Result<()> {
        for decorator in &table.decorator {
            let names = self.guard_names(&decorator.names);
            add(&mut self.to.decorators, decorator, &names);
        }
        for context in &table.context {
            let names = self.guard_names(&context.names);
            self.raised(&context.names.join(", "), &context.raises)?;
            add(&mut self.to.contexts, context, &names);
        }
        for entry in &table.entry {
            if entry.by == By::Base {
                self.raised("[[entry]] by base", &entry.names)?;
            }
            let names = self.guard_names(&entry.names);
            for text in &entry.parameters {
                value(self, &entry.names.join(", "), text)?;
            }
            add(&mut self.to.entries, entry, &names);
        }
        Ok(())
    }

    /// The names that a guard is kept under. What is not known besides is a call of which only that is known.
    fn guard_names(&mut self, names: &[String]) -> Vec<NameId> {
        names
            .iter()
            .map(|dotted| {
                let name = self.canonical(dotted);
                if self.role(name).is_empty() {
                    self.add_call(
                        name,
                        CallEntry {
                            name,
                            returns: 0,
                            overloads: 0,
                            detail: 0,
                        },
                    );
                }
                name
            })
            .collect()
    }

    fn add_call(&mut self, name: NameId, entry: CallEntry) {
        let at = self.to.call_count();
        self.to.set_call(at, entry);
        self.change(name, |role| role.call = at as u32 + 1);
    }
}

fn add<T: Clone>(to: &mut Named<T>, new: &T, names: &[NameId]) {
    let index = to.all.len() as u32;
    to.all.push(new.clone());
    to.by_name.extend(names.iter().map(|&name| (name, index)));
    to.by_name.sort_unstable();
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

fn facts(outside: bool, empty: bool, zero: bool) -> Facts {
    let all = [
        (outside, Facts::OUTSIDE),
        (empty, Facts::EMPTY),
        (zero, Facts::ZERO),
    ];
    let held = all.into_iter().filter(|(holds, _)| *holds);
    held.fold(Facts::NOTHING, |all, (_, fact)| all.with(fact))
}

/// None has no facts.
fn with(value: Value, facts: Facts) -> Value {
    if value.is_none() {
        value
    } else {
        value.with(facts)
    }
}

fn parameters(positions: &[u8]) -> Parameters {
    let mut all = Parameters::NONE;
    for &position in positions {
        all.insert(usize::from(position));
    }
    all
}
