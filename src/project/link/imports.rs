//! What each import binds: a module of the project, a name in one, or something outside.

use super::super::Program;
use super::super::Symbol;
use super::super::naming::Imported;
use crate::ir::{Dialect, ImportId};
use crate::types::{ModuleRef, Type};
use crate::value::Value;

/// What an import binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResolvedImport {
    Module(ModuleRef),
    Name(ModuleRef, Symbol),
    Outside(Value),
}

pub(super) fn resolve_imports(program: &mut Program<'_>) {
    let count = program.sources.len() as u32;
    for index in 0..count {
        let module_ref = ModuleRef(index);
        let module = program.module(module_ref);
        let mut own = Vec::with_capacity(module.imports.len());
        let mut stars = Vec::new();
        let mut unknown_star = false;
        for id in 0..module.imports.len() {
            let resolved = resolve_import(program, module_ref, ImportId::new(id));
            let is_star = module.imports[id]
                .name
                .is_some_and(|name| module.name(name) == "*");
            match resolved {
                ResolvedImport::Name(starred, _) | ResolvedImport::Module(starred) if is_star => {
                    stars.push(starred)
                }
                _ => unknown_star |= is_star,
            }
            own.push(resolved);
        }
        program.facts.imports.push(own);
        program.facts.star_imports.push(stars);
        program.facts.has_unknown_star_import.push(unknown_star);
    }
}

fn resolve_import(
    program: &mut Program<'_>,
    module_ref: ModuleRef,
    id: ImportId,
) -> ResolvedImport {
    let module = program.module(module_ref);
    let import = &module.imports[id.index()];
    let from = program.modules.resolve(import, module_ref, program.sources);
    match (import.name, from) {
        (None, Imported::Project(found)) if import.alias.is_some() => ResolvedImport::Module(found),
        (None, Imported::Project(_) | Imported::Outside(_)) if import.alias.is_none() => {
            let dotted = module.name(import.module);
            let first = dotted.split('.').next().unwrap_or(dotted);
            match program.modules.find(first, module_ref, program.sources) {
                Some(found) if found != module_ref => ResolvedImport::Module(found),
                _ => outside(program, dotted, first, module.dialect),
            }
        }
        (None, Imported::Project(found)) => ResolvedImport::Module(found),
        (None, Imported::Outside(dotted)) => outside(program, &dotted, &dotted, module.dialect),
        (Some(name), Imported::Project(found)) => {
            ResolvedImport::Name(found, program.symbol(module_ref, name))
        }
        (Some(name), Imported::Outside(dotted)) => {
            let submodule = format!("{dotted}.{}", module.name(name));
            match program
                .modules
                .find(&submodule, module_ref, program.sources)
            {
                Some(found) => ResolvedImport::Module(found),
                None => outside(program, &submodule, &submodule, module.dialect),
            }
        }
    }
}

/// `import a.b.c` makes all of `whole` known, and binds `bound`, a part of it.
fn outside(
    program: &mut Program<'_>,
    whole: &str,
    bound: &str,
    dialect: Dialect,
) -> ResolvedImport {
    let ends = whole
        .match_indices('.')
        .map(|(at, _)| at)
        .chain([whole.len()]);
    for end in ends {
        let external = program.externals.intern(&whole[..end]);
        program.types.intern(Type::External(external));
    }
    ResolvedImport::Outside(program.outside(bound, dialect))
}
