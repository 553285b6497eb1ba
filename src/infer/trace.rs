//! What the walk through a function whose callees are known leaves behind for the rules that look at the whole program.

use crate::flow::{Held, Use};
use crate::ir::{BlockId, ExprId};
use crate::project::Symbol;
use crate::summary::ClassRef;
use crate::types::{CallRef, FunctionRef};

/// What was seen on the final walk through a function.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Arguments that reach parameters of the project's functions.
    pub passes: Vec<Pass>,
    /// Uses of parameters that may be None for all that the function knows.
    pub uses: Vec<ParameterUse>,
    /// Calls of what the library describes, in the order of the walk, each once.
    pub library: Vec<LibraryCall>,
    /// Uses, with no guard, of results of calls and of attributes that may be None.
    pub results: Vec<ResultUse>,
    /// Uses, with no guard, of what was set to None.
    pub nones: Vec<ResultUse>,
    /// Calls and attributes whose result is tested before it is used.
    pub tested: Vec<ExprId>,
    /// Assignments to attributes of the project's classes.
    pub attribute_bindings: Vec<AttributeBinding>,
    /// Uses, with no guard, of attributes that some assignment makes None.
    pub attribute_uses: Vec<AttributeUse>,
    /// Uses, with no guard, of variables of the module that some binding makes None.
    pub global_uses: Vec<ResultUse>,
    /// Attributes that conditions ask about.
    pub attribute_tests: Vec<(ClassRef, Symbol)>,
    /// A bound was hit: nothing is known of the function.
    pub gave_up: bool,
    /// The analysis of the function ended in a fault of its own: nothing is known of the function.
    pub has_failed: bool,
    /// A bound was hit: some findings that need a feasible way were not looked for.
    pub is_cut_short: bool,
}

/// An assignment to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeBinding {
    /// The class of the object.
    pub class: ClassRef,
    /// The attribute.
    pub attribute: Symbol,
    /// The target.
    pub target: ExprId,
    /// What it holds from there on.
    pub held: Held,
}

/// A use of an attribute that may still be None.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeUse {
    /// The class of the object.
    pub class: ClassRef,
    /// The attribute.
    pub attribute: Symbol,
    /// The expression that reads it.
    pub source: ExprId,
    /// The expression whose value is used.
    pub subject: ExprId,
    /// The block and instruction that use it.
    pub position: (BlockId, u32),
}

/// A call of something that the library describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryCall {
    /// The call.
    pub call: ExprId,
    /// What is called.
    pub callee: CallRef,
    /// The block that it is in.
    pub block: BlockId,
    /// Its instruction.
    pub inst: u32,
    /// The first argument, or for a method the receiver, comes from outside the program.
    pub from_outside: bool,
}

/// A use of what may be None for a reason that stands in the function itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultUse {
    /// The call or attribute that may give None.
    pub source: ExprId,
    /// The expression whose value is used.
    pub subject: ExprId,
    /// How.
    pub how: Use,
    /// The block and instruction that use it.
    pub position: (BlockId, u32),
    /// What it is, where it is no None, comes from outside the program.
    pub from_outside: bool,
}

/// An argument that reaches a parameter.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The call.
    pub call: ExprId,
    /// Who gets it.
    pub callee: FunctionRef,
    /// Which parameter.
    pub parameter: u16,
    /// The argument; nothing where the default is taken.
    pub argument: Option<ExprId>,
    /// Its value.
    pub held: Held,
}

/// A use of a parameter with no guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterUse {
    /// Which parameter.
    pub parameter: u16,
    /// The expression whose value is used.
    pub subject: ExprId,
    /// The expression that uses it.
    pub at: ExprId,
    /// How.
    pub how: Use,
    /// Its block and instruction.
    pub position: (BlockId, u32),
}
