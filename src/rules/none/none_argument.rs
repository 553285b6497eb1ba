//! `none-argument`: a parameter that can be None is used with no guard.

mod interface;
mod path;

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Circumstances, Flow, Given, Wanted, Witness};
use crate::infer::ParameterUse;
use crate::ir::{BlockId, ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Source};
use crate::project::{Evaluate, Target};
use crate::rules::evidence::{AllEvidence, Evidence, Key, is_called_in_earnest};
use crate::rules::none::belief::{Question, asked};
use crate::rules::none::calls::{Returns, can_give_none, given, is_collected, returns_none};
use crate::rules::{Check, Family, Rule, Whole, draft, is_test};
use crate::summary::Effects;
use crate::text::Location;
use crate::types::{FunctionRef, Type};
use interface::{is_dispatched, is_interface, is_reckoned_with, is_replaced_by_state, is_tested};
use path::path;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "none-argument",
    family: Family::None,
    page: include_str!("../../../rules/none-argument.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Longer chains of calls are not shown.
const CHAIN: usize = 8;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let evidence = whole.evidence();
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        if !whole.is_reported(function) {
            continue;
        }
        let mut told = Vec::new();
        for used in &trace.uses {
            if told.contains(&used.parameter) {
                continue;
            }
            let key = (function, used.parameter);
            let believed = believed(whole, key, used).map(Evidence::Asked);
            let reasons = evidence.of(key).iter().copied().chain(believed);
            let reasons = reasons.filter(|&why| can_get_there(whole, function, used, why));
            // The first of the surest: `max_by_key` would take the last.
            let best = reasons
                .map(|why| (confidence(whole, &evidence, (key, used), why), why))
                .reduce(|best, new| if new.0 > best.0 { new } else { best });
            if let Some((confidence, why)) = best {
                told.push(used.parameter);
                let finding = finding(rule, whole, &evidence, function, used, why);
                findings.push(finding.confidence(confidence));
            }
        }
    }
    findings
}

/// The test for None of a parameter that stands before a use, on ways that lead to the use whichever way it came out.
fn believed(whole: &Whole<'_>, (function, parameter): Key, used: &ParameterUse) -> Option<ExprId> {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    let parameter = &code.parameters[usize::from(parameter)];
    let place = parameter.place;
    // Of a function inside another all callers are at hand, and another default says what comes.
    let is_inside = code
        .parent
        .is_some_and(|parent| module.functions[parent.index()].kind == FunctionKind::Def);
    let has_other_default = parameter
        .default
        .is_some_and(|default| module.kind(default) != ExprKind::None);
    if module.kind(used.subject) != ExprKind::Name(place)
        || (name.starts_with('_') && !name.ends_with("__"))
        || is_test(whole.program, function)
        || is_inside
        || has_other_default
    {
        return None;
    }
    let before = module.span(used.subject).start;
    let tests = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Assume { test, .. } if module.span(test).end < before => Some(test),
        _ => None,
    });
    let mut tests = tests.filter_map(|test| {
        let mut found = Vec::new();
        asked(module, code, test, &mut found);
        found
            .into_iter()
            .find(|asked| asked.place == place && asked.question == Question::None)
    });
    tests.next().map(|asked| asked.at)
}

/// Whether there is a way to the use on which the parameter is still the None that was passed, for the call that passes it.
fn can_get_there(
    whole: &Whole<'_>,
    function: FunctionRef,
    used: &ParameterUse,
    why: Evidence,
) -> bool {
    let flow = whole.flow(function);
    let place = flow.code.parameters[usize::from(used.parameter)].place;
    let call = match why {
        Evidence::Default(Some((caller, call))) | Evidence::Passed { caller, call, .. } => {
            Some((caller, call))
        }
        Evidence::Forwarded { from, call } => Some((from.0, call)),
        Evidence::Default(None) | Evidence::Declared | Evidence::Asked(_) => None,
    };
    let mut given = call
        .map(|(caller, call)| given(whole, caller, call, function))
        .unwrap_or_default();
    if flow.place_of(used.subject) != Some(place) {
        given.retain(|(other, _)| *other != place);
        given.push((place, Given::None));
        return can_be_handed_on(whole, &flow, used, &given);
    }
    let circumstances = Circumstances {
        given: &given,
        subject: Some(used.subject),
    };
    let wanted = Wanted {
        place,
        origin: None,
        passed: true,
        target: used.position,
    };
    flow.witness_where(wanted, circumstances) >= Witness::Exception
}

