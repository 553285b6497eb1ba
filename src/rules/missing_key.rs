//! `missing-key`: a key of data from outside is taken for granted.

use super::boundary::{Boundary, Candidate, Origin};
use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::Solution;
use crate::ir::{
    Comparison, ExprId, ExprKind, InstKind, ParameterKind, PlaceId, Scope, Source, Step,
    UnaryOperator,
};

pub(super) const RULE: Rule = Rule {
    name: "missing-key",
    family: Family::Boundary,
    page: include_str!("../../rules/missing-key.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// Documents are followed through so many names and keys.
const DEPTH: usize = 5;

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
    let is_subscript = |kind: ExprKind| matches!(kind, ExprKind::Subscript { .. });
    if boundary.in_test() || !boundary.has(&is_subscript) {
        return Vec::new();
    }
    let mut findings: Vec<(Evidence, Finding)> = Vec::new();
    boundary.walk(&mut |candidate, _| {
        let Some((evidence, finding)) = read(&boundary, candidate) else {
            return;
        };
        let known = findings
            .iter_mut()
            .find(|(known, _)| is_alike(known, &evidence));
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
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Whether two keys are missing for one and the same reason.
fn is_alike(one: &Evidence, other: &Evidence) -> bool {
    let is_told_once = matches!(one.key, "keywords" | "environment" | "request" | "headers");
    one.key == other.key && (is_told_once || one.document == other.document)
}

/// One key that is read.
fn read(boundary: &Boundary<'_>, candidate: Candidate) -> Option<(Evidence, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let is_literal = matches!(flow.module.kind(index), ExprKind::Text(_));
    let is_name = matches!(flow.module.kind(index), ExprKind::Name(_));
    let is_deeper = matches!(flow.module.kind(value), ExprKind::Subscript { .. });
    if (!is_literal && !is_name) || is_deeper {
        return None;
    }
    let evidence = evidence(boundary, candidate, value, index, is_literal)?;
    if boundary.is_caught(candidate.at.0, &["KeyError"]) || is_stored(boundary, candidate) {
        return None;
    }
    if !matches!(evidence.key, "belief" | "keywords") && is_guarded(boundary, candidate, value) {
        return None;
    }
    let name = boundary.text(value);
    let key = boundary.text(index);
    let message = Message::new("read")
        .with("name", name.clone())
        .with("key", key.clone());
    let help = Message::new("get").with("name", name).with("key", key);
    let mut finding = boundary
        .scene
        .at(candidate.expr, message)
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
    is_literal: bool,
) -> Option<Evidence> {
    if let Some(elsewhere) = believed(boundary, candidate, value, index) {
        return Some(Evidence {
            key: "belief",
            document: elsewhere,
            confidence: Confidence::Medium,
        });
    }
    if let Some(found) = of_keywords(boundary, candidate, value) {
        return Some(found);
    }
    let (key, document, confidence) = of_source(boundary, value, DEPTH)?;
    let confidence = if is_tested_after(boundary, candidate) {
        Confidence::Medium
    } else {
        confidence
    };
    let is_always_set = key == "environment"
        && matches!(boundary.flow.module.kind(index), ExprKind::Text(name) if boundary.flow.module.name(name) == "PATH");
    if is_always_set {
        return None;
    }
    let named_alone = !is_literal && key != "json";
    (!named_alone).then_some(Evidence {
        key,
        document,
        confidence,
    })
}

/// `x = d["k"]`, and then `if x`: nothing is expected to be missing quietly.
fn is_tested_after(boundary: &Boundary<'_>, candidate: Candidate) -> bool {
    let flow = boundary.flow;
    let InstKind::Bind {
        target,
        source: Source::Value(value),
        ..
    } = flow.code.insts[candidate.at.1 as usize].kind
    else {
        return false;
    };
    let ExprKind::Name(place) = flow.module.kind(target) else {
        return false;
    };
    value == candidate.expr
        && flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => flow.place_of(test) == Some(place),
            _ => false,
        })
}

/// `if options["store"]` of `**options`: whoever tests it means that it is optional.
fn of_keywords(boundary: &Boundary<'_>, candidate: Candidate, value: ExprId) -> Option<Evidence> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    let tested = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => is_truth(boundary, test, candidate.expr),
        _ => false,
    });
    let name = flow.program.qualified_name(flow.function);
    let is_private = name.rsplit('.').next().is_some_and(|last| last.starts_with('_'));
    let mut parameters = flow.code.parameters.iter();
    let takes_anything = parameters.any(|parameter| parameter.kind == ParameterKind::Star);
    let is_optional = tested && !is_private && !takes_anything;
    (is_keywords(boundary, place) && is_optional).then_some(Evidence {
        key: "keywords",
        document: value,
        confidence: Confidence::Medium,
    })
}

