//! What the boundary rules share: where a value comes from, and whether anything on the way to its use has tested it.

use super::{Scene, is_test};
use crate::flow::{Flow, Observer, Solution, State};
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, InstKind, LoopKind, Next, PlaceId, Scope, Source, Step,
    TryKind,
};
use crate::project::{Coverage, Target};
use crate::text::Span;

/// Names are followed through so many bindings.
const DEPTH: usize = 6;

/// Calls whose answer is text, or lines of text, that somebody else wrote.
const READING: [&str; 22] = [
    "read",
    "readline",
    "readlines",
    "read_text",
    "recv",
    "recvfrom",
    "communicate",
    "check_output",
    "getoutput",
    "getstatusoutput",
    "run_command",
    "raw_input",
    "input",
    "getenv",
    "urlopen",
    "popen",
    "open",
    "getheader",
    "get_header",
    "recv_string",
    "exec_command",
    "read_nonblocking",
];

/// Attributes that hold such text.
const RECEIVED: [&str; 6] = ["text", "stdout", "stderr", "argv", "environ", "stdin"];

/// Methods that keep where a text came from.
pub(super) const KEEPING: [&str; 16] = [
    "decode",
    "encode",
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "rsplit",
    "splitlines",
    "replace",
    "lower",
    "upper",
    "get",
    "group",
    "partition",
    "rpartition",
    "expandtabs",
];

/// Functions that keep where their argument came from.
pub(super) const PASSING: [&str; 10] = [
    "str",
    "list",
    "sorted",
    "reversed",
    "enumerate",
    "iter",
    "tuple",
    "to_text",
    "to_native",
    "unicode",
];

/// Words in the names of functions that raise if their argument is not as it should be.
const CHECKING: [&str; 8] = [
    "check", "valid", "assert", "ensure", "require", "verify", "expect", "sanity",
];

/// Calls whose answer says something of what they are asked about.
const ASKING: [&str; 10] = [
    "len",
    "any",
    "all",
    "bool",
    "startswith",
    "endswith",
    "find",
    "count",
    "match",
    "search",
];

/// What a name was bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The value of an expression.
    Value(ExprId),
    /// An element of an iterable.
    Element(ExprId),
}

/// An expression that a rule may have something to say about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The expression.
    pub(super) expr: ExprId,
    /// The outermost expression of its instruction.
    pub(super) root: ExprId,
    /// Its instruction.
    pub(super) at: (BlockId, u32),
}

/// One function, with what the search for guards needs.
pub(super) struct Boundary<'s> {
    pub(super) scene: &'s Scene<'s>,
    pub(super) flow: &'s Flow<'s, 's>,
    solution: &'s Solution,
}

impl<'s> Boundary<'s> {
    pub(super) fn new(scene: &'s Scene<'s>, solution: &'s Solution) -> Self {
        Self {
            scene,
            flow: scene.flow,
            solution,
        }
    }

    /// Whether the function stands in a file of tests.
    pub(super) fn in_test(&self) -> bool {
        is_test(self.flow.program, self.flow.function)
    }

    /// Whether any expression of the function is of interest: most functions are done with here.
    pub(super) fn has(&self, wanted: &dyn Fn(ExprKind) -> bool) -> bool {
        let mut exprs = self.flow.code.exprs.range();
        exprs.any(|index| wanted(self.flow.module.kind(ExprId::new(index))))
    }

    /// Calls `visit` with every expression that is read where control gets to, and with what holds before its instruction.
    pub(super) fn walk(&self, visit: &mut dyn FnMut(Candidate, &State)) {
        let mut reader = Reader {
            visit,
            seen: rustc_hash::FxHashSet::default(),
        };
        self.flow.walk(self.solution, &mut reader);
    }

    /// What a variable is bound to anywhere in the function; nothing where one of the bindings is of another sort.
    pub(super) fn origins(&self, place: PlaceId) -> Vec<Origin> {
        let flow = self.flow;
        let mut found = Vec::new();
        for inst in &flow.code.insts {
            let InstKind::Bind { target, source, .. } = inst.kind else {
                continue;
            };
            if flow.place_of(target) == Some(place) {
                match source {
                    Source::Value(value) => found.push(Origin::Value(value)),
                    Source::Element { iterable, .. } => found.push(Origin::Element(iterable)),
                    _ => return Vec::new(),
                }
            } else if self.binds_inside(target, place) {
                return Vec::new();
            }
        }
        if found.is_empty() {
            found.extend(comprehended(self.flow, place).map(Origin::Element));
        }
        found
    }

