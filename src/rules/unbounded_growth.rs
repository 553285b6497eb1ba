//! `unbounded-growth`: a container of a module or class that calls put things into, and that nothing ever empties.

use super::around::{around, called, receiver};
use super::reached::reached;
use super::{Check, Family, Rule, Whole, draft};
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind, Module, NameId,
    PlaceId, Scope, Source, Step,
};
use crate::library::schema::Runs;
use crate::project::Program;
use crate::text::{Location, Span};
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) const RULE: Rule = Rule {
    name: "unbounded-growth",
    family: Family::Incidents,
    page: include_str!("../../rules/unbounded-growth.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Where a function is called with ever new arguments.
const SERVING: [Runs; 4] = [Runs::Request, Runs::Loop, Runs::Greenlet, Runs::Task];

/// Methods that put something in.
const GROWING: [&str; 7] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "insert",
    "setdefault",
    "update",
];

/// Methods that only look.
const LOOKING: [&str; 15] = [
    "copy",
    "count",
    "get",
    "has_key",
    "index",
    "issubset",
    "issuperset",
    "items",
    "iteritems",
    "iterkeys",
    "itervalues",
    "keys",
    "sort",
    "union",
    "values",
];

/// Functions that only look; a length that is asked for may be a bound.
const READING: [&str; 12] = [
    "any", "all", "dict", "enumerate", "iter", "list", "max", "min", "repr", "sorted", "str",
    "sum",
];

/// Receivers whose attributes are no module's.
const OWN: [&str; 2] = ["cls", "self"];

/// Arguments of which a program has only so many: its classes and functions.
const LIMITED: [&str; 14] = [
    "callback", "class_", "cls", "f", "fn", "func", "function", "klass", "method", "model",
    "module", "self", "type", "type_",
];

/// What functions are called that fill a table once.
const FILLING: [&str; 16] = [
    "add_", "configure", "declare", "define", "init", "install", "load", "_load", "populate",
    "read", "register", "_register", "set", "setup", "import", "_init",
];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let imported = imported_names(program);
    let mut served = None;
    let mut findings = Vec::new();
    for index in 0..program.sources.len() as u32 {
        let module_ref = ModuleRef(index);
        let module = program.module(module_ref);
        let containers = containers(module, &imported);
        if containers.is_empty() {
            continue;
        }
        let mut uses = Uses {
            whole,
            module_ref,
            module,
            grown: FxHashMap::default(),
            lost: FxHashSet::default(),
            containers: &containers,
        };
        uses.collect();
        let mut found: Vec<_> = uses
            .grown
            .iter()
            .filter(|(name, _)| !uses.lost.contains(*name))
            .map(|(&name, &growth)| (name, growth))
            .collect();
        found.sort_unstable_by_key(|(_, growth)| growth.at);
        for (name, growth) in found {
            let container = containers[&name];
            let mut finding = report(rule, program, module_ref, name, container, growth);
            let served = served.get_or_insert_with(|| reached(whole, &SERVING));
            if served[growth.function.0 as usize].is_none() {
                finding.severity = Severity::Hint;
            }
            findings.push(finding);
        }
    }
    findings
}

/// Names that some module takes out of another one: who knows what is done with them there.
fn imported_names(program: &Program<'_>) -> FxHashSet<String> {
    let mut found = FxHashSet::default();
    for source in program.sources {
        let module = &source.module;
        let names = module.imports.iter().filter_map(|import| import.name);
        found.extend(names.map(|name| module.name(name).to_owned()));
        for code in &module.functions {
            for index in code.exprs.range() {
                let ExprKind::Attribute { name, value, .. } = module.kind(ExprId::new(index))
                else {
                    continue;
                };
                if let ExprKind::Name(place) = module.kind(value)
                    && !OWN.contains(&super::around::variable_name(module, code, place))
                {
                    found.insert(module.name(name).to_owned());
                }
            }
        }
    }
    found
}

/// Module-level names that are bound once, to an empty container, and that no other module can see.
fn containers(module: &Module, imported: &FxHashSet<String>) -> FxHashMap<NameId, Span> {
    let body = module.body();
    let mut counts: FxHashMap<NameId, u32> = FxHashMap::default();
    let mut made = FxHashMap::default();
    for inst in &body.insts {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            continue;
        };
        let ExprKind::Name(place) = module.kind(target) else {
            continue;
        };
        let Step::Variable { name, .. } = body.place(place).step else {
            continue;
        };
        *counts.entry(name).or_default() += 1;
        if let Source::Value(value) = source
            && is_empty_container(module, body, value)
        {
            made.insert(name, inst.span);
        }
    }
    made.retain(|name, _| counts[name] == 1 && !imported.contains(module.name(*name)));
    made
}

