//! Who a finding is, so that it is known again after lines moved and files were renamed.

use super::File;
use super::columns::decode;
use crate::finding::Finding;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

/// Who a finding is. Neither line numbers nor paths are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The place: rule, text, enclosing name, and which of several equal ones in the file.
    pub thread: String,
    /// That, and what causes it; the same as `thread` where the cause is the place itself.
    pub cause: String,
    /// The same for all findings that only their ordinal, or their file, tells apart.
    pub kin: String,
    /// The same for all findings that their cause may tell apart, too.
    pub place: String,
}

/// The identities of findings, which stand in the order of the report.
pub fn identities(findings: &[Finding], files: &[File]) -> Vec<Identity> {
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    let mut ordinal = |finding: &Finding, key: &str| {
        let slot = seen
            .entry(format!("{}\0{key}", finding.location.file.0))
            .or_default();
        *slot += 1;
        *slot - 1
    };
    let identify = |finding: &Finding| {
        let place = place(finding, files);
        let thread = hash(&place, ordinal(finding, &place));
        let (cause, kin) = match &finding.cause {
            Some(cause) => {
                let key = format!("{place}\0{}", normalized(cause));
                (hash(&key, ordinal(finding, &key)), hash(&key, 0))
            }
            None => (thread.clone(), hash(&place, 0)),
        };
        Identity {
            thread,
            cause,
            kin,
            place: hash(&place, 0),
        }
    };
    findings.iter().map(identify).collect()
}

/// Rule, text and enclosing name.
fn place(finding: &Finding, files: &[File]) -> String {
    let source = files
        .get(finding.location.file.0 as usize)
        .map_or(&[][..], |file| &file.source);
    let text = normalized(&decode(finding.location.span.of(source), source));
    format!("{}\0{}\0{text}", finding.rule, finding.symbol)
}

fn hash(key: &str, ordinal: usize) -> String {
    format!("{:032x}", xxh3_128(format!("{key}\0{ordinal}").as_bytes()))
}

/// Text without the white space that a formatter may add or take: what is left stands between two words.
fn normalized(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut space = false;
    for character in text.chars() {
        if character.is_whitespace() {
            space = true;
            continue;
        }
        let between_words = is_word(character) && result.chars().next_back().is_some_and(is_word);
        if space && between_words {
            result.push(' ');
        }
        space = false;
        result.push(character);
    }
    result
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn formatting_is_no_identity() {
        assert_eq!(normalized("f( a,\n    b )"), "f(a,b)");
        assert_eq!(normalized("not   x"), "not x");
        assert_ne!(normalized("not x"), normalized("notx"));
    }
}
