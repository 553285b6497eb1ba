//! Tables of the program that are asked with what somebody else wrote, or that are filled only under conditions.

use super::document::{DEPTH, Document, is_empty, of_source};
use super::element::stored;
use super::group::admits_other;
use super::search::Search;
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{
    BlockId, ExprId, ExprKind, FunctionKind, InstKind, LoopKind, Module, NameId, PlaceId, Scope,
    Source, Step,
};
use crate::rules::none::none_result::pattern_of;
use crate::rules::sequences::{Boundary, Candidate, Origin, Outside, outside};

/// Methods that change a dictionary.
const CHANGING: [&str; 5] = ["update", "setdefault", "pop", "clear", "popitem"];

/// `UNITS[match.group(2)]`, `models[category]`.
pub(super) fn of_table(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<(Document, Finding)> {
    let found = of_constant(boundary, value, index)
        .or_else(|| of_partial(boundary, candidate, value, index))?;
    if boundary.is_caught(candidate.at.0, &["KeyError"])
        || is_asked(boundary, candidate, value, index)
    {
        return None;
    }
    let name = boundary.text(value);
    let message = Message::new("lookup")
        .with("name", name.clone())
        .with("key", boundary.text(index));
    let finding = boundary
        .scene
        .at_span(boundary.end_of(candidate.expr, index), message)
        .confidence(found.confidence)
        .severity(Severity::Warning)
        .because(boundary.scene.related(found.expr, Message::new(found.key)))
        .help(Message::new("table").with("name", name));
    Some((found, finding))
}

/// Whether a condition on the way is about the key or the table, or a loop takes the key out of the table.
fn is_asked(boundary: &Boundary<'_>, candidate: Candidate, value: ExprId, index: ExprId) -> bool {
    let flow = boundary.flow;
    let forms = [flow.form(value), flow.form(index)];
    let mentions = |test: ExprId| {
        let mut found = false;
        flow.module
            .walk(test, &mut |part| found |= forms.contains(&flow.form(part)));
        found
    };
    let is_plain = match flow.module.kind(index) {
        ExprKind::Name(place) => Some(place),
        _ => None,
    };
    let places: Vec<PlaceId> = is_plain.into_iter().collect();
    boundary.is_tested_by(candidate, &mentions, false)
        || !places.is_empty() && boundary.is_checked(candidate, &places)
        || boundary.is_looped(candidate, &boundary.places(value))
}

/// A table that is written out, and a key that somebody else wrote.
fn of_constant(boundary: &Boundary<'_>, value: ExprId, index: ExprId) -> Option<Document> {
    let keys = keys_of(boundary, value)?;
    let asked = match boundary.flow.module.kind(index) {
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(asked)] => asked,
            [] => index,
            _ => return None,
        },
        _ => index,
    };
    if let Some(found) = of_match(boundary, asked, &keys) {
        return found.then(|| Document::new("matched", asked, Confidence::Medium));
    }
    let (source, by) = outside(boundary.flow, asked)?;
    let is_theirs = matches!(
        source,
        Outside::Arguments
            | Outside::Environment
            | Outside::Input
            | Outside::Request
            | Outside::Network
    );
    // What stands under a key of a document, those who made the table have read about.
    let is_of_document = || match boundary.flow.module.kind(asked) {
        ExprKind::Subscript { value, .. } => {
            of_source(boundary, value, DEPTH, &Search::of(None)).is_some_and(|of| of.key == "json")
        }
        _ => false,
    };
    (is_theirs && !is_of_document()).then(|| Document::new("foreign", by, Confidence::Medium))
}

/// The keys of a table that is written out once and never changed.
fn keys_of(boundary: &Boundary<'_>, value: ExprId) -> Option<Vec<String>> {
    let flow = boundary.flow;
    let module = flow.module;
    let name = match module.kind(value) {
        ExprKind::Name(place) => match flow.code.place(place).step {
            Step::Variable {
                name,
                scope: Scope::Global { .. } | Scope::Local { .. },
            } => name,
            _ => return None,
        },
        ExprKind::Attribute { value, name, .. } => {
            let owner = module.dotted(flow.code, value)?;
            if !matches!(owner.as_str(), "self" | "cls") {
                return None;
            }
            name
        }
        _ => return None,
    };
    let table = only_display(module, name)?;
    let ExprKind::Dict(parts) = module.kind(table) else {
        return None;
    };
    let mut keys = Vec::new();
    for &key in module.list(parts).iter().step_by(2) {
        match module.kind(key) {
            ExprKind::Text(text) => keys.push(module.name(text).to_owned()),
            _ => return None,
        }
    }
    (!keys.is_empty()).then_some(keys)
}

