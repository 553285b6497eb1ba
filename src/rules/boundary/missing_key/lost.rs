//! `self.open.remove(session)`, `del self.locks[key]`, `self.channels[fd]` in a callback: what another method of the class may
//! have removed before.

use super::removed::is_key_of;
use crate::finding::{Finding, Message, Related};
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind, Module,
    NameId, PlaceId, Source,
};
use crate::project::Coverage;
use crate::rules::sequences::{Boundary, Candidate};
use crate::text::{Location, Span};
use crate::value::Kinds;

/// Words in the names of methods that something outside the class calls when it likes.
const CALLED_BACK: [&str; 14] = [
    "on_",
    "_on_",
    "handle",
    "_handle",
    "close",
    "disconnect",
    "lost",
    "finish",
    "release",
    "drop",
    "expire",
    "timeout",
    "cleanup",
    "stop",
];

/// Words in the names of methods that say that they remove: whoever calls them knows what is there.
const REMOVING: [&str; 8] = [
    "remove",
    "delete",
    "unregister",
    "unsubscribe",
    "discard",
    "pop",
    "detach",
    "del_",
];

/// Removals in the function at work, each with what it is removed from and by which key.
pub(super) fn lost(boundary: &Boundary<'_>) -> Vec<Finding> {
    let flow = boundary.flow;
    let own = flow.module.name(flow.code.name);
    if flow.code.kind != FunctionKind::Def
        || flow.program.class_of_method(flow.function).is_none()
        || (own.starts_with("__") && own != "__del__")
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for at in flow.code.block(block).insts.range() {
            let removal = removal(flow.module, flow.code.insts[at].kind);
            if let Some(removal) = removal
                && removal.is_bare
                && let Some(finding) = told(boundary, (block, at as u32), removal)
            {
                found.push(finding);
            }
        }
    }
    found
}

/// Something is removed from an attribute.
#[derive(Clone, Copy, Debug)]
struct Removal {
    /// All of it.
    expr: ExprId,
    /// What it is removed from.
    from: ExprId,
    /// The attribute.
    attribute: NameId,
    /// What is removed.
    key: ExprId,
    /// It raises if that is not there.
    is_bare: bool,
}

/// What an instruction removes from an attribute: `x.remove(k)`, `x.discard(k)`, `x.pop(k)`, `x.pop(k, None)`, `del x[k]`.
fn removal(module: &Module, kind: InstKind) -> Option<Removal> {
    let (expr, from, key, is_bare) = match kind {
        InstKind::Forget(target) => match module.kind(target) {
            ExprKind::Subscript { value, index, .. } => (target, value, index, true),
            _ => return None,
        },
        InstKind::Eval(call)
        | InstKind::Bind {
            source: Source::Value(call),
            ..
        }
        | InstKind::Return(Some(call)) => {
            let ExprKind::Call { callee, arguments } = module.kind(call) else {
                return None;
            };
            let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
                return None;
            };
            match (module.name(name), module.arguments(arguments)) {
                ("remove" | "pop", [key]) => (call, value, key.value, true),
                ("discard", [key]) | ("pop", [key, _]) => (call, value, key.value, false),
                _ => return None,
            }
        }
        _ => return None,
    };
    let is_computed = matches!(
        module.kind(key),
        ExprKind::Name(_) | ExprKind::Attribute { .. }
    );
    match module.kind(from) {
        ExprKind::Attribute { name, .. } if is_computed => Some(Removal {
            expr,
            from,
            attribute: name,
            key,
            is_bare,
        }),
        _ => None,
    }
}

fn told(boundary: &Boundary<'_>, at: (BlockId, u32), removal: Removal) -> Option<Finding> {
    let flow = boundary.flow;
    let module = flow.module;
    let own = flow.code.parameters.first()?.place;
    let ExprKind::Attribute { value: object, .. } = module.kind(removal.from) else {
        return None;
    };
    let is_by_index = flow.evaluate.value(removal.key).kinds == Kinds::NUMBER;
    if flow.place_of(object) != Some(own) || is_by_index || !is_given(boundary, removal.key) {
        return None;
    }
    let candidate = Candidate {
        expr: removal.expr,
        root: removal.expr,
        at,
    };
    let mut places = boundary.places(removal.from);
    places.extend(boundary.places(removal.key));
    if boundary.is_caught(at.0, &["KeyError", "ValueError"])
        || boundary.is_tested(candidate, &places)
        || is_touched_before(boundary, removal)
        || is_key_of(boundary, removal.key, removal.from)
    {
        return None;
    }
    let why = evidence(boundary, removal)?;
    let name = boundary.text(removal.from);
    let finding = boundary.scene.at(
        removal.expr,
        Message::new("removed").with("name", name.clone()),
    );
    let help = Message::new("discard").with("name", name);
    Some(finding.because(why).help(help))
}

