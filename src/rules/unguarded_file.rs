//! `unguarded-file`: a file or process whose errors nobody catches where that stops a server.

use super::io::{Touches, unguarded};
use super::{Check, Family, Rule, Whole};
use crate::finding::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unguarded-file",
    family: Family::Guarded,
    page: include_str!("../../rules/unguarded-file.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    unguarded(rule, whole, Touches::File)
}
