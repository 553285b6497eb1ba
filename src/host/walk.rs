//! Which files below a folder are Python that somebody wrote.

use crate::report::Trouble;
use ignore::{DirEntry, WalkBuilder};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Folders of other people's code and of what tools make.
const LEFT_OUT: &[&str] = &[
    "__pycache__",
    "__pypackages__",
    "node_modules",
    "site-packages",
    "venv",
];

/// Names of such folders, unless they are packages.
const LEFT_OUT_UNLESS_PACKAGE: &[&str] = &["build", "dist"];

/// What lies below a folder.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Python files.
    pub(super) files: Vec<PathBuf>,
    /// Folders that cannot be looked into, and lists without an end of what is ignored in one.
    pub(super) troubles: Vec<(PathBuf, Trouble)>,
}

/// Walks a folder, with everything below it.
pub(super) fn walk(folder: &Path) -> Walked {
    walk_to(folder, None)
}

/// Walks a folder to a depth; 1 is its own files. Symbolic links are not followed, so there are no loops.
pub(super) fn walk_to(folder: &Path, depth: Option<usize>) -> Walked {
    let in_repository = folder
        .ancestors()
        .any(|folder| folder.join(".git").exists());
    let mut walked = Walked::default();
    if let Some(list) = read_without_end(folder) {
        walked.troubles.push((list, Trouble::NotAFile));
        return walked;
    }
    let lists = Arc::new(Mutex::new(Vec::new()));
    let left_out = Arc::clone(&lists);
    let walk = WalkBuilder::new(folder)
        .max_depth(depth)
        .parents(in_repository)
        .require_git(in_repository)
        .filter_entry(move |entry| entry.depth() == 0 || is_gone_into(entry, &left_out))
        .build();
    for entry in walk {
        match entry {
            Ok(entry) if is_python(&entry) => walked.files.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => walked.troubles.extend(trouble(&error, folder)),
        }
    }
    let lists = lists.lock().map(|lists| lists.clone()).unwrap_or_default();
    let not_read = lists.into_iter().map(|list| (list, Trouble::NotAFile));
    walked.troubles.extend(not_read);
    walked
}

/// Whether a walk of one tree passes over files that a walk of another one finds.
pub fn leaves_out(tree: &Path, other: &Path) -> bool {
    let names = |root: &Path| -> BTreeSet<PathBuf> {
        let files = walk(root).files.into_iter();
        let names = files.filter_map(|file| Some(file.strip_prefix(root).ok()?.to_owned()));
        names.collect()
    };
    !names(other).is_subset(&names(tree))
}

/// A folder's list of what git ignores, where it is a pipe or device: reading it would never end.
fn read_without_end(folder: &Path) -> Option<PathBuf> {
    let lists = [".gitignore", ".ignore"].map(|name| folder.join(name));
    lists
        .into_iter()
        .find(|list| fs::metadata(list).is_ok_and(|found| !found.is_file() && !found.is_dir()))
}

/// Whether a walk goes on with an entry; why it does not is noted where nobody would think of it.
fn is_gone_into(entry: &DirEntry, lists: &Mutex<Vec<PathBuf>>) -> bool {
    if is_left_out(entry) {
        return false;
    }
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    let list = is_folder.then(|| read_without_end(entry.path())).flatten();
    let is_read = list.is_none();
    if let Ok(mut lists) = lists.lock() {
        lists.extend(list);
    }
    is_read
}

fn is_left_out(entry: &DirEntry) -> bool {
    if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return false;
    }
    let path = entry.path();
    let name = entry.file_name().to_string_lossy();
    LEFT_OUT.contains(&name.as_ref())
        || name.ends_with(".egg-info")
        || (LEFT_OUT_UNLESS_PACKAGE.contains(&name.as_ref()) && !is_package(path))
        || path.join("pyvenv.cfg").is_file()
}

/// Whether Python imports the folder as a package with a body.
pub(super) fn is_package(folder: &Path) -> bool {
    folder.join("__init__.py").is_file()
}

fn is_python(entry: &DirEntry) -> bool {
    if !entry.file_type().is_some_and(|kind| kind.is_file()) {
        return false;
    }
    match entry.path().extension() {
        Some(extension) => extension == "py" || extension == "pyi",
        None => is_script(entry.path()),
    }
}

/// Whether a file starts with a line that makes Python run it.
fn is_script(path: &Path) -> bool {
    let mut start = Vec::with_capacity(128);
    let read = File::open(path).and_then(|file| file.take(128).read_to_end(&mut start));
    let line = start.split(|&byte| byte == b'\n').next();
    read.is_ok() && line.is_some_and(names_python)
}

/// `#!/usr/bin/python3`, `#!/usr/bin/env -S python2.7 -u`.
fn names_python(line: &[u8]) -> bool {
    let Some(command) = line.strip_prefix(b"#!") else {
        return false;
    };
    let command = String::from_utf8_lossy(command);
    command.split_whitespace().any(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        let version = name
            .strip_prefix("python")
            .or_else(|| name.strip_prefix("pypy"));
        version.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
    })
}

/// What to say of an entry that could not be visited. What vanished meanwhile is nobody's trouble.
fn trouble(error: &ignore::Error, folder: &Path) -> Option<(PathBuf, Trouble)> {
    let io = error.io_error()?;
    if io.kind() == std::io::ErrorKind::NotFound {
        return None;
    }
    let path = path_of(error).unwrap_or(folder).to_owned();
    Some((path, Trouble::Unreadable(reason(io))))
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}

/// An error of the operating system without its number, and without the path that a library puts in front of it.
pub(super) fn reason(error: &std::io::Error) -> String {
    let text = match error.get_ref().and_then(|inner| inner.source()) {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    };
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

/// How large a file is; 0 where nobody knows.
pub(super) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

#[cfg(test)]
mod tests {
    use super::names_python;

    #[test]
    fn shebangs_of_python() {
        assert!(names_python(b"#!/usr/bin/python"));
        assert!(names_python(b"#! /usr/bin/env -S python2.7 -u"));
        assert!(names_python(b"#!/opt/pypy3"));
        assert!(!names_python(b"#!/bin/sh"));
        assert!(!names_python(b"#!/usr/bin/python-config"));
        assert!(!names_python(b"python"));
    }
}
