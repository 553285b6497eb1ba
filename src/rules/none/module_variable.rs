//! Variables of a module that start as None: used in one function with no guard, and tested in others.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Wanted, Witness};
use crate::infer::ResultUse;
use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId, Scope, Source, Step};
use crate::project::Symbol;
use crate::rules::{Rule, Whole, draft, is_test};
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::{FxHashMap, FxHashSet};

type Key = (ModuleRef, Symbol);

/// Calls of calls are followed so far to see whether they set a variable.
const DEPTH: u32 = 3;

/// What a module does with one of its variables.
#[derive(Default)]
struct Variable {
    /// Where its own code binds it to None.
    start: Option<Location>,
    /// Its own code imports something under the name.
    is_imported: bool,
    /// Its own code binds it to something else, too.
    is_set: bool,
    set_by: FxHashSet<FunctionRef>,
    asked_by: FxHashSet<FunctionRef>,
    used_by: FxHashSet<FunctionRef>,
}

/// The uses of such variables that nobody guards, where at least as many functions ask as do not.
pub(super) fn findings(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let variables = gather(whole);
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        let mut told = FxHashSet::default();
        for used in &trace.global_uses {
            let Some(key) = key_of(whole, function, used.source) else {
                continue;
            };
            if let Some(variable) = variables.get(&key)
                && !told.contains(&key)
                && is_forgotten(whole, function, variable)
                && let Some(finding) = finding(rule, whole, function, used, variable)
            {
                told.insert(key);
                findings.push(finding);
            }
        }
    }
    findings
}

fn gather(whole: &Whole<'_>) -> FxHashMap<Key, Variable> {
    let mut variables: FxHashMap<Key, Variable> = FxHashMap::default();
    let mut modules = FxHashSet::default();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        for used in &trace.global_uses {
            if let Some(key) = key_of(whole, function, used.source) {
                modules.insert(key.0);
                variables.entry(key).or_default().used_by.insert(function);
            }
        }
    }
    if variables.is_empty() {
        return variables;
    }
    for index in 0..whole.traces.len() {
        let function = FunctionRef(index as u32);
        let (module_ref, _) = whole.program.locate(function);
        if modules.contains(&module_ref) && !is_test(whole.program, function) {
            note(whole, function, &mut variables);
        }
    }
    variables
}

/// Takes down what a function binds and asks.
fn note(whole: &Whole<'_>, function: FunctionRef, variables: &mut FxHashMap<Key, Variable>) {
    let (module, code) = whole.program.code(function);
    let (module_ref, _) = whole.program.locate(function);
    let is_body = code.parent.is_none();
    let mut find = |place: PlaceId, tell: &mut dyn FnMut(&mut Variable)| {
        let Step::Variable { name, scope } = code.place(place).step else {
            return;
        };
        if !is_body && !matches!(scope, Scope::Global { .. }) {
            return;
        }
        let key = (module_ref, whole.program.symbol(module_ref, name));
        if let Some(variable) = variables.get_mut(&key) {
            tell(variable);
        }
    };
    for inst in &code.insts {
        if let InstKind::Bind { target, source, .. } = inst.kind
            && let ExprKind::Name(place) = module.kind(target)
        {
            let location = Location {
                file: whole.program.file(function),
                span: module.span(target),
            };
            find(place, &mut |variable| match source {
                // Who clears it ends what others began, and may come twice.
                Source::Value(value) if !is_body && module.kind(value) == ExprKind::None => {}
                _ if !is_body => {
                    variable.set_by.insert(function);
                }
                Source::Value(value) if module.kind(value) == ExprKind::None => {
                    variable.start.get_or_insert(location);
                }
                Source::Import(_) => variable.is_imported = true,
                _ => variable.is_set = true,
            });
        }
        if !is_body {
            for_each_asked(module, inst.kind, &mut |part| {
                if let ExprKind::Name(place) = module.kind(part) {
                    find(place, &mut |variable| {
                        variable.asked_by.insert(function);
                    });
                }
            });
        }
    }
}

