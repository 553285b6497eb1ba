//! What the rules about unguarded IO have in common: which rule a call belongs to, and how bad it is.

use crate::escape::{Entry, Escape, Site, sounds_catching};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{ExprId, ExprKind, LoopKind, TryId};
use crate::library::schema::{Fate, Runs};
use crate::rules::guarded::beside::{guarded_like, guarded_on_same, left_outside, replaces};
use crate::rules::guarded::fragile::{
    is_fragile, is_lent, is_of_itself, is_setup, makes_temporary, reads_own_files,
};
use crate::rules::guarded::handled::means_to_handle;
use crate::rules::guarded::meant::missed;
use crate::rules::guarded::repeats;
use crate::rules::guarded::siblings::{Siblings, asks, beside};
use crate::rules::guarded::telling::{call_text, finding};
use crate::rules::{Rule, Whole};
use crate::summary::Effects;
use crate::text::{Location, Span};
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;

/// What a call touches, as far as rules tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Touches {
    /// The network.
    Network,
    /// A database or cache.
    Database,
    /// Files and processes.
    File,
    /// Nothing: it reads a text.
    Text,
}

/// What a site touches.
pub(in crate::rules) fn touches(site: &Site) -> Touches {
    if site.effects.meets(Effects::NETWORK) {
        Touches::Network
    } else if site.effects.meets(Effects::DATABASE) {
        Touches::Database
    } else if site.effects.meets(Effects::FILE.with(Effects::PROCESS)) {
        Touches::File
    } else {
        Touches::Text
    }
}

/// The findings of one of the three rules: a call, nothing around it, and nothing on a way up to an entry point.
pub(in crate::rules) fn unguarded(
    rule: &'static Rule,
    whole: &Whole<'_>,
    wanted: Touches,
) -> Vec<Finding> {
    let mut told = Told::default();
    let siblings = Siblings::of(whole);
    for site in &whole.escapes.sites {
        if touches(site) != wanted || site.left.classes == 0 || missed(whole, site).is_some() {
            continue;
        }
        if is_of_itself(whole, site) {
            continue;
        }
        let usual = match &site.escape {
            Some(escape) => Some(("unguarded", level(whole, site, escape))),
            None if is_unheard(whole, site) => {
                Some(("unclear", (Severity::Warning, Confidence::Medium)))
            }
            None => None,
        };
        let is_told = usual.is_some_and(|(_, (severity, confidence))| {
            severity != Severity::Hint && confidence != Confidence::Low
        });
        let belief = (!is_told && !site.is_spared)
            .then(|| belief(whole, site, &siblings))
            .flatten();
        let (key, (severity, confidence)) = match (&belief, usual) {
            (Some((key, _)), _) => (*key, (Severity::Warning, Confidence::Medium)),
            (None, Some(usual)) => usual,
            (None, None) => continue,
        };
        let confidence = match wanted {
            // Whoever opened the session ends the transaction, and hears of what goes wrong.
            Touches::Database if is_left_to_others(whole, site, key) => Confidence::Low,
            _ => confidence,
        };
        let mut finding = finding(rule, whole, site, site.escape.as_ref(), key);
        if let Some((_, related)) = belief {
            finding.related.insert(0, related);
        }
        told.tell(
            whole,
            site,
            finding.severity(severity).confidence(confidence),
        );
    }
    let mut findings = told.findings;
    findings.extend(repeats::findings(rule, whole, wanted));
    findings
}

/// Whether a database's error is for the callers of a public function, or comes out of what ends a transaction that failed.
fn is_left_to_others(whole: &Whole<'_>, site: &Site, key: &str) -> bool {
    let entry = site.escape.as_ref().map(|escape| escape.entry);
    let name = &whole.program.library.get(site.call.callee).name;
    let is_for_callers = entry == Some(Entry::Public) && !means_to_handle(whole, site);
    is_for_callers || key == "replaces" || name.ends_with(".rollback")
}

