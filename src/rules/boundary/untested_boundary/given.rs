//! What the tests of a function pass for one of its parameters.

use super::is_testing;
use super::number::{length, number};
use super::threshold::Threshold;
use crate::ir::{Argument, ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source};
use crate::project::{Actual, CallSite, actuals};
use crate::rules::Whole;
use crate::types::FunctionRef;

/// Variables are followed through so many others.
const DEPTH: usize = 3;

/// A loop of a test is followed for so many rounds.
const ROUNDS: usize = 400;

/// What one call passes.
#[derive(Clone, Debug)]
pub(super) enum Given {
    /// These, in one round or another.
    Values(Vec<f64>),
    /// Something else than a number.
    Other,
    /// That cannot be read off the code.
    Unknown,
}

/// What a call passes.
pub(super) fn given(
    whole: &Whole<'_>,
    function: FunctionRef,
    site: &CallSite,
    threshold: &Threshold,
) -> Given {
    let (caller, _) = whole.program.code(site.caller);
    let ExprKind::Call { arguments, .. } = caller.kind(site.call) else {
        return Given::Unknown;
    };
    of_arguments(
        whole,
        (site.caller, caller.arguments(arguments)),
        function,
        site.bound,
        threshold,
    )
}

/// What is passed where a test hands the function on: `assertRaises(ValueError, function, 3)` calls it with the rest.
pub(super) fn handed(
    whole: &Whole<'_>,
    function: FunctionRef,
    threshold: &Threshold,
) -> Vec<Given> {
    let handed = whole.graph.handed.iter();
    let by_tests =
        handed.filter(|handed| handed.function == function && is_testing(whole, handed.by));
    let given = by_tests.map(|handed| {
        let (module, code) = whole.program.code(handed.by);
        let mut calls = code.exprs.range().map(ExprId::new);
        let rest = calls.find_map(|call| {
            let ExprKind::Call { callee, arguments } = module.kind(call) else {
                return None;
            };
            let name = module.dotted(code, callee)?;
            let arguments = module.arguments(arguments);
            let is_raises = name.ends_with("assertRaises") || name.ends_with("raises");
            let is_it = arguments.get(1).is_some_and(|it| it.value == handed.at);
            (is_raises && is_it).then(|| &arguments[2..])
        });
        let bound = whole.program.code(function).1.class.is_some();
        match rest {
            Some(rest) => of_arguments(whole, (handed.by, rest), function, bound, threshold),
            None => Given::Unknown,
        }
    });
    given.collect()
}

fn of_arguments(
    whole: &Whole<'_>,
    (caller, arguments): (FunctionRef, &[Argument]),
    function: FunctionRef,
    bound: bool,
    threshold: &Threshold,
) -> Given {
    let (outer, _) = whole.program.code(caller);
    let (module, code) = whole.program.code(function);
    let actuals = actuals(outer, arguments, module, code, bound);
    match actuals.get(threshold.parameter).copied() {
        Some(Actual::Given(argument)) => value(whole, caller, argument, threshold, DEPTH),
        Some(Actual::Omitted) => {
            let default = code.parameters[threshold.parameter].default;
            let parent = code.parent.map(|parent| {
                let (module_ref, _) = whole.program.locate(function);
                whole.program.function(module_ref, parent)
            });
            match (default, parent) {
                (Some(default), Some(parent)) => value(whole, parent, default, threshold, DEPTH),
                _ => Given::Unknown,
            }
        }
        _ => Given::Unknown,
    }
}

/// The values that an expression of a test stands for.
fn value(
    whole: &Whole<'_>,
    function: FunctionRef,
    expr: ExprId,
    threshold: &Threshold,
    depth: usize,
) -> Given {
    let Some(depth) = depth.checked_sub(1) else {
        return Given::Unknown;
    };
    let known = match threshold.is_length {
        true => length(whole, function, expr),
        false => number(whole, function, expr),
    };
    if let Some(known) = known {
        return Given::Values(vec![known]);
    }
    let (module, code) = whole.program.code(function);
    match module.kind(expr) {
        ExprKind::None | ExprKind::True | ExprKind::False => Given::Other,
        ExprKind::Text(_) | ExprKind::Bytes(_) | ExprKind::List(_) | ExprKind::Dict(_)
            if !threshold.is_length =>
        {
            Given::Other
        }
        ExprKind::Int(_) | ExprKind::Number(_) if threshold.is_length => Given::Other,
        ExprKind::Name(place) => {
            let elements = code
                .parameters
                .iter()
                .position(|parameter| parameter.place == place)
                .map_or_else(
                    || bindings(module, code, place),
                    |index| parametrized(module, code, index),
                );
            let owner = match code
                .parameters
                .iter()
                .any(|parameter| parameter.place == place)
            {
                // Decorators are evaluated by the code around.
                true => code.parent.map(|parent| {
                    let (module_ref, _) = whole.program.locate(function);
                    whole.program.function(module_ref, parent)
                }),
                false => Some(function),
            };
            match (elements, owner) {
                (Some(elements), Some(owner)) => joined(whole, owner, &elements, threshold, depth),
                _ => Given::Unknown,
            }
        }
        _ => Given::Unknown,
    }
}

