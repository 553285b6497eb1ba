//! `possibly-unbound`: a name is read that is not bound on every path.

mod deleted;
mod going_on;

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{
    At, Course, Decided, Event, Flow, Reach, Reaching, Shape, Start, State, Wanted, Witness,
};
use crate::ir::{
    BlockId, Dialect, ExprId, ExprKind, Function, FunctionKind, InstKind, LoopKind, NameId, Next,
    PlaceId, Scope, Source, Step, TryKind,
};
use crate::project::Catches;
use crate::rules::around::binds;
use crate::rules::{Check, Family, Rule, Scene};
use crate::value::{Kinds, Value};
use going_on::{calls, goes_on};

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
    let awaited = awaited(flow);
    if comes_from_elsewhere(flow, &text)
        || keeps_a_builtin(flow, place)
        || awaited == Awaited::Named
    {
        return None;
    }
    let read = Read {
        place,
        name,
        at: flow.position(),
    };
    let ways = Reaching::of(flow);
    let deletion = deleted::before(flow, &ways, read, held);
    let (confidence, course) = match deletion {
        Some(deletion) => (deletion.confidence, None),
        None => read.judged(flow)?,
    };
    if deleted::is_told_as_overwritten(flow, &ways, read) {
        return None;
    }
    let confidence = match awaited {
        // Whoever takes everything takes this, too.
        Awaited::Any => Confidence::Low,
        Awaited::No | Awaited::Named
            if held.value.kinds == Kinds::UNBOUND && read.witness(flow) > Witness::Unlikely =>
        {
            Confidence::High
        }
        Awaited::No | Awaited::Named => confidence,
    };
    if was_told(flow, &ways, read) || is_told_with_another(flow, &ways, read) {
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
    if let Some(decided) = course.and_then(|course| course.decided) {
        finding = finding.because(decisive(scene, decided));
    }
    let caught = deleted::handler_that_deletes(flow, &ways, place);
    if let Some(deletion) = deletion {
        let message = Message::new("deleted").with("name", text.clone());
        finding = finding.because(scene.related(deletion.name, message));
    } else if let Some(binding) = ways.bindings(place).first() {
        let key = if caught { "caught" } else { "bound" };
        finding = finding
            .because(scene.related(binding.name, Message::new(key).with("name", text.clone())));
    }
    let help = match (hides_a_global(flow, place), deletion.is_some(), caught) {
        (true, ..) => "hides",
        (_, true, _) => "keep",
        (_, _, true) => "own-name",
        _ => "bind",
    };
    Some(finding.help(Message::new(help).with("name", text)))
}

/// What kept the name from being bound, for the message.
fn decisive(scene: &Scene<'_>, decided: Decided) -> Related {
    let (span, key) = match decided {
        Decided::Test { test, holds } => (
            scene.flow.module.span(test),
            if holds { "holds" } else { "fails" },
        ),
        Decided::Raised(inst) => (scene.flow.code.insts[inst as usize].span, "raises"),
    };
    Related {
        location: scene.location_of(span),
        message: Message::new(key),
    }
}

/// A builtin of that name, one that a star import may bring, or one that a text binds which is run.
fn comes_from_elsewhere(flow: &Flow<'_, '_>, name: &str) -> bool {
    let has_star = || {
        flow.module.imports.iter().any(|import| {
            import
                .name
                .is_some_and(|name| flow.module.name(name) == "*")
        })
    };
    let is_builtin = || {
        MODULE_NAMES.contains(&name)
            || [Dialect::Two, Dialect::Three]
                .into_iter()
                .any(|dialect| flow.program.builtin(name, dialect) != Value::UNKNOWN)
    };
    flow.code.kind == FunctionKind::Module && (is_builtin() || has_star() || is_in_text(flow, name))
}

/// `cmp = cmp` in a module: the builtin of some version of Python gets to be the module's own.
fn keeps_a_builtin(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let inst = flow.code.insts.get(flow.position().1 as usize);
    flow.code.kind == FunctionKind::Module
        && matches!(inst.map(|inst| inst.kind), Some(InstKind::Bind { target, source: Source::Value(value), .. })
            if flow.module.kind(target) == ExprKind::Name(place)
                && flow.module.kind(value) == ExprKind::Name(place))
}

/// What every module has.
const MODULE_NAMES: &[&str] = &[
    "__name__",
    "__file__",
    "__doc__",
    "__package__",
    "__path__",
    "__spec__",
    "__loader__",
    "__builtins__",
];