/// Why what is removed may be gone: another method removes from the same attribute with care, or a callback removes what
/// another method removes too.
fn evidence(boundary: &Boundary<'_>, of: Removal) -> Option<Related> {
    let flow = boundary.flow;
    let attribute = of.attribute;
    let module = flow.module;
    let own = module.name(flow.code.name).to_ascii_lowercase();
    let says_so = REMOVING
        .iter()
        .any(|word| own.trim_start_matches('_').starts_with(word));
    let is_callback = CALLED_BACK
        .iter()
        .any(|word| own.starts_with(word) || own.trim_start_matches('_').starts_with(word));
    let body = class_body(boundary)?;
    let is_deleted = !matches!(module.kind(of.expr), ExprKind::Call { .. });
    let mut another = None;
    for (index, code) in module.functions.iter().enumerate() {
        let is_method = body.contains(code.name_span) && code.kind == FunctionKind::Def;
        if !is_method || code.name_span == flow.code.name_span {
            continue;
        }
        if is_deleted
            && !says_so
            && let Some(asked) = asked(module, code, attribute)
        {
            return Some(related(boundary, asked, "asked"));
        }
        for block in &code.blocks {
            for inst in code.insts(block) {
                let Some(removal) = removal(module, inst.kind) else {
                    continue;
                };
                if removal.attribute != attribute {
                    continue;
                }
                let function = flow
                    .program
                    .function(flow.module_ref, FunctionId::new(index));
                let guard = block.guard;
                let is_careful = !removal.is_bare
                    || asks(module, code, attribute)
                    || is_caught_narrowly(boundary, function, guard);
                if is_careful && (!says_so || is_callback) {
                    return Some(related(boundary, removal.expr, "careful"));
                }
                another = another.or(Some(removal.expr));
            }
        }
    }
    let another = another.filter(|_| is_callback && !says_so)?;
    Some(related(boundary, another, "elsewhere"))
}

/// Where a method asks with `.get()` what is there, and tests whether anything is.
fn asked(module: &Module, code: &Function, attribute: NameId) -> Option<ExprId> {
    let (target, call) = code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(call),
            ..
        } => {
            let ExprKind::Call { callee, arguments } = module.kind(call) else {
                return None;
            };
            let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
                return None;
            };
            let is_it = module.name(name) == "get" && arguments.count == 1;
            let of = module.kind(value);
            (is_it && matches!(of, ExprKind::Attribute { name, .. } if name == attribute))
                .then_some((target, call))
        }
        _ => None,
    })?;
    let place = module.kind(target).place()?;
    let is_tested = code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => match module.kind(test) {
            ExprKind::Compare { left, right, .. } => {
                module.kind(left).place() == Some(place)
                    && matches!(module.kind(right), ExprKind::None)
            }
            ExprKind::Unary { operand, .. } => module.kind(operand).place() == Some(place),
            kind => kind.place() == Some(place),
        },
        _ => false,
    });
    is_tested.then_some(call)
}

fn related(boundary: &Boundary<'_>, expr: ExprId, key: &'static str) -> Related {
    let location: Location = boundary.scene.location(expr);
    Related {
        location,
        message: Message::new(key),
    }
}

fn class_body(boundary: &Boundary<'_>) -> Option<Span> {
    let flow = boundary.flow;
    let class = flow.program.class_of_method(flow.function)?;
    let id = flow.program.project_class(class)?.id?;
    Some(flow.module.classes.get(id.index())?.span)
}

/// Whether a handler is there for a key that is not: of KeyError or ValueError, and of nothing broad.
fn is_caught_narrowly(
    boundary: &Boundary<'_>,
    function: crate::types::FunctionRef,
    guard: Option<crate::ir::TryId>,
) -> bool {
    let flow = boundary.flow;
    let dialect = flow.module.dialect;
    let caught = |name: &str| {
        flow.program
            .library
            .class(name, dialect)
            .is_some_and(|class| flow.program.caught_in(function, guard, class).0 == Coverage::Full)
    };
    guard.is_some() && (caught("KeyError") || caught("ValueError")) && !caught("Exception")
}

/// Whether a method asks whether something is in an attribute: `k in self.known`.
fn asks(module: &Module, code: &Function, attribute: NameId) -> bool {
    let mut exprs = code.exprs.range().map(ExprId::new);
    exprs.any(|expr| match module.kind(expr) {
        ExprKind::Compare {
            operator: Comparison::In | Comparison::NotIn,
            right,
            ..
        } => matches!(module.kind(right), ExprKind::Attribute { name, .. } if name == attribute),
        _ => false,
    })
}

