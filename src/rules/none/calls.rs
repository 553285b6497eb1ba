//! What a call says of the parameters that it fills: literals, and defaults that it leaves alone.

use crate::flow::{Circumstances, Flow, Given, Wanted, Witness};
use crate::ir::{
    BlockId, ExprId, ExprKind, InstKind, Module, Next, ParameterKind, Passing, PlaceId, Source,
};
use crate::project::{Actual, Target, actuals};
use crate::rules::Whole;
use crate::types::FunctionRef;
use crate::value::Value;

/// What parameters of `function` are for one call of it, where literals tell.
pub(in crate::rules) fn given(
    whole: &Whole<'_>,
    caller: FunctionRef,
    call: ExprId,
    function: FunctionRef,
) -> Vec<(PlaceId, Given)> {
    let (outer, _) = whole.program.code(caller);
    let (module, code) = whole.program.code(function);
    let ExprKind::Call { callee, arguments } = outer.kind(call) else {
        return Vec::new();
    };
    let flow = whole.flow(caller);
    let bound = match whole.program.target(flow.evaluate.value(callee)) {
        Target::Function {
            function: found,
            bound,
        } if found == function => bound,
        Target::Construct { .. } => true,
        _ => return Vec::new(),
    };
    let given = actuals(outer, outer.arguments(arguments), module, code, bound);
    let parameters = code.parameters.iter().zip(given);
    let known = parameters.filter_map(|(parameter, actual)| {
        let literal = match actual {
            // Who fills what could be left out, with what is not known to be None, has something to fill it with.
            Actual::Given(argument) => literal(outer, argument).or_else(|| {
                let value = flow.evaluate.value(argument);
                let is_left_out = parameter
                    .default
                    .is_some_and(|default| module.kind(default) == ExprKind::None);
                let fills = is_left_out && !value.may_be_none();
                something(value).or(fills.then_some(Given::Something))
            }),
            Actual::Omitted => literal(module, parameter.default?),
            Actual::Unclear => None,
        };
        Some((parameter.place, literal?))
    });
    known.collect()
}

/// What is known, and not as None.
fn something(value: Value) -> Option<Given> {
    let is_known = !value.is_unknown() && !value.is_never() && !value.may_be_none();
    is_known.then_some(Given::Something)
}

fn literal(module: &Module, expr: ExprId) -> Option<Given> {
    match module.kind(expr) {
        ExprKind::None => Some(Given::None),
        ExprKind::True => Some(Given::Literal(true)),
        ExprKind::False => Some(Given::Literal(false)),
        ExprKind::Int(number) => Some(Given::Literal(number != 0)),
        ExprKind::Text(text) => Some(Given::Literal(!module.name(text).is_empty())),
        _ => None,
    }
}

/// How a function of the project comes to return None for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Returns {
    /// With these arguments it does not.
    Never,
    /// It only hands on what another call gave it.
    HandedOn,
    /// It says `return None`, or falls off its end.
    Plainly,
}

/// How `function` comes to return None when it is given these arguments.
pub(in crate::rules) fn returns_none(
    whole: &Whole<'_>,
    function: FunctionRef,
    given: &[(PlaceId, Given)],
) -> Returns {
    returned(whole, function, given, DEPTH)
}

/// Calls whose results are handed on are followed so far.
const DEPTH: usize = 2;

fn returned(
    whole: &Whole<'_>,
    function: FunctionRef,
    given: &[(PlaceId, Given)],
    depth: usize,
) -> Returns {
    let flow = whole.flow(function);
    let mut found = Returns::Never;
    for location in &whole.summaries[function.0 as usize].none_at {
        let code = flow.code;
        let returning = code.blocks.iter().enumerate().find_map(|(index, block)| {
            let mut insts = block.insts.range();
            let at = insts.find(|&inst| code.insts[inst].span == location.span)?;
            Some(((BlockId::new(index), at as u32), code.insts[at].kind))
        });
        let Some((position, kind)) = returning else {
            if falls_off(&flow, given) {
                return Returns::Plainly;
            }
            continue;
        };
        if !given.is_empty() && !flow.reaches(position, given) {
            continue;
        }
        match kind {
            // What calls a procedure for its value says None in another way.
            InstKind::Return(Some(value))
                if flow.module.kind(value) != ExprKind::None
                    && !flow.evaluate.value(value).is_none() =>
            {
                let never_comes =
                    depth > 0 && handed_on(whole, &flow, value, depth - 1) == Some(Returns::Never);
                match comes_from(whole, &flow, value, position, given) {
                    _ if never_comes => {}
                    Returns::Plainly => return Returns::Plainly,
                    Returns::HandedOn => found = Returns::HandedOn,
                    Returns::Never => {}
                }
            }
            _ => return Returns::Plainly,
        }
    }
    found
}

/// Whether some `return` that gives None, or None for an argument that is None, is reached with these arguments.
pub(in crate::rules) fn can_give_none(
    whole: &Whole<'_>,
    function: FunctionRef,
    given: &[(PlaceId, Given)],
) -> bool {
    let flow = whole.flow(function);
    let code = flow.code;
    let mut blocks = code.blocks.iter().enumerate();
    falls_off(&flow, given)
        || blocks.any(|(index, block)| {
            block.insts.range().any(|at| {
                let position = (BlockId::new(index), at as u32);
                let may_be_none = match code.insts[at].kind {
                    InstKind::Return(Some(value)) => {
                        !is_something(flow.module, value)
                            && (flow.module.kind(value) == ExprKind::None
                                || comes_from(whole, &flow, value, position, given)
                                    != Returns::Never)
                    }
                    InstKind::Return(None) => true,
                    _ => false,
                };
                may_be_none && flow.reaches(position, given)
            })
        })
}

