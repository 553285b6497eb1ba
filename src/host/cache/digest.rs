//! What came of a project, as bytes.

use crate::analyze::{Counts, NoteKind};
use crate::finding::{Applicability, Confidence, Edit, Finding, Fix, Message, Related, Severity};
use crate::rules;
use crate::text::{Location, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// What is kept of an analysis: all that a report is made of, but for the files themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::host) struct Digest {
    /// In the order of files and places; files are counted in the order in which the analysis got them.
    pub(in crate::host) findings: Vec<Finding>,
    /// What was left out of the analysis: the file, the part of it, and why.
    pub(in crate::host) notes: Vec<(u32, Span, NoteKind)>,
    /// How much was analyzed.
    pub(in crate::host) counts: Counts,
}

impl Digest {
    /// The bytes of it; nothing where they could not be read again.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let bytes = postcard::to_allocvec(self).ok()?;
        let read: Stored<'_> = postcard::from_bytes(&bytes).ok()?;
        (read.restore(None).as_ref() == Some(self)).then_some(bytes)
    }

    /// Reads what may be anything; the files of the project have these lengths.
    pub(super) fn from_bytes(bytes: &[u8], lengths: &[usize]) -> Option<Self> {
        let stored: Stored<'_> = postcard::from_bytes(bytes).ok()?;
        stored.restore(Some(lengths))
    }
}

/// A digest as it is read: names that are part of the program are borrowed from the bytes.
#[derive(Deserialize)]
struct Stored<'b> {
    #[serde(borrow)]
    findings: Vec<StoredFinding<'b>>,
    notes: Vec<(u32, Span, NoteKind)>,
    counts: Counts,
}

#[derive(Deserialize)]
struct StoredFinding<'b> {
    rule: &'b str,
    severity: Severity,
    confidence: Confidence,
    location: Location,
    statement: u32,
    symbol: String,
    #[serde(borrow)]
    message: StoredMessage<'b>,
    #[serde(borrow)]
    related: Vec<StoredRelated<'b>>,
    #[serde(borrow)]
    help: Option<StoredMessage<'b>>,
    #[serde(borrow)]
    fix: Option<StoredFix<'b>>,
    cause: Option<String>,
}

#[derive(Deserialize)]
struct StoredMessage<'b> {
    key: &'b str,
    #[serde(borrow)]
    arguments: Vec<(&'b str, String)>,
}

#[derive(Deserialize)]
struct StoredRelated<'b> {
    location: Location,
    #[serde(borrow)]
    message: StoredMessage<'b>,
}

#[derive(Deserialize)]
struct StoredFix<'b> {
    applicability: Applicability,
    #[serde(borrow)]
    message: StoredMessage<'b>,
    edits: Vec<Edit>,
}

impl Stored<'_> {
    fn restore(self, lengths: Option<&[usize]>) -> Option<Digest> {
        let findings: Option<Vec<Finding>> = self
            .findings
            .into_iter()
            .map(StoredFinding::restore)
            .collect();
        let digest = Digest {
            findings: findings?,
            notes: self.notes,
            counts: self.counts,
        };
        lengths
            .is_none_or(|lengths| fits(&digest, lengths))
            .then_some(digest)
    }
}

/// Whether everything that a digest speaks of is there.
fn fits(digest: &Digest, lengths: &[usize]) -> bool {
    let is_there = |file: u32, span: Span| {
        let length = lengths.get(file as usize);
        span.start <= span.end && length.is_some_and(|&length| span.end as usize <= length)
    };
    let location = |at: Location| is_there(at.file.0, at.span);
    digest
        .notes
        .iter()
        .all(|&(file, span, _)| is_there(file, span))
        && digest.findings.iter().all(|finding| {
            let file = finding.location.file.0;
            let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
            location(finding.location)
                && is_there(file, Span::new(finding.statement, finding.statement))
                && finding
                    .related
                    .iter()
                    .all(|related| location(related.location))
                && edits.clone().all(|edit| is_there(file, edit.span))
                && edits
                    .map(|edit| edit.span)
                    .is_sorted_by(|a, b| a.end <= b.start)
        })
}

impl StoredFinding<'_> {
    fn restore(self) -> Option<Finding> {
        let rule = rules::find(self.rule)?;
        let related: Option<Vec<Related>> = self
            .related
            .into_iter()
            .map(|one| {
                Some(Related {
                    location: one.location,
                    message: one.message.restore()?,
                })
            })
            .collect();
        Some(Finding {
            rule: rule.name,
            severity: self.severity,
            confidence: self.confidence,
            location: self.location,
            statement: self.statement,
            symbol: self.symbol,
            message: self.message.restore()?,
            related: related?,
            help: match self.help {
                Some(help) => Some(help.restore()?),
                None => None,
            },
            fix: match self.fix {
                Some(fix) => Some(Fix {
                    applicability: fix.applicability,
                    message: fix.message.restore()?,
                    edits: fix.edits,
                }),
                None => None,
            },
            cause: self.cause,
        })
    }
}

impl StoredMessage<'_> {
    fn restore(self) -> Option<Message> {
        let arguments: Option<Vec<_>> = self
            .arguments
            .into_iter()
            .map(|(name, value)| Some((word(name)?, value)))
            .collect();
        Some(Message {
            key: word(self.key)?,
            arguments: arguments?,
        })
    }
}

/// Longer keys of messages and names of arguments there are none, nor are there more of them.
const LONGEST: usize = 64;
const MOST: usize = 4096;

/// A key of a message or the name of an argument. In the program these are literals; those that are read are kept as long
/// as it runs, each once.
fn word(text: &str) -> Option<&'static str> {
    static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut words = WORDS.lock().ok()?;
    if let Some(known) = words.get(text) {
        return Some(*known);
    }
    if text.len() > LONGEST || words.len() >= MOST {
        return None;
    }
    let new: &'static str = Box::leak(text.to_owned().into_boxed_str());
    words.insert(new);
    Some(new)
}
