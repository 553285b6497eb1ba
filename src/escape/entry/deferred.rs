//! Functions whose result is a Deferred that nobody holds: what leaves them is lost, or ends what calls them again and again.

use super::{Entry, Finder};
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, Scope, Step};
use crate::library::schema::{By, Fate, Runs};
use crate::project::Handed;
use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::{FxHashMap, FxHashSet};

/// By what a name in a module stands for: a function of it, or a method of one of its classes.
type Named = FxHashMap<(ModuleRef, Option<ClassRef>, String), FunctionRef>;

impl Finder<'_, '_> {
    /// Generators behind `inlineCallbacks` that a protocol, a timer or a statement runs, and drops what they give.
    pub(super) fn register_deferred(&mut self) {
        let deferred = self.deferred();
        if deferred.is_empty() {
            return;
        }
        let mut named = Named::default();
        let mut modules = FxHashSet::default();
        for &function in &deferred {
            let (module_ref, _) = self.program.locate(function);
            let (module, code) = self.program.code(function);
            let class = self.program.class_of_method(function);
            let name = module.name(code.name).to_owned();
            named.insert((module_ref, class, name), function);
            modules.insert(module_ref);
        }
        let mut found = Vec::new();
        for index in 0..self.program.function_count() as u32 {
            let by = FunctionRef(index);
            if modules.contains(&self.program.locate(by).0) && self.is_in_scope(by) {
                self.dropped_in(by, &named, &mut found);
            }
        }
        for function in deferred {
            if let Some(entry) = self.program.inherited_registration(function)
                && matches!(entry.fate, Fate::Kills | Fate::Lost)
            {
                found.push((function, DROPPED));
            }
        }
        for (function, entry) in found {
            self.registered.insert(function, entry);
        }
    }

    /// The functions of which the tables know only that their decorator makes Deferreds.
    fn deferred(&self) -> Vec<FunctionRef> {
        let is_deferred = |function: &FunctionRef| {
            let known = self.program.registration(*function);
            self.registered.contains_key(function)
                && known
                    .is_some_and(|known| known.by == By::Decorator && known.fate == Fate::Errback)
        };
        let all = (0..self.program.function_count() as u32).map(FunctionRef);
        let mut found: Vec<FunctionRef> = all.filter(is_deferred).collect();
        found.sort_unstable();
        found
    }

    /// Those that a function calls and forgets, or hands to what does.
    fn dropped_in(&self, by: FunctionRef, named: &Named, found: &mut Vec<(FunctionRef, Entry)>) {
        let (module, code) = self.program.code(by);
        for inst in &code.insts {
            if let InstKind::Eval(call) = inst.kind
                && let ExprKind::Call { callee, .. } = module.kind(call)
                && let Some(function) = self.meant(by, callee, named)
            {
                found.push((function, DROPPED));
            }
        }
        let mut takers = None;
        for at in code.exprs.range().map(ExprId::new) {
            let Some(function) = self.meant(by, at, named) else {
                continue;
            };
            let takers = takers.get_or_insert_with(|| super::takers(self.program, by));
            match self.handed(Handed { function, by, at }, takers) {
                Some(
                    stops @ Entry::Registered {
                        fate: Fate::Stops, ..
                    },
                ) => {
                    found.push((function, stops));
                }
                Some(Entry::Registered {
                    fate: Fate::Lost, ..
                }) => found.push((function, DROPPED)),
                _ => {}
            }
        }
    }

    /// The function that a name or `self.name` means.
    fn meant(&self, by: FunctionRef, expr: ExprId, named: &Named) -> Option<FunctionRef> {
        let (module_ref, _) = self.program.locate(by);
        let (module, code) = self.program.code(by);
        let (class, name) = match module.kind(expr) {
            ExprKind::Name(place) => match code.place(place).step {
                Step::Variable {
                    name,
                    scope: Scope::Global { .. },
                } => (None, name),
                Step::Variable { name, .. } if code.kind == FunctionKind::Module => (None, name),
                _ => return None,
            },
            ExprKind::Attribute { value, name, .. } => {
                let ExprKind::Name(place) = module.kind(value) else {
                    return None;
                };
                let first = code.parameters.first()?;
                if first.place != place {
                    return None;
                }
                (Some(self.program.class_of_method(by)?), name)
            }
            _ => return None,
        };
        let key = (module_ref, class, module.name(name).to_owned());
        named.get(&key).copied()
    }
}

/// It waits in a Deferred that nobody holds.
const DROPPED: Entry = Entry::Registered {
    runs: Runs::Loop,
    fate: Fate::Kept,
};
