//! An attribute that starts empty, and of which another method of the class does not take for granted that it is filled.

use super::evidence::{Evidence, is_empty_literal};
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{
    BlockId, ClassId, Comparison, ExprId, ExprKind, Function, Inst, InstKind, LoopKind, Module,
    NameId, Passing, Source, UnaryOperator,
};
use crate::project::{Program, Target};
use crate::rules::sequences::Boundary;
use crate::text::Span;
use crate::types::FunctionRef;

/// Another method of the class doubts that there is anything: the evidence is its code.
pub(super) const DOUBTED: &str = "doubted";

/// The constructor fills it under a condition, and nothing else does.
pub(super) const DOUBTED_FILL: &str = "built";

/// So many callers are asked whether they test it.
const CALLERS: usize = 24;

/// `self.found[0]`, where the constructor says `self.found = []` and another method asks `if self.found`.
pub(super) fn of_attribute(
    boundary: &Boundary<'_>,
    subject: ExprId,
    state: &State,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let (at, _) = flow.position();
    // `self.marks.values()`
    let subject = match boundary.called(subject) {
        Some(("values" | "keys" | "items", Some(of), _)) => of,
        _ => subject,
    };
    let ExprKind::Attribute { value, name, .. } = flow.module.kind(subject) else {
        return None;
    };
    let own = flow.code.parameters.first()?.place;
    let class = flow.program.class_of_method(flow.function)?;
    let is_known = flow
        .held(state, subject)
        .is_some_and(|held| held.bound.is_some());
    if flow.place_of(value) != Some(own) || is_known || is_filled_here(boundary, subject) {
        return None;
    }
    let info = flow.program.project_class(class)?;
    if let Some(source) = related(flow.module, info.id?, name) {
        return Some(Evidence {
            least: 0,
            confidence: Confidence::Low,
            key: "found",
            source,
        });
    }
    let symbol = flow.program.symbol(flow.module_ref, name);
    let assignments = &info.attributes.get(&symbol)?.assignments;
    let starts_empty = assignments
        .iter()
        .any(|assignment| is_nothing(flow.program, assignment.function, assignment.location.span));
    let text = format!("self.{}", flow.module.name(name));
    if !starts_empty || is_tested_by_caller(boundary, &text) {
        return None;
    }
    let body = flow.module.classes.get(info.id?.index())?.span;
    let mut methods = flow
        .module
        .functions
        .iter()
        .filter(|code| body.contains(code.name_span) && code.name_span != flow.code.name_span);
    let own_doubt = || {
        doubt(flow.module, flow.code, &text)
            .filter(|&asked| flow.module.span(asked).start > flow.module.span(subject).start)
    };
    let doubted = methods.find_map(|code| doubt(flow.module, code, &text));
    let Some(source) = doubted.or_else(own_doubt) else {
        let source = conditionally_built(flow.module, body, &text)
            .or_else(|| read_whole(flow.module, body, &text))?;
        return Some(Evidence {
            least: 0,
            confidence: Confidence::Medium,
            key: DOUBTED_FILL,
            source,
        });
    };
    Some(Evidence {
        least: 0,
        confidence: if is_behind_flag(boundary, at)
            || !is_asked_mostly(flow.module, flow.code, body, &text)
        {
            Confidence::Low
        } else {
            Confidence::Medium
        },
        key: DOUBTED,
        source,
    })
}

