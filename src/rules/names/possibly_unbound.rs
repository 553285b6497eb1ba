//! `possibly-unbound`: a name is read that is not bound on every path.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{At, Event, Flow, Reaching, Start, State, Wanted, Witness};
use crate::ir::{BlockId, ExprId, ExprKind, FunctionKind, NameId, PlaceId, Scope, Step, TryKind};
use crate::project::Catches;
use crate::rules::{Check, Family, Rule, Scene};
use crate::value::{Kinds, Value};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "possibly-unbound",
    family: Family::Names,
    page: include_str!("../../../rules/possibly-unbound.md"),
    severity: Severity::Warning,
    check: Check::Event(check),
};

fn check(scene: &Scene<'_>, _: &State, event: Event<'_>) -> Option<Finding> {
    let Event::Read { name, held } = event else {
        return None;
    };
    let flow = scene.flow;
    if !held.value.kinds.meets(Kinds::UNBOUND)
        || flow.code.kind == FunctionKind::Class
        || flow.code.is_dynamic
        || crate::rules::scene::is_stub(flow.program, flow.function)
    {
        return None;
    }
    let ExprKind::Name(place) = flow.module.kind(name) else {
        return None;
    };
    let text = flow.place_text(place);
    if comes_from_elsewhere(flow, &text) || is_caught(flow) {
        return None;
    }
    let confidence = confidence(flow, place, name, flow.position())?;
    let ways = Reaching::of(flow);
    if was_told(flow, &ways, place, name) {
        return None;
    }
    let key = if held.value.kinds == Kinds::UNBOUND {
        "certain"
    } else {
        "read"
    };
    let mut finding = scene
        .at(name, Message::new(key).with("name", text.clone()))
        .confidence(confidence);
    finding = match confidence {
        Confidence::Low => finding.severity(Severity::Hint),
        Confidence::High if key == "certain" => finding.severity(Severity::Error),
        _ => finding,
    };
    if let Some(binding) = ways.bindings(place).first() {
        finding = finding.because(scene.related(
            binding.name,
            Message::new("bound").with("name", text.clone()),
        ));
    }
    let help = if hides_a_global(flow, place) {
        "hides"
    } else {
        "bind"
    };
    Some(finding.help(Message::new(help).with("name", text)))
}

/// A builtin of that name, or one that a star import may bring.
fn comes_from_elsewhere(flow: &Flow<'_, '_>, name: &str) -> bool {
    let has_star = || {
        flow.module.imports.iter().any(|import| {
            import
                .name
                .is_some_and(|name| flow.module.name(name) == "*")
        })
    };
    flow.code.kind == FunctionKind::Module
        && (flow.program.builtin(name, flow.module.dialect) != Value::UNKNOWN || has_star())
}

/// Whether a `try` around the read waits for just this.
fn is_caught(flow: &Flow<'_, '_>) -> bool {
    let mut at = flow.code.block(flow.position().0).guard;
    while let Some(id) = at {
        let region = flow.code.region(id);
        if let TryKind::Catch { handlers, .. } = &region.kind {
            let names_it = |types| match flow.program.catches(flow.module_ref, flow.id(), types) {
                Catches::Classes { classes, .. } => classes.iter().any(|&class| {
                    matches!(
                        flow.program.class_name(class),
                        "NameError" | "UnboundLocalError"
                    )
                }),
                Catches::Everything => false,
            };
            if handlers
                .iter()
                .any(|handler| handler.types.is_some() && names_it(handler.types))
            {
                return true;
            }
        }
        at = region.parent;
    }
    false
}

/// How sure it is that there is a way to this read on which nothing binds the name.
fn confidence(
    flow: &Flow<'_, '_>,
    place: PlaceId,
    name: ExprId,
    target: (BlockId, u32),
) -> Option<Confidence> {
    match flow.witness_at(
        Wanted {
            place,
            origin: None,
            passed: false,
            target,
        },
        name,
    ) {
        Witness::None => None,
        Witness::Unlikely | Witness::Unlisted | Witness::EmptyLoop => Some(Confidence::Low),
        Witness::Unfound | Witness::Exception => Some(Confidence::Medium),
        Witness::Path if is_in_finally(flow, target.1) => Some(Confidence::Medium),
        Witness::Path => Some(Confidence::High),
    }
}

fn is_in_finally(flow: &Flow<'_, '_>, inst: u32) -> bool {
    let span = flow.code.insts[inst as usize].span;
    flow.code
        .tries
        .iter()
        .any(|region| matches!(region.kind, TryKind::Finally { suite, .. } if suite.contains(span)))
}

/// A name is told once: at its first read that may find nothing.
fn was_told(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    name: ExprId,
) -> bool {
    let reach = ways.reach(place, Start::Entry);
    let is_earlier =
        |read: &&At| read.name != name && (read.inst, read.name) < (flow.position().1, name);
    let mut earlier = reach.reads.iter().filter(is_earlier).take(EARLIER);
    reach.is_read_by(name)
        && earlier.any(|read| {
            let Some(block) = ways.block_of(read.inst) else {
                return false;
            };
            confidence(flow, place, read.name, (block, read.inst))
                .is_some_and(|confidence| confidence > Confidence::Low)
        })
}

/// More reads before the one at hand are not looked at.
const EARLIER: usize = 8;

/// Whether the module has something of that name, which this function cannot see as it binds the name itself.
fn hides_a_global(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let Step::Variable { name, .. } = flow.code.place(place).step else {
        return false;
    };
    flow.code.kind == FunctionKind::Def && is_global(flow, name)
}

fn is_global(flow: &Flow<'_, '_>, wanted: NameId) -> bool {
    let places = &flow.module.body().places;
    places.iter().any(|place| matches!(place.step, Step::Variable { name, scope: Scope::Local { .. } } if name == wanted))
}
