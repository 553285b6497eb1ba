//! `missing-key`: a key of data from outside is taken for granted.

mod answer;
mod belief;
mod care;
mod caught;
mod chosen;
mod demand;
mod document;
mod elsewhere;
mod emptied;
mod environment;
mod framework;
mod groups;
mod habit;
mod keywords;
mod lost;
mod raised;
mod removed;
mod shapes;
mod tag;

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::Solution;
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId, Source};
use crate::rules::sequences::{Boundary, Candidate};
use crate::rules::{Check, Family, Rule, Scene};
use belief::{
    believed, is_optional_in_cloud, is_tested_after, is_tested_there, is_typed, optional,
};
use caught::{inside, looked_up};
use chosen::chosen;
use demand::made_on_demand;
use document::{DEPTH, of_source};
use elsewhere::{is_asked_elsewhere, is_asked_of_element};
use emptied::emptied;
use environment::is_always_there;
use framework::is_left_to_framework;
use habit::odd_one_out;
use keywords::of_keywords;
use lost::{lost, read_late};
use raised::raised;
use removed::popped;
use shapes::{fallback, other_shape};
use tag::of_tag;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "missing-key",
    family: Family::Boundary,
    page: include_str!("../../../rules/missing-key.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// So many further keys of one document are told with the first.
const MORE: usize = 6;

/// Why a key may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Evidence {
    /// The message that says why.
    key: &'static str,
    /// The document: findings in the same one are told together.
    document: ExprId,
    /// How sure it is.
    confidence: Confidence,
}

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    let boundary = Boundary::new(scene, solution);
    let is_of_interest = |kind: ExprKind| match kind {
        ExprKind::Subscript { .. } => true,
        ExprKind::Call { arguments, .. } => arguments.count > 0,
        _ => false,
    };
    if boundary.in_test() || !boundary.has(&is_of_interest) {
        return Vec::new();
    }
    let mut findings: Vec<(Evidence, Finding)> = Vec::new();
    let mut removals = Vec::new();
    boundary.walk(&mut |candidate, _| {
        removals.extend(popped(&boundary, candidate));
        if let Some(finding) = looked_up(&boundary, candidate)
            && !removals
                .iter()
                .any(|known: &Finding| known.message == finding.message)
        {
            removals.push(finding);
        }
        if let Some(finding) = read_late(&boundary, candidate)
            && !removals
                .iter()
                .any(|known: &Finding| known.message == finding.message)
        {
            removals.push(finding);
        }
        removals.extend(raised(&boundary, candidate));
        let Some((evidence, finding)) = read(&boundary, candidate) else {
            return;
        };
        let known = findings
            .iter_mut()
            .find(|(known, _)| is_alike(&boundary, known, &evidence));
        match known {
            Some((_, first)) => {
                if first.related.len() < MORE {
                    let key = boundary.text(candidate.expr);
                    let more = Message::new("more").with("name", key);
                    first
                        .related
                        .push(boundary.scene.related(candidate.expr, more));
                }
            }
            None => findings.push((evidence, finding)),
        }
    });
    for finding in lost(&boundary) {
        if !removals
            .iter()
            .any(|known: &Finding| known.location == finding.location)
        {
            removals.push(finding);
        }
    }
    removals.extend(findings.into_iter().map(|(_, finding)| finding));
    removals
}

/// Whether two keys are missing for one and the same reason.
fn is_alike(boundary: &Boundary<'_>, one: &Evidence, other: &Evidence) -> bool {
    let is_told_once = matches!(one.key, "keywords" | "environment" | "request" | "headers");
    let form = |of: &Evidence| boundary.flow.form(of.document);
    let is_same = || one.document == other.document || form(one) == form(other);
    one.key == other.key && (is_told_once || is_same())
}

