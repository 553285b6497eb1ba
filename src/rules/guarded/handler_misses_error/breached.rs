//! Calls of the project's own functions under handlers that catch one part of what these raise, and not another.

use super::{RULE, handlers};
use crate::escape::clauses::{Fate as Ending, fate};
use crate::escape::{Breach, Entry, Site};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{ExprKind, TryKind};
use crate::library::schema::{Fate, Runs};
use crate::rules::guarded::fragile::{is_of_itself, is_setup, reads_own_files};
use crate::rules::guarded::siblings::asks;
use crate::rules::guarded::telling::{name_of, way, way_text};
use crate::rules::{Whole, draft};
use crate::summary::Effects;
use crate::text::Location;
use rustc_hash::FxHashMap;

/// The findings, one for each call.
pub(super) fn findings(whole: &Whole<'_>) -> Vec<Finding> {
    if whole.escapes.breaches.is_empty() {
        return Vec::new();
    }
    let mut sites: FxHashMap<Location, &Site> = FxHashMap::default();
    for site in &whole.escapes.sites {
        let (module, _) = whole.program.code(site.function);
        let location = Location {
            file: whole.program.file(site.function),
            span: module.span(site.call.call),
        };
        sites.insert(location, site);
    }
    let breaches = whole.escapes.breaches.iter();
    breaches
        .filter(|breach| is_worth_it(whole, breach, &sites))
        .map(|breach| finding(whole, breach))
        .collect()
}

/// Whether what goes wrong outside the program does so in ordinary operation. What the project raises itself always counts.
fn is_worth_it(whole: &Whole<'_>, breach: &Breach, sites: &FxHashMap<Location, &Site>) -> bool {
    if breach.effects == Effects::NOTHING {
        return true;
    }
    sites.get(&breach.origin).is_some_and(|site| {
        !asks(whole, site)
            && !is_setup(whole, site)
            && !is_of_itself(whole, site)
            && !reads_own_files(whole, site)
    })
}

fn finding(whole: &Whole<'_>, breach: &Breach) -> Finding {
    let (module, code) = whole.program.code(breach.function);
    let written = match module.kind(breach.call) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    let mut names: Vec<&str> = breach
        .classes
        .iter()
        .map(|&class| whole.program.class_name(class))
        .collect();
    names.dedup();
    let errors = names.join(", ");
    let (key, top) = match &breach.escape {
        Some(escape) => ("missed", escape.top),
        None => ("unclear", breach.function),
    };
    let message = Message::new(key)
        .with("call", written.unwrap_or_else(|| "…".to_owned()))
        .with("errors", errors.clone())
        .with("top", name_of(whole, top));
    let mut finding = draft(
        &RULE,
        whole.program,
        breach.function,
        module.span(breach.call),
        message,
    );
    finding.related = vec![
        handlers(whole, breach.function, breach.region),
        Related {
            location: breach.origin,
            message: Message::new("origin").with("errors", errors.clone()),
        },
    ];
    if let Some(escape) = &breach.escape {
        finding.related.extend(way(whole, escape));
        finding.cause = Some(way_text(whole, escape));
    }
    let (severity, confidence) = level(whole, breach);
    finding
        .severity(severity)
        .confidence(confidence)
        .help(Message::new("widen").with("errors", errors))
}

/// An exception of the project's own that leaves a library is what its users are told to catch; so is one that leaves the
/// answer to a request, or a function that says how it ended by what it raises. Not where the handlers end the matter for one
/// that is raised right beside it.
fn level(whole: &Whole<'_>, breach: &Breach) -> (Severity, Confidence) {
    let is_own = breach.effects == Effects::NOTHING;
    let sure = (Severity::Warning, Confidence::Medium);
    let Some(escape) = &breach.escape else {
        return sure;
    };
    match escape.entry {
        Entry::Registered {
            runs: Runs::Test, ..
        }
        | Entry::Registered {
            fate: Fate::Raised | Fate::Errback,
            ..
        } => (Severity::Hint, Confidence::Medium),
        _ if escape.is_doubtful || escape.retries => (Severity::Warning, Confidence::Low),
        Entry::Registered {
            runs: Runs::Request,
            ..
        } if is_own => (Severity::Warning, Confidence::Low),
        Entry::Public if is_own && !(breach.is_near && goes_on(whole, breach)) => {
            (Severity::Warning, Confidence::Low)
        }
        Entry::Public if !is_own && !whole.escapes.is_application => {
            (Severity::Warning, Confidence::Low)
        }
        _ => sure,
    }
}

/// Whether all handlers around a call go on behind it.
fn goes_on(whole: &Whole<'_>, breach: &Breach) -> bool {
    let (module, code) = whole.program.code(breach.function);
    match &code.region(breach.region).kind {
        TryKind::Catch { handlers, .. } => handlers
            .iter()
            .all(|handler| fate(module, code, handler) == Ending::Handled),
        TryKind::With { .. } | TryKind::Finally { .. } => false,
    }
}
