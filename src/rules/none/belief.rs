//! What code believes of its names: where a condition tests one, and where an expression takes one for granted.

use crate::flow::Flow;
use crate::ir::{
    BinaryOperator, Comparison, Dialect, ExprId, ExprKind, Function, InstKind, Module, NameId,
    PlaceId, Run, Step, TryId, UnaryOperator,
};

/// What a condition asks of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Question {
    /// Whether it is None.
    None,
    /// Whether it is true: neither None nor empty.
    Truth,
    /// Whether it has elements: its length is compared with a number.
    Length,
    /// Something else that tells what it is: its class, its attributes.
    Other,
}

/// A test of a place inside a condition.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Asked {
    /// What is tested.
    pub place: PlaceId,
    /// The test alone.
    pub at: ExprId,
    /// For what.
    pub question: Question,
    /// It came out well if it is true: `x is not None`, `x`.
    pub positive: bool,
}

/// A way of using a value that must not be None.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Reliance {
    /// An attribute, read or written; `called` for a method.
    Attribute {
        /// It is called on the spot.
        called: bool,
        /// Its name.
        name: NameId,
    },
    /// `x[3]`, `x[-1]`.
    Index(i32),
    /// Any other subscript but a slice.
    Key(ExprId),
    /// It is what is divided by.
    Divisor,
    /// Arithmetic, order, iteration, a builtin that takes no None.
    Value,
}

/// A use of a place that happens whenever its instruction runs.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Relied {
    /// What is used.
    pub place: PlaceId,
    /// The expression whose value is used.
    pub subject: ExprId,
    /// How.
    pub how: Reliance,
}

/// The tests that a condition is made of.
pub(in crate::rules) fn asked(
    module: &Module,
    code: &Function,
    condition: ExprId,
    found: &mut Vec<Asked>,
) {
    ask(module, code, condition, true, found);
}

fn ask(module: &Module, code: &Function, test: ExprId, positive: bool, found: &mut Vec<Asked>) {
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => ask(module, code, operand, !positive, found),
        ExprKind::And(parts) | ExprKind::Or(parts) => module
            .list(parts)
            .iter()
            .for_each(|&part| ask(module, code, part, positive, found)),
        ExprKind::Compare {
            operator,
            left,
            right,
        } => found.extend(compared(
            module,
            code,
            test,
            (operator, left, right),
            positive,
        )),
        ExprKind::Call { callee, arguments } => {
            found.extend(called(module, code, test, callee, arguments, positive))
        }
        kind => found.extend(kind.place().map(|place| Asked {
            place,
            at: test,
            question: Question::Truth,
            positive,
        })),
    }
}

fn compared(
    module: &Module,
    code: &Function,
    at: ExprId,
    (operator, left, right): (Comparison, ExprId, ExprId),
    positive: bool,
) -> Option<Asked> {
    use Comparison::{Equal, Greater, GreaterEqual, In, Is, IsNot, NotEqual, NotIn};
    let of_length = length_of(module, code, left);
    if let (Some(of), ExprKind::Int(bound)) = (of_length, module.kind(right)) {
        let place = module.kind(of).place()?;
        let has_elements = match operator {
            Greater => bound >= 0,
            GreaterEqual | Equal => bound > 0,
            NotEqual => bound == 0,
            _ => false,
        };
        return Some(Asked {
            place,
            at,
            question: Question::Length,
            positive: has_elements == positive,
        });
    }
    let place = module.kind(left).place();
    match (operator, module.kind(right)) {
        (Is | Equal | IsNot | NotEqual, ExprKind::None) => {
            let is_not = matches!(operator, IsNot | NotEqual);
            Some(Asked {
                place: place?,
                at,
                question: Question::None,
                positive: is_not == positive,
            })
        }
        (In | NotIn, _) => {
            let contained = operator == In;
            Some(Asked {
                place: module.kind(right).place()?,
                at,
                question: Question::Other,
                positive: contained == positive,
            })
        }
        _ => Some(Asked {
            place: place?,
            at,
            question: Question::Other,
            positive,
        }),
    }
}

/// The argument of `len(…)`.
pub(in crate::rules) fn length_of(
    module: &Module,
    code: &Function,
    expr: ExprId,
) -> Option<ExprId> {
    let ExprKind::Call { callee, arguments } = module.kind(expr) else {
        return None;
    };
    let is_len = module.dotted(code, callee).as_deref() == Some("len");
    module
        .arguments(arguments)
        .first()
        .filter(|_| is_len)
        .map(|argument| argument.value)
}

