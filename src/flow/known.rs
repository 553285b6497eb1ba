//! Summaries of other functions while one is looked at, and whether one was looked at before it was made.

use crate::summary::Summary;
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::sync::LazyLock;

/// Summaries as far as they are computed: those of finished components, and those of the component at work.
#[derive(Clone, Copy)]
pub struct Known<'s> {
    /// Of every function; the default for those not reached yet.
    pub finished: &'s [Summary],
    /// Of the members of the component at work.
    pub current: &'s FxHashMap<FunctionRef, Summary>,
}

/// The members of a component at work, where none is.
static NOBODY: LazyLock<FxHashMap<FunctionRef, Summary>> = LazyLock::new(FxHashMap::default);

impl<'s> Known<'s> {
    /// Every component is finished.
    pub fn finished(summaries: &'s [Summary]) -> Known<'s> {
        Known {
            finished: summaries,
            current: &NOBODY,
        }
    }

    /// What a function does.
    pub fn get(self, function: FunctionRef) -> &'s Summary {
        self.current
            .get(&function)
            .unwrap_or_else(|| &self.finished[function.0 as usize])
    }
}

/// Tells whether a function's analysis looked at a summary that was not made yet: then it has to be done again.
pub struct Watch<'s> {
    is_finished: &'s [bool],
    was_early: Cell<bool>,
}

impl<'s> Watch<'s> {
    /// `is_finished` says of each function whether its summary is made.
    pub fn new(is_finished: &'s [bool]) -> Self {
        Self {
            is_finished,
            was_early: Cell::new(false),
        }
    }

    pub(super) fn look_at(&self, function: FunctionRef) {
        if !self.is_finished[function.0 as usize] {
            self.was_early.set(true);
        }
    }

    /// Whether a summary was looked at too early.
    pub fn was_early(&self) -> bool {
        self.was_early.get()
    }
}
