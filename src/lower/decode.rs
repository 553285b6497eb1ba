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
        Err(_) => Cow::Owned(String::from_utf8(ascii(source)).map_err(|_| whole)?),
    };
    Ok(if has_lone_return(text.as_bytes()) {
        Cow::Owned(feed_lines(&text))
    } else {
        text
    })
}

/// Offsets have 32 bits, and some are counted one further.
const MOST: usize = u32::MAX as usize - 16;

/// Each byte above ASCII as a `?`. In the double-byte encodings of East Asia the byte behind one is a part of the same
/// letter, and may look like a backslash.
fn ascii(source: &[u8]) -> Vec<u8> {
    let double = is_double_byte(source);
    let mut behind_lead = false;
    let letters = source.iter().map(|&byte| {
        let trails = std::mem::take(&mut behind_lead) && byte >= 0x40;
        behind_lead = double && !trails && byte > 0x80;
        if byte.is_ascii() && !trails {
            byte
        } else {
            b'?'
        }
    });
    letters.collect()
}

/// Whether one of the first two lines declares an encoding in which a second byte can be ASCII.
fn is_double_byte(source: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "gb", "cp936", "ms936", "big5", "cp950", "shift", "sjis", "cp932", "ms932", "cp949",
        "johab",
    ];
    source.split(|&byte| byte == b'\n').take(2).any(|line| {
        let line = String::from_utf8_lossy(line).to_lowercase();
        let label = line
            .trim_start()
            .strip_prefix('#')
            .and_then(|comment| comment.split_once("coding"));
        label.is_some_and(|(_, label)| {
            let label = label.trim_start_matches([':', '=', ' ', '\t']);
            NAMES.iter().any(|name| label.starts_with(name))
        })
    })
}

/// Whether this is UTF-16 or UTF-32, or no text at all.
fn is_wide(source: &[u8]) -> bool {
    source.starts_with(b"\xff\xfe") || source.starts_with(b"\xfe\xff") || source.contains(&0)
}

fn has_lone_return(bytes: &[u8]) -> bool {
    let mut rest = if bytes.contains(&b'\r') { bytes } else { &[] };
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
