//! What comes from outside the program: it stays so when it is cut, decoded, taken apart and gone through.

use super::{Flow, Held, State};
use crate::ir::{Argument, ExprId, ExprKind, NameId};
use crate::types::Type;
use crate::value::{Facts, Kinds, Value};

/// Methods that give a part of their receiver, or the same in another form.
pub(crate) const PARTS: [&str; 34] = [
    "casefold",
    "decode",
    "encode",
    "expandtabs",
    "find_all",
    "get",
    "getall",
    "getlist",
    "getone",
    "getvalue",
    "group",
    "groups",
    "items",
    "json",
    "lower",
    "lstrip",
    "partition",
    "pop",
    "read",
    "readline",
    "readlines",
    "removeprefix",
    "removesuffix",
    "replace",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "strip",
    "title",
    "translate",
    "upper",
    "values",
];

/// Functions that give their argument in another form, or go through it.
pub(crate) const FORMS: [&str; 22] = [
    "base64.b64decode",
    "base64.urlsafe_b64decode",
    "bytes",
    "csv.DictReader",
    "csv.reader",
    "dict",
    "enumerate",
    "iter",
    "json.loads",
    "list",
    "next",
    "re.findall",
    "re.fullmatch",
    "re.match",
    "re.search",
    "re.split",
    "reversed",
    "sorted",
    "str",
    "tuple",
    "urllib.parse.parse_qs",
    "urllib.parse.unquote",
];

/// Names of what a client or a server has sent.
const MESSAGES: [&str; 8] = [
    "reply", "req", "request", "res", "resp", "response", "r", "answer",
];

/// The same value, from outside the program.
pub(super) fn from_outside(held: Held) -> Held {
    Held {
        value: held.value.with(Facts::OUTSIDE),
        ..held
    }
}

impl Flow<'_, '_> {
    /// The result of a call: from outside the program where what it is made of is.
    pub(super) fn handed_on(
        &self,
        result: Held,
        callee: ExprId,
        (arguments, held): (&[Argument], &[Held]),
        state: &State,
    ) -> Held {
        let is_other = result.value.kinds != Kinds::ANY
            && result.value.kinds.meets(Kinds::NUMBER | Kinds::BOOL);
        if is_other || result.value.facts.has(Facts::OUTSIDE) {
            return result;
        }
        let is_outside = |held: Held| held.value.facts.has(Facts::OUTSIDE);
        let is_form = || match (arguments.first(), held.first()) {
            (Some(_), Some(&first)) if is_outside(first) => self
                .evaluate
                .dotted(callee)
                .is_some_and(|name| FORMS.contains(&name.as_str())),
            _ => false,
        };
        let is_part = || match self.module.kind(callee) {
            ExprKind::Attribute { value, name, .. } => {
                PARTS.contains(&self.module.name(name)) && is_outside(self.quietly(value, state))
            }
            _ => false,
        };
        if is_form() || is_part() {
            from_outside(result)
        } else {
            result
        }
    }

    /// An element of what is gone through: the lines of a file, the parts of what came from outside.
    pub(super) fn gone_through(&self, element: Held, iterable: Value) -> Held {
        let is_file = match self.program.types.get(iterable.class) {
            Type::Instance(class) => {
                let name = self.program.class_name(class);
                name.starts_with("io.") || matches!(name, "typing.IO" | "typing.TextIO")
            }
            _ => false,
        };
        if is_file || iterable.facts.has(Facts::OUTSIDE) {
            from_outside(element)
        } else {
            element
        }
    }

    /// An attribute of what came from outside, and the headers of a message.
    pub(super) fn attribute_of_message(&self, expr: ExprId, object: Value, held: Held) -> Held {
        let ExprKind::Attribute { value, name, .. } = self.module.kind(expr) else {
            return held;
        };
        let is_vague =
            held.value.kinds == Kinds::ANY || held.value.kinds - Kinds::NONE == Kinds::TEXT;
        // Of the attributes of a known class the tables say themselves what is from outside.
        let is_unknown = matches!(self.program.types.get(object.class), Type::Unknown);
        let is_part = object.facts.has(Facts::OUTSIDE) && is_vague && is_unknown;
        if is_part || self.is_headers(value, name) {
            from_outside(held)
        } else {
            held
        }
    }

    fn is_headers(&self, message: ExprId, name: NameId) -> bool {
        self.module.name(name) == "headers"
            && self
                .module
                .dotted(self.code, message)
                .is_some_and(|dotted| {
                    let last = dotted.rsplit('.').next().unwrap_or_default();
                    MESSAGES.contains(&last)
                })
    }
}
