//! What a bare handler does harm to: an exit, a task that is cancelled, a wait that Ctrl-C should end.

use crate::escape::clauses::{called_name, called_names, insts_in};
use crate::ir::{ExprId, ExprKind, Function, Handler, InstKind, LoopKind, Module, Try, TryId};
use crate::project::Evaluate;
use crate::rules::Whole;
use crate::rules::around::called;
use crate::rules::guarded::meant::is_within;
use crate::summary::Effects;
use crate::types::FunctionRef;

/// Why a handler of everything does harm, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// The suite ends the program, and the handler keeps it from ending.
    Exits(ExprId),
    /// The suite waits for a coroutine: who cancels the task is not heard.
    Cancels(ExprId),
    /// The suite calls something that waits: who presses Ctrl-C there is not heard.
    Waits(ExprId),
    /// The suite is tried again for ever: nothing but an exception can end the loop.
    Repeats,
    /// The suite talks to something outside or to files, and nobody hears why that failed.
    Hides(ExprId),
    /// The suite is long, and nobody hears which of its statements failed.
    Buries,
}

/// A suite of so many statements is long.
const LONG: u32 = 5;

/// Methods that talk to something outside, whatever they are called on.
const TALKS: [&str; 18] = [
    "commit",
    "connect",
    "download",
    "execute",
    "executemany",
    "fetchall",
    "fetchone",
    "post",
    "publish",
    "recv",
    "request",
    "save",
    "scalar",
    "send",
    "sendall",
    "upload",
    "urlopen",
    "urlretrieve",
];

/// Whether what a call touches can take long: a file does not, another process only if it is waited for.
fn is_slow(effects: Effects) -> bool {
    effects.meets(Effects::NETWORK.with(Effects::DATABASE))
        || (effects.meets(Effects::BLOCKING) && !effects.meets(Effects::FILE))
}

/// The harm that a handler of everything around a suite does; `is_told` says that it reports what it caught.
pub(super) fn harm(
    whole: &Whole<'_>,
    function: FunctionRef,
    (id, region): (TryId, &Try),
    handler: &Handler,
    is_told: bool,
) -> Option<Harm> {
    let (module, code) = whole.program.code(function);
    if let Some(exit) = exit(whole, function, (id, region)) {
        return Some(Harm::Exits(exit));
    }
    let awaited = code.exprs.range().map(ExprId::new).find(|&expr| {
        matches!(module.kind(expr), ExprKind::Await(_)) && region.body.contains(module.span(expr))
    });
    if let Some(awaited) = awaited {
        return Some(Harm::Cancels(awaited));
    }
    if let Some(call) = touching(whole, function, id, &is_slow) {
        return Some(Harm::Waits(call));
    }
    if repeats(module, code, region, handler) {
        return Some(Harm::Repeats);
    }
    if is_told {
        return None;
    }
    let on_files = |effects: Effects| effects.meets(Effects::FILE);
    let opens = |call: &ExprId| match module.kind(*call) {
        ExprKind::Call { callee, .. } => called(module, code, callee).ends_with("open"),
        _ => false,
    };
    // What one call asks of a file's name, a handler may answer.
    let of_file = touching(whole, function, id, &on_files)
        .filter(|call| region.statements > 1 || opens(call));
    if let Some(call) = of_file.or_else(|| talking(module, code, region)) {
        return Some(Harm::Hides(call));
    }
    let calls = called_names(module, code, region.body);
    (region.statements >= LONG && !calls.is_empty()).then_some(Harm::Buries)
}

