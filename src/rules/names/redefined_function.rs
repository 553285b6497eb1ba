//! `redefined-function`: a function or class is defined again with no use between, or its name is bound to data and called.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Reaching, Solution, Start};
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Scope, Source, Step};
use crate::rules::names::vocabulary::{is_data, is_throwaway};
use crate::rules::{Check, Family, Rule, Scene};
use crate::value::Kinds;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "redefined-function",
    family: Family::Names,
    page: include_str!("../../../rules/redefined-function.md"),
    severity: Severity::Warning,
    check: Check::FunctionAndTest(check),
};

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    if flow.code.is_dynamic {
        return Vec::new();
    }
    let mut findings = called_data(scene);
    let again = bound_again(flow);
    if again.is_empty() {
        return findings;
    }
    let ways = Reaching::of(flow);
    findings.extend(
        again
            .into_iter()
            .filter_map(|(place, inst)| redefined(scene, &ways, place, inst)),
    );
    findings
}

/// Definitions of names that are bound more than once.
fn bound_again(flow: &Flow<'_, '_>) -> Vec<(PlaceId, u32)> {
    let mut counts = vec![0_u32; flow.code.places.len()];
    let mut definitions = Vec::new();
    for (index, inst) in flow.code.insts.iter().enumerate() {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        let ExprKind::Name(place) = flow.module.kind(target) else {
            continue;
        };
        counts[place.index()] += 1;
        if is_plain_definition(flow, source) {
            definitions.push((place, index as u32));
        }
    }
    definitions.retain(|(place, _)| counts[place.index()] > 1);
    definitions
}

/// A definition that nothing registers on the way.
fn is_plain_definition(flow: &Flow<'_, '_>, source: Source) -> bool {
    match source {
        Source::Function(id) => flow.module.function(id).decorators.is_empty(),
        Source::Class(id) => flow.module.class(id).decorators.is_empty(),
        _ => false,
    }
}

fn redefined(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    inst: u32,
) -> Option<Finding> {
    let flow = scene.flow;
    let name = flow.place_text(place);
    if is_throwaway(&name) || is_seen_from_inside(flow, place) {
        return None;
    }
    let reach = ways.reach(place, Start::Behind(inst));
    if !reach.reads.is_empty() || reach.survives || !reach.deletions.is_empty() {
        return None;
    }
    let again = reach.kills.iter().find(|kill| kill.inst != inst)?;
    let InstKind::Bind {
        target: first,
        source,
        ..
    } = flow.code.insts[inst as usize].kind
    else {
        return None;
    };
    let InstKind::Bind { source: new, .. } = flow.code.insts[again.inst as usize].kind else {
        return None;
    };
    if ways
        .conditions(inst)
        .iter()
        .any(|&(test, ..)| is_for_checkers(flow, test))
    {
        return None;
    }
    let key = match new {
        Source::Function(_) => "function",
        Source::Class(_) => "class",
        _ => "name",
    };
    let confidence = if has_bases(flow, source) {
        Confidence::Medium
    } else {
        Confidence::High
    };
    let statement = flow.code.insts[again.inst as usize].span.start;
    let finding = scene
        .at(again.name, Message::new(key).with("name", name.clone()))
        .confidence(confidence);
    let finding =
        finding.because(scene.related(first, Message::new("first").with("name", name.clone())));
    // A test that is defined twice is never run: worth telling in tests above all.
    let severity = if name.starts_with("test") {
        Severity::Warning
    } else {
        finding.severity
    };
    Some(
        Finding {
            statement,
            severity,
            ..finding
        }
        .help(Message::new("rename").with("name", name)),
    )
}

/// A nested function may have used it before it was defined again.
fn is_seen_from_inside(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let Step::Variable { scope, .. } = flow.code.place(place).step else {
        return true;
    };
    match scope {
        Scope::Local {
            captured,
            rebound_inside,
        } => rebound_inside || (captured && flow.code.kind == FunctionKind::Def),
        _ => true,
    }
}

fn is_for_checkers(flow: &Flow<'_, '_>, test: ExprId) -> bool {
    flow.module
        .dotted(flow.code, test)
        .is_some_and(|name| name.ends_with("TYPE_CHECKING"))
}

/// Defining a class may register it with a base.
fn has_bases(flow: &Flow<'_, '_>, source: Source) -> bool {
    matches!(source, Source::Class(id) if !flow.module.class(id).arguments.is_empty())
}

/// Calls of names that hold data here, and a function of the module elsewhere.
fn called_data(scene: &Scene<'_>) -> Vec<Finding> {
    let flow = scene.flow;
    let mut findings = Vec::new();
    for index in flow.code.exprs.range() {
        let ExprKind::Call { callee, .. } = flow.module.kind(ExprId::new(index)) else {
            continue;
        };
        let ExprKind::Name(place) = flow.module.kind(callee) else {
            continue;
        };
        let Step::Variable {
            name,
            scope: Scope::Local { .. },
        } = flow.code.place(place).step
        else {
            continue;
        };
        let value = flow.program.variable(flow.function, place);
        if !is_data(value.kinds) || flow.code.kind == FunctionKind::Class {
            continue;
        }
        let Some(hidden) = hidden_function(flow, name) else {
            continue;
        };
        let text = flow.place_text(place);
        let word = (value.kinds - Kinds::NONE - Kinds::UNBOUND).word();
        let message = Message::new("called")
            .with("name", text.clone())
            .with("kind", word);
        let finding = scene
            .at(callee, message)
            .confidence(Confidence::High)
            .severity(Severity::Error);
        let related = crate::finding::Related {
            location: scene.location_of(hidden),
            message: Message::new("hidden").with("name", text.clone()),
        };
        let statement = flow.module.span(callee).start;
        findings.push(
            Finding {
                statement,
                ..finding.because(related)
            }
            .help(Message::new("rename").with("name", text)),
        );
    }
    findings
}

/// The function or class of the module that a local name hides.
fn hidden_function(flow: &Flow<'_, '_>, wanted: crate::ir::NameId) -> Option<crate::text::Span> {
    let body = flow.module.body();
    if flow.code.kind == FunctionKind::Module {
        return None;
    }
    body.insts.iter().find_map(|inst| {
        let InstKind::Bind {
            target,
            source: Source::Function(_) | Source::Class(_),
            ..
        } = inst.kind
        else {
            return None;
        };
        let ExprKind::Name(place) = flow.module.kind(target) else {
            return None;
        };
        let is_it = matches!(body.place(place).step, Step::Variable { name, .. } if name == wanted);
        is_it.then(|| flow.module.span(target))
    })
}
