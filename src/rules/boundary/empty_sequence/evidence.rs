//! Why a value may have too few elements.

use super::alike::ALIKE;
use super::answered::{
    answered, asks_for_one, gives_one_for_each, is_asked_on_the_spot, is_doubted, is_of_found,
};
use super::attribute::{DOUBTED, of_attribute};
use super::beside;
use super::guarded::is_asked_beside;
use super::list::{appends, filled, of_empty_display};
use super::part::of_rest;
use super::queries::{is_cursor, is_query};
use super::split::{has_text_default, of_split};
use super::whole::{narrowed, of_file};
use crate::finding::Confidence;
use crate::flow::{Flow, State};
use crate::ir::{ComprehensionKind, Dialect, ExprId, ExprKind, InstKind, Module, PlaceId, Source};
use crate::project::Target;
use crate::rules::sequences::{Boundary, Origin, Outside};
use crate::value::{Facts, Kinds};

/// Calls that answer with a list of whatever they found, which may be nothing.
pub(super) const FINDING: [&str; 25] = [
    "most_common",
    "findall",
    "xpath",
    "cssselect",
    "select",
    "getElementsByTagName",
    "getElementsByTagNameNS",
    "getElementsByClassName",
    "find_all",
    "findAll",
    "find_elements",
    "find_elements_by_xpath",
    "fetchall",
    "fetchmany",
    "splitlines",
    "readlines",
    "iglob",
    "listdir",
    "lrange",
    "zrange",
    "zrevrange",
    "zrangebyscore",
    "zrevrangebyscore",
    "find_elements_by_css_selector",
    "find_elements_by_class_name",
];

/// Functions of a module that answer with a list of whatever they found.
const LISTING: [&str; 5] = [
    "difflib.get_close_matches",
    "email.Utils.getaddresses",
    "email.utils.getaddresses",
    "heapq.nlargest",
    "heapq.nsmallest",
];

/// The evidence is another reduction, in another function.
pub(super) const DEFAULTED: &str = "defaulted";

/// What is known of how few elements a value can have.
pub(super) struct Evidence {
    /// So many it has at least.
    pub(super) least: i64,
    /// How sure it is that it matters.
    pub(super) confidence: Confidence,
    /// The message that says why.
    pub(super) key: &'static str,
    /// Where it comes from.
    pub(super) source: ExprId,
}

impl Evidence {
    /// Where it comes from, if a test of that says something of the function's own value.
    pub(super) fn own_source(&self, flow: &Flow<'_, '_>) -> Option<ExprId> {
        let is_elsewhere = matches!(self.key, ALIKE | DEFAULTED | DOUBTED | "probed");
        (!is_elsewhere && flow.code.owns(self.source)).then_some(self.source)
    }
}

/// Why a value may have too few elements.
pub(super) fn evidence(
    boundary: &Boundary<'_>,
    subject: ExprId,
    state: &State,
) -> Option<Evidence> {
    let flow = boundary.flow;
    if let ExprKind::Name(place) = flow.module.kind(subject) {
        if let Some(found) = filled(boundary, place, state).or_else(|| narrowed(boundary, place)) {
            return Some(found);
        }
        let held = flow.held(state, subject);
        // A method that sorts what was found leaves it as long as it was.
        let source = held
            .and_then(|held| held.bound)
            .or_else(|| only_value(boundary, place))?;
        let found = of_form(boundary, source, state);
        let found = found.map(|found| doubted_beside(boundary, source, found));
        return found.or_else(|| of_result(boundary, subject, source, state));
    }
    of_form(boundary, subject, state)
        .map(|found| doubted_beside(boundary, subject, found))
        .or_else(|| of_result(boundary, subject, subject, state))
        .or_else(|| of_attribute(boundary, subject, state))
}

