//! What becomes of fixes: files that are written, a diff, or the fixed text of standard input.

use super::arguments::Check;
use crate::host::{self, FixedFile, Fixing};
use crate::report::{decode, plain};
use anyhow::{Result, bail};
use similar::TextDiff;
use std::io::{self, Write};

/// Delivers what was fixed. Whether that was all there is to say: a diff or a fixed text stands for itself.
pub(super) fn is_all(options: &Check, fixing: &Fixing) -> Result<bool> {
    let is_stdin = options.stdin_filename.is_some()
        || options.paths.iter().any(|path| path.as_os_str() == "-");
    if options.dry_run {
        print_diffs(&fixing.files)?;
        return Ok(true);
    }
    if is_stdin {
        print_text(fixing)?;
        return Ok(true);
    }
    let mut failed = 0;
    for file in &fixing.files {
        if let Err(error) = host::write_fixed(file) {
            let _ = writeln!(
                io::stderr(),
                "pothole: {}: not fixed: {error}",
                plain(&file.repository)
            );
            failed += 1;
        }
    }
    if failed > 0 {
        bail!("{failed} files could not be fixed");
    }
    if !options.quiet {
        let count: usize = fixing.files.iter().map(|file| file.count).sum();
        let _ = writeln!(
            io::stderr(),
            "{count} fixes in {} files",
            fixing.files.len()
        );
    }
    Ok(false)
}

fn print_diffs(files: &[FixedFile]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for file in files {
        let (before, after) = (
            decode(&file.before, &file.before),
            decode(&file.after, &file.before),
        );
        let diff = TextDiff::from_lines(&*before, &*after);
        let mut unified = diff.unified_diff();
        let name = plain(&file.repository);
        unified.header(&format!("a/{name}"), &format!("b/{name}"));
        write!(out, "{unified}")?;
    }
    out.flush()
}

/// The text of standard input, fixed or as it was.
fn print_text(fixing: &Fixing) -> io::Result<()> {
    let fixed = fixing.files.first().map(|file| &file.after);
    let known = fixing.outcome.stdin.as_ref();
    let mut out = io::stdout().lock();
    out.write_all(fixed.or(known).map_or(&[][..], |text| text))?;
    out.flush()
}
