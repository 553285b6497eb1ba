//! What the rules about unguarded IO have in common: which rule a call belongs to, how bad it is, and how to say it.

use super::around::root_variable;
use super::{Rule, Whole, draft};
use crate::escape::clauses::called_names;
use crate::escape::{Entry, Escape, Site, sounds_catching};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::infer::LibraryCall;
use crate::ir::{ExprId, ExprKind, Function, FunctionKind, TryId, TryKind};
use crate::library::schema::{Fate, Mark, Runs};
use crate::project::{Catches, Coverage};
use crate::summary::{ClassRef, Effects};
use crate::text::Location;
use crate::types::{CallRef, FunctionRef};
use rustc_hash::FxHashMap;

/// What a call touches, as far as rules tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touches {
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
pub(super) fn touches(site: &Site) -> Touches {
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
pub(super) fn unguarded(rule: &'static Rule, whole: &Whole<'_>, wanted: Touches) -> Vec<Finding> {
    let mut told = Told::default();
    for site in &whole.escapes.sites {
        if touches(site) != wanted || site.left.classes == 0 || missed(whole, site).is_some() {
            continue;
        }
        let (key, (severity, confidence)) = match &site.escape {
            Some(escape) => ("unguarded", level(whole, site, escape)),
            None if is_unheard(whole, site) => ("unclear", (Severity::Warning, Confidence::Medium)),
            None => continue,
        };
        let finding = finding(rule, whole, site, site.escape.as_ref(), key);
        told.tell(
            whole,
            site,
            finding.severity(severity).confidence(confidence),
        );
    }
    told.findings
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

/// Whether a call is worth a word though nobody knows who calls its function: it fails often, and no caller that is
/// known catches it.
fn is_unheard(whole: &Whole<'_>, site: &Site) -> bool {
    if site.is_spared || is_setup(whole, site) {
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
    is_fragile(whole, site) || (whole.escapes.is_application && CLIENTS.contains(&library))
}

/// Whether a call fails in ordinary operation. Not where its arguments say that it cannot: the own process, the locale
/// that is always there.
fn is_fragile(whole: &Whole<'_>, site: &Site) -> bool {
    let known = whole.program.library.get(site.call.callee);
    let (module, code) = whole.program.code(site.function);
    let is_safe = |part: ExprId| match module.kind(part) {
        ExprKind::Text(text) => module.name(text) == "C",
        ExprKind::Int(0) => true,
        ExprKind::Call { callee, .. } => module
            .dotted(code, callee)
            .is_some_and(|name| name.ends_with("getpid")),
        _ => false,
    };
    let ExprKind::Call { arguments, .. } = module.kind(site.call.call) else {
        return false;
    };
    if known.name == "socket.socket.setsockopt" {
        let level = module.arguments(arguments).first();
        let level = level.and_then(|level| module.dotted(code, level.value));
        return level.is_some_and(|level| level.ends_with("_TCP"));
    }
    let arguments = module.arguments(arguments);
    if known.name == "logging.config.fileConfig" {
        // A file that the program brings along is there; one that somebody names may not be.
        let is_named = |part: ExprId| !matches!(module.kind(part), ExprKind::Text(_));
        return arguments.first().is_some_and(|path| is_named(path.value));
    }
    let is_process = known.summary.effects.meets(Effects::PROCESS);
    let is_of_terminal =
        known.name.starts_with("termios.") || TERMINAL.contains(&known.name.as_str());
    if is_of_terminal && asks(whole, site, "isatty") {
        return false;
    }
    if ["fcntl.flock", "fcntl.lockf"].contains(&known.name.as_str()) {
        // A lock that waits is got in the end; one that does not wait is there to be refused.
        return mentions(whole, site, "LOCK_NB");
    }
    known.has(Mark::Fragile)
        && !(is_process && arguments.iter().any(|argument| is_safe(argument.value)))
}

/// Calls that ask a terminal.
const TERMINAL: [&str; 2] = ["os.get_terminal_size", "os.ttyname"];

/// Whether an argument of a call names an attribute.
fn mentions(whole: &Whole<'_>, site: &Site, wanted: &str) -> bool {
    let (module, _) = whole.program.code(site.function);
    let mut found = false;
    module.walk(site.call.call, &mut |part| {
        found |= matches!(module.kind(part), ExprKind::Attribute { name, .. } if module.name(name) == wanted);
    });
    found
}

/// Whether the function of a call also calls something of that name, which answers whether the call can work.
fn asks(whole: &Whole<'_>, site: &Site, name: &str) -> bool {
    let (module, code) = whole.program.code(site.function);
    called_names(module, code, code.span).contains(&name)
}

/// Findings, one for all calls of a function that one handler would cover.
#[derive(Default)]
pub(super) struct Told {
    /// In the order of the code.
    pub(super) findings: Vec<Finding>,
    known: FxHashMap<(FunctionRef, Option<TryId>, Option<FunctionRef>), usize>,
}

/// More calls are not pointed at.
const ALSO: usize = 3;

impl Told {
    /// Adds a finding, or a line to the one that says the same of an earlier call.
    pub(super) fn tell(&mut self, whole: &Whole<'_>, site: &Site, finding: Finding) {
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
        if finding.severity > first.severity {
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

/// A `try` around more statements than that was hardly written for one conversion.
pub(super) const CLOSE: u32 = 3;

/// The handlers around a call that were meant for it, and let something of it through.
pub(super) fn missed(whole: &Whole<'_>, site: &Site) -> Option<TryId> {
    let (module, code) = whole.program.code(site.function);
    if let Some(meant) = site.rare_for {
        return Some(meant);
    }
    let region = site.missed_by(code)?;
    let (module_ref, id) = whole.program.locate(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return None;
    };
    let is_meant =
        |handler: &crate::ir::Handler| match whole.program.catches(module_ref, id, handler.types) {
            Catches::Everything => false,
            Catches::Classes { classes, .. } => classes
                .iter()
                .any(|&class| is_related(whole, site, class, module.dialect)),
        };
    let is_meant = site.left.partial.is_some()
        || handlers.iter().any(is_meant)
        || reads_what_is_guarded(whole, site, region);
    let is_close = touches(site) != Touches::Text || code.region(region).statements <= CLOSE;
    (is_meant && is_close).then_some(region)
}

/// Whether a text is read that comes from a call which these very handlers guard: they thought of the file that is missing,
/// or of the server that is down, and not of what stands in it.
fn reads_what_is_guarded(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let program = whole.program;
    let name = name_of_call(whole, site.call.callee);
    let is_of_file = ["load", "safe_load", "full_load"].contains(&last_part(name));
    if touches(site) != Touches::Text || !(site.call.from_outside || is_of_file) {
        return false;
    }
    let (module, code) = program.code(site.function);
    let (module_ref, id) = program.locate(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    let catches: Vec<Catches> = handlers
        .iter()
        .map(|handler| program.catches(module_ref, id, handler.types))
        .collect();
    let is_guarded = |call: &LibraryCall| {
        let known = program.library.get(call.callee);
        let touches = known.summary.effects;
        call.call != site.call.call
            && touches.meets(Effects::NETWORK.with(Effects::FILE))
            && is_within(code, code.block(call.block).guard, region)
            && known.summary.raises.iter().any(|raise| {
                catches.iter().any(|catches| {
                    program.covers(catches, raise.class, module.dialect) == Coverage::Full
                })
            })
    };
    let calls = &whole.traces[site.function.0 as usize].library;
    calls.iter().any(is_guarded)
}

/// Whether a place under `guard` stands in the body of `region`.
pub(super) fn is_within(code: &Function, guard: Option<TryId>, region: TryId) -> bool {
    let mut at = guard;
    while let Some(guard) = at {
        if guard == region {
            return true;
        }
        at = code.region(guard).parent;
    }
    false
}

/// Whether a class is of the same sort as what a call raises: of the same library, or of the operating system.
fn is_related(
    whole: &Whole<'_>,
    site: &Site,
    class: ClassRef,
    dialect: crate::ir::Dialect,
) -> bool {
    let program = whole.program;
    let root = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let name = program.class_name(class);
    let call = &program.library.get(site.call.callee).name;
    let is_under = |base: &str| {
        let base = program.library.class(base, dialect);
        base.is_some_and(|base| program.is_subclass(class, base, dialect) == Some(true))
    };
    let is_one = site
        .classes
        .iter()
        .any(|&raised| program.is_subclass(raised, class, dialect) == Some(true));
    let is_alike = match touches(site) {
        Touches::Text => is_under("ValueError") || is_under("TypeError"),
        _ => is_under("OSError"),
    };
    is_one || is_alike || (name.contains('.') && root(name) == root(call))
}

/// How bad an escape is, and how sure.
pub(super) fn level(whole: &Whole<'_>, site: &Site, escape: &Escape) -> (Severity, Confidence) {
    let matters = is_fragile(whole, site) || file_matters(site, escape);
    level_of(whole, site, escape, matters)
}

/// The same where it is known whether a file's trouble matters.
pub(super) fn level_of(
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
        Entry::Public if whole.escapes.is_application => (Severity::Warning, Confidence::Medium),
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

/// Whether a query goes through a session or cursor that the function was given: whoever opened it ends the transaction, and
/// hears of what goes wrong.
fn is_lent(whole: &Whole<'_>, site: &Site) -> bool {
    if touches(site) != Touches::Database {
        return false;
    }
    let (module, code) = whole.program.code(site.function);
    let ExprKind::Call { callee, .. } = module.kind(site.call.call) else {
        return false;
    };
    let Some(place) = root_variable(module, callee) else {
        return false;
    };
    let is_method = whole.program.class_of_method(site.function).is_some();
    let mut given = code.parameters.iter().skip(usize::from(is_method));
    given.any(|parameter| parameter.place == place)
}

/// Calls that set a server up: where they fail, it had better not start.
const SETUP: [&str; 10] = [
    "socket.socket",
    "socket.create_server",
    "socket.socketpair",
    "socket.fromfd",
    "socket.socket.bind",
    "socket.socket.listen",
    "select.select",
    "ssl.create_default_context",
    "ssl.SSLContext.load_cert_chain",
    "ssl.SSLContext.load_verify_locations",
];

fn is_setup(whole: &Whole<'_>, site: &Site) -> bool {
    let name = name_of_call(whole, site.call.callee);
    if name == "socket.socket.setsockopt" {
        // An option of a socket that is connected already is no setup: the peer may have gone.
        let calls = &whole.traces[site.function.0 as usize].library;
        return !is_fragile(whole, site)
            || calls
                .iter()
                .any(|call| MAKES_SOCKETS.contains(&name_of_call(whole, call.callee)));
    }
    SETUP.contains(&name) || name.contains(".listen")
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn name_of_call<'w>(whole: &'w Whole<'_>, call: CallRef) -> &'w str {
    whole.program.library.get(call).name.as_str()
}

/// Where one of these stands, a socket is set up.
const MAKES_SOCKETS: [&str; 6] = [
    "socket.socket",
    "socket.create_server",
    "socket.socketpair",
    "socket.fromfd",
    "socket.socket.bind",
    "socket.socket.listen",
];

/// Files that are opened deeper below an entry point than this are part of what it is there for.
const NEAR: usize = 3;

/// A missing file matters where a server or a loop trips over it, or where somebody outside says which file.
fn file_matters(site: &Site, escape: &Escape) -> bool {
    let serves = match escape.entry {
        Entry::Registered { runs, .. } => !matches!(runs, Runs::Command | Runs::Test),
        _ => false,
    };
    serves || site.in_endless_loop || site.call.from_outside
}

/// One level less.
pub(super) fn lower(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::High => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// The finding at the call, with the way down from the entry point.
pub(super) fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    site: &Site,
    escape: Option<&Escape>,
    key: &'static str,
) -> Finding {
    let (module, code) = whole.program.code(site.function);
    let span = module.span(site.call.call);
    let classes = escape.map_or(site.left.classes, |escape| escape.classes);
    let errors = errors(whole, site, classes);
    let top = name_of(whole, escape.map_or(site.function, |escape| escape.top));
    let message = Message::new(key)
        .with("call", call_text(whole, site))
        .with("errors", errors.clone())
        .with("top", top);
    let statement = code
        .insts
        .get(site.call.inst as usize)
        .map_or(span.start, |inst| inst.span.start);
    let mut finding = Finding {
        statement,
        ..draft(rule, whole.program, site.function, span, message)
    };
    if let Some(escape) = escape {
        finding.related = way(whole, escape);
        finding.cause = Some(way_text(whole, escape));
    }
    finding.help(Message::new("guard").with("errors", errors))
}

/// What is called, as it is written.
pub(super) fn call_text(whole: &Whole<'_>, site: &Site) -> String {
    let (module, code) = whole.program.code(site.function);
    let written = match module.kind(site.call.call) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    written.unwrap_or_else(|| whole.program.library.get(site.call.callee).name.clone())
}

/// The names of some of the classes that a site raises.
pub(super) fn errors(whole: &Whole<'_>, site: &Site, mask: u32) -> String {
    let short = |class| {
        let name = whole.program.class_name(class);
        match name.rsplit_once('.') {
            Some((before, last)) => {
                format!("{}.{last}", before.split('.').next().unwrap_or_default())
            }
            None => name.to_owned(),
        }
    };
    let mut names: Vec<String> = site.named(mask).map(short).collect();
    names.dedup();
    names.join(", ")
}

/// From the entry point down to the call.
fn way(whole: &Whole<'_>, escape: &Escape) -> Vec<Related> {
    let mut related = Vec::new();
    let (_, code) = whole.program.code(escape.top);
    let file = whole.program.file(escape.top);
    if code.kind == FunctionKind::Def {
        let message = Message::new(entry_key(escape.entry)).with("top", name_of(whole, escape.top));
        related.push(Related {
            location: Location {
                file,
                span: code.name_span,
            },
            message,
        });
    }
    for hop in &escape.path {
        let (module, _) = whole.program.code(hop.caller);
        let location = Location {
            file: whole.program.file(hop.caller),
            span: module.span(hop.call),
        };
        related.push(Related {
            location,
            message: Message::new("calls").with("name", name_of(whole, hop.caller)),
        });
    }
    if let Some(hop) = escape.spared {
        let (module, _) = whole.program.code(hop.caller);
        let location = Location {
            file: whole.program.file(hop.caller),
            span: module.span(hop.call),
        };
        related.push(Related {
            location,
            message: Message::new("spared").with("name", name_of(whole, hop.caller)),
        });
    }
    related
}

fn way_text(whole: &Whole<'_>, escape: &Escape) -> String {
    let mut names: Vec<String> = vec![name_of(whole, escape.top)];
    names.extend(escape.path.iter().map(|hop| name_of(whole, hop.caller)));
    names.dedup();
    names.join(" > ")
}

/// A function as messages call it; a module's top level by the module's name.
fn name_of(whole: &Whole<'_>, function: FunctionRef) -> String {
    let name = whole.program.qualified_name(function);
    if name.is_empty() {
        whole
            .program
            .module_name(whole.program.locate(function).0)
            .to_owned()
    } else {
        name
    }
}

fn entry_key(entry: Entry) -> &'static str {
    match entry {
        Entry::Top | Entry::Main => "entry-main",
        Entry::Public => "entry-public",
        Entry::Registered { runs, fate } => match (runs, fate) {
            (Runs::Request, _) | (_, Fate::Response) => "entry-request",
            (Runs::Task, _) => "entry-task",
            (Runs::Command, _) => "entry-main",
            (Runs::Loop, Fate::Stops) => "entry-repeated",
            (Runs::Loop, _) => "entry-loop",
            (Runs::Thread | Runs::Greenlet | Runs::Process, _) => "entry-thread",
            _ => "entry-callback",
        },
    }
}
