//! How sure it is that a result of the library is None, by what the code around it says.

use super::callee as callee_of;
use super::keyed::Keys;
use super::pattern::{self, Certainty};
use super::{rows, text};
use crate::finding::Confidence;
use crate::flow::{Flow, Use};
use crate::infer::ResultUse;
use crate::ir::{
    Argument, Comparison, ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Source, TryKind,
};
use crate::project::Target;
use crate::rules::none::belief::{self, Question, alike};
use crate::types::Type;

/// Results that are None only where the program is not what it is: a module without a file, a parser outside of its events.
const STEADY: [&str; 10] = [
    "get_filename",
    "get_payload",
    "get_starttag_text",
    "spec_from_file_location",
    "spec_from_loader",
    "currentframe",
    "getmodule",
    "getmodulename",
    "get_data",
    "get_params",
];

/// Attributes that are there whenever somebody reads them: streams that were asked for, the name that an import gives its
/// error, memory that is not closed yet, the root of a document that was parsed or made.
const PRESENT: [&str; 13] = [
    "stdin",
    "stdout",
    "stderr",
    "name",
    "buf",
    "documentElement",
    // A parser sets it before it calls anybody.
    "values",
    // Who has a property, a mapping with defaults or a traceback at hand made it with one.
    "fget",
    "default_factory",
    "exc_type",
    // Of a module that was found.
    "loader",
    "origin",
    "submodule_search_locations",
];

/// Variables that Windows sets for every process.
const OF_SYSTEM: [&str; 12] = [
    "allusersprofile",
    "appdata",
    "comspec",
    "localappdata",
    "programdata",
    "programfiles",
    "programfiles(x86)",
    "public",
    "systemdrive",
    "systemroot",
    "userprofile",
    "windir",
];

/// What the library may give, and what the code around knows better. Nothing where the key is known to be there.
pub(super) fn of_library(flow: &Flow<'_, '_>, used: &ResultUse, keys: &Keys) -> Option<Confidence> {
    let module = flow.module;
    let source = used.source;
    // Who is called for an object that is referred to so is mostly called by it.
    if let Target::Library(call) = callee_of(flow, source)
        && flow.program.library.get(call).name.starts_with("weakref.")
        && !is_doubted_anywhere(flow, used)
        && !is_reference_error_awaited(flow, used)
    {
        return Some(Confidence::Low);
    }
    let ExprKind::Call { callee, arguments } = module.kind(source) else {
        let ExprKind::Attribute { name, .. } = module.kind(source) else {
            // Of what an object keeps, who wrote the number down knows what is there.
            return Some(match module.kind(source) {
                ExprKind::Subscript { value, .. }
                    if matches!(module.kind(value), ExprKind::Attribute { .. }) =>
                {
                    Confidence::Low
                }
                _ => Confidence::Medium,
            });
        };
        let name = module.name(name);
        // Whoever wrote the class knows in what state its objects are.
        let is_own = match module.kind(source) {
            ExprKind::Attribute { value, .. } => {
                let class = flow.evaluate.value(value).class;
                matches!(flow.program.types.get(class), Type::Class(class)
                    if flow.program.project_class(class).is_some())
            }
            _ => false,
        };
        let is_present = is_own || PRESENT.contains(&name) || name.starts_with("__");
        return Some(match is_present {
            true => Confidence::Low,
            false => Confidence::Medium,
        });
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        // Who asks for what an object may not have mostly knows which objects come.
        let asks = module.dotted(flow.code, callee).as_deref() == Some("getattr");
        let is_encoding = module.arguments(arguments).get(1).is_some_and(|name| {
            matches!(module.kind(name.value), ExprKind::Text(name) if module.name(name) == "encoding")
        });
        return Some(match asks && !is_doubted_anywhere(flow, used) {
            true if is_encoding => Confidence::Medium,
            true => Confidence::Low,
            false => Confidence::High,
        });
    };
    match (module.name(name), module.arguments(arguments)) {
        ("get", [key, ..]) if is_contained(flow, key.value, value, source) => None,
        ("get", [key, ..])
            if !used.from_outside
                && is_table(flow, value)
                && matches!(module.kind(key.value), ExprKind::Text(_)) =>
        {
            Some(Confidence::Low)
        }
        ("fetchone", _) if rows::is_counted(flow, source) || rows::is_aggregate(flow, value) => {
            None
        }
        ("scalar", [statement, ..]) if rows::counts(flow, statement.value) => None,
        // A module that an object says it is from is there.
        ("get", [key, ..])
            if module.dotted(flow.code, value).as_deref() == Some("sys.modules")
                && matches!(module.kind(key.value), ExprKind::Attribute { name, .. } if module.name(name) == "__module__") =>
        {
            None
        }
        // Whoever runs in a coroutine runs in a task.
        ("current_task", []) if flow.code.is_async => None,
        // A time that is asked for it has been found to have one.
        ("utcoffset" | "dst", [time]) if is_asked_about(flow, time.value) => Some(Confidence::Low),
        ("get" | "getenv", [key, ..]) if is_of_system(flow, value, key.value) => {
            Some(Confidence::Low)
        }
        // What a document has to hold, its author may still have left out.
        ("find", _) if matches!(callee_of(flow, source), Target::Library(_)) => {
            Some(match is_taken_for_granted(flow, used, keys) {
                true => Confidence::Medium,
                false => Confidence::High,
            })
        }
        ("get" | "pop" | "find", _) if is_taken_for_granted(flow, used, keys) => {
            Some(match is_half_guarded(flow, used) {
                true => Confidence::Medium,
                false => Confidence::Low,
            })
        }
        ("get", _) => Some(Confidence::Medium),
        // Of a class that is at hand the module is known, of anything else it need not be.
        ("getmodule", [only]) if matches!(module.kind(only.value), ExprKind::Name(_)) => {
            Some(Confidence::Medium)
        }
        (name, _) if STEADY.contains(&name) => Some(Confidence::Low),
        ("match" | "search" | "fullmatch", arguments) => of_match(flow, used, arguments),
        ("group" | "groups" | "guess_type", _) => Some(Confidence::Medium),
        _ if matches!(flow.code.kind, FunctionKind::Module | FunctionKind::Class) => {
            Some(Confidence::Low)
        }
        _ => Some(Confidence::High),
    }
}

