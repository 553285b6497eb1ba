//! What `except` clauses and context managers catch, by the real class hierarchy.

use super::{Evaluate, Program};
use crate::ir::{
    Dialect, ExprId, ExprKind, Function, FunctionId, Handler, Inst, InstKind, Module, Next, TryId,
    TryKind,
};
use crate::summary::ClassRef;
use crate::types::{FunctionRef, ModuleRef, Type};

/// What a handler says that it catches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catches {
    /// Anything: `except:`, `except BaseException`.
    Everything,
    /// These classes; with `open`, others besides that are not known.
    Classes {
        /// The known ones.
        classes: Vec<ClassRef>,
        /// A class in it is unknown: it gets the benefit of the doubt.
        open: bool,
        /// All unknown ones are of libraries: none of them is above a builtin class.
        foreign: bool,
    },
}

/// How far an exception of some class is caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// Not at all.
    None,
    /// Some of its subclasses are.
    Partial,
    /// Entirely.
    Full,
}

/// Which classes of a handler are unknown.
#[derive(Default)]
struct Unknown {
    /// Some of a library.
    foreign: bool,
    /// Others.
    other: bool,
}

impl Program<'_> {
    /// What a handler catches.
    pub fn catches(
        &self,
        module_ref: ModuleRef,
        function: FunctionId,
        types: Option<ExprId>,
    ) -> Catches {
        let Some(types) = types else {
            return Catches::Everything;
        };
        let evaluate = Evaluate::new(self, module_ref, function);
        let mut classes = Vec::new();
        let mut unknown = Unknown::default();
        self.collect_types(
            &evaluate,
            self.module(module_ref),
            types,
            (&mut classes, &mut unknown),
            0,
        );
        if classes
            .iter()
            .any(|&class| self.class_name(class) == "BaseException")
        {
            return Catches::Everything;
        }
        Catches::Classes {
            classes,
            open: unknown.foreign || unknown.other,
            foreign: unknown.foreign && !unknown.other,
        }
    }

    fn collect_types(
        &self,
        evaluate: &Evaluate<'_, '_>,
        module: &Module,
        types: ExprId,
        (classes, unknown): (&mut Vec<ClassRef>, &mut Unknown),
        depth: u32,
    ) {
        match module.kind(types) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) if depth < 5 => {
                for &part in module.list(parts) {
                    self.collect_types(evaluate, module, part, (classes, unknown), depth + 1);
                }
            }
            ExprKind::Starred(inner) if depth < 5 => {
                self.collect_types(evaluate, module, inner, (classes, unknown), depth + 1)
            }
            _ => match evaluate.class_named(types) {
                Some(class) => classes.push(class),
                None if self.is_of_library(evaluate, types) => unknown.foreign = true,
                None => unknown.other = true,
            },
        }
    }

    /// Whether an unknown class is imported from a library, and under a name of its own: what a module for compatibility
    /// gives may be a builtin class.
    fn is_of_library(&self, evaluate: &Evaluate<'_, '_>, types: ExprId) -> bool {
        let Some(name) = self.external_name(evaluate.value(types)) else {
            return false;
        };
        let mut parts = name.split('.').rev();
        let is_own = parts.next().is_some_and(|last| {
            last.starts_with(char::is_uppercase) && !last.ends_with("DecodeError")
        });
        let lends = |part: &str| {
            part.contains("compat")
                || matches!(part, "six" | "moves" | "green" | "gevent" | "builtins")
        };
        is_own && !parts.any(lends)
    }

    /// Whether a handler names a class that nearly all others are below.
    pub fn is_broad(&self, catches: &Catches) -> bool {
        match catches {
            Catches::Everything => true,
            Catches::Classes { classes, .. } => classes.iter().any(|&class| {
                matches!(
                    self.class_name(class),
                    "Exception" | "BaseException" | "StandardError"
                )
            }),
        }
    }

    /// How far a handler covers an exception class.
    pub fn covers(&self, catches: &Catches, class: ClassRef, dialect: Dialect) -> Coverage {
        let Catches::Classes {
            classes,
            open,
            foreign,
        } = catches
        else {
            return Coverage::Full;
        };
        let up = classes
            .iter()
            .any(|&caught| self.is_subclass(class, caught, dialect) != Some(false));
        // Who means it names it.
        let is_arithmetic = self.class_name(class) == "ZeroDivisionError";
        let is_builtin =
            !self.class_name(class).contains('.') && self.project_class(class).is_none();
        if up || (*open && !is_arithmetic && !(*foreign && is_builtin)) {
            return Coverage::Full;
        }
        let down = classes
            .iter()
            .any(|&caught| self.is_subclass(caught, class, dialect) == Some(true));
        if down {
            Coverage::Partial
        } else {
            Coverage::None
        }
    }

    /// Whether an exception of `class` raised under `guard` is caught inside the function, and by which region.
    /// Partial coverage by an inner region is told where no outer one covers all.
    pub fn caught_in(
        &self,
        function: FunctionRef,
        guard: Option<TryId>,
        class: ClassRef,
    ) -> (Coverage, Option<TryId>) {
        let (module_ref, id) = self.locate(function);
        let (module, code) = self.code(function);
        let mut best = (Coverage::None, None);
        let mut at = guard;
        while let Some(region) = at {
            let found = match &code.region(region).kind {
                TryKind::Catch { handlers, .. } => handlers
                    .iter()
                    .map(|handler| {
                        self.covers(
                            &self.catches(module_ref, id, handler.types),
                            class,
                            module.dialect,
                        )
                    })
                    .max()
                    .unwrap_or(Coverage::None),
                TryKind::With { manager, .. } => self.manager_covers(function, *manager, class),
                TryKind::Finally { .. } => Coverage::None,
            };
            if found == Coverage::Full {
                return (Coverage::Full, Some(region));
            }
            if found > best.0 {
                best = (found, Some(region));
            }
            at = code.region(region).parent;
        }
        best
    }

    /// How far a context manager swallows an exception class.
    fn manager_covers(&self, function: FunctionRef, manager: ExprId, class: ClassRef) -> Coverage {
        let (module_ref, id) = self.locate(function);
        let module = self.module(module_ref);
        let ExprKind::Call { callee, arguments } = module.kind(manager) else {
            return Coverage::None;
        };
        let evaluate = Evaluate::new(self, module_ref, id);
        let name = evaluate.dotted(callee).unwrap_or_default();
        match name.rsplit('.').next().unwrap_or_default() {
            "suppress" | "raises" | "assertRaises" | "assertRaisesRegex" | "ignored" => {
                let arguments = module.arguments(arguments);
                let caught = arguments.iter().map(|argument| {
                    let catches = self.catches(module_ref, id, Some(argument.value));
                    self.covers(&catches, class, module.dialect)
                });
                caught.max().unwrap_or(Coverage::None)
            }
            _ if self.may_swallow(evaluate.value(callee)) => Coverage::Full,
            _ => Coverage::None,
        }
    }

    /// Whether a context manager of the project may swallow exceptions: its `__exit__` can return something true, or the
    /// generator that it is made of has a `try` around its `yield`.
    pub fn may_swallow(&self, callee: crate::value::Value) -> bool {
        match self.types.get(callee.class) {
            Type::Class(class) => match (self.method(class, "__exit__"), self.project_class(class))
            {
                (Some(exit), _) => self.returns_truth(exit),
                (None, Some(info)) => info.has_unknown_base,
                (None, None) => false,
            },
            Type::Function { function, .. } => {
                self.decoration(function).is_context_manager && self.has_quiet_handler(function)
            }
            _ => false,
        }
    }

    /// Whether some handler around a `yield` can be left other than by an exception.
    fn has_quiet_handler(&self, function: FunctionRef) -> bool {
        let (module, code) = self.code(function);
        let yields: Vec<_> = code
            .exprs
            .range()
            .map(|index| &module.exprs[index])
            .filter(|expr| matches!(expr.kind, ExprKind::Yield(_)))
            .map(|expr| expr.span)
            .collect();
        code.tries.iter().any(|region| match &region.kind {
            TryKind::Catch { handlers, .. } => {
                yields.iter().any(|&span| region.body.contains(span))
                    && handlers
                        .iter()
                        .any(|handler| is_quiet(module, code, handler))
            }
            _ => false,
        })
    }

    fn returns_truth(&self, function: FunctionRef) -> bool {
        let (module, code) = self.code(function);
        code.insts.iter().any(|inst| match inst.kind {
            crate::ir::InstKind::Return(Some(value)) => {
                !matches!(module.kind(value), ExprKind::None | ExprKind::False)
            }
            _ => false,
        })
    }
}

