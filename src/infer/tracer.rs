//! The final walk through a function: rules listen to it, and it keeps a trace of what they ask for later.

use super::survives_none;
use super::trace::{
    AttributeBinding, AttributeUse, LibraryCall, ParameterUse, Pass, ResultUse, Trace,
};
use crate::flow::{Event, Flow, Observer, Origin, Solution, State};
use crate::ir::{ExprId, ExprKind, InstKind};
use crate::project::{Symbol, Target};
use crate::summary::{ClassRef, Effects};
use crate::types::{CallRef, Type};
use crate::value::Facts;
use rustc_hash::FxHashSet;

/// Walks through a function whose callees' summaries are final, for rules to listen, and keeps what they ask for later.
pub fn trace(flow: &Flow<'_, '_>, solution: &Solution, listener: &mut dyn Observer) -> Trace {
    let mut tracer = Tracer {
        trace: Trace {
            gave_up: solution.gave_up,
            ..Trace::default()
        },
        calls: FxHashSet::default(),
        uses: FxHashSet::default(),
        listener,
    };
    flow.walk(solution, &mut tracer);
    tracer.trace
}

struct Tracer<'l> {
    trace: Trace,
    /// The calls in `Trace::library`.
    calls: FxHashSet<ExprId>,
    /// The parameters and subjects in `Trace::uses`.
    uses: FxHashSet<(u16, ExprId)>,
    listener: &'l mut dyn Observer,
}

impl Observer for Tracer<'_> {
    fn event(&mut self, flow: &Flow<'_, '_>, state: &State, event: Event<'_>) {
        match event {
            Event::Pass {
                call,
                callee,
                parameter,
                argument,
                held,
            } => {
                self.trace.passes.push(Pass {
                    call,
                    callee,
                    parameter,
                    argument,
                    held,
                });
            }
            Event::Use {
                subject,
                held,
                how,
                at,
            } => {
                if let Origin::Parameter(parameter) = held.origin
                    && !survives_none(flow)
                    && self.uses.insert((parameter, subject))
                {
                    let position = flow.position();
                    self.trace.uses.push(ParameterUse {
                        parameter,
                        subject,
                        at,
                        how,
                        position,
                    });
                }
                if let Origin::Attribute(source) = held.origin
                    && let Some((class, attribute)) = attribute_of(flow, source)
                    && !survives_none(flow)
                {
                    let position = flow.position();
                    let used = AttributeUse {
                        class,
                        attribute,
                        subject,
                        position,
                    };
                    self.trace.attribute_uses.push(used);
                }
                if let Origin::Expr(source) = held.origin
                    && !survives_none(flow)
                {
                    let is_none = flow.module.kind(source) == ExprKind::None;
                    let uses = match is_none {
                        true => &mut self.trace.nones,
                        false => &mut self.trace.results,
                    };
                    uses.push(ResultUse {
                        source,
                        subject,
                        position: flow.position(),
                    });
                }
            }
            Event::Bind { target, after, .. } => {
                if let Some((class, attribute)) = attribute_of(flow, target) {
                    let binding = AttributeBinding {
                        class,
                        attribute,
                        target,
                        held: after,
                    };
                    self.trace.attribute_bindings.push(binding);
                }
            }
            Event::Call {
                call,
                target: Target::Library(callee),
            } => self.library_call(flow, state, call, callee),
            _ => {}
        }
        self.listener.event(flow, state, event);
    }

    fn inst(&mut self, flow: &Flow<'_, '_>, state: &State) {
        if let InstKind::Assume { test, .. } = flow.code.insts[flow.position().1 as usize].kind {
            flow.module.walk(test, &mut |part| {
                self.trace.attribute_tests.extend(attribute_of(flow, part));
                if let Some(held) = flow.held(state, part)
                    && let Origin::Expr(source) = held.origin
                {
                    self.trace.tested.push(source);
                }
            });
        }
        self.listener.inst(flow, state);
    }
}

/// The class and attribute that an expression names, for an object of a class of the project.
fn attribute_of(flow: &Flow<'_, '_>, expr: ExprId) -> Option<(ClassRef, Symbol)> {
    let ExprKind::Attribute { value, name, .. } = flow.module.kind(expr) else {
        return None;
    };
    let Type::Instance(class) = flow.program.types.get(flow.evaluate.value(value).class) else {
        return None;
    };
    flow.program.project_class(class)?;
    Some((class, flow.program.symbol(flow.module_ref, name)))
}

impl Tracer<'_> {
    fn library_call(&mut self, flow: &Flow<'_, '_>, state: &State, call: ExprId, callee: CallRef) {
        let known = flow.program.library.get(callee);
        let (block, inst) = flow.position();
        if !known.described || !self.calls.insert(call) {
            return;
        }
        let from_outside = known
            .summary
            .effects
            .meets(Effects::PARSE.with(Effects::FILE))
            && (is_body(&known.name)
                || is_from_outside(flow, state, call)
                || (known.summary.effects.meets(Effects::FILE)
                    && is_named_by_user(flow, state, call)));
        self.trace.library.push(LibraryCall {
            call,
            callee,
            block,
            inst,
            from_outside,
        });
    }
}

/// Whether a method reads the body of an answer, which comes from outside whoever holds it.
fn is_body(name: &str) -> bool {
    name.ends_with("Response.json")
}

/// Whether what a call reads comes from outside the program: its first argument, or the receiver of a method.
fn is_from_outside(flow: &Flow<'_, '_>, state: &State, call: ExprId) -> bool {
    let ExprKind::Call { callee, arguments } = flow.module.kind(call) else {
        return false;
    };
    let receiver = match flow.module.kind(callee) {
        ExprKind::Attribute { value, .. } => Some(value),
        _ => None,
    };
    let first = flow
        .module
        .arguments(arguments)
        .first()
        .map(|argument| argument.value);
    let mut sources = first.into_iter().chain(receiver);
    sources.any(|source| flow.quietly(source, state).value.facts.has(Facts::OUTSIDE))
}

/// Whether the file that a call is given is an argument of the command line. What else those are used for, the parser may
/// have converted and tested.
fn is_named_by_user(flow: &Flow<'_, '_>, state: &State, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = flow.module.kind(call) else {
        return false;
    };
    let Some(first) = flow.module.arguments(arguments).first() else {
        return false;
    };
    let ExprKind::Attribute { value, .. } = flow.module.kind(first.value) else {
        return false;
    };
    match flow
        .program
        .types
        .get(flow.quietly(value, state).value.class)
    {
        Type::Instance(class) => matches!(
            flow.program.class_name(class),
            "argparse.Namespace" | "optparse.Values"
        ),
        _ => false,
    }
}
