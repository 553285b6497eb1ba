//! One run of `check`: from paths to findings.

use super::cache::{Cache, Key};
use super::projects::{Argument, plan};
use super::read::{Job, Known, Memory, lower_all, read_all};
use super::settings::{self, Settings};
use super::{Describe, Fault, Outcome, Progress, paths};
use crate::analyze::{Cancelled, Report, Source, analyze, analyze_again};
use crate::config::Override;
use crate::ir::Module;
use crate::report::{File, Trouble};
use crate::text::{FileId, Span};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and folders to report on.
    pub paths: Vec<PathBuf>,
    /// The file whose text comes from standard input.
    pub stdin: Option<PathBuf>,
    /// What files say that differ from what is on disk, or are not there at all.
    pub unsaved: BTreeMap<PathBuf, Arc<[u8]>>,
    /// Whether excludes hold for files that are named one by one too.
    pub force_exclude: bool,
    /// What the command line says over every configuration.
    pub command: Override,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--project-root`.
    pub root: Option<PathBuf>,
    /// How many threads; 0: as many as there are processors.
    pub threads: usize,
    /// Whether what other runs found out counts, and is left for others.
    pub cache: bool,
    /// The analysis' own view instead of findings.
    pub view: Option<Describe>,
}

/// How deep the stack of a worker may grow: passes recurse over what `lower` bounds.
const STACK: usize = 16 * 1024 * 1024;

/// Runs a check.
///
/// # Errors
/// If the request makes no sense, a configuration is wrong, or the monitor cancels. A file that cannot be read is none.
pub fn check(request: &Request, progress: &Progress) -> Result<Outcome, Fault> {
    run(request, None, progress)
}

/// Runs a check that lowers only what is not in `memory`, and leaves there what the next one needs.
///
/// # Errors
/// As for [`check`].
pub fn check_again(
    request: &Request,
    memory: &Memory,
    progress: &Progress,
) -> Result<Outcome, Fault> {
    let outcome = run(request, Some(memory), progress)?;
    memory.sweep();
    Ok(outcome)
}

fn run(request: &Request, memory: Option<&Memory>, progress: &Progress) -> Result<Outcome, Fault> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(request.threads)
        .stack_size(STACK)
        .build()?;
    threads.install(|| Run::prepare(request, memory, progress)?.run(progress))
}

/// A file on its way through the run.
struct Entry {
    path: PathBuf,
    configuration: usize,
    is_reported: bool,
}

/// A file that could be read.
struct Content {
    entry: Entry,
    job: Job,
    content: Arc<[u8]>,
    id: FileId,
}

struct Run<'a> {
    current: PathBuf,
    stdin: Option<PathBuf>,
    unsaved: BTreeMap<PathBuf, Arc<[u8]>>,
    memory: Option<&'a Memory>,
    cache: Option<Cache>,
    settings: Settings,
    projects: BTreeMap<PathBuf, Vec<Entry>>,
    troubles: BTreeMap<PathBuf, Trouble>,
    view: Option<Describe>,
}

impl<'a> Run<'a> {
    /// Finds out what there is to do.
    fn prepare(
        request: &Request,
        memory: Option<&'a Memory>,
        progress: &Progress,
    ) -> Result<Self, Fault> {
        progress.begin("walk");
        let current = paths::current_folder()?;
        let mut unsaved = request.unsaved.clone();
        let mut stdin = None;
        if let Some(name) = &request.stdin {
            let path = paths::absolute(name, &current);
            // A second look at the same request finds it there: standard input is read once.
            if !unsaved.contains_key(&path) {
                unsaved.insert(path.clone(), read_stdin()?);
            }
            stdin = Some(path);
        }
        let root = request.root.as_deref().map(paths::existing).transpose()?;
        let arguments = arguments(request, stdin.as_ref())?;
        let mut plan = plan(&arguments, root.as_deref())?;
        if request.force_exclude {
            plan.named.clear();
        }
        let config = request.config.as_deref().map(settings::named).transpose()?;
        let mut settings = Settings::new(
            request.command.clone(),
            &request.exclude,
            config.as_deref(),
            &current,
        )?;
        let mut projects = BTreeMap::new();
        for (root, files) in plan.projects {
            let entries = entries(files, &plan.reported, &plan.named, &mut settings)?;
            projects.insert(root, entries);
        }
        Ok(Self {
            current,
            stdin,
            unsaved,
            memory,
            cache: request.cache.then(Cache::open).flatten(),
            settings,
            projects,
            troubles: plan.troubles,
            view: request.view,
        })
    }

    fn run(mut self, progress: &Progress) -> Result<Outcome, Fault> {
        let configurations = &self.settings.configurations;
        let mut outcome = Outcome {
            language: configurations.iter().find_map(|one| one.language),
            stdin: self
                .stdin
                .as_ref()
                .and_then(|path| self.unsaved.get(path))
                .cloned(),
            least: configurations.iter().map(|one| one.min_confidence).min(),
            ..Outcome::default()
        };
        for (root, entries) in std::mem::take(&mut self.projects) {
            self.project(&root, entries, &mut outcome, progress)?;
        }
        for (path, trouble) in &self.troubles {
            let file = outcome.add_file(self.file(path, path, Arc::default()));
            outcome.add_trouble(file, Span::default(), trouble.clone());
        }
        outcome.sort();
        if let Some(cache) = &self.cache {
            cache.sweep();
        }
        Ok(outcome)
    }

    /// Analyzes one project and adds what came of it.
    fn project(
        &self,
        root: &Path,
        entries: Vec<Entry>,
        outcome: &mut Outcome,
        progress: &Progress,
    ) -> Result<(), Fault> {
        progress.begin("read");
        let before = outcome.files.len();
        let files = self.read(root, entries, outcome);
        let ids: Vec<FileId> = files.iter().map(|file| file.id).collect();
        // Who asks again and again asks each time about something else.
        let is_lasting = self.view.is_none() && self.memory.is_none();
        let key = self.cache.as_ref().filter(|_| is_lasting);
        let key = key.map(|cache| (cache, self.key(root, &files)));
        let lengths: Vec<usize> = files.iter().map(|file| file.content.len()).collect();
        if let Some(digest) = key.and_then(|(cache, key)| cache.digest(&key, &lengths)) {
            outcome.add(digest, &ids);
            outcome.forget_sources(before);
            return Ok(());
        }
        let sources = self.lower(root, files, progress);
        progress.begin("analyze");
        let done = match self.view {
            Some(view) => outcome.add_view(view, &sources, &ids, progress),
            None => self.analyze(root, &sources, progress).map(|report| {
                let digest = outcome.digest(report, &sources, &ids);
                if let Some((cache, key)) = key {
                    cache.keep_digest(&key, &digest);
                }
                outcome.add(digest, &ids);
            }),
        };
        outcome.forget_sources(before);
        done.map_err(|_| Fault::Cancelled)
    }

    fn analyze(
        &self,
        root: &Path,
        sources: &[Source],
        progress: &Progress,
    ) -> Result<Report, Cancelled> {
        let configurations = &self.settings.configurations;
        match self.memory {
            Some(memory) => memory.with_project(root, |previous| {
                analyze_again(sources, configurations, previous, progress)
            }),
            None => analyze(sources, configurations, progress),
        }
    }

    /// Reads the files of a project; those that can be are analyzed.
    fn read(&self, root: &Path, entries: Vec<Entry>, outcome: &mut Outcome) -> Vec<Content> {
        let repository = self.repository(root);
        let jobs = self.jobs(&entries);
        let contents = read_all(&jobs);
        let mut files = Vec::new();
        for ((entry, job), content) in entries.into_iter().zip(jobs).zip(contents) {
            let bytes = content.as_ref().map_or_else(|_| Arc::default(), Arc::clone);
            let id = outcome.add_file(self.file(&entry.path, &repository, bytes));
            match content {
                Ok(content) => files.push(Content {
                    entry,
                    job,
                    content,
                    id,
                }),
                Err(trouble) if entry.is_reported => {
                    outcome.add_trouble(id, Span::default(), trouble);
                }
                Err(_) => {}
            }
        }
        files
    }

    fn lower(&self, root: &Path, files: Vec<Content>, progress: &Progress) -> Vec<Source> {
        let jobs: Vec<_> = files
            .iter()
            .map(|file| (&file.job, &file.content))
            .collect();
        let known = Known {
            memory: self.memory,
            cache: self.cache.as_ref(),
        };
        let modules = lower_all(&jobs, known, progress);
        let pairs = files.into_iter().zip(modules);
        pairs
            .map(|(file, module)| source(root, file.entry, module))
            .collect()
    }

    /// The hash of all that the findings of a project depend on.
    fn key(&self, root: &Path, files: &[Content]) -> Key {
        let keys: Vec<Key> = files
            .par_iter()
            .map(|file| {
                let entry = &file.entry;
                let path = paths::relative(&entry.path, root);
                let how = format!("{:?}", (path, entry.configuration, entry.is_reported));
                Key::of(&[how.as_bytes(), &file.content])
            })
            .collect();
        let governing = format!("{:?}", self.settings.configurations);
        Key::of(&[
            b"project",
            governing.as_bytes(),
            format!("{keys:?}").as_bytes(),
        ])
    }

    fn jobs(&self, entries: &[Entry]) -> Vec<Job> {
        entries
            .iter()
            .map(|entry| Job {
                path: entry.path.clone(),
                dialect: self.settings.configurations[entry.configuration].python,
                content: self.unsaved.get(&entry.path).cloned(),
            })
            .collect()
    }

    fn file(&self, path: &Path, repository: &Path, source: Arc<[u8]>) -> File {
        let absolute = path.to_string_lossy().into_owned();
        File {
            display: paths::relative(path, &self.current).unwrap_or_else(|| absolute.clone()),
            repository: paths::relative(path, repository).unwrap_or_else(|| paths::slashed(path)),
            absolute,
            source,
            ..File::default()
        }
    }

    /// The folder that hosts of code count paths from.
    fn repository(&self, root: &Path) -> PathBuf {
        let tracked = root.ancestors().find(|folder| folder.join(".git").exists());
        match tracked {
            Some(folder) => folder.to_owned(),
            None if root.starts_with(&self.current) => self.current.clone(),
            None => root.to_owned(),
        }
    }
}

fn source(root: &Path, entry: Entry, module: Arc<Module>) -> Source {
    Source {
        path: paths::relative(&entry.path, root).unwrap_or_else(|| paths::slashed(&entry.path)),
        module,
        reported: entry.is_reported,
        configuration: entry.configuration,
    }
}

/// Standard input, one byte further than what is read of a file, so that too much is noticed.
fn read_stdin() -> Result<Arc<[u8]>, Fault> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(super::LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(Fault::StandardInput)?;
    Ok(bytes.into())
}

fn arguments(request: &Request, stdin: Option<&PathBuf>) -> Result<Vec<Argument>, Fault> {
    if let Some(path) = stdin.cloned() {
        return Ok(vec![Argument {
            path,
            is_folder: false,
        }]);
    }
    request
        .paths
        .iter()
        .map(|path| {
            let path = match request.unsaved.contains_key(path) {
                true => path.clone(),
                false => paths::existing(path)?,
            };
            let is_folder = path.is_dir();
            Ok(Argument { path, is_folder })
        })
        .collect()
}

/// The files of a project with what governs each; what is excluded is left out unless it was named.
fn entries(
    files: BTreeSet<PathBuf>,
    reported: &BTreeSet<PathBuf>,
    named: &BTreeSet<PathBuf>,
    settings: &mut Settings,
) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for path in files {
        let governing = settings.of(&path)?;
        if governing.is_excluded && !named.contains(&path) {
            continue;
        }
        entries.push(Entry {
            configuration: governing.configuration,
            is_reported: reported.contains(&path),
            path,
        });
    }
    Ok(entries)
}
