//! The second of the two pure functions: modules in, findings out. No files, no clock, no environment.

mod previous;
mod work;

use crate::config::{Configuration, RuleSettings};
use crate::escape::Escapes;
use crate::finding::{Finding, Severity};
use crate::infer::Trace;
use crate::ir::ProblemKind;
use crate::library::{Library, schema::Tables};
use crate::project::Program;
use crate::rules::{self, Check, Shared, Whole};
use crate::suppress;
use crate::text::{FileId, Span};
use crate::types::FunctionRef;
use compact_str::CompactString;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub use crate::project::Source;
pub use previous::Previous;
pub(crate) use work::Analysis;

/// What came out of an analysis.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Findings in the order of files, places and rules.
    pub findings: Vec<Finding>,
    /// What was given up on, file by file.
    pub notes: Vec<Note>,
    /// How much was read.
    pub counts: Counts,
}

/// Something that was left out of the analysis, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: FileId,
    /// The part that was left out.
    pub span: Span,
    /// What happened.
    pub kind: NoteKind,
}

/// Why something was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoteKind {
    /// It is not Python of any version that is known here.
    Syntax,
    /// It is nested too deep.
    TooDeep,
    /// Its bytes are no text.
    Encoding,
    /// The function of this name has too many blocks, or too many ways through them.
    TooLarge(CompactString),
    /// The analysis of a function, which is named, ended in a fault of its own.
    Failed(CompactString),
    /// Not every way through the function of this name was looked for.
    TooManyWays(CompactString),
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Files.
    pub files: usize,
    /// Lines.
    pub lines: usize,
    /// Functions.
    pub functions: usize,
}

/// The analysis was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Carries progress out of an analysis and cancellation into it.
pub trait Monitor: Sync {
    /// `done` of `total` units of this pass are finished.
    fn progress(&self, pass: Pass, done: usize, total: usize);
    /// Whether to stop as soon as possible.
    fn is_cancelled(&self) -> bool;
}

/// A pass, for progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Files are parsed and lowered.
    Lower,
    /// Names, classes and calls are resolved.
    Link,
    /// Functions are summarized.
    Summarize,
    /// Functions are checked.
    Check,
}

/// A monitor that listens to nothing and never cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unattended;

impl Monitor for Unattended {
    fn progress(&self, _: Pass, _: usize, _: usize) {}
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Analyzes a project.
///
/// # Errors
/// Only if `monitor` cancels.
pub fn analyze(
    sources: &[Source],
    configurations: &[Configuration],
    monitor: &dyn Monitor,
) -> Result<Report, Cancelled> {
    let own = own_library(configurations);
    let library = own.as_ref().unwrap_or_else(|| Library::builtin());
    let wanted = wanted(sources, configurations);
    let analysis = Analysis::of(sources, library, &wanted, monitor)?;
    Ok(report_of(analysis, sources, configurations).0)
}

/// Analyzes a project of which `previous` knows what came of it before, and leaves there what comes of it now: what
/// concerns a function is taken from there where nothing that it depends on has changed. The report is the same as if
/// nothing was known.
///
/// # Errors
/// Only if `monitor` cancels; then `previous` is as it was.
pub fn analyze_again(
    sources: &[Source],
    configurations: &[Configuration],
    previous: &mut Option<Previous>,
    monitor: &dyn Monitor,
) -> Result<Report, Cancelled> {
    let own = own_library(configurations);
    let library = own.as_ref().unwrap_or_else(|| Library::builtin());
    let tables = own_tables(configurations);
    let known = previous.as_ref().filter(|known| known.fits(&tables));
    let wanted = wanted(sources, configurations);
    let analysis = Analysis::again(sources, library, known, &wanted, monitor)?;
    let (report, analysis) = report_of(analysis, sources, configurations);
    *previous = Some(Previous::of(analysis, tables));
    Ok(report)
}

/// What program-wide rules find is added, and of all of it what is wanted.
fn report_of<'a>(
    mut analysis: Analysis<'a>,
    sources: &[Source],
    configurations: &[Configuration],
) -> (Report, Analysis<'a>) {
    let mut findings = std::mem::take(&mut analysis.latent);
    let escapes = Escapes::of(
        &analysis.program,
        &analysis.graph,
        &analysis.traces,
        &analysis.summaries,
    );
    let scene = Whole {
        program: &analysis.program,
        graph: &analysis.graph,
        summaries: &analysis.summaries,
        traces: &analysis.traces,
        escapes: &escapes,
        shared: Shared::default(),
    };
    let of_rules: Vec<Vec<Finding>> = rules::ALL
        .par_iter()
        .map(|rule| match rule.check {
            Check::Program(check) | Check::EventAndProgram(_, check) => {
                apart(|| check(rule, &scene))
            }
            Check::Event(_) | Check::Function(_) | Check::FunctionAndTest(_) => Vec::new(),
        })
        .collect();
    findings.extend(of_rules.into_iter().flatten());
    let lines = sources
        .iter()
        .map(|source| source.module.lines.count() as usize)
        .sum();
    let counts = Counts {
        files: sources.len(),
        lines,
        functions: analysis.program.function_count(),
    };
    let mut notes = notes(sources);
    notes.extend(too_large(&analysis.program, &analysis.traces));
    let findings = report(&analysis.program, configurations, findings);
    let report = Report {
        findings,
        notes,
        counts,
    };
    (report, analysis)
}

