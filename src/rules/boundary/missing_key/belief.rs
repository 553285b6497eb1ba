//! What the code around a read believes of its key: that it may be missing.

use super::care::{is_late, is_left_to_caller, is_meant, is_other_arm};
use super::document::{DEPTH, of_source};
use super::search::Search;
use crate::finding::Confidence;
use crate::ir::{
    Comparison, ExprId, ExprKind, InstKind, LoopKind, PlaceId, Source, Step, UnaryOperator,
};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// Whether the value of a read is bound to a name, and the name tested: nothing is expected to be missing quietly.
pub(super) fn is_tested_after(boundary: &Boundary<'_>, candidate: Candidate) -> bool {
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
    // Of a variable with another value the test may be about that.
    let is_only_value = is_bound_once(boundary, place) && !is_parameter(boundary, place);
    value == candidate.expr
        && is_only_value
        && flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => doubts(boundary, test, place),
            _ => false,
        })
}

fn is_parameter(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let mut parameters = boundary.flow.code.parameters.iter();
    parameters.any(|parameter| parameter.place == place)
}

/// Words in the names of types that say nothing of the keys.
const SHAPELESS: [&str; 6] = ["dict", "mapping", "any", "object", "json", "union"];

/// Whether a parameter's annotation names a type of its own, which says what keys there are.
pub(super) fn is_typed(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(place) = flow.place_of(value) else {
        return false;
    };
    let mut parameters = flow.code.parameters.iter();
    let annotation = parameters
        .find(|parameter| parameter.place == place)
        .and_then(|parameter| parameter.annotation);
    let (Some(annotation), Some(parent)) = (annotation, flow.code.parent) else {
        return false;
    };
    let written = flow.module.dotted(flow.module.function(parent), annotation);
    written.is_some_and(|name| is_shape(&name))
}

/// Whether the name of a type says which keys there are.
pub(super) fn is_shape(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !SHAPELESS.iter().any(|word| name.contains(word))
}

/// Whether a condition is about the truth of a variable, or about its being None.
pub(super) fn doubts(boundary: &Boundary<'_>, test: ExprId, place: PlaceId) -> bool {
    let module = boundary.flow.module;
    match module.kind(test) {
        ExprKind::Name(name) => name == place,
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => doubts(boundary, operand, place),
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| doubts(boundary, part, place))
        }
        ExprKind::Compare {
            operator: Comparison::Is | Comparison::IsNot,
            left,
            right,
        } => matches!(module.kind(right), ExprKind::None) && doubts(boundary, left, place),
        _ => false,
    }
}

/// Whether a condition is about the truth of an expression.
pub(super) fn is_truth(boundary: &Boundary<'_>, test: ExprId, expr: ExprId) -> bool {
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

/// Where the same key of the same thing is asked for with care: `d.get(k)`, `k in d`; and whether that is meant, and control
/// can pass it and not the read before.
pub(super) fn believed(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<(ExprId, bool)> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    let root = flow.code.root(place);
    let exprs = flow.code.exprs.range().map(ExprId::new);
    let careful: Vec<ExprId> = exprs
        .filter(|&expr| asks(boundary, expr, place, index) && !is_used_at_once(boundary, expr))
        .collect();
    let first = *careful.first()?;
    let together = || {
        let mut careful = careful.iter().copied();
        careful.find(|&expr| {
            boundary.is_together(expr, candidate.expr, root)
                && !is_other_arm(boundary, candidate.expr, expr)
                && !is_late(boundary, candidate, expr)
                && is_meant(boundary, expr)
        })
    };
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
    if boundary.is_tested_by(candidate, &by_alias, false)
        || runs_over(boundary, candidate, &mentions)
        || careful
            .iter()
            .any(|&expr| is_left_to_caller(boundary, expr))
    {
        return None;
    }
    // Where nothing on the way asks what kind of document it is, other branches have the same kind.
    let is_of_any_kind = || {
        !flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => flow.mentions(test, root),
            _ => false,
        })
    };
    let in_other_branch = || {
        careful.iter().copied().find(|&expr| {
            has_empty_default(boundary, expr)
                && !is_late(boundary, candidate, expr)
                && !is_other_arm(boundary, candidate.expr, expr)
        })
    };
    Some(match together() {
        Some(elsewhere) => (elsewhere, true),
        None => match in_other_branch().filter(|_| is_of_any_kind()) {
            Some(elsewhere) => (elsewhere, true),
            None => (first, false),
        },
    })
}

