//! `late-binding`: a function made in a loop reads the loop's variable when it is called, not when it is made.

use super::around::{
    around, bound_value, called, covers, is_bound_in, receiver, root_variable, variable_name,
};
use super::{Check, Family, Rule, Scene};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Reaching, Solution, Start};
use crate::ir::{
    BinaryOperator, ComprehensionKind, ExprId, ExprKind, FunctionId, FunctionKind, InstKind, Loop,
    NameId, Passing, PlaceId, Scope, Source, Step,
};
use crate::text::Span;
use rustc_hash::FxHashMap;

pub(super) const RULE: Rule = Rule {
    name: "late-binding",
    family: Family::Functional,
    page: include_str!("../../rules/late-binding.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// A closure is followed through so many names.
const ALIASES: u32 = 2;

/// Methods that keep what they are given in their receiver.
const KEEPING: [&str; 10] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "insert",
    "push",
    "put",
    "put_nowait",
    "setdefault",
    "update",
];

/// Functions and methods that call what they are given later.
const CALLING_LATER: [&str; 41] = [
    "addBoth",
    "addCallback",
    "addCallbacks",
    "addErrback",
    "addSystemEventTrigger",
    "add_callback",
    "add_command",
    "add_done_callback",
    "add_job",
    "add_listener",
    "add_observer",
    "add_reader",
    "add_url_rule",
    "add_writer",
    "addListener",
    "after",
    "after_idle",
    "apply_async",
    "bind",
    "callFromThread",
    "callInThread",
    "callLater",
    "callWhenRunning",
    "call_at",
    "call_later",
    "call_soon",
    "call_soon_threadsafe",
    "connect",
    "deferToThread",
    "idle_add",
    "observe",
    "on",
    "once",
    "register",
    "run_in_executor",
    "spawn",
    "spawn_later",
    "start_new_thread",
    "submit",
    "subscribe",
    "timeout_add",
];

/// What waits, within the round, for what was started in it.
const WAITING: [&str; 5] = ["gather", "join", "joinall", "result", "wait"];

/// A function that is made in the code at work.
struct Closure {
    id: FunctionId,
    /// The instruction that makes it.
    inst: u32,
    /// The lambda, or the name that a `def` binds.
    expr: ExprId,
    /// What the instruction evaluates; nothing for a `def`.
    root: Option<ExprId>,
}

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let closures = closures(flow);
    if closures.is_empty() {
        return Vec::new();
    }
    let globals = globals(flow);
    let mut ways = None;
    let mut findings = Vec::new();
    for closure in &closures {
        for place in captured(flow, &globals, closure.id) {
            let found = in_comprehension(scene, closure, place).or_else(|| {
                let ways = ways.get_or_insert_with(|| Reaching::of(flow));
                in_loop(scene, ways, closure, place)
            });
            if let Some(found) = found {
                findings.push(found);
                break;
            }
        }
    }
    findings
}

/// Functions that are made in a loop or a comprehension.
fn closures(flow: &Flow<'_, '_>) -> Vec<Closure> {
    let (module, code) = (flow.module, flow.code);
    let has_lambda = code.exprs.range().any(|index| {
        matches!(
            module.kind(ExprId::new(index)),
            ExprKind::Lambda(_) | ExprKind::Comprehension(_)
        )
    });
    if code.loops.is_empty() && !has_lambda {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, inst) in code.insts.iter().enumerate() {
        let inst_index = index as u32;
        if let InstKind::Bind {
            target,
            source: Source::Function(id),
            ..
        } = inst.kind
        {
            found.push(Closure {
                id,
                inst: inst_index,
                expr: target,
                root: None,
            });
        }
        if has_lambda {
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |expr| {
                    if let ExprKind::Lambda(id) = module.kind(expr) {
                        found.push(Closure {
                            id,
                            inst: inst_index,
                            expr,
                            root: Some(root),
                        });
                    }
                });
            });
        }
    }
    found
}

/// The variables of a module by name: functions read them as globals.
fn globals(flow: &Flow<'_, '_>) -> FxHashMap<NameId, PlaceId> {
    if flow.code.kind != FunctionKind::Module {
        return FxHashMap::default();
    }
    let places = flow.code.places.iter().enumerate();
    places
        .filter_map(|(index, place)| match place.step {
            Step::Variable {
                name,
                scope: Scope::Local { .. },
            } => Some((name, PlaceId::new(index))),
            _ => None,
        })
        .collect()
}

