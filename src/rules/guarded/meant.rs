//! Which handlers were written for a call, and let something of it through.

use crate::escape::Site;
use crate::infer::LibraryCall;
use crate::ir::{ExprKind, Function, TryId, TryKind};
use crate::project::{Catches, Coverage};
use crate::rules::Whole;
use crate::rules::guarded::fragile::name_of_call;
use crate::rules::guarded::io::{Touches, touches};
use crate::summary::{ClassRef, Effects};

/// A `try` around more statements than that was hardly written for one conversion.
pub(in crate::rules) const CLOSE: u32 = 4;

/// The handlers around a call that were meant for it, and let something of it through.
pub(in crate::rules) fn missed(whole: &Whole<'_>, site: &Site) -> Option<TryId> {
    let (module, code) = whole.program.code(site.function);
    if let Some(meant) = site.rare_for {
        return Some(meant);
    }
    let region = site.missed_by(code)?;
    let (module_ref, id) = whole.program.locate(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return None;
    };
    let is_meant =
        |handler: &crate::ir::Handler| match whole.program.catches(module_ref, id, handler.types) {
            Catches::Everything => false,
            Catches::Classes { classes, .. } => classes
                .iter()
                .any(|&class| is_related(whole, site, class, module.dialect)),
        };
    let is_meant = site.left.partial.is_some()
        || handlers.iter().any(is_meant)
        || reads_what_is_guarded(whole, site, region);
    let is_close = touches(site) != Touches::Text || code.region(region).statements <= CLOSE;
    (is_meant && is_close).then_some(region)
}

/// Whether a text is read that comes from a call which these very handlers guard: they thought of the file that is missing,
/// or of the server that is down, and not of what stands in it.
fn reads_what_is_guarded(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let program = whole.program;
    let name = name_of_call(whole, site.call.callee);
    let is_of_file = ["load", "safe_load", "full_load"].contains(&last_part(name));
    if touches(site) != Touches::Text || !(site.call.from_outside || is_of_file) {
        return false;
    }
    let (module, code) = program.code(site.function);
    let (module_ref, id) = program.locate(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    let catches: Vec<Catches> = handlers
        .iter()
        .map(|handler| program.catches(module_ref, id, handler.types))
        .collect();
    let is_guarded = |call: &LibraryCall| {
        let known = program.library.get(call.callee);
        let touches = known.summary.effects;
        call.call != site.call.call
            && touches.meets(Effects::NETWORK.with(Effects::FILE))
            && is_within(code, code.block(call.block).guard, region)
            && known.summary.raises.iter().any(|raise| {
                catches.iter().any(|catches| {
                    program.covers(catches, raise.class, module.dialect) == Coverage::Full
                })
            })
    };
    let calls = &whole.traces[site.function.0 as usize].library;
    calls.iter().any(is_guarded)
}

/// Whether a place under `guard` stands in the body of `region`.
pub(in crate::rules) fn is_within(code: &Function, guard: Option<TryId>, region: TryId) -> bool {
    let mut at = guard;
    while let Some(guard) = at {
        if guard == region {
            return true;
        }
        at = code.region(guard).parent;
    }
    false
}

/// Whether a class is of the same sort as what a call raises: of the same library, or of the operating system.
fn is_related(
    whole: &Whole<'_>,
    site: &Site,
    class: ClassRef,
    dialect: crate::ir::Dialect,
) -> bool {
    let program = whole.program;
    let root = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let name = program.class_name(class);
    let call = &program.library.get(site.call.callee).name;
    let is_under = |base: &str| {
        let base = program.library.class(base, dialect);
        base.is_some_and(|base| program.is_subclass(class, base, dialect) == Some(true))
    };
    let is_one = site
        .classes
        .iter()
        .any(|&raised| program.is_subclass(raised, class, dialect) == Some(true));
    let is_alike = match touches(site) {
        // An error of the project's own is for what the project itself refuses.
        Touches::Text => {
            program.project_class(class).is_none()
                && (["ValueError", "TypeError", "ArithmeticError"]
                    .into_iter()
                    .any(is_under)
                    || ((site.call.from_outside || looks_up(whole, site))
                        && is_under("LookupError")))
        }
        _ => is_under("OSError"),
    };
    is_one || is_alike || (name.contains('.') && root(name) == root(call))
}

/// Whether a moment is made of an item that the call looks up itself: `datetime.utcfromtimestamp(document["changed"])`.
fn looks_up(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, _) = whole.program.code(site.function);
    if !name_of_call(whole, site.call.callee).starts_with("datetime.") {
        return false;
    }
    let ExprKind::Call { arguments, .. } = module.kind(site.call.call) else {
        return false;
    };
    let first = module.arguments(arguments).first();
    first.is_some_and(|first| {
        matches!(module.kind(first.value), ExprKind::Subscript { index, .. }
            if matches!(module.kind(index), ExprKind::Text(_) | ExprKind::Name(_)))
    })
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}
