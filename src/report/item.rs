//! Findings put into words and positions: what every format starts from.

use super::columns::Position;
use super::fingerprint::identities;
use super::{File, Invalid};
use crate::config::Language;
use crate::finding::{Applicability, Confidence, Finding, Fix, Message, Severity};
use crate::fix;
use crate::page;
use crate::rules::{self, Rule};
use crate::text::{FileId, Location, Span};

/// A finding, or an invalid file, ready to be shown.
#[derive(Clone, Debug)]
pub struct Item {
    /// The rule's name, or `invalid-file`.
    pub code: &'static str,
    /// The rule; none for an invalid file.
    pub rule: Option<&'static Rule>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What.
    pub message: String,
    /// Where.
    pub spot: Spot,
    /// Offset of the statement around it.
    pub statement: u32,
    /// Why, and from where.
    pub related: Vec<Step>,
    /// What to do.
    pub help: Option<String>,
    /// The change that does it.
    pub fix: Option<Change>,
    /// Qualified name of what stands around it.
    pub symbol: String,
    /// Its identity as a place.
    pub fingerprint: String,
    /// Its identity with its cause.
    pub cause_fingerprint: String,
    /// For how many days its line has been as it is, where somebody asked and git knows.
    pub age: Option<u32>,
}

/// A span in a file, with its rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub span: Span,
    /// The first character.
    pub start: Position,
    /// Behind the last character.
    pub end: Position,
}

/// A place on the way to a finding.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where.
    pub spot: Spot,
    /// What happens there.
    pub message: String,
}

/// A fix, ready to be shown.
#[derive(Clone, Debug)]
pub struct Change {
    /// Whether it may be applied unasked.
    pub applicability: Applicability,
    /// What it does.
    pub message: String,
    /// What is replaced by what.
    pub edits: Vec<Replacement>,
}

/// One replacement of a fix.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// What is replaced.
    pub spot: Spot,
    /// By what.
    pub content: String,
}

/// The code under which invalid files stand in reports.
pub const INVALID_FILE: &str = "invalid-file";

/// Puts findings, which stand in order, and invalid files into words, and sorts them by file, place and rule.
pub fn items(
    files: &[File],
    findings: &[Finding],
    invalid: &[Invalid],
    language: Language,
) -> Vec<Item> {
    let writer = Writer { files, language };
    let identities = identities(findings, files);
    let mut items: Vec<Item> = findings
        .iter()
        .zip(identities)
        .map(|(finding, identity)| Item {
            fingerprint: identity.thread,
            cause_fingerprint: identity.cause,
            ..writer.finding(finding)
        })
        .chain(invalid.iter().map(|invalid| writer.invalid(invalid)))
        .collect();
    items.sort_by(|a, b| {
        let key = |item: &Item| (item.spot.file, item.spot.span, item.code);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    items
}

struct Writer<'a> {
    files: &'a [File],
    language: Language,
}

impl Writer<'_> {
    fn finding(&self, finding: &Finding) -> Item {
        let rule = rules::find(finding.rule);
        let words = |message: &Message| match rule {
            Some(rule) => page::of(rule).render(message, self.language),
            None => message.key.to_owned(),
        };
        Item {
            code: finding.rule,
            rule,
            severity: finding.severity,
            confidence: finding.confidence,
            message: words(&finding.message),
            spot: self.spot(finding.location),
            statement: finding.statement,
            related: self.steps(finding, &words),
            help: finding.help.as_ref().map(words),
            fix: finding
                .fix
                .as_ref()
                .map(|fix| self.change(fix, finding.location.file)),
            symbol: finding.symbol.clone(),
            fingerprint: String::new(),
            cause_fingerprint: String::new(),
            age: None,
        }
    }

    fn steps(&self, finding: &Finding, words: &dyn Fn(&Message) -> String) -> Vec<Step> {
        finding
            .related
            .iter()
            .map(|related| Step {
                spot: self.spot(related.location),
                message: words(&related.message),
            })
            .collect()
    }

    fn change(&self, fix: &Fix, file: FileId) -> Change {
        let replacement = |edit: &crate::finding::Edit| Replacement {
            spot: self.spot(Location {
                file,
                span: edit.span,
            }),
            content: edit.content.clone(),
        };
        Change {
            applicability: fix.applicability,
            message: fix::title(&fix.message, self.language),
            edits: fix.edits.iter().map(replacement).collect(),
        }
    }

    fn invalid(&self, invalid: &Invalid) -> Item {
        Item {
            code: INVALID_FILE,
            rule: None,
            severity: Severity::Error,
            confidence: Confidence::High,
            message: invalid.trouble.text(self.language),
            spot: self.spot(Location {
                file: invalid.file,
                span: invalid.span,
            }),
            statement: invalid.span.start,
            related: Vec::new(),
            help: None,
            fix: None,
            symbol: String::new(),
            fingerprint: String::new(),
            cause_fingerprint: String::new(),
            age: None,
        }
    }

    fn spot(&self, location: Location) -> Spot {
        let file = &self.files[location.file.0 as usize];
        let at = |offset| Position::of(&file.source, file.lines(), offset);
        Spot {
            file: location.file,
            span: location.span,
            start: at(location.span.start),
            end: at(location.span.end),
        }
    }
}
