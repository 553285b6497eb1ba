//! `off-by-one`: an index that runs past the end of what it indexes.

mod advanced;
mod clamped;
mod following;
mod limits;

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::Solution;
use crate::ir::{
    BinaryOperator, BlockId, Comparison, ExprId, ExprKind, InstKind, Loop, LoopKind, Module,
    Source, UnaryOperator,
};
use crate::rules::boundary::empty_sequence::constant;
use crate::rules::sequences::{Boundary, Candidate, Origin};
use crate::rules::{Check, Family, Rule, Scene};
use crate::value::Kinds;
use advanced::advanced;
use clamped::clamped;
use following::following;
use limits::{comprehended, limit, of_length};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "off-by-one",
    family: Family::Boundary,
    page: include_str!("../../../rules/off-by-one.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// What a condition that holds says of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    AtLeast(i64),
    AtMost(i64),
    Exactly(i64),
    NotExactly(i64),
    /// One element is looked at, and there are so many.
    Element(i64),
    /// Something else is said of the sequence.
    Other,
}

fn check(scene: &Scene<'_>, solution: &Solution) -> Vec<Finding> {
    let boundary = Boundary::new(scene, solution);
    let is_subscript = |kind: ExprKind| matches!(kind, ExprKind::Subscript { .. });
    if boundary.in_test() || !boundary.has(&is_subscript) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut told = Vec::new();
    boundary.walk(&mut |candidate, _| {
        let Some((cause, finding)) = counted(&boundary, candidate)
            .or_else(|| advanced(&boundary, candidate))
            .or_else(|| clamped(&boundary, candidate))
            .or_else(|| following(&boundary, candidate))
            .or_else(|| measured(&boundary, candidate))
        else {
            return;
        };
        if !told.contains(&cause) {
            told.push(cause);
            findings.push(finding);
        }
    });
    findings
}

/// `x[i]` and `x[i + 1]` in a loop that counts to the length of `x`.
fn counted(boundary: &Boundary<'_>, candidate: Candidate) -> Option<(ExprId, Finding)> {
    let module = boundary.flow.module;
    let ExprKind::Subscript { value, index, .. } = module.kind(candidate.expr) else {
        return None;
    };
    let (counter, ahead) = sum(boundary, index)?;
    let counter_place = boundary.flow.place_of(counter)?;
    let inside = module.span(candidate.expr);
    let loops = boundary.flow.code.loops.iter();
    let is_in_test = |of: &Loop| match of.kind {
        LoopKind::While { test } => module.span(test).contains(inside),
        LoopKind::For { .. } => false,
    };
    let around = loops.filter(|of| of.suite.contains(inside) || is_in_test(of));
    let (limit, over, confidence) = around
        .filter_map(|of| limit(boundary, of, counter, value))
        .next()
        .or_else(|| comprehended(boundary, candidate, counter, value))?;
    let past = over + ahead;
    let is_mapping = boundary.flow.evaluate.value(value).kinds.meets(Kinds::DICT);
    if past < 0
        || is_mapping
        || boundary.is_caught(candidate.at.0, &["IndexError"])
        || is_tested_inside(boundary, candidate, counter_place, limit)
    {
        return None;
    }
    let name = boundary.text(value);
    let message = Message::new("counted")
        .with("name", name.clone())
        .with("index", written(boundary, counter, ahead));
    let finding = boundary.scene.at(candidate.expr, message);
    let help = Message::new("stop").with("name", name.clone());
    let why = boundary
        .scene
        .related(limit, Message::new("limit").with("name", name));
    Some((
        limit,
        finding.because(why).confidence(confidence).help(help),
    ))
}

fn written(boundary: &Boundary<'_>, counter: ExprId, ahead: i64) -> String {
    let counter = boundary.text(counter);
    if ahead == 0 {
        counter
    } else {
        format!("{counter} + {ahead}")
    }
}

/// `i` or `i + 1`.
fn sum(boundary: &Boundary<'_>, index: ExprId) -> Option<(ExprId, i64)> {
    let module = boundary.flow.module;
    match module.kind(index) {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => Some((index, 0)),
        ExprKind::Binary {
            operator: BinaryOperator::Add,
            left,
            right,
        } => {
            let ahead = constant(boundary, right).filter(|&ahead| ahead > 0)?;
            matches!(
                module.kind(left),
                ExprKind::Name(_) | ExprKind::Attribute { .. }
            )
            .then_some((left, ahead))
        }
        _ => None,
    }
}

