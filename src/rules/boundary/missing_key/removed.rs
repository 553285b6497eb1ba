//! `self.known.pop(key)`, where another method of the class removes with care.

use crate::finding::{Finding, Message, Related};
use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId};
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::text::Location;
use crate::value::Kinds;

/// `self.known.pop(key)`, which another method of the class does with care.
pub(super) fn popped(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let location = removed(boundary, candidate)?;
    let (_, Some(receiver), arguments) = boundary.called(candidate.expr)? else {
        return None;
    };
    let mut places = boundary.places(receiver);
    places.extend(boundary.places(*arguments.first()?));
    if boundary.is_caught(candidate.at.0, &["KeyError"]) || boundary.is_tested(candidate, &places) {
        return None;
    }
    let message = Message::new("removed").with("name", boundary.text(receiver));
    let why = Related {
        location,
        message: Message::new("careful"),
    };
    let help = Message::new("discard").with("name", boundary.text(receiver));
    Some(
        boundary
            .scene
            .at(candidate.expr, message)
            .because(why)
            .help(help),
    )
}

/// `self.known.pop(key)`, where another method of the class removes with care: `self.known.pop(other, None)`.
fn removed(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Location> {
    let flow = boundary.flow;
    let Some(("pop", Some(receiver), arguments)) = boundary.called(candidate.expr) else {
        return None;
    };
    let [key] = arguments[..] else { return None };
    let name = flow.module.dotted(flow.code, receiver)?;
    let is_own = name.starts_with("self.") && name.matches('.').count() == 1;
    let is_computed = matches!(
        flow.module.kind(key),
        ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
    );
    let is_index = flow.evaluate.value(key).kinds == Kinds::NUMBER;
    if !is_own || !is_computed || is_index {
        return None;
    }
    let is_read_before = {
        let mut exprs = flow.code.exprs.range().map(ExprId::new);
        let before = flow.module.span(candidate.expr).start;
        exprs.any(|expr| {
            matches!(flow.module.kind(expr), ExprKind::Subscript { index, .. }
                if flow.form(index) == flow.form(key) && flow.module.span(expr).end <= before)
        })
    };
    if is_read_before || is_key_of(boundary, key, receiver) {
        return None;
    }
    let class = flow.program.class_of_method(flow.function)?;
    let body = flow
        .module
        .classes
        .get(flow.program.project_class(class)?.id?.index())?
        .span;
    let careful = |function: &Function| {
        let mut exprs = function.exprs.range().map(ExprId::new);
        exprs.find(|&expr| is_careful_removal(flow.module, function, expr, &name))
    };
    let methods = flow.module.functions.iter();
    // A method that removes with and without a default offers both to its callers.
    let mut methods = methods.filter(|function| {
        body.contains(function.name_span) && function.name_span != flow.code.name_span
    });
    let found = methods.find_map(careful)?;
    Some(boundary.scene.location(found))
}

/// Whether a loop hands out the keys of the thing itself, or of a list that another loop filled with them.
pub(super) fn is_key_of(boundary: &Boundary<'_>, key: ExprId, receiver: ExprId) -> bool {
    let flow = boundary.flow;
    let Some(key) = flow.place_of(key) else {
        return false;
    };
    let own = flow.place_of(receiver);
    let runs_over = |place: PlaceId| {
        let mut sources = boundary.sources(place).into_iter();
        sources.any(|source| own.is_some_and(|own| boundary.places(source).contains(&own)))
    };
    let of_list = |list: PlaceId| {
        let filled = flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Eval(call) => matches!(
                boundary.called(call),
                Some(("append" | "add", Some(to), arguments))
                    if flow.place_of(to) == Some(list)
                        && arguments.first().and_then(|&item| flow.place_of(item)).is_some_and(runs_over)
            ),
            _ => false,
        });
        let made = || {
            let mut origins = boundary.origins(list).into_iter();
            origins.any(|origin| match origin {
                Origin::Value(value) | Origin::Element(value) => own.is_some_and(|own| {
                    boundary.places(value).contains(&own) || comprehends(boundary, value, own)
                }),
            })
        };
        filled || made()
    };
    runs_over(key)
        || boundary.origins(key).iter().any(|origin| match *origin {
            Origin::Element(of) => boundary.places(of).into_iter().any(of_list),
            Origin::Value(_) => false,
        })
}

/// `[key for key in known if …]`.
fn comprehends(boundary: &Boundary<'_>, value: ExprId, own: PlaceId) -> bool {
    let flow = boundary.flow;
    let mut found = false;
    flow.module.walk(value, &mut |part| {
        if let ExprKind::Comprehension(id) = flow.module.kind(part) {
            let mut clauses = flow.module.comprehension(id).clauses.iter();
            found |= clauses.any(|clause| boundary.places(clause.iterable).contains(&own));
        }
    });
    found
}

fn is_careful_removal(module: &Module, code: &Function, expr: ExprId, name: &str) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(expr) else {
        return false;
    };
    let ExprKind::Attribute {
        value,
        name: method,
        ..
    } = module.kind(callee)
    else {
        return false;
    };
    module.name(method) == "pop"
        && arguments.count == 2
        && module.dotted(code, value).as_deref() == Some(name)
}
