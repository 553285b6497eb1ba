//! `unchecked-argument`: a public function uses parameters that it never checks.

use crate::finding::{Finding, Message, Severity};
use crate::infer::Trace;
use crate::ir::{ExprKind, Function, FunctionKind, Module, Parameter};
use crate::rules::{Check, Family, Rule, Whole, draft, is_test};
use crate::types::FunctionRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unchecked-argument",
    family: Family::None,
    page: include_str!("../../../rules/unchecked-argument.md"),
    severity: Severity::Hint,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let functions = (0..whole.traces.len()).map(|index| FunctionRef(index as u32));
    functions
        .filter_map(|function| finding(rule, whole, function))
        .collect()
}

/// One finding for a function, with all its parameters: the fix is one, too.
fn finding(rule: &'static Rule, whole: &Whole<'_>, function: FunctionRef) -> Option<Finding> {
    let (module, code) = whole.program.code(function);
    if !is_public(module, code)
        || is_test(whole.program, function)
        || whole.program.decoration(function).rejects_none
    {
        return None;
    }
    let names = unchecked(module, code, &whole.traces[function.0 as usize]);
    if names.is_empty() {
        return None;
    }
    let key = if names.len() == 1 { "one" } else { "several" };
    let function_name = module.name(code.name);
    let message = Message::new(key)
        .with("function", function_name)
        .with("names", names.join("`, `"));
    Some(draft(rule, whole.program, function, code.name_span, message).help(Message::new("guard")))
}

/// A function or method of a module or class, in the order in which somebody else could call it.
fn is_public(module: &Module, code: &Function) -> bool {
    let Some(parent) = code.parent else {
        return false;
    };
    let is_nested = !matches!(
        module.function(parent).kind,
        FunctionKind::Module | FunctionKind::Class
    );
    code.kind == FunctionKind::Def && !is_nested && !module.name(code.name).starts_with('_')
}

fn unchecked<'m>(module: &'m Module, code: &Function, trace: &Trace) -> Vec<&'m str> {
    let parameters = code.parameters.iter().enumerate();
    let is_used = |index: usize| {
        trace
            .uses
            .iter()
            .any(|used| usize::from(used.parameter) == index)
    };
    let unchecked = parameters.filter(|&(index, parameter)| {
        is_used(index) && says_nothing(module, parameter) && !is_tested(module, code, parameter)
    });
    unchecked
        .map(|(_, parameter)| module.name(parameter.name))
        .collect()
}

/// It has neither annotation nor a default: of a default None another rule speaks, any other says what is meant.
fn says_nothing(module: &Module, parameter: &Parameter) -> bool {
    parameter.annotation.is_none()
        && parameter.default.is_none()
        && !module.name(parameter.name).is_empty()
}

/// Whether a condition asks anything of a parameter, somewhere in the function.
fn is_tested(module: &Module, code: &Function, parameter: &Parameter) -> bool {
    let mut asked = Vec::new();
    for index in code.exprs.range() {
        let expr = crate::ir::ExprId::new(index);
        match module.kind(expr) {
            ExprKind::Conditional { test, .. } => {
                crate::rules::none::belief::asked(module, code, test, &mut asked)
            }
            ExprKind::And(_) | ExprKind::Or(_) => {
                crate::rules::none::belief::asked(module, code, expr, &mut asked)
            }
            _ => {}
        }
    }
    for inst in &code.insts {
        if let crate::ir::InstKind::Assume { test, .. } = inst.kind {
            crate::rules::none::belief::asked(module, code, test, &mut asked);
        }
    }
    asked.iter().any(|asked| asked.place == parameter.place)
}
