//! `math-domain`: a function of mathematics is given what may lie outside its domain.

mod limited;
mod real;

use crate::finding::{Confidence, Finding, Message};
use crate::flow::{Solution, State};
use crate::ir::{BinaryOperator, ExprId, ExprKind, UnaryOperator};
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::rules::{Check, Family, Rule, Scene};
use limited::{packed, received, timed, truncated};
use real::{arc, exponential, factorial, logarithm, root};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "math-domain",
    family: Family::Boundary,
    page: include_str!("../../../rules/math-domain.md"),
    severity: crate::finding::Severity::Warning,
    check: Check::Function(check),
};

/// Operators and brackets are looked through so far.
const DEPTH: usize = 6;

/// Why an argument may lie outside.
struct Evidence {
    /// The message that says it.
    key: &'static str,
    /// The expression that does it.
    source: ExprId,
    /// How sure it is that it matters.
    confidence: Confidence,
    /// What to do instead.
    help: &'static str,
}

/// A call of a function with a domain.
struct Call<'c> {
    /// Its arguments.
    arguments: &'c [ExprId],
    /// Where it is.
    candidate: Candidate,
}

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    let boundary = Boundary::new(scene, solution);
    let is_call = |kind: ExprKind| matches!(kind, ExprKind::Call { .. });
    if boundary.in_test() || !boundary.has(&is_call) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    boundary.walk(&mut |candidate, state| {
        findings.extend(called(&boundary, candidate, state));
    });
    findings
}

fn called(boundary: &Boundary<'_>, candidate: Candidate, state: &State) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let (_, _, arguments) = boundary.called(candidate.expr)?;
    let first = *arguments.first()?;
    let name = flow.evaluate.dotted(callee)?;
    let name = name.strip_prefix("builtins.").unwrap_or(&name);
    let call = Call {
        arguments: &arguments,
        candidate,
    };
    let (error, evidence) = match name {
        "math.sqrt" => {
            let evidence = root(boundary, first);
            let evidence = evidence.or_else(|| received(boundary, &call, state));
            ("ValueError", evidence?)
        }
        "math.log" | "math.log2" | "math.log10" => {
            let evidence = logarithm(boundary, &call, state);
            let evidence = evidence.or_else(|| received(boundary, &call, state));
            ("ValueError", evidence?)
        }
        "math.acos" | "math.asin" => ("ValueError", arc(boundary, first)?),
        "math.factorial" => ("ValueError", factorial(boundary, first)?),
        "math.exp" => ("OverflowError", exponential(boundary, &call)?),
        "struct.pack" => ("struct.error", packed(boundary, &call)?),
        "int" | "round" | "math.floor" | "math.ceil" | "math.trunc" => {
            ("OverflowError", truncated(boundary, &call)?)
        }
        "datetime.datetime.fromtimestamp"
        | "datetime.datetime.utcfromtimestamp"
        | "datetime.date.fromtimestamp"
        | "datetime.timedelta"
        | "time.gmtime"
        | "time.localtime" => ("OverflowError", timed(boundary, &call)?),
        _ => return None,
    };
    let places = guarded_by(boundary, &call, evidence.source);
    if boundary.is_caught(candidate.at.0, &[error]) || boundary.is_tested(candidate, &places) {
        return None;
    }
    let message = Message::new(evidence.key)
        .with("call", name)
        .with("error", error);
    let why = boundary
        .scene
        .related(evidence.source, Message::new("source"));
    let finding = boundary
        .scene
        .at(candidate.expr, message)
        .confidence(evidence.confidence)
        .help(Message::new(evidence.help));
    let is_elsewhere = !flow
        .module
        .span(candidate.expr)
        .contains(flow.module.span(evidence.source));
    Some(if is_elsewhere {
        finding.because(why)
    } else {
        finding
    })
}

/// The places whose test counts as a guard: what the arguments and the expression behind them read.
fn guarded_by(boundary: &Boundary<'_>, call: &Call<'_>, source: ExprId) -> Vec<crate::ir::PlaceId> {
    let mut places = boundary.places(source);
    for &argument in call.arguments {
        places.extend(boundary.places(argument));
    }
    // `for part in key, value:` where key and value were tested.
    let elements: Vec<crate::ir::PlaceId> = places
        .iter()
        .flat_map(|&place| boundary.origins(place))
        .filter_map(|origin| match origin {
            Origin::Element(iterable) => Some(boundary.places(iterable)),
            Origin::Value(_) => None,
        })
        .flatten()
        .collect();
    places.extend(elements);
    places
}

/// What an expression stands for: itself, or the only value of its name; `float(x)` stands for `x`.
fn meaning(boundary: &Boundary<'_>, expr: ExprId) -> ExprId {
    let mut at = expr;
    for _ in 0..DEPTH {
        let next = match boundary.flow.module.kind(at) {
            ExprKind::Name(_) => match boundary.values(at)[..] {
                [value] => value,
                _ => return at,
            },
            ExprKind::Call { .. } => match boundary.called(at) {
                Some(("float", None, arguments)) => match arguments[..] {
                    [only] => only,
                    _ => return at,
                },
                _ => return at,
            },
            _ => return at,
        };
        at = next;
    }
    at
}

/// Whether an expression is no constant: something in it is a variable of lower case, an element or the answer of a call.
fn is_varying(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    let module = boundary.flow.module;
    match module.kind(expr) {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let text = module.dotted(boundary.flow.code, expr).unwrap_or_default();
            let last = text.rsplit('.').next().unwrap_or_default();
            last != last.to_uppercase()
                && !matches!(text.as_str(), "math.pi" | "math.e")
                && !text.starts_with("sys.")
        }
        ExprKind::Call { .. } => match boundary.called(expr) {
            Some(("len" | "abs", None, arguments)) => arguments
                .first()
                .is_none_or(|&counted| is_varying(boundary, counted)),
            _ => true,
        },
        ExprKind::Subscript { .. } => true,
        ExprKind::Binary { left, right, .. } => {
            is_varying(boundary, left) || is_varying(boundary, right)
        }
        ExprKind::Unary { operand, .. } => is_varying(boundary, operand),
        _ => false,
    }
}

/// `left operator right`, looked at through names.
fn binary(
    boundary: &Boundary<'_>,
    expr: ExprId,
) -> Option<(BinaryOperator, ExprId, ExprId, ExprId)> {
    let source = meaning(boundary, expr);
    match boundary.flow.module.kind(source) {
        ExprKind::Binary {
            operator,
            left,
            right,
        } => Some((operator, left, right, source)),
        _ => None,
    }
}

/// Whether an expression is the number one, however it is written.
fn is_one(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    let module = boundary.flow.module;
    match module.kind(expr) {
        ExprKind::Int(1) => true,
        ExprKind::Number(name) => matches!(module.name(name), "1." | "1.0"),
        _ => false,
    }
}

/// `-x`: x.
fn negated(boundary: &Boundary<'_>, expr: ExprId) -> Option<ExprId> {
    match boundary.flow.module.kind(expr) {
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => Some(operand),
        _ => None,
    }
}
