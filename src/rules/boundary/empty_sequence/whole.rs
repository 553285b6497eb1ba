//! Texts and lists that are taken whole, and of which there may be nothing: a file, the lines of a text, what a filter leaves.

use super::evidence::Evidence;
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{ComprehensionKind, ExprId, ExprKind, PlaceId};
use crate::rules::sequences::{Boundary, Origin};

/// What a filter leaves: a test of what it filters by says nothing of how much that is.
pub(super) const LEFT: &str = "left";

/// Calls that open a file.
const OPENING: [&str; 4] = ["open", "codecs.open", "io.open", "gzip.open"];

/// `open(name).read()`, `file.readlines()`: a file may be empty.
pub(super) fn of_file(
    boundary: &Boundary<'_>,
    expr: ExprId,
    name: &str,
    file: ExprId,
) -> Option<Evidence> {
    let is_whole = match name {
        "readlines" => true,
        "read" => boundary.called(expr)?.2.is_empty(),
        _ => false,
    };
    (is_whole && is_opened(boundary, file)).then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "file",
        source: expr,
    })
}

/// Whether a thing is a file that the function opens, by a name that nobody has written down in it.
pub(super) fn is_opened(boundary: &Boundary<'_>, file: ExprId) -> bool {
    let flow = boundary.flow;
    let opens = |&call: &ExprId| {
        let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
            return false;
        };
        let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
        let name = dotted.strip_prefix("builtins.").unwrap_or(&dotted);
        let path = boundary
            .called(call)
            .and_then(|(_, _, given)| given.first().copied());
        let is_known = path.is_some_and(|path| matches!(flow.module.kind(path), ExprKind::Text(_)));
        OPENING.contains(&name) && !is_known
    };
    let sources = match flow.module.kind(file) {
        ExprKind::Name(place) => boundary.sources(place),
        _ => vec![file],
    };
    !sources.is_empty() && sources.iter().all(opens)
}

/// `found = [one for one in found if …]`: what is left of a list.
pub(super) fn narrowed(boundary: &Boundary<'_>, place: PlaceId) -> Option<Evidence> {
    let module = boundary.flow.module;
    let origins = boundary.origins(place);
    let narrows = |value: ExprId| {
        let ExprKind::Comprehension(id) = module.kind(value) else {
            return false;
        };
        let comprehension = module.comprehension(id);
        let [clause] = &comprehension.clauses[..] else {
            return false;
        };
        comprehension.kind == ComprehensionKind::List
            && !clause.conditions.is_empty()
            && boundary.flow.place_of(clause.iterable) == Some(place)
    };
    let source = origins.iter().find_map(|origin| match *origin {
        Origin::Value(value) if narrows(value) => Some(value),
        _ => None,
    })?;
    (origins.len() > 1 || is_passed(boundary, place)).then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: LEFT,
        source,
    })
}

fn is_passed(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let mut parameters = boundary.flow.code.parameters.iter();
    parameters.any(|parameter| parameter.place == place)
}

/// `max(len(line) for line in text.splitlines())`: an empty text has no lines, not one that is empty.
pub(super) fn of_lines(
    boundary: &Boundary<'_>,
    comprehension: ExprId,
    state: &State,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Comprehension(id) = flow.module.kind(comprehension) else {
        return None;
    };
    let [clause] = &flow.module.comprehension(id).clauses[..] else {
        return None;
    };
    let iterable = clause.iterable;
    let source = match flow.held(state, iterable).and_then(|held| held.bound) {
        Some(bound) => bound,
        None => iterable,
    };
    let Some(("splitlines", Some(text), _)) = boundary.called(source) else {
        return None;
    };
    let is_given = !matches!(
        flow.module.kind(text),
        ExprKind::Text(_) | ExprKind::Bytes(_)
    );
    is_given.then_some(Evidence {
        least: 0,
        confidence: Confidence::Medium,
        key: "lines",
        source,
    })
}
