//! One file for each entry: in front the hash of its name and of what it holds, so that none passes for another.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use xxhash_rust::xxh3::Xxh3;

/// How large the cache may grow, in bytes.
const MOST: u64 = 2 << 30;

/// A sweep leaves so much.
const LEFT: u64 = MOST / 4 * 3;

/// The cache is swept no more often than this.
const PAUSE: Duration = Duration::from_secs(3600);

/// An entry that is read is young again, if it is older than this.
const YOUNG: Duration = Duration::from_secs(24 * 3600);

/// The file that tells when the cache was last swept.
const SWEPT: &str = "swept";

/// No entry is larger: what claims to be was not written here.
const LIMIT: u64 = 1 << 28;

/// The name of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) struct Key(u128);

impl Key {
    /// The hash of some parts, and of where each ends.
    pub(in crate::host) fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Xxh3::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.digest128())
    }

    /// The hash of the name and of what stands under it.
    fn seal(self, bytes: &[u8]) -> [u8; 16] {
        let mut hasher = Xxh3::new();
        hasher.update(&self.0.to_le_bytes());
        hasher.update(bytes);
        hasher.digest128().to_le_bytes()
    }

    fn path(self, folder: &Path) -> PathBuf {
        let name = format!("{:032x}", self.0);
        folder.join(&name[..2]).join(&name[2..])
    }
}

/// What an entry holds, if it is there and whole.
pub(super) fn read(folder: &Path, key: &Key) -> Option<Vec<u8>> {
    let mut file = File::open(key.path(folder)).ok()?;
    let metadata = file.metadata().ok()?;
    let now = SystemTime::now();
    let age = now.duration_since(metadata.modified().ok()?);
    if age.is_ok_and(|age| age > YOUNG) {
        // Where this fails the entry only goes earlier.
        let _ = file.set_modified(now);
    }
    if metadata.len() > LIMIT {
        return None;
    }
    let mut hash = [0; 16];
    file.read_exact(&mut hash).ok()?;
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(LIMIT).read_to_end(&mut bytes).ok()?;
    (key.seal(&bytes) == hash).then_some(bytes)
}

/// Writes an entry under another name and renames it: whoever reads sees all of it or nothing.
pub(super) fn write(folder: &Path, key: &Key, bytes: Vec<u8>) -> io::Result<()> {
    if bytes.len() as u64 + 16 > LIMIT {
        return Ok(());
    }
    let path = key.path(folder);
    let parent = path.parent().unwrap_or(folder);
    fs::create_dir_all(parent)?;
    let mut file = tempfile::NamedTempFile::new_in(parent)?;
    file.write_all(&key.seal(&bytes))?;
    file.write_all(&bytes)?;
    file.persist(&path)?;
    Ok(())
}

/// Removes the entries that nobody has read for the longest time, if there are too many.
pub(super) fn sweep(folder: &Path) {
    let marker = folder.join(SWEPT);
    let last = fs::metadata(&marker).and_then(|metadata| metadata.modified());
    let is_recent = last.is_ok_and(|last| last.elapsed().is_ok_and(|pause| pause < PAUSE));
    // A cache that cannot be written is not swept.
    if is_recent || fs::write(&marker, "").is_err() {
        return;
    }
    shrink(folder, MOST, LEFT);
}

fn shrink(folder: &Path, most: u64, left: u64) {
    let mut entries = Vec::new();
    let files = walkdir::WalkDir::new(folder).min_depth(2).into_iter();
    for file in files.filter_map(Result::ok) {
        let metadata = file.metadata().ok().filter(|metadata| metadata.is_file());
        if let Some(metadata) = metadata {
            let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            entries.push((time, metadata.len(), file.into_path()));
        }
    }
    let mut size: u64 = entries.iter().map(|(_, length, _)| length).sum();
    if size <= most {
        return;
    }
    entries.sort();
    for (_, length, path) in entries {
        if size <= left {
            break;
        }
        // Somebody else may be sweeping too.
        let _ = fs::remove_file(path);
        size -= length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_whole_or_it_is_not_there() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let key = Key::of(&[b"some", b"key"]);
        assert_eq!(read(folder.path(), &key), None);
        write(folder.path(), &key, b"what it holds".to_vec())?;
        assert_eq!(read(folder.path(), &key), Some(b"what it holds".to_vec()));
        let path = key.path(folder.path());
        let whole = fs::read(&path)?;
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length])?;
            assert_eq!(read(folder.path(), &key), None, "cut at {length}");
        }
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            fs::write(&path, other)?;
            assert_eq!(read(folder.path(), &key), None, "changed at {at}");
        }
        Ok(())
    }

    #[test]
    fn an_entry_under_another_name_is_none() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (key, other) = (Key::of(&[b"one"]), Key::of(&[b"other"]));
        write(folder.path(), &key, b"one".to_vec())?;
        write(folder.path(), &other, b"other".to_vec())?;
        fs::copy(key.path(folder.path()), other.path(folder.path()))?;
        assert_eq!(read(folder.path(), &other), None);
        Ok(())
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(Key::of(&[b"ab", b"c"]), Key::of(&[b"a", b"bc"]));
    }

    #[test]
    fn the_oldest_go_first() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let keys: Vec<Key> = (0..10u8).map(|at| Key::of(&[&[at]])).collect();
        for (age, key) in keys.iter().enumerate() {
            write(folder.path(), key, vec![0; 84])?;
            let time = SystemTime::now() - Duration::from_secs(60 * age as u64);
            File::options()
                .write(true)
                .open(key.path(folder.path()))?
                .set_modified(time)?;
        }
        shrink(folder.path(), 1000, 500);
        assert_eq!(
            keys.iter()
                .filter(|key| read(folder.path(), key).is_some())
                .count(),
            10
        );
        shrink(folder.path(), 999, 500);
        let left: Vec<bool> = keys
            .iter()
            .map(|key| read(folder.path(), key).is_some())
            .collect();
        assert_eq!(left, (0..10).map(|age| age < 5).collect::<Vec<bool>>());
        Ok(())
    }
}
