//! Documents followed beyond the function at work: through results, attributes, globals and what callers pass.

use super::document::{Document, is_empty, of_any, of_source};
use super::looked::{CHECKING, FILLING, is_looked_at};
use crate::finding::Confidence;
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, FunctionId, InstKind, Module, PlaceId, Scope, Source,
    Step,
};
use crate::project::{Actual, CallKind, Target, actuals};
use crate::rules::is_test;
use crate::rules::sequences::{Boundary, Origin};
use std::cell::Cell;

/// So many expressions are looked at for one document.
const STEPS: u32 = 120;

/// More callers, results or stores are not asked.
const WAYS: usize = 8;

/// What handlers call what somebody has sent.
const MESSAGES: [&str; 9] = [
    "event",
    "payload",
    "message",
    "msg",
    "update",
    "body",
    "webhook",
    "notification",
    "envelope",
];

/// One search for where a document comes from.
pub(super) struct Search<'k> {
    /// The key that is read, if there is one.
    key: Option<&'k str>,
    left: Cell<u32>,
}

impl<'k> Search<'k> {
    pub(super) fn of(key: Option<&'k str>) -> Self {
        Self {
            key,
            left: Cell::new(STEPS),
        }
    }

    /// Nothing once too much was looked at.
    pub(super) fn step(&self) -> Option<()> {
        self.left.set(self.left.get().checked_sub(1)?);
        Some(())
    }

