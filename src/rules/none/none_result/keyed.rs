//! Lookups of a constant key: whether the key may be missing, the rest of the file tells, not the form of the call.

use crate::flow::Flow;
use crate::ir::{
    Comparison, ExprId, ExprKind, Function, FunctionId, InstKind, Module, PlaceId, Scope, Source,
    Step,
};
use crate::rules::Whole;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::{FxHashMap, FxHashSet};

/// What is looked up: the last name of the container, and the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Lookup {
    container: String,
    key: String,
}

/// How a file reads one key of containers of one name.
#[derive(Clone, Copy, Debug, Default)]
struct Reads {
    /// With a test, a default, or after `in`.
    careful: u32,
    /// With `[key]`.
    bare: u32,
}

/// How files read the keys that they look up.
pub(super) struct Keys {
    modules: FxHashMap<ModuleRef, FxHashMap<Lookup, Reads>>,
}

impl Keys {
    /// Reads the files in which some lookup of a constant key is used with no guard.
    pub(super) fn of(whole: &Whole<'_>) -> Self {
        let mut wanted = FxHashSet::default();
        for (index, trace) in whole.traces.iter().enumerate() {
            let function = FunctionRef(index as u32);
            if !whole.is_reported(function) {
                continue;
            }
            let (module, code) = whole.program.code(function);
            let mut sources = trace.results.iter().map(|used| used.source);
            if sources.any(|source| lookup(module, code, source).is_some()) {
                wanted.insert(whole.program.locate(function).0);
            }
        }
        let modules = wanted.into_iter();
        Self {
            modules: modules
                .map(|module| (module, read(whole, module)))
                .collect(),
        }
    }

    /// Whether a call looks up a constant key, and other code of the file does not take such a one for granted; nothing
    /// for other calls.
    pub(super) fn is_doubted(&self, flow: &Flow<'_, '_>, call: ExprId) -> Option<bool> {
        let lookup = lookup(flow.module, flow.code, call)?;
        let module = self.modules.get(&flow.module_ref);
        let reads = module.and_then(|module| module.get(&lookup));
        Some(reads.is_some_and(|reads| reads.careful > 0 && reads.careful >= reads.bare))
    }
}

fn read(whole: &Whole<'_>, module_ref: ModuleRef) -> FxHashMap<Lookup, Reads> {
    let module = whole.program.module(module_ref);
    let mut reads = FxHashMap::default();
    for (index, code) in module.functions.iter().enumerate() {
        let function = whole.program.function(module_ref, FunctionId::new(index));
        let tested = &whole.traces[function.0 as usize].tested;
        look(module, code, tested, &mut reads);
    }
    reads
}

fn look(module: &Module, code: &Function, tested: &[ExprId], reads: &mut FxHashMap<Lookup, Reads>) {
    let mut careful: FxHashSet<ExprId> = tested.iter().copied().collect();
    let mut written = FxHashSet::default();
    for inst in &code.insts {
        match inst.kind {
            InstKind::Assume { test, .. } => module.for_each_asked(test, &mut |part| {
                careful.insert(part);
            }),
            InstKind::Bind { target, .. } => {
                written.insert(target);
            }
            _ => {}
        }
    }
    for index in code.exprs.range() {
        let mut ask = |test: ExprId| {
            module.for_each_asked(test, &mut |part| {
                careful.insert(part);
            });
        };
        match module.kind(ExprId::new(index)) {
            ExprKind::Conditional { test, .. } => ask(test),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let parts = module.list(parts);
                let (_, before) = parts.split_last().unwrap_or((&ExprId::new(index), &[]));
                before.iter().copied().for_each(ask);
            }
            _ => {}
        }
    }
    // A name that is asked about speaks for the lookup that it is bound to.
    let asked: FxHashSet<PlaceId> = careful
        .iter()
        .filter_map(|&expr| module.kind(expr).place())
        .collect();
    for inst in &code.insts {
        if let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
            && let Some(place) = module.kind(target).place()
            && asked.contains(&place)
        {
            careful.insert(value);
        }
    }
    for index in code.exprs.range() {
        let expr = ExprId::new(index);
        match module.kind(expr) {
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                left,
                right,
            } => {
                if let Some(key) = constant(module, code, left) {
                    let container = tail(module, code, right);
                    reads.entry(Lookup { container, key }).or_default().careful += 1;
                }
            }
            ExprKind::Subscript { value, index, .. } if !written.contains(&expr) => {
                if let Some(key) = constant(module, code, index) {
                    let container = tail(module, code, value);
                    reads.entry(Lookup { container, key }).or_default().bare += 1;
                }
            }
            ExprKind::Call { arguments, .. } => {
                let default = module.arguments(arguments).get(1);
                let has_default =
                    default.is_some_and(|default| module.kind(default.value) != ExprKind::None);
                if (has_default || careful.contains(&expr))
                    && let Some(lookup) = lookup(module, code, expr)
                {
                    reads.entry(lookup).or_default().careful += 1;
                }
            }
            _ => {}
        }
    }
}

/// `container.get(KEY)`, and the like.
fn lookup(module: &Module, code: &Function, call: ExprId) -> Option<Lookup> {
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return None;
    };
    let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
        return None;
    };
    if !matches!(module.name(name), "get" | "pop" | "find") {
        return None;
    }
    let key = constant(module, code, module.arguments(arguments).first()?.value)?;
    let container = tail(module, code, value);
    Some(Lookup { container, key })
}

/// A key that is written out, or a name that the program gave it once for all.
pub(super) fn constant(module: &Module, code: &Function, expr: ExprId) -> Option<String> {
    match module.kind(expr) {
        ExprKind::Text(name) => Some(format!("{:?}", module.name(name))),
        ExprKind::Int(number) => Some(number.to_string()),
        ExprKind::Attribute { name, .. } => {
            let mut root = expr;
            while let ExprKind::Attribute { value, .. } = module.kind(root) {
                root = value;
            }
            is_global(module, code, root).then(|| module.name(name).to_owned())
        }
        ExprKind::Name(place) => {
            let Step::Variable { name, .. } = code.place(place).step else {
                return None;
            };
            let name = module.name(name);
            (is_global(module, code, expr) && !name.chars().any(char::is_lowercase))
                .then(|| name.to_owned())
        }
        _ => None,
    }
}

fn is_global(module: &Module, code: &Function, expr: ExprId) -> bool {
    let ExprKind::Name(place) = module.kind(expr) else {
        return false;
    };
    matches!(
        code.place(place).step,
        Step::Variable {
            scope: Scope::Global { .. },
            ..
        }
    )
}

/// The last name of what a key is looked up in.
fn tail(module: &Module, code: &Function, container: ExprId) -> String {
    match module.kind(container) {
        ExprKind::Attribute { name, .. } => module.name(name).to_owned(),
        ExprKind::Call { callee, .. } => tail(module, code, callee),
        ExprKind::Await(value) => tail(module, code, value),
        ExprKind::Subscript { value, index, .. } => {
            constant(module, code, index).unwrap_or_else(|| tail(module, code, value))
        }
        ExprKind::Name(place) => match code.place(place).step {
            Step::Variable { name, .. } => module.name(name).to_owned(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}