fn is_empty_container(module: &Module, code: &Function, value: ExprId) -> bool {
    match module.kind(value) {
        ExprKind::List(parts) | ExprKind::Dict(parts) => parts.is_empty(),
        ExprKind::Call { callee, arguments } => {
            let name = called(module, code, callee);
            let arguments = module.arguments(arguments);
            match name {
                "list" | "dict" | "set" | "OrderedDict" | "Counter" => arguments.is_empty(),
                "defaultdict" => arguments.len() == 1,
                "deque" => arguments.is_empty(),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Where something is put in.
#[derive(Clone, Copy)]
struct Growth {
    function: FunctionRef,
    at: ExprId,
    statement: Span,
}

/// What the functions of a module do with its containers.
struct Uses<'s, 'a> {
    whole: &'s Whole<'s>,
    module_ref: ModuleRef,
    module: &'a Module,
    containers: &'s FxHashMap<NameId, Span>,
    grown: FxHashMap<NameId, Growth>,
    /// Something is taken out, or somebody else gets hold of it.
    lost: FxHashSet<NameId>,
}

impl Uses<'_, '_> {
    fn collect(&mut self) {
        for index in 0..self.module.functions.len() {
            let code = self.module.function(FunctionId::new(index));
            let function = self.whole.program.function(self.module_ref, FunctionId::new(index));
            let names = self.names(code);
            if names.is_empty() {
                continue;
            }
            for (place, name) in &names {
                if matches!(
                    code.place(*place).step,
                    Step::Variable {
                        scope: Scope::Global { declared: true },
                        ..
                    }
                ) {
                    self.lost.insert(*name);
                }
            }
            for inst in &code.insts {
                self.inst(code, function, inst.kind, inst.span, &names);
            }
        }
    }

    /// The places of a function that are containers of the module.
    fn names(&self, code: &Function) -> Vec<(PlaceId, NameId)> {
        let places = code.places.iter().enumerate();
        places
            .filter_map(|(index, place)| {
                let Step::Variable { name, scope } = place.step else {
                    return None;
                };
                let is_global = matches!(scope, Scope::Global { .. })
                    || code.kind == FunctionKind::Module && matches!(scope, Scope::Local { .. });
                (is_global && self.containers.contains_key(&name))
                    .then(|| (PlaceId::new(index), name))
            })
            .collect()
    }

    fn inst(
        &mut self,
        code: &Function,
        function: FunctionRef,
        kind: InstKind,
        span: Span,
        names: &[(PlaceId, NameId)],
    ) {
        if let InstKind::Assume { .. } = kind {
            return;
        }
        let module = self.module;
        kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |expr| {
                let ExprKind::Name(place) = module.kind(expr) else {
                    return;
                };
                let Some(&(_, name)) = names.iter().find(|(known, _)| *known == place) else {
                    return;
                };
                // The binding that makes it.
                if root == expr && matches!(kind, InstKind::Bind { target, .. } if target == expr) {
                    return;
                }
                let chain = around(module, root, expr).unwrap_or_default();
                match self.use_of(code, kind, &chain, expr) {
                    Use::Looks => {}
                    Use::Grows(at, by) => self.grows(code, function, span, name, at, by),
                    Use::Other => {
                        self.lost.insert(name);
                    }
                }
            });
        });
    }

    fn use_of(&self, code: &Function, kind: InstKind, chain: &[ExprId], expr: ExprId) -> Use {
        let module = self.module;
        let Some(&parent) = chain.last() else {
            return match kind {
                // What a loop iterates, what a condition tests.
                InstKind::Eval(_) => Use::Looks,
                _ => Use::Other,
            };
        };
        let above = chain.len().checked_sub(2).map(|index| chain[index]);
        match module.kind(parent) {
            ExprKind::Subscript { value, index, .. } if value == expr => match kind {
                InstKind::Bind { target, .. } if target == parent => Use::Grows(parent, index),
                InstKind::Forget(_) => Use::Other,
                _ => Use::Looks,
            },
            ExprKind::Attribute { name, .. } => {
                let Some(ExprKind::Call { callee, arguments }) =
                    above.map(|above| module.kind(above))
                else {
                    return Use::Other;
                };
                let method = module.name(name);
                let first = module.arguments(arguments).first();
                match first {
                    _ if callee != parent => Use::Other,
                    Some(first) if GROWING.contains(&method) => {
                        Use::Grows(parent, first.value)
                    }
                    _ if LOOKING.contains(&method) => Use::Looks,
                    _ => Use::Other,
                }
            }
            ExprKind::Compare { .. } | ExprKind::Unary { .. } => Use::Looks,
            ExprKind::And(_) | ExprKind::Or(_) if matches!(kind, InstKind::Eval(_)) => Use::Looks,
            ExprKind::Comprehension(_) => Use::Looks,
            ExprKind::Call { callee, .. } if callee != expr => {
                let name = called(module, code, callee);
                if receiver(module, callee).is_none() && READING.contains(&name) {
                    Use::Looks
                } else {
                    Use::Other
                }
            }
            _ => Use::Other,
        }
    }

    fn grows(
        &mut self,
        code: &Function,
        function: FunctionRef,
        span: Span,
        name: NameId,
        at: ExprId,
        by: ExprId,
    ) {
        let program = self.whole.program;
        let own = self.module.name(code.name);
        let fills = FILLING.iter().any(|start| own.starts_with(start));
        let is_decorator = self.whole.graph.escapes(function) && makes_decorator(self.module, code);
        if code.kind != FunctionKind::Def
            || fills
            || is_decorator
            || !depends_on_arguments(self.module, code, by)
            || self.is_called_on_import_only(function)
            || super::is_test(program, function)
        {
            return;
        }
        let growth = Growth {
            function,
            at,
            statement: span,
        };
        self.grown.entry(name).or_insert(growth);
    }

    fn is_called_on_import_only(&self, function: FunctionRef) -> bool {
        let program = self.whole.program;
        let mut sites = self.whole.graph.calls_of(function).peekable();
        sites.peek().is_some()
            && sites.all(|site| {
                let (_, caller) = program.code(site.caller);
                matches!(caller.kind, FunctionKind::Module | FunctionKind::Class)
            })
    }
}

/// What is done with a container.
enum Use {
    Looks,
    /// Something is put in: where, and what decides how many.
    Grows(ExprId, ExprId),
    Other,
}

/// A function that returns one of its parameters or a function inside it is applied to definitions.
fn makes_decorator(module: &Module, code: &Function) -> bool {
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Return(Some(value)) => match module.kind(value) {
            ExprKind::Name(place) => code
                .parameters
                .iter()
                .any(|parameter| parameter.place == place),
            _ => false,
        },
        _ => false,
    })
}

