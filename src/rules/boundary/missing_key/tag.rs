//! `img["src"]` of what BeautifulSoup finds: an element has the attributes that whoever wrote the page gave it.

use crate::ir::{ExprId, ExprKind, Passing};
use crate::rules::sequences::{Boundary, Origin};

/// Methods that find elements.
const FINDING: [&str; 6] = [
    "find_all",
    "findAll",
    "select",
    "find",
    "select_one",
    "find_next",
];

/// Where an element was found of which an attribute is read, and what was looked for does not say that it has one.
pub(super) fn of_tag(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Text(key) = module.kind(index) else {
        return None;
    };
    let has_library = module
        .imports
        .iter()
        .any(|import| matches!(module.name(import.module), "bs4" | "BeautifulSoup"));
    if !has_library {
        return None;
    }
    let key = module.name(key);
    let call = match module.kind(value) {
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Element(iterable)] => *boundary.values(iterable).first()?,
            [Origin::Value(value)] => value,
            _ => return None,
        },
        ExprKind::Call { .. } => value,
        _ => return None,
    };
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return None;
    };
    let (name, Some(_), _) = boundary.called(call)? else {
        return None;
    };
    let arguments = module.arguments(arguments);
    let says = |argument: &crate::ir::Argument| {
        let is_named = match argument.passing {
            Passing::Keyword(name) => module.name(name).trim_end_matches('_') == key,
            Passing::Positional => false,
            Passing::Star | Passing::DoubleStar => true,
        };
        let mut is_inside = false;
        module.walk(argument.value, &mut |part| {
            is_inside |= match module.kind(part) {
                ExprKind::Text(text) => {
                    let text = module.name(text);
                    text == key || text.contains(&format!("[{key}"))
                }
                // A function or a pattern may ask for anything.
                ExprKind::Lambda(_) => true,
                _ => false,
            };
        });
        is_named || is_inside
    };
    (FINDING.contains(&name) && !arguments.is_empty() && !arguments.iter().any(says))
        .then_some(call)
}
