//! `misplaced-guard`: a guard that tests another name than the one used, tests the same twice, or comes behind the use.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Solution};
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, InstKind, Next, PlaceId, Source, Step};
use crate::rules::none::belief::{
    Asked, Question, Reliance, Relied, alike, asked, has_effects, length_of, needed_length,
    relied_on, relies, wanted_length,
};
use crate::rules::none::late_check::builtin::{has, sounds_like_many};
use crate::rules::{Check, Family, Rule, Scene};
use crate::types::Type;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "misplaced-guard",
    family: Family::None,
    page: include_str!("../../../rules/misplaced-guard.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// Operands of one condition that are compared with each other: the work grows with their square.
const OPERANDS: usize = 64;

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    if solution.gave_up {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for index in scene.flow.code.exprs.range() {
        let expr = ExprId::new(index);
        if let ExprKind::And(parts) | ExprKind::Or(parts) = scene.flow.module.kind(expr) {
            let is_and = matches!(scene.flow.module.kind(expr), ExprKind::And(_));
            let parts = scene.flow.module.list(parts);
            let parts = &parts[..parts.len().min(OPERANDS)];
            findings.extend(twice(scene, parts));
            findings.extend(behind(scene, parts, is_and));
        }
    }
    findings.extend(other_names(scene));
    findings
}

/// `a is None or a is None`.
fn twice(scene: &Scene<'_>, parts: &[ExprId]) -> Option<Finding> {
    let module = scene.flow.module;
    for (index, &first) in parts.iter().enumerate() {
        let again = parts[index + 1..]
            .iter()
            .find(|&&part| alike(module, first, part));
        let Some(&again) = again else {
            continue;
        };
        let says_nothing = has_effects(module, first)
            || (module.kind(first).place().is_some() && !is_condition(scene.flow, first));
        if says_nothing {
            continue;
        }
        let text = shown(scene.flow, first);
        let finding = at(scene, again, Message::new("twice").with("test", text));
        return Some(
            finding
                .because(scene.related(first, Message::new("first")))
                .help(Message::new("other")),
        );
    }
    None
}

/// Whether an expression is part of a branch's condition; elsewhere `x and x` only gives a value.
fn is_condition(flow: &Flow<'_, '_>, expr: ExprId) -> bool {
    flow.code.insts.iter().any(|inst| {
        let mut found = false;
        if let InstKind::Assume { test, .. } = inst.kind {
            flow.module.walk(test, &mut |part| found |= part == expr);
        }
        found
    })
}

/// What a test is about, for the message.
fn shown(flow: &Flow<'_, '_>, test: ExprId) -> String {
    let mut found = Vec::new();
    asked(flow.module, flow.code, test, &mut found);
    found.first().map_or_else(
        || "the condition".to_owned(),
        |asked| flow.place_text(asked.place),
    )
}

/// `e[0] == x and len(e) == 2`.
fn behind(scene: &Scene<'_>, parts: &[ExprId], is_and: bool) -> Option<Finding> {
    let flow = scene.flow;
    let mut known: Vec<Asked> = Vec::new();
    for (index, &part) in parts.iter().enumerate() {
        let mut used = Vec::new();
        relies(flow, part, &mut used);
        for &later in &parts[index + 1..] {
            let found = used.iter().find(|used| {
                guards(flow, **used, later, is_and)
                    && !known.iter().any(|known| known.place == used.place)
            });
            if let Some(used) = found.filter(|used| !is_asked_before(flow, used)) {
                let name = flow.place_text(used.place);
                let finding = at(
                    scene,
                    used.subject,
                    Message::new("behind").with("name", name.clone()),
                );
                let finding =
                    finding.because(scene.related(later, Message::new("guard").with("name", name)));
                let confidence = match (asks_for_a_kind(flow, later), is_of_text(flow, part)) {
                    // Somebody may ask an object of its own kind whether it holds anything.
                    (false, _)
                        if flow.module.kind(later).place().is_some() && !is_divided(used) =>
                    {
                        Confidence::Low
                    }
                    (false, _) => Confidence::High,
                    (true, true) => Confidence::Medium,
                    (true, false) => Confidence::Low,
                };
                return Some(finding.confidence(confidence).help(Message::new("swap")));
            }
        }
        asked(flow.module, flow.code, part, &mut known);
    }
    None
}

fn is_divided(used: &Relied) -> bool {
    matches!(used.how, Reliance::Divisor | Reliance::Index(_))
}

/// Whether a condition farther up has asked for the same: then this one is not its guard.
fn is_asked_before(flow: &Flow<'_, '_>, used: &Relied) -> bool {
    let start = flow.module.span(used.subject).start;
    flow.code.insts.iter().any(|inst| {
        let InstKind::Assume { test, .. } = inst.kind else {
            return false;
        };
        let mut found = Vec::new();
        asked(flow.module, flow.code, test, &mut found);
        found.iter().any(|asked| {
            asked.place == used.place
                && asked.question != Question::Other
                && flow.module.span(asked.at).start < start
        })
    })
}

/// Whether an operand is the guard that the use of an earlier one needed.
fn guards(flow: &Flow<'_, '_>, used: Relied, later: ExprId, is_and: bool) -> bool {
    if let (Reliance::Key(index), true) = (used.how, is_and)
        && bounds(flow, used, index, later)
    {
        return true;
    }
    let mut found = Vec::new();
    match flow.module.kind(later) {
        ExprKind::And(_) | ExprKind::Or(_) => return false,
        _ => asked(flow.module, flow.code, later, &mut found),
    }
    found.iter().any(|asked| {
        let fits = match (asked.question, used.how) {
            // Python 2 orders None, too: before everything.
            (Question::None, Reliance::Value) => !flow.program.reads_two(),
            (Question::None, how) => how != Reliance::Divisor,
            (Question::Length, Reliance::Index(at)) => is_just_enough(flow, asked.at, at),
            (Question::Truth, Reliance::Index(_) | Reliance::Divisor) => true,
            (Question::Truth, Reliance::Attribute { name, .. }) => {
                asks_whether_it_is_there(flow, used.place, flow.module.name(name))
            }
            _ => false,
        };
        asked.place == used.place && asked.positive == is_and && fits
    })
}

/// `connection.ready and connection`: an object is asked whether it is there. Of what may be empty, truth says something else.
fn asks_whether_it_is_there(flow: &Flow<'_, '_>, place: PlaceId, attribute: &str) -> bool {
    let name = flow.place_text(place);
    let value = flow.program.variable(flow.function, flow.code.root(place));
    let may_be_empty = match flow.program.types.get(value.class) {
        Type::Instance(class) => ["__len__", "__bool__", "__nonzero__"]
            .iter()
            .any(|&method| flow.program.method(class, method).is_some()),
        _ => false,
    };
    !may_be_empty && !has(attribute) && !sounds_like_many(&name)
}

/// Whether a test of the length asks for no more than the index needs: `a[0] == "-" and len(a) > 1` has another purpose.
fn is_just_enough(flow: &Flow<'_, '_>, test: ExprId, index: i32) -> bool {
    match wanted_length(flow.module, test) {
        Some((length, true)) => length >= needed_length(index),
        Some((length, false)) => length == needed_length(index),
        None => false,
    }
}

/// An exact length tells one kind of record from another: none of them need be empty.
fn asks_for_a_kind(flow: &Flow<'_, '_>, later: ExprId) -> bool {
    let ExprKind::Compare { left, .. } = flow.module.kind(later) else {
        return false;
    };
    let is_length = length_of(flow.module, flow.code, left).is_some();
    is_length && matches!(wanted_length(flow.module, later), Some((_, true)))
}

/// `text[0] == "^"`: a single letter is taken from a text, and a text is easily empty.
fn is_of_text(flow: &Flow<'_, '_>, part: ExprId) -> bool {
    let ExprKind::Compare { left, right, .. } = flow.module.kind(part) else {
        return false;
    };
    [left, right]
        .into_iter()
        .any(|side| match flow.module.kind(side) {
            ExprKind::Text(text) => flow.module.name(text).chars().count() == 1,
            _ => false,
        })
}

/// `s[i] == " " and i < len(s)`, `d[k] and k in d`.
fn bounds(flow: &Flow<'_, '_>, used: Relied, index: ExprId, later: ExprId) -> bool {
    let module = flow.module;
    let ExprKind::Compare {
        operator,
        left,
        right,
    } = module.kind(later)
    else {
        return false;
    };
    let is_index = alike(module, left, index);
    match operator {
        Comparison::In => is_index && flow.place_of(right) == Some(used.place),
        Comparison::Less | Comparison::NotEqual => {
            is_index
                && length_of(module, flow.code, right)
                    .is_some_and(|of| flow.place_of(of) == Some(used.place))
        }
        _ => false,
    }
}

/// `if delta_t: rate = n / delta_it`.
fn other_names(scene: &Scene<'_>) -> Vec<Finding> {
    let flow = scene.flow;
    let mut findings = Vec::new();
    for block in &flow.code.blocks {
        let Next::Branch(one, other) = block.next else {
            continue;
        };
        for branch in [one, other] {
            findings.extend(in_branch(scene, branch));
        }
    }
    for index in flow.code.exprs.range() {
        if let ExprKind::Conditional { test, then, .. } = flow.module.kind(ExprId::new(index)) {
            let mut used = Vec::new();
            relies(flow, then, &mut used);
            findings.extend(mismatch(scene, test, true, &used, &|place| {
                mentions(flow, then, place)
            }));
        }
    }
    findings
}

fn in_branch(scene: &Scene<'_>, branch: BlockId) -> Option<Finding> {
    let flow = scene.flow;
    let insts = flow.code.insts(flow.code.block(branch));
    let InstKind::Assume { test, holds } = insts.first()?.kind else {
        return None;
    };
    let used: Vec<Relied> = insts
        .iter()
        .flat_map(|inst| relied_on(flow, inst.kind))
        .collect();
    let mentioned = |place: PlaceId| {
        let mut found = false;
        for inst in &insts[1..] {
            inst.kind
                .for_each_expr(&mut |expr| found |= mentions(flow, expr, place));
        }
        found
    };
    mismatch(scene, test, holds, &used, &mentioned)
}

fn mentions(flow: &Flow<'_, '_>, expr: ExprId, place: PlaceId) -> bool {
    let mut found = false;
    flow.module.walk(expr, &mut |part| {
        found |= flow.place_of(part) == Some(place)
    });
    found
}

/// The branch never looks at the name that was tested, and relies on one that is spelled nearly like it and never tested.
fn mismatch(
    scene: &Scene<'_>,
    test: ExprId,
    holds: bool,
    used: &[Relied],
    mentioned: &dyn Fn(PlaceId) -> bool,
) -> Option<Finding> {
    let flow = scene.flow;
    if matches!(flow.module.kind(test), ExprKind::And(_) | ExprKind::Or(_)) {
        return None;
    }
    let mut found = Vec::new();
    asked(flow.module, flow.code, test, &mut found);
    let guard = match (above_zero(flow, test), &found[..]) {
        (Some(guard), _) => guard,
        (None, &[guard]) => guard,
        _ => return None,
    };
    mismatch_of(scene, guard, holds, used, mentioned)
}

/// `count > 0`, `count != 0`: as good as a test of the truth of a number.
fn above_zero(flow: &Flow<'_, '_>, test: ExprId) -> Option<Asked> {
    let ExprKind::Compare {
        operator: Comparison::Greater | Comparison::NotEqual,
        left,
        right,
    } = flow.module.kind(test)
    else {
        return None;
    };
    let is_zero = flow.module.kind(right) == ExprKind::Int(0);
    let place = flow.module.kind(left).place().filter(|_| is_zero);
    place.map(|place| Asked {
        place,
        at: test,
        question: Question::Truth,
        positive: true,
    })
}

fn mismatch_of(
    scene: &Scene<'_>,
    guard: Asked,
    holds: bool,
    used: &[Relied],
    mentioned: &dyn Fn(PlaceId) -> bool,
) -> Option<Finding> {
    let flow = scene.flow;
    if guard.positive != holds || guard.question == Question::Other || mentioned(guard.place) {
        return None;
    }
    let guarded = variable(flow, guard.place)?;
    let used = used.iter().find(|used| {
        let is_like = variable(flow, used.place)
            .is_some_and(|name| name != guarded && look_alike(guarded, name));
        is_like && needs_guard(flow, **used, guard.question) && !is_tested(flow, used.place)
    })?;
    let (name, other) = (flow.place_text(used.place), guarded.to_owned());
    let message = Message::new("other-name")
        .with("name", name)
        .with("guarded", other.clone());
    Some(
        at(scene, used.subject, message)
            .because(scene.related(guard.at, Message::new("guarded").with("guarded", other)))
            .help(Message::new("same-name")),
    )
}

fn variable<'f>(flow: &'f Flow<'_, '_>, place: PlaceId) -> Option<&'f str> {
    match flow.code.place(place).step {
        Step::Variable { name, .. } => Some(flow.module.name(name)),
        _ => None,
    }
}

