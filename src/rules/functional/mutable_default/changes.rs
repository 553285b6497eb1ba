//! How an instruction changes a list, dict or set.

use super::Shared;
use crate::ir::{BinaryOperator, ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source};
use crate::rules::around::{bound_value, called, receiver, variable_name};

/// Methods that put something into an empty list, dict or set.
const GROWING: [&str; 12] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "extendleft",
    "insert",
    "setdefault",
    "update",
    "__setitem__",
    "symmetric_difference_update",
    "subtract",
    "push",
];

/// Methods that take something out.
const SHRINKING: [&str; 12] = [
    "clear",
    "difference_update",
    "discard",
    "intersection_update",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "sort",
    "move_to_end",
];

/// The ways in which an instruction changes the object in a variable: the name, the place, what it does.
pub(super) fn changes_of(
    module: &Module,
    code: &Function,
    kind: InstKind,
    place: PlaceId,
    shared: Shared,
) -> Vec<(ExprId, ExprId, String)> {
    let mut found = Vec::new();
    change(module, code, kind, shared, &mut |object, at, how| {
        if module.kind(object) == ExprKind::Name(place) {
            found.push((object, at, how));
        }
    });
    found
}

/// The way in which an instruction changes the object in `self.attribute`.
pub(super) fn changed_path(
    module: &Module,
    code: &Function,
    kind: InstKind,
    attribute: &str,
    shared: Shared,
) -> Option<(ExprId, String)> {
    let receiver = code.parameters.first()?.place;
    let mut found = None;
    change(module, code, kind, shared, &mut |object, at, how| {
        if let ExprKind::Attribute { value, name, .. } = module.kind(object)
            && module.kind(value) == ExprKind::Name(receiver)
            && module.name(name) == attribute
            && found.is_none()
        {
            found = Some((at, how));
        }
    });
    found
}

fn change(
    module: &Module,
    code: &Function,
    kind: InstKind,
    shared: Shared,
    tell: &mut dyn FnMut(ExprId, ExprId, String),
) {
    match kind {
        InstKind::Bind { target, source, .. } => match (module.kind(target), source) {
            (ExprKind::Subscript { value, .. }, _) => tell(value, target, "[…] =".to_owned()),
            (
                _,
                Source::Augmented {
                    operator: BinaryOperator::Add,
                    ..
                },
            ) => tell(target, target, "+=".to_owned()),
            (
                _,
                Source::Augmented {
                    operator: BinaryOperator::BitOr,
                    ..
                },
            ) => tell(target, target, "|=".to_owned()),
            _ => {}
        },
        InstKind::Forget(target) if shared == Shared::Full => {
            if let ExprKind::Subscript { value, .. } = module.kind(target) {
                tell(value, target, "del".to_owned());
            }
        }
        _ => {}
    }
    kind.for_each_expr(&mut |root| {
        module.walk(root, &mut |expr| {
            let ExprKind::Call { callee, arguments } = module.kind(expr) else {
                return;
            };
            let name = called(module, code, callee);
            let Some(object) = receiver(module, callee) else {
                return;
            };
            let arguments = module.arguments(arguments);
            let is_change = GROWING.contains(&name) && !arguments.is_empty()
                || shared == Shared::Full && SHRINKING.contains(&name);
            if is_change {
                tell(object, expr, format!(".{name}()"));
            }
        });
    });
}

/// The attribute of `self` that an instruction keeps a variable in.
pub(super) fn stored<'m>(
    module: &'m Module,
    code: &Function,
    kind: InstKind,
    place: PlaceId,
) -> Option<(&'m str, ExprId)> {
    let (target, value) = bound_value(kind)?;
    let ExprKind::Attribute {
        value: object,
        name,
        ..
    } = module.kind(target)
    else {
        return None;
    };
    let receiver = code.parameters.first()?.place;
    let is_self = module.kind(object) == ExprKind::Name(receiver)
        && variable_name(module, code, receiver) == "self";
    (is_self && module.kind(value) == ExprKind::Name(place)).then(|| (module.name(name), value))
}
