//! Links modules into a program: rounds over all bindings until no type of a name changes any more.
//!
//! Each round computes every variable, attribute and result anew from the ones of the round before, module by module
//! in parallel. What still changes in the last round is unknown: a chain of bindings that long is no evidence.

mod bindings;
mod imports;
mod rounds;
mod skeleton;

use super::classes::{overrides, resolve_bases};
use super::decorators::decoration;
use super::{Decoration, Linked, Program, Read, Source, Symbol, note};
use crate::ir::{ImportId, PlaceId};
use crate::library::Library;
use crate::types::{FunctionRef, ModuleRef};
use crate::value::Value;
use imports::{ResolvedImport, resolve_imports};
use rayon::prelude::*;
use rounds::{Rounds, settle};
use rustc_hash::FxHashMap;
use skeleton::{intern_symbols, intern_types, skeleton};

/// How many bindings in a row a type is followed through.
const ROUNDS: usize = 7;

/// What is known of names regardless of the order in which things happen.
#[derive(Default)]
pub(super) struct FlowInsensitive {
    first_place: Vec<u32>,
    variables: Vec<Value>,
    returns: Vec<Value>,
    globals: Vec<FxHashMap<Symbol, PlaceId>>,
    imports: Vec<Vec<ResolvedImport>>,
    star_imports: Vec<Vec<ModuleRef>>,
    has_unknown_star_import: Vec<bool>,
}

impl FlowInsensitive {
    pub(super) fn variable(&self, function: FunctionRef, place: PlaceId) -> Value {
        self.variables[self.first_place[function.0 as usize] as usize + place.index()]
    }

    /// Where a function's variables begin.
    fn first_variable(&self, function: FunctionRef) -> usize {
        self.first_place[function.0 as usize] as usize
    }

    pub(super) fn returned(&self, function: FunctionRef) -> Value {
        self.returns[function.0 as usize]
    }

    pub(super) fn global(&self, module: ModuleRef, symbol: Symbol) -> Option<PlaceId> {
        note(Read::Names(module));
        self.globals[module.0 as usize].get(&symbol).copied()
    }

    /// The module and the name in it that an import of a name binds.
    pub(super) fn imported(&self, module: ModuleRef, id: ImportId) -> Option<(ModuleRef, Symbol)> {
        note(Read::Names(module));
        match self.imports[module.0 as usize][id.index()] {
            ResolvedImport::Name(module, symbol) => Some((module, symbol)),
            ResolvedImport::Module(_) | ResolvedImport::Outside(_) => None,
        }
    }

    pub(super) fn star_imports(&self, module: ModuleRef) -> &[ModuleRef] {
        note(Read::Names(module));
        &self.star_imports[module.0 as usize]
    }

    pub(super) fn has_unknown_star_import(&self, module: ModuleRef) -> bool {
        note(Read::Names(module));
        self.has_unknown_star_import[module.0 as usize]
    }

    /// Whether what the names of a module stand for was the same before.
    pub(super) fn has_same_names(&self, module: ModuleRef, before: &Self) -> bool {
        let module = module.0 as usize;
        self.globals[module] == before.globals[module]
            && self.imports[module] == before.imports[module]
            && self.star_imports[module] == before.star_imports[module]
            && self.has_unknown_star_import[module] == before.has_unknown_star_import[module]
    }

    /// Whether what a function's variables and its result are was the same before.
    pub(super) fn has_same_values(&self, function: FunctionRef, before: &Self) -> bool {
        self.variables_of(function) == before.variables_of(function)
            && self.returned(function) == before.returned(function)
    }

    fn variables_of(&self, function: FunctionRef) -> &[Value] {
        let at = function.0 as usize;
        let end = self.first_place.get(at + 1);
        let end = end.map_or(self.variables.len(), |&end| end as usize);
        &self.variables[self.first_place[at] as usize..end]
    }
}

pub(super) fn link<'a>(
    sources: &'a [Source],
    library: &'a Library,
    before: Option<&Linked>,
) -> Program<'a> {
    let mut program = skeleton(sources, library);
    if let Some(before) = before {
        program.symbols = before.symbols().clone();
    }
    intern_symbols(&mut program);
    intern_types(&mut program);
    resolve_imports(&mut program);
    program.decorations = vec![Decoration::default(); program.functions.len()];
    let mut last = Vec::new();
    let mut rounds = Rounds::of(&program);
    for round in 0..ROUNDS {
        let changed_bases = resolve_bases(&mut program, &mut |own| rounds.has_other_bases(own));
        if round < 3 || changed_bases {
            let count = program.functions.len() as u32;
            let decorations = (0..count)
                .into_par_iter()
                .map(|f| decoration(&program, FunctionRef(f)))
                .collect();
            rounds.decorate(&mut program, decorations);
        }
        last = rounds.run(&mut program);
        if last.is_empty() && round > 1 && !changed_bases {
            break;
        }
    }
    settle(&mut program, &last);
    program.overrides = overrides(&program);
    program
}
