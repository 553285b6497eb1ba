//! Classes of the project: bases across files, linearization, members.

use super::{Program, Read, Symbol, note};
use crate::ir::{ClassId, ExprKind, FunctionKind, Passing, Scope, Step};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef, Type};
use crate::value::Value;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// A class of the project.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ClassInfo {
    /// Its module.
    pub module: Option<ModuleRef>,
    /// Its id there.
    pub id: Option<ClassId>,
    /// Its bases, as far as they are known.
    pub bases: Vec<ClassRef>,
    /// Itself and its ancestors in the order in which members are looked up.
    pub linearization: Vec<ClassRef>,
    /// Some ancestor is not known: it may have any member.
    pub has_unknown_base: bool,
    /// Classes of the project that name it as a base.
    pub subclasses: Vec<ClassRef>,
    /// What its body binds.
    pub members: FxHashMap<Symbol, Value>,
    /// What is assigned to attributes of its instances, in its own methods or from outside.
    pub attributes: FxHashMap<Symbol, Attribute>,
}

/// An attribute of instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribute {
    /// The join of all that is assigned.
    pub value: Value,
    /// Each assignment, in the order of files and places.
    pub assignments: Vec<Assignment>,
}

/// An assignment to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The function that it is in.
    pub function: FunctionRef,
    /// The statement.
    pub location: Location,
    /// What is assigned.
    pub value: Value,
}

/// More ancestors than that are not followed.
const ANCESTORS: usize = 200;

