//! Which variables of an environment are there.

use crate::ir::{ExprId, ExprKind};
use crate::rules::sequences::Boundary;

/// Variables of the environment and of a request that are always set.
const ALWAYS: [&str; 20] = [
    "ALLUSERSPROFILE",
    "APPDATA",
    "COMSPEC",
    "LOCALAPPDATA",
    "PATH",
    "ProgramData",
    "ProgramFiles",
    "REQUEST_METHOD",
    "SYSTEMROOT",
    "SystemDrive",
    "SystemRoot",
    "SYSTEMDRIVE",
    "USERPROFILE",
    "WINDIR",
    "SCRIPT_NAME",
    "PATH_INFO",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.input",
];

/// Whether it is a variable of an environment that is always set, or that the project sets itself for the processes that it
/// starts: `env["WORKER_ID"] = …`, or by its name (`_WORKER_ID`); not where the project itself asks elsewhere whether it is
/// there.
pub(super) fn is_always_there(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let written = module.dotted(flow.code, value).unwrap_or_default();
    let last = written.rsplit('.').next().unwrap_or_default();
    let is_environment = last == "META" || last.ends_with("environ") || last == "env";
    let ExprKind::Text(name) = module.kind(index) else {
        return false;
    };
    let variable = module.name(name);
    let habits = boundary.scene.habits;
    let symbol = flow.program.symbol(flow.module_ref, name);
    let is_own = || {
        variable.starts_with('_')
            || (habits.sets_variable(symbol) && !habits.asks_for_variable(symbol))
    };
    is_environment && (ALWAYS.contains(&variable) || is_own())
}

/// `environ["HTTP_X_USER"]` of WSGI: a header that the client need not send. Every request of today has a host.
pub(super) fn is_header_of_request(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> bool {
    let flow = boundary.flow;
    let ExprKind::Text(name) = flow.module.kind(index) else {
        return false;
    };
    let variable = flow.module.name(name);
    let is_environ = matches!(flow.module.kind(value), ExprKind::Name(place)
        if flow.place_text(place) == "environ"
            && flow.code.parameters.iter().any(|own| own.place == place));
    is_environ && variable.starts_with("HTTP_") && variable != "HTTP_HOST"
}
