//! Which calls fail in ordinary operation, and which fail where somebody watches.

use crate::escape::Site;
use crate::escape::clauses::{called_name, called_names};
use crate::ir::{ExprId, ExprKind, Function, Module};
use crate::library::schema::Mark;
use crate::project::Evaluate;
use crate::rules::Whole;
use crate::rules::around::bound_value;
use crate::rules::guarded::io::{Touches, touches};
use crate::summary::Effects;
use crate::types::{CallRef, Type};

/// Whether a call fails in ordinary operation. Not where its arguments say that it cannot: the own process, the locale
/// that is always there.
pub(in crate::rules) fn is_fragile(whole: &Whole<'_>, site: &Site) -> bool {
    let known = whole.program.library.get(site.call.callee);
    let (module, code) = whole.program.code(site.function);
    let is_safe = |part: ExprId| match module.kind(part) {
        ExprKind::Text(text) => module.name(text) == "C",
        ExprKind::Int(0) => known.name == "os.getpgid",
        ExprKind::Call { callee, .. } => module
            .dotted(code, callee)
            .is_some_and(|name| name.ends_with("getpid")),
        _ => false,
    };
    let ExprKind::Call { arguments, .. } = module.kind(site.call.call) else {
        return false;
    };
    if known.name == "socket.socket.setsockopt" {
        let level = module.arguments(arguments).first();
        let level = level.and_then(|level| module.dotted(code, level.value));
        return level.is_some_and(|level| level.ends_with("_TCP"));
    }
    let arguments = module.arguments(arguments);
    if known.name == "logging.config.fileConfig" {
        // A file that the program brings along is there; one that somebody names may not be.
        let is_named = |part: ExprId| !matches!(module.kind(part), ExprKind::Text(_));
        return arguments.first().is_some_and(|path| is_named(path.value));
    }
    let is_own_name = |part: ExprId| {
        called_name(module, part).is_some_and(|name| ["gethostname", "getfqdn"].contains(&name))
    };
    if RESOLVERS.contains(&known.name.as_str())
        && arguments
            .first()
            .is_some_and(|host| is_own_name(host.value))
    {
        // The own name need not be known to anybody, in a container for one.
        return true;
    }
    let is_process = known.summary.effects.meets(Effects::PROCESS);
    let is_of_terminal =
        known.name.starts_with("termios.") || TERMINAL.contains(&known.name.as_str());
    if is_of_terminal && asks(whole, site, "isatty") {
        return false;
    }
    let wakes = |part: ExprId| matches!(module.kind(part), ExprKind::Bytes(text) | ExprKind::Text(text) if module.name(text).len() <= 1);
    if known.name == "os.write" && arguments.get(1).is_some_and(|data| wakes(data.value)) {
        // A single byte wakes the own select; nobody else holds the other end.
        return false;
    }
    let is_file = |part: ExprId| called_name(module, part) == Some("fileno");
    if known.name == "os.write"
        && (["mkstemp", "open", "pipe"]
            .iter()
            .any(|name| asks(whole, site, name))
            || arguments.first().is_some_and(|first| is_file(first.value)))
    {
        // A file or pipe of its own, not a pipe with a reader who may go.
        return false;
    }
    if known.name == "os.ttyname" && asks(whole, site, "openpty") {
        return false;
    }
    if ["fcntl.flock", "fcntl.lockf"].contains(&known.name.as_str()) {
        // A lock that waits is got in the end; one that does not wait is there to be refused. What is held is let go.
        return mentions(whole, site, "LOCK_NB") && !mentions(whole, site, "LOCK_UN");
    }
    // What sends a signal to a process that it holds does as the system does: callers know.
    let is_sender = SENDERS.contains(&module.name(code.name))
        && whole.program.class_of_method(site.function).is_some();
    if is_sender && ["os.kill", "os.killpg"].contains(&known.name.as_str()) {
        return false;
    }
    known.has(Mark::Fragile)
        && !(is_process && arguments.iter().any(|argument| is_safe(argument.value)))
}

