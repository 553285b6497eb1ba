//! What an analysis leaves for the next one, and what of it still holds.
//!
//! With the results for each function is kept what was asked for them. Where all answers are the same, so are the results:
//! the analysis of a function asks the program, the call graph and the summaries of others, and nothing else.

use super::Wanted;
use super::work::{Analysis, Checked, Made};
use crate::library::schema::Tables;
use crate::project::{CallGraph, Linked, Program, Read, Same};
use crate::rules::Habits;
use crate::summary::Summary;
use crate::types::FunctionRef;
use std::sync::Arc;

/// What is known of a project from before.
pub struct Previous {
    linked: Linked,
    tables: Vec<Tables>,
    habits: Habits,
    summaries: Vec<Summary>,
    kept: Vec<Kept>,
    reused: usize,
}

/// What came of a function, its summary aside.
pub(super) struct Kept {
    /// It was there from before.
    pub(super) is_reused: bool,
    pub(super) component: (FunctionRef, usize),
    /// What was asked for its summary, and for its check where that was made with it.
    pub(super) reads: Arc<[Read]>,
    pub(super) checked: Checked,
    /// What was asked for its check where that was made once all summaries were.
    pub(super) check_reads: Option<Arc<[Read]>>,
}

/// Whether something that was asked has the same answer as before.
pub(super) type Holds<'h> = &'h dyn Fn(Read) -> bool;

/// What is known from before, and what of the program is as it was.
pub(super) struct Recall<'r> {
    previous: &'r Previous,
    same: Same,
    /// For each function: whether rules looked for what is wanted now.
    is_enough: Vec<bool>,
}

impl Previous {
    pub(super) fn of(analysis: Analysis<'_>, tables: Vec<Tables>) -> Self {
        Self {
            linked: Linked::of(analysis.program, analysis.graph),
            tables,
            habits: analysis.habits,
            summaries: analysis.summaries,
            kept: analysis.kept,
            reused: analysis.reused,
        }
    }

    /// For how many functions nothing had to be done, the last time.
    pub fn reused(&self) -> usize {
        self.reused
    }

    /// Whether it was made with the same tables.
    pub(super) fn fits(&self, tables: &[Tables]) -> bool {
        self.tables == tables
    }

    pub(super) fn linked(&self) -> &Linked {
        &self.linked
    }

    /// What can be taken again; nothing where numbers mean something else, or what concerns all modules has changed.
    pub(super) fn recall(
        &self,
        program: &Program<'_>,
        graph: &CallGraph,
        habits: &Habits,
        wanted: &[Wanted],
    ) -> Option<Recall<'_>> {
        if !habits.agrees_with(&self.habits) {
            return None;
        }
        let same = Same::of(program, graph, &self.linked)?;
        let is_enough = |(index, kept): (usize, &Kept)| {
            let (module, _) = program.locate(FunctionRef(index as u32));
            kept.checked.looked_for >= wanted[module.0 as usize]
        };
        Some(Recall {
            previous: self,
            same,
            is_enough: self.kept.iter().enumerate().map(is_enough).collect(),
        })
    }
}

impl Recall<'_> {
    pub(super) fn has(&self, read: Read) -> bool {
        self.same.has(read)
    }

    pub(super) fn summary(&self, function: FunctionRef) -> &Summary {
        &self.previous.summaries[function.0 as usize]
    }

    /// The results of a component, if it has the same members and what was asked has the same answers.
    pub(super) fn component(&self, members: &[FunctionRef], holds: Holds<'_>) -> Option<Vec<Made>> {
        let kept = |member: &FunctionRef| &self.previous.kept[member.0 as usize];
        let component = (*members.first()?, members.len());
        let is_known = |member: &FunctionRef| {
            let is_enough = self.is_enough[member.0 as usize];
            let kept = kept(member);
            kept.component == component
                && (is_enough || kept.check_reads.is_some())
                && kept.reads.iter().all(|&read| holds(read))
        };
        let made = |member: &FunctionRef| {
            let kept = kept(member);
            Made {
                function: *member,
                component,
                summary: self.summary(*member).clone(),
                is_changed: false,
                is_reused: true,
                checked: match kept.check_reads {
                    Some(_) => None,
                    None => Some(kept.checked.clone()),
                },
                reads: Arc::clone(&kept.reads),
            }
        };
        let is_known = members.iter().all(is_known);
        is_known.then(|| members.iter().map(made).collect())
    }

    /// What the check of a function came to, if what was asked for it has the same answers.
    pub(super) fn checked(
        &self,
        function: FunctionRef,
        holds: Holds<'_>,
    ) -> Option<(Checked, Arc<[Read]>)> {
        let kept = &self.previous.kept[function.0 as usize];
        let reads = kept.check_reads.as_ref()?;
        let is_enough = self.is_enough[function.0 as usize];
        let holds = is_enough && reads.iter().all(|&read| holds(read));
        holds.then(|| (kept.checked.clone(), Arc::clone(reads)))
    }
}