    /// What a function of the project returns.
    pub(super) fn of_result(
        &self,
        boundary: &Boundary<'_>,
        call: ExprId,
        depth: usize,
    ) -> Option<Document> {
        let flow = boundary.flow;
        let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
            return None;
        };
        let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee))
        else {
            return None;
        };
        let found = boundary.in_another(function, |inner| self.of_returned(inner, depth))?;
        Some(Document {
            expr: call,
            ..found
        })
    }

    /// What the function itself returns. Whoever has looked at the document before leaves little to be missed.
    fn of_returned(&self, inner: &Boundary<'_>, depth: usize) -> Option<Document> {
        let code = inner.flow.code;
        if code.is_generator || is_shaped(inner.flow.module, code) {
            return None;
        }
        let mut found: Option<Document> = None;
        let returned = code.insts.iter().filter_map(|inst| match inst.kind {
            InstKind::Return(Some(value)) => Some(value),
            _ => None,
        });
        for value in returned.take(WAYS).filter(|&value| !is_empty(inner, value)) {
            let mut one = of_source(inner, value, depth, self)?;
            if is_looked_at(inner, value) {
                one.confidence = Confidence::Low;
            }
            one = one.seen_in(inner);
            found = Some(one.or_worse(found));
        }
        found
    }

    /// What the object at work keeps under a name.
    pub(super) fn of_stored(
        &self,
        boundary: &Boundary<'_>,
        expr: ExprId,
        depth: usize,
    ) -> Option<Document> {
        let flow = boundary.flow;
        let ExprKind::Attribute {
            value: object,
            name,
            ..
        } = flow.module.kind(expr)
        else {
            return None;
        };
        let own = flow.code.parameters.first()?.place;
        let class = flow.program.class_of_method(flow.function)?;
        if flow.place_of(object) != Some(own) {
            return None;
        }
        let symbol = flow.program.symbol(flow.module_ref, name);
        if let Some(getter) = flow.program.property(flow.evaluate.value(object), symbol) {
            let found = boundary.in_another(getter, |inner| self.of_returned(inner, depth))?;
            return Some(Document { expr, ..found });
        }
        let mut stores = Vec::new();
        for class in flow.program.linearization(class).into_iter().take(WAYS) {
            let Some(info) = flow.program.project_class(class) else {
                continue;
            };
            if let Some(attribute) = info.attributes.get(&symbol) {
                stores.extend(attribute.assignments.iter().copied());
            }
        }
        if stores.is_empty() || stores.len() > WAYS {
            return None;
        }
        let written = flow.module.name(name);
        if self.is_settled(boundary, written) {
            return None;
        }
        let mut found: Option<Document> = None;
        for store in stores {
            let one = boundary.in_another(store.function, |inner| {
                self.of_store(inner, store.location.span, written, depth)
            })?;
            if let Some(one) = one {
                found = Some(one.or_worse(found));
            }
        }
        found.map(|found| Document { expr, ..found })
    }

    /// What a statement puts into an attribute: nothing where that cannot be told, nothing inside where it has no keys.
    fn of_store(
        &self,
        inner: &Boundary<'_>,
        statement: crate::text::Span,
        written: &str,
        depth: usize,
    ) -> Option<Option<Document>> {
        let module = inner.flow.module;
        let is_it = |target: ExprId| match module.kind(target) {
            ExprKind::Attribute { name, .. } => {
                module.name(name) == written && statement.contains(module.span(target))
                    || module.span(target).contains(statement) && module.name(name) == written
            }
            _ => false,
        };
        let value = inner
            .flow
            .code
            .insts
            .iter()
            .find_map(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } if is_it(target) => Some(value),
                _ => None,
            })?;
        if is_empty(inner, value) {
            return Some(None);
        }
        let mut found = of_source(inner, value, depth, self)?;
        if is_looked_at(inner, value) {
            found.confidence = Confidence::Low;
        }
        found = found.seen_in(inner);
        Some(Some(found))
    }

    /// Whether the class of the function at work makes sure somewhere that the key is there, or fills the thing.
    fn is_settled(&self, boundary: &Boundary<'_>, attribute: &str) -> bool {
        let flow = boundary.flow;
        let module = flow.module;
        let Some(class) = flow.code.class else {
            return false;
        };
        let body = module.class(class).span;
        let mut methods = module
            .functions
            .iter()
            .filter(|code| body.contains(code.name_span) && code.name_span != flow.code.name_span);
        methods.any(|code| {
            let is_it = |expr: ExprId| match module.kind(expr) {
                ExprKind::Attribute { name, .. } => module.name(name) == attribute,
                _ => false,
            };
            let mut exprs = code.exprs.range().map(ExprId::new);
            let is_asked = exprs.any(|expr| match module.kind(expr) {
                ExprKind::Compare {
                    operator: Comparison::In | Comparison::NotIn,
                    left,
                    right,
                } => {
                    is_it(right) && !matches!(module.kind(left), ExprKind::Text(_)) || {
                        is_it(right)
                            && self.is_key(module, left)
                            && is_start(module.name(code.name))
                    }
                }
                ExprKind::Call { callee, arguments } => {
                    let arguments = module.arguments(arguments);
                    match module.kind(callee) {
                        ExprKind::Attribute { value, name, .. } if is_it(value) => {
                            FILLING.contains(&module.name(name))
                        }
                        _ => {
                            is_checking(module, code, callee)
                                && arguments.iter().any(|argument| is_it(argument.value))
                        }
                    }
                }
                _ => false,
            });
            is_asked
                || code.insts.iter().any(|inst| match inst.kind {
                    InstKind::Bind { target, .. } => match module.kind(target) {
                        ExprKind::Subscript { value, index, .. } => {
                            is_it(value)
                                && (self.is_key(module, index)
                                    || !matches!(module.kind(index), ExprKind::Text(_)))
                        }
                        _ => false,
                    },
                    _ => false,
                })
        })
    }

    fn is_key(&self, module: &Module, expr: ExprId) -> bool {
        match module.kind(expr) {
            ExprKind::Text(text) => Some(module.name(text)) == self.key,
            _ => false,
        }
    }

    /// What a variable of the function around holds.
    pub(super) fn of_outer(
        &self,
        boundary: &Boundary<'_>,
        expr: ExprId,
        owner: FunctionId,
        place: PlaceId,
        depth: usize,
    ) -> Option<Document> {
        let owner = boundary
            .flow
            .program
            .function(boundary.flow.module_ref, owner);
        let found = boundary.in_another(owner, |inner| {
            if self.is_asked_in(inner.flow.module, inner.flow.code) {
                return None;
            }
            let values = only_values(inner, place)?;
            let mut found = of_any(inner, &values, depth, self)?;
            found = found.seen_in(inner);
            Some(found)
        })?;
        Some(Document { expr, ..found })
    }

    /// What a variable of the module holds, whichever function fills it.
    pub(super) fn of_global(
        &self,
        boundary: &Boundary<'_>,
        expr: ExprId,
        name: &str,
        depth: usize,
    ) -> Option<Document> {
        let flow = boundary.flow;
        let module = flow.module;
        let mut found: Option<Document> = None;
        for (index, code) in module.functions.iter().enumerate() {
            let place = (0..code.places.len()).map(PlaceId::new).find(|&place| {
                match code.place(place).step {
                    Step::Variable { name: known, scope } => {
                        module.name(known) == name
                            && (index == 0 || matches!(scope, Scope::Global { declared: true }))
                    }
                    _ => false,
                }
            });
            let Some(place) = place else { continue };
            let function = flow
                .program
                .function(flow.module_ref, FunctionId::new(index));
            let one = boundary.in_another(function, |inner| {
                let values = only_values(inner, place);
                let Some(values) = values else {
                    return (index != 0 && inner.sources(place).is_empty()).then_some(None);
                };
                if self.is_asked_in(module, inner.flow.code) {
                    return None;
                }
                if values.iter().all(|&value| is_empty(inner, value)) {
                    return Some(None);
                }
                let mut one = of_any(inner, &values, depth, self)?;
                if values.iter().any(|&value| is_looked_at(inner, value)) {
                    one.confidence = Confidence::Low;
                }
                one = one.seen_in(inner);
                Some(Some(one))
            })?;
            if let Some(one) = one {
                found = Some(one.or_worse(found));
            }
        }
        found.map(|found| Document { expr, ..found })
    }

    /// What all known callers pass.
    pub(super) fn of_parameter(
        &self,
        boundary: &Boundary<'_>,
        expr: ExprId,
        index: u16,
        depth: usize,
    ) -> Option<Document> {
        let flow = boundary.flow;
        let parameter = flow.code.parameters.get(usize::from(index))?;
        if super::belief::is_typed(boundary, expr) || parameter.default.is_some() {
            return None;
        }
        let mut found: Option<Document> = None;
        let sites = boundary.scene.graph.calls_of(flow.function);
        let mut count = 0;
        for site in sites.filter(|site| !is_test(flow.program, site.caller)) {
            count += 1;
            if count > WAYS || site.kind == CallKind::Implicit {
                return self.of_message(boundary, expr, parameter.place);
            }
            let one = boundary.in_another(site.caller, |inner| {
                let module = inner.flow.module;
                let ExprKind::Call { arguments, .. } = module.kind(site.call) else {
                    return None;
                };
                if self.is_asked_in(module, inner.flow.code) {
                    return None;
                }
                let arguments = module.arguments(arguments);
                let given = actuals(module, arguments, flow.module, flow.code, site.bound);
                let Some(&Actual::Given(value)) = given.get(usize::from(index)) else {
                    return None;
                };
                let mut one = of_source(inner, value, depth, self)?;
                if is_looked_at(inner, value) {
                    one.confidence = Confidence::Low;
                }
                one = one.seen_in(inner);
                Some(one)
            });
            let Some(one) = one else {
                return self.of_message(boundary, expr, parameter.place);
            };
            found = Some(one.or_worse(found));
        }
        match found {
            Some(found) => Some(Document { expr, ..found }),
            None if count == 0 => self.of_message(boundary, expr, parameter.place),
            None => None,
        }
    }

    /// A message that somebody hands to a handler of whom no call is known, where another key of it is asked for with care.
    fn of_message(
        &self,
        boundary: &Boundary<'_>,
        expr: ExprId,
        place: PlaceId,
    ) -> Option<Document> {
        let flow = boundary.flow;
        // What kind of message it is, each one says: a protocol could not be read otherwise.
        if self.key? == "type" || has_schema(boundary) {
            return None;
        }
        let name = flow.place_text(place).to_ascii_lowercase();
        if !MESSAGES.contains(&name.as_str()) {
            return None;
        }
        let is_text = |expr: &ExprId| matches!(flow.module.kind(*expr), ExprKind::Text(_));
        let mut exprs = flow.code.exprs.range().map(ExprId::new);
        // `in` tells one kind of message from another.
        let is_sparse = exprs.any(|asked| {
            matches!(
                boundary.called(asked),
                Some(("get", Some(receiver), arguments))
                    if flow.place_of(receiver) == Some(place) && arguments.first().is_some_and(is_text)
            )
        });
        // What a protocol prescribes it always has: that one key is optional says little of another.
        is_sparse.then(|| Document::new("message", expr, Confidence::Low))
    }

    /// Whether a function mentions the key at all: it may have looked.
    fn is_asked_in(&self, module: &Module, code: &Function) -> bool {
        let mut exprs = code.exprs.range().map(ExprId::new);
        self.key.is_some() && exprs.any(|expr| self.is_key(module, expr))
    }
}

