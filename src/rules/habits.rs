//! How a module reads the keys of its documents: with care, or taking them for granted.

use super::scene::is_test_path;
use crate::ir::{Comparison, ExprId, ExprKind, Import, InstKind, Module, NameId, Passing};
use crate::project::{Program, Read, Symbol, note};
use crate::types::ModuleRef;
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};

/// What all reads of one key in one module have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Habit {
    /// `d.get(key)`, `key in d`: how often.
    pub careful: u32,
    /// The first of them.
    pub examples: Vec<ExprId>,
    /// `d[key]`: how often.
    pub bare: u32,
    /// The module writes the key itself.
    pub is_made: bool,
    /// The module says `d.setdefault(key, …)`.
    pub is_filled_in: bool,
}

/// So many careful reads of a key are kept.
const EXAMPLES: usize = 8;

/// What is asked of every module again and again, looked up once.
#[derive(Debug, Default)]
pub struct Habits {
    keys: Vec<FxHashMap<NameId, Habit>>,
    variables: FxHashSet<Symbol>,
    asked: FxHashSet<Symbol>,
    filled_in: FxHashSet<Symbol>,
    imports: Vec<FxHashMap<CompactString, usize>>,
}

impl Habits {
    /// Reads every module once.
    pub fn of(program: &Program<'_>) -> Self {
        let sources = program.sources.iter();
        let keys: Vec<_> = sources.clone().map(|source| read(&source.module)).collect();
        Self {
            variables: variables(program, &keys),
            asked: asked(program, &keys),
            filled_in: filled_in(program, &keys),
            keys,
            imports: sources
                .clone()
                .map(|source| imports(&source.module))
                .collect(),
        }
    }

    /// Whether what concerns all modules was the same before.
    pub(crate) fn agrees_with(&self, before: &Self) -> bool {
        self.variables == before.variables
            && self.asked == before.asked
            && self.filled_in == before.filled_in
    }

    /// Whether the project itself writes a key that looks like a variable of the environment, tests aside.
    pub fn sets_variable(&self, variable: Symbol) -> bool {
        self.variables.contains(&variable)
    }

    /// Whether the project asks with care for a variable of the environment, tests aside.
    pub fn asks_for_variable(&self, variable: Symbol) -> bool {
        self.asked.contains(&variable)
    }

    /// Whether the project itself fills in a key where it is not there, tests aside.
    pub fn fills_in(&self, key: Symbol) -> bool {
        self.filled_in.contains(&key)
    }

    /// The first import of a module that binds a name, as an index into `Module::imports`.
    pub fn import(&self, module: ModuleRef, name: &str) -> Option<usize> {
        note(Read::Module(module));
        self.imports.get(module.0 as usize)?.get(name).copied()
    }

    /// How a module reads a key.
    pub fn get(&self, module: ModuleRef, key: NameId) -> Option<&Habit> {
        note(Read::Module(module));
        self.keys.get(module.0 as usize)?.get(&key)
    }
}

fn is_variable(name: &str) -> bool {
    name.len() > 2 && !name.contains(|c: char| c.is_lowercase())
}

/// The keys in capitals that the project asks for with care.
fn asked(program: &Program<'_>, keys: &[FxHashMap<NameId, Habit>]) -> FxHashSet<Symbol> {
    symbols(program, keys, &|habit, name| {
        habit.careful > 0 && is_variable(name)
    })
}

/// The keys in capitals that the project writes: `env["NAME"] = …`, `{"NAME": …}`.
fn variables(program: &Program<'_>, keys: &[FxHashMap<NameId, Habit>]) -> FxHashSet<Symbol> {
    symbols(program, keys, &|habit, name| {
        habit.is_made && is_variable(name)
    })
}

fn filled_in(program: &Program<'_>, keys: &[FxHashMap<NameId, Habit>]) -> FxHashSet<Symbol> {
    symbols(program, keys, &|habit, _| habit.is_filled_in)
}