/// `exec_("def reraise(…): …")`.
fn is_in_text(flow: &Flow<'_, '_>, name: &str) -> bool {
    let defines = format!("def {name}(");
    flow.code.exprs.range().map(ExprId::new).any(|expr| {
        matches!(flow.module.kind(expr), ExprKind::Text(text) if flow.module.name(text).contains(&defines))
    })
}

/// What the handlers of the `try` statements around a read do with a name that is not bound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// One waits for just this.
    Named,
    /// One takes everything.
    Any,
    /// None takes it.
    No,
}

fn awaited(flow: &Flow<'_, '_>) -> Awaited {
    let mut at = flow.code.block(flow.position().0).guard;
    let mut found = Awaited::No;
    while let Some(id) = at {
        let region = flow.code.region(id);
        if let TryKind::Catch { handlers, .. } = &region.kind {
            for handler in handlers {
                let names = handler.types.map(|_| {
                    match flow
                        .program
                        .catches(flow.module_ref, flow.id(), handler.types)
                    {
                        Catches::Classes { classes, .. } => classes
                            .iter()
                            .map(|&class| flow.program.class_name(class))
                            .collect(),
                        Catches::Everything => Vec::new(),
                    }
                });
                match names {
                    Some(names)
                        if names
                            .iter()
                            .any(|&name| matches!(name, "NameError" | "UnboundLocalError")) =>
                    {
                        return Awaited::Named;
                    }
                    Some(names)
                        if !names
                            .iter()
                            .any(|&name| matches!(name, "Exception" | "BaseException")) => {}
                    _ => found = Awaited::Any,
                }
            }
        }
        at = region.parent;
    }
    found
}

/// A read of a variable.
#[derive(Clone, Copy)]
struct Read {
    place: PlaceId,
    name: ExprId,
    at: (BlockId, u32),
}

impl Read {
    fn wanted(self) -> Wanted {
        Wanted {
            place: self.place,
            origin: None,
            passed: false,
            target: self.at,
        }
    }

    /// Whether what raised is the very statement that was to bind the name.
    fn is_bound_by(self, flow: &Flow<'_, '_>, decided: Option<Decided>) -> bool {
        let Some(Decided::Raised(raised)) = decided else {
            return false;
        };
        matches!(flow.code.insts[raised as usize].kind, InstKind::Bind { target, source: Source::Value(value), .. }
            if binds(flow.module, target, self.place) && calls(flow, value))
    }

    /// Whether the name is bound before the `try` whose handler or `finally` reads it: then it takes no exception for it not to be.
    fn is_bound_before(self, flow: &Flow<'_, '_>) -> bool {
        let code = flow.code;
        let read = code.insts[self.at.1 as usize].span;
        let around = code.tries.iter().rev().find(|region| match &region.kind {
            TryKind::Catch { handlers, .. } => {
                handlers.iter().any(|handler| handler.span.contains(read))
            }
            TryKind::Finally { suite, .. } => suite.contains(read),
            TryKind::With { .. } => false,
        });
        let bindings = Reaching::of(flow).bindings(self.place);
        around.is_some_and(|region| {
            let mut bindings = bindings.iter();
            bindings.all(|at| code.insts[at.inst as usize].span.end <= region.body.start)
        })
    }

    fn witness(self, flow: &Flow<'_, '_>) -> Witness {
        flow.witness_at(self.wanted(), self.name)
    }

    /// Whether a loop right before the read looks for what it binds the name to, and leaves by `break` once it has found it.
    fn is_searched(self, flow: &Flow<'_, '_>) -> bool {
        let code = flow.code;
        let ways = Reaching::of(flow);
        let [only] = &ways.bindings(self.place)[..] else {
            return false;
        };
        let bound = code.insts[only.inst as usize].span;
        let read = code.insts[self.at.1 as usize].span;
        let Some(block) = ways.block_of(only.inst) else {
            return false;
        };
        code.loops.iter().any(|of| {
            matches!(of.kind, LoopKind::For { .. })
                && of.suite.contains(bound)
                && !of.span.contains(read)
                && follows(flow, of.span.end, read.start)
                && !leads_to(code, block, of.header, self.at.0)
        })
    }

