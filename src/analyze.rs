//! The second of the two pure functions: modules in, findings out. No files, no clock, no environment.

use crate::config::{Configuration, RuleSettings};
use crate::escape::Escapes;
use crate::finding::{Finding, Severity};
use crate::flow::{Event, Flow, Known, Observer, Silent, Solution, State, Watch};
use crate::infer::{self, Trace};
use crate::ir::ProblemKind;
use crate::library::{Library, schema::Tables};
use crate::project::{CallGraph, Program};
use crate::rules::{self, Check, Habits, Rule, Scene, Whole};
use crate::summary::Summary;
use crate::suppress;
use crate::text::{FileId, Span};
use crate::types::FunctionRef;
use compact_str::CompactString;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

pub use crate::project::Source;

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
    let library = match &own {
        Some(own) => own,
        None => Library::builtin(),
    };
    let analysis = Analysis::of(sources, library, monitor)?;
    let mut findings = analysis.latent;
    let escapes = Escapes::of(&analysis.program, &analysis.graph, &analysis.traces);
    let scene = Whole {
        program: &analysis.program,
        graph: &analysis.graph,
        summaries: &analysis.summaries,
        traces: &analysis.traces,
        escapes: &escapes,
    };
    let of_rules: Vec<Vec<Finding>> = rules::ALL
        .par_iter()
        .map(|rule| match rule.check {
            Check::Program(check) => apart(|| check(rule, &scene)),
            Check::Event(_) | Check::Function(_) => Vec::new(),
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
    Ok(Report {
        findings,
        notes,
        counts,
    })
}

/// The library with the tables that teams add in their configurations; nothing where they add none. Whoever read a
/// configuration has made sure that its tables fit.
fn own_library(configurations: &[Configuration]) -> Option<Library> {
    let mut own: Option<Library> = None;
    let mut seen: Vec<&Tables> = Vec::new();
    for configuration in configurations {
        let tables = &configuration.library;
        if *tables == Tables::default() || seen.contains(&tables) {
            continue;
        }
        seen.push(tables);
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

/// A project with everything computed that program-wide rules look at.
pub(crate) struct Analysis<'a> {
    pub(crate) program: Program<'a>,
    pub(crate) graph: CallGraph,
    pub(crate) summaries: Vec<Summary>,
    traces: Vec<Trace>,
    latent: Vec<Finding>,
}

impl<'a> Analysis<'a> {
    pub(crate) fn of(
        sources: &'a [Source],
        library: &'a Library,
        monitor: &dyn Monitor,
    ) -> Result<Self, Cancelled> {
        let program = Program::link(sources, library);
        monitor.progress(Pass::Link, sources.len(), sources.len());
        let graph = CallGraph::of(&program);
        let count = program.function_count();
        let habits = Habits::of(&program);
        let mut work = Work {
            program: &program,
            graph: &graph,
            habits: &habits,
            summaries: vec![Summary::default(); count],
            is_finished: vec![false; count],
        };
        let mut checked: Vec<Option<Checked>> = Vec::new();
        checked.resize_with(count, || None);
        let mut done = 0;
        for layer in graph.layers() {
            if monitor.is_cancelled() {
                return Err(Cancelled);
            }
            let parts: Vec<Part> = { layer.par_iter() }
                .map(|members| work.component(members))
                .collect();
            for (function, summary, findings) in parts.into_iter().flatten() {
                work.summaries[function.0 as usize] = summary;
                work.is_finished[function.0 as usize] = true;
                checked[function.0 as usize] = findings;
                done += 1;
            }
            monitor.progress(Pass::Summarize, done, count);
        }
        let checked: Vec<Checked> = checked
            .into_par_iter()
            .enumerate()
            .map(|(function, checked)| {
                if monitor.is_cancelled() {
                    return Err(Cancelled);
                }
                Ok(checked.unwrap_or_else(|| work.check(FunctionRef(function as u32))))
            })
            .collect::<Result<_, Cancelled>>()?;
        monitor.progress(Pass::Check, count, count);
        let summaries = work.summaries;
        let mut traces = Vec::with_capacity(count);
        let mut latent = Vec::new();
        for (trace, findings) in checked {
            traces.push(trace);
            latent.extend(findings);
        }
        Ok(Self {
            program,
            graph,
            summaries,
            traces,
            latent,
        })
    }
}

/// What the final walk through a function leaves behind, and what rules found on it.
type Checked = (Trace, Vec<Finding>);

/// What came of a component: each member's summary, and where its callees' were all made by then, its check.
type Part = Vec<(FunctionRef, Summary, Option<Checked>)>;

/// Functions at work, and the summaries that there are by now.
struct Work<'w, 'a> {
    program: &'w Program<'a>,
    graph: &'w CallGraph,
    habits: &'w Habits,
    summaries: Vec<Summary>,
    is_finished: Vec<bool>,
}

impl Work<'_, '_> {
    /// Summarizes a component. A function alone is solved once for its summary and its check.
    fn component(&self, members: &[FunctionRef]) -> Part {
        if infer::is_cycle(self.graph, members) {
            let summaries = infer::summarize(self.program, self.graph, &self.summaries, members);
            let unchecked = |(function, summary)| (function, summary, None);
            return summaries.into_iter().map(unchecked).collect();
        }
        let alone = |&function: &FunctionRef| {
            let watch = Watch::new(&self.is_finished);
            let flow = Flow::new(self.program, self.known(), function).watched(&watch);
            let solution = flow.solve();
            let summary = infer::summary_of(&flow, &solution);
            let is_whole = !watch.was_early() && !flow.is_exhausted();
            flow.rest();
            let checked =
                is_whole.then(|| check_function(&flow, &solution, self.graph, self.habits));
            (function, summary, checked.filter(|_| !watch.was_early()))
        };
        members.iter().map(alone).collect()
    }

    fn check(&self, function: FunctionRef) -> Checked {
        let flow = Flow::new(self.program, self.known(), function);
        let solution = flow.solve();
        check_function(&flow, &solution, self.graph, self.habits)
    }

    fn known(&self) -> Known<'_> {
        Known::finished(&self.summaries)
    }
}

/// What a rule finds. A released program keeps the findings of all the others where one rule has a fault in it, which has been told
/// on standard error by then; where it is tested, it fails.
fn apart<T: Default>(check: impl FnOnce() -> T) -> T {
    if cfg!(debug_assertions) {
        return check();
    }
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_default()
}

fn check_function(
    flow: &Flow<'_, '_>,
    solution: &Solution,
    graph: &CallGraph,
    habits: &Habits,
) -> Checked {
    if solution.gave_up {
        let trace = infer::trace(flow, solution, &mut Silent);
        return (trace, Vec::new());
    }
    let mut listener = Listener {
        findings: Vec::new(),
        graph,
        habits,
    };
    let mut trace = infer::trace(flow, solution, &mut listener);
    let mut findings = listener.findings;
    for rule in rules::ALL {
        if let Check::Function(check) = rule.check {
            let scene = Scene {
                rule,
                flow,
                graph,
                habits,
            };
            findings.extend(apart(|| check(&scene, solution)));
        }
    }
    trace.is_cut_short = flow.is_exhausted();
    (trace, findings)
}

/// What a rule does with what happens.
type OnEvent = fn(&Scene<'_>, &State, Event<'_>) -> Option<Finding>;

/// The rules that listen to what happens, and how.
static LISTENING: LazyLock<Vec<(&Rule, OnEvent)>> = LazyLock::new(|| {
    let listening = rules::ALL.iter().filter_map(|rule| match rule.check {
        Check::Event(check) => Some((rule, check)),
        Check::Function(_) | Check::Program(_) => None,
    });
    listening.collect()
});

/// Hands what happens to the rules that listen.
struct Listener<'l> {
    findings: Vec<Finding>,
    graph: &'l CallGraph,
    habits: &'l Habits,
}

impl Observer for Listener<'_> {
    fn event(&mut self, flow: &Flow<'_, '_>, state: &State, event: Event<'_>) {
        for &(rule, check) in LISTENING.iter() {
            let scene = Scene {
                rule,
                flow,
                graph: self.graph,
                habits: self.habits,
            };
            self.findings.extend(apart(|| check(&scene, state, event)));
        }
    }
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
fn too_large(program: &Program<'_>, traces: &[Trace]) -> Vec<Note> {
    let note = |(index, trace): (usize, &Trace)| {
        let function = FunctionRef(index as u32);
        let (module, _) = program.locate(function);
        let (home, code) = program.code(function);
        let kind = match (trace.gave_up, trace.is_cut_short) {
            (true, _) => NoteKind::TooLarge,
            (false, true) => NoteKind::TooManyWays,
            (false, false) => return None,
        };
        Some(Note {
            file: FileId(module.0),
            span: code.span,
            kind: kind(home.name(code.name).into()),
        })
    };
    traces.iter().enumerate().filter_map(note).collect()
}
