//! Functions: variables and access paths, instructions, blocks, and who catches what.

use super::expr::BinaryOperator;
use super::ids::{BlockId, ClassId, ExprId, FunctionId, ImportId, NameId, PlaceId, Run, TryId};
use crate::text::Span;
use serde::{Deserialize, Serialize};

/// A body of code with names of its own: the module's, a class's, a function's or a lambda's.
///
/// Decorators, defaults, annotations and base classes are evaluated by the *parent*: the places in those expressions
/// are the parent's. Everything else in here uses this function's own places.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// Its name; `<module>`, `<lambda>`.
    pub name: NameId,
    /// What kind of body it is.
    pub kind: FunctionKind,
    /// The body it stands in; only the module's own has none.
    pub parent: Option<FunctionId>,
    /// The class whose body this is (kind `Class`) or whose method this is (a `Def` directly in a class body).
    pub class: Option<ClassId>,
    /// From the `def` (or the first decorator) to the end of the body.
    pub span: Span,
    /// The name alone; for a lambda the word `lambda`; empty for the module.
    pub name_span: Span,
    /// Decorators, outermost first: a run in `Module::lists`.
    pub decorators: Run,
    /// Parameters in order.
    pub parameters: Vec<Parameter>,
    /// The annotation behind `->`, or the result of a type comment.
    pub returns: Option<ExprId>,
    /// Defined with `async`.
    pub is_async: bool,
    /// Has a `yield` of its own.
    pub is_generator: bool,
    /// Starts with a docstring.
    pub has_docstring: bool,
    /// Reads or changes its variables in ways that no analysis sees: `exec`, `locals()`, a star import inside.
    pub is_dynamic: bool,
    /// The expressions of this function: a contiguous part of `Module::exprs`, shared with no other function.
    pub exprs: Run,
    /// Variables and access paths. A path always stands behind its parent.
    pub places: Vec<Place>,
    /// Instructions; each block holds a run of them.
    pub insts: Vec<Inst>,
    /// Basic blocks; the first is the entry. Blocks that nothing reaches may be among them.
    pub blocks: Vec<Block>,
    /// Guarded regions; a region always stands behind its parent.
    pub tries: Vec<Try>,
    /// `for` and `while` statements in order.
    pub loops: Vec<Loop>,
}

/// What kind of body a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FunctionKind {
    /// The module's top level.
    Module,
    /// A class body: its names are seen by no function inside it.
    Class,
    /// A `def`.
    Def,
    /// A `lambda`.
    Lambda,
}

/// A parameter.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// The variable; Python 2's `def f((a, b))` has a nameless variable here and binds its parts at the entry.
    pub place: PlaceId,
    /// Its name.
    pub name: NameId,
    /// Where it is declared.
    pub span: Span,
    /// How it can be passed.
    pub kind: ParameterKind,
    /// Its default.
    pub default: Option<ExprId>,
    /// Its annotation or type comment.
    pub annotation: Option<ExprId>,
}

/// How an argument reaches a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterKind {
    /// Only by position.
    PositionalOnly,
    /// By position or by name.
    Normal,
    /// `*args`.
    Star,
    /// Only by name.
    KeywordOnly,
    /// `**kwargs`.
    DoubleStar,
}

/// A variable, or an access path of at most three steps from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What it is a part of; none for a variable.
    pub parent: Option<PlaceId>,
    /// The last step.
    pub step: Step,
}

/// One step of an access path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Step {
    /// The variable itself.
    Variable {
        /// Its name.
        name: NameId,
        /// Where it lives.
        scope: Scope,
    },
    /// `.name`.
    Attribute(NameId),
    /// `["key"]`.
    Key(NameId),
    /// `[0]`, `[-1]`.
    Index(i32),
}

/// Where a variable lives, as Python's compiler decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Bound in this function (for the module's body: a global).
    Local {
        /// A nested function reads it.
        captured: bool,
        /// A nested function binds it (`nonlocal`, or `global` for the module's own names).
        rebound_inside: bool,
    },
    /// A parameter; `captured` and `rebound_inside` as for `Local`.
    Parameter {
        /// Which, in order.
        index: u16,
        /// A nested function reads it.
        captured: bool,
        /// A nested function binds it.
        rebound_inside: bool,
    },
    /// The target of a comprehension, seen only inside it. Each comprehension has its own.
    Comprehension,
    /// Bound in an enclosing function.
    Free {
        /// That function.
        function: FunctionId,
        /// The variable there.
        place: PlaceId,
        /// This function binds it: `nonlocal`.
        declared: bool,
    },
    /// A global of the module, a builtin, or what a star import brings.
    Global {
        /// This function binds it: `global`.
        declared: bool,
    },
}

/// An instruction.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Inst {
    /// What it does.
    pub kind: InstKind,
    /// The statement, or the part of a compound statement's head, that it comes from.
    pub span: Span,
}

