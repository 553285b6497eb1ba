//! The program before anything is linked: its functions, classes, symbols and types by number.

use super::super::classes::collect;
use super::super::external::Externals;
use super::super::naming::ModuleNames;
use super::super::{Program, Source, Symbol};
use super::FlowInsensitive;
use crate::ir::{Dialect, FunctionId, PlaceId, Scope, Step};
use crate::library::Library;
use crate::summary::ClassRef;
use crate::types::{CallRef, ExternalRef, FunctionRef, ModuleRef, Type};
use crate::value::Value;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

pub(super) fn skeleton<'a>(sources: &'a [Source], library: &'a Library) -> Program<'a> {
    let mut functions = Vec::new();
    let mut first_function = Vec::new();
    let mut first_class = Vec::new();
    let mut first_place = Vec::new();
    let (mut places, mut classes) = (0, 0);
    for (index, source) in sources.iter().enumerate() {
        first_function.push(functions.len() as u32);
        first_class.push(classes);
        classes += source.module.classes.len() as u32;
        for (id, function) in source.module.functions.iter().enumerate() {
            functions.push((ModuleRef(index as u32), FunctionId::new(id)));
            first_place.push(places);
            places += function.places.len() as u32;
        }
    }
    let facts = FlowInsensitive {
        first_place,
        variables: vec![Value::NEVER; places as usize],
        returns: vec![Value::NEVER; functions.len()],
        ..FlowInsensitive::default()
    };
    Program {
        sources,
        library,
        types: library.types().clone(),
        classes: collect(sources),
        functions,
        first_function,
        first_class,
        decorations: Vec::new(),
        overrides: Vec::new(),
        modules: ModuleNames::of(sources),
        symbols: FxHashMap::default(),
        is_mentioned: Vec::new(),
        symbol_of: Vec::new(),
        builtins: Vec::new(),
        facts,
        externals: Externals::after(library.external_count()),
        reads_two: reads_two(sources),
    }
}

/// One file in so many that only Python 2 reads makes a project of Python 2: a sample or two do not.
const OF_TWO: usize = 20;

fn reads_two(sources: &[Source]) -> bool {
    let is_two = |source: &&Source| source.module.dialect == Dialect::Two;
    let found = sources.iter().filter(is_two).count();
    found > 0 && found * OF_TWO >= sources.len()
}

pub(super) fn intern_symbols(program: &mut Program<'_>) {
    for source in program.sources {
        let mut own = Vec::with_capacity(source.module.names.len());
        for name in &source.module.names {
            let next = Symbol(program.symbols.len() as u32);
            let symbol = match program.symbols.get(name.as_str()) {
                Some(&known) => known,
                None => {
                    program.symbols.insert(name.clone(), next);
                    next
                }
            };
            own.push(symbol);
        }
        program.symbol_of.push(own);
    }
    program.is_mentioned = vec![false; program.symbols.len()];
    program.builtins = vec![OnceLock::new(); program.symbols.len()];
    for symbol in program.symbol_of.iter().flatten() {
        program.is_mentioned[symbol.0 as usize] = true;
    }
    for index in 0..program.sources.len() {
        let module = program.module(ModuleRef(index as u32));
        let mut globals = FxHashMap::default();
        for (place, step) in module.body().places.iter().enumerate() {
            if let Step::Variable {
                name,
                scope: Scope::Local { .. },
            } = step.step
            {
                globals.insert(program.symbol_of[index][name.index()], PlaceId::new(place));
            }
        }
        program.facts.globals.push(globals);
    }
}

pub(super) fn intern_types(program: &mut Program<'_>) {
    let library = program.library;
    for class in 0..library.class_count() as u32 {
        program.types.intern(Type::Instance(ClassRef(class)));
        program.types.intern(Type::Class(ClassRef(class)));
    }
    for call in 0..library.call_count() as u32 {
        program.types.intern(Type::Call(CallRef(call)));
    }
    for external in 0..library.external_count() as u32 {
        program.types.intern(Type::External(ExternalRef(external)));
    }
    for index in 0..program.classes.len() as u32 {
        let class = ClassRef(library.class_count() as u32 + index);
        program.types.intern(Type::Instance(class));
        program.types.intern(Type::Class(class));
    }
    for index in 0..program.functions.len() as u32 {
        let function = FunctionRef(index);
        program.types.intern(Type::Function {
            function,
            bound: false,
        });
        program.types.intern(Type::Function {
            function,
            bound: true,
        });
    }
    for index in 0..program.sources.len() as u32 {
        program.types.intern(Type::Module(ModuleRef(index)));
    }
}