/// Whether an expression is never None, by its form alone.
fn is_something(module: &Module, value: ExprId) -> bool {
    matches!(
        module.kind(value),
        ExprKind::Text(_)
            | ExprKind::Interpolated(_)
            | ExprKind::Int(_)
            | ExprKind::Number(_)
            | ExprKind::True
            | ExprKind::False
            | ExprKind::List(_)
            | ExprKind::Dict(_)
            | ExprKind::Tuple(_)
            | ExprKind::Set(_)
            | ExprKind::Comprehension(_)
            | ExprKind::Binary { .. }
            | ExprKind::Compare { .. }
    )
}

/// Whether a call passes keywords that its callee only collects: what it does with them is not known.
pub(in crate::rules) fn is_collected(
    whole: &Whole<'_>,
    caller: FunctionRef,
    call: ExprId,
    function: FunctionRef,
) -> bool {
    let (outer, _) = whole.program.code(caller);
    let (module, code) = whole.program.code(function);
    let ExprKind::Call { arguments, .. } = outer.kind(call) else {
        return false;
    };
    let mut parameters = code.parameters.iter();
    if !parameters.any(|parameter| parameter.kind == ParameterKind::DoubleStar) {
        return false;
    }
    outer.arguments(arguments).iter().any(|argument| {
        let Passing::Keyword(name) = argument.passing else {
            return false;
        };
        let mut parameters = code.parameters.iter();
        !parameters.any(|parameter| module.name(parameter.name) == outer.name(name))
    })
}

/// How what is handed on comes to be None, where another function of the project gives it.
fn handed_on(
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    value: ExprId,
    depth: usize,
) -> Option<Returns> {
    let ExprKind::Call { callee, .. } = flow.module.kind(value) else {
        return None;
    };
    let Target::Function { function, .. } = whole.program.target(flow.evaluate.value(callee))
    else {
        return None;
    };
    let summary = &whole.summaries[function.0 as usize];
    let given = given(whole, flow.function, value, function);
    // Of a default that comes back nothing is known here.
    let is_plain = !summary.none_at.is_empty()
        && summary.none_if_none.is_empty()
        && !is_collected(whole, flow.function, value, function);
    is_plain.then(|| returned(whole, function, &given, depth))
}

/// Whether a variable that is returned can still be the None that it was set to. What calls give it can't be ruled out.
fn comes_from(
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    value: ExprId,
    target: (BlockId, u32),
    given: &[(PlaceId, Given)],
) -> Returns {
    if is_search(flow, value) {
        return Returns::Plainly;
    }
    let Some(place) = flow.place_of(value) else {
        return Returns::HandedOn;
    };
    let bound = flow.code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(bound),
            ..
        } if flow.place_of(target) == Some(place) => Some(bound),
        _ => None,
    });
    let (nones, others): (Vec<_>, Vec<_>) =
        bound.partition(|&bound| flow.module.kind(bound) == ExprKind::None);
    let circumstances = Circumstances {
        given,
        subject: None,
    };
    let is_left = nones.iter().any(|&origin| {
        let wanted = Wanted {
            place,
            origin: Some(origin),
            passed: false,
            target,
        };
        flow.witness_where(wanted, circumstances) > Witness::None
    });
    let may_be_given = others
        .iter()
        .any(|&other| flow.evaluate.value(other).may_be_none() && !is_given(whole, flow, other));
    match (is_left, nones.is_empty() || may_be_given) {
        (true, _) => Returns::Plainly,
        (false, true) => Returns::HandedOn,
        (false, false) => Returns::Never,
    }
}

/// Whether a call of the project's own gives something in any case.
fn is_given(whole: &Whole<'_>, flow: &Flow<'_, '_>, value: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(value) else {
        return false;
    };
    let Target::Function { function, bound } = whole.program.target(flow.evaluate.value(callee))
    else {
        return false;
    };
    let summary = &whole.summaries[function.0 as usize];
    summary.none_at.is_empty()
        && summary.none_if_none.is_empty()
        && !(bound && whole.program.is_overridden(function))
}

/// `next((… for …), None)`: a search that says itself what it gives where it finds nothing.
fn is_search(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(value) else {
        return false;
    };
    match module.arguments(arguments) {
        [_, default] => {
            module.kind(default.value) == ExprKind::None
                && module.dotted(flow.code, callee).as_deref() == Some("next")
        }
        _ => false,
    }
}

/// Whether control can fall off the end of a function that is given these arguments.
fn falls_off(flow: &Flow<'_, '_>, given: &[(PlaceId, Given)]) -> bool {
    let code = flow.code;
    let mut blocks = code.blocks.iter().enumerate();
    blocks.any(|(index, block)| {
        let last = code.insts(block).last().map(|inst| inst.kind);
        let end = (BlockId::new(index), block.insts.range().end as u32);
        block.next == Next::Return
            && !matches!(last, Some(InstKind::Return(_)))
            && (given.is_empty() || flow.reaches(end, given))
    })
}
