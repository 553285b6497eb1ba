//! `unguarded-division`: the divisor can be zero, and nothing tests it.

use crate::escape::is_out_of_scope;
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Event, State};
use crate::ir::{
    BinaryOperator, Comparison, ExprId, ExprKind, InstKind, LoopKind, ParameterKind, PlaceId,
    Scope, Step, UnaryOperator,
};
use crate::project::{Coverage, Target};
use crate::rules::around::called;
use crate::rules::guarded::elapsed::{lets_zero_through, reads_clock};
use crate::rules::guarded::excuses::docstring;
use crate::rules::guarded::settled::is_settled_by_callers;
use crate::rules::{Check, Family, Rule, Scene};
use crate::value::{Facts, Kinds};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unguarded-division",
    family: Family::Guarded,
    page: include_str!("../../../rules/unguarded-division.md"),
    severity: Severity::Warning,
    check: Check::Event(check),
};

/// Why a divisor can be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The length of something that may be empty.
    Length,
    /// The sum of numbers that may all be zero, or none.
    Sum,
    /// A difference.
    Difference,
    /// It starts at zero, and what adds to it may never run.
    Counter,
}

fn check(scene: &Scene<'_>, state: &State, event: Event<'_>) -> Option<Finding> {
    let Event::Divide {
        divisor,
        held,
        dividend,
        at,
    } = event
    else {
        return None;
    };
    let flow = scene.flow;
    let is_modulo = matches!(
        flow.module.kind(at),
        ExprKind::Binary {
            operator: BinaryOperator::Modulo,
            ..
        }
    );
    let is_number = dividend.value.kinds == Kinds::NUMBER;
    let is_other = !(dividend.value.kinds - Kinds::NUMBER - Kinds::ANY).is_empty();
    if (is_modulo && !is_number) || is_other {
        return None;
    }
    let divisor = unwrapped(scene, divisor);
    let bound = flow
        .place_of(divisor)
        .and_then(|place| state.get(place).bound)
        .map(|bound| unwrapped(scene, bound));
    let is_zero = held.value.facts.has(Facts::ZERO) && flow.place_of(divisor).is_some();
    let (why, of) = match evidence(scene, state, bound.unwrap_or(divisor)) {
        Some(why) => (why, bound.unwrap_or(divisor)),
        None if is_zero && is_counter(scene, divisor) => (Why::Counter, divisor),
        None => return None,
    };
    let zero = flow
        .program
        .library
        .class("ZeroDivisionError", flow.module.dialect)?;
    let guard = flow.code.block(flow.position().0).guard;
    if flow.program.caught_in(flow.function, guard, zero).0 == Coverage::Full {
        return None;
    }
    if is_tested(scene, divisor, of) || (why == Why::Length && is_inside_loop(scene, of, at)) {
        return None;
    }
    let place = flow.program.sources[flow.module_ref.0 as usize]
        .path
        .as_str();
    if scene.is_caught_above(zero) || is_out_of_scope(place) || is_settled_by_callers(scene, of) {
        return None;
    }
    let text = flow.module.dotted(flow.code, divisor);
    let key = match (why, &text) {
        (Why::Length, _) => "length",
        (Why::Sum, _) => "sum",
        (Why::Difference, _) => "difference",
        (Why::Counter, _) => "counter",
    };
    let message = Message::new(key).with("divisor", text.unwrap_or_else(|| "…".to_owned()));
    let finding = scene.at(at, message);
    let finding = match bound {
        Some(bound) if why != Why::Counter => {
            finding.because(scene.related(bound, Message::new("from")))
        }
        _ => finding,
    };
    let is_sure =
        is_sure(scene, why, of, dividend_of(scene, at)) && !is_array(scene, dividend.value.kinds);
    let confidence = if is_sure && !promises_content(scene) {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    Some(finding.confidence(confidence).help(Message::new("test")))
}

/// What is divided, where it is written.
fn dividend_of(scene: &Scene<'_>, at: ExprId) -> Option<ExprId> {
    match scene.flow.module.kind(at) {
        ExprKind::Binary { left, .. } => Some(left),
        _ => None,
    }
}

/// Whether the evidence is more than that a sequence can be empty and two numbers equal: a mean of what the function was given; a
/// time that may be too short to measure; a difference of two parameters, or of the smallest and the largest of something.
fn is_sure(scene: &Scene<'_>, why: Why, of: ExprId, dividend: Option<ExprId>) -> bool {
    let module = scene.flow.module;
    match why {
        Why::Sum | Why::Counter => true,
        Why::Length => {
            let is_total = |expr: ExprId| {
                let mut found = false;
                module.walk(expr, &mut |part| {
                    found |= matches!(module.kind(part), ExprKind::Call { callee, .. }
                        if module.dotted(scene.flow.code, callee).as_deref() == Some("sum"));
                });
                found
            };
            let ExprKind::Call { arguments, .. } = module.kind(of) else {
                return true;
            };
            let counted = module.arguments(arguments).first();
            let is_given = counted.is_some_and(|counted| is_parameter(scene, counted.value));
            !is_given || dividend.is_some_and(is_total)
        }
        Why::Difference => {
            let ExprKind::Binary { left, right, .. } = module.kind(of) else {
                return false;
            };
            let of_both = |test: &dyn Fn(ExprId) -> bool| test(left) && test(right);
            of_both(&|side| is_parameter(scene, side))
                || of_both(&|side| is_kept(scene, side))
                || of_both(&|side| is_extreme(scene, side))
                || is_clock(scene, left)
                || is_clock(scene, right)
        }
    }
}

fn is_parameter(scene: &Scene<'_>, expr: ExprId) -> bool {
    let code = scene.flow.code;
    scene.flow.place_of(expr).is_some_and(|place| {
        matches!(
            code.place(place).step,
            Step::Variable {
                scope: Scope::Parameter { .. },
                ..
            }
        )
    })
}

/// Whether an expression is an attribute that a method of the class sets to zero or to something that is no constant.
fn is_kept(scene: &Scene<'_>, expr: ExprId) -> bool {
    let (module, code) = (scene.flow.module, scene.flow.code);
    let Some(wanted) = module.dotted(code, expr) else {
        return false;
    };
    let methods = module.functions.iter();
    let mut methods = methods.filter(|method| code.class.is_some() && method.class == code.class);
    wanted.starts_with("self.")
        && methods.any(|method| {
            method.insts.iter().any(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: crate::ir::Source::Value(value),
                    ..
                } => {
                    let is_constant = match module.kind(value) {
                        ExprKind::Int(number) => number != 0,
                        ExprKind::Number(_) => true,
                        _ => false,
                    };
                    !is_constant
                        && module.dotted(method, target).as_deref() == Some(wanted.as_str())
                }
                _ => false,
            })
        })
}