/// Whether a call asks for the process that makes it, or for the source of a function of the project: they are there. So is a
/// pipe that the process holds both ends of, when one byte goes through it to wake a loop.
pub(in crate::rules) fn is_of_itself(whole: &Whole<'_>, site: &Site) -> bool {
    let known = whole.program.library.get(site.call.callee);
    let (module_ref, id) = whole.program.locate(site.function);
    let (module, code) = whole.program.code(site.function);
    let ExprKind::Call { callee, arguments } = module.kind(site.call.call) else {
        return false;
    };
    let arguments = module.arguments(arguments);
    let is_default = known.name == "psutil.Process" && arguments.is_empty();
    let is_own = |part: ExprId| asks_for_itself(module, code, part);
    let is_process = known.summary.effects.meets(Effects::PROCESS);
    let of_receiver = match module.kind(callee) {
        ExprKind::Attribute { value, .. } => known.name.starts_with("psutil.") && is_own(value),
        _ => false,
    };
    let evaluate = Evaluate::new(whole.program, module_ref, id);
    let is_function = |part: ExprId| {
        let value = evaluate.value(part);
        matches!(whole.program.types.get(value.class), Type::Function { .. })
    };
    let of_source = [
        "inspect.getsource",
        "inspect.getsourcelines",
        "inspect.getsourcefile",
    ]
    .contains(&known.name.as_str())
        && arguments
            .first()
            .is_some_and(|first| is_function(first.value));
    let opens = ["io.open", "open", "os.fdopen"].contains(&known.name.as_str());
    let wakes = |part: ExprId| matches!(module.kind(part), ExprKind::Bytes(text) | ExprKind::Text(text) if module.name(text).len() <= 1);
    let is_own_pipe = (opens && asks(whole, site, "pipe"))
        || (known.name == "os.write" && arguments.get(1).is_some_and(|data| wakes(data.value)));
    is_default
        || is_own_pipe
        || of_source
        || (is_process && (of_receiver || arguments.iter().any(|given| is_own(given.value))))
}

/// Whether the function of a call makes a file or folder of its own to work in.
pub(in crate::rules) fn makes_temporary(whole: &Whole<'_>, site: &Site) -> bool {
    const MAKERS: [&str; 5] = [
        "NamedTemporaryFile",
        "SpooledTemporaryFile",
        "TemporaryDirectory",
        "mkdtemp",
        "mkstemp",
    ];
    let (module, code) = whole.program.code(site.function);
    called_names(module, code, code.span)
        .iter()
        .any(|name| MAKERS.contains(name))
}

/// Whether an expression stands for this very process: `os.getpid()`, `psutil.Process(os.getpid())`, or a name for one of them.
fn asks_for_itself(module: &Module, code: &Function, part: ExprId) -> bool {
    let is_call = |part: ExprId| {
        let mut found = false;
        module.walk(part, &mut |inner| {
            let ExprKind::Call { callee, arguments } = module.kind(inner) else {
                return;
            };
            let name = module.dotted(code, callee).unwrap_or_default();
            found |= name.ends_with("getpid")
                || (name.ends_with("psutil.Process") && module.arguments(arguments).is_empty());
        });
        found
    };
    match module.kind(part) {
        ExprKind::Name(place) => {
            let mut bound = code.insts.iter().filter_map(|inst| bound_value(inst.kind));
            bound.any(|(target, value)| {
                module.kind(target).place() == Some(place)
                    && matches!(module.kind(value), ExprKind::Call { .. })
                    && is_call(value)
            })
        }
        ExprKind::Call { .. } => is_call(part),
        _ => false,
    }
}

