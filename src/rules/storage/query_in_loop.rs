//! `query-in-loop`: one query for each item, where one query would do for all.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{ExprId, ExprKind, InstKind, Module, PlaceId, Source};
use crate::project::{CallKind, CallSite};
use crate::rules::storage::items::{self, Items};
use crate::rules::storage::queries::{
    asks_elsewhere, is_in_handler, is_piped, is_read, is_request, last, locks, takes_many,
};
use crate::rules::storage::statements::{Statement, statement};
use crate::rules::stores::{self, StoreCall, call_text};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::Location;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "query-in-loop",
    family: Family::Storage,
    page: include_str!("../../../rules/query-in-loop.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// A query is looked for so many calls away.
const HOPS: usize = 4;

/// Functions and loops of more instructions than that do more than to ask.
const LONG: usize = 24;

/// More queries of one loop are not pointed at.
const ALSO: usize = 3;

/// How a function comes to ask a query of what it is given.
#[derive(Clone, Copy)]
enum Asks {
    /// By this call of a store: an index into the sites.
    Itself(usize),
    /// By calling another function here.
    Through(CallSite),
}

/// What is known of the whole program.
struct Queries<'s, 'w> {
    whole: &'s Whole<'w>,
    sites: Vec<StoreCall<'w>>,
    by_function: FxHashMap<FunctionRef, Vec<usize>>,
    asks: FxHashMap<FunctionRef, Asks>,
    consumed: FxHashSet<(FunctionRef, ExprId)>,
}

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let sites = stores::calls(whole, &|known| known.batch.is_some() || is_request(known));
    if sites.is_empty() {
        return Vec::new();
    }
    let mut queries = Queries::of(whole, sites);
    queries.climb();
    let mut findings = Vec::new();
    let mut functions: Vec<FunctionRef> = queries.by_function.keys().copied().collect();
    let callees = queries.asks.keys();
    let calls = callees.flat_map(|&callee| whole.graph.calls_of(callee));
    functions.extend(calls.map(|call| call.caller));
    functions.sort_unstable();
    functions.dedup();
    for function in functions {
        findings.extend(queries.in_function(rule, function));
    }
    findings
}

impl<'s, 'w> Queries<'s, 'w> {
    fn of(whole: &'s Whole<'w>, sites: Vec<StoreCall<'w>>) -> Self {
        let mut by_function: FxHashMap<FunctionRef, Vec<usize>> = FxHashMap::default();
        for (index, site) in sites.iter().enumerate() {
            by_function.entry(site.function).or_default().push(index);
        }
        let used = whole.escapes.sites.iter();
        Self {
            whole,
            sites,
            by_function,
            asks: FxHashMap::default(),
            consumed: used.map(|site| (site.function, site.call.call)).collect(),
        }
    }

    /// Functions that ask a query of what they are given, the nearest first, then their callers.
    fn climb(&mut self) {
        let mut fresh = Vec::new();
        let mut functions: Vec<FunctionRef> = self.by_function.keys().copied().collect();
        functions.sort_unstable();
        for function in functions {
            if self.is_remembering(function) || self.is_long(function) {
                continue;
            }
            let given = given(self.whole, function);
            let mut own = self.by_function[&function].iter().copied();
            let found = own.find(|&index| {
                let site = &self.sites[index];
                let (module, _) = self.whole.program.code(function);
                is_read(module, self.whole.program.code(function).1, site)
                    && !site.is_guess
                    && !self.fills_cache(function)
                    && self.is_query(site, &given)
                    && items::mentions(module, site.call, &given)
            });
            if let Some(index) = found {
                self.asks.insert(function, Asks::Itself(index));
                fresh.push(function);
            }
        }
        for _ in 1..HOPS {
            let mut next = Vec::new();
            for callee in std::mem::take(&mut fresh) {
                for call in self.whole.graph.calls_of(callee) {
                    let is_new = !self.asks.contains_key(&call.caller) && is_certain(call);
                    let is_plain = !self.is_remembering(call.caller) && !self.is_long(call.caller);
                    if is_new && is_plain && self.hands_on(call) {
                        self.asks.insert(call.caller, Asks::Through(*call));
                        next.push(call.caller);
                    }
                }
            }
            fresh = next;
        }
    }

    /// A function that does much else has one query among many things that are done for one item: no batch call does it all.
    fn is_long(&self, function: FunctionRef) -> bool {
        self.whole.program.code(function).1.insts.len() > LONG
    }

    /// Whether a function reads a store and writes the same one: what it computes is what it keeps there.
    fn fills_cache(&self, function: FunctionRef) -> bool {
        let own = self.by_function.get(&function).into_iter().flatten();
        let names: Vec<&str> = own
            .map(|&index| last(&self.sites[index].known.name))
            .collect();
        names.contains(&"get") && names.contains(&"set")
    }

