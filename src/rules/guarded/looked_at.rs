//! Whether a function looks at a text before it reads it as something: it tests its characters, or a pattern did.

mod group;

use crate::escape::Site;
use crate::escape::clauses::called_name;
use crate::ir::{Comparison, ExprId, ExprKind, Function, InstKind, Module, PlaceId, Source};
use crate::rules::Whole;
use crate::rules::around::bound_value;
use group::{Held, matched_by};

/// Methods that look at the characters of a text.
const LOOKS: [&str; 4] = ["isdigit", "isdecimal", "isnumeric", "isalnum"];

/// Functions that compare a text with a pattern, or with what it should be.
const MATCHES: [&str; 4] = ["match", "fullmatch", "search", "validate"];

/// More steps back from a name are not taken.
const STEPS: usize = 3;

/// Whether the function looks at the text before: `if text.isdigit()`, a match of a pattern that lets nothing else through.
pub(super) fn is_looked_at(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    let group = matched_by(whole, site);
    if group == Held::Digits {
        return true;
    }
    let read = read_by(module, code, site.call.call);
    let looks = |test: ExprId| {
        let mut found = false;
        module.walk(test, &mut |part| {
            let name = called_name(module, part);
            let is_look = name.is_some_and(|name| LOOKS.contains(&name) || sounds_testing(name));
            let is_match = name.is_some_and(|name| MATCHES.contains(&name));
            // What the pattern lets through is known to be more than digits.
            found |= (is_look || (is_match && group == Held::Unknown))
                && part != site.call.call
                && is_about(module, part, &read);
            // `if text not in {"0", "1"}`
            found |= matches!(
                module.kind(part),
                ExprKind::Compare { operator: Comparison::In | Comparison::NotIn, left, .. }
                    if module.kind(left).place().is_some_and(|place| read.contains(&place))
            );
        });
        found
    };
    let in_tests = code.insts.iter().any(|inst| match inst.kind {
        InstKind::Assume { test, .. } => looks(test),
        InstKind::Bind {
            source: Source::Value(value),
            ..
        } => looks(value),
        _ => false,
    });
    in_tests
        || code
            .exprs
            .range()
            .any(|index| match module.exprs[index].kind {
                ExprKind::Conditional { test, then, .. } => {
                    looks(test)
                        || (module.span(then).contains(module.span(site.call.call))
                            && is_of_number(module, code, test)
                            && is_about(module, test, &read))
                }
                ExprKind::And(parts) => module.list(parts).iter().any(|&part| looks(part)),
                ExprKind::Comprehension(id) => {
                    let mut clauses = module.comprehension(id).clauses.iter();
                    clauses.any(|clause| clause.conditions.iter().any(|&test| looks(test)))
                }
                _ => false,
            })
}

/// Whether a function tests a text, by its name: `is_number(text)`, `valid_port(text)`.
fn sounds_testing(name: &str) -> bool {
    let name = name.trim_start_matches('_').to_ascii_lowercase();
    name.starts_with("is_") && name != "is_none" || name.contains("valid")
}

/// Whether a test asks whether something is a number already: `isinstance(value, (bool, float))`.
fn is_of_number(module: &Module, code: &Function, test: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(test) else {
        return false;
    };
    let Some(classes) = module.arguments(arguments).get(1) else {
        return false;
    };
    let is_number = |class: ExprId| {
        matches!(
            module.dotted(code, class).as_deref(),
            Some("bool" | "float" | "int" | "long")
        )
    };
    called_name(module, test) == Some("isinstance")
        && match module.kind(classes.value) {
            ExprKind::Tuple(parts) => module.list(parts).iter().all(|&part| is_number(part)),
            _ => is_number(classes.value),
        }
}

/// The variables and paths that an expression reads, a path and not what it starts from.
fn places_of(module: &Module, code: &Function, expr: ExprId) -> Vec<PlaceId> {
    let mut found: Vec<PlaceId> = Vec::new();
    let mut methods: Vec<PlaceId> = Vec::new();
    module.walk(expr, &mut |part| {
        found.extend(module.kind(part).place());
        if let ExprKind::Call { callee, .. } = module.kind(part) {
            methods.extend(module.kind(callee).place());
        }
    });
    found.retain(|place| !methods.contains(place));
    let parents: Vec<PlaceId> = found
        .iter()
        .filter_map(|&place| code.place(place).parent)
        .collect();
    found.retain(|place| !parents.contains(place));
    found
}

/// What a call reads, and what that was made of.
fn read_by(module: &Module, code: &Function, call: ExprId) -> Vec<PlaceId> {
    let mut read = places_of(module, code, call);
    let mut from = 0;
    for _ in 0..STEPS {
        let known = read.len();
        for inst in &code.insts {
            let (target, value) = match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Element { iterable, .. },
                    ..
                } => (target, iterable),
                kind => match bound_value(kind) {
                    Some(bound) => bound,
                    None => continue,
                },
            };
            let targets = places_of(module, code, target);
            let is_made_here = |read: &PlaceId| targets.contains(&code.root(*read));
            if read[from..known].iter().any(is_made_here) {
                read.extend(places_of(module, code, value));
            }
        }
        from = known;
    }
    read
}

/// Whether a call is given one of these variables, or is a method of one.
fn is_about(module: &Module, call: ExprId, places: &[PlaceId]) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return false;
    };
    let is_one = |expr: ExprId| {
        let mut found = false;
        module.walk(expr, &mut |part| {
            let place = module.kind(part).place();
            found |= place.is_some_and(|place| places.contains(&place));
        });
        found
    };
    let of_receiver =
        matches!(module.kind(callee), ExprKind::Attribute { value, .. } if is_one(value));
    let mut arguments = module.arguments(arguments).iter();
    of_receiver || arguments.any(|argument| is_one(argument.value))
}
