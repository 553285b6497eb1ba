//! Who stops an exception inside one function: handlers, context managers, decorators.

use super::clauses::{Fate, fate};
use crate::ir::{
    Dialect, ExprId, ExprKind, Function, FunctionId, InstKind, LoopKind, Module, Passing, TryId,
    TryKind,
};
use crate::library::schema;
use crate::project::{Catches, Coverage, Evaluate, Program};
use crate::summary::ClassRef;
use crate::types::{FunctionRef, Type};
use rustc_hash::FxHashSet;
use std::sync::OnceLock;

/// Parts of names of context managers and decorators that nobody knows and that sound as if they kept errors to themselves.
const SOUNDS_CATCHING: [&str; 14] = [
    "suppress",
    "ignore",
    "catch",
    "handle",
    "raises",
    "guard",
    "safe",
    "swallow",
    "error",
    "exception",
    "wrap",
    "retry",
    "retries",
    "silence",
];

/// Functions that run, or wait for, the coroutines or generators that they are given.
const CONSUMERS: [&str; 22] = [
    "gather",
    "wait_for",
    "shield",
    "run",
    "run_until_complete",
    "run_coroutine_threadsafe",
    "list",
    "tuple",
    "set",
    "dict",
    "sorted",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "next",
    "join",
    "extend",
    "update",
    "wait",
    "run_sync",
];

/// A guarded region, as far as it stops exceptions.
#[derive(Debug)]
enum Region {
    /// Its `except` clauses in order.
    Catch(Vec<(Catches, Fate)>),
    /// What its context manager swallows.
    With(Option<Catches>),
    /// A `finally`.
    Finally,
}

/// What one function does about exceptions.
#[derive(Debug)]
pub struct Local {
    regions: Vec<Region>,
    /// Coroutines and generators that are run where they are made.
    consumed: FxHashSet<ExprId>,
    /// What its decorators swallow.
    swallowed: Vec<Catches>,
    /// A decorator calls it again when it raises.
    pub retries: bool,
}

/// What every function does about exceptions, found when it is asked for.
pub struct Guards<'p, 'a> {
    program: &'p Program<'a>,
    cells: Vec<OnceLock<Box<Local>>>,
}

/// How some exceptions leave a place in a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Those that leave, of the ones that were asked for.
    pub classes: u32,
    /// The innermost `try` with handlers around the place.
    pub nearest: Option<TryId>,
    /// The innermost one that catches a part of what leaves.
    pub partial: Option<TryId>,
    /// Those that a handler stopped which names no class below `Exception`.
    pub broadly: u32,
}

impl<'p, 'a> Guards<'p, 'a> {
    /// Nothing found yet.
    pub fn of(program: &'p Program<'a>) -> Self {
        Self {
            program,
            cells: (0..program.function_count())
                .map(|_| OnceLock::new())
                .collect(),
        }
    }

    /// What a function does about exceptions.
    pub fn local(&self, function: FunctionRef) -> &Local {
        self.cells[function.0 as usize].get_or_init(|| Box::new(self.find(function)))
    }

    /// Which of `classes` leave the function when they are raised under `guard`; its decorators are not asked.
    pub fn leave(
        &self,
        function: FunctionRef,
        guard: Option<TryId>,
        classes: &[ClassRef],
        alive: u32,
    ) -> Left {
        let (module, code) = self.program.code(function);
        let local = self.local(function);
        let mut left = Left {
            classes: alive,
            ..Left::default()
        };
        let mut at = guard;
        while let Some(region) = at {
            match &local.regions[region.index()] {
                Region::Catch(clauses) => {
                    if !self.through(&mut left, region, clauses, classes, module.dialect) {
                        left.nearest = left.nearest.or(Some(region));
                    }
                }
                Region::With(Some(catches)) => {
                    left.classes &= !self.covered(catches, classes, module.dialect)
                }
                Region::With(None) | Region::Finally => {}
            }
            at = code.region(region).parent;
        }
        left
    }

