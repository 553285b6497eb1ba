//! Changes to the text that make findings go away: from a finding, what its file says, and its bytes.
//!
//! They are made behind the analysis, for what is reported only: a rule knows spans, a fix needs the text as well.

mod answer;
mod apply;
mod argument;
mod bench;
mod binding;
mod call;
mod expiry;
mod handler;
mod key;
mod later;
mod lock;
mod statements;

pub use apply::{Fixed, apply, is_sound, pick};

use crate::config::Language;
use crate::finding::{Applicability, Edit, Finding, Fix, Message};
use crate::ir::Module;
use crate::page::Words;
use bench::Bench;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The change that a finding calls for, if there is one that is sure to fit the text.
pub fn of(finding: &Finding, module: &Module, source: &[u8]) -> Option<Fix> {
    Fixer::new(module, source).fix(finding)
}

/// A file for whose findings there may be changes: its text is parsed at most once for all of them.
pub struct Fixer<'a> {
    bench: Bench<'a>,
}

impl<'a> Fixer<'a> {
    /// For the findings in a file.
    pub fn new(module: &'a Module, source: &'a [u8]) -> Self {
        let bench = Bench::new(module, source);
        Self { bench }
    }

    /// The change that a finding calls for, if there is one that is sure to fit the text.
    pub fn fix(&self, finding: &Finding) -> Option<Fix> {
        let fix = made(&self.bench, finding)?;
        fits(&fix, self.bench.source).then_some(fix)
    }
}

fn made(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    match finding.rule {
        "bare-except" => handler::name_exception(bench, finding),
        "cache-without-ttl" => expiry::give(bench, finding),
        "early-call" => later::pass_function(bench, finding),
        "finish-after-disconnect" => answer::once(bench, finding),
        "forgotten-await" => later::wait(bench, finding),
        "handler-misses-error" => handler::widen(bench, finding),
        "late-binding" => binding::bind_now(bench, finding),
        "missing-key" => key::with_default(bench, finding),
        "missing-timeout" => call::timeout(bench, finding),
        "mutable-default" => argument::fresh(bench, finding),
        "none-argument" => argument::guard(bench, finding),
        "overwriting-target" | "overwritten-parameter" => binding::rename(bench, finding),
        "racy-singleton" => lock::around(bench, finding),
        "unreachable-handler" => handler::delete(bench, finding),
        _ => None,
    }
}

/// New text is UTF-8: a file in another encoding takes only what is the same there.
fn fits(fix: &Fix, source: &[u8]) -> bool {
    fix.edits.iter().all(|edit| edit.content.is_ascii()) || std::str::from_utf8(source).is_ok()
}

/// What a fix does, in words.
pub fn title(message: &Message, language: Language) -> String {
    static TITLES: LazyLock<BTreeMap<String, Words>> = LazyLock::new(|| {
        let titles: Result<Titles, _> = toml::from_str(include_str!("titles.toml"));
        titles.map(|titles| titles.title).unwrap_or_default()
    });
    match TITLES.get(message.key) {
        Some(words) => words.fill(language, &message.arguments),
        None => message.key.to_owned(),
    }
}

#[derive(Deserialize)]
struct Titles {
    title: BTreeMap<String, Words>,
}

/// A fix that may change what a correct program does: that is for a person to judge.
fn judged(message: Message, edits: Vec<Edit>) -> Option<Fix> {
    fix(Applicability::Unsafe, message, edits)
}

fn fix(applicability: Applicability, message: Message, mut edits: Vec<Edit>) -> Option<Fix> {
    edits.sort();
    let apart = edits
        .windows(2)
        .all(|pair| pair[0].span.end <= pair[1].span.start);
    (apart && !edits.is_empty()).then_some(Fix {
        applicability,
        message,
        edits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_title_is_used_and_in_both_languages() -> Result<(), toml::de::Error> {
        let titles: Titles = toml::from_str(include_str!("titles.toml"))?;
        let sources = [
            include_str!("answer.rs"),
            include_str!("argument.rs"),
            include_str!("binding.rs"),
            include_str!("call.rs"),
            include_str!("expiry.rs"),
            include_str!("handler.rs"),
            include_str!("key.rs"),
            include_str!("later.rs"),
            include_str!("lock.rs"),
        ]
        .concat();
        for (key, words) in &titles.title {
            assert!(
                sources.contains(&format!("Message::new(\"{key}\")")),
                "{key}"
            );
            assert!(!words.zh.is_ascii() && !words.en.is_empty(), "{key}");
        }
        let used = sources.matches("Message::new(\"").count();
        assert!(used >= titles.title.len());
        Ok(())
    }
}
