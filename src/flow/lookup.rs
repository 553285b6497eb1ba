//! `x.get(key)` of a receiver whose type is unknown: where its name says that it is a dict, the key may be missing.

use super::outside::from_outside;
use super::{Flow, Held};
use crate::ir::{Argument, ExprId, ExprKind, Passing};
use crate::types::FunctionRef;
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

/// Methods that search documents and queries, and whose names say that None stands for nothing found.
const SEARCHES: [&str; 9] = [
    "extract_first",
    "get_content_charset",
    "get_filename",
    "first_or_none",
    "one_or_none",
    "re_first",
    "scalar_one_or_none",
    "select_one",
    "get_or_none",
];

/// What makes a query of an object mapper: `first()` of it may find no row.
const QUERIES: [&str; 12] = [
    "all",
    "distinct",
    "exclude",
    "filter",
    "filter_by",
    "join",
    "limit",
    "options",
    "order_by",
    "query",
    "select_related",
    "where",
];

/// What a statement contains that answers with a row whatever the tables hold.
const ALWAYS_A_ROW: [&str; 16] = [
    "avg(",
    "count(",
    "currval",
    "current_",
    "exists(",
    "exists (",
    "last_insert",
    "max(",
    "min(",
    "nextval",
    "now(",
    "pragma",
    "returning",
    "show ",
    "sum(",
    "version",
];

impl Flow<'_, '_> {
    /// The getter that reading an attribute runs, if it is a property of a class of the project.
    pub fn getter(&self, expr: ExprId) -> Option<FunctionRef> {
        let ExprKind::Attribute { value, name, .. } = self.module.kind(expr) else {
            return None;
        };
        let symbol = self.program.symbol(self.module_ref, name);
        self.program.property(self.evaluate.value(value), symbol)
    }

    /// What an unknown function returns: nothing is known, but of a lookup that it may find nothing.
    pub(super) fn looked_up(&self, expr: ExprId, callee: ExprId, arguments: &[Argument]) -> Held {
        if self.asks_reference(callee, arguments) {
            return Held::from(expr, Value::UNKNOWN.join(Value::NONE));
        }
        let ExprKind::Attribute { value, name, .. } = self.module.kind(callee) else {
            return Held::UNKNOWN;
        };
        let plain = arguments
            .iter()
            .all(|argument| argument.passing == Passing::Positional);
        let values: Vec<ExprId> = arguments.iter().map(|argument| argument.value).collect();
        if let ("get", [key]) = (self.module.name(name), &values[..])
            && plain
            && self.is_written_key(*key)
            && self.is_of_request(value)
        {
            return from_outside(Held::from(expr, Value::UNKNOWN.join(Value::NONE)));
        }
        let may_fail = match (self.module.name(name), &values[..]) {
            ("get", [key]) if plain && self.is_written_key(*key) => self.sounds_like_dict(value),
            ("get" | "pop", [_, default]) if plain => self.module.kind(*default) == ExprKind::None,
            ("get", []) => self.is_made_by(value, &["xpath", "css"]),
            ("first", []) => self.is_made_by(value, &QUERIES),
            ("fetchone", []) => !self.counts_rows(expr),
            ("find", [tag, ..]) => self.is_tag(*tag),
            ("match" | "search" | "fullmatch", [_, ..]) => self.sounds_like_pattern(value),
            (name, _) => SEARCHES.contains(&name),
        };
        match may_fail {
            true => Held::from(expr, Value::UNKNOWN.join(Value::NONE)),
            false => Held::UNKNOWN,
        }
    }

    /// Whether an expression is a call of one of these methods.
    fn is_made_by(&self, expr: ExprId, methods: &[&str]) -> bool {
        let ExprKind::Call { callee, .. } = self.module.kind(expr) else {
            return false;
        };
        matches!(self.module.kind(callee), ExprKind::Attribute { name, .. } if methods.contains(&self.module.name(name)))
    }

    /// The name of an element, as trees of documents are searched for one: text that a text is searched for has other
    /// characters, or is short.
    fn is_tag(&self, expr: ExprId) -> bool {
        let ExprKind::Text(text) = self.module.kind(expr) else {
            return false;
        };
        let text = self.module.name(text);
        text.starts_with(|first: char| first.is_ascii_alphabetic() || ".{/".contains(first))
            && text.chars().any(|letter| letter.is_ascii_alphabetic())
    }

    /// Whether the statement before asks the database for what always comes as one row.
    fn counts_rows(&self, fetch: ExprId) -> bool {
        let end = self.module.span(fetch).start;
        let exprs = self.code.exprs.range().map(ExprId::new);
        let texts = exprs.into_iter().filter_map(|expr| {
            let ExprKind::Text(text) = self.module.kind(expr) else {
                return None;
            };
            let start = self.module.span(expr).start;
            let text = self.module.name(text).to_ascii_lowercase();
            let is_statement = text.contains("select ")
                || text.contains("select\n")
                || ALWAYS_A_ROW.iter().any(|part| text.contains(part));
            (start < end && is_statement).then_some((start, text))
        });
        let last = texts.max_by_key(|(start, _)| *start);
        // What is computed from no table is one row.
        last.is_some_and(|(_, text)| {
            !text.contains("from") || ALWAYS_A_ROW.iter().any(|part| text.contains(part))
        })
    }

    /// Text, or a constant's name.
    fn is_written_key(&self, key: ExprId) -> bool {
        if matches!(self.module.kind(key), ExprKind::Text(_)) {
            return true;
        }
        let last = self.module.last_name(self.code, key).unwrap_or_default();
        last.len() > 1 && !last.contains(|letter: char| letter.is_lowercase())
    }

    /// What a client sends with a request, by the names that frameworks have for it.
    fn is_of_request(&self, receiver: ExprId) -> bool {
        let dotted = self.module.dotted(self.code, receiver).unwrap_or_default();
        let mut parts = dotted.rsplit('.');
        let (part, owner) = (parts.next(), parts.next());
        matches!(owner, Some("request" | "req"))
            && matches!(
                part,
                Some(
                    "COOKIES"
                        | "FILES"
                        | "GET"
                        | "POST"
                        | "args"
                        | "cookies"
                        | "files"
                        | "form"
                        | "headers"
                        | "query"
                        | "query_params"
                )
            )
    }

    fn sounds_like_pattern(&self, receiver: ExprId) -> bool {
        let last = self.module.last_name(self.code, receiver);
        let last = last.unwrap_or_default();
        let word = last.rsplit('_').next().unwrap_or_default();
        matches!(
            word.to_ascii_lowercase().as_str(),
            "regex" | "regexp" | "pattern" | "re" | "rx" | "pat"
        )
    }

    fn sounds_like_dict(&self, receiver: ExprId) -> bool {
        let last = self.module.last_name(self.code, receiver);
        let last = last.unwrap_or_default();
        let word = last.rsplit('_').next().unwrap_or_default();
        // `CONFIG` is a table that the program wrote down itself.
        DICTS.binary_search(&word).is_ok()
    }
}
