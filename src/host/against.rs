//! What the working tree causes against a revision: findings now less findings then, over the whole project.

use super::{Fault, Outcome, Progress, Repository, Request, check, paths};
use crate::delta::{Origin, Side, compare, ungated};
use crate::diff::Diff;
use crate::finding::Confidence;
use crate::report::File;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Tells for each finding of a check whether the working tree causes it against a revision.
///
/// # Errors
/// If there is no repository or no such revision, and as for a check.
pub fn caused(
    request: &Request,
    outcome: &Outcome,
    revision: &str,
    progress: &Progress,
) -> Result<Vec<bool>, Fault> {
    let current = paths::current_folder()?;
    let first = request
        .paths
        .iter()
        .find_map(|path| paths::existing(path).ok());
    let folder = match first {
        Some(path) if path.is_dir() => path,
        Some(path) => path.parent().unwrap_or(&current).to_owned(),
        None => current,
    };
    let repository = Repository::of(&folder)?;
    let laid_out = repository.lay_out(revision)?;
    let then_root = paths::existing(laid_out.path())?;
    let mut diff = repository.diff(revision, None)?;
    add_untracked(&mut diff, &outcome.files, &then_root);
    let then = check(
        &request_then(request, repository.root(), &then_root)?,
        progress,
    )?;
    let origins = compare(
        Side {
            findings: &outcome.findings,
            files: &outcome.files,
        },
        Side {
            findings: &then.findings,
            files: &then.files,
        },
        &diff,
        outcome.least.unwrap_or(Confidence::Medium),
    );
    Ok(origins
        .into_iter()
        .map(|origin| origin == Origin::Caused)
        .collect())
}

/// The same check of the revision, with nothing held back: what was found but not shown is not new.
fn request_then(request: &Request, now: &Path, then: &Path) -> Result<Request, Fault> {
    let moved = |path: &PathBuf| -> Result<PathBuf, Fault> {
        let path = paths::existing(path)?;
        Ok(path
            .strip_prefix(now)
            .map(|path| then.join(path))
            .unwrap_or(path))
    };
    Ok(Request {
        paths: vec![then.to_owned()],
        stdin: None,
        unsaved: BTreeMap::new(),
        command: ungated(&request.command),
        root: request
            .root
            .as_ref()
            .map(moved)
            .transpose()?
            .filter(|root| root.is_dir()),
        ..request.clone()
    })
}

/// Git does not speak of files that it was not told of: to it they are no change, to their author they are new.
fn add_untracked(diff: &mut Diff, files: &[File], then: &Path) {
    for file in files {
        if diff.file(&file.repository).is_some() || then.join(&file.repository).exists() {
            continue;
        }
        let rows = file.lines().count();
        let patch = format!("@@ -0,0 +1,{rows} @@\n{}", "+\n".repeat(rows as usize));
        diff.insert(&file.repository, None, &patch);
    }
}
