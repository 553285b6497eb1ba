//! The final walk through a function: rules listen to it, and it keeps a trace of what they ask for later.

use super::survives_none;
use super::trace::{
    AttributeBinding, AttributeUse, LibraryCall, ParameterUse, Pass, ResultUse, Trace,
};
use crate::flow::{Event, Flow, Observer, Origin, Solution, State};
use crate::ir::{Comparison, ExprId, ExprKind, InstKind, Passing};
use crate::library::schema::When;
use crate::project::{Symbol, Target};
use crate::summary::{ClassRef, Effects};
use crate::types::{CallRef, Type};
use crate::value::{Facts, Value};
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
    flow.walk_and_remember(solution, &mut tracer);
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
                        source,
                        subject,
                        position,
                    };
                    self.trace.attribute_uses.push(used);
                }
                if let Origin::Attribute(source) = held.origin
                    && let ExprKind::Name(_) = flow.module.kind(source)
                    && !survives_none(flow)
                {
                    self.trace.global_uses.push(ResultUse {
                        source,
                        subject,
                        how,
                        position: flow.position(),
                        from_outside: held.value.facts.has(Facts::OUTSIDE),
                    });
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
                        how,
                        position: flow.position(),
                        from_outside: held.value.facts.has(Facts::OUTSIDE),
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
            Event::Call {
                call,
                target: Target::Construct { class, .. },
            } => {
                if let Some(callee) = member_by_value(flow, call, class) {
                    self.library_call(flow, state, call, callee);
                }
            }
            _ => {}
        }
        self.listener.event(flow, state, event);
    }

    fn inst(&mut self, flow: &Flow<'_, '_>, state: &State) {
        self.inner_tests(flow);
        if let InstKind::Assume { test, .. } = flow.code.insts[flow.position().1 as usize].kind {
            flow.module.for_each_asked(test, &mut |part| {
                self.trace.attribute_tests.extend(attribute_of(flow, part));
                if flow.getter(part).is_some() {
                    self.trace.tested.push(part);
                }
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

impl Tracer<'_> {
    /// The attributes that conditions inside of an expression ask about.
    fn inner_tests(&mut self, flow: &Flow<'_, '_>) {
        let module = flow.module;
        let mut tests = Vec::new();
        flow.code.insts[flow.position().1 as usize]
            .kind
            .for_each_expr(&mut |root| {
                module.walk(root, &mut |part| match module.kind(part) {
                    ExprKind::Conditional { test, .. } => tests.push(test),
                    ExprKind::And(parts) | ExprKind::Or(parts) => {
                        tests.extend(module.list(parts).iter().copied());
                    }
                    ExprKind::Compare {
                        operator: Comparison::Is | Comparison::IsNot,
                        ..
                    } => tests.push(part),
                    ExprKind::Comprehension(id) => {
                        let clauses = &module.comprehension(id).clauses;
                        tests.extend(clauses.iter().flat_map(|clause| &clause.conditions));
                    }
                    _ => {}
                });
            });
        for test in tests {
            module.for_each_asked(test, &mut |part| {
                self.trace.attribute_tests.extend(attribute_of(flow, part));
            });
        }
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
        let asks = known
            .summary
            .effects
            .meets(Effects::PARSE.with(Effects::FILE).with(Effects::PROCESS))
            || known
                .raises_if
                .iter()
                .any(|also| also.when == When::Outside);
        let from_outside = asks
            && (is_body(&known.name)
                || is_from_outside(flow, state, call, &known.name)
                || ((known
                    .summary
                    .effects
                    .meets(Effects::FILE.with(Effects::PROCESS))
                    || is_document(&known.name))
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

/// The look-up of a member of an enumeration by its value, which raises ValueError where there is none: `Colour(text)`. Not
/// where the enumeration says itself what becomes of other values.
fn member_by_value(flow: &Flow<'_, '_>, call: ExprId, class: ClassRef) -> Option<CallRef> {
    let ExprKind::Call { arguments, .. } = flow.module.kind(call) else {
        return None;
    };
    let [value] = flow.module.arguments(arguments) else {
        return None;
    };
    let program = flow.program;
    let mut bases = program.linearization(class).into_iter();
    let is_enumeration = bases.any(|base| program.class_name(base) == "enum.Enum");
    let is_whole = value.passing == Passing::Positional
        && !matches!(flow.module.kind(value.value), ExprKind::Text(_));
    if !is_enumeration || !is_whole || program.method(class, "_missing_").is_some() {
        return None;
    }
    let maker = program
        .library
        .class("enum.EnumMeta", flow.module.dialect)?;
    program.library.method(maker, "__call__")
}

/// Whether a call reads a whole document, which no parser of the command line does.
fn is_document(name: &str) -> bool {
    matches!(
        name,
        "ast.literal_eval" | "json.loads" | "yaml.load" | "yaml.safe_load"
    )
}

/// Whether a method reads the body of an answer, which comes from outside whoever holds it.
fn is_body(name: &str) -> bool {
    name.ends_with("Response.json")
}

/// Whether what a call reads comes from outside the program: its first argument, or the receiver of a method.
fn is_from_outside(flow: &Flow<'_, '_>, state: &State, call: ExprId, name: &str) -> bool {
    let ExprKind::Call { callee, arguments } = flow.module.kind(call) else {
        return false;
    };
    let receiver = match flow.module.kind(callee) {
        ExprKind::Attribute { value, .. } => Some(value),
        _ => None,
    };
    // `struct.unpack(format, data)`
    let at = usize::from(name.starts_with("struct.unpack"));
    let first = flow
        .module
        .arguments(arguments)
        .get(at)
        .map(|argument| argument.value);
    let mut sources = first.into_iter().chain(receiver);
    sources.any(|source| {
        let value = flow.quietly(source, state).value;
        value.facts.has(Facts::OUTSIDE) || is_answer(flow, value)
    })
}

/// Whether a value is the answer of a server, of which a reader reads the body.
fn is_answer(flow: &Flow<'_, '_>, value: Value) -> bool {
    match flow.program.types.get(value.class) {
        Type::Instance(class) => flow.program.class_name(class) == "http.client.HTTPResponse",
        _ => false,
    }
}

/// The command of a command line that is put together: `[command] + arguments`, `[command, "-v"]`.
fn first_of(flow: &Flow<'_, '_>, line: ExprId) -> ExprId {
    let module = flow.module;
    match module.kind(line) {
        ExprKind::Binary { left, .. } if matches!(module.kind(left), ExprKind::List(_)) => {
            first_of(flow, left)
        }
        ExprKind::List(parts) => module.list(parts).first().copied().unwrap_or(line),
        _ => line,
    }
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
    let value = match flow.module.kind(first_of(flow, first.value)) {
        ExprKind::Attribute { value, .. } => value,
        _ => return false,
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
