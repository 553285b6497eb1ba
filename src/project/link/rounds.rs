//! One round: what all modules bind, joined into what names, results and attributes hold from then on.

use super::super::Program;
use super::super::classes::{Attribute, member_symbol};
use super::bindings::{ModuleBindings, Updates};
use super::contents::{Holder, is_of_library};
use crate::ir::{FunctionKind, PlaceId};
use crate::types::{FunctionRef, ModuleRef};
use crate::value::{Kinds, Value};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Computes everything anew; returns the variables and results that changed.
pub(super) fn run_round(program: &mut Program<'_>) -> Vec<Changed> {
    let shared: &Program<'_> = program;
    let count = shared.sources.len() as u32;
    let updates: Vec<Updates> = (0..count)
        .into_par_iter()
        .map(|index| ModuleBindings::of(shared, ModuleRef(index)))
        .collect();
    apply(program, updates)
}

/// Something whose value changed in a round.
pub(super) enum Changed {
    Variable(usize),
    Returned(usize),
    Types,
}

fn apply(program: &mut Program<'_>, updates: Vec<Updates>) -> Vec<Changed> {
    let mut variables = Vec::with_capacity(program.facts.variables.len());
    let mut passed = vec![Value::NEVER; program.facts.variables.len()];
    let mut returns = Vec::with_capacity(program.facts.returns.len());
    let mut contents: FxHashMap<Holder, Value> = FxHashMap::default();
    let types_before = program.types.count();
    for info in &mut program.classes {
        info.attributes.clear();
    }
    let first_class = program.library.class_count() as u32;
    for update in updates {
        variables.extend(update.variables);
        returns.extend(update.returns);
        for (function, place, value) in update.passed {
            let at = program.facts.first_variable(function) + place.index();
            passed[at] = passed[at].join(value);
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
        for (holder, value) in update.contents {
            let known = contents.entry(holder).or_insert(Value::NEVER);
            *known = known.join(value);
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
    contents.retain(|_, value| is_of_library(program, *value));
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
    if program.types.count() != types_before || contents != program.facts.contents {
        changed.push(Changed::Types);
    }
    program.facts.contents = contents;
    program.facts.variables = variables;
    program.facts.returns = returns;
    refresh_members(program);
    changed
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
pub(super) fn settle(program: &mut Program<'_>, changed: &[Changed]) {
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
