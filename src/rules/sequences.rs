//! What the boundary rules share: which expressions are read, and what their names stand for.

mod given;
mod guard;
mod handled;
mod onward;
mod parts;
mod source;

pub(in crate::rules) use parts::Parts;
pub(in crate::rules) use source::{KEEPING, Outside, PASSING, outside};

use crate::flow::{Dominators, Flow, Solution, State};
use crate::ir::{BlockId, ExprId, ExprKind, InstKind, PlaceId, Scope, Source, Step};
use crate::project::Target;
use crate::rules::{Scene, is_test};
use crate::text::Span;
use crate::types::FunctionRef;
use std::cell::OnceCell;

/// What a name was bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Origin {
    /// The value of an expression.
    Value(ExprId),
    /// An element of an iterable.
    Element(ExprId),
}

/// An expression that a rule may have something to say about.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Candidate {
    /// The expression.
    pub(in crate::rules) expr: ExprId,
    /// The outermost expression of its instruction.
    pub(in crate::rules) root: ExprId,
    /// Its instruction.
    pub(in crate::rules) at: (BlockId, u32),
}

/// One function, with what the search for guards needs.
pub(in crate::rules) struct Boundary<'s> {
    pub(in crate::rules) scene: &'s Scene<'s>,
    pub(in crate::rules) flow: &'s Flow<'s, 's>,
    solution: &'s Solution,
    dominators: OnceCell<Dominators>,
}
impl<'s> Boundary<'s> {
    pub(in crate::rules) fn new(scene: &'s Scene<'s>, solution: &'s Solution) -> Self {
        Self {
            scene,
            flow: scene.flow,
            solution,
            dominators: OnceCell::new(),
        }
    }

