//! What has to be written: from what the host knows and what was found to a list of requests.

use super::comment::{body, fixed_body};
use super::{Anchor, Comment, Kind, Marker, Note, Setting, State, Thread, Verdict, anchor};
use crate::diff::Diff;
use crate::finding::Severity;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Assessment {
    /// What the change causes.
    pub caused: Vec<Note>,
    /// What came up far from the change; never commented on.
    pub surfaced: Vec<Note>,
    /// Every finding of the new tree, caused or not: its fingerprint and its file.
    pub present: Vec<(String, String)>,
    /// Configurations that the change itself changes, and that governed what was found.
    pub reconfigured: Vec<String>,
}

/// What goes into the plan.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What the host knows.
    pub state: &'a State,
    /// What was found.
    pub found: &'a Assessment,
    /// The change.
    pub diff: &'a Diff,
    /// How to say it.
    pub setting: &'a Setting,
}

/// A comment to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where.
    pub anchor: Anchor,
    /// What it says.
    pub body: String,
    /// What it is about: indices into the notes that the change causes.
    pub notes: Vec<usize>,
}

/// A request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// One review with all these comments.
    Review(Vec<Draft>),
    /// A comment on a file as a whole.
    FileComment(Draft),
    /// Nobody answered, and what it says is no longer so.
    Delete(Comment),
    /// Somebody answered, and what it says is no longer so.
    Resolve(String),
    /// Neither is possible.
    Minimize(Comment),
    /// Another text.
    Edit(Comment, String),
}

/// What has to be written, and what becomes of each note that the change causes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In this order.
    pub writes: Vec<Write>,
    /// Notes that have an open thread already.
    pub open: Vec<usize>,
    /// Notes that people do not want to hear of again.
    pub declined: Vec<usize>,
    /// Notes that no comment can hold: there is no line for them, or there are too many.
    pub overflow: Vec<usize>,
    /// Fingerprints that people do not want to hear of again, for the summary to remember.
    pub remembered: Vec<String>,
}

/// Plans the writes.
pub fn plan(request: Request<'_>) -> Plan {
    let slots = Slots::assign(request);
    let mut plan = Plan::default();
    let deleted = deleted_by_people(request.state);
    let mut fresh = Vec::new();
    for (index, note) in request.found.caused.iter().enumerate() {
        match slots.thread_of_note[index] {
            Some(thread) if is_declined(&request.state.threads[thread]) => {
                plan.declined.push(index)
            }
            Some(_) => plan.open.push(index),
            None if deleted.contains(note.fingerprint.as_str()) => plan.declined.push(index),
            None => fresh.push(index),
        }
    }
    let mut remembered: Vec<String> = deleted.iter().map(|&print| print.to_owned()).collect();
    remembered.sort_unstable();
    plan.remembered = remembered;
    plan.draft(request, fresh);
    plan.tend(request, &slots);
    plan
}

/// A person decided on it: it is never said again.
pub(super) fn is_declined(thread: &Thread) -> bool {
    thread.is_declined || thread.is_minimized || (thread.is_resolved && !thread.is_resolved_by_us)
}

/// It is over, by our own doing: when the finding comes back, it is a new one.
pub(super) fn is_over(thread: &Thread) -> bool {
    thread.marker.kind == Kind::Fixed || (thread.is_resolved_by_us && !thread.is_declined)
}

/// Fingerprints whose comments somebody else took away.
fn deleted_by_people(state: &State) -> FxHashSet<&str> {
    let Some((_, marker)) = &state.summary else {
        return FxHashSet::default();
    };
    let alive: FxHashSet<&str> = state
        .threads
        .iter()
        .flat_map(|thread| &thread.marker.findings)
        .map(String::as_str)
        .collect();
    let gone = marker
        .findings
        .iter()
        .map(String::as_str)
        .filter(|print| !alive.contains(print));
    gone.chain(marker.declined.iter().map(String::as_str))
        .collect()
}

/// Which finding belongs to which thread.
struct Slots {
    /// For each caused note its thread.
    thread_of_note: Vec<Option<usize>>,
    /// For each thread which of its fingerprints are still found.
    is_found: Vec<Vec<bool>>,
}

impl Slots {
    /// Every thread keeps at most one finding for each of its fingerprints. Those in the thread's own file come first, so
    /// that equal code in two files is not mixed up; a moved file takes its threads along.
    fn assign(request: Request<'_>) -> Self {
        let threads = &request.state.threads;
        let mut slots = Slots {
            thread_of_note: vec![None; request.found.caused.len()],
            is_found: threads
                .iter()
                .map(|thread| vec![false; thread.marker.findings.len()])
                .collect(),
        };
        let mut free: FxHashMap<&str, Vec<(usize, usize)>> = FxHashMap::default();
        for (thread, one) in threads.iter().enumerate().filter(|(_, one)| !is_over(one)) {
            for (position, print) in one.marker.findings.iter().enumerate() {
                free.entry(print).or_default().push((thread, position));
            }
        }
        let caused = request
            .found
            .caused
            .iter()
            .map(|note| (&note.fingerprint, &note.path));
        let caused: Vec<_> = caused
            .enumerate()
            .map(|(index, who)| (Some(index), who))
            .collect();
        let present = request
            .found
            .present
            .iter()
            .map(|(print, path)| (None, (print, path)));
        let all: Vec<_> = caused.into_iter().chain(present).collect();
        for in_one_file in [true, false] {
            for &(note, (print, path)) in &all {
                if note.is_some_and(|note| slots.thread_of_note[note].is_some()) {
                    continue;
                }
                let Some(left) = free.get_mut(print.as_str()) else {
                    continue;
                };
                let here = |&(thread, _): &(usize, usize)| {
                    !in_one_file || request.diff.renamed(&threads[thread].path) == path
                };
                if let Some(index) = left.iter().position(here) {
                    let (thread, position) = left.remove(index);
                    slots.is_found[thread][position] = true;
                    if let Some(note) = note {
                        slots.thread_of_note[note] = Some(thread);
                    }
                }
            }
        }
        slots
    }
}