/// The last part of the name that an expression calls, itself or where its name was bound.
fn called_at<'s>(scene: &'s Scene<'_>, expr: ExprId) -> Option<&'s str> {
    let module = scene.flow.module;
    let found = called_name_of(scene, expr);
    let ExprKind::Name(place) = module.kind(expr) else {
        return found;
    };
    scene
        .flow
        .code
        .insts
        .iter()
        .find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: crate::ir::Source::Value(value),
                ..
            } if module.kind(target).place() == Some(place) => called_name_of(scene, value),
            _ => None,
        })
}

fn called_name_of<'s>(scene: &'s Scene<'_>, expr: ExprId) -> Option<&'s str> {
    let module = scene.flow.module;
    match module.kind(expr) {
        ExprKind::Call { callee, .. } => Some(called(module, scene.flow.code, callee)),
        _ => None,
    }
}

/// Whether an expression is the smallest or largest of something.
fn is_extreme(scene: &Scene<'_>, expr: ExprId) -> bool {
    called_at(scene, expr).is_some_and(|name| ["max", "min"].contains(&name))
}

/// Whether an expression is what a clock says: two readings may be the same.
fn is_clock(scene: &Scene<'_>, expr: ExprId) -> bool {
    const CLOCKS: [&str; 8] = [
        "clock",
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "process_time",
        "time",
        "time_ns",
    ];
    called_at(scene, expr).is_some_and(|name| CLOCKS.contains(&name))
}

/// Whether what is divided may be an array, which is divided by zero without an exception.
fn is_array(scene: &Scene<'_>, dividend: Kinds) -> bool {
    let imports = scene.flow.module.imports.iter();
    let mut roots = imports.map(|import| scene.flow.module.name(import.module));
    dividend != Kinds::NUMBER
        && roots.any(|name| {
            let root = name.split('.').next().unwrap_or_default();
            ["numpy", "pandas"].contains(&root)
        })
}

/// Whether the docstring says that there is something to divide by.
fn promises_content(scene: &Scene<'_>) -> bool {
    let (module, code) = (scene.flow.module, scene.flow.code);
    let text = docstring(module, code).unwrap_or_default();
    ["non-empty", "nonempty", "not empty", "non-zero", "nonzero"]
        .iter()
        .any(|part| text.contains(part))
}

