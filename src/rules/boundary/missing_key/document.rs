//! What kind of document a value is, by where it comes from.

use super::answer::{is_request, of_answer, of_settings, of_text};
use super::element::of_element;
use super::keywords::is_keywords;
use super::search::Search;
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Scope, Step};
use crate::rules::sequences::{Boundary, Origin};
use crate::text::Location;

/// Documents are followed through so many names, keys and functions.
pub(super) const DEPTH: usize = 9;

/// A dictionary that somebody else has filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// The message that says who decides what is in it.
    pub(super) key: &'static str,
    /// What holds it in the function that was asked about.
    pub(super) expr: ExprId,
    /// How little its keys can be relied on.
    pub(super) confidence: Confidence,
    /// Where it comes in, if that is in another function.
    pub(super) from: Option<Location>,
    /// It stands under a key of another one, which was read before.
    pub(super) is_part: bool,
}

impl Document {
    pub(super) fn new(key: &'static str, expr: ExprId, confidence: Confidence) -> Self {
        Self {
            key,
            expr,
            confidence,
            from: None,
            is_part: false,
        }
    }

    /// As it is seen from another function than the one that holds it.
    pub(super) fn seen_in(self, holder: &Boundary<'_>) -> Self {
        Self {
            from: self.from.or(Some(holder.scene.location(self.expr))),
            is_part: false,
            ..self
        }
    }

    /// The one of two whose keys can be relied on less.
    pub(super) fn or_worse(self, other: Option<Self>) -> Self {
        other
            .filter(|other| other.confidence > self.confidence)
            .unwrap_or(self)
    }
}

/// What kind of document a value is, by where it comes from.
pub(super) fn of_source(
    boundary: &Boundary<'_>,
    value: ExprId,
    depth: usize,
    search: &Search<'_>,
) -> Option<Document> {
    let depth = depth.checked_sub(1)?;
    search.step()?;
    let flow = boundary.flow;
    match flow.module.kind(value) {
        ExprKind::Call { .. } => {
            of_call(boundary, value).or_else(|| search.of_result(boundary, value, depth))
        }
        ExprKind::Await(inner) | ExprKind::Yield(Some(inner)) | ExprKind::YieldFrom(inner) => {
            of_source(boundary, inner, depth, search)
        }
        ExprKind::Or(parts) => of_any(boundary, flow.module.list(parts), depth, search),
        ExprKind::Conditional {
            then, otherwise, ..
        } => of_any(boundary, &[then, otherwise], depth, search),
        ExprKind::Attribute {
            value: object,
            name,
            ..
        } => of_attribute(boundary, value, object, flow.module.name(name))
            .or_else(|| search.of_stored(boundary, value, depth)),
        ExprKind::Subscript {
            value: inner,
            index,
            ..
        } => {
            if matches!(flow.module.kind(index), ExprKind::Slice { .. }) {
                return None;
            }
            let found = of_source(boundary, inner, depth, search)?;
            let is_nested = matches!(found.key, "json" | "configuration" | "request");
            is_nested.then_some(Document {
                expr: value,
                is_part: found.is_part || matches!(flow.module.kind(index), ExprKind::Text(_)),
                ..found
            })
        }
        ExprKind::Name(place) => of_variable(boundary, value, place, depth, search),
        _ => None,
    }
}

fn of_variable(
    boundary: &Boundary<'_>,
    expr: ExprId,
    place: PlaceId,
    depth: usize,
    search: &Search<'_>,
) -> Option<Document> {
    let flow = boundary.flow;
    if is_keywords(boundary, place) || is_typed_here(boundary, place) {
        return None;
    }
    let origins = boundary.origins(place);
    if origins.is_empty() {
        let is_bound = !boundary.sources(place).is_empty();
        return match flow.code.place(place).step {
            Step::Variable { .. } if is_bound => None,
            Step::Variable {
                scope: Scope::Parameter { index, .. },
                ..
            } => search.of_parameter(boundary, expr, index, depth),
            Step::Variable {
                scope: Scope::Free {
                    function, place, ..
                },
                ..
            } => search.of_outer(boundary, expr, function, place, depth),
            Step::Variable {
                scope: Scope::Global { .. },
                name,
            } => search.of_global(boundary, expr, flow.module.name(name), depth),
            _ => None,
        };
    }
    let mut values = Vec::new();
    for origin in origins {
        match origin {
            Origin::Value(value) => values.push(value),
            Origin::Element(_) => return None,
        }
    }
    of_any(boundary, &values, depth, search)
}