impl Plan {
    /// Comments for what is new: worst first, those on one place together, no more than may stand open.
    fn draft(&mut self, request: Request<'_>, fresh: Vec<usize>) {
        let notes = &request.found.caused;
        let mut fresh = fresh;
        fresh.sort_by(|&a, &b| notes[a].order(&notes[b]));
        let open = request
            .state
            .threads
            .iter()
            .filter(|thread| !is_over(thread) && !is_declined(thread));
        let mut room = request.setting.cap.saturating_sub(open.count());
        let mut order: Vec<Anchor> = Vec::new();
        let mut groups: BTreeMap<Anchor, Vec<usize>> = BTreeMap::new();
        for index in fresh {
            let anchor = anchor(&notes[index], request.diff);
            let is_known = groups.contains_key(&anchor);
            if anchor == Anchor::Nowhere || (!is_known && room == 0) {
                self.overflow.push(index);
                continue;
            }
            if !is_known {
                room -= 1;
                order.push(anchor.clone());
            }
            groups.entry(anchor).or_default().push(index);
        }
        let drafts = order.into_iter().map(|anchor| {
            let members = groups.remove(&anchor).unwrap_or_default();
            draft(request, anchor, members)
        });
        let (on_rows, on_files): (Vec<Draft>, Vec<Draft>) =
            drafts.partition(|draft| matches!(draft.anchor, Anchor::Rows(..)));
        if !on_rows.is_empty() {
            self.writes.push(Write::Review(on_rows));
        }
        self.writes
            .extend(on_files.into_iter().map(Write::FileComment));
    }

    /// What has to happen to the threads that are there.
    fn tend(&mut self, request: Request<'_>, slots: &Slots) {
        for (thread, is_found) in request.state.threads.iter().zip(&slots.is_found) {
            if thread.is_resolved || thread.is_minimized || is_over(thread) {
                continue;
            }
            if thread.is_declined {
                self.writes.extend(closed(thread, None));
            } else if !is_found.contains(&true) {
                match thread.has_replies {
                    false => self.writes.push(Write::Delete(thread.comment.clone())),
                    true => {
                        let text = fixed_body(
                            &thread.comment.body,
                            &thread.marker,
                            request.setting.language,
                        );
                        self.writes.extend(closed(thread, Some(text)));
                    }
                }
            } else if is_found.contains(&false) {
                self.writes.extend(shortened(request, slots, thread));
            }
        }
    }
}

/// Closes a thread that people spoke in: resolved if the token may, else hidden, else marked.
fn closed(thread: &Thread, text: Option<String>) -> Vec<Write> {
    if thread.can_resolve {
        return vec![Write::Resolve(thread.id.clone())];
    }
    let mut writes: Vec<Write> = text
        .into_iter()
        .map(|text| Write::Edit(thread.comment.clone(), text))
        .collect();
    if thread.can_minimize {
        writes.push(Write::Minimize(thread.comment.clone()));
    }
    writes
}

/// A comment about several findings of which some are gone says only the others.
fn shortened(request: Request<'_>, slots: &Slots, thread: &Thread) -> Option<Write> {
    let notes = &request.found.caused;
    let left: Vec<&Note> = (0..notes.len())
        .filter(|&index| {
            slots.thread_of_note[index].is_some_and(|at| request.state.threads[at].id == thread.id)
        })
        .map(|index| &notes[index])
        .collect();
    if left.is_empty() {
        return None;
    }
    let text = body(&left, request.setting, None, false);
    Some(Write::Edit(thread.comment.clone(), text))
}

fn draft(request: Request<'_>, anchor: Anchor, members: Vec<usize>) -> Draft {
    let notes: Vec<&Note> = members
        .iter()
        .map(|&index| &request.found.caused[index])
        .collect();
    // Two suggestions for the same lines would overwrite each other.
    let fits = |note: &&Note| {
        note.suggestion.as_ref().is_some_and(|one| {
            anchor == Anchor::Rows(note.path.clone(), one.rows.start, one.rows.end - 1)
        })
    };
    let with_suggestion = notes.len() == 1 && notes.iter().all(fits);
    Draft {
        body: body(&notes, request.setting, Some(&anchor), with_suggestion),
        anchor,
        notes: members,
    }
}

/// The marker that a summary ends with: what stands in comments now, and what people declined by taking it away.
pub(super) fn summary_marker(request: Request<'_>, plan: &Plan, posted: &[usize]) -> Marker {
    let notes = &request.found.caused;
    let mut findings: Vec<String> = plan
        .open
        .iter()
        .chain(posted)
        .map(|&index| notes[index].fingerprint.clone())
        .collect();
    findings.sort_unstable();
    findings.dedup();
    let live = (0..notes.len()).filter(|index| !plan.declined.contains(index));
    let severities: Vec<Severity> = live.map(|index| notes[index].severity).collect();
    let is_known = !request.setting.patch.is_empty();
    Marker {
        kind: Kind::Summary,
        run: request.setting.run.clone(),
        head: request.setting.head.clone(),
        findings,
        declined: plan.remembered.clone(),
        verdict: is_known.then(|| Verdict {
            patch: request.setting.patch.clone(),
            live: severities.len(),
            worst: severities.into_iter().max(),
        }),
    }
}