/// The same for another name or path that was bound to the parameter, or to what a call gave for it.
fn can_be_handed_on(
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    used: &ParameterUse,
    given: &[(PlaceId, Given)],
) -> bool {
    let Some(subject) = flow.place_of(used.subject) else {
        return true;
    };
    let bound = flow.code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } if flow.place_of(target) == Some(subject) => Some(value),
        _ => None,
    });
    let circumstances = Circumstances {
        given,
        subject: Some(used.subject),
    };
    let bound: Vec<ExprId> = bound.collect();
    bound.is_empty()
        || bound.into_iter().any(|value| {
            let wanted = Wanted {
                place: subject,
                origin: Some(value),
                passed: false,
                target: used.position,
            };
            gives_none(whole, flow, value)
                && flow.witness_where(wanted, circumstances) >= Witness::Exception
        })
}

/// Whether a call of the project's own gives None for the literals that it passes.
fn gives_none(whole: &Whole<'_>, flow: &Flow<'_, '_>, value: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(value) else {
        return true;
    };
    let Target::Function { function, .. } = whole.program.target(flow.evaluate.value(callee))
    else {
        return true;
    };
    let given = given(whole, flow.function, value, function);
    given.is_empty() || can_give_none(whole, function, &given)
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    evidence: &AllEvidence,
    function: FunctionRef,
    used: &ParameterUse,
    why: Evidence,
) -> Finding {
    let (module, code) = whole.program.code(function);
    let parameter = &code.parameters[usize::from(used.parameter)];
    let name = module.name(parameter.name).to_owned();
    let span = module.span(used.subject);
    let key = match why {
        Evidence::Default(_) => "default",
        Evidence::Declared => "declared",
        Evidence::Asked(_) => "asked",
        Evidence::Passed { literal: true, .. } => "passed",
        Evidence::Passed { literal: false, .. } => "maybe",
        Evidence::Forwarded { .. } => "forwarded",
    };
    let statement = code.insts[used.position.1 as usize].span.start;
    let mut finding = Finding {
        statement,
        ..draft(
            rule,
            whole.program,
            function,
            span,
            Message::new(key).with("name", name.clone()),
        )
    };
    finding.related = path(whole, evidence, (function, used.parameter), why);
    finding.cause = finding
        .related
        .first()
        .map(|related| text_of(whole, related.location));
    finding.help(Message::new("guard").with("name", name))
}

fn text_of(whole: &Whole<'_>, location: Location) -> String {
    whole.program.sources[location.file.0 as usize].path.clone()
}

fn confidence(
    whole: &Whole<'_>,
    evidence: &AllEvidence,
    (key, used): (Key, &ParameterUse),
    why: Evidence,
) -> Confidence {
    let (function, parameter) = key;
    let place = whole.program.code(function).1.parameters[usize::from(parameter)].place;
    match why {
        Evidence::Passed { literal: true, .. } => Confidence::High,
        Evidence::Passed {
            caller,
            call,
            source,
            ..
        } if is_always_used(whole, key) => match is_set_to_none(whole, caller, (call, source)) {
            true => Confidence::Medium,
            false => of_source(whole, caller, source),
        },
        Evidence::Passed { .. } => Confidence::Low,
        _ if is_replaced_by_state(whole, key) => Confidence::Low,
        // What is declared never to be None makes the test above the one too many.
        Evidence::Asked(_) if is_declared(whole, key) => Confidence::Low,
        Evidence::Asked(_) => Confidence::Medium,
        // Another default says what is meant, whatever the annotation allows for.
        Evidence::Declared if has_default(whole, key) => Confidence::Low,
        Evidence::Declared | Evidence::Default(Some(_)) if !is_tested(whole, function, place) => {
            if is_always_used(whole, key) {
                Confidence::High
            } else {
                Confidence::Medium
            }
        }
        // One of two is given, and each is used where the other is not there.
        Evidence::Default(None) if is_alternative(whole, key, used) => Confidence::Low,
        // The function itself has just found that it is None, or as good as that.
        Evidence::Default(_) if is_found_none(&whole.flow(function), used, place) => {
            Confidence::Medium
        }
        Evidence::Default(None) if is_interface(whole, key) => Confidence::Low,
        // Another method of the name says that the default is really taken.
        Evidence::Default(None) if is_always_used(whole, key) && is_reckoned_with(whole, key) => {
            Confidence::Medium
        }
        Evidence::Default(None)
            if is_private(whole, function) || is_dispatched(whole, function) =>
        {
            Confidence::Low
        }
        // Whoever it is handed to fills it as it likes.
        Evidence::Default(None)
            if whole.graph.escapes(function)
                && !evidence.is_left_out_by_tests(key)
                && !whole.program.decoration(function).is_decorated
                && whole.program.class_of_method(function).is_none() =>
        {
            Confidence::Low
        }
        Evidence::Default(None)
            if is_called_in_earnest(whole, function) && !evidence.is_left_out_by_tests(key) =>
        {
            Confidence::Low
        }
        Evidence::Forwarded { from, call }
            if is_always_used(whole, key) && is_left_out_before(whole, evidence, from, call) =>
        {
            Confidence::Medium
        }
        // A default that only some ways run into may be one that comes with arguments that lead elsewhere.
        Evidence::Default(None)
            if !is_always_used(whole, key) && !evidence.is_left_out_by_tests(key) =>
        {
            Confidence::Low
        }
        Evidence::Declared | Evidence::Forwarded { .. } => Confidence::Low,
        Evidence::Default(_) => Confidence::Medium,
    }
}