/// Whether a condition is about the truth of an expression.
fn is_truth(boundary: &Boundary<'_>, test: ExprId, expr: ExprId) -> bool {
    let module = boundary.flow.module;
    test == expr
        || match module.kind(test) {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let mut parts = module.list(parts).iter();
                parts.any(|&part| is_truth(boundary, part, expr))
            }
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => is_truth(boundary, operand, expr),
            _ => false,
        }
}

/// Where the same key of the same thing is asked for with care: `d.get(k)`, `k in d`.
fn believed(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    let mut found = None;
    for raw in flow.code.exprs.range() {
        let expr = ExprId::new(raw);
        if asks(boundary, expr, place, index) {
            found = Some(expr);
            break;
        }
    }
    let elsewhere = found?;
    let steady = matches!(
        flow.module.kind(value),
        ExprKind::Name(_) | ExprKind::Attribute { .. }
    ) && is_bound_once(boundary, place)
        && matches!(flow.module.kind(index), ExprKind::Text(_));
    if !steady {
        return None;
    }
    let mentions = |test: ExprId| {
        let mut hit = false;
        flow.module
            .walk(test, &mut |part| hit |= asks(boundary, part, place, index));
        hit
    };
    let by_alias = |test: ExprId| mentions(test) || mentions_alias(boundary, test, &mentions);
    (!boundary.is_tested_by(candidate, &by_alias, false)).then_some(elsewhere)
}

/// A test of a name that was bound to the careful question: `x = d.get(k)`, `if x: d[k]`.
fn mentions_alias(
    boundary: &Boundary<'_>,
    test: ExprId,
    mentions: &dyn Fn(ExprId) -> bool,
) -> bool {
    let flow = boundary.flow;
    let mut hit = false;
    flow.module.walk(test, &mut |part| {
        if let ExprKind::Name(place) = flow.module.kind(part) {
            hit = hit
                || boundary.origins(place).iter().any(|origin| match *origin {
                    Origin::Value(value) | Origin::Element(value) => mentions(value),
                });
        }
    });
    hit
}

