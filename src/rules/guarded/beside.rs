//! What stands next to an unguarded call and says that its author knows how it fails: a `try` right behind it that catches
//! just that, or a guard around its like in the same function.

use crate::escape::Site;
use crate::escape::clauses::{Fate, called_names, fate, insts_in};
use crate::ir::{ExprId, ExprKind, Function, Handler, Module, TryId, TryKind};
use crate::project::{Catches, Coverage};
use crate::rules::Whole;
use crate::rules::around::bound_value;
use crate::rules::guarded::fragile::name_of_call;
use crate::rules::guarded::handled::{names_of, reads};
use crate::rules::guarded::io::{Touches, touches};
use crate::rules::guarded::meant::is_within;
use crate::rules::guarded::siblings::subject;
use crate::summary::Effects;
use crate::text::Span;
use crate::types::CallRef;

/// What changes or lists the entries of folders: each fails when another process was quicker.
const ENTRIES: [&str; 14] = [
    "os.chmod",
    "os.chown",
    "os.listdir",
    "os.remove",
    "os.removedirs",
    "os.rename",
    "os.renames",
    "os.replace",
    "os.rmdir",
    "os.scandir",
    "os.unlink",
    "os.utime",
    "shutil.move",
    "shutil.rmtree",
];

/// The `try` that starts with the next statement, works on what the call returned, and catches all that the call raises: the
/// call was left outside.
pub(super) fn left_outside(whole: &Whole<'_>, site: &Site) -> Option<Span> {
    let (module, code) = whole.program.code(site.function);
    if name_of_call(whole, site.call.callee) == "socket.socket"
        && !has_odd_family(module, code, site)
    {
        return None;
    }
    let is_result = code
        .insts
        .iter()
        .any(|inst| bound_value(inst.kind).is_some_and(|(_, value)| value == site.call.call));
    if !is_result {
        return None;
    }
    let names = names_of(module, code, &[site.call.call]);
    let statement = code.insts.get(site.call.inst as usize)?.span;
    code.tries.iter().enumerate().find_map(|(index, region)| {
        let TryKind::Catch { handlers, .. } = &region.kind else {
            return None;
        };
        let is_next = region.span.start >= statement.end
            && !code.insts.iter().any(|inst| {
                inst.span.start >= statement.end && inst.span.start < region.body.start
            });
        let works_on_it = || {
            insts_in(code, region.body).any(|inst| {
                let mut found = false;
                inst.kind
                    .for_each_expr(&mut |root| found |= reads(module, root, &names));
                found
            })
        };
        let ends = |handler: &Handler| {
            fate(module, code, handler) != Fate::Reraised && handler.types.is_some()
        };
        let is_meant = is_next
            && !names.is_empty()
            && works_on_it()
            && handlers.iter().any(ends)
            && catches_all(whole, site, TryId::new(index));
        is_meant.then(|| {
            handlers
                .first()
                .map_or(region.span, |handler| handler.header)
        })
    })
}

/// Whether a socket is made of a family that not every machine has, or that somebody else chose.
fn has_odd_family(module: &Module, code: &Function, site: &Site) -> bool {
    let mut found = false;
    module.walk(site.call.call, &mut |part| {
        found |= module
            .dotted(code, part)
            .is_some_and(|name| name.ends_with("AF_INET6"));
    });
    found
}

/// Whether a region's handlers catch all that a site raises, and name it.
fn catches_all(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    let is_named = |catches: &Catches| {
        matches!(catches, Catches::Classes { open: false, .. }) && !whole.program.is_broad(catches)
    };
    covers_all_by(whole, site, region, &is_named)
}

/// Whether a region's handlers together catch all that a site raises, by whatever name.
fn covers_all(whole: &Whole<'_>, site: &Site, region: TryId) -> bool {
    covers_all_by(whole, site, region, &|_| true)
}

/// The same, of handlers of one kind.
fn covers_all_by(
    whole: &Whole<'_>,
    site: &Site,
    region: TryId,
    counts: &dyn Fn(&Catches) -> bool,
) -> bool {
    let program = whole.program;
    let (module_ref, id) = program.locate(site.function);
    let (module, code) = program.code(site.function);
    let TryKind::Catch { handlers, .. } = &code.region(region).kind else {
        return false;
    };
    let mut classes = site.named(site.left.classes);
    classes.all(|class| {
        handlers.iter().any(|handler| {
            let catches = program.catches(module_ref, id, handler.types);
            counts(&catches) && program.covers(&catches, class, module.dialect) == Coverage::Full
        })
    })
}