/// Whether the parameter that is used was found to be None, or as good as that, on all ways to the use.
fn is_found_none(flow: &Flow<'_, '_>, used: &ParameterUse, place: PlaceId) -> bool {
    flow.place_of(used.subject) == Some(place) && is_denied(flow, used.position.0, place)
}

/// Whether control only gets to a block where a condition on the parameter alone came out false.
fn is_denied(flow: &Flow<'_, '_>, to: BlockId, place: PlaceId) -> bool {
    let (module, code) = (flow.module, flow.code);
    code.blocks.iter().enumerate().any(|(index, block)| {
        let Some(InstKind::Assume { test, holds }) =
            code.insts(block).first().map(|inst| inst.kind)
        else {
            return false;
        };
        let mut found = Vec::new();
        asked(module, code, test, &mut found);
        matches!(found[..], [only] if only.place == place
            && matches!(only.question, Question::None | Question::Truth)
            && only.positive != holds)
            && !matches!(module.kind(test), ExprKind::And(_) | ExprKind::Or(_))
            && flow.dominators().dominates(BlockId::new(index), to)
    })
}

/// Whether a variable of the caller was set to None, and a way leads from there to the call that passes it.
fn is_set_to_none(
    whole: &Whole<'_>,
    caller: FunctionRef,
    (call, source): (ExprId, ExprId),
) -> bool {
    let flow = whole.flow(caller);
    let module = flow.module;
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    if module.kind(source) != ExprKind::None {
        return false;
    }
    let Some(target) = position_of(&flow, call) else {
        return false;
    };
    module.arguments(arguments).iter().any(|argument| {
        let place = match module.kind(argument.value) {
            ExprKind::Name(place) => place,
            _ => return false,
        };
        let wanted = Wanted {
            place,
            origin: Some(source),
            passed: false,
            target,
        };
        flow.witness_at(wanted, argument.value) >= Witness::Exception
    })
}

/// The instruction that evaluates an expression.
fn position_of(flow: &Flow<'_, '_>, expr: ExprId) -> Option<(BlockId, u32)> {
    let code = flow.code;
    let span = flow.module.span(expr);
    code.blocks.iter().enumerate().find_map(|(index, block)| {
        let mut insts = block.insts.range();
        let at = insts.find(|&at| {
            let inst = &code.insts[at];
            !matches!(inst.kind, InstKind::Assume { .. }) && inst.span.contains(span)
        })?;
        Some((BlockId::new(index), at as u32))
    })
}

/// Whether a function that hands on an argument of its own is called without it, and such that it gets as far as that.
fn is_left_out_before(whole: &Whole<'_>, evidence: &AllEvidence, from: Key, call: ExprId) -> bool {
    let flow = whole.flow(from.0);
    let Some(position) = position_of(&flow, call) else {
        return false;
    };
    evidence.of(from).iter().any(|&why| match why {
        Evidence::Default(Some((caller, first)))
        | Evidence::Passed {
            caller,
            call: first,
            literal: true,
            ..
        } => flow.reaches(position, &given(whole, caller, first, from.0)),
        _ => false,
    })
}

