//! A change that was reviewed before, and whose base alone moved: nothing new is to be said of it.

use super::plan::{is_declined, is_over};
use super::{State, Verdict};

/// What came of the earlier run on the same change with another head; nothing if there was none, or if people decided
/// something since, which has to be looked after.
pub fn known<'a>(state: &'a State, patch: &str, head: &str) -> Option<&'a Verdict> {
    let (_, marker) = state.summary.as_ref()?;
    let verdict = marker.verdict.as_ref()?;
    // Who runs a job again on the same commit wants to have it reviewed again.
    if patch.is_empty() || verdict.patch != patch || marker.head == head {
        return None;
    }
    let open = state
        .threads
        .iter()
        .filter(|thread| !is_over(thread) && !is_declined(thread));
    let mut standing: Vec<&String> = open.flat_map(|thread| &thread.marker.findings).collect();
    standing.sort_unstable();
    standing.dedup();
    standing.into_iter().eq(&marker.findings).then_some(verdict)
}
