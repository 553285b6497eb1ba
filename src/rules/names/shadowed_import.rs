//! `shadowed-import`: a binding hides an import that is used as the module, or as the function or class that it was.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{At, Flow, Reach, Reaching, Solution, Start};
use crate::ir::{
    ExprId, ExprKind, FunctionKind, Import, InstKind, Passing, PlaceId, Scope, Source, Step,
};
use crate::project::literal;
use crate::rules::names::vocabulary::{is_data, is_throwaway, lacks};
use crate::rules::{Check, Family, Rule, Scene};
use crate::text::Span;
use crate::value::{Kinds, Value};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "shadowed-import",
    family: Family::Names,
    page: include_str!("../../../rules/shadowed-import.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    if flow.code.is_dynamic
        || flow.code.kind == FunctionKind::Class
        || flow.module.imports.is_empty()
    {
        return Vec::new();
    }
    let hidden = hidden(scene);
    if hidden.is_empty() {
        return Vec::new();
    }
    let ways = Reaching::of(flow);
    let mut findings = Vec::new();
    for (place, import) in hidden {
        let found = match flow.code.kind {
            FunctionKind::Module => rebound(scene, &ways, place, import),
            _ => shadowed(scene, &ways, place, import),
        };
        findings.extend(found);
    }
    findings
}

/// Variables that have the name of an import: of the module's, in a function; their own, at the module's top.
fn hidden<'a>(scene: &Scene<'a>) -> Vec<(PlaceId, &'a Import)> {
    let flow = scene.flow;
    let mut found = Vec::new();
    for (index, place) in flow.code.places.iter().enumerate() {
        let Step::Variable {
            name,
            scope: Scope::Local { .. } | Scope::Parameter { .. },
        } = place.step
        else {
            continue;
        };
        let name = flow.module.name(name);
        if let Some(import) = scene.habits.import(flow.module_ref, name)
            && !is_throwaway(name)
        {
            found.push((PlaceId::new(index), &flow.module.imports[import]));
        }
    }
    found
}

/// Whether the module's own body makes this import, not some function's.
pub(in crate::rules) fn is_of_module(flow: &Flow<'_, '_>, import: &Import) -> bool {
    flow.module.functions.iter().skip(1).all(|function| {
        function.kind == FunctionKind::Class || !function.span.contains(import.span)
    })
}

/// A local variable or parameter with the name of a module's import.
fn shadowed(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    import: &Import,
) -> Option<Finding> {
    let flow = scene.flow;
    if !is_of_module(flow, import) || is_imported_here(flow, place) {
        return None;
    }
    let name = flow.place_text(place);
    let mut first = None;
    if let Step::Variable {
        scope: Scope::Parameter { index, .. },
        ..
    } = flow.code.place(place).step
    {
        let span = flow.code.parameters[usize::from(index)].span;
        let kinds = parameter_kinds(flow, place, index);
        let reach = ways.reach(place, Start::Entry);
        if let Some(found) = misused(scene, &reach, kinds, import, span, &name) {
            return Some(found);
        }
        first = Some(span);
    }
    for binding in ways.bindings(place) {
        let span = flow.module.span(binding.name);
        first = first.or(Some(span));
        let Some(kinds) = bound_kinds(flow, binding) else {
            continue;
        };
        let reach = ways.reach(place, Start::Behind(binding.inst));
        if let Some(found) = misused(scene, &reach, kinds, import, span, &name) {
            return Some(found);
        }
    }
    if let Some(found) = misused_inside(scene, place, import, first?, &name) {
        return Some(found);
    }
    let hint = scene
        .at_span(first?, Message::new("hides").with("name", name))
        .confidence(Confidence::Low);
    Some(Finding {
        severity: Severity::Hint,
        statement: first?.start,
        ..hint.because(imported(scene, import))
    })
}

/// The kinds of what callers pass or, where that is not known, of the default.
fn parameter_kinds(flow: &Flow<'_, '_>, place: PlaceId, index: u16) -> Kinds {
    let passed = flow.program.variable(flow.function, place).kinds;
    let default = flow.code.parameters[usize::from(index)].default;
    match default.map(|default| literal(flow.module.kind(default)).kinds) {
        Some(default) if !is_data(passed) => default,
        _ => passed,
    }
}

fn is_imported_here(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Import(_),
            ..
        } => flow.module.kind(target) == ExprKind::Name(place),
        _ => false,
    })
}

/// The kinds of what a plain assignment or a loop gives.
fn bound_kinds(flow: &Flow<'_, '_>, binding: At) -> Option<Kinds> {
    let InstKind::Bind { target, source, .. } = flow.code.insts[binding.inst as usize].kind else {
        return None;
    };
    match source {
        _ if target != binding.name => None,
        Source::Value(value) => Some(flow.evaluate.value(value).kinds),
        Source::Element { iterable, .. } => {
            let many = flow.evaluate.value(iterable);
            Some(flow.program.iterated(many).kinds)
        }
        _ => None,
    }
}

