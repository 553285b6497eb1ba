//! `self.known["names"]`, which other methods of the class make on demand: here nobody has asked whether it is there.

use crate::ir::{
    Comparison, ExprId, ExprKind, Function, FunctionKind, InstKind, Module, NameId, PlaceId,
};
use crate::rules::sequences::Boundary;
use crate::text::Span;

/// Where another method asks whether the key is there before it makes it, where nothing else makes it.
pub(super) fn made_on_demand(
    boundary: &Boundary<'_>,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Text(key) = module.kind(index) else {
        return None;
    };
    let habit = boundary.scene.habits.get(flow.module_ref, key)?;
    if habit.careful == 0 || !habit.is_made {
        return None;
    }
    let own = flow.code.parameters.first()?.place;
    let ExprKind::Attribute {
        value: object,
        name,
        ..
    } = module.kind(value)
    else {
        return None;
    };
    let class = flow.program.class_of_method(flow.function)?;
    if flow.place_of(object) != Some(own) {
        return None;
    }
    let body = module
        .classes
        .get(flow.program.project_class(class)?.id?.index())?
        .span;
    let wanted = Wanted {
        attribute: name,
        key,
    };
    let mut makes = None;
    for code in &module.functions {
        let is_method = body.contains(code.name_span) && code.kind == FunctionKind::Def;
        if is_method && wanted.is_stored(module, code) {
            let asked = wanted.asked(module, code)?;
            makes = makes.or(Some(asked));
        }
    }
    let is_made_here =
        wanted.asked(module, flow.code).is_some() || wanted.is_stored(module, flow.code);
    let is_made_apart = is_written_down(module, body, key);
    makes.filter(|_| !is_made_here && !is_made_apart)
}

/// Whether the key is written down as one of a dictionary in the class.
fn is_written_down(module: &Module, body: Span, key: NameId) -> bool {
    let exprs = (0..module.exprs.len()).map(ExprId::new);
    let mut exprs = exprs.filter(|&expr| body.contains(module.span(expr)));
    exprs.any(|expr| match module.kind(expr) {
        ExprKind::Dict(parts) => {
            let mut keys = module.list(parts).iter().step_by(2);
            keys.any(|&part| module.kind(part) == ExprKind::Text(key))
        }
        _ => false,
    })
}

/// `self.attribute["key"]`.
#[derive(Clone, Copy)]
struct Wanted {
    attribute: NameId,
    key: NameId,
}

impl Wanted {
    fn is_place(self, module: &Module, code: &Function, expr: ExprId) -> bool {
        let ExprKind::Attribute { value, name, .. } = module.kind(expr) else {
            return false;
        };
        name == self.attribute && is_first(code, module.kind(value).place())
    }

    /// Whether a method stores the key itself.
    fn is_stored(self, module: &Module, code: &Function) -> bool {
        code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind { target, .. } => match module.kind(target) {
                ExprKind::Subscript { value, index, .. } => {
                    module.kind(index) == ExprKind::Text(self.key)
                        && self.is_place(module, code, value)
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// Where a method asks whether the key is not there.
    fn asked(self, module: &Module, code: &Function) -> Option<ExprId> {
        let mut exprs = code.exprs.range().map(ExprId::new);
        exprs.find(|&expr| match module.kind(expr) {
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                left,
                right,
            } => {
                module.kind(left) == ExprKind::Text(self.key) && self.is_place(module, code, right)
            }
            _ => false,
        })
    }
}

fn is_first(code: &Function, place: Option<PlaceId>) -> bool {
    let first = code.parameters.first().map(|first| first.place);
    first.is_some() && place == first
}
