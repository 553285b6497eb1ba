//! Answers that go on after their end: `send_error` with no `return` behind it, then `write`.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{BlockId, ExprId, ExprKind, Function, Module, Next, TryKind};
use crate::project::{CallKind, Evaluate};
use crate::rules::concurrency::finish_after_disconnect::{at, is_a, is_twisted_request};
use crate::rules::concurrency::method_calls::{MethodCall, method, method_calls};
use crate::rules::{Rule, Whole};
use crate::text::Location;
use crate::types::{FunctionRef, Type};
use rustc_hash::{FxHashMap, FxHashSet};

/// Calls that end an answer, and calls that must not follow.
struct Protocol {
    class: &'static str,
    ends: &'static [&'static str],
    then: &'static [&'static str],
}

const PROTOCOLS: [Protocol; 3] = [
    Protocol {
        class: "tornado.websocket.WebSocketHandler",
        ends: &["close"],
        then: &["write_message"],
    },
    Protocol {
        class: "tornado.web.RequestHandler",
        ends: &["finish", "redirect", "render", "send_error"],
        then: &["finish", "redirect", "render", "write"],
    },
    Protocol {
        class: "twisted.web.http.Request",
        ends: &["finish"],
        then: &["finish", "write"],
    },
];

/// All names that end something.
const ENDS: [&str; 5] = ["close", "finish", "redirect", "render", "send_error"];

/// All names that must not follow.
const THEN: [&str; 5] = ["finish", "redirect", "render", "write", "write_message"];

/// Methods that call methods are followed so far.
const DEPTH: usize = 4;

/// Finds calls on an answer that every way from its end leads to.
pub(in crate::rules) struct Again<'w> {
    whole: &'w Whole<'w>,
    /// Whether a method always ends the answer of its own handler; false while it is being found out.
    always: FxHashMap<FunctionRef, bool>,
    /// By module: whether it says something of the kind.
    ending: Vec<bool>,
}

impl<'w> Again<'w> {
    /// Nothing found yet.
    pub(in crate::rules) fn of(whole: &'w Whole<'w>) -> Self {
        Self {
            whole,
            always: FxHashMap::default(),
            ending: whole.program.mentioning(ENDS),
        }
    }

    /// What goes wrong in one function.
    pub(in crate::rules) fn find(
        &mut self,
        rule: &'static Rule,
        function: FunctionRef,
    ) -> Vec<Finding> {
        let (module, code) = self.whole.program.code(function);
        let ends = self.ends(function, 0);
        if ends.is_empty() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let after = self.after(function, &ends);
        for of in &ends {
            let text = module.dotted(code, of.receiver);
            let next: Vec<&MethodCall<'_>> = after
                .iter()
                .filter(|next| next.call != of.call && module.dotted(code, next.receiver) == text)
                .collect();
            let search = Search { code, next: &next };
            let Some(again) = search.from(of) else {
                continue;
            };
            let related = Related {
                location: Location {
                    file: self.whole.program.file(function),
                    span: module.span(of.call),
                },
                message: Message::new("ended").with("call", called(module, code, of.call)),
            };
            let message = Message::new("again").with("call", called(module, code, again.call));
            let finding = at(rule, self.whole, function, again, message)
                .severity(Severity::Error)
                .confidence(Confidence::High)
                .help(Message::new("return"));
            findings.push(finding.because(related));
        }
        findings
    }

