//! Parts of results that are None now and then: a group that took no part in a match, an element of a tuple, the text of an
//! object that nobody has described, the encoding of a stream that has none.

use super::regex::Group;
use super::{Flow, Held, State};
use crate::ir::{Argument, ExprId, ExprKind, InstKind, Passing, Source};
use crate::project::Target;
use crate::summary::Parameters;
use crate::types::Type;
use crate::value::{Kinds, Value};
use std::rc::Rc;

/// Calls of the library that return a tuple, and its elements that may be None.
const TUPLES: [(&str, &[usize]); 14] = [
    ("locale.getdefaultlocale", &[0, 1]),
    ("locale.getlocale", &[0, 1]),
    ("mimetypes.MimeTypes.guess_type", &[0]),
    ("mimetypes.guess_file_type", &[0]),
    ("mimetypes.guess_type", &[0]),
    ("urllib.parse.splithost", &[0]),
    ("urllib.parse.splitpasswd", &[1]),
    ("urllib.parse.splitport", &[1]),
    ("urllib.parse.splitquery", &[1]),
    ("urllib.parse.splittag", &[1]),
    ("urllib.parse.splittype", &[0]),
    ("urllib.parse.splituser", &[0]),
    ("urllib.parse.splitvalue", &[1]),
    ("zipimport.zipimporter.find_loader", &[0]),
];

/// The standard streams: what is put in their place, or piped into in Python 2, has no encoding.
const STREAMS: [&str; 6] = [
    "sys.__stderr__",
    "sys.__stdin__",
    "sys.__stdout__",
    "sys.stderr",
    "sys.stdin",
    "sys.stdout",
];

impl Flow<'_, '_> {
    /// The result of a call of `group`, where the pattern lets a match do without that group.
    pub(super) fn optional_group(
        &self,
        expr: ExprId,
        (callee, arguments): (ExprId, &[Argument]),
        result: Held,
        state: &State,
    ) -> Held {
        let ExprKind::Attribute { value, name, .. } = self.module.kind(callee) else {
            return result;
        };
        match (self.module.name(name), arguments) {
            ("group", [only]) if only.passing == Passing::Positional => {
                match self.is_left_out(value, only.value, state) {
                    true => self.text_or_none(expr),
                    false => result,
                }
            }
            _ => result,
        }
    }

    fn text_or_none(&self, expr: ExprId) -> Held {
        Held::from(expr, Value::of(Kinds::TEXT | Kinds::NONE))
    }

    /// An element of what a call gave, where that one may be None: `m[2]`, `m.groups()[1]`, `m.groupdict()["port"]`,
    /// `guess_type(path)[0]`.
    pub(super) fn optional_element(
        &self,
        expr: ExprId,
        (container, index): (ExprId, ExprId),
        state: &State,
    ) -> Option<Held> {
        if !matches!(
            self.module.kind(index),
            ExprKind::Int(_) | ExprKind::Text(_)
        ) {
            return None;
        }
        let made = self.made_by(container, state)?;
        let ExprKind::Call { callee, arguments } = self.module.kind(made) else {
            return None;
        };
        let name = match self.module.kind(callee) {
            ExprKind::Attribute { name, .. } => self.module.name(name),
            _ => "",
        };
        let arguments = self.module.arguments(arguments);
        let may_be_none = match (name, self.module.kind(index)) {
            ("match" | "search" | "fullmatch", _) => self.is_left_out(container, index, state),
            ("groupdict", ExprKind::Text(_)) if arguments.is_empty() => {
                match self.module.kind(callee) {
                    ExprKind::Attribute { value, .. } => self.is_left_out(value, index, state),
                    _ => false,
                }
            }
            (_, ExprKind::Int(at)) => {
                usize::try_from(at).is_ok_and(|at| self.optional_items(made, state).has(at))
            }
            _ => false,
        };
        may_be_none.then(|| self.text_or_none(expr))
    }

