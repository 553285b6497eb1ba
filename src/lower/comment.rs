//! What comments say: that something is to be ignored, that something is still to be done.

use crate::ir::{Reach, Suppression};
use crate::text::{Lines, Span};
use compact_str::CompactString;

/// Words that admit something rather than explain it.
const ADMITS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

/// The comments that say that something is still to be done.
pub(super) fn admissions(comments: &[Span], text: &str) -> Vec<Span> {
    let admits = |span: &&Span| {
        let comment = text.get(span.start as usize..span.end as usize);
        comment.is_some_and(|comment| ADMITS.iter().any(|word| comment.contains(word)))
    };
    comments.iter().filter(admits).copied().collect()
}

/// The ignore comments among a file's comments: those of the whole file first, then those of rows in order.
pub(super) fn suppressions(comments: &[Span], text: &str, lines: &Lines) -> Vec<Suppression> {
    let mut found: Vec<Suppression> = comments
        .iter()
        .filter_map(|&span| suppression(span, text, lines))
        .collect();
    found.sort_by_key(|comment| comment.reach);
    found
}

fn suppression(span: Span, text: &str, lines: &Lines) -> Option<Suppression> {
    let comment = text.get(span.start as usize..span.end as usize)?;
    let row = Reach::Row(lines.row(span.start));
    if let Some(at) = comment.find("pothole:") {
        let rest = comment[at + "pothole:".len()..].trim_start();
        let opens = comment[..at].trim_start_matches('#').trim().is_empty();
        let (reach, rest) = match (
            rest.strip_prefix("ignore-file"),
            rest.strip_prefix("ignore"),
        ) {
            (Some(rest), _) => (Reach::File, rest),
            (None, Some(rest)) => (row, rest),
            (None, None) => return None,
        };
        let ends = rest
            .chars()
            .next()
            .is_none_or(|letter| !letter.is_alphanumeric() && letter != '-' && letter != '_');
        return (opens && ends).then(|| Suppression {
            span,
            reach,
            rules: bracketed(rest),
            noqa: false,
        });
    }
    let rules = noqa(comment)?;
    Some(Suppression {
        span,
        reach: row,
        rules,
        noqa: true,
    })
}

/// The names in `[a, b]` at the start of `text`.
fn bracketed(text: &str) -> Vec<CompactString> {
    let inside = text
        .trim_start()
        .strip_prefix('[')
        .and_then(|text| text.split(']').next());
    inside
        .map(|inside| listed(inside.split(',')))
        .unwrap_or_default()
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Vec<CompactString> {
    names
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(CompactString::new)
        .collect()
}

/// The codes of `# noqa` or `# noqa: a, b`, in whatever case. What speaks of the whole file is not this.
fn noqa(comment: &str) -> Option<Vec<CompactString>> {
    let at = comment
        .as_bytes()
        .windows(4)
        .position(|word| word.eq_ignore_ascii_case(b"noqa"))?;
    let opens = comment[..at].trim_end().ends_with('#');
    let rest = comment.get(at + 4..)?;
    if !opens
        || rest
            .starts_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-')
    {
        return None;
    }
    let Some(codes) = rest.trim_start().strip_prefix(':') else {
        return Some(Vec::new());
    };
    let is_code = |word: &&str| {
        word.chars()
            .all(|letter| letter.is_alphanumeric() || letter == '-' || letter == '_')
    };
    let words = codes
        .split([',', ' ', '\t'])
        .map(str::trim)
        .filter(|word| !word.is_empty());
    Some(listed(words.take_while(is_code)))
}
