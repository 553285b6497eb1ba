//! How old the lines of findings are, for a page to look at. Where git does not know, or takes too long, nothing is told.
//!
//! Nobody asked for git by name here, so it gets no chance to run what a repository configures: the last commit is looked at,
//! not the working tree, whose files git would filter; no text conversion, no watcher, no fetching of what is missing.

use super::{Repository, is_inside};
use crate::report::{File, Item};
use crate::text::{FileId, Lines};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// More files than this are not asked about.
const MOST_FILES: usize = 500;

/// More lines of one file are not asked about.
const MOST_LINES: usize = 500;

/// What git says beyond this is not read.
const MOST_BYTES: u64 = 64 << 20;

const DAY: u64 = 24 * 60 * 60;

/// Notes with each finding for how many days its line has been as it is; 0 if it is not committed.
pub fn add_ages(items: &mut [Item], files: &[File]) {
    let Some(history) = History::of(items, files) else {
        return;
    };
    let mut rows: BTreeMap<FileId, BTreeSet<u32>> = BTreeMap::new();
    for item in items.iter().filter(|item| item.rule.is_some()) {
        let of_file = rows.entry(item.spot.file).or_default();
        of_file.insert(item.spot.start.row - 1);
    }
    rows.retain(|_, rows| rows.len() <= MOST_LINES);
    let wanted: Vec<(FileId, &BTreeSet<u32>, &str)> = rows
        .iter()
        .filter_map(|(&id, rows)| Some((id, rows, history.path(&files[id.0 as usize])?)))
        .take(MOST_FILES)
        .collect();
    let Some(objects) = history.objects(wanted.iter().map(|(_, _, path)| *path)) else {
        return;
    };
    let ages: FxHashMap<(FileId, u32), u32> = wanted
        .par_iter()
        .filter_map(|&(id, rows, path)| {
            let source = &files[id.0 as usize].source;
            let ages = match objects.get(path) {
                Some(object) => history.ages(path, object, source, rows)?,
                None => rows.iter().map(|&row| (row, 0)).collect(),
            };
            Some(ages.into_iter().map(move |(row, age)| ((id, row), age)))
        })
        .flatten_iter()
        .collect();
    for item in items {
        let key = (item.spot.file, item.spot.start.row - 1);
        item.age = ages.get(&key).copied();
    }
}

/// What is asked about the past.
struct History {
    repository: Repository,
    commit: String,
    is_shallow: bool,
    now: u64,
    deadline: Instant,
}

impl History {
    /// That of the repository which the first finding is in, if it has one.
    fn of(items: &[Item], files: &[File]) -> Option<Self> {
        let first = items.iter().find(|item| item.rule.is_some())?;
        let file = Path::new(&files[first.spot.file.0 as usize].absolute);
        let repository = Repository::of(file.parent()?).ok()?;
        Some(Self {
            commit: repository.commit("HEAD").ok()??,
            is_shallow: repository.is_shallow()?,
            now: SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs(),
            deadline: Instant::now() + PATIENCE,
            repository,
        })
    }

    /// A file as the repository calls it.
    fn path<'a>(&self, file: &'a File) -> Option<&'a str> {
        let path = Path::new(&file.absolute);
        let is_here = path == self.repository.root.join(&file.repository);
        (is_here && is_inside(&file.repository)).then_some(&file.repository)
    }

    /// The objects of those files that the commit has.
    fn objects<'a>(
        &'a self,
        paths: impl Iterator<Item = &'a str>,
    ) -> Option<FxHashMap<String, String>> {
        let mut arguments = vec!["ls-tree", "-z", &self.commit, "--"];
        arguments.extend(paths);
        let listing = self.ask(&arguments)?;
        let entries = listing.split(|&byte| byte == 0).filter_map(|entry| {
            let (facts, path) = str::from_utf8(entry).ok()?.split_once('\t')?;
            let object = facts.strip_prefix("100")?.split(' ').nth(2)?;
            Some((path.to_owned(), object.to_owned()))
        });
        Some(entries.collect())
    }

    /// The age of each row, as far as git knows it.
    fn ages(
        &self,
        path: &str,
        object: &str,
        source: &[u8],
        rows: &BTreeSet<u32>,
    ) -> Option<Vec<(u32, u32)>> {
        let committed = self.ask(&["cat-file", "blob", object])?;
        let earlier = earlier_rows(&committed, source, self.deadline)?;
        let ranges: Vec<String> = rows
            .iter()
            .filter_map(|row| earlier.get(row))
            .map(|row| format!("-L{0},{0}", row + 1))
            .collect();
        let times = match ranges.is_empty() {
            true => FxHashMap::default(),
            false => self.times(path, &ranges)?,
        };
        let age = |&row: &u32| {
            let Some(row_then) = earlier.get(&row) else {
                return Some((row, 0));
            };
            let seconds = self.now.saturating_sub(*times.get(row_then)?);
            Some((row, u32::try_from(seconds / DAY).ok()?))
        };
        Some(rows.iter().filter_map(age).collect())
    }

    /// When rows of the commit were written, in seconds since 1970.
    fn times(&self, path: &str, ranges: &[String]) -> Option<FxHashMap<u32, u64>> {
        let mut arguments = vec!["blame", "--porcelain", "--no-textconv"];
        // Where the past was cut off, what its first commit holds may be of any age.
        arguments.extend((!self.is_shallow).then_some("--root"));
        arguments.extend(ranges.iter().map(String::as_str));
        arguments.extend([self.commit.as_str(), "--", path]);
        Some(parse(&self.ask(&arguments)?))
    }

    /// What git answers before the time is over.
    fn ask(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let mut command = self.repository.command(&["-c", "protocol.allow=never"]);
        command
            .args(arguments)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_OPTIONAL_LOCKS", "0");
        output_before(command, self.deadline)
    }
}