/// Whether something inside the loop tests the counter, or moves it or the sequence.
fn is_tested_inside(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    counter: crate::ir::PlaceId,
    limit: ExprId,
) -> bool {
    let flow = boundary.flow;
    let mentions = |test: ExprId| {
        let mut hit = false;
        let known = flow.module.span(limit);
        outside_of_elements(flow.module, test, &mut |part| {
            let is_counter = flow.place_of(part) == Some(counter);
            // What the loop's own condition says of the element is not said of the counter.
            let is_known = flow.module.span(test).contains(known);
            hit |= is_counter && !is_known
        });
        hit
    };
    let suite = flow
        .code
        .loops
        .iter()
        .find(|of| match of.kind {
            LoopKind::For { iterable, .. } => iterable == limit,
            LoopKind::While { test } => flow.module.span(test).contains(flow.module.span(limit)),
        })
        .map(|of| of.suite);
    let moved = flow.code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind { target, .. } => {
            flow.place_of(target) == Some(counter)
                && suite.is_some_and(|suite| suite.contains(inst.span))
                && inst.span.start < flow.module.span(candidate.expr).start
        }
        _ => false,
    });
    moved || boundary.is_tested_by(candidate, &mentions, false)
}

/// Visits the parts of a condition, without what elements are picked by: what an element is says nothing of where it stands.
fn outside_of_elements(module: &Module, expr: ExprId, visit: &mut dyn FnMut(ExprId)) {
    visit(expr);
    if !matches!(module.kind(expr), ExprKind::Subscript { .. }) {
        module.for_each_part(expr, &mut |part| outside_of_elements(module, part, visit));
    }
}

/// `x[2]` behind `len(x) > 1`.
fn measured(boundary: &Boundary<'_>, candidate: Candidate) -> Option<(ExprId, Finding)> {
    let flow = boundary.flow;
    let ExprKind::Subscript { value, index, .. } = flow.module.kind(candidate.expr) else {
        return None;
    };
    let index = constant(boundary, index).or_else(|| last_of_range(boundary, index))?;
    let need = if index < 0 { -index } else { index + 1 };
    flow.place_of(value)?;
    let facts = facts(boundary, candidate, value);
    let (test, key, confidence) = too_little(&facts, need)?;
    let is_split = |source: &ExprId| {
        let called = boundary.called(*source);
        matches!(called, Some(("split" | "rsplit", Some(_), arguments)) if !arguments.is_empty())
    };
    let is_split = boundary.values(value).iter().any(is_split) || holds_parts(boundary, value);
    let confidence = match key {
        "not_exactly" if !is_of_exception(boundary, value) => Confidence::Low,
        // Whether there is anything at all is asked of what has all of its elements or none.
        "at_least" if need == 2 && !is_split => Confidence::Low,
        _ => confidence,
    };
    let is_mapping = flow.evaluate.value(value).kinds.meets(Kinds::DICT);
    if is_mapping
        || (key == "not_exactly" && is_split)
        || boundary.is_caught(candidate.at.0, &["IndexError"])
        || is_changed(boundary, value, test, candidate)
    {
        return None;
    }
    let name = boundary.text(value);
    let message = Message::new("measured")
        .with("name", name.clone())
        .with("index", index.to_string());
    let why = boundary.scene.related(test, Message::new(key));
    let help = Message::new("length")
        .with("name", name)
        .with("count", need.to_string());
    let finding = boundary.scene.at(candidate.expr, message).because(why);
    Some((test, finding.confidence(confidence).help(help)))
}

/// Whether an attribute of the object is bound to the parts of a text.
fn holds_parts(boundary: &Boundary<'_>, attribute: ExprId) -> bool {
    let flow = boundary.flow;
    let module = flow.module;
    let name = module.dotted(flow.code, attribute).unwrap_or_default();
    let mut methods = module.functions.iter().filter(|code| code.class.is_some());
    name.starts_with("self.")
        && methods.any(|code| {
            code.insts.iter().any(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } => {
                    let made = match module.kind(value) {
                        ExprKind::Call { callee, .. } => module.kind(callee),
                        _ => return false,
                    };
                    let is_split = matches!(made, ExprKind::Attribute { name, .. }
                        if matches!(module.name(name), "split" | "rsplit"));
                    is_split && module.dotted(code, target).as_deref() == Some(&name)
                }
                _ => false,
            })
        })
}

