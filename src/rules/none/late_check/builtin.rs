//! What text, containers and numbers have: their truth says that they are not empty.

use crate::flow::Flow;
use crate::ir::{ExprId, ExprKind, Scope, Step};

/// In order.
const NAMES: [&str; 117] = [
    "add",
    "append",
    "appendleft",
    "as_integer_ratio",
    "attrib",
    "bit_count",
    "bit_length",
    "capitalize",
    "casefold",
    "center",
    "clear",
    "columns",
    "conjugate",
    "copy",
    "count",
    "decode",
    "default_factory",
    "denominator",
    "difference",
    "difference_update",
    "discard",
    "dtype",
    "elements",
    "encode",
    "endswith",
    "exists",
    "expandtabs",
    "extend",
    "extendleft",
    "filter",
    "find",
    "first",
    "format",
    "format_map",
    "from_bytes",
    "fromhex",
    "fromkeys",
    "get",
    "group",
    "has_key",
    "hex",
    "imag",
    "index",
    "insert",
    "intersection",
    "intersection_update",
    "is_integer",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isdisjoint",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "issubset",
    "issuperset",
    "istitle",
    "isupper",
    "items",
    "iteritems",
    "iterkeys",
    "itervalues",
    "join",
    "keys",
    "length",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "maxlen",
    "most_common",
    "move_to_end",
    "numerator",
    "partition",
    "pop",
    "popitem",
    "popleft",
    "read",
    "real",
    "remove",
    "removeprefix",
    "removesuffix",
    "replace",
    "reverse",
    "rfind",
    "rindex",
    "rjust",
    "rotate",
    "rpartition",
    "rsplit",
    "rstrip",
    "setdefault",
    "shape",
    "size",
    "sort",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "subtract",
    "swapcase",
    "symmetric_difference",
    "symmetric_difference_update",
    "tag",
    "title",
    "to_bytes",
    "total",
    "translate",
    "union",
    "update",
    "upper",
    "values",
    "zfill",
];

/// Attributes and methods of text, containers and numbers.
pub(in crate::rules) fn has(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// Whether a name is one of a container: `rows`, `object_list`.
pub(in crate::rules) fn sounds_like_many(name: &str) -> bool {
    let last = name.rsplit(['.', '_']).next().unwrap_or_default();
    let is_plural = last.ends_with('s') && !last.ends_with("ss") && !last.ends_with("us");
    is_plural
        || matches!(
            last,
            "array"
                | "cache"
                | "data"
                | "dict"
                | "frame"
                | "list"
                | "map"
                | "qs"
                | "query"
                | "queryset"
                | "queue"
                | "result"
                | "set"
                | "text"
        )
}
/// Whether what is called is a builtin that only looks at its argument, and sets nothing.
pub(super) fn only_looks(flow: &Flow<'_, '_>, callee: ExprId) -> bool {
    let ExprKind::Name(place) = flow.module.kind(callee) else {
        return false;
    };
    let Step::Variable {
        name,
        scope: Scope::Global { .. },
    } = flow.code.place(place).step
    else {
        return false;
    };
    let body = flow.module.body();
    let is_own = body.places.iter().any(|place| {
        matches!(place.step, Step::Variable { name: bound, scope: Scope::Local { .. } } if bound == name)
    });
    !is_own && LOOKING.contains(&flow.module.name(name))
}

const LOOKING: [&str; 14] = [
    "abs",
    "bool",
    "callable",
    "enumerate",
    "float",
    "id",
    "int",
    "isinstance",
    "len",
    "ord",
    "range",
    "repr",
    "reversed",
    "type",
];
