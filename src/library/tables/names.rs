//! Every dotted name of the library as a tree: `redis` has `client`, that has `Redis`, that has `get`.

use super::words::Words;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A name: its index in [`Names`]. The root, which is the namespace of builtins and packages, is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameId(pub u32);

impl NameId {
    /// The parent of builtins and packages.
    pub const ROOT: NameId = NameId(0);
}

/// The tree. A segment is found by hash, in a table that was filled when the library was compiled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Names<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    /// Of each name its parent, and where its last segment is: the start, and the length in the lowest byte.
    #[serde(borrow)]
    nodes: Words<'a>,
    /// Names by hash; 0 is a free slot.
    #[serde(borrow)]
    slots: Words<'a>,
}

impl Default for Names<'_> {
    fn default() -> Self {
        Self {
            text: Cow::Borrowed(""),
            nodes: Words::zeros(2),
            slots: Words::zeros(64),
        }
    }
}

impl Names<'_> {
    /// How many there are, the root included.
    pub fn count(&self) -> usize {
        self.nodes.len() / 2
    }

    /// The last segment of a name.
    pub fn segment(&self, name: NameId) -> &str {
        let place = self.nodes.get(name.0 as usize * 2 + 1) as usize;
        let start = place >> 8;
        self.text.get(start..start + (place & 0xff)).unwrap_or("")
    }

    /// The name without its last segment.
    pub fn parent(&self, name: NameId) -> NameId {
        NameId(self.nodes.get(name.0 as usize * 2))
    }

    /// The whole name.
    pub fn full(&self, name: NameId) -> String {
        let mut segments = Vec::new();
        let mut at = name;
        while at != NameId::ROOT {
            segments.push(self.segment(at));
            at = self.parent(at);
        }
        segments.reverse();
        segments.join(".")
    }

    /// The name `segment` below `parent`.
    pub fn child(&self, parent: NameId, segment: &str) -> Option<NameId> {
        let found = self.slots.get(self.slot(parent, segment));
        (found != 0).then_some(NameId(found))
    }

    /// A whole name, with no aliases.
    pub fn find(&self, dotted: &str) -> Option<NameId> {
        segments(dotted).try_fold(NameId::ROOT, |at, segment| self.child(at, segment))
    }

    /// A whole name, made where it is missing.
    pub fn intern(&mut self, dotted: &str) -> NameId {
        let mut at = NameId::ROOT;
        for segment in segments(dotted) {
            at = self.intern_child(at, segment);
        }
        at
    }

    /// The same, but on from another name wherever `through` leads to one.
    pub fn intern_through(&mut self, dotted: &str, through: impl Fn(NameId) -> NameId) -> NameId {
        let mut at = NameId::ROOT;
        for segment in segments(dotted) {
            at = self.intern_child(through(at), segment);
        }
        at
    }

    /// Whether other names stand below a name.
    pub fn has_children(&self, name: NameId) -> bool {
        (1..self.count()).any(|child| self.parent(NameId(child as u32)) == name)
    }

    fn intern_child(&mut self, parent: NameId, segment: &str) -> NameId {
        if let Some(known) = self.child(parent, segment) {
            return known;
        }
        if self.count() * 2 >= self.slots.len() {
            self.grow();
        }
        let name = self.count() as u32;
        let text = self.text.to_mut();
        let segment = segment.get(..255).unwrap_or(segment);
        self.nodes.push(parent.0);
        self.nodes.push(place(text.len(), segment));
        text.push_str(segment);
        self.slots.set(self.slot(parent, segment), name);
        NameId(name)
    }

    fn grow(&mut self) {
        self.slots = Words::zeros(self.slots.len() * 2);
        for name in 1..self.count() as u32 {
            let slot = self.slot(self.parent(NameId(name)), self.segment(NameId(name)));
            self.slots.set(slot, name);
        }
    }

    /// Where the name is, or would be. A slot is always free: the table is never more than half full.
    fn slot(&self, parent: NameId, segment: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(parent, segment) as usize & mask;
        loop {
            let found = NameId(self.slots.get(slot));
            if found.0 == 0 || (self.parent(found) == parent && self.segment(found) == segment) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Shares the text of equal segments and leaves out what growing left behind; for the compiled form.
    pub fn compact(&mut self) {
        let mut starts = std::collections::BTreeMap::new();
        let mut text = String::new();
        for name in 0..self.count() {
            let segment = self.segment(NameId(name as u32)).to_owned();
            let start = *starts.entry(segment).or_insert_with_key(|segment| {
                text.push_str(segment);
                text.len() - segment.len()
            });
            self.nodes.set(
                name * 2 + 1,
                place(start, self.segment(NameId(name as u32))),
            );
        }
        self.text = Cow::Owned(text);
    }
}

/// Where a segment is, in one number.
fn place(start: usize, segment: &str) -> u32 {
    (start as u32) << 8 | segment.len() as u32
}

/// The segments of a dotted name. `C[]` is a name of its own below C.
fn segments(dotted: &str) -> impl Iterator<Item = &str> {
    let (plain, item) = match dotted.strip_suffix("[]") {
        Some(plain) => (plain, Some("[]")),
        None => (dotted, None),
    };
    let plain = plain
        .strip_prefix("builtins.")
        .or_else(|| plain.strip_prefix("__builtin__."))
        .unwrap_or(plain);
    plain.split('.').chain(item)
}

/// FNV-1a: the same on every machine, for the table is stored.
fn hash(parent: NameId, segment: &str) -> u32 {
    let seed = 0x811c_9dc5 ^ parent.0.wrapping_mul(0x9e37_79b1);
    segment.bytes().fold(seed, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
