//! What the rules about abstract classes share: instances of classes with methods that nobody has written.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    BlockId, ExprId, ExprKind, Function, InstKind, Module, NameId, Next, Scope, Source, Step,
};
use crate::project::{CallSite, Coverage, Evaluate, Target};
use crate::rules::classes::interfaces::{Instance, Open};
use crate::rules::classes::named::{Named, has_sibling, is_let_out};
use crate::rules::constants::global;
use crate::rules::{Rule, Whole, draft, is_test};
use crate::summary::ClassRef;
use crate::text::Location;
use crate::types::{FunctionRef, Type};

/// More missing methods are not named.
const NAMED: usize = 3;

/// Whose methods are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Kind {
    /// The class's own: it is abstract itself.
    Own,
    /// Those of its ancestors: it implements them in part.
    Inherited,
}

/// One finding for each class that is instantiated: at the first place, with the others behind it.
pub(in crate::rules) fn findings(
    rule: &'static Rule,
    whole: &Whole<'_>,
    kind: Kind,
) -> Vec<Finding> {
    let open: Vec<Open> = { whole.open_classes().iter() }
        .filter(|open| kind_of(whole, open) == kind)
        .cloned()
        .collect();
    if open.is_empty() {
        return Vec::new();
    }
    let instances = whole.open_instances();
    let mut named: Option<Named> = None;
    let mut findings = Vec::new();
    for of in &open {
        let Some(places) = instances.get(&of.class) else {
            continue;
        };
        let outside = places
            .iter()
            .find(|place| !is_test(whole.program, place.function));
        let Some(place) = outside.or(places.first()) else {
            continue;
        };
        findings.push(if of.declared.is_empty() && of.raising.is_empty() {
            marked(rule, whole, of, place)
        } else if of.declared.is_empty() {
            let found = raising(rule, whole, of, place);
            let mut unfollowed = || {
                let is_out = |place: &&Instance| {
                    !is_test(whole.program, place.function) && is_let_out(whole, place)
                };
                let place = places.iter().find(is_out)?;
                let named = named.get_or_insert_with(|| Named::of(whole, &open));
                by_name(rule, whole, of, place, named)
            };
            found.unwrap_or_else(|| unfollowed().unwrap_or_else(|| plain(rule, whole, of, place)))
        } else {
            declared(rule, whole, of, place)
        });
    }
    findings
}

fn kind_of(whole: &Whole<'_>, open: &Open) -> Kind {
    if open.declared.is_empty() && open.raising.is_empty() {
        return Kind::Own;
    }
    let missing = if open.declared.is_empty() {
        &open.raising
    } else {
        &open.declared
    };
    let is_own =
        |&function: &FunctionRef| whole.program.class_of_method(function) == Some(open.class);
    if missing.iter().any(is_own) {
        Kind::Own
    } else {
        Kind::Inherited
    }
}

/// Nothing is missing, and nothing goes wrong; it only says of itself that it is not for that.
fn marked(rule: &'static Rule, whole: &Whole<'_>, open: &Open, place: &Instance) -> Finding {
    let mut finding = finding(rule, whole, open, place, "marked", &[]);
    finding.severity = Severity::Hint;
    finding.help(Message::new("subclass"))
}

/// Python itself refuses.
fn declared(rule: &'static Rule, whole: &Whole<'_>, open: &Open, place: &Instance) -> Finding {
    let mut finding = finding(rule, whole, open, place, "declared", &open.declared);
    finding.confidence = Confidence::High;
    finding.help(Message::new("implement").with("methods", names(whole, &open.declared)))
}

/// Nothing happens until one of the methods is called.
fn raising(
    rule: &'static Rule,
    whole: &Whole<'_>,
    open: &Open,
    place: &Instance,
) -> Option<Finding> {
    let mut missing = open.raising.iter();
    let (missing, call) =
        missing.find_map(|&missing| Some((missing, call_of(whole, open.class, missing)?)))?;
    let location = call.location(whole.program);
    Some(called(rule, whole, open, place, missing, location))
}

/// The instance goes where nobody can follow it, and the project calls the method, or one that calls it, on what can
/// only be of this family.
fn by_name(
    rule: &'static Rule,
    whole: &Whole<'_>,
    open: &Open,
    place: &Instance,
    named: &Named,
) -> Option<Finding> {
    // What overrides a method only to raise refuses on purpose, and what nobody overrides is no hole to be filled.
    let is_hole = |missing: &&FunctionRef| {
        whole.program.is_overridden(**missing) && whole.program.overridden_by(**missing).is_empty()
    };
    let mut missing = open.raising.iter().filter(is_hole);
    let (missing, location) = missing.find_map(|&missing| {
        let direct = named.call(whole, open.class, missing);
        let through = || {
            let own = own_calls(whole, open.class, missing);
            own.into_iter()
                .find_map(|caller| named.call(whole, open.class, caller))
        };
        let location =
            has_sibling(whole, place, open.class, missing).then(|| direct.or_else(through))??;
        Some((missing, location))
    })?;
    Some(called(rule, whole, open, place, missing, location))
}

