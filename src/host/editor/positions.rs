//! Bytes inside, and the lines and characters that editors count: in UTF-16 unless they agree on something better.

use crate::report::decode;
use crate::text::{Lines, Span};
use lsp_types::{Position, PositionEncodingKind, Range};

/// What a client counts as one character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// The first of a client's encodings that is known here; UTF-16 is what everybody must know.
    pub(super) fn among(names: &[&str]) -> Self {
        let known = names.iter().find_map(|name| match *name {
            "utf-8" => Some(Encoding::Utf8),
            "utf-16" => Some(Encoding::Utf16),
            "utf-32" => Some(Encoding::Utf32),
            _ => None,
        });
        known.unwrap_or_default()
    }

    pub(super) const fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn width(self, character: char) -> usize {
        match self {
            Encoding::Utf8 => character.len_utf8(),
            Encoding::Utf16 => character.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }

    /// Where the byte at `offset` stands. Editors show no byte order mark.
    pub(super) fn position(self, source: &[u8], lines: &Lines, offset: u32) -> Position {
        let row = lines.row(offset);
        let before = source
            .get(lines.start(row) as usize..offset as usize)
            .unwrap_or_default();
        let text = decode(before, source);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let column: usize = text.chars().map(|character| self.width(character)).sum();
        Position::new(row, column as u32)
    }

    pub(super) fn range(self, source: &[u8], lines: &Lines, span: Span) -> Range {
        Range::new(
            self.position(source, lines, span.start),
            self.position(source, lines, span.end),
        )
    }

    /// The byte at a position: a place behind the end of a line is its end, one behind the last line the end of the text.
    pub(super) fn offset(self, text: &str, lines: &Lines, position: Position) -> usize {
        if position.line >= lines.count() {
            return text.len();
        }
        let start = lines.start(position.line) as usize;
        let line = text.get(start..).unwrap_or_default();
        let line = line.split(['\n', '\r']).next().unwrap_or_default();
        let mut column = 0;
        for (at, character) in line.char_indices() {
            column += self.width(character);
            if column > position.character as usize {
                return start + at;
            }
        }
        start + line.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "x = '日😀'  # é\r\ny\n";

    #[test]
    fn each_encoding_counts_in_its_own_way() {
        let lines = Lines::of(TEXT.as_bytes());
        let quote = TEXT.find("'  ").unwrap_or_default() as u32;
        let column =
            |encoding: Encoding| encoding.position(TEXT.as_bytes(), &lines, quote).character;
        assert_eq!(column(Encoding::Utf8), 12);
        assert_eq!(column(Encoding::Utf16), 8);
        assert_eq!(column(Encoding::Utf32), 7);
    }

    #[test]
    fn every_place_leads_back_to_its_byte() {
        let lines = Lines::of(TEXT.as_bytes());
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (at, character) in TEXT.char_indices().filter(|(_, c)| !"\r\n".contains(*c)) {
                let position = encoding.position(TEXT.as_bytes(), &lines, at as u32);
                assert_eq!(encoding.offset(TEXT, &lines, position), at, "{character}");
            }
        }
    }

    #[test]
    fn places_outside_of_the_text_are_its_ends() {
        let lines = Lines::of(TEXT.as_bytes());
        let offset = |row, column| Encoding::Utf16.offset(TEXT, &lines, Position::new(row, column));
        assert_eq!(offset(0, 99), TEXT.find('\r').unwrap_or_default());
        assert_eq!(offset(9, 0), TEXT.len());
        assert_eq!(offset(0, 6), 8);
    }

    #[test]
    fn the_best_common_encoding_is_the_first_known() {
        assert_eq!(Encoding::among(&["utf-7", "utf-8"]), Encoding::Utf8);
        assert_eq!(Encoding::among(&[]), Encoding::Utf16);
    }
}
