//! `unguarded-file`: a file or process whose errors nobody catches where that stops a server.

use crate::finding::{Finding, Severity};
use crate::rules::guarded::io::{Touches, unguarded};
use crate::rules::{Check, Family, Rule, Whole};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unguarded-file",
    family: Family::Guarded,
    page: include_str!("../../../rules/unguarded-file.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    unguarded(rule, whole, Touches::File)
}
