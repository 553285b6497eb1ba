//! `overwritten-parameter`: a parameter is overwritten before it was read, or by a `with` or `except` target.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{At, Flow, Reach, Reaching, Solution, Start};
use crate::ir::{
    Dialect, ExprId, ExprKind, FunctionKind, InstKind, Parameter, ParameterKind, Scope, Source,
    Step,
};
use crate::rules::names::vocabulary::is_throwaway;
use crate::rules::{Check, Family, Rule, Scene};
use crate::text::Span;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "overwritten-parameter",
    family: Family::Names,
    page: include_str!("../../../rules/overwritten-parameter.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    if flow.code.kind != FunctionKind::Def || flow.code.is_dynamic || !binds_a_parameter(flow) {
        return Vec::new();
    }
    let ways = Reaching::of(flow);
    let parameters = flow.code.parameters.iter().enumerate();
    parameters
        .filter_map(|(index, parameter)| overwritten(scene, &ways, index, parameter))
        .collect()
}

fn binds_a_parameter(flow: &Flow<'_, '_>) -> bool {
    flow.code.insts.iter().any(|inst| {
        let InstKind::Bind { target, .. } = inst.kind else {
            return false;
        };
        let mut found = false;
        flow.module.walk(target, &mut |part| {
            if let ExprKind::Name(place) = flow.module.kind(part) {
                found |= matches!(
                    flow.code.place(place).step,
                    Step::Variable {
                        scope: Scope::Parameter { .. },
                        ..
                    }
                );
            }
        });
        found
    })
}

fn overwritten(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    index: usize,
    parameter: &Parameter,
) -> Option<Finding> {
    let flow = scene.flow;
    let name = flow.module.name(parameter.name);
    let is_receiver = index == 0 && flow.program.class_of_method(flow.function).is_some();
    let is_packed = matches!(
        parameter.kind,
        ParameterKind::Star | ParameterKind::DoubleStar
    );
    if is_receiver
        || is_packed
        || name.is_empty()
        || is_throwaway(name)
        || name.starts_with('_')
        || is_captured(flow, parameter)
    {
        return None;
    }
    let reach = ways.reach(parameter.place, Start::Entry);
    let found = if reach.reads.is_empty() {
        unread(scene, &reach, name)
    } else {
        by_target(scene, ways, parameter, &reach, name)
    };
    found.map(|(finding, at)| placed(scene, finding, at, parameter.span, name))
}

fn is_captured(flow: &Flow<'_, '_>, parameter: &Parameter) -> bool {
    matches!(
        flow.code.place(parameter.place).step,
        Step::Variable {
            scope: Scope::Parameter { captured: true, .. },
            ..
        }
    )
}

/// Every way binds it again, and none reads it before.
fn unread(scene: &Scene<'_>, reach: &Reach, name: &str) -> Option<(Finding, At)> {
    let flow = scene.flow;
    let kill = *reach.kills.first()?;
    if is_signature_given(flow) || is_handed_on(flow) || !reach.deletions.is_empty() {
        return None;
    }
    let decorated = flow.program.decoration(flow.function).is_decorated;
    // A handler's name is gone behind it, whatever was promised.
    let is_caught = matches!(
        flow.code.insts[kill.inst as usize].kind,
        InstKind::Bind {
            source: Source::Caught { .. },
            ..
        }
    );
    if let Some(read) = is_defined_over(flow, reach, kill) {
        let finding = scene
            .at(kill.name, Message::new("defined").with("name", name))
            .confidence(Confidence::High)
            .because(scene.related(read, Message::new("read").with("name", name)));
        return Some((finding, kill));
    }
    let confidence = match is_caught || is_documented(flow, name) {
        // What the decorator passes may be for others that it decorates.
        true if decorated => Confidence::Low,
        true => Confidence::High,
        // Nobody promised anything: others may call it so, or nobody passes it.
        false => Confidence::Low,
    };
    let finding = scene
        .at(kill.name, Message::new("unread").with("name", name))
        .confidence(confidence);
    Some((finding, kill))
}

