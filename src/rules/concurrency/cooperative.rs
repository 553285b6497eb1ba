//! Code that shares its thread with everything else: coroutines, callbacks of a reactor, greenlets, and what they call.

use crate::escape::{Entry, Hop};
use crate::ir::{ExprId, ExprKind, Function, FunctionKind, Module};
use crate::library::schema::{Fate, Makes, Runs};
use crate::project::{CallKind, CallSite, Evaluate, Target};
use crate::rules::Whole;
use crate::summary::Delivery;
use crate::types::FunctionRef;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// Calls further down than that are not followed.
const DEPTH: u8 = 8;

/// Who shares a thread with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Context {
    /// A coroutine of an event loop.
    Coroutine,
    /// A callback of a reactor, or a generator that it drives.
    Reactor,
    /// A greenlet, and nothing is patched.
    Greenlet,
}

/// How a function comes to run there.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Reached {
    pub(in crate::rules) context: Context,
    /// The call that leads here, one step up; nothing for the coroutine or callback itself.
    pub(in crate::rules) from: Option<Hop>,
    /// Some call on the way may reach another function.
    pub(in crate::rules) is_doubtful: bool,
    depth: u8,
}

/// Every function that runs in a coroutine, a callback of a reactor or a greenlet.
pub(in crate::rules) struct Cooperative {
    of: Vec<Option<Reached>>,
}

impl Cooperative {
    /// Follows the calls down from the coroutines and callbacks, certain ones first, so that each function is reached
    /// on its shortest certain way.
    pub(in crate::rules) fn of(whole: &Whole<'_>) -> Self {
        let count = whole.program.function_count() as u32;
        let mut found = Self {
            of: vec![None; count as usize],
        };
        let contexts: Vec<Option<Context>> = (0..count)
            .map(|index| context(whole, FunctionRef(index)))
            .collect();
        for wanted in [Context::Coroutine, Context::Reactor, Context::Greenlet] {
            for (function, &context) in found.of.iter_mut().zip(&contexts) {
                if context == Some(wanted) && function.is_none() {
                    *function = Some(Reached {
                        context: wanted,
                        from: None,
                        is_doubtful: false,
                        depth: 0,
                    });
                }
            }
        }
        for is_doubtful in [false, true] {
            for wanted in [Context::Coroutine, Context::Reactor, Context::Greenlet] {
                found.spread(whole, wanted, is_doubtful);
            }
        }
        found
    }

    /// How a function is reached.
    pub(in crate::rules) fn get(&self, function: FunctionRef) -> Option<Reached> {
        self.of[function.0 as usize]
    }

    fn spread(&mut self, whole: &Whole<'_>, wanted: Context, is_doubtful: bool) {
        let starts = self.of.iter().enumerate();
        let mut open: VecDeque<FunctionRef> = starts
            .filter(|(_, reached)| reached.is_some_and(|reached| reached.context == wanted))
            .map(|(index, _)| FunctionRef(index as u32))
            .collect();
        while let Some(caller) = open.pop_front() {
            let Some(above) = self.get(caller).filter(|above| above.depth < DEPTH) else {
                continue;
            };
            let awaited = awaited(whole, caller, is_doubtful);
            for site in whole.graph.calls_in(caller) {
                // What is awaited is a coroutine: an override that is none is not the one that is called.
                let is_open = site.is_virtual || site.kind == CallKind::Value;
                if (is_open && awaited.contains(&site.call)) || !is_call_of(whole, site) {
                    continue;
                }
                let is_new = self.get(site.callee).is_none();
                if !is_new || (is_open && !is_doubtful) || !runs_at_once(whole, site.callee) {
                    continue;
                }
                self.of[site.callee.0 as usize] = Some(Reached {
                    context: wanted,
                    from: Some(Hop {
                        caller,
                        call: site.call,
                    }),
                    is_doubtful: above.is_doubtful || is_open,
                    depth: above.depth + 1,
                });
                open.push_back(site.callee);
            }
        }
    }

