//! `unbounded-growth`: a container of a module or class that calls put things into, and that nothing ever empties.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind, Module, NameId, PlaceId, Scope,
    Source, Step,
};
use crate::library::schema::Runs;
use crate::project::{Program, Symbol};
use crate::rules::around::around;
use crate::rules::dynamic::origin::origin;
use crate::rules::incidents::class_growth;
use crate::rules::incidents::growth::{
    Growth, Use, is_empty_container, is_new_instance, keeps_growing, makes_missing, use_of,
};
use crate::rules::incidents::observers::Often;
use crate::rules::incidents::reached::reached;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::{Location, Span};
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::{FxHashMap, FxHashSet};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unbounded-growth",
    family: Family::Incidents,
    page: include_str!("../../../rules/unbounded-growth.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// Receivers whose attributes are no module's.
const OWN: [&str; 2] = ["cls", "self"];

/// Where a function is called with ever new arguments.
const SERVING: [Runs; 5] = [
    Runs::Request,
    Runs::Loop,
    Runs::Greenlet,
    Runs::Task,
    Runs::Thread,
];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let imported = imported_names(program);
    let mut findings = Vec::new();
    for index in 0..program.sources.len() as u32 {
        let module_ref = ModuleRef(index);
        let module = program.module(module_ref);
        let containers = containers(program, module_ref, &imported);
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
            let text = module.name(name).to_owned();
            let made = containers[&name].made;
            findings.push((growth, report(rule, program, text, made, growth)));
        }
    }
    for (name, made, growth) in class_growth::find(whole) {
        findings.push((growth, report(rule, program, name, made, growth)));
    }
    if findings.is_empty() {
        return Vec::new();
    }
    let served = reached(whole, &SERVING);
    let mut often = None;
    let findings = findings.into_iter().map(|(growth, finding)| {
        let (module, code) = program.code(growth.function);
        let goes_on = if is_new_instance(module, code, growth.by) {
            let often: &Often = often.get_or_insert_with(|| Often::of(whole));
            often.runs(whole, growth.function)
        } else {
            served[growth.function.0 as usize].is_some()
                || is_sent(whole, growth)
                || keeps_all(module, growth)
        };
        finding.severity(if goes_on {
            Severity::Warning
        } else {
            Severity::Hint
        })
    });
    findings.collect()
}

/// Whether somebody else decides what is put in, and so how much. Whole tables are mostly taken over once.
fn is_sent(whole: &Whole<'_>, growth: Growth) -> bool {
    let (module, _) = whole.program.code(growth.function);
    let is_table = matches!(module.kind(growth.at), ExprKind::Attribute { name, .. }
        if module.name(name) == "update");
    !is_table
        && origin(whole, growth.function, growth.by)
            .is_some_and(|origin| origin.outside.is_foreign())
}

/// Whether each call leaves something behind, the same things again and again: a list keeps them all.
fn keeps_all(module: &Module, growth: Growth) -> bool {
    matches!(module.kind(growth.at), ExprKind::Attribute { name, .. }
        if matches!(module.name(name), "append" | "appendleft" | "extend" | "insert"))
}

/// A container that a module makes.
#[derive(Clone, Copy)]
struct Made {
    made: Span,
    makes_missing: bool,
}

/// Names that some module takes out of another one: who knows what is done with them there.
fn imported_names(program: &Program<'_>) -> FxHashSet<Symbol> {
    let mut found = FxHashSet::default();
    for (index, source) in program.sources.iter().enumerate() {
        let (module, module_ref) = (&source.module, ModuleRef(index as u32));
        let names = module.imports.iter().filter_map(|import| import.name);
        found.extend(names.map(|name| program.symbol(module_ref, name)));
        for code in &module.functions {
            for index in code.exprs.range() {
                let ExprKind::Attribute { name, value, .. } = module.kind(ExprId::new(index))
                else {
                    continue;
                };
                if let ExprKind::Name(place) = module.kind(value)
                    && !OWN.contains(&crate::rules::around::variable_name(module, code, place))
                {
                    found.insert(program.symbol(module_ref, name));
                }
            }
        }
    }
    found
}

/// Module-level names that are bound once, to an empty container, and that no other module can see.
fn containers(
    program: &Program<'_>,
    module_ref: ModuleRef,
    imported: &FxHashSet<Symbol>,
) -> FxHashMap<NameId, Made> {
    let module = program.module(module_ref);
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
            let makes_missing = makes_missing(module, body, value);
            let span = inst.span;
            made.insert(
                name,
                Made {
                    made: span,
                    makes_missing,
                },
            );
        }
    }
    let is_imported = |name: NameId| imported.contains(&program.symbol(module_ref, name));
    made.retain(|name, _| counts[name] == 1 && !is_imported(*name));
    made
}

/// What the functions of a module do with its containers.
struct Uses<'s, 'a> {
    whole: &'s Whole<'s>,
    module_ref: ModuleRef,
    module: &'a Module,
    containers: &'s FxHashMap<NameId, Made>,
    grown: FxHashMap<NameId, Growth>,
    /// Something is taken out, or somebody else gets hold of it.
    lost: FxHashSet<NameId>,
}

impl Uses<'_, '_> {
    fn collect(&mut self) {
        for index in 0..self.module.functions.len() {
            let code = self.module.function(FunctionId::new(index));
            let function = self
                .whole
                .program
                .function(self.module_ref, FunctionId::new(index));
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
                match use_of(module, code, kind, &chain, expr) {
                    Use::Looks => {}
                    Use::Grows(at, by) => self.grows(function, span, name, at, by),
                    Use::Fills(at, by) if self.containers[&name].makes_missing => {
                        self.grows(function, span, name, at, by);
                    }
                    Use::Fills(..) => {}
                    Use::Other => {
                        self.lost.insert(name);
                    }
                }
            });
        });
    }

    fn grows(&mut self, function: FunctionRef, span: Span, name: NameId, at: ExprId, by: ExprId) {
        if keeps_growing(self.whole, function, by) {
            let growth = Growth {
                function,
                at,
                by,
                statement: span,
            };
            self.grown.entry(name).or_insert(growth);
        }
    }
}

fn report(
    rule: &'static Rule,
    program: &Program<'_>,
    name: String,
    made: Span,
    growth: Growth,
) -> Finding {
    let module = program.code(growth.function).0;
    let message = Message::new("grows").with("name", name.clone());
    let span = module.span(growth.at);
    let mut finding = draft(rule, program, growth.function, span, message);
    finding.statement = growth.statement.start;
    finding
        .because(Related {
            location: Location {
                file: program.file(growth.function),
                span: made,
            },
            message: Message::new("made").with("name", name),
        })
        .confidence(Confidence::Medium)
        .help(Message::new("bound"))
}
