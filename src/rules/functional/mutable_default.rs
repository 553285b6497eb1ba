//! `mutable-default`: a default argument is made once, and this function changes it.

mod changes;

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Flow, Reaching, Start};
use crate::ir::{
    ComprehensionKind, ExprId, ExprKind, Function, FunctionId, InstKind, Module, Parameter,
    PlaceId, Scope, Source, Step,
};
use crate::project::{Actual, actuals};
use crate::rules::around::{around, called};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::{Location, Span};
use crate::types::FunctionRef;
use changes::{changed_path, changes_of, stored};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "mutable-default",
    family: Family::Functional,
    page: include_str!("../../../rules/mutable-default.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// A default is followed through so many calls.
const CALLS: u32 = 3;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let mut findings = Vec::new();
    for index in 0..program.function_count() as u32 {
        let function = FunctionRef(index);
        let (module, code) = program.code(function);
        for parameter in &code.parameters {
            let shared = code
                .parent
                .map(|parent| module.function(parent))
                .zip(parameter.default)
                .and_then(|(parent, default)| mutable(module, parent, default));
            if let Some(shared) = shared {
                let default = Default {
                    rule,
                    whole,
                    function,
                    parameter,
                    shared,
                };
                let is_memory = is_memory(module.name(parameter.name));
                if !is_memory || default.is_handed_out() {
                    findings.extend(default.finding());
                }
            }
        }
    }
    findings
}

/// A mutable object that is made when a function is defined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shared {
    /// With nothing in it.
    Empty,
    /// With something in it.
    Full,
}

fn mutable(module: &Module, parent: &Function, default: ExprId) -> Option<Shared> {
    let by = |is_empty: bool| {
        Some(if is_empty {
            Shared::Empty
        } else {
            Shared::Full
        })
    };
    match module.kind(default) {
        // `last=[0]` is a cell for what the function remembers.
        ExprKind::List(parts) if parts.count == 1 => None,
        ExprKind::List(parts) | ExprKind::Dict(parts) | ExprKind::Set(parts) => {
            by(parts.is_empty())
        }
        ExprKind::Comprehension(id)
            if module.comprehension(id).kind != ComprehensionKind::Generator =>
        {
            Some(Shared::Full)
        }
        ExprKind::Call { callee, arguments } => {
            let name = called(module, parent, callee);
            let is_made = matches!(
                name,
                "list" | "dict" | "set" | "defaultdict" | "OrderedDict" | "deque" | "Counter"
            );
            let given = module.arguments(arguments).len();
            let factory = usize::from(name == "defaultdict");
            is_made.then_some(())?;
            by(given <= factory)
        }
        _ => None,
    }
}

/// A default that is there to be remembered: `_cache={}`, `memo={}`.
fn is_memory(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('_')
        || ["cache", "memo", "registry", "static"]
            .iter()
            .any(|word| lower.contains(word))
}

/// What a function does with what it was given.
struct Change {
    location: Location,
    key: &'static str,
    how: String,
    /// Nothing changes it here, but others get hold of it.
    is_let_out: bool,
}

struct Default<'s> {
    rule: &'static Rule,
    whole: &'s Whole<'s>,
    function: FunctionRef,
    parameter: &'s Parameter,
    shared: Shared,
}

