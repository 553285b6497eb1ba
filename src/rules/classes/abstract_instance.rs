//! `abstract-instance`: a class is instantiated whose own methods are left for others to write.

use crate::finding::{Finding, Severity};
use crate::rules::classes::instantiation::{Kind, findings};
use crate::rules::{Check, Family, Rule, Whole};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "abstract-instance",
    family: Family::Classes,
    page: include_str!("../../../rules/abstract-instance.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    findings(rule, whole, Kind::Own)
}
