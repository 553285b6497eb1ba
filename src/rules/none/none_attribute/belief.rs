//! What the rest of a class believes of an attribute: it is tested there, and after some methods it is None again.

use super::{is_always, is_protocol, is_related};
use crate::finding::Confidence;
use crate::infer::AttributeUse;
use crate::ir::{BlockId, ExprKind, InstKind};
use crate::rules::Whole;
use crate::rules::none::attributes::{Assignment, Attributes};
use crate::summary::ClassRef;
use crate::types::FunctionRef;
use rustc_hash::FxHashSet;

/// How the names of methods start that somebody calls once something has happened, when the object is in use.
const EVENTS: [&str; 10] = [
    "after", "do", "got", "handle", "on", "process", "received", "run", "visit", "test",
];

fn is_event(name: &str) -> bool {
    let first = name.trim_start_matches('_').split('_').next();
    first.is_some_and(|first| EVENTS.contains(&first))
        || name.ends_with("Received")
        || name.ends_with("_received")
}

/// How sure it is that a function which uses an attribute with no test can run while it is None. `is_kept`: nothing ever
/// replaces the None that the object was made with.
pub(super) fn confidence(
    whole: &Whole<'_>,
    attributes: &Attributes,
    (function, used): (FunctionRef, &AttributeUse),
    is_kept: bool,
) -> Confidence {
    let program = whole.program;
    let (module, code) = program.code(function);
    let name = module.name(code.name);
    let among = |found: Option<&Vec<(ClassRef, FunctionRef)>>| {
        let mine = found
            .into_iter()
            .flatten()
            .filter(|(class, _)| is_related(whole, *class, used.class));
        mine.map(|&(_, by)| by).collect::<FxHashSet<_>>()
    };
    let testing = among(attributes.tests.get(&used.attribute));
    let careless = among(attributes.uses.get(&used.attribute));
    let careless = careless.difference(&testing).count();
    let is_private = name.starts_with('_') && !is_protocol(name);
    let own = program.class_of_method(function);
    let is_own = own.is_some_and(|own| is_related(whole, own, used.class));
    let is_aware = testing.contains(&function);
    if !is_kept
        || is_aware
        || testing.is_empty()
        || is_private
        || (is_event(name) && is_own)
        || careless > testing.len()
        || whole.graph.escapes(function)
        || program.decoration(function).is_property
        || is_asked_by_others(whole, function, &testing)
    {
        return Confidence::Low;
    }
    Confidence::Medium
}

/// Whether a condition of the function asks a property or method that tests the attribute: `if not self.is_connected: return`.
fn is_asked_by_others(
    whole: &Whole<'_>,
    function: FunctionRef,
    testing: &FxHashSet<FunctionRef>,
) -> bool {
    let (module, code) = whole.program.code(function);
    let names: Vec<&str> = testing
        .iter()
        .map(|&by| {
            let (module, code) = whole.program.code(by);
            module.name(code.name)
        })
        .collect();
    code.insts.iter().any(|inst| {
        let InstKind::Assume { test, .. } = inst.kind else {
            return false;
        };
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= matches!(module.kind(part), ExprKind::Attribute { name, .. }
                if names.contains(&module.name(name)));
        });
        found
    })
}

/// Whether a way through the function leads around an assignment.
pub(super) fn is_conditional(whole: &Whole<'_>, assignment: &Assignment) -> bool {
    let flow = whole.flow(assignment.function);
    let code = flow.code;
    let at = code.blocks.iter().position(|block| {
        let mut insts = code.insts(block).iter();
        insts.any(|inst| inst.span.contains(assignment.location.span))
    });
    at.is_some_and(|at| !is_always(&flow, BlockId::new(at)))
}
