//! How much a loop goes through: as many as somebody sends, as a file has lines, as a graph has edges.

use crate::flow::Flow;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, FunctionId, InstKind, Loop, LoopKind, Module,
    Next, PlaceId,
};
use crate::project::{Evaluate, Target};
use crate::rules::around::{called, covers, receiver};
use crate::rules::sequences::{Outside, outside};
use crate::value::{Facts, Kinds};

/// Methods and functions that bring as many as there are in a file, a table or a folder.
const BRINGING: [&str; 12] = [
    "DictReader",
    "fetchall",
    "fetchmany",
    "iter_content",
    "iter_lines",
    "iterrows",
    "itertuples",
    "reader",
    "readlines",
    "scan_iter",
    "walk",
    "xreadlines",
];

/// Methods that take the next one off a list of what is still to do, and those that put more on it.
const TAKING: [&str; 4] = ["get", "pop", "popitem", "popleft"];
const PUTTING: [&str; 7] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "insert",
    "put",
    "update",
];

/// Whether another side sends what a loop goes over.
pub(super) fn is_sent(flow: &Flow<'_, '_>, of: &Loop) -> bool {
    let LoopKind::For { iterable, .. } = of.kind else {
        return false;
    };
    let sent = [Outside::Database, Outside::Network, Outside::Request];
    outside(flow, iterable).is_some_and(|(who, _)| sent.contains(&who))
}

/// Whether a loop goes over what comes from outside, by itself or through a generator of the project.
pub(super) fn is_long(flow: &Flow<'_, '_>, of: &Loop) -> bool {
    let LoopKind::For { iterable, .. } = of.kind else {
        return false;
    };
    brings_many(&flow.evaluate, flow.module, flow.code, iterable)
        || is_sent(flow, of)
        || is_generated(flow, iterable)
}

fn brings_many(
    evaluate: &Evaluate<'_, '_>,
    module: &Module,
    code: &Function,
    iterable: ExprId,
) -> bool {
    let value = evaluate.value(iterable);
    let is_brought = matches!(module.kind(iterable), ExprKind::Call { callee, .. }
        if BRINGING.contains(&called(module, code, callee)));
    is_brought || value.facts.has(Facts::OUTSIDE) || value.kinds == Kinds::FILE
}

/// A generator of the project that goes over such things itself.
fn is_generated(flow: &Flow<'_, '_>, iterable: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(iterable) else {
        return false;
    };
    let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) else {
        return false;
    };
    let (module_ref, id): (_, FunctionId) = flow.program.locate(function);
    let (module, code) = flow.program.code(function);
    if !code.is_generator {
        return false;
    }
    let evaluate = Evaluate::new(flow.program, module_ref, id);
    let of_loops = code.loops.iter().filter_map(|of| match of.kind {
        LoopKind::For { iterable, .. } => Some(iterable),
        LoopKind::While { .. } => None,
    });
    let of_others = code
        .exprs
        .range()
        .filter_map(|index| match module.kind(ExprId::new(index)) {
            ExprKind::YieldFrom(value) => Some(value),
            _ => None,
        });
    of_loops
        .chain(of_others)
        .any(|iterable| brings_many(&evaluate, module, code, iterable))
}

/// Whether a loop works off a list of what is still to do, to which it adds what it comes across: the walk of a graph.
pub(super) fn is_walk(flow: &Flow<'_, '_>, of: &Loop) -> bool {
    let LoopKind::While { test } = of.kind else {
        return false;
    };
    let module = flow.module;
    let is_endless = matches!(module.kind(test), ExprKind::True | ExprKind::Int(1));
    let taken = methods(flow, of, &TAKING);
    let put = methods(flow, of, &PUTTING);
    taken
        .iter()
        .any(|place| put.contains(place) && (is_endless || names(module, test, *place)))
}

/// What these methods are called on in a loop.
fn methods(flow: &Flow<'_, '_>, of: &Loop, wanted: &[&str]) -> Vec<PlaceId> {
    let module = flow.module;
    let calls = flow.code.exprs.range().filter_map(|index| {
        let call = ExprId::new(index);
        let ExprKind::Call { callee, .. } = module.kind(call) else {
            return None;
        };
        let is_meant = covers(of.suite, module.span(call))
            && wanted.contains(&called(module, flow.code, callee));
        receiver(module, callee).filter(|_| is_meant)
    });
    calls.filter_map(|of| module.kind(of).place()).collect()
}

/// Whether a place stands in an expression.
pub(super) fn names(module: &Module, expr: ExprId, place: PlaceId) -> bool {
    let mut found = false;
    module.walk(expr, &mut |part| {
        found |= module.kind(part).place() == Some(place)
    });
    found
}

/// Whether a list is bound in a loop's body: each round then begins with another one.
pub(super) fn is_renewed(flow: &Flow<'_, '_>, of: &Loop, place: PlaceId) -> bool {
    flow.code.insts.iter().any(|inst| {
        let InstKind::Bind { target, .. } = inst.kind else {
            return false;
        };
        let is_bound = flow.module.kind(target).place() == Some(place)
            || crate::rules::around::binds(flow.module, target, place);
        is_bound && covers(of.span, inst.span)
    })
}

/// Whether a list also grows by what was found in it: by each line, not only by each new one.
pub(super) fn grows_anyway(flow: &Flow<'_, '_>, of: &Loop, test: ExprId, grown: ExprId) -> bool {
    let (module, code) = (flow.module, flow.code);
    let ExprKind::Compare { operator, .. } = module.kind(test) else {
        return false;
    };
    let is_in = operator == Comparison::In;
    let at = module.span(grown);
    let starts = code.blocks.iter().enumerate().filter(|(_, block)| {
        let first = code.insts(block).first().map(|inst| inst.kind);
        matches!(first, Some(InstKind::Assume { test: asked, holds, .. })
            if asked == test && holds == is_in)
    });
    let mut open: Vec<BlockId> = starts.map(|(index, _)| BlockId::new(index)).collect();
    let mut seen = vec![false; code.blocks.len()];
    while let Some(id) = open.pop() {
        if id == of.header || std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let block = code.block(id);
        if code
            .insts(block)
            .iter()
            .any(|inst| matches!(inst.kind, InstKind::Eval(_)) && covers(inst.span, at))
        {
            return true;
        }
        match block.next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, other) => open.extend([one, other]),
            _ => {}
        }
    }
    false
}
