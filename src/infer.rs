//! Summaries of the project's own functions: callees first, conditional on parameters.

use crate::flow::{Event, Flow, Held, Known, Observer, Origin, Solution, State, Use};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, PlaceId, TryId};
use crate::library::schema::When;
use crate::project::{CallGraph, Coverage, Program, Symbol, Target};
use crate::summary::{ClassRef, Demand, Effects, Parameters, Raise, Summary};
use crate::text::Location;
use crate::types::{CallRef, FunctionRef, Type};
use crate::value::{Facts, Kinds, Value};
use rustc_hash::{FxHashMap, FxHashSet};

/// A component whose summaries still change after so many rounds is unknown.
const ROUNDS: usize = 12;

/// More exceptions than that are not told apart.
const RAISES: usize = 32;

/// Longer ways of an exception are cut.
const PATH: usize = 8;

/// What was seen on the final walk through a function.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Arguments that reach parameters of the project's functions.
    pub passes: Vec<Pass>,
    /// Uses of parameters that may be None for all that the function knows.
    pub uses: Vec<ParameterUse>,
    /// Calls of what the library describes, in the order of the walk, each once.
    pub library: Vec<LibraryCall>,
    /// Uses, with no guard, of results of calls and of attributes that may be None.
    pub results: Vec<ResultUse>,
    /// Uses, with no guard, of what was set to None.
    pub nones: Vec<ResultUse>,
    /// Calls and attributes whose result is tested before it is used.
    pub tested: Vec<ExprId>,
    /// Assignments to attributes of the project's classes.
    pub attribute_bindings: Vec<AttributeBinding>,
    /// Uses, with no guard, of attributes that some assignment makes None.
    pub attribute_uses: Vec<AttributeUse>,
    /// Attributes that conditions ask about.
    pub attribute_tests: Vec<(ClassRef, Symbol)>,
    /// A bound was hit.
    pub gave_up: bool,
}

/// An assignment to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeBinding {
    /// The class of the object.
    pub class: ClassRef,
    /// The attribute.
    pub attribute: Symbol,
    /// The target.
    pub target: ExprId,
    /// What it holds from there on.
    pub held: Held,
}

/// A use of an attribute that may still be None.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeUse {
    /// The class of the object.
    pub class: ClassRef,
    /// The attribute.
    pub attribute: Symbol,
    /// The expression whose value is used.
    pub subject: ExprId,
    /// The block and instruction that use it.
    pub position: (BlockId, u32),
}

/// A call of something that the library describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryCall {
    /// The call.
    pub call: ExprId,
    /// What is called.
    pub callee: CallRef,
    /// The block that it is in.
    pub block: BlockId,
    /// Its instruction.
    pub inst: u32,
    /// The first argument, or for a method the receiver, comes from outside the program.
    pub from_outside: bool,
}

/// A use of what may be None for a reason that stands in the function itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultUse {
    /// The call or attribute that may give None.
    pub source: ExprId,
    /// The expression whose value is used.
    pub subject: ExprId,
    /// The block and instruction that use it.
    pub position: (BlockId, u32),
}

/// An argument that reaches a parameter.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The call.
    pub call: ExprId,
    /// Who gets it.
    pub callee: FunctionRef,
    /// Which parameter.
    pub parameter: u16,
    /// The argument; nothing where the default is taken.
    pub argument: Option<ExprId>,
    /// Its value.
    pub held: Held,
}

/// A use of a parameter with no guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterUse {
    /// Which parameter.
    pub parameter: u16,
    /// The expression whose value is used.
    pub subject: ExprId,
    /// The expression that uses it.
    pub at: ExprId,
    /// How.
    pub how: Use,
    /// Its block and instruction.
    pub position: (BlockId, u32),
}

