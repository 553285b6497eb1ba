//! `handler-misses-error`: there is a try, but it does not cover what the call raises.

use super::io::{Touches, errors, finding, level, lower, missed, touches};
use super::swallowed_exception::types_text;
use super::{Check, Family, Rule, Whole};
use crate::escape::Site;
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{TryId, TryKind};
use crate::text::Location;

pub(super) const RULE: Rule = Rule {
    name: "handler-misses-error",
    family: Family::Guarded,
    page: include_str!("../../rules/handler-misses-error.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    whole.escapes.sites.iter().filter_map(|site| missing(rule, whole, site)).collect()
}

fn missing(rule: &'static Rule, whole: &Whole<'_>, site: &Site) -> Option<Finding> {
    let escape = site.escape.as_ref()?;
    let region = missed(whole, site)?;
    let is_partial = site.left.partial.is_some();
    let mut finding = finding(rule, whole, site, escape, if is_partial { "partial" } else { "missed" });
    finding.related.insert(0, handlers(whole, site, region));
    let (severity, confidence) = level(whole, site, escape);
    let confidence = if is_partial { lower(confidence).max(Confidence::Medium).min(confidence) } else { confidence };
    let severity = if touches(site) == Touches::File { Severity::Warning } else { severity };
    let errors = errors(whole, site, escape.classes);
    Some(finding.severity(severity.min(Severity::Warning)).confidence(confidence).help(Message::new("widen").with("errors", errors)))
}

/// The handlers that are there.
fn handlers(whole: &Whole<'_>, site: &Site, region: TryId) -> Related {
    let (module, code) = whole.program.code(site.function);
    let region = code.region(region);
    let TryKind::Catch { handlers, .. } = &region.kind else {
        return Related { location: Location { file: whole.program.file(site.function), span: region.span }, message: Message::new("handlers") };
    };
    let types: Vec<String> = handlers.iter().map(|handler| types_text(module, code, handler)).collect();
    let span = handlers.first().map_or(region.span, |handler| handler.header);
    let location = Location { file: whole.program.file(site.function), span };
    Related { location, message: Message::new("handlers").with("types", types.join(", ")) }
}