/// `__init__`, `load`: what runs before anything else does.
fn is_start(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    [
        "init", "load", "start", "setup", "read", "valid", "check", "parse",
    ]
    .iter()
    .any(|word| name.starts_with(word))
}

/// Whether the annotation behind `->` names a type of its own.
fn is_shaped(module: &Module, code: &Function) -> bool {
    let (Some(annotation), Some(parent)) = (code.returns, code.parent) else {
        return false;
    };
    module
        .dotted(module.function(parent), annotation)
        .is_some_and(|name| super::belief::is_shape(&name))
}

/// The values of a variable that is bound to nothing else.
fn only_values(inner: &Boundary<'_>, place: PlaceId) -> Option<Vec<ExprId>> {
    let origins = inner.origins(place);
    let mut values = Vec::new();
    for origin in origins {
        match origin {
            Origin::Value(value) => values.push(value),
            Origin::Element(_) => return None,
        }
    }
    (!values.is_empty()).then_some(values)
}

fn is_checking(module: &Module, code: &Function, callee: ExprId) -> bool {
    module.dotted(code, callee).is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        CHECKING.iter().any(|word| last.contains(word))
    })
}

/// Whether a decorator is told what the function's message holds: `@command({"type": str})`, `@command(SCHEMA)`.
fn has_schema(boundary: &Boundary<'_>) -> bool {
    let flow = boundary.flow;
    let decorators = flow.module.list(flow.code.decorators).iter();
    let mut told = decorators.filter_map(|&decorator| match flow.module.kind(decorator) {
        ExprKind::Call { arguments, .. } => Some(flow.module.arguments(arguments)),
        _ => None,
    });
    told.any(|arguments| {
        { arguments.iter() }
            .any(|argument| !matches!(flow.module.kind(argument.value), ExprKind::Text(_)))
    })
}