/// Nobody is seen to call what is missing.
fn plain(rule: &'static Rule, whole: &Whole<'_>, open: &Open, place: &Instance) -> Finding {
    let mut finding = finding(rule, whole, open, place, "raising", &open.raising);
    finding.severity = Severity::Hint;
    finding.help(Message::new("implement").with("methods", names(whole, &open.raising)))
}

fn called(
    rule: &'static Rule,
    whole: &Whole<'_>,
    open: &Open,
    place: &Instance,
    missing: FunctionRef,
    location: Location,
) -> Finding {
    finding(rule, whole, open, place, "called", &[missing])
        .severity(Severity::Warning)
        .confidence(Confidence::Medium)
        .because(Related {
            location,
            message: Message::new("call").with("method", name(whole, missing)),
        })
        .help(Message::new("implement").with("methods", names(whole, &[missing])))
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    open: &Open,
    place: &Instance,
    key: &'static str,
    missing: &[FunctionRef],
) -> Finding {
    let program = whole.program;
    let (module, code) = program.code(place.function);
    let span = module.span(place.call);
    let message = Message::new(key)
        .with("class", program.class_name(open.class))
        .with("methods", names(whole, missing));
    let mut finding = draft(rule, program, place.function, span, message);
    finding.statement = code
        .insts
        .get(place.inst as usize)
        .map_or(span.start, |inst| inst.span.start);
    for &function in missing.iter().take(NAMED) {
        let (_, code) = program.code(function);
        finding.related.push(Related {
            location: Location {
                file: program.file(function),
                span: code.name_span,
            },
            message: Message::new("missing").with("method", program.qualified_name(function)),
        });
    }
    finding
}

fn name(whole: &Whole<'_>, function: FunctionRef) -> String {
    let (module, code) = whole.program.code(function);
    module.name(code.name).to_owned()
}

fn names(whole: &Whole<'_>, functions: &[FunctionRef]) -> String {
    let mut names: Vec<String> = functions
        .iter()
        .take(NAMED)
        .map(|&function| format!("`{}`", name(whole, function)))
        .collect();
    if functions.len() > NAMED {
        names.push("…".to_owned());
    }
    names.join(", ")
}

/// A call that reaches a method that only raises, on an instance of just this class: on what a function has made itself
/// or what an attribute is only ever given, or from a method that is called on it, on a way that the instance itself does
/// not bar; the constructor is one.
fn call_of<'w>(
    whole: &'w Whole<'_>,
    class: ClassRef,
    missing: FunctionRef,
) -> Option<&'w CallSite> {
    let program = whole.program;
    let chain = program.linearization(class);
    whole.graph.calls_of(missing).find(|call| {
        if is_test(program, call.caller) || is_caught(whole, call) {
            return false;
        }
        let (module, code) = program.code(call.caller);
        let Some((receiver, method)) = crate::rules::stores::method(module, call.call) else {
            return false;
        };
        let owner = program.class_of_method(call.caller);
        let is_own = owner.is_some_and(|owner| chain.contains(&owner))
            && is_first_parameter(module, code, receiver);
        if is_own {
            let name = module.name(code.name);
            let is_reached = name == "__init__"
                || whole
                    .graph
                    .calls_of(call.caller)
                    .any(|outer| is_on_made(whole, outer, class));
            return is_reached && is_own_call(whole, call, class, method);
        }
        is_on_made(whole, call, class) && program.method(class, method) == Some(missing)
    })
}

/// Whether a method of the instance calls another on a way that the instance does not bar, and is not overridden itself.
fn is_own_call(whole: &Whole<'_>, call: &CallSite, class: ClassRef, method: &str) -> bool {
    let (module, code) = whole.program.code(call.caller);
    let name = module.name(code.name);
    let is_effective = whole.program.method(class, name) == Some(call.caller);
    is_effective && method != name && is_on_some_way(module, code, call.block)
}

/// The methods of an instance by which it calls one of its own.
fn own_calls(whole: &Whole<'_>, class: ClassRef, missing: FunctionRef) -> Vec<FunctionRef> {
    let program = whole.program;
    let chain = program.linearization(class);
    let calls = whole.graph.calls_of(missing).filter(|call| {
        let (module, code) = program.code(call.caller);
        let method = crate::rules::stores::method(module, call.call);
        let owner = program.class_of_method(call.caller);
        !is_test(program, call.caller)
            && !is_caught(whole, call)
            && owner.is_some_and(|owner| chain.contains(&owner))
            && method.is_some_and(|(receiver, method)| {
                is_first_parameter(module, code, receiver)
                    && is_own_call(whole, call, class, method)
            })
    });
    calls.map(|call| call.caller).collect()
}

