//! The way up: from a call that can raise, through callers that do not guard, to an entry point.

use super::entry::{Entries, Entry};
use super::guards::{Guards, Left};
use crate::ir::{Block, ExprId, Function, Module, TryId};
use crate::library::schema::{Fate, Runs};
use crate::project::{CallGraph, CallSite, Handed, Program};
use crate::summary::{ClassRef, Delivery};
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Longer ways are not followed.
const DEPTH: usize = 8;

/// More callers than that are not asked.
const CALLERS: usize = 200;

/// A call and the function that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Who calls.
    pub caller: FunctionRef,
    /// The call.
    pub call: ExprId,
}

/// Exceptions that get to an entry point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escape {
    /// Which of the classes that were asked for.
    pub classes: u32,
    /// Where they get to.
    pub entry: Entry,
    /// Whose entry it is.
    pub top: FunctionRef,
    /// The calls from there down to the function that was asked for.
    pub path: Vec<Hop>,
    /// A caller that does guard, where another does not.
    pub spared: Option<Hop>,
    /// The innermost caller on the way that has a handler for something else.
    pub passed: Option<(FunctionRef, TryId)>,
    /// Some call on the way may reach another function.
    pub is_doubtful: bool,
    /// A decorator on the way repeats the call.
    pub retries: bool,
}

/// Searches for ways up.
pub struct Search<'s, 'p, 'a> {
    pub(super) program: &'p Program<'a>,
    pub(super) graph: &'s CallGraph,
    pub(super) guards: &'s Guards<'p, 'a>,
    pub(super) entries: &'s Entries,
    /// Where functions are handed on as values.
    pub(super) handed: FxHashMap<FunctionRef, Vec<Handed>>,
}

struct Node {
    function: FunctionRef,
    classes: u32,
    from: Option<(usize, Hop)>,
    depth: usize,
    is_doubtful: bool,
    retries: bool,
    passed: Option<(FunctionRef, TryId)>,
    /// Handlers of everything stopped what does not get here.
    is_broad: bool,
}

/// What becomes of exceptions on all ways up.
pub struct Ways {
    /// The worst way out, if there is one.
    pub escape: Option<Escape>,
    /// Some caller catches them all.
    pub is_spared: bool,
    /// Another caller, of whom nobody is known to call it, lets them through.
    pub leaks: bool,
    /// Such a caller says which classes it means.
    pub is_named: bool,
}

/// The innermost guarded region around an expression.
pub(crate) fn guard_at(module: &Module, code: &Function, expr: ExprId) -> Option<TryId> {
    let span = module.span(expr);
    let holds = |block: &&Block| {
        let mut insts = code.insts(block).iter();
        insts.any(|inst| inst.span.contains(span))
    };
    let holding = code.blocks.iter().filter(holds);
    let inner = holding.filter_map(|block| block.guard);
    inner.min_by_key(|&guard| {
        let span = code.region(guard).span;
        span.end - span.start
    })
}