/// What `float(x)`, `int(x)`, `Decimal(x)` and `-x` are of.
fn unwrapped(scene: &Scene<'_>, expr: ExprId) -> ExprId {
    let module = scene.flow.module;
    match module.kind(expr) {
        ExprKind::Call { callee, arguments } => match (
            module.dotted(scene.flow.code, callee).as_deref(),
            module.arguments(arguments),
        ) {
            (Some("float" | "int" | "Decimal" | "decimal.Decimal" | "long"), [only]) => {
                unwrapped(scene, only.value)
            }
            _ => expr,
        },
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => unwrapped(scene, operand),
        _ => expr,
    }
}

fn evidence(scene: &Scene<'_>, state: &State, expr: ExprId) -> Option<Why> {
    let flow = scene.flow;
    let module = flow.module;
    match module.kind(expr) {
        ExprKind::Call { callee, arguments } => {
            let [only] = module.arguments(arguments) else {
                return None;
            };
            match module.dotted(flow.code, callee).as_deref() {
                Some("len") if may_be_empty(scene, state, only.value) => Some(Why::Length),
                Some("sum") => Some(Why::Sum),
                _ => None,
            }
        }
        ExprKind::Binary {
            operator: BinaryOperator::Subtract,
            left,
            right,
        } => {
            let is_varying = |side| is_varying(scene, side);
            (is_varying(left) && is_varying(right)).then_some(Why::Difference)
        }
        _ => None,
    }
}

/// Whether a side of a difference is a name or a path, or made of some: no constant.
fn is_varying(scene: &Scene<'_>, side: ExprId) -> bool {
    let module = scene.flow.module;
    match module.kind(side) {
        ExprKind::Name(_) | ExprKind::Attribute { .. } => {
            let text = module.dotted(scene.flow.code, side).unwrap_or_default();
            let last = text.rsplit('.').next().unwrap_or_default().to_owned();
            last != last.to_uppercase()
        }
        ExprKind::Subscript { .. } => true,
        ExprKind::Call { callee, .. } => !matches!(module.kind(callee), ExprKind::Hole),
        ExprKind::Binary {
            operator: BinaryOperator::Multiply,
            left,
            right,
        } => is_varying(scene, left) && is_varying(scene, right),
        _ => false,
    }
}

/// Whether the argument of `len` may be empty: a parameter that is a sequence, or what is known to be empty on some path.
fn may_be_empty(scene: &Scene<'_>, state: &State, expr: ExprId) -> bool {
    let flow = scene.flow;
    let is_global = |place| {
        let step = flow.code.place(flow.code.root(place)).step;
        matches!(
            step,
            Step::Variable {
                scope: Scope::Global { .. },
                ..
            }
        )
    };
    if flow.place_of(expr).is_some_and(is_global) {
        return false;
    }
    let is_empty = flow.quietly(expr, state).value.facts.has(Facts::EMPTY);
    if is_empty && !is_returned(scene, state, expr) {
        return true;
    }
    let filtered = |expr| match flow.module.kind(expr) {
        ExprKind::Comprehension(id) => flow
            .module
            .comprehension(id)
            .clauses
            .iter()
            .any(|clause| !clause.conditions.is_empty()),
        _ => false,
    };
    let Some(place) = flow.place_of(expr) else {
        return filtered(expr);
    };
    if state.get(place).bound.is_some_and(filtered) {
        return true;
    }
    match flow.code.place(place).step {
        Step::Variable {
            scope: Scope::Parameter { index, .. },
            ..
        } => {
            let parameter = flow.code.parameters.get(usize::from(index));
            parameter.is_some_and(|parameter| parameter.kind != ParameterKind::DoubleStar)
        }
        _ => false,
    }
}

/// Whether a value is what a function of the project returns: a list that starts empty there is filled more often than not.
fn is_returned(scene: &Scene<'_>, state: &State, expr: ExprId) -> bool {
    let flow = scene.flow;
    let bound = flow
        .place_of(expr)
        .and_then(|place| state.get(place).bound)
        .unwrap_or(expr);
    let ExprKind::Call { callee, .. } = flow.module.kind(bound) else {
        return false;
    };
    let value = flow.evaluate.value(callee);
    matches!(flow.program.target(value), Target::Function { .. })
}

/// Whether a name starts from a literal zero and is only ever added to.
fn is_counter(scene: &Scene<'_>, divisor: ExprId) -> bool {
    let flow = scene.flow;
    let Some(place) = flow.place_of(divisor) else {
        return false;
    };
    let mut starts = false;
    let mut grows = false;
    let mut other = false;
    for inst in &flow.code.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        if flow.place_of(target) != Some(place) {
            continue;
        }
        match source {
            crate::ir::Source::Value(value) if flow.module.kind(value) == ExprKind::Int(0) => {
                starts = true
            }
            crate::ir::Source::Augmented {
                operator: BinaryOperator::Add,
                ..
            } => grows = true,
            _ => other = true,
        }
    }
    let is_variable = matches!(flow.code.place(place).step, Step::Variable { .. });
    starts && grows && !other && is_variable
}

