//! Rounds: what all functions bind, joined into what names, results and attributes hold from then on.
//!
//! What a function binds is found out again only where something that was asked for it has another answer since.

use super::super::classes::{Attribute, member_symbol};
use super::super::{ClassInfo, Decoration, Program, Read, record};
use super::bindings::{FunctionBindings, Updates, better_import};
use crate::ir::{FunctionKind, PlaceId};
use crate::summary::ClassRef;
use crate::types::FunctionRef;
use crate::value::{Kinds, Value};
use rayon::prelude::*;

/// What each function binds, as far as the rounds have come.
pub(super) struct Rounds {
    parts: Vec<Part>,
    news: News,
    first_class: u32,
}

/// What one function binds, and what was asked for it.
struct Part {
    updates: Updates,
    reads: Box<[Read]>,
}

/// What has another answer since the last round.
#[derive(Default)]
struct News {
    functions: Vec<bool>,
    classes: Vec<bool>,
    has_types: bool,
}

/// Something whose value changed in a round.
pub(super) enum Changed {
    Variable(usize),
    Returned(usize),
    Types,
}

impl Part {
    fn of(program: &Program<'_>, function: FunctionRef) -> Self {
        let (updates, reads) = record(true, || FunctionBindings::of(program, function));
        let changes =
            |read: &Read| matches!(read, Read::Function(_) | Read::Class(_) | Read::Container);
        Self {
            updates,
            reads: reads.iter().copied().filter(changes).collect(),
        }
    }
}

impl Rounds {
    /// Before the first one.
    pub(super) fn of(program: &Program<'_>) -> Self {
        Self {
            parts: Vec::new(),
            news: News::none(program),
            first_class: program.library.class_count() as u32,
        }
    }

    /// The bases of this class, or who inherits from it, are not what they were.
    pub(super) fn has_other_bases(&mut self, own: usize) {
        self.news.classes[own] = true;
    }

    /// The decorations of the program are these from now on.
    pub(super) fn decorate(&mut self, program: &mut Program<'_>, new: Vec<Decoration>) {
        let pairs = program.decorations.iter().zip(&new).enumerate();
        for (function, (old, new)) in pairs {
            self.news.functions[function] |= old != new;
        }
        program.decorations = new;
    }

    /// Does what the news ask for; returns the variables and results that changed.
    pub(super) fn run(&mut self, program: &mut Program<'_>) -> Vec<Changed> {
        let news = std::mem::replace(&mut self.news, News::none(program));
        let types = program.types.count();
        let is_first = self.parts.is_empty();
        if is_first {
            let functions = 0..program.functions.len() as u32;
            let shared: &Program<'_> = program;
            self.parts = { functions.into_par_iter() }
                .map(|function| Part::of(shared, FunctionRef(function)))
                .collect();
            self.assign(program);
        } else {
            self.again(program, &news);
        }
        for part in &self.parts {
            for &container in &part.updates.containers {
                program.types.intern(container);
            }
        }
        let mut changed = self.apply(program, is_first);
        if program.types.count() != types {
            self.news.has_types = true;
            changed.push(Changed::Types);
        }
        changed
    }

    /// Does again what the news concern.
    fn again(&mut self, program: &mut Program<'_>, news: &News) {
        let shared: &Program<'_> = program;
        let first_class = self.first_class;
        let redone: Vec<(usize, Part)> = { self.parts.par_iter().enumerate() }
            .filter(|(_, part)| part.reads.iter().any(|&read| news.has(read, first_class)))
            .map(|(at, _)| (at, Part::of(shared, FunctionRef(at as u32))))
            .collect();
        let mut is_assigned = false;
        for (at, part) in redone {
            let old = std::mem::replace(&mut self.parts[at], part)
                .updates
                .attributes;
            let new = &self.parts[at].updates.attributes;
            let is_kept = |index: usize| old.get(index) == new.get(index);
            for index in (0..old.len().max(new.len())).filter(|&index| !is_kept(index)) {
                is_assigned = true;
                for (class, ..) in [old.get(index), new.get(index)].into_iter().flatten() {
                    if let Some(own) = class.0.checked_sub(first_class) {
                        self.news.classes[own as usize] = true;
                    }
                }
            }
        }
        if is_assigned {
            self.assign(program);
        }
    }

    /// Joins what is assigned to attributes.
    fn assign(&self, program: &mut Program<'_>) {
        for info in &mut program.classes {
            info.attributes.clear();
        }
        for part in &self.parts {
            for &(class, symbol, assignment) in &part.updates.attributes {
                let Some(own) = class.0.checked_sub(self.first_class) else {
                    continue;
                };
                let info: &mut ClassInfo = &mut program.classes[own as usize];
                let attribute: &mut Attribute = info.attributes.entry(symbol).or_default();
                attribute.value = attribute.value.join(assignment.value);
                attribute.assignments.push(assignment);
            }
        }
    }

    /// Joins what variables and results hold.
    fn apply(&mut self, program: &mut Program<'_>, is_first: bool) -> Vec<Changed> {
        let count = program.facts.variables.len();
        let mut variables = vec![Value::NEVER; count];
        let mut passed = vec![Value::NEVER; count];
        let place = |function: FunctionRef, place: PlaceId| {
            program.facts.first_variable(function) + place.index()
        };
        for part in &self.parts {
            for binding in &part.updates.variables {
                let own = &mut variables[place(binding.function, binding.place)];
                *own = match binding.is_import {
                    true => better_import(program, *own, binding.value),
                    false => own.join(binding.value),
                };
            }
            for &(function, parameter, value) in &part.updates.passed {
                let own = &mut passed[place(function, parameter)];
                *own = own.join(value);
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
        let returns: Vec<Value> = { self.parts.iter() }
            .map(|part| part.updates.returned)
            .collect();
        let changed = self.differences(program, &variables, &returns);
        program.facts.variables = variables;
        program.facts.returns = returns;
        self.refresh_members(program, is_first);
        changed
    }

    fn differences(
        &mut self,
        program: &Program<'_>,
        variables: &[Value],
        returns: &[Value],
    ) -> Vec<Changed> {
        let facts = &program.facts;
        let mut changed = Vec::new();
        for (at, returned) in returns.iter().enumerate() {
            let function = FunctionRef(at as u32);
            let first = facts.first_variable(function);
            let old = facts.variables_of(function);
            let before = changed.len();
            for (place, value) in old.iter().enumerate() {
                if *value != variables[first + place] {
                    changed.push(Changed::Variable(first + place));
                }
            }
            if facts.returns[at] != *returned {
                changed.push(Changed::Returned(at));
            }
            self.news.functions[at] |= changed.len() > before;
        }
        changed
    }

    /// What the bodies of classes bind are their members.
    fn refresh_members(&mut self, program: &mut Program<'_>, is_first: bool) {
        for index in 0..program.functions.len() as u32 {
            if !is_first && !self.news.functions[index as usize] {
                continue;
            }
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
                let own = (class.0 - self.first_class) as usize;
                let before = program.classes[own].members.insert(symbol, value);
                self.news.classes[own] |= before != Some(value);
            }
        }
    }
}

impl News {
    fn none(program: &Program<'_>) -> Self {
        Self {
            functions: vec![false; program.functions.len()],
            classes: vec![false; program.classes.len()],
            has_types: false,
        }
    }

    fn has(&self, read: Read, first_class: u32) -> bool {
        match read {
            Read::Function(function) => self.functions[function.0 as usize],
            Read::Class(ClassRef(class)) => self.classes[(class - first_class) as usize],
            Read::Container => self.has_types,
            _ => false,
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
