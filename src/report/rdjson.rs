//! `rdjson`: the diagnostic format of reviewdog.

use super::escape::Careful;
use super::{Change, File, Item, Spot, View, documentation};
use crate::finding::Severity;
use serde_json::{Value, json};
use std::io::{self, Write};

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let diagnostics: Vec<Value> = view.findings().map(|item| diagnostic(view, item)).collect();
    let report = json!({
        "source": { "name": "pothole", "url": env!("CARGO_PKG_REPOSITORY") },
        "diagnostics": diagnostics,
    });
    serde_json::to_writer_pretty(Careful::new(out), &report)?;
    writeln!(out)
}

fn diagnostic(view: &View<'_>, item: &Item) -> Value {
    let file = view.file(item.spot.file);
    let related: Vec<Value> = item
        .related
        .iter()
        .map(|step| {
            let file = view.file(step.spot.file);
            json!({ "message": step.message, "location": location(file, step.spot) })
        })
        .collect();
    let message = match &item.help {
        Some(help) => format!("{}\n{help}", item.message),
        None => item.message.clone(),
    };
    json!({
        "message": message,
        "location": location(file, item.spot),
        "severity": match item.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Hint => "INFO",
        },
        "code": { "value": item.code, "url": item.rule.map(documentation).unwrap_or_default() },
        "relatedLocations": related,
        "suggestions": item.fix.as_ref().map(|fix| suggestions(file, fix)).unwrap_or_default(),
    })
}

fn suggestions(file: &File, fix: &Change) -> Vec<Value> {
    fix.edits
        .iter()
        .map(|edit| json!({ "range": range(file, edit.spot), "text": edit.content }))
        .collect()
}

fn location(file: &File, spot: Spot) -> Value {
    json!({ "path": file.repository, "range": range(file, spot) })
}

/// Columns of this format count bytes.
fn range(file: &File, spot: Spot) -> Value {
    let position = |offset: u32| {
        let row = file.lines().row(offset);
        json!({ "line": row + 1, "column": offset - file.lines().start(row) + 1 })
    };
    json!({ "start": position(spot.span.start), "end": position(spot.span.end) })
}
