//! Configuration: what a team asks for, as data.

mod read;
mod schema;

pub use read::{ConfigurationError, parse, parse_pyproject, unknown_rule};
pub use schema::schema;

use crate::finding::{Confidence, Severity};
use crate::ir::Dialect;
use crate::library::schema::Tables;
use std::collections::BTreeMap;
use std::str::FromStr;

/// What a team asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Rules or families that are wanted; empty: all.
    pub select: Vec<String>,
    /// Rules or families that are not.
    pub ignore: Vec<String>,
    /// Also what is only a hint.
    pub pedantic: bool,
    /// The least confidence that is reported.
    pub min_confidence: Confidence,
    /// The dialect of files that do not show it.
    pub python: Option<Dialect>,
    /// The language of messages.
    pub language: Option<Language>,
    /// Files and folders that are left out, in the syntax of `.gitignore`, relative to the configuration's folder.
    pub exclude: Vec<String>,
    /// Qualified names of functions that something outside the project calls.
    pub entry_points: Vec<String>,
    /// What the team's own libraries do: the same tables as in `rules/library`, known to be sound.
    pub library: Tables,
    /// What is different for some rules or families, by name.
    pub rules: BTreeMap<String, RuleSettings>,
    /// What is different for some files; later ones win.
    pub overrides: Vec<Override>,
}

/// What is different for a rule or a family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleSettings {
    /// How bad its findings are; what is a hint in a place stays one.
    pub severity: Option<Severity>,
    /// The least confidence of its findings that is reported.
    pub min_confidence: Option<Confidence>,
}

/// What is different for some files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Override {
    /// Which files, in the syntax of `.gitignore`, relative to the configuration's folder.
    pub paths: Vec<String>,
    /// Replaces the selection, and what was ignored of it.
    pub select: Option<Vec<String>>,
    /// Added to what is ignored.
    pub ignore: Vec<String>,
    /// Replaces it.
    pub pedantic: Option<bool>,
    /// Replaces it.
    pub min_confidence: Option<Confidence>,
    /// Replaces it.
    pub python: Option<Dialect>,
}

/// A language of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Chinese.
    Chinese,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            select: Vec::new(),
            ignore: Vec::new(),
            pedantic: false,
            min_confidence: Confidence::Medium,
            python: None,
            language: None,
            exclude: Vec::new(),
            entry_points: Vec::new(),
            library: Tables::default(),
            rules: BTreeMap::new(),
            overrides: Vec::new(),
        }
    }
}

impl Configuration {
    /// What is different for a rule: what is said of the rule itself goes before what is said of its family.
    pub fn rule(&self, name: &str, family: &str) -> RuleSettings {
        let own = self.rules.get(name).copied().unwrap_or_default();
        let of_family = self.rules.get(family).copied().unwrap_or_default();
        RuleSettings {
            severity: own.severity.or(of_family.severity),
            min_confidence: own.min_confidence.or(of_family.min_confidence),
        }
    }

    /// Applies what is different for some files.
    pub fn apply(&mut self, other: &Override) {
        if let Some(select) = &other.select {
            self.select.clone_from(select);
            self.ignore.clear();
        }
        self.ignore.extend(other.ignore.iter().cloned());
        self.pedantic = other.pedantic.unwrap_or(self.pedantic);
        self.min_confidence = other.min_confidence.unwrap_or(self.min_confidence);
        self.python = other.python.or(self.python);
    }
}

impl Language {
    /// Its name in configurations and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "en" => Ok(Language::English),
            "zh" => Ok(Language::Chinese),
            _ => Err(format!("`{text}` is no language known here: en or zh")),
        }
    }
}

/// A version of Python as a dialect: `2.7`, `3`, `3.12`.
///
/// # Errors
/// If it is no version of Python 2 or 3.
pub fn dialect(text: &str) -> Result<Dialect, String> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    match (major, minor.parse::<u8>()) {
        ("2", Ok(_)) => Ok(Dialect::Two),
        ("3", Ok(_)) => Ok(Dialect::Three),
        _ => Err(format!(
            "`{text}` is no version of Python: write 2.7 or 3.x"
        )),
    }
}

/// A severity by its name.
///
/// # Errors
/// If there is no such severity.
pub fn severity(text: &str) -> Result<Severity, String> {
    match text {
        "error" => Ok(Severity::Error),
        "warning" => Ok(Severity::Warning),
        "hint" => Ok(Severity::Hint),
        _ => Err(format!("`{text}` is no severity: error, warning or hint")),
    }
}

/// A level of confidence by its name.
///
/// # Errors
/// If there is no such level.
pub fn confidence(text: &str) -> Result<Confidence, String> {
    match text {
        "high" => Ok(Confidence::High),
        "medium" => Ok(Confidence::Medium),
        "low" => Ok(Confidence::Low),
        _ => Err(format!("`{text}` is no confidence: high, medium or low")),
    }
}
