//! `possibly-unbound`: a name is read that is not bound on every path.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{
    At, Course, Decided, Event, Flow, Reach, Reaching, Shape, Start, State, Wanted, Witness,
};
use crate::ir::{
    BlockId, Dialect, ExprId, ExprKind, FunctionKind, Handler, Inst, InstKind, NameId, PlaceId,
    Scope, Source, Step, Try, TryKind,
};
use crate::project::Catches;
use crate::rules::around::{binds, called};
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
    let (confidence, course) = read.judged(flow)?;
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
    let ways = Reaching::of(flow);
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

    fn witness(self, flow: &Flow<'_, '_>) -> Witness {
        flow.witness_at(self.wanted(), self.name)
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
            (Witness::Exception | Witness::Unfound, Some(Shape::Handled))
                if goes_on(flow, decided) =>
            {
                Confidence::Medium
            }
            (Witness::Exception | Witness::Path, Some(Shape::InHandler | Shape::InFinally))
                if self.is_bound_by(flow, decided) =>
            {
                Confidence::Medium
            }
            _ => Confidence::Low,
        };
        Some((confidence, course))
    }
}

/// Whether the body of a `try` raises by a statement of its own: that is what the handlers wait for.
fn raises_itself(flow: &Flow<'_, '_>, region: &Try) -> bool {
    flow.code.insts.iter().any(|inst| {
        region.body.contains(inst.span)
            && matches!(
                inst.kind,
                InstKind::Raise {
                    exception: Some(_),
                    assertion: false,
                    ..
                }
            )
    })
}

/// Whether an expression calls something, awaited or not.
fn calls(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    match flow.module.kind(value) {
        ExprKind::Call { .. } => true,
        ExprKind::Await(value) | ExprKind::Subscript { value, .. } => calls(flow, value),
        _ => false,
    }
}

/// Whether some handler of what raised is sure to go on: it asks nothing, leaves nowhere, and gives the exception to nobody
/// who may well raise it again, as in `self.fail(error)`. Of what a `with` swallows, only `suppress` is sure.
fn goes_on(flow: &Flow<'_, '_>, decided: Option<Decided>) -> bool {
    let Some(Decided::Raised(raised)) = decided else {
        return true;
    };
    let raised = flow.code.insts[raised as usize].span;
    let mut regions = flow.code.tries.iter();
    regions.any(|region| {
        region.body.contains(raised)
            && !raises_itself(flow, region)
            && match &region.kind {
                TryKind::Catch { handlers, .. } => {
                    handlers.iter().any(|handler| is_plain(flow, handler))
                }
                TryKind::With { manager, .. } => suppresses(flow, *manager),
                TryKind::Finally { .. } => false,
            }
    })
}

fn suppresses(flow: &Flow<'_, '_>, manager: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(manager) else {
        return false;
    };
    let name = flow.module.dotted(flow.code, callee).unwrap_or_default();
    name.rsplit('.').next() == Some("suppress")
}

fn is_plain(flow: &Flow<'_, '_>, handler: &Handler) -> bool {
    let body = handler.body;
    let mut regions = flow.code.tries.iter();
    if regions.any(|region| body.contains(region.span)) {
        return false;
    }
    let error = handler
        .target
        .and_then(|target| flow.module.kind(target).place());
    let inside = flow
        .code
        .insts
        .iter()
        .filter(|inst| body.contains(inst.span));
    let leaves = |inst: &Inst| {
        matches!(
            inst.kind,
            InstKind::Assume { .. } | InstKind::Return(_) | InstKind::Raise { .. }
        )
    };
    // Where it asks something, the way that was found goes on for one answer.
    let asks = inside.clone().any(leaves);
    let mut inside = inside;
    inside.all(|inst| match inst.kind {
        InstKind::Eval(value) => {
            let is_given = error.is_some_and(|error| hands_on(flow, value, error));
            let leaves = asks && sounds_leaving(flow, value);
            !matches!(flow.module.kind(value), ExprKind::Yield(_)) && !is_given && !leaves
        }
        // Somebody who is given the exception may decide whether to go on.
        InstKind::Bind {
            source: Source::Value(value),
            ..
        } if asks => !error.is_some_and(|error| is_given(flow, value, error)),
        _ => true,
    })
}

/// Parts of names of functions that hardly come back.
const LEAVES: [&str; 10] = [
    "abort", "bail", "die", "error", "exit", "fail", "fatal", "raise", "throw", "usage",
];

/// Whether an expression calls something that sounds as if it ended the function.
fn sounds_leaving(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(value) else {
        return false;
    };
    let name = called(flow.module, flow.code, callee);
    let lower = name.to_ascii_lowercase();
    !NOTES.contains(&name) && LEAVES.iter().any(|part| lower.contains(part))
}

/// Whether an expression calls something with the exception.
fn is_given(flow: &Flow<'_, '_>, value: ExprId, error: PlaceId) -> bool {
    let ExprKind::Call { arguments, .. } = flow.module.kind(value) else {
        return false;
    };
    let mut given = flow.module.arguments(arguments).iter();
    given.any(|argument| flow.module.kind(argument.value).place() == Some(error))
}

fn hands_on(flow: &Flow<'_, '_>, value: ExprId, error: PlaceId) -> bool {
    let call = match flow.module.kind(value) {
        ExprKind::Await(call) => call,
        _ => value,
    };
    let ExprKind::Call { callee, arguments } = flow.module.kind(call) else {
        return false;
    };
    let ExprKind::Attribute { value, name, .. } = flow.module.kind(callee) else {
        return false;
    };
    let owner = flow.module.dotted(flow.code, value).unwrap_or_default();
    let owner = owner.rsplit('.').next().unwrap_or_default();
    let is_log = LOGS.contains(&owner.trim_start_matches('_').to_ascii_lowercase().as_str());
    let notes = is_log || NOTES.contains(&flow.module.name(name));
    let mut given = flow.module.arguments(arguments).iter();
    !notes && given.any(|argument| flow.module.kind(argument.value).place() == Some(error))
}

/// Names of what takes note of things.
const LOGS: [&str; 6] = [
    "log",
    "logger",
    "logging",
    "sentry",
    "traceback",
    "warnings",
];

/// Methods that take note of an exception, and come back.
const NOTES: &[&str] = &[
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "log",
    "msg",
    "err",
    "write",
    "append",
    "add",
    "put",
];

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
