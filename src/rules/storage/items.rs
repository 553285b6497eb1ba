//! Loops over items: what in a loop differs from item to item, and which loops are not worth a word.

use crate::ir::{
    BlockId, ComprehensionId, ExprId, ExprKind, Function, Inst, InstKind, LoopKind, Module, Next,
    PlaceId, Source, TryKind,
};
use crate::text::Span;
use rustc_hash::FxHashSet;

/// A loop over so few items that are written out is none that grows.
const FEW: usize = 12;

/// Names bound from what differs are followed so far.
const ROUNDS: usize = 3;

/// Words of loops over batches.
const BATCHES: [&str; 7] = [
    "chunk",
    "batch",
    "page",
    "slice",
    "bucket",
    "partition",
    "window",
];

/// A `for` loop or a comprehension, and what in it differs from item to item.
pub(in crate::rules) struct Items {
    /// Where items are bound and iterated: the place to point at.
    pub(in crate::rules) iterable: ExprId,
    /// What is run once for each item.
    pub(in crate::rules) body: Vec<Span>,
    /// The variables that differ.
    pub(in crate::rules) differing: FxHashSet<PlaceId>,
    /// It can end before it saw every item.
    pub(in crate::rules) ends_early: bool,
    /// Its rounds run side by side: it stands in `gather(…)`.
    pub(in crate::rules) is_concurrent: bool,
}

/// Every loop over items of a function, those left out that are short, wait on purpose, or go by batches.
pub(in crate::rules) fn loops(module: &Module, code: &Function) -> Vec<Items> {
    let mut found = Vec::new();
    for (index, of) in code.loops.iter().enumerate() {
        let LoopKind::For {
            target, iterable, ..
        } = of.kind
        else {
            continue;
        };
        if is_short(module, code, iterable) || is_batched(module, code, target, iterable) {
            continue;
        }
        if sleeps(module, code, of.suite) {
            continue;
        }
        let mut differing = FxHashSet::default();
        bind(module, target, &mut differing);
        spread(module, code, of.suite, &mut differing);
        found.push(Items {
            iterable,
            body: vec![of.suite],
            differing,
            ends_early: ends_early(code, index),
            is_concurrent: false,
        });
    }
    for index in code.exprs.range() {
        if let ExprKind::Comprehension(id) = module.exprs[index].kind {
            found.extend(comprehension(module, code, id));
        }
    }
    for items in &mut found {
        items.is_concurrent = is_gathered(module, code, items);
    }
    found
}

fn comprehension(module: &Module, code: &Function, id: ComprehensionId) -> Option<Items> {
    let of = module.comprehension(id);
    let first = of.clauses.first()?;
    if is_short(module, code, first.iterable)
        || is_batched(module, code, first.target, first.iterable)
    {
        return None;
    }
    let mut differing = FxHashSet::default();
    let mut body = vec![module.span(of.element)];
    body.extend(of.value.map(|value| module.span(value)));
    for (index, clause) in of.clauses.iter().enumerate() {
        bind(module, clause.target, &mut differing);
        body.extend(clause.conditions.iter().map(|&test| module.span(test)));
        if index > 0 {
            body.push(module.span(clause.iterable));
        }
    }
    Some(Items {
        iterable: first.iterable,
        body,
        differing,
        ends_early: false,
        is_concurrent: false,
    })
}

fn bind(module: &Module, target: ExprId, differing: &mut FxHashSet<PlaceId>) {
    module.walk(target, &mut |part| {
        if let ExprKind::Name(place) = module.kind(part) {
            differing.insert(place);
        }
    });
}

/// Adds what is bound inside from what differs already.
fn spread(module: &Module, code: &Function, suite: Span, differing: &mut FxHashSet<PlaceId>) {
    for _ in 0..ROUNDS {
        let before = differing.len();
        for inst in code.insts.iter().filter(|inst| suite.contains(inst.span)) {
            let InstKind::Bind { target, source, .. } = inst.kind else {
                continue;
            };
            let value = match source {
                Source::Value(value) | Source::Augmented { value, .. } => value,
                Source::Element { iterable, .. } => iterable,
                Source::Entered { manager, .. } => manager,
                _ => continue,
            };
            if mentions(module, value, differing) {
                bind_names(module, target, differing);
            }
        }
        if differing.len() == before {
            return;
        }
    }
}

/// Only names that are bound, not what is read to get to an attribute or item.
fn bind_names(module: &Module, target: ExprId, differing: &mut FxHashSet<PlaceId>) {
    match module.kind(target) {
        ExprKind::Name(place) => {
            differing.insert(place);
        }
        ExprKind::Tuple(parts) | ExprKind::List(parts) => {
            for &part in module.list(parts) {
                bind_names(module, part, differing);
            }
        }
        ExprKind::Starred(inner) => bind_names(module, inner, differing),
        _ => {}
    }
}

