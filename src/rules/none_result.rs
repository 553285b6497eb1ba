//! `none-result`: a call's result, or an attribute, that can be None is used with no guard.

use super::{Check, Family, Rule, Whole, draft};
use crate::finding::Severity;
use crate::finding::{Confidence, Finding, Message, Related};
use crate::flow::{Flow, Known, Wanted, Witness};
use crate::infer::ResultUse;
use crate::ir::{ExprId, ExprKind};
use crate::project::Target;
use crate::summary::Effects;
use crate::text::Location;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) const RULE: Rule = Rule {
    name: "none-result",
    family: Family::None,
    page: include_str!("../../rules/none-result.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// How the callers of a function treat its result.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    tested: usize,
    used: usize,
}

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let habits = habits(whole);
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        if trace.results.is_empty() {
            continue;
        }
        let none = FxHashMap::default();
        let flow = Flow::new(
            whole.program,
            Known {
                finished: whole.summaries,
                current: &none,
            },
            FunctionRef(index as u32),
        );
        let mut told = FxHashSet::default();
        for used in &trace.results {
            if !told.contains(&used.source)
                && let Some(finding) = finding(rule, whole, &flow, used, &habits)
            {
                told.insert(used.source);
                findings.push(finding);
            }
        }
    }
    findings
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    used: &ResultUse,
    habits: &FxHashMap<FunctionRef, Habit>,
) -> Option<Finding> {
    let module = flow.module;
    let witness = match flow.place_of(used.subject) {
        Some(place) => flow.witness(Wanted {
            place,
            origin: Some(used.source),
            passed: false,
            target: used.position,
        }),
        None => Witness::Path,
    };
    if witness < Witness::Exception || flow.is_tested_alike(used.source, used.position) {
        return None;
    }
    let what = match module.kind(used.source) {
        ExprKind::Call { callee, .. } => module
            .dotted(flow.code, callee)
            .map(|callee| format!("{callee}()")),
        _ => module.dotted(flow.code, used.source),
    };
    let what = what.unwrap_or_else(|| "the call".to_owned());
    let name = flow
        .place_of(used.subject)
        .map(|place| flow.place_text(place));
    let message = match &name {
        Some(name) => Message::new("variable")
            .with("name", name.clone())
            .with("call", what.clone()),
        None => Message::new("used").with("call", what.clone()),
    };
    let statement = flow.code.insts[used.position.1 as usize].span.start;
    let mut finding = Finding {
        statement,
        ..draft(
            rule,
            whole.program,
            flow.function,
            module.span(used.subject),
            message,
        )
    };
    if used.subject != used.source {
        let location = Location {
            file: whole.program.file(flow.function),
            span: module.span(used.source),
        };
        finding.related.push(Related {
            location,
            message: Message::new("source").with("call", what),
        });
    }
    let confidence = match callee(flow, used.source) {
        Target::Function { function, .. } => {
            returns(whole, function, &mut finding);
            of_habit(habits.get(&function).copied().unwrap_or_default())
        }
        Target::Library(call) => {
            let call = whole.program.library.get(call);
            if call.summary.effects.meets(Effects::PARSE) {
                Confidence::Low
            } else {
                Confidence::High
            }
        }
        _ => Confidence::Medium,
    };
    let help = Message::new("guard").with("name", name.unwrap_or_else(|| "the result".to_owned()));
    Some(finding.confidence(confidence).help(help))
}

/// Where others test the result, this one ought to; where nobody does, None never comes or always crashes.
fn of_habit(habit: Habit) -> Confidence {
    match habit {
        Habit { tested: 0, used } if used > 1 => Confidence::Low,
        Habit { tested, used } if tested >= used => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// The places where a function of the project returns None.
fn returns(whole: &Whole<'_>, function: FunctionRef, finding: &mut Finding) {
    for &location in whole.summaries[function.0 as usize].none_at.iter().take(3) {
        finding.related.push(Related {
            location,
            message: Message::new("returns"),
        });
    }
}

fn callee(flow: &Flow<'_, '_>, source: ExprId) -> Target {
    match flow.module.kind(source) {
        ExprKind::Call { callee, .. } => flow.program.target(flow.evaluate.value(callee)),
        _ => Target::Unknown,
    }
}

fn habits(whole: &Whole<'_>) -> FxHashMap<FunctionRef, Habit> {
    let mut habits: FxHashMap<FunctionRef, Habit> = FxHashMap::default();
    for (index, trace) in whole.traces.iter().enumerate() {
        if trace.results.is_empty() && trace.tested.is_empty() {
            continue;
        }
        let none = FxHashMap::default();
        let flow = Flow::new(
            whole.program,
            Known {
                finished: whole.summaries,
                current: &none,
            },
            FunctionRef(index as u32),
        );
        let mut tested: Vec<ExprId> = trace.tested.clone();
        let mut used: Vec<ExprId> = trace.results.iter().map(|used| used.source).collect();
        for sources in [&mut tested, &mut used] {
            sources.sort_unstable();
            sources.dedup();
        }
        for source in tested {
            if let Target::Function { function, .. } = callee(&flow, source) {
                habits.entry(function).or_default().tested += 1;
            }
        }
        for source in used {
            if let Target::Function { function, .. } = callee(&flow, source) {
                habits.entry(function).or_default().used += 1;
            }
        }
    }
    habits
}
