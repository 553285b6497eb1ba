//! `late-binding`: a function made in a loop reads the loop's variable when it is called, not when it is made.

mod outliving;

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Reaching, Solution, Start};
use crate::ir::{
    ComprehensionKind, ExprId, ExprKind, FunctionId, FunctionKind, InstKind, Loop, LoopKind,
    NameId, PlaceId, Scope, Source, Step,
};
use crate::rules::around::{around, called, covers, is_bound_in};
use crate::rules::{Check, Family, Rule, Scene};
use crate::text::Span;
use outliving::{Fate, Search, step};
use rustc_hash::FxHashMap;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "late-binding",
    family: Family::Functional,
    page: include_str!("../../../rules/late-binding.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// A closure is followed through so many names.
const ALIASES: u32 = 2;

/// A function that is made in the code at work.
struct Closure {
    id: FunctionId,
    /// The instruction that makes it.
    inst: u32,
    /// The lambda, or the name that a `def` binds.
    expr: ExprId,
    /// What the instruction evaluates; nothing for a `def`.
    root: Option<ExprId>,
}

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let closures = closures(flow);
    if closures.is_empty() {
        return Vec::new();
    }
    let globals = globals(flow);
    let mut ways = None;
    let mut findings = Vec::new();
    for closure in &closures {
        for place in captured(flow, &globals, closure.id) {
            let found = in_comprehension(scene, closure, place).or_else(|| {
                let ways = ways.get_or_insert_with(|| Reaching::of(flow));
                in_loop(scene, ways, closure, place)
            });
            if let Some(found) = found {
                findings.push(found);
                break;
            }
        }
    }
    findings
}

/// Functions that are made in a loop or a comprehension.
fn closures(flow: &Flow<'_, '_>) -> Vec<Closure> {
    let (module, code) = (flow.module, flow.code);
    let has_lambda = code.exprs.range().any(|index| {
        matches!(
            module.kind(ExprId::new(index)),
            ExprKind::Lambda(_) | ExprKind::Comprehension(_)
        )
    });
    if code.loops.is_empty() && !has_lambda {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, inst) in code.insts.iter().enumerate() {
        let inst_index = index as u32;
        if let InstKind::Bind {
            target,
            source: Source::Function(id),
            ..
        } = inst.kind
        {
            found.push(Closure {
                id,
                inst: inst_index,
                expr: target,
                root: None,
            });
        }
        if has_lambda {
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |expr| {
                    if let ExprKind::Lambda(id) = module.kind(expr) {
                        found.push(Closure {
                            id,
                            inst: inst_index,
                            expr,
                            root: Some(root),
                        });
                    }
                });
            });
        }
    }
    found
}

/// The variables of a module by name: functions read them as globals.
fn globals(flow: &Flow<'_, '_>) -> FxHashMap<NameId, PlaceId> {
    if flow.code.kind != FunctionKind::Module {
        return FxHashMap::default();
    }
    let places = flow.code.places.iter().enumerate();
    places
        .filter_map(|(index, place)| match place.step {
            Step::Variable {
                name,
                scope: Scope::Local { .. },
            } => Some((name, PlaceId::new(index))),
            _ => None,
        })
        .collect()
}

/// The variables of the code at work that a function inside it reads.
fn captured(
    flow: &Flow<'_, '_>,
    globals: &FxHashMap<NameId, PlaceId>,
    id: FunctionId,
) -> Vec<PlaceId> {
    let inner = flow.module.function(id);
    let mut found = Vec::new();
    for place in &inner.places {
        let Step::Variable { name, scope } = place.step else {
            continue;
        };
        match scope {
            Scope::Free {
                function,
                place,
                declared: false,
            } if function == flow.id() => found.push(place),
            Scope::Global { declared: false } => found.extend(globals.get(&name)),
            _ => {}
        }
    }
    found
}

