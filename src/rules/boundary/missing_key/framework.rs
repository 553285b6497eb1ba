//! Who says what becomes of a key that is missing: the code that calls the hooks of its subclasses may.

use crate::project::Coverage;
use crate::rules::sequences::Boundary;
use crate::types::FunctionRef;

/// So many functions are asked who calls them.
const CALLERS: usize = 24;

/// Whether the function at work is a hook, or works for one, that a base class calls under a handler of KeyError, and means it:
/// there a missing key is the way to say that the whole answer cannot be used.
pub(super) fn is_left_to_framework(boundary: &Boundary<'_>) -> bool {
    let scene = boundary.scene;
    let program = scene.flow.program;
    let dialect = scene.flow.module.dialect;
    let (Some(missing), Some(everything)) = (
        program.library.class("KeyError", dialect),
        program.library.class("Exception", dialect),
    ) else {
        return false;
    };
    // With whether the way to a function has passed the call of a hook.
    let mut seen: Vec<(FunctionRef, bool)> = vec![(scene.flow.function, false)];
    let mut next = 0;
    while let Some(&(callee, is_hooked)) = seen.get(next) {
        next += 1;
        let hooks = program.overridden_by(callee);
        let direct = scene.graph.calls_of(callee).map(|site| (site, is_hooked));
        let hooked = hooks.iter().flat_map(|&hook| scene.graph.calls_of(hook));
        let sites = direct.chain(hooked.map(|site| (site, true)));
        let mut callers = Vec::new();
        for (site, is_hooked) in sites {
            let caught = |class| program.caught_in(site.caller, site.guard, class).0;
            if is_hooked
                && caught(missing) == Coverage::Full
                && caught(everything) != Coverage::Full
            {
                return true;
            }
            callers.push((site.caller, is_hooked));
        }
        let (module, id) = program.locate(callee);
        let around = program.module(module).function(id).parent;
        callers.extend(around.map(|parent| (program.function(module, parent), is_hooked)));
        for caller in callers {
            if seen.len() < CALLERS && !seen.contains(&caller) {
                seen.push(caller);
            }
        }
    }
    false
}
