//! Tables of numbers that are read where they lie in the blob.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A growing array of numbers, kept as bytes: reading the library at start does not touch them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Words<'a>(#[serde(borrow)] Cow<'a, [u8]>);

impl Words<'_> {
    /// So many zeros.
    pub fn zeros(count: usize) -> Self {
        Words(Cow::Owned(vec![0; count * 4]))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// The number at `index`; 0 past the end.
    pub fn get(&self, index: usize) -> u32 {
        let word = self.0.get(index * 4..).and_then(<[u8]>::first_chunk);
        word.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// Sets the number at `index`, and those before it that are missing to 0.
    pub fn set(&mut self, index: usize, word: u32) {
        let bytes = self.0.to_mut();
        if bytes.len() < index * 4 + 4 {
            bytes.resize(index * 4 + 4, 0);
        }
        bytes[index * 4..index * 4 + 4].copy_from_slice(&word.to_le_bytes());
    }

    /// Adds a number.
    pub fn push(&mut self, word: u32) {
        self.0.to_mut().extend(word.to_le_bytes());
    }
}
