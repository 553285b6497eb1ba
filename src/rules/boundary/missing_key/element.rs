//! Attributes of the elements of documents that somebody else wrote: HTML and XML.

use crate::finding::Confidence;
use crate::ir::{ExprId, ExprKind, InstKind, Passing, Source};
use crate::rules::sequences::{Boundary, Origin, Outside, outside};

/// An element is followed through so many names and calls.
const DEPTH: usize = 8;

/// Calls that read a document.
const PARSING: [&str; 10] = [
    "BeautifulSoup",
    "ElementTree",
    "HTML",
    "XML",
    "document_fromstring",
    "fragment_fromstring",
    "fromstring",
    "html5parser",
    "parse",
    "soup",
];

/// Methods that find elements by what they are called.
const FINDING: [&str; 24] = [
    "cssselect",
    "find",
    "findAll",
    "find_all",
    "find_next",
    "find_next_sibling",
    "find_parent",
    "find_all_next",
    "findall",
    "findNext",
    "getchildren",
    "getiterator",
    "getparent",
    "getroot",
    "iter",
    "iterchildren",
    "iterfind",
    "find_next_siblings",
    "select",
    "select_one",
    "xpath",
    "iterdescendants",
    "findNextSibling",
    "findParent",
];

/// What the attributes of an element can be relied on for: a document of nobody knows whom, or of another program, has
/// those that its format names.
pub(super) fn of_element(boundary: &Boundary<'_>, element: ExprId) -> Confidence {
    let mut asked = Vec::new();
    match parsed(boundary, element, DEPTH, &mut asked) {
        Some(text) if !is_of_program(boundary, text) => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// Whether a search for elements asks for this attribute: then all that it finds have it.
pub(super) fn is_asked_for(boundary: &Boundary<'_>, element: ExprId, key: &str) -> bool {
    let flow = boundary.flow;
    let mut asked = Vec::new();
    parsed(boundary, element, DEPTH, &mut asked);
    asked.iter().any(|&call| {
        let ExprKind::Call { arguments, .. } = flow.module.kind(call) else {
            return false;
        };
        flow.module.arguments(arguments).iter().any(|argument| {
            let is_named = matches!(argument.passing, Passing::Keyword(name)
                if flow.module.name(name).trim_end_matches('_') == key);
            let mut is_written = false;
            flow.module.walk(argument.value, &mut |part| {
                if let ExprKind::Text(text) = flow.module.kind(part) {
                    let text = flow.module.name(text);
                    // `.name` and `#name` of a selector ask for a class and an id.
                    is_written |= text.contains(key)
                        || (key == "class" && text.contains('.'))
                        || (key == "id" && text.contains('#'));
                }
            });
            let is_function = matches!(flow.module.kind(argument.value), ExprKind::Lambda(_));
            is_named || is_written || is_function
        })
    })
}

/// What a document was read from, if an element comes from one; with the searches on the way.
fn parsed(
    boundary: &Boundary<'_>,
    element: ExprId,
    depth: usize,
    asked: &mut Vec<ExprId>,
) -> Option<ExprId> {
    let depth = depth.checked_sub(1)?;
    let flow = boundary.flow;
    match flow.module.kind(element) {
        ExprKind::Name(place) => {
            let mut values = boundary.origins(place).into_iter();
            values.find_map(|origin| match origin {
                Origin::Value(value) | Origin::Element(value) => {
                    parsed(boundary, value, depth, asked)
                }
            })
        }
        ExprKind::Subscript { value, index, .. } => {
            let is_text = matches!(flow.module.kind(index), ExprKind::Text(_));
            (!is_text).then(|| parsed(boundary, value, depth, asked))?
        }
        ExprKind::Or(parts) => {
            let mut parts = flow.module.list(parts).iter();
            parts.find_map(|&part| parsed(boundary, part, depth, asked))
        }
        ExprKind::Attribute { value, name, .. } => stored(boundary, flow.module.name(name))
            .and_then(|(function, kept)| {
                if function == flow.function {
                    return parsed(boundary, kept, depth, asked);
                }
                let found = boundary.in_another(function, |inner| {
                    parsed(inner, kept, depth, &mut Vec::new())
                });
                found.map(|_| element)
            })
            .or_else(|| parsed(boundary, value, depth, asked)),
        ExprKind::Call { arguments, .. } => {
            let (name, receiver, _) = boundary.called(element)?;
            let first = flow.module.arguments(arguments).first();
            if PARSING.contains(&name) {
                return Some(first.map_or(element, |argument| argument.value));
            }
            let is_finding = FINDING.contains(&name);
            if is_finding {
                asked.push(element);
                return parsed(boundary, receiver?, depth, asked);
            }
            returned(boundary, element, depth, asked)
        }
        _ => None,
    }
}

/// The elements that a function of the project gives.
fn returned(
    boundary: &Boundary<'_>,
    call: ExprId,
    depth: usize,
    asked: &mut Vec<ExprId>,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    let crate::project::Target::Function { function, .. } =
        flow.program.target(flow.evaluate.value(callee))
    else {
        return None;
    };
    let is_found = boundary.in_another(function, |inner| {
        let mut insts = inner.flow.code.insts.iter();
        insts.any(|inst| match inst.kind {
            InstKind::Return(Some(value)) => {
                let mut searches = Vec::new();
                let found = parsed(inner, value, depth.min(4), &mut searches);
                // What the search there asks for is not known here.
                found.is_some() && searches.iter().all(|&search| !has_condition(inner, search))
            }
            _ => false,
        })
    });
    if is_found {
        asked.push(call);
    }
    is_found.then_some(call)
}

/// Whether a search asks for attributes.
fn has_condition(boundary: &Boundary<'_>, search: ExprId) -> bool {
    let module = boundary.flow.module;
    let ExprKind::Call { arguments, .. } = module.kind(search) else {
        return true;
    };
    let arguments = module.arguments(arguments);
    let mut is_conditional = arguments.len() > 1;
    for argument in arguments {
        if let ExprKind::Text(text) = module.kind(argument.value) {
            is_conditional |= module.name(text).contains(['@', '[', '.', '#']);
        }
    }
    is_conditional
}

/// The first statement of the class at work that puts something into an attribute.
fn stored(boundary: &Boundary<'_>, attribute: &str) -> Option<(crate::types::FunctionRef, ExprId)> {
    let flow = boundary.flow;
    let class = flow.program.class_of_method(flow.function)?;
    let body = flow.program.project_class(class)?.id?;
    let body = flow.module.classes.get(body.index())?.span;
    let methods = flow.module.functions.iter().enumerate();
    let mut found = None;
    for (index, code) in methods.filter(|(_, code)| body.contains(code.name_span)) {
        for inst in &code.insts {
            if let InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } = inst.kind
                && let ExprKind::Attribute { name, .. } = flow.module.kind(target)
                && flow.module.name(name) == attribute
            {
                let function = flow
                    .program
                    .function(flow.module_ref, crate::ir::FunctionId::new(index));
                found = found.or(Some((function, value)));
            }
        }
    }
    found
}

/// Whether another program printed a text.
fn is_of_program(boundary: &Boundary<'_>, text: ExprId) -> bool {
    matches!(
        outside(boundary.flow, text),
        Some((Outside::Process | Outside::Database, _))
    )
}