/// The variables of the code at work that a function inside it reads.
fn captured(
    flow: &Flow<'_, '_>,
    globals: &FxHashMap<NameId, PlaceId>,
    id: FunctionId,
) -> Vec<PlaceId> {
    let inner = flow.module.function(id);
    let mut found = Vec::new();
    for place in &inner.places {
        let Step::Variable { name, scope } = place.step else {
            continue;
        };
        match scope {
            Scope::Free {
                function,
                place,
                declared: false,
            } if function == flow.id() => found.push(place),
            Scope::Global { declared: false } => found.extend(globals.get(&name)),
            _ => {}
        }
    }
    found
}

/// A comprehension's own variable, in a function that the comprehension keeps.
fn in_comprehension(scene: &Scene<'_>, closure: &Closure, place: PlaceId) -> Option<Finding> {
    let flow = scene.flow;
    let module = flow.module;
    let chain = around(module, closure.root?, closure.expr)?;
    let at = chain.iter().rposition(|&expr| {
        let ExprKind::Comprehension(id) = module.kind(expr) else {
            return false;
        };
        let mut clauses = module.comprehension(id).clauses.iter();
        clauses.any(|clause| super::around::binds(module, clause.target, place))
    })?;
    let ExprKind::Comprehension(id) = module.kind(chain[at]) else {
        return None;
    };
    let comprehension = module.comprehension(id);
    let is_drained = at > 0
        && matches!(module.kind(chain[at - 1]), ExprKind::Call { callee, .. }
            if matches!(called(module, flow.code, callee), "list" | "tuple" | "set" | "dict" | "sorted"));
    if comprehension.kind == ComprehensionKind::Generator && !is_drained {
        return None;
    }
    let inside = &chain[at + 1..];
    let element = inside.first().copied().unwrap_or(closure.expr);
    if element != comprehension.element && Some(element) != comprehension.value {
        return None;
    }
    let mut child = closure.expr;
    for &parent in inside.iter().rev() {
        match step(flow, parent, child) {
            Fate::Part | Fate::Later => child = parent,
            _ => return None,
        }
    }
    let target = comprehension
        .clauses
        .iter()
        .find(|clause| super::around::binds(module, clause.target, place))?
        .target;
    let message = Message::new("comprehension").with("name", flow.place_text(place));
    Some(report(scene, closure, message, target, place))
}

/// A variable that a loop binds again, in a function that outlives the round.
fn in_loop(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    closure: &Closure,
    place: PlaceId,
) -> Option<Finding> {
    let flow = scene.flow;
    let here = flow.code.insts[closure.inst as usize].span;
    if !flow.code.loops.iter().any(|of| covers(of.suite, here)) {
        return None;
    }
    let reach = ways.reach(place, Start::Behind(closure.inst));
    let (kill, of) = reach.kills.iter().find_map(|kill| {
        let span = flow.code.insts[kill.inst as usize].span;
        let mut loops = flow.code.loops.iter().rev();
        let of = loops.find(|of| covers(of.suite, here) && covers(of.span, span))?;
        Some((kill, of))
    })?;
    if !varies(flow, of, place) || closure.root.is_none() && is_registered(flow, closure.id) {
        return None;
    }
    let search = Search { flow, ways, of };
    if !search.is_kept(closure.inst, closure.root, closure.expr, ALIASES) {
        return None;
    }
    let message = Message::new("loop").with("name", flow.place_text(place));
    Some(report(scene, closure, message, kill.name, place))
}

fn report(
    scene: &Scene<'_>,
    closure: &Closure,
    message: Message,
    rebound: ExprId,
    place: PlaceId,
) -> Finding {
    let flow = scene.flow;
    let code = flow.module.function(closure.id);
    let name = flow.place_text(place);
    let span = match closure.root {
        Some(_) => flow.module.span(closure.expr),
        None => code.name_span,
    };
    let finding = Finding {
        statement: flow.code.insts[closure.inst as usize].span.start,
        ..scene.at_span(span, message)
    };
    let help = match closure.root {
        Some(_) => "lambda",
        None => "function",
    };
    finding
        .because(scene.related(rebound, Message::new("rebound").with("name", name.clone())))
        .confidence(Confidence::High)
        .help(Message::new(help).with("name", name))
}

