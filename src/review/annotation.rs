//! Findings as annotations of a job, where no comment can be made.

use super::Note;
use crate::config::Language;
use crate::report::{command, opening, plain};
use std::collections::BTreeMap;

/// Of each level GitHub shows so many annotations of a step.
const SHOWN: usize = 10;

/// Workflow commands, worst first, no more than are shown.
pub fn annotations(notes: &[&Note], language: Language) -> String {
    let mut notes = notes.to_vec();
    notes.sort_by(|a, b| a.order(b));
    let mut text = String::new();
    let mut counts = BTreeMap::new();
    for note in notes {
        let count: &mut usize = counts.entry(note.severity).or_default();
        *count += 1;
        if *count > SHOWN {
            continue;
        }
        let properties = [
            ("title", format!("pothole: {}", note.rule)),
            ("file", plain(&note.path).into_owned()),
            ("line", note.rows.start.to_string()),
            ("endLine", note.rows.end.saturating_sub(1).to_string()),
        ];
        text.push_str(&command(note.severity, &properties, &body(note, language)));
        text.push('\n');
    }
    text
}

/// Lines for the log of a job that shows no annotations, worst first.
pub fn log(notes: &[Note], language: Language) -> String {
    let mut notes: Vec<&Note> = notes.iter().collect();
    notes.sort_by(|a, b| a.order(b));
    let mut text = String::new();
    for note in notes {
        let body = body(note, language).replace('\n', "\n    ");
        let place = format!("{}:{}", opening(&note.path), note.rows.start);
        text.push_str(&format!("{place}: {}: {body}\n", note.rule));
    }
    text
}

fn body(note: &Note, language: Language) -> String {
    let mut lines = vec![plain(&note.message).into_owned()];
    for step in &note.steps {
        lines.push(format!(
            "{}:{}: {}",
            opening(&step.path),
            step.row,
            plain(&step.message)
        ));
    }
    if let Some(help) = &note.help {
        let word = match language {
            Language::English => "help: ",
            Language::Chinese => "建议：",
        };
        lines.push(format!("{word}{}", plain(help)));
    }
    lines.join("\n")
}
