//! `none-variable`: a variable that is None on one path is used.

mod together;

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Flow, Wanted, Witness};
use crate::infer::ResultUse;
use crate::ir::{ExprId, PlaceId};
use crate::rules::none::module_variable;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::Location;
use crate::types::FunctionRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "none-variable",
    family: Family::None,
    page: include_str!("../../../rules/none-variable.md"),
    severity: Severity::Error,
    check: Check::Program(check),
};

/// A use that a None gets to, and how it gets there.
struct Reached {
    used: ResultUse,
    place: PlaceId,
    witness: Witness,
}

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        if trace.nones.is_empty() {
            continue;
        }
        let flow = whole.flow(FunctionRef(index as u32));
        let reached = reached(&flow, &trace.nones);
        findings.extend(
            reached
                .iter()
                .map(|reached| finding(rule, whole, &flow, reached)),
        );
    }
    findings.extend(module_variable::findings(rule, whole));
    findings
}

/// The use to tell of each None: the surest, and among those the first in the text.
fn reached(flow: &Flow<'_, '_>, nones: &[ResultUse]) -> Vec<Reached> {
    let mut told: Vec<Reached> = Vec::new();
    let start = |expr: ExprId| flow.module.span(expr).start;
    let mut nones: Vec<&ResultUse> = nones.iter().collect();
    nones.sort_by_key(|used| start(used.subject));
    for used in nones.into_iter().copied() {
        let Some(place) = flow.place_of(used.subject) else {
            continue;
        };
        let wanted = Wanted {
            place,
            origin: Some(used.source),
            passed: false,
            target: used.position,
        };
        let witness = flow.witness_at(wanted, used.subject);
        let known = told
            .iter_mut()
            .find(|known| known.used.source == used.source && known.place == place);
        let new = Reached {
            used,
            place,
            witness,
        };
        match known {
            Some(known) if known.witness >= witness => {}
            Some(known) => *known = new,
            None if witness > Witness::None => told.push(new),
            None => {}
        }
    }
    told
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    reached: &Reached,
) -> Finding {
    let confidence = match reached.witness {
        Witness::Path if together::may_go_together(flow, &reached.used, reached.place) => {
            Confidence::Low
        }
        Witness::Path | Witness::Exception | Witness::EmptyLoop => Confidence::Medium,
        _ => Confidence::Low,
    };
    let used = reached.used;
    let name = flow.place_text(reached.place);
    let message = Message::new("used").with("name", name.clone());
    let source = Related {
        location: Location {
            file: whole.program.file(flow.function),
            span: flow.module.span(used.source),
        },
        message: Message::new("source").with("name", name.clone()),
    };
    let span = flow.module.span(used.subject);
    let statement = flow.code.insts[used.position.1 as usize].span.start;
    let finding = draft(rule, whole.program, flow.function, span, message);
    Finding {
        statement,
        ..finding
    }
    .because(source)
    .confidence(confidence)
    .help(Message::new("guard").with("name", name))
}
