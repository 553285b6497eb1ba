//! A list, number or text whose name is called: it took the name of a function.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::State;
use crate::ir::{ExprId, ExprKind, PlaceId, Scope, Step};
use crate::rules::Scene;
use crate::rules::names::redefined_function::hidden_function;
use crate::rules::names::shadowed_import::is_of_module;
use crate::rules::names::vocabulary::{is_data, is_hot_builtin};
use crate::value::Kinds;

/// A call of a local variable that holds data whichever way control got there.
pub(super) fn data_called(scene: &Scene<'_>, state: &State, call: ExprId) -> Option<Finding> {
    let flow = scene.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return None;
    };
    let ExprKind::Name(place) = flow.module.kind(callee) else {
        return None;
    };
    let is_own = matches!(
        flow.code.place(place).step,
        Step::Variable {
            scope: Scope::Local {
                rebound_inside: false,
                ..
            },
            ..
        }
    );
    let held = state.get(place);
    let kinds = held.value.kinds - Kinds::UNBOUND;
    if !is_own || !kinds.is_single() || !is_data(kinds) || flow.code.is_dynamic {
        return None;
    }
    let bound = held.bound.filter(|&bound| is_written_out(scene, bound))?;
    let name = flow.place_text(place);
    if is_told_elsewhere(scene, place, &name) {
        return None;
    }
    let message = Message::new("called")
        .with("name", name.clone())
        .with("kind", kinds.word());
    let first = Message::new("first")
        .with("name", name.clone())
        .with("old", kinds.word());
    let finding = scene
        .at(call, message)
        .because(scene.related(bound, first))
        .severity(Severity::Error)
        .confidence(Confidence::High);
    Some(finding.help(Message::new("rename").with("name", name)))
}

/// Rules that know what the name stands for otherwise tell of the call: a builtin, an import, a function of the module.
fn is_told_elsewhere(scene: &Scene<'_>, place: PlaceId, name: &str) -> bool {
    let flow = scene.flow;
    let is_function = || {
        let Step::Variable { name, .. } = flow.code.place(place).step else {
            return false;
        };
        is_data(flow.program.variable(flow.function, place).kinds)
            && hidden_function(flow, name).is_some()
    };
    let is_import = || {
        let import = scene.habits.import(flow.module_ref, name);
        import.is_some_and(|import| {
            let import = &flow.module.imports[import];
            import.name.is_some() && is_of_module(flow, import)
        })
    };
    is_hot_builtin(name) || is_import() || is_function()
}

/// A literal or a display: what it is stands there.
fn is_written_out(scene: &Scene<'_>, bound: ExprId) -> bool {
    matches!(
        scene.flow.module.kind(bound),
        ExprKind::List(_)
            | ExprKind::Tuple(_)
            | ExprKind::Dict(_)
            | ExprKind::Set(_)
            | ExprKind::Comprehension(_)
            | ExprKind::Int(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Interpolated(_)
    )
}
