//! What kind of document a value is, by where it comes from.

use super::answer::{is_request, of_answer, of_text};
use super::keywords::is_keywords;
use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, Scope, Source, Step};
use crate::project::Target;
use crate::rules::Scene;
use crate::rules::sequences::{Boundary, Origin};
use crate::types::FunctionRef;

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
            let is_nested = matches!(found.0, "json" | "configuration" | "request");
            ((is_key || found.0 == "configuration") && is_nested)
                .then_some((found.0, value, found.2))
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
        let confidence = of_text(boundary, call, arguments.first().copied());
        return Some(("json", call, confidence));
    }
    if dotted.ends_with("ConfigParser") {
        return Some(("configuration", call, Confidence::Medium));
    }
    let name = name.to_ascii_lowercase();
    let asked =
        receiver.filter(|_| arguments.is_empty() && matches!(name.as_str(), "json" | "get_json"));
    if let Some(asked) = asked
        && is_request(boundary, asked)
    {
        return Some(("request", call, Confidence::Medium));
    }
    if let Some(found) = of_function(boundary, call) {
        return Some(found);
    }
    let is_answer = asked.is_some() && name == "json";
    let is_fetched = name.contains("json")
        && FETCHING.iter().any(|word| name.contains(word))
        && !name.contains("widget")
        && dotted.split('.').next() != Some("pandas");
    let confidence = || of_answer(boundary, call, asked);
    (is_answer || is_fetched).then(|| ("json", call, confidence()))
}

/// The document that a function of the project gives.
fn of_function(
    boundary: &Boundary<'_>,
    call: ExprId,
) -> Option<(&'static str, ExprId, Confidence)> {
    let flow = boundary.flow;
    let function = callee(boundary, call)?;
    let (module, code) = flow.program.code(function);
    let returned: Vec<ExprId> = code
        .insts
        .iter()
        .filter_map(|inst| match inst.kind {
            InstKind::Return(value) => value,
            _ => None,
        })
        .collect();
    let is_worth_it = |&value: &ExprId| {
        matches!(
            module.kind(value),
            ExprKind::Call { .. } | ExprKind::Name(_) | ExprKind::Await(_) | ExprKind::Or(_)
        )
    };
    if !returned.iter().any(is_worth_it) || returned.len() > DEPTH {
        return None;
    }
    let inner = flow.of_another(function);
    let solution = inner.solve();
    let scene = Scene {
        flow: &inner,
        ..*boundary.scene
    };
    let within = Boundary::new(&scene, &solution);
    returned.into_iter().find_map(|value| {
        // Whoever looks at the document before it is handed on may say what is in it.
        let place = inner.place_of(value);
        let is_looked_at = place.is_some_and(|place| {
            code.insts.iter().any(|inst| match inst.kind {
                InstKind::Assume { test, .. } => inner.mentions(test, place),
                _ => false,
            })
        });
        let found = match is_looked_at {
            true => None,
            false => direct(&within, value),
        };
        found.map(|(key, confidence)| (key, call, confidence))
    })
}

/// What kind of document an expression gives, without looking into further functions.
fn direct(boundary: &Boundary<'_>, value: ExprId) -> Option<(&'static str, Confidence)> {
    let module = boundary.flow.module;
    let value = match module.kind(value) {
        ExprKind::Await(inner) => inner,
        ExprKind::Or(parts) => *module.list(parts).first()?,
        _ => value,
    };
    let value = match boundary.values(value)[..] {
        [only] => only,
        _ => return None,
    };
    if callee(boundary, value).is_some() {
        return None;
    }
    let (key, _, confidence) = of_call(boundary, value)?;
    Some((key, confidence))
}

/// The function of the project that is called, by a name of its own.
pub(super) fn callee(boundary: &Boundary<'_>, call: ExprId) -> Option<FunctionRef> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    match flow.program.target(flow.evaluate.value(callee)) {
        Target::Function { function, .. } if function != flow.function => Some(function),
        _ => None,
    }
}

/// Whether an attribute of the object holds a parser of configuration files.
fn is_parser(boundary: &Boundary<'_>, attribute: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let Some(name) = module.dotted(flow.code, attribute) else {
        return false;
    };
    let mut methods = module.functions.iter().filter(|code| code.class.is_some());
    name.starts_with("self.")
        && methods.any(|code| {
            code.insts.iter().any(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } => match module.kind(value) {
                    ExprKind::Call { callee, .. } => {
                        let made = module.dotted(code, callee).unwrap_or_default();
                        made.ends_with("ConfigParser")
                            && module.dotted(code, target).as_deref() == Some(&name)
                    }
                    _ => false,
                },
                _ => false,
            })
        })
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
    if is_parser(boundary, expr) {
        return Some(("configuration", expr, Confidence::Medium));
    }
    match name {
        // What a script or a module needs from the start it says at the start.
        "environ" if dotted == "os.environ" => {
            let confidence = match flow.code.kind {
                FunctionKind::Module | FunctionKind::Class => Confidence::Low,
                FunctionKind::Def | FunctionKind::Lambda => Confidence::Medium,
            };
            Some(("environment", expr, confidence))
        }
        "headers" if is_request || is_answer => {
            let is_sure = !is_helper(boundary, object) || asks_another(boundary, expr);
            let confidence = if is_sure {
                Confidence::Medium
            } else {
                Confidence::Low
            };
            Some(("headers", expr, confidence))
        }
        "headers" if last == "self" && !sets_headers(boundary) => {
            Some(("headers", expr, Confidence::Low))
        }
        // A format mostly says which ones there are.
        "attrib" => Some(("element", expr, Confidence::Low)),
        // Twisted has them in a plain dictionary; others answer that the request is bad.
        "args" if is_request && uses_twisted(boundary) => {
            Some(("request", expr, Confidence::Medium))
        }
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

fn uses_twisted(boundary: &Boundary<'_>) -> bool {
    let module = boundary.flow.module;
    let mut imports = module.imports.iter();
    imports.any(|import| module.name(import.module).starts_with("twisted"))
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
