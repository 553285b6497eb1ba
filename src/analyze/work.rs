//! What concerns one function at a time: summaries, callees first, and what rules find that look at single functions.

use super::previous::{Kept, Previous, Recall};
use super::{Cancelled, Monitor, Pass, Wanted, apart, apart_or};
use crate::finding::Finding;
use crate::flow::{Event, Flow, Known, Observer, Solution, State, Watch};
use crate::infer::{self, Trace};
use crate::library::Library;
use crate::project::{CallGraph, Program, Read, Source, record};
use crate::rules::{self, Check, Habits, Rule, Scene};
use crate::summary::Summary;
use crate::types::FunctionRef;
use rayon::prelude::*;
use std::sync::{Arc, LazyLock};

/// A project with everything computed that program-wide rules look at.
pub(crate) struct Analysis<'a> {
    pub(crate) program: Program<'a>,
    pub(crate) graph: CallGraph,
    pub(crate) summaries: Vec<Summary>,
    pub(super) habits: Habits,
    pub(super) traces: Vec<Arc<Trace>>,
    pub(super) latent: Vec<Finding>,
    /// What is needed to take the results again, where that is wanted.
    pub(super) kept: Vec<Kept>,
    /// For how many functions both results were there from before.
    pub(super) reused: usize,
}

impl<'a> Analysis<'a> {
    /// `wanted` tells for each file what rules about single functions look for in it.
    pub(crate) fn of(
        sources: &'a [Source],
        library: &'a Library,
        wanted: &[Wanted],
        monitor: &dyn Monitor,
    ) -> Result<Self, Cancelled> {
        let program = Program::link(sources, library);
        Self::with(program, None, false, (wanted, monitor))
    }

    /// The same, and what is known from before is not done again.
    pub(super) fn again(
        sources: &'a [Source],
        library: &'a Library,
        previous: Option<&Previous>,
        wanted: &[Wanted],
        monitor: &dyn Monitor,
    ) -> Result<Self, Cancelled> {
        let program = Program::link_again(sources, library, previous.map(Previous::linked));
        Self::with(program, previous, true, (wanted, monitor))
    }

    fn with(
        program: Program<'a>,
        previous: Option<&Previous>,
        is_kept: bool,
        (wanted, monitor): (&[Wanted], &dyn Monitor),
    ) -> Result<Self, Cancelled> {
        let files = program.sources.len();
        monitor.progress(Pass::Link, files, files);
        let graph = CallGraph::of(&program);
        let habits = Habits::of(&program);
        let count = program.function_count();
        let mut work = Work {
            program: &program,
            graph: &graph,
            habits: &habits,
            wanted,
            recall: previous
                .and_then(|previous| previous.recall(&program, &graph, &habits, wanted)),
            is_kept,
            summaries: vec![Summary::default(); count],
            is_finished: vec![false; count],
            is_changed: vec![true; count],
        };
        let made = work.summarize(monitor)?;
        let finished: Vec<(Checked, Option<Kept>)> = made
            .into_par_iter()
            .map(|made| {
                if monitor.is_cancelled() {
                    return Err(Cancelled);
                }
                Ok(work.finish(made))
            })
            .collect::<Result<_, Cancelled>>()?;
        monitor.progress(Pass::Check, count, count);
        let summaries = work.summaries;
        let mut traces = Vec::with_capacity(count);
        let mut latent = Vec::new();
        let mut all_kept = Vec::new();
        let reused = finished
            .iter()
            .filter(|(_, kept)| kept.as_ref().is_some_and(|kept| kept.is_reused));
        let reused = reused.count();
        for (checked, kept) in finished {
            traces.push(checked.trace);
            latent.extend(checked.findings);
            all_kept.extend(kept);
        }
        Ok(Self {
            program,
            graph,
            summaries,
            habits,
            traces,
            latent,
            kept: all_kept,
            reused,
        })
    }
}

/// What the final walk through a function leaves behind, and what rules found on it.
#[derive(Clone)]
pub(super) struct Checked {
    pub(super) trace: Arc<Trace>,
    pub(super) findings: Vec<Finding>,
    /// What rules looked for in it.
    pub(super) looked_for: Wanted,
}

impl Checked {
    fn of(trace: Trace, findings: Vec<Finding>) -> Self {
        Self {
            trace: Arc::new(trace),
            findings,
            looked_for: Wanted::All,
        }
    }

    /// What is known of a function that the analysis cannot cope with.
    fn given_up() -> Self {
        let trace = Trace {
            has_failed: true,
            ..Trace::default()
        };
        Self::of(trace, Vec::new())
    }
}

