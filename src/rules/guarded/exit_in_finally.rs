//! `exit-in-finally`: a `finally` that returns, breaks or continues drops the exception on its way.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::Solution;
use crate::ir::{BlockId, Inst, InstKind, Next, TryKind};
use crate::rules::{Check, Family, Rule, Scene};
use crate::text::Span;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "exit-in-finally",
    family: Family::Guarded,
    page: include_str!("../../../rules/exit-in-finally.md"),
    severity: Severity::Error,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let mut findings = Vec::new();
    for region in &scene.flow.code.tries {
        let TryKind::Finally { entry, suite } = region.kind else {
            continue;
        };
        let Some((key, span)) = exit(scene, entry, suite) else {
            continue;
        };
        let finding = Finding {
            statement: span.start,
            ..scene.at_span(span, Message::new(key))
        };
        findings.push(
            finding
                .confidence(Confidence::High)
                .help(Message::new("behind")),
        );
    }
    findings
}

/// How control leaves a `finally` suite other than by its end, and where.
fn exit(scene: &Scene<'_>, entry: BlockId, suite: Span) -> Option<(&'static str, Span)> {
    let code = scene.flow.code;
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![entry];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let block = code.block(at);
        let insts = code.insts(block);
        if let Some(inst) = insts
            .iter()
            .find(|inst| is_return(inst) && suite.contains(inst.span))
        {
            return Some(("returns", inst.span));
        }
        if insts.iter().any(|inst| !suite.contains(inst.span)) {
            return Some(("jumps", suite));
        }
        match block.next {
            Next::Goto(next) => open.push(next),
            Next::Branch(one, other) => open.extend([one, other]),
            Next::Return => return Some(("jumps", suite)),
            Next::Raise | Next::Resume(_) | Next::Never => {}
        }
    }
    None
}

fn is_return(inst: &Inst) -> bool {
    matches!(inst.kind, InstKind::Return(_))
}