    /// The calls from a coroutine or callback down to a function, and that coroutine or callback.
    pub(in crate::rules) fn way(&self, function: FunctionRef) -> (FunctionRef, Vec<Hop>) {
        let mut path = Vec::new();
        let mut top = function;
        while let Some(hop) = self.get(top).and_then(|reached| reached.from) {
            path.push(hop);
            top = hop.caller;
        }
        path.reverse();
        (top, path)
    }
}

/// Whether a call calls the function itself, and does not only hand it to something that may call it elsewhere.
fn is_call_of(whole: &Whole<'_>, site: &CallSite) -> bool {
    let (module_ref, id) = whole.program.locate(site.caller);
    let module = whole.program.module(module_ref);
    let ExprKind::Call { callee, .. } = module.kind(site.call) else {
        return false;
    };
    let value = Evaluate::new(whole.program, module_ref, id).value(callee);
    match whole.program.target(value) {
        Target::Function { function, .. } => function == site.callee || site.is_virtual,
        Target::Construct { initializer, .. } => initializer == Some(site.callee),
        Target::Library(_) => false,
        Target::Unknown => site.kind == CallKind::Value,
    }
}

/// The calls that a function awaits.
fn awaited(whole: &Whole<'_>, caller: FunctionRef, is_wanted: bool) -> FxHashSet<ExprId> {
    let (module, code) = whole.program.code(caller);
    let exprs = code.exprs.range().map(ExprId::new);
    let awaited = exprs.filter_map(|expr| match module.kind(expr) {
        ExprKind::Await(value) if is_wanted => Some(value),
        _ => None,
    });
    awaited.collect()
}

/// Whether calling a function runs its body then and there.
fn runs_at_once(whole: &Whole<'_>, callee: FunctionRef) -> bool {
    let (module, _) = whole.program.locate(callee);
    let decoration = whole.program.decoration(callee);
    let is_now = whole.program.delivery(callee) == Delivery::Now || decoration.is_context_manager;
    is_now && !decoration.is_opaque && !whole.escapes.is_out_of_scope(module)
}

fn context(whole: &Whole<'_>, function: FunctionRef) -> Option<Context> {
    let (module_ref, _) = whole.program.locate(function);
    if whole.escapes.is_out_of_scope(module_ref) {
        return None;
    }
    let (module, code) = whole.program.code(function);
    if code.is_async {
        return Some(Context::Coroutine);
    }
    if is_driven(whole, function, module, code) {
        return Some(Context::Reactor);
    }
    match whole.escapes.entry(function) {
        Some(Entry::Registered {
            runs: Runs::Loop,
            fate,
        }) if fate != Fate::Raised && !code.is_generator => Some(Context::Reactor),
        Some(Entry::Registered {
            runs: Runs::Greenlet,
            ..
        }) if !is_patched(whole) => Some(Context::Greenlet),
        _ => None,
    }
}

/// Whether a decorator makes the generator a coroutine: `inlineCallbacks`, `gen.coroutine`.
fn is_driven(whole: &Whole<'_>, function: FunctionRef, module: &Module, code: &Function) -> bool {
    let Some(parent) = code.parent.filter(|_| code.kind == FunctionKind::Def) else {
        return false;
    };
    let (module_ref, _) = whole.program.locate(function);
    let evaluate = Evaluate::new(whole.program, module_ref, parent);
    module.list(code.decorators).iter().any(|&decorator| {
        let callee = match module.kind(decorator) {
            ExprKind::Call { callee, .. } => callee,
            _ => decorator,
        };
        let name = evaluate.dotted(callee).unwrap_or_default();
        let makes = whole
            .program
            .library
            .decorator(&name)
            .and_then(|known| known.makes);
        matches!(makes, Some(Makes::Deferred | Makes::Coroutine))
    })
}

/// Whether the project makes the standard library cooperative somewhere.
fn is_patched(whole: &Whole<'_>) -> bool {
    let names = ["patch_all", "patch_socket", "patch_time", "monkey_patch"];
    names
        .iter()
        .any(|name| whole.program.find_symbol(name).is_some())
}