/// What the code around a call says of it, and where: the other calls of the same thing, a `try` right behind it, its like in
/// the same function.
fn belief(
    whole: &Whole<'_>,
    site: &Site,
    siblings: &Siblings<'_>,
) -> Option<(&'static str, Related)> {
    let file = whole.program.file(site.function);
    let here = |key: &'static str, message: &'static str, span: Span| {
        let location = Location { file, span };
        (
            key,
            Related {
                location,
                message: Message::new(message),
            },
        )
    };
    if may_be_forgotten(whole, site)
        && let Some(sibling) = siblings.guarded(whole, site)
    {
        return Some(("forgotten", guarded_sibling(whole, sibling)));
    }
    let is_watched = site.escape.as_ref().is_some_and(is_watched);
    if is_watched || site.retries || asks(whole, site) {
        return None;
    }
    let outside = || left_outside(whole, site).map(|span| here("outside", "handler", span));
    // Nobody else works in a folder that was just made.
    let is_shared = !makes_temporary(whole, site);
    let like = || guarded_like(whole, site).map(|span| here("like", "guarded", span));
    let like = || is_shared.then(like).flatten();
    let same = || guarded_on_same(whole, site).map(|span| here("like", "guarded", span));
    let same = || is_shared.then(same).flatten();
    let replaces = || replaces(whole, site).map(|span| here("replaces", "replaced", span));
    let near = || {
        let sibling = beside(whole, site, &whole.escapes.sites)?;
        let related = guarded_sibling(whole, sibling);
        may_be_forgotten(whole, site).then_some(("beside", related))
    };
    outside()
        .or_else(like)
        .or_else(same)
        .or_else(near)
        .or_else(replaces)
}

/// Whether somebody calls again, or looks on, where an exception gets to.
fn is_watched(escape: &Escape) -> bool {
    escape.retries
        || matches!(
            escape.entry,
            Entry::Registered {
                runs: Runs::Test,
                ..
            }
        )
}

/// Whether the other calls of the same thing say something of this one: nobody further up catches it, and it is no part of
/// what sets a server up or of a test.
fn may_be_forgotten(whole: &Whole<'_>, site: &Site) -> bool {
    !site.is_spared
        && !is_setup(whole, site)
        && !site.escape.as_ref().is_some_and(is_watched)
        && !is_lent(whole, site)
}

/// Where its like is guarded.
pub(in crate::rules) fn guarded_sibling(whole: &Whole<'_>, sibling: &Site) -> Related {
    let (module, _) = whole.program.code(sibling.function);
    Related {
        location: Location {
            file: whole.program.file(sibling.function),
            span: module.span(sibling.call.call),
        },
        message: Message::new("sibling").with("call", call_text(whole, sibling)),
    }
}

/// Libraries of clients whose calls fail whenever the other side is slow, away or wrong.
const CLIENTS: [&str; 18] = [
    "acoustid",
    "aiohttp",
    "ftplib",
    "http",
    "httplib",
    "httplib2",
    "httpx",
    "imaplib",
    "musicbrainzngs",
    "poplib",
    "requests",
    "smtplib",
    "telnetlib",
    "urllib",
    "urllib2",
    "urllib3",
    "websocket",
    "xmlrpc",
];

/// Whether a call is worth a word though nobody knows who calls its function: it fails in ordinary operation, or the function
/// shows that it means to deal with failures itself, or somebody in a program that is run calls a method of its name, and lets them
/// through. Any other is for whoever calls it.
fn is_unheard(whole: &Whole<'_>, site: &Site) -> bool {
    let is_spared = site.is_spared && !(site.leaks && is_fragile(whole, site));
    if is_spared || site.retries || is_setup(whole, site) {
        return false;
    }
    let known = whole.program.library.get(site.call.callee);
    let (module, code) = whole.program.code(site.function);
    if sounds_catching(module.name(code.name)) {
        return false;
    }
    // A method that hands on to its namesake is part of the client itself.
    if known.name.rsplit('.').next() == Some(module.name(code.name)) {
        return false;
    }
    let library = known.name.split('.').next().unwrap_or_default();
    is_fragile(whole, site)
        || (whole.escapes.is_application && site.is_called_by_name && CLIENTS.contains(&library))
        || means_to_handle(whole, site)
}