/// A read that fits only what was imported.
fn misused(
    scene: &Scene<'_>,
    reach: &Reach,
    kinds: Kinds,
    import: &Import,
    binding: Span,
    name: &str,
) -> Option<Finding> {
    if !is_data(kinds) {
        return None;
    }
    let mut reads = reach.reads.iter();
    let (used, attribute) = reads.find_map(|read| {
        fits_import(
            scene.flow,
            kinds,
            import,
            name,
            usage(scene.flow, read.name)?,
        )
    })?;
    let told = Told {
        used,
        attribute,
        kinds,
        binding,
    };
    Some(told.finding(scene, import, name))
}

/// A use that only the import stands, and what stands in its place.
struct Told<'a> {
    used: ExprId,
    /// What is read off it, unless it is called.
    attribute: Option<&'a str>,
    kinds: Kinds,
    binding: Span,
}

impl Told<'_> {
    /// What fails is where it is used; what is to be changed is where it is bound.
    fn finding(&self, scene: &Scene<'_>, import: &Import, name: &str) -> Finding {
        let word = (self.kinds - Kinds::NONE - Kinds::UNBOUND).word();
        let key = self.attribute.map_or("called", |_| "attribute");
        let message = Message::new(key)
            .with("name", name)
            .with("kind", word)
            .with("attribute", self.attribute.unwrap_or_default());
        let bound = Related {
            location: scene.location_of(self.binding),
            message: Message::new("bound").with("name", name),
        };
        let finding = Finding {
            statement: scene.flow.module.span(self.used).start,
            ..scene.at(self.used, message)
        };
        finding
            .confidence(Confidence::High)
            .severity(Severity::Error)
            .because(bound)
            .because(imported(scene, import))
            .help(Message::new("rename").with("name", name))
    }
}

/// Whether a use takes the import and not a value of these kinds.
fn fits_import<'a>(
    flow: &Flow<'_, 'a>,
    kinds: Kinds,
    import: &Import,
    name: &str,
    (used, attribute): (ExprId, Option<&'a str>),
) -> Option<(ExprId, Option<&'a str>)> {
    let fits = match attribute {
        Some(attribute) => {
            (lacks(kinds, attribute) || is_given_too_much(flow, kinds, used, attribute))
                && has_attribute(flow, import, name, attribute)
        }
        None => import.name.is_some(),
    };
    fits.then_some((used, attribute))
}

/// `path.join(folder, name)` on a text: its method of that name takes one argument.
fn is_given_too_much(flow: &Flow<'_, '_>, kinds: Kinds, used: ExprId, attribute: &str) -> bool {
    let takes = match (kinds, attribute) {
        (Kinds::TEXT | Kinds::BYTES, "join") => 1,
        (Kinds::LIST | Kinds::DICT | Kinds::SET, "copy") => 0,
        _ => return false,
    };
    let calls = flow.code.exprs.range().map(ExprId::new);
    calls.into_iter().any(|call| match flow.module.kind(call) {
        ExprKind::Call { callee, arguments } if callee == used => {
            let given = flow.module.arguments(arguments).iter();
            given
                .filter(|argument| argument.passing == Passing::Positional)
                .count()
                > takes
        }
        _ => false,
    })
}

/// A function inside this one that uses the variable as only the import could be used. Whatever binds the variable is data.
fn misused_inside(
    scene: &Scene<'_>,
    place: PlaceId,
    import: &Import,
    binding: Span,
    name: &str,
) -> Option<Finding> {
    let flow = scene.flow;
    let Step::Variable {
        scope:
            Scope::Local {
                captured: true,
                rebound_inside: false,
            },
        ..
    } = flow.code.place(place).step
    else {
        return None;
    };
    let kinds = flow.program.variable(flow.function, place).kinds - Kinds::UNBOUND;
    if !is_data(kinds) || !kinds.is_single() {
        return None;
    }
    let own = flow.id();
    let functions = flow.module.functions.iter();
    let (used, attribute) = functions
        .filter(|function| flow.code.span.contains(function.span))
        .find_map(|function| {
            let is_it = |expr: ExprId| match flow.module.kind(expr) {
                ExprKind::Name(at) => matches!(
                    function.place(at).step,
                    Step::Variable { scope: Scope::Free { function, place: of, .. }, .. }
                        if function == own && of == place
                ),
                _ => false,
            };
            let mut exprs = function.exprs.range().map(ExprId::new);
            exprs.find_map(|expr| {
                let use_of = match flow.module.kind(expr) {
                    ExprKind::Attribute {
                        value,
                        name: attribute,
                        ..
                    } if is_it(value) => (expr, Some(flow.module.name(attribute))),
                    ExprKind::Call { callee, .. } if is_it(callee) => (expr, None),
                    _ => return None,
                };
                fits_import(flow, kinds, import, name, use_of)
            })
        })?;
    let told = Told {
        used,
        attribute,
        kinds,
        binding,
    };
    Some(told.finding(scene, import, name))
}

