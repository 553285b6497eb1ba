//! Findings: plain data, with messages as keys and arguments that are put into words at the edge.

use crate::text::{Location, Span};
use serde::{Deserialize, Serialize};

/// How bad it is when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; shown only on request.
    Hint,
    /// Goes wrong under some circumstances.
    Warning,
    /// Goes wrong whenever it gets there.
    Error,
}

/// How sure it is that it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess.
    Low,
    /// More often right than not.
    Medium,
    /// As good as certain.
    High,
}

/// A message of a rule: a key into the messages of its page, and what to put into the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Message {
    /// The key in the page's table of messages.
    pub key: &'static str,
    /// Values for the `{name}`s in the text.
    pub arguments: Vec<(&'static str, String)>,
}

impl Message {
    /// A message without arguments.
    pub fn new(key: &'static str) -> Self {
        Self {
            key,
            arguments: Vec::new(),
        }
    }

    /// With a value for `{name}`.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }
}

/// A place on the way to a finding, and what happens there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What happens there.
    pub message: Message,
}

/// A change to the text that would make a finding go away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fix {
    /// Whether it keeps the meaning of a correct program.
    pub applicability: Applicability,
    /// What it does.
    pub message: Message,
    /// Replacements in the finding's own file, in order, not overlapping.
    pub edits: Vec<Edit>,
}

/// Whether a fix may be applied unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// It does not change what a correct program does.
    Safe,
    /// It may.
    Unsafe,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub content: String,
}

/// A hazard found in a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Where: the place to change.
    pub location: Location,
    /// Offset of the statement around it: an ignore comment on that line counts too.
    pub statement: u32,
    /// Qualified name of the function or class around it; empty at the top of a module.
    pub symbol: String,
    /// What.
    pub message: Message,
    /// Why, and from where: the path, in order.
    pub related: Vec<Related>,
    /// What to do.
    pub help: Option<Message>,
    /// The change that does it.
    pub fix: Option<Fix>,
    /// What causes it where that is elsewhere: the text of the call that passes None, the caller that does not guard.
    pub cause: Option<String>,
}

impl Finding {
    /// The order of reports: by file, place, rule, message.
    pub fn order(&self, other: &Finding) -> std::cmp::Ordering {
        let key = |finding: &Finding| (finding.location, finding.rule);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.message.cmp(&other.message))
            .then_with(|| self.related.cmp(&other.related))
    }
}
