//! Entry points: where a call stack starts, and what becomes of an exception that gets there.

mod deferred;

use super::managers::sounds_catching;
use super::watched;
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, Module, Passing, Scope, Step};
use crate::library::schema::{By, Entry as Known, Fate, Runs};
use crate::project::{CallGraph, Evaluate, Handed, Program, Symbol};
use crate::summary::Delivery;
use crate::types::{FunctionRef, ModuleRef, Type};
use rustc_hash::{FxHashMap, FxHashSet};

/// A way into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The top level of a module.
    Top,
    /// Something registers it, or a framework calls it by its name.
    Registered {
        /// Where it runs.
        runs: Runs,
        /// What becomes of what leaves it.
        fate: Fate,
    },
    /// A function named `main`, which a launcher calls.
    Main,
    /// A public function that nobody in the project calls.
    Public,
}

/// All entry points of a program.
pub struct Entries {
    pub(super) of: Vec<Option<Entry>>,
    /// Something in the project turns errors of requests into answers.
    pub handles_errors: bool,
    /// The project is run, not only imported: it has a `__main__` or a registered entry point.
    pub is_application: bool,
    pub(super) out_of_scope: Vec<bool>,
    unused: Vec<bool>,
}

impl Entries {
    /// Finds them.
    pub fn of(program: &Program<'_>, graph: &CallGraph) -> Self {
        let modules = 0..program.sources.len() as u32;
        let out_of_scope: Vec<bool> = modules
            .map(|module| is_out_of_scope(&program.sources[module as usize].path))
            .collect();
        let mut finder = Finder {
            program,
            graph,
            mentioned: mentioned(program, &out_of_scope),
            registered: FxHashMap::default(),
            out_of_scope,
        };
        finder.register();
        let count = program.function_count() as u32;
        let of = (0..count)
            .map(|function| finder.entry(FunctionRef(function)))
            .collect();
        let unused = (0..count)
            .map(|function| finder.is_unused(FunctionRef(function)))
            .collect();
        let is_application = finder.has_main() || !finder.registered.is_empty();
        Self {
            of,
            handles_errors: watched::handles_errors(program),
            is_application,
            out_of_scope: finder.out_of_scope,
            unused,
        }
    }

    /// Whether a private function is named nowhere in the project.
    pub fn is_unused(&self, function: FunctionRef) -> bool {
        self.unused[function.0 as usize]
    }

    /// What entry point a function is, if it is one.
    pub fn get(&self, function: FunctionRef) -> Option<Entry> {
        self.of[function.0 as usize]
    }

    /// Whether a module is a test, a script of the build, or another one whose failures somebody watches.
    pub fn is_out_of_scope(&self, module: ModuleRef) -> bool {
        self.out_of_scope[module.0 as usize]
    }
}

/// Tests, build scripts, migrations, examples: whoever runs them sees the traceback, and wants to.
pub fn is_out_of_scope(path: &str) -> bool {
    const FOLDERS: [&str; 22] = [
        "test",
        "tests",
        "testing",
        "unittests",
        "test_utils",
        "migrations",
        "scripts",
        "script",
        "docs",
        "doc",
        "examples",
        "example",
        "benchmarks",
        "bench",
        "benchmark",
        "fixtures",
        "samples",
        "sample",
        "demo",
        "demos",
        "devscripts",
        "hacking",
    ];
    let mut parts: Vec<&str> = path.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    let stem = file.strip_suffix(".py").unwrap_or(file);
    parts
        .iter()
        .any(|part| FOLDERS.contains(part) || part.starts_with("example"))
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || matches!(
            stem,
            "conftest"
                | "distribute_setup"
                | "ez_setup"
                | "testclient"
                | "tests"
                | "test"
                | "setup"
                | "fabfile"
                | "noxfile"
                | "tasks_dev"
                | "manage"
                | "versioneer"
        )
}

/// Every name that is looked up on something, outside of tests: who knows whose method is meant.
fn mentioned(program: &Program<'_>, out_of_scope: &[bool]) -> FxHashSet<Symbol> {
    let mut found = FxHashSet::default();
    for (index, source) in program.sources.iter().enumerate() {
        if out_of_scope[index] {
            continue;
        }
        for expr in &source.module.exprs {
            if let ExprKind::Attribute { name, .. } = expr.kind {
                found.insert(program.symbol(ModuleRef(index as u32), name));
            }
        }
    }
    found
}

struct Finder<'f, 'a> {
    program: &'f Program<'a>,
    graph: &'f CallGraph,
    mentioned: FxHashSet<Symbol>,
    registered: FxHashMap<FunctionRef, Entry>,
    out_of_scope: Vec<bool>,
}

impl Finder<'_, '_> {
    fn is_in_scope(&self, function: FunctionRef) -> bool {
        !self.out_of_scope[self.program.locate(function).0.0 as usize]
    }