/// `error.args`, which may well be empty. Whoever tells one of anything else from several mostly knows that there is one.
fn is_of_exception(boundary: &Boundary<'_>, value: ExprId) -> bool {
    let flow = boundary.flow;
    let written = flow.module.dotted(flow.code, value).unwrap_or_default();
    written.ends_with(".args")
}

/// The test that comes closest to what an index needs, if all tests together prove too little.
fn too_little(facts: &[(ExprId, Length)], need: i64) -> Option<(ExprId, &'static str, Confidence)> {
    let mut best: Option<(ExprId, i64)> = None;
    for &(test, fact) in facts {
        match fact {
            Length::Exactly(length) if length < need => {
                return Some((test, "exactly", Confidence::High));
            }
            Length::Exactly(_) | Length::Other => return None,
            Length::AtLeast(length) => {
                if best.is_none_or(|(_, known)| known < length) {
                    best = Some((test, length));
                }
            }
            Length::NotExactly(_) | Length::AtMost(_) | Length::Element(_) => {}
        }
    }
    for &(_, fact) in facts {
        // What is asked of an element that is not the last known one may tell what follows.
        match (fact, best) {
            (Length::Element(length), Some((_, known))) if length == known && need == known + 1 => {
            }
            (Length::Element(_), _) => return None,
            _ => {}
        }
    }
    if let Some((test, length)) = best {
        return (length < need && length > 0).then_some((test, "at_least", Confidence::Medium));
    }
    match facts {
        [(test, Length::NotExactly(1))] => Some((*test, "not_exactly", Confidence::Medium)),
        [(test, Length::AtMost(length))] if *length < need => {
            Some((*test, "at_most", Confidence::High))
        }
        _ => None,
    }
}

/// What the conditions on every way to a use say of the length of `sequence`.
fn facts(boundary: &Boundary<'_>, candidate: Candidate, sequence: ExprId) -> Vec<(ExprId, Length)> {
    let flow = boundary.flow;
    let mut found = Vec::new();
    for index in 0..flow.code.blocks.len() {
        let block = BlockId::new(index);
        for inst in flow.code.insts(flow.code.block(block)) {
            if let InstKind::Assume { test, holds } = inst.kind {
                let mut here = Vec::new();
                say(boundary, test, holds, sequence, &mut here);
                if !here.is_empty() && boundary.dominates(block, candidate.at.0) {
                    found.extend(here);
                }
            }
        }
    }
    beside(boundary, candidate, sequence, &mut found);
    found
}

/// Conditions of the same expression.
fn beside(
    boundary: &Boundary<'_>,
    candidate: Candidate,
    sequence: ExprId,
    found: &mut Vec<(ExprId, Length)>,
) {
    let module = boundary.flow.module;
    let inside = module.span(candidate.expr);
    let holds_it = |expr: ExprId| module.span(expr).contains(inside);
    module.walk(candidate.root, &mut |part| {
        if !holds_it(part) {
            return;
        }
        match module.kind(part) {
            kind @ (ExprKind::And(parts) | ExprKind::Or(parts)) => {
                let is_and = matches!(kind, ExprKind::And(_));
                for &other in module.list(parts) {
                    if holds_it(other) {
                        break;
                    }
                    say(boundary, other, is_and, sequence, found);
                }
            }
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } if holds_it(then) || holds_it(otherwise) => {
                say(boundary, test, holds_it(then), sequence, found);
            }
            ExprKind::Comprehension(id) => {
                let clauses = &module.comprehension(id).clauses;
                for &condition in clauses.iter().flat_map(|clause| &clause.conditions) {
                    if !holds_it(condition) {
                        say(boundary, condition, true, sequence, found);
                    }
                }
            }
            _ => {}
        }
    });
}

