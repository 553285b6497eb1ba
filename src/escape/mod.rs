//! Which exceptions leave a call, who stops them, and how far up they get.

mod breach;
pub mod clauses;
mod entry;
mod guards;
mod managers;
mod named;
mod nullable;
mod raised;
mod revealed;
mod search;
mod sites;
mod text;

pub(crate) use breach::ANSWERS;
pub use breach::Breach;
pub use entry::{Entries, Entry, is_out_of_scope};
pub use guards::{Guards, Left};
pub use managers::sounds_catching;
pub use raised::{has_no_host, is_decoding};
pub(crate) use search::guard_at;
pub use search::{Escape, Hop, Search, Ways};
pub use sites::Site;

use crate::infer::Trace;
use crate::project::{CallGraph, Handed, Program};
use crate::summary::Summary;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Every call of the program that can fail for a reason outside of it, and how far up its exceptions get.
#[derive(Default)]
pub struct Escapes {
    /// The calls, by function and in the order of the code.
    pub sites: Vec<Site>,
    /// Calls under handlers that catch one part of what a function of the project raises, and not another.
    pub breaches: Vec<Breach>,
    /// Something in the project turns errors of requests into answers.
    pub handles_errors: bool,
    /// The project is run, not only imported.
    pub is_application: bool,
    entries: Vec<Option<Entry>>,
    out_of_scope: Vec<bool>,
}

impl Escapes {
    /// Finds them.
    pub fn of(
        program: &Program<'_>,
        graph: &CallGraph,
        traces: &[Arc<Trace>],
        summaries: &[Summary],
    ) -> Self {
        let guards = Guards::of(program);
        let entries = Entries::of(program, graph);
        let mut handed: FxHashMap<FunctionRef, Vec<Handed>> = FxHashMap::default();
        for one in &graph.handed {
            handed.entry(one.function).or_default().push(*one);
        }
        let search = Search {
            program,
            graph,
            guards: &guards,
            entries: &entries,
            handed,
        };
        let mut sites = sites::find(&search, traces);
        named::spare(&search, &mut sites);
        let breaches = breach::find(&search, summaries);
        Self {
            sites,
            breaches,
            handles_errors: entries.handles_errors,
            is_application: entries.is_application,
            entries: entries.of,
            out_of_scope: entries.out_of_scope,
        }
    }

    /// What entry point a function is, if it is one.
    pub fn entry(&self, function: FunctionRef) -> Option<Entry> {
        self.entries.get(function.0 as usize).copied().flatten()
    }

    /// Whether a module is a test, a script of the build, or another one whose failures somebody watches.
    pub fn is_out_of_scope(&self, module: ModuleRef) -> bool {
        self.out_of_scope
            .get(module.0 as usize)
            .copied()
            .unwrap_or_default()
    }
}