impl Search<'_, '_, '_> {
    /// What becomes of `classes` that leave a place in `function` under `left`: the shortest of the worst ways out, and
    /// whether a caller guards.
    pub fn from(&self, function: FunctionRef, left: Left, classes: &[ClassRef]) -> Ways {
        let alive = self.guards.undecorated(function, classes, left.classes);
        let retries = self.guards.retries(function, classes, left.classes);
        let start = Node {
            function,
            classes: alive,
            from: None,
            depth: 0,
            is_doubtful: false,
            retries,
            passed: None,
            is_broad: false,
        };
        let mut nodes = vec![start];
        let mut seen: FxHashMap<FunctionRef, u32> = FxHashMap::default();
        seen.insert(function, alive);
        let mut open = VecDeque::from([0]);
        let mut spared = None;
        let mut is_named = false;
        let mut leaks = false;
        let mut best: Option<(u8, usize)> = None;
        let mut callers = 0;
        while let Some(at) = open.pop_front() {
            if nodes[at].classes == 0 {
                continue;
            }
            if let Some(entry) = self.entries.get(nodes[at].function) {
                let weight = self.weight(entry);
                if best.is_none_or(|(known, _)| weight > known) {
                    best = Some((weight, at));
                }
            }
            if nodes[at].depth >= DEPTH {
                continue;
            }
            let mut is_called = false;
            for site in self.graph.calls_of(nodes[at].function) {
                callers += 1;
                if callers > CALLERS {
                    break;
                }
                let above = self.step(&nodes[at], at, site, classes);
                is_called |= above.is_some();
                match above {
                    Some(node) if node.classes == 0 => {
                        is_named |= !node.is_broad;
                        spared = spared.or(Some(Hop {
                            caller: site.caller,
                            call: site.call,
                        }))
                    }
                    Some(node) => {
                        let known = seen.entry(node.function).or_default();
                        if *known | node.classes != *known {
                            *known |= node.classes;
                            nodes.push(node);
                            open.push_back(nodes.len() - 1);
                        }
                    }
                    None => {}
                }
            }
            leaks |= at != 0 && !is_called;
        }
        if best.is_none() && spared.is_none() {
            spared = nodes
                .iter()
                .find_map(|node| self.caught_where_handed(node, classes));
        }
        let is_decorated = alive == 0 || self.entries.is_unused(function);
        Ways {
            escape: best.map(|(_, at)| self.escape(&nodes, at, spared)),
            is_spared: spared.is_some() || is_decorated,
            leaks,
            is_named: is_named || is_decorated,
        }
    }

    /// A place that hands the function on and catches all that leaves it: `try: await executor(f) except OSError`.
    fn caught_where_handed(&self, node: &Node, classes: &[ClassRef]) -> Option<Hop> {
        let handed = self.handed.get(&node.function)?;
        handed.iter().take(CALLERS).find_map(|handed| {
            let (module, code) = self.program.code(handed.by);
            let guard = guard_at(module, code, handed.at)?;
            let consumed = &self.guards.local(handed.by).consumed;
            let guards = consumed.guards_of(module, code, handed.at, Some(guard));
            let left = self
                .guards
                .leave_any(handed.by, &guards, classes, node.classes);
            (left.classes == 0).then_some(Hop {
                caller: handed.by,
                call: handed.at,
            })
        })
    }

    /// What gets through a caller; nothing where the call does not raise what its callee raises.
    fn step(&self, below: &Node, at: usize, site: &CallSite, classes: &[ClassRef]) -> Option<Node> {
        let (module_ref, _) = self.program.locate(site.caller);
        if self.entries.is_out_of_scope(module_ref) {
            return None;
        }
        let is_now = self.program.delivery(site.callee) == Delivery::Now
            || self.program.decoration(site.callee).is_context_manager;
        let guards = match is_now {
            true => vec![site.guard],
            false => {
                let consumed = &self.guards.local(site.caller).consumed;
                consumed.guards(site.call, site.guard)?
            }
        };
        let left = self
            .guards
            .leave_any(site.caller, &guards, classes, below.classes);
        let alive = self.guards.undecorated(site.caller, classes, left.classes);
        Some(Node {
            function: site.caller,
            classes: alive,
            from: Some((
                at,
                Hop {
                    caller: site.caller,
                    call: site.call,
                },
            )),
            depth: below.depth + 1,
            is_doubtful: below.is_doubtful || site.is_virtual,
            retries: below.retries || self.guards.retries(site.caller, classes, left.classes),
            passed: below
                .passed
                .or(left.nearest.map(|region| (site.caller, region))),
            is_broad: below.classes & !left.broadly == 0,
        })
    }

    fn escape(&self, nodes: &[Node], at: usize, spared: Option<Hop>) -> Escape {
        let node = &nodes[at];
        let mut path = Vec::new();
        let mut current = at;
        while let Some((below, hop)) = nodes[current].from {
            path.push(hop);
            current = below;
        }
        Escape {
            classes: node.classes,
            entry: self.entries.get(node.function).unwrap_or(Entry::Public),
            top: node.function,
            path,
            spared,
            passed: node.passed,
            is_doubtful: node.is_doubtful,
            retries: node.retries,
        }
    }

    /// How bad it is when something gets there.
    fn weight(&self, entry: Entry) -> u8 {
        match entry {
            Entry::Registered {
                runs: Runs::Test, ..
            }
            | Entry::Registered {
                fate: Fate::Raised | Fate::Errback,
                ..
            } => 0,
            Entry::Public => 1,
            Entry::Registered {
                runs: Runs::Request,
                ..
            } => 2,
            Entry::Registered {
                runs: Runs::Task | Runs::Command,
                ..
            } => 3,
            Entry::Top | Entry::Main => 4,
            Entry::Registered { .. } => 5,
        }
    }
}
