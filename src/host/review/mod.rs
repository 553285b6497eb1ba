//! One run of `review`: from the job that it runs in to comments on a pull request.

mod artifact;
mod assess;
mod environment;
mod github;
mod gitlab;
mod preview;

use super::git::GitFault;
use super::{Fault, Progress};
use crate::config::{Language, Override};
use crate::finding::Severity;
use std::path::PathBuf;

pub use super::github::GithubFault;
use preview::preview;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files and folders to report on, from the root of the repository.
    pub paths: Vec<PathBuf>,
    /// What the command line says over every configuration.
    pub command: Override,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// How many threads; 0: as many as there are processors.
    pub threads: usize,
    /// The language of what is said.
    pub language: Option<Language>,
    /// The name of the run, for repositories with several.
    pub run: String,
    /// How many comments may stand open.
    pub cap: usize,
    /// Compare these two revisions, base and head, and say what would be written: no job, no network.
    pub between: Option<(String, String)>,
    /// Say what would be written, and write nothing.
    pub is_dry: bool,
    /// Findings that another job wrote down.
    pub from: Option<PathBuf>,
    /// The severity from which on a finding fails the run.
    pub fail_on: Option<Severity>,
    /// Drafts too.
    pub drafts: bool,
    /// Where to write what the change causes as SARIF.
    pub sarif: Option<PathBuf>,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Reviewed {
    /// For standard output: annotations, or what would be written.
    pub output: String,
    /// For standard error.
    pub notes: Vec<String>,
    /// Whether the run fails.
    pub fails: bool,
}

/// Why there was no review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewFault {
    /// There is no job, or it does not say what it is about.
    #[error(
        "`review` runs in a job of GitHub Actions or GitLab CI, and {0} is not set; use `check` or `review --base` elsewhere"
    )]
    NoJob(&'static str),
    /// The event cannot be read.
    #[error("the event {0} cannot be read: {1}")]
    Event(String, String),
    /// The file that `--from` names.
    #[error("the findings in {0} cannot be used: {1}")]
    Artifact(PathBuf, String),
    /// A commit is missing.
    #[error(
        "the commit {commit} is neither here nor to be had ({reason}); check out with `fetch-depth: 0`, or give the job `contents: read`"
    )]
    Commit {
        /// Which.
        commit: String,
        /// Why.
        reason: String,
    },
    /// A run of another workflow says nothing of what it found.
    #[error("an event `workflow_run` has findings only in a file: name it with `--from`")]
    NothingFrom,
    /// GitHub.
    #[error(transparent)]
    Github(#[from] GithubFault),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitFault),
    /// The analysis.
    #[error(transparent)]
    Check(#[from] Fault),
    /// A file that is to be written.
    #[error("cannot write {0}: {1}")]
    Output(PathBuf, std::io::Error),
    /// Something of the machine.
    #[error("cannot work on this machine: {0}")]
    Machine(#[from] std::io::Error),
}

/// Reviews the change that the job is about.
///
/// # Errors
/// If it could not do its work.
pub fn review(options: &Options, progress: &Progress) -> Result<Reviewed, ReviewFault> {
    if let Some((base, head)) = &options.between {
        return preview(options, base, head, progress);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match gitlab::is_here() {
        true => runtime.block_on(gitlab::review(options, progress)),
        false => runtime.block_on(github::review(options, progress)),
    }
}
