//! `keyspace-scan`: a command that walks, or drops, every key of a live server.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{ExprKind, Function, Module};
use crate::library::schema::Mark;
use crate::rules::stores::{self, StoreCall, call_text};
use crate::rules::{Check, Family, Rule, Whole, draft};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "keyspace-scan",
    family: Family::Storage,
    page: include_str!("../../../rules/keyspace-scan.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Methods that run a command or a script that is given as text.
const RUNS_TEXT: [&str; 4] = ["execute_command", "eval", "register_script", "script_load"];

/// Words in the name of a function that is there to empty the server.
const EMPTYING: [&str; 8] = [
    "clear", "flush", "empty", "reset", "drop", "purge", "wipe", "teardown",
];

/// Words in the name of a function that is there to empty all databases of it, those of other programs too.
const EMPTYING_ALL: [&str; 5] = ["all", "server", "flush", "wipe", "teardown"];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let calls = stores::calls(whole, &|known| {
        known.has(Mark::ScansKeys) || (is_redis(&known.name) && runs_text(&known.name))
    });
    let findings = calls.iter().filter_map(|site| scan(rule, whole, site));
    findings.collect()
}

fn is_redis(name: &str) -> bool {
    name.starts_with("redis.") || name.starts_with("txredisapi.")
}

fn runs_text(name: &str) -> bool {
    RUNS_TEXT.contains(&last(name))
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn scan(rule: &'static Rule, whole: &Whole<'_>, site: &StoreCall<'_>) -> Option<Finding> {
    let (module, code) = whole.program.code(site.function);
    let command = match last(&site.known.name) {
        name if RUNS_TEXT.contains(&name) => command_in(module, code, site)?,
        name => name.to_ascii_uppercase(),
    };
    let drops = command.starts_with("FLUSH");
    let key = if drops { "drops" } else { "walks" };
    let span = module.span(site.call);
    let message = Message::new(key)
        .with("call", call_text(whole, site))
        .with("command", command.as_str());
    let mut finding = draft(rule, whole.program, site.function, span, message)
        .confidence(confidence(site))
        .help(Message::new(if drops { "delete" } else { "scan" }));
    finding.statement = code
        .insts
        .get(site.inst as usize)
        .map_or(span.start, |inst| inst.span.start);
    let (module_ref, _) = whole.program.locate(site.function);
    let is_meant = drops && is_emptying(module.name(code.name), &command);
    if is_meant || whole.escapes.is_out_of_scope(module_ref) {
        finding.severity = Severity::Hint;
    }
    Some(finding)
}

fn confidence(site: &StoreCall<'_>) -> Confidence {
    if site.is_guess {
        Confidence::Medium
    } else {
        Confidence::High
    }
}

fn is_emptying(name: &str, command: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match command {
        "FLUSHALL" => says(&EMPTYING_ALL),
        _ => says(&EMPTYING),
    }
}

/// The command in a text that is run: `execute_command("KEYS", …)`, a script that calls `redis.call('keys', …)`.
fn command_in(module: &Module, code: &Function, site: &StoreCall<'_>) -> Option<String> {
    let first = stores::argument(module, site.call, 0, &["script"])?;
    let first = match module.kind(first) {
        ExprKind::Name(place) => stores::bound_value(module, code, place).unwrap_or(first),
        _ => first,
    };
    let mut found = None;
    module.walk(first, &mut |part| {
        let ExprKind::Text(text) = module.kind(part) else {
            return;
        };
        let text = module.name(text).to_ascii_uppercase();
        for command in ["KEYS", "FLUSHALL", "FLUSHDB"] {
            let is_whole = text.split_whitespace().next() == Some(command) && text.len() < 80;
            let quoted = ['\'', '"'].iter().any(|quote| {
                let call = format!("CALL({quote}{command}{quote}");
                text.replace(' ', "").contains(&call)
            });
            if is_whole || quoted {
                found.get_or_insert_with(|| command.to_owned());
            }
        }
    });
    found
}