/// `d.get(k, {})`, `d.get(k, [])`.
fn has_empty_default(boundary: &Boundary<'_>, question: ExprId) -> bool {
    let Some((_, _, arguments)) = boundary.called(question) else {
        return false;
    };
    arguments.get(1).is_some_and(|&default| {
        matches!(
            boundary.flow.module.kind(default),
            ExprKind::Dict(parts) | ExprKind::List(parts) if parts.is_empty()
        )
    })
}

/// `for name in d.get(k, {}): d[k][name]`: a round shows that the key is there.
fn runs_over(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    mentions: &dyn Fn(ExprId) -> bool,
) -> bool {
    let code = boundary.flow.code;
    let inside = boundary.flow.module.span(candidate.expr);
    code.loops.iter().any(|of| match of.kind {
        LoopKind::For { iterable, .. } => of.suite.contains(inside) && mentions(iterable),
        LoopKind::While { .. } => false,
    })
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
pub(super) fn asks(boundary: &Boundary<'_>, expr: ExprId, place: PlaceId, index: ExprId) -> bool {
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

/// `d.get(k).x`, `d.get(k)[0]`, `int(d.get(k))`: whoever goes on with the answer at once does not expect None.
fn is_used_at_once(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let flow = boundary.flow;
    let takes_nothing = matches!(
        boundary.called(call),
        Some(("get", _, arguments)) if arguments.len() == 1
    );
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    takes_nothing
        && exprs.any(|expr| match flow.module.kind(expr) {
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => value == call,
            ExprKind::Call { .. } => matches!(
                boundary.called(expr),
                Some(("int" | "float" | "len" | "getattr", None, arguments))
                    if arguments.first() == Some(&call)
            ),
            _ => false,
        })
}

/// Whether a variable is bound no more than once, a path never.
pub(super) fn is_bound_once(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let flow = boundary.flow;
    let is_path = !matches!(flow.code.place(place).step, Step::Variable { .. });
    let root = flow.code.root(place);
    if is_path
        && (!is_bound_once(boundary, root)
            || is_parameter(boundary, root) && !boundary.sources(root).is_empty())
    {
        return false;
    }
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

/// `d.get("a")`, and `d["b"]` whose value is tested for None or truth: what may be None may be missing.
pub(super) fn optional(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<(ExprId, Confidence)> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    let is_read = matches!(flow.module.kind(index), ExprKind::Text(_))
        && is_bound_once(boundary, place)
        && !is_built(boundary, place);
    let is_doubted =
        is_read && (is_tested_after(boundary, candidate) || is_tested_there(boundary, candidate));
    let is_walked = is_read && !is_doubted && is_iterated(boundary, candidate);
    if !is_doubted && !is_walked {
        return None;
    }
    let exprs = flow.code.exprs.range().map(ExprId::new);
    let found: Vec<ExprId> = exprs
        .filter(|&expr| is_careful(boundary, expr, place, index, is_walked))
        .collect();
    let is_run_over = |&expr: &ExprId| {
        let mut loops = flow.code.loops.iter();
        loops.any(|of| matches!(of.kind, LoopKind::For { iterable, .. } if iterable == expr))
    };
    let first = *found.first()?;
    if is_doubted {
        // What is None here may be there all the same, unless somebody else writes the document.
        let is_foreign = of_source(boundary, value, DEPTH, &Search::of(None))
            .is_some_and(|of| of.confidence >= Confidence::Medium);
        let confidence = if is_foreign {
            Confidence::Medium
        } else {
            Confidence::Low
        };
        return Some((first, confidence));
    }
    // One list of the document is run over with care; else the loop may be over what the document is all about.
    // What an object wrote of itself it reads again.
    let is_own = flow.module.name(flow.code.name) == "__setstate__";
    Some(match found.iter().copied().find(is_run_over) {
        Some(other) if !is_own => (other, Confidence::Medium),
        _ => (first, Confidence::Low),
    })
}

/// Whether another key of the same document is asked for with care; with `list`, with an empty list in its stead.
fn is_careful(
    boundary: &Boundary<'_>,
    expr: ExprId,
    place: PlaceId,
    index: ExprId,
    list: bool,
) -> bool {
    let flow = boundary.flow;
    let Some(("get", Some(receiver), arguments)) = boundary.called(expr) else {
        return false;
    };
    let Some(&key) = arguments.first() else {
        return false;
    };
    let is_other =
        matches!(flow.module.kind(key), ExprKind::Text(_)) && flow.form(key) != flow.form(index);
    let is_list = arguments.get(1).is_some_and(
        |&default| matches!(flow.module.kind(default), ExprKind::List(parts) if parts.is_empty()),
    );
    is_other && flow.place_of(receiver) == Some(place) && (!list || is_list)
}

/// `if d["k"]`, `d["k"] or x`, `x if d["k"] else y`, `d["k"] is None`.
pub(super) fn is_tested_there(boundary: &Boundary<'_>, candidate: Candidate) -> bool {
    let module = boundary.flow.module;
    let tests = |test: ExprId| {
        is_truth(boundary, test, candidate.expr)
            || match module.kind(test) {
                ExprKind::Compare {
                    operator: Comparison::Is | Comparison::IsNot,
                    left,
                    right,
                } => left == candidate.expr && matches!(module.kind(right), ExprKind::None),
                _ => false,
            }
    };
    let at = boundary.flow.code.insts[candidate.at.1 as usize].kind;
    let mut found = matches!(at, InstKind::Assume { test, .. } if tests(test));
    module.walk(candidate.root, &mut |part| {
        found |= match module.kind(part) {
            ExprKind::Or(parts) => module.list(parts).first() == Some(&candidate.expr),
            ExprKind::Conditional { test, .. } => tests(test),
            _ => false,
        };
    });
    found
}

/// Whether a loop runs over the value that is read.
fn is_iterated(boundary: &Boundary<'_>, candidate: Candidate) -> bool {
    boundary
        .flow
        .code
        .loops
        .iter()
        .any(|of| matches!(of.kind, LoopKind::For { iterable, .. } if iterable == candidate.expr))
}

/// Whether a variable is bound to a dictionary that is built here, or to the answer of something that always fills it.
pub(super) fn is_built(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let module = boundary.flow.module;
    boundary.origins(place).iter().any(|origin| match *origin {
        Origin::Value(value) => match module.kind(value) {
            ExprKind::Dict(_) | ExprKind::Comprehension(_) => true,
            ExprKind::Call { .. } => matches!(
                boundary.called(value),
                Some((
                    "dict" | "copy" | "deepcopy" | "locals" | "vars" | "defaultdict",
                    ..
                ))
            ),
            _ => false,
        },
        Origin::Element(_) => false,
    })
}

/// Keys that the interfaces of Amazon's cloud leave out where there is nothing to say.
const LEFT_OUT: [&str; 11] = [
    "Tags",
    "TagSet",
    "NextToken",
    "Contents",
    "CommonPrefixes",
    "Item",
    "LastEvaluatedKey",
    "Messages",
    "Outputs",
    "PublicIpAddress",
    "KeyName",
];

/// `response["Contents"]` in a module that uses Amazon's library.
pub(super) fn is_optional_in_cloud(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> bool {
    let flow = boundary.flow;
    let ExprKind::Text(key) = flow.module.kind(index) else {
        return false;
    };
    let is_known = LEFT_OUT.contains(&flow.module.name(key));
    let has_library = || {
        flow.module.imports.iter().any(|import| {
            let name = import.name.map_or("", |name| flow.module.name(name));
            flow.module.name(import.module).contains("boto") || name.contains("boto")
        })
    };
    let is_built = || {
        flow.place_of(value)
            .is_some_and(|place| is_built(boundary, place))
    };
    is_known && has_library() && !is_built()
}