/// Several values, any of which it may be: documents, and what has no keys at all.
pub(super) fn of_any(
    boundary: &Boundary<'_>,
    values: &[ExprId],
    depth: usize,
    search: &Search<'_>,
) -> Option<Document> {
    let mut found: Option<Document> = None;
    for &value in values.iter().take(MANY) {
        if is_empty(boundary, value) {
            continue;
        }
        let one = of_source(boundary, value, depth, search)?;
        found = Some(one.or_worse(found));
    }
    found
}

/// More values of one variable are not looked at.
const MANY: usize = 8;

/// `None`, `{}`, `[]`, `dict()`: nothing that a key is read from.
pub(super) fn is_empty(boundary: &Boundary<'_>, value: ExprId) -> bool {
    match boundary.flow.module.kind(value) {
        ExprKind::None => true,
        ExprKind::Dict(parts) | ExprKind::List(parts) => parts.is_empty(),
        ExprKind::Call { .. } => matches!(
            boundary.called(value),
            Some(("dict", None, arguments)) if arguments.is_empty()
        ),
        _ => false,
    }
}

/// Whether a variable is declared as of a type of its own, which says what keys there are.
fn is_typed_here(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let flow = boundary.flow;
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            annotation: Some(annotation),
            ..
        }
        | InstKind::Declare { target, annotation } => {
            flow.place_of(target) == Some(place)
                && flow
                    .module
                    .dotted(flow.code, annotation)
                    .is_some_and(|name| super::belief::is_shape(&name))
        }
        _ => false,
    })
}

/// Functions that decode a document.
const DECODING: [&str; 15] = [
    "json.loads",
    "json.load",
    "simplejson.loads",
    "simplejson.load",
    "ujson.loads",
    "ujson.load",
    "orjson.loads",
    "rapidjson.loads",
    "json5.loads",
    "demjson.decode",
    "anyjson.loads",
    "tornado.escape.json_decode",
    "escape.json_decode",
    "flask.json.loads",
    "django.utils.simplejson.loads",
];

/// Functions that read what people write by hand.
const CONFIGURING: [&str; 22] = [
    "configobj.ConfigObj",
    "pytoml.load",
    "pytoml.loads",
    "ruamel.yaml.load",
    "ruamel.yaml.safe_load",
    "ruamel.yaml.round_trip_load",
    "toml.load",
    "toml.loads",
    "tomli.load",
    "tomli.loads",
    "tomlkit.load",
    "tomlkit.loads",
    "tomlkit.parse",
    "tomllib.load",
    "tomllib.loads",
    "yaml.full_load",
    "yaml.load",
    "yaml.safe_load",
    "plistlib.load",
    "plistlib.loads",
    "plistlib.readPlist",
    "plistlib.readPlistFromString",
];

/// What a function does whose answer is JSON that came over the network.
const FETCHING: [&str; 8] = [
    "download", "fetch", "request", "api", "http", "query", "graphql", "get",
];

