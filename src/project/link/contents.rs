//! What is put into containers that begin empty: `clients = {}`, and elsewhere `clients[name] = Redis()`.
//!
//! Only objects of libraries count: a container of anything else keeps its elements to itself.

use super::bindings::FunctionBindings;
use crate::ir::{ExprId, ExprKind, Function, FunctionKind, Run};
use crate::project::classes::member_symbol;
use crate::project::{Evaluate, Program, Read, Symbol, note};
use crate::summary::ClassRef;
use crate::types::{FunctionRef, Type};
use crate::value::{Kinds, TypeId, Value};

/// A container by the name that it is kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// A variable, by its index among all.
    Variable(usize),
    /// An attribute of instances or of the class itself.
    Attribute(ClassRef, Symbol),
}

impl<'a> FunctionBindings<'_, 'a> {
    /// What an empty container that a name is bound to holds in the end, if the round before has seen it.
    pub(super) fn filled(
        &mut self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        target: ExprId,
        display: ExprId,
    ) -> Option<Value> {
        let kind = self.empty(evaluate, display)?;
        note(Read::Container);
        if self.program.facts.contents.is_empty() {
            return None;
        }
        let holder = self.holder(evaluate, function, code, target)?;
        let element = self.program.facts.contents.get(&holder).copied()?;
        let wanted = Type::Container {
            kind,
            element: element.class,
            kinds: element.kinds,
        };
        if self.program.types.find(wanted).is_none() {
            self.updates.containers.push(wanted);
        }
        Some(self.program.container(kind, element))
    }

    /// The kind of an empty container.
    fn empty(&self, evaluate: &Evaluate<'_, 'a>, display: ExprId) -> Option<Kinds> {
        match self.module.kind(display) {
            ExprKind::Dict(parts) if parts.is_empty() => Some(Kinds::DICT),
            ExprKind::List(parts) if parts.is_empty() => Some(Kinds::LIST),
            ExprKind::Call { callee, arguments } if self.module.arguments(arguments).is_empty() => {
                match evaluate.dotted(callee)?.as_str() {
                    "dict" | "collections.OrderedDict" => Some(Kinds::DICT),
                    "list" => Some(Kinds::LIST),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Something is put into a container.
    pub(super) fn put(
        &mut self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        container: ExprId,
        value: Value,
    ) {
        if value.is_never() {
            return;
        }
        if let Some(holder) = self.holder(evaluate, function, code, container) {
            self.updates.contents.push((holder, value));
        }
    }

    /// `list.append(x)` and the like.
    pub(super) fn put_by_method(
        &mut self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        callee: ExprId,
        arguments: Run,
    ) {
        let ExprKind::Attribute { value, name, .. } = self.module.kind(callee) else {
            return;
        };
        let item = match (self.module.name(name), self.module.arguments(arguments)) {
            ("append", [item]) => Some(item.value),
            ("insert" | "setdefault", [_, item]) => Some(item.value),
            ("extend" | "update" | "insert" | "setdefault", _) => None,
            _ => return,
        };
        let item = item.map_or(Value::UNKNOWN, |item| evaluate.value(item));
        self.put(evaluate, function, code, value, item);
    }

    fn holder(
        &self,
        evaluate: &Evaluate<'_, 'a>,
        function: FunctionRef,
        code: &'a Function,
        container: ExprId,
    ) -> Option<Holder> {
        match self.module.kind(container) {
            ExprKind::Name(_) => {
                let (owner, place) = self.owner_of(function, code, container)?;
                let (_, owner_code) = self.program.code(owner);
                let member = match owner_code.kind {
                    FunctionKind::Class => member_symbol(self.program, owner, place),
                    _ => None,
                };
                Some(match member {
                    Some((class, symbol)) => Holder::Attribute(class, symbol),
                    None => {
                        let first = self.program.facts.first_variable(owner);
                        Holder::Variable(first + place.index())
                    }
                })
            }
            ExprKind::Attribute { value, name, .. } => {
                match self.program.types.get(evaluate.value(value).class) {
                    Type::Instance(class) | Type::Class(class) => {
                        self.program.project_class(class)?;
                        let symbol = self.program.symbol(self.module_ref, name);
                        Some(Holder::Attribute(class, symbol))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether a value is an object of a library's class.
pub(super) fn is_of_library(program: &Program<'_>, value: Value) -> bool {
    value.class != TypeId::UNKNOWN
        && matches!(program.types.get(value.class), Type::Instance(class) if program.project_class(class).is_none())
}