/// Only what can be zero or None for a reason that stands in the function needs a guard, and what an element is taken of, where
/// the test is whether the other has any.
fn needs_guard(flow: &Flow<'_, '_>, used: Relied, question: Question) -> bool {
    let is_of_elements = matches!(used.how, Reliance::Index(_))
        && matches!(question, Question::Truth | Question::Length);
    used.how == Reliance::Divisor
        || is_of_elements
        || (used.how != Reliance::Value && starts_as_none(flow, used.place))
}

fn starts_as_none(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let is_none = |expr: ExprId| flow.module.kind(expr) == ExprKind::None;
    let by_default = flow
        .code
        .parameters
        .iter()
        .any(|parameter| parameter.place == place && parameter.default.is_some_and(is_none));
    let by_binding = flow.code.insts.iter().any(|inst| {
        matches!(inst.kind, InstKind::Bind { target, source: Source::Value(value), .. } if flow.place_of(target) == Some(place) && is_none(value))
    });
    by_default || by_binding
}

/// Whether any condition of the function asks for the place.
fn is_tested(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let conditional =
        flow.code
            .exprs
            .range()
            .filter_map(|index| match flow.module.kind(ExprId::new(index)) {
                ExprKind::Conditional { test, .. } => Some(test),
                _ => None,
            });
    let assumed = flow.code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Assume { test, .. } => Some(test),
        _ => None,
    });
    conditional
        .chain(assumed)
        .any(|test| mentions(flow, test, place))
}

