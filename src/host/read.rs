//! Files to modules, on all threads.

use super::cache::Cache;
use super::walk::{reason, size};
use crate::analyze::{Monitor, Pass, Previous};
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

/// The files of the last run, so that the next one lowers only what says something else. What a file says counts, not
/// when it was written: clocks are coarse, and editors are fast.
#[derive(Default)]
pub struct Memory {
    files: Mutex<FxHashMap<PathBuf, Kept>>,
    /// What came of each project, by its root.
    projects: Mutex<FxHashMap<PathBuf, Project>>,
}

#[derive(Default)]
struct Project {
    previous: Option<Previous>,
    is_used: bool,
}

#[derive(Debug)]
struct Kept {
    dialect: Option<Dialect>,
    source: Arc<[u8]>,
    module: Arc<Module>,
    is_used: bool,
}

impl Memory {
    /// The module of a file, if it was read as this dialect and said this.
    fn recall(&self, job: &Job, source: &[u8]) -> Option<Arc<Module>> {
        let mut kept = self.files.lock().ok()?;
        let kept = kept.get_mut(&job.path)?;
        let same = kept.dialect == job.dialect && *kept.source == *source;
        kept.is_used |= same;
        same.then(|| Arc::clone(&kept.module))
    }

    fn keep(&self, job: &Job, source: &Arc<[u8]>, module: &Arc<Module>) {
        let kept = Kept {
            dialect: job.dialect,
            source: Arc::clone(source),
            module: Arc::clone(module),
            is_used: true,
        };
        if let Ok(mut files) = self.files.lock() {
            files.insert(job.path.clone(), kept);
        }
    }

    /// Does something with what is known of a project, which may change it.
    pub(super) fn with_project<T>(
        &self,
        root: &Path,
        work: impl FnOnce(&mut Option<Previous>) -> T,
    ) -> T {
        let take = || self.projects.lock().ok()?.remove(root)?.previous;
        let mut previous = take();
        let result = work(&mut previous);
        if let Ok(mut projects) = self.projects.lock() {
            let is_used = true;
            projects.insert(root.to_owned(), Project { previous, is_used });
        }
        result
    }

    /// Forgets the files and projects that the run that ends did not ask for.
    pub(super) fn sweep(&self) {
        if let Ok(mut files) = self.files.lock() {
            files.retain(|_, kept| std::mem::take(&mut kept.is_used));
        }
        if let Ok(mut projects) = self.projects.lock() {
            projects.retain(|_, project| std::mem::take(&mut project.is_used));
        }
    }
}

/// Reads files, on all threads; the results stand in the order of the jobs.
pub(super) fn read_all(jobs: &[Job]) -> Vec<Result<Arc<[u8]>, Trouble>> {
    jobs.par_iter().map(content).collect()
}

fn content(job: &Job) -> Result<Arc<[u8]>, Trouble> {
    match &job.content {
        Some(content) if content.len() as u64 > LIMIT => Err(Trouble::TooBig(content.len() as u64)),
        Some(content) => Ok(Arc::clone(content)),
        None => Ok(read(&job.path)?.into()),
    }
}

/// What is known of files from before.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'k> {
    /// Of the last run of this process.
    pub(super) memory: Option<&'k Memory>,
    /// Of all runs.
    pub(super) cache: Option<&'k Cache>,
}

/// Lowers files; the results stand in the order of the jobs. Large files come first, so that no thread is left with one
/// when the others are done.
pub(super) fn lower_all(
    jobs: &[(&Job, &Arc<[u8]>)],
    known: Known<'_>,
    monitor: &dyn Monitor,
) -> Vec<Arc<Module>> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(jobs[index].1.len()), index));
    let done = AtomicUsize::new(0);
    let mut results: Vec<(usize, Arc<Module>)> = order
        .into_iter()
        .par_bridge()
        .map(|index| {
            let (job, source) = jobs[index];
            let module = lower_one(job, source, known);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            monitor.progress(Pass::Lower, done, jobs.len());
            (index, module)
        })
        .collect();
    results.sort_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, module)| module).collect()
}

fn lower_one(job: &Job, source: &Arc<[u8]>, known: Known<'_>) -> Arc<Module> {
    if let Some(module) = known.memory.and_then(|memory| memory.recall(job, source)) {
        return module;
    }
    // What is only in an editor changes with every key.
    let cache = known.cache.filter(|_| job.content.is_none());
    let cached = cache.and_then(|cache| cache.module(source, job.dialect));
    let module = cached.unwrap_or_else(|| {
        let module = lower(source, job.dialect);
        if let Some(cache) = cache {
            cache.keep_module(source, job.dialect, &module);
        }
        module
    });
    let module = Arc::new(module);
    if let Some(memory) = known.memory {
        memory.keep(job, source, &module);
    }
    module
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
