//! What the rules about names share: which names count, and what a value of a kind has and lacks.

use crate::value::Kinds;

/// Whether a name says by itself that nobody cares what it holds.
pub(in crate::rules) fn is_throwaway(name: &str) -> bool {
    name.chars().all(|letter| letter == '_')
        || ["dummy", "unused", "ignored", "junk"]
            .iter()
            .any(|start| name.trim_start_matches('_').starts_with(start))
}

/// Builtins that code calls all the time.
const HOT_BUILTINS: &[&str] = &[
    "abs",
    "all",
    "any",
    "bool",
    "bytes",
    "chr",
    "dict",
    "dir",
    "enumerate",
    "file",
    "filter",
    "float",
    "format",
    "frozenset",
    "hash",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "iter",
    "len",
    "list",
    "long",
    "map",
    "max",
    "min",
    "next",
    "object",
    "open",
    "ord",
    "print",
    "property",
    "range",
    "raw_input",
    "reduce",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "unicode",
    "vars",
    "xrange",
    "zip",
];

/// Builtins that a variable of the same name seldom stands in for.
const DATA_LIKE: &[&str] = &[
    "abs",
    "bool",
    "bytes",
    "chr",
    "dict",
    "dir",
    "enumerate",
    "file",
    "float",
    "frozenset",
    "hex",
    "id",
    "int",
    "isinstance",
    "len",
    "list",
    "long",
    "max",
    "min",
    "ord",
    "range",
    "repr",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "unicode",
    "vars",
    "zip",
];

/// Whether code calls the builtin of that name all the time.
pub(in crate::rules) fn is_hot_builtin(name: &str) -> bool {
    HOT_BUILTINS.binary_search(&name).is_ok()
}

/// Whether a variable of that name that is called was hardly meant to be a function.
pub(in crate::rules) fn is_data_like(name: &str) -> bool {
    DATA_LIKE.binary_search(&name).is_ok()
}

/// Whether nothing of these kinds can be called.
pub(in crate::rules) fn is_data(kinds: Kinds) -> bool {
    let kinds = kinds - Kinds::UNBOUND - Kinds::NONE;
    let data = Kinds::SIZED | Kinds::NUMBER | Kinds::BOOL;
    !kinds.is_empty() && data.has(kinds)
}

/// Whether a value of these kinds has no such attribute, as far as the language decides it.
pub(in crate::rules) fn lacks(kinds: Kinds, attribute: &str) -> bool {
    let kinds = kinds - Kinds::UNBOUND - Kinds::NONE;
    // A tuple may be a named one, with any attribute.
    if !is_data(kinds) || kinds.meets(Kinds::TUPLE) || attribute.starts_with("__") {
        return false;
    }
    Kinds::EACH
        .into_iter()
        .filter(|&kind| kinds.has(kind))
        .all(|kind| !members(kind).contains(&attribute))
}

/// The public attributes of a kind, in any version of Python.
fn members(kind: Kinds) -> &'static [&'static str] {
    match kind {
        Kinds::TEXT | Kinds::BYTES => TEXT,
        Kinds::LIST => LIST,
        Kinds::DICT => DICT,
        Kinds::SET => SET,
        _ => NUMBER,
    }
}

const TEXT: &[&str] = &[
    "append",
    "capitalize",
    "casefold",
    "center",
    "clear",
    "copy",
    "count",
    "decode",
    "encode",
    "endswith",
    "expandtabs",
    "extend",
    "find",
    "format",
    "format_map",
    "fromhex",
    "hex",
    "index",
    "insert",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "pop",
    "remove",
    "removeprefix",
    "removesuffix",
    "replace",
    "reverse",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];
const LIST: &[&str] = &[
    "append",
    "appendleft",
    "clear",
    "copy",
    "count",
    "extend",
    "extendleft",
    "index",
    "insert",
    "maxlen",
    "pop",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "sort",
];
const DICT: &[&str] = &[
    "clear",
    "copy",
    "default_factory",
    "elements",
    "fromkeys",
    "get",
    "has_key",
    "items",
    "iteritems",
    "iterkeys",
    "itervalues",
    "keys",
    "most_common",
    "move_to_end",
    "pop",
    "popitem",
    "setdefault",
    "subtract",
    "total",
    "update",
    "values",
    "viewitems",
    "viewkeys",
    "viewvalues",
];
const SET: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "symmetric_difference_update",
    "union",
    "update",
];
const NUMBER: &[&str] = &[
    "as_integer_ratio",
    "as_tuple",
    "bit_count",
    "bit_length",
    "conjugate",
    "denominator",
    "from_bytes",
    "fromhex",
    "hex",
    "imag",
    "is_integer",
    "is_nan",
    "numerator",
    "quantize",
    "real",
    "to_bytes",
    "to_integral",
    "to_integral_value",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_are_searched_are_sorted() {
        assert!(HOT_BUILTINS.is_sorted());
        assert!(DATA_LIKE.is_sorted());
    }

    #[test]
    fn a_tuple_may_be_a_named_one() {
        assert!(!lacks(Kinds::TUPLE, "path"));
        assert!(lacks(Kinds::TEXT, "path"));
        assert!(!lacks(Kinds::TEXT, "join"));
        assert!(!lacks(Kinds::ANY, "path"));
    }
}
