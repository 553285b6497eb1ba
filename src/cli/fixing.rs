//! What becomes of fixes: files that are written, a diff, or the fixed text of standard input.

use super::arguments::Check;
use crate::config::Language;
use crate::host::{self, FixedFile, Fixing};
use crate::report::{counted, decode, lines, plain};
use anyhow::{Result, bail};
use similar::TextDiff;
use std::io::{self, Write};

/// Delivers what was fixed. Whether that was all there is to say: a diff or a fixed text stands for itself.
pub(super) fn is_all(options: &Check, fixing: &Fixing) -> Result<bool> {
    let is_stdin = options.stdin_filename.is_some()
        || options.paths.iter().any(|path| path.as_os_str() == "-");
    if options.dry_run {
        print_diffs(&fixing.files)?;
        if fixing.files.is_empty() {
            tell(options, fixing);
        }
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
        bail!("{} could not be fixed", counted(failed, "file"));
    }
    tell(options, fixing);
    Ok(false)
}

/// Says how much was fixed.
fn tell(options: &Check, fixing: &Fixing) {
    if options.quiet {
        return;
    }
    let fixes: usize = fixing.files.iter().map(|file| file.count).sum();
    let files = fixing.files.len();
    let configured = options.lang.or(fixing.outcome.language);
    let line = match configured.unwrap_or_else(host::locale) {
        Language::English => format!("{} in {}", counted(fixes, "fix"), counted(files, "file")),
        Language::Chinese => format!("{files} 个文件中的 {fixes} 处修复"),
    };
    let _ = writeln!(io::stderr(), "{line}");
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
        match host::is_obeyed() {
            true => writeln!(out, "{}", lines(&unified.to_string()))?,
            false => write!(out, "{unified}")?,
        }
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
