//! What keeps a function beyond the round of the loop in which it was made.

use crate::flow::{Flow, Reaching, Start};
use crate::ir::{BinaryOperator, ExprId, ExprKind, InstKind, Loop, Passing, PlaceId, Source};
use crate::rules::around::{
    around, bound_value, called, covers, is_bound_in, receiver, root_variable, variable_name,
};

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

/// What an expression around a function value makes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is a part of the result.
    Part,
    /// The call keeps it for later.
    Later,
    /// The receiver keeps it.
    InReceiver,
    /// It is called now, or nobody knows.
    Unknown,
}

/// What an expression makes of one of its parts.
pub(super) fn step(flow: &Flow<'_, '_>, parent: ExprId, child: ExprId) -> Fate {
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
pub(super) struct Search<'s, 'p, 'a> {
    pub(super) flow: &'s Flow<'p, 'a>,
    pub(super) ways: &'s Reaching<'s, 'p, 'a>,
    pub(super) of: &'s Loop,
}

impl Search<'_, '_, '_> {
    /// Whether an expression with the function in it, in this instruction, keeps it.
    pub(super) fn is_kept(
        &self,
        inst: u32,
        root: Option<ExprId>,
        expr: ExprId,
        depth: u32,
    ) -> bool {
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
                            && !matches!(
                                receiver(module, callee).map(|of| module.kind(of)),
                                Some(ExprKind::Text(_))
                            )
                    }
                    ExprKind::Name(place) => {
                        variable_name(module, code, place) == "inlineCallbacks"
                    }
                    _ => false,
                }
        })
    }
}
