//! One run of `check`: from paths to findings.

use super::projects::{Argument, plan};
use super::read::{Job, Lowered, lower_all};
use super::settings::{self, Settings};
use super::{Fault, Progress, paths};
use crate::analyze::{Counts, NoteKind, Source, analyze};
use crate::config::{Language, Override};
use crate::describe;
use crate::finding::Finding;
use crate::ir::{Module, ProblemKind};
use crate::report::{File, Invalid, Trouble};
use crate::text::{FileId, Lines, Span};
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

/// A view of the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Describe {
    /// Who calls whom.
    Calls,
    /// What each function does.
    Summaries,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The files, in the order of their paths.
    pub files: Vec<File>,
    /// The findings, in the order of files and places.
    pub findings: Vec<Finding>,
    /// Files, and parts of them, that were not analyzed and should have been reported on.
    pub invalid: Vec<Invalid>,
    /// The modules that were reported on.
    pub modules: Vec<(FileId, Arc<Module>)>,
    /// How much was analyzed.
    pub counts: Counts,
    /// The language that a configuration asks for.
    pub language: Option<Language>,
    /// Who calls whom, where that was asked for.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// What each function does, where that was asked for.
    pub summaries: Vec<String>,
}

/// How deep the stack of a worker may grow: passes recurse over what `lower` bounds.
const STACK: usize = 16 * 1024 * 1024;

/// Runs a check.
///
/// # Errors
/// If the request makes no sense, a configuration is wrong, or the monitor cancels. A file that cannot be read is none.
pub fn check(request: &Request, progress: &Progress) -> Result<Outcome, Fault> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(request.threads)
        .stack_size(STACK)
        .build()?;
    threads.install(|| Run::prepare(request, progress)?.run(progress))
}

/// A file on its way through the run.
struct Entry {
    path: PathBuf,
    configuration: usize,
    is_reported: bool,
}

struct Run {
    current: PathBuf,
    stdin: Option<(PathBuf, Arc<[u8]>)>,
    settings: Settings,
    projects: BTreeMap<PathBuf, Vec<Entry>>,
    troubles: BTreeMap<PathBuf, Trouble>,
    view: Option<Describe>,
}

