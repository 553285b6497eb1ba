//! What comes into a function by other ways than its calls: what a callback is told, what a route takes out of a URL, what
//! a method has put into a container.

use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId, Scope, Source, Step};
use crate::project::Program;
use crate::rules::around::{called, receiver};
use crate::rules::stores::arguments;
use crate::summary::ClassRef;
use crate::types::FunctionRef;

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
    puts(module, code, &|expr| {
        matches!(module.kind(expr), ExprKind::Attribute { value, name, .. }
            if module.name(name) == attribute && module.kind(value).place() == own && own.is_some())
    })
}

/// What a function puts into a container that a global of the module holds.
pub(in crate::rules) fn put_into_global(
    module: &Module,
    code: &Function,
    global: &str,
) -> Vec<ExprId> {
    puts(module, code, &|expr| match module.kind(expr) {
        ExprKind::Name(place) => matches!(code.place(place).step,
            Step::Variable { name, scope: Scope::Global { .. } } if module.name(name) == global),
        _ => false,
    })
}

fn puts(module: &Module, code: &Function, is_it: &dyn Fn(ExprId) -> bool) -> Vec<ExprId> {
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
                "append" | "add" | "extend" | "put" | "update"
            )
            && receiver(module, callee).is_some_and(is_it)
        {
            found.extend(module.arguments(arguments).first().map(|first| first.value));
        }
    }
    found
}

/// Whether a method of a `cmd.Cmd` is told what somebody typed: the line behind a command's name, or a whole one.
pub(in crate::rules) fn is_typed(
    program: &Program<'_>,
    function: FunctionRef,
    place: PlaceId,
) -> bool {
    let (module, code) = program.code(function);
    let name = module.name(code.name);
    let is_command = name.starts_with("do_") || matches!(name, "default" | "onecmd" | "precmd");
    let is_line = code.parameters.get(1).is_some_and(|of| of.place == place);
    let is_shell = |class: ClassRef| {
        let mut ancestors = program.linearization(class).into_iter();
        ancestors.any(|of| matches!(program.class_name(of), "cmd.Cmd" | "cmd2.Cmd"))
    };
    is_command && is_line && program.class_of_method(function).is_some_and(is_shell)
}

/// More calls of one name are not followed.
const NAMED: usize = 4;

/// The calls of a method that only its name tells: no other function of the project is called so, and nobody knows what it
/// is called on.
pub(in crate::rules) fn calls_by_name(
    program: &Program<'_>,
    function: FunctionRef,
) -> Vec<(FunctionRef, ExprId)> {
    let (module, code) = program.code(function);
    let name = module.name(code.name);
    if program.class_of_method(function).is_none() || name.len() < 5 || name.starts_with("__") {
        return Vec::new();
    }
    let is_of_other = |other: FunctionRef| {
        let (module, code) = program.code(other);
        other != function && module.name(code.name) == name
    };
    let mentioning = program.mentioning([name]);
    let all = (0..program.function_count() as u32).map(FunctionRef);
    let all =
        || { all.clone() }.filter(|&function| mentioning[program.locate(function).0.0 as usize]);
    if all().any(is_of_other) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for caller in all() {
        let (module, code) = program.code(caller);
        if crate::rules::is_test(program, caller) {
            continue;
        }
        for call in code.exprs.range().map(ExprId::new) {
            if let ExprKind::Call { callee, .. } = module.kind(call)
                && receiver(module, callee).is_some()
                && called(module, code, callee) == name
            {
                found.push((caller, call));
                if found.len() == NAMED {
                    return found;
                }
            }
        }
    }
    found
}
