//! Texts that a function takes apart: what it says itself of how well they are formed.

use crate::ir::{
    Comparison, ExprId, ExprKind, Function, InstKind, Module, NameId, PlaceId, Source, Step,
    UnaryOperator,
};
use crate::rules::sequences::{Boundary, Origin, Outside, Parts};

/// Names are followed through so many bindings.
const DEPTH: usize = 4;

/// Whether a text is one of several that stand between separators: behind the last one, or between two, there may be nothing.
pub(super) fn is_of_list(boundary: &Boundary<'_>, text: ExprId) -> bool {
    let flow = boundary.flow;
    let ExprKind::Name(place) = flow.module.kind(stripped(boundary, text)) else {
        return false;
    };
    boundary.origins(place).iter().any(|origin| match *origin {
        Origin::Element(iterable) => {
            let parts = boundary.values(without_first(boundary, iterable));
            parts.iter().any(|&parts| {
                matches!(boundary.called(parts), Some(("split", Some(whole), arguments))
                    if matches!(arguments.first().map(|&by| flow.module.kind(by)), Some(ExprKind::Text(_)))
                        && !is_written_out(boundary, whole, DEPTH))
            })
        }
        Origin::Value(_) => false,
    })
}

/// `parts` of `parts[1:]`.
fn without_first(boundary: &Boundary<'_>, expr: ExprId) -> ExprId {
    let module = boundary.flow.module;
    match module.kind(expr) {
        ExprKind::Subscript { value, index, .. }
            if matches!(module.kind(index), ExprKind::Slice { .. }) =>
        {
            value
        }
        _ => expr,
    }
}

/// `text` of `text.strip().lower()`.
fn stripped(boundary: &Boundary<'_>, mut text: ExprId) -> ExprId {
    for _ in 0..DEPTH {
        match boundary.called(text) {
            Some(("strip" | "lstrip" | "rstrip" | "lower" | "upper", Some(inner), _)) => {
                text = inner;
            }
            _ => break,
        }
    }
    text
}

/// Whether a text, or what its name stands for anywhere, is written down in the code.
fn is_written_out(boundary: &Boundary<'_>, text: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let module = boundary.flow.module;
    match module.kind(text) {
        ExprKind::Text(_) | ExprKind::Bytes(_) => true,
        ExprKind::Name(place) => {
            let origins = boundary.origins(place);
            origins.iter().any(|origin| match *origin {
                Origin::Value(value) => is_written_out(boundary, value, depth),
                Origin::Element(_) => false,
            }) || is_own_global(boundary, place)
        }
        ExprKind::Call { .. } => match boundary.called(text) {
            Some((_, Some(receiver), _)) => is_written_out(boundary, receiver, depth),
            _ => false,
        },
        _ => false,
    }
}

/// A constant of the module.
fn is_own_global(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let name = boundary.flow.place_text(place);
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}

/// Whether the function asks whether the text is of the right form, and says no where it is not: what it does not ask, it
/// does not know.
pub(super) fn is_asked_for_form(boundary: &Boundary<'_>, text: ExprId) -> bool {
    let flow = boundary.flow;
    let ExprKind::Name(place) = flow.module.kind(stripped(boundary, text)) else {
        return false;
    };
    let mut places = vec![place];
    for source in boundary.sources(place) {
        places.extend(boundary.places(source));
    }
    let mut parameters = flow.code.parameters.iter();
    let is_given = parameters.any(|parameter| places.contains(&parameter.place));
    let says_no = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(None) => true,
        InstKind::Return(Some(value)) => {
            matches!(flow.module.kind(value), ExprKind::None | ExprKind::False)
        }
        InstKind::Raise {
            exception: Some(_), ..
        } => true,
        _ => false,
    });
    is_given
        && says_no
        && flow.code.insts.iter().any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => is_about_form(boundary, test, &places),
            _ => false,
        })
}