/// A call of the project, or of a library, that may give nothing.
fn of_result(
    boundary: &Boundary<'_>,
    subject: ExprId,
    source: ExprId,
    state: &State,
) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Call { .. } = flow.module.kind(source) else {
        return None;
    };
    let value = match flow.held(state, subject) {
        Some(held) => held.value,
        None => flow.quietly(subject, state).value,
    };
    if asks_for_one(boundary, source) || gives_one_for_each(boundary, source) {
        return None;
    }
    if let Some(found) = answered(boundary, source)
        && found.confidence >= Confidence::Medium
    {
        return Some(found);
    }
    let sequence = Kinds::LIST | Kinds::TUPLE | Kinds::TEXT | Kinds::BYTES;
    let fits = (value.kinds - sequence - Kinds::NONE).is_empty() && value.kinds.meets(sequence);
    let is_doubted = || {
        boundary
            .callee(source)
            .is_some_and(|function| is_doubted(boundary, function, source, 0))
    };
    // What one call says on the spot, `found(x) or [x]`, holds for the others; so does a branch that gives an empty list.
    let is_of_list = value.is_unknown() || value.kinds.meets(Kinds::LIST | Kinds::TUPLE);
    if is_of_list && (is_asked_on_the_spot(boundary, source) || gives_empty_arm(boundary, source)) {
        return Some(Evidence {
            least: 0,
            confidence: Confidence::Medium,
            key: "empty",
            source,
        });
    }
    let confidence = if returns_nothing(boundary, source) || is_doubted() {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    (fits && value.facts.has(Facts::EMPTY)).then_some(Evidence {
        least: 0,
        confidence,
        key: "empty",
        source,
    })
}

/// Whether a function of the project says `return []` somewhere: what else it fills in a loop mostly has something in it.
pub(super) fn returns_nothing(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return false;
    };
    let Target::Function { function, .. } = flow.program.target(flow.evaluate.value(callee)) else {
        return false;
    };
    let (module, code) = flow.program.code(function);
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => match module.kind(value) {
            // `found[-1].owners if found else []`
            ExprKind::Conditional {
                then, otherwise, ..
            } => [then, otherwise]
                .into_iter()
                .any(|arm| is_empty_literal(module, arm)),
            _ => is_empty_literal(module, value),
        },
        _ => false,
    })
}

/// Whether all that a function of the project returns is a choice of which one is an empty list: `found if found else []`.
fn gives_empty_arm(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let Some(function) = boundary.callee(call) else {
        return false;
    };
    let (module, code) = boundary.flow.program.code(function);
    let mut returned = code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Return(value) => value,
        _ => None,
    });
    let is_choice = |value: ExprId| match module.kind(value) {
        ExprKind::Conditional {
            then, otherwise, ..
        } => [then, otherwise]
            .into_iter()
            .any(|arm| matches!(module.kind(arm), ExprKind::List(parts) if parts.is_empty())),
        _ => false,
    };
    returned.next().is_some_and(is_choice) && returned.next().is_none()
}

