//! Calls that can fail for a reason outside the program: the network, a database, a file, another process, a text.

use super::guards::Left;
use super::queries::Queries;
use super::search::{Escape, Search};
use crate::infer::{LibraryCall, Trace};
use crate::ir::{ExprId, ExprKind, Function, LoopKind, Module, TryId, TryKind};
use crate::library::Call;
use crate::project::Evaluate;
use crate::summary::{ClassRef, Delivery, Effects};
use crate::types::{FunctionRef, Type};
use rayon::prelude::*;
use std::sync::Arc;

/// What can fail besides parsing.
pub(super) const IO: Effects = Effects::NETWORK
    .with(Effects::DATABASE)
    .with(Effects::FILE)
    .with(Effects::PROCESS);

/// A call that can fail for a reason outside the program.
#[derive(Clone, Debug)]
pub struct Site {
    /// Whose code it is in.
    pub function: FunctionRef,
    /// The call.
    pub call: LibraryCall,
    /// What it touches.
    pub effects: Effects,
    /// What it raises, as the library tells.
    pub classes: Vec<ClassRef>,
    /// What of it leaves the function, and past which handlers.
    pub left: Left,
    /// How far it gets.
    pub escape: Option<Escape>,
    /// Some caller catches what leaves.
    pub is_spared: bool,
    /// Another caller, of whom nobody is known to call it, does not.
    pub leaks: bool,
    /// Such a caller names the classes, or a decorator does it.
    pub is_spared_by_name: bool,
    /// Somebody in the project calls a method of its name, on something unknown, and does not catch what leaves.
    pub is_called_by_name: bool,
    /// A decorator of the function calls it again when it raises.
    pub retries: bool,
    /// It stands in a loop with no end.
    pub in_endless_loop: bool,
    /// The classes are those that the call raises seldom; these handlers catch the usual ones.
    pub rare_for: Option<TryId>,
}

/// Every site outside of tests and the like.
pub(super) fn find(search: &Search<'_, '_, '_>, traces: &[Arc<Trace>]) -> Vec<Site> {
    let queries = Queries::of(search.program);
    let parts: Vec<Vec<Site>> = traces
        .par_iter()
        .enumerate()
        .map(|(index, trace)| {
            let function = FunctionRef(index as u32);
            let is_silent = search
                .entries
                .is_out_of_scope(search.program.locate(function).0);
            let calls = if is_silent {
                &[]
            } else {
                trace.library.as_slice()
            };
            let revealed = if is_silent {
                Vec::new()
            } else {
                super::revealed::calls(search, function, trace)
            };
            let asked = match is_silent {
                true => Vec::new(),
                false => queries.asked(search.program, function),
            };
            calls
                .iter()
                .chain(&revealed)
                .chain(&asked)
                .flat_map(|call| sites(search, function, *call))
                .collect()
        })
        .collect();
    parts.into_iter().flatten().collect()
}

/// A call, for what it usually raises, and once more for what it seldom raises if that is what its handlers forget.
fn sites(search: &Search<'_, '_, '_>, function: FunctionRef, call: LibraryCall) -> Vec<Site> {
    let mut usual = site(search, function, call);
    let rare = match &mut usual {
        Some(usual) if usual.left.classes != 0 => {
            also(search, usual);
            None
        }
        Some(usual) => rare(search, function, call, &usual.classes),
        None => rare(search, function, call, &[]),
    };
    rare.into_iter().chain(usual).collect()
}

/// Adds what a call seldom raises to what handlers around it let through: who widens them does it once.
fn also(search: &Search<'_, '_, '_>, site: &mut Site) {
    let (_, code) = search.program.code(site.function);
    if code.block(site.call.block).guard.is_none() {
        return;
    }
    let rare = super::raised::seldom(search, site.function, site.call);
    if rare.is_empty() {
        return;
    }
    let mut classes = site.classes.clone();
    classes.extend(rare);
    let wider = escaping(search, site.function, site.call, classes);
    *site = Site {
        effects: site.effects,
        in_endless_loop: site.in_endless_loop,
        ..wider
    };
}

/// What a call seldom raises and the handlers written for it let through.
fn rare(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    call: LibraryCall,
    usual: &[ClassRef],
) -> Option<Site> {
    let (module, code) = search.program.code(function);
    let guard = code.block(call.block).guard;
    guard?;
    let classes = super::raised::seldom(search, function, call);
    if classes.is_empty() {
        return None;
    }
    let library = search.program.library;
    let of_system = library.class("OSError", module.dialect);
    let of_document = library.class("json.decoder.JSONDecodeError", module.dialect);
    let mut usual = match (usual, of_system.as_slice()) {
        ([], of_system) => of_system.to_vec(),
        (usual, _) => usual.to_vec(),
    };
    let is_text = |class: &ClassRef| library.class_name(*class) == "UnicodeDecodeError";
    // Who catches what is wrong in a document has a text in mind.
    usual.extend(of_document.filter(|_| classes.iter().any(is_text)));
    let meant = search.guards.meant(function, guard, &usual)?;
    let mut site = escaping(search, function, call, classes);
    site.effects = library.get(call.callee).summary.effects;
    site.in_endless_loop = in_endless_loop(module, code, call.call);
    site.rare_for = Some(meant);
    (site.left.classes != 0).then_some(site)
}