/// Summarizes the members of one component, given those of the components that they call.
/// Returns, with each member, the solution of its last round.
pub fn summarize(
    program: &Program<'_>,
    graph: &CallGraph,
    finished: &[Summary],
    members: &[FunctionRef],
) -> Vec<(FunctionRef, Summary)> {
    let is_cycle = members.len() > 1
        || graph
            .calls_in(members[0])
            .iter()
            .any(|site| site.callee == members[0]);
    let mut current = FxHashMap::default();
    if !is_cycle {
        let summary = summarize_one(
            program,
            Known {
                finished,
                current: &current,
            },
            members[0],
        );
        return vec![(members[0], summary)];
    }
    for &member in members {
        current.insert(member, bottom());
    }
    for round in 0.. {
        let mut changed = false;
        for &member in members {
            let known = Known {
                finished,
                current: &current,
            };
            let new = if round < ROUNDS {
                summarize_one(program, known, member)
            } else {
                Summary::default()
            };
            changed |= current.get(&member) != Some(&new);
            current.insert(member, new);
        }
        if !changed || round >= ROUNDS {
            break;
        }
    }
    members
        .iter()
        .map(|&member| (member, current.remove(&member).unwrap_or_default()))
        .collect()
}

/// Before anything is known of a member of a cycle: it does not return.
fn bottom() -> Summary {
    Summary {
        returns: Value::NEVER,
        never_returns: true,
        requires: Parameters::ALL,
        ..Summary::default()
    }
}

