//! Files to modules, on all threads.

use super::walk::{reason, size};
use crate::analyze::{Monitor, Pass};
use crate::ir::{Dialect, Module};
use crate::lower::lower;
use crate::report::Trouble;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The largest file that is read, in bytes. What people write is far smaller; what is larger is data.
pub const LIMIT: u64 = 16 * 1024 * 1024;

/// A file to be read.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Where it is.
    pub(super) path: PathBuf,
    /// How it is to be read, if that is known.
    pub(super) dialect: Option<Dialect>,
    /// What it says, if that comes from elsewhere.
    pub(super) content: Option<Arc<[u8]>>,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    /// Its bytes.
    pub(super) source: Arc<[u8]>,
    /// What it says.
    pub(super) module: Arc<Module>,
}

/// The files of the last run, so that the next one lowers only what says something else. What a file says counts, not
/// when it was written: clocks are coarse, and editors are fast.
#[derive(Debug, Default)]
pub struct Memory(Mutex<FxHashMap<PathBuf, Kept>>);

#[derive(Debug)]
struct Kept {
    dialect: Option<Dialect>,
    lowered: Lowered,
    is_used: bool,
}

impl Memory {
    /// The module of a file, if it was read as this dialect and said this.
    fn recall(&self, job: &Job, source: &[u8]) -> Option<Lowered> {
        let mut kept = self.0.lock().ok()?;
        let kept = kept.get_mut(&job.path)?;
        let same = kept.dialect == job.dialect && *kept.lowered.source == *source;
        kept.is_used |= same;
        same.then(|| kept.lowered.clone())
    }

    fn keep(&self, job: &Job, lowered: &Lowered) {
        let kept = Kept {
            dialect: job.dialect,
            lowered: lowered.clone(),
            is_used: true,
        };
        if let Ok(mut files) = self.0.lock() {
            files.insert(job.path.clone(), kept);
        }
    }

    /// Forgets the files that the run that ends did not ask for.
    pub(super) fn sweep(&self) {
        if let Ok(mut files) = self.0.lock() {
            files.retain(|_, kept| std::mem::take(&mut kept.is_used));
        }
    }
}

/// Reads and lowers files; the results stand in the order of the jobs. Large files come first, so that no thread is left
/// with one when the others are done.
pub(super) fn lower_all(
    jobs: &[Job],
    memory: Option<&Memory>,
    monitor: &dyn Monitor,
) -> Vec<Result<Lowered, Trouble>> {
    let mut order: Vec<(u64, usize)> = jobs
        .iter()
        .enumerate()
        .map(|(index, job)| (size(&job.path), index))
        .collect();
    order.sort_by_key(|&(size, index)| (std::cmp::Reverse(size), index));
    let done = AtomicUsize::new(0);
    let mut results: Vec<(usize, Result<Lowered, Trouble>)> = order
        .into_iter()
        .par_bridge()
        .map(|(_, index)| {
            let lowered = lower_one(&jobs[index], memory);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            monitor.progress(Pass::Lower, done, jobs.len());
            (index, lowered)
        })
        .collect();
    results.sort_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, lowered)| lowered).collect()
}

fn lower_one(job: &Job, memory: Option<&Memory>) -> Result<Lowered, Trouble> {
    let source = match &job.content {
        Some(content) if content.len() as u64 > LIMIT => {
            return Err(Trouble::TooBig(content.len() as u64));
        }
        Some(content) => Arc::clone(content),
        None => read(&job.path)?.into(),
    };
    if let Some(known) = memory.and_then(|memory| memory.recall(job, &source)) {
        return Ok(known);
    }
    let module = Arc::new(lower(&source, job.dialect));
    let lowered = Lowered { source, module };
    if let Some(memory) = memory {
        memory.keep(job, &lowered);
    }
    Ok(lowered)
}

/// Reads a file, unless it is none or too large. One that grows meanwhile is read up to the limit.
fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let unreadable = |error: std::io::Error| Trouble::Unreadable(reason(&error));
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Trouble::NotAFile);
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    match bytes.len() as u64 > LIMIT {
        true => Err(Trouble::TooBig(size(path).max(bytes.len() as u64))),
        false => Ok(bytes),
    }
}
