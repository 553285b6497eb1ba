//! What earlier runs found out, in a folder that any number of runs share.
//!
//! An entry's name is the hash of everything that it depends on, so that none is ever out of date: what a file says, not
//! when it was written; how it is read; and which build of the program wrote it. An entry appears under its name at once
//! and whole, carries its own hash, and is read as if somebody hostile had written it. Where the folder cannot be made,
//! read or written there is no cache, and nobody is told: every run comes to the same findings without one.

mod digest;
mod entry;
mod identity;

pub(super) use digest::Digest;
pub(super) use entry::Key;

use crate::ir::{Dialect, Module};
use crate::lower::DEPTH;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, fs, io};

/// Names the folder, in the environment.
const VARIABLE: &str = "POTHOLE_CACHE_DIR";

/// Folders that backups and indexers leave out have this file in them.
const TAG: &str = "CACHEDIR.TAG";

/// What such a file starts with.
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
# This folder was made by pothole; `pothole cache clean` empties it.\n";

/// The cache of one run.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    has_written: AtomicBool,
}

impl Cache {
    /// The cache of this build of the program; nothing where there is no place for one.
    pub(super) fn open() -> Option<Self> {
        let folder = folder()?;
        let own = folder.join(identity::of_program()?);
        fs::create_dir_all(&own).ok()?;
        if !folder.join(TAG).exists() {
            // Without it, backups are larger; that is all.
            let _ = fs::write(folder.join(TAG), TAG_TEXT);
        }
        Some(Self {
            folder: own,
            has_written: AtomicBool::new(false),
        })
    }

    /// The module of a file that says `source`.
    pub(super) fn module(&self, source: &[u8], dialect: Option<Dialect>) -> Option<Module> {
        let bytes = entry::read(&self.folder, &module_key(source, dialect))?;
        let module: Module = postcard::from_bytes(&bytes).ok()?;
        module.is_sound(source.len(), DEPTH).then_some(module)
    }

    /// Keeps the module of a file.
    pub(super) fn keep_module(&self, source: &[u8], dialect: Option<Dialect>, module: &Module) {
        if let Ok(bytes) = postcard::to_allocvec(module) {
            self.keep(&module_key(source, dialect), bytes);
        }
    }

    /// What came of a project, the lengths of whose files are these.
    pub(super) fn digest(&self, key: &Key, lengths: &[usize]) -> Option<Digest> {
        Digest::from_bytes(&entry::read(&self.folder, key)?, lengths)
    }

    /// Keeps what came of a project.
    pub(super) fn keep_digest(&self, key: &Key, digest: &Digest) {
        if let Some(bytes) = digest.to_bytes() {
            self.keep(key, bytes);
        }
    }

    fn keep(&self, key: &Key, bytes: Vec<u8>) {
        // A cache that cannot be written is none.
        if entry::write(&self.folder, key, bytes).is_ok() {
            self.has_written.store(true, Ordering::Relaxed);
        }
    }

    /// Makes room, at the end of a run that took some.
    pub(super) fn sweep(&self) {
        if self.has_written.load(Ordering::Relaxed)
            && let Some(whole) = self.folder.parent()
        {
            entry::sweep(whole);
        }
    }
}

fn module_key(source: &[u8], dialect: Option<Dialect>) -> Key {
    let read_as: &[u8] = match dialect {
        None => b"module",
        Some(Dialect::Two) => b"module 2",
        Some(Dialect::Three) => b"module 3",
    };
    Key::of(&[read_as, source])
}

/// The folder of the cache, by the environment or else where this system keeps such things.
pub fn folder() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set(VARIABLE) {
        return Some(PathBuf::from(folder));
    }
    let home = || set("HOME").map(PathBuf::from);
    let base = if cfg!(windows) {
        set("LOCALAPPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        let given = set("XDG_CACHE_HOME").map(PathBuf::from);
        let given = given.filter(|path| path.is_absolute());
        given.or_else(|| home().map(|home| home.join(".cache")))
    };
    base.map(|base| base.join("pothole"))
}

/// Empties the cache.
///
/// # Errors
/// If something in it cannot be removed, or it is a folder that somebody else made.
pub fn clean(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let is_own = fs::read_to_string(folder.join(TAG)).is_ok_and(|text| text.contains("pothole"));
    if !is_own {
        let what = "it was not made by pothole";
        return Err(io::Error::other(what));
    }
    fs::remove_dir_all(folder)
}
