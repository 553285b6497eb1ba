//! `x.get(key)` of a receiver whose type is unknown: where its name says that it is a dict, the key may be missing.

use super::{Flow, Held};
use crate::ir::{Argument, ExprId, ExprKind, Passing};
use crate::value::Value;

/// What people call dicts whose keys somebody else chose: the last word of the name counts.
const DICTS: [&str; 44] = [
    "answer",
    "args",
    "attributes",
    "attrs",
    "body",
    "config",
    "content",
    "context",
    "cookies",
    "data",
    "details",
    "dict",
    "doc",
    "document",
    "entry",
    "env",
    "environ",
    "event",
    "extra",
    "facts",
    "fields",
    "form",
    "headers",
    "info",
    "item",
    "json",
    "kwargs",
    "map",
    "mapping",
    "meta",
    "metadata",
    "options",
    "opts",
    "params",
    "payload",
    "properties",
    "props",
    "query",
    "record",
    "result",
    "row",
    "settings",
    "spec",
    "values",
];

impl Flow<'_, '_> {
    /// What an unknown function returns: nothing is known, but of a lookup that it may find nothing.
    pub(super) fn looked_up(&self, expr: ExprId, callee: ExprId, arguments: &[Argument]) -> Held {
        let ExprKind::Attribute { value, name, .. } = self.module.kind(callee) else {
            return Held::UNKNOWN;
        };
        let [key] = arguments else {
            return Held::UNKNOWN;
        };
        let is_lookup = self.module.name(name) == "get"
            && key.passing == Passing::Positional
            && self.is_written_key(key.value)
            && self.sounds_like_dict(value);
        match is_lookup {
            true => Held::from(expr, Value::UNKNOWN.join(Value::NONE)),
            false => Held::UNKNOWN,
        }
    }

    /// Text, or a constant's name.
    fn is_written_key(&self, key: ExprId) -> bool {
        if matches!(self.module.kind(key), ExprKind::Text(_)) {
            return true;
        }
        let dotted = self.module.dotted(self.code, key).unwrap_or_default();
        let last = dotted.rsplit('.').next().unwrap_or_default();
        last.len() > 1 && !last.contains(|letter: char| letter.is_lowercase())
    }

    fn sounds_like_dict(&self, receiver: ExprId) -> bool {
        let dotted = self.module.dotted(self.code, receiver).unwrap_or_default();
        let last = dotted.rsplit('.').next().unwrap_or_default();
        let word = last.rsplit('_').next().unwrap_or_default();
        // `CONFIG` is a table that the program wrote down itself.
        DICTS.binary_search(&word).is_ok()
    }
}