fn joined(
    whole: &Whole<'_>,
    function: FunctionRef,
    exprs: &[ExprId],
    threshold: &Threshold,
    depth: usize,
) -> Given {
    let mut all = Vec::new();
    for &expr in exprs {
        match value(whole, function, expr, threshold, depth) {
            Given::Values(values) => all.extend(values),
            Given::Other => {}
            Given::Unknown => return Given::Unknown,
        }
    }
    Given::Values(all)
}

/// Everything that a variable is bound to, element by element; nothing where that cannot be said.
fn bindings(module: &Module, code: &Function, place: PlaceId) -> Option<Vec<ExprId>> {
    let mut found = Vec::new();
    for inst in &code.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        let mut is_it = false;
        module.walk(target, &mut |part| {
            is_it |= module.kind(part) == ExprKind::Name(place);
        });
        if !is_it {
            continue;
        }
        let at = position(module, target, place)?;
        match source {
            Source::Value(value) => found.push(part_of(module, value, at)?),
            Source::Element { iterable, .. } => {
                for &element in elements(module, iterable)? {
                    found.push(part_of(module, element, at)?);
                }
            }
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Where a variable stands in a target; nothing inside stands for the target itself.
fn position(module: &Module, target: ExprId, place: PlaceId) -> Option<Option<usize>> {
    match module.kind(target) {
        ExprKind::Name(name) if name == place => Some(None),
        ExprKind::Tuple(parts) | ExprKind::List(parts) => {
            let mut parts = module.list(parts).iter();
            let at = parts.position(|&part| module.kind(part) == ExprKind::Name(place))?;
            Some(Some(at))
        }
        _ => None,
    }
}

fn part_of(module: &Module, expr: ExprId, at: Option<usize>) -> Option<ExprId> {
    let Some(at) = at else { return Some(expr) };
    elements(module, expr)?.get(at).copied()
}

/// The elements of a display.
fn elements(module: &Module, expr: ExprId) -> Option<&[ExprId]> {
    match module.kind(expr) {
        ExprKind::List(parts) | ExprKind::Tuple(parts) => {
            let parts = module.list(parts);
            let is_starred = |part: &ExprId| matches!(module.kind(*part), ExprKind::Starred(_));
            (parts.len() <= ROUNDS && !parts.iter().any(is_starred)).then_some(parts)
        }
        _ => None,
    }
}

/// What `@pytest.mark.parametrize("n, want", [(1, 2), …])` passes for a parameter of a test.
fn parametrized(module: &Module, code: &Function, parameter: usize) -> Option<Vec<ExprId>> {
    let wanted = module.name(code.parameters.get(parameter)?.name);
    let mut decorators = module.list(code.decorators).iter();
    decorators.find_map(|&decorator| {
        let ExprKind::Call { callee, arguments } = module.kind(decorator) else {
            return None;
        };
        let ExprKind::Attribute { name, .. } = module.kind(callee) else {
            return None;
        };
        let [names, rows, ..] = module.arguments(arguments) else {
            return None;
        };
        if module.name(name) != "parametrize" {
            return None;
        }
        let names = names_of(module, names.value)?;
        let at = names.iter().position(|name| name == wanted)?;
        let at = (names.len() > 1).then_some(at);
        let rows = elements(module, rows.value)?;
        rows.iter().map(|&row| cell(module, row, at)).collect()
    })
}

fn names_of(module: &Module, expr: ExprId) -> Option<Vec<String>> {
    match module.kind(expr) {
        ExprKind::Text(text) => {
            let names = module.name(text).split(',');
            Some(names.map(|name| name.trim().to_owned()).collect())
        }
        ExprKind::List(parts) | ExprKind::Tuple(parts) => {
            let parts = module.list(parts).iter();
            let names = parts.map(|&part| match module.kind(part) {
                ExprKind::Text(text) => Some(module.name(text).to_owned()),
                _ => None,
            });
            names.collect()
        }
        _ => None,
    }
}

/// A value of a row; `pytest.param(…)` is a row with something more.
fn cell(module: &Module, row: ExprId, at: Option<usize>) -> Option<ExprId> {
    if let ExprKind::Call { callee, arguments } = module.kind(row) {
        let ExprKind::Attribute { name, .. } = module.kind(callee) else {
            return at.is_none().then_some(row);
        };
        return match module.name(name) {
            "param" => {
                let argument = module.arguments(arguments).get(at.unwrap_or(0))?;
                Some(argument.value)
            }
            _ => at.is_none().then_some(row),
        };
    }
    part_of(module, row, at)
}