/// Whether what an expression says comes from the arguments: nothing else makes new keys for ever.
fn depends_on_arguments(module: &Module, code: &Function, by: ExprId) -> bool {
    let mut found = false;
    module.walk(by, &mut |part| {
        if let ExprKind::Name(place) = module.kind(part) {
            found |= is_argument(module, code, place) || is_derived(module, code, place);
        }
    });
    found
}

fn is_argument(module: &Module, code: &Function, place: PlaceId) -> bool {
    let mut parameters = code.parameters.iter();
    parameters.any(|parameter| {
        parameter.place == place && !LIMITED.contains(&module.name(parameter.name))
    })
}

/// A local variable that is made from an argument.
fn is_derived(module: &Module, code: &Function, place: PlaceId) -> bool {
    code.insts.iter().any(|inst| {
        let InstKind::Bind { target, source, .. } = inst.kind else {
            return false;
        };
        if !super::around::binds(module, target, place) {
            return false;
        }
        let mut found = false;
        source.for_each_expr(&mut |value| {
            module.walk(value, &mut |part| {
                if let ExprKind::Name(of) = module.kind(part) {
                    found |= is_argument(module, code, of);
                }
            });
        });
        found
    })
}

fn report(
    rule: &'static Rule,
    program: &Program<'_>,
    module_ref: ModuleRef,
    name: NameId,
    container: Span,
    growth: Growth,
) -> Finding {
    let module = program.module(module_ref);
    let name = module.name(name);
    let message = Message::new("grows").with("name", name);
    let mut finding = draft(
        rule,
        program,
        growth.function,
        module.span(growth.at),
        message,
    );
    finding.statement = growth.statement.start;
    finding
        .because(Related {
            location: Location {
                file: program.file(growth.function),
                span: container,
            },
            message: Message::new("made").with("name", name),
        })
        .confidence(Confidence::Medium)
        .help(Message::new("bound"))
}