/// Whether an expression reads one of these variables.
pub(in crate::rules) fn mentions(
    module: &Module,
    expr: ExprId,
    places: &FxHashSet<PlaceId>,
) -> bool {
    let mut found = false;
    module.walk(expr, &mut |part| {
        found |= matches!(module.kind(part), ExprKind::Name(place) if places.contains(&place));
    });
    found
}

fn is_short(module: &Module, code: &Function, iterable: ExprId) -> bool {
    match module.kind(iterable) {
        ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Set(parts) => {
            module.list(parts).len() <= FEW
        }
        ExprKind::Dict(pairs) => module.list(pairs).len() <= 2 * FEW,
        ExprKind::Name(place) => match crate::rules::stores::bound_value(module, code, place) {
            Some(value) => match module.kind(value) {
                ExprKind::Tuple(parts) | ExprKind::List(parts) | ExprKind::Dict(parts) => {
                    !module.list(parts).is_empty() && is_short(module, code, value)
                }
                _ => false,
            },
            None => is_constant(module, code, place),
        },
        ExprKind::Call { callee, arguments } => {
            if let Some((receiver, "items" | "keys" | "values")) =
                crate::rules::stores::method(module, iterable)
            {
                return is_short(module, code, receiver);
            }
            let name = module.dotted(code, callee).unwrap_or_default();
            let arguments = module.arguments(arguments);
            match name.as_str() {
                "range" | "xrange" => {
                    arguments.len() >= 3
                        || arguments
                            .iter()
                            .all(|argument| matches!(module.kind(argument.value), ExprKind::Int(_)))
                }
                "enumerate" | "sorted" | "list" | "reversed" | "set" | "tuple" => arguments
                    .first()
                    .is_some_and(|first| is_short(module, code, first.value)),
                _ => false,
            }
        }
        _ => false,
    }
}

/// A global in capitals: somebody wrote it out.
fn is_constant(module: &Module, code: &Function, place: PlaceId) -> bool {
    let text = module.place_text(code, place);
    text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}

fn is_batched(module: &Module, code: &Function, target: ExprId, iterable: ExprId) -> bool {
    let mut found = false;
    for expr in [target, iterable] {
        module.walk(expr, &mut |part| {
            let name = match module.kind(part) {
                ExprKind::Name(place) => module.place_text(code, place),
                ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
                _ => return,
            };
            let name = name.to_ascii_lowercase();
            found |= BATCHES.iter().any(|word| name.contains(word));
        });
    }
    found
}

/// A loop that sleeps has slowed itself down on purpose.
fn sleeps(module: &Module, code: &Function, suite: Span) -> bool {
    crate::escape::clauses::called_names(module, code, suite).contains(&"sleep")
}

/// Whether a `return` or `break` leaves the loop: most such loops look for one item.
fn ends_early(code: &Function, index: usize) -> bool {
    let of = &code.loops[index];
    code.blocks.iter().any(|block| {
        let insts = code.insts(block);
        let is_inside = insts
            .last()
            .is_some_and(|last| of.suite.contains(last.span));
        // A loop that gives up when the store fails does not look for one of its items.
        if !is_inside || gives_up(code, insts) {
            return false;
        }
        match block.next {
            Next::Return => true,
            Next::Goto(to) => leaves(code, of.suite, of.header, to),
            _ => false,
        }
    })
}

/// Whether instructions stand in a handler.
fn gives_up(code: &Function, insts: &[Inst]) -> bool {
    let Some(last) = insts.last() else {
        return false;
    };
    code.tries.iter().any(|region| match &region.kind {
        TryKind::Catch { handlers, .. } => handlers
            .iter()
            .any(|handler| handler.body.contains(last.span)),
        _ => false,
    })
}

fn leaves(code: &Function, suite: Span, header: BlockId, mut to: BlockId) -> bool {
    for _ in 0..code.blocks.len() {
        if to == header {
            return false;
        }
        let block = code.block(to);
        match (code.insts(block).first(), block.next) {
            (Some(first), _) => return !suite.contains(first.span),
            (None, Next::Goto(next)) => to = next,
            (None, Next::Return) => return true,
            _ => return false,
        }
    }
    false
}

/// Whether the rounds are handed to something that runs them together.
fn is_gathered(module: &Module, code: &Function, items: &Items) -> bool {
    let inside = module.span(items.iterable);
    code.exprs.range().any(|index| {
        let ExprKind::Call { callee, .. } = module.exprs[index].kind else {
            return false;
        };
        let name = match module.kind(callee) {
            ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
            ExprKind::Name(place) => module.place_text(code, place),
            _ => return false,
        };
        let joins = [
            "gather",
            "wait",
            "as_completed",
            "DeferredList",
            "gatherResults",
            "joinall",
        ];
        joins.contains(&name.as_str()) && module.exprs[index].span.contains(inside)
    })
}
