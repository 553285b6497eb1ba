//! `abstract-instance`: a class is instantiated whose own methods are left for others to write.

use super::instantiation::{Kind, findings};
use super::{Check, Family, Rule, Whole};
use crate::finding::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    name: "abstract-instance",
    family: Family::Classes,
    page: include_str!("../../rules/abstract-instance.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    findings(rule, whole, Kind::Own)
}