impl Default<'_> {
    fn finding(&self) -> Option<Finding> {
        let program = self.whole.program;
        let (module, code) = program.code(self.function);
        let name = module.name(self.parameter.name);
        let change = self.change();
        let key = match &change {
            Some(change) if change.is_let_out => "let-out",
            Some(_) => "changed",
            None => "default",
        };
        let is_unused = !is_used(module, code, self.parameter.place);
        if change.is_none() && (is_unused || program.decoration(self.function).is_abstract) {
            return None;
        }
        let message = Message::new(key).with("name", name);
        let span = self.parameter.span;
        let mut finding = draft(self.rule, program, self.function, span, message)
            .help(Message::new("none").with("name", name));
        finding.statement = code.name_span.start;
        match change {
            Some(change) => {
                if change.is_let_out {
                    finding.severity = Severity::Hint;
                }
                let message = Message::new(change.key)
                    .with("name", name)
                    .with("how", change.how);
                Some(
                    finding
                        .because(Related {
                            location: change.location,
                            message,
                        })
                        .confidence(Confidence::High),
                )
            }
            None => {
                finding.severity = Severity::Hint;
                Some(finding.confidence(Confidence::Low))
            }
        }
    }

    /// Whether what the function remembers is also what it returns: each caller then has what the others put in.
    fn is_handed_out(&self) -> bool {
        let (module, code) = self.whole.program.code(self.function);
        let place = self.parameter.place;
        let is_public = !module.name(self.parameter.name).starts_with('_');
        let mut insts = code.insts.iter();
        is_public
            && insts.any(|inst| {
                matches!(inst.kind, InstKind::Return(Some(value)) if module.kind(value) == ExprKind::Name(place))
            })
            && self.change().is_some_and(|change| !change.is_let_out)
    }

    /// The first thing that changes the default itself, or lets it out.
    fn change(&self) -> Option<Change> {
        let flow = self.whole.flow(self.function);
        let place = self.parameter.place;
        let ways = Reaching::of(&flow);
        let reach = ways.reach(place, Start::Entry);
        let is_default = |name: ExprId, inst: u32| {
            reach.is_read_by(name) && !is_under_truth(&flow, &ways, place, inst, name)
        };
        let mut let_out = None;
        for (index, inst) in flow.code.insts.iter().enumerate() {
            let index = index as u32;
            let found = changes_of(flow.module, flow.code, inst.kind, place, self.shared);
            for (name, at, how) in found {
                if is_default(name, index) {
                    return Some(self.at(flow.module.span(at), "change", how, false));
                }
            }
            if let Some((attribute, name)) = stored(flow.module, flow.code, inst.kind, place)
                && is_default(name, index)
            {
                if let Some(change) = self.changed_attribute(attribute) {
                    return Some(change);
                }
                let how = format!("self.{attribute}");
                let_out.get_or_insert_with(|| self.at(inst.span, "stored", how, true));
            }
            if let InstKind::Return(Some(value)) = inst.kind
                && flow.module.kind(value) == ExprKind::Name(place)
                && is_default(value, index)
            {
                let_out.get_or_insert_with(|| self.at(inst.span, "returned", String::new(), true));
            }
        }
        let passed = self.changed_by_callee(self.function, place, CALLS, &mut |name, at| {
            let holds = |inst: &crate::ir::Inst| crate::rules::around::covers(inst.span, at);
            let inst = flow.code.insts.iter().rposition(holds);
            inst.is_some_and(|inst| is_default(name, inst as u32))
        });
        let inside = || self.changed_inside(place);
        passed.or_else(inside).or(let_out)
    }

    fn at(
        &self,
        span: Span,
        key: &'static str,
        how: impl Into<String>,
        is_let_out: bool,
    ) -> Change {
        Change {
            location: Location {
                file: self.whole.program.file(self.function),
                span,
            },
            key,
            how: how.into(),
            is_let_out,
        }
    }

    /// A function inside this one that changes it.
    fn changed_inside(&self, wanted: PlaceId) -> Option<Change> {
        let (module_ref, id) = self.whole.program.locate(self.function);
        let module = self.whole.program.module(module_ref);
        let code = module.function(id);
        if !is_captured(code, wanted) {
            return None;
        }
        for inner in module.inside(id) {
            let inner = module.function(inner);
            let Some(place) = free_place(inner, id, wanted) else {
                continue;
            };
            for inst in &inner.insts {
                let found = changes_of(module, inner, inst.kind, place, self.shared);
                if let Some((_, at, how)) = found.into_iter().next() {
                    return Some(self.at(module.span(at), "change", how, false));
                }
            }
        }
        None
    }

    /// A function of the project that changes what it is given here.
    fn changed_by_callee(
        &self,
        caller: FunctionRef,
        place: PlaceId,
        depth: u32,
        is_default: &mut dyn FnMut(ExprId, Span) -> bool,
    ) -> Option<Change> {
        let depth = depth.checked_sub(1)?;
        let program = self.whole.program;
        let (outer, _) = program.code(caller);
        for site in self.whole.graph.calls_in(caller) {
            if site.is_virtual {
                continue;
            }
            let ExprKind::Call { arguments, .. } = outer.kind(site.call) else {
                continue;
            };
            let arguments = outer.arguments(arguments);
            if !arguments
                .iter()
                .any(|argument| outer.kind(argument.value) == ExprKind::Name(place))
            {
                continue;
            }
            let (module, code) = program.code(site.callee);
            let given = actuals(outer, arguments, module, code, site.bound);
            for (parameter, actual) in code.parameters.iter().zip(given) {
                let Actual::Given(argument) = actual else {
                    continue;
                };
                if outer.kind(argument) != ExprKind::Name(place)
                    || !is_default(argument, outer.span(site.call))
                {
                    continue;
                }
                let name = module.name(code.name).to_owned();
                if self.changes_parameter(site.callee, parameter.place, depth) {
                    let location = Location {
                        file: program.file(caller),
                        span: outer.span(site.call),
                    };
                    return Some(Change {
                        location,
                        key: "passed",
                        how: name,
                        is_let_out: false,
                    });
                }
            }
        }
        None
    }

    /// Whether a function changes what it is given for a parameter that it binds nowhere else.
    fn changes_parameter(&self, function: FunctionRef, place: PlaceId, depth: u32) -> bool {
        let (module, code) = self.whole.program.code(function);
        let is_rebound = code.insts.iter().any(|inst| {
            matches!(inst.kind, InstKind::Bind { target, source, .. }
                if crate::rules::around::binds(module, target, place) && !matches!(source, Source::Augmented { .. }))
        });
        if is_rebound {
            return false;
        }
        let mut changes = code.insts.iter();
        changes.any(|inst| !changes_of(module, code, inst.kind, place, self.shared).is_empty())
            || self
                .changed_by_callee(function, place, depth, &mut |_, _| true)
                .is_some()
    }

    /// A method of the class, or of a subclass, that changes the attribute that keeps the default.
    fn changed_attribute(&self, attribute: &str) -> Option<Change> {
        let program = self.whole.program;
        let class = program.class_of_method(self.function)?;
        let family = std::iter::once(class).chain(program.descendants(class));
        for class in family {
            let info = program.project_class(class)?;
            let (module_ref, id) = (info.module?, info.id?);
            let module = program.module(module_ref);
            for (index, code) in module.functions.iter().enumerate() {
                if code.class != Some(id) {
                    continue;
                }
                let function = program.function(module_ref, FunctionId::new(index));
                for inst in &code.insts {
                    let change = changed_path(module, code, inst.kind, attribute, self.shared);
                    if let Some((at, how)) = change {
                        return Some(Change {
                            location: Location {
                                file: program.file(function),
                                span: module.span(at),
                            },
                            key: "attribute",
                            how: format!("self.{attribute}: {how}"),
                            is_let_out: false,
                        });
                    }
                }
            }
        }
        None
    }
}

