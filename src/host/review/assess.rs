//! What a change causes: both trees laid out, analyzed, and compared.

use super::{Options, ReviewFault};
use crate::config::Language;
use crate::delta::{Origin, Side, compare, ungated};
use crate::diff::Diff;
use crate::finding::Confidence;
use crate::host::{self, LaidOut, Outcome, Progress, Repository, Request};
use crate::report::{Item, documentation, items};
use crate::review::{Assessment, Note, Step, suggestion};
use std::collections::BTreeSet;
use std::path::Path;

/// What came of the two trees.
pub(super) struct Assessed {
    pub(super) found: Assessment,
    pub(super) diff: Diff,
    /// The new tree.
    pub(super) outcome: Outcome,
    /// The findings of the new tree that the change causes.
    pub(super) caused: Vec<Item>,
    pub(super) language: Language,
}

/// The commits that are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Commits<'a> {
    pub(super) base: &'a str,
    pub(super) head: &'a str,
    /// Configurations come from the base: whoever wrote the change does not decide how it is judged.
    pub(super) is_guarded: bool,
}

/// Compares what is found in two commits.
pub(super) fn assess(
    repository: &Repository,
    commits: Commits<'_>,
    options: &Options,
    progress: &Progress,
) -> Result<Assessed, ReviewFault> {
    let settings = commits.is_guarded.then_some(commits.base);
    let diff = repository.diff(commits.base, Some(commits.head))?;
    let new_tree = repository.lay_out_with(commits.head, settings)?;
    let outcome = findings(&new_tree, options, false, progress)?;
    let old_tree = repository.lay_out(commits.base)?;
    let old = findings(&old_tree, options, true, progress)?;
    let origins = compare(
        side(&outcome),
        side(&old),
        &diff,
        outcome.least.unwrap_or(Confidence::Medium),
    );
    let language = options
        .language
        .or(outcome.language)
        .unwrap_or_else(host::locale);
    let deciding = settings.unwrap_or(commits.head);
    let generated = generated(repository, deciding, &outcome, &diff);
    let all = items(&outcome.files, &outcome.findings, &[], language);
    let mut found = Assessment::default();
    if !commits.is_guarded {
        let findings = outcome.findings.iter();
        let files = findings.map(|finding| &outcome.files[finding.location.file.0 as usize]);
        let code: BTreeSet<&str> = files.map(|file| file.repository.as_str()).collect();
        let trees = [&old_tree, &new_tree];
        found.reconfigured = reconfigured(repository, commits, trees, &diff, &code)?;
    }
    let mut caused = Vec::new();
    for (item, origin) in all.into_iter().zip(origins) {
        let note = note(&outcome, &item);
        found
            .present
            .push((note.fingerprint.clone(), note.path.clone()));
        if generated.contains(&note.path) {
            continue;
        }
        match origin {
            Origin::Before => {}
            Origin::Surfaced => found.surfaced.push(note),
            Origin::Caused => {
                found.caused.push(note);
                caused.push(item);
            }
        }
    }
    Ok(Assessed {
        found,
        diff,
        outcome,
        caused,
        language,
    })
}

/// Files that a change changes and that decide what is looked at: configurations, and what says of files that they are
/// ignored or made by programs, where it says so of one, of `code` or whatever, that it did not speak of before.
pub(super) fn reconfigured(
    repository: &Repository,
    commits: Commits<'_>,
    [old, new]: [&LaidOut; 2],
    diff: &Diff,
    code: &BTreeSet<&str>,
) -> Result<Vec<String>, ReviewFault> {
    let changed = || diff.files().map(|(path, _)| path);
    let mut found = host::reconfigured([old.path(), new.path()], changed());
    let named = |names: &[&str]| -> Vec<String> {
        let is_one = |path: &&str| {
            path.rsplit('/')
                .next()
                .is_some_and(|name| names.contains(&name))
        };
        changed().filter(is_one).map(str::to_owned).collect()
    };
    let ignoring = named(&[".gitignore", ".ignore"]);
    if !ignoring.is_empty() {
        let seen_before = repository.lay_out_with(commits.head, Some(commits.base))?;
        if host::leaves_out(new.path(), seen_before.path()) {
            found.extend(ignoring);
        }
    }
    let attributes = named(&[".gitattributes"]);
    if !attributes.is_empty() {
        let code: Vec<&str> = code.iter().copied().collect();
        let before = repository.generated(commits.base, &code);
        let now = repository.generated(commits.head, &code);
        if now.iter().any(|path| !before.contains(path)) {
            found.extend(attributes);
        }
    }
    Ok(found)
}