fn of_call(boundary: &Boundary<'_>, call: ExprId) -> Option<Document> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    let (name, receiver, arguments) = boundary.called(call)?;
    let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
    if DECODING.contains(&dotted.as_str()) {
        let confidence = of_text(boundary, arguments.first().copied());
        return Some(Document::new("json", call, confidence));
    }
    if dotted.ends_with("ConfigParser") {
        return Some(Document::new("configuration", call, Confidence::Medium));
    }
    if CONFIGURING.contains(&dotted.as_str()) {
        let confidence = of_settings(boundary, arguments.first().copied());
        return Some(Document::new("configuration", call, confidence));
    }
    if name == "hgetall" && receiver.is_some() {
        return Some(Document::new("hash", call, Confidence::Medium));
    }
    if name == "find_one" && receiver.is_some() {
        return Some(Document::new("stored", call, Confidence::Medium));
    }
    if matches!(
        dotted.as_str(),
        "urllib.parse.parse_qs" | "urlparse.parse_qs" | "cgi.parse_qs"
    ) {
        return Some(Document::new("request", call, Confidence::Medium));
    }
    let name = name.to_ascii_lowercase();
    let asked = receiver.filter(|_| name == "get_json" || (arguments.is_empty() && name == "json"));
    if let Some(asked) = asked
        && is_request(boundary, asked)
    {
        return Some(Document::new("request", call, Confidence::Medium));
    }
    let is_answer = asked.is_some() && name == "json";
    let is_fetched = name.contains("json")
        && FETCHING.iter().any(|word| name.contains(word))
        && !name.contains("widget")
        && dotted.split('.').next() != Some("pandas");
    let confidence = || of_answer(boundary, call, asked);
    (is_answer || is_fetched).then(|| Document::new("json", call, confidence()))
}

fn of_attribute(
    boundary: &Boundary<'_>,
    expr: ExprId,
    object: ExprId,
    name: &str,
) -> Option<Document> {
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
            Some(Document::new("environment", expr, confidence))
        }
        "headers" if is_request || is_answer => {
            let is_sure = !is_helper(boundary, object) || asks_another(boundary, expr);
            let confidence = if is_sure {
                Confidence::Medium
            } else {
                Confidence::Low
            };
            Some(Document::new("headers", expr, confidence))
        }
        "headers" if last == "self" && !sets_headers(boundary) => {
            Some(Document::new("headers", expr, Confidence::Low))
        }
        "attrib" => Some(Document::new("element", expr, of_element(boundary, object))),
        _ if is_request && is_filled_by_client(boundary, name) => {
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
            Some(Document::new("request", expr, confidence))
        }
        _ => None,
    }
}

/// Whether an attribute of a request holds a dictionary that the client fills. Of a form of Flask a missing key is the
/// client's error, and is answered as one.
fn is_filled_by_client(boundary: &Boundary<'_>, name: &str) -> bool {
    match name {
        "GET" | "POST" | "FILES" | "COOKIES" | "META" | "query" | "query_params" | "json"
        | "json_body" => true,
        "args" | "form" | "cookies" | "params" => {
            let module = boundary.flow.module;
            !module.imports.iter().any(|import| {
                let root = module.name(import.module).split('.').next();
                let name = import.name.map(|name| module.name(name));
                [root, name]
                    .into_iter()
                    .flatten()
                    .any(|part| matches!(part, "flask" | "werkzeug" | "quart"))
            })
        }
        _ => false,
    }
}

/// Whether the function is a helper that was handed the answer: whoever calls it may have looked.
fn is_helper(boundary: &Boundary<'_>, answer: ExprId) -> bool {
    let flow = boundary.flow;
    let is_private = flow.module.name(flow.code.name).starts_with('_');
    let mut parameters = flow.code.parameters.iter();
    is_private && parameters.any(|parameter| flow.place_of(answer) == Some(parameter.place))
}

/// Whether another one of the headers is asked for with care.
fn asks_another(boundary: &Boundary<'_>, headers: ExprId) -> bool {
    let form = boundary.flow.form(headers);
    let mut exprs = boundary.flow.code.exprs.range().map(ExprId::new);
    exprs.any(|expr| {
        matches!(boundary.called(expr), Some(("get", Some(asked), _)) if boundary.flow.form(asked) == form)
    })
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