/// Findings, one for all calls of a function that one handler would cover.
#[derive(Default)]
pub(in crate::rules) struct Told {
    /// In the order of the code.
    pub(in crate::rules) findings: Vec<Finding>,
    known: FxHashMap<(FunctionRef, Option<TryId>, Option<FunctionRef>), usize>,
}

/// More calls are not pointed at.
const ALSO: usize = 3;

impl Told {
    /// Adds a finding, or a line to the one that says the same of an earlier call.
    pub(in crate::rules) fn tell(&mut self, whole: &Whole<'_>, site: &Site, finding: Finding) {
        let guard = site.left.nearest;
        let top = site.escape.as_ref().map(|escape| escape.top);
        let next = self.findings.len();
        let at = *self
            .known
            .entry((site.function, guard, top))
            .or_insert(next);
        let Some(first) = self.findings.get_mut(at) else {
            self.findings.push(finding);
            return;
        };
        if (finding.severity, finding.confidence) > (first.severity, first.confidence) {
            // The place that matters is the one to point at.
            *first = finding;
            return;
        }
        first.confidence = first.confidence.max(finding.confidence);
        let also = |related: &&Related| related.message.key == "also";
        if first.location != finding.location && first.related.iter().filter(also).count() < ALSO {
            let message = Message::new("also").with("call", call_text(whole, site));
            let location = finding.location;
            first.related.push(Related { location, message });
        }
    }
}

/// How bad an escape is, and how sure.
pub(in crate::rules) fn level(
    whole: &Whole<'_>,
    site: &Site,
    escape: &Escape,
) -> (Severity, Confidence) {
    let matters = is_fragile(whole, site) || file_matters(whole, site, escape);
    level_of(whole, site, escape, matters)
}

/// The same where it is known whether a file's trouble matters.
pub(in crate::rules) fn level_of(
    whole: &Whole<'_>,
    site: &Site,
    escape: &Escape,
    file_matters: bool,
) -> (Severity, Confidence) {
    let (severity, confidence) = match escape.entry {
        Entry::Registered {
            runs: Runs::Request,
            ..
        }
        | Entry::Registered {
            fate: Fate::Response,
            ..
        } if whole.escapes.handles_errors => (Severity::Hint, Confidence::Medium),
        Entry::Registered {
            runs: Runs::Test, ..
        }
        | Entry::Registered {
            fate: Fate::Raised | Fate::Errback,
            ..
        } => (Severity::Hint, Confidence::Medium),
        Entry::Registered {
            runs: Runs::Request | Runs::Task,
            ..
        } => (Severity::Warning, Confidence::Medium),
        Entry::Registered {
            fate: Fate::Response | Fate::Kept,
            ..
        } => (Severity::Warning, Confidence::Medium),
        Entry::Registered {
            runs: Runs::Command,
            ..
        }
        | Entry::Top
        | Entry::Main => (Severity::Warning, Confidence::High),
        Entry::Registered { .. } => (Severity::Error, Confidence::High),
        Entry::Public if escape.spared.is_some() => (Severity::Warning, Confidence::Medium),
        Entry::Public if is_own_matter(whole, site) => (Severity::Warning, Confidence::Medium),
        Entry::Public => (Severity::Warning, Confidence::Low),
    };
    let is_fragile = is_fragile(whole, site);
    let severity = if escape.retries
        || is_setup(whole, site)
        || (touches(site) == Touches::File && !file_matters)
    {
        Severity::Hint
    } else {
        severity
    };
    let severity = if touches(site) == Touches::File {
        severity.min(Severity::Warning)
    } else {
        severity
    };
    let confidence = match touches(site) {
        _ if is_fragile => Confidence::Medium,
        Touches::File if escape.path.len() > NEAR => Confidence::Low,
        Touches::File => confidence.min(Confidence::Medium),
        _ => confidence,
    };
    let is_doubtful = escape.is_doubtful || (escape.entry == Entry::Public && is_lent(whole, site));
    (
        severity,
        if is_doubtful {
            lower(confidence)
        } else {
            confidence
        },
    )
}

