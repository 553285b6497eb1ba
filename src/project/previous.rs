//! What a link found out, without the modules that it was of: kept, so that the next one is compared with it.

use super::external::Externals;
use super::link::FlowInsensitive;
use super::{CallGraph, ClassInfo, Decoration, Program, Read, Source, Symbol};
use crate::types::{FunctionRef, ModuleRef, Types};
use compact_str::CompactString;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A program that was linked, and its call graph.
pub(crate) struct Linked {
    sources: Vec<Source>,
    types: Types,
    classes: Vec<ClassInfo>,
    first_function: Vec<u32>,
    first_class: Vec<u32>,
    decorations: Vec<Decoration>,
    overrides: Vec<Box<[FunctionRef]>>,
    symbols: FxHashMap<CompactString, Symbol>,
    facts: FlowInsensitive,
    externals: Externals,
    graph: CallGraph,
}

/// What of a program is as it was before: modules, classes and functions by their numbers, which are the same, too.
pub(crate) struct Same {
    modules: Vec<bool>,
    names: Vec<bool>,
    first_class: usize,
    classes: Vec<bool>,
    functions: Vec<bool>,
    calls: Vec<bool>,
    callers: Vec<bool>,
}

impl Linked {
    /// What is kept of a program and its call graph.
    pub(crate) fn of(program: Program<'_>, graph: CallGraph) -> Self {
        Self {
            sources: program.sources.to_vec(),
            types: program.types,
            classes: program.classes,
            first_function: program.first_function,
            first_class: program.first_class,
            decorations: program.decorations,
            overrides: program.overrides,
            symbols: program.symbols,
            facts: program.facts,
            externals: program.externals,
            graph,
        }
    }

    pub(super) fn symbols(&self) -> &FxHashMap<CompactString, Symbol> {
        &self.symbols
    }

    /// Whether every file, function, class, type and outside name of a program has the number that it had here.
    fn is_numbered_as(&self, program: &Program<'_>) -> bool {
        let pairs = || self.sources.iter().zip(program.sources);
        self.sources.len() == program.sources.len()
            && self.first_function == program.first_function
            && self.first_class == program.first_class
            && self.decorations.len() == program.decorations.len()
            && self.classes.len() == program.classes.len()
            && self.externals == program.externals
            && self.types.is_numbered_as(&program.types)
            && pairs().all(|(before, now)| {
                before.path == now.path && before.module.dialect == now.module.dialect
            })
    }
}

impl Same {
    /// Compares a program with one before it; nothing where their numbers mean different things.
    pub(crate) fn of(program: &Program<'_>, graph: &CallGraph, before: &Linked) -> Option<Self> {
        if !before.is_numbered_as(program) {
            return None;
        }
        let modules = 0..program.sources.len();
        let functions = 0..program.functions.len() as u32;
        let each = |holds: &(dyn Fn(FunctionRef) -> bool + Sync)| {
            let functions = functions.clone().into_par_iter();
            functions
                .map(|function| holds(FunctionRef(function)))
                .collect()
        };
        let facts = &program.facts;
        Some(Self {
            modules: { modules.clone() }
                .map(|at| Arc::ptr_eq(&program.sources[at].module, &before.sources[at].module))
                .collect(),
            names: { modules }
                .map(|at| facts.has_same_names(ModuleRef(at as u32), &before.facts))
                .collect(),
            first_class: program.library.class_count(),
            classes: { program.classes.par_iter() }
                .zip(&before.classes)
                .map(|(now, before)| now == before)
                .collect(),
            functions: each(&|function| {
                let at = function.0 as usize;
                program.decorations[at] == before.decorations[at]
                    && program.overrides[at] == before.overrides[at]
                    && facts.has_same_values(function, &before.facts)
            }),
            calls: each(&|function| graph.has_same_calls(function, &before.graph)),
            callers: each(&|function| graph.has_same_callers(function, &before.graph)),
        })
    }

    /// Whether the answer is what it was; nothing about summaries, which are made later.
    pub(crate) fn has(&self, read: Read) -> bool {
        match read {
            Read::Module(module) => self.modules[module.0 as usize],
            Read::Names(module) => self.names[module.0 as usize],
            Read::Class(class) => self.classes[class.0 as usize - self.first_class],
            Read::Function(function) => self.functions[function.0 as usize],
            Read::Calls(function) => self.calls[function.0 as usize],
            Read::Callers(function) => self.callers[function.0 as usize],
            Read::Summary(_) | Read::Early(_) => false,
            // All types have the same numbers.
            Read::Container => true,
        }
    }
}