    fn binds_inside(&self, target: ExprId, place: PlaceId) -> bool {
        let display = matches!(
            self.flow.module.kind(target),
            ExprKind::Tuple(_) | ExprKind::List(_)
        );
        let mut found = false;
        self.flow.module.walk(target, &mut |part| {
            found |= display && self.flow.place_of(part) == Some(place);
        });
        found
    }

    /// The expressions that a value comes from: itself, or what its name was bound to.
    pub(super) fn values(&self, expr: ExprId) -> Vec<ExprId> {
        let ExprKind::Name(place) = self.flow.module.kind(expr) else {
            return vec![expr];
        };
        let origins = self.origins(place);
        let values = origins.iter().filter_map(|origin| match origin {
            Origin::Value(value) => Some(*value),
            Origin::Element(_) => None,
        });
        let values: Vec<ExprId> = values.collect();
        if values.len() == origins.len() {
            values
        } else {
            Vec::new()
        }
    }

    /// The written name of a method or function that is called, its receiver and its arguments.
    pub(super) fn called(&self, expr: ExprId) -> Option<(&str, Option<ExprId>, Vec<ExprId>)> {
        called(self.flow, expr)
    }

    /// Whether there is evidence that somebody outside the program wrote a text.
    pub(super) fn is_outside(&self, expr: ExprId) -> bool {
        outside(self.flow, expr, DEPTH)
    }

    /// Whether one of these classes is caught around a place.
    pub(super) fn is_caught(&self, at: BlockId, classes: &[&str]) -> bool {
        let flow = self.flow;
        let guard = flow.code.block(at).guard;
        guard.is_some()
            && classes.iter().any(|name| {
                let class = flow.program.library.class(name, flow.module.dialect);
                class.is_some_and(|class| {
                    flow.program.caught_in(flow.function, guard, class).0 != Coverage::None
                })
            })
    }

    /// The places that an expression reads: for paths, the longest.
    pub(super) fn places(&self, expr: ExprId) -> Vec<PlaceId> {
        let mut found = Vec::new();
        self.collect_places(expr, &mut found);
        found
    }