impl Program<'_> {
    /// A class's name, dotted for one of the library.
    pub fn class_name(&self, class: ClassRef) -> &str {
        match self.project_class(class) {
            Some(ClassInfo {
                module: Some(module),
                id: Some(id),
                ..
            }) => {
                let module = self.module(*module);
                module.name(module.class(*id).name)
            }
            _ => self.library.class_name(class),
        }
    }

    /// A class and its ancestors, in the order in which members are looked up.
    pub fn linearization(&self, class: ClassRef) -> Vec<ClassRef> {
        match self.project_class(class) {
            Some(info) => info.linearization.clone(),
            None => vec![class],
        }
    }

    /// Whether `class` is `ancestor` or has it among the ancestors that are known.
    pub fn has_ancestor(&self, class: ClassRef, ancestor: ClassRef) -> bool {
        class == ancestor
            || self
                .project_class(class)
                .is_some_and(|info| info.linearization.contains(&ancestor))
    }

    /// Whether `class` is `ancestor` or inherits from it. Nothing if an unknown base makes it impossible to say no.
    pub fn is_subclass(
        &self,
        class: ClassRef,
        ancestor: ClassRef,
        dialect: crate::ir::Dialect,
    ) -> Option<bool> {
        let Some(info) = self.project_class(class) else {
            let of_library = self.project_class(ancestor).is_none();
            return Some(of_library && self.library.is_subclass(class, ancestor, dialect));
        };
        let found = info.linearization.iter().any(|&at| {
            at == ancestor
                || (self.project_class(at).is_none()
                    && self.project_class(ancestor).is_none()
                    && self.library.is_subclass(at, ancestor, dialect))
        });
        if found {
            return Some(true);
        }
        if info.has_unknown_base {
            None
        } else {
            Some(false)
        }
    }

    /// All classes of the project that inherit from `class`, directly or not.
    pub fn descendants(&self, class: ClassRef) -> Vec<ClassRef> {
        let mut found = Vec::new();
        let mut open = vec![class];
        while let Some(at) = open.pop() {
            let Some(info) = self.project_class(at) else {
                continue;
            };
            for &subclass in &info.subclasses {
                if found.len() >= ANCESTORS {
                    open.clear();
                    break;
                }
                if !found.contains(&subclass) {
                    found.push(subclass);
                    open.push(subclass);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Whether some subclass in the project has its own version of a method.
    pub fn is_overridden(&self, function: FunctionRef) -> bool {
        !self.overrides(function).is_empty()
    }

    /// The methods of base classes of the project that a method takes the place of, nearest first.
    pub fn overridden_by(&self, function: FunctionRef) -> Vec<FunctionRef> {
        let Some(class) = self.class_of_method(function) else {
            return Vec::new();
        };
        let (module, id) = self.locate(function);
        let symbol = self.symbol(module, self.module(module).function(id).name);
        let bases = self.linearization(class).into_iter().skip(1);
        let methods = bases.filter_map(|base| {
            let member = self.project_class(base)?.members.get(&symbol)?;
            match self.types.get(member.class) {
                Type::Function { function, .. } => Some(function),
                _ => None,
            }
        });
        methods.collect()
    }

    /// The methods that a call of `function` on an instance of an unknown subclass may reach besides it.
    pub fn overrides(&self, function: FunctionRef) -> &[FunctionRef] {
        note(Read::Function(function));
        &self.overrides[function.0 as usize]
    }
}

/// For each function, the methods of subclasses that stand in for it.
pub(super) fn overrides(program: &Program<'_>) -> Vec<Box<[FunctionRef]>> {
    let first = program.library.class_count() as u32;
    let classes = 0..program.classes.len() as u32;
    let descendants: Vec<Vec<ClassRef>> = classes
        .into_par_iter()
        .map(|own| program.descendants(ClassRef(first + own)))
        .collect();
    let own_versions = |function: FunctionRef| {
        let class = program.class_of_method(function)?;
        let (module, id) = program.locate(function);
        let symbol = program.symbol(module, program.module(module).function(id).name);
        let own_version = |&subclass: &ClassRef| {
            let member = program.project_class(subclass)?.members.get(&symbol)?;
            match program.types.get(member.class) {
                Type::Function { function, .. } => Some(function),
                _ => None,
            }
        };
        let descendants = descendants[(class.0 - first) as usize].iter();
        Some(descendants.filter_map(own_version).collect())
    };
    (0..program.functions.len() as u32)
        .into_par_iter()
        .map(|function| own_versions(FunctionRef(function)).unwrap_or_default())
        .collect()
}

/// Reads the classes of all modules; bases come later, as they need imports.
pub(super) fn collect(sources: &[super::Source]) -> Vec<ClassInfo> {
    let mut classes = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        for id in 0..source.module.classes.len() {
            classes.push(ClassInfo {
                module: Some(ModuleRef(index as u32)),
                id: Some(ClassId::new(id)),
                ..ClassInfo::default()
            });
        }
    }
    classes
}

/// Resolves the bases of every class, then linearizes. Returns whether any base changed, and tells `news` which classes,
/// by their index, have other relatives than before.
pub(super) fn resolve_bases(program: &mut Program<'_>, news: &mut dyn FnMut(usize)) -> bool {
    let resolved: Vec<(Vec<ClassRef>, bool)> = (0..program.classes.len())
        .into_par_iter()
        .map(|index| bases(program, index))
        .collect();
    let mut changed = false;
    let mut before = Vec::with_capacity(resolved.len());
    for (info, (bases, has_unknown)) in program.classes.iter_mut().zip(resolved) {
        changed |= info.bases != bases;
        before.push((
            std::mem::replace(&mut info.bases, bases),
            std::mem::take(&mut info.linearization),
            std::mem::take(&mut info.subclasses),
            info.has_unknown_base,
        ));
        info.has_unknown_base = has_unknown;
    }
    let first = program.library.class_count() as u32;
    for index in 0..program.classes.len() {
        for base in program.classes[index].bases.clone() {
            if let Some(own) = base.0.checked_sub(first) {
                program.classes[own as usize]
                    .subclasses
                    .push(ClassRef(first + index as u32));
            }
        }
    }
    linearize_all(program);
    for (own, (info, before)) in program.classes.iter().zip(before).enumerate() {
        let (bases, linearization, subclasses, has_unknown) = before;
        if info.bases != bases
            || info.linearization != linearization
            || info.subclasses != subclasses
            || info.has_unknown_base != has_unknown
        {
            news(own);
        }
    }
    changed
}

fn bases(program: &Program<'_>, index: usize) -> (Vec<ClassRef>, bool) {
    let info = &program.classes[index];
    let (Some(module_ref), Some(id)) = (info.module, info.id) else {
        return (Vec::new(), true);
    };
    let module = program.module(module_ref);
    let class = module.class(id);
    let evaluate = super::Evaluate::new(program, module_ref, class.parent);
    let mut bases = Vec::new();
    let mut has_unknown = false;
    for argument in module.arguments(class.arguments) {
        match argument.passing {
            Passing::Positional => {}
            Passing::Keyword(_) => continue,
            Passing::Star | Passing::DoubleStar => {
                has_unknown = true;
                continue;
            }
        }
        // `Repository[User]` is a `Repository`.
        let base = match module.kind(argument.value) {
            ExprKind::Subscript { value, .. } => value,
            _ => argument.value,
        };
        match evaluate.class_named(base) {
            Some(base) => bases.push(base),
            None => has_unknown = true,
        }
    }
    (bases, has_unknown)
}

fn linearize_all(program: &mut Program<'_>) {
    let mut linearize = Linearize {
        program,
        first: program.library.class_count() as u32,
        done: vec![None; program.classes.len()],
        open: Vec::new(),
    };
    let orders: Vec<Order> = (0..program.classes.len() as u32)
        .map(|own| linearize.order(ClassRef(linearize.first + own)))
        .collect();
    for (info, order) in program.classes.iter_mut().zip(orders) {
        info.linearization = order.classes;
        info.has_unknown_base |= order.has_unknown;
    }
}

/// A class and its ancestors in the order of Python's own lookup.
#[derive(Clone, Default)]
struct Order {
    classes: Vec<ClassRef>,
    has_unknown: bool,
}

struct Linearize<'p, 'a> {
    program: &'p Program<'a>,
    /// Where the project's classes begin.
    first: u32,
    done: Vec<Option<Order>>,
    /// The classes on the way down to this one: a cycle ends at one of them.
    open: Vec<ClassRef>,
}

impl Linearize<'_, '_> {
    fn order(&mut self, class: ClassRef) -> Order {
        let Some(info) = self.program.project_class(class) else {
            return Order {
                classes: vec![class],
                has_unknown: false,
            };
        };
        let own = (class.0 - self.first) as usize;
        if let Some(order) = &self.done[own] {
            return order.clone();
        }
        self.open.push(class);
        let mut has_unknown = info.has_unknown_base;
        let mut lists = Vec::with_capacity(info.bases.len() + 1);
        for &base in &info.bases {
            if self.open.contains(&base) || self.open.len() > ANCESTORS {
                has_unknown = true;
                continue;
            }
            let order = self.order(base);
            has_unknown |= order.has_unknown;
            lists.push(order.classes);
        }
        lists.push(info.bases.clone());
        self.open.pop();
        let mut classes = vec![class];
        merge(lists, &mut classes);
        has_unknown |= classes.len() > ANCESTORS;
        classes.truncate(ANCESTORS);
        let order = Order {
            classes,
            has_unknown,
        };
        self.done[own] = Some(order.clone());
        order
    }
}

/// The C3 merge. Where the lists contradict each other (Python refuses such a class), the first head is taken.
fn merge(mut lists: Vec<Vec<ClassRef>>, into: &mut Vec<ClassRef>) {
    loop {
        lists.retain(|list| !list.is_empty());
        let heads = || lists.iter().map(|list| list[0]);
        let is_free = |head: &ClassRef| !lists.iter().any(|list| list[1..].contains(head));
        let Some(next) = heads().find(is_free).or_else(|| heads().next()) else {
            return;
        };
        if !into.contains(&next) {
            into.push(next);
        }
        for list in &mut lists {
            list.retain(|&class| class != next);
        }
    }
}

/// The class whose body a variable belongs to, if its function is a class body.
pub(super) fn member_symbol(
    program: &Program<'_>,
    function: FunctionRef,
    place: crate::ir::PlaceId,
) -> Option<(ClassRef, Symbol)> {
    let (module_ref, id) = program.locate(function);
    let module = program.module(module_ref);
    let code = module.function(id);
    if code.kind != FunctionKind::Class {
        return None;
    }
    let class = code.class?;
    match code.place(place).step {
        Step::Variable {
            name,
            scope: Scope::Local { .. },
        } => Some((
            program.class(module_ref, class),
            program.symbol(module_ref, name),
        )),
        _ => None,
    }
}
