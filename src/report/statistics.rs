//! Counts per rule.

use super::escape::Careful;
use super::{Item, View, counted};
use crate::config::Language;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How often a rule reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// The rule's name.
    pub code: &'static str,
    /// How many findings.
    pub count: usize,
    /// In how many files.
    pub files: usize,
}

/// Counts, the most frequent first.
pub fn statistics(view: &View<'_>) -> Vec<Statistics> {
    let mut rules: BTreeMap<&'static str, Vec<&Item>> = BTreeMap::new();
    for item in view.findings() {
        rules.entry(item.code).or_default().push(item);
    }
    let mut counts: Vec<Statistics> = rules
        .into_iter()
        .map(|(code, items)| {
            let mut files: Vec<_> = items.iter().map(|item| item.spot.file).collect();
            files.dedup();
            Statistics {
                code,
                count: items.len(),
                files: files.len(),
            }
        })
        .collect();
    counts.sort_by_key(|row| std::cmp::Reverse(row.count));
    counts
}

/// Writes the counts as a table.
///
/// # Errors
/// If `out` does.
pub fn write_table(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = statistics(view);
    let width = rows.iter().map(|row| row.code.len()).max().unwrap_or(0);
    for row in rows {
        let files = match view.language {
            Language::English => counted(row.files, "file"),
            Language::Chinese => format!("{} 个文件", row.files),
        };
        let (count, code) = (row.count, row.code);
        writeln!(out, "{count:>7}  {code:<width$}  {files}")?;
    }
    Ok(())
}

/// Writes the counts as JSON.
///
/// # Errors
/// If `out` does.
pub fn write_json(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Careful::new(out), &statistics(view))?;
    writeln!(out)
}
