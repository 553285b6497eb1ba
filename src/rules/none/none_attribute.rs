//! `none-attribute`: an attribute that starts as None is used where nothing has set it.

mod belief;

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Flow, Wanted, Witness};
use crate::infer::AttributeUse;
use crate::ir::{BlockId, ExprId, ExprKind, FunctionKind, InstKind, Next, PlaceId, Step};
use crate::project::{CallSite, Symbol};
use crate::rules::evidence::{AllEvidence, Evidence, Key, has_none_default, is_called_in_earnest};
use crate::rules::none::attributes::{Assignment, Attributes, gather};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::summary::ClassRef;
use crate::types::FunctionRef;
use rustc_hash::FxHashSet;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "none-attribute",
    family: Family::None,
    page: include_str!("../../../rules/none-attribute.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Methods that run before the others do.
const STARTING: [&str; 16] = [
    "start",
    "open",
    "connect",
    "setUp",
    "initialize",
    "startup",
    "asyncSetUp",
    "connectionMade",
    "makeConnection",
    "startService",
    "buildProtocol",
    "__enter__",
    "__aenter__",
    "setup",
    "begin",
    "init",
];

/// Calls of calls of calls are followed so far to see whether they set an attribute.
const DEPTH: u32 = 4;

/// Callers of callers are followed so far.
const CALLERS: u32 = 2;

/// So many calls of a function are looked at.
const SITES: usize = 24;

/// Larger methods do more than check.
const CHECKER: usize = 24;

/// A caller with more places is not looked into, for it is looked at anew for each attribute.
const PLACES: usize = 1_000;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let attributes = gather(whole);
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        if !whole.is_reported(function) {
            continue;
        }
        let mut told = FxHashSet::default();
        for used in &trace.attribute_uses {
            if told.contains(&used.attribute) {
                continue;
            }
            if let Some(finding) = finding(rule, whole, &attributes, function, used) {
                told.insert(used.attribute);
                findings.push(finding);
            }
        }
    }
    findings
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    attributes: &Attributes,
    function: FunctionRef,
    used: &AttributeUse,
) -> Option<Finding> {
    let program = whole.program;
    let related = |class: ClassRef| is_related(whole, class, used.class);
    let assignments: Vec<&Assignment> = attributes
        .assignments
        .get(&used.attribute)?
        .iter()
        .filter(|assignment| related(assignment.class))
        .collect();
    let name_of = |function: FunctionRef| {
        let (module, code) = program.code(function);
        module.name(code.name)
    };
    let start = start(whole, &assignments)?;
    let set: Vec<&&Assignment> = assignments
        .iter()
        .filter(|assignment| !assignment.starts_none && !assignment.may_be_none)
        .collect();
    let is_settled = |assignment: &Assignment| {
        assignment.function == function
            || (assignment.function == start.function && !belief::is_conditional(whole, assignment))
    };
    if set.iter().any(|assignment| is_settled(assignment)) || function == start.function {
        return None;
    }
    if is_needed_at_start(whole, start) {
        return None;
    }
    let initializer = program.method(used.class, "__init__");
    let mut constructors = initializer.into_iter().chain([start.function]);
    let elsewhere: Vec<&&Assignment> = set
        .iter()
        .copied()
        .filter(|assignment| assignment.function != start.function)
        .collect();
    if constructors.any(|constructor| reaches(whole, constructor, &elsewhere, DEPTH)) {
        return None;
    }
    let flow = whole.flow(function);
    let place = flow.place_of(used.subject)?;
    if is_member_function(&flow) && starts_early(name_of(function)) {
        return None;
    }
    let wanted = Wanted {
        place,
        origin: None,
        passed: true,
        target: used.position,
    };
    // A variable that was bound to it is what it was then.
    let is_alias = flow
        .place_of(used.source)
        .is_some_and(|source| source != place);
    let wanted = match is_alias {
        true => Wanted {
            origin: Some(used.source),
            passed: false,
            ..wanted
        },
        false => wanted,
    };
    if flow.witness_at(wanted, used.subject) < Witness::Exception
        || sets_before(whole, function, used, &set)
    {
        return None;
    }
    if !callers_allow(whole, function, used.attribute, &set, CALLERS) {
        return None;
    }
    // Where most of the class takes the attribute for granted, it is not meant to be None by then.
    let functions = |among: Option<&Vec<(ClassRef, FunctionRef)>>| {
        let mine = among
            .into_iter()
            .flatten()
            .filter(|(class, _)| related(*class));
        mine.map(|&(_, by)| by).collect::<FxHashSet<_>>()
    };
    let testing = functions(attributes.tests.get(&used.attribute));
    let is_set_elsewhere = attributes.set_elsewhere.contains(&used.attribute);
    let for_good = set.is_empty() && !is_set_elsewhere;
    // What is put into one object from outside says nothing of the next one.
    let is_own = |class: ClassRef| is_related(whole, class, used.class);
    let by_itself = set.iter().all(|assignment| {
        let class = program.class_of_method(assignment.function);
        !class.is_some_and(is_own)
    });
    // Python may call a method before any other code has put something in.
    let is_protocol = is_protocol(name_of(function));
    let taken = start.parameter.map(|parameter| {
        let key = (start.function, parameter);
        match initializer.filter(|&own| own != start.function) {
            // A subclass with a constructor of its own: only what that one passes counts.
            Some(own) if !leaves_none(&attributes.arguments, key, own) => Taken::ByNobody,
            _ => is_taken(whole, &attributes.arguments, key),
        }
    });
    // Where the method asks something first, that may go together with what the object was made with.
    let is_always = is_always(&flow, used.position.0);
    // Nobody here leaves it out, though objects are made here, and nobody replaces it.
    let is_filled =
        for_good && taken == Some(Taken::MayBe) && is_called_in_earnest(whole, start.function);
    let confidence = match taken {
        Some(taken) if is_always && !is_filled => {
            let is_tested = testing.iter().any(|&by| by != function);
            let unused = (for_good && !is_tested) || (is_protocol && by_itself);
            match taken {
                Taken::ByCall if for_good => Confidence::Medium,
                Taken::MayBe if unused && is_protocol => Confidence::Medium,
                // A class that is made here with what its maker was given is not made by anybody else.
                Taken::ByDefault if unused && !is_protocol => Confidence::Medium,
                _ => Confidence::Low,
            }
        }
        // Whoever calls mostly knows in what state the object is.
        _ => Confidence::Low,
    };
    let is_kept = for_good
        && is_always
        && !is_filled
        && match taken {
            Some(taken) => taken != Taken::ByNobody,
            None => start.is_declared,
        };
    let believed = belief::confidence(whole, attributes, (function, used), is_kept);
    let confidence = match has_unknown_base(whole, used.class) {
        true if start.parameter.is_some() => return None,
        true => believed,
        false => confidence.max(believed),
    };
    // A lambda is mostly run where it is handed to, under what was tested around it.
    let is_lambda = flow.code.kind == FunctionKind::Lambda;
    let confidence = match is_lambda || is_implied(whole, attributes, function, used) {
        true => Confidence::Low,
        false => confidence,
    };
    let (module, code) = program.code(function);
    let name = flow.place_text(place);
    let statement = code.insts[used.position.1 as usize].span.start;
    let message = Message::new("used").with("name", name.clone());
    let mut finding = Finding {
        statement,
        ..draft(rule, program, function, module.span(used.subject), message)
    };
    finding.related.push(Related {
        location: start.location,
        message: Message::new("start").with("name", name.clone()),
    });
    for assignment in set.iter().take(2) {
        finding.related.push(Related {
            location: assignment.location,
            message: Message::new("set").with("name", name.clone()),
        });
    }
    Some(
        finding
            .confidence(confidence)
            .help(Message::new("guard").with("name", name)),
    )
}

