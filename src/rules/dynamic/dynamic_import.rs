//! `dynamic-import`: a module is imported whose name is not written out.

use crate::finding::{Confidence, Finding, Severity};
use crate::library::schema::Mark;
use crate::rules::dynamic::origin::Outside;
use crate::rules::dynamic::running::{Level, Site, findings};
use crate::rules::{Check, Family, Rule, Whole};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "dynamic-import",
    family: Family::Dynamic,
    page: include_str!("../../../rules/dynamic-import.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    findings(rule, whole, Mark::Imports, &level)
}

/// A plugin that the configuration names is what imports by name are for; one that a client names is not.
fn level(_: &Site<'_, '_>, outside: Option<Outside>) -> Level {
    match outside {
        Some(outside) if outside.is_foreign() => Some((Severity::Error, Confidence::High)),
        Some(Outside::Input) => Some((Severity::Warning, Confidence::Medium)),
        _ => Some((Severity::Hint, Confidence::Medium)),
    }
}
