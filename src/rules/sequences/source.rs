//! Where a value comes from that somebody outside the program wrote: the command line, the environment, a request, a file,
//! a socket, a process, a database.

use super::{bound_to, called};
use crate::flow::Flow;
use crate::ir::{ExprId, ExprKind, InstKind};
use crate::project::Target;
use std::cell::Cell;

/// Names and calls are followed so far.
const DEPTH: usize = 12;

/// Functions of the project are looked into so far.
const INSIDE: usize = 4;

/// So many expressions are looked at for one question.
const BUDGET: u32 = 300;

/// Who wrote a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Outside {
    /// Whoever starts the program.
    Arguments,
    /// Whoever starts the program.
    Environment,
    /// Whoever sits at the terminal.
    Input,
    /// A file.
    File,
    /// Another process.
    Process,
    /// The other side of a connection.
    Network,
    /// The client of a request.
    Request,
    /// A database.
    Database,
}

/// Calls whose answer somebody else wrote, and who.
const READING: [(&str, Outside); 32] = [
    ("read", Outside::File),
    ("readline", Outside::File),
    ("readlines", Outside::File),
    ("read_text", Outside::File),
    ("open", Outside::File),
    ("recv", Outside::Network),
    ("recvfrom", Outside::Network),
    ("recv_string", Outside::Network),
    ("urlopen", Outside::Network),
    ("getheader", Outside::Network),
    ("get_header", Outside::Network),
    ("communicate", Outside::Process),
    ("check_output", Outside::Process),
    ("getoutput", Outside::Process),
    ("getstatusoutput", Outside::Process),
    ("run_command", Outside::Process),
    ("exec_command", Outside::Process),
    ("popen", Outside::Process),
    ("read_nonblocking", Outside::Process),
    ("raw_input", Outside::Input),
    ("input", Outside::Input),
    ("getenv", Outside::Environment),
    ("get_argument", Outside::Request),
    ("get_arguments", Outside::Request),
    ("get_query_argument", Outside::Request),
    ("get_body_argument", Outside::Request),
    ("get_cookie", Outside::Request),
    ("get_json", Outside::Request),
    ("fetchone", Outside::Database),
    ("fetchall", Outside::Database),
    ("fetchmany", Outside::Database),
    ("find_one", Outside::Database),
];

/// Methods that read what behaves like a file.
const READS: [&str; 3] = ["read", "readline", "readlines"];

/// Attributes that hold such a value.
const RECEIVED: [(&str, Outside); 6] = [
    ("text", Outside::Network),
    ("stdout", Outside::Process),
    ("stderr", Outside::Process),
    ("argv", Outside::Arguments),
    ("environ", Outside::Environment),
    ("stdin", Outside::Input),
];

/// Attributes of a request that the client fills.
const REQUESTED: [&str; 17] = [
    "args",
    "form",
    "GET",
    "POST",
    "FILES",
    "META",
    "COOKIES",
    "cookies",
    "headers",
    "values",
    "json",
    "data",
    "body",
    "query",
    "query_params",
    "params",
    "query_string",
];

/// Methods that keep where a text came from.
pub(in crate::rules) const KEEPING: [&str; 17] = [
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
    "getlist",
];

/// Functions that keep where their argument came from.
pub(in crate::rules) const PASSING: [&str; 10] = [
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

/// Who outside the program wrote a value, and the expression that lets it in; nothing without evidence.
pub(in crate::rules) fn outside(flow: &Flow<'_, '_>, expr: ExprId) -> Option<(Outside, ExprId)> {
    let budget = Cell::new(BUDGET);
    trace(flow, expr, DEPTH, &budget)
}

fn trace(
    flow: &Flow<'_, '_>,
    expr: ExprId,
    depth: usize,
    budget: &Cell<u32>,
) -> Option<(Outside, ExprId)> {
    let depth = depth.checked_sub(1)?;
    budget.set(budget.get().checked_sub(1)?);
    let module = flow.module;
    match module.kind(expr) {
        ExprKind::Call { .. } => of_call(flow, expr, depth, budget),
        ExprKind::Attribute { value, name, .. } => {
            of_attribute(flow, expr, value, module.name(name))
        }
        ExprKind::Subscript { value, .. } | ExprKind::Await(value) => {
            trace(flow, value, depth, budget)
        }
        ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.find_map(|&part| trace(flow, part, depth, budget))
        }
        ExprKind::Name(place) => bound_to(flow, place)
            .into_iter()
            .find_map(|value| trace(flow, value, depth, budget)),
        _ => None,
    }
}

fn of_attribute(
    flow: &Flow<'_, '_>,
    expr: ExprId,
    value: ExprId,
    name: &str,
) -> Option<(Outside, ExprId)> {
    if matches!(flow.module.kind(value), ExprKind::Text(_)) {
        return None;
    }
    if REQUESTED.contains(&name) && is_request(flow, value) {
        return Some((Outside::Request, expr));
    }
    let mut received = RECEIVED.iter();
    let &(_, source) = received.find(|(word, _)| *word == name)?;
    Some((source, expr))
}

/// Whether something goes by the name of a request.
fn is_request(flow: &Flow<'_, '_>, expr: ExprId) -> bool {
    let written = flow.module.dotted(flow.code, expr).unwrap_or_default();
    let last = written.rsplit('.').next().unwrap_or_default();
    matches!(last, "request" | "req" | "_request")
}

fn of_call(
    flow: &Flow<'_, '_>,
    expr: ExprId,
    depth: usize,
    budget: &Cell<u32>,
) -> Option<(Outside, ExprId)> {
    let (name, receiver, arguments) = called(flow, expr)?;
    // What is read may be a file, or anything else that behaves like one: whoever made it knows.
    if READS.contains(&name)
        && let Some(receiver) = receiver
        && let Some(found) = trace(flow, receiver, depth, budget)
    {
        return Some(found);
    }
    if let Some((_, source)) = READING.iter().find(|(word, _)| *word == name) {
        return Some((*source, expr));
    }
    match receiver {
        Some(receiver) if KEEPING.contains(&name) => trace(flow, receiver, depth, budget),
        None if PASSING.contains(&name) => trace(flow, *arguments.first()?, depth, budget),
        _ => of_answer(flow, expr, depth, budget).map(|(source, _)| (source, expr)),
    }
}

/// What a function of the project returns.
fn of_answer(
    flow: &Flow<'_, '_>,
    expr: ExprId,
    depth: usize,
    budget: &Cell<u32>,
) -> Option<(Outside, ExprId)> {
    let ExprKind::Call { callee, .. } = flow.module.kind(expr) else {
        return None;
    };
    let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) else {
        return None;
    };
    let inner = flow.of_another(function);
    inner.code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Return(Some(value)) => trace(&inner, value, depth.min(INSIDE), budget),
        _ => None,
    })
}
