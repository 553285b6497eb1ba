//! From bytes to the rows and columns that people and editors count.

use crate::text::Lines;
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
            column: decode(before).chars().count() as u32 + 1,
        }
    }
}

/// Bytes as text; each byte that is no UTF-8 becomes one replacement character, so that columns can be counted in
/// encodings of one byte per character.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
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
    fn an_offset_past_the_end_is_no_panic() {
        assert_eq!(position(b"a\n", 99).0, 2);
    }
}
