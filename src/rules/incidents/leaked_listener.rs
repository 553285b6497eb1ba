//! `leaked-listener`: each call or instance registers a listener that nothing removes.

use crate::finding::{Finding, Message, Severity};
use crate::ir::{
    ExprId, ExprKind, Function, FunctionId, FunctionKind, InstKind, Module, Scope, Step,
};
use crate::project::Evaluate;
use crate::rules::around::{around, bound_value, called, keyword, positional, receiver};
use crate::rules::constants::global;
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

/// What functions are called that connect once, when the program starts.
const FOR_ONCE: [&str; 6] = ["connect", "init", "install", "ready", "register", "setup"];

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let program = whole.program;
    let mut findings = Vec::new();
    let mut often: Option<Often> = None;
    for index in 0..program.sources.len() as u32 {
        let module_ref = ModuleRef(index);
        if !program.sources[index as usize].reported {
            continue;
        }
        let module = program.module(module_ref);
        let mentions = |word: &str| module.names.iter().any(|name| name == word);
        let logs = mentions("addHandler");
        let removes = mentions("removeHandler");
        let connects = mentions("connect") && mentions("weak") && !mentions("disconnect");
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
            if logs && let Some((finding, is_sure)) = at.handlers(removes) {
                found.push((finding, is_sure));
            }
            if connects {
                found.extend(at.signals().map(|finding| (finding, false)));
            }
            if exits {
                found.extend(at.exits().map(|finding| (finding, false)));
            }
            let observers = registered(program, &at.evaluate, at.function);
            found.extend(observers.iter().map(|of| (at.observer(of), of.ends)));
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
    fn handlers(&self, removes: bool) -> Option<(Finding, bool)> {
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
                && positional(module.arguments(arguments), 0).is_some_and(|handler| {
                    self.is_made_here(handler) && !(removes && self.is_let_out(handler))
                })
        })?;
        // The file takes handlers away elsewhere: they are added more than once.
        let name = module.name(code.name);
        let is_first = ["main", "init", "setup", "config", "start"];
        let is_repeated = removes && !is_first.iter().any(|word| name.contains(word));
        let is_sure = is_repeated || self.runs_often();
        Some((self.report("handler", call, "once"), is_sure))
    }

    /// Whether somebody else can take a handler away again: it is kept, passed on or returned.
    fn is_let_out(&self, handler: ExprId) -> bool {
        let (module, code) = (self.module, self.code);
        let ExprKind::Name(place) = module.kind(handler) else {
            return matches!(module.kind(handler), ExprKind::Attribute { .. });
        };
        code.insts.iter().any(|inst| {
            let mut is_out = false;
            let target = match inst.kind {
                InstKind::Bind { target, .. } => Some(target),
                _ => None,
            };
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |part| {
                    if module.kind(part) != ExprKind::Name(place) || target == Some(part) {
                        return;
                    }
                    let chain = around(module, root, part).unwrap_or_default();
                    is_out |= match chain.last().map(|&parent| module.kind(parent)) {
                        Some(ExprKind::Attribute { .. }) => false,
                        Some(ExprKind::Call { callee, .. }) => {
                            called(module, code, callee) != "addHandler"
                        }
                        _ => true,
                    };
                });
            });
            is_out
        })
    }

    /// A receiver that a signal is told to hold for ever, connected each time that the function is called.
    fn signals(&self) -> Option<Finding> {
        let (module, code) = (self.module, self.code);
        let name = module.name(code.name);
        if FOR_ONCE.iter().any(|start| name.starts_with(start)) {
            return None;
        }
        let (call, ..) = self.calls().find(|&(_, callee, arguments)| {
            let arguments = module.arguments(arguments);
            let weak = keyword(module, arguments, "weak").map(|weak| module.kind(weak));
            called(module, code, callee) == "connect"
                && weak == Some(ExprKind::False)
                && positional(arguments, 0).is_some_and(|receiver| self.is_new(receiver))
        })?;
        Some(self.report("signal", call, "disconnect"))
    }

    /// Whether each call of the function makes another such receiver.
    fn is_new(&self, receiver: ExprId) -> bool {
        match self.module.kind(receiver) {
            ExprKind::Lambda(_) => true,
            ExprKind::Attribute { .. } => {
                self.module.name(self.code.name) == "__init__"
                    && self.module.kind(receiver).place().is_some()
            }
            ExprKind::Name(place) => matches!(
                self.code.place(place).step,
                Step::Variable {
                    scope: Scope::Local { .. },
                    ..
                }
            ),
            _ => false,
        }
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
            .with("undo", of.undo.clone());
        let span = self.module.span(of.call);
        let finding = draft(self.rule, self.whole.program, self.function, span, message);
        finding.help(Message::new("remove").with("undo", of.undo.clone()))
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
            ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                self.is_module_logger(logger)
                    || code.insts.iter().any(|inst| {
                        bound_value(inst.kind).is_some_and(|(target, value)| {
                            module.dotted(code, target).is_some()
                                && module.dotted(code, target) == module.dotted(code, logger)
                                && matches!(module.kind(value), ExprKind::Call { callee, .. }
                                    if called(module, code, callee) == "getLogger")
                        })
                    })
            }
            _ => false,
        }
    }

    /// A global of the module that is bound to a logger.
    fn is_module_logger(&self, logger: ExprId) -> bool {
        let (module, code) = (self.module, self.code);
        let ExprKind::Name(place) = module.kind(logger) else {
            return false;
        };
        let Step::Variable {
            scope: Scope::Global { .. },
            name,
        } = code.place(place).step
        else {
            return false;
        };
        let bound = global(self.whole, self.function, module.name(name));
        bound.is_some_and(|(_, value)| {
            matches!(module.kind(value), ExprKind::Call { callee, .. }
                if called(module, module.body(), callee) == "getLogger")
        })
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
