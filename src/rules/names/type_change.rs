//! `type-change`: a name that held one type of value is bound to an unrelated one.

mod called;
mod conversion;
mod misfit;
mod stands;

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{At, Event, Flow, Held, Reach, Reaching, Start, State, Wanted, Witness};
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Scope, Source, Step, TryKind};
use crate::rules::names::vocabulary::is_throwaway;
use crate::rules::{Check, Family, Rule, Scene};
use crate::types::Type;
use crate::value::{Kinds, TypeId};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "type-change",
    family: Family::Names,
    page: include_str!("../../../rules/type-change.md"),
    severity: Severity::Warning,
    check: Check::Event(check),
};

/// Where the old value comes from.
#[derive(Clone, Copy)]
enum Old {
    Parameter(u16),
    Bound(At),
}

/// A name and its two bindings.
struct Change<'s> {
    flow: &'s Flow<'s, 's>,
    ways: Reaching<'s, 's, 's>,
    place: PlaceId,
    /// The instruction that binds it anew.
    inst: u32,
    /// The new value.
    value: ExprId,
    old: Kinds,
    new: Kinds,
    /// The types of both.
    types: (TypeId, TypeId),
}

fn check(scene: &Scene<'_>, state: &State, event: Event<'_>) -> Option<Finding> {
    if let Event::Call { call, .. } = event {
        return called::data_called(scene, state, call);
    }
    let Event::Bind {
        target,
        before,
        after,
    } = event
    else {
        return None;
    };
    let (old, new) = (family(scene.flow, before)?, family(scene.flow, after)?);
    if !is_unrelated(old, new) {
        return None;
    }
    let flow = scene.flow;
    let ExprKind::Name(place) = flow.module.kind(target) else {
        return None;
    };
    let value = after.bound?;
    let inst = flow.position().1;
    if !is_considered(flow, place) || !is_written_by_value(flow, inst) {
        return None;
    }
    let change = Change {
        flow,
        ways: Reaching::of(flow),
        place,
        inst,
        value,
        old,
        new,
        types: (before.value.class, after.value.class),
    };
    change.finding(scene, target)
}

/// The one known kind of a value, None aside.
fn family(flow: &Flow<'_, '_>, held: Held) -> Option<Kinds> {
    let kinds = held.value.kinds - Kinds::NONE - Kinds::UNBOUND;
    if !kinds.is_single() || kinds == Kinds::BOOL {
        return None;
    }
    if kinds == Kinds::INSTANCE && !is_plain_instance(flow, held) {
        return None;
    }
    Some(kinds)
}

/// An instance of a class of the project that has no base which might make it a text, number or container.
fn is_plain_instance(flow: &Flow<'_, '_>, held: Held) -> bool {
    let Type::Instance(class) = flow.program.types.get(held.value.class) else {
        return false;
    };
    let Some(info) = flow.program.project_class(class) else {
        return false;
    };
    let is_plain = |base| {
        flow.program.project_class(base).is_some() || flow.program.class_name(base) == "object"
    };
    !info.has_unknown_base && info.linearization.iter().all(|&base| is_plain(base))
}

/// Whether no code that is written for the one takes the other.
fn is_unrelated(old: Kinds, new: Kinds) -> bool {
    let groups = [
        Kinds::NUMBER,
        Kinds::TEXT,
        Kinds::BYTES,
        Kinds::LIST | Kinds::TUPLE | Kinds::SET | Kinds::ITERATOR,
        Kinds::DICT,
        Kinds::FUNCTION | Kinds::CLASS | Kinds::INSTANCE | Kinds::FILE | Kinds::MODULE,
    ];
    let group = |kinds: Kinds| groups.iter().position(|group| group.has(kinds));
    matches!((group(old), group(new)), (Some(a), Some(b)) if a != b)
}