/// The only thing that a name, or an attribute of that name, is bound to in a module that never changes it.
fn only_display(module: &Module, name: NameId) -> Option<ExprId> {
    let mut found = None;
    let is_it = |code: &crate::ir::Function, expr: ExprId| match module.kind(expr) {
        ExprKind::Name(place) => matches!(code.place(place).step,
            Step::Variable { name: known, .. } if known == name),
        ExprKind::Attribute { name: known, .. } => known == name,
        _ => false,
    };
    for code in &module.functions {
        for inst in &code.insts {
            let (target, source) = match inst.kind {
                InstKind::Bind { target, source, .. } => (target, Some(source)),
                InstKind::Forget(target) => (target, None),
                InstKind::Eval(call) => {
                    if let ExprKind::Call { callee, .. } = module.kind(call)
                        && let ExprKind::Attribute {
                            value,
                            name: method,
                            ..
                        } = module.kind(callee)
                        && is_it(code, value)
                        && CHANGING.contains(&module.name(method))
                    {
                        return None;
                    }
                    continue;
                }
                _ => continue,
            };
            if let ExprKind::Subscript { value, .. } = module.kind(target)
                && is_it(code, value)
            {
                return None;
            }
            if is_it(code, target) {
                match source {
                    Some(Source::Value(value)) if found.is_none() => found = Some(value),
                    _ => return None,
                }
            }
        }
    }
    found
}

/// Whether a part of what a pattern matched can be something that the table lacks; nothing where it is no such part.
fn of_match(boundary: &Boundary<'_>, asked: ExprId, keys: &[String]) -> Option<bool> {
    let part = part_of(boundary, asked, DEEP)?;
    let Some(pattern) = part.pattern else {
        return Some(false);
    };
    Some(admits_other(&pattern, &part.group, keys, part.is_changed) == Some(true))
}

/// Parts of matches are followed through so many names.
const DEEP: usize = 4;

/// A part of what a pattern matched.
struct Part {
    /// The pattern, if it is known.
    pattern: Option<String>,
    /// The name or number of the group.
    group: String,
    /// Its text was changed: `.lower()`.
    is_changed: bool,
}

/// `match.group(2)`, `match["unit"]`, `match.groupdict()["unit"]`, a name unpacked from `match.groups()`.
fn part_of(boundary: &Boundary<'_>, asked: ExprId, depth: usize) -> Option<Part> {
    let depth = depth.checked_sub(1)?;
    let module = boundary.flow.module;
    let text_of = |expr: ExprId| match module.kind(expr) {
        ExprKind::Text(text) => Some(module.name(text).to_owned()),
        ExprKind::Int(number) => Some(number.to_string()),
        _ => None,
    };
    let part = |found: ExprId, group: String| Part {
        pattern: pattern_for(boundary, found),
        group,
        is_changed: false,
    };
    match module.kind(asked) {
        ExprKind::Call { .. } => match boundary.called(asked)? {
            ("group", Some(found), arguments) => {
                let [group] = arguments[..] else { return None };
                Some(part(found, text_of(group)?))
            }
            ("lower" | "upper" | "strip" | "title" | "capitalize", Some(inner), _) => Some(Part {
                is_changed: true,
                ..part_of(boundary, inner, depth)?
            }),
            _ => None,
        },
        ExprKind::Subscript { value, index, .. } => {
            let group = text_of(index)?;
            match boundary.called(value) {
                Some(("groupdict", Some(found), _)) => Some(part(found, group)),
                Some(("groups", Some(found), _)) => {
                    let number: usize = group.parse().ok()?;
                    Some(part(found, (number + 1).to_string()))
                }
                Some(_) => None,
                None => of_groups(boundary, value, group),
            }
        }
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(inner)] => part_of(boundary, inner, depth),
            [] => unpacked(boundary, place).map(|(found, number)| part(found, number.to_string())),
            _ => None,
        },
        _ => None,
    }
}