    /// Takes away what a region stops. Whether it looks at something only to raise it again.
    fn through(
        &self,
        left: &mut Left,
        region: TryId,
        clauses: &[(Catches, Fate)],
        classes: &[ClassRef],
        dialect: Dialect,
    ) -> bool {
        let mut decided = 0;
        let mut reraises = false;
        let mut partial = 0;
        for (catches, fate) in clauses {
            for (index, &class) in classes.iter().enumerate() {
                let bit = 1 << index;
                if left.classes & bit == 0 || decided & bit != 0 {
                    continue;
                }
                match self.covers(catches, class, dialect) {
                    Coverage::Full => {
                        decided |= bit;
                        if *fate == Fate::Reraised {
                            reraises = true;
                        } else {
                            left.classes &= !bit;
                            left.broadly |= bit * u32::from(self.program.is_broad(catches));
                        }
                    }
                    Coverage::Partial if *fate != Fate::Reraised => partial |= bit,
                    Coverage::Partial | Coverage::None => {}
                }
            }
        }
        if partial & left.classes & !decided != 0 {
            left.partial = left.partial.or(Some(region));
        }
        reraises
    }

    /// Which of `classes` the decorators of a function let through.
    pub fn undecorated(&self, function: FunctionRef, classes: &[ClassRef], alive: u32) -> u32 {
        let dialect = self.program.dialect(function);
        let swallowed = self.local(function).swallowed.iter();
        swallowed.fold(alive, |alive, catches| {
            alive & !self.covered(catches, classes, dialect)
        })
    }

    fn covered(&self, catches: &Catches, classes: &[ClassRef], dialect: Dialect) -> u32 {
        let full = |class: &ClassRef| self.covers(catches, *class, dialect) == Coverage::Full;
        classes
            .iter()
            .enumerate()
            .filter(|(_, class)| full(class))
            .fold(0, |mask, (index, _)| mask | 1 << index)
    }

    /// How far a class is covered. What the tables call OSError is one of several siblings in Python 2: any of them will do.
    pub fn covers(&self, catches: &Catches, class: ClassRef, dialect: Dialect) -> Coverage {
        let own = self.program.covers(catches, class, dialect);
        if dialect == Dialect::Three
            || own == Coverage::Full
            || self.program.class_name(class) != "OSError"
        {
            return own;
        }
        let siblings = [
            "IOError",
            "EnvironmentError",
            "socket.error",
            "select.error",
        ];
        let siblings = siblings
            .iter()
            .filter_map(|name| self.program.library.class(name, dialect));
        siblings
            .map(|sibling| self.program.covers(catches, sibling, dialect))
            .max()
            .unwrap_or(own)
            .max(own)
    }

    /// Whether a call's coroutine or generator is run where it is made.
    pub fn is_consumed(&self, function: FunctionRef, call: ExprId) -> bool {
        self.local(function).consumed.contains(&call)
    }

    fn find(&self, function: FunctionRef) -> Local {
        let (module_ref, id) = self.program.locate(function);
        let (module, code) = self.program.code(function);
        let regions = code.tries.iter().map(|region| match &region.kind {
            TryKind::Catch { handlers, .. } => Region::Catch(
                handlers
                    .iter()
                    .map(|handler| {
                        (
                            self.program.catches(module_ref, id, handler.types),
                            fate(module, code, handler),
                        )
                    })
                    .collect(),
            ),
            TryKind::With { manager, .. } => Region::With(self.manager(function, *manager)),
            TryKind::Finally { .. } => Region::Finally,
        });
        let mut local = Local {
            regions: regions.collect(),
            consumed: consumed(module, code),
            swallowed: Vec::new(),
            retries: false,
        };
        if let Some(parent) = code.parent {
            for &decorator in module.list(code.decorators) {
                self.decorator(&mut local, module_ref, parent, decorator);
            }
        }
        local
    }

