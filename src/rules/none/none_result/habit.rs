//! What callers do with the result of a function of the project, and what the function says itself of the None that it gives.

use super::keyed::constant;
use super::{callee, ends};
use crate::finding::Confidence;
use crate::flow::Given;
use crate::ir::{Comparison, ExprId, ExprKind, Function, InstKind, Module, PlaceId};
use crate::project::{Actual, Evaluate, Target, actuals};
use crate::rules::Whole;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};

/// How the callers of a function treat its result.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    tested: usize,
    used: usize,
}

/// A function, and the key that a call of it looks up, where it is a lookup.
type Asked = (FunctionRef, Option<String>);

/// How the callers of all functions treat their results.
pub(super) struct Habits {
    known: FxHashMap<Asked, Habit>,
    /// Functions that some caller tests, and hardly any uses untested: helpers that are called everywhere say nothing of one call.
    doubted: FxHashSet<FunctionRef>,
}

impl Habits {
    pub(super) fn of(whole: &Whole<'_>) -> Self {
        let mut known: FxHashMap<Asked, Habit> = FxHashMap::default();
        for (index, trace) in whole.traces.iter().enumerate() {
            if trace.results.is_empty() && trace.tested.is_empty() {
                continue;
            }
            let caller = FunctionRef(index as u32);
            let flow = whole.flow(caller);
            let mut tested: Vec<ExprId> = trace.tested.clone();
            let mut used: Vec<ExprId> = trace.results.iter().map(|used| used.source).collect();
            for (sources, is_test) in [(&mut tested, true), (&mut used, false)] {
                sources.sort_unstable();
                sources.dedup();
                for &source in sources.iter() {
                    let Target::Function { function, .. } = callee(&flow, source) else {
                        continue;
                    };
                    let key = key_of(whole, caller, source, function);
                    let habit = known.entry((function, key)).or_default();
                    match is_test {
                        true => habit.tested += 1,
                        false => habit.used += 1,
                    }
                }
            }
        }
        let doubted = doubted(&known);
        Self { known, doubted }
    }

    /// How sure it is that the None of a function is one that callers have to reckon with. One in a tuple was written there.
    pub(super) fn confidence(
        &self,
        whole: &Whole<'_>,
        caller: FunctionRef,
        call: ExprId,
        (function, given): (FunctionRef, &[(PlaceId, Given)]),
        is_tuple: bool,
    ) -> Confidence {
        if is_surrounding(whole, function) {
            return Confidence::Low;
        }
        let asked = (function, key_of(whole, caller, call, function));
        let habit = self.known.get(&asked).copied().unwrap_or_default();
        match habit {
            Habit { tested: 0, .. } if asked.1.is_some() && !self.is_doubted(whole, function) => {
                Confidence::Low
            }
            Habit { tested, used } if used > 2 && used > 4 * tested => Confidence::Low,
            Habit { tested, used } if tested >= 2 * used => Confidence::High,
            Habit { tested: 0, .. } if !is_tuple && !is_meant(whole, function, given) => {
                Confidence::Low
            }
            _ => Confidence::Medium,
        }
    }

    /// Whether a function says that it may find nothing, and callers that look up something else test for that.
    fn is_doubted(&self, whole: &Whole<'_>, function: FunctionRef) -> bool {
        let (module, code) = whole.program.code(function);
        self.doubted.contains(&function) && is_documented(module, code)
    }

    /// Whether callers test the None that a function only hands on, or its author wrote of it.
    pub(super) fn is_reckoned_with(
        &self,
        whole: &Whole<'_>,
        caller: FunctionRef,
        call: ExprId,
        function: FunctionRef,
    ) -> bool {
        let (module, code) = whole.program.code(function);
        self.doubted.contains(&function)
            && (self.is_tested(whole, caller, call, function)
                || is_annotated(whole, function)
                || is_documented(module, code))
    }

    /// Whether at least as many callers test the result as use it untested.
    pub(super) fn is_tested(
        &self,
        whole: &Whole<'_>,
        caller: FunctionRef,
        call: ExprId,
        function: FunctionRef,
    ) -> bool {
        let asked = (function, key_of(whole, caller, call, function));
        let habit = self.known.get(&asked).copied().unwrap_or_default();
        habit.tested > 0 && habit.used <= habit.tested
    }
}