/// The keys whose habit in any module is as wanted, tests aside.
fn symbols(
    program: &Program<'_>,
    keys: &[FxHashMap<NameId, Habit>],
    wanted: &dyn Fn(&Habit, &str) -> bool,
) -> FxHashSet<Symbol> {
    let mut found = FxHashSet::default();
    for (index, (source, keys)) in program.sources.iter().zip(keys).enumerate() {
        if is_test_path(&source.path) {
            continue;
        }
        let keys = keys
            .iter()
            .filter(|(key, habit)| wanted(habit, source.module.name(**key)));
        found.extend(keys.map(|(&key, _)| program.symbol(ModuleRef(index as u32), key)));
    }
    found
}

fn imports(module: &Module) -> FxHashMap<CompactString, usize> {
    let mut found = FxHashMap::default();
    for (index, import) in module.imports.iter().enumerate() {
        let name = bound_name(module, import);
        found.entry(name.into()).or_insert(index);
    }
    found
}

/// The variable that an import binds.
fn bound_name<'a>(module: &'a Module, import: &Import) -> &'a str {
    match (import.alias, import.name) {
        (Some(alias), _) => module.name(alias),
        (None, Some(name)) => module.name(name),
        (None, None) => {
            let dotted = module.name(import.module);
            dotted.split('.').next().unwrap_or_default()
        }
    }
}

fn read(module: &Module) -> FxHashMap<NameId, Habit> {
    let mut habits: FxHashMap<NameId, Habit> = FxHashMap::default();
    for index in 0..module.exprs.len() {
        look(module, ExprId::new(index), &mut habits);
    }
    let insts = module.functions.iter().flat_map(|code| &code.insts);
    for inst in insts {
        if let InstKind::Bind { target, .. } = inst.kind {
            module.walk(target, &mut |part| {
                if let ExprKind::Subscript { index, .. } = module.kind(part)
                    && let ExprKind::Text(key) = module.kind(index)
                {
                    habits.entry(key).or_default().is_made = true;
                }
            });
        }
    }
    habits
}

fn look(module: &Module, expr: ExprId, habits: &mut FxHashMap<NameId, Habit>) {
    let text = |expr: ExprId| match module.kind(expr) {
        ExprKind::Text(name) => Some(name),
        _ => None,
    };
    match module.kind(expr) {
        ExprKind::Subscript { index, .. } => {
            if let Some(key) = text(index) {
                habits.entry(key).or_default().bare += 1;
            }
        }
        ExprKind::Compare {
            operator: Comparison::In | Comparison::NotIn,
            left,
            ..
        } => {
            if let Some(key) = text(left) {
                care(habits, key, expr);
            }
        }
        ExprKind::Dict(parts) => {
            let keys = module.list(parts).iter().step_by(2);
            for key in keys.filter_map(|&key| text(key)) {
                habits.entry(key).or_default().is_made = true;
            }
        }
        ExprKind::Call { callee, arguments } => {
            let ExprKind::Attribute { name, .. } = module.kind(callee) else {
                return;
            };
            let arguments = module.arguments(arguments);
            for argument in arguments {
                if let Passing::Keyword(key) = argument.passing
                    && matches!(module.name(name), "update")
                {
                    habits.entry(key).or_default().is_made = true;
                }
            }
            let Some(key) = arguments.first().and_then(|first| text(first.value)) else {
                return;
            };
            match module.name(name) {
                "get" | "getenv" => care(habits, key, expr),
                "pop" if arguments.len() == 2 => care(habits, key, expr),
                "setdefault" => {
                    let habit = habits.entry(key).or_default();
                    habit.is_made = true;
                    habit.is_filled_in = true;
                }
                _ => {}
            }
        }
        _ => {}
    }
}

fn care(habits: &mut FxHashMap<NameId, Habit>, key: NameId, expr: ExprId) {
    let habit = habits.entry(key).or_default();
    habit.careful += 1;
    if habit.examples.len() < EXAMPLES {
        habit.examples.push(expr);
    }
}
