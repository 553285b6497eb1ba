//! What stands around an expression: the expressions it is part of, the loop it is in, the name that is called with it.

use crate::flow::Flow;
use crate::ir::{
    Argument, ExprId, ExprKind, Function, InstKind, Module, Passing, PlaceId, Source, Step,
};
use crate::text::Span;

/// The expressions from `root` down to `wanted`, that one left out. Nothing if it is not a part of `root`.
pub(in crate::rules) fn around(
    module: &Module,
    root: ExprId,
    wanted: ExprId,
) -> Option<Vec<ExprId>> {
    let target = module.span(wanted);
    let mut chain = Vec::new();
    let mut at = root;
    while at != wanted {
        chain.push(at);
        let mut next = None;
        module.for_each_part(at, &mut |part| {
            let fits = part == wanted || (covers(module.span(part), target) && part != at);
            if fits && (next.is_none() || part == wanted) {
                next = Some(part);
            }
        });
        at = next?;
    }
    Some(chain)
}

/// Whether `outer` holds all of `inner`.
pub(in crate::rules) fn covers(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The last part of the name that is called: `append` for `rows.append`.
pub(in crate::rules) fn called<'m>(module: &'m Module, code: &Function, callee: ExprId) -> &'m str {
    match module.kind(callee) {
        ExprKind::Attribute { name, .. } => module.name(name),
        ExprKind::Name(place) => variable_name(module, code, place),
        _ => "",
    }
}

/// The name of a variable; nothing for a path.
pub(in crate::rules) fn variable_name<'m>(
    module: &'m Module,
    code: &Function,
    place: PlaceId,
) -> &'m str {
    match code.place(place).step {
        Step::Variable { name, .. } => module.name(name),
        _ => "",
    }
}

/// What a method is called on.
pub(in crate::rules) fn receiver(module: &Module, callee: ExprId) -> Option<ExprId> {
    match module.kind(callee) {
        ExprKind::Attribute { value, .. } => Some(value),
        _ => None,
    }
}

/// The argument at a position, counting no starred ones before it.
pub(in crate::rules) fn positional(arguments: &[Argument], position: usize) -> Option<ExprId> {
    let before = arguments.get(..=position)?;
    let plain = |argument: &Argument| argument.passing == Passing::Positional;
    before.iter().all(plain).then(|| arguments[position].value)
}

/// The argument with this keyword.
pub(in crate::rules) fn keyword(
    module: &Module,
    arguments: &[Argument],
    wanted: &str,
) -> Option<ExprId> {
    arguments
        .iter()
        .find_map(|argument| match argument.passing {
            Passing::Keyword(name) if module.name(name) == wanted => Some(argument.value),
            _ => None,
        })
}

/// Whether a variable is bound by an instruction inside a span.
pub(in crate::rules) fn is_bound_in(flow: &Flow<'_, '_>, place: PlaceId, span: Span) -> bool {
    let module = flow.module;
    flow.code.insts.iter().any(|inst| {
        covers(span, inst.span)
            && matches!(inst.kind, InstKind::Bind { target, .. } if binds(module, target, place))
    })
}

/// Whether a target binds a variable.
pub(in crate::rules) fn binds(module: &Module, target: ExprId, place: PlaceId) -> bool {
    match module.kind(target) {
        ExprKind::Name(found) => found == place,
        ExprKind::Tuple(parts) | ExprKind::List(parts) => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| binds(module, part, place))
        }
        ExprKind::Starred(inner) => binds(module, inner, place),
        _ => false,
    }
}

/// The variable that a name, attribute or item starts from.
pub(in crate::rules) fn root_variable(module: &Module, mut expr: ExprId) -> Option<PlaceId> {
    loop {
        match module.kind(expr) {
            ExprKind::Name(place) => return Some(place),
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => expr = value,
            _ => return None,
        }
    }
}

/// The value that an instruction binds, if it is written as an expression.
pub(in crate::rules) fn bound_value(kind: InstKind) -> Option<(ExprId, ExprId)> {
    match kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } => Some((target, value)),
        _ => None,
    }
}
