//! A function that says KeyError for what is not there, and whose other callers all catch it.

use crate::finding::{Confidence, Finding, Message, Related};
use crate::ir::{ExprId, ExprKind, InstKind};
use crate::project::{CallKind, CallSite, Coverage, Evaluate, Target};
use crate::rules::is_test;
use crate::rules::sequences::{Boundary, Candidate};
use crate::types::{FunctionRef, Type};

/// So many other callers must expect it.
const CAREFUL: usize = 2;

/// Who is called from more places is not looked at: each of its calls would look at all of them.
const MANY: usize = 1_000;

/// `load(name)`, where `load` says `raise KeyError`, all other callers catch it, and here nobody does.
pub(super) fn raised(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) else {
        return None;
    };
    let careful = caught_by_others(boundary, function)?;
    if !says_missing(boundary, function) || boundary.is_caught(candidate.at.0, &["KeyError"]) {
        return None;
    }
    let asked = boundary.called(candidate.expr)?.2;
    // `load(name, required=False)`: a flag may say that nothing is raised.
    let is_flag = |&argument: &ExprId| {
        matches!(
            flow.module.kind(argument),
            ExprKind::True | ExprKind::False | ExprKind::None
        )
    };
    if asked.iter().any(is_flag) {
        return None;
    }
    let places: Vec<_> = asked
        .iter()
        .flat_map(|&argument| boundary.places(argument))
        .collect();
    if boundary.is_tested(candidate, &places) {
        return None;
    }
    let name = boundary.text(callee);
    let why = Related {
        location: careful.location(flow.program),
        message: Message::new("expected"),
    };
    let finding = boundary
        .scene
        .at(
            candidate.expr,
            Message::new("raised").with("name", name.clone()),
        )
        .because(why)
        .help(Message::new("catch").with("name", name));
    Some(finding.confidence(Confidence::Medium))
}

/// One of the other callers, if there are some and all of them catch KeyError and nothing broad.
fn caught_by_others<'s>(boundary: &Boundary<'s>, function: FunctionRef) -> Option<&'s CallSite> {
    let flow = boundary.flow;
    let program = flow.program;
    let dialect = flow.module.dialect;
    let missing = program.library.class("KeyError", dialect)?;
    let everything = program.library.class("Exception", dialect)?;
    let sites = boundary.scene.graph.calls_of(function);
    if sites.len() > MANY {
        return None;
    }
    let mut careful = Vec::new();
    for site in sites {
        if site.caller == flow.function || is_test(program, site.caller) {
            continue;
        }
        let caught = |class| program.caught_in(site.caller, site.guard, class).0;
        let is_meant = caught(missing) == Coverage::Full && caught(everything) != Coverage::Full;
        if !is_meant || site.kind != CallKind::Named {
            return None;
        }
        careful.push(site);
    }
    (careful.len() >= CAREFUL).then(|| careful[0])
}

/// Whether a function says `raise KeyError` itself, where it does not catch that again.
fn says_missing(boundary: &Boundary<'_>, function: FunctionRef) -> bool {
    let program = boundary.flow.program;
    let (module_ref, id) = program.locate(function);
    let (module, code) = program.code(function);
    let Some(missing) = program.library.class("KeyError", module.dialect) else {
        return false;
    };
    let evaluate = Evaluate::new(program, module_ref, id);
    let is_missing = |exception: ExprId| {
        let raised = match module.kind(exception) {
            ExprKind::Call { callee, .. } => callee,
            _ => exception,
        };
        match program.types.get(evaluate.value(raised).class) {
            Type::Class(class) => program.is_subclass(class, missing, module.dialect) == Some(true),
            _ => false,
        }
    };
    code.blocks.iter().any(|block| {
        let mut insts = code.insts(block).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Raise {
                exception: Some(exception),
                ..
            } => {
                is_missing(exception)
                    && program.caught_in(function, block.guard, missing).0 == Coverage::None
            }
            _ => false,
        })
    })
}
