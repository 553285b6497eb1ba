//! `self.queue.popleft()`, `heapq.heappop(self.queue)`: an element is taken off what another method knows may have none.

use super::attribute::of_attribute;
use super::evidence::{Evidence, evidence};
use super::list::is_handed_out;
use super::{constant, guarding};
use crate::finding::{Confidence, Finding, Message};
use crate::flow::State;
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, LoopKind};
use crate::rules::sequences::{Boundary, Candidate, Origin};

/// Words in the names of methods that undo what another has done: whoever calls the one has called the other.
const UNDOING: [&str; 7] = [
    "exit", "pop", "leave", "depart", "end_", "finish", "restore",
];

/// Whether a method undoes what another has done: `leave_block`, `endCDATA`, `gotTagEnd`.
pub(super) fn is_undoing(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    UNDOING.iter().any(|word| lower.contains(word))
        || lower.trim_start_matches('_').starts_with("end")
        || name.ends_with("End")
        || lower.ends_with("_end")
}

/// An element that is taken off, where nothing says that there is one.
pub(super) fn taken(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    state: &State,
) -> Option<Finding> {
    let flow = boundary.flow;
    let subject = taken_from(boundary, candidate.expr)?;
    if is_undoing(flow.module.name(flow.code.name)) {
        return None;
    }
    let name = boundary.text(subject);
    let own =
        of_endless(boundary, candidate, subject).or_else(|| of_found(boundary, subject, state));
    let (evidence, is_own) = match own {
        Some(found) => (found, true),
        None => (of_attribute(boundary, subject, state)?, false),
    };
    let places = guarding(boundary, subject, evidence.own_source(flow));
    if !(is_own || another_takes(boundary, &name))
        || boundary.is_caught(candidate.at.0, &["IndexError", "KeyError"])
        || boundary.is_tested(candidate, &places)
    {
        return None;
    }
    let why = boundary
        .scene
        .related(evidence.source, Message::new(evidence.key));
    let message = Message::new("taken").with("name", name.clone());
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    let help = Message::new("guard").with("name", name);
    Some(finding.confidence(evidence.confidence).help(help))
}

/// `files = sorted(glob(pattern))`, `files.pop()`: what was found may be nothing.
fn of_found(boundary: &Boundary<'_>, subject: ExprId, state: &State) -> Option<Evidence> {
    let ExprKind::Name(place) = boundary.flow.module.kind(subject) else {
        return None;
    };
    let is_made_once = matches!(boundary.origins(place)[..], [Origin::Value(_)]);
    let found = evidence(boundary, subject, state).filter(|_| is_made_once)?;
    let is_of_search = matches!(found.key, "found" | "file" | "empty");
    (is_of_search && found.least == 0 && found.confidence >= Confidence::Medium).then_some(found)
}

/// `queue = deque(roots)`, `while True: queue.popleft()`: nothing in the function ever asks whether something is left.
fn of_endless(boundary: &Boundary<'_>, candidate: Candidate, subject: ExprId) -> Option<Evidence> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Name(place) = module.kind(subject) else {
        return None;
    };
    let inside = module.span(subject);
    let around = { flow.code.loops.iter() }
        .filter(|of| of.suite.contains(inside))
        .min_by_key(|of| of.suite.end - of.suite.start)?;
    let LoopKind::While { test } = around.kind else {
        return None;
    };
    let is_endless = matches!(module.kind(test), ExprKind::True | ExprKind::Int(1));
    let [Origin::Value(made)] = boundary.origins(place)[..] else {
        return None;
    };
    // What starts empty is a stack: what is taken off was put there in the same loop.
    let is_queue = match module.kind(made) {
        ExprKind::List(parts) => !parts.is_empty(),
        ExprKind::Comprehension(_) => true,
        _ => matches!(
            boundary.called(made),
            Some(("deque" | "list" | "sorted", _, arguments)) if !arguments.is_empty()
        ),
    };
    // Under a condition of the loop something has mostly said that there is one.
    let is_unconditional = !(0..flow.code.blocks.len()).map(BlockId::new).any(|block| {
        let mut insts = flow.code.insts(flow.code.block(block)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => around.suite.contains(module.span(test)),
            _ => false,
        }) && boundary.dominates(block, candidate.at.0)
    });
    let places = [place];
    let is_asked = || {
        let asks = |test: ExprId| flow.mentions(test, place);
        flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => asks(test) || boundary.mentions(test, &places),
            InstKind::Eval(value) | InstKind::Return(Some(value)) => {
                matches!(module.kind(value), ExprKind::Conditional { test, .. } if asks(test))
            }
            _ => false,
        })
    };
    let is_due = is_endless
        && is_unconditional
        && is_queue
        && boundary.is_local(place)
        && !around.suite.contains(module.span(made))
        && !is_asked()
        && !is_handed_out(boundary, place);
    is_due.then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "endless",
        source: test,
    })
}

/// What an element is taken from: `x` of `x.popleft()`, `x.pop()`, `x.pop(0)`, `heapq.heappop(x)`.
fn taken_from(boundary: &Boundary<'_>, call: ExprId) -> Option<ExprId> {
    let (name, receiver, arguments) = boundary.called(call)?;
    match (name, receiver, &arguments[..]) {
        ("popleft" | "pop", Some(queue), []) => Some(queue),
        ("pop", Some(queue), &[index]) => {
            matches!(constant(boundary, index), Some(0 | -1)).then_some(queue)
        }
        ("heappop", _, &[heap]) => Some(heap),
        _ => None,
    }
}

/// Whether a method of the file that asks whether there is anything takes an element too: it is not only told how many there
/// are.
fn another_takes(boundary: &Boundary<'_>, name: &str) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let is_it = |code: &crate::ir::Function, expr: ExprId| {
        module.dotted(code, expr).as_deref() == Some(name)
    };
    let mut methods = module.functions.iter().filter(|code| code.class.is_some());
    methods.any(|code| {
        let mut takes = false;
        let mut asks = false;
        for expr in code.exprs.range().map(ExprId::new) {
            match module.kind(expr) {
                ExprKind::Subscript { value, .. } => takes |= is_it(code, value),
                ExprKind::Call { callee, arguments } => {
                    if let ExprKind::Attribute { value, name, .. } = module.kind(callee) {
                        let is_pop = matches!(module.name(name), "pop" | "popleft");
                        takes |= is_pop && is_it(code, value);
                    }
                    let first = module.arguments(arguments).first();
                    takes |= first.is_some_and(|first| is_it(code, first.value));
                }
                _ => {}
            }
        }
        for inst in &code.insts {
            if let InstKind::Assume { test, .. } = inst.kind {
                module.walk(test, &mut |part| asks |= is_it(code, part));
            }
        }
        let mut exprs = code.exprs.range().map(ExprId::new);
        asks |= exprs.any(|expr| match module.kind(expr) {
            ExprKind::Conditional { test, .. } => {
                let mut found = false;
                module.walk(test, &mut |part| found |= is_it(code, part));
                found
            }
            _ => false,
        });
        takes && asks
    })
}
