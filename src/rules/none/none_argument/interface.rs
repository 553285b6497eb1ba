//! What other code says of a default: methods of the same name, tests of the parameter, and who calls the function.

use crate::ir::{Comparison, ExprId, ExprKind, InstKind, PlaceId};
use crate::rules::Whole;
use crate::rules::evidence::{Key, has_none_default, is_called_by_name};
use crate::rules::none::belief::{Question, asked};
use crate::types::FunctionRef;

/// A method that nobody calls by its name: it is found by it, and whoever does so passes what he likes.
pub(super) fn is_dispatched(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    whole.program.class_of_method(function).is_some()
        && !module.name(code.name).starts_with("__")
        && !is_called_by_name(whole, function)
}

/// Whether methods of other classes, of the same name and with the same default, mostly ask for the None that they may get.
pub(super) fn is_reckoned_with(whole: &Whole<'_>, key: Key) -> bool {
    let (mut tested, mut all) = (0, 0);
    for (other, place) in siblings(whole, key) {
        all += 1;
        tested += usize::from(is_tested(whole, other, place));
    }
    tested > 0 && 2 * tested >= all
}

/// Whether None is replaced where an attribute of the object is there: `if file is None and self.default_name`. Who makes the
/// object mostly sees to that.
pub(super) fn is_replaced_by_state(whole: &Whole<'_>, (function, parameter): Key) -> bool {
    let (module, code) = whole.program.code(function);
    let place = code.parameters[usize::from(parameter)].place;
    if whole.program.class_of_method(function).is_none() || parameter == 0 {
        return false;
    }
    let of_object = |part: ExprId| match module.kind(part) {
        ExprKind::Attribute { value, .. } => {
            module.kind(value) == ExprKind::Name(code.parameters[0].place)
        }
        _ => false,
    };
    code.insts.iter().any(|inst| {
        let InstKind::Assume { test, holds: true } = inst.kind else {
            return false;
        };
        let ExprKind::And(parts) = module.kind(test) else {
            return false;
        };
        let parts = module.list(parts);
        let mut found = Vec::new();
        for &part in parts {
            asked(module, code, part, &mut found);
        }
        let is_none = found.iter().any(|asked| {
            asked.place == place
                && !asked.positive
                && matches!(asked.question, Question::None | Question::Truth)
        });
        is_none && parts.iter().any(|&part| of_object(part))
    })
}

/// Whether methods of other classes have the same name and the same default: then the default is the interface's, not this method's.
pub(super) fn is_interface(whole: &Whole<'_>, (function, parameter): Key) -> bool {
    siblings(whole, (function, parameter)).next().is_some()
}

/// The parameters of the same name that methods of the same name in other classes leave None by default.
fn siblings<'w>(
    whole: &'w Whole<'_>,
    (function, parameter): Key,
) -> impl Iterator<Item = (FunctionRef, PlaceId)> + 'w {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    let wanted = module.name(code.parameters[usize::from(parameter)].name);
    let is_method = whole.program.class_of_method(function).is_some() && !name.starts_with("__");
    let count = if is_method { whole.traces.len() } else { 0 };
    let others = (0..count).map(|index| FunctionRef(index as u32));
    others.filter_map(move |other| {
        let (theirs, method) = whole.program.code(other);
        if other == function
            || theirs.name(method.name) != name
            || whole.program.class_of_method(other).is_none()
        {
            return None;
        }
        let mut parameters = method.parameters.iter().enumerate();
        let (index, known) =
            parameters.find(|(_, parameter)| theirs.name(parameter.name) == wanted)?;
        has_none_default(whole, other, index as u16).then_some((other, known.place))
    })
}

/// Whether the function tests the parameter for None or truth somewhere: then somebody thought of it.
pub(super) fn is_tested(whole: &Whole<'_>, function: FunctionRef, place: PlaceId) -> bool {
    let (module, code) = whole.program.code(function);
    code.insts.iter().any(|inst| {
        let mut found = false;
        if let InstKind::Assume { test, .. } = inst.kind {
            module.for_each_asked(test, &mut |part| {
                found |= module.kind(part) == ExprKind::Name(place)
            });
        }
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| match module.kind(part) {
                ExprKind::Compare {
                    operator: Comparison::Is | Comparison::IsNot,
                    left,
                    ..
                } => found |= module.kind(left) == ExprKind::Name(place),
                ExprKind::Or(parts) => {
                    let first = module.list(parts).first();
                    found |= first.is_some_and(|&it| module.kind(it) == ExprKind::Name(place));
                }
                _ => {}
            });
        });
        found
    })
}
