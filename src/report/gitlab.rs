//! `gitlab`: a code quality report.

use super::escape::Careful;
use super::{Item, View};
use crate::finding::Severity;
use serde::Serialize;
use std::io::{self, Write};
use xxhash_rust::xxh3::xxh3_128;

#[derive(Serialize)]
struct Issue<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    description: &'a str,
    check_name: &'a str,
    categories: [&'static str; 1],
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let issues: Vec<Issue<'_>> = view.findings().map(|item| issue(view, item)).collect();
    serde_json::to_writer_pretty(Careful::new(out), &issues)?;
    writeln!(out)
}

fn issue<'a>(view: &View<'a>, item: &'a Item) -> Issue<'a> {
    let path = &view.files[item.spot.file.0 as usize].repository;
    Issue {
        kind: "issue",
        description: &item.message,
        check_name: item.code,
        categories: ["Bug Risk"],
        fingerprint: fingerprint(path, &item.cause_fingerprint),
        severity: match item.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Hint => "info",
        },
        location: Location {
            path,
            lines: Lines {
                begin: item.spot.start.row,
                end: item.spot.end.row,
            },
        },
    }
}

/// GitLab shows one issue for each fingerprint, so two files must not share one.
fn fingerprint(path: &str, identity: &str) -> String {
    format!(
        "{:032x}",
        xxh3_128(format!("{path}\0{identity}").as_bytes())
    )
}
