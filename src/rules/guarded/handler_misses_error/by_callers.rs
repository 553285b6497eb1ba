//! A `try` around a call of a helper, whose handlers catch some of what the helper lets through.

use super::handlers;
use crate::escape::Site;
use crate::finding::{Confidence, Finding, Message, Related};
use crate::ir::{TryId, TryKind};
use crate::project::{CallSite, Coverage};
use crate::rules::guarded::io::{Touches, touches};
use crate::rules::guarded::meant::{CLOSE, missed};
use crate::rules::guarded::telling::errors;
use crate::rules::{Rule, Whole, draft};
use crate::text::Location;
use crate::types::FunctionRef;
use rustc_hash::FxHashSet;

/// More callers of one helper are not asked.
const CALLERS: usize = 24;

/// Calls of helpers that read a text, under handlers for a part of what that raises.
pub(super) fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut told: FxHashSet<(FunctionRef, TryId)> = FxHashSet::default();
    let mut findings = Vec::new();
    for site in &whole.escapes.sites {
        let leaves = site.left.classes.count_ones() > 1;
        if touches(site) != Touches::Text || !leaves || missed(whole, site).is_some() {
            continue;
        }
        for call in whole.graph.calls_of(site.function).take(CALLERS) {
            let mut breaches = whole.escapes.breaches.iter();
            if breaches.any(|known| known.function == call.caller && known.call == call.call) {
                continue;
            }
            let Some((region, rest)) = partly(whole, site, call) else {
                continue;
            };
            if told.insert((call.caller, region)) {
                findings.push(finding(rule, whole, site, call, region, rest));
            }
        }
    }
    findings
}

/// The handlers around a call that catch some of the classes, and those that they let through; nothing where somebody
/// further out catches these.
fn partly(whole: &Whole<'_>, site: &Site, call: &CallSite) -> Option<(TryId, u32)> {
    let program = whole.program;
    let (_, code) = program.code(call.caller);
    if whole.escapes.is_out_of_scope(program.locate(call.caller).0) || call.is_virtual {
        return None;
    }
    let region = call.guard?;
    let TryKind::Catch { .. } = code.region(region).kind else {
        return None;
    };
    if code.region(region).statements > CLOSE {
        return None;
    }
    let (mut caught, mut rest) = (0_u32, 0_u32);
    for (index, &class) in site.classes.iter().enumerate() {
        if site.left.classes >> index & 1 == 0 {
            continue;
        }
        match program.caught_in(call.caller, call.guard, class) {
            (Coverage::Full, Some(by)) if by == region => caught |= 1 << index,
            (Coverage::None, _) => rest |= 1 << index,
            _ => return None,
        }
    }
    // What is of the wrong type is a mistake in the program, no text.
    let is_mistake = site
        .named(rest)
        .all(|class| program.class_name(class) == "TypeError");
    if is_mistake {
        return None;
    }
    // Handlers further up may be meant for the rest.
    let mut above = whole.graph.calls_of(call.caller).take(CALLERS);
    let is_spared = above.any(|up| {
        site.named(rest)
            .all(|class| program.caught_in(up.caller, up.guard, class).0 == Coverage::Full)
    });
    (caught != 0 && rest != 0 && !is_spared).then_some((region, rest))
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    site: &Site,
    call: &CallSite,
    region: TryId,
    rest: u32,
) -> Finding {
    let program = whole.program;
    let (module, _) = program.code(call.caller);
    let (inner, _) = program.code(site.function);
    let name = program.qualified_name(site.function);
    let missing = errors(whole, site, rest);
    let message = Message::new("helper")
        .with("call", name)
        .with("errors", missing.clone());
    let raised = Related {
        location: Location {
            file: program.file(site.function),
            span: inner.span(site.call.call),
        },
        message: Message::new("raised").with("errors", missing.clone()),
    };
    draft(rule, program, call.caller, module.span(call.call), message)
        .because(handlers(whole, call.caller, region))
        .because(raised)
        .confidence(Confidence::Medium)
        .help(Message::new("widen").with("errors", missing))
}