/// Whether any test of the function looks at what the divisor is made of.
fn is_tested(scene: &Scene<'_>, divisor: ExprId, of: ExprId) -> bool {
    let flow = scene.flow;
    let module = flow.module;
    let mut subjects: Vec<PlaceId> = Vec::new();
    for root in [divisor, of] {
        module.walk(root, &mut |part| {
            if let Some(place) = flow.place_of(part) {
                subjects.push(place);
            }
        });
    }
    let mut callees: Vec<PlaceId> = Vec::new();
    for root in [divisor, of] {
        module.walk(root, &mut |part| {
            if let ExprKind::Call { callee, .. } = module.kind(part) {
                callees.extend(flow.place_of(callee));
            }
        });
    }
    subjects.retain(|place| !callees.contains(place));
    // A test of `self.a` says nothing of `self.b`.
    let owners: Vec<PlaceId> = subjects
        .iter()
        .filter_map(|&place| flow.code.place(place).parent)
        .collect();
    subjects.retain(|place| !owners.contains(place));
    let is_elapsed = matches!(module.kind(of), ExprKind::Binary { left, right, .. }
        if reads_clock(scene, left) || reads_clock(scene, right));
    // The readings themselves are compared for other reasons than that they may be the same.
    let elapsed: Vec<PlaceId> = flow.place_of(divisor).into_iter().collect();
    if is_elapsed && !elapsed.is_empty() {
        subjects.clone_from(&elapsed);
    }
    let mentions = |test: ExprId| {
        if is_elapsed && lets_zero_through(scene, test, &elapsed) {
            return false;
        }
        let mut found = false;
        module.walk(test, &mut |part| {
            found |= flow
                .place_of(part)
                .is_some_and(|place| subjects.contains(&place))
        });
        found
    };
    let in_insts = flow
        .code
        .insts
        .iter()
        .any(|inst| matches!(inst.kind, InstKind::Assume { test, .. } if mentions(test)));
    in_insts
        || flow
            .code
            .exprs
            .range()
            .any(|index| match module.exprs[index].kind {
                ExprKind::Conditional { test, .. } => mentions(test),
                ExprKind::And(parts) | ExprKind::Or(parts) => {
                    module.list(parts).iter().any(|&part| mentions(part))
                }
                ExprKind::Compare {
                    operator,
                    left,
                    right,
                } => {
                    let is_open =
                        is_elapsed && lets_zero_through(scene, ExprId::new(index), &elapsed);
                    operator != Comparison::In && !is_open && (mentions(left) || mentions(right))
                }
                ExprKind::Comprehension(id) => {
                    let clauses = &module.comprehension(id).clauses;
                    clauses
                        .iter()
                        .flat_map(|clause| &clause.conditions)
                        .any(|&test| mentions(test))
                }
                ExprKind::Call { callee, arguments } => {
                    let is_bound = matches!(
                        module.dotted(flow.code, callee).as_deref(),
                        Some("max" | "min" | "any" | "all" | "bool")
                    );
                    is_bound
                        && module
                            .arguments(arguments)
                            .iter()
                            .any(|argument| mentions(argument.value))
                }
                _ => false,
            })
}

/// Whether the division stands in a loop over the very thing whose length it divides by.
fn is_inside_loop(scene: &Scene<'_>, of: ExprId, at: ExprId) -> bool {
    let flow = scene.flow;
    let module = flow.module;
    let ExprKind::Call { arguments, .. } = module.kind(of) else {
        return false;
    };
    let Some(subject) = module
        .arguments(arguments)
        .first()
        .and_then(|argument| flow.place_of(argument.value))
    else {
        return false;
    };
    let span = module.span(at);
    let mentions = |iterable: ExprId| {
        let mut found = false;
        module.walk(iterable, &mut |part| {
            found |= flow.place_of(part) == Some(subject)
        });
        found
    };
    let in_loop = flow.code.loops.iter().any(|of| match of.kind {
        LoopKind::For { iterable, .. } => of.suite.contains(span) && mentions(iterable),
        LoopKind::While { .. } => false,
    });
    in_loop
        || flow
            .code
            .exprs
            .range()
            .any(|index| match module.exprs[index].kind {
                ExprKind::Comprehension(id) => {
                    module.exprs[index].span.contains(span)
                        && module
                            .comprehension(id)
                            .clauses
                            .iter()
                            .any(|clause| mentions(clause.iterable))
                }
                _ => false,
            })
}