    fn collect_places(&self, expr: ExprId, found: &mut Vec<PlaceId>) {
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::Call { callee, arguments } => {
                if let ExprKind::Attribute { value, .. } = module.kind(callee) {
                    self.collect_places(value, found);
                }
                for argument in module.arguments(arguments) {
                    self.collect_places(argument.value, found);
                }
            }
            kind => match kind.place() {
                Some(place) if !self.is_foreign(place) => found.push(place),
                Some(_) => {}
                None => module.for_each_part(expr, &mut |part| self.collect_places(part, found)),
            },
        }
    }

    /// Whether a place is a plain global: a module, a class, a function.
    fn is_foreign(&self, place: PlaceId) -> bool {
        matches!(
            self.flow.code.place(place).step,
            Step::Variable {
                scope: Scope::Global { .. },
                ..
            }
        )
    }

    /// Whether a condition that is evaluated on every way to a use says something about one of these places.
    pub(super) fn is_tested(&self, candidate: Candidate, places: &[PlaceId]) -> bool {
        let mentions = |test: ExprId| self.mentions(test, places);
        self.is_tested_by(candidate, &mentions, false)
            || self.is_looped(candidate, places)
            || self.is_checked(candidate, places)
    }

    /// Whether a condition that `mentions` tells apart is evaluated on every way to a use; with `strict`, also came out the
    /// same on every way.
    pub(super) fn is_tested_by(
        &self,
        candidate: Candidate,
        mentions: &dyn Fn(ExprId) -> bool,
        strict: bool,
    ) -> bool {
        if self.is_tested_beside(candidate, mentions) {
            return true;
        }
        let code = self.flow.code;
        let inside = self.flow.module.span(candidate.expr);
        let is_apart = |test: ExprId| !self.flow.module.span(test).contains(inside);
        for index in 0..code.blocks.len() {
            let block = BlockId::new(index);
            let mut tests = code.insts(code.block(block)).iter();
            let has = tests.any(|inst| match inst.kind {
                InstKind::Assume { test, .. } => is_apart(test) && mentions(test),
                _ => false,
            });
            if !has {
                continue;
            }
            let stands = if strict {
                self.dominates(block, candidate.at.0)
            } else {
                self.before(block)
                    .iter()
                    .any(|&before| self.dominates(before, candidate.at.0))
            };
            if stands {
                return true;
            }
        }
        false
    }

    /// Conditions of the same expression: `a and b`, `x if a else y`, `… for … if a`.
    fn is_tested_beside(&self, candidate: Candidate, mentions: &dyn Fn(ExprId) -> bool) -> bool {
        let module = self.flow.module;
        let inside = module.span(candidate.expr);
        let apart = |expr: ExprId| !module.span(expr).contains(inside);
        let mut found = false;
        module.walk(candidate.root, &mut |part| {
            if found || !module.span(part).contains(inside) {
                return;
            }
            found = match module.kind(part) {
                ExprKind::And(parts) | ExprKind::Or(parts) => {
                    let before = |other: &&ExprId| module.span(**other).start < inside.start;
                    let mut others = module.list(parts).iter().filter(before);
                    others.any(|&other| apart(other) && mentions(other))
                }
                ExprKind::Conditional { test, .. } => apart(test) && mentions(test),
                ExprKind::Comprehension(id) => {
                    let clauses = &module.comprehension(id).clauses;
                    let mut conditions = clauses.iter().flat_map(|clause| &clause.conditions);
                    conditions.any(|&condition| {
                        (apart(condition) || matches!(module.kind(condition), ExprKind::And(_)))
                            && mentions(condition)
                    })
                }
                _ => false,
            };
        });
        found
    }

    fn mentions(&self, test: ExprId, places: &[PlaceId]) -> bool {
        let module = self.flow.module;
        if self.says_nothing(test) {
            return false;
        }
        let here = self.flow.place_of(test);
        let mut found =
            here.is_some_and(|place| places.contains(&place) || self.tells(place, places));
        module.for_each_part(test, &mut |part| {
            found = found || self.mentions(part, places)
        });
        found
    }

    /// Whether a name stands for a condition on one of these places.
    fn tells(&self, place: PlaceId, places: &[PlaceId]) -> bool {
        let module = self.flow.module;
        let asks = |value: ExprId| match module.kind(value) {
            ExprKind::Compare { .. } | ExprKind::And(_) | ExprKind::Or(_) => true,
            ExprKind::Call { .. } => self
                .called(value)
                .is_some_and(|(name, ..)| ASKING.contains(&name)),
            _ => false,
        };
        self.origins(place).iter().any(|origin| match *origin {
            Origin::Value(value) if asks(value) => {
                let read = self.places(value);
                read.iter().any(|place| places.contains(place))
            }
            _ => false,
        })
    }

    /// `x is None` and `isinstance(x, T)` say nothing of what is in it.
    fn says_nothing(&self, test: ExprId) -> bool {
        let module = self.flow.module;
        match module.kind(test) {
            ExprKind::Compare {
                operator: Comparison::Is | Comparison::IsNot,
                right,
                ..
            } => matches!(module.kind(right), ExprKind::None),
            ExprKind::Call { .. } => {
                matches!(
                    self.called(test),
                    Some(("isinstance" | "hasattr" | "callable", None, _))
                )
            }
            _ => false,
        }
    }

    /// Whether the use stands in a loop over the thing itself.
    fn is_looped(&self, candidate: Candidate, places: &[PlaceId]) -> bool {
        let inside = self.flow.module.span(candidate.expr);
        self.flow.code.loops.iter().any(|of| {
            of.suite.contains(inside)
                && match of.kind {
                    LoopKind::For { iterable, .. } => self.mentions(iterable, places),
                    LoopKind::While { test } => self.mentions(test, places),
                }
        })
    }

    /// Whether a helper whose name says that it checks got it before.
    fn is_checked(&self, candidate: Candidate, places: &[PlaceId]) -> bool {
        let code = self.flow.code;
        let start = self.flow.module.span(candidate.expr).start;
        (0..code.blocks.len()).any(|index| {
            let block = BlockId::new(index);
            let mut insts = code.insts(code.block(block)).iter();
            insts.any(|inst| match inst.kind {
                InstKind::Eval(call) if inst.span.start < start => {
                    self.checks(call) && self.mentions(call, places)
                }
                _ => false,
            }) && self.dominates(block, candidate.at.0)
        })
    }

    fn checks(&self, call: ExprId) -> bool {
        self.called(call).is_some_and(|(name, ..)| {
            let name = name.to_ascii_lowercase();
            CHECKING.iter().any(|word| name.contains(word))
        })
    }

    /// Whether control passes one block on every way to another.
    pub(super) fn dominates(&self, block: BlockId, target: BlockId) -> bool {
        if block == target {
            return true;
        }
        let entry = BlockId::new(0);
        if block == entry {
            return true;
        }
        let mut seen = vec![false; self.flow.code.blocks.len()];
        seen[entry.index()] = true;
        seen[block.index()] = true;
        let mut open = vec![entry];
        while let Some(at) = open.pop() {
            if at == target {
                return false;
            }
            for next in self.after(at) {
                if !std::mem::replace(&mut seen[next.index()], true) {
                    open.push(next);
                }
            }
        }
        true
    }

    fn before(&self, block: BlockId) -> Vec<BlockId> {
        let blocks = self.flow.code.blocks.iter().enumerate();
        let leads = blocks.filter(|(_, from)| match from.next {
            Next::Branch(one, other) => one == block || other == block,
            Next::Goto(to) => to == block,
            _ => false,
        });
        leads.map(|(index, _)| BlockId::new(index)).collect()
    }

    /// Where control can go from a block.
    fn after(&self, block: BlockId) -> Vec<BlockId> {
        let code = self.flow.code;
        let mut found = Vec::new();
        if self.solution.at(block).is_none() {
            return found;
        }
        let mut guard = code.block(block).guard;
        while let Some(region) = guard {
            let region = code.region(region);
            match &region.kind {
                TryKind::Catch { handlers, .. } => {
                    found.extend(handlers.iter().map(|handler| handler.entry));
                }
                TryKind::Finally { entry, .. } => found.push(*entry),
                TryKind::With { .. } => {}
            }
            guard = region.parent;
        }
        let ends = code.insts(code.block(block)).iter().any(
            |inst| matches!(inst.kind, InstKind::Eval(value) if self.flow.never_returns(value)),
        );
        match code.block(block).next {
            _ if ends => {}
            Next::Goto(to) => found.push(to),
            Next::Branch(one, other) => found.extend([one, other]),
            _ => {}
        }
        found
    }

    /// An expression as it is written, if it is short.
    pub(super) fn text(&self, expr: ExprId) -> String {
        let span: Span = self.flow.module.span(expr);
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::Call { callee, .. } => match self.called(expr) {
                Some((name, Some(receiver), _)) => match module.dotted(self.flow.code, receiver) {
                    Some(receiver) => format!("{receiver}.{name}(…)"),
                    None => format!("….{name}(…)"),
                },
                _ => format!("{}(…)", self.text(callee)),
            },
            ExprKind::Subscript { value, index, .. } => {
                format!("{}[{}]", self.text(value), self.text(index))
            }
            ExprKind::Int(number) => number.to_string(),
            ExprKind::Text(name) => format!("{:?}", module.name(name)),
            kind => match (module.dotted(self.flow.code, expr), kind.place()) {
                (Some(text), _) => text,
                (None, Some(place)) => self.flow.place_text(place),
                (None, None) if span.end > span.start => "…".to_owned(),
                (None, None) => String::new(),
            },
        }
    }
}

