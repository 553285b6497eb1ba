//! What the analysis of one function asks of the program: recorded, so that its result is taken again where the answers
//! are the same.
//!
//! A function is analyzed on one thread from its beginning to its end, so each thread keeps a record of its own.

use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::FxHashSet;
use std::cell::{Cell, RefCell};

/// Something that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// What a module says, to the last byte.
    Module(ModuleRef),
    /// What the names of a module stand for.
    Names(ModuleRef),
    /// What is known of a class of the project.
    Class(ClassRef),
    /// What is known of a function and its variables, flow aside.
    Function(FunctionRef),
    /// What a function calls.
    Calls(FunctionRef),
    /// Who calls a function.
    Callers(FunctionRef),
    /// What a function does.
    Summary(FunctionRef),
    /// The same before it was found out: that nothing is known.
    Early(FunctionRef),
}

thread_local! {
    static IS_RECORDING: Cell<bool> = const { Cell::new(false) };
    static READS: RefCell<FxHashSet<Read>> = RefCell::default();
}

/// Something is asked.
#[inline]
pub(crate) fn note(read: Read) {
    if IS_RECORDING.get() {
        READS.with_borrow_mut(|reads| reads.insert(read));
    }
}

/// Does something and records what it asks, if that is wanted.
pub(crate) fn record<T>(is_wanted: bool, work: impl FnOnce() -> T) -> (T, Box<[Read]>) {
    if !is_wanted {
        return (work(), Box::default());
    }
    READS.with_borrow_mut(FxHashSet::clear);
    IS_RECORDING.set(true);
    let result = work();
    IS_RECORDING.set(false);
    let mut reads: Vec<Read> = READS.with_borrow_mut(|reads| reads.drain().collect());
    reads.sort_unstable();
    (result, reads.into())
}