/// Whether a handler waits for what a proxy raises, and a reference does not.
fn is_reference_error_awaited(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let (module, code) = (flow.module, flow.code);
    let mut at = code.block(used.position.0).guard;
    while let Some(id) = at {
        let region = code.region(id);
        if let TryKind::Catch { handlers, .. } = &region.kind {
            let types = handlers.iter().filter_map(|handler| handler.types);
            let mut types = types.filter_map(|types| module.dotted(code, types));
            if types.any(|name| name == "ReferenceError") {
                return true;
            }
        }
        at = region.parent;
    }
    false
}

/// Whether a condition of the function shows a value to a call: `if is_aware(time)`.
fn is_asked_about(flow: &Flow<'_, '_>, value: ExprId) -> bool {
    let module = flow.module;
    flow.code.insts.iter().any(|inst| {
        let InstKind::Assume { test, .. } = inst.kind else {
            return false;
        };
        let mut found = false;
        module.walk(test, &mut |part| {
            if let ExprKind::Call { arguments, .. } = module.kind(part) {
                let mut given = module.arguments(arguments).iter();
                found |= given.any(|argument| alike(module, argument.value, value));
            }
        });
        found
    })
}

/// A match of a pattern, by what is known of the pattern and the text.
fn of_match(flow: &Flow<'_, '_>, used: &ResultUse, arguments: &[Argument]) -> Option<Confidence> {
    let source = used.source;
    let certainty = pattern::certainty(flow, source);
    if certainty == Certainty::Always {
        return None;
    }
    let is_known = arguments.iter().take(2).next_back().is_some_and(|text| {
        is_part_of_match(flow, text.value)
            || pattern::is_matched_before(flow, (source, used.position.0), text.value)
    });
    let is_body = matches!(flow.code.kind, FunctionKind::Module | FunctionKind::Class);
    let varies = || {
        let mut text = arguments.iter().take(2);
        text.next_back()
            .is_some_and(|text| text::varies(flow, source, text.value))
            || is_doubted_anywhere(flow, used)
    };
    Some(
        match certainty == Certainty::OneLine || is_known || is_body || !varies() {
            true => Confidence::Low,
            false => Confidence::Medium,
        },
    )
}

/// Whether a variable of the environment is one that the operating system sets itself.
fn is_of_system(flow: &Flow<'_, '_>, container: ExprId, key: ExprId) -> bool {
    let ExprKind::Text(key) = flow.module.kind(key) else {
        return false;
    };
    let key = flow.module.name(key).to_ascii_lowercase();
    is_environment(flow, container) && OF_SYSTEM.contains(&key.as_str())
}

fn is_environment(flow: &Flow<'_, '_>, container: ExprId) -> bool {
    let dotted = flow.module.dotted(flow.code, container);
    matches!(dotted.as_deref(), Some("os" | "os.environ" | "environ"))
}

/// Whether a constant key is looked up, and nothing tells that it may be missing: neither does the container come from
/// outside, nor does other code test it. Who wrote the key down mostly knows that somebody else sets it: a schema, the
/// defaults of a parser, the code that made the container.
fn is_taken_for_granted(flow: &Flow<'_, '_>, used: &ResultUse, keys: &Keys) -> bool {
    let ExprKind::Call { callee, .. } = flow.module.kind(used.source) else {
        return false;
    };
    let ExprKind::Attribute { value, .. } = flow.module.kind(callee) else {
        return false;
    };
    keys.is_doubted(flow, used.source) == Some(false)
        && !used.from_outside
        && !is_environment(flow, value)
        && !is_doubted_anywhere(flow, used)
}