/// Whether the function of a call reads what the package brings along: beside its own source, or as a resource.
pub(in crate::rules) fn reads_own_files(whole: &Whole<'_>, site: &Site) -> bool {
    const RESOURCES: [&str; 6] = [
        "get_data",
        "open_binary",
        "open_text",
        "resource_filename",
        "resource_stream",
        "resource_string",
    ];
    let (module, code) = whole.program.code(site.function);
    let is_resource = |name: &str| {
        name == "__file__"
            || name.contains("importlib.resources")
            || name.contains("importlib_resources")
            || name.contains("resource_files")
    };
    code.exprs
        .range()
        .map(ExprId::new)
        .any(|part| match module.kind(part) {
            ExprKind::Name(_) | ExprKind::Attribute { .. } => module
                .dotted(code, part)
                .is_some_and(|name| is_resource(&name)),
            ExprKind::Call { .. } => {
                called_name(module, part).is_some_and(|name| RESOURCES.contains(&name))
            }
            _ => false,
        })
}

/// Methods that send a signal.
const SENDERS: [&str; 4] = ["kill", "send_signal", "signal", "terminate"];

/// Calls that look a name up.
const RESOLVERS: [&str; 3] = [
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyname_ex",
];

/// Calls that ask a terminal.
const TERMINAL: [&str; 2] = ["os.get_terminal_size", "os.ttyname"];

/// Whether an argument of a call names an attribute.
fn mentions(whole: &Whole<'_>, site: &Site, wanted: &str) -> bool {
    let (module, _) = whole.program.code(site.function);
    let mut found = false;
    module.walk(site.call.call, &mut |part| {
        found |= matches!(module.kind(part), ExprKind::Attribute { name, .. } if module.name(name) == wanted);
    });
    found
}

/// Whether the function of a call also calls something of that name, which answers whether the call can work.
fn asks(whole: &Whole<'_>, site: &Site, name: &str) -> bool {
    let (module, code) = whole.program.code(site.function);
    called_names(module, code, code.span).contains(&name)
}

/// Whether a query goes through a session or cursor that the function was given: whoever opened it ends the transaction, and
/// hears of what goes wrong.
pub(in crate::rules) fn is_lent(whole: &Whole<'_>, site: &Site) -> bool {
    if touches(site) != Touches::Database {
        return false;
    }
    let (module, code) = whole.program.code(site.function);
    let mut at = site.call.call;
    let place = loop {
        match module.kind(at) {
            ExprKind::Name(place) => break place,
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => at = value,
            ExprKind::Call { callee, .. } => at = callee,
            _ => return false,
        }
    };
    let is_method = whole.program.class_of_method(site.function).is_some();
    let mut given = code.parameters.iter().skip(usize::from(is_method));
    given.any(|parameter| parameter.place == place)
}

/// Calls that set a server up: where they fail, it had better not start.
const SETUP: [&str; 11] = [
    "socket.socket",
    "socket.create_server",
    "socket.socketpair",
    "socket.fromfd",
    "socket.socket.bind",
    "socket.socket.listen",
    "os.nice",
    "select.select",
    "ssl.create_default_context",
    "ssl.SSLContext.load_cert_chain",
    "ssl.SSLContext.load_verify_locations",
];

/// Whether a call sets a server up.
pub(in crate::rules) fn is_setup(whole: &Whole<'_>, site: &Site) -> bool {
    let name = name_of_call(whole, site.call.callee);
    if name == "socket.socket.setsockopt" {
        // An option of a socket that is connected already is no setup: the peer may have gone.
        let calls = &whole.traces[site.function.0 as usize].library;
        return !is_fragile(whole, site)
            || calls
                .iter()
                .any(|call| MAKES_SOCKETS.contains(&name_of_call(whole, call.callee)));
    }
    let is_loopback = name == "socket.socket.connect" && asks(whole, site, "listen");
    SETUP.contains(&name) || name.contains(".listen") || is_loopback
}

/// The whole name of what a call calls.
pub(in crate::rules) fn name_of_call<'w>(whole: &'w Whole<'_>, call: CallRef) -> &'w str {
    whole.program.library.get(call).name.as_str()
}

/// Where one of these stands, a socket is set up.
const MAKES_SOCKETS: [&str; 6] = [
    "socket.socket",
    "socket.create_server",
    "socket.socketpair",
    "socket.fromfd",
    "socket.socket.bind",
    "socket.socket.listen",
];
