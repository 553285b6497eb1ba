//! A reading of the same thing right beside one that is not guarded, which is: somebody knew that it can fail.

use crate::escape::Site;
use crate::ir::{ExprKind, Module, PlaceId, TryKind};
use crate::rules::Whole;
use crate::rules::guarded::fragile::name_of_call;
use crate::rules::guarded::io::{Touches, touches};
use crate::rules::guarded::siblings::of_module;

/// A module with more calls than that is not searched for the like of one.
const SITES: usize = 200;

/// Ends of names of functions that read whole documents: they fail for what the other side sends, whatever is asked of it.
const DOCUMENTS: [&str; 14] = [
    ".decode_header",
    ".decompress",
    ".fromstring",
    ".full_load",
    ".json",
    ".json_decode",
    ".load",
    ".loads",
    ".parse",
    ".parseString",
    ".read_string",
    ".safe_load",
    ".unpackb",
    ".unpack",
];

/// A guarded call of the same function: in the same function on the same variable, or anywhere in the file where it reads whole
/// documents and most calls are guarded.
pub(super) fn read_beside<'w>(whole: &'w Whole<'_>, site: &Site) -> Option<&'w Site> {
    let program = whole.program;
    let name = name_of_call(whole, site.call.callee);
    let is_document = DOCUMENTS.iter().any(|end| name.ends_with(end));
    let near = of_module(whole, &whole.escapes.sites, program.locate(site.function).0);
    if near.len() > SITES {
        return None;
    }
    let (module, _) = program.code(site.function);
    let read = read_by(module, site);
    let (mut guarded, mut bare, mut example) = (0_u32, 0_u32, None);
    for other in near {
        if other.call.callee != site.call.callee
            || other.call.call == site.call.call && other.function == site.function
            || touches(other) != Touches::Text
            || other.rare_for.is_some()
            || other.left.broadly != 0
        {
            continue;
        }
        if other.left.classes != 0 {
            bare += 1;
            continue;
        }
        guarded += 1;
        if other.function == site.function {
            let is_same = read_by(module, other)
                .iter()
                .any(|place| read.contains(place));
            // What was read once with care can be read again; what could not be is in the handler.
            if is_same && settles(whole, other, site) {
                continue;
            }
            if is_same {
                return Some(other);
            }
        }
        example = example.or(Some(other));
    }
    example.filter(|_| is_document && guarded > bare)
}

/// Whether a guarded call decides what becomes of another: the same text is read again, or the other stands in its handler.
fn settles(whole: &Whole<'_>, guarded: &Site, site: &Site) -> bool {
    let flow = whole.flow(site.function);
    let first = |site: &Site| match flow.module.kind(site.call.call) {
        ExprKind::Call { arguments, .. } => flow
            .module
            .arguments(arguments)
            .first()
            .map(|first| flow.form(first.value)),
        _ => None,
    };
    let span = flow.module.span(site.call.call);
    let mut at = flow.code.block(guarded.call.block).guard;
    while let Some(region) = at {
        let region = flow.code.region(region);
        if let TryKind::Catch { handlers, .. } = &region.kind
            && handlers.iter().any(|handler| handler.body.contains(span))
        {
            return true;
        }
        at = region.parent;
    }
    first(guarded) == first(site)
}

/// The variables that a call is given.
fn read_by(module: &Module, site: &Site) -> Vec<PlaceId> {
    let ExprKind::Call { arguments, .. } = module.kind(site.call.call) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for argument in module.arguments(arguments) {
        module.walk(argument.value, &mut |part| {
            if let ExprKind::Name(place) = module.kind(part) {
                found.push(place);
            }
        });
    }
    found
}
