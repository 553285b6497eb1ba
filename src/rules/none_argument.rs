//! `none-argument`: a parameter that can be None is used with no guard.

use super::calls::{Returns, given, returns_none};
use super::{Check, Family, Rule, Whole, draft};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Circumstances, Flow, Known, Origin, Wanted, Witness};
use crate::infer::{ParameterUse, Pass};
use crate::ir::{Comparison, ExprId, ExprKind, FunctionKind, InstKind, PlaceId};
use crate::project::{CallKind, Evaluate, Target};
use crate::summary::Effects;
use crate::text::Location;
use crate::types::{FunctionRef, Type};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

pub(super) const RULE: Rule = Rule {
    name: "none-argument",
    family: Family::None,
    page: include_str!("../../rules/none-argument.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// A parameter of a function.
type Key = (FunctionRef, u16);

/// Why a parameter may be None.
#[derive(Clone, Copy, Debug)]
enum Evidence {
    /// Its default is None; with a call that leaves it out, if there is one.
    Default(Option<(FunctionRef, ExprId)>),
    /// Its annotation says so.
    Declared,
    /// A call passes None, or what may be None.
    Passed {
        caller: FunctionRef,
        call: ExprId,
        literal: bool,
        source: ExprId,
    },
    /// A call passes on a parameter that may be None.
    Forwarded { from: Key, call: ExprId },
}

/// Longer chains of calls are not shown.
const CHAIN: usize = 8;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let evidence = gather(whole);
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        let mut told = Vec::new();
        for used in &trace.uses {
            if told.contains(&used.parameter) {
                continue;
            }
            let Some(&why) = evidence.get(&(function, used.parameter)) else {
                continue;
            };
            if !can_get_there(whole, function, used, why) {
                continue;
            }
            told.push(used.parameter);
            findings.push(finding(rule, whole, &evidence, function, used, why));
        }
    }
    findings
}

/// Whether there is a way to the use on which the parameter is still the None that was passed, for the call that passes it.
fn can_get_there(
    whole: &Whole<'_>,
    function: FunctionRef,
    used: &ParameterUse,
    why: Evidence,
) -> bool {
    let none = FxHashMap::default();
    let flow = Flow::new(
        whole.program,
        Known {
            finished: whole.summaries,
            current: &none,
        },
        function,
    );
    let place = flow.code.parameters[usize::from(used.parameter)].place;
    if flow.place_of(used.subject) != Some(place) {
        return true;
    }
    let call = match why {
        Evidence::Default(Some((caller, call))) | Evidence::Passed { caller, call, .. } => {
            Some((caller, call))
        }
        Evidence::Forwarded { from, call } => Some((from.0, call)),
        Evidence::Default(None) | Evidence::Declared => None,
    };
    let given = call
        .map(|(caller, call)| given(whole, caller, call, function))
        .unwrap_or_default();
    let circumstances = Circumstances {
        given: &given,
        subject: Some(used.subject),
    };
    let wanted = Wanted {
        place,
        origin: None,
        passed: true,
        target: used.position,
    };
    flow.witness_where(wanted, circumstances) >= Witness::Exception
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    evidence: &FxHashMap<Key, Evidence>,
    function: FunctionRef,
    used: &ParameterUse,
    why: Evidence,
) -> Finding {
    let (module, code) = whole.program.code(function);
    let parameter = &code.parameters[usize::from(used.parameter)];
    let name = module.name(parameter.name).to_owned();
    let span = module.span(used.subject);
    let key = match why {
        Evidence::Default(_) => "default",
        Evidence::Declared => "declared",
        Evidence::Passed { literal: true, .. } => "passed",
        Evidence::Passed { literal: false, .. } => "maybe",
        Evidence::Forwarded { .. } => "forwarded",
    };
    let statement = code.insts[used.position.1 as usize].span.start;
    let mut finding = Finding {
        statement,
        ..draft(
            rule,
            whole.program,
            function,
            span,
            Message::new(key).with("name", name.clone()),
        )
    };
    let confidence = confidence(whole, evidence, (function, used.parameter), why);
    finding.related = path(whole, evidence, (function, used.parameter), why);
    finding.cause = finding
        .related
        .last()
        .map(|related| text_of(whole, related.location));
    finding
        .confidence(confidence)
        .help(Message::new("guard").with("name", name))
}

