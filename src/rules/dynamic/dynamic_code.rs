//! `dynamic-code`: a text that is not written out is run as Python.

use crate::finding::{Confidence, Finding, Severity};
use crate::library::schema::Mark;
use crate::rules::dynamic::origin::Outside;
use crate::rules::dynamic::running::{Level, Site, findings};
use crate::rules::{Check, Family, Rule, Whole};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "dynamic-code",
    family: Family::Dynamic,
    page: include_str!("../../../rules/dynamic-code.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    findings(rule, whole, Mark::RunsCode, &level)
}

/// Whoever starts the program may run what they like; whoever only talks to it may not.
fn level(site: &Site<'_, '_>, outside: Option<Outside>) -> Level {
    let is_told_later = site.known.name == "compile";
    match outside {
        Some(outside) if outside.is_foreign() => Some((Severity::Error, Confidence::High)),
        // A file of Python is there to be run; what data says is not.
        Some(
            Outside::Environment
            | Outside::Arguments
            | Outside::Input
            | Outside::Process
            | Outside::Record,
        ) if matches!(site.known.name.as_str(), "eval" | "exec")
            || outside == Some(Outside::Record) && is_told_later =>
        {
            Some((Severity::Warning, Confidence::Medium))
        }
        _ if is_told_later => None,
        _ => Some((Severity::Hint, Confidence::Medium)),
    }
}