/// Where an attribute starts as None: in the constructor or in the body of the class. A method that ends what others began
/// starts nothing.
fn start<'a>(whole: &Whole<'_>, assignments: &[&'a Assignment]) -> Option<&'a Assignment> {
    let named = |assignment: &Assignment| {
        let (module, code) = whole.program.code(assignment.function);
        (module.name(code.name), code.kind)
    };
    let nones = assignments
        .iter()
        .copied()
        .filter(|assignment| assignment.starts_none);
    let body = |assignment: &&&Assignment| named(assignment).1 == FunctionKind::Class;
    let is_redefined = || {
        let mut bodies = assignments.iter().filter(body);
        bodies.any(|assignment| !assignment.starts_none)
    };
    nones
        .clone()
        .find(|assignment| named(assignment).0 == "__init__")
        .or_else(|| {
            let mut bodies = nones.clone();
            bodies
                .find(|assignment| named(assignment).1 == FunctionKind::Class)
                .filter(|_| !is_redefined())
        })
}

/// Whether the function tests another attribute that is always set where this one is: the one is None when the other is.
fn is_implied(
    whole: &Whole<'_>,
    attributes: &Attributes,
    function: FunctionRef,
    used: &AttributeUse,
) -> bool {
    let writers = |attribute: Symbol| -> FxHashSet<FunctionRef> {
        let known = attributes.assignments.get(&attribute).into_iter().flatten();
        known
            .filter(|assignment| is_related(whole, assignment.class, used.class))
            .map(|assignment| assignment.function)
            .collect()
    };
    let tests = &whole.traces[function.0 as usize].attribute_tests;
    if tests.is_empty() {
        return false;
    }
    let mine = writers(used.attribute);
    mine.len() > 1
        && tests.iter().any(|&(class, other)| {
            other != used.attribute
                && is_related(whole, class, used.class)
                && writers(other) == mine
        })
}

/// Who constructs an object and leaves the parameter None.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// A call of the program does.
    ByCall,
    /// A test does, or a call that hands on a default of its own.
    ByDefault,
    /// Nobody here, but anybody may.
    MayBe,
    /// Subclasses have constructors of their own, which fill it.
    ByNobody,
}

