//! What another place believes of the same thing: a method that catches KeyError, a caller of `.get` on what is in it.

use crate::finding::{Confidence, Finding, Message, Related};
use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, InstKind, Module, ParameterKind, PlaceId, Scope,
    Source, Step,
};
use crate::project::Coverage;
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::types::FunctionRef;
use crate::value::Kinds;

/// So many `.get` with a default on what is read make it look optional itself.
const ASKED: usize = 2;

/// `self.known[key]` of a parameter, where another method of the class catches that it is not there.
pub(super) fn looked_up(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let ExprKind::Name(key) = flow.module.kind(index) else {
        return None;
    };
    let name = flow.module.dotted(flow.code, value)?;
    let is_own = name.starts_with("self.") && name.matches('.').count() == 1;
    let is_sequence = flow
        .evaluate
        .value(value)
        .kinds
        .meets(Kinds::LIST | Kinds::TUPLE | Kinds::TEXT | Kinds::BYTES);
    let function = flow.module.name(flow.code.name);
    if !is_own
        || is_sequence
        || function.starts_with('_')
        || !is_passed(boundary, key)
        || is_written(boundary, value)
    {
        return None;
    }
    let mut places = boundary.places(value);
    places.push(key);
    if boundary.is_caught(candidate.at.0, &["KeyError"]) || boundary.is_tested(candidate, &places) {
        return None;
    }
    if is_handed_keys(boundary, key, &name) {
        return None;
    }
    let location = caught_elsewhere(boundary, &name)?;
    let key = boundary.text(index);
    let message = Message::new("read")
        .with("name", name.clone())
        .with("key", key.clone());
    let why = Related {
        location,
        message: Message::new("caught"),
    };
    let help = Message::new("get").with("name", name).with("key", key);
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    // One key after another, each of which may go; callers of the rest mostly know what is there.
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    let is_nested = exprs.any(|expr| {
        matches!(flow.module.kind(expr), ExprKind::Subscript { value, .. } if value == candidate.expr)
    });
    let confidence = if is_nested {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    Some(finding.confidence(confidence).help(help))
}

/// Whether every known caller passes a key that its loop takes out of the very thing.
fn is_handed_keys(boundary: &Boundary<'_>, key: PlaceId, name: &str) -> bool {
    let flow = boundary.flow;
    let mut parameters = flow.code.parameters.iter();
    let Some(position) = parameters.position(|parameter| parameter.place == key) else {
        return false;
    };
    let mut sites = boundary.scene.graph.calls_of(flow.function).peekable();
    sites.peek().is_some()
        && sites.all(|site| {
            let (module, code) = flow.program.code(site.caller);
            let ExprKind::Call { arguments, .. } = module.kind(site.call) else {
                return false;
            };
            let at = position - usize::from(site.bound).min(position);
            let passed = module.arguments(arguments).get(at);
            let passed = passed.and_then(|argument| module.kind(argument.value).place());
            passed.is_some_and(|place| runs_over(module, code, place, name))
        })
}

/// Whether a loop binds a variable to the keys of something, or of a copy of it.
fn runs_over(module: &Module, code: &Function, place: PlaceId, name: &str) -> bool {
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Element { iterable, .. },
            ..
        } => {
            let mut is_of_it = false;
            module.walk(iterable, &mut |part| {
                is_of_it |= module.dotted(code, part).as_deref() == Some(name);
            });
            let mut is_bound = false;
            module.walk(target, &mut |part| {
                is_bound |= module.kind(part).place() == Some(place);
            });
            is_of_it && is_bound
        }
        _ => false,
    })
}

/// Whether a variable is a parameter that the function leaves as it was passed.
fn is_passed(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let mut parameters = boundary.flow.code.parameters.iter();
    let is_parameter = parameters.any(|parameter| {
        parameter.place == place
            && !matches!(
                parameter.kind,
                ParameterKind::Star | ParameterKind::DoubleStar
            )
    });
    is_parameter && boundary.origins(place).is_empty()
}

/// Whether the function writes any key of it.
fn is_written(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let form = flow.form(value);
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, .. } => {
            let mut found = false;
            flow.module.walk(target, &mut |part| {
                found |= matches!(
                    flow.module.kind(part),
                    ExprKind::Subscript { value, .. } if flow.form(value) == form
                ) || flow.form(part) == form;
            });
            found
        }
        _ => false,
    })
}

