//! `unguarded-database`: a query whose errors nobody catches on some way up to an entry point.

use crate::finding::{Finding, Severity};
use crate::rules::guarded::io::{Touches, unguarded};
use crate::rules::{Check, Family, Rule, Whole};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unguarded-database",
    family: Family::Guarded,
    page: include_str!("../../../rules/unguarded-database.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    unguarded(rule, whole, Touches::Database)
}