fn is_considered(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    let Step::Variable { name, scope } = flow.code.place(place).step else {
        return false;
    };
    let own = match scope {
        Scope::Local { rebound_inside, .. } | Scope::Parameter { rebound_inside, .. } => {
            !rebound_inside
        }
        _ => false,
    };
    let is_declared = flow.code.insts.iter().any(|at| match at.kind {
        InstKind::Declare { target, .. }
        | InstKind::Bind {
            target,
            annotation: Some(_),
            ..
        } => flow.module.kind(target) == ExprKind::Name(place),
        _ => false,
    });
    own && !is_declared
        && !flow.code.is_dynamic
        && flow.code.kind != FunctionKind::Class
        && !is_throwaway(flow.module.name(name))
}

fn is_written_by_value(flow: &Flow<'_, '_>, inst: u32) -> bool {
    matches!(
        flow.code.insts[inst as usize].kind,
        InstKind::Bind {
            source: Source::Value(_),
            ..
        }
    )
}

impl Change<'_> {
    fn finding(&self, scene: &Scene<'_>, target: ExprId) -> Option<Finding> {
        let flow = self.flow;
        if self.is_asked_for_its_type() || self.is_alternative() {
            return None;
        }
        let (old, before) = self.old_binding()?;
        let after = self.ways.reach(self.place, Start::Behind(self.inst));
        let misfit = self.misfit(&after);
        // A conversion, and a value that is brought into line, are fine as long as the old meaning is forgotten.
        if misfit.is_none()
            && (self.is_conversion() || self.is_normalisation() || !self.is_alive(&before, &after))
        {
            return None;
        }
        let name = flow.place_text(self.place);
        let (old_word, new_word) = self.words();
        let message = Message::new("changed")
            .with("name", name.clone())
            .with("old", old_word.clone())
            .with("new", new_word);
        let first = Message::new("first")
            .with("name", name.clone())
            .with("old", old_word.clone());
        let related = match old {
            Old::Bound(at) => scene.related(at.name, first),
            Old::Parameter(index) => Related {
                location: scene.location_of(flow.code.parameters[usize::from(index)].span),
                message: first,
            },
        };
        let finding = scene.at(target, message).because(related);
        let finding = match (misfit, common(&before, &after)) {
            (Some(read), _) => finding.confidence(Confidence::High).because(
                scene.related(
                    read.name,
                    Message::new("misfit")
                        .with("name", name.clone())
                        .with("old", old_word),
                ),
            ),
            (None, Some(read)) => self
                .hint(finding, old)
                .because(scene.related(read.name, Message::new("both").with("name", name.clone()))),
            (None, None) => self.hint(finding, old),
        };
        Some(finding.help(Message::new("rename").with("name", name)))
    }

    /// What the old and the new value are, an instance by its class.
    fn words(&self) -> (String, String) {
        let program = self.flow.program;
        let word = |kinds: Kinds, class| match program.types.get(class) {
            Type::Instance(class) if kinds == Kinds::INSTANCE => {
                program.class_name(class).to_owned()
            }
            _ => kinds.word().to_owned(),
        };
        (word(self.old, self.types.0), word(self.new, self.types.1))
    }

    /// The binding whose value is replaced here, and how far it gets.
    fn old_binding(&self) -> Option<(Old, Reach)> {
        let mut found = None;
        for binding in self.ways.bindings(self.place) {
            // A later binding comes round only with the next round of a loop.
            if binding.inst >= self.inst || self.is_none(binding) {
                continue;
            }
            let reach = self.ways.reach(self.place, Start::Behind(binding.inst));
            if reach.is_killed_at(self.inst) && self.can_get_here(binding) {
                found = Some((Old::Bound(binding), reach));
            }
        }
        if found.is_some() {
            return found;
        }
        let Step::Variable {
            scope: Scope::Parameter { index, .. },
            ..
        } = self.flow.code.place(self.place).step
        else {
            return None;
        };
        let reach = self.ways.reach(self.place, Start::Entry);
        reach
            .is_killed_at(self.inst)
            .then_some((Old::Parameter(index), reach))
    }

    fn is_none(&self, binding: At) -> bool {
        match self.flow.code.insts[binding.inst as usize].kind {
            InstKind::Bind {
                source: Source::Value(value),
                ..
            } => self.flow.module.kind(value) == ExprKind::None,
            _ => false,
        }
    }

    /// Whether no condition keeps the old value from getting to the new binding.
    fn can_get_here(&self, binding: At) -> bool {
        let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = self.flow.code.insts[binding.inst as usize].kind
        else {
            return true;
        };
        if target != binding.name {
            return true;
        }
        let wanted = Wanted {
            place: self.place,
            origin: Some(value),
            passed: false,
            target: self.flow.position(),
        };
        self.flow.witness(wanted) != Witness::None
    }

    /// Under a condition that asks for a type, or for what the program finds around it.
    fn is_asked_for_its_type(&self) -> bool {
        let flow = self.flow;
        let mut conditions = self.ways.conditions(self.inst).into_iter();
        conditions.any(|(test, ..)| {
            let asks = |name: &String| {
                TYPE_TESTS.contains(&name.as_str())
                    || ENVIRONMENT.iter().any(|known| name.contains(known))
            };
            names_of(flow, test).iter().any(asks)
        })
    }

    /// Under a condition on the name itself: its value is brought into line.
    fn is_normalisation(&self) -> bool {
        let mut conditions = self.ways.conditions(self.inst).into_iter();
        conditions.any(|(test, _, rejoins)| rejoins && self.flow.mentions(test, self.place))
    }

    /// In a handler of the very `try` whose body bound the old value.
    fn is_alternative(&self) -> bool {
        let flow = self.flow;
        let here = flow.code.insts[self.inst as usize].span;
        flow.code.tries.iter().any(|region| match &region.kind {
            TryKind::Catch { handlers, .. } => {
                handlers.iter().any(|handler| handler.span.contains(here))
            }
            _ => false,
        })
    }

    /// Whether both values are read, or get to one read; where the name is only used again there is nothing to tell.
    fn is_alive(&self, before: &Reach, after: &Reach) -> bool {
        if before.reads.is_empty() || after.reads.is_empty() && !after.survives {
            return false;
        }
        let read_between = before.reads.iter().any(|read| !after.is_read_by(read.name));
        read_between || common(before, after).is_some()
    }

    /// Nothing shows that anybody takes the one value for the other.
    fn hint(&self, finding: Finding, old: Old) -> Finding {
        let confidence = match self.is_placeholder(old) {
            true => Confidence::Low,
            false => Confidence::Medium,
        };
        finding.confidence(confidence).severity(Severity::Hint)
    }

    /// An empty value that stands for "nothing yet".
    fn is_placeholder(&self, old: Old) -> bool {
        let flow = self.flow;
        let value = match old {
            Old::Bound(at) => match flow.code.insts[at.inst as usize].kind {
                InstKind::Bind {
                    source: Source::Value(value),
                    ..
                } => Some(value),
                _ => None,
            },
            Old::Parameter(index) => flow.code.parameters[usize::from(index)].default,
        };
        value.is_some_and(|value| is_empty_literal(flow, value))
            || is_empty_literal(flow, self.value)
    }
}

