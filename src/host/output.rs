//! Where reports go, and what the environment says of the reader.

use crate::config::Language;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file at once: a run that is interrupted leaves the old one, or none.
///
/// # Errors
/// If the folder or the disk does not take it.
pub fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = dunce::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(&target, content);
    }
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = target.with_file_name(name);
    let written = fs::write(&temporary, content).and_then(|()| fs::rename(&temporary, &target));
    if written.is_err() {
        // The first error is the one to tell; a file that was never made cannot be removed.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Writes a rule's page where an editor can open it.
///
/// # Errors
/// If the folder for temporary files does not take it.
pub(super) fn write_page(rule: &str, text: &str) -> io::Result<PathBuf> {
    let folder = std::env::temp_dir().join("pothole");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{rule}.md"));
    write_file(&path, text.as_bytes())?;
    Ok(path)
}

/// The reader's language, as the environment tells it.
pub fn locale() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    match set {
        Some(value) if value.starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}