    fn protocol(
        &self,
        function: FunctionRef,
        receiver: ExprId,
        name: &str,
    ) -> Option<&'static Protocol> {
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        let value = Evaluate::new(program, module_ref, id).value(receiver);
        if let Type::Instance(class) = program.types.get(value.class) {
            // What the project's own form of a method does is for its body to say.
            if program.method(class, name).is_some() {
                return None;
            }
            return PROTOCOLS
                .iter()
                .find(|protocol| is_a(self.whole, class, protocol.class));
        }
        is_twisted_request(self.whole, function, receiver).then_some(&PROTOCOLS[2])
    }

    /// Calls that end an answer: the library's, and methods of the project that always do.
    fn ends(&mut self, function: FunctionRef, depth: usize) -> Vec<MethodCall<'w>> {
        let whole = self.whole;
        let (module, code) = whole.program.code(function);
        let (module_ref, _) = whole.program.locate(function);
        let mut found = match self.ending[module_ref.0 as usize] {
            true => method_calls(module, code, &ENDS),
            false => Vec::new(),
        };
        found.retain(|of| {
            self.protocol(function, of.receiver, of.name)
                .is_some_and(|protocol| protocol.ends.contains(&of.name))
        });
        if depth >= DEPTH || !self.is_handler(function) {
            return found;
        }
        for site in whole.graph.calls_in(function) {
            if site.is_virtual
                || site.kind != CallKind::Named
                || !site.bound
                || !self.always_ends(site.callee, depth + 1)
            {
                continue;
            }
            let Some((receiver, name)) = method(module, site.call) else {
                continue;
            };
            let span = module.span(site.call);
            let mut insts = code.block(site.block).insts.range();
            let inst = insts.find(|&inst| code.insts[inst].span.contains(span));
            found.extend(inst.map(|inst| MethodCall {
                call: site.call,
                receiver,
                name,
                block: site.block,
                inst,
            }));
        }
        found
    }

    /// Calls that must not follow an end.
    fn after(&self, function: FunctionRef, ends: &[MethodCall<'w>]) -> Vec<MethodCall<'w>> {
        let (module, code) = self.whole.program.code(function);
        let mut found = method_calls(module, code, &THEN);
        found.retain(|of| {
            self.protocol(function, of.receiver, of.name)
                .is_some_and(|protocol| protocol.then.contains(&of.name))
        });
        let known: FxHashSet<ExprId> = found.iter().map(|of| of.call).collect();
        let is_silent = |of: &&MethodCall<'_>| matches!(of.name, "send_error" | "close");
        let helpers = ends
            .iter()
            .filter(|of| !known.contains(&of.call) && !is_silent(of));
        found.extend(helpers.copied());
        found
    }

    fn is_handler(&self, function: FunctionRef) -> bool {
        let class = self.whole.program.class_of_method(function);
        class.is_some_and(|class| is_a(self.whole, class, "tornado.web.RequestHandler"))
    }

    /// Whether a method comes back only when the answer of its handler has ended.
    fn always_ends(&mut self, function: FunctionRef, depth: usize) -> bool {
        if let Some(&known) = self.always.get(&function) {
            return known;
        }
        self.always.insert(function, false);
        let whole = self.whole;
        let (module, code) = whole.program.code(function);
        if code.is_async || code.is_generator || !self.is_handler(function) {
            return false;
        }
        let own = code.parameters.first().map(|first| first.place);
        let mut ends = self.ends(function, depth);
        ends.retain(|of| module.kind(of.receiver).place() == own && own.is_some());
        let blocks: FxHashSet<BlockId> = ends.iter().map(|of| of.block).collect();
        let found = !blocks.is_empty() && all_ways_through(code, &blocks);
        self.always.insert(function, found);
        found
    }
}

/// Whether every way that returns goes through one of these blocks, ways through handlers among them.
fn all_ways_through(code: &Function, blocks: &FxHashSet<BlockId>) -> bool {
    let mut seen = FxHashSet::default();
    let mut open = vec![BlockId::new(0)];
    for region in &code.tries {
        match &region.kind {
            TryKind::Catch { handlers, .. } => {
                open.extend(handlers.iter().map(|handler| handler.entry));
            }
            TryKind::Finally { .. } => return false,
            TryKind::With { after, .. } => open.push(*after),
        }
    }
    while let Some(at) = open.pop() {
        if blocks.contains(&at) || !seen.insert(at) {
            continue;
        }
        match code.block(at).next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, other) => open.extend([one, other]),
            Next::Return | Next::Resume(_) => return false,
            Next::Raise | Next::Never => {}
        }
    }
    true
}

/// Looks for what every way from a call leads to.
struct Search<'s> {
    code: &'s Function,
    next: &'s [&'s MethodCall<'s>],
}

impl<'s> Search<'s> {
    /// The first of the calls on the way, if no way misses them all.
    fn from(&self, of: &MethodCall<'_>) -> Option<&'s MethodCall<'s>> {
        let mut seen = FxHashSet::default();
        self.behind(of.block, of.inst + 1, &mut seen)
    }

    fn behind(
        &self,
        block: BlockId,
        first: usize,
        seen: &mut FxHashSet<BlockId>,
    ) -> Option<&'s MethodCall<'s>> {
        let mut at = block;
        let mut first = first;
        let mut found: Option<&'s MethodCall<'s>> = None;
        let mut open = Vec::new();
        loop {
            let insts = self.code.block(at).insts.range();
            let hit = self
                .next
                .iter()
                .filter(|next| next.block == at && next.inst >= first && insts.contains(&next.inst))
                .min_by_key(|next| next.inst);
            if let Some(hit) = hit {
                found = found.or(Some(hit));
            } else {
                match self.code.block(at).next {
                    Next::Goto(to) => open.push(to),
                    Next::Branch(one, other) => open.extend([other, one]),
                    Next::Raise | Next::Return | Next::Resume(_) | Next::Never => return None,
                }
            }
            // A way that comes back to where it was need not end at all.
            at = match open.pop() {
                Some(next) if seen.insert(next) => next,
                Some(_) => return None,
                None => return found,
            };
            first = 0;
        }
    }
}

fn called(module: &Module, code: &Function, call: ExprId) -> String {
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return String::new();
    };
    module.dotted(code, callee).unwrap_or_default()
}
