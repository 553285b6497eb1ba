//! What came of a run: the results of every project, in one order.

use super::cache::Digest;
use crate::analyze::{Cancelled, Counts, Monitor, NoteKind, Report, Source};
use crate::config::Language;
use crate::describe;
use crate::finding::{Confidence, Finding};
use crate::fix::Fixer;
use crate::ir::Module;
use crate::report::{File, Invalid, Trouble};
use crate::text::{FileId, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A view of the analysis, instead of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Describe {
    /// The intermediate representation of what is reported on.
    Ir,
    /// Who calls whom.
    Calls,
    /// What each function does.
    Summaries,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The files, in the order of their paths. Those that nothing is said of have no source.
    pub files: Vec<File>,
    /// The findings, in the order of files and places.
    pub findings: Vec<Finding>,
    /// Files, and parts of them, that were not analyzed and should have been reported on.
    pub invalid: Vec<Invalid>,
    /// The modules that were reported on, where that was asked for.
    pub modules: Vec<(FileId, Arc<Module>)>,
    /// How much was analyzed.
    pub counts: Counts,
    /// The text of standard input, if that was read.
    pub stdin: Option<Arc<[u8]>>,
    /// The language that a configuration asks for.
    pub language: Option<Language>,
    /// The confidence from which on findings were reported, where that differs the lowest.
    pub least: Option<Confidence>,
    /// Who calls whom, where that was asked for.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// What each function does, where that was asked for.
    pub summaries: Vec<String>,
}

impl Outcome {
    pub(super) fn add_file(&mut self, file: File) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    pub(super) fn add_trouble(&mut self, file: FileId, span: Span, trouble: Trouble) {
        self.invalid.push(Invalid {
            file,
            trouble,
            span,
        });
    }

    /// What is to be said of an analysis of sources, whose files are `ids`.
    pub(super) fn digest(&self, report: Report, sources: &[Source], ids: &[FileId]) -> Digest {
        let mut findings = report.findings;
        for of_file in findings.chunk_by_mut(|a, b| a.location.file == b.location.file) {
            let index = of_file[0].location.file.0 as usize;
            let text = &self.files[ids[index].0 as usize].source;
            let fixer = Fixer::new(&sources[index].module, text);
            for finding in of_file {
                finding.fix = fixer.fix(finding);
            }
        }
        let mut notes = report.notes;
        notes.retain(|note| sources[note.file.0 as usize].reported);
        Digest {
            findings,
            notes: notes
                .into_iter()
                .map(|note| (note.file.0, note.span, note.kind))
                .collect(),
            counts: report.counts,
        }
    }

    /// Adds what is to be said of an analysis of the files `ids`.
    pub(super) fn add(&mut self, digest: Digest, ids: &[FileId]) {
        for mut finding in digest.findings {
            relocate(&mut finding, ids);
            self.findings.push(finding);
        }
        for (file, span, kind) in digest.notes {
            self.add_trouble(ids[file as usize], span, trouble(kind));
        }
        self.counts.files += digest.counts.files;
        self.counts.lines += digest.counts.lines;
        self.counts.functions += digest.counts.functions;
    }

    /// Adds a view of sources, whose files are `ids`.
    pub(super) fn add_view(
        &mut self,
        view: Describe,
        sources: &[Source],
        ids: &[FileId],
        monitor: &dyn Monitor,
    ) -> Result<(), Cancelled> {
        match view {
            Describe::Ir => {
                let all = sources.iter().zip(ids);
                let wanted = all.filter(|(source, _)| source.reported);
                let modules = wanted.map(|(source, &id)| (id, Arc::clone(&source.module)));
                self.modules.extend(modules);
            }
            Describe::Calls => self.calls.extend(describe::calls(sources, monitor)?),
            Describe::Summaries => {
                self.summaries
                    .extend(describe::summaries(sources, monitor)?);
            }
        }
        Ok(())
    }

    /// Lets go of the text of the files from `first` on of which nothing is said: a project after the other must not add up.
    pub(super) fn forget_sources(&mut self, first: usize) {
        let mut named: BTreeSet<FileId> = self.invalid.iter().map(|one| one.file).collect();
        for finding in &self.findings {
            named.insert(finding.location.file);
            named.extend(finding.related.iter().map(|one| one.location.file));
        }
        for (index, file) in self.files.iter_mut().enumerate().skip(first) {
            if !named.contains(&FileId(index as u32)) {
                file.source = Arc::default();
            }
        }
    }

    /// Puts files, findings and what is invalid into the order of paths, whichever project they come from.
    pub(super) fn sort(&mut self) {
        let rank = self.sort_files();
        let new = |file: FileId| rank[file.0 as usize];
        for finding in &mut self.findings {
            relocate(finding, &rank);
        }
        self.findings.sort_by(Finding::order);
        for invalid in &mut self.invalid {
            invalid.file = new(invalid.file);
        }
        self.invalid.sort();
        self.invalid
            .dedup_by(|a, b| a.file == b.file && a.trouble.is_told_by(&b.trouble));
        for (file, _) in &mut self.modules {
            *file = new(*file);
        }
        self.modules.sort_by_key(|(file, _)| *file);
    }

    /// Sorts the files; tells for each id what it is now.
    fn sort_files(&mut self) -> Vec<FileId> {
        let mut files: Vec<(usize, File)> = std::mem::take(&mut self.files)
            .into_iter()
            .enumerate()
            .collect();
        files.sort_by(|(_, a), (_, b)| a.absolute.cmp(&b.absolute));
        let mut rank = vec![FileId(0); files.len()];
        for (new, (old, _)) in files.iter().enumerate() {
            rank[*old] = FileId(new as u32);
        }
        self.files = files.into_iter().map(|(_, file)| file).collect();
        rank
    }
}

/// Gives the files of a finding their new ids.
fn relocate(finding: &mut Finding, ids: &[FileId]) {
    let new = |file: FileId| ids[file.0 as usize];
    finding.location.file = new(finding.location.file);
    for related in &mut finding.related {
        related.location.file = new(related.location.file);
    }
}

fn trouble(kind: NoteKind) -> Trouble {
    match kind {
        NoteKind::Syntax => Trouble::Syntax,
        NoteKind::TooDeep => Trouble::TooDeep,
        NoteKind::Encoding => Trouble::Encoding,
        NoteKind::TooLarge(name) => Trouble::TooLarge(name.into()),
        NoteKind::Failed(name) => Trouble::Failed(name.into()),
        NoteKind::TooManyWays(name) => Trouble::TooManyWays(name.into()),
    }
}
