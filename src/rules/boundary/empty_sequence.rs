//! `empty-sequence`: an element is taken for granted of what may have too few of them.

mod alike;
mod answered;
mod attribute;
mod beside;
mod evidence;
mod exhausted;
mod guarded;
mod list;
mod member;
mod parsed;
mod part;
mod passed;
mod printed;
mod probed;
mod queries;
mod reduced;
mod split;
mod taken;
mod unheeded;
mod unpacked;
mod whole;
mod written;

use crate::finding::{Confidence, Finding, Message};
use crate::flow::{Solution, State};
use crate::ir::{BinaryOperator, ExprId, ExprKind, PlaceId, UnaryOperator};
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::rules::{Check, Family, Rule, Scene};
use alike::alike;
use attribute::DOUBTED;
use beside::doubted_here;
use evidence::{Evidence, evidence};
use guarded::{counts_arguments, is_argued, is_counted, is_only_bounded_above};
use member::member;
use part::of_part;
use passed::passed;
use probed::probed;
use reduced::called;
use taken::{is_undoing, taken};
use unheeded::{REBOUND, UNHEEDED, rebound, unheeded};
use unpacked::unpacked;
use whole::LEFT;
use written::written;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "empty-sequence",
    family: Family::Boundary,
    page: include_str!("../../../rules/empty-sequence.md"),
    severity: crate::finding::Severity::Warning,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    let boundary = Boundary::new(scene, solution);
    let is_of_interest = |kind: ExprKind| match kind {
        ExprKind::Subscript { .. } | ExprKind::Call { .. } => true,
        ExprKind::Tuple(parts) | ExprKind::List(parts) => parts.count >= 2,
        _ => false,
    };
    if boundary.in_test() || !boundary.has(&is_of_interest) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut told = Told::default();
    // The largest and the smallest of one list are missing together.
    let mut reduced: Vec<ExprId> = Vec::new();
    boundary.walk(&mut |candidate, state| {
        if let Some((evidence, finding)) = indexed(&boundary, candidate, state) {
            told.tell(&boundary, &evidence, candidate.expr, finding);
        }
        findings.extend(member(&boundary, candidate));
        if let Some((cause, finding)) = called(&boundary, candidate, state)
            && !reduced.contains(&cause)
        {
            reduced.push(cause);
            findings.push(finding);
        }
        findings.extend(taken(&boundary, candidate, state));
    });
    findings.extend(told.findings);
    findings.extend(unpacked(&boundary));
    findings.extend(written(&boundary));
    findings
}

/// So many further elements of one thing are told with the first.
const MORE: usize = 6;

/// What was told already: elements that are missing for one and the same reason are told together.
#[derive(Default)]
struct Told {
    /// The expression that has too few elements, and the text or document that it was taken from.
    causes: Vec<(ExprId, Option<u64>)>,
    findings: Vec<Finding>,
}

impl Told {
    fn tell(&mut self, boundary: &Boundary<'_>, evidence: &Evidence, at: ExprId, finding: Finding) {
        let form = match (evidence.key, boundary.flow.module.kind(at)) {
            ("probed", ExprKind::Subscript { value, .. }) => Some(boundary.flow.form(value)),
            _ => evidence
                .own_source(boundary.flow)
                .and_then(|source| asked(boundary, source)),
        };
        let mut causes = self.causes.iter();
        let known = causes
            .position(|&(source, of)| source == evidence.source || (of.is_some() && of == form));
        let Some(known) = known else {
            self.causes.push((evidence.source, form));
            self.findings.push(finding);
            return;
        };
        let is_again = self.causes[known].0 == evidence.source;
        let first = &mut self.findings[known];
        first.confidence = first.confidence.max(finding.confidence);
        let is_worth_a_word = !is_again && evidence.key != "probed";
        if is_worth_a_word && first.related.len() < MORE {
            let more = Message::new("more").with("name", boundary.text(at));
            first.related.push(boundary.scene.related(at, more));
        }
    }
}

/// What a call is asked of, where that is a variable: `out` in `out.split()`, `el` in `el.getElementsByTagName("a")`.
fn asked(boundary: &Boundary<'_>, source: ExprId) -> Option<u64> {
    let (_, receiver, _) = boundary.called(source)?;
    let receiver = receiver?;
    let place = boundary.flow.place_of(receiver)?;
    let is_steady = boundary.origins(place).len() <= 1;
    is_steady.then(|| boundary.flow.form(receiver))
}

