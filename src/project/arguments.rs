//! Which argument of a call reaches which parameter.

use crate::ir::{Argument, ExprId, Function, Module, ParameterKind, Passing};

/// Of a call with more arguments, or of a function with more parameters, nothing is told: each argument is looked for among
/// all parameters.
const MANY: usize = 1_000;

/// What a parameter is given by a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actual {
    /// This expression.
    Given(ExprId),
    /// Nothing: its default, if it has one.
    Omitted,
    /// Part of `*args`, `**kwargs` or of a starred argument: it can't be told which.
    Unclear,
}

/// What each parameter of `callee` is given by `arguments`, in the caller's module `caller`.
/// With `bound`, the first parameter is the receiver and `Unclear`.
pub fn actuals(
    caller: &Module,
    arguments: &[Argument],
    module: &Module,
    callee: &Function,
    bound: bool,
) -> Vec<Actual> {
    let count = callee.parameters.len();
    if count.max(arguments.len()) > MANY {
        return vec![Actual::Unclear; count];
    }
    let mut given = vec![Actual::Omitted; count];
    let mut position = 0;
    if bound && !given.is_empty() {
        given[0] = Actual::Unclear;
        position = 1;
    }
    let mut starred = false;
    let mut double_starred = false;
    for argument in arguments {
        match argument.passing {
            Passing::Positional if !starred => {
                if let Some(slot) = positional(callee, position) {
                    given[slot] = Actual::Given(argument.value);
                }
                position += 1;
            }
            Passing::Positional => {}
            Passing::Keyword(name) => {
                if let Some(slot) = named(caller.name(name), module, callee) {
                    given[slot] = Actual::Given(argument.value);
                }
            }
            Passing::Star => starred = true,
            Passing::DoubleStar => double_starred = true,
        }
    }
    for (slot, parameter) in callee.parameters.iter().enumerate() {
        let by_position = matches!(
            parameter.kind,
            ParameterKind::PositionalOnly | ParameterKind::Normal
        );
        let collects = matches!(
            parameter.kind,
            ParameterKind::Star | ParameterKind::DoubleStar
        );
        let open = (starred && by_position)
            || (double_starred && parameter.kind != ParameterKind::PositionalOnly);
        if collects || (open && given[slot] == Actual::Omitted) {
            given[slot] = Actual::Unclear;
        }
    }
    given
}

fn positional(callee: &Function, position: usize) -> Option<usize> {
    let kind = callee.parameters.get(position)?.kind;
    matches!(kind, ParameterKind::PositionalOnly | ParameterKind::Normal).then_some(position)
}

fn named(name: &str, module: &Module, callee: &Function) -> Option<usize> {
    callee.parameters.iter().position(|parameter| {
        matches!(
            parameter.kind,
            ParameterKind::Normal | ParameterKind::KeywordOnly
        ) && module.name(parameter.name) == name
    })
}