/// More statements in a `try` are about more than the value.
const FEW: u32 = 2;

/// Whether a handler waits for trouble with the value, and does not catch what None raises:
/// `try: int(d.get("level")) except ValueError`.
fn is_half_guarded(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let code = flow.code;
    let Some(region) = code.block(used.position.0).guard else {
        return false;
    };
    let region = code.region(region);
    let converts = matches!(used.how, Use::Argument | Use::Operand);
    converts && region.statements <= FEW && matches!(region.kind, TryKind::Catch { .. })
}

/// Whether the variable that is used is tested for None or truth behind its source.
fn is_doubted_anywhere(flow: &Flow<'_, '_>, used: &ResultUse) -> bool {
    let module = flow.module;
    let Some(place) = flow
        .place_of(used.subject)
        .filter(|_| used.subject != used.source)
    else {
        return false;
    };
    let start = module.span(used.source).end;
    let mut asked = Vec::new();
    for inst in &flow.code.insts {
        if let InstKind::Assume { test, .. } = inst.kind {
            belief::asked(module, flow.code, test, &mut asked);
        }
    }
    for expr in flow.code.exprs.range().map(ExprId::new) {
        match module.kind(expr) {
            ExprKind::Conditional { test, .. } => {
                belief::asked(module, flow.code, test, &mut asked);
            }
            ExprKind::Or(parts) | ExprKind::And(parts) => {
                for &part in module.list(parts) {
                    belief::asked(module, flow.code, part, &mut asked);
                }
            }
            _ => {}
        }
    }
    asked.iter().any(|asked| {
        asked.place == place
            && matches!(asked.question, Question::None | Question::Truth)
            && module.span(asked.at).start > start
    })
}

/// Whether the code before asks for the key in the same container.
fn is_contained(flow: &Flow<'_, '_>, key: ExprId, container: ExprId, source: ExprId) -> bool {
    let before = flow.module.span(source).start;
    flow.code.exprs.range().any(|index| {
        let expr = ExprId::new(index);
        match flow.module.kind(expr) {
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                left,
                right,
            } => {
                flow.module.span(expr).start < before
                    && alike(flow.module, left, key)
                    && alike(flow.module, right, container)
            }
            _ => false,
        }
    })
}

/// Whether a text is a group that an earlier pattern matched: then that one decided what it may look like.
fn is_part_of_match(flow: &Flow<'_, '_>, text: ExprId) -> bool {
    const STEPS: usize = 3;
    let module = flow.module;
    let is_group = |value: ExprId| {
        let mut found = false;
        module.walk(value, &mut |part| {
            found |= matches!(module.kind(part), ExprKind::Attribute { name, .. }
                if matches!(module.name(name), "group" | "groups" | "groupdict"));
        });
        found
    };
    let mut at = text;
    for _ in 0..STEPS {
        if is_group(at) {
            return true;
        }
        let subject = match module.kind(at) {
            ExprKind::Subscript { value, .. } => value,
            _ => at,
        };
        let Some(place) = flow.place_of(subject) else {
            return false;
        };
        let bound = flow.code.insts.iter().find_map(|inst| match inst.kind {
            InstKind::Bind {
                target,
                source:
                    Source::Value(value)
                    | Source::Element {
                        iterable: value, ..
                    },
                ..
            } => {
                let mut found = false;
                module.walk(target, &mut |part| {
                    found |= flow.place_of(part) == Some(place);
                });
                found.then_some(value)
            }
            _ => None,
        });
        match bound.or_else(|| gone_through(flow, place)) {
            Some(value) if value != at => at = value,
            _ => return false,
        }
    }
    is_group(at)
}

/// What a comprehension takes a variable's values from.
fn gone_through(flow: &Flow<'_, '_>, place: PlaceId) -> Option<ExprId> {
    let module = flow.module;
    flow.code.exprs.range().map(ExprId::new).find_map(|expr| {
        let ExprKind::Comprehension(id) = module.kind(expr) else {
            return None;
        };
        let clauses = &module.comprehension(id).clauses;
        let clause = clauses
            .iter()
            .find(|clause| flow.place_of(clause.target) == Some(place));
        clause.map(|clause| clause.iterable)
    })
}

/// A table that the program wrote down itself: `C.MAPPING`.
fn is_table(flow: &Flow<'_, '_>, container: ExprId) -> bool {
    let dotted = flow.module.dotted(flow.code, container).unwrap_or_default();
    let last = dotted.rsplit('.').next().unwrap_or_default();
    last.len() > 1 && last.chars().all(|letter| !letter.is_lowercase())
}