fn site(search: &Search<'_, '_, '_>, function: FunctionRef, call: LibraryCall) -> Option<Site> {
    let program = search.program;
    let known = program.library.get(call.callee);
    let effects = known.summary.effects;
    if !effects.meets(IO.with(Effects::PARSE)) {
        return None;
    }
    let (module, code) = program.code(function);
    let is_late = known.lazy || known.summary.delivery != Delivery::Now;
    if is_late && !search.guards.is_consumed(function, call.call) {
        return None;
    }
    if effects.meets(Effects::FILE) && is_in_memory(search, function, call.call) {
        return None;
    }
    if is_queued(search, function, known, call.call) {
        return None;
    }
    let mut classes = super::raised::usual(search, function, call);
    let is_bare = code.block(call.block).guard.is_none();
    if is_bare && super::raised::is_decoding(&known.name) {
        classes.extend(super::raised::seldom(search, function, call));
    }
    if classes.is_empty() {
        return None;
    }
    let mut site = escaping(search, function, call, classes);
    site.effects = effects;
    site.in_endless_loop = in_endless_loop(module, code, call.call);
    Some(site)
}

/// How far these classes get when the call raises them.
fn escaping(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    call: LibraryCall,
    classes: Vec<ClassRef>,
) -> Site {
    let (module, code) = search.program.code(function);
    let guard = code.block(call.block).guard;
    let all = (1_u32 << classes.len()) - 1;
    let consumed = &search.guards.local(function).consumed;
    let guards = consumed.guards_of(module, code, call.call, guard);
    let left = search.guards.leave_any(function, &guards, &classes, all);
    let ways = (left.classes != 0).then(|| search.from(function, left, &classes));
    let (escape, is_spared, is_spared_by_name, leaks) = ways
        .map_or((None, false, false, false), |ways| {
            (ways.escape, ways.is_spared, ways.is_named, ways.leaks)
        });
    let retries = search.guards.retries(function, &classes, left.classes);
    Site {
        function,
        call,
        effects: Effects::NOTHING,
        classes,
        left,
        escape,
        is_spared,
        is_spared_by_name,
        leaks,
        is_called_by_name: false,
        retries,
        in_endless_loop: false,
        rare_for: None,
    }
}

/// Whether a command only waits in a pipeline for its `execute`.
fn is_queued(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    known: &Call,
    call: ExprId,
) -> bool {
    let program = search.program;
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, .. } = module.kind(callee) else {
        return false;
    };
    let receiver = Evaluate::new(program, module_ref, id).value(value);
    match program.types.get(receiver.class) {
        Type::Instance(class) => {
            program.class_name(class).ends_with("Pipeline") && !known.name.ends_with(".execute")
        }
        _ => false,
    }
}

/// Whether the file that a call is given is no file but a buffer.
fn is_in_memory(search: &Search<'_, '_, '_>, function: FunctionRef, call: ExprId) -> bool {
    let program = search.program;
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let evaluate = Evaluate::new(program, module_ref, id);
    module.arguments(arguments).iter().any(|argument| {
        match program.types.get(evaluate.value(argument.value).class) {
            Type::Instance(class) => {
                matches!(program.class_name(class), "io.BytesIO" | "io.StringIO")
            }
            _ => false,
        }
    })
}

/// Whether an expression stands in a `while True` that nothing in it ends on purpose.
fn in_endless_loop(module: &Module, code: &Function, expr: ExprId) -> bool {
    let span = module.span(expr);
    code.loops.iter().any(|of| match of.kind {
        LoopKind::While { test } => {
            of.suite.contains(span)
                && matches!(module.kind(test), ExprKind::True | ExprKind::Int(1))
        }
        LoopKind::For { .. } => false,
    })
}

impl Site {
    /// Those classes of a mask, in the order of the table.
    pub fn named(&self, mask: u32) -> impl Iterator<Item = ClassRef> {
        self.classes
            .iter()
            .enumerate()
            .filter(move |(index, _)| mask >> index & 1 == 1)
            .map(|(_, &class)| class)
    }

    /// The innermost handlers around the call that let something through, if there are any in its function.
    pub fn missed_by(&self, code: &Function) -> Option<crate::ir::TryId> {
        let region = self.left.partial.or(self.left.nearest)?;
        matches!(code.region(region).kind, TryKind::Catch { .. }).then_some(region)
    }
}
