//! Containers in the body of a class, which all its instances share, that methods put things into and nothing empties.

use crate::ir::{ClassId, ExprId, ExprKind, Function, FunctionId, InstKind, Module, Source};
use crate::project::{Evaluate, Program};
use crate::rules::Whole;
use crate::rules::around::{around, variable_name};
use crate::rules::incidents::growth::{
    Growth, Use, is_empty_container, keeps_growing, makes_missing, use_of,
};
use crate::summary::ClassRef;
use crate::text::Span;
use crate::types::{FunctionRef, ModuleRef, Type};
use rustc_hash::FxHashMap;

/// A container that a class makes once.
struct Shared {
    class: ClassRef,
    made: Span,
    makes_missing: bool,
    growth: Option<Growth>,
    /// Something is taken out, or somebody else gets hold of it, or each instance gets its own.
    is_lost: bool,
}

/// What grows: the name with its class, where it is made, where something is put in.
pub(in crate::rules) fn find(whole: &Whole<'_>) -> Vec<(String, Span, Growth)> {
    let program = whole.program;
    let mut shared = containers(program);
    if shared.is_empty() {
        return Vec::new();
    }
    let mentioning = program.mentioning(shared.keys().map(String::as_str));
    for index in 0..program.function_count() as u32 {
        if !mentioning[program.locate(FunctionRef(index)).0.0 as usize] {
            continue;
        }
        let at = Place::of(whole, FunctionRef(index));
        for inst in &at.code.insts {
            if !matches!(inst.kind, InstKind::Assume { .. }) {
                at.inst(inst.kind, inst.span, &mut shared);
            }
        }
    }
    let mut names: Vec<_> = shared.into_iter().collect();
    names.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let mut found = Vec::new();
    for (name, some) in names {
        for of in some.into_iter().filter(|of| !of.is_lost) {
            if let Some(growth) = of.growth {
                let class = program.class_name(of.class);
                let class = class.rsplit('.').next().unwrap_or_default();
                found.push((format!("{class}.{name}"), of.made, growth));
            }
        }
    }
    found
}

/// The containers of all classes, by the name of the attribute.
fn containers(program: &Program<'_>) -> FxHashMap<String, Vec<Shared>> {
    let mut found: FxHashMap<String, Vec<Shared>> = FxHashMap::default();
    for (index, source) in program.sources.iter().enumerate() {
        let module = &source.module;
        for (id, class) in module.classes.iter().enumerate() {
            let class_ref = program.class(ModuleRef(index as u32), ClassId::new(id));
            for (name, made, makes_missing) in made_in(module, module.function(class.body)) {
                found.entry(name).or_default().push(Shared {
                    class: class_ref,
                    made,
                    makes_missing,
                    growth: None,
                    is_lost: false,
                });
            }
        }
    }
    found
}

/// The attributes that a class body binds once, to an empty container.
fn made_in(module: &Module, body: &Function) -> Vec<(String, Span, bool)> {
    let mut found: Vec<(&str, Span, u32, bool)> = Vec::new();
    let mut known: FxHashMap<&str, usize> = FxHashMap::default();
    for inst in &body.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        let ExprKind::Name(place) = module.kind(target) else {
            continue;
        };
        let name = variable_name(module, body, place);
        if let Some(&at) = known.get(name) {
            found[at].2 += 1;
        } else {
            let is_empty =
                matches!(source, Source::Value(value) if is_empty_container(module, body, value));
            let makes_missing =
                matches!(source, Source::Value(value) if makes_missing(module, body, value));
            let counted = u32::from(!is_empty);
            known.insert(name, found.len());
            found.push((name, inst.span, counted, makes_missing));
        }
    }
    let once = found.into_iter().filter(|known| known.2 == 0);
    once.map(|(name, span, _, makes_missing)| (name.to_owned(), span, makes_missing))
        .collect()
}