/// Where another method reads an element of the same attribute under a handler of KeyError alone.
fn caught_elsewhere(boundary: &Boundary<'_>, name: &str) -> Option<crate::text::Location> {
    let flow = boundary.flow;
    let library = flow.program.library;
    let missing = library.class("KeyError", flow.module.dialect)?;
    let everything = library.class("Exception", flow.module.dialect)?;
    let class = flow.program.class_of_method(flow.function)?;
    let id = flow.program.project_class(class)?.id?;
    let body = flow.module.classes.get(id.index())?.span;
    if is_filled_by_reading(flow.module, body, name) {
        return None;
    }
    for (index, code) in flow.module.functions.iter().enumerate() {
        if !body.contains(code.name_span) || code.name_span == flow.code.name_span {
            continue;
        }
        let function: FunctionRef = flow
            .program
            .function(flow.module_ref, FunctionId::new(index));
        for block in &code.blocks {
            let guard = block.guard;
            let catches = |class| flow.program.caught_in(function, guard, class).0;
            if guard.is_none()
                || catches(missing) == Coverage::None
                || catches(everything) == Coverage::Full
            {
                continue;
            }
            for inst in code.insts(block) {
                if let Some(found) = element_of(flow.module, code, inst.kind, name) {
                    return Some(boundary.scene.location(found));
                }
            }
        }
    }
    None
}

/// Whether a class says `self.known = defaultdict(…)`: reading fills it.
fn is_filled_by_reading(module: &Module, body: crate::text::Span, name: &str) -> bool {
    let mut methods = module
        .functions
        .iter()
        .filter(|code| body.contains(code.name_span));
    methods.any(|code| {
        code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: crate::ir::Source::Value(value),
                ..
            } => {
                let made = match module.kind(value) {
                    ExprKind::Call { callee, .. } => module.dotted(code, callee),
                    _ => None,
                };
                let is_default = made.is_some_and(|made| {
                    let last = made.rsplit('.').next().unwrap_or_default();
                    !matches!(last, "dict" | "OrderedDict" | "WeakValueDictionary")
                });
                is_default && module.dotted(code, target).as_deref() == Some(name)
            }
            _ => false,
        })
    })
}

/// `self.known[…]` in an instruction.
fn element_of(
    module: &Module,
    code: &crate::ir::Function,
    kind: InstKind,
    name: &str,
) -> Option<ExprId> {
    let mut found = None;
    let target = match kind {
        InstKind::Bind { target, .. } => Some(target),
        _ => None,
    };
    kind.for_each_expr(&mut |root| {
        module.walk(root, &mut |part| {
            if let ExprKind::Subscript { value, .. } = module.kind(part)
                && Some(part) != target
                && module.dotted(code, value).as_deref() == Some(name)
            {
                found = found.or(Some(part));
            }
        });
    });
    found
}

/// `p["settings"].get("lang", "en")`, twice: where everything in it is optional, so is it.
pub(super) fn inside(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    value: ExprId,
    index: ExprId,
) -> Option<ExprId> {
    let flow = boundary.flow;
    let place = flow.place_of(value)?;
    if !is_handed_in(boundary, place) || is_filled_in(boundary, index) {
        return None;
    }
    let form = flow.form(candidate.expr);
    let exprs = flow.code.exprs.range().map(ExprId::new);
    let asked: Vec<ExprId> = exprs
        .filter(|&expr| {
            matches!(
                boundary.called(expr),
                Some(("get", Some(receiver), arguments))
                    if arguments.len() == 2 && flow.form(receiver) == form
            )
        })
        .collect();
    (asked.len() >= ASKED).then(|| asked[0])
}

/// Whether the project says `d.setdefault(key, …)` anywhere: whoever hands the thing on has filled it in.
fn is_filled_in(boundary: &Boundary<'_>, index: ExprId) -> bool {
    let ExprKind::Text(key) = boundary.flow.module.kind(index) else {
        return false;
    };
    let key = boundary.flow.program.symbol(boundary.flow.module_ref, key);
    boundary.scene.habits.fills_in(key)
}

/// Whether a variable is a parameter, or runs over one.
fn is_handed_in(boundary: &Boundary<'_>, place: PlaceId) -> bool {
    let flow = boundary.flow;
    let is_parameter = |place: PlaceId| {
        matches!(
            flow.code.place(place).step,
            Step::Variable {
                scope: Scope::Parameter { .. },
                ..
            }
        )
    };
    let runs_over = || {
        boundary.sources(place).iter().any(|&source| {
            let mut places = boundary.places(source).into_iter();
            places.any(is_parameter)
        })
    };
    let is_own = flow.code.class.is_some()
        && flow.code.parameters.first().map(|first| first.place) == Some(place);
    !is_own
        && (is_parameter(place) && boundary.origins(place).is_empty()
            || matches!(boundary.origins(place)[..], [] | [Origin::Element(_)]) && runs_over())
}
