//! `lost-task`: a task that nobody holds, so that it can vanish before it is done and its errors with it.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::infer::LibraryCall;
use crate::ir::{ExprId, ExprKind, Function, InstKind, Module};
use crate::library::schema::Mark;
use crate::project::{CallKind, CallSite, Coverage, Evaluate, Target};
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::types::FunctionRef;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "lost-task",
    family: Family::Concurrency,
    page: include_str!("../../../rules/lost-task.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// What keeps the function on the stack until the loop ends: whoever waits there sees the loop, and its tasks, end.
const RUNNERS: [&str; 3] = ["run_forever", "run_until_complete", "run_app"];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        let spawned: Vec<ExprId> = trace
            .library
            .iter()
            .filter(|call| spawns(whole, call))
            .map(|call| call.call)
            .chain(through_helpers(whole, function))
            .collect();
        if spawned.is_empty() {
            continue;
        }
        let (module, code) = whole.program.code(function);
        let usage = Usage::of(module, code);
        let found = spawned.into_iter();
        findings.extend(found.filter_map(|call| finding(rule, whole, function, &usage, call)));
    }
    findings
}

/// Whether a call makes a task that its loop holds only weakly. A task group, a pool and a greenlet's hub hold theirs.
fn spawns(whole: &Whole<'_>, call: &LibraryCall) -> bool {
    let known = whole.program.library.get(call.callee);
    known.has(Mark::Spawns)
        && known.name.starts_with("asyncio.")
        && !known.name.starts_with("asyncio.TaskGroup.")
}

/// Calls of functions that only make a task and hand it back.
fn through_helpers(whole: &Whole<'_>, function: FunctionRef) -> impl Iterator<Item = ExprId> {
    let sites = whole.graph.calls_in(function).iter();
    sites
        .filter(|site| !site.is_virtual && site.kind == CallKind::Named)
        .filter(|site| returns_task(whole, site))
        .map(|site| site.call)
}

fn returns_task(whole: &Whole<'_>, site: &CallSite) -> bool {
    let (_, code) = whole.program.code(site.callee);
    if code.is_async || code.is_generator {
        return false;
    }
    let made: Vec<ExprId> = whole
        .traces
        .get(site.callee.0 as usize)
        .into_iter()
        .flat_map(|trace| &trace.library)
        .filter(|call| spawns(whole, call))
        .map(|call| call.call)
        .collect();
    let mut returned = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Return(value) => Some(value),
        _ => None,
    });
    let mut any = false;
    let all = returned.all(|value| {
        any = true;
        value.is_some_and(|value| made.contains(&value))
    });
    any && all
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    usage: &Usage<'_>,
    call: ExprId,
) -> Option<Finding> {
    let (module, code) = whole.program.code(function);
    let fate = usage.fate(call);
    let key = match usage.variable(fate) {
        Some(variable) if usage.reads(variable).is_empty() => "unread",
        Some(_) => return None,
        None if fate == Fate::Dropped => "dropped",
        None => return None,
    };
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return None;
    };
    let name = module
        .dotted(code, callee)
        .unwrap_or_else(|| match module.kind(callee) {
            ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
            _ => "create_task".to_owned(),
        });
    let span = module.span(call);
    let statement = code
        .insts
        .iter()
        .find(|inst| inst.span.contains(span))
        .map_or(span.start, |inst| inst.span.start);
    let message = Message::new(key).with("call", name);
    let finding = Finding {
        statement,
        ..draft(rule, whole.program, function, span, message)
    };
    let finding = finding
        .confidence(confidence(whole, function, call))
        .help(Message::new("hold"));
    Some(if waits_for_loop(module, code) {
        finding.severity(Severity::Hint)
    } else {
        finding
    })
}

/// `ensure_future` of a coroutine makes a task; of a future, which somebody else has, it makes nothing.
fn confidence(whole: &Whole<'_>, function: FunctionRef, call: ExprId) -> Confidence {
    let (module_ref, id) = whole.program.locate(function);
    let module = whole.program.module(module_ref);
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return Confidence::Medium;
    };
    let evaluate = Evaluate::new(whole.program, module_ref, id);
    let name = match whole.program.target(evaluate.value(callee)) {
        Target::Library(known) => whole.program.library.get(known).name.as_str(),
        _ => "",
    };
    let first = module.arguments(arguments).first();
    let coroutine = first.and_then(|first| match module.kind(first.value) {
        ExprKind::Call { callee, .. } => match whole.program.target(evaluate.value(callee)) {
            Target::Function { function, .. } => Some(function),
            _ => None,
        },
        _ => None,
    });
    let coroutine = coroutine.filter(|&function| whole.program.code(function).1.is_async);
    if coroutine.is_some_and(|function| handles_everything(whole, function)) {
        return Confidence::Low;
    }
    if coroutine.is_some() || !name.ends_with("ensure_future") {
        Confidence::High
    } else {
        Confidence::Medium
    }
}

/// Whether a coroutine catches whatever goes wrong where it waits: nobody has to hear of it.
fn handles_everything(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let program = whole.program;
    let (module, code) = program.code(function);
    let Some(everything) = program.library.class("Exception", module.dialect) else {
        return false;
    };
    let mut waits = false;
    let all = code.blocks.iter().all(|block| {
        let mut is_waiting = false;
        for inst in code.insts(block) {
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |part| {
                    is_waiting |= matches!(module.kind(part), ExprKind::Await(_));
                });
            });
        }
        waits |= is_waiting;
        !is_waiting || program.caught_in(function, block.guard, everything).0 == Coverage::Full
    });
    waits && all
}

/// Whether the function goes on to run the loop itself.
fn waits_for_loop(module: &Module, code: &Function) -> bool {
    code.exprs
        .range()
        .any(|index| match module.kind(ExprId::new(index)) {
            ExprKind::Attribute { name, .. } => RUNNERS.contains(&module.name(name)),
            _ => false,
        })
}
