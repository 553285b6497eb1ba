//! `none-result`: a call's result, or an attribute, that can be None is used with no guard.

mod library;

use crate::finding::Severity;
use crate::finding::{Confidence, Finding, Message, Related};
use crate::flow::{Circumstances, Flow, Given, Use, Wanted, Witness};
use crate::infer::ResultUse;
use crate::ir::{BlockId, ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Source};
use crate::project::Target;
use crate::rules::none::belief::{alike, dominates};
use crate::rules::none::calls::{Returns, given, is_collected, returns_none};
use crate::rules::none::sibling;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::Effects;
use crate::text::Location;
use crate::types::FunctionRef;
use library::of_library;
use rustc_hash::{FxHashMap, FxHashSet};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "none-result",
    family: Family::None,
    page: include_str!("../../../rules/none-result.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// How the callers of a function treat its result.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    tested: usize,
    used: usize,
}

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let habits = habits(whole);
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        if trace.results.is_empty() {
            continue;
        }
        let flow = whole.flow(FunctionRef(index as u32));
        let mut told = FxHashSet::default();
        for used in &trace.results {
            if !told.contains(&used.source)
                && !is_repeated(&flow, used, &told)
                && let Some(finding) = finding(rule, whole, &flow, used, &habits)
            {
                told.insert(used.source);
                findings.push(finding);
            }
        }
    }
    for new in sibling::findings(rule, whole) {
        if !findings.iter().any(|known| known.location == new.location) {
            findings.push(new);
        }
    }
    findings
}

/// Whether the same tree was told to be searched before in this function: one part that is missing stands for all.
fn is_repeated(flow: &Flow<'_, '_>, used: &ResultUse, told: &FxHashSet<ExprId>) -> bool {
    let found = |source: ExprId| match flow.module.kind(source) {
        ExprKind::Call { callee, .. } => flow.module.dotted(flow.code, callee),
        _ => None,
    };
    is_find(flow, used.source)
        && found(used.source).is_some_and(|tree| {
            let mut told = told.iter();
            told.any(|&source| found(source).as_ref() == Some(&tree))
        })
}

/// Whether a method `find` of something unknown is called.
fn is_find(flow: &Flow<'_, '_>, source: ExprId) -> bool {
    let ExprKind::Call { callee: found, .. } = flow.module.kind(source) else {
        return false;
    };
    matches!(flow.module.kind(found), ExprKind::Attribute { name, .. } if flow.module.name(name) == "find")
        && callee(flow, source) == Target::Unknown
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    used: &ResultUse,
    habits: &FxHashMap<FunctionRef, Habit>,
) -> Option<Finding> {
    let module = flow.module;
    if matches!(module.kind(used.source), ExprKind::Compare { .. }) {
        return Some(filtered(rule, whole, flow, used));
    }
    if is_search_of_text(flow, used) {
        return None;
    }
    let witness = match flow.place_of(used.subject) {
        Some(place) => {
            // An attribute is not bound to where its None comes from: it is None when the object is made.
            let is_read = used.subject == used.source;
            let wanted = Wanted {
                place,
                origin: Some(used.source).filter(|_| !is_read),
                passed: is_read,
                target: used.position,
            };
            flow.witness_where(
                wanted,
                Circumstances {
                    subject: Some(used.subject),
                    ..Circumstances::default()
                },
            )
        }
        None => Witness::Path,
    };
    if witness < Witness::Exception
        || flow.is_tested_alike(used.source, used.position)
        || is_asked_alike(flow, used)
    {
        return None;
    }
    let what = match module.kind(used.source) {
        ExprKind::Call { callee, .. } => module
            .dotted(flow.code, callee)
            .map(|callee| format!("{callee}()")),
        _ => module.dotted(flow.code, used.source),
    };
    let what = what.unwrap_or_else(|| "the call".to_owned());
    let name = flow
        .place_of(used.subject)
        .map(|place| flow.place_text(place));
    let message = match &name {
        Some(name) => Message::new("variable")
            .with("name", name.clone())
            .with("call", what.clone()),
        None => Message::new("used").with("call", what.clone()),
    };
    let statement = flow.code.insts[used.position.1 as usize].span.start;
    let mut finding = Finding {
        statement,
        ..draft(
            rule,
            whole.program,
            flow.function,
            module.span(used.subject),
            message,
        )
    };
    let at_once = used.subject == used.source
        || flow.module.kind(used.subject) == ExprKind::Await(used.source);
    if !at_once {
        let location = Location {
            file: whole.program.file(flow.function),
            span: module.span(used.source),
        };
        finding.related.push(Related {
            location,
            message: Message::new("source").with("call", what),
        });
    }
    let confidence = match callee(flow, used.source) {
        Target::Function { function, .. } if unpacked(flow, used).is_some() => {
            let habit = habits.get(&function).copied().unwrap_or_default();
            let (index, siblings) = unpacked(flow, used)?;
            let given = given(whole, flow.function, used.source, function);
            let at = items_at(whole, function, index, &given);
            if at.is_empty() || is_any_asked(flow, used, &siblings) {
                return None;
            }
            finding
                .related
                .extend(at.into_iter().map(|location| Related {
                    location,
                    message: Message::new("returns"),
                }));
            of_habit(habit)
        }
        Target::Function { function, .. } => {
            let habit = habits.get(&function).copied().unwrap_or_default();
            let given = given(whole, flow.function, used.source, function);
            let confidence = match returns_none(whole, function, &given) {
                Returns::Never => return None,
                Returns::HandedOn => Confidence::Low,
                Returns::Plainly if is_collected(whole, flow.function, used.source, function) => {
                    Confidence::Low
                }
                // Who reads a property mostly knows what state the object is in.
                Returns::Plainly
                    if flow.getter(used.source).is_some()
                        && (habit.tested == 0 || habit.used > habit.tested) =>
                {
                    Confidence::Low
                }
                Returns::Plainly => of_habit(habit),
            };
            returns(whole, function, &mut finding);
            confidence
        }
        Target::Library(call) => {
            let call = whole.program.library.get(call);
            if call.summary.effects.meets(Effects::PARSE) {
                Confidence::Low
            } else {
                of_library(flow, used.source)?
            }
        }
        // Who wrote the None down and asks for it somewhere has another reason not to ask here.
        Target::Unknown if has_default(flow, used.source) && is_asked(flow, used) => {
            Confidence::Low
        }
        _ => of_library(flow, used.source)?.min(Confidence::Medium),
    };
    let help = Message::new("guard").with("name", name.unwrap_or_else(|| "the result".to_owned()));
    // A lambda is handed to somebody, who may well call it to see whether it fails.
    let confidence = match flow.code.kind {
        FunctionKind::Lambda => Confidence::Low,
        _ => confidence,
    };
    Some(finding.confidence(confidence).help(help))
}

