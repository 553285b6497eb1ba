//! Code that says of itself what is found in it: `# expect: rule` behind a line, and how that compares with what is.

use pothole::analyze::{Source, Unattended, analyze};
use pothole::config::{Configuration, Language};
use pothole::ir::Dialect;
use pothole::lower::lower;
use pothole::{page, rules};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A file of a small program.
pub struct Piece {
    /// Its path from the program's root.
    pub path: String,
    /// What stands in it.
    pub code: Vec<u8>,
    /// How it is to be read, if that matters.
    pub dialect: Option<Dialect>,
}

/// A finding, as tests speak of it: path, 1-based row, rule.
type Place = (String, u32, String);

/// How often something was found in a place, and how often comments speak of it.
#[derive(Default)]
struct Tally {
    found: usize,
    /// `# expect: rule`
    expected: usize,
    /// `# todo: expect: rule`: known to be missed.
    missed: usize,
    /// `# todo: quiet: rule`: known to be a false alarm.
    alarms: usize,
}

/// Analyzes a program and compares the findings with its comments; the differences come back as sentences.
pub fn complaints(pieces: &[Piece], configuration: &Configuration) -> Vec<String> {
    let mut tallies: BTreeMap<Place, Tally> = BTreeMap::new();
    for piece in pieces {
        read_comments(piece, &mut tallies);
    }
    let mut complaints = Vec::new();
    for (place, words) in findings(pieces, configuration) {
        complaints.extend(words);
        tallies.entry(place).or_default().found += 1;
    }
    for ((path, row, rule), tally) in &tallies {
        let told = tally.complaint(rule);
        complaints.extend(told.map(|complaint| format!("{path}:{row}: {complaint}")));
    }
    complaints
}

impl Tally {
    fn complaint(&self, rule: &str) -> Option<String> {
        let wanted = self.expected + self.alarms;
        if self.found < self.expected {
            Some(format!("{rule} is expected and was not reported"))
        } else if self.found < wanted {
            Some(format!(
                "{rule} is reported no more: take the `# todo: quiet` away"
            ))
        } else if self.found > wanted && self.missed > 0 {
            Some(format!(
                "{rule} is reported now: make the `# todo: expect` an `# expect`"
            ))
        } else if self.found > wanted {
            Some(format!("{rule} was reported and is not expected"))
        } else {
            None
        }
    }
}

fn read_comments(piece: &Piece, tallies: &mut BTreeMap<Place, Tally>) {
    let code = String::from_utf8_lossy(&piece.code);
    for (row, line) in (1..).zip(code.lines()) {
        let Some((_, comment)) = line.rsplit_once("# ") else {
            continue;
        };
        let (kind, names) = match comment.split_once("expect: ") {
            Some(("", names)) => ("expect", names),
            Some(("todo: ", names)) => ("missed", names),
            _ => match comment.split_once("todo: quiet: ") {
                Some(("", names)) => ("alarm", names),
                _ => continue,
            },
        };
        for name in names.split([',', ' ']).filter(|name| !name.is_empty()) {
            let place = (piece.path.clone(), row, name.to_owned());
            let tally = tallies.entry(place).or_default();
            match kind {
                "expect" => tally.expected += 1,
                "missed" => tally.missed += 1,
                _ => tally.alarms += 1,
            }
        }
    }
}

/// What is found, each with what is wrong with its words.
fn findings(pieces: &[Piece], configuration: &Configuration) -> Vec<(Place, Vec<String>)> {
    let sources: Vec<Source> = pieces
        .iter()
        .map(|piece| Source {
            path: piece.path.clone(),
            module: Arc::new(lower(&piece.code, piece.dialect)),
            reported: true,
            configuration: 0,
        })
        .collect();
    let report = analyze(&sources, std::slice::from_ref(configuration), &Unattended);
    let findings = report.map(|report| report.findings).unwrap_or_default();
    findings
        .into_iter()
        .map(|finding| {
            let source = &sources[finding.location.file.0 as usize];
            let row = source.module.lines.row(finding.location.span.start) + 1;
            let place = (source.path.clone(), row, finding.rule.to_owned());
            (place, wording(&finding))
        })
        .collect()
}

/// What is wrong with the messages of a finding: keys that the page lacks, places that nothing fills.
fn wording(finding: &pothole::finding::Finding) -> Vec<String> {
    let Some(rule) = rules::find(finding.rule) else {
        return vec![format!("there is no rule {}", finding.rule)];
    };
    let page = page::of(rule);
    let related = finding.related.iter().map(|related| &related.message);
    let fix = finding.fix.iter().map(|fix| &fix.message);
    let messages = std::iter::once(&finding.message)
        .chain(related)
        .chain(&finding.help)
        .chain(fix);
    let mut wrong = Vec::new();
    for message in messages {
        if !page.messages.contains_key(message.key) {
            wrong.push(format!(
                "the page of {} lacks [message.{}]",
                rule.name, message.key
            ));
        }
        for language in [Language::English, Language::Chinese] {
            let text = page.render(message, language);
            let words = page.messages.get(message.key);
            let template = words.map_or("", |words| words.text(language));
            let unfilled = page::placeholders(template)
                .into_iter()
                .find(|name| message.arguments.iter().all(|(known, _)| known != name));
            wrong.extend(
                unfilled.map(|name| {
                    format!("nothing fills {{{name}}} of `{}` in: {text}", message.key)
                }),
            );
        }
    }
    wrong
}