/// Whether most of the other methods that take an element ask first whether there is one: one that does not ask says little where
/// others do not ask either, who calls them all may know.
fn is_asked_mostly(module: &Module, own: &Function, body: Span, text: &str) -> bool {
    let is_it = |code: &Function, expr: ExprId| is_it(module, code, expr, text);
    let takes = |code: &Function| {
        let mut exprs = code.exprs.range().map(ExprId::new);
        exprs.any(|expr| match module.kind(expr) {
            ExprKind::Subscript { value, index, .. } => {
                let is_one = matches!(
                    module.kind(index),
                    ExprKind::Int(_)
                        | ExprKind::Unary {
                            operator: UnaryOperator::Minus,
                            ..
                        }
                );
                is_one && is_it(code, value)
            }
            ExprKind::Call { callee, arguments } => match module.kind(callee) {
                ExprKind::Attribute { value, name, .. }
                    if matches!(module.name(name), "pop" | "popleft") =>
                {
                    is_it(code, value)
                }
                _ => {
                    let called = module.dotted(code, callee).unwrap_or_default();
                    let first = module.arguments(arguments).first();
                    called.ends_with("heappop")
                        && first.is_some_and(|first| is_it(code, first.value))
                }
            },
            _ => false,
        })
    };
    let others = module.functions.iter().filter(|code| {
        body.contains(code.name_span) && code.name_span != own.name_span && takes(code)
    });
    let (mut careful, mut careless) = (0, 0);
    for code in others {
        match doubt(module, code, text) {
            Some(_) => careful += 1,
            None => careless += 1,
        }
    }
    careful > careless
}

/// Where the class says that an attribute holds the rows that refer to one: `relationship("Release")`.
fn related(module: &Module, class: ClassId, name: NameId) -> Option<ExprId> {
    let body = module.function(module.classes.get(class.index())?.body);
    body.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } => {
            let ExprKind::Call { callee, .. } = module.kind(value) else {
                return None;
            };
            let made = module.dotted(body, callee).unwrap_or_default();
            let last = made.rsplit('.').next().unwrap_or_default();
            let is_it = module.dotted(body, target).as_deref() == Some(module.name(name));
            (is_it && matches!(last, "relation" | "relationship")).then_some(value)
        }
        _ => None,
    })
}

/// What the constructor puts into a list, where that happens only in the rounds of a `while` or under a condition of a loop, and
/// no other function of the file puts anything in.
fn conditionally_built(module: &Module, body: Span, text: &str) -> Option<ExprId> {
    let attribute = text.strip_prefix("self.")?;
    let mut found = None;
    for code in &module.functions {
        for expr in code.exprs.range().map(ExprId::new) {
            let ExprKind::Call { callee, .. } = module.kind(expr) else {
                continue;
            };
            let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
                continue;
            };
            let is_it = matches!(module.kind(value), ExprKind::Attribute { name, .. }
                if module.name(name) == attribute);
            let grows = matches!(
                module.name(name),
                "append" | "appendleft" | "extend" | "insert" | "add" | "push"
            );
            if !is_it || !grows {
                continue;
            }
            let is_constructor =
                module.name(code.name) == "__init__" && body.contains(code.name_span);
            if !is_constructor || !is_conditional(module, code, expr) {
                return None;
            }
            found = Some(expr);
        }
        let is_replaced = code.insts.iter().any(|inst| match inst.kind {
            InstKind::Bind { target, source, .. } => {
                let is_it = matches!(module.kind(target), ExprKind::Attribute { name, .. }
                    if module.name(name) == attribute);
                let is_empty = matches!(source, Source::Value(value)
                    if is_empty_literal(module, value) || is_empty_call(module, code, value));
                is_it && !is_empty
            }
            _ => false,
        });
        if is_replaced {
            return None;
        }
    }
    found
}

/// Where a method binds an attribute to the lines of a file: there may be none.
fn read_whole(module: &Module, body: Span, text: &str) -> Option<ExprId> {
    let mut methods = module
        .functions
        .iter()
        .filter(|code| body.contains(code.name_span));
    methods.find_map(|code| {
        code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } if module.dotted(code, target).as_deref() == Some(text) => {
                let ExprKind::Call { callee, .. } = module.kind(value) else {
                    return None;
                };
                let ExprKind::Attribute {
                    value: of, name, ..
                } = module.kind(callee)
                else {
                    return None;
                };
                let is_read = matches!(module.kind(of), ExprKind::Call { callee, .. }
                    if matches!(module.kind(callee), ExprKind::Attribute { name, .. }
                        if matches!(module.name(name), "read" | "read_text")));
                let is_lines = match module.name(name) {
                    "splitlines" => is_read,
                    "readlines" => true,
                    _ => false,
                };
                is_lines.then_some(value)
            }
            _ => None,
        })
    })
}

