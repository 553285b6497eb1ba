//! The names of one module, each kept once.

use crate::ir::NameId;
use compact_str::CompactString;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// Hash table over `names`: the strings live there alone.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) names: Vec<CompactString>,
    /// Index + 1 of the name in each slot; 0 where there is none. The length is a power of two.
    slots: Vec<u32>,
}

impl Names {
    pub(super) fn intern(&mut self, text: &str) -> NameId {
        if (self.names.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash(text) & mask;
        loop {
            match self.slots[slot] {
                0 => {
                    self.names.push(CompactString::new(text));
                    self.slots[slot] = self.names.len() as u32;
                    return NameId::new(self.names.len() - 1);
                }
                known if self.names[known as usize - 1] == text => {
                    return NameId::new(known as usize - 1);
                }
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(256);
        let mask = length - 1;
        self.slots.clear();
        self.slots.resize(length, 0);
        for (index, name) in self.names.iter().enumerate() {
            let mut slot = hash(name) & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = index as u32 + 1;
        }
    }
}

fn hash(text: &str) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish() as usize
}
