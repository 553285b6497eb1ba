//! How much a decoded document can be relied on: who wrote or sent it.

use crate::finding::Confidence;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, InstKind, Module, Passing, PlaceId, Source,
};
use crate::rules::sequences::{Boundary, Candidate, KEEPING, Outside, PASSING, outside};
use crate::text::Span;

/// What a decoded text says of the keys in it.
pub(super) fn of_text(boundary: &Boundary<'_>, text: Option<ExprId>) -> Confidence {
    let from = text.and_then(|text| outside(boundary.flow, text));
    match from {
        // What a child or a parent process is told, and what a database keeps, the program itself has mostly written.
        Some((Outside::Database | Outside::Process | Outside::Environment, _)) => Confidence::Low,
        None if text.is_some_and(|text| is_message(boundary, text, &DELIVERED)) => {
            Confidence::Medium
        }
        None if text.is_some_and(|text| is_message(boundary, text, &MESSAGES))
            && !makes_texts(boundary.flow.module) =>
        {
            Confidence::Medium
        }
        None => Confidence::Low,
        Some((Outside::File, by)) => of_own(boundary, Some(by)),
        Some(_) => Confidence::Medium,
    }
}

/// What the settings that somebody wrote say of the keys in them; files that come with the program are its own.
pub(super) fn of_settings(boundary: &Boundary<'_>, text: Option<ExprId>) -> Confidence {
    match text.and_then(|text| outside(boundary.flow, text)) {
        Some((Outside::Process | Outside::Database, _)) => Confidence::Low,
        Some((_, by)) => of_own(boundary, Some(by)),
        None => of_own(boundary, text),
    }
}

/// Low where the program itself writes such documents, or reads what it comes with.
fn of_own(boundary: &Boundary<'_>, opened: Option<ExprId>) -> Confidence {
    let flow = boundary.flow;
    let module = flow.module;
    let mut exprs = (0..module.exprs.len()).map(ExprId::new);
    let writes = exprs.any(|expr| is_writing(module, expr));
    let is_shipped = || {
        opened.is_some_and(|opened| {
            let mut found = false;
            let mut roots = vec![opened];
            for place in boundary.places(opened) {
                roots.extend(boundary.sources(place));
            }
            for root in roots {
                module.walk(root, &mut |part| {
                    let name = match module.kind(part) {
                        ExprKind::Text(text) => module.name(text).to_owned(),
                        _ => module.dotted(flow.code, part).unwrap_or_default(),
                    };
                    let last = name.rsplit('.').next().unwrap_or_default();
                    found |= matches!(last, "__file__" | "files")
                        || SHIPPED
                            .iter()
                            .any(|word| last.to_ascii_lowercase().contains(word));
                });
            }
            found
        })
    };
    if writes || is_shipped() {
        Confidence::Low
    } else {
        Confidence::Medium
    }
}

/// Whether a call writes a document into a file: `json.dump(x, file)`, `file.write(json.dumps(x))`.
fn is_writing(module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { name, .. } = module.kind(callee) else {
        return false;
    };
    match module.name(name) {
        "dump" | "safe_dump" | "write_json" | "dump_json" | "to_json" => true,
        "write" | "write_text" => {
            module
                .arguments(arguments)
                .iter()
                .any(|argument| match module.kind(argument.value) {
                    ExprKind::Call { callee, .. } => match module.kind(callee) {
                        ExprKind::Attribute { name, .. } => module.name(name).contains("dump"),
                        _ => false,
                    },
                    _ => false,
                })
        }
        _ => false,
    }
}

/// Whether a module makes texts of documents: then those that it reads may be its own.
fn makes_texts(module: &Module) -> bool {
    let mut exprs = (0..module.exprs.len()).map(ExprId::new);
    exprs.any(|expr| match module.kind(expr) {
        ExprKind::Attribute { name, .. } => module.name(name) == "dumps",
        _ => false,
    })
}

/// Words in the names of files and folders that come with a program.
const SHIPPED: [&str; 9] = [
    "i18n", "locale", "resource", "package", "module", "builtin", "fixture", "schema", "template",
];

/// Names of what a client or a queue has handed over.
const DELIVERED: [&str; 4] = ["body", "event", "payload", "webhook"];

/// Names of what another side has sent.
const MESSAGES: [&str; 13] = [
    "content", "data", "frame", "html", "line", "message", "msg", "packet", "raw", "received",
    "reply", "response", "text",
];