/// Names that are told apart by a suffix, or by a letter or two.
fn look_alike(one: &str, other: &str) -> bool {
    let stem = |name: &str| name.rsplit_once('_').map(|(stem, _)| stem.len());
    let same_stem = match (stem(one), stem(other)) {
        (Some(a), Some(b)) => a == b && a >= 3 && one.get(..a) == other.get(..b),
        _ => false,
    };
    same_stem || is_one_letter_apart(one, other)
}

fn is_one_letter_apart(one: &str, other: &str) -> bool {
    let (one, other) = if one.len() <= other.len() {
        (one.as_bytes(), other.as_bytes())
    } else {
        (other.as_bytes(), one.as_bytes())
    };
    if one.len() < 4 || other.len() - one.len() > 1 {
        return false;
    }
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let skip = usize::from(one.len() == other.len());
    one.get(same + skip..) == other.get(same + 1..)
}

fn at(scene: &Scene<'_>, expr: ExprId, message: Message) -> Finding {
    let span = scene.flow.module.span(expr);
    let inst = scene
        .flow
        .code
        .insts
        .iter()
        .filter(|inst| inst.span.contains(span))
        .max_by_key(|inst| inst.span.start);
    Finding {
        statement: inst.map_or(span.start, |inst| inst.span.start),
        ..scene.at(expr, message)
    }
}
