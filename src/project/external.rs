//! Dotted names outside the project.

use crate::types::ExternalRef;
use rustc_hash::FxHashMap;

/// The dotted names that the project imports and the library does not know; numbered on from the library's.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Externals {
    first: u32,
    names: Vec<String>,
    known: FxHashMap<String, ExternalRef>,
}

impl Externals {
    pub(super) fn after(first: usize) -> Self {
        Self {
            first: first as u32,
            ..Self::default()
        }
    }

    pub(super) fn intern(&mut self, dotted: &str) -> ExternalRef {
        if let Some(&known) = self.known.get(dotted) {
            return known;
        }
        let new = ExternalRef(self.first + self.names.len() as u32);
        self.names.push(dotted.to_owned());
        self.known.insert(dotted.to_owned(), new);
        new
    }

    pub(super) fn find(&self, dotted: &str) -> Option<ExternalRef> {
        self.known.get(dotted).copied()
    }

    pub(super) fn name(&self, external: ExternalRef) -> &str {
        &self.names[(external.0 - self.first) as usize]
    }
}
