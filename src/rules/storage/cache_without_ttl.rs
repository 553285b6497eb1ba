//! `cache-without-ttl`: a key is written to a cache, and nothing ever makes it expire.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{ExprId, ExprKind, Module};
use crate::library::{Call, schema::Ttl};
use crate::project::{Actual, Target, actuals};
use crate::rules::stores::{self, Key, StoreCall, argument, call_text, is_spread, key};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::{FxHashMap, FxHashSet};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "cache-without-ttl",
    family: Family::Storage,
    page: include_str!("../../../rules/cache-without-ttl.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Methods that take a key, or something in it, away again. What only keeps a list short leaves its key for ever.
const REMOVING: [&str; 21] = [
    "delete",
    "unlink",
    "hdel",
    "lrem",
    "srem",
    "zrem",
    "lpop",
    "rpop",
    "blpop",
    "brpop",
    "spop",
    "zpopmin",
    "zpopmax",
    "bzpopmin",
    "bzpopmax",
    "getdel",
    "rename",
    "rpoplpush",
    "brpoplpush",
    "lmove",
    "zremrangebyscore",
];

/// Commands that put something into a key, and those that take it out again.
const TAKEN_OUT: [(&str, &str); 8] = [
    ("hset", "hdel"),
    ("hmset", "hdel"),
    ("hsetnx", "hdel"),
    ("sadd", "srem"),
    ("sadd", "spop"),
    ("zadd", "zrem"),
    ("rpush", "lrem"),
    ("lpush", "lrem"),
];

/// Words in the name of a function that gives a key its lifetime.
const EXPIRING: [&str; 3] = ["expir", "ttl", "lifetime"];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let calls = stores::calls(whole, &|known| {
        known.ttl.is_some()
            || is_removing(known)
            || known
                .wants
                .as_ref()
                .is_some_and(|want| want.rule == RULE.name)
    });
    if calls.is_empty() {
        return Vec::new();
    }
    let lifetimes = Lifetimes::of(whole, &calls);
    let findings = calls
        .iter()
        .filter_map(|site| written(rule, whole, &lifetimes, site));
    findings.collect()
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn is_removing(known: &Call) -> bool {
    let store = ["redis.", "txredisapi.", "memcache.", "pymemcache."];
    let name = last(&known.name);
    REMOVING.contains(&name) && store.iter().any(|store| known.name.starts_with(store))
}

/// What the program says of the lifetimes of its keys.
#[derive(Default)]
struct Lifetimes {
    /// Keys that are given a lifetime somewhere.
    expiring: FxHashSet<String>,
    /// Keys that somebody takes away.
    removed: FxHashSet<String>,
    /// Which files take something out of hashes, sets and lists, by the command.
    emptied: FxHashSet<(ModuleRef, &'static str)>,
    /// Functions that give some key a lifetime.
    functions: FxHashMap<FunctionRef, Vec<Key>>,
    /// The calls that are read here: no helpers.
    known: FxHashSet<(FunctionRef, ExprId)>,
}

impl Lifetimes {
    fn of(whole: &Whole<'_>, calls: &[StoreCall<'_>]) -> Self {
        let mut found = Self::default();
        for site in calls {
            let (module, _) = whole.program.code(site.function);
            found.known.insert((site.function, site.call));
            let Some(written) = argument(module, site.call, 0, &["name", "key"]) else {
                continue;
            };
            let key = key(whole, site.function, written);
            if is_removing(site.known) {
                let (module_ref, _) = whole.program.locate(site.function);
                let name = last(&site.known.name);
                let known = REMOVING.iter().find(|known| **known == name);
                found
                    .emptied
                    .extend(known.map(|known| (module_ref, *known)));
                found.removed.insert(key.text);
            } else if matches!(site.known.ttl, Some(Ttl::Set | Ttl::Has))
                || (site.known.ttl == Some(Ttl::Write) && has_lifetime(module, site))
            {
                found.expiring.insert(key.text.clone());
                found.functions.entry(site.function).or_default().push(key);
            }
        }
        found
    }

    /// Whether the same file takes out again what a call puts into a hash, a set or a list.
    fn is_kept_tidy(&self, whole: &Whole<'_>, site: &StoreCall<'_>) -> bool {
        let (module_ref, _) = whole.program.locate(site.function);
        let name = last(&site.known.name);
        let mut pairs = TAKEN_OUT.iter();
        pairs.any(|(put, taken)| *put == name && self.emptied.contains(&(module_ref, taken)))
    }

    /// Whether a function gives this key a lifetime, or one that may be this.
    fn gives(&self, function: FunctionRef, key: &Key) -> bool {
        let Some(keys) = self.functions.get(&function) else {
            return false;
        };
        keys.iter().any(|given| {
            let may_be = given.is_computed && key.is_computed && !given.begins_otherwise(key);
            given.text == key.text || may_be
        })
    }
}

/// Whether a write gives its key a lifetime itself.
fn has_lifetime(module: &Module, site: &StoreCall<'_>) -> bool {
    let names: Vec<&str> = site
        .known
        .ttl_parameters
        .iter()
        .map(String::as_str)
        .collect();
    if is_spread(module, site.call) {
        return true;
    }
    let position = if names.is_empty() { usize::MAX } else { 2 };
    argument(module, site.call, position, &names).is_some_and(|given| is_given(module, given))
}

fn is_given(module: &Module, given: ExprId) -> bool {
    !matches!(
        module.kind(given),
        ExprKind::None | ExprKind::False | ExprKind::Int(0)
    )
}

/// What is wrong with a call.
struct Wrong {
    message: &'static str,
    help: &'static str,
    severity: Severity,
    confidence: Confidence,
    via: Option<Location>,
}

fn written(
    rule: &'static Rule,
    whole: &Whole<'_>,
    lifetimes: &Lifetimes,
    site: &StoreCall<'_>,
) -> Option<Finding> {
    let (module, code) = whole.program.code(site.function);
    let wrong = wrong(whole, lifetimes, site, module)?;
    let span = module.span(site.call);
    let (module_ref, _) = whole.program.locate(site.function);
    let severity = if whole.escapes.is_out_of_scope(module_ref) {
        Severity::Hint
    } else {
        wrong.severity
    };
    let message = Message::new(wrong.message).with("call", call_text(whole, site));
    let mut finding = draft(rule, whole.program, site.function, span, message)
        .confidence(wrong.confidence)
        .help(Message::new(wrong.help));
    if severity == Severity::Hint {
        finding.severity = Severity::Hint;
    }
    finding.statement = code
        .insts
        .get(site.inst as usize)
        .map_or(span.start, |inst| inst.span.start);
    if let Some(location) = wrong.via {
        let message = Message::new("caller");
        finding = finding.because(Related { location, message });
    }
    Some(finding)
}

fn wrong(
    whole: &Whole<'_>,
    lifetimes: &Lifetimes,
    site: &StoreCall<'_>,
    module: &Module,
) -> Option<Wrong> {
    let confidence = if site.is_guess && !is_named(whole, site) {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    let of = |message, help, severity| Wrong {
        message,
        help,
        severity,
        confidence,
        via: None,
    };
    if site.known.wants.is_some() && site.known.ttl.is_none() {
        let given = argument(module, site.call, 1, &["timeout"]);
        let is_open = given.is_none_or(|given| !is_given(module, given));
        let is_wrong = is_open && !is_spread(module, site.call) && !is_removing(site.known);
        return is_wrong.then(|| of("lock", "timeout", Severity::Warning));
    }
    let written = argument(module, site.call, 0, &["name", "key"])?;
    let key = key(whole, site.function, written);
    match site.known.ttl? {
        Ttl::Clear => Some(of("persists", "database", Severity::Hint)),
        Ttl::Has => {
            let timeout = argument(module, site.call, 2, &["timeout"])?;
            let is_cache = site.known.name.starts_with("django.");
            let is_wrong = is_cache && module.kind(timeout) == ExprKind::None;
            let severity = if key.is_computed {
                Severity::Warning
            } else {
                Severity::Hint
            };
            is_wrong.then(|| of("no-timeout", "timeout", severity))
        }
        Ttl::Set => None,
        Ttl::Write => {
            if has_lifetime(module, site) || is_bounded(module, site) {
                return None;
            }
            if lifetimes.gives(site.function, &key) || is_given_by_helper(whole, site, lifetimes) {
                return None;
            }
            let is_lock = is_exclusive(module, site) && key.text.to_lowercase().contains("lock");
            if lifetimes.expiring.contains(&key.text) {
                return None;
            }
            if is_lock {
                return Some(of("lock", "atomic", Severity::Warning));
            }
            let wrong = grows(whole, lifetimes, site, &key, of)?;
            let confidence = if lifetimes.is_kept_tidy(whole, site) {
                Confidence::Low
            } else {
                wrong.confidence
            };
            Some(Wrong {
                confidence,
                ..wrong
            })
        }
    }
}

/// A key that differs from call to call, and that nobody takes away: there will be more and more of them.
fn grows(
    whole: &Whole<'_>,
    lifetimes: &Lifetimes,
    site: &StoreCall<'_>,
    key: &Key,
    of: impl Fn(&'static str, &'static str, Severity) -> Wrong,
) -> Option<Wrong> {
    if key.parameter.is_some() {
        let (callers, via) = callers(whole, lifetimes, site.function, key)?;
        let is_wrong = callers.is_computed && !lifetimes.removed.contains(&callers.text);
        let severity = if is_wrong {
            Severity::Warning
        } else {
            Severity::Hint
        };
        return Some(Wrong {
            via: Some(via),
            ..of("written", "expire", severity)
        });
    }
    let is_wrong = key.is_computed && !lifetimes.removed.contains(&key.text);
    let severity = if is_wrong {
        Severity::Warning
    } else {
        Severity::Hint
    };
    Some(of("written", "expire", severity))
}

/// What a caller passes as the key, unless callers give it a lifetime. Nothing where nobody is known to call.
fn callers(
    whole: &Whole<'_>,
    lifetimes: &Lifetimes,
    function: FunctionRef,
    written: &Key,
) -> Option<(Key, Location)> {
    let (module, code) = whole.program.code(function);
    let mut found: Option<(Key, Location)> = None;
    for call in whole.graph.calls_of(function) {
        if crate::rules::is_test(whole.program, call.caller) {
            continue;
        }
        if lifetimes.functions.contains_key(&call.caller) {
            return None;
        }
        let (outer, _) = whole.program.code(call.caller);
        let given = actuals(
            outer,
            stores::arguments(outer, call.call),
            module,
            code,
            call.bound,
        );
        let index = usize::from(written.parameter?);
        let Some(Actual::Given(argument)) = given.get(index).copied() else {
            continue;
        };
        let passed = key(whole, call.caller, argument);
        if lifetimes.expiring.contains(&passed.text) {
            return None;
        }
        let is_better = found
            .as_ref()
            .is_none_or(|(known, _)| passed.is_computed && !known.is_computed);
        if is_better && passed.parameter.is_none() {
            found = Some((passed, call.location(whole.program)));
        }
    }
    found
}

/// A stream that is kept short.
fn is_bounded(module: &Module, site: &StoreCall<'_>) -> bool {
    argument(module, site.call, usize::MAX, &["maxlen", "minid"]).is_some()
        || site.known.name.ends_with(".restore")
}

/// `setnx`, or `set` with `nx`.
fn is_exclusive(module: &Module, site: &StoreCall<'_>) -> bool {
    site.known.name.ends_with(".setnx")
        || argument(module, site.call, usize::MAX, &["nx"]).is_some()
}

/// Whether the function hands something to a helper that gives it a lifetime.
fn is_given_by_helper(whole: &Whole<'_>, site: &StoreCall<'_>, lifetimes: &Lifetimes) -> bool {
    let program = whole.program;
    let (module_ref, id) = program.locate(site.function);
    let (module, code) = program.code(site.function);
    let evaluate = crate::project::Evaluate::new(program, module_ref, id);
    code.exprs.range().any(|index| {
        let ExprKind::Call { callee, .. } = module.exprs[index].kind else {
            return false;
        };
        if lifetimes
            .known
            .contains(&(site.function, ExprId::new(index)))
        {
            return false;
        }
        match program.target(evaluate.value(callee)) {
            Target::Function { function, .. } => lifetimes.functions.contains_key(&function),
            Target::Unknown => {
                let name = match module.kind(callee) {
                    ExprKind::Attribute { name, .. } => Some(module.name(name)),
                    _ => None,
                };
                name.is_some_and(|name| {
                    let name = name.to_ascii_lowercase();
                    EXPIRING.iter().any(|word| name.contains(word))
                })
            }
            _ => false,
        }
    })
}

/// Whether what a method is called on says what it is.
fn is_named(whole: &Whole<'_>, site: &StoreCall<'_>) -> bool {
    let text = call_text(whole, site).to_ascii_lowercase();
    let receiver = text.rsplit_once('.').map_or("", |(before, _)| before);
    receiver.contains("redis")
}
