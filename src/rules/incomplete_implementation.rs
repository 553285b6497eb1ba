//! `incomplete-implementation`: a class is instantiated that leaves a method of its interface unwritten.

use super::instantiation::{Kind, findings};
use super::{Check, Family, Rule, Whole};
use crate::finding::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    name: "incomplete-implementation",
    family: Family::Classes,
    page: include_str!("../../rules/incomplete-implementation.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    findings(rule, whole, Kind::Inherited)
}