    /// Whether a caller hands something on that it was given itself.
    fn hands_on(&self, call: &CallSite) -> bool {
        let (module, _) = self.whole.program.code(call.caller);
        items::mentions(module, call.call, &given(self.whole, call.caller))
    }

    /// Whether a function keeps its answers, so that it asks once for each key: it is decorated as a cache, or writes
    /// into something that outlives it.
    fn is_remembering(&self, function: FunctionRef) -> bool {
        let (module, code) = self.whole.program.code(function);
        let says_cache = |expr: &ExprId| {
            let mut found = false;
            module.walk(*expr, &mut |part| {
                let name = match module.kind(part) {
                    ExprKind::Name(place) => code
                        .parent
                        .map(|parent| module.place_text(module.function(parent), place)),
                    ExprKind::Attribute { name, .. } => Some(module.name(name).to_owned()),
                    _ => None,
                };
                found |= name.is_some_and(|name| {
                    let name = name.to_ascii_lowercase();
                    name.contains("cache") || name.contains("memo")
                });
            });
            found
        };
        let is_decorated = module.list(code.decorators).iter().any(says_cache);
        is_decorated
            || code.insts.iter().any(|inst| match inst.kind {
                InstKind::Bind { target, .. } => match module.kind(target) {
                    ExprKind::Subscript { value, .. } => {
                        matches!(module.kind(value), ExprKind::Attribute { .. })
                    }
                    _ => false,
                },
                _ => false,
            })
    }

    fn in_function(&self, rule: &'static Rule, function: FunctionRef) -> Vec<Finding> {
        let (module, code) = self.whole.program.code(function);
        let loops = items::loops(module, code);
        let mut told: FxHashSet<ExprId> = FxHashSet::default();
        let mut findings = Vec::new();
        // Inner loops stand behind the outer ones: a query belongs to the innermost loop whose items it depends on.
        for items in loops.iter().rev() {
            let mut found: Option<Finding> = None;
            for &index in self.by_function.get(&function).into_iter().flatten() {
                let site = &self.sites[index];
                if !is_inside(module, items, site.call) || !self.depends(items, site) {
                    continue;
                }
                if told.insert(site.call) {
                    let finding = self.direct(rule, items, site);
                    merge(&mut found, finding, call_text(self.whole, site));
                }
            }
            for call in self.whole.graph.calls_in(function) {
                if !is_certain(call) || !is_inside(module, items, call.call) {
                    continue;
                }
                let asks = self.asks.get(&call.callee);
                let is_given = asks.is_some()
                    && call.callee != function
                    && items::mentions(module, call.call, &items.differing);
                if is_given && !told.contains(&call.call) {
                    told.insert(call.call);
                    if let Some(finding) = self.away(rule, items, call) {
                        let name = self.whole.program.qualified_name(call.callee);
                        merge(&mut found, finding, name);
                    }
                }
            }
            findings.extend(found);
        }
        findings
    }

    fn depends(&self, items: &Items, site: &StoreCall<'_>) -> bool {
        let (module, code) = self.whole.program.code(site.function);
        items::mentions(module, site.call, &items.differing)
            && !is_in_handler(code, module.span(site.call))
            && self.is_query(site, &items.differing)
            && !items.is_concurrent
    }

    /// Whether a call asks the store now, for something that differs, and in the same place each time.
    fn is_query(&self, site: &StoreCall<'_>, differing: &FxHashSet<PlaceId>) -> bool {
        let (module, code) = self.whole.program.code(site.function);
        if site.known.lazy && !self.consumed.contains(&(site.function, site.call)) {
            return false;
        }
        let is_item = site.known.name.starts_with("django.db.models.Model.")
            || site.known.name.starts_with("peewee.Model.");
        if !is_item && asks_elsewhere(module, site.call, differing) {
            return false;
        }
        if locks(module, site.call) || takes_many(module, site.call) {
            return false;
        }
        if site.known.name.ends_with(".execute") {
            return statement(module, code, site.call).is_some();
        }
        true
    }

    fn direct(&self, rule: &'static Rule, items: &Items, site: &StoreCall<'_>) -> Finding {
        let key = if site.known.batch.is_some() {
            "asks"
        } else {
            "requests"
        };
        let message = Message::new(key).with("call", call_text(self.whole, site));
        // Drivers run `executemany` row by row, too.
        let (module, code) = self.whole.program.code(site.function);
        let is_row = site.known.name.ends_with(".execute")
            && statement(module, code, site.call) == Some(Statement::Write);
        let confidence = if site.is_guess || is_row || self.does_much(site.function, items) {
            Confidence::Low
        } else {
            Confidence::Medium
        };
        let statement = code
            .insts
            .get(site.inst as usize)
            .map(|inst| inst.span.start);
        let mut finding = self
            .finding(rule, items, (site.function, site.call), message)
            .confidence(confidence)
            .help(self.help(site, site.function));
        finding.statement = statement.unwrap_or(finding.statement);
        if site.known.batch.is_none() {
            finding.severity = Severity::Hint;
        }
        finding
    }

