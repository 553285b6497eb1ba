//! How much a decoded document can be relied on: who sent it, and whether anybody looked whether it is an error.

use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, InstKind, Passing, PlaceId, Source};
use crate::rules::sequences::{Boundary, Outside};
use crate::text::Span;

/// Attributes of an answer that say whether it is an error.
const STATUS: [&str; 13] = [
    "status",
    "status_code",
    "status_int",
    "code",
    "ok",
    "reason",
    "raise_for_status",
    "is_success",
    "is_error",
    "is_client_error",
    "is_server_error",
    "content_type",
    "headers",
];

/// Libraries that hand on an answer whatever its status is.
const CLIENTS: [&str; 6] = [
    "requests",
    "httpx",
    "aiohttp",
    "grequests",
    "urllib3",
    "treq",
];

/// Methods that ask another side.
const VERBS: [&str; 7] = ["get", "post", "put", "patch", "delete", "request", "send"];

/// What a decoded text says of the keys in it.
pub(super) fn of_text(boundary: &Boundary<'_>, call: ExprId, text: Option<ExprId>) -> Confidence {
    let from = text.and_then(|text| boundary.written_by(text));
    let is_opened = |by| matches!(boundary.called(by), Some(("open" | "read_text", ..)));
    match from {
        // Files of JSON are mostly the program's own, and so is what a child or a parent process is told.
        None | Some((Outside::Database | Outside::Process | Outside::Environment, _)) => {
            Confidence::Low
        }
        Some((Outside::File, by)) if is_opened(by) => Confidence::Low,
        Some((Outside::Network, by)) => {
            let answer = match boundary.flow.module.kind(by) {
                ExprKind::Attribute { value, .. } => Some(value),
                _ => None,
            };
            of_answer(boundary, call, answer)
        }
        Some(_) => Confidence::Medium,
    }
}

/// What an answer says of the keys in it. The service says which ones there are; an error has others, and so has the one
/// answer of many that a loop asks for, and that loses what came before.
pub(super) fn of_answer(
    boundary: &Boundary<'_>,
    call: ExprId,
    answer: Option<ExprId>,
) -> Confidence {
    let span = boundary.flow.module.span(call);
    let mut loops = boundary.flow.code.loops.iter();
    let is_one_of_many = loops.any(|of| of.suite.contains(span) && collects(boundary, of.suite));
    if is_one_of_many || answer.is_some_and(|answer| may_be_error(boundary, answer)) {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}

/// Whether each round of a loop adds to a list what it has found: what a generator yields is not lost.
fn collects(boundary: &Boundary<'_>, suite: Span) -> bool {
    let flow = boundary.flow;
    let mut inside = flow
        .code
        .insts
        .iter()
        .filter(|inst| suite.contains(inst.span));
    inside.any(|inst| match inst.kind {
        // Counters and texts are nothing that is found.
        InstKind::Bind {
            source: Source::Augmented { value, .. },
            ..
        } => matches!(
            flow.module.kind(value),
            ExprKind::Name(_)
                | ExprKind::List(_)
                | ExprKind::Comprehension(_)
                | ExprKind::Subscript { .. }
                | ExprKind::Call { .. }
        ),
        InstKind::Eval(call) => {
            matches!(
                boundary.called(call),
                Some(("append" | "extend", Some(_), _))
            )
        }
        _ => false,
    })
}

/// Whether a thing is the request that a handler was called with.
pub(super) fn is_request(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    let flow = boundary.flow;
    let written = flow.module.dotted(flow.code, expr).unwrap_or_default();
    let is_named = matches!(
        written.as_str(),
        "request" | "req" | "self.request" | "flask.request"
    );
    // A variable of that name that the function binds is one that it sends.
    let is_bound = |place: PlaceId| !boundary.sources(place).is_empty();
    is_named && !flow.place_of(expr).is_some_and(is_bound)
}

/// Whether an answer came through a library that hands on errors too, and nothing in the function looks at its status.
fn may_be_error(boundary: &Boundary<'_>, answer: ExprId) -> bool {
    let flow = boundary.flow;
    let asked = boundary.values(answer);
    let is_any = !asked.is_empty() && asked.iter().all(|&call| hands_on(boundary, call));
    let Some(place) = flow.place_of(answer) else {
        return is_any;
    };
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    let is_looked_at = exprs.any(|expr| match flow.module.kind(expr) {
        ExprKind::Attribute { value, name, .. } => {
            flow.place_of(value) == Some(place) && STATUS.contains(&flow.module.name(name))
        }
        // Whoever else gets the answer may look.
        ExprKind::Call { .. } => boundary.called(expr).is_some_and(|(_, _, arguments)| {
            let mut arguments = arguments.iter();
            arguments.any(|&argument| flow.place_of(argument) == Some(place))
        }),
        _ => false,
    });
    is_any && !is_looked_at
}

/// Whether a call asks through such a library.
fn hands_on(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let flow = boundary.flow;
    let call = match flow.module.kind(call) {
        ExprKind::Await(inner) => inner,
        _ => call,
    };
    let ExprKind::Call { callee, arguments } = flow.module.kind(call) else {
        return false;
    };
    let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
    let mut parts = dotted.split('.');
    let is_client = parts.next().is_some_and(|root| CLIENTS.contains(&root));
    let is_verb = parts
        .next_back()
        .is_some_and(|last| VERBS.contains(&last.to_ascii_lowercase().as_str()));
    let mut arguments = flow.module.arguments(arguments).iter();
    let raises = arguments.any(|argument| {
        matches!(argument.passing, Passing::Keyword(name)
            if flow.module.name(name) == "raise_for_status")
    });
    is_client && is_verb && !raises
}