/// One key that is read.
fn read(boundary: &Boundary<'_>, candidate: Candidate) -> Option<(Evidence, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let is_literal = matches!(flow.module.kind(index), ExprKind::Text(_));
    let mut evidence = match is_literal {
        true => evidence(boundary, candidate, value, index)?,
        false => chosen(boundary, candidate, value, index)
            .or_else(|| of_section(boundary, candidate, value))?,
    };
    if boundary.is_caught(candidate.at.0, &["KeyError"]) || is_stored(boundary, candidate) {
        return None;
    }
    let is_guard = match evidence.key {
        "emptied" if is_asked_by_alias(boundary, candidate, value) => true,
        "belief" | "keywords" | "fallback" | "chosen" | "pattern" | "partly" | "shape" => false,
        // That one variable is there says nothing of another.
        "environment" => is_guarded(boundary, candidate, &[]),
        _ => is_guarded(boundary, candidate, &boundary.places(value)),
    };
    if is_guard {
        return None;
    }
    if matches!(evidence.key, "json" | "request")
        && !is_tested_after(boundary, candidate)
        && is_left_to_framework(boundary, &evidence)
    {
        evidence.confidence = Confidence::Low;
    }
    let name = boundary.text(value);
    let key = boundary.text(index);
    let message = Message::new("read")
        .with("name", name.clone())
        .with("key", key.clone());
    let help = Message::new("get").with("name", name).with("key", key);
    let mut finding = boundary
        .scene
        .at_span(boundary.end_of(candidate.expr, index), message)
        .confidence(evidence.confidence)
        .help(help);
    finding = finding.because(
        boundary
            .scene
            .related(evidence.document, Message::new(evidence.key)),
    );
    Some((evidence, finding))
}

fn evidence(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<Evidence> {
    let is_typed = is_typed(boundary, value);
    if is_always_there(boundary, value, index) {
        return None;
    }
    let is_declared = is_declared(boundary, value);
    if let Some(elsewhere) = fallback(boundary, candidate, value, index) {
        return Some(Evidence {
            key: "fallback",
            document: elsewhere,
            confidence: Confidence::Medium,
        });
    }
    if !is_typed && let Some((elsewhere, is_together)) = believed(boundary, candidate, value, index)
    {
        let confidence = if is_together && !is_declared {
            Confidence::Medium
        } else {
            Confidence::Low
        };
        return Some(Evidence {
            key: "belief",
            document: elsewhere,
            confidence,
        });
    }
    if !is_self(boundary, value)
        && let Some(elsewhere) = boundary.handled_elsewhere(candidate, "KeyError")
    {
        return Some(Evidence {
            key: "handled",
            document: elsewhere,
            confidence: Confidence::Medium,
        });
    }
    if let Some(found) = of_keywords(boundary, candidate, value, index) {
        return Some(found);
    }
    let told = |key, document| {
        Some(Evidence {
            key,
            document,
            confidence: Confidence::Medium,
        })
    };
    if !is_typed
        && !is_declared
        && let Some((elsewhere, confidence)) = optional(boundary, candidate, value, index)
    {
        return Some(Evidence {
            key: "optional",
            document: elsewhere,
            confidence,
        });
    }
    if !is_typed
        && !is_declared
        && let Some(elsewhere) = inside(boundary, candidate, value, index)
    {
        return told("inside", elsewhere);
    }
    if !is_typed
        && !is_declared
        && let Some(elsewhere) = made_on_demand(boundary, value, index)
    {
        return told("demand", elsewhere);
    }
    if !is_typed
        && !is_declared
        && let Some(elsewhere) = other_shape(boundary, candidate, value, index)
    {
        return told("shape", elsewhere);
    }
    if !is_declared && let Some(elsewhere) = emptied(boundary, value, index) {
        return told("emptied", elsewhere);
    }
    if let Some(elsewhere) = of_tag(boundary, value, index) {
        return told("tag", elsewhere);
    }
    if is_optional_in_cloud(boundary, value, index) {
        return told("cloud", value);
    }
    if !is_typed
        && !is_declared
        && let Some(elsewhere) = odd_one_out(boundary, value, index)
    {
        return told("habit", elsewhere);
    }
    // The first key of a document is told.
    let is_deeper = match boundary.flow.module.kind(value) {
        ExprKind::Subscript { index, .. } => {
            matches!(boundary.flow.module.kind(index), ExprKind::Text(_))
        }
        _ => false,
    };
    if is_deeper {
        return None;
    }
    let (key, document, confidence) = of_source(boundary, value, DEPTH)?;
    let is_doubted = is_tested_after(boundary, candidate) || is_tested_there(boundary, candidate);
    let is_asked = || match key {
        "element" => is_asked_of_element(boundary, value),
        _ => is_asked_elsewhere(boundary, value),
    };
    let confidence = if is_doubted || is_asked() {
        Confidence::Medium
    } else {
        confidence
    };
    Some(Evidence {
        key,
        document,
        confidence,
    })
}

/// `parser[section]` of a configuration, with a section that somebody else names.
fn of_section(boundary: &Boundary<'_>, candidate: Candidate, value: ExprId) -> Option<Evidence> {
    let is_whole = !matches!(boundary.flow.module.kind(value), ExprKind::Subscript { .. });
    let ExprKind::Subscript { index, .. } = boundary.flow.module.kind(candidate.expr) else {
        return None;
    };
    let ExprKind::Name(name) = boundary.flow.module.kind(index) else {
        return None;
    };
    let is_given =
        { boundary.flow.code.parameters.iter() }.any(|parameter| parameter.place == name);
    if !is_whole || !is_given || !boundary.sources(name).is_empty() {
        return None;
    }
    let (key, document, confidence) = of_source(boundary, value, DEPTH)?;
    (key == "configuration").then_some(Evidence {
        key,
        document,
        confidence,
    })
}

/// What parsers and forms call the things whose keys they declare somewhere else.
const DECLARED: [&str; 7] = [
    "params",
    "options",
    "opts",
    "vargs",
    "args",
    "CLIARGS",
    "cleaned_data",
];

/// Whether something is filled by a parser, by a form, or by whoever loads the module (`__opts__`): which keys it has was
/// said there.
fn is_declared(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let written = flow.module.dotted(flow.code, value).unwrap_or_default();
    let last = written.rsplit('.').next().unwrap_or_default();
    DECLARED.contains(&last) || (last.starts_with("__") && last.ends_with("__"))
}

/// Whether the function itself writes the key, or anything else that fills the thing, before.
fn is_stored(boundary: &Boundary<'_>, candidate: Candidate) -> bool {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return false;
    };
    let form = flow.form(candidate.expr);
    let receiver = flow.form(value);
    let place = flow.place_of(value);
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, source, .. } => {
            let mut stored = false;
            flow.module.walk(target, &mut |part| {
                if let ExprKind::Subscript {
                    value: other,
                    index: key,
                    ..
                } = flow.module.kind(part)
                {
                    let any_key = !matches!(flow.module.kind(key), ExprKind::Text(_));
                    stored |= flow.form(part) == form
                        || (any_key
                            && flow.form(other) == receiver
                            && flow.form(key) == flow.form(index));
                }
            });
            let iterates = match source {
                Source::Element { iterable, .. } => {
                    flow.place_of(target) == flow.place_of(index)
                        && flow.place_of(index).is_some()
                        && place.is_some_and(|place| boundary.places(iterable).contains(&place))
                }
                _ => false,
            };
            stored || iterates
        }
        InstKind::Eval(call) => match boundary.called(call) {
            Some(("setdefault" | "update", Some(receiver), _)) => {
                place.is_some() && flow.place_of(receiver) == place
            }
            _ => false,
        },
        _ => false,
    })
}

