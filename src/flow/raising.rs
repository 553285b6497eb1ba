//! Where control goes when an instruction raises.

use super::Flow;
use crate::ir::{
    Comparison, Dialect, ExprId, ExprKind, Inst, InstKind, Run, Scope, Source, Step, TryId, TryKind,
};
use crate::project::{Catches, Coverage};
use crate::summary::ClassRef;
use crate::types::Type;

/// What kinds of exceptions an instruction can raise, as far as its form tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Raising {
    /// Anything: a call, an operator on unknown operands, `await`, `yield`.
    pub(super) anything: bool,
    /// AttributeError and, from descriptors, whatever; a plain attribute read.
    pub(super) attribute: bool,
    /// A subscript.
    pub(super) subscript: bool,
    /// A value that is taken apart.
    pub(super) unpack: bool,
    /// A name that may not be bound.
    pub(super) name: bool,
    /// An import.
    pub(super) import: bool,
    /// A `raise` of this class.
    pub(super) class: Option<ClassRef>,
}

impl Raising {
    pub(super) fn is_nothing(self) -> bool {
        self == Raising::default()
    }
}

impl Flow<'_, '_> {
    pub(super) fn raising_of(&self, inst: &Inst) -> Raising {
        let mut raising = Raising::default();
        match inst.kind {
            InstKind::Bind {
                source: Source::Import(_),
                ..
            } => raising.import = true,
            InstKind::Bind {
                source: Source::Entered { .. },
                ..
            } => raising.anything = true,
            // What iterates over a variable is mostly a container, and that raises nothing.
            InstKind::Bind {
                source: Source::Element { iterable, is_async },
                ..
            } => raising.anything = is_async || self.module.kind(iterable).place().is_none(),
            InstKind::Bind { target, source, .. } => {
                raising.unpack = self.parts(target).is_some_and(|count| match source {
                    Source::Value(value) => self.parts(value) != Some(count),
                    _ => true,
                });
            }
            InstKind::Raise {
                exception,
                assertion,
                ..
            } => {
                raising.class = match exception {
                    _ if assertion => self
                        .program
                        .library
                        .class("AssertionError", self.module.dialect),
                    Some(exception) => self.raised_class(exception),
                    None => None,
                };
                raising.anything |= raising.class.is_none();
                return raising;
            }
            _ => {}
        }
        inst.kind.for_each_expr(&mut |root| {
            self.module
                .walk(root, &mut |expr| match self.module.kind(expr) {
                    ExprKind::Attribute { .. } => raising.attribute = true,
                    ExprKind::Subscript { .. } => raising.subscript = true,
                    ExprKind::Name(place) => {
                        if let Step::Variable {
                            scope: Scope::Global { .. } | Scope::Free { .. } | Scope::Local { .. },
                            ..
                        } = self.code.place(place).step
                        {
                            raising.name = true;
                        }
                    }
                    ExprKind::Compare { operator, .. } => {
                        raising.anything |= !is_harmless(operator);
                    }
                    ExprKind::Call { callee, .. } if self.is_harmless_call(callee) => {}
                    ExprKind::Call { .. }
                    | ExprKind::Binary { .. }
                    | ExprKind::Await(_)
                    | ExprKind::Yield(_)
                    | ExprKind::YieldFrom(_)
                    | ExprKind::Comprehension(_)
                    | ExprKind::Hole => raising.anything = true,
                    _ => {}
                });
        });
        raising
    }

    /// How many parts a tuple or list display has, none of them a starred one.
    fn parts(&self, expr: ExprId) -> Option<u32> {
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = self.module.kind(expr) else {
            return None;
        };
        Some(parts.count)
    }

    /// The class of a raised expression: a class, or a call of one.
    pub(crate) fn raised_class(&self, exception: crate::ir::ExprId) -> Option<ClassRef> {
        let expr = match self.module.kind(exception) {
            ExprKind::Call { callee, .. } => callee,
            ExprKind::Tuple(parts) if self.module.dialect == Dialect::Two => {
                *self.module.list(parts).first()?
            }
            _ => exception,
        };
        match self.program.types.get(self.evaluate.value(expr).class) {
            Type::Class(class) | Type::Instance(class) => Some(class),
            _ => None,
        }
    }

    /// Whether a handler can receive what an instruction raises; and whether nothing gets past it.
    pub(super) fn handles(&self, catches: &Catches, raising: Raising) -> (bool, bool) {
        let Catches::Classes { classes, open, .. } = catches else {
            return (true, true);
        };
        if let Some(class) = raising.class {
            let coverage = self.program.covers(catches, class, self.module.dialect);
            return (
                coverage != Coverage::None,
                coverage == Coverage::Full && !open,
            );
        }
        let name = |class: &ClassRef| self.program.class_name(*class);
        if classes
            .iter()
            .any(|class| matches!(name(class), "Exception" | "StandardError"))
        {
            return (true, true);
        }
        let fits = |class: &ClassRef| match name(class) {
            "AttributeError" => raising.attribute,
            "ValueError" => raising.unpack,
            "TypeError" => raising.unpack || raising.subscript,
            "KeyError" | "IndexError" | "LookupError" => raising.subscript,
            "NameError" | "UnboundLocalError" => raising.name,
            "ImportError" | "ModuleNotFoundError" => raising.import,
            _ => false,
        };
        (raising.anything || *open || classes.iter().any(fits), false)
    }

