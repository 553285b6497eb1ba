//! Which variables an instruction reads, binds and deletes, and in what order.

use super::Flow;
use crate::ir::{ExprId, ExprKind, Inst, InstKind, PlaceId, Source};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What an instruction does with a variable, in the order of evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Read(ExprId),
    /// It is bound: the target.
    Write(ExprId),
    /// It is deleted.
    Delete(ExprId),
}

impl Flow<'_, '_> {
    /// What an instruction does with a variable, in order.
    pub fn accesses(&self, inst: &Inst, place: PlaceId, visit: &mut dyn FnMut(Access)) {
        self.every_access(inst, &mut |found, access| {
            if found == place {
                visit(access);
            }
        });
    }

    /// The instructions that do something with each variable, in order.
    pub(super) fn find_touching(&self) -> FxHashMap<PlaceId, Rc<[u32]>> {
        let mut found: FxHashMap<PlaceId, Vec<u32>> = FxHashMap::default();
        for (index, inst) in self.code.insts.iter().enumerate() {
            self.every_access(inst, &mut |place, _| {
                let insts = found.entry(place).or_default();
                if insts.last() != Some(&(index as u32)) {
                    insts.push(index as u32);
                }
            });
        }
        let found = found.into_iter();
        found.map(|(place, insts)| (place, insts.into())).collect()
    }

    /// The instructions behind which control does not go on.
    pub(super) fn find_stops(&self) -> Rc<[u32]> {
        let insts = self.code.insts.iter().enumerate();
        let stops = insts.filter(|(_, inst)| match inst.kind {
            InstKind::Eval(value) => self.never_returns(value),
            InstKind::Raise { .. } => true,
            _ => false,
        });
        stops.map(|(index, _)| index as u32).collect()
    }

    /// What an instruction does with any variable, in order.
    fn every_access(&self, inst: &Inst, visit: &mut dyn FnMut(PlaceId, Access)) {
        match inst.kind {
            InstKind::Bind {
                target,
                source,
                annotation,
            } => {
                if let Source::Augmented { .. } = source {
                    self.reads(target, visit);
                }
                self.source_accesses(source, visit);
                if let Some(annotation) = annotation {
                    self.reads(annotation, visit);
                }
                self.writes(target, visit);
            }
            InstKind::Forget(target) => self.deletes(target, visit),
            InstKind::Declare { .. } | InstKind::Assume { .. } => {}
            kind => kind.for_each_expr(&mut |expr| self.reads(expr, visit)),
        }
    }

    fn source_accesses(&self, source: Source, visit: &mut dyn FnMut(PlaceId, Access)) {
        let module = self.module;
        match source {
            Source::Function(id) => {
                let function = module.function(id);
                let parameters = function
                    .parameters
                    .iter()
                    .flat_map(|parameter| [parameter.default, parameter.annotation]);
                let parts = module
                    .list(function.decorators)
                    .iter()
                    .copied()
                    .chain(parameters.flatten())
                    .chain(function.returns);
                parts.for_each(|part| self.reads(part, visit));
            }
            Source::Class(id) => {
                let class = module.class(id);
                let bases = module
                    .arguments(class.arguments)
                    .iter()
                    .map(|argument| argument.value);
                module
                    .list(class.decorators)
                    .iter()
                    .copied()
                    .chain(bases)
                    .for_each(|part| self.reads(part, visit));
            }
            source => source.for_each_expr(&mut |expr| self.reads(expr, visit)),
        }
    }

    fn reads(&self, expr: ExprId, visit: &mut dyn FnMut(PlaceId, Access)) {
        match self.module.kind(expr) {
            ExprKind::Name(place) => visit(place, Access::Read(expr)),
            ExprKind::Walrus { target, value } => {
                self.reads(value, visit);
                self.writes(target, visit);
            }
            ExprKind::Comprehension(id) => {
                let comprehension = self.module.comprehension(id);
                for clause in &comprehension.clauses {
                    self.reads(clause.iterable, visit);
                    self.writes(clause.target, visit);
                    clause
                        .conditions
                        .iter()
                        .for_each(|&condition| self.reads(condition, visit));
                }
                self.reads(comprehension.element, visit);
                if let Some(value) = comprehension.value {
                    self.reads(value, visit);
                }
            }
            _ => self
                .module
                .for_each_part(expr, &mut |part| self.reads(part, visit)),
        }
    }

    fn writes(&self, target: ExprId, visit: &mut dyn FnMut(PlaceId, Access)) {
        match self.module.kind(target) {
            ExprKind::Name(place) => visit(place, Access::Write(target)),
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                self.module
                    .list(parts)
                    .iter()
                    .for_each(|&part| self.writes(part, visit));
            }
            ExprKind::Starred(inner) => self.writes(inner, visit),
            _ => self
                .module
                .for_each_part(target, &mut |part| self.reads(part, visit)),
        }
    }

    fn deletes(&self, target: ExprId, visit: &mut dyn FnMut(PlaceId, Access)) {
        match self.module.kind(target) {
            ExprKind::Name(place) => visit(place, Access::Delete(target)),
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                self.module
                    .list(parts)
                    .iter()
                    .for_each(|&part| self.deletes(part, visit));
            }
            _ => self
                .module
                .for_each_part(target, &mut |part| self.reads(part, visit)),
        }
    }

    /// Whether an expression reads a variable.
    pub fn mentions(&self, expr: ExprId, place: PlaceId) -> bool {
        let mut found = false;
        self.module.walk(expr, &mut |part| {
            found |= self.module.kind(part) == ExprKind::Name(place)
        });
        found
    }
}
