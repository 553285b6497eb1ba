//! `untested-boundary`: tests call a function, and none of them comes near a number that it decides by.

mod given;
mod number;
mod threshold;

use crate::finding::{Finding, Message, Related, Severity};
use crate::project::CallSite;
use crate::rules::{Check, Family, Rule, Whole, draft, is_test};
use crate::types::FunctionRef;
use given::{Given, given, handed};
use number::written;
use threshold::{Threshold, thresholds};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "untested-boundary",
    family: Family::Boundary,
    page: include_str!("../../../rules/untested-boundary.md"),
    severity: Severity::Hint,
    check: Check::Program(check),
};

/// So many values that tests pass are told.
const TOLD: usize = 6;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let count = whole.program.function_count() as u32;
    let functions = (0..count).map(FunctionRef);
    let tested = functions.filter(|&function| !is_testing(whole, function));
    tested
        .flat_map(|function| untested(rule, whole, function))
        .collect()
}

/// Whether a function is a test, by its file or by its name.
fn is_testing(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    is_test(whole.program, function) || module.name(code.name).starts_with("test_")
}

/// The thresholds of a function that no test comes near.
fn untested(rule: &'static Rule, whole: &Whole<'_>, function: FunctionRef) -> Vec<Finding> {
    let calls: Vec<CallSite> = whole
        .graph
        .calls_of(function)
        .filter(|site| is_testing(whole, site.caller))
        .copied()
        .collect();
    let Some(first) = calls.first() else {
        return Vec::new();
    };
    let mut told: Vec<Threshold> = Vec::new();
    for threshold in thresholds(whole, function) {
        if !told.iter().any(|known| known.is_like(&threshold)) {
            told.push(threshold);
        }
    }
    let found = told.into_iter().filter_map(|threshold| {
        let passed = passed(whole, function, &calls, &threshold)?;
        let is_near = passed.iter().any(|&value| threshold.is_near(value));
        (!is_near).then(|| finding(rule, whole, first, &threshold, &passed))
    });
    found.collect()
}

/// Everything that tests pass; nothing where one of them passes what cannot be read off the code.
fn passed(
    whole: &Whole<'_>,
    function: FunctionRef,
    calls: &[CallSite],
    threshold: &Threshold,
) -> Option<Vec<f64>> {
    let mut all = Vec::new();
    let mut given: Vec<Given> = calls
        .iter()
        .map(|call| given(whole, function, call, threshold))
        .collect();
    given.extend(handed(whole, function, threshold));
    for one in given {
        match one {
            Given::Values(values) => all.extend(values),
            Given::Other => {}
            Given::Unknown => return None,
        }
    }
    all.sort_by(f64::total_cmp);
    all.dedup();
    (!all.is_empty()).then_some(all)
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    call: &CallSite,
    threshold: &Threshold,
    passed: &[f64],
) -> Finding {
    let (module, code) = whole.program.code(call.callee);
    let mut values: Vec<String> = passed.iter().copied().take(TOLD).map(written).collect();
    if passed.len() > TOLD {
        values.push("…".to_owned());
    }
    let missing: Vec<String> = threshold.sides().into_iter().map(written).collect();
    let message = Message::new("untouched")
        .with("function", module.name(code.name))
        .with("name", threshold.name.clone())
        .with("limit", written(threshold.limit))
        .with("values", values.join(", "));
    let help = Message::new("test")
        .with("name", threshold.name.clone())
        .with("values", missing.join(", "));
    let span = module.span(threshold.at);
    let finding = draft(rule, whole.program, call.callee, span, message);
    finding.help(help).because(Related {
        location: call.location(whole.program),
        message: Message::new("called"),
    })
}
