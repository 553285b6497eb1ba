//! One run of `check`: from paths to findings.

use super::projects::{Argument, plan};
use super::read::{Job, Memory, lower_all};
use super::settings::{self, Settings};
use super::{Describe, Fault, Outcome, Progress, paths};
use crate::analyze::{Source, analyze};
use crate::config::Override;
use crate::ir::Module;
use crate::report::{File, Trouble};
use crate::text::{FileId, Span};
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

struct Run<'a> {
    current: PathBuf,
    unsaved: BTreeMap<PathBuf, Arc<[u8]>>,
    memory: Option<&'a Memory>,
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
            let (path, bytes) = read_stdin(name, &current)?;
            stdin = Some(path.clone());
            unsaved.insert(path, bytes);
        }
        let root = request.root.as_deref().map(paths::existing).transpose()?;
        let arguments = arguments(request, stdin)?;
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
            unsaved,
            memory,
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
        let before = outcome.files.len();
        let (sources, ids) = self.read(root, entries, outcome, progress);
        progress.begin("analyze");
        let done = match self.view {
            Some(view) => outcome.add_view(view, &sources, &ids, progress),
            None => analyze(&sources, &self.settings.configurations, progress)
                .map(|report| outcome.add_report(report, &sources, &ids)),
        };
        outcome.forget_sources(before);
        done.map_err(|_| Fault::Cancelled)
    }

    /// Reads the files of a project: what the analysis takes, and the id of each.
    fn read(
        &self,
        root: &Path,
        entries: Vec<Entry>,
        outcome: &mut Outcome,
        progress: &Progress,
    ) -> (Vec<Source>, Vec<FileId>) {
        let repository = self.repository(root);
        let lowered = lower_all(&self.jobs(&entries), self.memory, progress);
        let mut sources = Vec::new();
        let mut ids = Vec::new();
        for (entry, lowered) in entries.into_iter().zip(lowered) {
            let bytes = lowered
                .as_ref()
                .map_or_else(|_| Arc::default(), |lowered| Arc::clone(&lowered.source));
            let id = outcome.add_file(self.file(&entry.path, &repository, bytes));
            match lowered {
                Ok(lowered) => {
                    ids.push(id);
                    sources.push(source(root, entry, lowered.module));
                }
                Err(trouble) if entry.is_reported => {
                    outcome.add_trouble(id, Span::default(), trouble);
                }
                Err(_) => {}
            }
        }
        (sources, ids)
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
fn read_stdin(name: &Path, current: &Path) -> Result<(PathBuf, Arc<[u8]>), Fault> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(super::LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(Fault::StandardInput)?;
    Ok((paths::absolute(name, current), bytes.into()))
}

fn arguments(request: &Request, stdin: Option<PathBuf>) -> Result<Vec<Argument>, Fault> {
    if let Some(path) = stdin {
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