/// What ends the program in a suite, with no other handler around it.
fn exit(whole: &Whole<'_>, function: FunctionRef, (id, region): (TryId, &Try)) -> Option<ExprId> {
    let (module_ref, in_module) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    let evaluate = Evaluate::new(whole.program, module_ref, in_module);
    let ends = |expr: ExprId| {
        let callee = match module.kind(expr) {
            ExprKind::Call { callee, .. } => callee,
            _ => expr,
        };
        evaluate
            .dotted(callee)
            .is_some_and(|name| EXITS.contains(&name.as_str()))
    };
    let inner = |at: &crate::ir::Inst| {
        code.tries.iter().enumerate().any(|(index, other)| {
            TryId::new(index) != id
                && other.body.contains(at.span)
                && region.body.contains(other.span)
        })
    };
    insts_in(code, region.body)
        .filter(|inst| !inner(inst))
        .find_map(|inst| match inst.kind {
            InstKind::Raise {
                exception: Some(exception),
                assertion: false,
                ..
            } => ends(exception).then_some(exception),
            InstKind::Eval(value) => {
                let is_call = matches!(module.kind(value), ExprKind::Call { .. });
                (is_call && ends(value)).then_some(value)
            }
            _ => None,
        })
}

/// What ends the program by an exception.
const EXITS: [&str; 9] = [
    "KeyboardInterrupt",
    "SystemExit",
    "builtins.KeyboardInterrupt",
    "builtins.SystemExit",
    "builtins.exit",
    "builtins.quit",
    "exit",
    "quit",
    "sys.exit",
];

/// The first call in a suite that touches something, itself or through functions of the project.
pub(super) fn touching(
    whole: &Whole<'_>,
    function: FunctionRef,
    region: TryId,
    is_wanted: &dyn Fn(Effects) -> bool,
) -> Option<ExprId> {
    let (_, code) = whole.program.code(function);
    let of_library = whole.traces[function.0 as usize].library.iter();
    let of_library = of_library
        .filter(|call| is_within(code, code.block(call.block).guard, region))
        .filter(|call| {
            let known = whole.program.library.get(call.callee);
            is_wanted(known.summary.effects)
        });
    let of_project = whole.graph.calls_in(function).iter();
    let of_project = of_project
        .filter(|site| is_within(code, site.guard, region))
        .filter(|site| {
            let effects = whole.summaries[site.callee.0 as usize].effects;
            !site.is_virtual && is_wanted(effects)
        });
    let first = of_library.map(|call| call.call).next();
    first.or_else(|| of_project.map(|site| site.call).next())
}

/// The first call in a suite of a method whose name says that it talks to something outside.
fn talking(module: &Module, code: &Function, region: &Try) -> Option<ExprId> {
    code.exprs.range().map(ExprId::new).find(|&expr| {
        region.body.contains(module.span(expr))
            && called_name(module, expr).is_some_and(|name| TALKS.contains(&name))
    })
}

/// Whether the `try` stands in a loop with no end, and its handler goes on with the next round.
fn repeats(module: &Module, code: &Function, region: &Try, handler: &Handler) -> bool {
    let in_loop = code.loops.iter().any(|of| match of.kind {
        LoopKind::While { test } => {
            of.suite.contains(region.span)
                && matches!(module.kind(test), ExprKind::True | ExprKind::Int(1))
        }
        LoopKind::For { .. } => false,
    });
    let mut leaves = insts_in(code, handler.body);
    in_loop
        && !leaves.any(|inst| matches!(inst.kind, InstKind::Return(_)))
        && goes_round(code, handler)
}

/// Whether some way through a handler leads back into the loop, and none only out of it: `break` ends the loop.
pub(super) fn goes_round(code: &Function, handler: &Handler) -> bool {
    let around = code
        .loops
        .iter()
        .filter(|of| of.suite.contains(handler.span))
        .min_by_key(|of| of.suite.end - of.suite.start);
    let Some(around) = around else {
        return false;
    };
    let mut seen = rustc_hash::FxHashSet::default();
    let mut open = vec![handler.entry];
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        let block = code.block(at);
        if at == around.header {
            return true;
        }
        let is_inside = |inst: &crate::ir::Inst| around.span.contains(inst.span);
        if !code.insts(block).iter().all(is_inside) {
            continue;
        }
        match block.next {
            crate::ir::Next::Goto(next) => open.push(next),
            crate::ir::Next::Branch(one, other) => open.extend([one, other]),
            _ => {}
        }
    }
    false
}
