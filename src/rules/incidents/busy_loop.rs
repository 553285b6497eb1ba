//! `busy-loop`: a loop that asks again and again, with nothing in it that waits.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Flow, Solution};
use crate::ir::{
    BlockId, ComprehensionKind, ExprId, ExprKind, Inst, InstKind, Loop, LoopKind, Next, Scope,
    Source, Step, TryKind,
};
use crate::rules::around::{called, covers, keyword, positional, receiver};
use crate::rules::{Check, Family, Rule, Scene};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "busy-loop",
    family: Family::Incidents,
    page: include_str!("../../../rules/busy-loop.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// Methods that tell at once how something stands.
const ASKING: [&str; 15] = [
    "done",
    "empty",
    "full",
    "get_nowait",
    "isAlive",
    "isSet",
    "is_alive",
    "is_closed",
    "is_running",
    "is_set",
    "locked",
    "poll",
    "qsize",
    "ready",
    "running",
];

/// Functions that tell at once how something stands.
const CLOCKS: [&str; 12] = [
    "time.time",
    "time.monotonic",
    "time.perf_counter",
    "time.clock",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "os.path.exists",
    "os.path.isfile",
    "os.path.isdir",
    "threading.active_count",
    "threading.activeCount",
    "threading.enumerate",
];

/// Methods and functions that wait.
const WAITING: [&str; 6] = ["acquire", "join", "poll", "select", "sleep", "wait"];

/// Functions that change nothing and wait for nothing.
const IDLE: [&str; 14] = [
    "all",
    "any",
    "bool",
    "callable",
    "getattr",
    "hasattr",
    "id",
    "int",
    "isinstance",
    "len",
    "print",
    "repr",
    "str",
    "type",
];

/// Methods by which a program talks to whoever reads its log.
const TALKING: [&str; 8] = [
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "log",
];

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let loops = flow.code.loops.iter();
    loops
        .filter(|of| matches!(of.kind, LoopKind::While { .. }))
        .filter_map(|of| spinning(scene, of))
        .collect()
}

fn spinning(scene: &Scene<'_>, of: &Loop) -> Option<Finding> {
    let flow = scene.flow;
    let LoopKind::While { test } = of.kind else {
        return None;
    };
    let round = Round { flow, of }.idle()?;
    let finding = match round.asked {
        Some(asked) => {
            let text = text_of(flow, asked);
            scene
                .at(test, Message::new("asks").with("asked", text.clone()))
                .because(Related {
                    location: scene.location(asked),
                    message: Message::new("asked").with("asked", text),
                })
        }
        None => scene.at(test, Message::new("nothing")),
    };
    let statement = of.span.start;
    Some(Finding {
        statement,
        ..finding
            .confidence(Confidence::High)
            .help(Message::new("wait"))
    })
}

/// What is asked, as it is written; a call without its arguments.
fn text_of(flow: &Flow<'_, '_>, asked: ExprId) -> String {
    let (module, code) = (flow.module, flow.code);
    match module.kind(asked) {
        ExprKind::Call { callee, .. } => {
            let name = module.dotted(code, callee);
            format!(
                "{}()",
                name.unwrap_or_else(|| called(module, code, callee).to_owned())
            )
        }
        _ => module.dotted(code, asked).unwrap_or_default(),
    }
}

/// A way through a loop and back to its head.
#[derive(Clone, Copy, Default)]
struct Way {
    /// What the round asks that something else can change.
    asked: Option<ExprId>,
}

/// Looks for a way around a loop on which nothing changes and nothing waits.
struct Round<'s, 'p, 'a> {
    flow: &'s Flow<'p, 'a>,
    of: &'s Loop,
}

