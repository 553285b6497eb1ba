//! Text from strangers' code in Markdown: it mentions nobody, opens no tag, and ends no comment and no fence.

use crate::report::plain;

/// Prose with pieces of code between backticks. What is code stays code; of the rest nothing has a meaning in Markdown.
pub fn escaped(text: &str) -> String {
    let text = text.replace(['\n', '\r', '\t'], " ");
    let text = plain(&text);
    let pieces: Vec<&str> = text.split('`').collect();
    let mut result = String::with_capacity(text.len() + 16);
    for (index, piece) in pieces.iter().enumerate() {
        // The last piece has no backtick behind it: where their number is odd, it is no code.
        let is_code = index % 2 == 1 && index + 1 < pieces.len();
        match is_code {
            true if piece.trim().is_empty() => {}
            true => {
                // Two runs of backticks side by side would be one longer run.
                let gap = if result.ends_with('`') { " " } else { "" };
                result.push_str(&format!("{gap}`{piece}`"));
            }
            false => result.extend(unlinked(piece).chars().map(Escaped)),
        }
    }
    result
}

/// A space without width.
const NOTHING: char = '\u{200b}';

/// Text of which no part becomes a link by itself.
fn unlinked(text: &str) -> String {
    text.replace("://", &format!(":{NOTHING}//"))
        .replace("www.", &format!("www{NOTHING}."))
}

/// A character without its meaning.
struct Escaped(char);

impl Extend<Escaped> for String {
    fn extend<I: IntoIterator<Item = Escaped>>(&mut self, characters: I) {
        for Escaped(character) in characters {
            match character {
                '<' | '>' | '&' => self.push_str(&format!("&#{};", u32::from(character))),
                // Names and numbers are looked for in what Markdown was turned into: no way of writing the sign hides it.
                '@' | '#' => {
                    self.push(character);
                    self.push(NOTHING);
                }
                '\\' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                    self.push('\\');
                    self.push(character);
                }
                other => self.push(other),
            }
        }
    }
}

/// A block of code whose fence is longer than any run of backticks inside.
pub fn fenced(info: &str, code: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for character in code.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(3.max(longest + 1));
    let end = if code.is_empty() || code.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{fence}{info}\n{code}{end}{fence}\n")
}

/// A link: the text is shown as code.
pub(super) fn link(text: &str, address: &str) -> String {
    let text = plain(text).replace(['`', '\n', '\r'], "");
    format!("[`{text}`]({})", address_of(address))
}

/// An address that no bracket or space ends.
fn address_of(address: &str) -> String {
    let mut result = String::with_capacity(address.len());
    for character in address.chars() {
        match character {
            '(' | ')' | '<' | '>' | ' ' | '"' | '\\' | '`' => {
                result.push_str(&format!("%{:02X}", u32::from(character)));
            }
            other if other.is_control() => {}
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{escaped, fenced, link};

    #[test]
    fn nobody_is_mentioned_and_nothing_is_opened() {
        assert_eq!(escaped("`x` and @everyone"), "`x` and @\u{200b}everyone");
        assert_eq!(
            escaped("<!-- --> #1 *a*"),
            "&#60;\\!-- --&#62; #\u{200b}1 \\*a\\*"
        );
        assert_eq!(escaped("`a`` @b `c`"), "`a` ` @b `c");
        assert_eq!(escaped("a\n\n# b"), "a  #\u{200b} b");
        assert_eq!(
            escaped("see https://x.example/@y, www.x.example"),
            "see https:\u{200b}//x.example/@\u{200b}y, www\u{200b}.x.example"
        );
    }

    #[test]
    fn a_name_with_a_backtick_breaks_out_of_nothing() {
        assert_eq!(escaped("`x` @everyone `is"), "`x` @\u{200b}everyone is");
        assert_eq!(escaped("`x`` @everyone"), "`x` @\u{200b}everyone");
    }

    #[test]
    fn fences_are_long_enough() {
        assert_eq!(
            fenced("suggestion", "a```b"),
            "````suggestion\na```b\n````\n"
        );
        assert_eq!(fenced("", "a\n"), "```\na\n```\n");
    }

    #[test]
    fn a_link_ends_where_it_should() {
        assert_eq!(
            link("a`.py", "https://x/a b)(c"),
            "[`a.py`](https://x/a%20b%29%28c)"
        );
    }
}