/// The element of a container from which other code of the function leaves out None.
fn filtered(
    rule: &'static Rule,
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    used: &ResultUse,
) -> Finding {
    let span = flow.module.span(used.subject);
    let name = flow
        .place_of(used.subject)
        .map_or_else(|| "the element".to_owned(), |place| flow.place_text(place));
    let message = Message::new("element").with("name", name.clone());
    let statement = flow.code.insts[used.position.1 as usize].span.start;
    let finding = draft(rule, whole.program, flow.function, span, message);
    let related = Related {
        location: Location {
            file: whole.program.file(flow.function),
            span: flow.module.span(used.source),
        },
        message: Message::new("left-out"),
    };
    Finding {
        statement,
        ..finding
    }
    .because(related)
    .confidence(Confidence::Medium)
    .help(Message::new("guard").with("name", name))
}

/// For a name that a call's result is unpacked into: which element it is, and the names of the others.
fn unpacked(flow: &Flow<'_, '_>, used: &ResultUse) -> Option<(usize, Vec<PlaceId>)> {
    let place = handed_on(flow, used.subject)?;
    flow.code.insts.iter().find_map(|inst| {
        let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
        else {
            return None;
        };
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = flow.module.kind(target) else {
            return None;
        };
        let is_it = value == used.source || flow.module.kind(value) == ExprKind::Await(used.source);
        let parts = flow.module.list(parts);
        let at = |part: &ExprId| flow.place_of(*part) == Some(place);
        let index = parts.iter().position(at).filter(|_| is_it)?;
        let others = parts.iter().filter(|part| !at(part));
        Some((
            index,
            others.filter_map(|&part| flow.place_of(part)).collect(),
        ))
    })
}

/// The variable that is used, or that a call gets whose result is: the call gives None for None.
fn handed_on(flow: &Flow<'_, '_>, subject: ExprId) -> Option<PlaceId> {
    let ExprKind::Call { arguments, .. } = flow.module.kind(subject) else {
        return flow.place_of(subject);
    };
    match flow.module.arguments(arguments) {
        [only] => flow.place_of(only.value),
        _ => None,
    }
}

/// Whether a call is given the None that it may give.
fn has_default(flow: &Flow<'_, '_>, source: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = flow.module.kind(source) else {
        return false;
    };
    let last = flow.module.arguments(arguments).last();
    last.is_some_and(|last| flow.module.kind(last.value) == ExprKind::None)
}

/// Whether the variable that is used is tested anywhere behind its source.
fn is_asked(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let place = flow.place_of(used.subject);
    place.is_some_and(|place| is_any_asked(flow, used, &[flow.code.root(place)]))
}

