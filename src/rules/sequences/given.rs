//! Who wrote a text, where that is not said in the function at work: a caller passes it, a framework hands it in, or the
//! name of the thing that holds it says that somebody sent or configured it.

use super::source::{KEEPING, Outside, PASSING, outside};
use super::{Boundary, bound_to, called};
use crate::flow::Flow;
use crate::ir::{ExprId, ExprKind, InstKind, LoopKind, PlaceId, Step};
use crate::project::{CallGraph, CallKind};
use crate::rules::is_test;
use std::cell::Cell;

/// Names and calls are followed so far.
const DEPTH: usize = 8;

/// Callers are asked so far up.
const CALLERS_UP: usize = 2;

/// So many callers of one function are asked.
const CALLERS: usize = 8;

/// So many expressions are looked at for one question.
const BUDGET: u32 = 120;

/// What goes by these names was sent by somebody.
const MESSAGES: [&str; 9] = [
    "message", "msg", "mess", "update", "event", "tweet", "comment", "mail", "email",
];

/// What a message says.
const SAID: [&str; 6] = [
    "text",
    "content",
    "clean_content",
    "body",
    "caption",
    "subject",
];

/// What goes by these names was configured by somebody.
const SETTINGS: [&str; 6] = [
    "config",
    "conf",
    "cfg",
    "settings",
    "configuration",
    "prefs",
];

/// Methods that are called for each message, and what they call what it says.
const RECEIVING: [&str; 14] = [
    "on_message",
    "on_text",
    "on_command",
    "on_line",
    "on_privmsg",
    "onMessage",
    "privmsg",
    "handle_message",
    "handle_command",
    "handle_line",
    "message_received",
    "lineReceived",
    "line_received",
    "callback_message",
];

/// What such a method calls the text.
const TEXTS: [&str; 10] = [
    "text", "line", "message", "msg", "data", "body", "content", "payload", "command", "cmd",
];

impl Boundary<'_> {
    /// Who outside the program wrote a value: the function at work says so, a caller passes it, or its name tells.
    pub(in crate::rules) fn written_by(&self, expr: ExprId) -> Option<(Outside, ExprId)> {
        outside(self.flow, expr).or_else(|| {
            let search = Search {
                graph: self.scene.graph,
                budget: Cell::new(BUDGET),
            };
            search.given(self.flow, expr, DEPTH, CALLERS_UP)
        })
    }
}

/// A search through names and callers.
struct Search<'s> {
    graph: &'s CallGraph,
    budget: Cell<u32>,
}

impl Search<'_> {
    fn given(
        &self,
        flow: &Flow<'_, '_>,
        expr: ExprId,
        depth: usize,
        up: usize,
    ) -> Option<(Outside, ExprId)> {
        let depth = depth.checked_sub(1)?;
        self.budget.set(self.budget.get().checked_sub(1)?);
        let module = flow.module;
        match module.kind(expr) {
            ExprKind::Call { .. } => {
                let (name, receiver, arguments) = called(flow, expr)?;
                match receiver {
                    Some(receiver) if name == "get" && holds(flow, receiver).is_some() => {
                        Some((holds(flow, receiver)?, expr))
                    }
                    Some(receiver) if KEEPING.contains(&name) => {
                        self.given(flow, receiver, depth, up)
                    }
                    None if PASSING.contains(&name) => {
                        self.given(flow, *arguments.first()?, depth, up)
                    }
                    _ => None,
                }
            }
            ExprKind::Attribute { value, name, .. } => {
                let is_said = SAID.contains(&module.name(name)) && goes_by(flow, value, &MESSAGES);
                is_said.then_some((Outside::Network, expr))
            }
            ExprKind::Subscript { value, index, .. } => {
                let is_key = matches!(module.kind(index), ExprKind::Text(_));
                match holds(flow, value).filter(|_| is_key) {
                    Some(found) => Some((found, expr)),
                    None => self.given(flow, value, depth, up),
                }
            }
            ExprKind::Or(parts) => {
                let mut parts = module.list(parts).iter();
                parts.find_map(|&part| self.given(flow, part, depth, up))
            }
            ExprKind::Name(place) => {
                let sources = bound_to(flow, place);
                let mut found = sources.iter().copied();
                found
                    .find_map(|value| {
                        outside(flow, value).or_else(|| self.given(flow, value, depth, up))
                    })
                    .or_else(|| {
                        let who = self
                            .passed(flow, place, up)
                            .filter(|_| sources.is_empty())?;
                        Some((who, expr))
                    })
            }
            _ => None,
        }
    }

    /// Who wrote what a parameter is given: by the kind of function, or by one of its callers that does not look at it before.
    fn passed(&self, flow: &Flow<'_, '_>, place: PlaceId, up: usize) -> Option<Outside> {
        let mut parameters = flow.code.parameters.iter();
        let position = parameters.position(|parameter| parameter.place == place)?;
        if let Some(found) = by_convention(flow, position) {
            return Some(found);
        }
        let up = up.checked_sub(1)?;
        if runs_over_lines(flow, place) && self.graph.calls_of(flow.function).next().is_none() {
            return Some(Outside::File);
        }
        let calls = self.graph.calls_of(flow.function).take(CALLERS);
        let mut calls = calls.filter(|site| {
            site.kind == CallKind::Named
                && site.caller != flow.function
                && !is_test(flow.program, site.caller)
        });
        calls.find_map(|site| {
            let (module, _) = flow.program.code(site.caller);
            let ExprKind::Call { arguments, .. } = module.kind(site.call) else {
                return None;
            };
            let position = position.checked_sub(usize::from(site.bound))?;
            let argument = module.arguments(arguments).get(position)?.value;
            let caller = flow.of_another(site.caller);
            let found =
                outside(&caller, argument).or_else(|| self.given(&caller, argument, DEPTH, up));
            let (who, _) = found?;
            (who != Outside::Database && !is_looked_at(&caller, argument)).then_some(who)
        })
    }
}