/// Whether a key is a parameter, an attribute of one, or made of one, that the function leaves as it was passed.
fn is_given(boundary: &Boundary<'_>, key: ExprId) -> bool {
    let flow = boundary.flow;
    let is_passed = |expr: ExprId| {
        let places = boundary.places(expr);
        let mut roots = places.into_iter().map(|place| flow.code.root(place));
        roots.any(|root| {
            let mut parameters = flow.code.parameters.iter().skip(1);
            parameters.any(|parameter| parameter.place == root) && boundary.sources(root).is_empty()
        })
    };
    is_passed(key)
        || matches!(boundary.values(key)[..], [value] if value != key && is_passed(value))
}

/// Whether the function reads the same element before, or puts it in: then it is there, or fails there.
fn is_touched_before(boundary: &Boundary<'_>, removal: Removal) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let (from, key) = (flow.form(removal.from), flow.form(removal.key));
    let before = module.span(removal.expr).start;
    let mut exprs = flow.code.exprs.range().map(ExprId::new);
    exprs.any(|expr| {
        module.span(expr).start < before
            && match module.kind(expr) {
                ExprKind::Subscript { value, index, .. } => {
                    flow.form(value) == from && flow.form(index) == key
                }
                ExprKind::Call { .. } => match boundary.called(expr) {
                    Some(("add" | "append" | "index", Some(receiver), arguments)) => {
                        flow.form(receiver) == from
                            && arguments
                                .first()
                                .is_some_and(|&first| flow.form(first) == key)
                    }
                    _ => false,
                },
                _ => false,
            }
    })
}

/// `self.channels[fd]` in a callback, where another function of the file removes from the attribute of that name, and the
/// callback asks nothing.
pub(super) fn read_late(boundary: &Boundary<'_>, candidate: Candidate) -> Option<Finding> {
    let flow = boundary.flow;
    let module = flow.module;
    let ExprKind::Subscript { value, index, .. } = module.kind(candidate.expr) else {
        return None;
    };
    let ExprKind::Attribute {
        value: object,
        name,
        ..
    } = module.kind(value)
    else {
        return None;
    };
    let own = module.name(flow.code.name);
    let is_callback = ["on_", "_on_", "handle_", "_handle_"]
        .iter()
        .any(|start| own.starts_with(start));
    let first: Option<PlaceId> = flow.code.parameters.first().map(|first| first.place);
    let is_sequence = flow
        .evaluate
        .value(value)
        .kinds
        .meets(Kinds::LIST | Kinds::TUPLE | Kinds::TEXT | Kinds::BYTES);
    // A timer is cancelled by whoever removes what it is for.
    if !is_callback
        || own.contains("timeout")
        || flow.code.class.is_none()
        || flow.place_of(object) != first
        || !matches!(module.kind(index), ExprKind::Name(_))
        || !is_given(boundary, index)
        || is_sequence
    {
        return None;
    }
    let own_places = boundary.places(value);
    let key_place = flow.place_of(index);
    // `if self.is_gone(number): return`
    let asks = |test: ExprId| {
        let mut is_asked = false;
        flow.module.walk(test, &mut |part| {
            is_asked |= boundary.called(part).is_some_and(|(_, _, arguments)| {
                let mut arguments = arguments.iter();
                arguments.any(|&given| flow.place_of(given) == key_place)
            });
        });
        is_asked || boundary.mentions(test, &own_places)
    };
    if boundary.is_caught(candidate.at.0, &["KeyError"])
        || boundary.is_tested_by(candidate, &asks, false)
        || is_written_here(boundary, value)
    {
        return None;
    }
    let removes = |code: &Function| {
        let mut found = None;
        for inst in &code.insts {
            let removed = removal(module, inst.kind);
            if let Some(removed) = removed.filter(|removed| removed.attribute == name) {
                found = Some(removed.expr);
            }
        }
        found
    };
    let mut others = module
        .functions
        .iter()
        .filter(|code| code.name_span != flow.code.name_span);
    let elsewhere = others.find_map(removes)?;
    let text = boundary.text(value);
    let key = boundary.text(index);
    let message = Message::new("read")
        .with("name", text.clone())
        .with("key", key.clone());
    let help = Message::new("get").with("name", text).with("key", key);
    let finding = boundary.scene.at(candidate.expr, message);
    Some(
        finding
            .because(related(boundary, elsewhere, "elsewhere"))
            .help(help),
    )
}

/// Whether the function writes any key of it.
fn is_written_here(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let form = flow.form(value);
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, .. } => matches!(
            flow.module.kind(target),
            ExprKind::Subscript { value, .. } if flow.form(value) == form
        ),
        _ => false,
    })
}
