//! What a function of the project raises and the handlers that were written for its call let through.

use super::clauses::Fate;
use super::guards::{Region, narrow_classes};
use super::search::{Escape, Search};
use super::sites::IO;
use crate::ir::{ExprId, TryId, TryKind};
use crate::project::{CallKind, CallSite, Catches};
use crate::summary::{ClassRef, Delivery, Effects, Raise, Summary};
use crate::text::Location;
use crate::types::FunctionRef;
use rayon::prelude::*;

/// Handlers around more statements than that may be there for any of them.
const CLOSE: u32 = 4;

/// A `try` that names several exceptions of the project may be longer: it is the end of a command.
const LONG: u32 = 12;

/// What arises further below a call is the affair of somebody in between.
const DEPTH: usize = 6;

/// The same for what goes wrong outside the program.
const NEAR: usize = 3;

/// More classes of one call are not named.
const CLASSES: usize = 4;

/// A call under handlers that catch one part of what its function raises, and not another.
#[derive(Clone, Debug)]
pub struct Breach {
    /// Whose code has the handlers.
    pub function: FunctionRef,
    /// The call.
    pub call: ExprId,
    /// The `try` around it.
    pub region: TryId,
    /// What gets through.
    pub classes: Vec<ClassRef>,
    /// What the call does that raises it; nothing for a `raise` statement.
    pub effects: Effects,
    /// Where the first of them arises.
    pub origin: Location,
    /// It arises in the function that is called, or in one that this one calls.
    pub is_near: bool,
    /// How far it gets, if that is known.
    pub escape: Option<Escape>,
}

/// Every one outside of tests and the like.
pub(super) fn find(search: &Search<'_, '_, '_>, summaries: &[Summary]) -> Vec<Breach> {
    let parts: Vec<Vec<Breach>> = (0..search.program.function_count() as u32)
        .into_par_iter()
        .map(|index| in_function(search, summaries, FunctionRef(index)))
        .collect();
    parts.into_iter().flatten().collect()
}

fn in_function(
    search: &Search<'_, '_, '_>,
    summaries: &[Summary],
    function: FunctionRef,
) -> Vec<Breach> {
    let program = search.program;
    let (module_ref, _) = program.locate(function);
    let (_, code) = program.code(function);
    let mut found: Vec<Breach> = Vec::new();
    if code.tries.is_empty() || search.entries.is_out_of_scope(module_ref) {
        return found;
    }
    for site in search.graph.calls_in(function) {
        if let Some((region, caught)) = handlers(search, site) {
            let raises = &summaries[site.callee.0 as usize].raises;
            for raise in raises {
                if is_missed(search, site, raise, &caught, raises)
                    && let Some(breach) = breach(search, site, region, raise)
                {
                    add(&mut found, breach);
                }
            }
        }
    }
    found
}

/// One breach for all that leaves a call.
fn add(found: &mut Vec<Breach>, new: Breach) {
    match found.iter_mut().find(|old| old.call == new.call) {
        Some(old) if old.classes.len() < CLASSES => {
            let is_known = new.classes.iter().all(|class| old.classes.contains(class));
            old.classes.extend(new.classes.iter().filter(|_| !is_known));
        }
        Some(_) => {}
        None => found.push(new),
    }
}

/// The narrow handlers right around a call of which the analysis knows whom it calls, and the classes that they name.
fn handlers(search: &Search<'_, '_, '_>, site: &CallSite) -> Option<(TryId, Vec<ClassRef>)> {
    let program = search.program;
    let (_, code) = program.code(site.caller);
    if site.is_virtual || site.kind != CallKind::Named || !is_direct(search, site) {
        return None;
    }
    let mut at = site.guard;
    let (region, handlers) = loop {
        let region = at?;
        match &code.region(region).kind {
            TryKind::Catch { handlers, .. } => break (region, handlers),
            TryKind::With { .. } | TryKind::Finally { .. } => at = code.region(region).parent,
        }
    };
    let Region::Catch(clauses) = &search.guards.local(site.caller).regions[region.index()] else {
        return None;
    };
    if !clauses.iter().any(|(_, fate)| *fate != Fate::Reraised) {
        return None;
    }
    let all = narrow_classes(program, site.caller, handlers)?;
    let statements = code.region(region).statements;
    let is_own = |class: &&ClassRef| program.project_class(**class).is_some();
    let is_close =
        statements <= CLOSE || (statements <= LONG && all.iter().filter(is_own).count() > 1);
    if !is_close {
        return None;
    }
    Some((region, all))
}

/// Whether the call raises what its callee raises.
fn is_direct(search: &Search<'_, '_, '_>, site: &CallSite) -> bool {
    search.program.delivery(site.callee) == Delivery::Now
        || search.guards.is_consumed(site.caller, site.call)
}

