//! A rule's page as data: its messages, its text in two languages, and its examples.

use crate::config::Language;
use crate::finding::Message;
use crate::ir::Dialect;
use crate::rules::{self, Rule};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

/// The heading behind which a page goes on in Chinese.
const CHINESE: &str = "## 中文";

/// A rule's page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What the rule finds, in one sentence.
    pub summary: Words,
    /// Its messages by key.
    pub messages: BTreeMap<String, Words>,
    /// Whether the place of a finding is code that does nothing: editors show it in grey.
    pub unnecessary: bool,
    /// The English text, from the title on.
    pub english: &'static str,
    /// The Chinese text, without its heading.
    pub chinese: &'static str,
}

/// A text in every language.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Words {
    /// The text in `language`.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

/// A piece of code in a page, which the tests run.
#[derive(Clone, Debug)]
pub struct Example {
    /// The Python it is written in.
    pub dialect: Dialect,
    /// What stands behind the language: `pedantic`, `low`.
    pub options: Vec<&'static str>,
    /// The code.
    pub code: &'static str,
    /// The row of its first line in the page's text, 0-based.
    pub row: usize,
}

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It does not start with `+++`, or a second `+++` is missing.
    #[error("the page does not start with front matter between two lines of `+++`")]
    NoFrontMatter,
    /// The front matter is wrong.
    #[error("the front matter is wrong: {0}")]
    FrontMatter(#[from] toml::de::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    summary: Words,
    #[serde(default)]
    unnecessary: bool,
    #[serde(default)]
    message: BTreeMap<String, Words>,
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// If the front matter is missing or malformed.
    pub fn parse(text: &'static str) -> Result<Self, PageError> {
        let (front, body) = text
            .strip_prefix("+++\n")
            .and_then(|rest| rest.split_once("\n+++\n"))
            .ok_or(PageError::NoFrontMatter)?;
        let front: FrontMatter = toml::from_str(front)?;
        let (english, chinese) = body.split_once(CHINESE).unwrap_or((body, ""));
        Ok(Self {
            summary: front.summary,
            messages: front.message,
            unnecessary: front.unnecessary,
            english: english.trim(),
            chinese: chinese.trim(),
        })
    }

    /// Puts a message into words. A key that the page lacks stands for itself, so that no finding is ever lost.
    pub fn render(&self, message: &Message, language: Language) -> String {
        match self.messages.get(message.key) {
            Some(words) => fill(words.text(language), &message.arguments),
            None => {
                let arguments = message.arguments.iter();
                let values: Vec<String> = arguments
                    .map(|(name, value)| format!("{name}={}", one_line(value)))
                    .collect();
                format!("{} {}", message.key, values.join(" "))
                    .trim_end()
                    .to_owned()
            }
        }
    }

    /// The page as `explain` shows it.
    pub fn manual(&self, rule: &Rule, language: Language) -> String {
        match language {
            Language::English => format!("{}\n", self.english),
            Language::Chinese => self.chinese_manual(rule),
        }
    }

    /// The Chinese text, with the examples of the English one: code needs no translation.
    fn chinese_manual(&self, rule: &Rule) -> String {
        let mut text = format!(
            "# {}\n\n{}\n\n{}\n",
            rule.name, self.summary.zh, self.chinese
        );
        let examples = examples(self.english);
        if !examples.is_empty() {
            text.push_str("\n### 示例\n");
        }
        for example in examples {
            text.push_str("\n```python\n");
            text.push_str(example.code);
            text.push_str("```\n");
        }
        text
    }
}

/// The examples in a page's text.
pub fn examples(text: &'static str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut open: Option<(&'static str, usize, usize)> = None;
    let mut at = 0;
    for (row, line) in text.split_inclusive('\n').enumerate() {
        let next = at + line.len();
        if let Some(information) = line.trim_end().strip_prefix("```") {
            open = match open {
                None => Some((information, row + 1, next)),
                Some((information, row, start)) => {
                    found.extend(example(information, row, &text[start..at]));
                    None
                }
            };
        }
        at = next;
    }
    found
}

