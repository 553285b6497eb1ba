//! `review`: from the options to comments and the exit code.

use super::arguments::{FailOn, Review};
use crate::config::Override;
use crate::finding::Severity;
use crate::host::Progress;
use crate::host::review::{Options, review};
use crate::report::lines;
use anyhow::Result;
use std::io::{self, Write};

/// Runs `review`.
pub(super) fn run(options: &Review) -> Result<u8> {
    let progress = Progress::new(false);
    let result = review(&request(options), &progress);
    progress.finish();
    let reviewed = result?;
    let mut err = io::stderr().lock();
    for note in &reviewed.notes {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(err, "{}", lines(&format!("pothole: {note}")));
    }
    io::stdout().lock().write_all(reviewed.output.as_bytes())?;
    Ok(u8::from(reviewed.fails))
}

fn request(options: &Review) -> Options {
    Options {
        paths: options.paths.clone(),
        command: Override {
            min_confidence: options.min_confidence,
            ..Override::default()
        },
        exclude: options.exclude.clone(),
        config: options.config.clone(),
        threads: options.threads,
        language: options.lang,
        run: options.name.clone(),
        cap: options.max_comments,
        between: options
            .base
            .clone()
            .map(|base| (base, options.head.clone())),
        is_dry: options.dry_run,
        from: options.from.clone(),
        fail_on: match options.fail_on {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Never => None,
        },
        drafts: options.drafts,
        sarif: options.sarif.clone(),
    }
}