/// `x[0]`, `x[-1]`.
fn indexed(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    state: &State,
) -> Option<(Evidence, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let index = constant(boundary, index)
        .or_else(|| counted(boundary, index, state))
        .or_else(|| wrapped(boundary, index, value))?;
    let need = if index < 0 { -index } else { index + 1 };
    let evidence = match evidence(boundary, value, state) {
        Some(found) if found.confidence > Confidence::Low => {
            if is_tested(boundary, candidate, value, need, &found) {
                unheeded(boundary, candidate, value, need)?
            } else {
                found
            }
        }
        known => unheeded(boundary, candidate, value, need)
            .or_else(|| (need == 1).then(|| rebound(boundary, candidate, value, state))?)
            .or_else(|| handled(boundary, candidate))
            .or_else(|| (need == 1).then(|| probed(boundary, candidate, value))?)
            .or_else(|| passed(boundary, value, need))
            .or_else(|| alike(boundary, value, need))
            .or_else(|| (need == 1).then(|| of_part(boundary, value))?)
            .or_else(|| known.map(|known| doubted_here(boundary, candidate, value, known)))?,
    };
    if evidence.least >= need
        || boundary.is_caught(candidate.at.0, &["IndexError"])
        || is_tested(boundary, candidate, value, need, &evidence)
        || (evidence.key == "argv" && is_argued(boundary))
        || (evidence.key == "filled" && is_counted(boundary, candidate, value))
        || (evidence.key == DOUBTED && index < 0 && is_undoing(flow.module.name(flow.code.name)))
    {
        return None;
    }
    let text = boundary.text(value);
    let message = Message::new("indexed")
        .with("name", text.clone())
        .with("index", index.to_string());
    let finding = boundary.scene.at(candidate.expr, message);
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    // A text is never taken apart into nothing: the truth of its parts says nothing of a second one.
    let help = Message::new(if need > 1 { "enough" } else { "guard" }).with("name", text);
    let confidence = if evidence.key == "argv" && counts_arguments(boundary) {
        Confidence::Medium
    } else {
        evidence.confidence
    };
    Some((
        evidence,
        finding.because(why).confidence(confidence).help(help),
    ))
}

/// The same element, read elsewhere under a handler of IndexError.
fn handled(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Evidence> {
    let source = boundary.handled_elsewhere(candidate, "IndexError")?;
    Some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "handled",
        source,
    })
}

/// `x[number % len(x)]`: there must be one.
fn wrapped(boundary: &Boundary<'_>, index: ExprId, sequence: ExprId) -> Option<i64> {
    let flow = boundary.flow;
    let ExprKind::Binary {
        operator: BinaryOperator::Modulo,
        right,
        ..
    } = flow.module.kind(index)
    else {
        return None;
    };
    let is_length = matches!(boundary.called(right), Some(("len", None, arguments))
        if arguments.first().is_some_and(|&of| flow.form(of) == flow.form(sequence)));
    is_length.then_some(0)
}

/// A variable that holds a number that is written down: `start = 0`.
fn counted(boundary: &Boundary<'_>, index: ExprId, state: &State) -> Option<i64> {
    let held = boundary.flow.held(state, index)?;
    constant(boundary, held.bound?)
}

/// A literal index.
pub(in crate::rules) fn constant(boundary: &Boundary<'_>, index: ExprId) -> Option<i64> {
    match boundary.flow.module.kind(index) {
        ExprKind::Int(number) => Some(i64::from(number)),
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => match boundary.flow.module.kind(operand) {
            ExprKind::Int(number) => Some(-i64::from(number)),
            _ => None,
        },
        _ => None,
    }
}

fn is_tested(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    need: i64,
    evidence: &Evidence,
) -> bool {
    match evidence.key {
        LEFT => boundary.is_tested(candidate, &boundary.places(subject)),
        UNHEEDED | REBOUND => boundary.is_asked_there(candidate, &boundary.places(subject)),
        "probed" => probed::is_tested(boundary, candidate, &boundary.places(subject)),
        _ if need == 1 && is_only_bounded_above(boundary, candidate, subject) => false,
        "separator" | "spaces" => {
            is_counted_before(boundary, candidate, subject, need, evidence.source)
        }
        _ => is_guarded(
            boundary,
            candidate,
            subject,
            evidence.own_source(boundary.flow),
        ),
    }
}

/// Whether something before a use of the parts of a text says that there are so many.
fn is_counted_before(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    need: i64,
    split: ExprId,
) -> bool {
    match parsed::parts(boundary, split, need) {
        Some(parts) => {
            let places = guarding(boundary, subject, Some(split));
            let mut taken_from = places.clone();
            for &place in &places {
                let sources = boundary.sources(place);
                taken_from.extend(sources.into_iter().flat_map(|from| boundary.places(from)));
            }
            boundary.are_counted(candidate, &places, &parts)
                || boundary.are_asked_for(candidate, &taken_from, &parts)
        }
        None => is_guarded(boundary, candidate, subject, Some(split)),
    }
}

fn is_guarded(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    subject: ExprId,
    source: Option<ExprId>,
) -> bool {
    boundary.is_tested(candidate, &guarding(boundary, subject, source))
}

/// The variables of which a test may say that there is enough: the thing itself, and what it was made of.
fn guarding(boundary: &Boundary<'_>, subject: ExprId, source: Option<ExprId>) -> Vec<PlaceId> {
    let mut places = boundary.places(subject);
    places.extend(
        source
            .into_iter()
            .flat_map(|source| boundary.places(source)),
    );
    let mut inner = places.clone();
    for &place in &places {
        for origin in boundary.origins(place) {
            if let Origin::Value(value) = origin {
                inner.extend(boundary.places(value));
            }
        }
    }
    inner
}
