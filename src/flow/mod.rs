//! What holds where inside one function: a worklist over blocks to a fixpoint, then a walk that tells what happens.

mod access;
mod assume;
mod blame;
mod call;
mod dominators;
mod evaluate;
mod filtered;
mod known;
mod lookup;
mod memo;
mod optional;
pub(crate) mod outside;
mod raising;
mod reaching;
mod refuse;
mod regex;
mod solve;
mod state;
mod stopping;
mod transfer;
mod witness;

pub(crate) use dominators::Dominators;
pub use reaching::{Access, At, Reach, Reaching, Start};
pub(crate) use regex::matches_nothing;
pub use solve::Solution;
pub use state::{Held, Origin, State};
pub use witness::{Circumstances, Course, Decided, Given, Shape, Wanted, Witness};

use crate::ir::{
    BlockId, ExprId, ExprKind, Function, FunctionId, InstKind, LoopKind, Module, PlaceId, Scope,
    Source, Step, TryKind,
};
use crate::project::{Evaluate, Program, Read, Target, note};
use crate::summary::{Demand, Summary};
use crate::types::{FunctionRef, ModuleRef};
use crate::value::{Facts, Kinds, Value};
use filtered::Filter;
use outside::from_outside;
use std::cell::{Cell, OnceCell};

pub use known::{Known, Watch};

/// How a value is used that must not be None.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// `x.name`, read or written.
    Attribute,
    /// `x[i]`.
    Subscript,
    /// `for … in x`, `*x`.
    Iterate,
    /// `a, b = x`.
    Unpack,
    /// `with x`.
    Enter,
    /// `x()`.
    Call,
    /// An arithmetic or bit operator.
    Operand,
    /// `y in x`.
    Contains,
    /// `x < y`.
    Order,
    /// An argument of a builtin that takes no None: `len(x)`.
    Argument,
}

/// Something that happens in a function.
#[derive(Clone, Copy, Debug)]
pub enum Event<'e> {
    /// A value is used in a way that None does not allow.
    Use {
        /// The expression whose value is used.
        subject: ExprId,
        /// Its value.
        held: Held,
        /// How.
        how: Use,
        /// The expression that uses it.
        at: ExprId,
    },
    /// Something is divided by a value.
    Divide {
        /// The divisor.
        divisor: ExprId,
        /// Its value.
        held: Held,
        /// What is divided.
        dividend: Held,
        /// The expression, or the target of an augmented assignment.
        at: ExprId,
    },
    /// A variable is read.
    Read {
        /// The name.
        name: ExprId,
        /// What it holds.
        held: Held,
    },
    /// A variable or path is bound.
    Bind {
        /// The target, a name or path.
        target: ExprId,
        /// What it held.
        before: Held,
        /// What it holds now.
        after: Held,
    },
    /// Something is called.
    Call {
        /// The call.
        call: ExprId,
        /// What it reaches.
        target: Target,
    },
    /// An argument reaches a parameter of a function of the project.
    Pass {
        /// The call.
        call: ExprId,
        /// Who gets it.
        callee: FunctionRef,
        /// Which parameter.
        parameter: u16,
        /// The argument; nothing where the default is taken.
        argument: Option<ExprId>,
        /// Its value.
        held: Held,
    },
    /// A value that may be None reaches a parameter that must not be None.
    Demanded {
        /// The call.
        call: ExprId,
        /// Who demands it.
        callee: FunctionRef,
        /// What it demands.
        demand: &'e Demand,
        /// The argument.
        argument: ExprId,
        /// Its value.
        held: Held,
    },
    /// A function returns.
    Return {
        /// What; nothing for a bare return and for falling off the end.
        value: Option<ExprId>,
        /// Its value.
        held: Held,
    },
}

/// Listens to what happens.
pub trait Observer {
    /// Something happens while `state` holds.
    fn event(&mut self, flow: &Flow<'_, '_>, state: &State, event: Event<'_>);
    /// An instruction is about to run.
    fn inst(&mut self, _flow: &Flow<'_, '_>, _state: &State) {}
}

/// Listens to nothing.
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Flow<'_, '_>, _: &State, _: Event<'_>) {}
}

/// One function under analysis.
pub struct Flow<'p, 'a> {
    /// The program around it.
    pub program: &'p Program<'a>,
    known: Known<'p>,
    watch: Option<&'p Watch<'p>>,
    /// Its module.
    pub module_ref: ModuleRef,
    /// Its module.
    pub module: &'a Module,
    /// Its code.
    pub code: &'a Function,
    /// It.
    pub function: FunctionRef,
    /// Names and types, flow aside.
    pub evaluate: Evaluate<'p, 'a>,
    paths_below: Vec<Vec<PlaceId>>,
    shared: Vec<PlaceId>,
    iterated: Vec<ExprId>,
    entered: Vec<ExprId>,
    bindings: OnceCell<Bindings>,
    /// The call whose coroutine is awaited at once.
    awaiting: Cell<Option<ExprId>>,
    position: Cell<(BlockId, u32)>,
    /// What all searches for witnesses took.
    effort: Cell<usize>,
    memo: memo::Memo,
    filters: OnceCell<Vec<Filter>>,
}

