//! What the analysis of one function asks of the program: recorded, so that its result is taken again where the answers
//! are the same.
//!
//! A function is analyzed on one thread from its beginning to its end, so each thread keeps a record of its own.

use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef};
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
    /// Whether there is a type for a container, which there was not.
    Container,
}

/// What is asked is mostly what was asked a moment ago.
const RECENT: usize = 64;

struct Record {
    reads: Vec<Read>,
    recent: [Option<Read>; RECENT],
}

thread_local! {
    static IS_RECORDING: Cell<bool> = const { Cell::new(false) };
    static RECORD: RefCell<Record> = const {
        RefCell::new(Record {
            reads: Vec::new(),
            recent: [None; RECENT],
        })
    };
}

/// Something is asked.
#[inline]
pub(crate) fn note(read: Read) {
    if IS_RECORDING.get() {
        RECORD.with_borrow_mut(|record| record.add(read));
    }
}

/// Does something and records what it asks, if that is wanted.
pub(crate) fn record<T>(is_wanted: bool, work: impl FnOnce() -> T) -> (T, Box<[Read]>) {
    if !is_wanted {
        return (work(), Box::default());
    }
    RECORD.with_borrow_mut(Record::clear);
    IS_RECORDING.set(true);
    let result = work();
    IS_RECORDING.set(false);
    (result, RECORD.with_borrow_mut(|record| record.sorted()))
}

impl Record {
    fn clear(&mut self) {
        self.reads.clear();
        self.recent = [None; RECENT];
    }

    fn add(&mut self, read: Read) {
        let slot = &mut self.recent[read.slot()];
        if *slot != Some(read) {
            *slot = Some(read);
            self.reads.push(read);
        }
    }

    /// All that was asked, each once.
    fn sorted(&mut self) -> Box<[Read]> {
        self.reads.sort_unstable();
        self.reads.dedup();
        self.reads.as_slice().into()
    }
}

impl Read {
    fn slot(self) -> usize {
        let (sort, number) = match self {
            Read::Module(module) => (0, module.0),
            Read::Names(module) => (1, module.0),
            Read::Class(class) => (2, class.0),
            Read::Function(function) => (3, function.0),
            Read::Calls(function) => (4, function.0),
            Read::Callers(function) => (5, function.0),
            Read::Summary(function) => (6, function.0),
            Read::Early(function) => (7, function.0),
            Read::Container => (8, 0),
        };
        (number.wrapping_mul(9) as usize + sort) % RECENT
    }
}