/// How long a test of a length wants something to be at least, and whether it wants just that: `len(x) > 1` is (2, false).
pub(in crate::rules) fn wanted_length(module: &Module, test: ExprId) -> Option<(i32, bool)> {
    let ExprKind::Compare {
        operator, right, ..
    } = module.kind(test)
    else {
        return Some((1, false));
    };
    let ExprKind::Int(bound) = module.kind(right) else {
        return None;
    };
    match operator {
        Comparison::Equal | Comparison::NotEqual if bound == 0 => Some((1, false)),
        Comparison::Equal | Comparison::NotEqual => Some((bound, true)),
        Comparison::Greater | Comparison::LessEqual => Some((bound + 1, false)),
        Comparison::GreaterEqual | Comparison::Less => Some((bound, false)),
        _ => None,
    }
}

/// How long something must be to be indexed.
pub(in crate::rules) fn needed_length(index: i32) -> i32 {
    if index < 0 { -index } else { index + 1 }
}

/// `isinstance(x, T)`, `check(x)`: any call with the place among its arguments may tell something of it.
fn called(
    module: &Module,
    code: &Function,
    at: ExprId,
    callee: ExprId,
    arguments: Run,
    positive: bool,
) -> Vec<Asked> {
    let is_length = module.dotted(code, callee).as_deref() == Some("len");
    let question = if is_length {
        Question::Length
    } else {
        Question::Other
    };
    let places = module
        .arguments(arguments)
        .iter()
        .filter_map(|argument| module.kind(argument.value).place());
    places
        .map(|place| Asked {
            place,
            at,
            question,
            positive,
        })
        .collect()
}

/// What an instruction relies on whenever it runs: the parts of its expressions that are evaluated in any case.
pub(in crate::rules) fn relied_on(flow: &Flow<'_, '_>, kind: InstKind) -> Vec<Relied> {
    let mut found = Vec::new();
    kind.for_each_expr(&mut |root| relies(flow, root, &mut found));
    if let InstKind::Eval(value) = kind
        && let Some(place) = flow.module.kind(value).place()
        && is_iterated(flow.code, value)
    {
        found.push(Relied {
            place,
            subject: value,
            how: Reliance::Value,
        });
    }
    found
}

fn is_iterated(code: &Function, value: ExprId) -> bool {
    code.loops
        .iter()
        .any(|of| matches!(of.kind, crate::ir::LoopKind::For { iterable, .. } if iterable == value))
}

/// The same for one expression.
pub(in crate::rules) fn relies(flow: &Flow<'_, '_>, expr: ExprId, found: &mut Vec<Relied>) {
    let module = flow.module;
    let mut add = |subject: ExprId, how: Reliance| {
        if let Some(place) = module.kind(subject).place() {
            found.push(Relied {
                place,
                subject,
                how,
            });
        }
    };
    match module.kind(expr) {
        ExprKind::And(parts) | ExprKind::Or(parts) => {
            if let Some(&first) = module.list(parts).first() {
                relies(flow, first, found);
            }
            return;
        }
        ExprKind::Conditional { test, .. } => return relies(flow, test, found),
        ExprKind::Comprehension(id) => {
            if let Some(clause) = module.comprehension(id).clauses.first() {
                add(clause.iterable, Reliance::Value);
                relies(flow, clause.iterable, found);
            }
            return;
        }
        ExprKind::Attribute { value, name, .. } if !is_of_everything(module.name(name)) => add(
            value,
            Reliance::Attribute {
                called: false,
                name,
            },
        ),
        ExprKind::Subscript { value, index, .. } => match number(module, index) {
            Some(at) => add(value, Reliance::Index(at)),
            None if matches!(module.kind(index), ExprKind::Slice { .. }) => {}
            None => add(value, Reliance::Key(index)),
        },
        ExprKind::Binary {
            operator,
            left,
            right,
        } => arithmetic(operator, left, right, &mut add),
        ExprKind::Compare {
            operator,
            left,
            right,
        } => ordered(flow.module.dialect, operator, left, right, &mut add),
        ExprKind::Call { callee, arguments } => {
            if let ExprKind::Attribute { value, name, .. } = module.kind(callee)
                && !is_of_everything(module.name(name))
            {
                add(value, Reliance::Attribute { called: true, name });
                relies(flow, value, found);
                module
                    .arguments(arguments)
                    .iter()
                    .for_each(|argument| relies(flow, argument.value, found));
                return;
            }
            if takes_no_none(module.dotted(flow.code, callee).as_deref())
                && let [only] = module.arguments(arguments)
            {
                add(only.value, Reliance::Value);
            }
        }
        _ => {}
    }
    module.for_each_part(expr, &mut |part| relies(flow, part, found));
}

/// A whole number, written out.
fn number(module: &Module, expr: ExprId) -> Option<i32> {
    match module.kind(expr) {
        ExprKind::Int(number) => Some(number),
        ExprKind::Unary {
            operator: UnaryOperator::Minus,
            operand,
        } => number(module, operand).map(|number| -number),
        _ => None,
    }
}