    /// Asks another function where its values come from; how control gets there is not known of it.
    pub(in crate::rules) fn in_another<T>(
        &self,
        function: FunctionRef,
        ask: impl FnOnce(&Boundary<'_>) -> T,
    ) -> T {
        let flow = self.flow.of_another(function);
        ask(&Boundary::new(&self.scene_of(&flow), self.solution))
    }

    /// Asks another function also how control gets somewhere: it is solved for that.
    pub(in crate::rules) fn in_another_solved<T>(
        &self,
        function: FunctionRef,
        ask: impl FnOnce(&Boundary<'_>) -> T,
    ) -> T {
        let flow = self.flow.of_another(function);
        let solution = flow.solve();
        ask(&Boundary::new(&self.scene_of(&flow), &solution))
    }

    fn scene_of<'f>(&'f self, flow: &'f Flow<'f, 'f>) -> Scene<'f> {
        Scene {
            flow,
            ..*self.scene
        }
    }

    /// The function of the project that is called, by a name of its own.
    pub(in crate::rules) fn callee(&self, call: ExprId) -> Option<FunctionRef> {
        let flow = self.flow;
        let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
            return None;
        };
        match flow.program.target(flow.evaluate.value(callee)) {
            Target::Function { function, .. } if function != flow.function => Some(function),
            _ => None,
        }
    }

    /// Whether the function stands in a file of tests.
    pub(in crate::rules) fn in_test(&self) -> bool {
        is_test(self.flow.program, self.flow.function)
    }

    /// Whether any expression of the function is of interest: most functions are done with here.
    pub(in crate::rules) fn has(&self, wanted: &dyn Fn(ExprKind) -> bool) -> bool {
        let mut exprs = self.flow.code.exprs.range();
        exprs.any(|index| wanted(self.flow.module.kind(ExprId::new(index))))
    }

    /// Calls `visit` with every call and subscript that is evaluated where control gets to, and with all that is read to take
    /// something away; and with what holds before its instruction.
    pub(in crate::rules) fn walk(&self, visit: &mut dyn FnMut(Candidate, &State)) {
        let (flow, solution) = (self.flow, self.solution);
        let taken = flow.taken(|| {
            let (mut found, mut number) = (Vec::new(), 0);
            flow.each_reached(solution, &mut |at, _| {
                self.read(at, &mut |expr, root| found.push((number, expr, root)));
                number += 1;
            });
            found
        });
        let (mut taken, mut number) = (taken.iter().peekable(), 0);
        flow.each_reached(solution, &mut |at, state| {
            while let Some(&(_, expr, root)) = taken.next_if(|(of, ..)| *of == number) {
                visit(Candidate { expr, root, at }, state);
            }
            number += 1;
        });
    }

    /// Hands on what an instruction reads.
    fn read(&self, at: (BlockId, u32), visit: &mut dyn FnMut(ExprId, ExprId)) {
        let flow = self.flow;
        let kind = flow.code.insts[at.1 as usize].kind;
        // `x[-1] += 1` reads its target.
        let target = match kind {
            InstKind::Bind {
                source: Source::Augmented { .. },
                ..
            } => None,
            InstKind::Bind { target, .. } | InstKind::Forget(target) => Some(target),
            _ => None,
        };
        kind.for_each_expr(&mut |root| {
            flow.module.walk(root, &mut |expr| {
                let is_taken = matches!(
                    flow.module.kind(expr),
                    ExprKind::Subscript { .. } | ExprKind::Call { .. }
                );
                if !is_taken && !matches!(kind, InstKind::Forget(_)) {
                    return;
                }
                let is_target = Some(root) == target && is_bound(flow, root, expr);
                if !is_target {
                    visit(expr, root);
                }
            });
        });
    }

    /// What a variable is bound to anywhere in the function; nothing where one of the bindings is of another sort.
    pub(in crate::rules) fn origins(&self, place: PlaceId) -> Vec<Origin> {
        let flow = self.flow;
        let mut found = Vec::new();
        for inst in &flow.code.insts {
            let InstKind::Bind { target, source, .. } = inst.kind else {
                continue;
            };
            if flow.place_of(target) == Some(place) {
                match source {
                    Source::Value(value) => found.push(Origin::Value(value)),
                    Source::Element { iterable, .. } => found.push(Origin::Element(iterable)),
                    _ => return Vec::new(),
                }
            } else if self.binds_inside(target, place) {
                return Vec::new();
            }
        }
        if found.is_empty() {
            found.extend(comprehended(self.flow, place).map(Origin::Element));
        }
        found
    }

    fn binds_inside(&self, target: ExprId, place: PlaceId) -> bool {
        let kind = self.flow.module.kind(target);
        if !matches!(kind, ExprKind::Tuple(_) | ExprKind::List(_)) {
            return false;
        }
        let mut found = false;
        self.flow.module.walk(target, &mut |part| {
            found |= self.flow.place_of(part) == Some(place);
        });
        found
    }

    /// Everything that a variable is bound to, runs over or is opened by.
    pub(in crate::rules) fn sources(&self, place: PlaceId) -> Vec<ExprId> {
        bound_to(self.flow, place)
    }

    /// The expressions that a value comes from: itself, or what its name was bound to.
    pub(in crate::rules) fn values(&self, expr: ExprId) -> Vec<ExprId> {
        let ExprKind::Name(place) = self.flow.module.kind(expr) else {
            return vec![expr];
        };
        let origins = self.origins(place);
        let values = origins.iter().filter_map(|origin| match origin {
            Origin::Value(value) => Some(*value),
            Origin::Element(_) => None,
        });
        let values: Vec<ExprId> = values.collect();
        if values.len() == origins.len() {
            values
        } else {
            Vec::new()
        }
    }

    /// The written name of a method or function that is called, its receiver and its arguments.
    pub(in crate::rules) fn called(
        &self,
        expr: ExprId,
    ) -> Option<(&str, Option<ExprId>, Vec<ExprId>)> {
        called(self.flow, expr)
    }

    /// Whether there is evidence that somebody outside the program wrote a text.
    pub(in crate::rules) fn is_outside(&self, expr: ExprId) -> bool {
        outside(self.flow, expr).is_some_and(|(source, _)| source != Outside::Database)
    }

    /// The places that an expression of this function reads: for paths, the longest.
    pub(in crate::rules) fn places(&self, expr: ExprId) -> Vec<PlaceId> {
        let mut found = Vec::new();
        if self.flow.code.owns(expr) {
            self.collect_places(expr, &mut found);
        }
        found
    }

    fn collect_places(&self, expr: ExprId, found: &mut Vec<PlaceId>) {
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::Call { callee, arguments } => {
                if let ExprKind::Attribute { value, .. } = module.kind(callee) {
                    self.collect_places(value, found);
                }
                for argument in module.arguments(arguments) {
                    self.collect_places(argument.value, found);
                }
            }
            kind => match kind.place() {
                Some(place) if !self.is_foreign(place) => found.push(place),
                Some(_) => {}
                None => module.for_each_part(expr, &mut |part| self.collect_places(part, found)),
            },
        }
    }

    /// Whether a place is a plain global: a module, a class, a function.
    fn is_foreign(&self, place: PlaceId) -> bool {
        matches!(
            self.flow.code.place(place).step,
            Step::Variable {
                scope: Scope::Global { .. },
                ..
            }
        )
    }