impl Repository {
    /// Whether its past was cut off somewhere.
    fn is_shallow(&self) -> Option<bool> {
        let answer = self.run(&["rev-parse", "--is-shallow-repository"]).ok()?;
        Some(answer.trim() == "true")
    }
}

/// Runs a program that is stopped when its time is over.
fn output_before(mut command: Command, deadline: Instant) -> Option<Vec<u8>> {
    if Instant::now() >= deadline {
        return None;
    }
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let output = child.stdout.take()?;
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut bytes = Vec::new();
            // What lies beyond the limit makes the program fail, since nobody takes it.
            let read = output.take(MOST_BYTES).read_to_end(&mut bytes);
            read.ok().map(|_| bytes)
        });
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                _ => {
                    // It may have ended by itself just now.
                    let _ = child.kill();
                    let _ = child.wait();
                    break None;
                }
            }
        };
        let bytes = reader.join().ok()??;
        status
            .is_some_and(|status| status.success())
            .then_some(bytes)
    })
}

/// For each row of a file that was there before, and is unchanged, where it was. Ends of lines do not count: git may keep
/// others than the working tree has. None where git counts other lines than Python does.
fn earlier_rows(before: &[u8], now: &[u8], deadline: Instant) -> Option<FxHashMap<u32, u32>> {
    let feeds = before.iter().filter(|&&byte| byte == b'\n').count();
    if Lines::of(before).count() as usize != feeds + 1 {
        return None;
    }
    let (before, now) = (lines(before), lines(now));
    let operations = capture_diff_slices_deadline(Algorithm::Myers, &before, &now, Some(deadline));
    let mut rows = FxHashMap::default();
    for operation in operations {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = operation
        {
            rows.extend((0..len).map(|at| ((new_index + at) as u32, (old_index + at) as u32)));
        }
    }
    Some(rows)
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    let lines = Lines::of(text);
    let start = |row| lines.start(row) as usize;
    (0..lines.count())
        .map(|row| match row + 1 < lines.count() {
            true => &text[start(row)..start(row + 1)],
            false => &text[start(row)..],
        })
        .map(<[u8]>::trim_ascii_end)
        .collect()
}

/// Reads `git blame --porcelain`: for each row the time of its commit. What is said of a commit is said once.
fn parse(output: &[u8]) -> FxHashMap<u32, u64> {
    let mut commits: FxHashMap<&[u8], Option<u64>> = FxHashMap::default();
    let mut rows = Vec::new();
    let mut current: &[u8] = b"";
    let mut is_header = true;
    for line in output.split(|&byte| byte == b'\n') {
        if is_header {
            let mut words = line.split(|&byte| byte == b' ');
            current = words.next().unwrap_or_default();
            if let Some(row) = words.nth(1).and_then(number) {
                rows.push((row, current));
            }
        } else if let Some(time) = line.strip_prefix(b"author-time ") {
            commits.insert(current, number(time));
        } else if line == b"boundary" {
            commits.insert(current, None);
        }
        is_header = line.starts_with(b"\t");
    }
    let time = |(row, commit): (u64, &[u8])| {
        let row = u32::try_from(row.checked_sub(1)?).ok()?;
        Some((row, (*commits.get(commit)?)?))
    };
    rows.into_iter().filter_map(time).collect()
}

fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
