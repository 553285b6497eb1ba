//! `shadowed-import`: a binding hides an import that is used as the module, or as the function or class that it was.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{At, Flow, Reach, Reaching, Solution, Start};
use crate::ir::{ExprId, ExprKind, FunctionKind, Import, InstKind, PlaceId, Scope, Source, Step};
use crate::project::literal;
use crate::rules::names::vocabulary::{is_data, is_throwaway, lacks};
use crate::rules::{Check, Family, Rule, Scene};
use crate::text::Span;
use crate::value::Kinds;

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

/// The kinds of what a plain assignment gives.
fn bound_kinds(flow: &Flow<'_, '_>, binding: At) -> Option<Kinds> {
    match flow.code.insts[binding.inst as usize].kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } if target == binding.name => Some(flow.evaluate.value(value).kinds),
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
    let flow = scene.flow;
    if !is_data(kinds) {
        return None;
    }
    let (used, key, attribute) =
        reach
            .reads
            .iter()
            .find_map(|read| match usage(flow, read.name)? {
                (user, Some(attribute))
                    if lacks(kinds, attribute) && has_attribute(flow, import, name, attribute) =>
                {
                    Some((user, "attribute", attribute))
                }
                (user, None) if import.name.is_some() => Some((user, "called", "")),
                _ => None,
            })?;
    let word = (kinds - Kinds::NONE - Kinds::UNBOUND).word();
    let message = Message::new(key)
        .with("name", name)
        .with("kind", word)
        .with("attribute", attribute);
    let finding = scene
        .at_span(binding, message)
        .confidence(Confidence::High)
        .severity(Severity::Error);
    let finding = finding
        .because(imported(scene, import))
        .because(scene.related(used, Message::new("used").with("name", name)));
    Some(
        Finding {
            statement: binding.start,
            ..finding
        }
        .help(Message::new("rename").with("name", name)),
    )
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
        || flow
            .module
            .functions
            .iter()
            .any(|function| reads_off_import(flow, function, name, attribute))
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
