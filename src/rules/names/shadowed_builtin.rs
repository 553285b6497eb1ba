//! `shadowed-builtin`: a binding hides a builtin that is called afterwards.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Event, Flow, Held, Reaching, State};
use crate::ir::{ExprId, ExprKind, LoopKind, PlaceId, Scope, Step};
use crate::project::literal;
use crate::rules::names::vocabulary::{is_data, is_data_like, is_hot_builtin};
use crate::rules::{Check, Family, Rule, Scene};
use crate::text::Span;
use crate::value::{Kinds, Value};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "shadowed-builtin",
    family: Family::Names,
    page: include_str!("../../../rules/shadowed-builtin.md"),
    severity: Severity::Warning,
    check: Check::Event(check),
};

fn check(scene: &Scene<'_>, state: &State, event: Event<'_>) -> Option<Finding> {
    let Event::Call { call, .. } = event else {
        return None;
    };
    let flow = scene.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    let ExprKind::Name(place) = flow.module.kind(callee) else {
        return None;
    };
    let Step::Variable { name, scope } = flow.code.place(place).step else {
        return None;
    };
    let text = flow.module.name(name);
    if matches!(scope, Scope::Comprehension) || !is_hot_builtin(text) {
        return None;
    }
    match scope {
        Scope::Global { .. } => hidden_by_module(scene, callee, text),
        _ => hidden_here(scene, state, callee, place, scope, text),
    }
}

/// A global that every binding in the module makes data.
fn hidden_by_module(scene: &Scene<'_>, callee: ExprId, name: &str) -> Option<Finding> {
    let flow = scene.flow;
    let value = flow.evaluate.value(callee);
    if !is_data(value.kinds) {
        return None;
    }
    let body = flow.module.body();
    let binding = body.insts.iter().find_map(|inst| match inst.kind {
        crate::ir::InstKind::Bind { target, .. } => {
            let ExprKind::Name(place) = flow.module.kind(target) else {
                return None;
            };
            (flow.module.place_text(body, place) == name).then_some(target)
        }
        _ => None,
    })?;
    Some(
        finding(
            scene,
            callee,
            flow.module.span(binding),
            name,
            "called",
            value.kinds,
        )
        .severity(Severity::Error)
        .confidence(Confidence::High),
    )
}

fn hidden_here(
    scene: &Scene<'_>,
    state: &State,
    callee: ExprId,
    place: PlaceId,
    scope: Scope,
    name: &str,
) -> Option<Finding> {
    let flow = scene.flow;
    let held = state.get(place);
    if held == Held::UNSET || held.value.kinds == Kinds::UNBOUND {
        return None;
    }
    let default = default_of(flow, scope);
    let binding = binding(flow, place, scope)?;
    if is_data(held.value.kinds) {
        let finding = finding(scene, callee, binding, name, "called", held.value.kinds);
        return Some(
            finding
                .severity(Severity::Error)
                .confidence(Confidence::High),
        );
    }
    if let Some(default) = default.filter(|default| is_data(default.kinds)) {
        return Some(
            finding(scene, callee, binding, name, "called", default.kinds)
                .severity(Severity::Error)
                .confidence(Confidence::High),
        );
    }
    let may_be_data = held.value.is_unknown() && default.is_none_or(|default| default.is_none());
    let is_left = is_left_by_loop(flow, place, callee);
    if !may_be_data
        || !(is_data_like(name) || is_left)
        || may_be_alias(flow, held)
        || !is_read_as_data(flow, place)
    {
        return None;
    }
    Some(
        finding(scene, callee, binding, name, "perhaps", Kinds::ANY).confidence(Confidence::Medium),
    )
}

/// Whether a variable is only ever the target of loops, and an expression stands behind them: it was hardly meant for what
/// the last round left.
fn is_left_by_loop(flow: &Flow<'_, '_>, place: PlaceId, expr: ExprId) -> bool {
    let span = flow.module.span(expr);
    let ways = Reaching::of(flow);
    let mut bindings = ways.bindings(place).into_iter().peekable();
    bindings.peek().is_some()
        && bindings.all(|binding| {
            let target = flow.module.span(binding.name);
            flow.code.loops.iter().any(|of| {
                matches!(of.kind, LoopKind::For { target: bound, .. }
                    if flow.module.span(bound).contains(target))
                    && of.span.end <= span.start
            })
        })
}

fn default_of(flow: &Flow<'_, '_>, scope: Scope) -> Option<Value> {
    let Scope::Parameter { index, .. } = scope else {
        return None;
    };
    let default = flow.code.parameters.get(usize::from(index))?.default?;
    Some(literal(flow.module.kind(default)))
}

/// Where the name that hides the builtin is bound.
fn binding(flow: &Flow<'_, '_>, place: PlaceId, scope: Scope) -> Option<Span> {
    if let Scope::Parameter { index, .. } = scope {
        return flow
            .code
            .parameters
            .get(usize::from(index))
            .map(|parameter| parameter.span);
    }
    let bindings = Reaching::of(flow).bindings(place);
    bindings.first().map(|at| flow.module.span(at.name))
}

/// Bound to what may be the builtin itself, or one like it: `input = raw_input`.
fn may_be_alias(flow: &Flow<'_, '_>, held: Held) -> bool {
    held.bound.is_some_and(|bound| {
        !matches!(
            flow.module.kind(bound),
            ExprKind::Call { .. } | ExprKind::Subscript { .. }
        )
    })
}

/// Whether the function also reads the name other than to call it.
fn is_read_as_data(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let is_call_of = |index| match flow.module.kind(ExprId::new(index)) {
        ExprKind::Call { callee, .. } => flow.module.kind(callee) == ExprKind::Name(place),
        _ => false,
    };
    let ways = Reaching::of(flow);
    let writes = ways.bindings(place).len();
    let names = flow
        .code
        .exprs
        .range()
        .filter(|&index| flow.module.kind(ExprId::new(index)) == ExprKind::Name(place))
        .count();
    let calls = flow
        .code
        .exprs
        .range()
        .filter(|&index| is_call_of(index))
        .count();
    names > calls + writes
}

fn finding(
    scene: &Scene<'_>,
    callee: ExprId,
    binding: Span,
    name: &str,
    key: &'static str,
    kinds: Kinds,
) -> Finding {
    let word = (kinds - Kinds::NONE - Kinds::UNBOUND).word();
    let message = Message::new(key).with("name", name).with("kind", word);
    let related = Related {
        location: scene.location(callee),
        message: Message::new("call").with("name", name),
    };
    let finding = Finding {
        statement: binding.start,
        ..scene.at_span(binding, message)
    };
    finding
        .because(related)
        .help(Message::new("rename").with("name", name))
}