/// Whether control gets from the head of a handler to behind it.
fn is_quiet(module: &Module, code: &Function, handler: &Handler) -> bool {
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![handler.entry];
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let block = code.block(id);
        let insts = code.insts(block);
        let is_behind = insts
            .first()
            .is_some_and(|inst| !handler.span.contains(inst.span));
        if is_behind {
            return true;
        }
        if insts.iter().any(|inst| raises_by_name(module, code, inst)) {
            continue;
        }
        // Where it raises for most callers, it is left in this way only for what somebody asked for.
        if insts
            .iter()
            .any(|inst| matches!(inst.kind, InstKind::Raise { .. }))
        {
            return false;
        }
        match block.next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, other) => open.extend([one, other]),
            Next::Return | Next::Resume(_) => return true,
            _ => {}
        }
    }
    false
}

/// A call like `reraise(…)`, of which its name says that it does not come back.
fn raises_by_name(module: &Module, code: &Function, inst: &Inst) -> bool {
    let InstKind::Eval(call) = inst.kind else {
        return false;
    };
    let ExprKind::Call { callee, .. } = module.kind(call) else {
        return false;
    };
    match module.kind(callee) {
        ExprKind::Attribute { name, .. } => module.name(name).contains("raise"),
        ExprKind::Name(place) => module.place_text(code, place).contains("raise"),
        _ => false,
    }
}
