//! Places in text: byte spans inside, rows and columns only at the edge.

use serde::{Deserialize, Serialize};

/// A half-open range of bytes in one file. Files over 4 GiB are refused before they get here.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Whether `other` lies inside this span (or equals it).
    pub const fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The bytes of `source` under this span, or nothing where the span does not fit it.
    pub fn of(self, source: &[u8]) -> &[u8] {
        source
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// A file of the analyzed project: its index in the list that was handed to `analyze`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A span in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// The bytes in it.
    pub span: Span,
}

/// Where each line of a text starts. A line ends with LF, CR LF or a lone CR, as Python reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Finds the lines of `source`.
    pub fn of(source: &[u8]) -> Self {
        let mut starts = vec![0];
        for (at, &byte) in source.iter().enumerate() {
            let ends = byte == b'\n' || (byte == b'\r' && source.get(at + 1) != Some(&b'\n'));
            if ends {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts }
    }

    /// The 0-based row that holds the byte at `offset`.
    pub fn row(&self, offset: u32) -> u32 {
        self.starts
            .partition_point(|&start| start <= offset)
            .saturating_sub(1) as u32
    }

    /// Offset of the first byte of a 0-based row; past the end, that of the last row.
    pub fn start(&self, row: u32) -> u32 {
        let last = self.starts.len().saturating_sub(1);
        self.starts
            .get((row as usize).min(last))
            .copied()
            .unwrap_or(0)
    }

    /// Whether these can be the lines of a text of so many bytes.
    pub fn fit(&self, length: usize) -> bool {
        self.starts.first() == Some(&0)
            && self.starts.is_sorted()
            && self
                .starts
                .last()
                .is_some_and(|&last| last as usize <= length)
    }

    /// How many lines there are; the piece behind the last line end counts.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }
}

/// How the lines of a file end.
pub fn line_end(source: &[u8]) -> &'static str {
    let feed = source.iter().position(|&byte| byte == b'\n');
    match feed {
        Some(at) if at > 0 && source[at - 1] == b'\r' => "\r\n",
        Some(_) => "\n",
        None if source.contains(&b'\r') => "\r",
        None => "\n",
    }
}
