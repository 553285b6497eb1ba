//! `unguarded-parse`: a text from outside is read as a number or a document, and nothing catches that it is none.

use crate::escape::{Entry, Site, is_decoding};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{ExprId, ExprKind, LoopKind, PlaceId};
use crate::library::schema::Mark;
use crate::rules::around::bound_value;
use crate::rules::guarded::everyday::is_everyday;
use crate::rules::guarded::fragile::reads_own_files;
use crate::rules::guarded::io::{Told, Touches, guarded_sibling, level, touches};
use crate::rules::guarded::looked_at::is_looked_at;
use crate::rules::guarded::meant::missed;
use crate::rules::guarded::mistaken_index::mistaken;
use crate::rules::guarded::read_beside::read_beside;
use crate::rules::guarded::sources::{Door, Entrance, Sources};
use crate::rules::guarded::telling::finding;
use crate::rules::{Check, Family, Rule, Whole};
use crate::text::Location;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unguarded-parse",
    family: Family::Guarded,
    page: include_str!("../../../rules/unguarded-parse.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut told = Told::default();
    let sources = Sources::of(whole);
    for site in &whole.escapes.sites {
        let is_read = touches(site) == Touches::Text && site.left.classes != 0;
        if !is_read || missed(whole, site).is_some() {
            continue;
        }
        let called = whole.program.library.get(site.call.callee);
        let name = &called.name;
        // A program that somebody wrote to be run here.
        if name == "compile" {
            continue;
        }
        let entrance = sources.of_call(site.function, site.call.call, name);
        let is_outside = site.call.from_outside || entrance.is_some();
        let known = (!site.is_spared && !reads_own_files(whole, site))
            .then(|| read_beside(whole, site))
            .flatten();
        if (!is_outside && known.is_none()) || is_looked_at(whole, site) {
            continue;
        }
        // That it is read at all is worse than that it may be malformed, and is told elsewhere.
        let is_dangerous = called.has(Mark::UnsafeLoad) || called.has(Mark::Imports);
        let is_sent = entrance.is_none_or(|entrance| entrance.door == Door::Network);
        if is_dangerous && is_outside && is_sent && known.is_none() {
            continue;
        }
        let Some((severity, mut confidence)) = graded(whole, site, name, entrance) else {
            continue;
        };
        if known.is_some() {
            confidence = Confidence::Medium;
        } else if !is_everyday(whole, site, name, entrance) {
            confidence = Confidence::Low;
        }
        let escape = site.escape.as_ref();
        let key = match (known, escape) {
            (Some(_), _) => "beside",
            (None, Some(_)) => "unguarded",
            (None, None) => "unclear",
        };
        let mut finding = finding(rule, whole, site, escape, key);
        let sibling = known.map(|known| guarded_sibling(whole, known));
        finding.related.splice(..0, sibling);
        finding
            .related
            .extend(entrance.and_then(|entrance| comes_in(whole, site, entrance)));
        told.tell(
            whole,
            site,
            finding
                .severity(severity.min(Severity::Warning))
                .confidence(confidence.min(Confidence::Medium)),
        );
    }
    let mut findings = told.findings;
    findings.extend(mistaken(rule, whole));
    findings
}

/// How bad it is, and how sure; nothing where callers see to it.
fn graded(
    whole: &Whole<'_>,
    site: &Site,
    name: &str,
    entrance: Option<Entrance>,
) -> Option<(Severity, Confidence)> {
    let door = entrance.map_or(Door::Other, |entrance| entrance.door);
    // Whoever is on the other side of a socket, or wrote another program, knows nothing of who calls this function.
    let is_of_others = matches!(door, Door::Network | Door::Command);
    // The kernel and the package itself write what can be read; the library that got the answer has read its length; the
    // environment is set by whoever starts the program, and is there to see what it says.
    let is_well_formed = door == Door::Environment
        || reads_environment(whole, site)
        || asks_kernel(whole, site)
        || reads_own_files(whole, site)
        || is_content_length(whole, site, entrance);
    if is_well_formed {
        return Some((Severity::Warning, Confidence::Low));
    }
    match &site.escape {
        // What a module reads at its own top level fails when it is started, before anybody's eyes.
        Some(escape) if escape.entry == Entry::Top && escape.path.is_empty() => {
            Some((Severity::Warning, Confidence::Low))
        }
        Some(escape) => {
            let (severity, confidence) = level(whole, site, escape);
            let is_heard = escape.entry == Entry::Public && is_of_others;
            let least = match is_heard && !escape.is_doubtful {
                true => Confidence::Medium,
                false => Confidence::Low,
            };
            Some((severity, confidence.max(least)))
        }
        None if site.is_spared || (is_decoding(name) && !is_of_others) => None,
        None => Some((Severity::Warning, Confidence::Medium)),
    }
}

