//! `type-change`: a name that held one kind of value is bound to an unrelated one.

use super::rule::{Family, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "type-change",
    family: Family::Names,
    page: include_str!("../../rules/type-change.md"),
    severity: Severity::Warning,
};
