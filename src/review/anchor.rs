//! Where a comment may stand: hosts of code take comments on the lines that the change shows, and on nothing else.

use super::Note;
use crate::diff::Diff;
use std::fmt;
use std::ops::Range;

/// Where a comment stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Anchor {
    /// On rows of the new file, all in one hunk.
    Rows(String, u32, u32),
    /// On a file as a whole.
    File(String),
    /// Nowhere in the change: it goes to the summary.
    Nowhere,
}

impl fmt::Display for Anchor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(path, first, last) if first == last => write!(formatter, "{path}:{first}"),
            Self::Rows(path, first, last) => write!(formatter, "{path}:{first}-{last}"),
            Self::File(path) => formatter.write_str(path),
            Self::Nowhere => formatter.write_str("summary"),
        }
    }
}

impl Anchor {
    /// Whether a reader of a comment here sees the place of the note itself.
    pub(super) fn shows(&self, note: &Note) -> bool {
        matches!(self, Self::Rows(path, first, last)
            if *path == note.path && (*first..=*last).contains(&note.rows.start))
    }
}

/// A comment on more rows than these hides the code.
const TALL: u32 = 10;

/// Where the comment for a note stands: at its place, else at a step of its way, else at its file.
pub fn anchor(note: &Note, diff: &Diff) -> Anchor {
    let own = shortened(&note.rows);
    let steps = || {
        note.steps
            .iter()
            .map(|step| (step.path.as_str(), step.row..step.row + 1))
    };
    let is_written =
        |path: &str, rows: &Range<u32>| is_shown(diff, path, rows) && diff.touches(path, rows);
    if let Some(suggestion) = &note.suggestion
        && is_shown(diff, &note.path, &suggestion.rows)
    {
        return rows(&note.path, &suggestion.rows);
    }
    if is_shown(diff, &note.path, &own) {
        return rows(&note.path, &own);
    }
    let written = steps().find(|(path, rows)| is_written(path, rows));
    let shown = || steps().find(|(path, rows)| is_shown(diff, path, rows));
    if let Some((path, place)) = written.or_else(shown) {
        return rows(path, &place);
    }
    let mut paths =
        std::iter::once(note.path.as_str()).chain(note.steps.iter().map(|step| step.path.as_str()));
    match paths.find(|path| diff.file(path).is_some_and(|file| !file.hunks.is_empty())) {
        Some(path) => Anchor::File(path.to_owned()),
        None => Anchor::Nowhere,
    }
}

fn rows(path: &str, rows: &Range<u32>) -> Anchor {
    Anchor::Rows(
        path.to_owned(),
        rows.start,
        rows.end.max(rows.start + 1) - 1,
    )
}

fn shortened(rows: &Range<u32>) -> Range<u32> {
    match rows.end.saturating_sub(rows.start) > TALL {
        true => rows.start..rows.start + 1,
        false => rows.clone(),
    }
}

fn is_shown(diff: &Diff, path: &str, rows: &Range<u32>) -> bool {
    diff.file(path)
        .is_some_and(|file| file.hunk_of(rows).is_some())
}