/// Where the text comes in, if that is not the call itself.
fn comes_in(whole: &Whole<'_>, site: &Site, entrance: Entrance) -> Option<Related> {
    let (module, _) = whole.program.code(entrance.function);
    let (here, _) = whole.program.code(site.function);
    let span = module.span(entrance.expr);
    let is_here = entrance.function == site.function && here.span(site.call.call).contains(span);
    (!is_here).then(|| Related {
        location: Location {
            file: whole.program.file(entrance.function),
            span,
        },
        message: Message::new("entrance"),
    })
}

/// Whether the length of an answer's body is read, which the library of the client has read before.
fn is_content_length(whole: &Whole<'_>, site: &Site, entrance: Option<Entrance>) -> bool {
    let names_it = |function, root| {
        let (module, code) = whole.program.code(function);
        let mut found = false;
        module.walk(root, &mut |part| {
            found |= match module.kind(part) {
                ExprKind::Text(text) => module.name(text).eq_ignore_ascii_case("content-length"),
                ExprKind::Attribute { name, .. } => module.name(name) == "CONTENT_LENGTH",
                ExprKind::Name(place) => module
                    .place_text(code, place)
                    .to_ascii_lowercase()
                    .contains("content_length"),
                _ => false,
            };
        });
        found
    };
    let found = names_it(site.function, site.call.call)
        || entrance.is_some_and(|entrance| names_it(entrance.function, entrance.expr));
    found && !answers_requests(whole, site)
}

/// Whether the function is a method of a handler of requests, whose clients write the headers.
fn answers_requests(whole: &Whole<'_>, site: &Site) -> bool {
    const HANDLERS: [&str; 3] = [
        "http.server.BaseHTTPRequestHandler",
        "http.server.SimpleHTTPRequestHandler",
        "BaseHTTPServer.BaseHTTPRequestHandler",
    ];
    let program = whole.program;
    let class = program.class_of_method(site.function);
    class.is_some_and(|class| {
        let mut bases = program.linearization(class).into_iter();
        bases.any(|base| HANDLERS.contains(&program.class_name(base)))
    })
}

/// Whether the function reads files that the kernel writes, which are well formed.
fn asks_kernel(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    code.exprs
        .range()
        .any(|index| match module.exprs[index].kind {
            ExprKind::Text(text) => {
                let text = module.name(text);
                text.starts_with("/proc/") || text.starts_with("/sys/")
            }
            _ => false,
        })
}

/// Whether what is read is a variable of the environment: taken out right here, or bound to a name of the function.
fn reads_environment(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    let mut names = Vec::new();
    let is_environment = |root: ExprId, names: &mut Vec<PlaceId>| {
        let mut found = false;
        module.walk(root, &mut |part| match module.kind(part) {
            ExprKind::Name(place) => {
                names.push(place);
                found |= module
                    .dotted(code, part)
                    .is_some_and(|name| name == "getenv");
            }
            ExprKind::Attribute { name, .. } => {
                found |= ["environ", "getenv"].contains(&module.name(name))
            }
            _ => {}
        });
        found
    };
    if is_environment(site.call.call, &mut names) {
        return true;
    }
    let is_part = code.loops.iter().any(|of| match of.kind {
        LoopKind::For {
            target, iterable, ..
        } => {
            module
                .kind(target)
                .place()
                .is_some_and(|place| names.contains(&place))
                && is_environment(iterable, &mut Vec::new())
        }
        LoopKind::While { .. } => false,
    });
    is_part
        || code.insts.iter().any(|inst| match bound_value(inst.kind) {
            Some((target, value)) => {
                matches!(module.kind(target), ExprKind::Name(place) if names.contains(&place))
                    && is_environment(value, &mut Vec::new())
            }
            None => false,
        })
}
