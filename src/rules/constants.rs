//! Values that can be read off the code: what a variable is bound to, and whether that is written out.

use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, InstKind, Module, PlaceId, Scope, Source, Step,
};
use crate::project::Program;
use crate::rules::Whole;
use crate::rules::stores;
use crate::types::FunctionRef;

/// A value is followed through so many names and operators.
const DEPTH: usize = 14;

/// Whether a value can be read off the code: literals, and names that are only ever bound to such.
pub(in crate::rules) fn is_constant(
    whole: &Whole<'_>,
    function: FunctionRef,
    expr: ExprId,
) -> bool {
    constant(whole, function, expr, DEPTH)
}

fn constant(whole: &Whole<'_>, function: FunctionRef, expr: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let (module, code) = whole.program.code(function);
    match module.kind(expr) {
        ExprKind::Name(place) => {
            let Step::Variable { scope, name } = code.place(place).step else {
                return false;
            };
            if let Scope::Global { .. } = scope {
                return global(whole, function, module.name(name))
                    .is_some_and(|(body, value)| constant(whole, body, value, depth));
            }
            let values = bound(module, code, place);
            !values.is_empty()
                && is_only_bound(module, code, place, values.len())
                && values
                    .iter()
                    .all(|&value| constant(whole, function, value, depth))
        }
        ExprKind::Call { .. } => match stores::method(module, expr) {
            Some((receiver, "format" | "join" | "strip" | "encode" | "decode" | "replace")) => {
                constant(whole, function, receiver, depth)
                    && stores::arguments(module, expr)
                        .iter()
                        .all(|argument| constant(whole, function, argument.value, depth))
            }
            _ => false,
        },
        ExprKind::Text(_)
        | ExprKind::Bytes(_)
        | ExprKind::Int(_)
        | ExprKind::Number(_)
        | ExprKind::None
        | ExprKind::True
        | ExprKind::False => true,
        ExprKind::Attribute { .. }
        | ExprKind::Subscript { .. }
        | ExprKind::Lambda(_)
        | ExprKind::Comprehension(_)
        | ExprKind::Hole
        | ExprKind::Await(_)
        | ExprKind::Yield(_)
        | ExprKind::YieldFrom(_) => false,
        _ => {
            let mut all = true;
            module.for_each_part(expr, &mut |part| {
                all &= constant(whole, function, part, depth)
            });
            all
        }
    }
}

/// The function that is the body of a module, and the only value that a global of it is bound to.
pub(in crate::rules) fn global(
    whole: &Whole<'_>,
    function: FunctionRef,
    name: &str,
) -> Option<(FunctionRef, ExprId)> {
    let program = whole.program;
    let (module_ref, _) = program.locate(function);
    let value = global_value(program, function, name)?;
    Some((program.function(module_ref, FunctionId::new(0)), value))
}

/// The only value that a global of the module of a function is bound to.
pub(in crate::rules) fn global_value(
    program: &Program<'_>,
    function: FunctionRef,
    name: &str,
) -> Option<ExprId> {
    let (module, _) = program.code(function);
    let body = module.body();
    let place = (0..body.places.len()).map(PlaceId::new).find(|&place| {
        matches!(body.place(place).step, Step::Variable { name: found, .. } if module.name(found) == name)
    })?;
    stores::bound_value(module, body, place)
}

/// The values that a variable is bound to, by itself or with others; what it runs over in a loop.
pub(in crate::rules) fn bound(module: &Module, code: &Function, place: PlaceId) -> Vec<ExprId> {
    let mut found = Vec::new();
    for inst in &code.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        let value = match source {
            Source::Value(value) | Source::Augmented { value, .. } => value,
            Source::Element { iterable, .. } => iterable,
            Source::Entered { manager, .. } => manager,
            _ => continue,
        };
        let mut is_target = false;
        match module.kind(target) {
            ExprKind::Name(found) => is_target = found == place,
            ExprKind::Tuple(_) | ExprKind::List(_) => module.walk(target, &mut |part| {
                is_target |= module.kind(part) == ExprKind::Name(place);
            }),
            _ => {}
        }
        if is_target {
            found.push(value);
        }
    }
    found
}

/// Whether every binding of a variable is one of those.
fn is_only_bound(module: &Module, code: &Function, place: PlaceId, known: usize) -> bool {
    let is_parameter = code
        .parameters
        .iter()
        .any(|parameter| parameter.place == place);
    let all = code.insts.iter().filter(|inst| match inst.kind {
        InstKind::Bind { target, .. } => module.kind(target) == ExprKind::Name(place),
        _ => false,
    });
    !is_parameter && all.count() == known
}
