//! In which everyday case something of the library is None, where that is known.

use super::callee;
use crate::finding::{Message, Related};
use crate::flow::Flow;
use crate::infer::ResultUse;
use crate::ir::{ExprId, ExprKind};
use crate::project::Target;
use crate::rules::Whole;
use crate::text::Location;

/// Calls of the library: the end of a dotted name, and the case.
const CALLS: &[(&str, &str)] = &[
    ("re.match", "no-match"),
    ("re.search", "no-match"),
    ("re.fullmatch", "no-match"),
    ("Pattern.match", "no-match"),
    ("Pattern.search", "no-match"),
    ("Pattern.fullmatch", "no-match"),
    ("shutil.which", "no-program"),
    ("os.environ.get", "not-set"),
    ("os.getenv", "not-set"),
    ("mimetypes.guess_type", "no-type"),
    ("mimetypes.guess_extension", "no-type"),
    ("Element.find", "no-element"),
    ("Element.findtext", "no-element"),
    ("ElementTree.find", "no-element"),
    ("dict.get", "no-key"),
];

/// Attributes, and the case.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("response", "no-response"),
    ("text", "no-text"),
    ("tail", "no-text"),
    ("hostname", "no-part"),
    ("port", "no-part"),
    ("username", "no-part"),
    ("password", "no-part"),
    ("stdout", "no-stream"),
    ("stderr", "no-stream"),
    ("stdin", "no-stream"),
    ("encoding", "no-encoding"),
];

/// The case, told at what gives None.
pub(super) fn related(whole: &Whole<'_>, flow: &Flow<'_, '_>, used: &ResultUse) -> Option<Related> {
    let location = Location {
        file: whole.program.file(flow.function),
        span: flow.module.span(used.source),
    };
    case(whole, flow, used.source).map(|key| Related {
        location,
        message: Message::new(key),
    })
}

fn case(whole: &Whole<'_>, flow: &Flow<'_, '_>, source: ExprId) -> Option<&'static str> {
    let of = |table: &[(&str, &'static str)], name: &str| {
        let ends = |known: &str| {
            name.strip_suffix(known)
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        table
            .iter()
            .find(|(known, _)| ends(known))
            .map(|&(_, key)| key)
    };
    match flow.module.kind(source) {
        ExprKind::Call { .. } => match callee(flow, source) {
            Target::Library(call) => of(CALLS, &whole.program.library.get(call).name),
            _ => None,
        },
        // An attribute of a class of the project is None for reasons of its own.
        ExprKind::Attribute { value, name, .. } => {
            let object = flow.evaluate.value(value);
            let is_own = match whole.program.types.get(object.class) {
                crate::types::Type::Instance(class) => whole.program.project_class(class).is_some(),
                _ => false,
            };
            (!is_own)
                .then(|| of(ATTRIBUTES, flow.module.name(name)))
                .flatten()
        }
        _ => None,
    }
}