/// What a rule finds. A released program keeps the findings of all the others where one rule has a fault in it, which has been told
/// on standard error by then; where it is tested, it fails.
fn apart<T: Default>(check: impl FnOnce() -> T) -> T {
    apart_or(check, T::default)
}

/// The same for what concerns a function: `otherwise` is what is known of it where the analysis has a fault.
fn apart_or<T>(work: impl FnOnce() -> T, otherwise: impl FnOnce() -> T) -> T {
    if cfg!(debug_assertions) {
        return work();
    }
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| otherwise())
}

/// The library with the tables that teams add in their configurations; nothing where they add none. Whoever read a
/// configuration has made sure that its tables fit.
fn own_library(configurations: &[Configuration]) -> Option<Library> {
    let mut own: Option<Library> = None;
    for tables in own_tables(configurations) {
        let with = match &own {
            Some(own) => own.with(tables.clone()),
            None => Library::builtin().with(tables.clone()),
        };
        if let Ok(with) = with {
            own = Some(with);
        }
    }
    own
}

/// The tables that teams add in their configurations, each once.
fn own_tables(configurations: &[Configuration]) -> Vec<Tables> {
    let mut own: Vec<Tables> = Vec::new();
    for configuration in configurations {
        let tables = &configuration.library;
        if *tables != Tables::default() && !own.contains(tables) {
            own.push(tables.clone());
        }
    }
    own
}

/// What can be wanted of what rules find in the functions of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wanted {
    /// Nothing: the file is not reported on.
    Nothing,
    /// What is more than a hint in tests.
    Tests,
    /// All of it.
    All,
}

/// What can be wanted of each file.
fn wanted(sources: &[Source], configurations: &[Configuration]) -> Vec<Wanted> {
    let is_pedantic = |source: &Source| {
        let configuration = configurations.get(source.configuration);
        configuration.is_some_and(|configuration| configuration.pedantic)
    };
    let wanted = |source: &Source| match source.reported {
        false => Wanted::Nothing,
        true if is_pedantic(source) || !rules::is_test_path(&source.path) => Wanted::All,
        true => Wanted::Tests,
    };
    sources.iter().map(wanted).collect()
}

/// What is wanted of all that was found, in the order of reports, each once.
fn report(
    program: &Program<'_>,
    configurations: &[Configuration],
    mut findings: Vec<Finding>,
) -> Vec<Finding> {
    let default = Configuration::default();
    findings.retain_mut(|finding| {
        let source = &program.sources[finding.location.file.0 as usize];
        let configuration = configurations.get(source.configuration).unwrap_or(&default);
        let severity = settings(configuration, finding).severity;
        if let Some(severity) = severity.filter(|_| finding.severity != Severity::Hint) {
            finding.severity = severity;
        }
        source.reported
            && is_wanted(configuration, finding)
            && suppress::is_suppressed(&source.module, finding).is_none()
    });
    findings.sort_by(Finding::order);
    findings.dedup_by(|a, b| a.rule == b.rule && a.location == b.location);
    findings
}

/// What is different for the rule of a finding.
fn settings(configuration: &Configuration, finding: &Finding) -> RuleSettings {
    let family = rules::find(finding.rule).map_or("", |rule| rule.family.name());
    configuration.rule(finding.rule, family)
}

fn is_wanted(configuration: &Configuration, finding: &Finding) -> bool {
    let names = |list: &[String]| {
        let family = rules::find(finding.rule).map_or("", |rule| rule.family.name());
        list.iter()
            .any(|name| name == finding.rule || name == family)
    };
    let selected = configuration.select.is_empty() || names(&configuration.select);
    let own = settings(configuration, finding).min_confidence;
    let least = own.unwrap_or(configuration.min_confidence);
    let is_sure = finding.confidence >= least || (configuration.pedantic && own.is_none());
    let shown = is_sure && (configuration.pedantic || finding.severity != Severity::Hint);
    selected && !names(&configuration.ignore) && shown
}

fn notes(sources: &[Source]) -> Vec<Note> {
    let mut notes = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        for problem in &source.module.problems {
            let kind = match problem.kind {
                ProblemKind::Syntax => NoteKind::Syntax,
                ProblemKind::TooDeep => NoteKind::TooDeep,
                ProblemKind::Encoding => NoteKind::Encoding,
            };
            notes.push(Note {
                file: FileId(index as u32),
                span: problem.span,
                kind,
            });
        }
    }
    notes
}

/// Functions that were given up as a whole or in part, by their names.
fn too_large(program: &Program<'_>, traces: &[Arc<Trace>]) -> Vec<Note> {
    let note = |(index, trace): (usize, &Arc<Trace>)| {
        let function = FunctionRef(index as u32);
        let (module, _) = program.locate(function);
        let (home, code) = program.code(function);
        let kind = match () {
            () if trace.has_failed => NoteKind::Failed,
            () if trace.gave_up => NoteKind::TooLarge,
            () if trace.is_cut_short => NoteKind::TooManyWays,
            () => return None,
        };
        Some(Note {
            file: FileId(module.0),
            span: code.span,
            kind: kind(home.name(code.name).into()),
        })
    };
    traces.iter().enumerate().filter_map(note).collect()
}