/// Whether an expression asks for a key with care.
fn asks(boundary: &Boundary<'_>, expr: ExprId, place: PlaceId, index: ExprId) -> bool {
    let flow = boundary.flow;
    let same_key = |other: ExprId| flow.form(other) == flow.form(index);
    match flow.module.kind(expr) {
        ExprKind::Compare {
            operator: Comparison::In | Comparison::NotIn,
            left,
            right,
        } => same_key(left) && flow.place_of(right) == Some(place),
        ExprKind::Call { .. } => match boundary.called(expr) {
            Some(("get" | "has_key", Some(receiver), arguments)) => {
                flow.place_of(receiver) == Some(place)
                    && arguments.first().is_some_and(|&key| same_key(key))
            }
            Some(("pop", Some(receiver), arguments)) => {
                arguments.len() == 2
                    && flow.place_of(receiver) == Some(place)
                    && same_key(arguments[0])
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether a variable is bound no more than once, a path never.
fn is_bound_once(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let flow = boundary.flow;
    let is_path = !matches!(flow.code.place(place).step, Step::Variable { .. });
    let mut bound = 0;
    for inst in &flow.code.insts {
        if let InstKind::Bind { target, .. } = inst.kind {
            flow.module.walk(target, &mut |part| {
                let it = flow.place_of(part);
                bound += usize::from(it == Some(place) && (part == target || !is_path));
            });
        }
    }
    bound <= usize::from(!is_path)
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

/// Anything that tests the document, or the key, counts.
fn is_guarded(boundary: &Boundary<'_>, candidate: Candidate, value: ExprId) -> bool {
    let places = boundary.places(value);
    let form = boundary.flow.form(value);
    let alike = |test: ExprId| {
        let mut hit = false;
        boundary.flow.module.walk(test, &mut |part| {
            hit |= boundary.flow.form(part) == form;
        });
        hit
    };
    boundary.is_tested(candidate, &places) || boundary.is_tested_by(candidate, &alike, false)
}

/// What kind of document a value is, by where it comes from.
fn of_source(
    boundary: &Boundary<'_>,
    value: ExprId,
    depth: usize,
) -> Option<(&'static str, ExprId, Confidence)> {
    let depth = depth.checked_sub(1)?;
    let flow = boundary.flow;
    match flow.module.kind(value) {
        ExprKind::Call { .. } => of_call(boundary, value),
        ExprKind::Await(inner) => of_source(boundary, inner, depth),
        ExprKind::Attribute {
            value: object,
            name,
            ..
        } => of_attribute(boundary, value, object, flow.module.name(name)),
        ExprKind::Subscript {
            value: inner,
            index,
            ..
        } => {
            let is_key = matches!(flow.module.kind(index), ExprKind::Text(_));
            let found = of_source(boundary, inner, depth)?;
            (is_key && found.0 == "json").then_some((found.0, value, found.2))
        }
        ExprKind::Name(place) => {
            if is_keywords(boundary, place) {
                return None;
            }
            let origins = boundary.origins(place);
            let mut found: Option<(&'static str, ExprId, Confidence)> = None;
            for origin in origins {
                let Origin::Value(source) = origin else {
                    return None;
                };
                let one = of_source(boundary, source, depth)?;
                if found.is_none_or(|known| known.2 < one.2) {
                    found = Some(one);
                }
            }
            found
        }
        _ => None,
    }
}

fn is_keywords(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let parameters = &boundary.flow.code.parameters;
    parameters
        .iter()
        .any(|parameter| parameter.place == place && parameter.kind == ParameterKind::DoubleStar)
}

fn of_call(boundary: &Boundary<'_>, call: ExprId) -> Option<(&'static str, ExprId, Confidence)> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    let (name, receiver, arguments) = boundary.called(call)?;
    let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
    let decodes = matches!(
        dotted.as_str(),
        "json.loads" | "json.load" | "simplejson.loads" | "simplejson.load" | "ujson.loads"
    );
    if decodes {
        let outside = arguments
            .first()
            .is_some_and(|&text| boundary.is_outside(text));
        let confidence = if outside {
            Confidence::Medium
        } else {
            Confidence::Low
        };
        return Some(("json", call, confidence));
    }
    let is_answer = receiver.is_some() && arguments.is_empty() && name == "json";
    is_answer.then_some(("json", call, Confidence::Medium))
}

fn of_attribute(
    boundary: &Boundary<'_>,
    expr: ExprId,
    object: ExprId,
    name: &str,
) -> Option<(&'static str, ExprId, Confidence)> {
    let flow = boundary.flow;
    let dotted = flow.evaluate.dotted(expr).unwrap_or_default();
    let written = flow
        .module
        .dotted(flow.code, object)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let last = written.rsplit('.').next().unwrap_or_default();
    let is_request = matches!(last, "request" | "req");
    let is_answer = matches!(
        last,
        "response" | "resp" | "res" | "r" | "answer" | "reply" | "rsp"
    );
    match name {
        "environ" if dotted == "os.environ" => Some(("environment", expr, Confidence::Medium)),
        "headers" if is_request || is_answer => Some(("headers", expr, Confidence::Medium)),
        "headers" if last == "self" && !sets_headers(boundary) => {
            Some(("headers", expr, Confidence::Low))
        }
        "GET" | "POST" | "FILES" | "COOKIES" | "META" if is_request => {
            let name = flow.program.qualified_name(flow.function);
            let is_private = name.rsplit('.').next().is_some_and(|last| last.starts_with('_'));
            let confidence = if is_private {
                Confidence::Low
            } else {
                Confidence::Medium
            };
            Some(("request", expr, confidence))
        }
        _ => None,
    }
}

/// Whether the function fills the headers itself.
fn sets_headers(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, .. } => flow.place_of(target).is_some_and(|place| {
            let root = flow.code.place(flow.code.root(place)).step;
            let own = matches!(
                root,
                Step::Variable {
                    scope: Scope::Parameter { .. },
                    ..
                }
            );
            own && flow.place_text(place).contains(".headers")
        }),
        _ => false,
    })
}