/// Whether a statement is in a `while`, or in a condition of a loop.
fn is_conditional(module: &Module, code: &Function, expr: ExprId) -> bool {
    let span = module.span(expr);
    let around = code.loops.iter().filter(|of| of.suite.contains(span));
    let Some(around) = around.min_by_key(|of| of.suite.end - of.suite.start) else {
        return false;
    };
    if let LoopKind::While { .. } = around.kind {
        return true;
    }
    // A condition that is evaluated inside the loop, in front of it.
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => {
            around.suite.contains(module.span(test)) && module.span(test).end <= span.start
        }
        _ => false,
    })
}

/// Whether another attribute of the object is tested on the way: it may say that the list is filled.
fn is_behind_flag(boundary: &Boundary<'_>, at: BlockId) -> bool {
    let flow = boundary.flow;
    (0..flow.code.blocks.len()).map(BlockId::new).any(|block| {
        let mut insts = flow.code.insts(flow.code.block(block)).iter();
        insts.any(|inst| match inst.kind {
            InstKind::Assume { test, holds: true } => {
                let written = flow.module.dotted(flow.code, test).unwrap_or_default();
                written.starts_with("self.") && boundary.dominates(block, at)
            }
            _ => false,
        })
    })
}

/// Whether a method itself puts something in before, or says what it holds.
fn is_filled_here(boundary: &Boundary<'_>, subject: ExprId) -> bool {
    let flow = boundary.flow;
    let form = flow.form(subject);
    let start = flow.module.span(subject).start;
    let (at, _) = flow.position();
    let is_filling = |inst: &Inst| match inst.kind {
        InstKind::Bind { target, .. } => flow.form(target) == form,
        InstKind::Eval(call) => match boundary.called(call) {
            Some((name, Some(receiver), _)) => {
                matches!(name, "append" | "appendleft" | "extend" | "insert")
                    && flow.form(receiver) == form
            }
            _ => false,
        },
        _ => false,
    };
    // What another branch puts in is not there in this one; a loop may have come past it.
    let is_apart = |block: BlockId, inst: &Inst| {
        let is_in_loop = { flow.code.loops.iter() }
            .any(|of| of.suite.contains(inst.span) && of.suite.contains(flow.module.span(subject)));
        !is_in_loop && !boundary.reaches(block, at)
    };
    (0..flow.code.blocks.len()).map(BlockId::new).any(|block| {
        let mut insts = flow.code.insts(flow.code.block(block)).iter();
        insts.any(|inst| inst.span.end <= start && is_filling(inst) && !is_apart(block, inst))
    })
}

/// Whether a statement binds an empty list, or what a function gives that says `return []` somewhere.
fn is_nothing(program: &Program<'_>, function: FunctionRef, statement: crate::text::Span) -> bool {
    let (module, code) = program.code(function);
    let mut insts = code.insts.iter();
    insts.any(|inst| match inst.kind {
        InstKind::Bind {
            source: Source::Value(value),
            ..
        } if inst.span == statement => {
            let is_list = matches!(module.kind(value), ExprKind::List(_));
            let is_dict = matches!(module.kind(value), ExprKind::Dict(parts) if parts.is_empty());
            (is_list && is_empty_literal(module, value))
                || is_dict
                || is_empty_call(module, code, value)
                || gives_nothing(program, function, value)
        }
        _ => false,
    })
}

/// `deque()`, `list()`, `deque(maxlen=10)`, `pattern.findall(text)`.
fn is_empty_call(module: &Module, code: &Function, value: ExprId) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(value) else {
        return false;
    };
    let mut given = module.arguments(arguments).iter();
    let mut is_of_nothing = || !given.any(|argument| argument.passing == Passing::Positional);
    let dotted = module.dotted(code, callee).unwrap_or_default();
    match dotted.rsplit('.').next().unwrap_or_default() {
        "deque" | "list" | "dict" | "set" | "OrderedDict" => is_of_nothing(),
        "defaultdict" => module.arguments(arguments).len() < 2,
        // `moves: list = field(default_factory=list)`
        "field" => module.arguments(arguments).iter().any(|argument| {
            let is_factory = matches!(argument.passing, Passing::Keyword(name)
                if module.name(name) == "default_factory");
            let made = module.dotted(code, argument.value).unwrap_or_default();
            let last = made.rsplit('.').next().unwrap_or_default();
            is_factory && matches!(last, "list" | "deque" | "dict" | "set" | "OrderedDict")
        }),
        "findall" => true,
        _ => false,
    }
}