/// Whether a test is about a variable that was taken out of the document: `group = content.get("group", {})`, `if name in group`.
fn is_asked_by_alias(boundary: &Boundary<'_>, candidate: Candidate, value: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(document) = flow.place_of(value) else {
        return false;
    };
    let asks = |test: ExprId| {
        let mut found = false;
        flow.module.walk(test, &mut |part| {
            if let ExprKind::Name(place) = flow.module.kind(part) {
                let mut sources = boundary.sources(place).into_iter();
                found |= sources.any(|source| boundary.places(source).contains(&document));
            }
        });
        found
    };
    boundary.is_tested_by(candidate, &asks, false)
}

/// Anything that tests one of the places, or the key, counts.
fn is_guarded(boundary: &Boundary<'_>, candidate: Candidate, places: &[PlaceId]) -> bool {
    let ExprKind::Subscript { value, index, .. } = boundary.flow.module.kind(candidate.expr) else {
        return false;
    };
    let form = boundary.flow.form(value);
    let key = boundary.flow.form(index);
    let alike = |test: ExprId| {
        let mut hit = false;
        boundary.flow.module.walk(test, &mut |part| {
            // `response.has_header("Content-Type")`
            let asks = boundary.called(part).is_some_and(|(_, _, arguments)| {
                let mut arguments = arguments.iter();
                arguments.any(|&argument| boundary.flow.form(argument) == key)
            });
            let is_it = boundary.flow.form(part);
            hit |= asks || is_it == key || (!places.is_empty() && is_it == form);
        });
        hit
    };
    boundary.is_tested(candidate, places) || boundary.is_tested_by(candidate, &alike, false)
}

/// Whether it is the object at work: which keys it has, its class says.
fn is_self(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let code = boundary.flow.code;
    let first = code.parameters.first().map(|first| first.place);
    code.class.is_some() && first.is_some() && boundary.flow.place_of(value) == first
}
