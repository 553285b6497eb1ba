//! `data.get("labels", {}).items()`: a default is for a key that is missing, and null in a document is no missing key. Where the
//! file says elsewhere that null comes (`data.get("options") or {}`), the default does not help.

use crate::finding::{Confidence, Finding, Message, Related};
use crate::ir::{ExprId, ExprKind, Function, InstKind, LoopKind, Module, Scope, Step};
use crate::rules::{Rule, Whole, draft, is_test};
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::FxHashMap;

/// A lookup of a written key: what it is called on, and the key.
struct Lookup {
    holder: String,
    key: String,
    function: FunctionRef,
    /// The whole call.
    call: ExprId,
    /// It is called on what the function was given, or an object keeps, which anybody may have made.
    is_given: bool,
}

/// How a file looks things up in documents.
#[derive(Default)]
struct Lookups {
    /// Followed by `or {}`.
    doubted: Vec<Lookup>,
    /// With a container as default, and used on the spot.
    trusted: Vec<Lookup>,
    /// The file reads documents that others wrote.
    reads_documents: bool,
}

/// The lookups whose default lets null through, in files that know of null.
pub(super) fn findings(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut files: FxHashMap<ModuleRef, Lookups> = FxHashMap::default();
    for index in 0..whole.traces.len() {
        let function = FunctionRef(index as u32);
        let (module, code) = whole.program.code(function);
        if !is_test(whole.program, function) {
            let (module_ref, _) = whole.program.locate(function);
            gather(module, code, function, files.entry(module_ref).or_default());
        }
    }
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by_key(|(module, _)| *module);
    let mut findings = Vec::new();
    for (_, lookups) in files {
        if !lookups.reads_documents {
            continue;
        }
        for trusted in &lookups.trusted {
            let is_held = |known: &&Lookup| known.holder == trusted.holder;
            let same = |known: &&Lookup| is_held(known) && known.key == trusted.key;
            let doubts = lookups.doubted.iter().filter(is_held).count();
            let trust = lookups.trusted.iter().filter(is_held).count();
            let is_habit = !trusted.is_given && doubts >= trust;
            let like = |known: &&Lookup| is_held(known) && is_habit;
            let doubted = &lookups.doubted;
            if let Some(known) = doubted
                .iter()
                .find(same)
                .or_else(|| doubted.iter().find(like))
            {
                findings.push(finding(rule, whole, trusted, known));
            }
        }
    }
    findings
}

fn gather(module: &Module, code: &Function, function: FunctionRef, found: &mut Lookups) {
    for expr in code.exprs.range().map(ExprId::new) {
        match module.kind(expr) {
            ExprKind::Or(parts) => {
                if let [first, second] = *module.list(parts)
                    && is_empty_display(module, second)
                    && let Some((lookup, false)) = lookup(module, code, function, first)
                {
                    found.doubted.push(lookup);
                }
            }
            ExprKind::Attribute { value, name, .. } => {
                found.reads_documents |= module.name(name) == "json";
                if let Some((lookup, true)) = lookup(module, code, function, value) {
                    found.trusted.push(lookup);
                }
            }
            ExprKind::Call { callee, .. } => {
                let loads = |name| matches!(module.name(name), "loads" | "load");
                found.reads_documents |= matches!(module.kind(callee), ExprKind::Attribute { name, .. } if loads(name))
                    && matches!(
                        module.dotted(code, callee).as_deref(),
                        Some("json.loads" | "json.load")
                    );
            }
            ExprKind::Comprehension(id) => {
                for clause in &module.comprehension(id).clauses {
                    if let Some((lookup, true)) = lookup(module, code, function, clause.iterable) {
                        found.trusted.push(lookup);
                    }
                }
            }
            _ => {}
        }
    }
    for of in &code.loops {
        if let LoopKind::For { iterable, .. } = of.kind
            && let Some((lookup, true)) = lookup(module, code, function, iterable)
        {
            found.trusted.push(lookup);
        }
    }
}

/// `holder.get("key")` or `holder.get("key", {})`, and whether it is the latter.
fn lookup(
    module: &Module,
    code: &Function,
    function: FunctionRef,
    call: ExprId,
) -> Option<(Lookup, bool)> {
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return None;
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return None;
    };
    if module.name(name) != "get" {
        return None;
    }
    let (key, has_default) = match module.arguments(arguments) {
        [key] => (key.value, false),
        [key, default] if is_empty_display(module, default.value) => (key.value, true),
        _ => return None,
    };
    let ExprKind::Text(key) = module.kind(key) else {
        return None;
    };
    let (holder, is_given) = match module.kind(value) {
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable { name, scope } => {
                (module.name(name), matches!(scope, Scope::Parameter { .. }))
            }
            _ => return None,
        },
        ExprKind::Attribute { name, .. } => (module.name(name), true),
        _ => return None,
    };
    let lookup = Lookup {
        holder: holder.to_owned(),
        key: module.name(key).to_owned(),
        function,
        call,
        is_given,
    };
    Some((lookup, has_default))
}

fn is_empty_display(module: &Module, expr: ExprId) -> bool {
    match module.kind(expr) {
        ExprKind::Dict(parts) | ExprKind::List(parts) | ExprKind::Tuple(parts) => parts.is_empty(),
        _ => false,
    }
}

fn finding(rule: &'static Rule, whole: &Whole<'_>, trusted: &Lookup, doubted: &Lookup) -> Finding {
    let (module, code) = whole.program.code(trusted.function);
    let span = module.span(trusted.call);
    let call = format!("{}.get()", trusted.holder);
    let message = Message::new("used").with("call", call);
    let statement = code
        .insts
        .iter()
        .find(|inst| !matches!(inst.kind, InstKind::Assume { .. }) && inst.span.contains(span));
    let statement = statement.map_or(span.start, |inst| inst.span.start);
    let finding = draft(rule, whole.program, trusted.function, span, message);
    let (theirs, _) = whole.program.code(doubted.function);
    let related = Related {
        location: Location {
            file: whole.program.file(doubted.function),
            span: theirs.span(doubted.call),
        },
        message: Message::new("null"),
    };
    Finding {
        statement,
        ..finding
    }
    .because(related)
    .confidence(match trusted.key == doubted.key {
        true => Confidence::High,
        false => Confidence::Medium,
    })
    .help(Message::new("null-guard").with("name", trusted.key.clone()))
}
