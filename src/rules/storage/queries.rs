//! What one call asks of a store, as it is written: whether it only reads, whom it asks, and for how much at once.

use crate::ir::{ExprId, ExprKind, Function, Module, Passing, PlaceId, TryKind};
use crate::library::Call;
use crate::rules::storage::items;
use crate::rules::storage::statements::{Statement, statement};
use crate::rules::stores::{StoreCall, arguments, method};
use crate::summary::Effects;
use crate::text::Span;
use rustc_hash::FxHashSet;

/// Longer chains of calls are not followed.
const CHAIN: usize = 24;

/// Calls that only read, as the last part of their names.
const READS: [&str; 36] = [
    "get",
    "mget",
    "hget",
    "hmget",
    "hgetall",
    "hexists",
    "lrange",
    "lindex",
    "smembers",
    "sismember",
    "zscore",
    "zrank",
    "zrange",
    "exists",
    "ttl",
    "find",
    "find_one",
    "count",
    "count_documents",
    "first",
    "last",
    "one",
    "one_or_none",
    "all",
    "scalar",
    "scalars",
    "filter",
    "get_object_or_404",
    "get_by_id",
    "get_or_none",
    "fetch",
    "fetchrow",
    "fetchval",
    "aget",
    "afirst",
    "latest",
];

/// A request over HTTP: nothing asks for many at once, but one session keeps the connection.
pub(super) fn is_request(known: &Call) -> bool {
    let sends = [
        "requests.get",
        "requests.post",
        "requests.head",
        "requests.put",
        "requests.delete",
    ];
    sends.contains(&known.name.as_str()) && known.summary.effects.meets(Effects::NETWORK)
}

/// Whether a query only reads.
pub(super) fn is_read(module: &Module, code: &Function, site: &StoreCall<'_>) -> bool {
    let name = last(&site.known.name);
    let reads = match name {
        "execute" => matches!(
            statement(module, code, site.call),
            Some(Statement::Read | Statement::Built)
        ),
        _ => READS.contains(&name),
    };
    reads && site.known.batch.is_some()
}

/// The last part of a dotted name.
pub(super) fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

/// Whether a place stands in an `except` clause: it deals with the items that failed.
pub(super) fn is_in_handler(code: &Function, at: Span) -> bool {
    code.tries.iter().any(|region| match &region.kind {
        TryKind::Catch { handlers, .. } => handlers.iter().any(|handler| handler.body.contains(at)),
        _ => false,
    })
}

/// Whether a call is handed a pipeline to put its commands into.
pub(super) fn is_piped(module: &Module, code: &Function, call: ExprId) -> bool {
    arguments(module, call).iter().any(|argument| {
        let text = module.dotted(code, argument.value).unwrap_or_default();
        text.to_ascii_lowercase().contains("pipe")
    })
}

/// Whether what differs is whom is asked: another server, table or collection each time.
pub(super) fn asks_elsewhere(
    module: &Module,
    call: ExprId,
    differing: &FxHashSet<PlaceId>,
) -> bool {
    let is_differing = |expr: ExprId| matches!(module.kind(expr), ExprKind::Name(place) if differing.contains(&place));
    let Some((mut at, _)) = method(module, call) else {
        return false;
    };
    for _ in 0..CHAIN {
        match module.kind(at) {
            ExprKind::Call { callee, .. } => {
                let name = method(module, at).map(|(_, name)| name);
                let is_about =
                    matches!(name, Some("query" | "select" | "get_collection" | "cursor"));
                let mut given = arguments(module, at).iter();
                if is_about && given.any(|argument| is_differing(argument.value)) {
                    return true;
                }
                at = callee;
            }
            ExprKind::Attribute { value, .. } => at = value,
            ExprKind::Subscript { value, index, .. } => {
                if items::mentions(module, index, differing) {
                    return true;
                }
                at = value;
            }
            ExprKind::Await(value) => at = value,
            _ => return is_differing(at) && !is_related_manager(module, call),
        }
    }
    false
}

/// `delete(*keys)` asks for many already.
pub(super) fn takes_many(module: &Module, call: ExprId) -> bool {
    arguments(module, call)
        .iter()
        .any(|argument| argument.passing == Passing::Star)
}

/// A row that is locked for the rest of a transaction is asked for by itself on purpose.
pub(super) fn locks(module: &Module, call: ExprId) -> bool {
    let mut found = false;
    module.walk(call, &mut |part| {
        let name = method(module, part).map(|(_, name)| name);
        found |= matches!(name, Some("select_for_update" | "with_for_update"));
    });
    found
}

/// `author.books.count()`: the items of one item, through the object-relational mapper.
fn is_related_manager(module: &Module, call: ExprId) -> bool {
    let mut found = false;
    module.walk(call, &mut |part| {
        if let ExprKind::Attribute { value, name, .. } = module.kind(part)
            && matches!(module.kind(value), ExprKind::Name(_))
        {
            found |= module.name(name).ends_with("_set");
        }
    });
    found
}