impl Run {
    /// Finds out what there is to do.
    fn prepare(request: &Request, progress: &Progress) -> Result<Self, Fault> {
        progress.begin("walk");
        let current = paths::current_folder()?;
        let stdin = request
            .stdin
            .as_deref()
            .map(|name| read_stdin(name, &current))
            .transpose()?;
        let root = request.root.as_deref().map(paths::existing).transpose()?;
        let arguments = arguments(request, stdin.as_ref())?;
        let plan = plan(&arguments, root.as_deref())?;
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
            settings,
            projects,
            troubles: plan.troubles,
            view: request.view,
        })
    }

    fn run(mut self, progress: &Progress) -> Result<Outcome, Fault> {
        let mut outcome = Outcome {
            language: self
                .settings
                .configurations
                .iter()
                .find_map(|configuration| configuration.language),
            ..Outcome::default()
        };
        for (root, entries) in std::mem::take(&mut self.projects) {
            self.project(&root, entries, &mut outcome, progress)?;
        }
        for (path, trouble) in std::mem::take(&mut self.troubles) {
            let file = outcome.add_file(self.file(&path, &path, None));
            outcome.invalid.push(Invalid {
                file,
                span: Span::default(),
                trouble,
            });
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
        let repository = self.repository(root);
        let lowered = lower_all(&self.jobs(&entries), progress);
        let mut sources = Vec::new();
        let mut ids = Vec::new();
        for (entry, lowered) in entries.into_iter().zip(lowered) {
            let file = self.file(&entry.path, &repository, lowered.as_ref().ok());
            let id = outcome.add_file(file);
            match lowered {
                Ok(lowered) => {
                    if entry.is_reported {
                        outcome.add_problems(id, &lowered.module);
                        outcome.modules.push((id, Arc::clone(&lowered.module)));
                    }
                    ids.push((id, entry.is_reported));
                    sources.push(Source {
                        path: paths::relative(&entry.path, root)
                            .unwrap_or_else(|| paths::slashed(&entry.path)),
                        module: lowered.module,
                        reported: entry.is_reported,
                        configuration: entry.configuration,
                    });
                }
                Err(trouble) if entry.is_reported => outcome.invalid.push(Invalid {
                    file: id,
                    span: Span::default(),
                    trouble,
                }),
                Err(_) => {}
            }
        }
        progress.begin("analyze");
        match self.view {
            Some(Describe::Calls) => {
                let calls = describe::calls(&sources, progress).map_err(|_| Fault::Cancelled)?;
                outcome.calls.extend(calls);
                return Ok(());
            }
            Some(Describe::Summaries) => {
                let lines =
                    describe::summaries(&sources, progress).map_err(|_| Fault::Cancelled)?;
                outcome.summaries.extend(lines);
                return Ok(());
            }
            None => {}
        }
        let report = analyze(&sources, &self.settings.configurations, progress)
            .map_err(|_| Fault::Cancelled)?;
        outcome.add_report(report, &ids);
        Ok(())
    }

    fn jobs(&self, entries: &[Entry]) -> Vec<Job> {
        let content = |path: &Path| match &self.stdin {
            Some((name, content)) if name == path => Some(Arc::clone(content)),
            _ => None,
        };
        entries
            .iter()
            .map(|entry| Job {
                path: entry.path.clone(),
                dialect: self.settings.configurations[entry.configuration].python,
                content: content(&entry.path),
            })
            .collect()
    }

    fn file(&self, path: &Path, repository: &Path, lowered: Option<&Lowered>) -> File {
        let absolute = path.to_string_lossy().into_owned();
        File {
            display: paths::relative(path, &self.current).unwrap_or_else(|| absolute.clone()),
            repository: paths::relative(path, repository).unwrap_or_else(|| paths::slashed(path)),
            source: lowered.map_or_else(Arc::default, |lowered| Arc::clone(&lowered.source)),
            lines: lowered.map_or_else(Lines::default, |lowered| lowered.module.lines.clone()),
            absolute,
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

impl Outcome {
    fn add_file(&mut self, file: File) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    fn add_problems(&mut self, file: FileId, module: &Module) {
        for problem in &module.problems {
            let trouble = match problem.kind {
                ProblemKind::Syntax => Trouble::Syntax,
                ProblemKind::TooDeep => Trouble::TooDeep,
                ProblemKind::Encoding => Trouble::Encoding,
            };
            self.invalid.push(Invalid {
                file,
                span: problem.span,
                trouble,
            });
        }
    }

    /// Adds an analysis. `ids` are the files of its sources, and whether each is reported on.
    fn add_report(&mut self, report: crate::analyze::Report, ids: &[(FileId, bool)]) {
        let id = |file: FileId| ids[file.0 as usize].0;
        for mut finding in report.findings {
            finding.location.file = id(finding.location.file);
            for related in &mut finding.related {
                related.location.file = id(related.location.file);
            }
            self.findings.push(finding);
        }
        for note in report.notes {
            let (file, is_reported) = ids[note.file.0 as usize];
            let trouble = match note.kind {
                NoteKind::Syntax => Trouble::Syntax,
                NoteKind::TooDeep => Trouble::TooDeep,
                NoteKind::Encoding => Trouble::Encoding,
                NoteKind::TooLarge => Trouble::TooLarge,
            };
            if is_reported {
                self.invalid.push(Invalid {
                    file,
                    span: note.span,
                    trouble,
                });
            }
        }
        self.counts.files += report.counts.files;
        self.counts.lines += report.counts.lines;
        self.counts.functions += report.counts.functions;
    }

    /// Puts files, findings and what is invalid into the order of paths, whichever project they come from.
    fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by(|&a, &b| self.files[a].absolute.cmp(&self.files[b].absolute));
        let mut rank = vec![FileId(0); order.len()];
        for (new, &old) in order.iter().enumerate() {
            rank[old] = FileId(new as u32);
        }
        let files = std::mem::take(&mut self.files);
        let mut files: Vec<Option<File>> = files.into_iter().map(Some).collect();
        self.files = order.iter().filter_map(|&old| files[old].take()).collect();
        for finding in &mut self.findings {
            finding.location.file = rank[finding.location.file.0 as usize];
            for related in &mut finding.related {
                related.location.file = rank[related.location.file.0 as usize];
            }
        }
        self.findings.sort_by(Finding::order);
        for invalid in &mut self.invalid {
            invalid.file = rank[invalid.file.0 as usize];
        }
        self.invalid.sort();
        self.invalid
            .dedup_by_key(|invalid| (invalid.file, std::mem::discriminant(&invalid.trouble)));
        for (file, _) in &mut self.modules {
            *file = rank[file.0 as usize];
        }
        self.modules.sort_by_key(|(file, _)| *file);
    }
}

fn read_stdin(name: &Path, current: &Path) -> Result<(PathBuf, Arc<[u8]>), Fault> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(super::LIMIT)
        .read_to_end(&mut bytes)
        .map_err(Fault::StandardInput)?;
    Ok((paths::absolute(name, current), bytes.into()))
}

fn arguments(
    request: &Request,
    stdin: Option<&(PathBuf, Arc<[u8]>)>,
) -> Result<Vec<Argument>, Fault> {
    if let Some((path, _)) = stdin {
        let path = path.clone();
        return Ok(vec![Argument {
            path,
            is_folder: false,
        }]);
    }
    request
        .paths
        .iter()
        .map(|path| {
            let path = paths::existing(path)?;
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
