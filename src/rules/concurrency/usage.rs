//! What becomes of an expression's value inside its function.

use crate::ir::{
    ExprId, ExprKind, Function, FunctionKind, InstKind, LoopKind, Module, PlaceId, Scope, Source,
    Step, TryKind, UnaryOperator,
};
use rustc_hash::FxHashSet;

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Fate {
    /// Nothing: the statement ends and it is gone.
    Dropped,
    /// It is asked whether it is true.
    Tested,
    /// A `for` goes over it, not an `async for`.
    Iterated,
    /// A `with` enters it, not an `async with`.
    Entered,
    /// It is bound to this target.
    Bound(ExprId),
    /// It is a part of this expression, which does something with it.
    Part(ExprId),
    /// Anything else: it is returned, raised, deleted.
    Other,
}

/// The parents of all expressions of one function, and what becomes of those that have none.
pub(in crate::rules) struct Usage<'m> {
    module: &'m Module,
    code: &'m Function,
    parents: Vec<Option<ExprId>>,
    fates: Vec<Fate>,
    targets: FxHashSet<ExprId>,
}

impl<'m> Usage<'m> {
    /// Looks at a whole function.
    pub(in crate::rules) fn of(module: &'m Module, code: &'m Function) -> Self {
        let count = code.exprs.range().len();
        let mut usage = Self {
            module,
            code,
            parents: vec![None; count],
            fates: vec![Fate::Other; count],
            targets: FxHashSet::default(),
        };
        for inst in &code.insts {
            usage.inst(inst.kind);
        }
        usage.conditions();
        usage
    }

    fn at(&self, expr: ExprId) -> Option<usize> {
        let index = expr.index().checked_sub(self.code.exprs.start as usize)?;
        (index < self.parents.len()).then_some(index)
    }

    fn set(&mut self, expr: ExprId, fate: Fate) {
        if let Some(at) = self.at(expr) {
            self.fates[at] = fate;
        }
    }

    fn inst(&mut self, kind: InstKind) {
        let module = self.module;
        kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |expr| {
                module.for_each_part(expr, &mut |part| {
                    if let Some(at) = self.at(part) {
                        self.parents[at] = Some(expr);
                    }
                });
            });
        });
        if let InstKind::Bind { target, .. } = kind {
            self.targets.insert(target);
        }
        match kind {
            InstKind::Eval(value) => self.set(value, Fate::Dropped),
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } => self.set(value, Fate::Bound(target)),
            _ => {}
        }
    }

    /// Conditions, iterables and managers are evaluated by themselves too, but they are not dropped.
    fn conditions(&mut self) {
        let code = self.code;
        for inst in &code.insts {
            match inst.kind {
                InstKind::Assume { test, .. } => self.set(test, Fate::Tested),
                InstKind::Bind {
                    source: Source::Captured { subject, .. },
                    ..
                } => self.set(subject, Fate::Other),
                _ => {}
            }
        }
        for of in &code.loops {
            match of.kind {
                LoopKind::For {
                    iterable, is_async, ..
                } => self.set(
                    iterable,
                    if is_async {
                        Fate::Other
                    } else {
                        Fate::Iterated
                    },
                ),
                LoopKind::While { test } => self.set(test, Fate::Tested),
            }
        }
        for region in &code.tries {
            if let TryKind::With {
                manager, is_async, ..
            } = region.kind
            {
                self.set(manager, if is_async { Fate::Other } else { Fate::Entered });
            }
        }
    }

    /// What becomes of an expression's value.
    pub(in crate::rules) fn fate(&self, expr: ExprId) -> Fate {
        let mut expr = expr;
        loop {
            let Some(at) = self.at(expr) else {
                return Fate::Other;
            };
            let Some(parent) = self.parents[at] else {
                return self.fates[at];
            };
            match self.module.kind(parent) {
                ExprKind::And(parts) | ExprKind::Or(parts)
                    if self.module.list(parts).last() != Some(&expr) =>
                {
                    return Fate::Tested;
                }
                ExprKind::Conditional { test, .. } if test == expr => return Fate::Tested,
                ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Conditional { .. } => expr = parent,
                ExprKind::Unary {
                    operator: UnaryOperator::Not,
                    ..
                } => return Fate::Tested,
                _ => return Fate::Part(parent),
            }
        }
    }

    /// The variable of this function that a value is bound to, if nothing but this function sees it.
    pub(in crate::rules) fn variable(&self, fate: Fate) -> Option<PlaceId> {
        let Fate::Bound(target) = fate else {
            return None;
        };
        let ExprKind::Name(place) = self.module.kind(target) else {
            return None;
        };
        let Step::Variable {
            scope:
                Scope::Local {
                    captured: false,
                    rebound_inside: false,
                },
            ..
        } = self.code.place(place).step
        else {
            return None;
        };
        let is_global = self.code.kind == FunctionKind::Module
            || self.code.kind == FunctionKind::Class
            || self.code.is_dynamic;
        (!is_global).then_some(place)
    }

    /// Every mention of a variable but as a target, in the order of the code.
    pub(in crate::rules) fn reads(&self, place: PlaceId) -> Vec<ExprId> {
        let mentions = self.mentions(place);
        mentions
            .filter(|expr| !self.targets.contains(expr))
            .collect()
    }

    /// How often a variable is bound.
    pub(in crate::rules) fn bindings(&self, place: PlaceId) -> usize {
        let mentions = self.mentions(place);
        mentions.filter(|expr| self.targets.contains(expr)).count()
    }

    fn mentions(&self, place: PlaceId) -> impl Iterator<Item = ExprId> {
        let all = self.code.exprs.range().map(ExprId::new);
        all.filter(move |&expr| self.module.kind(expr) == ExprKind::Name(place))
    }

    /// The expression that an expression is a part of.
    pub(in crate::rules) fn parent(&self, expr: ExprId) -> Option<ExprId> {
        self.at(expr).and_then(|at| self.parents[at])
    }
}
