//! Makes a summary of what happens in one function.

use super::survives_none;
use crate::flow::{Event, Flow, Given, Held, Observer, Origin, State};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, Next, PlaceId};
use crate::project::{Coverage, Target};
use crate::summary::{ClassRef, Demand, Effects, Parameters, Raise, Summary};
use crate::text::Location;
use crate::value::{Kinds, Value};

/// More exceptions than that are not told apart.
const RAISES: usize = 32;

/// Longer ways of an exception are cut.
const PATH: usize = 8;

/// Makes a summary of what happens.
pub(super) struct Collector {
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
    pub(super) fn new(flow: &Flow<'_, '_>) -> Self {
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

    pub(super) fn finish(mut self, flow: &Flow<'_, '_>) -> Summary {
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
        let (stops_if, stops_unless) = match self.any_return {
            true => self.stops(flow),
            false => (Parameters::NONE, Parameters::NONE),
        };
        Summary {
            stops_if,
            stops_unless,
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

/// Larger functions are not asked on which of their parameters it depends whether they return.
const BLOCKS: usize = 40;

impl Collector {
    /// The parameters that the function asks for their truth, and without whose falsehood no way leads to its end; and those
    /// without whose truth none does.
    fn stops(&self, flow: &Flow<'_, '_>) -> (Parameters, Parameters) {
        let code = flow.code;
        let (mut if_true, mut if_false) = (Parameters::NONE, Parameters::NONE);
        let raises = code.insts.iter().any(|inst| {
            matches!(
                inst.kind,
                InstKind::Raise {
                    assertion: false,
                    ..
                }
            )
        });
        if !raises || code.blocks.len() > BLOCKS {
            return (if_true, if_false);
        }
        for &(index, place) in &self.steady {
            let is_asked = code.insts.iter().any(|inst| match inst.kind {
                InstKind::Assume { test, holds: true } => is_operand(flow, test, place),
                _ => false,
            });
            if !is_asked {
                continue;
            }
            if !can_return(flow, &[(place, Given::Literal(true))]) {
                if_true.insert(index);
            } else if !can_return(flow, &[(place, Given::Literal(false))]) {
                if_false.insert(index);
            }
        }
        (if_true, if_false)
    }
}

/// Whether a condition is a place, or one of the operands of `and` and `or` that it is made of is.
fn is_operand(flow: &Flow<'_, '_>, test: ExprId, place: PlaceId) -> bool {
    match flow.module.kind(test) {
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let mut parts = flow.module.list(parts).iter();
            parts.any(|&part| flow.place_of(part) == Some(place))
        }
        _ => flow.place_of(test) == Some(place),
    }
}

/// Whether some way leads to an end of the function, with these arguments.
fn can_return(flow: &Flow<'_, '_>, given: &[(PlaceId, Given)]) -> bool {
    let code = flow.code;
    let mut blocks = code.blocks.iter().enumerate();
    blocks.any(|(index, block)| {
        let insts = block.insts.range();
        let last = match insts.clone().last() {
            Some(last) if matches!(code.insts[last].kind, InstKind::Return(_)) => last,
            _ if block.next == Next::Return => insts.end,
            _ => return false,
        };
        flow.reaches((BlockId::new(index), last as u32), given)
    })
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
                    self.project_call(flow, call, flow.summary(function));
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
