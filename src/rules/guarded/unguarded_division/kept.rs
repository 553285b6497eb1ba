//! What the methods of a class do with its attributes: start them at zero or empty, and add to them.

use crate::ir::{
    BinaryOperator, Comparison, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, Source,
};
use crate::rules::Scene;
use crate::rules::around::called;

/// The name of an attribute of `self`.
fn own_attribute(scene: &Scene<'_>, expr: ExprId) -> Option<String> {
    let text = scene.flow.module.dotted(scene.flow.code, expr)?;
    scene.flow.code.class?;
    let name = text.strip_prefix("self.")?;
    (!name.contains('.')).then(|| name.to_owned())
}

/// The methods of the class at work, and its body.
fn members<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s Function> {
    let class = scene.flow.code.class;
    let functions = scene.flow.module.functions.iter();
    functions.filter(move |function| class.is_some() && function.class == class)
}

/// Whether a target of a member of the class is its attribute of that name.
fn is_attribute(module: &Module, member: &Function, target: ExprId, name: &str) -> bool {
    let text = module.dotted(member, target).unwrap_or_default();
    match member.kind {
        FunctionKind::Class => text == name,
        _ => text.strip_prefix("self.") == Some(name),
    }
}

/// Whether an expression is an attribute that a member of the class sets to `0`, and another adds to. Not where it was added a
/// constant to in the function at work.
pub(super) fn counts_in_class(scene: &Scene<'_>, expr: ExprId) -> bool {
    let Some(name) = own_attribute(scene, expr) else {
        return false;
    };
    let module = scene.flow.module;
    let (mut starts, mut grows) = (false, false);
    for member in members(scene) {
        let is_here = std::ptr::eq(member, scene.flow.code);
        for inst in &member.insts {
            let InstKind::Bind { target, source, .. } = inst.kind else {
                continue;
            };
            if !is_attribute(module, member, target, &name) {
                continue;
            }
            match source {
                Source::Value(value) if super::evidence::is_zero(scene, value) => starts = true,
                Source::Augmented {
                    operator: BinaryOperator::Add,
                    value,
                } => {
                    let is_constant =
                        matches!(module.kind(value), ExprKind::Int(_) | ExprKind::Number(_));
                    if is_here && is_constant {
                        return false;
                    }
                    grows = true;
                }
                _ if is_here => return false,
                _ => {}
            }
        }
    }
    starts && grows
}

/// Methods that put something into a container.
const FILLS: [&str; 8] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "insert",
    "push",
    "setdefault",
    "update",
];

/// Whether an expression is an attribute that the class starts with nothing in, and that only some method fills: another than
/// the one at work, and than the constructor.
pub(super) fn is_filled_later(scene: &Scene<'_>, expr: ExprId) -> bool {
    let Some(name) = own_attribute(scene, expr) else {
        return false;
    };
    let module = scene.flow.module;
    let (mut starts, mut fills) = (false, false);
    for member in members(scene) {
        let is_constructor = module.name(member.name) == "__init__";
        let is_here = std::ptr::eq(member, scene.flow.code);
        for inst in &member.insts {
            match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } if is_attribute(module, member, target, &name) => {
                    let is_empty = is_empty_container(module, member, value);
                    if !is_empty {
                        return false;
                    }
                    starts |= is_constructor && !is_here;
                }
                InstKind::Eval(call) => {
                    let is_filled = is_filling(module, member, call, &name);
                    if is_filled && (is_constructor || is_here) {
                        return false;
                    }
                    fills |= is_filled;
                }
                _ => {}
            }
        }
    }
    starts && fills
}

fn is_filling(module: &Module, member: &Function, call: ExprId, name: &str) -> bool {
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    matches!(module.kind(callee), ExprKind::Attribute { value, name: method, .. }
        if FILLS.contains(&module.name(method)) && is_attribute(module, member, value, name))
}

/// `[]`, `{}`, `list()`, `deque(maxlen=5)`.
fn is_empty_container(module: &Module, member: &Function, value: ExprId) -> bool {
    match module.kind(value) {
        ExprKind::List(parts) | ExprKind::Set(parts) => module.list(parts).is_empty(),
        ExprKind::Dict(parts) => module.list(parts).is_empty(),
        ExprKind::Call { callee, arguments } => {
            let is_maker = matches!(
                called(module, member, callee),
                "list" | "set" | "dict" | "deque" | "OrderedDict" | "defaultdict" | "Counter"
            );
            let positional = |argument: &&crate::ir::Argument| {
                argument.passing == crate::ir::Passing::Positional
            };
            let given = module.arguments(arguments).iter().filter(positional);
            let most = usize::from(called(module, member, callee) == "defaultdict");
            is_maker && given.count() <= most
        }
        _ => false,
    }
}

/// Whether a method of the class tests its attribute for None.
pub(super) fn is_optional_in_class(scene: &Scene<'_>, expr: ExprId) -> bool {
    let Some(name) = own_attribute(scene, expr) else {
        return false;
    };
    let module = scene.flow.module;
    members(scene).any(|member| {
        member.insts.iter().any(|inst| {
            let InstKind::Assume { test, .. } = inst.kind else {
                return false;
            };
            let mut found = false;
            module.walk(test, &mut |part| {
                found |= matches!(
                    module.kind(part),
                    ExprKind::Compare { operator: Comparison::Is | Comparison::IsNot, left, right }
                        if module.kind(right) == ExprKind::None
                            && is_attribute(module, member, left, &name)
                );
            });
            found
        })
    })
}