fn text_of(whole: &Whole<'_>, location: Location) -> String {
    whole.program.sources[location.file.0 as usize].path.clone()
}

/// From the parameter back to where None comes from.
fn path(
    whole: &Whole<'_>,
    evidence: &FxHashMap<Key, Evidence>,
    mut key: Key,
    mut why: Evidence,
) -> Vec<Related> {
    let mut related = Vec::new();
    while related.len() < CHAIN {
        let (module, code) = whole.program.code(key.0);
        let parameter = &code.parameters[usize::from(key.1)];
        let name = module.name(parameter.name).to_owned();
        let here = |span| Location {
            file: whole.program.file(key.0),
            span,
        };
        match why {
            Evidence::Default(call) => {
                let location = here(parameter.span);
                related.push(Related {
                    location,
                    message: Message::new("default-here").with("name", name.clone()),
                });
                if let Some((caller, call)) = call {
                    related.push(Related {
                        location: call_location(whole, caller, call),
                        message: Message::new("omitted").with("name", name),
                    });
                }
                break;
            }
            Evidence::Declared => {
                related.push(Related {
                    location: here(parameter.span),
                    message: Message::new("declared-here").with("name", name),
                });
                break;
            }
            Evidence::Passed {
                caller,
                call,
                literal,
                ..
            } => {
                let message =
                    Message::new(if literal { "passes" } else { "may-pass" }).with("name", name);
                related.push(Related {
                    location: call_location(whole, caller, call),
                    message,
                });
                break;
            }
            Evidence::Forwarded { from, call } => {
                let message = Message::new("forwards").with("name", name);
                related.push(Related {
                    location: call_location(whole, from.0, call),
                    message,
                });
                let Some(&next) = evidence.get(&from) else {
                    break;
                };
                key = from;
                why = next;
            }
        }
    }
    related
}

fn call_location(whole: &Whole<'_>, caller: FunctionRef, call: ExprId) -> Location {
    let (module, _) = whole.program.code(caller);
    Location {
        file: whole.program.file(caller),
        span: module.span(call),
    }
}

fn confidence(
    whole: &Whole<'_>,
    evidence: &FxHashMap<Key, Evidence>,
    key: Key,
    why: Evidence,
) -> Confidence {
    let (function, parameter) = key;
    let place = whole.program.code(function).1.parameters[usize::from(parameter)].place;
    match why {
        Evidence::Passed { literal: true, .. } => Confidence::High,
        Evidence::Passed { caller, source, .. } if is_always_used(whole, key) => {
            of_source(whole, caller, source)
        }
        Evidence::Passed { .. } => Confidence::Low,
        Evidence::Declared | Evidence::Default(Some(_)) if !is_tested(whole, function, place) => {
            if is_always_used(whole, key) {
                Confidence::High
            } else {
                Confidence::Medium
            }
        }
        Evidence::Default(None) if is_called_by_name(whole, function) => Confidence::Low,
        Evidence::Default(None) if is_private(whole, function) || is_interface(whole, key) => {
            Confidence::Low
        }
        Evidence::Forwarded { .. } if is_always_used(whole, key) => forwarded(whole, evidence, why),
        Evidence::Declared | Evidence::Forwarded { .. } => Confidence::Low,
        Evidence::Default(_) => Confidence::Medium,
    }
}

/// What is handed on is as likely None as it was where it came from; a default that nobody is known to take is not.
fn forwarded(
    whole: &Whole<'_>,
    evidence: &FxHashMap<Key, Evidence>,
    mut why: Evidence,
) -> Confidence {
    for _ in 0..CHAIN {
        let Evidence::Forwarded { from, .. } = why else {
            break;
        };
        let Some(&next) = evidence.get(&from) else {
            break;
        };
        why = next;
    }
    match why {
        Evidence::Default(Some(_)) | Evidence::Passed { literal: true, .. } => Confidence::Medium,
        Evidence::Passed { caller, source, .. } => of_source(whole, caller, source),
        _ => Confidence::Low,
    }
}

