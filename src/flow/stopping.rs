//! Calls that do not come back: always, or for what they are given.

use super::Flow;
use crate::ir::{ExprId, ExprKind, Function, Module, Run};
use crate::project::{Actual, Target, actuals};
use crate::summary::{Delivery, Summary};
use crate::types::FunctionRef;
use smallvec::SmallVec;

/// Names of functions that end the program, the test or the request.
const FINAL: [&str; 16] = [
    "exit",
    "_exit",
    "abort",
    "fail",
    "die",
    "fatal",
    "bail",
    "bailout",
    "fail_json",
    "exit_json",
    "usage",
    "skip",
    "skipTest",
    "quit",
    "panic",
    "print_usage_and_exit",
];

impl Flow<'_, '_> {
    /// Whether a call, for all that is known, does not come back; of a coroutine, where it is awaited.
    pub(crate) fn never_returns(&self, expr: ExprId) -> bool {
        let (call, is_awaited) = match self.module.kind(expr) {
            ExprKind::Await(call) => (call, true),
            _ => (expr, false),
        };
        let ExprKind::Call { callee, arguments } = self.module.kind(call) else {
            return false;
        };
        match self.program.target(self.evaluate.value(callee)) {
            Target::Function { function, bound } => {
                let is_run = match self.program.delivery(function) {
                    Delivery::Now => true,
                    Delivery::Awaited => is_awaited,
                    _ => false,
                };
                let summary = self.summary(function);
                let known = is_run
                    && (summary.never_returns
                        || self.stops_for(summary, function, arguments, bound));
                // What is overridden, and called what it is called, does not come back either.
                known && (!(bound && self.is_overridden(function)) || self.sounds_final(callee))
            }
            Target::Library(call) => self.program.library.get(call).summary.never_returns,
            Target::Unknown => self.sounds_final(callee),
            Target::Construct { .. } => false,
        }
    }

    /// Whether literals that a call passes, or defaults that it leaves, keep a function from coming back.
    fn stops_for(
        &self,
        summary: &Summary,
        function: FunctionRef,
        arguments: Run,
        bound: bool,
    ) -> bool {
        if summary.stops_if.is_empty() && summary.stops_unless.is_empty() {
            return false;
        }
        let (module, code) = self.program.code(function);
        let arguments = self.module.arguments(arguments);
        let given = actuals(self.module, arguments, module, code, bound);
        stops_by_literal(summary, &given, (self.module, module, code))
    }

    /// The arguments of a call of the project's own that decide whether it comes back, and what each must be for that:
    /// `fatal` of `f(fatal)` where the body says `if fatal: raise` must be false. A default is an argument too, but of
    /// another module, and left out.
    pub(crate) fn stopping(&self, expr: ExprId) -> SmallVec<[(ExprId, bool); 1]> {
        let ExprKind::Call { callee, arguments } = self.module.kind(expr) else {
            return SmallVec::new();
        };
        let Target::Function { function, bound } = self.program.target(self.evaluate.value(callee))
        else {
            return SmallVec::new();
        };
        let summary = self.summary(function);
        let decides = summary.stops_if.or(summary.stops_unless);
        let comes_later = self.program.delivery(function) != Delivery::Now;
        if decides.is_empty() || comes_later || (bound && self.is_overridden(function)) {
            return SmallVec::new();
        }
        let (module, code) = self.program.code(function);
        let given = actuals(
            self.module,
            self.module.arguments(arguments),
            module,
            code,
            bound,
        );
        let given = given.into_iter().enumerate();
        let stopping = given.filter_map(|(parameter, actual)| match actual {
            Actual::Given(argument) if decides.has(parameter) => {
                Some((argument, summary.stops_unless.has(parameter)))
            }
            _ => None,
        });
        stopping.collect()
    }

    /// An unknown function whose name says that it does not come back is believed: the alternative is a false alarm.
    pub(super) fn sounds_final(&self, callee: ExprId) -> bool {
        let (name, receiver) = match self.module.kind(callee) {
            ExprKind::Attribute { value, name, .. } => (self.module.name(name), value),
            ExprKind::Name(_) => {
                let name = self.module.plain_name(self.code, callee);
                return name.is_some_and(|name| FINAL.contains(&name));
            }
            _ => return false,
        };
        let of_parser = || {
            let receiver = self.module.dotted(self.code, receiver);
            receiver.is_some_and(|receiver| receiver.to_ascii_lowercase().contains("parser"))
        };
        FINAL.contains(&name) || (name == "error" && of_parser())
    }
}

/// Whether a parameter that keeps a function from coming back is true, or false, for certain, given or by default.
pub(super) fn stops_by_literal(
    summary: &Summary,
    given: &[Actual],
    (caller, module, code): (&Module, &Module, &Function),
) -> bool {
    if summary.stops_if.is_empty() && summary.stops_unless.is_empty() {
        return false;
    }
    let parameters = given.iter().zip(&code.parameters).enumerate();
    { parameters }.any(|(index, (actual, parameter))| {
        let literal = match actual {
            Actual::Given(argument) => Some(caller.kind(*argument)),
            Actual::Omitted => parameter.default.map(|default| module.kind(default)),
            Actual::Unclear => None,
        };
        match literal {
            Some(ExprKind::True) => summary.stops_if.has(index),
            Some(ExprKind::False | ExprKind::None) => summary.stops_unless.has(index),
            _ => false,
        }
    })
}