/// A decorator takes the function away: it may call it at once.
fn is_registered(flow: &Flow<'_, '_>, id: FunctionId) -> bool {
    let function = flow.program.function(flow.module_ref, id);
    flow.program.decoration(function).is_opaque
}

/// Whether each round can give the variable another value.
fn varies(flow: &Flow<'_, '_>, of: &Loop, place: PlaceId) -> bool {
    let module = flow.module;
    flow.code.insts.iter().any(|inst| {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            return false;
        };
        if !covers(of.span, inst.span) || !super::around::binds(module, target, place) {
            return false;
        }
        match source {
            Source::Element { .. } | Source::Augmented { .. } | Source::Entered { .. } => true,
            Source::Value(value) => changes(flow, of.span, value),
            _ => false,
        }
    })
}

/// Whether an expression calls something or reads a variable that the loop binds.
fn changes(flow: &Flow<'_, '_>, span: Span, value: ExprId) -> bool {
    let mut found = false;
    flow.module
        .walk(value, &mut |part| match flow.module.kind(part) {
            ExprKind::Call { .. } | ExprKind::Await(_) | ExprKind::Yield(_) => found = true,
            ExprKind::Name(place) => found |= is_bound_in(flow, place, span),
            _ => {}
        });
    found
}

/// What an expression around a function value makes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is a part of the result.
    Part,
    /// The call keeps it for later.
    Later,
    /// The receiver keeps it.
    InReceiver,
    /// It is called now, or nobody knows.
    Unknown,
}

fn step(flow: &Flow<'_, '_>, parent: ExprId, child: ExprId) -> Fate {
    let module = flow.module;
    match module.kind(parent) {
        ExprKind::Tuple(_)
        | ExprKind::List(_)
        | ExprKind::Set(_)
        | ExprKind::Dict(_)
        | ExprKind::Starred(_) => Fate::Part,
        ExprKind::Conditional { test, .. } if test != child => Fate::Part,
        ExprKind::Or(_) | ExprKind::And(_) => Fate::Part,
        ExprKind::Call { callee, arguments } if callee != child => {
            let passing = module
                .arguments(arguments)
                .iter()
                .find(|argument| argument.value == child)
                .map(|argument| argument.passing);
            fate_of_argument(flow, callee, passing)
        }
        _ => Fate::Unknown,
    }
}

fn fate_of_argument(flow: &Flow<'_, '_>, callee: ExprId, passing: Option<Passing>) -> Fate {
    let module = flow.module;
    let name = called(module, flow.code, callee);
    let is_method = receiver(module, callee).is_some();
    let keyword = match passing {
        Some(Passing::Keyword(keyword)) => module.name(keyword),
        _ => "",
    };
    match name {
        "partial" | "staticmethod" | "classmethod" | "property" | "wraps" | "inlineCallbacks"
        | "dict" | "list" | "tuple" | "MethodType" => Fate::Part,
        "setattr" => Fate::InReceiver,
        "Thread" | "Timer" | "Process" | "Greenlet" => Fate::Later,
        _ if matches!(keyword, "command" | "target") || keyword.starts_with("on_") => Fate::Later,
        _ if is_method && KEEPING.contains(&name) => Fate::InReceiver,
        _ if CALLING_LATER.contains(&name) => Fate::Later,
        _ => Fate::Unknown,
    }
}

/// Looks for what keeps a function beyond the round of a loop.
struct Search<'s, 'p, 'a> {
    flow: &'s Flow<'p, 'a>,
    ways: &'s Reaching<'s, 'p, 'a>,
    of: &'s Loop,
}

