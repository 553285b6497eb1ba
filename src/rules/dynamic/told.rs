//! What comes into a function by other ways than its calls: what a callback is told, what a route takes out of a URL, what
//! a method has put into a container.

use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source};
use crate::rules::around::{called, receiver};
use crate::rules::stores::arguments;

/// Functions that a framework calls with what came over a connection or out of a chat.
const CALLBACKS: [&str; 27] = [
    "dataReceived",
    "data_received",
    "datagramReceived",
    "datagram_received",
    "handle_command",
    "handle_data",
    "handle_line",
    "handle_message",
    "handle_text",
    "lineReceived",
    "line_received",
    "messageReceived",
    "message_received",
    "onMessage",
    "on_command",
    "on_data",
    "on_line",
    "on_message",
    "on_privmsg",
    "on_pubmsg",
    "on_text",
    "privmsg",
    "process_message",
    "rawDataReceived",
    "received_message",
    "stringReceived",
    "string_received",
];

/// What they call it.
const TOLD: [&str; 16] = [
    "body", "cmd", "command", "content", "data", "datagram", "event", "frame", "line", "message",
    "msg", "packet", "payload", "string", "text", "update",
];

/// Decorators that tie a function to a URL.
const ROUTES: [&str; 9] = [
    "api_route",
    "delete",
    "get",
    "patch",
    "post",
    "put",
    "route",
    "view",
    "websocket",
];

/// Whether a function goes by the name of a callback that is told something.
pub(in crate::rules) fn is_callback(module: &Module, code: &Function) -> bool {
    CALLBACKS.contains(&module.name(code.name))
}

/// Whether a function is one that answers requests: the first thing that it takes is one.
pub(in crate::rules) fn takes_request(module: &Module, code: &Function) -> bool {
    let names = code.parameters.iter().map(|of| module.name(of.name));
    let first = names
        .into_iter()
        .find(|name| !matches!(*name, "self" | "cls"));
    first == Some("request")
}

/// Whether a parameter is what a callback is told.
pub(in crate::rules) fn is_told(module: &Module, code: &Function, place: PlaceId) -> bool {
    is_callback(module, code)
        && code
            .parameters
            .iter()
            .any(|of| of.place == place && TOLD.contains(&module.name(of.name)))
}

/// Whether a parameter is a piece of text of the URL that a route matches.
pub(in crate::rules) fn is_of_route(module: &Module, code: &Function, place: PlaceId) -> bool {
    let Some(parameter) = code.parameters.iter().find(|of| of.place == place) else {
        return false;
    };
    // A decorator stands outside of the function that it is on.
    let Some(around) = code.parent.map(|parent| module.function(parent)) else {
        return false;
    };
    let name = module.name(parameter.name);
    let forms = [
        format!("<{name}>"),
        format!("<string:{name}>"),
        format!("<path:{name}>"),
        format!("{{{name}}}"),
        format!("{{{name}:path}}"),
    ];
    module.list(code.decorators).iter().any(|&decorator| {
        let ExprKind::Call { callee, .. } = module.kind(decorator) else {
            return false;
        };
        let first = arguments(module, decorator).first();
        let Some(ExprKind::Text(route)) = first.map(|first| module.kind(first.value)) else {
            return false;
        };
        let route = module.name(route);
        ROUTES.contains(&called(module, around, callee))
            && forms.iter().any(|of| route.contains(of))
    })
}

/// What a method puts into the container that an attribute of its instance holds: `self.cells[key] = value`,
/// `self.rows.append(row)`.
pub(in crate::rules) fn put_into(module: &Module, code: &Function, attribute: &str) -> Vec<ExprId> {
    let own = code.parameters.first().map(|first| first.place);
    let is_it = |expr: ExprId| {
        matches!(module.kind(expr), ExprKind::Attribute { value, name, .. }
            if module.name(name) == attribute && module.kind(value).place() == own && own.is_some())
    };
    let mut found = Vec::new();
    for inst in &code.insts {
        if let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
            && matches!(module.kind(target), ExprKind::Subscript { value, .. } if is_it(value))
        {
            found.push(value);
        }
        if let InstKind::Eval(call) = inst.kind
            && let ExprKind::Call { callee, arguments } = module.kind(call)
            && matches!(
                called(module, code, callee),
                "append" | "add" | "extend" | "put"
            )
            && receiver(module, callee).is_some_and(is_it)
        {
            found.extend(module.arguments(arguments).first().map(|first| first.value));
        }
    }
    found
}
