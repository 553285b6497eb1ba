//! Conversions under handlers of malformed texts that get None where nobody sent a text at all.

use crate::escape::Site;
use crate::rules::Whole;
use crate::rules::guarded::fragile::name_of_call;
use crate::rules::guarded::sources::Sources;
use std::cell::LazyCell;

/// Whether all that a site's handlers miss is the TypeError of a conversion of None.
pub(super) fn is_only_that(whole: &Whole<'_>, site: &Site) -> bool {
    let mut left = site.named(site.left.classes);
    site.rare_for.is_some() && left.all(|class| whole.program.class_name(class) == "TypeError")
}

/// Whether that is so of a value that the program made itself, whose parts are there, or of one that is known to be None at times, of
/// which another rule tells.
pub(super) fn is_known<'w, 's>(
    whole: &'w Whole<'s>,
    site: &Site,
    sources: &LazyCell<Sources<'w, 's>, impl FnOnce() -> Sources<'w, 's>>,
) -> bool {
    let name = name_of_call(whole, site.call.callee);
    if !is_only_that(whole, site) {
        return false;
    }
    let (module, _) = whole.program.code(site.function);
    let span = module.span(site.call.call);
    let mut uses = whole.traces[site.function.0 as usize].results.iter();
    uses.any(|used| span.contains(module.span(used.subject)))
        || (!site.call.from_outside
            && sources
                .of_call(site.function, site.call.call, name)
                .is_none())
}
