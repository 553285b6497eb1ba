//! Functions that a framework calls: by a decorator, or as methods of a subclass of its own.

use super::{Evaluate, Program};
use crate::ir::{ExprId, ExprKind, FunctionKind, Module, NameId, ParameterKind};
use crate::library::schema::{By, Entry};
use crate::types::{FunctionRef, Type};
use crate::value::{Facts, Kinds, Value};

/// Groups of commands in each other are followed so far.
const GROUPS: usize = 5;

impl<'a> Program<'a> {
    /// What a decorator or a base class of a library says about who calls a function.
    pub fn registration(&self, function: FunctionRef) -> Option<&'a Entry> {
        self.decorated(function)
            .or_else(|| self.inherited_registration(function))
    }

    fn decorated(&self, function: FunctionRef) -> Option<&'a Entry> {
        let (module_ref, id) = self.locate(function);
        let module = self.module(module_ref);
        let code = module.function(id);
        if code.decorators.is_empty() {
            return None;
        }
        let evaluate = Evaluate::new(self, module_ref, code.parent?);
        module.list(code.decorators).iter().find_map(|&decorator| {
            let callee = super::decorators::callee(module, decorator);
            let name = self.method_name(&evaluate, module, callee)?;
            self.library
                .entries(&name)
                .find(|known| known.by == By::Decorator)
        })
    }

    /// The name of a callee, with its receiver's class where that is known: `flask.Flask.route` for `app.route`.
    pub fn method_name(
        &self,
        evaluate: &Evaluate<'_, '_>,
        module: &Module,
        callee: ExprId,
    ) -> Option<String> {
        if let ExprKind::Attribute { value, name, .. } = module.kind(callee)
            && let Type::Instance(class) = self.types.get(evaluate.value(value).class)
            && self.project_class(class).is_none()
        {
            return Some(format!(
                "{}.{}",
                self.library.class_name(class),
                module.name(name)
            ));
        }
        if let ExprKind::Attribute { value, name, .. } = module.kind(callee)
            && let Type::Function { function, .. } = self.types.get(evaluate.value(value).class)
            && let Some(class) = self.lent_class(function, GROUPS)
        {
            return Some(format!("{class}.{}", module.name(name)));
        }
        evaluate.dotted(callee)
    }

    /// The class of a library whose methods a decorated function has: a group of commands is one of functions.
    fn lent_class(&self, function: FunctionRef, groups: usize) -> Option<String> {
        let (module_ref, id) = self.locate(function);
        let module = self.module(module_ref);
        let code = module.function(id);
        if code.decorators.is_empty() || groups == 0 {
            return None;
        }
        let evaluate = Evaluate::new(self, module_ref, code.parent?);
        module.list(code.decorators).iter().find_map(|&decorator| {
            let callee = super::decorators::callee(module, decorator);
            let outer = match module.kind(callee) {
                ExprKind::Attribute { value, name, .. } => {
                    match self.types.get(evaluate.value(value).class) {
                        Type::Function { function, .. } => self
                            .lent_class(function, groups - 1)
                            .map(|class| format!("{class}.{}", module.name(name))),
                        _ => self.method_name(&evaluate, module, callee),
                    }
                }
                _ => evaluate.dotted(callee),
            };
            self.library.decorator(&outer?)?.lends.clone()
        })
    }

    /// What a base class of a library says of it.
    pub fn inherited_registration(&self, function: FunctionRef) -> Option<&'a Entry> {
        let class = self.class_of_method(function)?;
        let (module, code) = self.code(function);
        let name = module.name(code.name);
        let ancestors = &self.project_class(class)?.linearization;
        let mut of_library = ancestors
            .iter()
            .filter(|&&ancestor| self.project_class(ancestor).is_none())
            .flat_map(|&ancestor| self.library.base_entries(ancestor));
        of_library.find(|known| {
            known.methods.iter().any(|method| {
                method
                    .strip_suffix('*')
                    .map_or(method == name, |start| name.starts_with(start))
            })
        })
    }

    /// What the framework that calls a function passes for its parameters, by their positions; unknown where it does not say.
    pub fn passed_by_framework(&self, function: FunctionRef) -> Vec<Value> {
        let (_, code) = self.code(function);
        if code.kind != FunctionKind::Def {
            return Vec::new();
        }
        let receivers = usize::from(
            self.class_of_method(function).is_some() && !self.decoration(function).is_static,
        );
        let is_free = |parameter: &crate::ir::Parameter| {
            parameter.annotation.is_none()
                && matches!(
                    parameter.kind,
                    ParameterKind::PositionalOnly | ParameterKind::Normal
                )
        };
        if !code.parameters.iter().skip(receivers).any(is_free) {
            return Vec::new();
        }
        let Some(entry) = self.registration(function) else {
            return self.view(function).into_iter().collect();
        };
        if entry.parameters.is_empty() && !entry.outside {
            return Vec::new();
        }
        let mut values = vec![Value::UNKNOWN; receivers];
        for text in &entry.parameters {
            values.push(self.library.value_of(text).unwrap_or(Value::UNKNOWN));
        }
        values.resize(code.parameters.len(), Value::UNKNOWN);
        for (parameter, value) in code.parameters.iter().zip(&mut values).skip(receivers) {
            if !is_free(parameter) || self.is_converted(function, parameter.name) {
                *value = Value::UNKNOWN;
            } else if entry.outside && value.kinds != Kinds::INSTANCE {
                *value = value.with(Facts::OUTSIDE);
            }
        }
        values
    }

    /// Whether the route says that a part of the path is a number, which the framework reads: `/item/<int:number>`, and in Bottle
    /// `<number:int>`.
    fn is_converted(&self, function: FunctionRef, parameter: NameId) -> bool {
        const CONVERTERS: [&str; 3] = ["int", "float", "uuid"];
        let (module, code) = self.code(function);
        let name = module.name(parameter);
        let is_marked = |part: &str| match part.split_once(':') {
            Some((converter, of)) if of == name => {
                let converter = converter.split('(').next().unwrap_or_default();
                CONVERTERS.contains(&converter)
            }
            Some((of, converter)) => of == name && CONVERTERS.contains(&converter),
            None => false,
        };
        let mut found = false;
        for &decorator in module.list(code.decorators) {
            module.walk(decorator, &mut |part| {
                if let ExprKind::Text(text) = module.kind(part) {
                    let parts = module.name(text).split(['<', '>']);
                    found |= parts.skip(1).step_by(2).any(is_marked);
                }
            });
        }
        found
    }

    /// The request of a Django view, which is told by its name: what registers it stands in a file of its own.
    fn view(&self, function: FunctionRef) -> Option<Value> {
        let (module, code) = self.code(function);
        let first = code.parameters.first()?;
        let is_view = module.name(first.name) == "request"
            && first.annotation.is_none()
            && self.class_of_method(function).is_none()
            && module.imports.iter().any(|import| {
                let name = module.name(import.module);
                name == "django" || name.starts_with("django.")
            });
        is_view
            .then(|| self.library.value_of("django.http.HttpRequest"))
            .flatten()
    }
}
