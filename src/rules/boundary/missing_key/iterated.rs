//! A dictionary or set that loses items while a loop runs over it: the next round raises.

use crate::finding::{Finding, Message};
use crate::ir::{BlockId, Dialect, ExprId, ExprKind, InstKind, Loop, LoopKind, Next};
use crate::rules::sequences::{Boundary, Candidate};
use crate::value::Kinds;

/// `for key in known: del known[key]`.
pub(super) fn iterated(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let span = flow.module.span(candidate.expr);
    let around = |of: &&Loop| of.suite.contains(span);
    let of = flow.code.loops.iter().rfind(around)?;
    let receiver = removed_from(boundary, candidate)?;
    let LoopKind::For { iterable, .. } = of.kind else {
        return None;
    };
    let kinds = flow.evaluate.value(receiver).kinds;
    let is_known = kinds == Kinds::DICT || kinds == Kinds::SET;
    if !is_known || !runs_over(boundary, iterable, receiver) || !comes_back(boundary, candidate, of)
    {
        return None;
    }
    let name = boundary.text(receiver);
    let finding = boundary
        .scene
        .at(
            candidate.expr,
            Message::new("shrinks").with("name", name.clone()),
        )
        .because(boundary.scene.related(iterable, Message::new("round")))
        .help(Message::new("copy").with("name", name));
    Some(finding)
}

/// What `del x[key]` (read at `x`), `x.pop(key)` or `x.remove(key)` removes from.
fn removed_from(boundary: &Boundary<'_>, candidate: Candidate) -> Option<ExprId> {
    let flow = boundary.flow;
    let inst = flow.code.insts[candidate.at.1 as usize].kind;
    if let InstKind::Forget(target) = inst {
        return match flow.module.kind(target) {
            ExprKind::Subscript { value, .. } if value == candidate.expr => Some(value),
            _ => None,
        };
    }
    match boundary.called(candidate.expr)? {
        ("pop" | "remove" | "discard", Some(receiver), arguments) if !arguments.is_empty() => {
            Some(receiver)
        }
        _ => None,
    }
}

/// Whether a loop runs over a thing itself, not over a copy of it.
fn runs_over(boundary: &Boundary<'_>, iterable: ExprId, receiver: ExprId) -> bool {
    let flow = boundary.flow;
    let form = flow.form(receiver);
    if flow.form(iterable) == form {
        return true;
    }
    match boundary.called(iterable) {
        Some(("keys" | "items" | "values", Some(of), arguments)) => {
            flow.module.dialect == Dialect::Three
                && !flow.program.reads_two()
                && arguments.is_empty()
                && flow.form(of) == form
        }
        Some(("iterkeys" | "iteritems" | "itervalues", Some(of), _)) => flow.form(of) == form,
        _ => false,
    }
}

/// Whether control gets from the removal to the next round.
fn comes_back(boundary: &Boundary<'_>, candidate: Candidate, of: &Loop) -> bool {
    let code = boundary.flow.code;
    let is_inside = |block: BlockId| {
        let mut insts = code.insts(code.block(block)).iter();
        insts.all(|inst| of.suite.contains(inst.span))
    };
    let mut seen = vec![false; code.blocks.len()];
    let mut open: Vec<BlockId> = vec![candidate.at.0];
    while let Some(at) = open.pop() {
        let next = match code.block(at).next {
            Next::Goto(to) => [Some(to), None],
            Next::Branch(one, other) => [Some(one), Some(other)],
            _ => [None, None],
        };
        for to in next.into_iter().flatten() {
            if to == of.header {
                return true;
            }
            if is_inside(to) && !std::mem::replace(&mut seen[to.index()], true) {
                open.push(to);
            }
        }
    }
    false
}
