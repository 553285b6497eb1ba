//! From bytes to the rows and columns that people and editors count.

use crate::text::Lines;
use encoding_rs::Encoding;
use serde::Serialize;
use std::borrow::Cow;

/// A place as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// 1-based.
    pub row: u32,
    /// 1-based, in Unicode characters; a byte order mark is none.
    pub column: u32,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Position {
    /// The position of the byte at `offset`.
    pub fn of(source: &[u8], lines: &Lines, offset: u32) -> Self {
        let row = lines.row(offset);
        let before = source
            .get(lines.start(row) as usize..offset as usize)
            .unwrap_or_default();
        let before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
        Position {
            row: row + 1,
            column: decode(before, source).chars().count() as u32 + 1,
        }
    }
}

/// A part of a file as text: as UTF-8, else in the encoding that the file declares. Without one, each byte that is no
/// UTF-8 becomes one replacement character, so that columns are right in encodings of one byte per character.
pub fn decode<'a>(bytes: &'a [u8], source: &[u8]) -> Cow<'a, str> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    if let Some(encoding) = declared(source) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

/// The encoding that one of the first two lines declares, as PEP 263 has it.
fn declared(source: &[u8]) -> Option<&'static Encoding> {
    let mut lines = source.split(|&byte| byte == b'\n').take(2);
    lines.find_map(|line| {
        let line = String::from_utf8_lossy(line);
        let (before, behind) = line.split_once("coding")?;
        let label = behind.strip_prefix([':', '='])?.trim_start();
        let end = label.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let label = &label[..end.unwrap_or(label.len())];
        before.trim_start().starts_with('#').then(|| named(label))?
    })
}

/// An encoding by one of the names that Python knows it by: it writes `latin-1` and `latin_1` where the web writes `latin1`.
fn named(label: &str) -> Option<&'static Encoding> {
    let without = label.replace(['-', '_'], "");
    Encoding::for_label(label.as_bytes()).or_else(|| Encoding::for_label(without.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(source: &[u8], offset: u32) -> (u32, u32) {
        let position = Position::of(source, &Lines::of(source), offset);
        (position.row, position.column)
    }

    #[test]
    fn columns_count_characters() {
        let source = "x = '日本' + y\n".as_bytes();
        assert_eq!(position(source, 11), (1, 8));
        assert_eq!(position(source, 15), (1, 12));
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        assert_eq!(position(b"\xef\xbb\xbfx = 1", 3), (1, 1));
        assert_eq!(position(b"\xef\xbb\xbfx\ny", 5), (2, 1));
    }

    #[test]
    fn bytes_that_are_no_text_count_one_each() {
        assert_eq!(position(b"'\xe9\xe8' + y", 6), (1, 7));
        assert_eq!(position(b"a\r\nb\rc", 5), (3, 1));
    }

    #[test]
    fn a_declared_encoding_is_used() {
        let source = b"# -*- coding: gbk -*-\n'\xc4\xe3\xba\xc3' + y";
        assert_eq!(position(source, 31), (2, 8));
        assert_eq!(decode(&source[23..27], source), "你好");
        let latin = b"# vim: set fileencoding=latin_1 :\n'\xe9'";
        assert_eq!(decode(&latin[35..36], latin), "é");
    }

    #[test]
    fn an_offset_past_the_end_is_no_panic() {
        assert_eq!(position(b"a\n", 99).0, 2);
    }
}