/// What the way a value is written says.
pub(super) fn of_form(boundary: &Boundary<'_>, expr: ExprId, state: &State) -> Option<Evidence> {
    let evidence = |least, confidence, key| {
        Some(Evidence {
            least,
            confidence,
            key,
            source: expr,
        })
    };
    match boundary.flow.module.kind(expr) {
        ExprKind::Call { .. } => {
            let (name, receiver, arguments) = boundary.called(expr)?;
            match (name, receiver) {
                ("split" | "rsplit", Some(text)) => {
                    match boundary.flow.evaluate.dotted(text).as_deref() {
                        Some("shlex") => evidence(0, Confidence::Medium, "spaces"),
                        Some("re" | "regex" | "os.path" | "posixpath" | "ntpath" | "numpy") => None,
                        _ => of_split(boundary, expr, text, &arguments),
                    }
                }
                ("get" | "getenv", _) | ("getattr", None) => {
                    let position = if name == "getattr" { 2 } else { 1 };
                    let default = *arguments.get(position)?;
                    is_empty_literal(boundary.flow.module, default)
                        .then(|| evidence(0, Confidence::Medium, "default"))?
                }
                ("filter" | "exclude" | "all" | "order_by", Some(receiver))
                    if is_query(boundary, receiver) =>
                {
                    evidence(0, Confidence::Medium, "found")
                }
                ("sorted" | "list" | "tuple", None) => {
                    let inner = evidence_of_argument(boundary, *arguments.first()?, state)?;
                    Some(Evidence {
                        source: expr,
                        ..inner
                    })
                }
                ("map", None) => {
                    let inner = evidence_of_argument(boundary, *arguments.get(1)?, state)?;
                    Some(Evidence {
                        source: expr,
                        ..inner
                    })
                }
                ("filter", None) if boundary.flow.module.dialect == Dialect::Two => {
                    evidence(0, Confidence::Low, "filtered")
                }
                ("glob", Some(_)) => evidence(0, Confidence::Medium, "found"),
                _ if is_listing(boundary, expr) => evidence(0, Confidence::Medium, "found"),
                ("find" | "sort" | "limit" | "aggregate", Some(_)) if is_cursor(boundary, expr) => {
                    evidence(0, Confidence::Medium, "found")
                }
                ("read" | "readlines", Some(file))
                    if of_file(boundary, expr, name, file).is_some() =>
                {
                    of_file(boundary, expr, name, file)
                }
                (name, Some(receiver)) if FINDING.contains(&name) => {
                    let is_text_file = name == "readlines" || name == "splitlines";
                    let is_outside = || {
                        let who = boundary.written_by(receiver);
                        who.is_some_and(|(who, _)| who != Outside::Database)
                    };
                    if is_text_file && (!is_outside() || has_text_default(boundary, receiver)) {
                        return None;
                    }
                    if name == "select" && arguments.len() != 1 {
                        return None;
                    }
                    let mut texts = arguments.last().into_iter().chain([&receiver]);
                    let confidence = if texts.any(|&text| is_asked_beside(boundary, text)) {
                        Confidence::Low
                    } else {
                        Confidence::Medium
                    };
                    evidence(0, confidence, "found")
                }
                ("strip" | "lstrip" | "rstrip", Some(text)) if boundary.is_outside(text) => {
                    evidence(0, Confidence::Medium, "blank")
                }
                ("join", Some(_)) => of_join(boundary, expr, *arguments.first()?, state),
                _ => None,
            }
        }
        ExprKind::Or(parts) => {
            let last = *boundary.flow.module.list(parts).last()?;
            is_empty_literal(boundary.flow.module, last)
                .then(|| evidence(0, Confidence::Medium, "default"))?
        }
        ExprKind::Comprehension(id) => {
            let comprehension = boundary.flow.module.comprehension(id);
            let filtered = comprehension
                .clauses
                .iter()
                .any(|clause| !clause.conditions.is_empty());
            if comprehension.kind != ComprehensionKind::List {
                return None;
            }
            let iterable = comprehension.clauses.first()?.iterable;
            let is_of_others = is_of_found(boundary, iterable);
            match (filtered, is_of_others) {
                (true, true) => evidence(0, Confidence::Medium, "filtered"),
                // Whoever picks the first that fits mostly knows that there is one.
                (true, false) => evidence(0, Confidence::Low, "filtered"),
                (false, true) => evidence(0, Confidence::Medium, "found"),
                (false, false) => None,
            }
        }
        ExprKind::Subscript { value, index, .. } => {
            if let Some(found) = of_rest(boundary, expr, value, index) {
                return Some(found);
            }
            let name = boundary.flow.evaluate.dotted(value)?;
            let is_rest = name == "sys.argv"
                && matches!(boundary.flow.module.kind(index), ExprKind::Slice { .. });
            is_rest.then(|| evidence(0, Confidence::Low, "argv"))?
        }
        ExprKind::Attribute { .. } => {
            let name = boundary.flow.evaluate.dotted(expr)?;
            match name.as_str() {
                // A traceback says as well as anything that a script wants an argument.
                "sys.argv" => evidence(1, Confidence::Low, "argv"),
                _ => of_exception(boundary, expr),
            }
        }
        _ => None,
    }
}

