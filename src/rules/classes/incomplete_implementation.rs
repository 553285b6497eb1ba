//! `incomplete-implementation`: a class is instantiated that leaves a method of its interface unwritten.

use crate::finding::{Finding, Severity};
use crate::rules::classes::instantiation::{Kind, findings};
use crate::rules::{Check, Family, Rule, Whole};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "incomplete-implementation",
    family: Family::Classes,
    page: include_str!("../../../rules/incomplete-implementation.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    findings(rule, whole, Kind::Inherited)
}
