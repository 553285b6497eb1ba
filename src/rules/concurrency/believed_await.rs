//! Coroutines that nothing but the code around them tells: the same call of the same receiver is awaited elsewhere in the
//! file, and here its result is dropped.

use crate::ir::{ExprId, ExprKind, Function, FunctionId, InstKind, Module};
use crate::project::{Evaluate, Target};
use crate::rules::Whole;
use crate::rules::concurrency::method_calls::method;
use crate::text::Span;
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;

/// Libraries whose awaitables are futures, and those whose calls may be awaited or not.
const EITHER: [&str; 5] = ["tornado", "motor", "twisted", "trio", "anyio"];

/// Words of methods that start something by themselves and return what may be waited for.
const STARTS: [&str; 12] = [
    "task", "future", "executor", "submit", "spawn", "soon", "schedul", "job", "release", "start",
    "run", "fire",
];

/// The calls of one file that are awaited somewhere, by what they are called on.
pub(in crate::rules) struct Awaited {
    by_text: FxHashMap<Called, Seen>,
}

/// What is called as it is written; what is called on `self` belongs to one class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Called {
    text: String,
    class: Option<FunctionId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    awaited: Option<Span>,
    awaits: usize,
    drops: usize,
}

/// A statement that drops what is awaited elsewhere.
pub(in crate::rules) struct Dropped {
    pub(in crate::rules) call: ExprId,
    pub(in crate::rules) statement: u32,
    /// Where the same is awaited.
    pub(in crate::rules) awaited: Span,
}

impl Awaited {
    /// Looks at the coroutines of a file.
    pub(in crate::rules) fn of(module: &Module) -> Self {
        let mut by_text: FxHashMap<Called, Seen> = FxHashMap::default();
        let mut imports = module.imports.iter();
        let is_either = imports.any(|import| {
            let package = module.name(import.module).split('.').next();
            package.is_some_and(|package| EITHER.contains(&package))
        });
        if is_either {
            return Self { by_text };
        }
        for code in module.functions.iter().filter(|code| code.is_async) {
            for expr in code.exprs.range().map(ExprId::new) {
                let ExprKind::Await(value) = module.kind(expr) else {
                    continue;
                };
                let Some(called) = called(module, code, value) else {
                    continue;
                };
                let seen = by_text.entry(called).or_default();
                seen.awaits += 1;
                seen.awaited.get_or_insert(module.span(value));
            }
        }
        if !by_text.is_empty() {
            for code in &module.functions {
                for call in drops(code) {
                    let called = called(module, code, call);
                    if let Some(seen) = called.and_then(|called| by_text.get_mut(&called)) {
                        seen.drops += 1;
                    }
                }
            }
        }
        Self { by_text }
    }

    /// The statements of a function that drop such a call: nobody else knows what is called, and it is awaited more
    /// often than not.
    pub(in crate::rules) fn dropped(
        &self,
        whole: &Whole<'_>,
        function: FunctionRef,
    ) -> Vec<Dropped> {
        let (module_ref, id) = whole.program.locate(function);
        let (module, code) = whole.program.code(function);
        if self.by_text.is_empty() || !code.is_async {
            return Vec::new();
        }
        let evaluate = Evaluate::new(whole.program, module_ref, id);
        let mut found = Vec::new();
        for inst in &code.insts {
            let InstKind::Eval(call) = inst.kind else {
                continue;
            };
            let seen = called(module, code, call).and_then(|called| self.by_text.get(&called));
            let Some(seen) = seen.filter(|seen| seen.drops <= seen.awaits) else {
                continue;
            };
            let ExprKind::Call { callee, .. } = module.kind(call) else {
                continue;
            };
            let is_open = program_knows_nothing(whole, function, &evaluate, call, callee)
                && !is_told_apart(module, code, call);
            if let Some(awaited) = seen.awaited.filter(|_| is_open) {
                found.push(Dropped {
                    call,
                    statement: inst.span.start,
                    awaited,
                });
            }
        }
        found
    }
}

fn program_knows_nothing(
    whole: &Whole<'_>,
    function: FunctionRef,
    evaluate: &Evaluate<'_, '_>,
    call: ExprId,
    callee: ExprId,
) -> bool {
    let mut sites = whole.graph.calls_in(function).iter();
    whole.program.target(evaluate.value(callee)) == Target::Unknown
        && !sites.any(|site| site.call == call)
}

/// Whether the function asks of what class the receiver is: another class may have the method as no coroutine.
fn is_told_apart(module: &Module, code: &Function, call: ExprId) -> bool {
    let receiver = method(module, call).and_then(|(receiver, _)| module.dotted(code, receiver));
    code.exprs.range().map(ExprId::new).any(|expr| {
        let ExprKind::Call { callee, arguments } = module.kind(expr) else {
            return false;
        };
        let first = module.arguments(arguments).first();
        module.dotted(code, callee).as_deref() == Some("isinstance")
            && first.is_some_and(|first| module.dotted(code, first.value) == receiver)
    })
}

/// The calls whose results a function drops.
fn drops(code: &Function) -> impl Iterator<Item = ExprId> {
    code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Eval(call) => Some(call),
        _ => None,
    })
}

/// A method as it is called: on a name or an attribute, and one that does not start its work by itself.
fn called(module: &Module, code: &Function, call: ExprId) -> Option<Called> {
    let (receiver, name) = method(module, call)?;
    let receiver = module.dotted(code, receiver)?;
    let last = receiver.rsplit('.').next().unwrap_or_default();
    let starts = STARTS.iter().any(|word| name.contains(word));
    if starts || last.contains("pipe") || last == "super" {
        return None;
    }
    let is_own = receiver == "self" || receiver.starts_with("self.");
    Some(Called {
        text: format!("{receiver}.{name}"),
        class: if is_own { code.parent } else { None },
    })
}