impl Search<'_, '_, '_> {
    fn is_kept(&self, inst: u32, root: Option<ExprId>, expr: ExprId, depth: u32) -> bool {
        let flow = self.flow;
        let Some(root) = root else {
            return self.is_kept_as_name(inst, expr, depth);
        };
        let Some(chain) = around(flow.module, root, expr) else {
            return false;
        };
        let mut child = expr;
        for &parent in chain.iter().rev() {
            match step(flow, parent, child) {
                Fate::Part => child = parent,
                Fate::Later => return !self.waits(),
                Fate::InReceiver => return self.is_from_outside(parent),
                Fate::Unknown => return false,
            }
        }
        self.is_kept_by(inst, child, depth)
    }

    /// Whether the statement whose value it is keeps it.
    fn is_kept_by(&self, inst: u32, value: ExprId, depth: u32) -> bool {
        let module = self.flow.module;
        let kind = self.flow.code.insts[inst as usize].kind;
        if let InstKind::Bind {
            target,
            source:
                Source::Augmented {
                    operator: BinaryOperator::Add | BinaryOperator::BitOr,
                    value: added,
                },
            ..
        } = kind
        {
            return added == value && self.has_binding_outside(target);
        }
        let Some((target, bound)) = bound_value(kind) else {
            return false;
        };
        if bound != value {
            return false;
        }
        match module.kind(target) {
            ExprKind::Name(_) => self.is_kept_as_name(inst, target, depth),
            ExprKind::Subscript { .. } | ExprKind::Attribute { .. } => {
                root_variable(module, target).is_some_and(|place| !self.is_of_the_round(place))
            }
            _ => false,
        }
    }

    /// Whether one of the reads of a name that holds it keeps it.
    fn is_kept_as_name(&self, inst: u32, name: ExprId, depth: u32) -> bool {
        let (ExprKind::Name(place), Some(depth)) =
            (self.flow.module.kind(name), depth.checked_sub(1))
        else {
            return false;
        };
        let reach = self.ways.reach(place, Start::Behind(inst));
        reach.reads.iter().any(|read| {
            let found = self.flow.code.insts[read.inst as usize];
            if !covers(self.of.suite, found.span) {
                return false;
            }
            let mut kept = false;
            found.kind.for_each_expr(&mut |root| {
                kept |= around(self.flow.module, root, read.name).is_some()
                    && self.is_kept(read.inst, Some(root), read.name, depth);
            });
            kept
        })
    }

    /// Whether the receiver of a call, or the object of a `setattr`, is older than the round.
    fn is_from_outside(&self, call: ExprId) -> bool {
        let (module, code) = (self.flow.module, self.flow.code);
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            return false;
        };
        let object = match receiver(module, callee) {
            Some(receiver) => Some(receiver),
            None => module
                .arguments(arguments)
                .first()
                .map(|argument| argument.value),
        };
        let Some(object) = object else {
            return false;
        };
        match module.kind(object) {
            ExprKind::Call { callee, .. } => {
                matches!(called(module, code, callee), "globals" | "locals" | "vars")
            }
            _ => root_variable(module, object).is_some_and(|place| !self.is_of_the_round(place)),
        }
    }

    fn is_of_the_round(&self, place: PlaceId) -> bool {
        is_bound_in(self.flow, place, self.of.span)
    }

    fn has_binding_outside(&self, target: ExprId) -> bool {
        let flow = self.flow;
        let Some(place) = root_variable(flow.module, target) else {
            return false;
        };
        if !matches!(flow.module.kind(target), ExprKind::Name(_)) {
            return !self.is_of_the_round(place);
        }
        let mut bindings = self.ways.bindings(place).into_iter().map(|at| at.inst);
        bindings.all(|inst| {
            let inst = flow.code.insts[inst as usize];
            !covers(self.of.span, inst.span)
                || matches!(
                    inst.kind,
                    InstKind::Bind {
                        source: Source::Augmented { .. },
                        ..
                    }
                )
        })
    }

    /// Whether the round itself waits for what it starts.
    fn waits(&self) -> bool {
        let (module, code) = (self.flow.module, self.flow.code);
        code.exprs.range().any(|index| {
            let expr = ExprId::new(index);
            covers(self.of.suite, module.span(expr))
                && match module.kind(expr) {
                    ExprKind::Await(_) | ExprKind::Yield(_) | ExprKind::YieldFrom(_) => true,
                    ExprKind::Call { callee, .. } => {
                        WAITING.contains(&called(module, code, callee))
                            && !matches!(receiver(module, callee).map(|of| module.kind(of)), Some(ExprKind::Text(_)))
                    }
                    ExprKind::Name(place) => variable_name(module, code, place) == "inlineCallbacks",
                    _ => false,
                }
        })
    }
}
