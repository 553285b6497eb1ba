//! What kind of document a value is, by where it comes from.

use super::is_keywords;
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, Scope, Step};
use crate::rules::sequences::{Boundary, Origin, Outside, outside};

/// Documents are followed through so many names and keys.
pub(super) const DEPTH: usize = 5;

/// What kind of document a value is, by where it comes from.
pub(super) fn of_source(
    boundary: &Boundary<'_>,
    value: ExprId,
    depth: usize,
) -> Option<(&'static str, ExprId, Confidence)> {
    let depth = depth.checked_sub(1)?;
    let flow = boundary.flow;
    match flow.module.kind(value) {
        ExprKind::Call { .. } => of_call(boundary, value),
        ExprKind::Await(inner) | ExprKind::Yield(Some(inner)) | ExprKind::YieldFrom(inner) => {
            of_source(boundary, inner, depth)
        }
        ExprKind::Attribute {
            value: object,
            name,
            ..
        } => of_attribute(boundary, value, object, flow.module.name(name)),
        ExprKind::Subscript {
            value: inner,
            index,
            ..
        } => {
            let is_key = matches!(flow.module.kind(index), ExprKind::Text(_));
            let found = of_source(boundary, inner, depth)?;
            let is_nested = matches!(found.0, "json" | "configuration");
            (is_key && is_nested).then_some((found.0, value, found.2))
        }
        ExprKind::Name(place) => {
            if is_keywords(boundary, place) {
                return None;
            }
            let origins = boundary.origins(place);
            let mut found: Option<(&'static str, ExprId, Confidence)> = None;
            for origin in origins {
                let Origin::Value(source) = origin else {
                    return None;
                };
                let one = of_source(boundary, source, depth)?;
                if found.is_none_or(|known| known.2 < one.2) {
                    found = Some(one);
                }
            }
            found
        }
        _ => None,
    }
}

/// Functions that decode a document.
const DECODING: [&str; 9] = [
    "json.loads",
    "json.load",
    "simplejson.loads",
    "simplejson.load",
    "ujson.loads",
    "ujson.load",
    "orjson.loads",
    "flask.json.loads",
    "django.utils.simplejson.loads",
];

/// What a function does whose answer is JSON that came over the network.
const FETCHING: [&str; 8] = [
    "download", "fetch", "request", "api", "http", "query", "graphql", "get",
];

fn of_call(boundary: &Boundary<'_>, call: ExprId) -> Option<(&'static str, ExprId, Confidence)> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    let (name, receiver, arguments) = boundary.called(call)?;
    let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
    if DECODING.contains(&dotted.as_str()) {
        let from = arguments.first().and_then(|&text| outside(flow, text));
        let is_opened = |by| matches!(boundary.called(by), Some(("open" | "read_text", ..)));
        // Files of JSON are mostly the program's own.
        let confidence = match from {
            None | Some((Outside::Database, _)) => Confidence::Low,
            Some((Outside::File, by)) if is_opened(by) => Confidence::Low,
            Some(_) => Confidence::Medium,
        };
        return Some(("json", call, confidence));
    }
    if dotted.ends_with("ConfigParser") {
        return Some(("configuration", call, Confidence::Medium));
    }
    let name = name.to_ascii_lowercase();
    let is_answer = receiver.is_some() && arguments.is_empty() && name == "json";
    let is_fetched = name.contains("json")
        && FETCHING.iter().any(|word| name.contains(word))
        && !name.contains("widget")
        && dotted.split('.').next() != Some("pandas");
    (is_answer || is_fetched).then_some(("json", call, Confidence::Medium))
}

fn of_attribute(
    boundary: &Boundary<'_>,
    expr: ExprId,
    object: ExprId,
    name: &str,
) -> Option<(&'static str, ExprId, Confidence)> {
    let flow = boundary.flow;
    let dotted = flow.evaluate.dotted(expr).unwrap_or_default();
    let written = flow
        .module
        .dotted(flow.code, object)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let last = written.rsplit('.').next().unwrap_or_default();
    let is_request = matches!(last, "request" | "req");
    let is_answer = matches!(
        last,
        "response" | "resp" | "res" | "r" | "answer" | "reply" | "rsp"
    );
    match name {
        // What a script or a module needs from the start it says at the start.
        "environ" if dotted == "os.environ" => {
            let confidence = match flow.code.kind {
                FunctionKind::Module | FunctionKind::Class => Confidence::Low,
                FunctionKind::Def | FunctionKind::Lambda => Confidence::Medium,
            };
            Some(("environment", expr, confidence))
        }
        "headers" if is_request || is_answer => Some(("headers", expr, Confidence::Medium)),
        "headers" if last == "self" && !sets_headers(boundary) => {
            Some(("headers", expr, Confidence::Low))
        }
        // A format mostly says which ones there are.
        "attrib" => Some(("element", expr, Confidence::Low)),
        "GET" | "POST" | "FILES" | "COOKIES" | "META" | "query" | "query_params" if is_request => {
            let name = flow.program.qualified_name(flow.function);
            let is_private = name
                .rsplit('.')
                .next()
                .is_some_and(|last| last.starts_with('_'));
            let confidence = if is_private {
                Confidence::Low
            } else {
                Confidence::Medium
            };
            Some(("request", expr, confidence))
        }
        _ => None,
    }
}

/// Whether the function fills the headers itself.
fn sets_headers(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, .. } => flow.place_of(target).is_some_and(|place| {
            let root = flow.code.place(flow.code.root(place)).step;
            let own = matches!(
                root,
                Step::Variable {
                    scope: Scope::Parameter { .. },
                    ..
                }
            );
            own && flow.place_text(place).contains(".headers")
        }),
        _ => false,
    })
}