impl<'p, 'a> Flow<'p, 'a> {
    /// Prepares the analysis of a function.
    pub fn new(program: &'p Program<'a>, known: Known<'p>, function: FunctionRef) -> Self {
        let (module_ref, id) = program.locate(function);
        let module = program.module(module_ref);
        let code = module.function(id);
        let iterables = code.loops.iter().filter_map(|of| match of.kind {
            LoopKind::For {
                iterable,
                is_async: false,
                ..
            } => Some(iterable),
            _ => None,
        });
        let managers = code.tries.iter().filter_map(|region| match region.kind {
            TryKind::With { manager, .. } => Some(manager),
            _ => None,
        });
        Self {
            program,
            known,
            watch: None,
            module_ref,
            module,
            code,
            function,
            evaluate: Evaluate::new(program, module_ref, id),
            paths_below: paths_below(code),
            shared: shared(code),
            iterated: iterables.collect(),
            entered: managers.collect(),
            bindings: OnceCell::new(),
            awaiting: Cell::new(None),
            position: Cell::new((BlockId::new(0), 0)),
            effort: Cell::new(0),
            memo: memo::Memo::default(),
            filters: OnceCell::new(),
        }
    }

    /// The same, and `watch` learns whether a summary is looked at before it is made.
    pub fn watched(self, watch: &'p Watch<'p>) -> Self {
        Self {
            watch: Some(watch),
            ..self
        }
    }

    /// The same for another function.
    pub fn of_another(&self, function: FunctionRef) -> Self {
        Self {
            watch: self.watch,
            ..Self::new(self.program, self.known, function)
        }
    }

    /// What a function does, as far as that is known by now.
    pub fn summary(&self, function: FunctionRef) -> &'p Summary {
        note(Read::Summary(function));
        if let Some(watch) = self.watch {
            watch.look_at(function);
        }
        self.known.get(function)
    }

    /// From here on searches for ways may take as long again as if there had been none. Returns what they took so far.
    pub fn rest(&self) -> usize {
        self.effort.replace(0)
    }

    /// Searches for ways have taken so long.
    pub fn tire(&self, effort: usize) {
        self.effort.set(effort);
    }

    /// The block that is at work, and the index of its instruction in `Function::insts`.
    pub fn position(&self) -> (BlockId, u32) {
        self.position.get()
    }

    /// The text of a place.
    pub fn place_text(&self, place: PlaceId) -> String {
        self.module.place_text(self.code, place)
    }

    /// What holds when the function is entered.
    fn entry(&self) -> State {
        let mut state = State::of(self.code.places.len());
        for (index, place) in self.code.places.iter().enumerate() {
            if let Step::Variable {
                scope: Scope::Local { .. } | Scope::Comprehension,
                ..
            } = place.step
            {
                state.set(PlaceId::new(index), Held::UNBOUND);
            }
        }
        for (index, parameter) in self.code.parameters.iter().enumerate() {
            state.set(parameter.place, self.parameter(index));
        }
        let passed = self.program.passed_by_framework(self.function);
        for (parameter, passed) in self.code.parameters.iter().zip(passed) {
            if passed.facts.has(Facts::OUTSIDE) {
                let held = state.get(parameter.place);
                state.set(parameter.place, from_outside(held));
            }
        }
        state
    }

    /// A parameter at the entry: its type, or None, of which the callers decide whether it ever comes.
    fn parameter(&self, index: usize) -> Held {
        use crate::ir::ParameterKind::{DoubleStar, Star};
        let parameter = &self.code.parameters[index];
        let declared = self.program.variable(self.function, parameter.place);
        let is_receiver = index == 0
            && self.program.class_of_method(self.function).is_some()
            && !self.program.decoration(self.function).is_static;
        let is_given = self.program.decoration(self.function).rejects_none;
        if is_receiver || is_given || matches!(parameter.kind, Star | DoubleStar) {
            return Held::without_evidence(declared);
        }
        let value = Held::without_evidence(declared).value.join(Value::NONE);
        Held {
            value,
            origin: Origin::Parameter(index as u16),
            bound: None,
        }
    }

    /// The place that an expression of this function names.
    pub fn place_of(&self, expr: ExprId) -> Option<PlaceId> {
        self.module
            .kind(expr)
            .place()
            .filter(|_| self.code.owns(expr))
    }

    /// The place that a condition asks about: `getattr(x, "name", None)` asks about `x.name`.
    pub(crate) fn tested_place(&self, expr: ExprId) -> Option<PlaceId> {
        let ExprKind::Call { callee, arguments } = self.module.kind(expr) else {
            return self.place_of(expr);
        };
        if self.module.plain_name(self.code, callee) != Some("getattr") {
            return None;
        }
        let [object, name, ..] = self.module.arguments(arguments) else {
            return None;
        };
        let (Some(object), ExprKind::Text(name)) =
            (self.place_of(object.value), self.module.kind(name.value))
        else {
            return None;
        };
        let is_it = |place: &crate::ir::Place| {
            place.parent == Some(object)
                && matches!(place.step, Step::Attribute(step) if step == name)
        };
        let found = self.code.places.iter().position(is_it);
        found.map(PlaceId::new)
    }

    /// What a name or path holds here, if the expression is one and it is known.
    pub fn held(&self, state: &State, expr: ExprId) -> Option<Held> {
        let place = self.place_of(expr)?;
        let held = state.get(place);
        (held != Held::UNSET).then_some(held)
    }

    /// The expression that a name is bound to, where that is certain: the name has one binding in the whole function,
    /// and so do all names in the expression.
    pub(crate) fn alias(&self, state: &State, place: PlaceId) -> Option<ExprId> {
        let bound = state
            .get(place)
            .bound
            .filter(|_| self.is_bound_once(place))?;
        let mut steady = true;
        self.module.walk(bound, &mut |part| {
            if let ExprKind::Name(inner) = self.module.kind(part) {
                steady &= self.is_bound_once(inner);
            }
        });
        steady.then_some(bound)
    }

    /// The expression that a local variable is bound to, if it is bound once in the whole function.
    pub(crate) fn only_value(&self, place: PlaceId) -> Option<ExprId> {
        if !self.is_bound_once(place) {
            return None;
        }
        self.code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } if self.place_of(target) == Some(place) => Some(value),
            _ => None,
        })
    }

    pub(crate) fn is_bound_once(&self, place: PlaceId) -> bool {
        let Step::Variable { scope, .. } = self.code.place(place).step else {
            return false;
        };
        match scope {
            Scope::Local {
                rebound_inside: false,
                ..
            } => self.times_bound(place) == 1,
            Scope::Parameter {
                rebound_inside: false,
                ..
            } => self.times_bound(place) == 0,
            Scope::Global { declared: false } => true,
            _ => false,
        }
    }

    /// How often a variable is bound in the function.
    fn times_bound(&self, place: PlaceId) -> u32 {
        self.bound_names().counts[place.index()]
    }

    /// Whether any expression binds a name.
    fn has_walrus(&self) -> bool {
        self.bound_names().has_walrus
    }

    fn bound_names(&self) -> &Bindings {
        let count = || Bindings::of(self.module, self.code);
        self.bindings.get_or_init(count)
    }

    /// The function's id in its module.
    pub fn id(&self) -> FunctionId {
        self.program.locate(self.function).1
    }
}