/// Whether a parameter has a default.
fn has_default(whole: &Whole<'_>, (function, parameter): Key) -> bool {
    let (_, code) = whole.program.code(function);
    code.parameters[usize::from(parameter)].default.is_some()
}

/// Whether a parameter has no default, and an annotation that leaves no room for None.
fn is_declared(whole: &Whole<'_>, (function, parameter): Key) -> bool {
    let (module_ref, _) = whole.program.locate(function);
    let (_, code) = whole.program.code(function);
    let parameter = &code.parameters[usize::from(parameter)];
    let (None, Some(annotation), Some(parent)) =
        (parameter.default, parameter.annotation, code.parent)
    else {
        return false;
    };
    let outer = Evaluate::new(whole.program, module_ref, parent);
    let declared = outer.annotated(annotation);
    !declared.is_unknown() && !declared.may_be_none()
}

/// Whether a parameter is used where another one, which may be left out as well, was found to be None: one of the two is given.
fn is_alternative(whole: &Whole<'_>, (function, parameter): Key, used: &ParameterUse) -> bool {
    let (module, code) = whole.program.code(function);
    let is_left_out = |index: usize| {
        let default = code.parameters[index].default;
        default.is_some_and(|default| module.kind(default) == ExprKind::None)
    };
    let mut others = (0..code.parameters.len())
        .filter(|&index| index != usize::from(parameter) && is_left_out(index));
    others.any(|index| {
        is_denied(
            &whole.flow(function),
            used.position.0,
            code.parameters[index].place,
        )
    })
}

/// How likely a value is None that only may be: high is left to literals.
fn of_source(whole: &Whole<'_>, caller: FunctionRef, source: ExprId) -> Confidence {
    let (module, code) = whole.program.code(caller);
    let ExprKind::Call { callee, .. } = module.kind(source) else {
        return Confidence::Low;
    };
    let flow = whole.flow(caller);
    match whole.program.target(flow.evaluate.value(callee)) {
        Target::Function { function, .. } => {
            let given = given(whole, caller, source, function);
            if returns_none(whole, function, &given) == Returns::Plainly
                && !is_collected(whole, caller, source, function)
            {
                Confidence::Medium
            } else {
                Confidence::Low
            }
        }
        Target::Library(call) => {
            let parses = whole
                .program
                .library
                .get(call)
                .summary
                .effects
                .meets(Effects::PARSE);
            let name = module.dotted(code, callee).unwrap_or_default();
            let is_lookup = matches!(
                name.rsplit('.').next(),
                Some(
                    "get"
                        | "pop"
                        | "getattr"
                        | "next"
                        | "getmodule"
                        | "currentframe"
                        | "group"
                        | "groups"
                        | "__getitem__"
                )
            );
            if parses || is_lookup {
                Confidence::Low
            } else {
                Confidence::Medium
            }
        }
        _ => Confidence::Low,
    }
}

/// Whether there is no way through the function around the use.
fn is_always_used(whole: &Whole<'_>, (function, parameter): Key) -> bool {
    whole.summaries[function.0 as usize]
        .demands
        .iter()
        .any(|demand| demand.parameter == parameter && demand.always)
}

/// Somebody hands it around with arguments that nobody here sees (`partial`, a table of handlers, a framework's decorator), or
/// Python itself calls it.
fn is_private(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    let name = module.name(code.name);
    if is_registered(whole, function) {
        return true;
    }
    name.starts_with('_') && !matches!(name, "__init__" | "__call__" | "__new__")
}

/// Whether a decorator that is not the project's own takes the function: a framework calls it, and fills what it likes.
fn is_registered(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module_ref, _) = whole.program.locate(function);
    let (module, code) = whole.program.code(function);
    let Some(parent) = code.parent else {
        return false;
    };
    let outer = Evaluate::new(whole.program, module_ref, parent);
    let is_foreign = |decorator: &ExprId| {
        let named = match module.kind(*decorator) {
            ExprKind::Call { callee, .. } => callee,
            _ => *decorator,
        };
        let class = outer.value(named).class;
        !matches!(whole.program.types.get(class), Type::Function { .. })
    };
    whole.program.decoration(function).is_registered
        && module.list(code.decorators).iter().any(is_foreign)
}