fn is_taken(whole: &Whole<'_>, arguments: &AllEvidence, key: Key) -> Taken {
    let mut known = arguments.of(key).iter();
    if known.any(|why| {
        matches!(
            why,
            Evidence::Default(Some(_)) | Evidence::Passed { literal: true, .. }
        )
    }) {
        return Taken::ByCall;
    }
    let mut known = arguments.of(key).iter();
    let is_handed_on = known.any(|why| matches!(why, Evidence::Forwarded { from, .. } if has_none_default(whole, from.0, from.1)));
    match whole.program.is_overridden(key.0) {
        true => Taken::ByNobody,
        false if is_handed_on || arguments.is_left_out_by_tests(key) => Taken::ByDefault,
        false => Taken::MayBe,
    }
}

/// Whether a constructor hands on None, or what may be None, to the one that keeps it.
fn leaves_none(arguments: &AllEvidence, key: Key, constructor: FunctionRef) -> bool {
    arguments.of(key).iter().any(|why| match *why {
        Evidence::Default(Some((caller, _))) | Evidence::Passed { caller, .. } => {
            caller == constructor
        }
        Evidence::Forwarded { from, .. } => from.0 == constructor,
        Evidence::Default(None) | Evidence::Declared | Evidence::Asked(_) => false,
    })
}