/// What binds the names of a function.
struct Bindings {
    /// How often each variable is bound.
    counts: Vec<u32>,
    /// Some expression binds a name.
    has_walrus: bool,
}

impl Bindings {
    fn of(module: &Module, code: &Function) -> Self {
        let mut counts = vec![0; code.places.len()];
        let mut bind = |target: ExprId| {
            module.walk(target, &mut |part| {
                if let ExprKind::Name(place) = module.kind(part) {
                    counts[place.index()] += 1;
                }
            });
        };
        for inst in &code.insts {
            if let InstKind::Bind { target, .. } | InstKind::Forget(target) = inst.kind
                && !matches!(
                    module.kind(target),
                    ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
                )
            {
                bind(target);
            }
        }
        let mut has_walrus = false;
        for index in code.exprs.range() {
            if let ExprKind::Walrus { target, .. } = module.kind(ExprId::new(index)) {
                has_walrus = true;
                bind(target);
            }
        }
        Self { counts, has_walrus }
    }
}

/// For each place, the paths that go through it.
fn paths_below(code: &Function) -> Vec<Vec<PlaceId>> {
    let mut below = vec![Vec::new(); code.places.len()];
    for index in 0..code.places.len() {
        let path = PlaceId::new(index);
        let mut at = code.places[index].parent;
        while let Some(parent) = at {
            below[parent.index()].push(path);
            at = code.places[parent.index()].parent;
        }
    }
    below
}

/// Places that a call of other code can change: paths, and variables that other functions bind.
fn shared(code: &Function) -> Vec<PlaceId> {
    let is_shared = |place: &crate::ir::Place| match place.step {
        Step::Variable { scope, .. } => match scope {
            Scope::Local { rebound_inside, .. } | Scope::Parameter { rebound_inside, .. } => {
                rebound_inside
            }
            Scope::Free { .. } | Scope::Global { .. } => true,
            Scope::Comprehension => false,
        },
        _ => true,
    };
    (0..code.places.len())
        .filter(|&index| is_shared(&code.places[index]))
        .map(PlaceId::new)
        .collect()
}

/// Kinds that are true whatever they hold.
pub(crate) const ALWAYS_TRUE: Kinds = Kinds::FUNCTION;
