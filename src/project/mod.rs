//! The modules of a project as one program: imports, classes, types of names, and who calls whom.
//!
//! Everything here is flow-insensitive: a variable's value is the join over all of its bindings. It is what summaries
//! need before there are any: a call graph needs receivers, and receivers need what calls return.

mod arguments;
mod calls;
mod classes;
mod decorators;
mod evaluate;
mod external;
mod handlers;
mod link;
mod lookup;
mod naming;
mod points_to;
mod previous;
mod reads;
mod registered;

pub use arguments::{Actual, actuals};
pub use calls::{CallGraph, CallKind, CallSite, Handed};
pub use classes::{Attribute, ClassInfo};
pub use decorators::Decoration;
pub use evaluate::{Evaluate, binary, literal};
pub use handlers::{Catches, Coverage};
pub use lookup::Target;
pub(crate) use previous::{Linked, Same};
pub use reads::Read;
pub(crate) use reads::{note, record};

use crate::ir::{ClassId, Dialect, Function, FunctionId, FunctionKind, Module, NameId, PlaceId};
use crate::library::Library;
use crate::summary::ClassRef;
use crate::text::FileId;
use crate::types::{FunctionRef, ModuleRef, Type, Types};
use crate::value::{TypeId, Value};
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A file of the project, as it is handed to the analysis.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path from the project's root, with `/` between the parts.
    pub path: String,
    /// What it says.
    pub module: Arc<Module>,
    /// Whether its findings are wanted: everything is analyzed, but not everything is reported on.
    pub reported: bool,
    /// The configuration that governs findings in it: an index into the list handed to `analyze`.
    pub configuration: usize,
}

/// A name that means the same in every module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub u32);

/// All modules together.
pub struct Program<'a> {
    /// The files; a `FileId` and a `ModuleRef` are indices into it.
    pub sources: &'a [Source],
    /// What is known of the world outside.
    pub library: &'a Library,
    /// Every type that a value can have.
    pub types: Types,
    /// The project's classes; a `ClassRef` counts on from the library's.
    pub classes: Vec<ClassInfo>,
    functions: Vec<(ModuleRef, FunctionId)>,
    first_function: Vec<u32>,
    first_class: Vec<u32>,
    decorations: Vec<Decoration>,
    overrides: Vec<Box<[FunctionRef]>>,
    modules: naming::ModuleNames,
    symbols: FxHashMap<CompactString, Symbol>,
    /// By symbol: whether any module has that name now. Symbols outlive the names that they were made for.
    is_mentioned: Vec<bool>,
    symbol_of: Vec<Vec<Symbol>>,
    facts: link::FlowInsensitive,
    externals: external::Externals,
    reads_two: bool,
}

impl<'a> Program<'a> {
    /// Links modules into a program.
    pub fn link(sources: &'a [Source], library: &'a Library) -> Program<'a> {
        link::link(sources, library, None)
    }

    /// The same once more: names that were known before keep their symbols.
    pub(crate) fn link_again(
        sources: &'a [Source],
        library: &'a Library,
        before: Option<&Linked>,
    ) -> Program<'a> {
        link::link(sources, library, before)
    }

    /// The module of a file.
    pub fn module(&self, module: ModuleRef) -> &'a Module {
        note(Read::Module(module));
        &self.sources[module.0 as usize].module
    }

    /// How many functions there are, module and class bodies among them.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// The module that a function is in, and its id there.
    pub fn locate(&self, function: FunctionRef) -> (ModuleRef, FunctionId) {
        self.functions[function.0 as usize]
    }

    /// A function's file.
    pub fn file(&self, function: FunctionRef) -> FileId {
        FileId(self.locate(function).0.0)
    }

    /// A function's module and code.
    pub fn code(&self, function: FunctionRef) -> (&'a Module, &'a Function) {
        let (module, id) = self.locate(function);
        let module = self.module(module);
        (module, module.function(id))
    }

    /// The program-wide index of a module's function.
    pub fn function(&self, module: ModuleRef, id: FunctionId) -> FunctionRef {
        FunctionRef(self.first_function[module.0 as usize] + id.index() as u32)
    }

    /// The program-wide index of a module's class.
    pub fn class(&self, module: ModuleRef, id: ClassId) -> ClassRef {
        let own = self.first_class[module.0 as usize] + id.index() as u32;
        ClassRef(self.library.class_count() as u32 + own)
    }

    /// What is known of a class of the project; nothing for one of the library.
    pub fn project_class(&self, class: ClassRef) -> Option<&ClassInfo> {
        let own = (class.0 as usize).checked_sub(self.library.class_count())?;
        note(Read::Class(class));
        self.classes.get(own)
    }

    /// How a function is decorated.
    pub fn decoration(&self, function: FunctionRef) -> &Decoration {
        note(Read::Function(function));
        &self.decorations[function.0 as usize]
    }

    /// The program-wide symbol of a module's name.
    pub fn symbol(&self, module: ModuleRef, name: NameId) -> Symbol {
        self.symbol_of[module.0 as usize][name.index()]
    }

    /// The symbol of a text, if any module mentions it.
    pub fn find_symbol(&self, text: &str) -> Option<Symbol> {
        let symbol = self.symbols.get(text).copied()?;
        self.is_mentioned[symbol.0 as usize].then_some(symbol)
    }

    /// By module: whether it has one of these names.
    pub fn mentioning<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<bool> {
        let mut is_wanted = vec![false; self.is_mentioned.len()];
        for symbol in names.into_iter().filter_map(|name| self.find_symbol(name)) {
            is_wanted[symbol.0 as usize] = true;
        }
        let has_some = |own: &Vec<Symbol>| own.iter().any(|symbol| is_wanted[symbol.0 as usize]);
        self.symbol_of.iter().map(has_some).collect()
    }

    /// The join of all that a variable is bound to anywhere.
    pub fn variable(&self, function: FunctionRef, place: PlaceId) -> Value {
        note(Read::Function(function));
        self.facts.variable(function, place)
    }

    /// The join of all that a function returns; None in it is no evidence yet.
    pub fn returned(&self, function: FunctionRef) -> Value {
        note(Read::Function(function));
        self.facts.returned(function)
    }

    /// The type of an instance of `class`.
    pub fn instance_type(&self, class: ClassRef) -> TypeId {
        self.types
            .find(Type::Instance(class))
            .unwrap_or(TypeId::UNKNOWN)
    }

    /// The class whose method a function is: defined directly in the class's body.
    pub fn class_of_method(&self, function: FunctionRef) -> Option<ClassRef> {
        let (module, id) = self.locate(function);
        let code = self.module(module).function(id);
        let class = code.class.filter(|_| code.kind == FunctionKind::Def)?;
        Some(self.class(module, class))
    }

    /// Whether enough files can only be ones of Python 2: then those that both read are, too.
    pub fn reads_two(&self) -> bool {
        self.reads_two
    }

    /// The dialect of a function's file.
    pub fn dialect(&self, function: FunctionRef) -> Dialect {
        self.module(self.locate(function).0).dialect
    }

    /// The dotted name of a function inside its module: `Client.fetch`.
    pub fn qualified_name(&self, function: FunctionRef) -> String {
        let (module, id) = self.locate(function);
        let module = self.module(module);
        let mut parts = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let code = module.function(id);
            if code.kind != FunctionKind::Module {
                parts.push(module.name(code.name));
            }
            at = code.parent;
        }
        parts.reverse();
        parts.join(".")
    }

    /// The dotted name of a module as imports say it.
    pub fn module_name(&self, module: ModuleRef) -> &str {
        self.modules.name(module)
    }
}