/// Whether a method is called on an instance of just this class, outside of tests.
fn is_on_made(whole: &Whole<'_>, call: &CallSite, class: ClassRef) -> bool {
    let program = whole.program;
    if is_test(program, call.caller) || is_caught(whole, call) {
        return false;
    }
    let (module_ref, id) = program.locate(call.caller);
    let (module, _) = program.code(call.caller);
    let Some((receiver, _)) = crate::rules::stores::method(module, call.call) else {
        return false;
    };
    let value = Evaluate::new(program, module_ref, id).value(receiver);
    program.types.get(value.class) == Type::Instance(class)
        && is_made_here(whole, call.caller, receiver)
}

/// Whether a value is made in the function itself: what is only said to be of a class may be of a subclass.
fn is_made_here(whole: &Whole<'_>, function: FunctionRef, receiver: ExprId) -> bool {
    let (module, code) = whole.program.code(function);
    let made = match module.kind(receiver) {
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable {
                scope: Scope::Global { .. },
                name,
            } => {
                return global(whole, function, module.name(name))
                    .is_some_and(|(body, value)| is_construction(whole, body, value));
            }
            _ => crate::rules::stores::bound_value(module, code, place),
        },
        ExprKind::Attribute { value, name, .. } => {
            return is_kept_as_made(whole, function, value, name);
        }
        _ => Some(receiver),
    };
    made.is_some_and(|made| is_construction(whole, function, made))
}

fn is_construction(whole: &Whole<'_>, function: FunctionRef, expr: ExprId) -> bool {
    let (module_ref, id) = whole.program.locate(function);
    let (module, _) = whole.program.code(function);
    let ExprKind::Call { callee, .. } = module.kind(expr) else {
        return false;
    };
    let callee = Evaluate::new(whole.program, module_ref, id).value(callee);
    matches!(whole.program.target(callee), Target::Construct { .. })
}

/// Whether an attribute of an instance of the project is only ever given what is made in the same place.
fn is_kept_as_made(whole: &Whole<'_>, function: FunctionRef, owner: ExprId, name: NameId) -> bool {
    let program = whole.program;
    let (module_ref, id) = program.locate(function);
    let owner = Evaluate::new(program, module_ref, id).value(owner);
    let Type::Instance(class) = program.types.get(owner.class) else {
        return false;
    };
    let symbol = program.symbol(module_ref, name);
    let Some(attribute) = program
        .project_class(class)
        .and_then(|info| info.attributes.get(&symbol))
    else {
        return false;
    };
    !attribute.assignments.is_empty()
        && attribute.assignments.iter().all(|assignment| {
            let (_, code) = program.code(assignment.function);
            let value = code.insts.iter().find_map(|inst| match inst.kind {
                InstKind::Bind {
                    source: Source::Value(value),
                    ..
                } if inst.span == assignment.location.span => Some(value),
                _ => None,
            });
            value.is_some_and(|value| is_construction(whole, assignment.function, value))
        })
}

fn is_first_parameter(module: &Module, code: &Function, receiver: ExprId) -> bool {
    let first = code.parameters.first().map(|first| first.place);
    module.kind(receiver).place() == first && first.is_some()
}

/// Whether somebody waits for the NotImplementedError.
fn is_caught(whole: &Whole<'_>, call: &CallSite) -> bool {
    let program = whole.program;
    let class = program
        .library
        .class("NotImplementedError", program.dialect(call.caller));
    call.guard.is_some()
        && class.is_some_and(|class| {
            program.caught_in(call.caller, call.guard, class).0 != Coverage::None
        })
}

/// Whether a block is reached on a way on which no condition asks the instance: a flag or an attribute of it may say that
/// the method is not there to be called.
fn is_on_some_way(module: &Module, code: &Function, block: BlockId) -> bool {
    let own = code.parameters.first().map(|first| first.place);
    let asks_instance = |at: BlockId| {
        code.insts(code.block(at)).iter().any(|inst| {
            let InstKind::Assume { test, .. } = inst.kind else {
                return false;
            };
            let mut found = false;
            module.walk(test, &mut |part| {
                found |= own.is_some() && module.kind(part).place() == own;
            });
            found
        })
    };
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![BlockId::new(0)];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at.index()], true) || asks_instance(at) {
            continue;
        }
        if at == block {
            return true;
        }
        match code.block(at).next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, other) => open.extend([one, other]),
            _ => {}
        }
    }
    false
}