fn summarize_one(program: &Program<'_>, known: Known<'_>, function: FunctionRef) -> Summary {
    let flow = Flow::new(program, known, function);
    let solution = flow.solve();
    if solution.gave_up {
        return Summary::default();
    }
    let mut collector = Collector::new(&flow);
    flow.walk(&solution, &mut collector);
    collector.finish(&flow)
}

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
        let asks = known
            .summary
            .effects
            .meets(Effects::PARSE.with(Effects::FILE))
            || known
                .raises_if
                .iter()
                .any(|also| also.when == When::Outside);
        let from_outside = asks
            && (is_body(&known.name)
                || is_from_outside(flow, state, call, &known.name)
                || ((known.summary.effects.meets(Effects::FILE) || is_document(&known.name))
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

/// Whether the instruction at work stands in a `try` that catches what using None raises.
pub fn survives_none(flow: &Flow<'_, '_>) -> bool {
    let (block, _) = flow.position();
    flow.survives_none(flow.code.block(block).guard)
}

/// Makes a summary of what happens.
struct Collector {
    returns: Held,
    explicit_none: Vec<Location>,
    returned: Vec<Option<u16>>,
    items: Items,
    any_return: bool,
    none_if_none: Parameters,
    requires: Parameters,
    true_means: Parameters,
    false_means: Parameters,
    demands: Vec<Demand>,
    raises: Vec<Raise>,
    effects: Effects,
    steady: Vec<(usize, PlaceId)>,
}

/// The tuples that a function returns, as far as they are written out.
#[derive(Default)]
struct Items {
    length: Option<usize>,
    none: Parameters,
    other: Parameters,
    differ: bool,
}

impl Items {
    fn take(&mut self, flow: &Flow<'_, '_>, parts: &[ExprId]) {
        let starred = |part: &ExprId| matches!(flow.module.kind(*part), ExprKind::Starred(_));
        let length = *self.length.get_or_insert(parts.len());
        self.differ |= length != parts.len() || parts.iter().any(starred);
        for (index, &part) in parts.iter().enumerate() {
            match flow.module.kind(part) {
                ExprKind::None => self.none.insert(index),
                _ => self.other.insert(index),
            }
        }
    }

    /// The elements that are None in one tuple, and something else in another.
    fn none_items(&self) -> Parameters {
        match self.differ {
            true => Parameters::NONE,
            false => self.none.and(self.other),
        }
    }
}

impl Collector {
    fn new(flow: &Flow<'_, '_>) -> Self {
        let rebound = |place: PlaceId| {
            flow.code.insts.iter().any(|inst| match inst.kind {
                InstKind::Bind { target, .. } => flow.place_of(target) == Some(place),
                _ => false,
            })
        };
        let parameters = flow.code.parameters.iter().enumerate();
        let steady = parameters
            .filter(|(_, parameter)| !rebound(parameter.place))
            .map(|(index, parameter)| (index, parameter.place))
            .collect();
        Self {
            returns: Held::NEVER,
            explicit_none: Vec::new(),
            returned: Vec::new(),
            items: Items::default(),
            any_return: false,
            none_if_none: Parameters::NONE,
            requires: Parameters::ALL,
            true_means: Parameters::ALL,
            false_means: Parameters::ALL,
            demands: Vec::new(),
            raises: Vec::new(),
            effects: Effects::NOTHING,
            steady,
        }
    }

    /// Parameters that are not None in a state.
    fn not_none(&self, state: &State) -> Parameters {
        let mut found = Parameters::NONE;
        for &(index, place) in &self.steady {
            if !state.get(place).value.may_be_none() {
                found.insert(index);
            }
        }
        found
    }

    fn returned(&mut self, flow: &Flow<'_, '_>, state: &State, value: Option<ExprId>, held: Held) {
        self.any_return = true;
        self.requires = self.requires.and(self.not_none(state));
        for holds in [true, false] {
            let mut after = state.clone();
            match value {
                Some(value) => flow.suppose(value, holds, &mut after),
                None if holds => after.stop(),
                None => {}
            }
            if after.is_reachable() {
                let not_none = self.not_none(&after);
                let means = if holds {
                    &mut self.true_means
                } else {
                    &mut self.false_means
                };
                *means = means.and(not_none);
            }
        }
        let parameter = value.and_then(|value| self.parameter_named(flow, value));
        self.returned.push(parameter);
        if let Some(ExprKind::Tuple(parts)) = value.map(|value| flow.module.kind(value)) {
            self.items.take(flow, flow.module.list(parts));
        }
        match held.origin {
            Origin::Parameter(index) if held.value.may_be_none() => {
                self.none_if_none.insert(usize::from(index));
                self.returns = self.returns.join(held.without(Kinds::NONE));
            }
            Origin::Tested(_) => self.returns = self.returns.join(held.without(Kinds::NONE)),
            _ => {
                let blamed = if held.value.is_none() {
                    flow.blamed_parameters()
                } else {
                    Parameters::NONE
                };
                if !blamed.is_empty() {
                    self.none_if_none = self.none_if_none.or(blamed);
                    return;
                }
                if held.value.may_be_none() {
                    self.explicit_none.push(self.place_of_return(flow, value));
                }
                self.returns = self.returns.join(held);
            }
        }
    }

    fn parameter_named(&self, flow: &Flow<'_, '_>, value: ExprId) -> Option<u16> {
        let place = flow.place_of(value)?;
        let index = self
            .steady
            .iter()
            .find(|(_, parameter)| *parameter == place)?
            .0;
        Some(index as u16)
    }

    fn place_of_return(&self, flow: &Flow<'_, '_>, value: Option<ExprId>) -> Location {
        let file = flow.program.file(flow.function);
        let (_, inst) = flow.position();
        let span = match (value, flow.code.insts.get(inst as usize)) {
            (_, Some(inst)) if matches!(inst.kind, InstKind::Return(_)) => inst.span,
            (Some(value), _) => flow.module.span(value),
            _ => flow.code.name_span,
        };
        Location { file, span }
    }

    fn library_call(&mut self, flow: &Flow<'_, '_>, call: ExprId, summary: &Summary) {
        self.effects = self.effects.with(summary.effects);
        for raise in &summary.raises {
            let location = Location {
                file: flow.program.file(flow.function),
                span: flow.module.span(call),
            };
            self.raise(flow, raise.class, vec![location], summary.effects);
        }
    }

    fn raise(
        &mut self,
        flow: &Flow<'_, '_>,
        class: ClassRef,
        path: Vec<Location>,
        effects: Effects,
    ) {
        let guard = flow.code.block(flow.position().0).guard;
        if flow.program.caught_in(flow.function, guard, class).0 == Coverage::Full
            || self.raises.len() >= RAISES
        {
            return;
        }
        let known = self
            .raises
            .iter()
            .any(|raise| raise.class == class && raise.path.first() == path.first());
        if !known {
            self.raises.push(Raise {
                class,
                path,
                effects,
            });
        }
    }

    fn project_call(&mut self, flow: &Flow<'_, '_>, call: ExprId, summary: &Summary) {
        self.effects = self.effects.with(summary.effects);
        for raise in &summary.raises {
            let mut path = raise.path.clone();
            if path.len() < PATH {
                path.push(Location {
                    file: flow.program.file(flow.function),
                    span: flow.module.span(call),
                });
            }
            self.raise(flow, raise.class, path, raise.effects);
        }
    }

    fn finish(mut self, flow: &Flow<'_, '_>) -> Summary {
        let program = flow.program;
        let decoration = program.decoration(flow.function);
        let is_stub = decoration.is_abstract || is_not_implemented(flow);
        let never_returns = !self.any_return && !flow.code.is_generator && !is_stub;
        let mut returns = self.returns.value;
        // Always None is a procedure; its result is nobody's evidence.
        if is_stub || returns.is_none() || (returns.is_never() && !never_returns) {
            returns = Value::UNKNOWN;
        }
        let explicit = self.returns.value.may_be_none() && returns.may_be_none();
        let none_at = if explicit {
            std::mem::take(&mut self.explicit_none)
        } else {
            Vec::new()
        };
        let same = self.returned.first().copied().flatten();
        let returns_argument =
            same.filter(|_| self.returned.iter().all(|returned| *returned == same));
        for demand in &mut self.demands {
            demand.always = self.requires.has(usize::from(demand.parameter));
        }
        Summary {
            returns,
            none_at,
            none_if_none: self.none_if_none,
            none_items: self.items.none_items(),
            returns_argument,
            never_returns,
            requires: if self.any_return {
                self.requires
            } else {
                Parameters::NONE
            },
            true_means: if self.any_return {
                self.true_means
            } else {
                Parameters::NONE
            },
            false_means: if self.any_return {
                self.false_means
            } else {
                Parameters::NONE
            },
            demands: self.demands,
            raises: self.raises,
            effects: self.effects,
            delivery: program.delivery(flow.function),
            wants: Vec::new(),
        }
    }
}

impl Observer for Collector {
    fn event(&mut self, flow: &Flow<'_, '_>, state: &State, event: Event<'_>) {
        match event {
            Event::Return { value, held } => self.returned(flow, state, value, held),
            Event::Use { held, at, .. } => {
                if let Origin::Parameter(parameter) = held.origin
                    && !survives_none(flow)
                {
                    let location = Location {
                        file: flow.program.file(flow.function),
                        span: flow.module.span(at),
                    };
                    self.demand(Demand {
                        parameter,
                        location,
                        always: false,
                    });
                }
            }
            Event::Demanded { demand, held, .. } => {
                if let Origin::Parameter(parameter) = held.origin
                    && !survives_none(flow)
                {
                    self.demand(Demand {
                        parameter,
                        location: demand.location,
                        always: false,
                    });
                }
            }
            Event::Call { call, target } => match target {
                Target::Library(library) => {
                    self.library_call(flow, call, &flow.program.library.get(library).summary)
                }
                Target::Function { function, .. }
                | Target::Construct {
                    initializer: Some(function),
                    ..
                } => {
                    self.project_call(flow, call, flow.known.get(function));
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn inst(&mut self, flow: &Flow<'_, '_>, _: &State) {
        let (_, inst) = flow.position();
        if let InstKind::Raise {
            exception: Some(exception),
            assertion: false,
            ..
        } = flow.code.insts[inst as usize].kind
            && let Some(class) = flow.raised_class(exception)
        {
            let location = Location {
                file: flow.program.file(flow.function),
                span: flow.code.insts[inst as usize].span,
            };
            self.raise(flow, class, vec![location], Effects::NOTHING);
        }
    }
}

impl Collector {
    fn demand(&mut self, demand: Demand) {
        let known = self
            .demands
            .iter()
            .any(|known| known.parameter == demand.parameter && known.location == demand.location);
        if !known && self.demands.len() < RAISES {
            self.demands.push(demand);
        }
    }
}

/// A body that only says that somebody else has to write it.
fn is_not_implemented(flow: &Flow<'_, '_>) -> bool {
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Raise {
            exception: Some(exception),
            ..
        } => {
            let name = match flow.module.kind(exception) {
                ExprKind::Call { callee, .. } => flow.module.dotted(flow.code, callee),
                _ => flow.module.dotted(flow.code, exception),
            };
            name.as_deref() == Some("NotImplementedError")
        }
        _ => false,
    })
}

/// The innermost region that guards the instruction at work.
pub fn guard(flow: &Flow<'_, '_>) -> Option<TryId> {
    flow.code.block(flow.position().0).guard
}
