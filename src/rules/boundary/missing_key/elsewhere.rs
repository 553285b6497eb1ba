//! What other functions believe of a document that comes from the same place.

use crate::ir::{Comparison, ExprId, ExprKind, InstKind, Source};
use crate::project::Coverage;
use crate::rules::sequences::Boundary;
use crate::types::FunctionRef;

/// So many other calls are looked at.
const CALLS: usize = 16;

/// Whether another caller of the same function of the project asks whether a key is there, or catches that it is not: what one
/// document may lack another may lack as well.
pub(super) fn is_asked_elsewhere(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let values = boundary.values(value);
    let [call] = values[..] else { return false };
    let call = match flow.module.kind(call) {
        ExprKind::Await(inner) => inner,
        _ => call,
    };
    let Some(function) = boundary.callee(call) else {
        return false;
    };
    let mut sites = boundary.scene.graph.calls_of(function).take(CALLS);
    sites.any(|site| {
        let (module, code) = flow.program.code(site.caller);
        let holds = code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } if module.span(value).contains(module.span(site.call)) => module.kind(target).place(),
            _ => None,
        });
        let Some(place) = holds.filter(|_| site.caller != flow.function) else {
            return false;
        };
        let is_it = |expr: ExprId| module.kind(expr).place() == Some(place);
        let mut exprs = code.exprs.range().map(ExprId::new);
        let asks = exprs.any(|expr| match module.kind(expr) {
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                left,
                right,
            } => is_it(right) && matches!(module.kind(left), ExprKind::Text(_)),
            ExprKind::Call { callee, .. } => match module.kind(callee) {
                ExprKind::Attribute { value, name, .. } => {
                    module.name(name) == "has_key" && is_it(value)
                }
                _ => false,
            },
            _ => false,
        });
        asks || is_caught(boundary, site.caller, &is_it)
    })
}

/// Whether a function reads a key of a variable under a handler that is there for its absence.
fn is_caught(
    boundary: &Boundary<'_>,
    function: FunctionRef,
    is_it: &dyn Fn(ExprId) -> bool,
) -> bool {
    let program = boundary.flow.program;
    let (module, code) = program.code(function);
    let library = program.library;
    let (Some(missing), Some(everything)) = (
        library.class("KeyError", module.dialect),
        library.class("Exception", module.dialect),
    ) else {
        return false;
    };
    code.blocks.iter().any(|block| {
        let caught = |class| program.caught_in(function, block.guard, class).0 == Coverage::Full;
        block.guard.is_some()
            && caught(missing)
            && !caught(everything)
            && code.insts(block).iter().any(|inst| {
                let mut reads = false;
                inst.kind.for_each_expr(&mut |root| {
                    module.walk(root, &mut |part| {
                        reads |= matches!(module.kind(part), ExprKind::Subscript { value, .. } if is_it(value));
                    });
                });
                reads
            })
    })
}

/// Whether the file asks anywhere with `.get()` for an attribute of the element whose attributes are read.
pub(super) fn is_asked_of_element(boundary: &Boundary<'_>, attributes: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Attribute { value, .. } = module.kind(attributes) else {
        return false;
    };
    let Some(element) = module
        .dotted(flow.code, value)
        .filter(|name| name.contains('.'))
    else {
        return false;
    };
    module.functions.iter().any(|code| {
        let mut exprs = code.exprs.range().map(ExprId::new);
        exprs.any(|expr| {
            let ExprKind::Call { callee, .. } = module.kind(expr) else {
                return false;
            };
            let asked = module.dotted(code, callee).unwrap_or_default();
            let of = asked.strip_suffix(".get").unwrap_or_default();
            of == element || of.strip_suffix(".attrib") == Some(&element)
        })
    })
}