/// A test of the name behind a `def` or `class` that takes it: it is always true there, and was meant for the argument.
fn is_defined_over(flow: &Flow<'_, '_>, reach: &Reach, kill: At) -> Option<ExprId> {
    let is_definition = |at: &At| {
        matches!(
            flow.code.insts[at.inst as usize].kind,
            InstKind::Bind {
                source: Source::Function(_) | Source::Class(_),
                ..
            }
        )
    };
    if !reach.kills.iter().all(is_definition) {
        return None;
    }
    let place = flow.module.kind(kill.name).place()?;
    let later = Reaching::of(flow).reach(place, Start::Behind(kill.inst));
    later.reads.iter().map(|read| read.name).find(|&name| {
        flow.code
            .insts
            .iter()
            .any(|inst| matches!(inst.kind, InstKind::Assume { test, .. } if test == name))
    })
}

/// Whether the docstring says what the parameter is for: then whoever reads it is wronged.
fn is_documented(flow: &Flow<'_, '_>, name: &str) -> bool {
    let Some(first) = flow.code.insts.first().filter(|_| flow.code.has_docstring) else {
        return false;
    };
    let InstKind::Eval(text) = first.kind else {
        return false;
    };
    let ExprKind::Text(text) = flow.module.kind(text) else {
        return false;
    };
    let mut lines = flow.module.name(text).lines();
    lines.any(|line| describes(line.trim(), name))
}

/// `name`, `name: …`, `name (int): …`, `:param int name: …`: how docstrings introduce a parameter.
fn describes(line: &str, name: &str) -> bool {
    if let Some(rest) = line
        .strip_prefix(":param ")
        .or_else(|| line.strip_prefix("@param "))
    {
        let head = rest.split(':').next().unwrap_or(rest);
        return head.split_whitespace().any(|word| word == name);
    }
    let rest = line.trim_start_matches(['*', '-', '`', ' ']);
    let Some(rest) = rest.strip_prefix(name) else {
        return false;
    };
    let rest = rest.trim_start_matches(['`', '*']);
    rest.is_empty()
        || rest.starts_with([':', '='])
        || [" :", " (", " -"].iter().any(|sign| rest.starts_with(sign))
}

/// The signature is that of a method of a base class, which may be unknown.
fn is_signature_given(flow: &Flow<'_, '_>) -> bool {
    let Some(class) = flow.program.class_of_method(flow.function) else {
        return false;
    };
    let Some(info) = flow.program.project_class(class) else {
        return true;
    };
    let name = flow.module.name(flow.code.name);
    if name.starts_with("__") && name.ends_with("__") && name != "__init__" {
        return true;
    }
    let mut bases = info
        .linearization
        .iter()
        .skip(1)
        .filter(|&&base| flow.program.project_class(base).is_none());
    if name == "__init__" {
        // A metaclass is called by the language.
        return bases.any(|&base| flow.program.class_name(base) == "type");
    }
    let of_library = bases.any(|&base| flow.program.class_name(base) != "object");
    let in_base = info
        .linearization
        .iter()
        .skip(1)
        .any(|&base| flow.program.method(base, name).is_some());
    info.has_unknown_base
        || in_base
        || of_library
        || flow.program.is_overridden(flow.function)
        || implements_interface(flow)
}

/// A class with a decorator may promise an interface: `@implementer(IProtocol)`.
fn implements_interface(flow: &Flow<'_, '_>) -> bool {
    let class = flow.code.class.map(|class| flow.module.class(class));
    class.is_some_and(|class| !class.decorators.is_empty())
}

