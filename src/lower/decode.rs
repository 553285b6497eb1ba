//! Bytes to text, without moving an offset.

use crate::ir::{Problem, ProblemKind};
use crate::text::Span;
use std::borrow::Cow;

/// The text of a file, as long as its bytes.
///
/// Where the bytes are no UTF-8 each one above ASCII becomes a `?`: such bytes stand in comments and literals, as a
/// rule. Lone carriage returns become line feeds.
pub(super) fn decode(source: &[u8]) -> Result<Cow<'_, str>, Problem> {
    let whole = Problem {
        kind: ProblemKind::Encoding,
        span: Span::new(0, source.len() as u32),
    };
    if source.len() > MOST || is_wide(source) {
        return Err(whole);
    }
    let text = match std::str::from_utf8(source) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let ascii = source
                .iter()
                .map(|&byte| if byte.is_ascii() { byte } else { b'?' })
                .collect();
            Cow::Owned(String::from_utf8(ascii).map_err(|_| whole)?)
        }
    };
    Ok(if has_lone_return(text.as_bytes()) {
        Cow::Owned(feed_lines(&text))
    } else {
        text
    })
}

/// Offsets have 32 bits, and some are counted one further.
const MOST: usize = u32::MAX as usize - 16;

/// Whether this is UTF-16 or UTF-32, or no text at all.
fn is_wide(source: &[u8]) -> bool {
    source.starts_with(b"\xff\xfe") || source.starts_with(b"\xfe\xff") || source.contains(&0)
}

fn has_lone_return(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\r') {
        if rest.get(at + 1) != Some(&b'\n') {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

fn feed_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        lines.push(if letter == '\r' && letters.peek() != Some(&'\n') {
            '\n'
        } else {
            letter
        });
    }
    lines
}