    /// What each handler of a region catches; nothing for one that is no `try`.
    pub(super) fn catches_of(&self, region: TryId) -> Vec<Catches> {
        match &self.code.region(region).kind {
            TryKind::Catch { handlers, .. } => handlers
                .iter()
                .map(|handler| {
                    self.program
                        .catches(self.module_ref, self.id(), handler.types)
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether an expression raises nothing for all practical purposes: a name, a literal, a builtin called with those.
    pub(super) fn is_harmless_value(&self, value: ExprId) -> bool {
        match self.module.kind(value) {
            ExprKind::Call { callee, arguments } => {
                let mut arguments = self.module.arguments(arguments).iter();
                self.is_harmless_call(callee)
                    && arguments.all(|argument| self.is_harmless_value(argument.value))
            }
            ExprKind::Name(_)
            | ExprKind::Text(_)
            | ExprKind::Int(_)
            | ExprKind::None
            | ExprKind::True
            | ExprKind::False => true,
            _ => false,
        }
    }

    /// Builtins that raise nothing for all practical purposes.
    fn is_harmless_call(&self, callee: ExprId) -> bool {
        if let ExprKind::Attribute { name, .. } = self.module.kind(callee) {
            if TEXT_METHODS.contains(&self.module.name(name)) {
                return true;
            }
            let is_clock = matches!(
                self.module.name(name),
                "time" | "monotonic" | "perf_counter" | "now" | "utcnow"
            );
            return is_clock
                && self
                    .evaluate
                    .dotted(callee)
                    .is_some_and(|name| CLOCKS.contains(&name.as_str()));
        }
        let ExprKind::Name(place) = self.module.kind(callee) else {
            return false;
        };
        let Step::Variable {
            name,
            scope: Scope::Global { .. },
        } = self.code.place(place).step
        else {
            return false;
        };
        matches!(
            self.module.name(name),
            "isinstance" | "issubclass" | "hasattr" | "callable" | "type" | "id" | "bool"
        )
    }

    /// Whether an instruction raises nothing for all practical purposes, though nobody can be sure: it reads names,
    /// attributes and items, and calls what only copies, counts or formats.
    pub(super) fn is_slight_inst(&self, inst: &Inst, raising: Raising) -> bool {
        if raising.class.is_some() || raising.import || raising.unpack {
            return false;
        }
        if matches!(inst.kind, InstKind::Raise { .. }) {
            return false;
        }
        let mut slight = true;
        inst.kind.for_each_expr(&mut |root| {
            self.module
                .walk(root, &mut |expr| match self.module.kind(expr) {
                    ExprKind::Call { callee, arguments } => {
                        slight &= self.is_slight_call(callee) || self.is_lookup(callee, arguments);
                    }
                    ExprKind::Await(_)
                    | ExprKind::Yield(_)
                    | ExprKind::YieldFrom(_)
                    | ExprKind::Comprehension(_)
                    | ExprKind::Hole => slight = false,
                    _ => {}
                });
        });
        slight
    }

    /// `row.get("name")`: a key looks nothing like the address that a client gets.
    fn is_lookup(&self, callee: ExprId, arguments: Run) -> bool {
        let (ExprKind::Attribute { name, .. }, Some(first)) = (
            self.module.kind(callee),
            self.module.arguments(arguments).first(),
        ) else {
            return false;
        };
        let ExprKind::Text(key) = self.module.kind(first.value) else {
            return false;
        };
        self.module.name(name) == "get" && !self.module.name(key).contains('/')
    }

    fn is_slight_call(&self, callee: ExprId) -> bool {
        if self.is_harmless_call(callee) {
            return true;
        }
        let name = self.evaluate.dotted(callee).unwrap_or_default();
        if SLIGHT.contains(&name.trim_start_matches("builtins.")) {
            return true;
        }
        matches!(self.module.kind(callee), ExprKind::Attribute { name, .. } if SLIGHT_METHODS.contains(&self.module.name(name)))
    }

    /// Whether a context manager may keep an exception from leaving its `with`.
    pub(super) fn may_swallow(&self, manager: ExprId) -> bool {
        let ExprKind::Call { callee, .. } = self.module.kind(manager) else {
            return false;
        };
        let name = self.evaluate.dotted(callee).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        matches!(last, "suppress" | "raises" | "assertRaises" | "ignored")
            || self.program.may_swallow(self.evaluate.value(callee))
    }
}

/// Methods of texts that give another text or a list, whatever the text.
const TEXT_METHODS: &[&str] = &[
    "split",
    "rsplit",
    "strip",
    "lstrip",
    "rstrip",
    "splitlines",
    "lower",
    "upper",
    "partition",
    "rpartition",
    "startswith",
    "endswith",
];

/// What the time is: nothing is raised.
const CLOCKS: &[&str] = &[
    "time.time",
    "time.monotonic",
    "time.perf_counter",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.now",
    "datetime.utcnow",
];

/// Comparisons that raise nothing for all practical purposes.
fn is_harmless(operator: Comparison) -> bool {
    matches!(
        operator,
        Comparison::Is | Comparison::IsNot | Comparison::Equal | Comparison::NotEqual
    )
}

/// Functions that copy, count and format.
const SLIGHT: &[&str] = &[
    "copy.copy",
    "copy.deepcopy",
    "dict",
    "list",
    "tuple",
    "set",
    "frozenset",
    "str",
    "repr",
    "hex",
    "len",
    "range",
    "enumerate",
    "zip",
    "reversed",
    "object",
    "vars",
    "os.path.join",
    "os.path.basename",
    "os.path.dirname",
    "os.path.abspath",
    "os.path.expanduser",
    "os.getpid",
    "io.BytesIO",
    "io.StringIO",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "threading.Lock",
    "threading.RLock",
    "threading.Event",
    "functools.partial",
];

/// Methods of containers and loggers that take what there is.
const SLIGHT_METHODS: &[&str] = &[
    "keys",
    "values",
    "items",
    "copy",
    "format",
    "append",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
];
