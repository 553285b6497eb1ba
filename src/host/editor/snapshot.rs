//! What an analysis said of the documents as they were at one moment.

use crate::config::Language;
use crate::host::{Fault, Outcome};
use crate::report::{File, Item, items};
use crate::text::FileId;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What an analysis said.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) files: Vec<File>,
    pub(super) items: Vec<Item>,
    pub(super) language: Language,
    /// Why there is nothing, for the user.
    pub(super) complaint: Option<String>,
    /// The configuration that is wrong, with the 0-based row of its mistake and what it is.
    pub(super) mistake: Option<(PathBuf, u32, String)>,
    of_file: BTreeMap<PathBuf, Vec<usize>>,
}

impl Snapshot {
    pub(super) fn of(mut outcome: Outcome, language: Language) -> Self {
        outcome.invalid.retain(|one| !one.trouble.is_detail());
        let items = items(
            &outcome.files,
            &outcome.findings,
            &outcome.invalid,
            language,
        );
        let mut of_file: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            let path = &outcome.files[item.spot.file.0 as usize].absolute;
            of_file.entry(PathBuf::from(path)).or_default().push(index);
        }
        Self {
            files: outcome.files,
            items,
            language,
            of_file,
            ..Self::default()
        }
    }

    /// What is left of an analysis that could not be made.
    pub(super) fn failed(fault: Fault) -> Self {
        let complaint = Some(fault.to_string());
        let mistake = match fault {
            Fault::Configuration { path, error } => {
                Some((path, error.line.saturating_sub(1) as u32, error.reason))
            }
            _ => None,
        };
        Self {
            complaint,
            mistake,
            ..Self::default()
        }
    }

    pub(super) fn broken() -> Self {
        Self {
            complaint: Some("the analysis broke down; this is a mistake of pothole".to_owned()),
            ..Self::default()
        }
    }

    /// What was found in a file.
    pub(super) fn of_path(&self, path: &Path) -> impl Iterator<Item = &Item> {
        let indices = self.of_file.get(path).into_iter().flatten();
        indices.map(|&index| &self.items[index])
    }

    /// The files in which something was found.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.of_file.keys()
    }

    pub(super) fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }
}