fn called<'f>(
    flow: &'f Flow<'_, '_>,
    expr: ExprId,
) -> Option<(&'f str, Option<ExprId>, Vec<ExprId>)> {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(expr) else {
        return None;
    };
    let arguments = module.arguments(arguments).iter();
    let arguments = arguments.map(|argument| argument.value).collect();
    match module.kind(callee) {
        ExprKind::Attribute { value, name, .. } => {
            Some((module.name(name), Some(value), arguments))
        }
        ExprKind::Name(place) => match flow.code.place(place).step {
            Step::Variable { name, .. } => Some((module.name(name), None, arguments)),
            _ => None,
        },
        _ => None,
    }
}

fn outside(flow: &Flow<'_, '_>, expr: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let module = flow.module;
    match module.kind(expr) {
        ExprKind::Call { .. } => outside_call(flow, expr, depth),
        ExprKind::Attribute { value, name, .. } => {
            RECEIVED.contains(&module.name(name))
                && !matches!(module.kind(value), ExprKind::Text(_))
        }
        ExprKind::Subscript { value, .. } | ExprKind::Await(value) => outside(flow, value, depth),
        ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| outside(flow, part, depth))
        }
        ExprKind::Name(place) => bound_to(flow, place)
            .into_iter()
            .any(|value| outside(flow, value, depth)),
        _ => false,
    }
}