/// Files that are opened deeper below an entry point than this are part of what it is there for.
const NEAR: usize = 3;

/// Whether an exception that leaves a public function is the function's own matter rather than its callers': in a program that
/// is run, a text or a file, and what a handler was written for; over the network or to a database where the function
/// shows that it means to deal with failures itself.
fn is_own_matter(whole: &Whole<'_>, site: &Site) -> bool {
    let (_, code) = whole.program.code(site.function);
    let is_inside = matches!(touches(site), Touches::File | Touches::Text)
        || site.missed_by(code).is_some()
        || site.in_endless_loop;
    (whole.escapes.is_application && is_inside) || means_to_handle(whole, site)
}

/// A missing file matters where a server or a loop trips over it, or where somebody outside says which file. Not where the
/// function has asked for it, nor on the way to the loop of a thread, which starts like a program.
fn file_matters(whole: &Whole<'_>, site: &Site, escape: &Escape) -> bool {
    let serves = match escape.entry {
        Entry::Registered {
            runs: Runs::Thread | Runs::Greenlet | Runs::Process,
            ..
        } => escape.path.is_empty() || in_loop(whole, site, escape),
        Entry::Registered { runs, .. } => !matches!(runs, Runs::Command | Runs::Test),
        _ => false,
    };
    let is_named = site.call.from_outside && !is_one_of_many(whole, site) && !is_tool(whole, site);
    (serves || site.in_endless_loop || is_named)
        && !asks(whole, site)
        && !reads_own_files(whole, site)
}

/// Whether some call on the way down, or the site itself, stands in a `while`: a thread that serves has one.
fn in_loop(whole: &Whole<'_>, site: &Site, escape: &Escape) -> bool {
    let is_repeated = |function: FunctionRef, call: ExprId| {
        let (module, code) = whole.program.code(function);
        let span = module.span(call);
        code.loops
            .iter()
            .any(|of| matches!(of.kind, LoopKind::While { .. }) && of.suite.contains(span))
    };
    is_repeated(site.function, site.call.call)
        || escape
            .path
            .iter()
            .any(|hop| is_repeated(hop.caller, hop.call))
}

/// Whether a module of a package opens what `sys.argv` names: a tool for its developers, who read the traceback.
fn is_tool(whole: &Whole<'_>, site: &Site) -> bool {
    let (module_ref, _) = whole.program.locate(site.function);
    let name = whole.program.module_name(module_ref);
    let last = name.rsplit('.').next().unwrap_or_default();
    if !name.contains('.') || ["__main__", "main", "cli"].contains(&last) {
        return false;
    }
    let (module, code) = whole.program.code(site.function);
    let mut found = false;
    module.walk(site.call.call, &mut |part| {
        found |= matches!(module.kind(part), ExprKind::Subscript { value, .. }
            if module.dotted(code, value).is_some_and(|name| name.ends_with("argv")));
    });
    found
}

/// Whether the file is one of a list that a loop goes through: who gives a list of files has looked for them.
fn is_one_of_many(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    let ExprKind::Call { arguments, .. } = module.kind(site.call.call) else {
        return false;
    };
    let first = module.arguments(arguments).first();
    let Some(path) = first.and_then(|path| module.kind(path.value).place()) else {
        return false;
    };
    code.loops.iter().any(|of| match of.kind {
        LoopKind::For { target, .. } => module.kind(target).place() == Some(path),
        LoopKind::While { .. } => false,
    })
}

/// One level less.
pub(in crate::rules) fn lower(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::High => Confidence::Medium,
        _ => Confidence::Low,
    }
}