    /// A query that a function asks that the loop calls.
    fn away(&self, rule: &'static Rule, items: &Items, call: &CallSite) -> Option<Finding> {
        let (module, code) = self.whole.program.code(call.caller);
        if items.is_concurrent
            || is_in_handler(code, module.span(call.call))
            || is_piped(module, code, call.call)
        {
            return None;
        }
        let mut path = Vec::new();
        let mut at = call.callee;
        let mut last = None;
        for _ in 0..=HOPS {
            match self.asks.get(&at)? {
                Asks::Through(next) => {
                    let name = self.whole.program.qualified_name(at);
                    path.push(Related {
                        location: next.location(self.whole.program),
                        message: Message::new("calls").with("name", name),
                    });
                    at = next.callee;
                }
                Asks::Itself(index) => {
                    last = Some(&self.sites[*index]);
                    break;
                }
            }
        }
        let site = last?;
        let name = self.whole.program.qualified_name(call.callee);
        let message = Message::new("away")
            .with("name", name)
            .with("call", call_text(self.whole, site));
        let mut finding = self
            .finding(rule, items, (call.caller, call.call), message)
            .confidence(Confidence::Medium)
            .help(self.help(site, site.function));
        finding.related.extend(path);
        let (module, _) = self.whole.program.code(site.function);
        finding.related.push(Related {
            location: Location {
                file: self.whole.program.file(site.function),
                span: module.span(site.call),
            },
            message: Message::new("query"),
        });
        Some(finding)
    }

    fn finding(
        &self,
        rule: &'static Rule,
        items: &Items,
        (function, at): (FunctionRef, ExprId),
        message: Message,
    ) -> Finding {
        let program = self.whole.program;
        let (module, _) = program.code(function);
        let mut finding = draft(rule, program, function, module.span(at), message);
        finding.related.push(Related {
            location: Location {
                file: program.file(function),
                span: module.span(items.iterable),
            },
            message: Message::new("loop"),
        });
        let (module_ref, _) = program.locate(function);
        let path = &program.sources[module_ref.0 as usize].path;
        let is_once = self.whole.escapes.is_out_of_scope(module_ref)
            || path.contains("migrations/")
            || path.contains("management/commands/");
        if is_once || items.ends_early {
            finding.severity = Severity::Hint;
        }
        finding
    }

    /// Whether a loop does much else for each item: then its queries are the least of it.
    fn does_much(&self, function: FunctionRef, items: &Items) -> bool {
        let (_, code) = self.whole.program.code(function);
        let inside = code
            .insts
            .iter()
            .filter(|inst| items.body.iter().any(|body| body.contains(inst.span)));
        inside.count() > LONG
    }

    fn help(&self, site: &StoreCall<'_>, function: FunctionRef) -> Message {
        let (module, code) = self.whole.program.code(function);
        let batch = match &site.known.batch {
            None => return Message::new("session"),
            Some(batch) if site.known.name.ends_with(".execute") => {
                match statement(module, code, site.call) {
                    Some(Statement::Read) => "WHERE … IN (…)",
                    Some(Statement::Write) => "executemany()",
                    _ => batch,
                }
            }
            Some(batch) => batch,
        };
        Message::new("batch").with("batch", batch)
    }
}

/// Whether a call reaches just this function.
fn is_certain(call: &CallSite) -> bool {
    !call.is_virtual && call.kind == CallKind::Named
}

/// One finding for each loop: further queries are told with the first.
fn merge(found: &mut Option<Finding>, finding: Finding, call: String) {
    let Some(first) = found else {
        *found = Some(finding);
        return;
    };
    let also = |related: &&Related| related.message.key == "also";
    if first.related.iter().filter(also).count() < ALSO {
        first.related.push(Related {
            location: finding.location,
            message: Message::new("also").with("call", call),
        });
    }
    if finding.severity > first.severity {
        first.severity = finding.severity;
    }
}

fn is_inside(module: &Module, items: &Items, expr: ExprId) -> bool {
    let span = module.span(expr);
    items.body.iter().any(|body| body.contains(span))
}

/// The parameters of a function and what is made of them; what an instance keeps among them.
fn given(whole: &Whole<'_>, function: FunctionRef) -> FxHashSet<PlaceId> {
    let (module, code) = whole.program.code(function);
    let mut given: FxHashSet<PlaceId> = code
        .parameters
        .iter()
        .filter(|parameter| module.name(parameter.name) != "self")
        .map(|parameter| parameter.place)
        .collect();
    for inst in &code.insts {
        if let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
            && let ExprKind::Name(place) = module.kind(target)
            && items::mentions(module, value, &given)
        {
            given.insert(place);
        }
    }
    given
}