    /// How sure it is that there is a way to this read on which nothing binds the name, and what that way rests on.
    fn judged(self, flow: &Flow<'_, '_>) -> Option<(Confidence, Option<Course>)> {
        let witness = self.witness(flow);
        if witness == Witness::None {
            return None;
        }
        let course = flow.course(self.wanted(), self.name, witness);
        let shape = course.as_ref().map(|course| course.shape);
        let decided = course.as_ref().and_then(|course| course.decided);
        let confidence = match (witness, shape) {
            (Witness::Path, _) if hides_a_global(flow, self.place) => Confidence::High,
            (Witness::Path, Some(Shape::Straight)) => Confidence::High,
            (Witness::Path, Some(Shape::Other)) => Confidence::Medium,
            (Witness::Unfound, Some(Shape::Straight)) => Confidence::Medium,
            (Witness::Path, Some(Shape::Chain)) => Confidence::Medium,
            (Witness::Unfound, Some(Shape::Guarded | Shape::EarlierRound))
                if self.is_searched(flow) =>
            {
                Confidence::Medium
            }
            (Witness::Exception | Witness::Unfound, Some(Shape::Handled))
                if goes_on(flow, decided) =>
            {
                Confidence::Medium
            }
            (Witness::Exception | Witness::Path, Some(Shape::InHandler | Shape::InFinally))
                if self.is_bound_by(flow, decided) || self.is_bound_before(flow) =>
            {
                Confidence::Medium
            }
            _ => Confidence::Low,
        };
        Some((confidence, course))
    }
}

/// Whether nothing but blanks stands between two offsets: a statement follows right behind another.
fn follows(flow: &Flow<'_, '_>, end: u32, start: u32) -> bool {
    let mut between = flow.code.insts.iter();
    !between.any(|inst| inst.span.start >= end && inst.span.end <= start)
}

/// Whether control gets from one block to another without passing a third, exceptions aside.
fn leads_to(code: &Function, from: BlockId, to: BlockId, without: BlockId) -> bool {
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if at == without || std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        match code.block(at).next {
            Next::Goto(next) => open.push(next),
            Next::Branch(one, other) => open.extend([one, other]),
            _ => {}
        }
    }
    false
}

/// A name is told once: at its first read that may find nothing.
fn was_told(flow: &Flow<'_, '_>, ways: &Reaching<'_, '_, '_>, read: Read) -> bool {
    let reach = ways.reach(read.place, Start::Entry);
    reach.is_read_by(read.name) && is_told_before(flow, ways, read.place, &reach, read)
}

/// Names that are bound together are told together: where the first one is read.
fn is_told_with_another(flow: &Flow<'_, '_>, ways: &Reaching<'_, '_, '_>, read: Read) -> bool {
    let blocks = |place: PlaceId| {
        let bindings = ways.bindings(place);
        let mut blocks: Vec<_> = bindings
            .iter()
            .map(|binding| ways.block_of(binding.inst).map(BlockId::index))
            .collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks
    };
    let own = blocks(read.place);
    let Some(&Some(first)) = own.first() else {
        return false;
    };
    let mut others = Vec::new();
    for inst in flow.code.insts(flow.code.block(BlockId::new(first))) {
        if let InstKind::Bind { target, .. } = inst.kind {
            flow.module.walk(target, &mut |part| {
                if let ExprKind::Name(place) = flow.module.kind(part)
                    && place != read.place
                    && !others.contains(&place)
                {
                    others.push(place);
                }
            });
        }
    }
    others.truncate(TOGETHER);
    let mut others = others.into_iter().filter(|&other| blocks(other) == own);
    others.any(|other| {
        let reach = ways.reach(other, Start::Entry);
        is_told_before(flow, ways, other, &reach, read)
    })
}

/// Whether a variable has a read farther up that is told.
fn is_told_before(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    reach: &Reach,
    read: Read,
) -> bool {
    let is_earlier =
        |other: &&At| other.name != read.name && (other.inst, other.name) < (read.at.1, read.name);
    let mut earlier = reach.reads.iter().filter(is_earlier).take(EARLIER);
    earlier.any(|other| {
        let Some(block) = ways.block_of(other.inst) else {
            return false;
        };
        let other = Read {
            place,
            name: other.name,
            at: (block, other.inst),
        };
        other
            .judged(flow)
            .is_some_and(|(confidence, _)| confidence > Confidence::Low)
    })
}

/// As many names that are bound in one block are looked at.
const TOGETHER: usize = 8;

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
