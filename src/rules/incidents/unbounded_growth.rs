//! `unbounded-growth`: a container of a module or class that calls put things into, and that nothing ever empties.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind, Module, NameId, PlaceId, Scope,
    Source, Step,
};
use crate::library::schema::Runs;
use crate::project::Program;
use crate::rules::around::around;
use crate::rules::incidents::class_growth;
use crate::rules::incidents::growth::{Growth, Use, is_empty_container, keeps_growing, use_of};
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
const SERVING: [Runs; 4] = [Runs::Request, Runs::Loop, Runs::Greenlet, Runs::Task];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let imported = imported_names(program);
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
            let text = module.name(name).to_owned();
            findings.push((
                growth.function,
                report(rule, program, text, containers[&name], growth),
            ));
        }
    }
    for (name, made, growth) in class_growth::find(whole) {
        findings.push((growth.function, report(rule, program, name, made, growth)));
    }
    if findings.is_empty() {
        return Vec::new();
    }
    let served = reached(whole, &SERVING);
    let findings = findings.into_iter().map(|(function, finding)| {
        let is_served = served[function.0 as usize].is_some();
        finding.severity(if is_served {
            Severity::Warning
        } else {
            Severity::Hint
        })
    });
    findings.collect()
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
                    && !OWN.contains(&crate::rules::around::variable_name(module, code, place))
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
