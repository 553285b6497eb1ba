//! The JSON schema of configurations, for editors that complete and check them.

use serde_json::{Value, json};

/// The schema; `rules` are the names that may stand in `select` and `ignore`.
pub fn schema(rules: &[&str]) -> Value {
    let confidence = json!({ "enum": ["high", "medium", "low"] });
    let names = json!({ "type": "array", "items": { "$ref": "#/$defs/rule" } });
    let patterns = json!({ "type": "array", "items": { "type": "string" } });
    let python = json!({ "type": "string", "pattern": r"^(2|3)(\.\d+)?$" });
    let described = |mut schema: Value, text: &str| {
        schema["description"] = json!(text);
        schema
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pothole",
        "type": "object",
        "additionalProperties": false,
        "$defs": { "rule": { "enum": rules } },
        "properties": {
            "select": described(names.clone(), "Only these rules or families."),
            "ignore": described(names.clone(), "Not these rules or families."),
            "pedantic": { "type": "boolean", "description": "Also what is only a hint." },
            "min-confidence": described(confidence.clone(), "The least confidence that is reported."),
            "python": described(python.clone(), "The Python of files that do not show it."),
            "lang": { "enum": ["en", "zh"], "description": "The language of messages." },
            "exclude": described(patterns.clone(), "Files and folders that are left out, as in .gitignore."),
            "entry-points": described(patterns.clone(), "Functions that something outside of the project calls."),
            "library": { "type": "object", "description": "What the team's own libraries do." },
            "rules": {
                "type": "object",
                "description": "What is different for a rule or a family.",
                "propertyNames": { "$ref": "#/$defs/rule" },
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "severity": { "enum": ["error", "warning", "hint"] },
                        "min-confidence": confidence,
                    },
                },
            },
            "override": {
                "type": "array",
                "description": "What is different for some files; later ones win.",
                "items": {
                    "type": "object",
                    "required": ["paths"],
                    "additionalProperties": false,
                    "properties": {
                        "paths": patterns,
                        "select": names,
                        "ignore": names,
                        "pedantic": { "type": "boolean" },
                        "min-confidence": confidence,
                        "python": python,
                    },
                },
            },
        },
    })
}