/// Functions that ask for a type.
const TYPE_TESTS: &[&str] = &["isinstance", "issubclass", "type", "callable", "hasattr"];

/// Names of what a program finds around it: alternatives under such a condition never meet.
const ENVIRONMENT: &[&str] = &[
    "PY2",
    "PY3",
    "TYPE_CHECKING",
    "version_info",
    "platform",
    "os.name",
];

fn names_of(flow: &Flow<'_, '_>, test: ExprId) -> Vec<String> {
    let mut names = Vec::new();
    flow.module.walk(test, &mut |part| {
        names.extend(flow.module.dotted(flow.code, part))
    });
    names
}

fn is_empty_literal(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    match flow.module.kind(value) {
        ExprKind::None | ExprKind::False | ExprKind::Int(0 | 1) => true,
        ExprKind::Unary { operand, .. } => matches!(flow.module.kind(operand), ExprKind::Int(1)),
        ExprKind::Text(text) | ExprKind::Bytes(text) => flow.module.name(text).is_empty(),
        ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Dict(parts) => parts.is_empty(),
        _ => false,
    }
}

/// A read that both values get to.
fn common(before: &Reach, after: &Reach) -> Option<At> {
    before
        .reads
        .iter()
        .find(|read| after.is_read_by(read.name))
        .copied()
}