/// What came of a function before it was known that all summaries are made.
pub(super) struct Made {
    pub(super) function: FunctionRef,
    /// The first member of its component, and how many there are.
    pub(super) component: (FunctionRef, usize),
    pub(super) summary: Summary,
    /// Its summary is not what it was.
    pub(super) is_changed: bool,
    /// All of this is from before.
    pub(super) is_reused: bool,
    /// Its check, where its callees' summaries were all made by then.
    pub(super) checked: Option<Checked>,
    /// What was asked for all of this.
    pub(super) reads: Arc<[Read]>,
}

/// Functions at work, and the summaries that there are by now.
struct Work<'w, 'a> {
    program: &'w Program<'a>,
    graph: &'w CallGraph,
    habits: &'w Habits,
    /// By module.
    wanted: &'w [Wanted],
    recall: Option<Recall<'w>>,
    is_kept: bool,
    summaries: Vec<Summary>,
    is_finished: Vec<bool>,
    is_changed: Vec<bool>,
}

impl Work<'_, '_> {
    /// Summarizes all functions, callees first.
    fn summarize(&mut self, monitor: &dyn Monitor) -> Result<Vec<Made>, Cancelled> {
        let count = self.program.function_count();
        let mut all: Vec<Option<Made>> = Vec::new();
        all.resize_with(count, || None);
        let mut done = 0;
        for layer in self.graph.layers() {
            if monitor.is_cancelled() {
                return Err(Cancelled);
            }
            let parts: Vec<Vec<Made>> = { layer.par_iter() }
                .map(|members| self.component(members))
                .collect();
            for mut made in parts.into_iter().flatten() {
                let at = made.function.0 as usize;
                self.summaries[at] = std::mem::take(&mut made.summary);
                self.is_finished[at] = true;
                self.is_changed[at] = made.is_changed;
                all[at] = Some(made);
                done += 1;
            }
            monitor.progress(Pass::Summarize, done, count);
        }
        Ok(all.into_iter().flatten().collect())
    }

    fn component(&self, members: &[FunctionRef]) -> Vec<Made> {
        let recall = self.recall.as_ref();
        let holds = |read| self.holds(read, members);
        if let Some(known) = recall.and_then(|recall| recall.component(members, &holds)) {
            return known;
        }
        let (parts, reads) = record(self.is_kept, || self.summarize_component(members));
        let is_early = |function: FunctionRef| !self.is_finished[function.0 as usize];
        let as_it_was = |read: Read| match read {
            Read::Summary(function) if is_early(function) => Read::Early(function),
            read => read,
        };
        let reads: Arc<[Read]> = reads.iter().copied().map(as_it_was).collect();
        let first = members[0];
        let made = |(function, summary, checked)| Made {
            function,
            component: (first, members.len()),
            is_changed: recall.is_none_or(|recall| *recall.summary(function) != summary),
            summary,
            is_reused: false,
            checked,
            reads: Arc::clone(&reads),
        };
        parts.into_iter().map(made).collect()
    }

    /// Whether something that was asked for a component has the same answer as before. Members are summarized together.
    fn holds(&self, read: Read, members: &[FunctionRef]) -> bool {
        match read {
            Read::Summary(function) => {
                let at = function.0 as usize;
                self.is_finished[at] && !self.is_changed[at]
            }
            Read::Early(function) => {
                members.contains(&function) || !self.is_finished[function.0 as usize]
            }
            read => self.recall.as_ref().is_some_and(|recall| recall.has(read)),
        }
    }

    /// Summarizes a component. A function alone is solved once for its summary and its check.
    fn summarize_component(
        &self,
        members: &[FunctionRef],
    ) -> Vec<(FunctionRef, Summary, Option<Checked>)> {
        if infer::is_cycle(self.graph, members) {
            let unknown = |&member: &FunctionRef| (member, Summary::default());
            let summaries = apart_or(
                || infer::summarize(self.program, self.graph, &self.summaries, members),
                || members.iter().map(unknown).collect(),
            );
            let unchecked = |(function, summary)| (function, summary, None);
            return summaries.into_iter().map(unchecked).collect();
        }
        let alone = |&function: &FunctionRef| {
            let watch = Watch::new(&self.is_finished);
            let flow = Flow::new(self.program, self.known(), function).watched(&watch);
            let solution = flow.solve();
            if !watch.was_early() {
                let mut listener = self.listener(function);
                let both = infer::summary_and_trace(&flow, &solution, &mut listener);
                if let Some((summary, trace)) = both {
                    let check = || self.check_rest(&flow, &solution, trace, listener);
                    let checked = (!watch.was_early()).then(check);
                    return (function, summary, checked.filter(|_| !watch.was_early()));
                }
            }
            let flow = Flow::new(self.program, self.known(), function).watched(&watch);
            (function, infer::summary_of(&flow, &solution), None)
        };
        let apart = |member: &FunctionRef| {
            let unknown = || (*member, Summary::default(), None);
            apart_or(|| alone(member), unknown)
        };
        members.iter().map(apart).collect()
    }