/// A function at work.
struct Place<'s, 'a> {
    whole: &'s Whole<'s>,
    function: FunctionRef,
    module: &'a Module,
    code: &'a Function,
    evaluate: Evaluate<'s, 's>,
    /// The class whose method this is, or in whose method it stands.
    class: Option<ClassRef>,
}

impl<'s> Place<'s, 's> {
    fn of(whole: &'s Whole<'s>, function: FunctionRef) -> Self {
        let (module_ref, id) = whole.program.locate(function);
        let (module, code) = whole.program.code(function);
        let evaluate = Evaluate::new(whole.program, module_ref, id);
        Self {
            whole,
            function,
            module,
            code,
            class: enclosing(whole, module_ref, module, id),
            evaluate,
        }
    }
}

impl Place<'_, '_> {
    fn inst(&self, kind: InstKind, span: Span, shared: &mut FxHashMap<String, Vec<Shared>>) {
        let module = self.module;
        kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |expr| {
                let ExprKind::Attribute { value, name, .. } = module.kind(expr) else {
                    return;
                };
                let Some(some) = shared.get_mut(module.name(name)) else {
                    return;
                };
                let of = self.owner(value);
                for known in some {
                    if !self.may_be(of, known.class) {
                        continue;
                    }
                    let is_target = root == expr
                        && matches!(kind, InstKind::Bind { target, .. } if target == expr);
                    let chain = around(module, root, expr).unwrap_or_default();
                    match use_of(module, self.code, kind, &chain, expr) {
                        _ if is_target => known.is_lost = true,
                        Use::Looks => {}
                        Use::Grows(at, by) => self.grows(known, of, span, at, by),
                        Use::Fills(at, by) if known.makes_missing => {
                            self.grows(known, of, span, at, by);
                        }
                        Use::Fills(..) => {}
                        Use::Other => known.is_lost = true,
                    }
                }
            });
        });
    }

    fn grows(&self, known: &mut Shared, of: Owner, span: Span, at: ExprId, by: ExprId) {
        let is_own = matches!(of, Owner::Class(_));
        if known.growth.is_none() && is_own && keeps_growing(self.whole, self.function, by) {
            known.growth = Some(Growth {
                function: self.function,
                at,
                by,
                statement: span,
            });
        }
    }

    /// Whose attribute it is.
    fn owner(&self, receiver: ExprId) -> Owner {
        let value = self.evaluate.value(receiver);
        match self.whole.program.types.get(value.class) {
            Type::Instance(class) | Type::Class(class) => return Owner::Class(class),
            Type::Module(_) => return Owner::Other,
            _ => {}
        }
        let ExprKind::Name(place) = self.module.kind(receiver) else {
            return Owner::Unknown;
        };
        match (variable_name(self.module, self.code, place), self.class) {
            ("self" | "cls", Some(class)) => Owner::Class(class),
            ("self" | "cls", None) => Owner::Other,
            _ => Owner::Unknown,
        }
    }

    /// Whether an attribute of `of` can be the one that a class makes.
    fn may_be(&self, of: Owner, class: ClassRef) -> bool {
        let program = self.whole.program;
        match of {
            Owner::Unknown => true,
            Owner::Other => false,
            Owner::Class(of) => program.has_ancestor(of, class) || program.has_ancestor(class, of),
        }
    }
}

/// Whose an attribute is.
#[derive(Clone, Copy)]
enum Owner {
    Class(ClassRef),
    Unknown,
    Other,
}

/// The class around a function, functions between them left out.
fn enclosing(
    whole: &Whole<'_>,
    module_ref: ModuleRef,
    module: &Module,
    id: FunctionId,
) -> Option<ClassRef> {
    let mut at = Some(id);
    while let Some(id) = at {
        let function = whole.program.function(module_ref, id);
        if let Some(class) = whole.program.class_of_method(function) {
            return Some(class);
        }
        at = module.function(id).parent;
    }
    None
}
