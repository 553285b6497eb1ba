//! The second of the two pure functions: modules in, findings out. No files, no clock, no environment.

use crate::config::Configuration;
use crate::finding::Finding;
use crate::ir::Module;
use crate::text::{FileId, Span};
use std::sync::Arc;

/// A file of the project, as it is handed to the analysis.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path from the project's root, with `/` between the parts.
    pub path: String,
    /// What it says.
    pub module: Arc<Module>,
    /// Whether its findings are wanted: everything is analyzed, but not everything is reported on.
    pub reported: bool,
    /// The configuration that governs findings in it: an index into the list handed to `analyze`.
    pub configuration: usize,
}

/// What came out of an analysis.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Findings in the order of files, places and rules.
    pub findings: Vec<Finding>,
    /// What was given up on, file by file.
    pub notes: Vec<Note>,
    /// How much was read.
    pub counts: Counts,
}

/// Something that was left out of the analysis, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: FileId,
    /// The part that was left out.
    pub span: Span,
    /// What happened.
    pub kind: NoteKind,
}

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// It is not Python of any version that is known here.
    Syntax,
    /// It is nested too deep.
    TooDeep,
    /// Its bytes are no text.
    Encoding,
    /// A function has too many blocks and places to be worth it.
    TooLarge,
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files.
    pub files: usize,
    /// Lines.
    pub lines: usize,
    /// Functions.
    pub functions: usize,
}

/// The analysis was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Carries progress out of an analysis and cancellation into it.
pub trait Monitor: Sync {
    /// `done` of `total` units of this pass are finished.
    fn progress(&self, pass: Pass, done: usize, total: usize);
    /// Whether to stop as soon as possible.
    fn is_cancelled(&self) -> bool;
}

/// A pass, for progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Files are parsed and lowered.
    Lower,
    /// Names, classes and calls are resolved.
    Link,
    /// Functions are summarized.
    Summarize,
    /// Functions are checked.
    Check,
}

/// A monitor that listens to nothing and never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unattended;

impl Monitor for Unattended {
    fn progress(&self, _: Pass, _: usize, _: usize) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Analyzes a project.
///
/// # Errors
/// Only if `monitor` cancels.
pub fn analyze(
    sources: &[Source],
    _configurations: &[Configuration],
    monitor: &dyn Monitor,
) -> Result<Report, Cancelled> {
    if monitor.is_cancelled() {
        return Err(Cancelled);
    }
    let lines = sources
        .iter()
        .map(|source| source.module.lines.count() as usize)
        .sum();
    let functions = sources
        .iter()
        .map(|source| source.module.functions.len())
        .sum();
    let counts = Counts {
        files: sources.len(),
        lines,
        functions,
    };
    Ok(Report {
        counts,
        ..Report::default()
    })
}