fn side(outcome: &Outcome) -> Side<'_> {
    Side {
        findings: &outcome.findings,
        files: &outcome.files,
    }
}

fn findings(
    tree: &LaidOut,
    options: &Options,
    is_old: bool,
    progress: &Progress,
) -> Result<Outcome, ReviewFault> {
    let paths: Vec<_> = options
        .paths
        .iter()
        .map(|path| tree.path().join(path))
        .collect();
    // A folder that is new in this change was not there before.
    let paths: Vec<_> = match is_old {
        true => paths.into_iter().filter(|path| path.exists()).collect(),
        false => paths,
    };
    let command = match is_old {
        true => ungated(&options.command),
        false => options.command.clone(),
    };
    let request = Request {
        paths,
        command,
        exclude: options.exclude.clone(),
        config: options.config.clone(),
        threads: options.threads,
        cache: true,
        ..Request::default()
    };
    Ok(host::check(&request, progress)?)
}

/// Fingerprints in comments are shorter than elsewhere: they have to be unique in one pull request.
const PRINT: usize = 16;

fn note(outcome: &Outcome, item: &Item) -> Note {
    let file = |id: crate::text::FileId| &outcome.files[id.0 as usize];
    let own = file(item.spot.file);
    let (start, end) = (item.spot.start, item.spot.end);
    let last = if end.column == 1 && end.row > start.row {
        end.row
    } else {
        end.row + 1
    };
    Note {
        fingerprint: item.fingerprint.chars().take(PRINT).collect(),
        rule: item.code.to_owned(),
        url: item.rule.map(documentation),
        severity: item.severity,
        confidence: item.confidence,
        path: own.repository.clone(),
        rows: start.row..last,
        message: item.message.clone(),
        steps: item
            .related
            .iter()
            .map(|step| Step {
                path: file(step.spot.file).repository.clone(),
                row: step.spot.start.row,
                message: step.message.clone(),
            })
            .collect(),
        help: item.help.clone(),
        suggestion: item
            .fix
            .as_ref()
            .and_then(|fix| suggestion(own, &fix.edits)),
    }
}

/// Files with findings that nobody writes by hand: those say so, or the repository does, as it was in a commit.
fn generated(repository: &Repository, commit: &str, outcome: &Outcome, diff: &Diff) -> Vec<String> {
    let files = outcome
        .findings
        .iter()
        .map(|finding| &outcome.files[finding.location.file.0 as usize]);
    let mut files: Vec<_> = files.collect();
    files.dedup_by(|a, b| a.repository == b.repository);
    let paths: Vec<&str> = files.iter().map(|file| file.repository.as_str()).collect();
    let mut generated = match diff.files().next() {
        Some(_) => repository.generated(commit, &paths),
        None => Vec::new(),
    };
    let says_so = files.iter().filter(|file| says_generated(&file.source));
    generated.extend(says_so.map(|file| file.repository.clone()));
    generated
}

fn says_generated(source: &[u8]) -> bool {
    const HEAD: usize = 2_000;
    let head = &source[..source.len().min(HEAD)];
    head.windows(10).any(|window| window == b"@generated")
}

/// The repository that a job works in, or an empty one for a job without a checkout.
pub(super) fn repository() -> Result<Repository, ReviewFault> {
    match Repository::of(Path::new(".")) {
        Ok(repository) => Ok(repository),
        Err(host::GitFault::Failed { .. }) => Ok(Repository::empty()?),
        Err(fault) => Err(fault.into()),
    }
}
