//! What the program does with the attributes of its objects: who sets, tests and uses them.

use crate::flow::Origin;
use crate::ir::{ExprKind, FunctionKind, InstKind, Source, Step};
use crate::project::{Evaluate, Symbol};
use crate::rules::Whole;
use crate::rules::evidence::{AllEvidence, has_none_default};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// An assignment, for those who look at an attribute.
#[derive(Clone, Copy)]
pub(in crate::rules) struct Assignment {
    /// The class of the object.
    pub(in crate::rules) class: ClassRef,
    /// The function that it is in.
    pub(in crate::rules) function: FunctionRef,
    /// The target.
    pub(in crate::rules) location: Location,
    /// None is written down, or the default of the parameter.
    pub(in crate::rules) starts_none: bool,
    /// It may be None for a reason that stands in the function.
    pub(in crate::rules) may_be_none: bool,
    /// The parameter that it is bound to.
    pub(in crate::rules) parameter: Option<u16>,
    /// It stands in the body of the class, with the type of the field.
    pub(in crate::rules) is_declared: bool,
}

/// What the program does with attributes.
pub(in crate::rules) struct Attributes {
    /// What is assigned to each.
    pub(in crate::rules) assignments: FxHashMap<Symbol, Vec<Assignment>>,
    /// Who tests each.
    pub(in crate::rules) tests: FxHashMap<Symbol, Vec<(ClassRef, FunctionRef)>>,
    /// Who uses each with no guard.
    pub(in crate::rules) uses: FxHashMap<Symbol, Vec<(ClassRef, FunctionRef)>>,
    /// Set on objects of which nothing is known.
    pub(in crate::rules) set_elsewhere: FxHashSet<Symbol>,
    /// What calls pass.
    pub(in crate::rules) arguments: Arc<AllEvidence>,
}

/// Walks once over what every function does with attributes.
pub(in crate::rules) fn gather(whole: &Whole<'_>) -> Attributes {
    let mut attributes = Attributes {
        assignments: FxHashMap::default(),
        tests: FxHashMap::default(),
        uses: FxHashMap::default(),
        set_elsewhere: set_elsewhere(whole),
        arguments: whole.evidence(),
    };
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        let (module, _) = whole.program.code(function);
        for binding in &trace.attribute_bindings {
            let may_be_none = binding.held.value.may_be_none();
            let (_, code) = whole.program.code(function);
            let bound = binding.held.bound.map(|bound| module.kind(bound));
            let parameter = match binding.held.origin {
                Origin::Parameter(parameter)
                    if bound
                        == Some(ExprKind::Name(
                            code.parameters[usize::from(parameter)].place,
                        )) =>
                {
                    Some(parameter)
                }
                _ => None,
            };
            let starts_none = match binding.held.origin {
                Origin::Expr(source) => may_be_none && module.kind(source) == ExprKind::None,
                Origin::Parameter(parameter) => {
                    may_be_none && has_none_default(whole, function, parameter)
                }
                _ => false,
            };
            let location = Location {
                file: whole.program.file(function),
                span: module.span(binding.target),
            };
            let assignment = Assignment {
                class: binding.class,
                function,
                location,
                starts_none,
                may_be_none: may_be_none && !matches!(binding.held.origin, Origin::Parameter(_)),
                parameter,
                is_declared: false,
            };
            attributes
                .assignments
                .entry(binding.attribute)
                .or_default()
                .push(assignment);
        }
        in_body(whole, function, &mut attributes.assignments);
        for used in &trace.attribute_uses {
            attributes
                .uses
                .entry(used.attribute)
                .or_default()
                .push((used.class, function));
        }
        for &(class, attribute) in &trace.attribute_tests {
            attributes
                .tests
                .entry(attribute)
                .or_default()
                .push((class, function));
        }
    }
    attributes
}

/// What the body of a class binds.
fn in_body(
    whole: &Whole<'_>,
    function: FunctionRef,
    assignments: &mut FxHashMap<Symbol, Vec<Assignment>>,
) {
    let (module, code) = whole.program.code(function);
    let (FunctionKind::Class, Some(class)) = (code.kind, code.class) else {
        return;
    };
    let (module_ref, _) = whole.program.locate(function);
    let class = whole.program.class(module_ref, class);
    for inst in &code.insts {
        let InstKind::Bind {
            target,
            source,
            annotation,
        } = inst.kind
        else {
            continue;
        };
        let ExprKind::Name(place) = module.kind(target) else {
            continue;
        };
        let Step::Variable { name, .. } = code.place(place).step else {
            continue;
        };
        let starts_none =
            matches!(source, Source::Value(value) if module.kind(value) == ExprKind::None);
        let location = Location {
            file: whole.program.file(function),
            span: module.span(target),
        };
        let symbol = whole.program.symbol(module_ref, name);
        assignments.entry(symbol).or_default().push(Assignment {
            class,
            function,
            location,
            starts_none,
            may_be_none: starts_none,
            parameter: None,
            is_declared: annotation.is_some(),
        });
    }
}

/// The attributes that are set on objects of unknown classes: it may be any class's.
fn set_elsewhere(whole: &Whole<'_>) -> FxHashSet<Symbol> {
    let mut found = FxHashSet::default();
    for index in 0..whole.traces.len() {
        let function = FunctionRef(index as u32);
        let (module_ref, id) = whole.program.locate(function);
        let (module, code) = whole.program.code(function);
        let evaluate = Evaluate::new(whole.program, module_ref, id);
        for inst in &code.insts {
            if let InstKind::Bind { target, .. } = inst.kind
                && let ExprKind::Attribute { value, name, .. } = module.kind(target)
                && evaluate.value(value).is_unknown()
            {
                found.insert(whole.program.symbol(module_ref, name));
            }
        }
    }
    found
}
