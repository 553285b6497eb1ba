//! `handler-misses-error`: there is a try, but it does not cover what the call raises.

use super::io::{Told, Touches, errors, finding, level, missed, touches};
use super::swallowed_exception::types_text;
use super::{Check, Family, Rule, Whole};
use crate::escape::Site;
use crate::escape::clauses::{Fate, fate};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{Handler, TryId, TryKind};
use crate::project::Catches;
use crate::summary::ClassRef;
use crate::text::Location;

pub(super) const RULE: Rule = Rule {
    name: "handler-misses-error",
    family: Family::Guarded,
    page: include_str!("../../rules/handler-misses-error.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut told = Told::default();
    for site in &whole.escapes.sites {
        if site.left.classes != 0
            && let Some(region) = missed(whole, site)
            && let Some(finding) = missing(rule, whole, site, region)
        {
            told.tell(whole, site, finding);
        }
    }
    told.findings
}

fn missing(rule: &'static Rule, whole: &Whole<'_>, site: &Site, region: TryId) -> Option<Finding> {
    let is_partial = site.left.partial.is_some();
    let escape = site.escape.as_ref();
    if escape.is_none() && site.is_spared && !is_own_affair(whole, site, region) {
        return None;
    }
    let key = match (escape, is_partial) {
        (None, _) => "unclear",
        (_, true) => "partial",
        (_, false) => "missed",
    };
    let mut finding = finding(rule, whole, site, escape, key);
    finding.related.insert(0, handlers(whole, site, region));
    let (severity, confidence) = match escape {
        // What stands for a text that cannot be read is told by the handler that is there; a page for errors tells less.
        Some(escape) if touches(site) == Touches::Text => {
            (Severity::Warning, level(whole, site, escape).1)
        }
        Some(escape) => level(whole, site, escape),
        None => (Severity::Warning, Confidence::Medium),
    };
    // A narrow handler of files or rows is a choice; so is any where nobody knows who calls.
    let is_chosen = match touches(site) {
        Touches::File => is_partial || escape.is_none(),
        Touches::Database => is_partial && escape.is_none(),
        Touches::Network | Touches::Text => {
            (is_partial && names_several(whole, site, region))
                || (is_partial && escape.is_none() && names_answer(whole, site, region))
        }
    };
    let severity = if is_chosen {
        Severity::Hint
    } else {
        severity.min(Severity::Warning)
    };
    let confidence = if is_partial {
        confidence.min(Confidence::Medium)
    } else {
        confidence
    };
    let classes = escape.map_or(site.left.classes, |escape| escape.classes);
    let help = Message::new("widen").with("errors", errors(whole, site, classes));
    Some(finding.severity(severity).confidence(confidence).help(help))
}

/// A `try` around more statements than that may not mean this call alone.
const CLOSE: u32 = 3;

/// Whether the handlers were meant to end the matter here: all callers that catch the rest catch everything.
fn is_own_affair(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let (module, code) = whole.program.code(site.function);
    let region = code.region(region);
    let TryKind::Catch { handlers, .. } = &region.kind else {
        return false;
    };
    let ends = |handler: &Handler| fate(module, code, handler) == Fate::Handled;
    let is_told = matches!(touches(site), Touches::Network | Touches::Text);
    is_told
        && !site.is_spared_by_name
        && site.left.partial.is_none()
        && region.statements <= CLOSE
        && handlers.iter().all(ends)
}

/// Parts of names of classes that say what the other side answered, rather than that it could not be asked.
const ANSWERS: [&str; 10] = [
    "NotFound",
    "NotExist",
    "NoSuch",
    "Exists",
    "Missing",
    "Duplicate",
    "Conflict",
    "Integrity",
    "error_perm",
    "Forbidden",
];

/// Whether a handler waits for an answer that the program knows what to do with: the rest is left to callers on purpose.
fn names_answer(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let (module, code) = whole.program.code(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    handlers.iter().any(|handler| {
        let text = types_text(module, code, handler);
        ANSWERS.iter().any(|part| text.contains(part))
    })
}

/// Whether the handlers name more than one kind of what is raised: somebody chose them.
fn names_several(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let program = whole.program;
    let (module_ref, id) = program.locate(site.function);
    let (module, code) = program.code(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    let mut narrower = 0;
    for handler in handlers {
        if let Catches::Classes { classes, .. } = program.catches(module_ref, id, handler.types) {
            let below = |class: &ClassRef| {
                site.named(site.left.classes)
                    .any(|root| program.is_subclass(*class, root, module.dialect) == Some(true))
            };
            narrower += classes.iter().filter(|class| below(class)).count();
        }
    }
    narrower > 1
}

/// The handlers that are there.
fn handlers(whole: &Whole<'_>, site: &Site, region: TryId) -> Related {
    let (module, code) = whole.program.code(site.function);
    let region = code.region(region);
    let TryKind::Catch { handlers, .. } = &region.kind else {
        return Related {
            location: Location {
                file: whole.program.file(site.function),
                span: region.span,
            },
            message: Message::new("handlers"),
        };
    };
    let types: Vec<String> = handlers
        .iter()
        .map(|handler| types_text(module, code, handler))
        .collect();
    let span = handlers
        .first()
        .map_or(region.span, |handler| handler.header);
    let location = Location {
        file: whole.program.file(site.function),
        span,
    };
    Related {
        location,
        message: Message::new("handlers").with("types", types.join(", ")),
    }
}
