//! `list(Colour)[number]`: a number that somebody else chose picks one of a fixed row.

use crate::finding::{Confidence, Finding, Message};
use crate::ir::{Comparison, ExprId, ExprKind, Scope, Step};
use crate::rules::sequences::{Boundary, Candidate};
use crate::value::Kinds;

/// `list(Colour)[number]` of a parameter or of what came from outside, with nothing said of how large it is.
pub(super) fn member(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let ("list" | "tuple", None, arguments) = boundary.called(value)? else {
        return None;
    };
    let [class] = arguments[..] else { return None };
    let is_class = flow.evaluate.value(class).kinds == Kinds::CLASS;
    if !is_class || !is_given(boundary, index) {
        return None;
    }
    let places = boundary.places(index);
    let is_bounded = |test: ExprId| {
        let mut found = false;
        flow.module.walk(test, &mut |part| {
            if let ExprKind::Compare {
                operator,
                left,
                right,
            } = flow.module.kind(part)
            {
                let sides = [left, right];
                let is_order = !matches!(operator, Comparison::Is | Comparison::IsNot);
                let mut read = sides.iter().flat_map(|&side| boundary.places(side));
                found |= is_order && read.any(|place| places.contains(&place));
            }
        });
        found
    };
    if boundary.is_caught(candidate.at.0, &["IndexError"])
        || boundary.is_tested_by(candidate, &is_bounded, false)
    {
        return None;
    }
    let message = Message::new("indexed")
        .with("name", format!("list({})", boundary.text(class)))
        .with("index", boundary.text(index));
    let why = boundary.scene.related(class, Message::new("members"));
    let help = Message::new("range").with("index", boundary.text(index));
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    Some(finding.confidence(Confidence::Medium).help(help))
}

/// Whether a number is a parameter, or comes from outside.
fn is_given(boundary: &Boundary<'_>, index: ExprId) -> bool {
    let flow = boundary.flow;
    let ExprKind::Name(place) = flow.module.kind(index) else {
        return boundary.is_outside(index);
    };
    let is_parameter = matches!(
        flow.code.place(place).step,
        Step::Variable {
            scope: Scope::Parameter { .. },
            ..
        }
    );
    is_parameter || boundary.is_outside(index)
}