/// Methods that Python calls: as soon as there is an object, anybody may make it do so.
fn is_protocol(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// Whether the constructor itself fails without the argument: then no object is there to use.
fn is_needed_at_start(whole: &Whole<'_>, start: &Assignment) -> bool {
    let index = start.function.0 as usize;
    let required = whole.summaries[index].requires;
    if start
        .parameter
        .is_some_and(|parameter| required.has(usize::from(parameter)))
    {
        return true;
    }
    let mut demands = whole.summaries[index].demands.iter();
    if demands.any(|demand| Some(demand.parameter) == start.parameter && demand.always) {
        return true;
    }
    let flow = whole.flow(start.function);
    let mut uses = whole.traces[index].uses.iter();
    uses.any(|used| Some(used.parameter) == start.parameter && is_always(&flow, used.position.0))
}

/// Whether there is no way through the function but through this block.
fn is_always(flow: &Flow<'_, '_>, block: BlockId) -> bool {
    let code = flow.code;
    let known = flow.dominators();
    let mut ends = code.blocks.iter().enumerate();
    ends.all(|(index, end)| end.next != Next::Return || known.dominates(block, BlockId::new(index)))
}

fn is_related(whole: &Whole<'_>, a: ClassRef, b: ClassRef) -> bool {
    whole.program.has_ancestor(a, b) || whole.program.has_ancestor(b, a)
}

fn has_unknown_base(whole: &Whole<'_>, class: ClassRef) -> bool {
    whole
        .program
        .project_class(class)
        .is_some_and(|info| info.has_unknown_base)
}

fn is_member_function(flow: &Flow<'_, '_>) -> bool {
    flow.code.kind == FunctionKind::Def && flow.code.class.is_some()
}

fn starts_early(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    STARTING.iter().any(|known| {
        known.trim_start_matches('_') == name
            || name.starts_with("init")
            || name.starts_with("setup")
            || name.starts_with("set_")
    })
}

/// Whether a call before the use reaches code that sets the attribute.
fn sets_before(
    whole: &Whole<'_>,
    function: FunctionRef,
    used: &AttributeUse,
    set: &[&&Assignment],
) -> bool {
    let (module, _) = whole.program.code(function);
    let start = module.span(used.subject).start;
    let before = whole
        .graph
        .calls_in(function)
        .iter()
        .filter(|site| module.span(site.call).start < start);
    before.into_iter().any(|site| {
        reaches(whole, site.callee, set, DEPTH) || refuses(whole, site.callee, used.attribute)
    }) || properties_before(whole, function, used.class, start)
        .into_iter()
        .any(|property| reaches(whole, property, set, DEPTH))
}

/// Whether a method only comes back where the attribute is not None: `self._check_open()`.
fn refuses(whole: &Whole<'_>, function: FunctionRef, attribute: Symbol) -> bool {
    let flow = whole.flow(function);
    let Some(place) = attribute_place(whole, &flow, attribute) else {
        return false;
    };
    let code = flow.code;
    let raises = code
        .insts
        .iter()
        .any(|inst| matches!(inst.kind, InstKind::Raise { .. }));
    let comes_back = |target| {
        flow.witness(Wanted {
            place,
            origin: None,
            passed: true,
            target,
        }) > Witness::None
    };
    raises
        && code.blocks.len() <= CHECKER
        && code.blocks.iter().enumerate().all(|(index, block)| {
            let block_id = BlockId::new(index);
            let returned = block
                .insts
                .range()
                .find(|&at| matches!(code.insts[at].kind, InstKind::Return(_)));
            match (returned, block.next) {
                (Some(at), _) => !comes_back((block_id, at as u32)),
                (None, Next::Return) => !comes_back((block_id, block.insts.range().end as u32)),
                _ => true,
            }
        })
}

/// The properties of the object that are read before an offset: each runs a method.
fn properties_before(
    whole: &Whole<'_>,
    function: FunctionRef,
    class: ClassRef,
    start: u32,
) -> Vec<FunctionRef> {
    let (module, code) = whole.program.code(function);
    let read = code.exprs.range().map(ExprId::new).filter_map(|expr| {
        let ExprKind::Attribute { name, .. } = module.kind(expr) else {
            return None;
        };
        let is_before = module.span(expr).start < start;
        let method = whole.program.method(class, module.name(name));
        method.filter(|&method| is_before && whole.program.decoration(method).is_property)
    });
    let mut found: Vec<FunctionRef> = read.collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn reaches(whole: &Whole<'_>, function: FunctionRef, set: &[&&Assignment], depth: u32) -> bool {
    if set.iter().any(|assignment| assignment.function == function) {
        return true;
    }
    depth > 0
        && whole
            .graph
            .calls_in(function)
            .iter()
            .any(|site| reaches(whole, site.callee, set, depth - 1))
}

/// Whether some caller leaves the attribute unchecked, and its own callers do; a function without callers in the project
/// may be called any time.
fn callers_allow(
    whole: &Whole<'_>,
    function: FunctionRef,
    attribute: Symbol,
    set: &[&&Assignment],
    depth: u32,
) -> bool {
    let mut any = false;
    for (index, site) in whole.graph.calls_of(function).enumerate() {
        // Among so many, one will not care.
        if index >= SITES {
            return true;
        }
        any = true;
        let (_, caller) = whole.program.code(site.caller);
        if caller.places.len() > PLACES {
            return false;
        }
        if set
            .iter()
            .any(|assignment| assignment.function == site.caller)
        {
            continue;
        }
        if caller_allows(whole, site, attribute)
            && (depth == 0 || callers_allow(whole, site.caller, attribute, set, depth - 1))
        {
            return true;
        }
    }
    !any
}

fn caller_allows(whole: &Whole<'_>, site: &CallSite, attribute: Symbol) -> bool {
    let flow = whole.flow(site.caller);
    let Some(place) = attribute_place(whole, &flow, attribute) else {
        return true;
    };
    let block = flow.code.block(site.block);
    let call = flow.module.span(site.call);
    let inst = block
        .insts
        .range()
        .find(|&index| flow.code.insts[index].span.contains(call));
    let Some(inst) = inst else { return true };
    flow.witness(Wanted {
        place,
        origin: None,
        passed: true,
        target: (site.block, inst as u32),
    }) >= Witness::Exception
}

/// The place in a function that reads or writes an attribute of this name.
fn attribute_place(whole: &Whole<'_>, flow: &Flow<'_, '_>, attribute: Symbol) -> Option<PlaceId> {
    let is_it = |step: Step| matches!(step, Step::Attribute(name) if whole.program.symbol(flow.module_ref, name) == attribute);
    flow.code
        .places
        .iter()
        .position(|place| is_it(place.step))
        .map(PlaceId::new)
}