    /// What a context manager swallows.
    fn manager(&self, function: FunctionRef, manager: ExprId) -> Option<Catches> {
        let (module_ref, id) = self.program.locate(function);
        let module = self.program.module(module_ref);
        let evaluate = Evaluate::new(self.program, module_ref, id);
        let ExprKind::Call { callee, arguments } = module.kind(manager) else {
            let is_swallowing = match self.program.types.get(evaluate.value(manager).class) {
                Type::Instance(class) => self.exit_swallows(class),
                _ => sounds_catching(&evaluate.dotted(manager).unwrap_or_default()),
            };
            return is_swallowing.then_some(Catches::Everything);
        };
        let name = evaluate.dotted(callee).unwrap_or_default();
        let named = module
            .arguments(arguments)
            .iter()
            .map(|argument| argument.value);
        if let Some(known) = self.program.library.context(&name) {
            return self.of_table(known.catches.as_ref(), module_ref, id, named);
        }
        if matches!(
            last(&name),
            "suppress" | "raises" | "assertRaises" | "assertRaisesRegex" | "ignored"
        ) {
            return self.union(module_ref, id, named);
        }
        let value = evaluate.value(callee);
        match self.program.types.get(value.class) {
            Type::Function { function, .. } => self.generator_swallows(function),
            Type::Class(class) => (self.program.project_class(class).is_some()
                && self.exit_swallows(class))
            .then_some(Catches::Everything),
            Type::Call(_) => None,
            _ => sounds_catching(&name).then_some(Catches::Everything),
        }
    }

    fn exit_swallows(&self, class: ClassRef) -> bool {
        let Some(info) = self.program.project_class(class) else {
            return false;
        };
        match self.program.method(class, "__exit__") {
            Some(_) => {
                let class = self
                    .program
                    .types
                    .find(Type::Class(class))
                    .unwrap_or_default();
                self.program.may_swallow(crate::value::Value::typed(
                    crate::value::Kinds::CLASS,
                    class,
                ))
            }
            None => info.has_unknown_base,
        }
    }

    /// What a generator made into a context manager catches around its `yield`.
    fn generator_swallows(&self, function: FunctionRef) -> Option<Catches> {
        let (module, code) = self.program.code(function);
        if !code.is_generator {
            // A function that returns some context manager: by its name.
            return sounds_catching(module.name(code.name)).then_some(Catches::Everything);
        }
        let yields: Vec<Option<TryId>> = code
            .blocks
            .iter()
            .filter(|block| {
                code.insts(block)
                    .iter()
                    .any(|inst| has_yield(module, inst.kind))
            })
            .map(|block| block.guard)
            .collect();
        let local = self.local(function);
        let mut all = Vec::new();
        for mut at in yields {
            while let Some(region) = at {
                if let Region::Catch(clauses) = &local.regions[region.index()] {
                    all.extend(
                        clauses
                            .iter()
                            .filter(|(_, fate)| *fate != Fate::Reraised)
                            .map(|(catches, _)| catches.clone()),
                    );
                }
                at = code.region(region).parent;
            }
        }
        all.into_iter().reduce(joined)
    }

    fn of_table(
        &self,
        catches: Option<&schema::Catches>,
        module: crate::types::ModuleRef,
        function: FunctionId,
        named: impl Iterator<Item = ExprId>,
    ) -> Option<Catches> {
        match catches? {
            schema::Catches::All => Some(self.classes(&["Exception".to_owned()])),
            schema::Catches::Arguments => self.union(module, function, named),
            schema::Catches::Classes(names) => Some(self.classes(names)),
        }
    }

    fn classes(&self, names: &[String]) -> Catches {
        let known = names
            .iter()
            .filter_map(|name| self.program.library.class(name, Dialect::Three));
        Catches::Classes {
            classes: known.collect(),
            open: false,
        }
    }

    fn union(
        &self,
        module: crate::types::ModuleRef,
        function: FunctionId,
        named: impl Iterator<Item = ExprId>,
    ) -> Option<Catches> {
        named
            .map(|types| self.program.catches(module, function, Some(types)))
            .reduce(joined)
    }