/// A comprehension's own variable, in a function that the comprehension keeps.
fn in_comprehension(scene: &Scene<'_>, closure: &Closure, place: PlaceId) -> Option<Finding> {
    let flow = scene.flow;
    let module = flow.module;
    let chain = around(module, closure.root?, closure.expr)?;
    let at = chain.iter().rposition(|&expr| {
        let ExprKind::Comprehension(id) = module.kind(expr) else {
            return false;
        };
        let mut clauses = module.comprehension(id).clauses.iter();
        clauses.any(|clause| crate::rules::around::binds(module, clause.target, place))
    })?;
    let ExprKind::Comprehension(id) = module.kind(chain[at]) else {
        return None;
    };
    let comprehension = module.comprehension(id);
    let is_drained = at > 0
        && matches!(module.kind(chain[at - 1]), ExprKind::Call { callee, .. }
            if matches!(called(module, flow.code, callee), "list" | "tuple" | "set" | "dict" | "sorted"));
    if comprehension.kind == ComprehensionKind::Generator && !is_drained {
        return None;
    }
    let inside = &chain[at + 1..];
    let element = inside.first().copied().unwrap_or(closure.expr);
    if element != comprehension.element && Some(element) != comprehension.value {
        return None;
    }
    let mut child = closure.expr;
    for &parent in inside.iter().rev() {
        match step(flow, parent, child) {
            Fate::Part | Fate::Later => child = parent,
            _ => return None,
        }
    }
    let target = comprehension
        .clauses
        .iter()
        .find(|clause| crate::rules::around::binds(module, clause.target, place))?
        .target;
    let message = Message::new("comprehension").with("name", flow.place_text(place));
    Some(report(scene, closure, message, target, place))
}

/// A variable that a loop binds again, in a function that outlives the round.
fn in_loop(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    closure: &Closure,
    place: PlaceId,
) -> Option<Finding> {
    let flow = scene.flow;
    let here = flow.code.insts[closure.inst as usize].span;
    if !flow.code.loops.iter().any(|of| covers(of.suite, here)) {
        return None;
    }
    let reach = ways.reach(place, Start::Behind(closure.inst));
    let (kill, of) = reach.kills.iter().find_map(|kill| {
        let span = flow.code.insts[kill.inst as usize].span;
        let mut loops = flow.code.loops.iter().rev();
        let of = loops.find(|of| covers(of.suite, here) && covers(of.span, span))?;
        Some((kill, of))
    })?;
    if runs_once(flow, of)
        || !varies(flow, of, place)
        || closure.root.is_none() && is_registered(flow, closure.id)
    {
        return None;
    }
    let search = Search { flow, ways, of };
    if !search.is_kept(closure.inst, closure.root, closure.expr, ALIASES) {
        return None;
    }
    let message = Message::new("loop").with("name", flow.place_text(place));
    Some(report(scene, closure, message, kill.name, place))
}

fn report(
    scene: &Scene<'_>,
    closure: &Closure,
    message: Message,
    rebound: ExprId,
    place: PlaceId,
) -> Finding {
    let flow = scene.flow;
    let code = flow.module.function(closure.id);
    let name = flow.place_text(place);
    let span = match closure.root {
        Some(_) => flow.module.span(closure.expr),
        None => code.name_span,
    };
    let finding = Finding {
        statement: flow.code.insts[closure.inst as usize].span.start,
        ..scene.at_span(span, message)
    };
    let help = match closure.root {
        Some(_) => "lambda",
        None => "function",
    };
    finding
        .because(scene.related(rebound, Message::new("rebound").with("name", name.clone())))
        .confidence(Confidence::High)
        .help(Message::new(help).with("name", name))
}

/// A decorator takes the function away: it may call it at once.
fn is_registered(flow: &Flow<'_, '_>, id: FunctionId) -> bool {
    let function = flow.program.function(flow.module_ref, id);
    flow.program.decoration(function).is_opaque
}

/// `for option in (ECHO,)`: nothing is bound again.
fn runs_once(flow: &Flow<'_, '_>, of: &Loop) -> bool {
    let LoopKind::For { iterable, .. } = of.kind else {
        return false;
    };
    match flow.module.kind(iterable) {
        ExprKind::Tuple(parts) | ExprKind::List(parts) => match flow.module.list(parts) {
            [only] => !matches!(flow.module.kind(*only), ExprKind::Starred(_)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether each round can give the variable another value.
fn varies(flow: &Flow<'_, '_>, of: &Loop, place: PlaceId) -> bool {
    let module = flow.module;
    flow.code.insts.iter().any(|inst| {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            return false;
        };
        if !covers(of.span, inst.span) || !crate::rules::around::binds(module, target, place) {
            return false;
        }
        match source {
            Source::Element { .. } | Source::Augmented { .. } | Source::Entered { .. } => true,
            Source::Value(value) => changes(flow, of.span, value),
            _ => false,
        }
    })
}

/// Whether an expression calls something or reads a variable that the loop binds.
fn changes(flow: &Flow<'_, '_>, span: Span, value: ExprId) -> bool {
    let mut found = false;
    flow.module
        .walk(value, &mut |part| match flow.module.kind(part) {
            ExprKind::Call { .. } | ExprKind::Await(_) | ExprKind::Yield(_) => found = true,
            ExprKind::Name(place) => found |= is_bound_in(flow, place, span),
            _ => {}
        });
    found
}