/// The parts of conditions in an instruction: its own, and those inside its expressions.
pub(in crate::rules) fn for_each_asked(
    module: &Module,
    kind: InstKind,
    visit: &mut dyn FnMut(ExprId),
) {
    if let InstKind::Assume { test, .. } = kind {
        module.for_each_asked(test, visit);
    }
    kind.for_each_expr(&mut |root| {
        let mut tests = Vec::new();
        module.walk(root, &mut |part| match module.kind(part) {
            ExprKind::Conditional { test, .. } => tests.push(test),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                tests.extend(module.list(parts).iter().copied());
            }
            ExprKind::Compare { .. } => tests.push(part),
            _ => {}
        });
        for test in tests {
            module.for_each_asked(test, visit);
        }
    });
}

/// The variable that a name stands for in a function.
fn key_of(whole: &Whole<'_>, function: FunctionRef, name: ExprId) -> Option<Key> {
    let (module, code) = whole.program.code(function);
    let (module_ref, _) = whole.program.locate(function);
    let ExprKind::Name(place) = module.kind(name) else {
        return None;
    };
    let Step::Variable { name, .. } = code.place(place).step else {
        return None;
    };
    Some((module_ref, whole.program.symbol(module_ref, name)))
}

/// Whether others ask, and neither this function, nor what it calls, nor who calls it takes care of the variable.
fn is_forgotten(whole: &Whole<'_>, function: FunctionRef, variable: &Variable) -> bool {
    let comes_later = variable.is_imported || !variable.set_by.is_empty();
    let cares =
        |other: &FunctionRef| variable.asked_by.contains(other) || variable.set_by.contains(other);
    let careless = variable.used_by.iter().filter(|&by| !cares(by)).count();
    if variable.start.is_none()
        || variable.is_set
        || !comes_later
        || cares(&function)
        || variable.asked_by.len() < careless
        || is_test(whole.program, function)
        || sets(whole, function, variable, DEPTH)
    {
        return false;
    }
    let constructor = whole
        .program
        .class_of_method(function)
        .and_then(|class| whole.program.method(class, "__init__"));
    let mut around = whole.graph.calls_of(function).map(|site| site.caller);
    !constructor.is_some_and(|constructor| cares(&constructor))
        && !around.any(|caller| cares(&caller) || is_body(whole.program.code(caller).1))
}

fn is_body(code: &Function) -> bool {
    code.parent.is_none()
}

fn sets(whole: &Whole<'_>, function: FunctionRef, variable: &Variable, depth: u32) -> bool {
    variable.set_by.contains(&function)
        || variable.asked_by.contains(&function)
        || (depth > 0
            && whole
                .graph
                .calls_in(function)
                .iter()
                .any(|site| sets(whole, site.callee, variable, depth - 1)))
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    used: &ResultUse,
    variable: &Variable,
) -> Option<Finding> {
    let flow = whole.flow(function);
    let place = flow.place_of(used.subject)?;
    let wanted = Wanted {
        place,
        origin: None,
        passed: true,
        target: used.position,
    };
    if flow.witness_at(wanted, used.subject) < Witness::Exception {
        return None;
    }
    let name = flow.place_text(place);
    let span = flow.module.span(used.subject);
    let statement = flow.code.insts[used.position.1 as usize].span.start;
    let message = Message::new("variable").with("name", name.clone());
    let finding = draft(rule, whole.program, function, span, message);
    let start = Related {
        location: variable.start?,
        message: Message::new("start").with("name", name.clone()),
    };
    Some(
        Finding {
            statement,
            severity: Severity::Warning,
            ..finding
        }
        .because(start)
        // Who is called before it is set, or whether an import worked, the few know whom all others come through.
        .confidence(Confidence::Low)
        .help(Message::new("guard").with("name", name)),
    )
}
