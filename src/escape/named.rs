//! Methods that nobody is known to call: where every call of something of that name catches what leaves them, whoever is
//! meant does.

use super::search::{Search, guard_at};
use super::sites::Site;
use crate::ir::{ExprId, ExprKind};
use crate::project::Symbol;
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;

/// A name that is called at more places than that says nothing.
const CALLS: usize = 12;

/// Marks the sites whose function is only called, by its name, where its exceptions are caught, and those that are called so elsewhere.
pub(super) fn spare(search: &Search<'_, '_, '_>, sites: &mut [Site]) {
    let mut calls: FxHashMap<Symbol, Vec<(FunctionRef, ExprId)>> = FxHashMap::default();
    for site in sites.iter().filter(|site| is_open(search, site)) {
        calls.entry(symbol(search, site)).or_default();
    }
    if calls.is_empty() {
        return;
    }
    let program = search.program;
    for index in 0..program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module_ref, _) = program.locate(function);
        if search.entries.is_out_of_scope(module_ref) {
            continue;
        }
        let (module, code) = program.code(function);
        for call in code.exprs.range().map(ExprId::new) {
            let ExprKind::Call { callee, .. } = module.kind(call) else {
                continue;
            };
            if let ExprKind::Attribute { name, .. } = module.kind(callee)
                && let Some(known) = calls.get_mut(&program.symbol(module_ref, name))
                && known.len() <= CALLS
            {
                known.push((function, call));
            }
        }
    }
    for site in sites.iter_mut().filter(|site| is_open(search, site)) {
        let known = calls
            .get(&symbol(search, site))
            .map_or(&[][..], Vec::as_slice);
        if known.is_empty() || known.len() > CALLS {
            continue;
        }
        site.is_spared = known.iter().all(|&call| catches(search, site, call));
        site.is_called_by_name = !site.is_spared;
    }
}

/// Whether nobody is known to call the method that a site's exceptions leave.
fn is_open(search: &Search<'_, '_, '_>, site: &Site) -> bool {
    site.escape.is_none()
        && !site.is_spared
        && site.left.classes != 0
        && search.program.class_of_method(site.function).is_some()
        && search.graph.calls_of(site.function).next().is_none()
}

fn symbol(search: &Search<'_, '_, '_>, site: &Site) -> Symbol {
    let (module_ref, _) = search.program.locate(site.function);
    let (_, code) = search.program.code(site.function);
    search.program.symbol(module_ref, code.name)
}

/// Whether the handlers around a call catch all that leaves a site's function.
fn catches(
    search: &Search<'_, '_, '_>,
    site: &Site,
    (function, call): (FunctionRef, ExprId),
) -> bool {
    let (module, code) = search.program.code(function);
    let guard = guard_at(module, code, call);
    let left = search
        .guards
        .leave(function, guard, &site.classes, site.left.classes);
    search
        .guards
        .undecorated(function, &site.classes, left.classes)
        == 0
}