/// What one condition says.
fn say(
    boundary: &Boundary<'_>,
    test: ExprId,
    holds: bool,
    sequence: ExprId,
    found: &mut Vec<(ExprId, Length)>,
) {
    let module = boundary.flow.module;
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => say(boundary, operand, !holds, sequence, found),
        ExprKind::And(parts) if holds => {
            for &part in module.list(parts) {
                say(boundary, part, true, sequence, found);
            }
        }
        ExprKind::Or(parts) if !holds => {
            for &part in module.list(parts) {
                say(boundary, part, false, sequence, found);
            }
        }
        ExprKind::Compare {
            operator,
            left,
            right,
        } if of_length(boundary, left, sequence) == Some(0) => {
            let fact = constant(boundary, right)
                .and_then(|number| length(operator, holds, number))
                .unwrap_or(Length::Other);
            found.push((test, fact));
        }
        _ => {
            let form = boundary.flow.form(sequence);
            let mut mentioned = false;
            module.walk(test, &mut |part| {
                mentioned |= boundary.flow.form(part) == form;
            });
            if mentioned {
                let fact = element(boundary, test, form).map_or(Length::Other, Length::Element);
                found.push((test, fact));
            }
        }
    }
}

/// So many elements a condition takes for granted that is about one of them and nothing else of the sequence: `x[3] == "dev"`.
fn element(boundary: &Boundary<'_>, test: ExprId, sequence: u64) -> Option<i64> {
    let flow = boundary.flow;
    let mut last = None;
    let mut mentions = 0;
    let mut elements = 0;
    flow.module.walk(test, &mut |part| {
        mentions += usize::from(flow.form(part) == sequence);
        if let ExprKind::Subscript { value, index, .. } = flow.module.kind(part)
            && flow.form(value) == sequence
            && let Some(index) = constant(boundary, index).filter(|&index| index >= 0)
        {
            elements += 1;
            last = last.max(Some(index + 1));
        }
    });
    last.filter(|_| mentions == elements)
}

/// The largest number that a counter of `range(3, 7)` gets to.
fn last_of_range(boundary: &Boundary<'_>, index: ExprId) -> Option<i64> {
    let ExprKind::Name(place) = boundary.flow.module.kind(index) else {
        return None;
    };
    let [Origin::Element(run)] = boundary.origins(place)[..] else {
        return None;
    };
    let (_, _, arguments) = boundary
        .called(run)
        .filter(|(name, receiver, _)| matches!(*name, "range" | "xrange") && receiver.is_none())?;
    let end = match arguments[..] {
        [end] | [_, end] => constant(boundary, end)?,
        _ => return None,
    };
    (end > 1).then_some(end - 1)
}

fn length(operator: Comparison, holds: bool, number: i64) -> Option<Length> {
    use Comparison::{Equal, Greater, GreaterEqual, Is, Less, LessEqual, NotEqual};
    Some(match (operator, holds) {
        (Equal | Is, true) | (NotEqual, false) => Length::Exactly(number),
        (Equal | Is, false) | (NotEqual, true) if number == 0 => Length::AtLeast(1),
        (Equal | Is, false) | (NotEqual, true) => Length::NotExactly(number),
        (Greater, true) | (LessEqual, false) => Length::AtLeast(number + 1),
        (GreaterEqual, true) | (Less, false) => Length::AtLeast(number),
        (Less, true) | (GreaterEqual, false) => Length::AtMost(number - 1),
        (LessEqual, true) | (Greater, false) => Length::AtMost(number),
        _ => return None,
    })
}

/// Whether the sequence is bound or changed between the test and the use.
fn is_changed(
    boundary: &Boundary<'_>,
    sequence: ExprId,
    test: ExprId,
    candidate: Candidate,
) -> bool {
    let flow = boundary.flow;
    let form = flow.form(sequence);
    let between = flow.module.span(test).start..=flow.module.span(candidate.expr).start;
    flow.code.insts.iter().any(|inst| {
        between.contains(&inst.span.start)
            && match inst.kind {
                InstKind::Bind { target, .. } | InstKind::Forget(target) => {
                    let mut changed = false;
                    flow.module
                        .walk(target, &mut |part| changed |= flow.form(part) == form);
                    changed
                }
                InstKind::Eval(call) => match boundary.called(call) {
                    Some((_, Some(receiver), _)) => flow.form(receiver) == form,
                    _ => false,
                },
                _ => false,
            }
    })
}
