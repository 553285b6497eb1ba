//! Fixes for a whole project: applied in memory, looked at again, and written at the end.

use super::{Fault, Memory, Outcome, Progress, Request, check_again, output, paths};
use crate::finding::Fix;
use crate::fix;
use crate::report::{File, identities};
use crate::text::FileId;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often the project is looked at again: a fix may uncover what another one mends.
const ROUNDS: usize = 4;

/// A project with fixes applied, in memory.
#[derive(Debug)]
pub struct Fixing {
    /// What is left to report.
    pub outcome: Outcome,
    /// The files that changed.
    pub files: Vec<FixedFile>,
}

/// A file that changed.
#[derive(Clone, Debug)]
pub struct FixedFile {
    /// Where it is.
    pub path: PathBuf,
    /// What repositories call it.
    pub repository: String,
    /// Its bytes before.
    pub before: Arc<[u8]>,
    /// Its bytes with the fixes.
    pub after: Arc<[u8]>,
    /// How many fixes went in.
    pub count: usize,
}

/// Applies the fixes that a check finds.
///
/// # Errors
/// As for a check.
pub fn fix(request: &Request, even_unsafe: bool, progress: &Progress) -> Result<Fixing, Fault> {
    let memory = Memory::default();
    let mut request = request.clone();
    let mut fixed: BTreeMap<PathBuf, FixedFile> = BTreeMap::new();
    let mut tried = BTreeSet::new();
    let mut outcome = check_again(&request, &memory, progress)?;
    if let (Some(name), Some(text)) = (&request.stdin, &outcome.stdin) {
        let path = paths::absolute(name, &paths::current_folder()?);
        request.unsaved.insert(path, Arc::clone(text));
    }
    for _ in 0..ROUNDS {
        let changes = round(&outcome, even_unsafe, &mut tried);
        if changes.is_empty() {
            break;
        }
        for change in changes {
            request
                .unsaved
                .insert(change.path.clone(), Arc::clone(&change.after));
            match fixed.get_mut(&change.path) {
                Some(known) => {
                    known.after = change.after;
                    known.count += change.count;
                }
                None => {
                    fixed.insert(change.path.clone(), change);
                }
            }
        }
        outcome = check_again(&request, &memory, progress)?;
    }
    Ok(Fixing {
        outcome,
        files: fixed.into_values().collect(),
    })
}

/// The files that the fixes of one look change. A finding that a fix did not mend is not tried again.
fn round(
    outcome: &Outcome,
    even_unsafe: bool,
    tried: &mut BTreeSet<(FileId, String)>,
) -> Vec<FixedFile> {
    let mut by_file: BTreeMap<FileId, Vec<(&Fix, String)>> = BTreeMap::new();
    let identities = identities(&outcome.findings, &outcome.files);
    for (finding, identity) in outcome.findings.iter().zip(identities) {
        let file = finding.location.file;
        let who = format!("{} {}", finding.rule, identity.cause);
        if let Some(fix) = &finding.fix
            && !tried.contains(&(file, who.clone()))
        {
            by_file.entry(file).or_default().push((fix, who));
        }
    }
    let mut changes = Vec::new();
    for (id, candidates) in by_file {
        let fixes = fix::pick(candidates.iter().map(|(fix, _)| *fix), even_unsafe);
        changes.extend(changed(&outcome.files[id.0 as usize], &fixes));
        let picked = |fix: &Fix| fixes.iter().any(|other| std::ptr::eq(*other, fix));
        let done = candidates.into_iter().filter(|(fix, _)| picked(fix));
        tried.extend(done.map(|(_, who)| (id, who)));
    }
    changes
}

fn changed(file: &File, fixes: &[&Fix]) -> Option<FixedFile> {
    if fixes.is_empty() {
        return None;
    }
    let fixed = fix::apply(&file.source, fixes);
    fix::is_sound(&fixed.source, &file.source).then(|| FixedFile {
        path: PathBuf::from(&file.absolute),
        repository: file.repository.clone(),
        before: Arc::clone(&file.source),
        after: fixed.source.into(),
        count: fixed.count,
    })
}

/// Writes a fixed file, unless somebody else changed it meanwhile.
///
/// # Errors
/// If it changed, or the disk does not take it.
pub fn write_fixed(file: &FixedFile) -> io::Result<()> {
    let path: &Path = &file.path;
    if std::fs::read(path)? != *file.before {
        return Err(io::Error::other("it changed meanwhile"));
    }
    output::write_file(path, &file.after)
}