/// A nested function that is handed to somebody, who decides what it is called with.
fn is_handed_on(flow: &Flow<'_, '_>) -> bool {
    let Some(parent) = flow.code.parent.map(|parent| flow.module.function(parent)) else {
        return false;
    };
    if parent.kind != FunctionKind::Def {
        return false;
    }
    let names = |expr: ExprId| match flow.module.kind(expr) {
        ExprKind::Name(place) => {
            matches!(parent.place(place).step, Step::Variable { name, .. } if name == flow.code.name)
        }
        _ => false,
    };
    let exprs = || parent.exprs.range().map(ExprId::new);
    let calls = exprs().filter(|&expr| matches!(flow.module.kind(expr), ExprKind::Call { callee, .. } if names(callee))).count();
    // One of the names is the definition's own.
    exprs().filter(|&expr| names(expr)).count() > calls + 1
}

/// A `with` or `except` target overwrites it, and it is read behind that statement.
fn by_target(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    parameter: &Parameter,
    reach: &Reach,
    name: &str,
) -> Option<(Finding, At)> {
    let flow = scene.flow;
    reach.kills.iter().find_map(|kill| {
        let InstKind::Bind { target, source, .. } = flow.code.insts[kill.inst as usize].kind else {
            return None;
        };
        if target != kill.name {
            return None;
        }
        let inside = suite_of(flow, source, kill.inst)?;
        let (key, severity) = match source {
            Source::Caught { .. } if flow.module.dialect == Dialect::Three => {
                ("caught", Severity::Error)
            }
            Source::Caught { .. } => ("caught-two", Severity::Warning),
            _ => ("entered", Severity::Warning),
        };
        let later = match key {
            "caught" => after_handler(flow, ways, parameter.place, kill.inst, reach)?,
            _ => *ways
                .reach(parameter.place, Start::Behind(kill.inst))
                .reads
                .iter()
                .find(|read| is_behind(flow, read, inside))?,
        };
        let finding = scene
            .at(kill.name, Message::new(key).with("name", name))
            .confidence(Confidence::High)
            .severity(severity);
        let related = scene.related(later.name, Message::new("read").with("name", name));
        Some((finding.because(related), *kill))
    })
}

/// A read behind a handler, at which Python 3 has deleted the name.
pub(in crate::rules) fn after_handler(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: crate::ir::PlaceId,
    bind: u32,
    before: &Reach,
) -> Option<At> {
    let held = ways.reach(place, Start::Behind(bind));
    let deleted = held
        .deletions
        .iter()
        .find(|at| flow.code.insts[at.inst as usize].span == flow.code.insts[bind as usize].span)?;
    let reads = ways.reach(place, Start::Behind(deleted.inst)).reads;
    reads.into_iter().find(|read| before.is_read_by(read.name))
}

/// What the target is for: the body of the `with`, the suite of the handler.
pub(in crate::rules) fn suite_of(flow: &Flow<'_, '_>, source: Source, inst: u32) -> Option<Span> {
    match source {
        Source::Entered { .. } => {
            let at = flow.code.insts[inst as usize].span;
            let regions = flow
                .code
                .tries
                .iter()
                .filter(|region| matches!(region.kind, crate::ir::TryKind::With { .. }));
            regions
                .filter(|region| region.span.contains(at))
                .map(|region| region.span)
                .next_back()
        }
        Source::Caught { region, handler } => match &flow.code.region(region).kind {
            crate::ir::TryKind::Catch { handlers, .. } => handlers
                .get(usize::from(handler))
                .map(|handler| handler.span),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a read stands outside the suite, further on.
pub(in crate::rules) fn is_behind(flow: &Flow<'_, '_>, read: &At, suite: Span) -> bool {
    flow.module.span(read.name).start >= suite.end
}

fn placed(scene: &Scene<'_>, finding: Finding, at: At, declared: Span, name: &str) -> Finding {
    let statement = scene.flow.code.insts[at.inst as usize].span.start;
    let related = Related {
        location: scene.location_of(declared),
        message: Message::new("parameter").with("name", name),
    };
    let mut finding = Finding {
        statement,
        ..finding
    };
    finding.related.insert(0, related);
    finding.help(Message::new("rename").with("name", name))
}