    fn decorator(
        &self,
        local: &mut Local,
        module_ref: crate::types::ModuleRef,
        parent: FunctionId,
        decorator: ExprId,
    ) {
        let module = self.program.module(module_ref);
        let evaluate = Evaluate::new(self.program, module_ref, parent);
        let (callee, arguments) = match module.kind(decorator) {
            ExprKind::Call { callee, arguments } => (callee, module.arguments(arguments)),
            _ => (decorator, [].as_slice()),
        };
        let name = evaluate.dotted(callee).unwrap_or_default();
        if let Some(known) = self.program.library.decorator(&name) {
            let given = |wanted: &String| {
                arguments.iter().any(|argument| match argument.passing {
                    Passing::Keyword(name) => module.name(name) == wanted,
                    _ => false,
                })
            };
            local.retries |= known.retries.as_ref().is_some_and(|retry| {
                retry.only_with.is_empty() || retry.only_with.iter().any(given)
            });
            local.swallowed.extend(self.of_table(
                known.catches.as_ref(),
                module_ref,
                parent,
                arguments.iter().map(|argument| argument.value),
            ));
            return;
        }
        match self.program.types.get(evaluate.value(callee).class) {
            Type::Function { function, .. } => {
                local.swallowed.extend(self.wrapper_swallows(function))
            }
            Type::Class(class) if self.program.project_class(class).is_none() => {}
            Type::Call(_) => {}
            _ if sounds_catching(&name) => local.swallowed.push(Catches::Everything),
            _ => {}
        }
    }

    /// What the functions inside a decorator catch.
    fn wrapper_swallows(&self, decorator: FunctionRef) -> Vec<Catches> {
        let (module_ref, id) = self.program.locate(decorator);
        let module = self.program.module(module_ref);
        let mut all = Vec::new();
        for (index, _) in module.functions.iter().enumerate() {
            if !is_inside(module, FunctionId::new(index), id) {
                continue;
            }
            let inner = self.program.function(module_ref, FunctionId::new(index));
            for region in &self.local(inner).regions {
                if let Region::Catch(clauses) = region {
                    all.extend(
                        clauses
                            .iter()
                            .filter(|(_, fate)| *fate != Fate::Reraised)
                            .map(|(catches, _)| catches.clone()),
                    );
                }
            }
        }
        all
    }
}

fn is_inside(module: &Module, mut inner: FunctionId, outer: FunctionId) -> bool {
    while let Some(parent) = module.function(inner).parent {
        if parent == outer {
            return true;
        }
        inner = parent;
    }
    false
}

fn joined(one: Catches, other: Catches) -> Catches {
    match (one, other) {
        (
            Catches::Classes { mut classes, open },
            Catches::Classes {
                classes: more,
                open: too,
            },
        ) => {
            classes.extend(more);
            Catches::Classes {
                classes,
                open: open || too,
            }
        }
        _ => Catches::Everything,
    }
}

fn last(dotted: &str) -> &str {
    dotted.rsplit('.').next().unwrap_or_default()
}

/// Whether a name that nobody knows promises to deal with errors.
pub fn sounds_catching(dotted: &str) -> bool {
    let name = last(dotted).to_ascii_lowercase();
    SOUNDS_CATCHING.iter().any(|part| name.contains(part))
}

fn has_yield(module: &Module, kind: InstKind) -> bool {
    let mut found = false;
    kind.for_each_expr(&mut |root| {
        module.walk(root, &mut |part| {
            found |= matches!(module.kind(part), ExprKind::Yield(_))
        });
    });
    found
}

/// Expressions whose coroutine or generator is run where it is made: awaited, iterated, handed to what runs it.
fn consumed(module: &Module, code: &Function) -> FxHashSet<ExprId> {
    let mut found = FxHashSet::default();
    for index in code.exprs.range() {
        match module.exprs[index].kind {
            ExprKind::Await(value)
            | ExprKind::YieldFrom(value)
            | ExprKind::Yield(Some(value))
            | ExprKind::Starred(value) => {
                found.insert(value);
            }
            ExprKind::Call { callee, arguments } => {
                let name = match module.kind(callee) {
                    ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
                    ExprKind::Name(place) => module.place_text(code, place),
                    _ => continue,
                };
                if CONSUMERS.contains(&name.as_str()) {
                    found.extend(
                        module
                            .arguments(arguments)
                            .iter()
                            .map(|argument| argument.value),
                    );
                }
            }
            ExprKind::Comprehension(id) => found.extend(
                module
                    .comprehension(id)
                    .clauses
                    .iter()
                    .map(|clause| clause.iterable),
            ),
            _ => {}
        }
    }
    for of in &code.loops {
        if let LoopKind::For { iterable, .. } = of.kind {
            found.insert(iterable);
        }
    }
    for region in &code.tries {
        if let TryKind::With { manager, .. } = region.kind {
            found.insert(manager);
        }
    }
    found
}