/// Whether a parameter is read at all.
fn is_used(module: &Module, code: &Function, place: PlaceId) -> bool {
    is_captured(code, place)
        || code
            .exprs
            .range()
            .any(|index| module.kind(ExprId::new(index)) == ExprKind::Name(place))
}

fn is_captured(code: &Function, place: PlaceId) -> bool {
    matches!(
        code.place(place).step,
        Step::Variable {
            scope: Scope::Parameter { captured: true, .. } | Scope::Local { captured: true, .. },
            ..
        }
    )
}

fn free_place(inner: &Function, wanted: FunctionId, variable: PlaceId) -> Option<PlaceId> {
    let mut places = inner.places.iter();
    let found = places.position(|of| {
        matches!(of.step, Step::Variable { scope: Scope::Free { function, place, declared: false }, .. }
            if function == wanted && place == variable)
    })?;
    Some(PlaceId::new(found))
}

/// Whether an instruction runs only where the variable is true: an empty default does not get there.
fn is_under_truth(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    inst: u32,
    name: ExprId,
) -> bool {
    let module = flow.module;
    let holds = ways.conditions(inst).into_iter().any(|(test, holds, _)| {
        let is_it = |test: ExprId| module.kind(test) == ExprKind::Name(place);
        holds
            && match module.kind(test) {
                ExprKind::And(parts) => module.list(parts).iter().any(|&part| is_it(part)),
                _ => is_it(test),
            }
    });
    let mut is_guarded = holds;
    flow.code.insts[inst as usize]
        .kind
        .for_each_expr(&mut |root| {
            let chain = around(module, root, name).unwrap_or_default();
            is_guarded |= chain.iter().any(|&part| match module.kind(part) {
                ExprKind::Conditional { test, .. } => flow.mentions(test, place),
                ExprKind::And(_) | ExprKind::Or(_) => true,
                _ => false,
            });
        });
    is_guarded
}
