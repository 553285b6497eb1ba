//! How an unguarded call is told: what is called, what it raises, and the way down to it from the entry point.

use crate::escape::{Entry, Escape, Site};
use crate::finding::{Finding, Message, Related};
use crate::ir::{Dialect, ExprKind, FunctionKind};
use crate::library::schema::{Fate, Runs};
use crate::rules::{Rule, Whole, draft};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::FunctionRef;

/// The finding at the call, with the way down from the entry point.
pub(in crate::rules) fn finding(
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
pub(in crate::rules) fn call_text(whole: &Whole<'_>, site: &Site) -> String {
    let (module, code) = whole.program.code(site.function);
    let written = match module.kind(site.call.call) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    written.unwrap_or_else(|| whole.program.library.get(site.call.callee).name.clone())
}

/// The names of some of the classes that a site raises.
pub(in crate::rules) fn errors(whole: &Whole<'_>, site: &Site, mask: u32) -> String {
    let dialect = whole.program.dialect(site.function);
    let short = |class| short_name(whole, class, dialect);
    let mut names: Vec<String> = site.named(mask).map(short).collect();
    names.dedup();
    names.join(", ")
}

/// Modules that have another name in Python 2, and exceptions that are another one there.
const OLD_NAMES: [(&str, &str); 9] = [
    ("configparser", "ConfigParser"),
    ("http.client", "httplib"),
    ("http.cookiejar", "cookielib"),
    ("http.cookies", "Cookie"),
    ("json.decoder.JSONDecodeError", "ValueError"),
    ("queue", "Queue"),
    ("socketserver", "SocketServer"),
    ("urllib.error", "urllib2"),
    ("xmlrpc.client", "xmlrpclib"),
];

/// The shortest name of an exception by which it can be caught: `requests.Timeout`, `http.client.HTTPException`, and in Python 2
/// `httplib.HTTPException`.
pub(in crate::rules) fn short_name(whole: &Whole<'_>, class: ClassRef, dialect: Dialect) -> String {
    let program = whole.program;
    let name = program.class_name(class);
    let old = OLD_NAMES.iter().find_map(|(module, old)| {
        let rest = name.strip_prefix(module)?;
        (dialect == Dialect::Two && (rest.is_empty() || rest.starts_with('.')))
            .then(|| format!("{old}{rest}"))
    });
    if let Some(old) = old {
        return old;
    }
    let parts = name.split_once('.').zip(name.rsplit_once('.'));
    let Some(((root, _), (_, last))) = parts else {
        return name.to_owned();
    };
    let short = format!("{root}.{last}");
    let is_it = program.project_class(class).is_some()
        || program.library.class(&short, dialect) == Some(class)
        || REEXPORTED.contains(&root);
    if is_it { short } else { name.to_owned() }
}

/// Libraries that offer all of their exceptions at their top.
const REEXPORTED: [&str; 11] = [
    "aiohttp",
    "asyncio",
    "asyncpg",
    "httpx",
    "jwt",
    "paramiko",
    "psutil",
    "redis",
    "requests",
    "serial",
    "subprocess",
];

/// From the entry point down to the call.
pub(in crate::rules) fn way(whole: &Whole<'_>, escape: &Escape) -> Vec<Related> {
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

pub(in crate::rules) fn way_text(whole: &Whole<'_>, escape: &Escape) -> String {
    let mut names: Vec<String> = vec![name_of(whole, escape.top)];
    names.extend(escape.path.iter().map(|hop| name_of(whole, hop.caller)));
    names.dedup();
    names.join(" > ")
}

/// A function as messages call it; a module's top level by the module's name.
pub(in crate::rules) fn name_of(whole: &Whole<'_>, function: FunctionRef) -> String {
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