/// What an instruction does. Inside one, expressions are evaluated left to right as Python does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum InstKind {
    /// A target is bound. The value is evaluated first, then the target's own parts.
    Bind {
        /// `Name`, `Attribute`, `Subscript`, `Tuple`, `List` or `Starred`.
        target: ExprId,
        /// To what.
        source: Source,
        /// The annotation or type comment.
        annotation: Option<ExprId>,
    },
    /// `x: int` with no value: declares, binds nothing.
    Declare {
        /// What is declared.
        target: ExprId,
        /// Its annotation.
        annotation: ExprId,
    },
    /// An expression is evaluated and its value dropped: a statement, a condition, what a `for` iterates.
    Eval(ExprId),
    /// The condition evaluated before this branch came out like this. It stands at the head of the branch and evaluates nothing.
    Assume {
        /// The condition.
        test: ExprId,
        /// How it came out.
        holds: bool,
    },
    /// `return`.
    Return(Option<ExprId>),
    /// `raise`, or an `assert` that failed.
    Raise {
        /// The exception; none re-raises the one being handled. For a failed assert: its message.
        exception: Option<ExprId>,
        /// Behind `from`.
        cause: Option<ExprId>,
        /// A failed assert: the class is AssertionError.
        assertion: bool,
    },
    /// `del` of a name, attribute or subscript.
    Forget(ExprId),
}

/// What a target is bound to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Source {
    /// The value of an expression.
    Value(ExprId),
    /// `target op= value`.
    Augmented {
        /// The operator.
        operator: BinaryOperator,
        /// Right side.
        value: ExprId,
    },
    /// Each element of an iterable, in a `for`. The iterable was evaluated by an `Eval` before the loop.
    Element {
        /// What is iterated.
        iterable: ExprId,
        /// `async for`.
        is_async: bool,
    },
    /// What a context manager gives on entry. The manager was evaluated by an `Eval` before.
    Entered {
        /// The context manager.
        manager: ExprId,
        /// `async with`.
        is_async: bool,
    },
    /// The exception that a handler caught.
    Caught {
        /// The try.
        region: TryId,
        /// Which of its handlers.
        handler: u16,
    },
    /// An import.
    Import(ImportId),
    /// A `def`, after its decorators.
    Function(FunctionId),
    /// A `class`, after its decorators.
    Class(ClassId),
    /// A part of the subject of a `match`.
    Captured {
        /// The subject.
        subject: ExprId,
        /// The whole subject, not a part of it.
        whole: bool,
    },
    /// Something that is not None and of which nothing else is known: a type parameter, a type alias, a Python 2 tuple parameter's part.
    Opaque,
}

/// A run of instructions with one entry, and where it goes from there.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Block {
    /// Its instructions.
    pub insts: Run,
    /// The innermost region that an exception raised in here meets first.
    pub guard: Option<TryId>,
    /// Where control goes.
    pub next: Next,
}

/// How a block ends.
///
/// A jump out of the regions of kind `Finally` on the way from the block's guard to the target's guard runs those
/// `finally` bodies first, innermost first; so does `Return`. The same body runs for every way through it: at its
/// `Resume` control goes on to where it was headed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// To one block.
    Goto(BlockId),
    /// To one of two, each of which starts with its `Assume` (or with the binding of a loop's target).
    Branch(BlockId, BlockId),
    /// Out of the function; the last instruction is a `Return`, or control fell off the end.
    Return,
    /// The last instruction is a `Raise`.
    Raise,
    /// The end of the `finally` body of this region.
    Resume(TryId),
    /// Nowhere.
    Never,
}

/// A region of code and who deals with what leaves it. `try … except … finally` is two: a `Catch` inside a `Finally`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Try {
    /// The region around it.
    pub parent: Option<TryId>,
    /// Who deals with it.
    pub kind: TryKind,
    /// The whole statement.
    pub span: Span,
    /// The guarded suite.
    pub body: Span,
    /// How many statements the guarded suite has, nested ones counted.
    pub statements: u32,
}

/// Who deals with what leaves a region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TryKind {
    /// `except` clauses.
    Catch {
        /// In order.
        handlers: Vec<Handler>,
        /// `except*`.
        star: bool,
        /// The `else` suite, if there is one.
        otherwise: Option<Span>,
    },
    /// A `finally` suite.
    Finally {
        /// Its first block. Its blocks have this region's parent as their guard.
        entry: BlockId,
        /// The suite.
        suite: Span,
    },
    /// A `with` item: its manager may swallow the exception, and then control goes on behind the statement.
    With {
        /// The context manager.
        manager: ExprId,
        /// `async with`.
        is_async: bool,
        /// The block behind the statement.
        after: BlockId,
    },
}

/// An `except` clause.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handler {
    /// The class or tuple of classes; none for a bare `except:`.
    pub types: Option<ExprId>,
    /// The name that it binds.
    pub target: Option<ExprId>,
    /// Its first block.
    pub entry: BlockId,
    /// The whole clause.
    pub span: Span,
    /// `except E as e`, without the suite.
    pub header: Span,
    /// The suite.
    pub body: Span,
    /// How many statements the suite has, nested ones counted; a docstring or `pass` counts.
    pub statements: u32,
}

/// A loop statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Loop {
    /// What kind.
    pub kind: LoopKind,
    /// The loop that it stands in, as an index into `Function::loops`.
    pub parent: Option<u32>,
    /// The block that each round starts from.
    pub header: BlockId,
    /// The first block of the body.
    pub body: BlockId,
    /// The whole statement, its `else` included.
    pub span: Span,
    /// The body's suite.
    pub suite: Span,
}

/// What kind of loop.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum LoopKind {
    /// `for target in iterable`.
    For {
        /// What each element is bound to.
        target: ExprId,
        /// What is iterated.
        iterable: ExprId,
        /// `async for`.
        is_async: bool,
    },
    /// `while test`.
    While {
        /// The condition.
        test: ExprId,
    },
}
