//! Why a parameter may be None: its default, its annotation, and what every call in the program passes.

use crate::flow::Origin;
use crate::infer::Pass;
use crate::ir::{ExprId, ExprKind, FunctionKind};
use crate::project::{CallKind, Evaluate};
use crate::rules::Whole;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// A parameter of a function.
pub(in crate::rules) type Key = (FunctionRef, u16);

/// Why a parameter may be None.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Evidence {
    /// Its default is None; with a call that leaves it out, if there is one.
    Default(Option<(FunctionRef, ExprId)>),
    /// Its annotation says so.
    Declared,
    /// The function itself has tested it for None.
    Asked(ExprId),
    /// A call passes None, or what may be None.
    Passed {
        /// The function that the call is in.
        caller: FunctionRef,
        /// It.
        call: ExprId,
        /// It is written out: `f(None)`.
        literal: bool,
        /// Where None comes from.
        source: ExprId,
    },
    /// A call passes on a parameter that may be None.
    Forwarded {
        /// The caller's parameter.
        from: Key,
        /// The call.
        call: ExprId,
    },
}

/// So many calls are kept for each parameter: one of them may come with arguments under which the use is not reached.
const CALLS: usize = 12;

/// What is known of each parameter that may be None, nearest first.
#[derive(Debug, Default)]
pub(in crate::rules) struct AllEvidence {
    known: FxHashMap<Key, Vec<Evidence>>,
    left_out_by_tests: FxHashSet<Key>,
}

impl AllEvidence {
    /// All that is known of a parameter; None written out comes first.
    pub(in crate::rules) fn of(&self, key: Key) -> &[Evidence] {
        self.known.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Whether a test leaves a parameter to its default of None: so may anybody else.
    pub(in crate::rules) fn is_left_out_by_tests(&self, key: Key) -> bool {
        self.left_out_by_tests.contains(&key)
    }

    fn add(&mut self, key: Key, new: Evidence) {
        let known = self.known.entry(key).or_default();
        if known.len() >= CALLS || known.contains(&new) {
            return;
        }
        let is_literal =
            |evidence: &Evidence| matches!(evidence, Evidence::Passed { literal: true, .. });
        let at = match is_literal(&new) {
            true => known.iter().take_while(|known| is_literal(known)).count(),
            false => known.len(),
        };
        known.insert(at, new);
    }
}

/// Everything that says of a parameter that it may be None, nearest first.
pub(in crate::rules) fn gather(whole: &Whole<'_>) -> AllEvidence {
    let mut evidence = AllEvidence::default();
    let mut forwards: FxHashMap<Key, Vec<(Key, ExprId)>> = FxHashMap::default();
    for (index, trace) in whole.traces.iter().enumerate() {
        let caller = FunctionRef(index as u32);
        if crate::rules::is_test(whole.program, caller) {
            let omitted = trace.passes.iter().filter(|pass| {
                pass.argument.is_none() && has_none_default(whole, pass.callee, pass.parameter)
            });
            let keys = omitted.map(|pass| (pass.callee, pass.parameter));
            evidence.left_out_by_tests.extend(keys);
            continue;
        }
        for pass in &trace.passes {
            passed(whole, caller, pass, &mut evidence, &mut forwards);
        }
    }
    for index in 0..whole.traces.len() {
        declared(whole, FunctionRef(index as u32), &mut evidence);
    }
    spread(&mut evidence, &forwards);
    evidence
}

fn passed(
    whole: &Whole<'_>,
    caller: FunctionRef,
    pass: &Pass,
    evidence: &mut AllEvidence,
    forwards: &mut FxHashMap<Key, Vec<(Key, ExprId)>>,
) {
    let key = (pass.callee, pass.parameter);
    let Some(argument) = pass.argument else {
        if has_none_default(whole, pass.callee, pass.parameter) {
            evidence.add(key, Evidence::Default(Some((caller, pass.call))));
        }
        return;
    };
    if !pass.held.value.may_be_none() {
        return;
    }
    match pass.held.origin {
        Origin::Expr(source) => {
            let (module, _) = whole.program.code(caller);
            let literal = matches!(module.kind(argument), ExprKind::None);
            let new = Evidence::Passed {
                caller,
                call: pass.call,
                literal,
                source,
            };
            evidence.add(key, new);
        }
        Origin::Parameter(parameter) => forwards
            .entry((caller, parameter))
            .or_default()
            .push((key, pass.call)),
        _ => {}
    }
}

/// Whether a parameter's default is None.
pub(in crate::rules) fn has_none_default(
    whole: &Whole<'_>,
    function: FunctionRef,
    parameter: u16,
) -> bool {
    let (module, code) = whole.program.code(function);
    let default = code
        .parameters
        .get(usize::from(parameter))
        .and_then(|parameter| parameter.default);
    default.is_some_and(|default| matches!(module.kind(default), ExprKind::None))
}

/// What a function says of its own parameters. Where all its callers are known, they know better.
fn declared(whole: &Whole<'_>, function: FunctionRef, evidence: &mut AllEvidence) {
    let (module_ref, _) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    if code.kind != FunctionKind::Def || are_callers_known(whole, function) {
        return;
    }
    let Some(parent) = code.parent else { return };
    let outer = Evaluate::new(whole.program, module_ref, parent);
    for (index, parameter) in code.parameters.iter().enumerate() {
        let key = (function, index as u16);
        let optional = parameter
            .annotation
            .is_some_and(|annotation| outer.annotated(annotation).may_be_none());
        if parameter
            .default
            .is_some_and(|default| matches!(module.kind(default), ExprKind::None))
        {
            evidence.add(key, Evidence::Default(None));
        } else if optional {
            evidence.add(key, Evidence::Declared);
        }
    }
}

/// A private function that is only called, never handed around.
fn are_callers_known(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    let is_private = name.starts_with('_') && !name.ends_with("__");
    let is_nested = code
        .parent
        .is_some_and(|parent| module.function(parent).kind == FunctionKind::Def);
    (is_private || is_nested)
        && is_called_by_name(whole, function)
        && !whole.graph.escapes(function)
}

/// Whether some call says the function's name: a wrapper that passes everything on does not.
pub(in crate::rules) fn is_called_by_name(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let mut calls = whole.graph.calls_of(function);
    calls.any(|site| site.kind == CallKind::Named)
}

/// Whether code that is no test says the function's name.
pub(in crate::rules) fn is_called_in_earnest(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let mut calls = whole.graph.calls_of(function);
    calls.any(|site| {
        site.kind == CallKind::Named && !crate::rules::is_test(whole.program, site.caller)
    })
}

/// What is passed on carries its evidence along; what calls say for certain comes before it.
fn spread(evidence: &mut AllEvidence, forwards: &FxHashMap<Key, Vec<(Key, ExprId)>>) {
    let mut open: Vec<Key> = evidence.known.keys().copied().collect();
    open.sort_unstable();
    let mut open = VecDeque::from(open);
    while let Some(from) = open.pop_front() {
        for &(to, call) in forwards.get(&from).into_iter().flatten() {
            let is_new = evidence.of(to).is_empty();
            evidence.add(to, Evidence::Forwarded { from, call });
            if is_new {
                open.push_back(to);
            }
        }
    }
}