/// Whether a text goes by the name of a message.
fn is_message(boundary: &Boundary<'_>, text: ExprId, words: &[&str]) -> bool {
    let flow = boundary.flow;
    let name = match flow.module.kind(text) {
        ExprKind::Name(place) => flow.place_text(place),
        ExprKind::Attribute { name, .. } => flow.module.name(name).to_owned(),
        // `record["body"]`
        ExprKind::Subscript { value, index, .. } => match flow.module.kind(index) {
            ExprKind::Text(text) => flow.module.name(text).to_owned(),
            _ => return is_message(boundary, value, words),
        },
        ExprKind::Call { .. } => {
            return match boundary.called(text) {
                Some((name, Some(receiver), _)) if KEEPING.contains(&name) || name == "read" => {
                    is_message(boundary, receiver, words)
                }
                Some((name, None, arguments)) if PASSING.contains(&name) => arguments
                    .first()
                    .is_some_and(|&inner| is_message(boundary, inner, words)),
                _ => false,
            };
        }
        _ => return false,
    };
    let name = name.to_ascii_lowercase();
    name.rsplit('.')
        .next()
        .is_some_and(|last| last.split('_').any(|word| words.contains(&word)))
}

/// What an answer says of the keys in it. Of what only goes by the name of one the service says which there are; an error
/// has others, and so has the one answer of many that a loop asks for, and that loses what came before.
pub(super) fn of_answer(
    boundary: &Boundary<'_>,
    call: ExprId,
    answer: Option<ExprId>,
) -> Confidence {
    let span = boundary.flow.module.span(call);
    let mut loops = boundary.flow.code.loops.iter();
    let is_one_of_many = loops.any(|of| of.suite.contains(span) && collects(boundary, of.suite));
    if is_one_of_many || answer.is_some() {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}

/// Whether the function has looked whether the answer that a document was decoded from is a good one: `raise_for_status()`, or a
/// comparison of the status with one that means success. What the service says of its good answers holds then.
pub(super) fn is_fine(boundary: &Boundary<'_>, candidate: Candidate, document: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let is_success = |expr: ExprId| match module.kind(expr) {
        ExprKind::Int(status) => (200..300).contains(&status),
        _ => {
            let written = module.dotted(flow.code, expr).unwrap_or_default();
            let last = written.rsplit('.').next().unwrap_or_default();
            matches!(last, "OK" | "ok" | "HTTP_OK" | "CREATED" | "HTTP_200_OK")
        }
    };
    // `status < 300`, `status >= 400`
    let is_border = |operator: Comparison, expr: ExprId| {
        let is_order = !matches!(operator, Comparison::Equal | Comparison::NotEqual);
        is_order && matches!(module.kind(expr), ExprKind::Int(300 | 400 | 299 | 399))
    };
    let is_status = |expr: ExprId| match module.kind(expr) {
        ExprKind::Attribute { name, .. } => {
            matches!(module.name(name), "status" | "status_code" | "code")
        }
        _ => false,
    };
    let asks = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= match module.kind(part) {
                ExprKind::Compare {
                    operator,
                    left,
                    right,
                } => is_status(left) && (is_success(right) || is_border(operator, right)),
                ExprKind::Attribute { name, .. } => {
                    matches!(module.name(name), "ok" | "is_success" | "is_error")
                }
                _ => false,
            };
        });
        found
    };
    let raises = |expr: ExprId| {
        let mut found = false;
        module.walk(expr, &mut |part| {
            found |= matches!(boundary.called(part), Some(("raise_for_status", ..)))
                || is_told_to_raise(module, part);
        });
        found
    };
    let start = module.span(document).start;
    (0..flow.code.blocks.len()).map(BlockId::new).any(|block| {
        let mut insts = flow.code.insts(flow.code.block(block)).iter();
        let is_asked = insts.any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => module.span(test).end <= start && asks(test),
            InstKind::Eval(value)
            | InstKind::Bind {
                source: Source::Value(value),
                ..
            } => inst.span.start < start && raises(value),
            _ => false,
        });
        is_asked && boundary.dominates(block, candidate.at.0)
    })
}

/// `session.get(url, raise_for_status=True)`
fn is_told_to_raise(module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    module.arguments(arguments).iter().any(|argument| {
        matches!(argument.passing, Passing::Keyword(name)
            if module.name(name) == "raise_for_status")
            && module.kind(argument.value) == ExprKind::True
    })
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
