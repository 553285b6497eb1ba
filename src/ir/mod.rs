//! What a file of Python says, freed of its syntax: functions made of basic blocks, names resolved to places.
//!
//! A [`Module`] holds no path, no id of other modules and no fact of a library: only what its bytes and its dialect
//! say. So it can be cached by content and shared by two revisions of a project.

mod dump;
mod expr;
mod function;
mod ids;
mod sound;
mod walk;

pub use dump::{dump, scopes};
pub use expr::*;
pub use function::*;
pub use ids::*;

use crate::text::{Lines, Span};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Which Python a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// Only Python 2 reads it.
    Two,
    /// Python 3 reads it; a file that both read counts as this.
    Three,
}

/// One file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Module {
    /// The dialect it was read as.
    pub dialect: Dialect,
    /// Every identifier and literal, each once.
    pub names: Vec<CompactString>,
    /// Bodies of code; the first is the module's own. A function stands behind its parent.
    pub functions: Vec<Function>,
    /// Classes in order.
    pub classes: Vec<Class>,
    /// All expressions, function by function.
    pub exprs: Vec<Expr>,
    /// Lists of expressions.
    pub lists: Vec<ExprId>,
    /// Arguments of calls.
    pub arguments: Vec<Argument>,
    /// Comprehensions.
    pub comprehensions: Vec<Comprehension>,
    /// Patterns.
    pub patterns: Vec<Pattern>,
    /// Imported names.
    pub imports: Vec<Import>,
    /// Every comment: what it says is not kept, but that somebody said something is.
    pub comments: Vec<Span>,
    /// Those that say that something is still to be done: `TODO`, `FIXME`.
    pub admissions: Vec<Span>,
    /// Ignore comments: those of the whole file first, then those of rows in order.
    pub suppressions: Vec<Suppression>,
    /// What could not be read, and the bounds that were hit.
    pub problems: Vec<Problem>,
    /// Where its lines start.
    pub lines: Lines,
}

/// A class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: NameId,
    /// The name alone.
    pub name_span: Span,
    /// From the `class` (or the first decorator) to the end of the body.
    pub span: Span,
    /// The function whose code defines it: its bases, keywords and decorators use the places of that one.
    pub parent: FunctionId,
    /// Its body; the variables of that function are the class's attributes.
    pub body: FunctionId,
    /// Bases and keywords: a run in `Module::arguments`.
    pub arguments: Run,
    /// Decorators, outermost first: a run in `Module::lists`.
    pub decorators: Run,
}

/// One name that an import binds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// The dotted module behind `import` or `from`; empty for `from . import x`.
    pub module: NameId,
    /// How many leading dots; in Python 2 without `from __future__ import absolute_import`, 0 means: first beside this file.
    pub level: u8,
    /// The name behind `from … import`, `*` included; none for `import module`.
    pub name: Option<NameId>,
    /// Behind `as`.
    pub alias: Option<NameId>,
    /// The imported name's place in the text.
    pub span: Span,
}

/// An ignore comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The comment.
    pub span: Span,
    /// What it covers.
    pub reach: Reach,
    /// The rules or families that it names; empty: all of them.
    pub rules: Vec<CompactString>,
    /// Written as `noqa`: an unknown name in it is somebody else's.
    pub noqa: bool,
}

/// What an ignore comment covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reach {
    /// The file.
    File,
    /// Findings on this 0-based row, or in a statement that starts on it.
    Row(u32),
}

/// Something in a file that could not be read as Python.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
}

/// What could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProblemKind {
    /// Not Python of any version that is known here; the code around it was read.
    Syntax,
    /// Nested deeper than `lower::DEPTH`; what is inside was not read.
    TooDeep,
    /// The bytes are not text in the encoding that the file declares.
    Encoding,
}

