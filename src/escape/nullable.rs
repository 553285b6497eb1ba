//! Conversions of what may be None because nobody sent it: `int(form.get("page"))` raises TypeError, and not ValueError.

use crate::ir::{ExprId, ExprKind, Function, InstKind, Module, Passing, PlaceId, Source};

/// Conversions that raise ValueError for a malformed text, and TypeError for None.
const CONVERSIONS: [&str; 15] = [
    "base64.b64decode",
    "bytes.fromhex",
    "datetime.date.fromisoformat",
    "datetime.date.fromtimestamp",
    "datetime.datetime.fromisoformat",
    "datetime.datetime.fromtimestamp",
    "datetime.datetime.strptime",
    "datetime.datetime.utcfromtimestamp",
    "dateutil.parser.isoparse",
    "decimal.Decimal",
    "float",
    "int",
    "json.loads",
    "time.strptime",
    "uuid.UUID",
];

/// Methods that return None where there is nothing, unless they are told what to return instead.
const LOOKUPS: [&str; 4] = ["findtext", "get", "get_argument", "getfirst"];

/// Whether a call converts what a look-up gave that answers None where there is nothing, and nobody asks whether it did.
pub(super) fn converts_nothing(module: &Module, code: &Function, name: &str, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let first = module.arguments(arguments).first();
    let Some(first) = first.filter(|first| first.passing == Passing::Positional) else {
        return false;
    };
    if !CONVERSIONS.contains(&name) {
        return false;
    }
    match module.kind(first.value) {
        ExprKind::Name(place) => {
            let mut bound = code.insts.iter().filter_map(|inst| match inst.kind {
                InstKind::Bind {
                    target,
                    source: Source::Value(value),
                    ..
                } if module.kind(target).place() == Some(place) => Some(value),
                _ => None,
            });
            bound
                .next()
                .is_some_and(|value| is_lookup(module, code, value))
                && bound.next().is_none()
                && !is_tested(module, code, place)
        }
        _ => is_lookup(module, code, first.value) && !is_asked_before(module, code, first.value),
    }
}

/// Whether an expression looks something up that may not be there: `form.get("page")`, `os.getenv("PORT")`.
fn is_lookup(module: &Module, code: &Function, expr: ExprId) -> bool {
    let ExprKind::Call { callee, arguments } = module.kind(expr) else {
        return false;
    };
    let ([only], name) = (module.arguments(arguments), module.dotted(code, callee)) else {
        return false;
    };
    let is_key = matches!(
        module.kind(only.value),
        ExprKind::Text(_) | ExprKind::Name(_)
    );
    let is_method = match module.kind(callee) {
        ExprKind::Attribute { name, .. } => LOOKUPS.contains(&module.name(name)),
        _ => false,
    };
    let is_environment = name.is_some_and(|name| name.ends_with("getenv"));
    only.passing == Passing::Positional && is_key && (is_method || is_environment)
}

/// Whether some condition of the function is about a variable.
fn is_tested(module: &Module, code: &Function, place: PlaceId) -> bool {
    let mut found = false;
    for_each_test(module, code, &mut |test| {
        module.walk(test, &mut |part| {
            found |= module.kind(part).place() == Some(place);
        });
    });
    found
}

/// Whether some condition of the function looks the same thing up: `if form.get("page"): int(form.get("page"))`,
/// `"page" in form`.
fn is_asked_before(module: &Module, code: &Function, lookup: ExprId) -> bool {
    let key = |expr: ExprId| match module.kind(expr) {
        ExprKind::Call { arguments, .. } => module
            .arguments(arguments)
            .first()
            .map(|first| module.kind(first.value)),
        _ => None,
    };
    let Some(wanted) = key(lookup) else {
        return false;
    };
    let mut found = false;
    for_each_test(module, code, &mut |test| {
        module.walk(test, &mut |part| {
            found |= part != lookup && module.kind(part) == wanted;
        });
    });
    found
}

/// Every condition of a function.
fn for_each_test(module: &Module, code: &Function, visit: &mut dyn FnMut(ExprId)) {
    for inst in &code.insts {
        if let InstKind::Assume { test, .. } = inst.kind {
            visit(test);
        }
    }
    for expr in code.exprs.range().map(ExprId::new) {
        match module.kind(expr) {
            ExprKind::Conditional { test, .. } => visit(test),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                module.list(parts).iter().for_each(|&part| visit(part));
            }
            ExprKind::Comprehension(id) => {
                let clauses = &module.comprehension(id).clauses;
                let conditions = clauses.iter().flat_map(|clause| &clause.conditions);
                conditions.for_each(|&test| visit(test));
            }
            _ => {}
        }
    }
}
