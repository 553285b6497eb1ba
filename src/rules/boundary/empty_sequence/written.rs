//! `row = [a, b]` and then `row[2]`: the list is written down, and it has no such element.

use super::constant;
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, PlaceId, Scope, Source, Step};
use crate::rules::sequences::{Boundary, Origin};

/// Every element that is read of, or stored into, a list of the function's own that has too few.
pub(super) fn written(boundary: &Boundary<'_>) -> Vec<Finding> {
    let flow = boundary.flow;
    let exprs = flow.code.exprs.range().map(ExprId::new);
    exprs.filter_map(|expr| too_short(boundary, expr)).collect()
}

fn too_short(boundary: &Boundary<'_>, expr: ExprId) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(expr) else {
        return None;
    };
    let ExprKind::Name(place) = flow.module.kind(value) else {
        return None;
    };
    let index = constant(boundary, index)?;
    let [Origin::Value(display)] = boundary.origins(place)[..] else {
        return None;
    };
    let (ExprKind::List(parts) | ExprKind::Tuple(parts)) = flow.module.kind(display) else {
        return None;
    };
    let has_rest = |part: &ExprId| matches!(flow.module.kind(*part), ExprKind::Starred(_));
    let need = if index < 0 { -index } else { index + 1 };
    if i64::from(parts.count) >= need
        || parts.is_empty()
        || flow.module.list(parts).iter().any(has_rest)
        || is_changed(boundary, place, expr)
    {
        return None;
    }
    let text = boundary.text(value);
    let message = Message::new("indexed")
        .with("name", text.clone())
        .with("index", index.to_string());
    let why = Message::new("written").with("count", parts.count.to_string());
    let (block, at) = position(boundary, expr)?;
    (!boundary.is_caught(block, &["IndexError"])).then(|| {
        let mut finding = boundary.scene.at(expr, message);
        finding.statement = flow.code.insts[at].span.start;
        finding
            .because(boundary.scene.related(display, why))
            .confidence(Confidence::High)
            .severity(Severity::Error)
            .help(Message::new("guard").with("name", text))
    })
}

/// The instruction of an expression.
fn position(boundary: &Boundary<'_>, expr: ExprId) -> Option<(BlockId, usize)> {
    let flow = boundary.flow;
    let span = flow.module.span(expr);
    let block = boundary.block_of(expr)?;
    let mut insts = flow.code.block(block).insts.range();
    let at = insts.find(|&at| flow.code.insts[at].span.contains(span))?;
    Some((block, at))
}

/// Whether anything but an index is done with it: a method may make it longer, and so may whoever else gets it.
fn is_changed(boundary: &Boundary<'_>, place: PlaceId, index: ExprId) -> bool {
    let flow = boundary.flow;
    let is_it = |expr: ExprId| flow.place_of(expr) == Some(place);
    let mut insts = flow.code.insts.iter();
    let is_target = insts.any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Augmented { .. },
            ..
        } => is_it(target),
        InstKind::Bind { target, .. } => matches!(
            flow.module.kind(target),
            ExprKind::Subscript { value, index, .. }
                if is_it(value) && matches!(flow.module.kind(index), ExprKind::Slice { .. })
        ),
        _ => false,
    });
    let is_captured = matches!(
        flow.code.place(place).step,
        Step::Variable {
            scope: Scope::Local { captured: true, .. } | Scope::Global { .. },
            ..
        }
    );
    let start = flow.module.span(index).start;
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    is_target
        || is_captured
        || exprs.any(|expr| match flow.module.kind(expr) {
            ExprKind::Attribute { value, name, .. } => {
                is_it(value)
                    && matches!(
                        flow.module.name(name),
                        "append" | "extend" | "insert" | "__setitem__"
                    )
            }
            ExprKind::Call { arguments, .. } => {
                let mut given = flow.module.arguments(arguments).iter();
                flow.module.span(expr).start < start && given.any(|argument| is_it(argument.value))
            }
            _ => false,
        })
}