fn outside_call(flow: &Flow<'_, '_>, expr: ExprId, depth: usize) -> bool {
    let Some((name, receiver, arguments)) = called(flow, expr) else {
        return false;
    };
    if READING.contains(&name) {
        return true;
    }
    match receiver {
        Some(receiver) if KEEPING.contains(&name) => outside(flow, receiver, depth),
        None if PASSING.contains(&name) => arguments
            .first()
            .is_some_and(|&argument| outside(flow, argument, depth)),
        _ => outside_answer(flow, expr, depth),
    }
}

/// Whether a function of the project returns such a text.
fn outside_answer(flow: &Flow<'_, '_>, expr: ExprId, depth: usize) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(expr) else {
        return false;
    };
    let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) else {
        return false;
    };
    let inner = Flow::new(flow.program, flow.known, function);
    inner.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => outside(&inner, value, depth.min(3)),
        _ => false,
    })
}

/// Everything that a variable, or a display that it stands in, is bound to.
fn bound_to(flow: &Flow<'_, '_>, place: PlaceId) -> Vec<ExprId> {
    let insts = flow.code.insts.iter();
    let mut found: Vec<ExprId> = insts
        .filter_map(|inst| match inst.kind {
            InstKind::Bind { target, source, .. } => {
                let value = match source {
                    Source::Value(value) => value,
                    Source::Element { iterable, .. } => iterable,
                    Source::Entered { manager, .. } => manager,
                    _ => return None,
                };
                let in_display = match flow.module.kind(target) {
                    ExprKind::Tuple(parts) | ExprKind::List(parts) => flow
                        .module
                        .list(parts)
                        .iter()
                        .any(|&part| flow.place_of(part) == Some(place)),
                    _ => false,
                };
                (in_display || flow.place_of(target) == Some(place)).then_some(value)
            }
            _ => None,
        })
        .collect();
    found.extend(comprehended(flow, place));
    found
}

/// What a variable of a comprehension runs over.
fn comprehended(flow: &Flow<'_, '_>, place: PlaceId) -> Option<ExprId> {
    let Step::Variable {
        scope: Scope::Comprehension,
        ..
    } = flow.code.place(place).step
    else {
        return None;
    };
    let mut exprs = flow.code.exprs.range();
    exprs.find_map(|index| {
        let ExprKind::Comprehension(id) = flow.module.kind(ExprId::new(index)) else {
            return None;
        };
        let mut clauses = flow.module.comprehension(id).clauses.iter();
        let clause = clauses.find(|clause| flow.place_of(clause.target) == Some(place));
        clause.map(|clause| clause.iterable)
    })
}

/// Hands on what instructions read.
struct Reader<'v> {
    visit: &'v mut dyn FnMut(Candidate, &State),
    seen: rustc_hash::FxHashSet<u32>,
}

impl Observer for Reader<'_> {
    fn event(&mut self, _: &Flow<'_, '_>, _: &State, _: crate::flow::Event<'_>) {}

    fn inst(&mut self, flow: &Flow<'_, '_>, state: &State) {
        let at = flow.position();
        if !self.seen.insert(at.1) {
            return;
        }
        let kind = flow.code.insts[at.1 as usize].kind;
        let target = match kind {
            InstKind::Bind { target, .. } | InstKind::Forget(target) => Some(target),
            _ => None,
        };
        let mut roots = Vec::new();
        kind.for_each_expr(&mut |root| roots.push(root));
        for root in roots {
            flow.module.walk(root, &mut |expr| {
                let is_target = Some(root) == target && is_bound(flow, root, expr);
                if !is_target {
                    (self.visit)(Candidate { expr, root, at }, state);
                }
            });
        }
    }
}

/// Whether an expression is the target itself, not something that is read to get there.
fn is_bound(flow: &Flow<'_, '_>, target: ExprId, expr: ExprId) -> bool {
    target == expr
        || match flow.module.kind(target) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let mut parts = flow.module.list(parts).iter();
                parts.any(|&part| is_bound(flow, part, expr))
            }
            ExprKind::Starred(inner) => is_bound(flow, inner, expr),
            _ => false,
        }
}
