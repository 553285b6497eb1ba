//! `unguarded-database`: a query whose errors nobody catches on some way up to an entry point.

use super::io::{Touches, unguarded};
use super::{Check, Family, Rule, Whole};
use crate::finding::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unguarded-database",
    family: Family::Guarded,
    page: include_str!("../../rules/unguarded-database.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    unguarded(rule, whole, Touches::Database)
}