/// A fenced block as an example, if it is Python.
fn example(information: &'static str, row: usize, code: &'static str) -> Option<Example> {
    let mut words = information.split_whitespace();
    let dialect = match words.next()? {
        "python" => Dialect::Three,
        "python2" => Dialect::Two,
        _ => return None,
    };
    Some(Example {
        dialect,
        options: words.collect(),
        code,
        row,
    })
}

/// The page of a rule, read when it is first asked for. A page that cannot be read is empty; a test keeps that from happening.
pub fn of(rule: &Rule) -> &'static Page {
    static PAGES: LazyLock<Vec<OnceLock<Page>>> =
        LazyLock::new(|| rules::ALL.iter().map(|_| OnceLock::new()).collect());
    static EMPTY: LazyLock<Page> = LazyLock::new(Page::default);
    let index = rules::ALL.iter().position(|other| other.name == rule.name);
    match index.and_then(|index| PAGES.get(index)) {
        Some(slot) => slot.get_or_init(|| Page::parse(rule.page).unwrap_or_default()),
        None => &EMPTY,
    }
}

/// Puts values into the `{name}`s of a text. A brace that holds no known name stays as it is, as code has braces too.
fn fill(text: &str, arguments: &[(&'static str, String)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, behind) = rest.split_at(at);
        filled.push_str(before);
        let known = arguments.iter().find_map(|(name, value)| {
            let rest = behind.strip_prefix('{')?.strip_prefix(name)?;
            Some((value, rest.strip_prefix('}')?))
        });
        match known {
            Some((value, behind)) => {
                filled.push_str(&one_line(value));
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = &behind[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// The names in braces of a message's text.
pub fn placeholders(text: &str) -> Vec<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|piece| piece.split_once('}'))
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect()
}

/// A message is one line, whatever stands in the code that it quotes.
fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "+++\nsummary.en = \"One.\"\nsummary.zh = \"一。\"\n[message.used]\nen = \"`{name}` in {} of {place}\"\nzh = \"{place} 的 `{name}`\"\n+++\n# title\n\n```python low\nx = 1\n```\n\n```toml\na = 1\n```\n\n```python2\nprint x\n```\n\n## 中文\n\n文字\n";

    fn page() -> Page {
        Page::parse(PAGE).unwrap_or_default()
    }

    #[test]
    fn a_message_is_filled_once_and_stays_one_line() {
        let message = Message::new("used")
            .with("name", "{place}")
            .with("place", "a\n  b");
        assert_eq!(
            page().render(&message, Language::English),
            "`{place}` in {} of a b"
        );
        assert_eq!(
            page().render(&message, Language::Chinese),
            "a b 的 `{place}`"
        );
    }

    #[test]
    fn an_unknown_key_stands_for_itself() {
        let message = Message::new("other").with("name", "x");
        assert_eq!(page().render(&message, Language::English), "other name=x");
    }

    #[test]
    fn examples_are_the_python_blocks() {
        let found = examples(page().english);
        let codes: Vec<&str> = found.iter().map(|example| example.code).collect();
        assert_eq!(codes, ["x = 1\n", "print x\n"]);
        assert_eq!(found[0].options, ["low"]);
        assert_eq!(found[0].row, 3);
        assert_eq!(found[1].dialect, Dialect::Two);
    }

    #[test]
    fn the_text_ends_where_the_chinese_begins() {
        assert!(page().english.starts_with("# title"));
        assert!(!page().english.contains("文"));
        assert_eq!(page().chinese, "文字");
    }

    #[test]
    fn a_page_needs_front_matter() {
        assert!(matches!(
            Page::parse("# title"),
            Err(PageError::NoFrontMatter)
        ));
        assert!(matches!(
            Page::parse("+++\nsummary.en = 1\n+++\n"),
            Err(PageError::FrontMatter(_))
        ));
    }
}
