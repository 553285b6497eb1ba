//! `sarif`: SARIF 2.1.0, as GitHub's code scanning and others take it.

use super::escape::Careful;
use super::{Change, INVALID_FILE, Item, Spot, View, documentation, escape};
use crate::config::Language;
use crate::finding::{Confidence, Severity};
use crate::page;
use crate::rules::Rule;
use serde_json::{Value, json};
use std::io::{self, Write};

/// What paths are relative to; code hosts put the repository's root there.
const BASE: &str = "%SRCROOT%";

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: Vec<&'static Rule> = view.findings().filter_map(|item| item.rule).collect();
    rules.sort_by_key(|rule| rule.name);
    rules.dedup_by_key(|rule| rule.name);
    let driver = json!({
        "name": "pothole",
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules.iter().map(|rule| descriptor(rule, view.language)).collect::<Vec<_>>(),
    });
    let results: Vec<Value> = view
        .findings()
        .map(|item| result(view, item, &rules))
        .collect();
    let report = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { BASE: { "description": { "text": "The root of the repository." } } },
            "invocations": [invocation(view)],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(Careful::new(out), &report)?;
    writeln!(out)
}

fn descriptor(rule: &Rule, language: Language) -> Value {
    let page = page::of(rule);
    let manual = page.manual(rule, language);
    json!({
        "id": rule.name,
        "name": camel_case(rule.name),
        "shortDescription": { "text": page.summary.text(language) },
        "fullDescription": { "text": page.summary.text(language) },
        "help": { "text": manual, "markdown": manual },
        "helpUri": documentation(rule),
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "tags": [rule.family.name()] },
    })
}

/// `none-result` as `NoneResult`.
fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for word in name.split('-') {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    }
}

fn result(view: &View<'_>, item: &Item, rules: &[&Rule]) -> Value {
    let mut result = json!({
        "ruleId": item.code,
        "ruleIndex": rules.iter().position(|rule| rule.name == item.code),
        "level": level(item.severity),
        "message": { "text": message(item) },
        "locations": [location(view, item.spot, None, Some(&item.symbol))],
        "partialFingerprints": {
            "potholePlace/v1": item.fingerprint,
            "potholeCause/v1": item.cause_fingerprint,
        },
        "rank": rank(item.confidence),
    });
    if !item.related.is_empty() {
        result["relatedLocations"] = related(view, item);
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": flow(view, item) }] }]);
    }
    if let Some(fix) = &item.fix {
        result["fixes"] = json!([change(view, item, fix)]);
    }
    result
}

/// What, and what to do: viewers show nothing else of a result.
fn message(item: &Item) -> String {
    match &item.help {
        Some(help) => format!("{}\n{help}", item.message),
        None => item.message.clone(),
    }
}

const fn rank(confidence: Confidence) -> f32 {
    match confidence {
        Confidence::High => 90.0,
        Confidence::Medium => 60.0,
        Confidence::Low => 30.0,
    }
}

fn related(view: &View<'_>, item: &Item) -> Value {
    let steps = item.related.iter().enumerate();
    steps
        .map(|(index, step)| {
            let mut location = location(view, step.spot, Some(&step.message), None);
            location["id"] = json!(index + 1);
            location
        })
        .collect()
}

/// The path, in order, ending where the finding sits.
fn flow(view: &View<'_>, item: &Item) -> Vec<Value> {
    let steps = item.related.iter();
    let places = steps.map(|step| (step.spot, step.message.as_str()));
    let last = std::iter::once((item.spot, item.message.as_str()));
    places
        .chain(last)
        .map(|(spot, message)| json!({ "location": location(view, spot, Some(message), None) }))
        .collect()
}

fn location(view: &View<'_>, spot: Spot, message: Option<&str>, symbol: Option<&str>) -> Value {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": artifact(view, spot),
            "region": region(spot),
        },
    });
    if let Some(message) = message {
        location["message"] = json!({ "text": message });
    }
    if let Some(symbol) = symbol.filter(|symbol| !symbol.is_empty()) {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": symbol }]);
    }
    location
}

fn artifact(view: &View<'_>, spot: Spot) -> Value {
    json!({ "uri": escape::uri(&view.file(spot.file).repository), "uriBaseId": BASE })
}

fn region(spot: Spot) -> Value {
    json!({
        "startLine": spot.start.row,
        "startColumn": spot.start.column,
        "endLine": spot.end.row,
        "endColumn": spot.end.column,
    })
}

fn change(view: &View<'_>, item: &Item, fix: &Change) -> Value {
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            json!({
                "deletedRegion": region(edit.spot),
                "insertedContent": { "text": edit.content },
            })
        })
        .collect();
    json!({
        "description": { "text": fix.message },
        "artifactChanges": [{
            "artifactLocation": artifact(view, item.spot),
            "replacements": replacements,
        }],
    })
}

/// What could not be analyzed.
fn invocation(view: &View<'_>) -> Value {
    let invalid = view.items.iter().filter(|item| item.rule.is_none());
    let notifications: Vec<Value> = invalid
        .map(|item| {
            json!({
                "descriptor": { "id": INVALID_FILE },
                "level": "warning",
                "message": { "text": item.message },
                "locations": [location(view, item.spot, None, None)],
            })
        })
        .collect();
    json!({ "executionSuccessful": true, "toolExecutionNotifications": notifications })
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn a_rule_has_a_name_in_camel_case() {
        assert_eq!(camel_case("none-result"), "NoneResult");
    }
}
