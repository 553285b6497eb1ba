//! What a method brings in by its name and the name of what it is called on: a request, a socket, a bucket; and what is
//! asked of a value before it is used.

use crate::ir::{Comparison, ExprId, ExprKind, Function, Module, PlaceId};
use crate::rules::dynamic::origin::Outside;
use crate::rules::dynamic::words::{
    ASKS_ITSELF, ASKS_REQUEST, BODY_OF_REQUEST, DOWNLOADS, READS_STORE, RECEIVES, STORES,
};
use crate::rules::stores;

/// Where the result of a method call comes from, if its name says so.
pub(in crate::rules) fn asked(module: &Module, code: &Function, expr: ExprId) -> Option<Outside> {
    let (receiver, name) = stores::method(module, expr)?;
    if RECEIVES.contains(&name) {
        return Some(Outside::Network);
    }
    if name == "communicate" {
        return Some(Outside::Process);
    }
    // Handlers of Tornado ask themselves; a loader's `get_data` reads a file.
    let is_asked = (ASKS_REQUEST.contains(&name) || BODY_OF_REQUEST.contains(&name))
        && is_request(module, code, receiver)
        || ASKS_ITSELF.contains(&name) && is_self(module, code, receiver);
    if is_asked {
        return Some(Outside::Request);
    }
    if DOWNLOADS.contains(&name) || READS_STORE.contains(&name) && is_store(module, code, receiver)
    {
        return Some(Outside::Network);
    }
    matches!(name, "fetchone" | "fetchall").then_some(Outside::Database)
}

/// Whether an expression is called a request.
pub(in crate::rules) fn is_request(module: &Module, code: &Function, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Name(place) => {
            let name = module.place_text(code, place);
            matches!(name.as_str(), "request" | "req")
        }
        ExprKind::Attribute { name, .. } => module.name(name) == "request",
        _ => false,
    }
}

/// Whether an expression is called a place that others can write to, too.
fn is_store(module: &Module, code: &Function, expr: ExprId) -> bool {
    let last = match module.kind(expr) {
        ExprKind::Name(place) => module.place_text(code, place),
        ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
        _ => return false,
    };
    let last = last.trim_start_matches('_').to_ascii_lowercase();
    STORES.iter().any(|word| last.contains(word))
}

/// Whether an expression is the instance whose method this is.
pub(in crate::rules) fn is_self(module: &Module, code: &Function, expr: ExprId) -> bool {
    let first = code.parameters.first().map(|first| first.place);
    first.is_some() && code.class.is_some() && module.kind(expr).place() == first
}

/// Whether the function asks if a value is one of those that it knows: `if name not in PLUGINS`.
pub(in crate::rules) fn is_listed(module: &Module, code: &Function, place: PlaceId) -> bool {
    code.exprs.range().map(ExprId::new).any(|expr| {
        matches!(
            module.kind(expr),
            ExprKind::Compare { operator: Comparison::In | Comparison::NotIn, left, right }
                if module.kind(left).place() == Some(place)
                    // Everything that was imported already is no list of what is allowed.
                    && module.dotted(code, right).as_deref() != Some("sys.modules")
        )
    })
}
