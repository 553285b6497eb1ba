//! `start = text.index("<")`, and then `if start == -1`: `index` was taken for `find`, and what it raises was not thought of.

use crate::escape::clauses::called_name;
use crate::finding::{Finding, Message, Related};
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source, UnaryOperator,
};
use crate::project::{Coverage, Evaluate, Target};
use crate::rules::around::binds;
use crate::rules::{Rule, Whole, draft};
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef};

/// Methods that raise ValueError where nothing is found.
const RAISING: [&str; 2] = ["index", "rindex"];

/// Every such call of the program whose result is compared with what `find` gives where nothing is found.
pub(in crate::rules) fn mistaken(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let mut findings = Vec::new();
    let says_index = |source: &crate::project::Source| {
        let mut names = source.module.names.iter();
        names.any(|name| RAISING.contains(&name.as_str()))
    };
    let asked: Vec<bool> = program
        .sources
        .iter()
        .enumerate()
        .map(|(at, source)| {
            says_index(source) && !whole.escapes.is_out_of_scope(ModuleRef(at as u32))
        })
        .collect();
    for index in 0..program.function_count() {
        let function = FunctionRef(index as u32);
        let (module_ref, _) = program.locate(function);
        if asked.get(module_ref.0 as usize) == Some(&true) {
            findings.extend(in_function(rule, whole, function));
        }
    }
    findings
}

fn in_function(rule: &'static Rule, whole: &Whole<'_>, function: FunctionRef) -> Vec<Finding> {
    let program = whole.program;
    let (module_ref, id) = program.locate(function);
    let (module, code) = program.code(function);
    let evaluate = Evaluate::new(program, module_ref, id);
    let mut findings = Vec::new();
    for block in &code.blocks {
        for inst in code.insts(block) {
            let InstKind::Bind {
                target,
                source: Source::Value(call),
                ..
            } = inst.kind
            else {
                continue;
            };
            let (ExprKind::Name(place), Some(name)) =
                (module.kind(target), called_name(module, call))
            else {
                continue;
            };
            if !RAISING.contains(&name) || !is_only_binding(module, code, place, name) {
                continue;
            }
            let ExprKind::Call { callee, .. } = module.kind(call) else {
                continue;
            };
            let is_other = match program.target(evaluate.value(callee)) {
                Target::Function { .. } | Target::Construct { .. } => true,
                // `operator.index(value)` is a number of its own kind.
                Target::Library(known) => {
                    !program
                        .library
                        .get(known)
                        .name
                        .ends_with(&format!(".{name}"))
                        || program.library.get(known).name.starts_with("operator.")
                }
                Target::Unknown => module
                    .dotted(code, callee)
                    .is_some_and(|written| written == "operator.index"),
            };
            let error = program.library.class("ValueError", module.dialect);
            let is_caught = error.is_some_and(|error| {
                program.caught_in(function, block.guard, error).0 == Coverage::Full
            });
            let is_method = matches!(module.kind(callee), ExprKind::Attribute { .. });
            if is_other || is_caught || !is_method {
                continue;
            }
            let Some(test) = test_for_nothing(module, code, place) else {
                continue;
            };
            let written = module.dotted(code, callee).unwrap_or(name.to_owned());
            let message = Message::new("index")
                .with("call", written)
                .with("name", module.place_text(code, place));
            let related = Related {
                location: Location {
                    file: program.file(function),
                    span: module.span(test),
                },
                message: Message::new("never"),
            };
            let finding = draft(rule, program, function, module.span(call), message);
            findings.push(finding.because(related).help(Message::new("find")));
        }
    }
    findings
}

/// Whether a variable gets nothing but results of such calls: not those of `find` on another path, nor -1 itself.
fn is_only_binding(module: &Module, code: &Function, place: PlaceId, name: &str) -> bool {
    let mut bindings = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Bind { target, source, .. } if binds(module, target, place) => Some(source),
        _ => None,
    });
    bindings.all(|source| match source {
        Source::Value(value) => called_name(module, value) == Some(name),
        _ => false,
    })
}

/// A comparison with -1, or with zero to tell -1 apart.
fn test_for_nothing(module: &Module, code: &Function, place: PlaceId) -> Option<ExprId> {
    let mut all = code.exprs.range().map(ExprId::new);
    all.find(|&expr| match module.kind(expr) {
        ExprKind::Compare {
            operator,
            left,
            right,
        } if module.kind(left) == ExprKind::Name(place) => match operator {
            Comparison::Equal
            | Comparison::NotEqual
            | Comparison::Is
            | Comparison::IsNot
            | Comparison::Greater => is_minus_one(module, right),
            Comparison::Less | Comparison::GreaterEqual => module.kind(right) == ExprKind::Int(0),
            _ => false,
        },
        _ => false,
    })
}

fn is_minus_one(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Int(value) => value == -1,
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => module.kind(operand) == ExprKind::Int(1),
        _ => false,
    }
}