/// Whether another function of the file takes a text of the same name apart at the same separator, and counts the parts.
pub(super) fn is_counted_elsewhere(
    boundary: &Boundary<'_>,
    text: ExprId,
    separator: Option<ExprId>,
) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let by = match separator.map(|by| module.kind(by)) {
        Some(ExprKind::Text(by)) => by,
        _ => return false,
    };
    let Some(wanted) = last_name(module, flow.code, text) else {
        return false;
    };
    let counts = |code: &Function, place: PlaceId, test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            if let ExprKind::Call { callee, arguments } = module.kind(part)
                && let [only] = module.arguments(arguments)
            {
                let is_len = module.dotted(code, callee).as_deref() == Some("len");
                found |= is_len && module.kind(only.value).place() == Some(place);
            }
        });
        found
    };
    let is_other = |code: &&Function| code.name_span != flow.code.name_span;
    module.functions.iter().filter(is_other).any(|code| {
        code.insts.iter().any(|inst| {
            let InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } = inst.kind
            else {
                return false;
            };
            let Some(place) = module.kind(target).place() else {
                return false;
            };
            let of = split_at(module, value, by);
            let is_alike = of.and_then(|of| last_name(module, code, of)) == Some(wanted);
            is_alike
                && (code.insts.iter().any(|inst| match inst.kind {
                    InstKind::Assume { test, .. } => counts(code, place, test),
                    _ => false,
                }) || {
                    let mut exprs = code.exprs.range().map(ExprId::new);
                    exprs.any(|expr| match module.kind(expr) {
                        ExprKind::Conditional { test, .. } => counts(code, place, test),
                        _ => false,
                    })
                })
        })
    })
}

/// The text that is taken apart at a separator: `text` of `text.split("/")`.
fn split_at(module: &Module, value: ExprId, by: NameId) -> Option<ExprId> {
    let ExprKind::Call { callee, arguments } = module.kind(value) else {
        return None;
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return None;
    };
    let first = module.arguments(arguments).first()?;
    let is_at = module.kind(first.value) == ExprKind::Text(by);
    (is_at && matches!(module.name(name), "split" | "rsplit")).then_some(value)
}

/// What a text is called last: `version` of `pin.version.strip()`.
fn last_name(module: &Module, code: &Function, mut text: ExprId) -> Option<NameId> {
    for _ in 0..DEPTH {
        let ExprKind::Call { callee, .. } = module.kind(text) else {
            break;
        };
        let ExprKind::Attribute { value, .. } = module.kind(callee) else {
            return None;
        };
        text = value;
    }
    match module.kind(text) {
        ExprKind::Attribute { name, .. } => Some(name),
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable { name, .. } => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// `text.startswith("HTTP/")`, `"." in text`.
fn is_about_form(boundary: &Boundary<'_>, test: ExprId, places: &[PlaceId]) -> bool {
    let flow = boundary.flow;
    let is_it = |expr: ExprId| {
        flow.place_of(expr)
            .is_some_and(|place| places.contains(&place))
    };
    match flow.module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => is_about_form(boundary, operand, places),
        ExprKind::And(tests) | ExprKind::Or(tests) => {
            let mut tests = flow.module.list(tests).iter();
            tests.any(|&test| is_about_form(boundary, test, places))
        }
        ExprKind::Compare {
            operator: Comparison::In | Comparison::NotIn,
            left,
            right,
        } => {
            is_it(right)
                && matches!(
                    flow.module.kind(left),
                    ExprKind::Text(_) | ExprKind::Bytes(_)
                )
        }
        ExprKind::Call { .. } => matches!(
            boundary.called(test),
            Some(("startswith" | "endswith", Some(receiver), _)) if is_it(receiver)
        ),
        _ => false,
    }
}

/// What the parts of a text are needed for, where that is not only whether there is anything: the tests of the text that say
/// less are no guards.
pub(super) fn parts<'m>(boundary: &Boundary<'m>, split: ExprId, need: i64) -> Option<Parts<'m>> {
    let module = boundary.flow.module;
    let ("split" | "rsplit", Some(text), arguments) = boundary.called(split)? else {
        return None;
    };
    let separator = match arguments.first().map(|&by| module.kind(by)) {
        None | Some(ExprKind::None) => None,
        Some(ExprKind::Text(by) | ExprKind::Bytes(by)) => Some(module.name(by)),
        // Any text may contain it.
        Some(_) => Some(""),
    };
    let cut = match module.kind(text) {
        ExprKind::Subscript { index, .. } => match module.kind(index) {
            ExprKind::Slice {
                lower: Some(lower), ..
            } => match module.kind(lower) {
                ExprKind::Int(lower) => i64::from(lower),
                _ => 0,
            },
            _ => 0,
        },
        _ => 0,
    };
    let is_of_interest = need > 1 || (cut > 0 && separator.is_none());
    let written_by = boundary.written_by(text).map(|(who, _)| who);
    // What another program prints comes as it always does.
    let is_printed = matches!(written_by, Some(Outside::Process | Outside::Database));
    (is_of_interest && !is_printed).then_some(Parts {
        need,
        separator,
        cut,
        is_format: matches!(written_by, None | Some(Outside::File)),
    })
}