/// How likely a value is None that only may be: high is left to literals.
fn of_source(whole: &Whole<'_>, caller: FunctionRef, source: ExprId) -> Confidence {
    let (module, code) = whole.program.code(caller);
    let ExprKind::Call { callee, .. } = module.kind(source) else {
        return Confidence::Low;
    };
    let none = FxHashMap::default();
    let flow = Flow::new(
        whole.program,
        Known {
            finished: whole.summaries,
            current: &none,
        },
        caller,
    );
    match whole.program.target(flow.evaluate.value(callee)) {
        Target::Function { function, .. } => {
            let given = given(whole, caller, source, function);
            if returns_none(whole, function, &given) == Returns::Plainly {
                Confidence::Medium
            } else {
                Confidence::Low
            }
        }
        Target::Library(call) => {
            let parses = whole
                .program
                .library
                .get(call)
                .summary
                .effects
                .meets(Effects::PARSE);
            let name = module.dotted(code, callee).unwrap_or_default();
            let is_lookup = matches!(
                name.rsplit('.').next(),
                Some("get" | "pop" | "getattr" | "next")
            );
            if parses || is_lookup {
                Confidence::Low
            } else {
                Confidence::Medium
            }
        }
        _ => Confidence::Low,
    }
}

/// Whether there is no way through the function around the use.
fn is_always_used(whole: &Whole<'_>, (function, parameter): Key) -> bool {
    whole.summaries[function.0 as usize]
        .demands
        .iter()
        .any(|demand| demand.parameter == parameter && demand.always)
}

/// Somebody hands it around with arguments that nobody here sees (`partial`, a table of handlers, a framework's decorator), or
/// Python itself calls it.
fn is_private(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    if is_registered(whole, function) {
        return true;
    }
    name.starts_with('_') && !matches!(name, "__init__" | "__call__" | "__new__")
}

/// Whether a decorator that is not the project's own takes the function: a framework calls it, and fills what it likes.
fn is_registered(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module_ref, _) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    let Some(parent) = code.parent else {
        return false;
    };
    let outer = Evaluate::new(whole.program, module_ref, parent);
    let is_foreign = |decorator: &ExprId| {
        let named = match module.kind(*decorator) {
            ExprKind::Call { callee, .. } => callee,
            _ => *decorator,
        };
        let class = outer.value(named).class;
        !matches!(whole.program.types.get(class), Type::Function { .. })
    };
    whole.program.decoration(function).is_registered
        && module.list(code.decorators).iter().any(is_foreign)
}

/// Whether methods of other classes have the same name and the same default: then the default is the interface's, not this method's.
fn is_interface(whole: &Whole<'_>, (function, parameter): Key) -> bool {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    let wanted = module.name(code.parameters[usize::from(parameter)].name);
    if whole.program.class_of_method(function).is_none() || name.starts_with("__") {
        return false;
    }
    (0..whole.traces.len())
        .map(|index| FunctionRef(index as u32))
        .any(|other| {
            let (theirs, method) = whole.program.code(other);
            other != function
                && theirs.name(method.name) == name
                && whole.program.class_of_method(other).is_some()
                && method
                    .parameters
                    .iter()
                    .enumerate()
                    .any(|(index, parameter)| {
                        theirs.name(parameter.name) == wanted
                            && has_none_default(whole, other, index as u16)
                    })
        })
}

/// Whether the function tests the parameter for None or truth somewhere: then somebody thought of it.
fn is_tested(whole: &Whole<'_>, function: FunctionRef, place: PlaceId) -> bool {
    let (module, code) = whole.program.code(function);
    code.insts.iter().any(|inst| {
        let mut found = false;
        if let InstKind::Assume { test, .. } = inst.kind {
            module.walk(test, &mut |part| {
                found |= module.kind(part) == ExprKind::Name(place)
            });
        }
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| {
                if let ExprKind::Compare {
                    operator: Comparison::Is | Comparison::IsNot,
                    left,
                    ..
                } = module.kind(part)
                {
                    found |= module.kind(left) == ExprKind::Name(place);
                }
            });
        });
        found
    })
}