    /// Everything that the tables say is registered.
    fn register(&mut self) {
        // In the order of places: those of one function stand together.
        for handed in self.graph.handed.chunk_by(|one, next| one.by == next.by) {
            if !self.is_in_scope(handed[0].by) {
                continue;
            }
            let takers = takers(self.program, handed[0].by);
            for &handed in handed {
                if let Some(known) = self.handed(handed, &takers) {
                    self.registered.insert(handed.function, known);
                }
            }
        }
        self.register_tasks();
        let overriding: Vec<(FunctionRef, Entry)> = (0..self.program.function_count() as u32)
            .filter_map(|index| {
                let function = FunctionRef(index);
                Some((function, self.overridden_entry(function)?))
            })
            .collect();
        for (function, known) in overriding {
            self.registered.entry(function).or_insert(known);
        }
        for index in 0..self.program.function_count() as u32 {
            let function = FunctionRef(index);
            if self.is_in_scope(function)
                && let Some(known) = self.program.registration(function)
            {
                self.registered.insert(function, entry(known));
            }
        }
        self.register_deferred();
    }

    /// Coroutines that are made to be run by the event loop: `asyncio.create_task(poll())`. What leaves them waits for
    /// whoever awaits the task.
    fn register_tasks(&mut self) {
        for site in &self.graph.sites {
            let is_coroutine = self.program.delivery(site.callee) == Delivery::Awaited;
            if !is_coroutine || !self.is_in_scope(site.caller) {
                continue;
            }
            let (module, code) = self.program.code(site.caller);
            let takes = |taker: ExprId, names: &[&str]| {
                let ExprKind::Call { callee, arguments } = module.kind(taker) else {
                    return false;
                };
                let first = module.arguments(arguments).first();
                let name = match module.kind(callee) {
                    ExprKind::Attribute { name, .. } => module.name(name),
                    _ => return false,
                };
                names.contains(&name) && first.is_some_and(|first| first.value == site.call)
            };
            if code.insts(code.block(site.block)).iter().any(|inst| {
                // The Deferred of a coroutine, and nobody holds it.
                let mut found = matches!(inst.kind, InstKind::Eval(value) if takes(value, &DEFERS));
                inst.kind.for_each_expr(&mut |root| {
                    module.walk(root, &mut |part| found |= takes(part, &TASKS));
                });
                found
            }) {
                let is_watched = watched::is_watched(self.program, site.caller, site.call);
                let entry = Entry::Registered {
                    runs: Runs::Loop,
                    fate: if is_watched { Fate::Raised } else { Fate::Kept },
                };
                self.registered.entry(site.callee).or_insert(entry);
            }
        }
    }

    /// What the method that a function overrides is handed to: a thread runs the method of the subclass.
    fn overridden_entry(&self, function: FunctionRef) -> Option<Entry> {
        if self.registered.is_empty() || !self.is_in_scope(function) {
            return None;
        }
        let class = self.program.class_of_method(function)?;
        let (module_ref, _) = self.program.locate(function);
        let (_, code) = self.program.code(function);
        let symbol = self.program.symbol(module_ref, code.name);
        let info = self.program.project_class(class)?;
        let mut bases = info.linearization.iter().skip(1);
        bases.find_map(|&base| {
            let member = self.program.project_class(base)?.members.get(&symbol)?;
            match self.program.types.get(member.class) {
                Type::Function { function, .. } => self.registered.get(&function).copied(),
                _ => None,
            }
        })
    }

    /// A function that is an argument of a call which keeps it for later.
    fn handed(&self, handed: Handed, takers: &FxHashMap<ExprId, ExprId>) -> Option<Entry> {
        let (module_ref, id) = self.program.locate(handed.by);
        let module = self.program.module(module_ref);
        let evaluate = Evaluate::new(self.program, module_ref, id);
        let mut argument = handed.at;
        for _ in 0..2 {
            let call = *takers.get(&argument)?;
            let (callee, place) = given_to(module, call, argument)?;
            let name = match named_method(module, callee) {
                Some(name) => name,
                None => self.program.method_name(&evaluate, module, callee)?,
            };
            if name.ends_with("partial") && place == Given::Position(0) {
                argument = call;
                continue;
            }
            let mut known = self.program.library.entries(&name);
            return known
                .find(|known| known.by == By::Call && fits(module, known, place))
                .map(entry)
                .map(
                    |entry| match watched::is_watched(self.program, handed.by, call) {
                        true => watched::raised(entry),
                        false => entry,
                    },
                );
        }
        None
    }

    fn entry(&self, function: FunctionRef) -> Option<Entry> {
        if !self.is_in_scope(function) {
            return None;
        }
        if let Some(&known) = self.registered.get(&function) {
            return Some(known);
        }
        let (module, code) = self.program.code(function);
        match code.kind {
            FunctionKind::Module => Some(Entry::Top),
            FunctionKind::Class => code
                .parent
                .filter(|&parent| module.function(parent).kind == FunctionKind::Module)
                .map(|_| Entry::Top),
            FunctionKind::Lambda => None,
            FunctionKind::Def => self.uncalled(function),
        }
    }