/// What people call a file, or the lines of one.
const FILES: [&str; 9] = [
    "lines", "fp", "fh", "fileobj", "file_obj", "infile", "handle", "f", "fd",
];

/// Whether a parameter goes by the name of a file, and is run over line by line.
fn runs_over_lines(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let is_named = FILES.contains(&flow.place_text(place).as_str());
    is_named
        && flow.code.loops.iter().any(|of| match of.kind {
            LoopKind::For {
                iterable, target, ..
            } => {
                let line = flow.module.dotted(flow.code, target).unwrap_or_default();
                flow.place_of(iterable) == Some(place) && line.contains("line")
            }
            LoopKind::While { .. } => false,
        })
}

/// Whether a function has a condition on what it passes, or on what that is taken from.
fn is_looked_at(flow: &Flow<'_, '_>, argument: ExprId) -> bool {
    let mut places = Vec::new();
    flow.module.walk(argument, &mut |part| {
        places.extend(flow.place_of(part));
    });
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => {
            let mut found = false;
            flow.module.walk(test, &mut |part| {
                found |= flow
                    .place_of(part)
                    .is_some_and(|place| places.contains(&place));
            });
            found
        }
        _ => false,
    })
}

/// What the base class or the signature says: `do_copy(self, line)` of a `cmd.Cmd` is given what somebody typed, and
/// `handler(event, context)` what somebody sent.
fn by_convention(flow: &Flow<'_, '_>, position: usize) -> Option<Outside> {
    let own = flow.module.name(flow.code.name);
    let parameter = flow.code.parameters.get(position)?;
    if RECEIVING.contains(&own) && TEXTS.contains(&flow.module.name(parameter.name)) {
        return Some(Outside::Network);
    }
    if let Some(class) = flow.program.class_of_method(flow.function) {
        let lines = flow.program.linearization(class);
        let is_shell = || {
            lines
                .iter()
                .any(|&at| flow.program.class_name(at) == "cmd.Cmd")
        };
        let takes_line = own.starts_with("do_") || own == "default" || own == "onecmd";
        return (position == 1 && takes_line && is_shell()).then_some(Outside::Input);
    }
    let mut names = flow.code.parameters.iter();
    let mut is_named = |wanted: &str| {
        names
            .next()
            .is_some_and(|parameter| flow.module.name(parameter.name) == wanted)
    };
    (position == 0 && is_named("event") && is_named("context")).then_some(Outside::Request)
}

/// What headers and settings hold was written by somebody.
fn holds(flow: &Flow<'_, '_>, expr: ExprId) -> Option<Outside> {
    if goes_by(flow, expr, &["headers"]) {
        return Some(Outside::Request);
    }
    goes_by(flow, expr, &SETTINGS).then_some(Outside::File)
}

/// Whether the last part of a name is one of these.
fn goes_by(flow: &Flow<'_, '_>, expr: ExprId, names: &[&str]) -> bool {
    let name = match flow.module.kind(expr) {
        ExprKind::Attribute { name, .. } => name,
        ExprKind::Name(place) => match flow.code.place(place).step {
            Step::Variable { name, .. } => name,
            _ => return false,
        },
        _ => return false,
    };
    let name = flow.module.name(name);
    names.contains(&name.trim_start_matches('_'))
}