pub(super) fn evidence_of_argument(
    boundary: &Boundary<'_>,
    argument: ExprId,
    state: &State,
) -> Option<Evidence> {
    match boundary.flow.module.kind(argument) {
        ExprKind::Comprehension(id) => {
            let comprehension = boundary.flow.module.comprehension(id);
            let filtered = comprehension
                .clauses
                .iter()
                .any(|clause| !clause.conditions.is_empty());
            filtered.then_some(Evidence {
                least: 0,
                confidence: Confidence::Medium,
                key: "filtered",
                source: argument,
            })
        }
        ExprKind::Call { .. } => match boundary.called(argument)? {
            ("filter", None, _) => Some(Evidence {
                least: 0,
                confidence: Confidence::Medium,
                key: "filtered",
                source: argument,
            }),
            ("glob", None, _) => None,
            _ => of_form(boundary, argument, state).or_else(|| answered(boundary, argument)),
        },
        _ => None,
    }
}

/// `""`, `[]`, `()`.
pub(super) fn is_empty_literal(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Text(text) | ExprKind::Bytes(text) => module.name(text).is_empty(),
        ExprKind::List(parts) | ExprKind::Tuple(parts) => parts.is_empty(),
        _ => false,
    }
}

/// `difflib.get_close_matches(word, known)`, however it was imported.
fn is_listing(boundary: &Boundary<'_>, call: ExprId) -> bool {
    let flow = boundary.flow;
    let ExprKind::Call { callee, .. } = flow.module.kind(call) else {
        return false;
    };
    let name = flow.evaluate.dotted(callee);
    name.is_some_and(|name| LISTING.contains(&name.as_str()))
}

/// What a variable is bound to, where that is said once, and nothing makes it longer.
fn only_value(boundary: &Boundary<'_>, place: PlaceId) -> Option<ExprId> {
    match boundary.origins(place)[..] {
        [Origin::Value(value)] if appends(boundary, place).is_empty() => Some(value),
        _ => None,
    }
}

/// What passes a condition may be nothing, where another function of the file passes the same things through one and asks.
fn doubted_beside(boundary: &Boundary<'_>, source: ExprId, found: Evidence) -> Evidence {
    let is_sure = found.key != "filtered" || found.confidence > Confidence::Low;
    if is_sure || !beside::is_asked(boundary, source) {
        return found;
    }
    Evidence {
        confidence: Confidence::Medium,
        ..found
    }
}

/// `"".join(lines)` is empty where `lines` is.
fn of_join(
    boundary: &Boundary<'_>,
    expr: ExprId,
    argument: ExprId,
    state: &State,
) -> Option<Evidence> {
    let inner = match boundary.flow.module.kind(argument) {
        ExprKind::Name(place) => of_empty_display(boundary, place, state)?,
        _ => evidence_of_argument(boundary, argument, state)?,
    };
    (inner.least == 0).then_some(Evidence {
        key: "joined",
        source: expr,
        ..inner
    })
}

/// `error.args[0]` of a caught exception.
fn of_exception(boundary: &Boundary<'_>, expr: ExprId) -> Option<Evidence> {
    let flow = boundary.flow;
    let ExprKind::Attribute { value, name, .. } = flow.module.kind(expr) else {
        return None;
    };
    if flow.module.name(name) != "args" {
        return None;
    }
    let place = flow.place_of(value)?;
    if flow
        .place_text(place)
        .to_ascii_lowercase()
        .ends_with("greenlet")
    {
        return Some(Evidence {
            least: 0,
            confidence: Confidence::Medium,
            key: "finished",
            source: expr,
        });
    }
    let caught = flow.code.insts.iter().any(|inst| {
        matches!(inst.kind, InstKind::Bind { target, source: Source::Caught { .. }, .. } if flow.place_of(target) == Some(place))
    });
    caught.then_some(Evidence {
        least: 0,
        confidence: Confidence::Low,
        key: "exception",
        source: expr,
    })
}
