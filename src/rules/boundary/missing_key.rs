//! `missing-key`: a key of data from outside is taken for granted.

mod accounts;
mod answer;
mod belief;
mod care;
mod caught;
mod chosen;
mod default;
mod demand;
mod document;
mod element;
mod elsewhere;
mod emptied;
mod environment;
mod framework;
pub(super) mod groups;
mod guarded;
mod habit;
mod answers;
mod iterated;
mod keywords;
mod looked;
mod lost;
mod raised;
mod reading_back;
mod removed;
mod search;
mod shapes;
mod sibling;
mod tag;
mod unheeded;

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::Solution;
use crate::ir::{Comparison, ExprId, ExprKind, InstKind, Source};
use crate::rules::sequences::{Boundary, Candidate};
use crate::rules::{Check, Family, Rule, Scene};
use accounts::account;
use answer::is_fine;
use answers::asked_of_another;
use belief::{
    believed, is_optional_in_cloud, is_tested_after, is_tested_there, is_typed, optional,
};
use caught::{inside, looked_up};
use chosen::chosen;
use default::of_default;
use demand::made_on_demand;
use document::{DEPTH, Document, of_source};
use element::is_asked_for;
use elsewhere::{is_asked_elsewhere, is_asked_of_element};
use emptied::emptied;
use environment::{is_always_there, is_header_of_request};
use framework::is_left_to_framework;
use guarded::{is_guarded, is_settled};
use habit::odd_one_out;
use iterated::iterated;
use keywords::of_keywords;
use lost::{lost, read_late};
use raised::raised;
use reading_back::is_read_back;
use removed::popped;
use rustc_hash::FxHashSet;
use search::Search;
use shapes::{fallback, other_shape};
use sibling::asked_by_sibling;
use std::cell::RefCell;
use tag::of_tag;
use unheeded::unheeded;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "missing-key",
    family: Family::Boundary,
    page: include_str!("../../../rules/missing-key.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// So many further keys of one document are told with the first.
const MORE: usize = 6;

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
    let mut findings: Vec<(Document, Finding)> = Vec::new();
    let mut removals = Vec::new();
    let nothing = Nothing::default();
    boundary.walk(&mut |candidate, _| {
        removals.extend(popped(&boundary, candidate));
        removals.extend(iterated(&boundary, candidate));
        removals.extend(account(&boundary, candidate));
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
        let Some((evidence, finding)) = read(&boundary, candidate, &nothing) else {
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
fn is_alike(boundary: &Boundary<'_>, one: &Document, other: &Document) -> bool {
    let is_told_once = matches!(one.key, "keywords" | "environment" | "request" | "headers");
    let form = |of: &Document| boundary.flow.form(of.expr);
    let is_same = || one.expr == other.expr || form(one) == form(other);
    one.key == other.key && (is_told_once || is_same())
}

/// The forms of what is known to be no document in the function at work.
type Nothing = RefCell<FxHashSet<u64>>;

/// One key that is read.
fn read(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    nothing: &Nothing,
) -> Option<(Document, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let is_literal = matches!(
        flow.module.kind(index),
        ExprKind::Text(_) | ExprKind::Bytes(_)
    );
    let mut evidence = match is_literal {
        true => evidence(boundary, candidate, (value, index), nothing)?,
        false => unheeded(boundary, candidate, value, index)
            .map(|asked| Document::new("unheeded", asked, Confidence::Medium))
            .or_else(|| chosen(boundary, candidate, value, index))?,
    };
    if boundary.is_caught(candidate.at.0, &["KeyError"]) || is_stored(boundary, candidate) {
        return None;
    }
    let places = boundary.places(value);
    let is_guard = match evidence.key {
        "emptied" if is_asked_by_alias(boundary, candidate, value) => true,
        "belief" | "keywords" | "default" | "fallback" | "chosen" | "pattern" | "partly"
        | "shape" | "unheeded" => false,
        // That one variable is there says nothing of another.
        "environment" => is_guarded(boundary, candidate, value, index, &[]),
        "json" | "request" | "configuration" | "message" | "stored" | "element" => {
            is_settled(boundary, candidate, value, index, &places)
        }
        _ => is_guarded(boundary, candidate, value, index, &places),
    };
    if is_guard {
        return None;
    }
    if evidence.confidence > Confidence::Low && is_left_to_framework(boundary) {
        evidence.confidence = Confidence::Low;
    }
    let finding = told(boundary, candidate.expr, value, index, &evidence);
    Some((evidence, finding))
}

/// What is said of a key, and why.
fn told(
    boundary: &Boundary<'_>,
    read: ExprId,
    value: ExprId,
    index: ExprId,
    evidence: &Document,
) -> Finding {
    let name = boundary.text(value);
    let key = boundary.text(index);
    let message = Message::new("read")
        .with("name", name.clone())
        .with("key", key.clone());
    let help = Message::new("get").with("name", name).with("key", key);
    let mut finding = boundary
        .scene
        .at_span(boundary.end_of(read, index), message)
        .confidence(evidence.confidence)
        .help(help)
        .because(
            boundary
                .scene
                .related(evidence.expr, Message::new(evidence.key)),
        );
    if let Some(location) = evidence.from {
        finding = finding.because(Related {
            location,
            message: Message::new("from"),
        });
    }
    finding
}

/// Why a key may be missing.
fn evidence(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    (value, index): (ExprId, ExprId),
    nothing: &Nothing,
) -> Option<Document> {
    if is_always_there(boundary, value, index) {
        return None;
    }
    fallback(boundary, candidate, value, index)
        .map(|elsewhere| Document::new("fallback", elsewhere, Confidence::Medium))
        .or_else(|| of_default(boundary, candidate, value, index))
        .or_else(|| of_code_around(boundary, candidate, (value, index), nothing))
        .or_else(|| of_origin(boundary, candidate, (value, index), nothing))
}

/// What the code around says of the key.
fn of_code_around(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    (value, index): (ExprId, ExprId),
    nothing: &Nothing,
) -> Option<Document> {
    let is_typed = is_typed(boundary, value);
    let is_declared = is_declared(boundary, value);
    let told = |key, expr| Document::new(key, expr, Confidence::Medium);
    if let Some(elsewhere) = unheeded(boundary, candidate, value, index) {
        return Some(told("unheeded", elsewhere));
    }
    if !is_typed && let Some((elsewhere, is_together)) = believed(boundary, candidate, value, index)
    {
        let confidence = if is_together && !is_declared {
            Confidence::Medium
        } else {
            Confidence::Low
        };
        // What else is known of it may say more.
        if confidence == Confidence::Low
            && let Some(found) = of_origin(boundary, candidate, (value, index), nothing)
            && found.confidence > confidence
        {
            return Some(found);
        }
        return Some(Document::new("belief", elsewhere, confidence));
    }
    if !is_self(boundary, value)
        && let Some(elsewhere) = boundary.handled_elsewhere(candidate, "KeyError")
    {
        return Some(told("handled", elsewhere));
    }
    if let Some(found) = of_keywords(boundary, candidate, value, index) {
        return Some(found);
    }
    if !is_typed && !is_declared {
        if let Some(elsewhere) = inside(boundary, candidate, value, index) {
            return Some(told("inside", elsewhere));
        }
        if let Some(elsewhere) = made_on_demand(boundary, value, index) {
            return Some(told("demand", elsewhere));
        }
        if let Some(elsewhere) = asked_by_sibling(boundary, value, index) {
            return Some(told("sibling", elsewhere));
        }
        if let Some(elsewhere) = other_shape(boundary, candidate, value, index) {
            return Some(told("shape", elsewhere));
        }
    }
    if !is_declared && let Some(elsewhere) = emptied(boundary, value, index) {
        return Some(told("emptied", elsewhere));
    }
    if let Some(elsewhere) = of_tag(boundary, value, index) {
        return Some(told("tag", elsewhere));
    }
    if is_header_of_request(boundary, value, index) {
        return Some(told("request", value));
    }
    if is_optional_in_cloud(boundary, value, index) {
        return Some(told("cloud", value));
    }
    if !is_typed
        && !is_declared
        && let Some(elsewhere) = odd_one_out(boundary, value, index)
    {
        return Some(told("habit", elsewhere));
    }
    if let Some(elsewhere) = asked_of_another(boundary, candidate, value, index) {
        return Some(told("answers", elsewhere));
    }
    None
}

/// What is known of where the document comes from.
fn of_origin(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    (value, index): (ExprId, ExprId),
    nothing: &Nothing,
) -> Option<Document> {
    let flow = boundary.flow;
    let (ExprKind::Text(key) | ExprKind::Bytes(key)) = flow.module.kind(index) else {
        return None;
    };
    let key = flow.module.name(key);
    // The key before this one was told already.
    let is_deeper = match flow.module.kind(value) {
        ExprKind::Subscript { index, .. } => matches!(flow.module.kind(index), ExprKind::Text(_)),
        _ => false,
    };
    if is_deeper {
        return None;
    }
    let mut found = of_known(boundary, value, key, nothing)
        .or_else(|| of_doubt(boundary, candidate, value, index))?;
    let element = match flow.module.kind(value) {
        ExprKind::Attribute { value, .. } => value,
        _ => value,
    };
    match found.key {
        "element" if is_asked_for(boundary, element, key) => return None,
        "stored" if key == "_id" || !is_sparse(boundary, value) => return None,
        _ => {}
    }
    if found.is_part {
        return None;
    }
    let is_asked = || match found.key {
        "element" => is_asked_of_element(boundary, value),
        _ => is_asked_elsewhere(boundary, value),
    };
    // Of one that is only thought to be a document the test of a value says no more than it did before.
    let is_known = !matches!(found.key, "optional" | "message");
    if is_known
        && (is_tested_after(boundary, candidate)
            || is_tested_there(boundary, candidate)
            || is_asked())
    {
        found.confidence = Confidence::Medium;
    }
    if found.key == "json" && is_fine(boundary, candidate, value) {
        found.confidence = Confidence::Low;
    }
    if is_read_back(boundary) {
        found.confidence = Confidence::Low;
    }
    Some(found)
}

/// Where a document comes from; what is none whatever the key is not searched for again.
fn of_known(
    boundary: &Boundary<'_>,
    value: ExprId,
    key: &str,
    nothing: &Nothing,
) -> Option<Document> {
    let form = boundary.flow.form(value);
    if nothing.borrow().contains(&form) {
        return None;
    }
    let found = of_source(boundary, value, DEPTH, &Search::of(Some(key)));
    if found.is_none() && of_source(boundary, value, DEPTH, &Search::of(None)).is_none() {
        nothing.borrow_mut().insert(form);
    }
    found
}

/// A document of which another key is asked for with care, where the value of this one is tested: not more than a hint.
fn of_doubt(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<Document> {
    if is_typed(boundary, value) || is_declared(boundary, value) {
        return None;
    }
    let (elsewhere, confidence) = optional(boundary, candidate, value, index)?;
    Some(Document::new("optional", elsewhere, confidence))
}

/// Whether the module asks for any other key of a document of that name with care: not all documents of a database have
/// the same.
fn is_sparse(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(name) = flow.module.dotted(flow.code, value) else {
        return false;
    };
    flow.module.functions.iter().any(|code| {
        let mut exprs = code.exprs.range().map(ExprId::new);
        exprs.any(|expr| {
            let asked = match flow.module.kind(expr) {
                ExprKind::Compare {
                    operator: Comparison::In | Comparison::NotIn,
                    right,
                    ..
                } => right,
                ExprKind::Call { callee, .. } => match flow.module.kind(callee) {
                    ExprKind::Attribute { value, name, .. } if flow.module.name(name) == "get" => {
                        value
                    }
                    _ => return false,
                },
                _ => return false,
            };
            flow.module.dotted(code, asked).as_deref() == Some(name.as_str())
        })
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

/// Whether it is the object at work: which keys it has, its class says.
fn is_self(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let code = boundary.flow.code;
    let first = code.parameters.first().map(|first| first.place);
    code.class.is_some() && first.is_some() && boundary.flow.place_of(value) == first
}