fn arithmetic(
    operator: BinaryOperator,
    left: ExprId,
    right: ExprId,
    add: &mut dyn FnMut(ExprId, Reliance),
) {
    match operator {
        BinaryOperator::Divide | BinaryOperator::FloorDivide => {
            add(left, Reliance::Value);
            add(right, Reliance::Divisor);
        }
        // A format takes None, and a project's own classes do anything with the other operators.
        BinaryOperator::Subtract | BinaryOperator::Multiply | BinaryOperator::Add => {
            add(left, Reliance::Value);
            add(right, Reliance::Value);
        }
        _ => {}
    }
}

fn ordered(
    dialect: Dialect,
    operator: Comparison,
    left: ExprId,
    right: ExprId,
    add: &mut dyn FnMut(ExprId, Reliance),
) {
    use Comparison::{Greater, GreaterEqual, In, Less, LessEqual, NotIn};
    match operator {
        Less | LessEqual | Greater | GreaterEqual if dialect == Dialect::Three => {
            add(left, Reliance::Value);
            add(right, Reliance::Value);
        }
        In | NotIn => add(right, Reliance::Value),
        _ => {}
    }
}

/// Attributes that None has too.
fn is_of_everything(name: &str) -> bool {
    name.starts_with("__") && name.ends_with("__")
}

fn takes_no_none(name: Option<&str>) -> bool {
    matches!(
        name,
        Some(
            "len"
                | "int"
                | "float"
                | "iter"
                | "next"
                | "sorted"
                | "reversed"
                | "sum"
                | "abs"
                | "round"
                | "ord"
                | "chr"
                | "enumerate"
        )
    )
}

/// A region and those around it, innermost first.
pub(in crate::rules) fn guards(
    code: &Function,
    innermost: Option<TryId>,
) -> impl Iterator<Item = TryId> + '_ {
    std::iter::successors(innermost, |&region| code.region(region).parent)
}

/// Whether a place is a plain variable of this function, which nobody else binds.
pub(in crate::rules) fn is_own_variable(code: &Function, place: PlaceId) -> bool {
    use crate::ir::Scope::{Local, Parameter};
    match code.place(place).step {
        Step::Variable { scope, .. } => matches!(
            scope,
            Local {
                rebound_inside: false,
                ..
            } | Parameter {
                rebound_inside: false,
                ..
            }
        ),
        _ => false,
    }
}

/// Whether two expressions are written alike.
pub(in crate::rules) fn alike(module: &Module, a: ExprId, b: ExprId) -> bool {
    let same_kind = match (module.kind(a), module.kind(b)) {
        (ExprKind::Attribute { name: one, .. }, ExprKind::Attribute { name: other, .. }) => {
            one == other
        }
        (
            ExprKind::Compare { operator: one, .. },
            ExprKind::Compare {
                operator: other, ..
            },
        ) => one == other,
        (
            ExprKind::Binary { operator: one, .. },
            ExprKind::Binary {
                operator: other, ..
            },
        ) => one == other,
        (
            ExprKind::Unary { operator: one, .. },
            ExprKind::Unary {
                operator: other, ..
            },
        ) => one == other,
        (
            ExprKind::Call { arguments: one, .. },
            ExprKind::Call {
                arguments: other, ..
            },
        ) => {
            let [one, other] = [one, other].map(|run| {
                module
                    .arguments(run)
                    .iter()
                    .map(|argument| argument.passing)
            });
            one.eq(other)
        }
        (one, other) if is_leaf(one) => return one == other,
        (one, other) => std::mem::discriminant(&one) == std::mem::discriminant(&other),
    };
    let parts_of = |expr| {
        let mut parts = Vec::new();
        module.for_each_part(expr, &mut |part| parts.push(part));
        parts
    };
    let (one, other) = (parts_of(a), parts_of(b));
    same_kind
        && one.len() == other.len()
        && one.iter().zip(&other).all(|(&a, &b)| alike(module, a, b))
}

fn is_leaf(kind: ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Name(_)
            | ExprKind::Int(_)
            | ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Bytes(_)
            | ExprKind::None
            | ExprKind::True
            | ExprKind::False
            | ExprKind::Ellipsis
    ) || matches!(
        kind,
        ExprKind::Lambda(_)
            | ExprKind::Comprehension(_)
            | ExprKind::Matches { .. }
            | ExprKind::Hole
            | ExprKind::Interpolated(_)
            | ExprKind::Slice { .. }
    )
}

/// Whether evaluating an expression twice may give two answers.
pub(in crate::rules) fn has_effects(module: &Module, expr: ExprId) -> bool {
    let mut found = false;
    module.walk(expr, &mut |part| {
        found |= matches!(
            module.kind(part),
            ExprKind::Call { .. }
                | ExprKind::Await(_)
                | ExprKind::Yield(_)
                | ExprKind::YieldFrom(_)
                | ExprKind::Walrus { .. }
        );
    });
    found
}
