//! Where reports go, and what the environment says of the reader.

use super::cache;
use crate::config::Language;
use std::fs;
use std::io::{self, IsTerminal, Write};
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
    let written = create(&temporary)
        .and_then(|mut file| file.write_all(content))
        .and_then(|()| keep_permissions(&target, &temporary))
        .and_then(|()| fs::rename(&temporary, &target));
    if written.is_err() {
        // The first error is the one to tell; a file that was never made cannot be removed.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Makes a file. What lies in its place was left by a run that was killed, or is a link that somebody laid there.
fn create(path: &Path) -> io::Result<fs::File> {
    match fs::File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            fs::File::create_new(path)
        }
        made => made,
    }
}

/// What could be run can be run afterwards.
fn keep_permissions(old: &Path, new: &Path) -> io::Result<()> {
    match fs::metadata(old) {
        Ok(metadata) => fs::set_permissions(new, metadata.permissions()),
        Err(_) => Ok(()),
    }
}

/// Writes a rule's page where an editor can open it: in a folder of the user, since others could lay links in one for all.
///
/// # Errors
/// If there is no such folder, or it does not take it.
pub(super) fn write_page(rule: &str, text: &str) -> io::Result<PathBuf> {
    let own = cache::folder().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let folder = own.join("pages");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{rule}.md"));
    write_file(&path, text.as_bytes())?;
    Ok(path)
}

/// Writes a file that is not there yet.
///
/// # Errors
/// If it is there, or the disk does not take it.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(content)
}

/// Makes a folder and those above it, where they are not there yet.
///
/// # Errors
/// If the disk does not take it, or something else is in its place.
pub fn create_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Reads a text.
///
/// # Errors
/// If it is not there, or no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Whether something is there.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether what is written on standard output may be obeyed instead of read: by a terminal, or by the runner of a job.
pub fn is_obeyed() -> bool {
    let runners = ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"];
    io::stdout().is_terminal() || runners.iter().any(|name| std::env::var_os(name).is_some())
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
