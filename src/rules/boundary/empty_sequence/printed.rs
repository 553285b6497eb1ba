//! What a process or the kernel prints: it mostly has one form.

use crate::ir::{ExprId, ExprKind, InstKind, Passing};
use crate::rules::sequences::{Boundary, Origin};

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// Names under which people keep what a process returned.
const STATUS: [&str; 6] = ["rc", "returncode", "ret", "retcode", "status", "exit_code"];

/// Whether the function asks a process whether it worked: what it prints then has one form.
pub(super) fn tests_status(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => {
            let mut found = false;
            flow.module.walk(test, &mut |part| {
                let written = flow.module.dotted(flow.code, part).unwrap_or_default();
                let last = written.rsplit('.').next().unwrap_or_default();
                found |= STATUS.contains(&last);
            });
            found
        }
        _ => false,
    })
}

/// `run_command(…, check_rc=True)`, `check_output(…)`: what fails raises.
pub(super) fn checks_itself(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let module = boundary.flow.module;
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let mut arguments = module.arguments(arguments).iter();
    let is_told = arguments.any(|argument| match argument.passing {
        Passing::Keyword(name) => {
            module.name(name).starts_with("check") && module.kind(argument.value) == ExprKind::True
        }
        _ => false,
    });
    is_told || matches!(boundary.called(call), Some(("check_output", ..)))
}

/// Whether a text is one of many: any of them may be blank.
pub(super) fn is_line(boundary: &Boundary<'_>, text: ExprId) -> bool {
    let mut at = text;
    for _ in 0..DEPTH {
        match boundary.flow.module.kind(at) {
            ExprKind::Name(place) => match boundary.origins(place)[..] {
                [Origin::Value(value)] => at = value,
                [Origin::Element(_)] => return true,
                _ => return false,
            },
            ExprKind::Call { .. } => match boundary.called(at) {
                Some((_, Some(receiver), _)) => at = receiver,
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}

/// `open("/proc/mounts")`: the kernel writes it, and always in the same form.
pub(super) fn is_of_kernel(boundary: &Boundary<'_>, from: ExprId) -> bool {
    let is_kernel = |expr: ExprId| match boundary.flow.module.kind(expr) {
        ExprKind::Text(name) => {
            let path = boundary.flow.module.name(name);
            path.starts_with("/proc/") || path.starts_with("/sys/")
        }
        _ => false,
    };
    let mut at = from;
    for _ in 0..DEPTH {
        match boundary.called(at) {
            Some(("open", _, arguments)) => {
                return arguments.first().is_some_and(|&path| is_kernel(path));
            }
            Some((_, Some(receiver), arguments)) => {
                if arguments.first().is_some_and(|&path| is_kernel(path)) {
                    return true;
                }
                match boundary.flow.module.kind(receiver) {
                    ExprKind::Name(place) => {
                        match boundary.sources(place)[..] {
                            [source] => at = source,
                            _ => return false,
                        };
                    }
                    _ => at = receiver,
                }
            }
            _ => return false,
        }
    }
    false
}
