//! `late-check`: a value is used, and tested for None or emptiness only afterwards.

mod branch;
pub(super) mod builtin;

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Solution};
use crate::ir::{BlockId, ExprId, ExprKind, Inst, InstKind, LoopKind, PlaceId, Source};
use crate::project::Coverage;
use crate::rules::none::belief::{
    Asked, Question, Reliance, Relied, asked, guards, is_own_variable, needed_length, relied_on,
    relies, wanted_length,
};
use crate::rules::{Check, Family, Rule, Scene};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "late-check",
    family: Family::None,
    page: include_str!("../../../rules/late-check.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// A test that comes more lines later, in another block, is about something else.
const LINES: u32 = 5;

/// Where a variable of the function, which nobody else binds, is asked for None itself, it is the same thing up to here.
const FAR: u32 = 40;

/// A test and the instruction that it belongs to.
struct Test {
    asked: Asked,
    block: BlockId,
    inst: usize,
}

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let tests = tests(flow);
    if tests.is_empty() || solution.gave_up || flow.code.is_dynamic {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = Vec::new();
    for test in tests.iter().filter(|test| !is_of_while(flow, test.block)) {
        if matches!(test.asked.question, Question::Other) {
            continue;
        }
        let found = used_before(flow, test, &tests)
            .map(|(used, inst)| used_finding(scene, test, used, inst));
        let found = found.or_else(|| {
            bound_before(flow, test).map(|(value, inst)| bound_finding(scene, test, value, inst))
        });
        let Some(finding) = found else { continue };
        if !findings
            .iter()
            .any(|known| known.location == finding.location)
        {
            findings.push(finding);
        }
    }
    findings
}

fn used_finding(scene: &Scene<'_>, test: &Test, used: Relied, inst: usize) -> Finding {
    let flow = scene.flow;
    let name = flow.place_text(used.place);
    // A path is a variable with more to it: somebody may only want to tell a type checker.
    let own = is_own_variable(flow.code, used.place);
    // Truth says less than None does, and another branch less than the same way.
    let is_certain = (test.asked.question != Question::Truth
        || !matches!(used.how, Reliance::Attribute { .. }))
        && is_always_between(flow, block_of(flow, inst), test);
    let confidence = match used.how {
        _ if !own && is_asserted(flow, test) => Confidence::Low,
        // What is declared never to be None makes the test the one too many, and nothing is lost.
        _ if is_declared(flow, used.place) => Confidence::Low,
        Reliance::Divisor => Confidence::Medium,
        _ if own && is_certain => Confidence::High,
        _ => Confidence::Medium,
    };
    let key = if test.asked.question == Question::None {
        "none"
    } else {
        "empty"
    };
    let tested = if key == "none" {
        "tested-none"
    } else {
        "tested-empty"
    };
    let finding = scene.at(used.subject, Message::new(key).with("name", name.clone()));
    let finding = Finding {
        statement: flow.code.insts[inst].span.start,
        ..finding
    };
    let related = scene.related(test.asked.at, Message::new(tested).with("name", name));
    finding
        .because(related)
        .confidence(confidence)
        .help(Message::new("order"))
}

fn block_of(flow: &Flow<'_, '_>, inst: usize) -> BlockId {
    let mut blocks = flow.code.blocks.iter();
    let at = blocks.position(|block| block.insts.range().contains(&inst));
    BlockId::new(at.unwrap_or_default())
}

/// Whether a parameter's annotation leaves no room for None.
fn is_declared(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let mut parameters = flow.code.parameters.iter();
    let Some(annotation) = parameters
        .find(|parameter| parameter.place == place)
        .and_then(|parameter| parameter.annotation)
    else {
        return false;
    };
    // It is an expression of the function around.
    let mut functions = flow.module.functions.iter();
    let Some(outer) =
        functions.find(|function| function.exprs.range().contains(&annotation.index()))
    else {
        return false;
    };
    let mut is_open = false;
    flow.module.walk(annotation, &mut |part| {
        let name = flow.module.dotted(outer, part).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        is_open |= matches!(
            flow.module.kind(part),
            ExprKind::None | ExprKind::Text(_) | ExprKind::Hole
        ) || matches!(last, "Optional" | "Any" | "object");
    });
    !is_open
}

/// Whether the test is an assertion.
fn is_asserted(flow: &Flow<'_, '_>, test: &Test) -> bool {
    let code = flow.code;
    let crate::ir::Next::Branch(_, otherwise) = code.block(test.block).next else {
        return false;
    };
    code.insts(code.block(otherwise)).iter().any(|inst| {
        matches!(
            inst.kind,
            InstKind::Raise {
                assertion: true,
                ..
            }
        )
    })
}

fn bound_finding(scene: &Scene<'_>, test: &Test, value: ExprId, inst: usize) -> Finding {
    let name = scene.flow.place_text(test.asked.place);
    let finding = scene.at(value, Message::new("result").with("name", name.clone()));
    let finding = Finding {
        statement: scene.flow.code.insts[inst].span.start,
        ..finding
    };
    let related = scene.related(
        test.asked.at,
        Message::new("tested-none").with("name", name),
    );
    finding
        .because(related)
        .confidence(Confidence::High)
        .help(Message::new("order"))
}

/// Every test of a place: the conditions of branches, and those inside expressions.
fn tests(flow: &Flow<'_, '_>) -> Vec<Test> {
    let mut tests = Vec::new();
    for (index, block) in flow.code.blocks.iter().enumerate() {
        let branches = matches!(block.next, crate::ir::Next::Branch(..));
        for inst in block.insts.range() {
            let mut found = Vec::new();
            let kind = flow.code.insts[inst].kind;
            if let (InstKind::Eval(condition), true) =
                (kind, branches && inst + 1 == block.insts.range().end)
            {
                asked(flow.module, flow.code, condition, &mut found);
            }
            kind.for_each_expr(&mut |root| {
                flow.module.walk(root, &mut |part| {
                    if let ExprKind::Conditional { test, .. } = flow.module.kind(part) {
                        asked(flow.module, flow.code, test, &mut found);
                    }
                });
            });
            let block = BlockId::new(index);
            tests.extend(found.into_iter().map(|asked| Test { asked, block, inst }));
        }
    }
    tests
}

/// The condition of a `while` is tested again after every round: a use before the first is none of its business.
fn is_of_while(flow: &Flow<'_, '_>, block: BlockId) -> bool {
    flow.code
        .loops
        .iter()
        .any(|of| of.header == block && matches!(of.kind, LoopKind::While { .. }))
}

/// The last use before a test that is sure to have happened when the test is made; else the last that may have.
fn used_before(flow: &Flow<'_, '_>, test: &Test, tests: &[Test]) -> Option<(Relied, usize)> {
    let code = flow.code;
    let mut best: Option<(Relied, usize, bool)> = None;
    for (index, block) in code.blocks.iter().enumerate() {
        let at = BlockId::new(index);
        for inst in block.insts.range() {
            if !is_near(flow, (at, inst), test) {
                continue;
            }
            for used in relied_on(flow, code.insts[inst].kind) {
                if !contradicts(flow, used, (at, inst), test, tests) {
                    continue;
                }
                let is_sure = is_always_between(flow, at, test);
                let key = |used: Relied, is_sure| (is_sure, start(flow, used.subject));
                let is_better = best
                    .is_none_or(|(known, _, was_sure)| key(known, was_sure) < key(used, is_sure));
                if is_better
                    && (is_sure
                        || branch::is_often_between(
                            flow,
                            (used, at, inst),
                            (test.asked, test.block),
                        ))
                {
                    best = Some((used, inst, is_sure));
                }
            }
        }
    }
    best.map(|(used, inst, _)| (used, inst))
}

fn start(flow: &Flow<'_, '_>, expr: ExprId) -> u32 {
    flow.module.span(expr).start
}

fn is_near(flow: &Flow<'_, '_>, (block, inst): (BlockId, usize), test: &Test) -> bool {
    let span = flow.code.insts[inst].span;
    let tested = start(flow, test.asked.at);
    if inst == test.inst || span.start >= tested || span.contains(flow.module.span(test.asked.at)) {
        return false;
    }
    let lines = &flow.module.lines;
    let far = match test.asked.question == Question::None
        && is_own_variable(flow.code, test.asked.place)
    {
        true => FAR,
        false => LINES,
    };
    block == test.block || lines.row(tested).saturating_sub(lines.row(span.end)) <= far
}

fn contradicts(
    flow: &Flow<'_, '_>,
    used: Relied,
    (block, inst): (BlockId, usize),
    test: &Test,
    tests: &[Test],
) -> bool {
    used.place == test.asked.place
        && answers(flow, used.how, test.asked)
        && !is_of_own_class(flow, used, test.asked)
        && is_steady(flow, used, inst, test)
        && !is_asked_before(flow, (used, block), tests)
        && may_be_none(flow, used)
}

/// Whether an object that is asked for truth was made of a class right here, or is asked for what it says itself first, as in
/// `if session.modified and session`: then it is there, and the question is whether it holds anything.
fn is_of_own_class(flow: &Flow<'_, '_>, used: Relied, asked: Asked) -> bool {
    let (module, code) = (flow.module, flow.code);
    if asked.question != Question::Truth || !matches!(used.how, Reliance::Attribute { .. }) {
        return false;
    }
    let is_class = |value: ExprId| {
        let ExprKind::Call { callee, .. } = module.kind(value) else {
            return false;
        };
        let name = module.dotted(code, callee).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        let last = last.trim_start_matches('_');
        last.starts_with(char::is_uppercase) && last.contains(char::is_lowercase)
    };
    let is_made_here = flow.only_value(used.place).is_some_and(is_class);
    let is_used_first = |test: ExprId| {
        let ExprKind::And(parts) = module.kind(test) else {
            return false;
        };
        let parts = module.list(parts);
        let at = parts.iter().position(|&part| part == asked.at);
        let mut before = Vec::new();
        for &part in &parts[..at.unwrap_or_default()] {
            relies(flow, part, &mut before);
        }
        before.iter().any(|before| before.place == used.place)
    };
    is_made_here || code.exprs.range().map(ExprId::new).any(is_used_first)
}

/// Whether a use that went well answers the question: nothing that is empty has a first item.
fn answers(flow: &Flow<'_, '_>, how: Reliance, asked: Asked) -> bool {
    match (asked.question, how) {
        (Question::None, _) => how != Reliance::Divisor,
        // Containers and text are asked whether they are empty, objects whether they are there.
        (Question::Truth, Reliance::Attribute { name, .. }) => {
            !builtin::has(flow.module.name(name))
                && !builtin::sounds_like_many(&flow.place_text(asked.place))
        }
        (Question::Truth, Reliance::Key(key)) => matches!(flow.module.kind(key), ExprKind::Text(_)),
        (Question::Truth, _) => matches!(how, Reliance::Index(_) | Reliance::Divisor),
        (Question::Length, Reliance::Index(index)) => {
            wanted_length(flow.module, asked.at) == Some((needed_length(index), false))
        }
        _ => false,
    }
}

/// Whether the place still holds the same when it is tested.
fn is_steady(flow: &Flow<'_, '_>, used: Relied, inst: usize, test: &Test) -> bool {
    let code = flow.code;
    let own = is_own_variable(code, used.place);
    let (from, to) = (start(flow, used.subject), start(flow, test.asked.at));
    let is_object = matches!(used.how, Reliance::Attribute { .. });
    let changes_inside = test.asked.question != Question::None && !is_object;
    let between = code.insts.iter().enumerate().filter(|(index, other)| {
        *index == inst || (other.span.start >= from && other.span.start < to)
    });
    for (_, other) in between {
        if binds(flow, other, used.place)
            || (!own && touches(flow, other))
            || (changes_inside && changes(flow, other, used.place))
        {
            return false;
        }
    }
    true
}

fn binds(flow: &Flow<'_, '_>, inst: &Inst, place: PlaceId) -> bool {
    let root = flow.code.root(place);
    let mut found = false;
    if let InstKind::Bind { target, .. } | InstKind::Forget(target) = inst.kind {
        let is_path = matches!(
            flow.module.kind(target),
            ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
        );
        match is_path {
            true => found = flow.place_of(target) == Some(place),
            false => flow.module.walk(target, &mut |part| {
                let bound = flow.place_of(part);
                found |= bound.is_some_and(|bound| bound == place || bound == root);
            }),
        }
    }
    inst.kind.for_each_expr(&mut |expr| {
        flow.module.walk(expr, &mut |part| {
            if let ExprKind::Walrus { target, .. } = flow.module.kind(part) {
                found |= flow.place_of(target) == Some(root);
            }
        });
    });
    found
}

/// Whether other code runs, which may set attributes and globals.
fn touches(flow: &Flow<'_, '_>, inst: &Inst) -> bool {
    let mut found = false;
    inst.kind.for_each_expr(&mut |expr| {
        flow.module.walk(expr, &mut |part| {
            found |= match flow.module.kind(part) {
                ExprKind::Call { callee, .. } => !builtin::only_looks(flow, callee),
                ExprKind::Await(_)
                | ExprKind::Yield(_)
                | ExprKind::YieldFrom(_)
                | ExprKind::Walrus { .. } => true,
                _ => false,
            };
        });
    });
    found
}

/// Whether the container may get more or fewer elements: a method is called on it, or it is handed to somebody.
fn changes(flow: &Flow<'_, '_>, inst: &Inst, place: PlaceId) -> bool {
    let mut found = matches!(inst.kind, InstKind::Bind { target, .. } | InstKind::Forget(target) if flow.place_of(target).is_some_and(|path| flow.code.place(path).parent == Some(place)));
    inst.kind.for_each_expr(&mut |expr| {
        flow.module.walk(expr, &mut |part| {
            if let ExprKind::Call { callee, arguments } = flow.module.kind(part) {
                let receiver = match flow.module.kind(callee) {
                    ExprKind::Attribute { value, .. } => flow.place_of(value),
                    _ => None,
                };
                let mut given = flow
                    .module
                    .arguments(arguments)
                    .iter()
                    .map(|argument| flow.place_of(argument.value));
                found |= receiver == Some(place) || given.any(|given| given == Some(place));
            }
        });
    });
    found
}

/// Somebody looked before the use, too: then the later test is merely one too many.
fn is_asked_before(flow: &Flow<'_, '_>, (used, block): (Relied, BlockId), tests: &[Test]) -> bool {
    let before = start(flow, used.subject);
    let is_use = |other: &Test| {
        let test = flow.module.span(other.asked.at);
        other.asked.question == Question::Other && test.contains(flow.module.span(used.subject))
    };
    tests.iter().filter(|other| !is_use(other)).any(|other| {
        let at = start(flow, other.asked.at);
        // In the other branch of an `if` it tells nothing.
        if at < before && !branch::leads_to(flow.code, other.block, block) {
            return false;
        }
        let rebound = || {
            flow.code.insts.iter().any(|inst| {
                inst.span.start > at && inst.span.start < before && binds(flow, inst, used.place)
            })
        };
        let asks =
            other.asked.place == used.place || flow.code.root(other.asked.place) == used.place;
        asks && at < before && !is_of_while(flow, other.block) && !rebound()
            || (asks && at < before && is_of_while(flow, other.block))
    })
}

/// Whether there is anything to test for: what was just made of a literal or a class is not None.
fn may_be_none(flow: &Flow<'_, '_>, used: Relied) -> bool {
    let before = start(flow, used.subject);
    let last = flow
        .code
        .insts
        .iter()
        .filter(|inst| inst.span.start <= before && binds(flow, inst, used.place))
        .max_by_key(|inst| inst.span.start);
    let Some(Inst {
        kind: InstKind::Bind { target, source, .. },
        ..
    }) = last
    else {
        return true;
    };
    match source {
        Source::Value(value) if flow.place_of(*target) == Some(used.place) => {
            let value = flow.evaluate.value(*value);
            value.is_unknown() || value.may_be_none()
        }
        Source::Import(_)
        | Source::Function(_)
        | Source::Class(_)
        | Source::Caught { .. }
        | Source::Opaque => false,
        _ => true,
    }
}

/// Whether the use has happened whenever the test is made, and nothing catches what it would have raised.
fn is_always_between(flow: &Flow<'_, '_>, block: BlockId, test: &Test) -> bool {
    let code = flow.code;
    let guard = code.block(block).guard;
    let tested = code.block(test.block).guard;
    if guard.is_some() && !guards(code, tested).any(|region| Some(region) == guard) {
        return false;
    }
    let survives = ["AttributeError", "TypeError", "IndexError"]
        .iter()
        .any(|name| {
            let class = flow.program.library.class(name, flow.module.dialect);
            class.is_some_and(|class| {
                flow.program.caught_in(flow.function, guard, class).0 == Coverage::Full
            })
        });
    !survives && flow.dominators().dominates(block, test.block)
}

/// `x = min(y, 1)` and then `if x is None`: the test comes when None has long raised or become something else.
fn bound_before(flow: &Flow<'_, '_>, test: &Test) -> Option<(ExprId, usize)> {
    if test.asked.question != Question::None || !is_own_variable(flow.code, test.asked.place) {
        return None;
    }
    let block = flow.code.block(test.block);
    let inst =
        block.insts.range().rev().find(|&inst| {
            inst < test.inst && binds(flow, &flow.code.insts[inst], test.asked.place)
        })?;
    let InstKind::Bind {
        target,
        source: Source::Value(value),
        ..
    } = flow.code.insts[inst].kind
    else {
        return None;
    };
    let direct = flow.place_of(target) == Some(test.asked.place);
    let ExprKind::Call { callee, arguments } = flow.module.kind(value) else {
        return None;
    };
    let name = flow.module.dotted(flow.code, callee);
    let computes = match name.as_deref() {
        // Python 2 orders None, too: before everything.
        Some("min" | "max" | "sorted") => !flow.program.reads_two(),
        Some("int" | "float" | "len" | "sum" | "abs" | "round") => true,
        _ => false,
    };
    let has_input = flow.module.arguments(arguments).iter().any(|argument| {
        !matches!(
            flow.module.kind(argument.value),
            ExprKind::Int(_) | ExprKind::Text(_)
        )
    });
    (direct && computes && has_input).then_some((value, inst))
}
