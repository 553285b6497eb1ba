//! The text of a comment: what, why with the path, what to do, how to be left alone.

use super::markdown::{escaped, fenced, link};
use super::{Anchor, Kind, Marker, Note, Setting, Step};
use crate::config::Language;
use crate::finding::Severity;

/// What a comment may hold, in characters, with room to spare for what a host adds.
pub const COMMENT_LIMIT: usize = 60_000;

/// A path longer than this says no more.
const STEPS: usize = 12;

/// The text of a comment about notes that share a place. `anchor`: where it stands, if that is known. `with_suggestion`: these are
/// the lines to be replaced.
pub fn body(
    notes: &[&Note],
    setting: &Setting,
    anchor: Option<&Anchor>,
    with_suggestion: bool,
) -> String {
    let marker = Marker {
        kind: Kind::Finding,
        run: setting.run.clone(),
        head: setting.head.clone(),
        findings: notes.iter().map(|note| note.fingerprint.clone()).collect(),
        ..Marker::default()
    };
    let mut parts = Vec::new();
    let mut length = 0;
    for note in notes {
        let is_elsewhere = anchor.is_some_and(|anchor| !anchor.shows(note));
        let part = section(note, setting, is_elsewhere, with_suggestion);
        length += part.len();
        if length > COMMENT_LIMIT {
            break;
        }
        parts.push(part);
    }
    format!(
        "{}\n{}\n\n{}",
        parts.join("\n---\n\n"),
        hint(notes, setting),
        marker.line()
    )
}

/// The text of a comment whose findings are gone and that cannot be deleted.
pub(super) fn fixed_body(old: &str, marker: &Marker, language: Language) -> String {
    let note = match language {
        Language::English => "**Fixed.**",
        Language::Chinese => "**已修复。**",
    };
    let marker = Marker {
        kind: Kind::Fixed,
        ..marker.clone()
    };
    let text = old
        .trim_end()
        .rsplit_once('\n')
        .map_or("", |(text, _)| text.trim_end());
    format!("{note}\n\n{text}\n\n{}", marker.line())
}

fn section(note: &Note, setting: &Setting, is_elsewhere: bool, with_suggestion: bool) -> String {
    let mut text = format!(
        "**{}** {}\n",
        word(note.severity, setting.language),
        escaped(&clipped(&note.message))
    );
    let here = is_elsewhere.then(|| here(note, setting.language));
    let steps = note.steps.iter().take(STEPS).chain(&here);
    for (index, step) in steps.enumerate() {
        let before = if index == 0 { "\n" } else { "" };
        text.push_str(&format!(
            "{before}{}. {}\n",
            index + 1,
            walked(step, setting)
        ));
    }
    if let Some(help) = &note.help {
        let word = match setting.language {
            Language::English => "What to do: ",
            Language::Chinese => "怎么改：",
        };
        text.push_str(&format!("\n{word}{}\n", escaped(&clipped(help))));
    }
    if let (true, Some(suggestion)) = (with_suggestion, &note.suggestion) {
        text.push_str(&format!("\n{}", fenced("suggestion", &suggestion.text)));
    }
    text
}

/// The last step of a way that ends where the comment does not stand.
fn here(note: &Note, language: Language) -> Step {
    let message = match language {
        Language::English => "this is where it goes wrong",
        Language::Chinese => "问题出在这里",
    };
    Step {
        path: note.path.clone(),
        row: note.rows.start,
        message: message.to_owned(),
    }
}

fn walked(step: &Step, setting: &Setting) -> String {
    format!(
        "{} {}",
        place(&step.path, step.row, setting),
        escaped(&clipped(&step.message))
    )
}

/// A link to a line of the commit that was reviewed.
pub(super) fn place(path: &str, row: u32, setting: &Setting) -> String {
    let address = format!("{}{}#L{row}", setting.blob, crate::report::uri(path));
    link(&format!("{path}:{row}"), &address)
}

/// How to ignore, and where to read on.
fn hint(notes: &[&Note], setting: &Setting) -> String {
    let mut rules: Vec<&Note> = notes.to_vec();
    rules.sort_by(|a, b| a.rule.cmp(&b.rule));
    rules.dedup_by(|a, b| a.rule == b.rule);
    let names: Vec<&str> = rules.iter().map(|note| note.rule.as_str()).collect();
    let pages: Vec<String> = rules.iter().map(|note| page(note)).collect();
    let ignore = format!("`# pothole: ignore[{}]`", names.join(", "));
    match setting.language {
        Language::English => format!(
            "<sub>{} · Not a problem? {ignore} on that line, or reply `/pothole ignore` with the reason.</sub>",
            pages.join(", ")
        ),
        Language::Chinese => format!(
            "<sub>{} · 不是问题？在该行加 {ignore}，或回复 `/pothole ignore` 并说明原因。</sub>",
            pages.join("、")
        ),
    }
}

/// A rule's name, with a link to its page where it has one.
pub(super) fn page(note: &Note) -> String {
    match &note.url {
        Some(url) => link(&note.rule, url),
        None => format!("`{}`", escaped(&note.rule)),
    }
}

pub(super) const fn word(severity: Severity, language: Language) -> &'static str {
    match (severity, language) {
        (Severity::Error, Language::English) => "Error:",
        (Severity::Warning, Language::English) => "Warning:",
        (Severity::Hint, Language::English) => "Hint:",
        (Severity::Error, Language::Chinese) => "错误：",
        (Severity::Warning, Language::Chinese) => "警告：",
        (Severity::Hint, Language::Chinese) => "提示：",
    }
}

/// One message is no page.
pub(super) fn clipped(text: &str) -> String {
    const LONG: usize = 600;
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
