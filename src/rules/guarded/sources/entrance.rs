//! Where something enters the program, and what is told of it by the names that people give such things.

use crate::ir::{ExprId, ExprKind, Function, Module};
use crate::library::Call;
use crate::summary::Effects;
use crate::types::FunctionRef;

/// Which way something comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Door {
    /// A socket, the answer of a server, the request of a client.
    Network,
    /// What another program wrote.
    Command,
    /// A file.
    File,
    /// The environment, which whoever starts the program sets.
    Environment,
    /// Another way.
    Other,
}

/// Where something enters the program.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Entrance {
    /// Whose code it is in.
    pub(in crate::rules) function: FunctionRef,
    /// The call, or what holds it.
    pub(in crate::rules) expr: ExprId,
    /// Which way.
    pub(in crate::rules) door: Door,
    /// On its way the text went through a function that many call, or an attribute that many set: where it comes in says little of
    /// this one.
    pub(in crate::rules) is_lost: bool,
    /// It is a part of a document that was decoded on the way.
    pub(in crate::rules) is_field: bool,
}

impl Entrance {
    /// Something that comes in right here.
    pub(super) fn new(function: FunctionRef, expr: ExprId, door: Door) -> Self {
        Self {
            function,
            expr,
            door,
            is_lost: false,
            is_field: false,
        }
    }

    /// The same for a part of a document that was decoded.
    pub(super) fn in_document(self) -> Self {
        Self {
            is_field: true,
            ..self
        }
    }

    /// Whether a field of it is one of a document that another program sent, not of a form or of headers that somebody filled in.
    pub(super) fn is_of_document(self, (module, code): &(&Module, &Function)) -> bool {
        const FILLED_IN: [&str; 8] = [
            "args", "argv", "cookie", "environ", "form", "header", "param", "query",
        ];
        let mut is_filled_in = false;
        module.walk(self.expr, &mut |part| {
            let name = match module.kind(part) {
                ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
                ExprKind::Name(place) => module.place_text(code, place),
                _ => return,
            };
            let name = name.to_ascii_lowercase();
            is_filled_in |= FILLED_IN.iter().any(|word| name.contains(word));
        });
        self.door == Door::Network && !is_filled_in
    }

    /// The same behind one of so many ways.
    pub(super) fn by_one_of(self, ways: usize) -> Self {
        Self {
            is_lost: self.is_lost || ways > FEW,
            ..self
        }
    }
}

/// Whoever is called from more places than that, is called for many reasons.
const FEW: usize = 3;

impl Door {
    /// Which way a call of a library brings something in.
    pub(super) fn of_call(call: &Call) -> Self {
        let effects = call.summary.effects;
        if effects.meets(Effects::NETWORK) {
            Self::Network
        } else if effects.meets(Effects::PROCESS) {
            Self::Command
        } else if call.name.contains("environ") || call.name.contains("getenv") {
            Self::Environment
        } else if effects.meets(Effects::FILE) || call.name.starts_with("io.") {
            Self::File
        } else {
            Self::Other
        }
    }

    /// Which way what an expression holds came in, as far as its text tells.
    pub(super) fn of_text(module: &Module, code: &Function, expr: ExprId) -> Self {
        let mut door = Self::Other;
        module.walk(expr, &mut |part| {
            let name = match module.kind(part) {
                ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
                ExprKind::Name(place) => module.place_text(code, place),
                _ => return,
            };
            let name = name.to_ascii_lowercase();
            if name == "environ" || name == "getenv" {
                door = Self::Environment;
            } else if ["stdout", "stderr", "output"].contains(&name.as_str()) {
                door = Self::Command;
            } else if MESSAGES.contains(&name.as_str()) {
                door = Self::Network;
            }
        });
        door
    }
}

/// Names of what a client or a server has sent.
const MESSAGES: [&str; 12] = [
    "answer",
    "headers",
    "message",
    "msg",
    "packet",
    "pretrigger",
    "reply",
    "req",
    "request",
    "resp",
    "response",
    "trigger",
];

/// What requests and answers hold of what the other side wrote.
const BODIES: [&str; 20] = [
    "args",
    "body",
    "content",
    "cookies",
    "data",
    "form",
    "get_data",
    "headers",
    "params",
    "payload",
    "query",
    "query_params",
    "query_string",
    "raw_body",
    "stream",
    "text",
    "urls",
    "GET",
    "POST",
    "charset",
];

/// Variables of CGI and WSGI that the client chooses.
const CHOSEN: [&str; 6] = [
    "HTTP_",
    "CONTENT_",
    "QUERY_STRING",
    "REQUEST_URI",
    "PATH_INFO",
    "RAW_URI",
];

/// Whether an attribute is a part of a message, by its name and that of what it is read from.
pub(super) fn is_part_of_message(
    module: &Module,
    code: &Function,
    value: ExprId,
    name: &str,
) -> bool {
    let owner = module.dotted(code, value).unwrap_or_default();
    let last = owner.rsplit('.').next().unwrap_or_default();
    MESSAGES.contains(&last.to_ascii_lowercase().as_str()) && BODIES.contains(&name)
}

/// Whether a text names a variable that a client chooses: `environ["HTTP_AUTHORIZATION"]`.
pub(super) fn is_chosen_by_client(
    module: &Module,
    code: &Function,
    of: ExprId,
    key: ExprId,
) -> bool {
    let ExprKind::Text(key) = module.kind(key) else {
        return false;
    };
    let owner = module.dotted(code, of).unwrap_or_default();
    let last = owner.rsplit('.').next().unwrap_or_default();
    ["environ", "env", "META"].contains(&last)
        && CHOSEN
            .iter()
            .any(|start| module.name(key).starts_with(start))
}