    /// A private function that nothing in the project names: dead code.
    fn is_unused(&self, function: FunctionRef) -> bool {
        let (module_ref, _) = self.program.locate(function);
        let (module, code) = self.program.code(function);
        let name = module.name(code.name);
        let is_called = || {
            let mut sites = self.graph.calls_of(function);
            sites.any(|site| self.is_in_scope(site.caller))
        };
        let symbol = self.program.symbol(module_ref, code.name);
        code.kind == FunctionKind::Def
            && name.starts_with('_')
            && !name.ends_with("__")
            && !self.graph.escapes(function)
            && !self.mentioned.contains(&symbol)
            && !is_called()
    }

    /// A function that nobody in the project calls, as far as that is certain.
    fn uncalled(&self, function: FunctionRef) -> Option<Entry> {
        let (module_ref, _) = self.program.locate(function);
        let (module, code) = self.program.code(function);
        let parent = module.function(code.parent?).kind;
        let name = module.name(code.name);
        let is_called = self
            .graph
            .calls_of(function)
            .any(|site| self.is_in_scope(site.caller));
        let decoration = self.program.decoration(function);
        if is_called
            || self.graph.escapes(function)
            || decoration.is_opaque
            || decoration.is_abstract
            || decoration.is_property
        {
            return None;
        }
        if self
            .mentioned
            .contains(&self.program.symbol(module_ref, code.name))
            || sounds_catching(name)
        {
            return None;
        }
        match parent {
            FunctionKind::Module if name == "main" => Some(Entry::Main),
            FunctionKind::Module if !name.starts_with('_') => Some(Entry::Public),
            FunctionKind::Class if self.is_public_method(function, name) => Some(Entry::Public),
            _ => None,
        }
    }

    /// A method that only callers outside the project can mean: no framework, protocol or base class calls it.
    fn is_public_method(&self, function: FunctionRef, name: &str) -> bool {
        let Some(class) = self.program.class_of_method(function) else {
            return false;
        };
        let Some(info) = self.program.project_class(class) else {
            return false;
        };
        let is_own = info.linearization.iter().all(|&ancestor| {
            self.program.project_class(ancestor).is_some()
                || self.program.class_name(ancestor) == "object"
        });
        is_own
            && !info.has_unknown_base
            && (name == "__init__" || !name.starts_with('_'))
            && !self.program.class_name(class).starts_with('_')
    }

    /// Whether some module asks whether it is the main one.
    fn has_main(&self) -> bool {
        self.program
            .sources
            .iter()
            .enumerate()
            .any(|(index, source)| !self.out_of_scope[index] && asks_for_main(&source.module))
    }
}

fn asks_for_main(module: &Module) -> bool {
    module.body().places.iter().any(|place| match place.step {
        Step::Variable {
            name,
            scope: Scope::Global { .. } | Scope::Local { .. },
        } => module.name(name) == "__name__",
        _ => false,
    }) && module.names.iter().any(|name| name == "__main__")
}

fn entry(known: &Known) -> Entry {
    Entry::Registered {
        runs: known.runs,
        fate: known.fate,
    }
}

/// Methods and functions that make a task of a coroutine.
const TASKS: [&str; 2] = ["create_task", "ensure_future"];

/// What makes a Deferred of a coroutine.
const DEFERS: [&str; 2] = ["ensureDeferred", "fromCoroutine"];

/// Methods that one class alone has, whatever they are called on.
fn named_method(module: &Module, callee: ExprId) -> Option<String> {
    let ExprKind::Attribute { name, .. } = module.kind(callee) else {
        return None;
    };
    let name = module.name(name);
    let class = match name {
        "addBoth" | "addCallback" | "addCallbacks" | "addErrback" => {
            "twisted.internet.defer.Deferred"
        }
        "set_defaults" => "argparse.ArgumentParser",
        _ => return None,
    };
    Some(format!("{class}.{name}"))
}

/// How an argument is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Position(usize),
    Keyword(crate::ir::NameId),
}

/// Of each argument in a function, the first call that it is given to directly.
fn takers(program: &Program<'_>, by: FunctionRef) -> FxHashMap<ExprId, ExprId> {
    let (module, code) = program.code(by);
    let mut found = FxHashMap::default();
    for call in code.exprs.range().map(ExprId::new) {
        if let ExprKind::Call { arguments, .. } = module.kind(call) {
            for argument in module.arguments(arguments) {
                found.entry(argument.value).or_insert(call);
            }
        }
    }
    found
}

/// What the call calls that `argument` is given to, and how it is given.
fn given_to(module: &Module, call: ExprId, argument: ExprId) -> Option<(ExprId, Given)> {
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return None;
    };
    let arguments = module.arguments(arguments);
    let at = arguments.iter().position(|given| given.value == argument)?;
    let place = match arguments[at].passing {
        Passing::Keyword(name) => Given::Keyword(name),
        _ => Given::Position(at),
    };
    Some((callee, place))
}

fn fits(module: &Module, known: &Known, place: Given) -> bool {
    match place {
        Given::Position(at) => known.position.map_or(0, usize::from) == at,
        Given::Keyword(name) => {
            let keyword = known.keyword.as_deref();
            keyword.is_some_and(|keyword| keyword == "*" || keyword == module.name(name))
        }
    }
}
