//! Who stops an exception inside one function: handlers, context managers, decorators.

use super::clauses::{Fate, called_names, fate};
use super::consumed::Consumed;
use crate::ir::{Dialect, ExprId, Handler, TryId, TryKind};
use crate::project::{Catches, Coverage, Program};
use crate::summary::ClassRef;
use crate::types::FunctionRef;
use std::sync::OnceLock;

/// A guarded region, as far as it stops exceptions.
#[derive(Debug)]
pub(super) enum Region {
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
    pub(super) regions: Vec<Region>,
    /// Where it runs the coroutines and generators that it makes.
    pub(super) consumed: Consumed,
    /// What its decorators swallow.
    pub(super) swallowed: Vec<Catches>,
    /// What makes a decorator call it again.
    pub(super) retried: Vec<Catches>,
}

/// What every function does about exceptions, found when it is asked for.
pub struct Guards<'p, 'a> {
    pub(super) program: &'p Program<'a>,
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
        let mut reraises = clauses.iter().all(|(_, fate)| *fate == Fate::Reraised);
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

    /// The innermost handlers around a place that name some of `classes` and keep them.
    pub fn meant(
        &self,
        function: FunctionRef,
        guard: Option<TryId>,
        classes: &[ClassRef],
    ) -> Option<TryId> {
        let (module, code) = self.program.code(function);
        let names = |(catches, fate): &(Catches, Fate)| {
            *fate != Fate::Reraised
                && !self.program.is_broad(catches)
                && classes
                    .iter()
                    .any(|&class| self.covers(catches, class, module.dialect) == Coverage::Full)
        };
        let mut at = guard;
        while let Some(region) = at {
            if let Region::Catch(clauses) = &self.local(function).regions[region.index()]
                && clauses.iter().any(names)
            {
                return Some(region);
            }
            at = code.region(region).parent;
        }
        None
    }

    /// Whether a decorator calls a function again when it raises one of `classes`.
    pub fn retries(&self, function: FunctionRef, classes: &[ClassRef], alive: u32) -> bool {
        let dialect = self.program.dialect(function);
        let mut retried = self.local(function).retried.iter();
        retried.any(|catches| alive & self.covered(catches, classes, dialect) != 0)
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
        self.local(function).consumed.is_at_once(call)
    }

    /// Which of `classes` leave the function when they are raised under the worst of several guards.
    pub fn leave_any(
        &self,
        function: FunctionRef,
        guards: &[Option<TryId>],
        classes: &[ClassRef],
        alive: u32,
    ) -> Left {
        let ways = guards
            .iter()
            .map(|&guard| self.leave(function, guard, classes, alive));
        ways.max_by_key(|left| left.classes.count_ones())
            .unwrap_or_default()
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
            TryKind::Finally { suite, .. }
                if called_names(module, code, *suite).contains(&"_exit") =>
            {
                Region::With(Some(Catches::Everything))
            }
            TryKind::Finally { .. } => Region::Finally,
        });
        let mut local = Local {
            regions: regions.collect(),
            consumed: Consumed::of(module, code),
            swallowed: Vec::new(),
            retried: Vec::new(),
        };
        if let Some(parent) = code.parent {
            for &decorator in module.list(code.decorators) {
                self.decorator(&mut local, module_ref, parent, decorator);
            }
        }
        local
    }
}

/// The classes that handlers name, where all are known and none of them takes everything.
pub(super) fn narrow_classes(
    program: &Program<'_>,
    function: FunctionRef,
    handlers: &[Handler],
) -> Option<Vec<ClassRef>> {
    let (module_ref, id) = program.locate(function);
    let mut all = Vec::new();
    for handler in handlers {
        let catches = program.catches(module_ref, id, handler.types);
        match &catches {
            Catches::Classes {
                classes,
                open: false,
                ..
            } if !program.is_broad(&catches) => all.extend_from_slice(classes),
            _ => return None,
        }
    }
    Some(all)
}