fn gives_nothing(program: &Program<'_>, function: FunctionRef, value: ExprId) -> bool {
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let ExprKind::Call { callee, .. } = module.kind(value) else {
        return false;
    };
    let evaluate = crate::project::Evaluate::new(program, module_ref, id);
    let Target::Function { function, .. } = program.target(evaluate.value(callee)) else {
        return false;
    };
    let (module, code) = program.code(function);
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => {
            matches!(module.kind(value), ExprKind::List(_)) && is_empty_literal(module, value)
        }
        _ => false,
    })
}

/// Where a method asks whether there is anything in it.
fn doubt(module: &Module, code: &Function, text: &str) -> Option<ExprId> {
    let tested = code.insts.iter().find_map(|inst| match inst.kind {
        InstKind::Assume { test, .. } => asks(module, code, test, text),
        _ => None,
    });
    tested.or_else(|| {
        let mut exprs = code.exprs.range().map(ExprId::new);
        exprs.find_map(|expr| match module.kind(expr) {
            ExprKind::Conditional { test, .. } => asks(module, code, test, text),
            ExprKind::Call { callee, arguments } => {
                let is_bool = module.dotted(code, callee).as_deref() == Some("bool");
                let [only] = module.arguments(arguments) else {
                    return None;
                };
                (is_bool && is_it(module, code, only.value, text)).then_some(expr)
            }
            _ => None,
        })
    })
}

fn is_it(module: &Module, code: &Function, expr: ExprId, text: &str) -> bool {
    module.dotted(code, expr).as_deref() == Some(text)
}

/// The part of a condition that is about the truth or the length of it.
fn asks(module: &Module, code: &Function, test: ExprId, text: &str) -> Option<ExprId> {
    match module.kind(test) {
        ExprKind::Attribute { .. } => is_it(module, code, test, text).then_some(test),
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => asks(module, code, operand, text),
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            let mut parts = module.list(parts).iter();
            parts.find_map(|&part| asks(module, code, part, text))
        }
        // `len(x) > 1` is a question about a second one.
        ExprKind::Compare {
            operator,
            left,
            right,
        } => {
            let is_of_first = match module.kind(right) {
                ExprKind::Int(0) => true,
                ExprKind::Int(1) => {
                    matches!(operator, Comparison::Less | Comparison::GreaterEqual)
                }
                ExprKind::Int(_) => false,
                _ => true,
            };
            is_of_first.then(|| asks(module, code, left, text))?
        }
        ExprKind::Call { callee, arguments } => {
            let is_len = module.dotted(code, callee).as_deref() == Some("len");
            let [only] = module.arguments(arguments) else {
                return None;
            };
            (is_len && is_it(module, code, only.value, text)).then_some(test)
        }
        _ => None,
    }
}

/// Whether a method that calls this one has asked already.
fn is_tested_by_caller(boundary: &Boundary<'_>, text: &str) -> bool {
    let flow = boundary.flow;
    let mut calls = boundary.scene.graph.calls_of(flow.function).take(CALLERS);
    calls.any(|call| {
        let (module, code) = flow.program.code(call.caller);
        // `query.tables`, where `query.first()` is called.
        let by_another_name = || {
            let ExprKind::Call { callee, .. } = module.kind(call.call) else {
                return false;
            };
            let ExprKind::Attribute { value, .. } = module.kind(callee) else {
                return false;
            };
            let owner = module.dotted(code, value).filter(|owner| owner != "self");
            owner
                .zip(text.strip_prefix("self."))
                .is_some_and(|(owner, name)| {
                    doubt(module, code, &format!("{owner}.{name}")).is_some()
                })
        };
        call.caller != flow.function && (doubt(module, code, text).is_some() || by_another_name())
    })
}
