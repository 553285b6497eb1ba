//! `json` and `jsonl`: what a reader of ruff's JSON can parse, with more.

use super::escape::Careful;
use super::{Change, Item, Position, Spot, View, documentation};
use crate::finding::{Applicability, Confidence, Severity};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    name: &'a str,
    message: &'a str,
    severity: Severity,
    confidence: Confidence,
    filename: &'a str,
    location: Position,
    end_location: Position,
    symbol: &'a str,
    related: Vec<Related<'a>>,
    help: Option<&'a str>,
    fix: Option<Fix<'a>>,
    url: Option<String>,
    fingerprint: &'a str,
    cause_fingerprint: &'a str,
    /// Notebooks are not read; readers of ruff's output ask for the field.
    cell: Option<u32>,
    noqa_row: u32,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    filename: &'a str,
    location: Position,
    end_location: Position,
}

#[derive(Serialize)]
struct Fix<'a> {
    applicability: Applicability,
    message: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    content: &'a str,
    location: Position,
    end_location: Position,
}

/// One object to a line.
pub(super) fn write_lines(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    for item in view.items {
        serde_json::to_writer(Careful::new(out), &entry(view, item))?;
        writeln!(out)?;
    }
    Ok(())
}

/// One array.
pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let entries: Vec<Entry<'_>> = view.items.iter().map(|item| entry(view, item)).collect();
    serde_json::to_writer_pretty(Careful::new(out), &entries)?;
    writeln!(out)
}

fn entry<'a>(view: &View<'a>, item: &'a Item) -> Entry<'a> {
    Entry {
        code: item.code,
        name: item.code,
        message: &item.message,
        severity: item.severity,
        confidence: item.confidence,
        filename: filename(view, item.spot),
        location: item.spot.start,
        end_location: item.spot.end,
        symbol: &item.symbol,
        related: related(view, item),
        help: item.help.as_deref(),
        fix: item.fix.as_ref().map(fix),
        url: item.rule.map(documentation),
        fingerprint: &item.fingerprint,
        cause_fingerprint: &item.cause_fingerprint,
        cell: None,
        noqa_row: item.spot.start.row,
    }
}

fn filename<'a>(view: &View<'a>, spot: Spot) -> &'a str {
    &view.files[spot.file.0 as usize].absolute
}

fn related<'a>(view: &View<'a>, item: &'a Item) -> Vec<Related<'a>> {
    item.related
        .iter()
        .map(|step| Related {
            message: &step.message,
            filename: filename(view, step.spot),
            location: step.spot.start,
            end_location: step.spot.end,
        })
        .collect()
}

fn fix(change: &Change) -> Fix<'_> {
    Fix {
        applicability: change.applicability,
        message: &change.message,
        edits: change
            .edits
            .iter()
            .map(|edit| Edit {
                content: &edit.content,
                location: edit.spot.start,
                end_location: edit.spot.end,
            })
            .collect(),
    }
}
