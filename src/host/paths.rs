//! Paths as people, repositories and reports write them.

use super::Fault;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The folder that the command was started in.
pub(super) fn current_folder() -> Result<PathBuf, Fault> {
    std::env::current_dir()
        .and_then(dunce::canonicalize)
        .map_err(Fault::CurrentFolder)
}

/// The one path that every spelling of an existing path leads to.
pub(super) fn existing(path: &Path) -> Result<PathBuf, Fault> {
    dunce::canonicalize(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Fault::NoSuchPath(path.to_owned()),
        _ => Fault::Path {
            path: path.to_owned(),
            error,
        },
    })
}

/// The full path of a file that need not exist.
pub(super) fn absolute(path: &Path, current: &Path) -> PathBuf {
    let full = current.join(path);
    if let Ok(real) = dunce::canonicalize(&full) {
        return real;
    }
    let (parent, name) = (full.parent(), full.file_name());
    match (parent.map(dunce::canonicalize), name) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => full,
    }
}

/// A path with `/` between its parts; what is no Unicode in it is replaced.
pub(super) fn slashed(path: &Path) -> String {
    let mut text = String::new();
    for part in path.components() {
        let is_root = matches!(part, Component::RootDir | Component::Prefix(_));
        if !(is_root || text.is_empty() || text.ends_with('/')) {
            text.push('/');
        }
        match part {
            Component::RootDir => text.push('/'),
            other => text.push_str(&other.as_os_str().to_string_lossy()),
        }
    }
    text
}

/// A path relative to a folder, or nothing where it lies elsewhere.
pub(super) fn relative(path: &Path, folder: &Path) -> Option<String> {
    path.strip_prefix(folder).ok().map(slashed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_by_one_slash() {
        assert_eq!(slashed(Path::new("/a/b.py")), "/a/b.py");
        assert_eq!(slashed(Path::new("a/./b.py")), "a/b.py");
        assert_eq!(
            relative(Path::new("/a/b/c.py"), Path::new("/a")),
            Some("b/c.py".to_owned())
        );
        assert_eq!(relative(Path::new("/ab/c.py"), Path::new("/a")), None);
    }
}
