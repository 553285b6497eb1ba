//! How much the evidence weighs that a divisor can be zero.

use super::evidence::{Why, is_varying};
use crate::ir::{BinaryOperator, ExprId, ExprKind, InstKind, Scope, Source, Step};
use crate::rules::Scene;
use crate::rules::around::called;
use crate::rules::guarded::elapsed::{reads_clock, tells_time};
use crate::rules::guarded::excuses::docstring;
use crate::value::Kinds;

/// Whether the evidence is more than that a sequence can be empty and two numbers equal: a mean of what the function was given; a
/// time that may be too short to measure; a difference of two parameters, of the smallest and the largest of something, or of
/// a whole and a part of it.
pub(super) fn is_sure(scene: &Scene<'_>, why: Why, of: ExprId, dividend: Option<ExprId>) -> bool {
    let module = scene.flow.module;
    match why {
        Why::Sum
        | Why::Counter
        | Why::Kept
        | Why::Elapsed
        | Why::Outside
        | Why::Optional
        | Why::Returned
        | Why::Default => true,
        Why::Length => {
            let is_total = |expr: ExprId| {
                let mut found = false;
                module.walk(expr, &mut |part| {
                    found |= matches!(module.kind(part), ExprKind::Call { callee, .. }
                        if module.dotted(scene.flow.code, callee).as_deref() == Some("sum"));
                });
                found
            };
            let ExprKind::Call { arguments, .. } = module.kind(of) else {
                return true;
            };
            let counted = module.arguments(arguments).first();
            let is_given = counted.is_some_and(|counted| is_parameter(scene, counted.value));
            !is_given || dividend.is_some_and(is_total)
        }
        Why::Difference => {
            let ExprKind::Binary { left, right, .. } = module.kind(of) else {
                return false;
            };
            let of_both = |test: &dyn Fn(ExprId) -> bool| test(left) && test(right);
            of_both(&|side| is_parameter(scene, side))
                || of_both(&|side| is_kept(scene, side))
                || of_both(&|side| is_extreme(scene, side))
                || of_both(&|side| tells_time(scene, side))
                || reads_clock(scene, left)
                || reads_clock(scene, right)
                || is_part_of(scene, left, right)
        }
    }
}

/// `width - width * share`: nothing is left of the whole where the part is all of it.
fn is_part_of(scene: &Scene<'_>, whole: ExprId, part: ExprId) -> bool {
    let module = scene.flow.module;
    let ExprKind::Binary {
        operator: BinaryOperator::Multiply,
        left,
        right,
    } = module.kind(part)
    else {
        return false;
    };
    let is_whole = |side| scene.flow.form(side) == scene.flow.form(whole);
    (is_whole(left) && is_varying(scene, right)) || (is_whole(right) && is_varying(scene, left))
}

fn is_parameter(scene: &Scene<'_>, expr: ExprId) -> bool {
    let code = scene.flow.code;
    scene.flow.place_of(expr).is_some_and(|place| {
        matches!(
            code.place(place).step,
            Step::Variable {
                scope: Scope::Parameter { .. },
                ..
            }
        )
    })
}

/// Whether an expression is an attribute that a method of the class sets to zero or to something that is no constant.
fn is_kept(scene: &Scene<'_>, expr: ExprId) -> bool {
    let (module, code) = (scene.flow.module, scene.flow.code);
    let Some(wanted) = module.dotted(code, expr) else {
        return false;
    };
    let methods = module.functions.iter();
    let mut methods = methods.filter(|method| code.class.is_some() && method.class == code.class);
    wanted.starts_with("self.")
        && methods.any(|method| {
            method.insts.iter().any(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } => {
                    let is_constant = match module.kind(value) {
                        ExprKind::Int(number) => number != 0,
                        ExprKind::Number(_) => true,
                        _ => false,
                    };
                    !is_constant
                        && module.dotted(method, target).as_deref() == Some(wanted.as_str())
                }
                _ => false,
            })
        })
}

/// Whether an expression is the smallest or largest of something, or a name for it.
fn is_extreme(scene: &Scene<'_>, expr: ExprId) -> bool {
    let module = scene.flow.module;
    let code = scene.flow.code;
    let is_call = |expr: ExprId| match module.kind(expr) {
        ExprKind::Call { callee, .. } => ["max", "min"].contains(&called(module, code, callee)),
        _ => false,
    };
    let ExprKind::Name(place) = module.kind(expr) else {
        return is_call(expr);
    };
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } => match (module.kind(target), module.kind(value)) {
            (ExprKind::Tuple(targets), ExprKind::Tuple(values)) => {
                let mut pairs = module.list(targets).iter().zip(module.list(values));
                pairs.any(|(&target, &value)| {
                    module.kind(target) == ExprKind::Name(place) && is_call(value)
                })
            }
            (target, _) => target.place() == Some(place) && is_call(value),
        },
        _ => false,
    })
}

/// Whether what is divided may be an array, which is divided by zero without an exception: the function works with numpy or
/// pandas, or the module does and the divisor may well be an array itself.
pub(super) fn is_array(scene: &Scene<'_>, why: Why, dividend: Kinds) -> bool {
    let (module, code) = (scene.flow.module, scene.flow.code);
    let is_of_arrays = |name: &str| {
        let root = name.split('.').next().unwrap_or_default();
        ["numpy", "pandas"].contains(&root)
    };
    let mut imports = module.imports.iter();
    if dividend == Kinds::NUMBER || !imports.any(|import| is_of_arrays(module.name(import.module)))
    {
        return false;
    }
    let names = code.exprs.range().map(ExprId::new);
    let mut names = names.filter(|&expr| matches!(module.kind(expr), ExprKind::Attribute { .. }));
    !matches!(why, Why::Sum | Why::Counter)
        || names.any(|expr| {
            let name = scene.flow.evaluate.dotted(expr);
            name.is_some_and(|name| is_of_arrays(&name))
        })
}

/// Whether the docstring says that there is something to divide by.
pub(super) fn promises_content(scene: &Scene<'_>) -> bool {
    let (module, code) = (scene.flow.module, scene.flow.code);
    let text = docstring(module, code).unwrap_or_default();
    ["non-empty", "nonempty", "not empty", "non-zero", "nonzero"]
        .iter()
        .any(|part| text.contains(part))
}
