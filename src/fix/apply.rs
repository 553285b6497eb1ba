//! Fixes applied to the bytes of a file.

use crate::finding::{Applicability, Edit, Fix};
use crate::lower::lower;

/// A file with fixes applied.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// The new bytes.
    pub source: Vec<u8>,
    /// How many fixes went in.
    pub count: usize,
}

/// The fixes that may be applied, and that do not get into each other's way: the first one wins.
pub fn pick<'a>(fixes: impl Iterator<Item = &'a Fix>, even_unsafe: bool) -> Vec<&'a Fix> {
    let mut taken: Vec<&Fix> = Vec::new();
    for fix in fixes.filter(|fix| even_unsafe || fix.applicability == Applicability::Safe) {
        if !taken.iter().any(|other| clash(fix, other)) {
            taken.push(fix);
        }
    }
    taken
}

/// Two insertions in one place clash as well: nobody knows which is meant to come first.
fn clash(one: &Fix, other: &Fix) -> bool {
    let touch = |a: &Edit, b: &Edit| a.span.start <= b.span.end && b.span.start <= a.span.end;
    let pairs = one.edits.iter();
    pairs
        .flat_map(|a| other.edits.iter().map(move |b| (a, b)))
        .any(|(a, b)| touch(a, b))
}

/// Applies fixes that do not overlap.
pub fn apply(source: &[u8], fixes: &[&Fix]) -> Fixed {
    let mut edits: Vec<&Edit> = fixes.iter().flat_map(|fix| &fix.edits).collect();
    edits.sort();
    let mut result = Vec::with_capacity(source.len());
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        result.extend(source.get(at..start).unwrap_or_default());
        result.extend(edit.content.as_bytes());
        at = end.max(at);
    }
    result.extend(source.get(at..).unwrap_or_default());
    Fixed {
        source: result,
        count: fixes.len(),
    }
}

/// Whether a fixed file reads as well as the old one did.
pub fn is_sound(new: &[u8], old: &[u8]) -> bool {
    lower(new, None).problems.len() <= lower(old, None).problems.len()
}