/// `number, unit = match.groups()`: the match, and which group the variable is.
fn unpacked(boundary: &Boundary<'_>, place: PlaceId) -> Option<(ExprId, usize)> {
    let flow = boundary.flow;
    let mut found = None;
    for inst in &flow.code.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        let ExprKind::Tuple(parts) = flow.module.kind(target) else {
            continue;
        };
        let parts = flow.module.list(parts);
        let Some(at) = parts
            .iter()
            .position(|&part| flow.place_of(part) == Some(place))
        else {
            continue;
        };
        let Source::Value(value) = source else {
            return None;
        };
        match boundary.called(value) {
            Some(("groups", Some(of), _)) if found.is_none() => found = Some((of, at + 1)),
            _ => return None,
        }
    }
    found
}

/// `found["unit"]` of a match, `groups["unit"]` of its groups, also where the object keeps them.
fn of_groups(boundary: &Boundary<'_>, value: ExprId, group: String) -> Option<Part> {
    let flow = boundary.flow;
    let kept = |holder: &Boundary<'_>, origin: ExprId, found: ExprId| {
        let pattern = match holder.called(origin)? {
            ("groupdict", Some(of), _) => pattern_for(holder, of),
            ("match" | "search" | "fullmatch", ..) => pattern_for(holder, found),
            _ => return None,
        };
        Some(Part {
            pattern,
            group: group.clone(),
            is_changed: false,
        })
    };
    match flow.module.kind(value) {
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(origin)] => kept(boundary, origin, value),
            _ => None,
        },
        ExprKind::Attribute { name, .. } => {
            let (function, origin) = stored(boundary, flow.module.name(name))?;
            boundary.in_another(function, |holder| kept(holder, origin, origin))
        }
        _ => None,
    }
}

/// The pattern of a match, or of what a name for it was bound to.
fn pattern_for(boundary: &Boundary<'_>, found: ExprId) -> Option<String> {
    let call = match boundary.flow.module.kind(found) {
        ExprKind::Name(place) => match boundary.origins(place)[..] {
            [Origin::Value(call)] => call,
            _ => return None,
        },
        _ => found,
    };
    match boundary.called(call)? {
        ("match" | "search" | "fullmatch", ..) => pattern_of(boundary.flow, call),
        _ => None,
    }
}

/// A dictionary of the function that has only keys that are written out, each put in under a condition, and that a loop over
/// something else reads.
fn of_partial(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<Document> {
    let flow = boundary.flow;
    let module = flow.module;
    let (ExprKind::Name(table), ExprKind::Name(key)) = (module.kind(value), module.kind(index))
    else {
        return None;
    };
    let [Origin::Value(made)] = boundary.origins(table)[..] else {
        return None;
    };
    let [Origin::Element(over)] = boundary.origins(key)[..] else {
        return None;
    };
    let is_own = matches!(
        flow.code.place(table).step,
        Step::Variable {
            scope: Scope::Local {
                captured: false,
                ..
            },
            ..
        }
    );
    let is_other = boundary.places(over).iter().all(|&place| place != table);
    if !is_own
        || !is_empty(boundary, made)
        || flow.code.kind != FunctionKind::Def
        || !is_other
        || matches!(module.kind(over), ExprKind::Tuple(_) | ExprKind::List(_))
    {
        return None;
    }
    let mut first = None;
    let mut is_certain = false;
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for inst in flow.code.insts(flow.code.block(block)) {
            let InstKind::Bind { target, .. } = inst.kind else {
                continue;
            };
            let ExprKind::Subscript { value, index, .. } = module.kind(target) else {
                continue;
            };
            if flow.place_of(value) != Some(table) {
                continue;
            }
            if !matches!(module.kind(index), ExprKind::Text(_)) {
                return None;
            }
            is_certain |= boundary.dominates(block, candidate.at.0);
            first = first.or(Some(target));
        }
    }
    let is_read_apart = flow.code.exprs.range().map(ExprId::new).any(|expr| {
        // Whoever gets the thing may fill it.
        boundary
            .called(expr)
            .is_some_and(|(name, receiver, arguments)| {
                arguments
                    .iter()
                    .any(|&argument| flow.place_of(argument) == Some(table))
                    || receiver.and_then(|of| flow.place_of(of)) == Some(table)
                        && CHANGING.contains(&name)
            })
    });
    let in_loop = flow.code.loops.iter().any(|of| {
        matches!(of.kind, LoopKind::For { iterable, .. } if iterable == over)
            && of.suite.contains(module.span(candidate.expr))
    });
    let first = first.filter(|_| !is_certain && !is_read_apart && in_loop)?;
    Some(Document::new("partial", first, Confidence::Medium))
}