impl Module {
    /// The text of a name.
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(id.index()).map_or("", CompactString::as_str)
    }

    /// An expression.
    pub fn expr(&self, id: ExprId) -> Expr {
        self.exprs[id.index()]
    }

    /// What an expression is.
    pub fn kind(&self, id: ExprId) -> ExprKind {
        self.exprs[id.index()].kind
    }

    /// Where an expression stands.
    pub fn span(&self, id: ExprId) -> Span {
        self.exprs[id.index()].span
    }

    /// The expressions of a list.
    pub fn list(&self, run: Run) -> &[ExprId] {
        &self.lists[run.range()]
    }

    /// The arguments of a call.
    pub fn arguments(&self, run: Run) -> &[Argument] {
        &self.arguments[run.range()]
    }

    /// A function.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// The functions that stand directly in a function's code. Ids are given breadth first, so they are neighbours.
    pub fn children(&self, id: FunctionId) -> impl Iterator<Item = FunctionId> + use<> {
        let functions = &self.functions;
        let first = functions.partition_point(|function| function.parent < Some(id));
        let end = functions.partition_point(|function| function.parent <= Some(id));
        (first..end).map(FunctionId::new)
    }

    /// The functions inside a function's code, however deep.
    pub fn inside(&self, id: FunctionId) -> Vec<FunctionId> {
        let mut found: Vec<FunctionId> = self.children(id).collect();
        let mut at = 0;
        while let Some(&next) = found.get(at) {
            found.extend(self.children(next));
            at += 1;
        }
        found
    }

    /// A class.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    /// The module's own body.
    pub fn body(&self) -> &Function {
        &self.functions[0]
    }

    /// A comprehension.
    pub fn comprehension(&self, id: ComprehensionId) -> &Comprehension {
        &self.comprehensions[id.index()]
    }

    /// A pattern.
    pub fn pattern(&self, id: PatternId) -> &Pattern {
        &self.patterns[id.index()]
    }

    /// A chain of names and attributes as it is written: `os.path.join`. Nothing for any other expression, and nothing for one of
    /// another function, whose places are others.
    pub fn dotted(&self, function: &Function, expr: ExprId) -> Option<String> {
        if !function.owns(expr) {
            return None;
        }
        match self.kind(expr) {
            ExprKind::Name(place) => Some(self.place_text(function, place)),
            ExprKind::Attribute { value, name, .. } => {
                let mut text = self.dotted(function, value)?;
                text.push('.');
                text.push_str(self.name(name));
                Some(text)
            }
            _ => None,
        }
    }

    /// The name that an expression is, if it is nothing but a name.
    pub fn plain_name(&self, function: &Function, expr: ExprId) -> Option<&str> {
        let ExprKind::Name(place) = self.kind(expr) else {
            return None;
        };
        match function.places.get(place.index())?.step {
            Step::Variable { name, .. } => Some(self.name(name)),
            _ => None,
        }
    }

    /// The last name of a chain of names and attributes: `join` of `os.path.join`. Nothing for any other expression.
    pub fn last_name(&self, function: &Function, expr: ExprId) -> Option<&str> {
        let ExprKind::Attribute { value, name, .. } = self.kind(expr) else {
            return self.plain_name(function, expr);
        };
        let mut inner = value;
        while let ExprKind::Attribute { value, .. } = self.kind(inner) {
            inner = value;
        }
        matches!(self.kind(inner), ExprKind::Name(_)).then(|| self.name(name))
    }

    /// The function and place that an access path or variable is written with, as source text: `self.db["users"]`.
    pub fn place_text(&self, function: &Function, place: PlaceId) -> String {
        let Place { parent, step } = function.places[place.index()];
        let mut text = parent
            .map(|parent| self.place_text(function, parent))
            .unwrap_or_default();
        match step {
            Step::Variable { name, .. } => text.push_str(self.name(name)),
            Step::Attribute(name) => {
                text.push('.');
                text.push_str(self.name(name));
            }
            Step::Key(key) => text.push_str(&format!("[{:?}]", self.name(key))),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
        text
    }
}

/// A function is not analyzed whose instructions times its places and handlers are more than this, or the bindings of one
/// name times themselves: what is asked of a function may grow with any of these. Of 48,000 functions that people wrote
/// the widest has a tenth of it.
const WIDTH: usize = 50_000_000;

impl Function {
    /// Whether an expression is one of this function's own, so that its places are.
    pub fn owns(&self, expr: ExprId) -> bool {
        self.exprs.range().contains(&expr.index())
    }

    /// Whether the function is wider than what is analyzed.
    pub fn is_too_wide(&self, module: &Module) -> bool {
        let handlers = self.tries.iter().map(|region| match &region.kind {
            TryKind::Catch { handlers, .. } => handlers.len(),
            _ => 0,
        });
        let count = self.insts.len();
        let beside = self.places.len() + handlers.sum::<usize>();
        count.saturating_mul(beside) > WIDTH
            || count.saturating_mul(count) > WIDTH && self.is_bound_too_often(module)
    }

    fn is_bound_too_often(&self, module: &Module) -> bool {
        let mut counts = vec![0usize; self.places.len()];
        for inst in &self.insts {
            if let InstKind::Bind { target, .. } = inst.kind
                && let Some(place) = module.kind(target).place()
            {
                counts[place.index()] += 1;
            }
        }
        counts
            .iter()
            .any(|count| count.saturating_mul(*count) > WIDTH)
    }

    /// A place.
    pub fn place(&self, id: PlaceId) -> Place {
        self.places[id.index()]
    }

    /// A block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// The instructions of a block.
    pub fn insts(&self, block: &Block) -> &[Inst] {
        &self.insts[block.insts.range()]
    }

    /// A guarded region.
    pub fn region(&self, id: TryId) -> &Try {
        &self.tries[id.index()]
    }

    /// Whether an exception that meets the region `guard` first is inside `region`.
    pub fn is_within(&self, guard: Option<TryId>, region: TryId) -> bool {
        std::iter::successors(guard, |&id| self.region(id).parent).any(|id| id == region)
    }

    /// The variable that a place starts from.
    pub fn root(&self, mut place: PlaceId) -> PlaceId {
        while let Some(parent) = self.places[place.index()].parent {
            place = parent;
        }
        place
    }
}

impl ExprKind {
    /// The place that an expression names, if it names one.
    pub fn place(self) -> Option<PlaceId> {
        match self {
            ExprKind::Name(place) => Some(place),
            ExprKind::Attribute { place, .. } | ExprKind::Subscript { place, .. } => place,
            _ => None,
        }
    }
}
