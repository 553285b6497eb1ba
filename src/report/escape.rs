//! Text from strangers' code, made harmless for where it is shown.

use std::borrow::Cow;

/// Text for a terminal or a line of a log: no control characters, no escape sequences, nothing that changes the
/// direction of writing.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        Cow::Owned(text.chars().map(shown).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn shown(character: char) -> char {
    if is_harmful(character) {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}

/// Whether a terminal would obey the character instead of showing it, or a reader would see another text than the
/// computer: control characters, and the marks that turn the direction of writing.
fn is_harmful(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// A path that a line begins with. `::error::x.py` and `##[error]x.py` would be commands to a job's runner, which looks
/// behind blanks too: such a path is written from the folder.
pub(super) fn opening(path: &str) -> Cow<'_, str> {
    let commands = path.trim_start();
    match commands.starts_with("::") || commands.starts_with("##[") {
        true => Cow::Owned(plain(&format!("./{path}")).into_owned()),
        false => plain(path),
    }
}

/// A path as a relative URI: what is no letter, digit or one of `-._~/` is encoded.
pub fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::{plain, uri};

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(uri("a b/é#.py"), "a%20b/%C3%A9%23.py");
    }

    #[test]
    fn escape_sequences_do_not_survive() {
        assert_eq!(plain("\u{1b}[31mred\u{7}"), "\u{fffd}[31mred\u{fffd}");
        assert_eq!(
            plain("a\u{202e}b\u{9b}c\nd"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d"
        );
        assert_eq!(plain("日本\tx"), "日本\tx");
    }
}