    /// Checks a function that is not checked yet, now that all summaries are made.
    fn finish(&self, made: Made) -> (Checked, Option<Kept>) {
        let function = made.function;
        let kept = |checked: &Checked, check_reads, is_reused| {
            self.is_kept.then(|| Kept {
                is_reused,
                component: made.component,
                reads: Arc::clone(&made.reads),
                checked: checked.clone(),
                check_reads,
            })
        };
        if let Some(checked) = made.checked {
            let kept = kept(&checked, None, made.is_reused);
            return (checked, kept);
        }
        let recall = self.recall.as_ref();
        let holds = |read| self.holds(read, &[]);
        let known = recall.and_then(|recall| recall.checked(function, &holds));
        let is_reused = made.is_reused && known.is_some();
        let (checked, reads) = known.unwrap_or_else(|| {
            let check = || apart_or(|| self.check(function), Checked::given_up);
            let (checked, reads) = record(self.is_kept, check);
            (checked, reads.into())
        });
        let kept = kept(&checked, Some(reads), is_reused);
        (checked, kept)
    }

    fn check(&self, function: FunctionRef) -> Checked {
        let flow = Flow::new(self.program, self.known(), function);
        let solution = flow.solve();
        let mut listener = self.listener(function);
        let trace = infer::trace(&flow, &solution, &mut listener);
        self.check_rest(&flow, &solution, trace, listener)
    }

    /// What can be wanted of what rules find in a function.
    fn wanted(&self, function: FunctionRef) -> Wanted {
        self.wanted[self.program.locate(function).0.0 as usize]
    }

    fn listener(&self, function: FunctionRef) -> Listener<'_> {
        Listener {
            wanted: self.wanted(function),
            findings: Vec::new(),
            graph: self.graph,
            habits: self.habits,
        }
    }

    /// The rules that look at a function by itself, once others have listened to what happens in it.
    fn check_rest(
        &self,
        flow: &Flow<'_, '_>,
        solution: &Solution,
        mut trace: Trace,
        listener: Listener<'_>,
    ) -> Checked {
        let mut findings = listener.findings;
        for rule in rules::ALL.iter().filter(|_| !solution.gave_up) {
            let check = match rule.check {
                Check::Function(check) if listener.wanted == Wanted::All => check,
                Check::FunctionAndTest(check) if listener.wanted >= Wanted::Tests => check,
                _ => continue,
            };
            let scene = Scene {
                rule,
                flow,
                graph: self.graph,
                habits: self.habits,
            };
            findings.extend(apart(|| check(&scene, solution)));
        }
        trace.is_cut_short = flow.is_exhausted();
        Checked {
            looked_for: listener.wanted,
            ..Checked::of(trace, findings)
        }
    }

    fn known(&self) -> Known<'_> {
        Known::finished(&self.summaries)
    }
}

/// What a rule does with what happens.
type OnEvent = fn(&Scene<'_>, &State, Event<'_>) -> Option<Finding>;

/// The rules that listen to what happens, and how.
static LISTENING: LazyLock<Vec<(&Rule, OnEvent)>> = LazyLock::new(|| {
    let listening = rules::ALL.iter().filter_map(|rule| match rule.check {
        Check::Event(check) | Check::EventAndProgram(check, _) => Some((rule, check)),
        Check::Function(_) | Check::FunctionAndTest(_) | Check::Program(_) => None,
    });
    listening.collect()
});

/// Hands what happens to the rules that listen.
struct Listener<'l> {
    wanted: Wanted,
    findings: Vec<Finding>,
    graph: &'l CallGraph,
    habits: &'l Habits,
}

impl Observer for Listener<'_> {
    fn event(&mut self, flow: &Flow<'_, '_>, state: &State, event: Event<'_>) {
        if self.wanted < Wanted::All {
            return;
        }
        for &(rule, check) in LISTENING.iter() {
            let scene = Scene {
                rule,
                flow,
                graph: self.graph,
                habits: self.habits,
            };
            let findings = &mut self.findings;
            apart(|| {
                if let Some(finding) = check(&scene, state, event) {
                    findings.push(finding);
                }
            });
        }
    }
}
