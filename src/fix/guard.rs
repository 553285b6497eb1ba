//! Guards against None, in the style of the file.

use super::bench::{Bench, argument};
use super::judged;
use crate::finding::{Finding, Fix, Message};
use crate::ir::{ExprKind, Function, FunctionKind, Module, PlaceId, Scope, Step};

/// `if x is None: raise ValueError(…)` before the statement that uses it.
pub(super) fn before_use(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let span = finding.location.span;
    let code = bench.function(span);
    let place = bench.exprs_at(span).find_map(|expr| bench.module.kind(expr).place())?;
    let code = owner(code).filter(|_| code.places.len() > place.index())?;
    if !is_held_through(bench.module, code, place) {
        return None;
    }
    let row = bench.before(finding.statement)?;
    let name = bench.text(span).into_owned();
    if name.contains(['\n', '\r']) || statement_binds(bench, finding, &name) {
        return None;
    }
    let lines = guard(bench, &name);
    let message = message(bench, &name);
    judged(message, vec![bench.lines_before(row, &lines)])
}

/// The same at the top of a function, for each of its arguments that nobody checks.
pub(super) fn at_top(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let mut functions = bench.module.functions.iter();
    let code = functions.find(|code| code.name_span == finding.location.span)?;
    let names: Vec<&str> = argument(&finding.message, "names")?.split("`, `").collect();
    let row = bench.before(first_statement(bench, code)?)?;
    let lines: Vec<String> = names.iter().flat_map(|name| guard(bench, name)).collect();
    let message = message(bench, &names.join("`, `"));
    judged(message, vec![bench.lines_before(row, &lines)])
}

fn message(bench: &Bench<'_>, name: &str) -> Message {
    Message::new("guard").with("class", bench.complaint()).with("name", name)
}

fn guard(bench: &Bench<'_>, name: &str) -> Vec<String> {
    let (class, step) = (bench.complaint(), bench.step());
    let quote = match bench.quote() {
        mark if !name.contains(mark) => mark,
        '"' => '\'',
        _ => '"',
    };
    vec![
        format!("if {name} is None:"),
        format!("{step}raise {class}({quote}{} is None{quote})", name.replace('\\', "")),
    ]
}

/// A function whose statements can take another: a lambda has none.
fn owner(code: &Function) -> Option<&Function> {
    matches!(code.kind, FunctionKind::Def | FunctionKind::Module).then_some(code)
}

/// Whether a place means the same a line above: the target of a comprehension does not.
fn is_held_through(module: &Module, code: &Function, place: PlaceId) -> bool {
    let root = code.root(place);
    match code.place(root).step {
        Step::Variable { scope, name } => {
            scope != Scope::Comprehension && !module.name(name).is_empty()
        }
        _ => false,
    }
}

/// Whether the statement itself gives the name its value, in an assignment expression or a loop's head.
fn statement_binds(bench: &Bench<'_>, finding: &Finding, name: &str) -> bool {
    let span = finding.location.span;
    let mut walruses = bench.module.exprs.iter().filter_map(|expr| match expr.kind {
        ExprKind::Walrus { target, .. } => Some(bench.module.span(target)),
        _ => None,
    });
    walruses.any(|target| {
        finding.statement <= target.start && target.start <= span.start && bench.text(target) == name
    })
}

/// Where the first statement of a function starts, behind its docstring.
fn first_statement(bench: &Bench<'_>, code: &Function) -> Option<u32> {
    let head = code.parameters.iter().map(|parameter| parameter.span.end);
    let head = head.chain([code.name_span.end]).max()?;
    let mut starts: Vec<u32> = code.insts.iter().map(|inst| inst.span.start).collect();
    starts.retain(|&at| head < at && at < code.span.end);
    starts.sort_unstable();
    starts.dedup();
    let at = usize::from(code.has_docstring && is_text_at(bench, *starts.first()?));
    starts.get(at).copied()
}

fn is_text_at(bench: &Bench<'_>, at: u32) -> bool {
    let mut exprs = bench.module.exprs.iter();
    exprs.any(|expr| expr.span.start == at && matches!(expr.kind, ExprKind::Text(_)))
}
