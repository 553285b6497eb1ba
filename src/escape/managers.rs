//! What context managers and decorators keep to themselves of what is raised inside them.

use super::clauses::Fate;
use super::guards::{Guards, Local, Region};
use crate::ir::{Dialect, ExprId, ExprKind, FunctionId, InstKind, Module, Passing, TryId};
use crate::library::schema;
use crate::project::{Catches, Evaluate};
use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef, Type};

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

impl Guards<'_, '_> {
    /// What a context manager swallows.
    pub(super) fn manager(&self, function: FunctionRef, manager: ExprId) -> Option<Catches> {
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
        module: ModuleRef,
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
            foreign: false,
        }
    }

    fn union(
        &self,
        module: ModuleRef,
        function: FunctionId,
        named: impl Iterator<Item = ExprId>,
    ) -> Option<Catches> {
        named
            .map(|types| self.program.catches(module, function, Some(types)))
            .reduce(joined)
    }

    pub(super) fn decorator(
        &self,
        local: &mut Local,
        module_ref: ModuleRef,
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
            if let Some(retry) = &known.retries
                && (retry.only_with.is_empty() || retry.only_with.iter().any(given))
            {
                let is_named = |passing: Passing| match passing {
                    Passing::Keyword(name) => retry.on.as_deref() == Some(module.name(name)),
                    _ => false,
                };
                let mut named = arguments.iter().filter(|given| is_named(given.passing));
                let of = named.next().map(|given| given.value);
                let catches = self.program.catches(module_ref, parent, of);
                local.retried.push(catches);
            }
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
        for inner in module.inside(id) {
            let inner = self.program.function(module_ref, inner);
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

fn joined(one: Catches, other: Catches) -> Catches {
    match (one, other) {
        (
            Catches::Classes {
                mut classes,
                open,
                foreign,
            },
            Catches::Classes {
                classes: more,
                open: too,
                foreign: also,
            },
        ) => {
            classes.extend(more);
            Catches::Classes {
                classes,
                open: open || too,
                foreign: (foreign || !open) && (also || !too),
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
