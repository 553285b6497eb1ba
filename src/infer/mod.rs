//! Summaries of the project's own functions: callees first, conditional on parameters.

mod collector;
mod trace;
mod tracer;

pub use trace::{
    AttributeBinding, AttributeUse, LibraryCall, ParameterUse, Pass, ResultUse, Trace,
};
pub use tracer::trace;

use crate::flow::{Event, Flow, Known, Observer, Solution, State};
use crate::project::{CallGraph, Program};
use crate::summary::{Parameters, Summary};
use crate::types::FunctionRef;
use crate::value::Value;
use collector::Collector;
use rustc_hash::FxHashMap;

/// A component whose summaries still change after so many rounds is unknown.
const ROUNDS: usize = 12;

/// Summarizes the members of one component, given those of the components that they call.
/// Returns, with each member, the solution of its last round.
pub fn summarize(
    program: &Program<'_>,
    graph: &CallGraph,
    finished: &[Summary],
    members: &[FunctionRef],
) -> Vec<(FunctionRef, Summary)> {
    let mut current = FxHashMap::default();
    if !is_cycle(graph, members) {
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

/// Whether a function calls itself, by way of others or directly.
pub fn is_cycle(graph: &CallGraph, members: &[FunctionRef]) -> bool {
    let calls_itself = |&member: &FunctionRef| {
        let sites = graph.calls_in(member);
        sites.iter().any(|site| site.callee == member)
    };
    members.len() > 1 || members.iter().any(calls_itself)
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
    summary_of(&flow, &solution)
}

/// The summary of a function that is solved.
pub fn summary_of(flow: &Flow<'_, '_>, solution: &Solution) -> Summary {
    if solution.gave_up {
        return Summary::default();
    }
    let mut collector = Collector::new(flow);
    flow.walk(solution, &mut collector);
    collector.finish(flow)
}

/// The summary of a function that is solved, and its trace, which a walk after that would leave: on one walk, to which
/// `listener` listens. Nothing where searches for ways on it took so long that the summary may lack some.
pub fn summary_and_trace(
    flow: &Flow<'_, '_>,
    solution: &Solution,
    listener: &mut dyn Observer,
) -> Option<(Summary, Trace)> {
    let mut both = Both {
        collector: Collector::new(flow),
        listener,
    };
    let trace = trace(flow, solution, &mut both);
    if solution.gave_up {
        return Some((Summary::default(), trace));
    }
    if flow.is_exhausted() {
        return None;
    }
    let effort = flow.rest();
    let summary = both.collector.finish(flow);
    if flow.is_exhausted() {
        return None;
    }
    flow.tire(effort);
    Some((summary, trace))
}

/// Collects for the summary, and lets another listen.
struct Both<'l> {
    collector: Collector,
    listener: &'l mut dyn Observer,
}

impl Observer for Both<'_> {
    fn event(&mut self, flow: &Flow<'_, '_>, state: &State, event: Event<'_>) {
        self.collector.event(flow, state, event);
        self.listener.event(flow, state, event);
    }

    fn inst(&mut self, flow: &Flow<'_, '_>, state: &State) {
        self.collector.inst(flow, state);
        self.listener.inst(flow, state);
    }
}

/// Whether the instruction at work stands in a `try` that catches what using None raises.
pub fn survives_none(flow: &Flow<'_, '_>) -> bool {
    let (block, _) = flow.position();
    flow.survives_none(flow.code.block(block).guard)
}
