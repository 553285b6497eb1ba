//! Fixes as hosts of code offer them: whole lines for whole lines.

use crate::lower::lower;
use crate::report::{File, Replacement, decode};
use std::ops::Range;

/// Lines that may be replaced by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The rows that are replaced, 1-based.
    pub rows: Range<u32>,
    /// What stands there then, with the file's own line ends.
    pub text: String,
}

/// A fix as whole lines; nothing where the file would no longer be read as well as before, or is in another encoding.
pub fn suggestion(file: &File, edits: &[Replacement]) -> Option<Suggestion> {
    let (first, last) = (edits.first()?, edits.last()?);
    let source = &file.source;
    str::from_utf8(source).ok()?;
    let start_row = file.lines().row(first.spot.span.start);
    let end = last.spot.span.end.max(first.spot.span.start);
    // An edit that ends right behind a line end does not reach into the next line.
    let inside = if end > first.spot.span.start {
        end - 1
    } else {
        end
    };
    let end_row = file.lines().row(inside);
    let start = file.lines().start(start_row) as usize;
    let stop = match end_row + 1 < file.lines().count() {
        true => file.lines().start(end_row + 1) as usize,
        false => source.len(),
    };
    let mut text = Vec::new();
    let mut at = start;
    for edit in edits {
        let span = edit.spot.span;
        text.extend_from_slice(source.get(at..span.start as usize)?);
        text.extend_from_slice(edit.content.as_bytes());
        at = span.end as usize;
    }
    text.extend_from_slice(source.get(at..stop.max(at))?);
    let mut fixed = source.get(..start)?.to_vec();
    fixed.extend_from_slice(&text);
    fixed.extend_from_slice(source.get(stop.max(at)..)?);
    // Some hosts look for commands in a comment before they read it as Markdown, and end a block at the first such line.
    if text.windows(3).any(|window| window == b"```") {
        return None;
    }
    let is_sound = lower(&fixed, None).problems.len() <= lower(source, None).problems.len();
    is_sound.then(|| Suggestion {
        rows: start_row + 1..end_row + 2,
        text: decode(&text, source).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::suggestion;
    use crate::report::{File, Position, Replacement, Spot};
    use crate::text::{FileId, Span};

    fn edit(start: u32, end: u32, content: &str) -> Replacement {
        let nowhere = Position { row: 1, column: 1 };
        Replacement {
            spot: Spot {
                file: FileId(0),
                span: Span::new(start, end),
                start: nowhere,
                end: nowhere,
            },
            content: content.to_owned(),
        }
    }

    #[test]
    fn whole_lines_with_their_ends() {
        let file = File {
            source: b"a = 1\r\nb = f(x)\r\nc = 2\r\n"[..].into(),
            ..File::default()
        };
        let found = suggestion(&file, &[edit(13, 14, "x, timeout=1")]);
        let found = found.map(|one| (one.rows, one.text));
        assert_eq!(found, Some((2..3, "b = f(x, timeout=1)\r\n".to_owned())));
    }

    #[test]
    fn what_would_not_parse_is_not_suggested() {
        let file = File {
            source: b"b = f(x)\n"[..].into(),
            ..File::default()
        };
        assert!(suggestion(&file, &[edit(7, 8, "")]).is_none());
        assert!(suggestion(&file, &[]).is_none());
    }

    #[test]
    fn what_ends_a_block_is_not_suggested() {
        let file = File {
            source: b"b = f(x, '''\n```\n/close\n''')\n"[..].into(),
            ..File::default()
        };
        let edits = [edit(6, 7, "y"), edit(27, 28, ", z)")];
        assert!(suggestion(&file, &edits).is_none());
    }
}
