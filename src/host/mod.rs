//! The outside world: folders, files, clocks and threads. Nothing else in the crate touches them.

mod against;
pub mod cache;
mod check;
mod editor;
mod fixing;
mod git;
#[cfg(feature = "bot")]
mod github;
#[cfg(feature = "bot")]
mod gitlab;
mod outcome;
mod output;
mod paths;
mod progress;
mod projects;
mod read;
#[cfg(feature = "bot")]
pub mod review;
mod settings;
mod walk;

pub use against::caused;
pub use check::{Request, check, check_again};
pub use editor::{EditorFault, serve};
pub use fixing::{FixedFile, Fixing, fix, write_fixed};
pub use git::{GitFault, LaidOut, Repository, add_ages, is_setting};
pub use outcome::{Describe, Outcome};
use output::write_page;
pub use output::{create_folder, exists, read_text, write_new};
pub use output::{is_obeyed, locale, write_file};
pub use progress::{Progress, Timing};
pub use read::{LIMIT, Memory};
pub use settings::reconfigured;
pub use walk::leaves_out;

use crate::config::ConfigurationError;
use std::path::PathBuf;

/// Why nothing could be done at all, and whose fault it is.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A path on the command line.
    #[error("no such file or folder: {0}")]
    NoSuchPath(PathBuf),
    /// A path on the command line that the operating system refuses.
    #[error("cannot look at {path}: {error}")]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A path outside of `--project-root`.
    #[error("{path} is not inside the project root {root}")]
    OutsideRoot {
        /// Which.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// A configuration that cannot be read.
    #[error("cannot read the configuration {path}: {error}")]
    UnreadableConfiguration {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A configuration with a mistake in it.
    #[error("the configuration {path} is wrong: {error}")]
    Configuration {
        /// Which.
        path: PathBuf,
        /// Where and what.
        error: ConfigurationError,
    },
    /// A pattern that is none.
    #[error("`{pattern}` is no pattern of files: {error}")]
    Pattern {
        /// As it was written.
        pattern: String,
        /// What is wrong with it.
        error: ignore::Error,
    },
    /// Standard input.
    #[error("cannot read standard input: {0}")]
    StandardInput(std::io::Error),
    /// The folder that the command was started in.
    #[error("cannot find the current folder: {0}")]
    CurrentFolder(std::io::Error),
    /// Threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A repository.
    #[error(transparent)]
    Git(#[from] GitFault),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}
