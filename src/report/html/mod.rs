//! `html`: one page that holds everything: plots, a table to filter, and the source with the path drawn through it.

mod excerpt;

use super::{Item, View, documentation, severity};
use crate::config::Language;
use crate::finding::Confidence;
use crate::page;
use crate::rules::Rule;
use excerpt::{Place, place};
use serde::Serialize;
use std::io::{self, Write};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const WORDS: &str = include_str!("words.json");

#[derive(Serialize)]
struct Data<'a> {
    version: &'static str,
    language: &'static str,
    rules: Vec<Entry<'a>>,
    findings: Vec<Finding<'a>>,
    invalid: Vec<Trouble<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    family: &'static str,
    summary: &'a str,
    url: String,
}

#[derive(Serialize)]
struct Finding<'a> {
    /// An index into `rules`.
    rule: usize,
    severity: &'static str,
    confidence: &'static str,
    file: &'a str,
    row: u32,
    column: u32,
    symbol: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    /// In days.
    age: Option<u32>,
    /// The path, in order; the last one is the finding itself.
    path: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Trouble<'a> {
    file: &'a str,
    row: u32,
    message: &'a str,
}

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let data = serde_json::to_string(&data(view))?;
    let language = match view.language {
        Language::English => "en",
        Language::Chinese => "zh-CN",
    };
    let mut rest = PAGE;
    // The page names its parts once each, in the order in which they stand.
    let parts = [
        ("{{language}}", language.to_owned()),
        ("{{style}}", STYLE.to_owned()),
        ("{{words}}", harmless(WORDS)),
        ("{{data}}", harmless(&data)),
        ("{{script}}", SCRIPT.to_owned()),
    ];
    for (name, content) in parts {
        let (before, behind) = rest.split_once(name).unwrap_or((rest, ""));
        out.write_all(before.as_bytes())?;
        out.write_all(content.as_bytes())?;
        rest = behind;
    }
    out.write_all(rest.as_bytes())
}

/// JSON inside a script element: nothing in it may end the element, or begin a comment in it.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace("##", "#\\u0023")
}

fn data<'a>(view: &View<'a>) -> Data<'a> {
    let mut rules: Vec<&'static Rule> = view.findings().filter_map(|item| item.rule).collect();
    rules.sort_by_key(|rule| rule.name);
    rules.dedup_by_key(|rule| rule.name);
    let items = view.items.iter();
    Data {
        version: env!("CARGO_PKG_VERSION"),
        language: view.language.name(),
        findings: items
            .clone()
            .filter_map(|item| finding(view, item, &rules))
            .collect(),
        invalid: items
            .filter(|item| item.rule.is_none())
            .map(|item| Trouble {
                file: &view.files[item.spot.file.0 as usize].repository,
                row: item.spot.start.row,
                message: &item.message,
            })
            .collect(),
        rules: rules
            .iter()
            .map(|rule| entry(rule, view.language))
            .collect(),
    }
}

fn entry(rule: &'static Rule, language: Language) -> Entry<'static> {
    Entry {
        name: rule.name,
        family: rule.family.name(),
        summary: page::of(rule).summary.text(language),
        url: documentation(rule),
    }
}

fn finding<'a>(view: &View<'a>, item: &'a Item, rules: &[&Rule]) -> Option<Finding<'a>> {
    let rule = rules.iter().position(|rule| rule.name == item.code)?;
    let steps = item.related.iter();
    let path = steps.map(|step| place(view, step.spot, &step.message));
    let last = std::iter::once(place(view, item.spot, &item.message));
    Some(Finding {
        rule,
        severity: severity(item.severity),
        confidence: match item.confidence {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        },
        file: &view.files[item.spot.file.0 as usize].repository,
        row: item.spot.start.row,
        column: item.spot.start.column,
        symbol: &item.symbol,
        message: &item.message,
        help: item.help.as_deref(),
        age: item.age,
        path: path.chain(last).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_leave_its_element() {
        assert_eq!(
            harmless("\"</script><!--\""),
            "\"\\u003c/script>\\u003c!--\""
        );
    }

    #[test]
    fn the_page_names_its_parts_in_order() {
        let names = [
            "{{language}}",
            "{{style}}",
            "{{words}}",
            "{{data}}",
            "{{script}}",
        ];
        let places: Vec<Option<usize>> = names.iter().map(|name| PAGE.find(name)).collect();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{places:?}"
        );
        assert!(!STYLE.contains("{{") && !STYLE.contains("http"));
        let sources = [PAGE, STYLE, SCRIPT].concat();
        assert!(!sources.contains("src=\"http") && !sources.contains("fetch("));
    }

    #[test]
    fn both_languages_have_the_same_words() -> serde_json::Result<()> {
        let words: serde_json::Value = serde_json::from_str(WORDS)?;
        let keys = |language: &str| -> Vec<String> {
            let map = words[language].as_object().into_iter().flatten();
            map.map(|(key, _)| key.clone()).collect()
        };
        assert_eq!(keys("en"), keys("zh"));
        for key in keys("en") {
            assert!(SCRIPT.contains(&format!("words.{key}")), "{key}");
        }
        Ok(())
    }
}