/// Whether one of these names is tested anywhere: `error, value = f()` is asked for the error.
fn is_any_asked(flow: &Flow<'_, '_>, used: &ResultUse, names: &[PlaceId]) -> bool {
    let module = flow.module;
    let start = module.span(used.source).start;
    let mentions = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= flow
                .place_of(part)
                .is_some_and(|place| names.contains(&flow.code.root(place)));
        });
        found
    };
    flow.code.insts.iter().any(|inst| {
        let mut found = false;
        if let InstKind::Assume { test, .. } = inst.kind {
            found |= module.span(test).start > start && mentions(test);
        }
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| {
                if let ExprKind::Conditional { test, .. } = module.kind(part) {
                    found |= module.span(test).start > start && mentions(test);
                }
            });
        });
        found
    })
}

/// Where a function that is given these arguments returns a tuple whose element is None.
fn items_at(
    whole: &Whole<'_>,
    function: FunctionRef,
    index: usize,
    given: &[(PlaceId, Given)],
) -> Vec<Location> {
    let flow = whole.flow(function);
    let mut found = Vec::new();
    for (block, of) in flow.code.blocks.iter().enumerate() {
        for at in of.insts.range() {
            let inst = &flow.code.insts[at];
            let InstKind::Return(Some(value)) = inst.kind else {
                continue;
            };
            let ExprKind::Tuple(parts) = flow.module.kind(value) else {
                continue;
            };
            let part = flow.module.list(parts).get(index);
            let is_none = part.is_some_and(|&part| flow.module.kind(part) == ExprKind::None);
            let position = (BlockId::new(block), at as u32);
            if is_none && (given.is_empty() || flow.reaches(position, given)) {
                let file = whole.program.file(function);
                let span = inst.span;
                found.push(Location { file, span });
            }
        }
    }
    found.truncate(3);
    found
}

/// Whether a text may have been searched for another, which gives a number: only what no number has tells that it was a document.
fn is_search_of_text(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    is_find(flow, used.source)
        && !matches!(used.how, Use::Attribute | Use::Subscript | Use::Iterate)
}

/// Whether a call that is written alike was tested on the way, however far up.
fn is_asked_alike(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let module = flow.module;
    if !matches!(module.kind(used.source), ExprKind::Call { .. }) {
        return false;
    }
    flow.code.blocks.iter().enumerate().any(|(index, block)| {
        let Some(InstKind::Assume { test, .. }) =
            flow.code.insts(block).first().map(|inst| inst.kind)
        else {
            return false;
        };
        let mut found = false;
        module.walk(test, &mut |part| found |= alike(module, part, used.source));
        found && dominates(flow.code, BlockId::new(index), used.position.0)
    })
}

/// Where others test the result, this one ought to; where hardly anybody does, None never comes or always crashes.
fn of_habit(habit: Habit) -> Confidence {
    match habit {
        Habit { tested, used } if used > 2 && used > 4 * tested => Confidence::Low,
        Habit { tested, used } if tested >= 2 * used => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// The places where a function of the project returns None.
fn returns(whole: &Whole<'_>, function: FunctionRef, finding: &mut Finding) {
    for &location in whole.summaries[function.0 as usize].none_at.iter().take(3) {
        finding.related.push(Related {
            location,
            message: Message::new("returns"),
        });
    }
}

fn callee(flow: &Flow<'_, '_>, source: ExprId) -> Target {
    match flow.module.kind(source) {
        ExprKind::Call { callee, .. } => flow.program.target(flow.evaluate.value(callee)),
        _ => flow
            .getter(source)
            .map_or(Target::Unknown, |function| Target::Function {
                function,
                bound: true,
            }),
    }
}

fn habits(whole: &Whole<'_>) -> FxHashMap<FunctionRef, Habit> {
    let mut habits: FxHashMap<FunctionRef, Habit> = FxHashMap::default();
    for (index, trace) in whole.traces.iter().enumerate() {
        if trace.results.is_empty() && trace.tested.is_empty() {
            continue;
        }
        let flow = whole.flow(FunctionRef(index as u32));
        let mut tested: Vec<ExprId> = trace.tested.clone();
        let mut used: Vec<ExprId> = trace.results.iter().map(|used| used.source).collect();
        for sources in [&mut tested, &mut used] {
            sources.sort_unstable();
            sources.dedup();
        }
        for source in tested {
            if let Target::Function { function, .. } = callee(&flow, source) {
                habits.entry(function).or_default().tested += 1;
            }
        }
        for source in used {
            if let Target::Function { function, .. } = callee(&flow, source) {
                habits.entry(function).or_default().used += 1;
            }
        }
    }
    habits
}
