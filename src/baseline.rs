//! A baseline: the findings that a team lives with for now, so that only new ones are reported.

use crate::report::{File, Item};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format.
const VERSION: u32 = 1;

/// The findings that a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: Vec<Entry>,
}

/// A finding, known by who it is and not by where it stands; the path tells equal ones apart, and readers where to look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    rule: String,
    fingerprint: String,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is something else.
    #[error("this is no baseline: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A later version of this program wrote it.
    #[error("this baseline has version {0}, and only {VERSION} is known here: write it again")]
    Version(u32),
}

impl Baseline {
    /// The baseline of a report.
    pub fn of(items: &[Item], files: &[File]) -> Self {
        let findings = items.iter().filter(|item| item.rule.is_some());
        let mut findings: Vec<Entry> = findings.map(|item| entry(item, files)).collect();
        findings.sort();
        Self {
            version: VERSION,
            findings,
        }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    /// If it is none, or of another version.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let baseline: Self = serde_json::from_str(text)?;
        match baseline.version {
            VERSION => Ok(baseline),
            other => Err(BaselineError::Version(other)),
        }
    }

    /// The text of a baseline: a line for each finding, in order, so that a change of one is a change of one line.
    ///
    /// # Errors
    /// Never for what [`Baseline::of`] makes.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        let lines = self.findings.iter().map(serde_json::to_string);
        let lines = lines.collect::<Result<Vec<_>, _>>()?.join(",\n");
        let findings = match lines.is_empty() {
            true => "[]".to_owned(),
            false => format!("[\n{lines}\n]"),
        };
        Ok(format!(
            "{{\"version\": {VERSION}, \"findings\": {findings}}}\n"
        ))
    }

    /// How many findings it holds.
    pub fn count(&self) -> usize {
        self.findings.len()
    }

    /// Tells for each item whether it is new. Each entry speaks for one finding: first for one in its own file, then,
    /// if that file is no more, for one that moved elsewhere.
    pub fn new_ones(
        &self,
        items: &[Item],
        files: &[File],
        exists: &dyn Fn(&str) -> bool,
    ) -> Vec<bool> {
        let mut here: BTreeMap<&Entry, usize> = BTreeMap::new();
        let mut moved: BTreeMap<(String, String), usize> = BTreeMap::new();
        for entry in &self.findings {
            if exists(&entry.path) {
                *here.entry(entry).or_default() += 1;
            } else {
                let who = (entry.rule.clone(), entry.fingerprint.clone());
                *moved.entry(who).or_default() += 1;
            }
        }
        let mut is_new = |item: &Item| {
            if item.rule.is_none() {
                return true;
            }
            let entry = entry(item, files);
            !(take(here.get_mut(&entry)) || take(moved.get_mut(&(entry.rule, entry.fingerprint))))
        };
        items.iter().map(&mut is_new).collect()
    }
}

fn take(count: Option<&mut usize>) -> bool {
    match count {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

fn entry(item: &Item, files: &[File]) -> Entry {
    Entry {
        path: files[item.spot.file.0 as usize].repository.clone(),
        rule: item.code.to_owned(),
        fingerprint: item.cause_fingerprint.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(entries: &[(&str, &str)]) -> Baseline {
        let entry = |(path, fingerprint): &(&str, &str)| Entry {
            path: (*path).to_owned(),
            rule: "none-result".to_owned(),
            fingerprint: (*fingerprint).to_owned(),
        };
        Baseline {
            version: VERSION,
            findings: entries.iter().map(entry).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read() -> Result<(), Box<dyn std::error::Error>> {
        for one in [baseline(&[]), baseline(&[("a.py", "1"), ("b.py", "2")])] {
            assert_eq!(Baseline::parse(&one.text()?)?, one);
        }
        Ok(())
    }

    #[test]
    fn other_files_are_refused() {
        assert!(Baseline::parse("[]").is_err());
        let error = Baseline::parse("{\"version\": 9, \"findings\": []}").err();
        assert!(error.is_some_and(|error| error.to_string().contains("version 9")));
    }
}
