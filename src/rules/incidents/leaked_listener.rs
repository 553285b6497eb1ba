//! `leaked-listener`: each call or instance registers a listener that nothing removes.

use crate::finding::{Finding, Message, Severity};
use crate::ir::{ExprId, ExprKind, Function, FunctionId, FunctionKind, Module};
use crate::project::Evaluate;
use crate::rules::around::{bound_value, called, positional, receiver};
use crate::rules::incidents::observers::{Often, Registered, registered};
use crate::rules::stores::arguments;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::FxHashSet;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "leaked-listener",
    family: Family::Incidents,
    page: include_str!("../../../rules/leaked-listener.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let mut findings = Vec::new();
    let mut often: Option<Often> = None;
    for index in 0..program.sources.len() as u32 {
        let module_ref = ModuleRef(index);
        let module = program.module(module_ref);
        let mentions = |word: &str| module.names.iter().any(|name| name == word);
        let logs = mentions("addHandler") && !mentions("removeHandler");
        let exits = mentions("atexit") && !mentions("unregister");
        for id in 0..module.functions.len() {
            let code = module.function(FunctionId::new(id));
            if code.kind != FunctionKind::Def || code.exprs.range().is_empty() {
                continue;
            }
            let at = Place {
                rule,
                whole,
                module,
                code,
                evaluate: Evaluate::new(program, module_ref, FunctionId::new(id)),
                function: program.function(module_ref, FunctionId::new(id)),
            };
            let mut found = Vec::new();
            if logs && let Some((finding, is_sure)) = at.handlers() {
                found.push((finding, is_sure));
            }
            if exits {
                found.extend(at.exits().map(|finding| (finding, false)));
            }
            let observers = registered(program, &at.evaluate, at.function);
            found.extend(observers.iter().map(|of| (at.observer(of), false)));
            for (finding, is_sure) in found {
                let often = often.get_or_insert_with(|| Often::of(whole));
                let is_shown = is_sure || often.runs(whole, at.function);
                let severity = if is_shown {
                    Severity::Warning
                } else {
                    Severity::Hint
                };
                findings.push(finding.severity(severity));
            }
        }
    }
    findings
}

/// A function at work.
struct Place<'s, 'a> {
    rule: &'static Rule,
    whole: &'s Whole<'s>,
    module: &'a Module,
    code: &'a Function,
    evaluate: Evaluate<'s, 's>,
    function: FunctionRef,
}

impl Place<'_, '_> {
    fn calls(&self) -> impl Iterator<Item = (ExprId, ExprId, crate::ir::Run)> {
        self.code.exprs.range().filter_map(|index| {
            let call = ExprId::new(index);
            match self.module.kind(call) {
                ExprKind::Call { callee, arguments } => Some((call, callee, arguments)),
                _ => None,
            }
        })
    }

    /// `logging.getLogger(name).addHandler(StreamHandler())` each time that it is called.
    /// And whether the function is known to have more than one caller.
    fn handlers(&self) -> Option<(Finding, bool)> {
        let (module, code) = (self.module, self.code);
        let looks = code.exprs.range().any(|index| {
            matches!(module.kind(ExprId::new(index)), ExprKind::Attribute { name, .. }
                if matches!(module.name(name), "handlers" | "hasHandlers" | "loggerDict" | "removeHandler"))
        });
        if looks {
            return None;
        }
        let (call, ..) = self.calls().find(|&(_, callee, arguments)| {
            called(module, code, callee) == "addHandler"
                && receiver(module, callee).is_some_and(|logger| self.is_shared_logger(logger))
                && positional(module.arguments(arguments), 0)
                    .is_some_and(|handler| self.is_made_here(handler))
        })?;
        Some((self.report("handler", call, "once"), self.runs_often()))
    }

    /// A method of `self` that the interpreter calls at its end, and keeps until then.
    fn exits(&self) -> Option<Finding> {
        let module = self.module;
        let own = self.code.parameters.first()?.place;
        self.whole.program.class_of_method(self.function)?;
        let (call, ..) = self.calls().find(|&(_, callee, arguments)| {
            called(module, self.code, callee) == "register"
                && self.evaluate.dotted(callee).as_deref() == Some("atexit.register")
                && positional(module.arguments(arguments), 0).is_some_and(|function| {
                    matches!(module.kind(function), ExprKind::Attribute { value, .. }
                        if module.kind(value) == ExprKind::Name(own))
                })
        })?;
        Some(self.report("exit", call, "weak"))
    }

    /// An instance that something older than it keeps.
    fn observer(&self, of: &Registered) -> Finding {
        let name = match self.module.kind(of.call) {
            ExprKind::Call { callee, .. } => self.module.dotted(self.code, callee),
            _ => None,
        };
        let message = Message::new("observer")
            .with("call", name.unwrap_or_default())
            .with("undo", of.undo);
        let span = self.module.span(of.call);
        let finding = draft(self.rule, self.whole.program, self.function, span, message);
        finding.help(Message::new("remove").with("undo", of.undo))
    }

    fn report(&self, key: &'static str, call: ExprId, help: &'static str) -> Finding {
        let name = self.module.name(self.code.name);
        let message = Message::new(key).with("function", name);
        let program = self.whole.program;
        let span = self.module.span(call);
        let finding = draft(self.rule, program, self.function, span, message);
        finding.help(Message::new(help))
    }

    /// A constructor, or a function that hands out loggers, with more than one caller.
    fn runs_often(&self) -> bool {
        let name = self.module.name(self.code.name);
        let sites = self.whole.graph.calls_of(self.function).count();
        let hands_out =
            name.contains("logger") && !name.contains("setup") && !name.contains("init");
        name == "__init__" && sites != 1 || hands_out && sites > 1 && !self.is_called_by_names()
    }

    /// Whether each caller passes another name, written out: each then gets a logger of its own.
    fn is_called_by_names(&self) -> bool {
        let mut seen = FxHashSet::default();
        self.whole.graph.calls_of(self.function).all(|site| {
            let (module, _) = self.whole.program.code(site.caller);
            let first = arguments(module, site.call).first();
            let name = first.and_then(|first| match module.kind(first.value) {
                ExprKind::Text(text) => Some(module.name(text)),
                _ => None,
            });
            name.is_some_and(|name| seen.insert(name.to_owned()))
        })
    }

    /// A logger that `logging` keeps under a name.
    fn is_shared_logger(&self, logger: ExprId) -> bool {
        let (module, code) = (self.module, self.code);
        match module.kind(logger) {
            ExprKind::Call { callee, .. } => called(module, code, callee) == "getLogger",
            ExprKind::Name(_) | ExprKind::Attribute { .. } => code.insts.iter().any(|inst| {
                bound_value(inst.kind).is_some_and(|(target, value)| {
                    module.dotted(code, target).is_some()
                        && module.dotted(code, target) == module.dotted(code, logger)
                        && matches!(module.kind(value), ExprKind::Call { callee, .. }
                            if called(module, code, callee) == "getLogger")
                })
            }),
            _ => false,
        }
    }

    fn is_made_here(&self, handler: ExprId) -> bool {
        let (module, code) = (self.module, self.code);
        let is_handler = |value: ExprId| {
            matches!(module.kind(value), ExprKind::Call { callee, .. }
                if called(module, code, callee).ends_with("Handler"))
        };
        is_handler(handler)
            || code.insts.iter().any(|inst| {
                bound_value(inst.kind).is_some_and(|(target, value)| {
                    module.dotted(code, target).is_some()
                        && module.dotted(code, target) == module.dotted(code, handler)
                        && is_handler(value)
                })
            })
    }
}
