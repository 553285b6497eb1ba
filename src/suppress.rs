//! Which findings an ignore comment covers.

use crate::finding::Finding;
use crate::ir::{Module, Reach, Suppression};
use crate::rules;

/// The first ignore comment of the module that covers a finding, as an index into `Module::suppressions`.
pub fn is_suppressed(module: &Module, finding: &Finding) -> Option<usize> {
    if module.suppressions.is_empty() {
        return None;
    }
    let rows = [
        module.lines.row(finding.location.span.start),
        module.lines.row(finding.statement),
    ];
    module
        .suppressions
        .iter()
        .position(|comment| reaches(comment, rows) && names(comment, finding.rule))
}

fn reaches(comment: &Suppression, rows: [u32; 2]) -> bool {
    match comment.reach {
        Reach::Row(row) => rows.contains(&row),
        Reach::File => true,
    }
}

fn names(comment: &Suppression, rule: &str) -> bool {
    let family = rules::find(rule).map(|rule| rule.family.name());
    comment.rules.is_empty()
        || comment
            .rules
            .iter()
            .any(|name| name == rule || Some(name.as_str()) == family)
}
