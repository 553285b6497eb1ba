//! What a review says and where, and what has to be written for it: pure functions, no network.

mod anchor;
mod annotation;
mod comment;
mod known;
mod markdown;
mod marker;
mod plan;
mod reply;
mod suggestion;
mod summary;

pub use anchor::{Anchor, anchor};
pub use annotation::{annotations, log};
pub use comment::{COMMENT_LIMIT, body};
pub use known::known;
pub use markdown::{escaped, fenced};
pub use marker::{Kind, Marker, Verdict, run_name};
pub use plan::{Assessment, Draft, Plan, Request, Write, plan};
pub use reply::asks_to_ignore;
pub use suggestion::{Suggestion, suggestion};
pub use summary::{step_summary, summary};

use crate::config::Language;
use crate::finding::{Confidence, Severity};
use std::ops::Range;

/// A finding, ready to be shown in a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who it is, without line and path.
    pub fingerprint: String,
    /// The rule's name.
    pub rule: String,
    /// The rule's page.
    pub url: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The file, from the root of the repository.
    pub path: String,
    /// The rows, 1-based.
    pub rows: Range<u32>,
    /// What.
    pub message: String,
    /// Why, and from where.
    pub steps: Vec<Step>,
    /// What to do.
    pub help: Option<String>,
    /// The change that does it.
    pub suggestion: Option<Suggestion>,
}

/// A place on the way to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The file, from the root of the repository.
    pub path: String,
    /// The row, 1-based.
    pub row: u32,
    /// What happens there.
    pub message: String,
}

/// A review thread that the bot opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The thread.
    pub id: String,
    /// Its first comment, which is ours.
    pub comment: Comment,
    /// What the comment says of itself.
    pub marker: Marker,
    /// The file.
    pub path: String,
    /// Somebody resolved it.
    pub is_resolved: bool,
    /// That was us.
    pub is_resolved_by_us: bool,
    /// Somebody hid the comment.
    pub is_minimized: bool,
    /// Somebody answered.
    pub has_replies: bool,
    /// A person who may decide so asked to ignore it.
    pub is_declined: bool,
    /// The token may resolve it.
    pub can_resolve: bool,
    /// The token may hide the comment.
    pub can_minimize: bool,
}

/// A comment of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// For the graph.
    pub node: String,
    /// For the rest.
    pub id: u64,
    /// Its text.
    pub body: String,
}

/// What the host of the code knows about earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Our threads.
    pub threads: Vec<Thread>,
    /// Our summary.
    pub summary: Option<(Comment, Marker)>,
}

/// What every text of a review needs to know.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The name of the run: two jobs of one repository leave each other alone.
    pub run: String,
    /// The commit that is reviewed.
    pub head: String,
    /// The change, whatever it is based on; empty where nobody needs to know it again.
    pub patch: String,
    /// Where the files of that commit are shown: the path and `#L7` are added.
    pub blob: String,
    /// The language of what is said.
    pub language: Language,
    /// How many comments of ours may stand open in one pull request.
    pub cap: usize,
}

impl Note {
    /// Worst first, then by place.
    pub fn order(&self, other: &Note) -> std::cmp::Ordering {
        let key = |note: &Note| {
            (
                std::cmp::Reverse((note.severity, note.confidence)),
                note.path.clone(),
                note.rows.start,
                note.rule.clone(),
            )
        };
        key(self).cmp(&key(other))
    }
}

#[cfg(test)]
mod tests;
