//! `broad-try`: a handler of everything around much that cannot fail, or around little that fails in one way.

use crate::escape::Site;
use crate::escape::clauses::{Fate, fate};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{ExprKind, Function, Module, Try, TryId, TryKind};
use crate::project::Catches;
use crate::rules::guarded::meant::is_within;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "broad-try",
    family: Family::Guarded,
    page: include_str!("../../../rules/broad-try.md"),
    severity: Severity::Hint,
    check: Check::Program(check),
};

/// A body of so many statements is large.
const LARGE: u32 = 10;

/// A body of so few statements is small.
const SMALL: u32 = 3;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut sites: FxHashMap<FunctionRef, Vec<&Site>> = FxHashMap::default();
    for site in &whole.escapes.sites {
        if site.rare_for.is_some() {
            continue;
        }
        sites.entry(site.function).or_default().push(site);
    }
    let mut findings = Vec::new();
    for index in 0..whole.program.function_count() {
        let function = FunctionRef(index as u32);
        let (module, code) = whole.program.code(function);
        if code.is_too_wide(module) {
            continue;
        }
        let known = sites.get(&function).map(Vec::as_slice).unwrap_or_default();
        for (index, region) in code.tries.iter().enumerate() {
            findings.extend(broad(
                rule,
                whole,
                function,
                (TryId::new(index), region),
                known,
            ));
        }
    }
    findings
}

fn broad(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    (id, region): (TryId, &Try),
    sites: &[&Site],
) -> Option<Finding> {
    let (module_ref, function_id) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    let TryKind::Catch { handlers, .. } = &region.kind else {
        return None;
    };
    let [handler] = handlers.as_slice() else {
        return None;
    };
    let is_broad = match whole
        .program
        .catches(module_ref, function_id, handler.types)
    {
        Catches::Everything => handler.types.is_some(),
        Catches::Classes { classes, .. } => classes.iter().any(|&class| {
            matches!(
                whole.program.class_name(class),
                "Exception" | "StandardError"
            )
        }),
    };
    let inside: Vec<&&Site> = sites
        .iter()
        .filter(|site| is_within(code, code.block(site.call.block).guard, id))
        .collect();
    if !is_broad || fate(module, code, handler) != Fate::Handled {
        return None;
    }
    let calls = calls_in(module, code, region);
    let (key, errors) = if region.statements >= LARGE && calls * 3 <= region.statements as usize {
        ("large", String::new())
    } else if region.statements <= SMALL && !inside.is_empty() && inside.len() == calls {
        ("small", errors(whole, &inside))
    } else {
        return None;
    };
    let span = crate::text::Span::new(region.span.start, region.span.start + 3);
    let message = Message::new(key)
        .with("count", region.statements.to_string())
        .with("errors", errors.clone());
    let finding = draft(rule, whole.program, function, span, message);
    Some(
        finding.confidence(Confidence::Medium).help(
            Message::new(if key == "large" { "narrow" } else { "name" }).with("errors", errors),
        ),
    )
}

fn errors(whole: &Whole<'_>, sites: &[&&Site]) -> String {
    let mut names: Vec<&str> = sites
        .iter()
        .flat_map(|site| &site.classes)
        .map(|&class| whole.program.class_name(class))
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn calls_in(module: &Module, code: &Function, region: &Try) -> usize {
    let inside = |index: &usize| region.body.contains(module.exprs[*index].span);
    let calls = code.exprs.range().filter(inside).filter(|&index| {
        matches!(
            module.exprs[index].kind,
            ExprKind::Call { .. } | ExprKind::Await(_)
        )
    });
    calls.count()
}
