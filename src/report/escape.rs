//! Text from strangers' code, made harmless for where it is shown.

use std::borrow::Cow;
use std::io::{self, Write};

/// Text for a terminal or a line of a log: no control characters, no escape sequences, nothing that changes the
/// direction of writing, no command to a job's runner.
pub fn plain(text: &str) -> Cow<'_, str> {
    let commands: Vec<usize> = commands(text).collect();
    if commands.is_empty() && !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let shown = |(at, character)| match is_harmful(character) || commands.contains(&at) {
        true => char::REPLACEMENT_CHARACTER,
        false => character,
    };
    Cow::Owned(text.char_indices().map(shown).collect())
}

/// Where `##[command]` and `##name[command]` have their second sign: some runners obey them anywhere in a line.
fn commands(text: &str) -> impl Iterator<Item = usize> {
    let is_command = |at: &usize| {
        let name = text[at + 1..].trim_start_matches(|sign: char| sign.is_ascii_alphabetic());
        text[..*at].ends_with('#') && name.starts_with('[')
    };
    text.match_indices('#').map(|(at, _)| at).filter(is_command)
}

/// Whether a terminal would obey the character instead of showing it, or a reader would see another text than the
/// computer: control characters, and the marks that turn the direction of writing.
fn is_harmful(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// A path that a line begins with. `::error::x.py` would be a command to a job's runner, which looks behind blanks too:
/// such a path is written from the folder.
pub fn opening(path: &str) -> Cow<'_, str> {
    match path.trim_start().starts_with("::") {
        true => Cow::Owned(plain(&format!("./{path}")).into_owned()),
        false => plain(path),
    }
}

/// A message of several lines, some of which may quote what strangers wrote.
pub fn lines(message: &str) -> String {
    let lines: Vec<_> = message
        .lines()
        .map(|line| match line.trim_start().starts_with("::") {
            true => Cow::Owned(format!("| {}", plain(line))),
            false => plain(line),
        })
        .collect();
    lines.join("\n")
}

/// Writes JSON on, with the second of two `#` as an escape sequence, so that no runner of a job finds `##[command]` in it.
pub(super) struct Careful<'w> {
    out: &'w mut dyn Write,
    is_behind: bool,
}

impl<'w> Careful<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> Self {
        Self {
            out,
            is_behind: false,
        }
    }
}

impl Write for Careful<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'#') {
            match part {
                b"#" if self.is_behind => self.out.write_all(b"\\u0023")?,
                _ => self.out.write_all(part)?,
            }
            self.is_behind = part.ends_with(b"#");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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
    use super::{Careful, lines, plain, uri};
    use std::io::Write;

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

    #[test]
    fn runners_find_no_command() {
        assert_eq!(
            plain("a ##[error]b ##vso[task]c ## [d]"),
            "a #\u{fffd}[error]b #\u{fffd}vso[task]c ## [d]"
        );
        assert_eq!(plain("x = 1  ### [list]"), "x = 1  ### [list]");
        assert_eq!(plain("###[error]"), "##\u{fffd}[error]");
        assert_eq!(
            lines("wrong: `a\n  ::error::b`\n\u{1b}c"),
            "wrong: `a\n|   ::error::b`\n\u{fffd}c"
        );
    }

    #[test]
    fn careful_json_says_the_same() -> Result<(), Box<dyn std::error::Error>> {
        let text = "##[error]x ###";
        let json = serde_json::to_string(text)?;
        for cut in 0..json.len() {
            let mut out = Vec::new();
            let mut careful = Careful::new(&mut out);
            careful.write_all(&json.as_bytes()[..cut])?;
            careful.write_all(&json.as_bytes()[cut..])?;
            assert!(!out.windows(2).any(|pair| pair == b"##"), "{cut}");
            assert_eq!(serde_json::from_slice::<String>(&out)?, text);
        }
        Ok(())
    }
}