/// Everything that says of a parameter that it may be None, nearest first.
fn gather(whole: &Whole<'_>) -> FxHashMap<Key, Evidence> {
    let mut evidence = FxHashMap::default();
    let mut forwards: FxHashMap<Key, Vec<(Key, ExprId)>> = FxHashMap::default();
    for (index, trace) in whole.traces.iter().enumerate() {
        let caller = FunctionRef(index as u32);
        if super::is_test(whole.program, caller) {
            continue;
        }
        for pass in &trace.passes {
            passed(whole, caller, pass, &mut evidence, &mut forwards);
        }
    }
    for index in 0..whole.traces.len() {
        declared(whole, FunctionRef(index as u32), &mut evidence);
    }
    spread(&mut evidence, &forwards);
    evidence
}

fn passed(
    whole: &Whole<'_>,
    caller: FunctionRef,
    pass: &Pass,
    evidence: &mut FxHashMap<Key, Evidence>,
    forwards: &mut FxHashMap<Key, Vec<(Key, ExprId)>>,
) {
    let key = (pass.callee, pass.parameter);
    let Some(argument) = pass.argument else {
        if has_none_default(whole, pass.callee, pass.parameter) {
            evidence
                .entry(key)
                .or_insert(Evidence::Default(Some((caller, pass.call))));
        }
        return;
    };
    if !pass.held.value.may_be_none() {
        return;
    }
    match pass.held.origin {
        Origin::Expr(source) => {
            let (module, _) = whole.program.code(caller);
            let literal = matches!(module.kind(argument), ExprKind::None);
            let new = Evidence::Passed {
                caller,
                call: pass.call,
                literal,
                source,
            };
            let known = evidence.entry(key).or_insert(new);
            if literal && !matches!(known, Evidence::Passed { literal: true, .. }) {
                *known = new;
            }
        }
        Origin::Parameter(parameter) => forwards
            .entry((caller, parameter))
            .or_default()
            .push((key, pass.call)),
        _ => {}
    }
}

fn has_none_default(whole: &Whole<'_>, function: FunctionRef, parameter: u16) -> bool {
    let (module, code) = whole.program.code(function);
    let default = code
        .parameters
        .get(usize::from(parameter))
        .and_then(|parameter| parameter.default);
    default.is_some_and(|default| matches!(module.kind(default), ExprKind::None))
}

/// What a function says of its own parameters. Where all its callers are known, they know better.
fn declared(whole: &Whole<'_>, function: FunctionRef, evidence: &mut FxHashMap<Key, Evidence>) {
    let (module_ref, _) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    if code.kind != FunctionKind::Def || are_callers_known(whole, function) {
        return;
    }
    let Some(parent) = code.parent else { return };
    let outer = Evaluate::new(whole.program, module_ref, parent);
    for (index, parameter) in code.parameters.iter().enumerate() {
        let key = (function, index as u16);
        let optional = parameter
            .annotation
            .is_some_and(|annotation| outer.annotated(annotation).may_be_none());
        if parameter
            .default
            .is_some_and(|default| matches!(module.kind(default), ExprKind::None))
        {
            evidence.entry(key).or_insert(Evidence::Default(None));
        } else if optional {
            evidence.entry(key).or_insert(Evidence::Declared);
        }
    }
}

/// A private function that is only called, never handed around.
fn are_callers_known(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    let is_private = name.starts_with('_') && !name.ends_with("__");
    let is_nested = code
        .parent
        .is_some_and(|parent| module.function(parent).kind == FunctionKind::Def);
    (is_private || is_nested)
        && is_called_by_name(whole, function)
        && !whole.graph.escapes(function)
}

fn is_called_by_name(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let mut calls = whole.graph.calls_of(function);
    calls.any(|site| site.kind == CallKind::Named)
}

/// What is passed on carries its evidence along.
fn spread(evidence: &mut FxHashMap<Key, Evidence>, forwards: &FxHashMap<Key, Vec<(Key, ExprId)>>) {
    let mut open: Vec<Key> = evidence.keys().copied().collect();
    open.sort_unstable();
    let mut open = VecDeque::from(open);
    while let Some(from) = open.pop_front() {
        for &(to, call) in forwards.get(&from).into_iter().flatten() {
            if let std::collections::hash_map::Entry::Vacant(entry) = evidence.entry(to) {
                entry.insert(Evidence::Forwarded { from, call });
                open.push_back(to);
            }
        }
    }
}