/// A guarded change of a folder in the same function as one that is not guarded.
pub(super) fn guarded_like(whole: &Whole<'_>, site: &Site) -> Option<Span> {
    let is_entry = |callee: CallRef| ENTRIES.contains(&name_of_call(whole, callee));
    if !is_entry(site.call.callee) {
        return None;
    }
    let (module, code) = whole.program.code(site.function);
    let calls = &whole.traces[site.function.0 as usize].library;
    let guarded = calls.iter().find(|call| {
        let guard = code.block(call.block).guard;
        let is_guarded = code.tries.iter().enumerate().any(|(index, region)| {
            let TryKind::Catch { handlers, .. } = &region.kind else {
                return false;
            };
            let ends = |handler: &Handler| fate(module, code, handler) == Fate::Handled;
            is_within(code, guard, TryId::new(index))
                && handlers.iter().any(ends)
                && covers_all(whole, site, TryId::new(index))
        });
        call.call != site.call.call && is_entry(call.callee) && is_guarded
    })?;
    Some(module.span(guarded.call))
}

/// What is guarded because the thing is there already, or gone: that says nothing of other calls.
const ANSWERED: [&str; 9] = [
    "os.makedirs",
    "os.mkdir",
    "os.remove",
    "os.removedirs",
    "os.rmdir",
    "os.unlink",
    "pathlib.Path.mkdir",
    "pathlib.Path.unlink",
    "shutil.rmtree",
];

/// A guarded call in the same function that works on the very same file.
pub(super) fn guarded_on_same(whole: &Whole<'_>, site: &Site) -> Option<Span> {
    let name = name_of_call(whole, site.call.callee);
    if touches(site) != Touches::File || ["os.close", "os.lseek"].contains(&name) {
        return None;
    }
    let (module, code) = whole.program.code(site.function);
    let wanted = subject(module, site.call.call)?;
    let calls = &whole.traces[site.function.0 as usize].library;
    let guarded = calls.iter().find(|call| {
        let known = whole.program.library.get(call.callee);
        let is_alike = call.call != site.call.call
            && known.summary.effects.meets(Effects::FILE)
            && !ANSWERED.contains(&known.name.as_str())
            && subject(module, call.call) == Some(wanted);
        is_alike && {
            let guard = code.block(call.block).guard;
            let mut regions = code.tries.iter().enumerate();
            regions.any(|(index, region)| {
                let id = TryId::new(index);
                let TryKind::Catch { handlers, .. } = &region.kind else {
                    return false;
                };
                let ends = |handler: &Handler| fate(module, code, handler) == Fate::Handled;
                is_within(code, guard, id)
                    && handlers.iter().all(ends)
                    && catches_all(whole, site, id)
            })
        }
    })?;
    Some(module.span(guarded.call))
}

/// The `try` whose exception is lost where a call in its `finally` raises another: the file that it removes may never have been
/// made, or be gone.
pub(super) fn replaces(whole: &Whole<'_>, site: &Site) -> Option<Span> {
    let name = name_of_call(whole, site.call.callee);
    let (module, code) = whole.program.code(site.function);
    let span = module.span(site.call.call);
    let region = code.tries.iter().find(|region| match &region.kind {
        TryKind::Finally { suite, .. } => suite.contains(span),
        TryKind::Catch { handlers, .. } => handlers
            .iter()
            .any(|handler| handler.body.contains(span) && REMOVES.contains(&name)),
        TryKind::With { .. } => false,
    })?;
    let is_left_to_it = match touches(site) {
        Touches::Network | Touches::Database => true,
        Touches::File if !REMOVES.contains(&name) => false,
        Touches::File => is_made_in(whole, site, region.body),
        Touches::Text => false,
    };
    is_left_to_it.then_some(region.body)
}

/// What removes a file or folder.
const REMOVES: [&str; 6] = [
    "os.remove",
    "os.removedirs",
    "os.rmdir",
    "os.unlink",
    "pathlib.Path.unlink",
    "shutil.rmtree",
];

/// Whether the thing that a call works on is handed to something else in a suite, and nowhere before it: it is made there.
fn is_made_in(whole: &Whole<'_>, site: &Site, suite: Span) -> bool {
    let (module, code) = whole.program.code(site.function);
    let Some(wanted) = subject(module, site.call.call) else {
        return false;
    };
    let mut inside = false;
    let mut before = false;
    for call in code.exprs.range().map(ExprId::new) {
        let ExprKind::Call { arguments, .. } = module.kind(call) else {
            continue;
        };
        let span = module.span(call);
        let mut arguments = module.arguments(arguments).iter();
        if arguments.any(|argument| module.kind(argument.value).place() == Some(wanted)) {
            inside |= suite.contains(span);
            before |= span.end <= suite.start;
        }
    }
    let is_temporary = called_names(module, code, code.span)
        .iter()
        .any(|name| ["mkstemp", "NamedTemporaryFile"].contains(name));
    // What is in a folder changes while others work in it.
    let is_folder = name_of_call(whole, site.call.callee) == "shutil.rmtree";
    inside && (is_folder || (!before && !is_temporary))
}