    /// Where a subscript is pointed at: all of it, or its index where what is indexed goes over several lines.
    pub(in crate::rules) fn end_of(&self, subscript: ExprId, index: ExprId) -> Span {
        let module = self.flow.module;
        let (all, last) = (module.span(subscript), module.span(index));
        if module.lines.row(all.start) == module.lines.row(last.start) {
            all
        } else {
            last
        }
    }

    /// An expression as it is written, if it is short.
    pub(in crate::rules) fn text(&self, expr: ExprId) -> String {
        let span: Span = self.flow.module.span(expr);
        let module = self.flow.module;
        match module.kind(expr) {
            ExprKind::Call { callee, .. } => match self.called(expr) {
                Some((name, Some(receiver), _)) => match module.dotted(self.flow.code, receiver) {
                    Some(receiver) => format!("{receiver}.{name}(…)"),
                    None => format!("….{name}(…)"),
                },
                _ => format!("{}(…)", self.text(callee)),
            },
            ExprKind::Subscript { value, index, .. } => {
                format!("{}[{}]", self.text(value), self.text(index))
            }
            ExprKind::Int(number) => number.to_string(),
            ExprKind::Text(name) => format!("{:?}", module.name(name)),
            ExprKind::Bytes(name) => format!("b{:?}", module.name(name)),
            kind => match (module.dotted(self.flow.code, expr), kind.place()) {
                (Some(text), _) => text,
                (None, Some(place)) => self.flow.place_text(place),
                (None, None) if span.end > span.start => "…".to_owned(),
                (None, None) => String::new(),
            },
        }
    }
}

fn called<'f>(
    flow: &'f Flow<'_, '_>,
    expr: ExprId,
) -> Option<(&'f str, Option<ExprId>, Vec<ExprId>)> {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(expr) else {
        return None;
    };
    let arguments = module.arguments(arguments).iter();
    let arguments = arguments.map(|argument| argument.value).collect();
    match module.kind(callee) {
        ExprKind::Attribute { value, name, .. } => {
            Some((module.name(name), Some(value), arguments))
        }
        ExprKind::Name(place) => match flow.code.place(place).step {
            Step::Variable { name, .. } => Some((module.name(name), None, arguments)),
            _ => None,
        },
        _ => None,
    }
}

/// Everything that a variable, or a display that it stands in, is bound to.
fn bound_to(flow: &Flow<'_, '_>, place: PlaceId) -> Vec<ExprId> {
    let insts = flow.code.insts.iter();
    let mut found: Vec<ExprId> = insts
        .filter_map(|inst| match inst.kind {
            InstKind::Bind { target, source, .. } => {
                let value = match source {
                    Source::Value(value) => value,
                    Source::Element { iterable, .. } => iterable,
                    Source::Entered { manager, .. } => manager,
                    _ => return None,
                };
                let in_display = match flow.module.kind(target) {
                    ExprKind::Tuple(parts) | ExprKind::List(parts) => flow
                        .module
                        .list(parts)
                        .iter()
                        .any(|&part| flow.place_of(part) == Some(place)),
                    _ => false,
                };
                (in_display || flow.place_of(target) == Some(place)).then_some(value)
            }
            _ => None,
        })
        .collect();
    found.extend(comprehended(flow, place));
    found
}

/// What a variable of a comprehension runs over.
fn comprehended(flow: &Flow<'_, '_>, place: PlaceId) -> Option<ExprId> {
    let Step::Variable {
        scope: Scope::Comprehension,
        ..
    } = flow.code.place(place).step
    else {
        return None;
    };
    let mut exprs = flow.code.exprs.range();
    exprs.find_map(|index| {
        let ExprKind::Comprehension(id) = flow.module.kind(ExprId::new(index)) else {
            return None;
        };
        let mut clauses = flow.module.comprehension(id).clauses.iter();
        let clause = clauses.find(|clause| flow.place_of(clause.target) == Some(place));
        clause.map(|clause| clause.iterable)
    })
}

/// Whether an expression is the target itself, not something that is read to get there.
fn is_bound(flow: &Flow<'_, '_>, target: ExprId, expr: ExprId) -> bool {
    target == expr
        || match flow.module.kind(target) {
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let mut parts = flow.module.list(parts).iter();
                parts.any(|&part| is_bound(flow, part, expr))
            }
            ExprKind::Starred(inner) => is_bound(flow, inner, expr),
            _ => false,
        }
}
