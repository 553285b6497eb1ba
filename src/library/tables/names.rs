//! Every dotted name of the library as a tree: `redis` has `client`, that has `Redis`, that has `get`.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A name: its index in [`Names`]. The root, which is the namespace of builtins and packages, is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameId(pub u32);

impl NameId {
    /// The parent of builtins and packages.
    pub const ROOT: NameId = NameId(0);
}

/// One name: its last segment and its parent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Node {
    parent: u32,
    start: u32,
    length: u16,
}

/// The tree. A segment is found by hash, in a table that was filled when the library was compiled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Names<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    nodes: Vec<Node>,
    slots: Vec<u32>,
}

impl Default for Names<'_> {
    fn default() -> Self {
        let root = Node {
            parent: 0,
            start: 0,
            length: 0,
        };
        Self {
            text: Cow::Borrowed(""),
            nodes: vec![root],
            slots: vec![0; 64],
        }
    }
}

impl Names<'_> {
    /// How many there are, the root included.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The last segment of a name.
    pub fn segment(&self, name: NameId) -> &str {
        self.nodes.get(name.0 as usize).map_or("", |node| {
            let start = node.start as usize;
            self.text
                .get(start..start + usize::from(node.length))
                .unwrap_or("")
        })
    }

    /// The name without its last segment.
    pub fn parent(&self, name: NameId) -> NameId {
        NameId(
            self.nodes
                .get(name.0 as usize)
                .map_or(0, |node| node.parent),
        )
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
        let found = self.slots.get(self.slot(parent, segment)).copied()?;
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
        self.nodes.iter().skip(1).any(|node| node.parent == name.0)
    }

    fn intern_child(&mut self, parent: NameId, segment: &str) -> NameId {
        if let Some(known) = self.child(parent, segment) {
            return known;
        }
        if self.nodes.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let name = self.nodes.len() as u32;
        let text = self.text.to_mut();
        self.nodes.push(Node {
            parent: parent.0,
            start: text.len() as u32,
            length: segment.len() as u16,
        });
        text.push_str(segment);
        let slot = self.slot(parent, segment);
        if let Some(free) = self.slots.get_mut(slot) {
            *free = name;
        }
        NameId(name)
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for name in 1..self.nodes.len() as u32 {
            let slot = self.slot(self.parent(NameId(name)), self.segment(NameId(name)));
            if let Some(free) = self.slots.get_mut(slot) {
                *free = name;
            }
        }
    }

    /// Where the name is, or would be. A slot is always free: the table is never more than half full.
    fn slot(&self, parent: NameId, segment: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(parent, segment) as usize & mask;
        while let Some(&found) = self.slots.get(slot) {
            let name = NameId(found);
            if found == 0 || (self.parent(name) == parent && self.segment(name) == segment) {
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
        for name in 0..self.nodes.len() {
            let segment = self.segment(NameId(name as u32)).to_owned();
            let start = *starts.entry(segment).or_insert_with_key(|segment| {
                text.push_str(segment);
                text.len() - segment.len()
            });
            self.nodes[name].start = start as u32;
        }
        self.text = Cow::Owned(text);
    }
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
