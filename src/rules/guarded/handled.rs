//! Whether a function that nobody is known to guard means to deal with failures itself: it looks at the status of the answer
//! and goes on, or it guards something else of the same kind.

use crate::escape::Site;
use crate::escape::clauses::{Fate, called_names, fate, insts_in, tells};
use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source, TryId, TryKind};
use crate::rules::Whole;
use crate::rules::around::root_variable;
use crate::rules::guarded::harm::touching;
use crate::rules::guarded::io::{Touches, touches};
use crate::rules::guarded::meant::is_within;
use crate::summary::Effects;

/// What an answer says of itself.
const STATUS: [&str; 8] = [
    "code",
    "getcode",
    "is_error",
    "is_success",
    "ok",
    "reason",
    "status",
    "status_code",
];

/// Calls that tell a reader of the log.
const LOGGING: [&str; 6] = ["critical", "error", "exception", "log", "warn", "warning"];

/// Whether the function of a call shows that it wants to hear of failures itself.
pub(super) fn means_to_handle(whole: &Whole<'_>, site: &Site) -> bool {
    let wanted = match touches(site) {
        Touches::Network => Effects::NETWORK,
        Touches::Database => Effects::DATABASE,
        Touches::File | Touches::Text => return false,
    };
    let (module, code) = whole.program.code(site.function);
    let names = names_of(module, code, &[site.call.call]);
    (wanted == Effects::NETWORK && tests_answer(module, code, site, &names))
        || guards_beside(whole, site, wanted, &names)
}

/// The variables that are bound to something of these expressions.
pub(super) fn names_of(module: &Module, code: &Function, roots: &[ExprId]) -> Vec<PlaceId> {
    let spans: Vec<_> = roots.iter().map(|&root| module.span(root)).collect();
    let holds = |value: ExprId| {
        let outer = module.span(value);
        spans.iter().any(|&inner| outer.contains(inner))
    };
    let mut names = Vec::new();
    for inst in &code.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        let value = match source {
            Source::Value(value) => value,
            Source::Entered { manager, .. } => manager,
            _ => continue,
        };
        if holds(value) {
            names.extend(module.kind(target).place());
        }
    }
    names
}

/// Whether an expression reads one of these variables.
pub(super) fn reads(module: &Module, expr: ExprId, names: &[PlaceId]) -> bool {
    let mut found = false;
    module.walk(expr, &mut |part| {
        found |= matches!(module.kind(part), ExprKind::Name(place) if names.contains(&place));
    });
    found
}

/// Whether the status of the answer is tested, and what is wrong with it is no exception: a log line, a constant, a message. Who
/// raises for a bad status wants to raise.
fn tests_answer(module: &Module, code: &Function, site: &Site, names: &[PlaceId]) -> bool {
    let behind = module.span(site.call.call).end;
    let raises = |kind: InstKind| {
        matches!(
            kind,
            InstKind::Raise {
                assertion: false,
                ..
            }
        )
    };
    let mut later = code.insts.iter().filter(|inst| inst.span.start >= behind);
    if names.is_empty() || later.any(|inst| raises(inst.kind)) {
        return false;
    }
    let is_status = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            let ExprKind::Attribute { value, name, .. } = module.kind(part) else {
                return;
            };
            found |= STATUS.contains(&module.name(name))
                && root_variable(module, value).is_some_and(|root| names.contains(&root));
        });
        found
    };
    let derived: Vec<PlaceId> = code
        .insts
        .iter()
        .filter_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } if reads(module, value, names) => module.kind(target).place(),
            _ => None,
        })
        .collect();
    let logs = called_names(module, code, code.span)
        .iter()
        .any(|name| LOGGING.contains(name));
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => is_status(test) || (logs && reads(module, test, &derived)),
        _ => false,
    })
}

/// Whether handlers of the function that end the matter stand around the call, around what is done with its answer, or around
/// another call of the same kind.
fn guards_beside(whole: &Whole<'_>, site: &Site, wanted: Effects, names: &[PlaceId]) -> bool {
    let (module, code) = whole.program.code(site.function);
    let guard = code.block(site.call.block).guard;
    code.tries.iter().enumerate().any(|(index, region)| {
        let TryKind::Catch { handlers, .. } = &region.kind else {
            return false;
        };
        let id = TryId::new(index);
        let mut fates = handlers.iter().map(|handler| fate(module, code, handler));
        // Who tells of another error here would tell of this one, too.
        let ends = handlers.iter().any(|handler| {
            fate(module, code, handler) == Fate::Handled && tells(module, code, handler)
        });
        if is_within(code, guard, id) {
            return ends;
        }
        if region.span.contains(module.span(site.call.call)) {
            // In a handler of it: the second try after the first failed.
            return false;
        }
        let is_meant = fates.any(|fate| fate != Fate::Reraised);
        let touches = |effects: Effects| effects.meets(wanted);
        let reads_answer = || {
            insts_in(code, region.body).any(|inst| {
                let mut found = false;
                inst.kind
                    .for_each_expr(&mut |root| found |= reads(module, root, names));
                found
            })
        };
        (is_meant && touching(whole, site.function, id, &touches).is_some())
            || (ends && reads_answer())
    })
}