impl Round<'_, '_, '_> {
    fn idle(&self) -> Option<Way> {
        let code = self.flow.code;
        let mut seen = vec![false; code.blocks.len()];
        let mut open = vec![(self.of.header, Way::default())];
        let mut is_first = true;
        while let Some((block, way)) = open.pop() {
            if block == self.of.header && !is_first {
                return self.accepted(way);
            }
            is_first = false;
            if std::mem::replace(&mut seen[block.index()], block != self.of.header) {
                continue;
            }
            self.through(block, way, &mut open);
        }
        None
    }

    /// A round that asks nothing spins only where it says so itself: `while True: pass`.
    fn accepted(&self, way: Way) -> Option<Way> {
        if let Some(asked) = way.asked {
            // A flag may be changed by whatever the loop does on other ways.
            let is_call = matches!(self.flow.module.kind(asked), ExprKind::Call { .. });
            // Who looks at the clock and waits on other ways knows how long a round takes.
            return (!self.is_timed() && (is_call || self.is_all_idle())).then_some(way);
        }
        let LoopKind::While { test } = self.of.kind else {
            return None;
        };
        let inside = self.flow.code.insts.iter().filter(|inst| {
            covers(self.of.suite, inst.span) && !matches!(inst.kind, InstKind::Assume { .. })
        });
        let is_endless = matches!(
            self.flow.module.kind(test),
            ExprKind::True | ExprKind::Int(1)
        );
        (is_endless && inside.count() == 0).then_some(way)
    }

    fn is_all_idle(&self) -> bool {
        let inside = self.flow.code.insts.iter();
        inside
            .filter(|inst| covers(self.of.suite, inst.span))
            .all(|inst| self.idle_inst(inst).is_some())
    }

    fn through(&self, id: BlockId, mut way: Way, open: &mut Vec<(BlockId, Way)>) {
        let code = self.flow.code;
        let block = code.block(id);
        for inst in code.insts(block) {
            if !covers(self.of.span, inst.span) {
                return;
            }
            // Where it took something the round was not in vain: only the ways on which it failed go on.
            if let Some(taken) = self.taken_first(inst) {
                if let Some(region) = block.guard
                    && let TryKind::Catch { handlers, .. } = &code.region(region).kind
                {
                    let way = Way { asked: Some(taken) };
                    open.extend(handlers.iter().map(|handler| (handler.entry, way)));
                }
                return;
            }
            let Some(asked) = self.idle_inst(inst) else {
                return;
            };
            way.asked = way.asked.or(asked);
        }
        let mut go = |to: BlockId| open.push((to, way));
        match block.next {
            Next::Goto(to) => go(to),
            Next::Branch(one, other) => {
                go(one);
                go(other);
            }
            _ => {}
        }
    }

    /// Whether the loop measures its rounds and waits on some of its ways.
    fn is_timed(&self) -> bool {
        let (module, code) = (self.flow.module, self.flow.code);
        let (mut measures, mut waits) = (false, false);
        for expr in code.exprs.range().map(ExprId::new) {
            let ExprKind::Call { callee, .. } = module.kind(expr) else {
                continue;
            };
            if covers(self.of.suite, module.span(expr)) {
                let dotted = self.flow.evaluate.dotted(callee);
                measures |= dotted.is_some_and(|dotted| CLOCKS.contains(&dotted.as_str()));
                waits |= WAITING.contains(&called(module, code, callee));
            }
        }
        measures && waits
    }

    /// The call of an instruction that takes an item if there is one and raises at once if not, where nothing else is
    /// called before it: `q.get_nowait()`, `handle(q.get(block=False))`, `todo.popleft()`.
    fn taken_first(&self, inst: &Inst) -> Option<ExprId> {
        let module = self.flow.module;
        let mut calls = Vec::new();
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |expr| {
                if matches!(module.kind(expr), ExprKind::Call { .. }) {
                    calls.push(expr);
                }
            });
        });
        let taken = calls.iter().copied().find(|&call| self.takes(call))?;
        let is_around = |&call: &ExprId| covers(module.span(call), module.span(taken));
        calls.iter().all(is_around).then_some(taken)
    }

    fn takes(&self, call: ExprId) -> bool {
        let (module, code) = (self.flow.module, self.flow.code);
        let ExprKind::Call { callee, arguments } = module.kind(call) else {
            return false;
        };
        let arguments = module.arguments(arguments);
        if receiver(module, callee).is_none() {
            return false;
        }
        match called(module, code, callee) {
            "get_nowait" | "recv_nowait" | "receive_nowait" | "popleft" => arguments.is_empty(),
            "get" => {
                let block = keyword(module, arguments, "block");
                let block = block.or_else(|| positional(arguments, 0));
                block.is_some_and(|block| module.kind(block) == ExprKind::False)
            }
            _ => false,
        }
    }

    /// Whether an instruction changes nothing and waits for nothing, and what it asks.
    fn idle_inst(&self, inst: &Inst) -> Option<Option<ExprId>> {
        let (module, code) = (self.flow.module, self.flow.code);
        match inst.kind {
            InstKind::Assume { .. } | InstKind::Declare { .. } => Some(None),
            InstKind::Bind {
                source: Source::Caught { .. },
                ..
            } => Some(None),
            InstKind::Eval(value) => {
                let is_entered = code.tries.iter().any(|region| {
                    matches!(region.kind, TryKind::With { manager, .. } if manager == value)
                });
                if is_entered {
                    return None;
                }
                self.idle_expr(value)
            }
            // What was asked is kept for the test.
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } if matches!(module.kind(target), ExprKind::Name(_)) => {
                self.idle_expr(value).filter(Option::is_some)
            }
            _ => None,
        }
    }

    fn idle_expr(&self, root: ExprId) -> Option<Option<ExprId>> {
        let (module, code) = (self.flow.module, self.flow.code);
        let mut is_idle = true;
        let mut asked = None;
        let mut callees = Vec::new();
        module.walk(root, &mut |expr| match module.kind(expr) {
            ExprKind::Call { callee, arguments } => {
                callees.push(callee);
                let name = called(module, code, callee);
                let is_bare = module.arguments(arguments).is_empty();
                if self.asks(callee, name, is_bare) {
                    asked.get_or_insert(expr);
                } else if !self.is_idle_call(callee, name) {
                    is_idle = false;
                }
            }
            ExprKind::Attribute { .. } if !callees.contains(&expr) => {
                let is_path_to_callee = callees
                    .iter()
                    .any(|&callee| covers(module.span(callee), module.span(expr)));
                if !is_path_to_callee && self.is_flag(expr) {
                    asked.get_or_insert(expr);
                }
            }
            ExprKind::Name(place) => {
                let of_others = matches!(
                    code.place(place).step,
                    Step::Variable {
                        scope: Scope::Free { .. }
                            | Scope::Local {
                                rebound_inside: true,
                                ..
                            },
                        ..
                    }
                );
                if of_others && !callees.contains(&expr) && self.is_tested(expr) {
                    asked.get_or_insert(expr);
                }
            }
            ExprKind::Await(_)
            | ExprKind::Yield(_)
            | ExprKind::YieldFrom(_)
            | ExprKind::Walrus { .. }
            | ExprKind::Hole => is_idle = false,
            // What `any` and `all` look at each time.
            ExprKind::Comprehension(id) => {
                is_idle &= module.comprehension(id).kind == ComprehensionKind::Generator;
            }
            _ => {}
        });
        is_idle.then_some(asked)
    }

    /// An attribute of `self` that is tested by itself, and may be set by another thread.
    fn is_flag(&self, expr: ExprId) -> bool {
        let module = self.flow.module;
        matches!(module.kind(expr), ExprKind::Attribute { value, .. }
            if matches!(module.kind(value), ExprKind::Name(_) | ExprKind::Subscript { .. }))
            && self.is_tested(expr)
    }

    fn is_tested(&self, expr: ExprId) -> bool {
        let LoopKind::While { test } = self.of.kind else {
            return false;
        };
        let (module, at) = (self.flow.module, self.flow.module.span(expr));
        // A loop without end asks in its body.
        let is_endless = matches!(module.kind(test), ExprKind::True | ExprKind::Int(1));
        covers(module.span(test), at)
            || is_endless
                && self.flow.code.insts.iter().any(|inst| {
                    matches!(inst.kind, InstKind::Assume { test, .. }
                        if covers(module.span(test), at))
                })
    }

    fn asks(&self, callee: ExprId, name: &str, is_bare: bool) -> bool {
        if receiver(self.flow.module, callee).is_some() && is_bare && ASKING.contains(&name) {
            return self.asks_by_method(callee, name);
        }
        self.flow
            .evaluate
            .dotted(callee)
            .is_some_and(|dotted| CLOCKS.contains(&dotted.as_str()))
    }

    /// `poll` of a process tells at once; that of a selector waits.
    fn asks_by_method(&self, callee: ExprId, name: &str) -> bool {
        if let crate::project::Target::Function { .. } =
            self.flow.program.target(self.flow.evaluate.value(callee))
        {
            return false;
        }
        if name != "poll" {
            return true;
        }
        let dotted = self.flow.evaluate.dotted(callee).unwrap_or_default();
        let owner = dotted.rsplit('.').nth(1).unwrap_or_default().to_lowercase();
        dotted == "subprocess.Popen.poll"
            || ["proc", "popen", "child", "process"]
                .iter()
                .any(|word| owner.contains(word))
            || owner == "p"
    }

    fn is_idle_call(&self, callee: ExprId, name: &str) -> bool {
        let module = self.flow.module;
        match receiver(module, callee) {
            Some(_) => TALKING.contains(&name),
            None => IDLE.contains(&name),
        }
    }
}