/// Whether handlers that name `caught` were written for the call, and forgot this.
fn is_missed(
    search: &Search<'_, '_, '_>,
    site: &CallSite,
    raise: &Raise,
    caught: &[ClassRef],
    raises: &[Raise],
) -> bool {
    let program = search.program;
    let dialect = program.dialect(site.caller);
    let is_below = |class, base| program.is_subclass(class, base, dialect) == Some(true);
    if raise.effects == Effects::NOTHING {
        let is_own = |class| program.project_class(class).is_some();
        let name = program.class_name(raise.class);
        return raise.path.len() <= DEPTH
            && is_own(raise.class)
            && !MISUSES.iter().any(|part| name.contains(part))
            // Who names a class below the one that is raised has chosen it.
            && !caught.iter().any(|&class| is_below(class, raise.class))
            && !is_of_library(search, raise.class)
            && caught.iter().any(|&class| match is_own(class) {
                true => {
                    is_kin(search, raise.class, class)
                        && raises.iter().any(|other| is_below(other.class, class))
                }
                false => is_translated(search, site.callee, class, TURNS),
            });
    }
    if !raise.effects.meets(IO) || raise.path.len() > NEAR {
        return false;
    }
    let name = program.class_name(raise.class);
    let is_chosen = |class: &ClassRef| {
        let name = program.class_name(*class);
        let mut parts = ANSWERS.iter().chain(&STATES);
        parts.any(|part| name.contains(part))
    };
    if name == "Exception" || caught.iter().any(is_chosen) {
        return false;
    }
    if super::raised::is_mistake(name) || name.starts_with("queue.") || name.ends_with("Expired") {
        return false;
    }
    let bases = ["OSError", "EnvironmentError"].map(|base| program.library.class(base, dialect));
    let is_of_system = |class| bases.iter().flatten().any(|&base| is_below(class, base));
    let root = |class| {
        program
            .class_name(class)
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    caught.iter().any(|&class| {
        is_below(class, raise.class)
            || (is_of_system(class) && is_of_system(raise.class))
            || (program.class_name(class).contains('.') && root(class) == root(raise.class))
    })
}

/// Parts of names of classes that say that the program, its settings or its user are wrong.
const MISUSES: [&str; 8] = [
    "Argument",
    "Config",
    "Internal",
    "Invocation",
    "Missing",
    "Option",
    "Setting",
    "Usage",
];

/// Parts of names of classes that say what the other side answered, rather than that it could not be asked.
pub(crate) const ANSWERS: [&str; 10] = [
    "NotFound",
    "NotExist",
    "NoSuch",
    "Exists",
    "Missing",
    "Duplicate",
    "Conflict",
    "Integrity",
    "error_perm",
    "Forbidden",
];

/// Parts of names of classes that say in what state the system found a file or a process.
const STATES: [&str; 5] = [
    "PermissionError",
    "ADirectoryError",
    "ProcessLookup",
    "ChildProcess",
    "SameFile",
];

/// So many calls further down a library's exception may be turned into one of the project's own.
const TURNS: u32 = 2;

/// Whether a function catches an exception of a library, and raises one of the project's own for it: who waits for the library's waits
/// in vain.
fn is_translated(
    search: &Search<'_, '_, '_>,
    function: FunctionRef,
    class: ClassRef,
    turns: u32,
) -> bool {
    let program = search.program;
    if !program.class_name(class).contains('.') {
        return false;
    }
    let is_named = |(catches, fate): &(Catches, Fate)| {
        *fate == Fate::Translated
            && matches!(catches, Catches::Classes { classes, .. } if classes.contains(&class))
    };
    let mut regions = search.guards.local(function).regions.iter();
    let here = regions
        .any(|region| matches!(region, Region::Catch(clauses) if clauses.iter().any(is_named)));
    let mut calls = search.graph.calls_in(function).iter();
    here || (turns > 0
        && calls
            .any(|site| !site.is_virtual && is_translated(search, site.callee, class, turns - 1)))
}

/// Whether two exceptions of the project belong together: they stand in the same module, or have a base in common that is the
/// project's own.
fn is_kin(search: &Search<'_, '_, '_>, one: ClassRef, other: ClassRef) -> bool {
    let program = search.program;
    let (Some(first), Some(second)) = (program.project_class(one), program.project_class(other))
    else {
        return false;
    };
    let is_own_base = |base: &ClassRef| program.project_class(*base).is_some();
    one != other
        && (first.module == second.module
            || first
                .linearization
                .iter()
                .filter(|base| is_own_base(base))
                .any(|base| second.linearization.contains(base)))
}

/// Whether an exception of the project is one of a framework too, which knows what to do with it.
fn is_of_library(search: &Search<'_, '_, '_>, class: ClassRef) -> bool {
    let program = search.program;
    program.project_class(class).is_some_and(|known| {
        let mut bases = known.linearization.iter();
        known.has_unknown_base
            || bases.any(|&base| {
                program.project_class(base).is_none() && program.class_name(base).contains('.')
            })
    })
}

fn breach(
    search: &Search<'_, '_, '_>,
    site: &CallSite,
    region: TryId,
    raise: &Raise,
) -> Option<Breach> {
    let classes = vec![raise.class];
    let left = search.guards.leave(site.caller, site.guard, &classes, 1);
    if left.classes == 0 {
        return None;
    }
    let ways = search.from(site.caller, left, &classes);
    let is_lost = ways.escape.is_none() && (ways.is_spared || raise.effects == Effects::NOTHING);
    if is_lost {
        return None;
    }
    Some(Breach {
        function: site.caller,
        call: site.call,
        region,
        classes,
        effects: raise.effects,
        origin: *raise.path.first()?,
        is_near: raise.path.len() <= 2,
        escape: ways.escape,
    })
}
