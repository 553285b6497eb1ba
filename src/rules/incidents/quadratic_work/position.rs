//! A round that searches what the loop goes over for its own item: `rows.index(row)`, `words.count(word)`.

use crate::finding::{Confidence, Finding, Message};
use crate::flow::Flow;
use crate::ir::{BlockId, ExprId, ExprKind, Function, InstKind, LoopKind, Next, PlaceId};
use crate::rules::Scene;
use crate::rules::around::{called, covers, positional, receiver};
use crate::rules::functional::early_call::statement;
use crate::rules::stores::bound_value;
use crate::text::Span;
use crate::value::Kinds;

/// One place that goes over items: a loop's body, or a comprehension.
struct Round {
    target: ExprId,
    iterable: ExprId,
    body: Span,
    /// Where the next round begins, and where this one does.
    blocks: Option<(BlockId, BlockId)>,
}

pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let flow = scene.flow;
    let module = flow.module;
    let calls: Vec<ExprId> = flow
        .code
        .exprs
        .range()
        .map(ExprId::new)
        .filter(|&call| {
            matches!(module.kind(call), ExprKind::Call { callee, .. }
                if matches!(called(module, flow.code, callee), "index" | "count"))
        })
        .collect();
    if calls.is_empty() {
        return Vec::new();
    }
    let rounds = rounds(flow);
    let found = calls.into_iter().filter_map(|call| {
        let place = searched(flow, &rounds, call)?;
        Some(report(scene, call, place))
    });
    found.collect()
}

fn rounds(flow: &Flow<'_, '_>) -> Vec<Round> {
    let module = flow.module;
    let of_loops = flow.code.loops.iter().filter_map(|of| match of.kind {
        LoopKind::For {
            target, iterable, ..
        } => Some(Round {
            target,
            iterable,
            body: of.suite,
            blocks: Some((of.header, of.body)),
        }),
        LoopKind::While { .. } => None,
    });
    let of_others = flow.code.exprs.range().filter_map(|index| {
        let expr = ExprId::new(index);
        let ExprKind::Comprehension(id) = module.kind(expr) else {
            return None;
        };
        let first = module.comprehension(id).clauses.first()?;
        Some(Round {
            target: first.target,
            iterable: first.iterable,
            body: module.span(expr),
            blocks: None,
        })
    });
    of_loops.chain(of_others).collect()
}

/// The list that a call searches for the item that the round is about.
fn searched(flow: &Flow<'_, '_>, rounds: &[Round], call: ExprId) -> Option<PlaceId> {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return None;
    };
    let list = receiver(module, callee)?;
    let place = module.kind(list).place()?;
    let arguments = module.arguments(arguments);
    let item = positional(arguments, 0).filter(|_| arguments.len() == 1)?;
    let span = module.span(call);
    let round = rounds.iter().find(|round| {
        covers(round.body, span)
            && module.kind(round.iterable).place() == Some(place)
            && matches!(module.kind(item), ExprKind::Name(_))
            && is_same_name(flow, round.target, item)
    })?;
    let is_text = flow.evaluate.value(list).kinds - Kinds::NONE == Kinds::TEXT;
    let is_written_out = matches!(module.kind(list), ExprKind::Name(place)
    if bound_value(module, flow.code, place).is_some_and(|value| {
        matches!(module.kind(value), ExprKind::List(_) | ExprKind::Tuple(_))
    }));
    let is_rare = ends_there(flow, round, span) || is_skipped(flow, round, span);
    (!is_text && !is_written_out && !is_rare).then_some(place)
}

/// Whether some rounds do without the search: it may be for a few of them only.
fn is_skipped(flow: &Flow<'_, '_>, round: &Round, call: Span) -> bool {
    let code = flow.code;
    let Some((header, body)) = round.blocks else {
        return false;
    };
    let searches = |id: BlockId| {
        code.insts(code.block(id)).iter().any(|inst| {
            !matches!(inst.kind, InstKind::Assume { .. })
                && covers(inst.span, call)
                && is_inside(round, inst.span)
        })
    };
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![body];
    while let Some(id) = open.pop() {
        if id == header {
            return true;
        }
        if std::mem::replace(&mut seen[id.index()], true) || searches(id) {
            continue;
        }
        match code.block(id).next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, other) => open.extend([one, other]),
            _ => {}
        }
    }
    false
}

/// Whether a statement stands in the body of the round; it may be all of it.
fn is_inside(round: &Round, statement: Span) -> bool {
    statement == round.body || !covers(statement, round.body)
}

/// A comprehension has places of its own: what it binds is told by its name.
fn is_same_name(flow: &Flow<'_, '_>, target: ExprId, item: ExprId) -> bool {
    let module = flow.module;
    let name = |expr: ExprId| module.dotted(flow.code, expr);
    name(target).is_some() && name(target) == name(item)
}

/// Whether the loop ends with the search: one search is what a list is for.
fn ends_there(flow: &Flow<'_, '_>, round: &Round, call: Span) -> bool {
    let code = flow.code;
    let holds = |inst: &crate::ir::Inst| covers(inst.span, call) && is_inside(round, inst.span);
    code.blocks.iter().any(|block| {
        let insts = &code.insts[block.insts.range()];
        let here = insts.iter().any(holds);
        let returns = insts
            .iter()
            .any(|inst| matches!(inst.kind, InstKind::Return(_) | InstKind::Raise { .. }));
        let leaves = match block.next {
            Next::Goto(to) => round
                .blocks
                .is_some_and(|(head, _)| leads_out(code, round, head, to)),
            Next::Return | Next::Raise => true,
            _ => false,
        };
        here && (returns || leaves)
    })
}

/// Whether a block, or what empty ones lead to, stands behind the loop.
fn leads_out(code: &Function, round: &Round, header: BlockId, mut to: BlockId) -> bool {
    for _ in 0..code.blocks.len() {
        if to == header {
            return false;
        }
        let block = code.block(to);
        match (code.insts(block).first(), block.next) {
            (Some(first), _) => return !covers(round.body, first.span),
            (None, Next::Goto(next)) => to = next,
            (None, Next::Return) => return true,
            _ => return false,
        }
    }
    false
}

fn report(scene: &Scene<'_>, call: ExprId, place: PlaceId) -> Finding {
    let flow = scene.flow;
    let is_count = matches!(flow.module.kind(call), ExprKind::Call { callee, .. }
        if called(flow.module, flow.code, callee) == "count");
    let message = Message::new("item").with("name", flow.place_text(place));
    let help = Message::new(if is_count { "counter" } else { "enumerate" });
    let finding = scene
        .at(call, message)
        .confidence(Confidence::Medium)
        .help(help);
    Finding {
        statement: statement(flow.code, flow.module.span(call)),
        ..finding
    }
}