    /// The elements of the tuple that a call of the library gives which may be None.
    pub(super) fn optional_items(&self, call: ExprId, state: &State) -> Parameters {
        let mut found = Parameters::NONE;
        let ExprKind::Call { callee, arguments } = self.module.kind(call) else {
            return found;
        };
        if let ExprKind::Attribute { value, name, .. } = self.module.kind(callee)
            && self.module.name(name) == "groups"
            && self.module.arguments(arguments).is_empty()
        {
            let known = self.groups_of(value, state);
            let known = known.iter().flat_map(|groups| groups.iter()).enumerate();
            for (index, _) in known.filter(|(_, group)| group.is_optional) {
                found.insert(index);
            }
            return found;
        }
        let Target::Library(target) = self.program.target(self.evaluate.value(callee)) else {
            return found;
        };
        let name = self.program.library.get(target).name.as_str();
        let known = TUPLES.binary_search_by(|(known, _)| (*known).cmp(name));
        for &index in known.map_or(&[][..], |at| TUPLES[at].1) {
            found.insert(index);
        }
        found
    }

    /// Whether the pattern of a match lets it do without a group.
    fn is_left_out(&self, found: ExprId, group: ExprId, state: &State) -> bool {
        let Some(groups) = self.groups_of(found, state) else {
            return false;
        };
        let group = match self.module.kind(group) {
            ExprKind::Int(number) => usize::try_from(number)
                .ok()
                .and_then(|number| groups.get(number.checked_sub(1)?)),
            ExprKind::Text(name) => {
                let name = self.module.name(name);
                let mut groups = groups.iter();
                groups.find(|group| group.name.as_deref() == Some(name))
            }
            _ => None,
        };
        group.is_some_and(|group| group.is_optional)
    }

    fn groups_of(&self, found: ExprId, state: &State) -> Option<Rc<[Group]>> {
        let call = self.made_by(found, state)?;
        let ExprKind::Call { callee, .. } = self.module.kind(call) else {
            return None;
        };
        let ExprKind::Attribute { name, .. } = self.module.kind(callee) else {
            return None;
        };
        let is_match = matches!(
            self.module.name(name),
            "match" | "search" | "fullmatch" | "finditer"
        );
        self.groups_in(call).filter(|_| is_match)
    }

    /// The call that a value is the result of, or an element of whose result it is.
    fn made_by(&self, expr: ExprId, state: &State) -> Option<ExprId> {
        if let ExprKind::Call { .. } = self.module.kind(expr) {
            return Some(expr);
        }
        let place = self.place_of(expr)?;
        if let Some(bound) = state.get(place).bound {
            return match self.module.kind(bound) {
                ExprKind::Call { .. } => Some(bound),
                _ => None,
            };
        }
        if !self.is_bound_once(place) {
            return None;
        }
        self.code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Element { iterable, .. },
                ..
            } if self.place_of(target) == Some(place) => Some(iterable),
            _ => None,
        })
    }

    /// An attribute that None may stand in for on any object of its sort.
    pub(super) fn optional_attribute(&self, expr: ExprId, object: Value) -> Option<Held> {
        let ExprKind::Attribute { value, name, .. } = self.module.kind(expr) else {
            return None;
        };
        match self.module.name(name) {
            "__doc__" => {
                let is_unknown = matches!(self.program.types.get(object.class), Type::Unknown)
                    && object.is_unknown();
                is_unknown.then(|| self.text_or_none(expr))
            }
            "encoding" => self.is_stream(value).then(|| self.text_or_none(expr)),
            _ => None,
        }
    }

    /// `getattr(sys.stdout, "encoding", "")`: the attribute is there, and None.
    pub(super) fn is_encoding_of_stream(&self, arguments: &[Argument]) -> bool {
        match arguments {
            [stream, name, ..] => {
                matches!(self.module.kind(name.value), ExprKind::Text(name) if self.module.name(name) == "encoding")
                    && self.is_stream(stream.value)
            }
            _ => false,
        }
    }

    fn is_stream(&self, expr: ExprId) -> bool {
        let dotted = self.module.dotted(self.code, expr);
        dotted.is_some_and(|dotted| STREAMS.contains(&dotted.as_str()))
    }

    /// Whether a call without arguments asks a weak reference for its object, by the name of what is called.
    pub(super) fn asks_reference(&self, callee: ExprId, arguments: &[Argument]) -> bool {
        let last = self.module.last_name(self.code, callee);
        let last = last.unwrap_or_default();
        let word = last.rsplit('_').next().unwrap_or_default();
        arguments.is_empty() && matches!(word, "ref" | "wref" | "weakref")
    }
}
