//! Expressions: trees in one arena per module, with every name already resolved to a place of its function.

use super::ids::{ComprehensionId, ExprId, FunctionId, NameId, PatternId, PlaceId, Run};
use crate::text::Span;
use serde::{Deserialize, Serialize};

/// An expression and where it stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its bytes, without surrounding parentheses.
    pub span: Span,
}

/// What an expression is. Targets of bindings are expressions too: `Name`, `Attribute`, `Subscript`, `Tuple`, `List`,
/// `Starred`.
///
/// Parentheses are gone. A chained comparison is an `And` of comparisons that share their middle operands. Implicitly
/// concatenated literals are one literal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// Something that could not be read: nothing is known of it, and it may do anything.
    Hole,
    /// `None`.
    None,
    /// `True`.
    True,
    /// `False`.
    False,
    /// `...`.
    Ellipsis,
    /// An integer that fits 32 bits.
    Int(i32),
    /// Any other number, as it is written.
    Number(NameId),
    /// A text literal, its escapes resolved where that changes nothing but the letter (unknown escapes stay).
    Text(NameId),
    /// A bytes literal; in a Python 2 file an unprefixed literal is `Text`.
    Bytes(NameId),
    /// An f-string (or t-string): the expressions in it, format specifications included.
    Interpolated(Run),
    /// Python 2 backticks.
    Backticks(ExprId),
    /// A variable.
    Name(PlaceId),
    /// `value.name`; with a place where `value` has one and it is not too deep.
    Attribute {
        /// What it is read from.
        value: ExprId,
        /// The attribute.
        name: NameId,
        /// The access path, up to three steps from its root.
        place: Option<PlaceId>,
    },
    /// `value[index]`; with a place where `value` has one and the index is a literal text or integer.
    Subscript {
        /// What is indexed.
        value: ExprId,
        /// The index, possibly a `Slice` or a `Tuple`.
        index: ExprId,
        /// The access path, up to three steps from its root.
        place: Option<PlaceId>,
    },
    /// `lower:upper:step` inside a subscript.
    Slice {
        /// Before the first colon.
        lower: Option<ExprId>,
        /// Behind the first colon.
        upper: Option<ExprId>,
        /// Behind the second colon.
        step: Option<ExprId>,
    },
    /// A tuple display: the elements, `Starred` among them.
    Tuple(Run),
    /// A list display.
    List(Run),
    /// A set display.
    Set(Run),
    /// A dict display: keys and values in turn; the key of `**value` is `Starred(value)` with the same value behind it.
    Dict(Run),
    /// A call: its arguments are a run in `Module::arguments`.
    Call {
        /// What is called.
        callee: ExprId,
        /// The arguments in order.
        arguments: Run,
    },
    /// `not`, `-`, `+`, `~`.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// On what.
        operand: ExprId,
    },
    /// An arithmetic or bit operator.
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Left side.
        left: ExprId,
        /// Right side.
        right: ExprId,
    },
    /// `a and b and c`: two operands or more, evaluated until one is false.
    And(Run),
    /// `a or b or c`.
    Or(Run),
    /// One comparison.
    Compare {
        /// Which.
        operator: Comparison,
        /// Left side.
        left: ExprId,
        /// Right side.
        right: ExprId,
    },
    /// `then if test else otherwise`.
    Conditional {
        /// The condition.
        test: ExprId,
        /// The value where it holds.
        then: ExprId,
        /// The value where it does not.
        otherwise: ExprId,
    },
    /// A lambda: a function whose body returns one expression.
    Lambda(FunctionId),
    /// A comprehension or generator expression.
    Comprehension(ComprehensionId),
    /// `(target := value)`.
    Walrus {
        /// A `Name`.
        target: ExprId,
        /// What it is bound to.
        value: ExprId,
    },
    /// `*value` in a display, a target or a subscript.
    Starred(ExprId),
    /// `await value`.
    Await(ExprId),
    /// `yield` or `yield value`.
    Yield(Option<ExprId>),
    /// `yield from value`.
    YieldFrom(ExprId),
    /// Whether the subject of a `match` fits a pattern.
    Matches {
        /// The subject.
        subject: ExprId,
        /// The pattern, without its guard (a guard is a second operand of an `And`).
        pattern: PatternId,
    },
}

/// An argument of a call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    /// How it is passed.
    pub passing: Passing,
    /// What is passed.
    pub value: ExprId,
}

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Passing {
    /// By position.
    Positional,
    /// `name=value`.
    Keyword(NameId),
    /// `*value`.
    Star,
    /// `**value`.
    DoubleStar,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Python's own")]
pub enum UnaryOperator {
    Not,
    Minus,
    Plus,
    Invert,
}

/// Operators with two operands that are neither logic nor comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Python's own")]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    MatrixMultiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    ShiftLeft,
    ShiftRight,
    BitAnd,
    BitOr,
    BitXor,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Python's own")]
pub enum Comparison {
    Equal,
    /// `!=` and Python 2's `<>`.
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
    In,
    NotIn,
}

/// `[element for …]` and its kin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comprehension {
    /// What it builds.
    pub kind: ComprehensionKind,
    /// The element, or the key of a dict comprehension. `{**d for d in ds}`: a `Starred` of `d`.
    pub element: ExprId,
    /// The value of a dict comprehension.
    pub value: Option<ExprId>,
    /// Its `for` clauses, outermost first; at least one.
    pub clauses: Vec<Clause>,
}

/// What a comprehension builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are Python's own")]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

/// `for target in iterable if condition …`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Clause {
    /// What each element is bound to.
    pub target: ExprId,
    /// What is iterated.
    pub iterable: ExprId,
    /// All of these must hold.
    pub conditions: Vec<ExprId>,
    /// `async for`.
    pub is_async: bool,
}

/// A pattern of a `case`. Names that it binds are bound by `Bind` instructions behind the test.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Pattern {
    /// `_`, or a capture: fits anything.
    Anything,
    /// `None`, `True`, a literal or a dotted name: compared by `==` (the three singletons by `is`).
    Value(ExprId),
    /// `[a, *rest]`: fits a sequence, never None.
    Sequence(Vec<PatternId>),
    /// `*rest` in a sequence.
    Star,
    /// `{"key": pattern}`: fits a mapping, never None.
    Mapping(Vec<PatternId>),
    /// `Class(…)`: fits an instance, never None.
    Class {
        /// The class.
        class: ExprId,
        /// Patterns of its attributes.
        parts: Vec<PatternId>,
    },
    /// `a | b`.
    Or(Vec<PatternId>),
    /// `pattern as name`.
    As(PatternId),
}