/// How a name is used: the attribute that is read off it, or nothing where it is called.
fn usage<'a>(flow: &Flow<'_, 'a>, name: ExprId) -> Option<(ExprId, Option<&'a str>)> {
    flow.code
        .exprs
        .range()
        .map(ExprId::new)
        .find_map(|expr| match flow.module.kind(expr) {
            ExprKind::Attribute {
                value,
                name: attribute,
                ..
            } if value == name => Some((expr, Some(flow.module.name(attribute)))),
            ExprKind::Call { callee, .. } if callee == name => Some((expr, None)),
            _ => None,
        })
}

/// Whether what was imported has the attribute, or the file reads it off the import elsewhere.
fn has_attribute(flow: &Flow<'_, '_>, import: &Import, name: &str, attribute: &str) -> bool {
    let dotted = format!("{}.{attribute}", flow.module.name(import.module));
    let library = flow.program.library;
    let is_known = import.name.is_none()
        && (library.call(&dotted).is_some()
            || library.global(&dotted).is_some()
            || library.is_module(&dotted));
    is_known
        || is_of_known_module(flow, name, attribute)
        || flow
            .module
            .functions
            .iter()
            .any(|function| reads_off_import(flow, function, name, attribute))
}

/// Whether the import is a module, of the project or a known one, that has the attribute.
fn is_of_known_module(flow: &Flow<'_, '_>, name: &str, attribute: &str) -> bool {
    let body = flow.module.body();
    let global = body.places.iter().find_map(|place| match place.step {
        Step::Variable { name: of, .. } if flow.module.name(of) == name => Some(of),
        _ => None,
    });
    let Some(global) = global else { return false };
    let program = flow.program;
    let module = program.global(flow.module_ref, global);
    module.kinds == Kinds::MODULE
        && program
            .find_symbol(attribute)
            .is_some_and(|symbol| program.attribute(module, symbol, attribute) != Value::UNKNOWN)
}

fn reads_off_import(
    flow: &Flow<'_, '_>,
    function: &crate::ir::Function,
    name: &str,
    attribute: &str,
) -> bool {
    function
        .exprs
        .range()
        .any(|index| match flow.module.kind(ExprId::new(index)) {
            ExprKind::Attribute {
                value, name: found, ..
            } if flow.module.name(found) == attribute => match flow.module.kind(value) {
                ExprKind::Name(place) => {
                    let is_global = matches!(
                        function.place(place).step,
                        Step::Variable {
                            scope: Scope::Global { .. },
                            ..
                        }
                    );
                    is_global && flow.module.place_text(function, place) == name
                }
                _ => false,
            },
            _ => false,
        })
}

/// At the module's top: an imported name that was used is bound to something else and used on.
fn rebound(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    import: &Import,
) -> Option<Finding> {
    let flow = scene.flow;
    let bindings = ways.bindings(place);
    let is_import = |binding: &&At| {
        matches!(
            flow.code.insts[binding.inst as usize].kind,
            InstKind::Bind {
                source: Source::Import(_),
                ..
            }
        )
    };
    if bindings.len() < 2 {
        return None;
    }
    let first = bindings.iter().find(is_import)?;
    let reach = ways.reach(place, Start::Behind(first.inst));
    let name = flow.place_text(place);
    bindings
        .iter()
        .filter(|binding| !is_import(binding) && reach.is_killed_at(binding.inst))
        .find_map(|binding| {
            let InstKind::Bind { target, source, .. } = flow.code.insts[binding.inst as usize].kind
            else {
                return None;
            };
            let key = match source {
                Source::Value(value)
                    if target == binding.name && is_unrelated(flow, value, place) =>
                {
                    "rebound"
                }
                Source::Element { .. } => "loop",
                _ => return None,
            };
            let used_before = reach.reads.iter().any(|read| read.inst < binding.inst);
            let used_after = !ways
                .reach(place, Start::Behind(binding.inst))
                .reads
                .is_empty();
            if !used_before || !used_after || is_alternative(flow, ways, binding.inst, first.inst) {
                return None;
            }
            let span = flow.module.span(binding.name);
            let finding = scene.at(binding.name, Message::new(key).with("name", name.clone()));
            let finding = Finding {
                statement: span.start,
                ..finding
                    .confidence(Confidence::Medium)
                    .because(imported(scene, import))
            };
            Some(finding.help(Message::new("rename").with("name", name.clone())))
        })
}

/// Neither made of the import nor another name for something like it.
fn is_unrelated(flow: &Flow<'_, '_>, value: ExprId, place: PlaceId) -> bool {
    !flow.mentions(value, place) && is_data(flow.evaluate.value(value).kinds)
}

/// One of two ways to get a thing: under a condition, or where an import failed.
fn is_alternative(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    inst: u32,
    import: u32,
) -> bool {
    let is_guarded = |inst: u32| {
        ways.block_of(inst)
            .is_some_and(|block| flow.code.block(block).guard.is_some())
    };
    is_guarded(import) || is_guarded(inst) || !ways.conditions(inst).is_empty()
}

fn imported(scene: &Scene<'_>, import: &Import) -> Related {
    Related {
        location: scene.location_of(import.span),
        message: Message::new("imported"),
    }
}
