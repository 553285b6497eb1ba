//! What another method of a class, or another function of a module, does with the container that one method removes from.

use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind, Module,
    Scope, Step,
};
use crate::project::Coverage;
use crate::rules::sequences::Boundary;
use crate::text::Location;

/// Another method, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rival {
    /// It removes with care: with a default, behind a question, under a handler.
    Careful(Location),
    /// It asks for an item with care.
    Asked(Location),
    /// It removes too.
    Again(Location),
    /// It puts items in, under a condition.
    Sometimes(Location),
}

/// What tells most of the other methods of the class.
pub(super) fn rival(boundary: &Boundary<'_>, name: &str) -> Option<Rival> {
    let flow = boundary.flow;
    let body = if name.starts_with("self.") {
        let class = flow.program.class_of_method(flow.function)?;
        let id = flow.program.project_class(class)?.id?;
        flow.module.classes.get(id.index())?.span
    } else {
        flow.module.body().span
    };
    let mut found: [Option<ExprId>; 4] = [None; 4];
    let methods = flow.module.functions.iter().enumerate();
    // A method that removes with and without care offers both to its callers.
    let others = methods.filter(|(_, code)| {
        code.kind == FunctionKind::Def
            && body.contains(code.name_span)
            && code.name_span != flow.code.name_span
    });
    for (index, code) in others {
        let method = Method {
            boundary,
            id: FunctionId::new(index),
            code,
            name,
        };
        for (known, new) in found.iter_mut().zip(method.said()) {
            *known = known.or(new);
        }
    }
    let at = |expr: Option<ExprId>| expr.map(|expr| boundary.scene.location(expr));
    at(found[0])
        .map(Rival::Careful)
        .or(at(found[1]).map(Rival::Asked))
        .or(at(found[2]).map(Rival::Again))
        .or(at(found[3]).map(Rival::Sometimes))
}

struct Method<'b, 's> {
    boundary: &'b Boundary<'s>,
    id: FunctionId,
    code: &'b Function,
    name: &'b str,
}

impl Method<'_, '_> {
    fn module(&self) -> &Module {
        self.boundary.flow.module
    }

    fn is_it(&self, expr: ExprId) -> bool {
        let is_other = match self.module().kind(expr) {
            ExprKind::Name(place) => !matches!(
                self.code.place(place).step,
                Step::Variable {
                    scope: Scope::Global { .. },
                    ..
                }
            ),
            _ => false,
        };
        !is_other && self.module().dotted(self.code, expr).as_deref() == Some(self.name)
    }

    /// Where it removes with care, asks, removes, puts in under a condition.
    fn said(&self) -> [Option<ExprId>; 4] {
        let module = self.module();
        let mut asked = None;
        let mut tested = None;
        let mut careful = None;
        let mut removed = None;
        let mut put = None;
        for (index, block) in self.code.blocks.iter().enumerate() {
            let is_caught = || self.is_caught(BlockId::new(index));
            for inst in self.code.insts(block) {
                if let InstKind::Forget(target) = inst.kind
                    && let ExprKind::Subscript { value, .. } = module.kind(target)
                    && self.is_it(value)
                {
                    if is_caught() {
                        careful = careful.or(Some(target));
                    } else {
                        removed = removed.or(Some(target));
                    }
                }
                if let InstKind::Bind { target, .. } = inst.kind
                    && let ExprKind::Subscript { value, .. } = module.kind(target)
                    && self.is_it(value)
                    && self.is_conditional(BlockId::new(index))
                {
                    put = put.or(Some(target));
                }
                inst.kind.for_each_expr(&mut |root| {
                    module.walk(root, &mut |expr| match module.kind(expr) {
                        ExprKind::Compare {
                            operator: Comparison::In | Comparison::NotIn,
                            right,
                            ..
                        } if self.is_it(right) => tested = tested.or(Some(expr)),
                        ExprKind::Call { callee, arguments } => {
                            let ExprKind::Attribute { value, name, .. } = module.kind(callee)
                            else {
                                return;
                            };
                            if !self.is_it(value) {
                                return;
                            }
                            match (module.name(name), arguments.count) {
                                ("pop", 2) | ("discard", 1) => careful = careful.or(Some(expr)),
                                ("pop" | "remove", 1) if is_caught() => {
                                    careful = careful.or(Some(expr));
                                }
                                ("pop" | "remove", 1) if !self.is_first(arguments) => {
                                    removed = removed.or(Some(expr));
                                }
                                ("get", 1 | 2) => asked = asked.or(Some(expr)),
                                ("add" | "append", 1)
                                    if self.is_conditional(BlockId::new(index)) =>
                                {
                                    put = put.or(Some(expr));
                                }
                                _ => {}
                            }
                        }
                        _ => {}
                    });
                });
            }
        }
        if removed.is_some() && tested.is_some() {
            careful = careful.or(tested);
        }
        [careful, asked, removed, put]
    }

    /// `pop(0)`: whichever it is.
    fn is_first(&self, arguments: crate::ir::Run) -> bool {
        let arguments = self.module().arguments(arguments);
        arguments.iter().any(|argument| {
            !matches!(
                self.module().kind(argument.value),
                ExprKind::Name(_) | ExprKind::Attribute { .. } | ExprKind::Subscript { .. }
            )
        })
    }

    /// Whether a block stands under a handler that is there for what is not found.
    fn is_caught(&self, block: BlockId) -> bool {
        let program = self.boundary.flow.program;
        let module_ref = self.boundary.flow.module_ref;
        let guard = self.code.block(block).guard;
        let function = program.function(module_ref, self.id);
        guard.is_some()
            && ["KeyError", "ValueError"].iter().any(|name| {
                let class = program.library.class(name, self.module().dialect);
                class.is_some_and(|class| {
                    program.caught_in(function, guard, class).0 == Coverage::Full
                })
            })
    }

    /// Whether control can go by a block; that the thing is not in there yet is no condition.
    fn is_conditional(&self, block: BlockId) -> bool {
        let mut tests = self.code.insts(self.code.block(block)).iter();
        tests.any(|inst| match inst.kind {
            InstKind::Assume { test, .. } => {
                let mut is_asked = false;
                self.module()
                    .walk(test, &mut |part| is_asked |= self.is_it(part));
                !is_asked
            }
            _ => false,
        })
    }
}
