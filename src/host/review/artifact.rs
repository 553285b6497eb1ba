//! Findings that another job wrote down: they come from code that nobody has looked at, and so does the file.

use super::ReviewFault;
use crate::diff::Diff;
use crate::finding::{Confidence, Severity};
use crate::report::{INVALID_FILE, documentation};
use crate::review::{Assessment, Note, Step};
use crate::rules;
use serde::Deserialize;
use std::io::Read;
use std::path::Path;

/// Larger than any honest report.
const LARGEST: u64 = 20 * 1024 * 1024;

/// More than any honest change causes.
const MANY: usize = 5_000;

#[derive(Deserialize)]
struct Entry {
    code: String,
    message: String,
    severity: Severity,
    confidence: Confidence,
    filename: String,
    location: Position,
    end_location: Position,
    #[serde(default)]
    related: Vec<Related>,
    help: Option<String>,
    fingerprint: String,
}

#[derive(Deserialize)]
struct Related {
    message: String,
    filename: String,
    location: Position,
}

#[derive(Clone, Copy, Deserialize)]
struct Position {
    row: u32,
}

/// Reads a report in JSON.
pub(super) fn read(path: &Path, diff: &Diff, workspace: &str) -> Result<Assessment, ReviewFault> {
    let fault = |reason: String| ReviewFault::Artifact(path.to_owned(), reason);
    let text = content(path).map_err(fault)?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))?;
    if entries.len() > MANY {
        return Err(fault(format!("{} findings are too many", entries.len())));
    }
    let names = Names { diff, workspace };
    let mut found = Assessment::default();
    for entry in entries
        .into_iter()
        .filter(|entry| entry.code != INVALID_FILE)
    {
        let note = note(entry, &names).map_err(fault)?;
        found
            .present
            .push((note.fingerprint.clone(), note.path.clone()));
        found.caused.push(note);
    }
    Ok(found)
}

/// The file's bytes. A link in what was unpacked could lead to anything on the machine that has the rights.
fn content(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| error.to_string();
    if !std::fs::symlink_metadata(path).map_err(told)?.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(told)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut text)
        .map_err(told)?;
    match text.len() as u64 > LARGEST {
        true => Err(format!("more than {LARGEST} bytes are too many")),
        false => Ok(text),
    }
}

fn note(entry: Entry, names: &Names<'_>) -> Result<Note, String> {
    let rule = rules::find(&entry.code).ok_or("it names a rule that does not exist")?;
    let is_print = entry.fingerprint.len() >= 16
        && entry
            .fingerprint
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit());
    if !is_print {
        return Err("a fingerprint is none".to_owned());
    }
    let row = entry.location.row.max(1);
    Ok(Note {
        fingerprint: entry.fingerprint[..16].to_owned(),
        rule: rule.name.to_owned(),
        url: Some(documentation(rule)),
        severity: entry.severity,
        confidence: entry.confidence,
        path: names.of(&entry.filename)?,
        rows: row..entry.end_location.row.max(row).saturating_add(1),
        message: entry.message,
        steps: entry
            .related
            .into_iter()
            .take(50)
            .map(|related| {
                Ok(Step {
                    path: names.of(&related.filename)?,
                    row: related.location.row.max(1),
                    message: related.message,
                })
            })
            .collect::<Result<_, String>>()?,
        help: entry.help,
        suggestion: None,
    })
}

/// What the repository calls the files of a report, which were somewhere on another machine.
struct Names<'a> {
    diff: &'a Diff,
    workspace: &'a str,
}

impl Names<'_> {
    fn of(&self, filename: &str) -> Result<String, String> {
        let filename = filename.replace('\\', "/");
        // In an address of the host, such a path would lead to other pages.
        if filename.split('/').any(|part| part == "..") {
            return Err("a path leads out of the repository".to_owned());
        }
        if let Some(path) = filename
            .strip_prefix(self.workspace)
            .filter(|_| !self.workspace.is_empty())
        {
            return Ok(path.to_owned());
        }
        let is_end = |path: &&str| {
            filename
                .strip_suffix(*path)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let changed = self.diff.files().map(|(path, _)| path).filter(is_end);
        Ok(match changed.max_by_key(|path| path.len()) {
            Some(path) => path.to_owned(),
            None => filename.trim_start_matches('/').to_owned(),
        })
    }
}