/// More uses without a test than this, whatever is looked up, and the None of a function is no news to its callers.
const USES: usize = 8;

fn doubted(known: &FxHashMap<Asked, Habit>) -> FxHashSet<FunctionRef> {
    let mut all: FxHashMap<FunctionRef, Habit> = FxHashMap::default();
    known.iter().for_each(|((function, _), habit)| {
        let of_all = all.entry(*function).or_default();
        of_all.tested += habit.tested;
        of_all.used += habit.used;
    });
    let is_doubted = |habit: &Habit| habit.tested > 0 && habit.used <= USES;
    let doubted = all.iter().filter(|(_, habit)| is_doubted(habit));
    doubted.map(|(function, _)| *function).collect()
}

/// The constants that a call gives to parameters that the callee looks something up by.
fn key_of(
    whole: &Whole<'_>,
    caller: FunctionRef,
    call: ExprId,
    function: FunctionRef,
) -> Option<String> {
    let (outer, outer_code) = whole.program.code(caller);
    let (module, code) = whole.program.code(function);
    let ExprKind::Call { callee, arguments } = outer.kind(call) else {
        return None;
    };
    let flow = whole.flow(caller);
    let Target::Function { bound, .. } = whole.program.target(flow.evaluate.value(callee)) else {
        return None;
    };
    let given = actuals(outer, outer.arguments(arguments), module, code, bound);
    let keys = code
        .parameters
        .iter()
        .zip(given)
        .filter_map(|(parameter, actual)| {
            let Actual::Given(argument) = actual else {
                return None;
            };
            let key = constant(outer, outer_code, argument)?;
            is_key(module, code, parameter.place).then_some(key)
        });
    let keys: Vec<String> = keys.collect();
    (!keys.is_empty()).then(|| keys.join(","))
}

/// Whether a function looks something up by a parameter.
fn is_key(module: &Module, code: &Function, parameter: PlaceId) -> bool {
    let is_it = |expr: ExprId| module.kind(expr) == ExprKind::Name(parameter);
    code.exprs
        .range()
        .map(ExprId::new)
        .any(|expr| match module.kind(expr) {
            ExprKind::Subscript { index, .. } => is_it(index),
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                left,
                ..
            } => is_it(left),
            ExprKind::Call { callee, arguments } => {
                let looks_up = match module.kind(callee) {
                    ExprKind::Attribute { name, .. } => module.name(name).starts_with("get"),
                    _ => module.dotted(code, callee).as_deref() == Some("getattr"),
                };
                looks_up
                    && module
                        .arguments(arguments)
                        .iter()
                        .any(|given| is_it(given.value))
            }
            _ => false,
        })
}

/// Whether a function gives what its caller runs inside of: `current()`, `get_current_task()`. Who asks knows that there is one.
fn is_surrounding(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    let name = name.strip_prefix("get_").unwrap_or(name);
    name == "current" || name.starts_with("current_")
}

/// Whether a function whose result nobody tests gives None on purpose: it says so, or something was not found, or failed.
fn is_meant(whole: &Whole<'_>, function: FunctionRef, given: &[(PlaceId, Given)]) -> bool {
    let flow = whole.flow(function);
    is_annotated(whole, function)
        || is_documented(flow.module, flow.code)
        || ends::is_told(whole, &flow, given)
}

/// Whether the annotation behind `->` allows None.
fn is_annotated(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module_ref, _) = whole.program.locate(function);
    let (_, code) = whole.program.code(function);
    let (Some(annotation), Some(parent)) = (code.returns, code.parent) else {
        return false;
    };
    let outer = Evaluate::new(whole.program, module_ref, parent);
    outer.annotated(annotation).may_be_none()
}

/// Whether the docstring speaks of a None that is returned.
fn is_documented(module: &Module, code: &Function) -> bool {
    let Some(first) = code.insts.first().filter(|_| code.has_docstring) else {
        return false;
    };
    let InstKind::Eval(text) = first.kind else {
        return false;
    };
    let ExprKind::Text(text) = module.kind(text) else {
        return false;
    };
    let mut lines = module.name(text).lines();
    lines.any(|line| {
        let lower = line.to_ascii_lowercase();
        line.contains("None")
            && [
                "return",
                "rtype",
                "or none",
                "none if",
                "none when",
                "none otherwise",
            ]
            .iter()
            .any(|word| lower.contains(word))
    })
}
