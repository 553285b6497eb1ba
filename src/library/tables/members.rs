//! What attributes hold and what calls do, compiled.

use super::call::{Call, Overload, RaisesIf};
use super::compiled::CallEntry;
use super::compiler::{Compiler, Result, error, unknown};
use super::names::NameId;
use super::schema::{self, Attribute, Effect, Tables};
use super::typed::value;
use crate::summary::{ClassRef, Delivery, Effects, Parameters, Raise, Summary, Want};
use crate::types::Type;
use crate::value::{Facts, Value};

impl Compiler {
    pub(super) fn attributes(&mut self, table: &Tables) -> Result<()> {
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

    pub(super) fn calls(&mut self, table: &Tables) -> Result<()> {
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
            batch: call.batch.clone(),
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

    pub(super) fn raised(&self, entry: &str, names: &[String]) -> Result<Vec<ClassRef>> {
        names
            .iter()
            .map(|name| self.class_or_error(entry, name))
            .collect()
    }
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
