//! `missing-timeout`: a call over the network that may wait for ever.

use crate::escape::clauses::called_names;
use crate::escape::has_no_host;
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::infer::LibraryCall;
use crate::ir::{
    Argument, ExprId, ExprKind, Function, Inst, InstKind, Module, Passing, Source, TryKind,
};
use crate::library::{Call, schema::Want};
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::Span;
use crate::types::{CallRef, FunctionRef};
use rustc_hash::FxHashSet;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "missing-timeout",
    family: Family::Guarded,
    page: include_str!("../../../rules/missing-timeout.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// What the whole project does about timeouts.
struct Project<'w> {
    whole: &'w Whole<'w>,
    called: FxHashSet<CallRef>,
}

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let calls = whole.traces.iter().flat_map(|trace| &trace.library);
    let project = Project {
        whole,
        called: calls.map(|call| call.callee).collect(),
    };
    let mut findings = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        findings.extend(
            trace
                .library
                .iter()
                .filter_map(|call| finding(rule, &project, function, call)),
        );
    }
    findings
}

fn finding(
    rule: &'static Rule,
    project: &Project<'_>,
    function: FunctionRef,
    site: &LibraryCall,
) -> Option<Finding> {
    let whole = project.whole;
    let known = whole.program.library.get(site.callee);
    let want = known.wants.as_ref().filter(|want| want.rule == RULE.name)?;
    let (module, code) = whole.program.code(function);
    let key = match given(module, site.call, want) {
        Given::Nothing if want.has_default => return None,
        Given::Nothing => "missing",
        Given::None => "none",
        Given::Something => return None,
    };
    if key == "missing"
        && (connects_later(module, known, site.call)
            || project.is_set_elsewhere(want)
            || is_set_near(project, function, want)
            || (known.name.starts_with("requests.Session.") && is_adapted(module, code, site.call))
            || is_limited(project, function, site))
    {
        return None;
    }
    let name = module
        .dotted(code, callee_of(module, site.call)?)
        .unwrap_or_else(|| known.name.clone());
    let argument = want
        .one_of
        .first()
        .cloned()
        .unwrap_or_else(|| "settimeout".to_owned());
    let span = module.span(site.call);
    let message = Message::new(key)
        .with("call", name)
        .with("argument", argument.clone());
    let statement = code
        .insts
        .get(site.inst as usize)
        .map_or(span.start, |inst| inst.span.start);
    let finding = Finding {
        statement,
        ..draft(rule, whole.program, function, span, message)
    };
    let help = Message::new(if want.one_of.is_empty() {
        "set"
    } else {
        "give"
    })
    .with("argument", argument);
    let finding = finding.confidence(confidence(known, want)).help(help);
    let (module_ref, _) = whole.program.locate(function);
    let is_watched = whole.escapes.is_out_of_scope(module_ref);
    Some(if is_watched {
        finding.severity(Severity::Hint)
    } else {
        finding
    })
}

/// `FTP()` connects to nobody yet; `Redis(connection_pool=pool)` does as its pool was told.
fn connects_later(module: &Module, known: &Call, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let named = |argument: &Argument, wanted: &[&str]| match argument.passing {
        Passing::Keyword(name) => wanted.contains(&module.name(name)),
        _ => false,
    };
    let arguments = module.arguments(arguments);
    let pooled =
        |argument: &Argument| named(argument, &["connection_pool", "pool", "connection", "sock"]);
    arguments.iter().any(pooled) || has_no_host(module, known, call)
}

/// Raw sockets wait on purpose more often than not; what a version changed may not matter here.
fn confidence(known: &Call, want: &Want) -> Confidence {
    if want.one_of.is_empty() {
        Confidence::Low
    } else if want.before.is_some() || !want.constructor.is_empty() || is_long_wait(known) {
        Confidence::Medium
    } else {
        Confidence::High
    }
}

/// Waiting for a result is often the purpose.
fn is_long_wait(known: &Call) -> bool {
    !known.name.starts_with("requests.") && !known.name.starts_with("urllib")
}

/// What a call says of its timeout.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Nothing,
    None,
    Something,
}

fn given(module: &Module, call: ExprId, want: &Want) -> Given {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return Given::Something;
    };
    let arguments = module.arguments(arguments);
    if arguments
        .iter()
        .any(|argument| matches!(argument.passing, Passing::DoubleStar | Passing::Star))
        || in_url(module, arguments)
    {
        return Given::Something;
    }
    let by_name = arguments.iter().find(|argument| match argument.passing {
        Passing::Keyword(name) => want.one_of.iter().any(|wanted| wanted == module.name(name)),
        _ => false,
    });
    let by_place = || {
        let mut positional = arguments
            .iter()
            .filter(|argument| argument.passing == Passing::Positional);
        want.position
            .and_then(|position| positional.nth(usize::from(position)))
    };
    match by_name
        .or_else(by_place)
        .map(|argument| module.kind(argument.value))
    {
        None => Given::Nothing,
        Some(ExprKind::None) => Given::None,
        Some(_) => Given::Something,
    }
}

/// Whether an address says it: `redis://host?socket_timeout=5`, `mongodb://host/?socketTimeoutMS=500`.
fn in_url(module: &Module, arguments: &[Argument]) -> bool {
    arguments.iter().any(|argument| {
        let mut found = false;
        module.walk(argument.value, &mut |part| {
            if let ExprKind::Text(text) = module.kind(part) {
                found |= module.name(text).to_ascii_lowercase().contains("timeout");
            }
        });
        found
    })
}

impl Project<'_> {
    /// Whether a function that sets the default for all is called anywhere.
    fn is_set_elsewhere(&self, want: &Want) -> bool {
        let library = self.whole.program.library;
        let named = |name: &str| {
            library
                .call(name)
                .is_some_and(|call| self.called.contains(&call))
        };
        named("socket.setdefaulttimeout")
            || want
                .setters
                .iter()
                .any(|setter| setter.contains('.') && named(setter))
    }
}

/// Whether the file calls the method that sets it, or constructs something with the keyword that does.
fn is_set_near(project: &Project<'_>, function: FunctionRef, want: &Want) -> bool {
    let (module, _) = project.whole.program.code(function);
    let methods = want.setters.iter().filter(|setter| !setter.contains('.'));
    let mut methods = methods.map(String::as_str).chain(["setdefaulttimeout"]);
    let is_called = methods.any(|setter| {
        module
            .functions
            .iter()
            .any(|code| called_names(module, code, Span::new(0, u32::MAX)).contains(&setter))
    });
    is_called
        || want
            .constructor
            .iter()
            .any(|keyword| passes_keyword(module, keyword))
}

/// Whether somebody sees to timeouts for all requests of the session that a call is made on: by an adapter of the file's own that is
/// mounted, or by a method that is replaced by one with a timeout. Of a session that the function makes itself, the function has to.
fn is_adapted(module: &Module, code: &Function, call: ExprId) -> bool {
    const SENDS: [&str; 3] = ["get", "request", "send"];
    let mentions = |code: &Function| {
        code.exprs
            .range()
            .any(|index| match module.exprs[index].kind {
                ExprKind::Text(text) => module.name(text) == "timeout",
                ExprKind::Attribute { name, .. } => module.name(name) == "timeout",
                _ => false,
            })
    };
    let is_send = |code: &&Function| module.name(code.name) == "send";
    let has_adapter = module.functions.iter().filter(is_send).any(mentions);
    let adapts = |code: &Function| {
        let mounts = called_names(module, code, code.span).contains(&"mount");
        let is_replaced = |inst: &Inst| match inst.kind {
            InstKind::Bind {
                target,
                source: Source::Value(value),
                ..
            } => {
                matches!(module.kind(target), ExprKind::Attribute { name, .. } if SENDS.contains(&module.name(name)))
                    && gives_timeout(module, value)
            }
            _ => false,
        };
        (mounts && has_adapter) || code.insts.iter().any(is_replaced)
    };
    match makes_session(module, code, call) {
        true => adapts(code),
        false => module.functions.iter().any(adapts),
    }
}

/// Whether the session that a method is called on is made in the same function.
fn makes_session(module: &Module, code: &Function, call: ExprId) -> bool {
    let receiver = callee_of(module, call).and_then(|callee| match module.kind(callee) {
        ExprKind::Attribute { value, .. } => module.kind(value).place(),
        _ => None,
    });
    let is_session = |expr: ExprId| {
        callee_of(module, expr)
            .and_then(|callee| module.dotted(code, callee))
            .is_some_and(|name| {
                name.to_ascii_lowercase().ends_with("requests.session") || name == "Session"
            })
    };
    code.insts.iter().any(|inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Value(value) | Source::Entered { manager: value, .. },
            ..
        } => receiver.is_some() && module.kind(target).place() == receiver && is_session(value),
        _ => false,
    })
}

/// Whether a call gives a timeout by name: `partial(session.request, timeout=5)`.
fn gives_timeout(module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    module
        .arguments(arguments)
        .iter()
        .any(|argument| matches!(argument.passing, Passing::Keyword(name) if module.name(name) == "timeout"))
}

fn passes_keyword(module: &Module, keyword: &str) -> bool {
    module
        .arguments
        .iter()
        .any(|argument| match argument.passing {
            Passing::Keyword(name) => module.name(name) == keyword,
            _ => false,
        })
}

/// Whether something around the call limits its time: `with gevent.Timeout(5)`, a decorator.
fn is_limited(project: &Project<'_>, function: FunctionRef, site: &LibraryCall) -> bool {
    let program = project.whole.program;
    let (module_ref, id) = program.locate(function);
    let (module, code) = program.code(function);
    let evaluate = crate::project::Evaluate::new(program, module_ref, id);
    let mut at = code.block(site.block).guard;
    while let Some(region) = at {
        if let TryKind::With { manager, .. } = code.region(region).kind {
            let manager = callee_of(module, manager).unwrap_or(manager);
            let name = evaluate.dotted(manager).unwrap_or_default();
            let is_known = program
                .library
                .context(&name)
                .is_some_and(|context| context.limits_time);
            if is_known || name.to_ascii_lowercase().contains("timeout") {
                return true;
            }
        }
        at = code.region(region).parent;
    }
    decorators_limit(project, module, code, module_ref)
}

fn decorators_limit(
    project: &Project<'_>,
    module: &Module,
    code: &Function,
    module_ref: crate::types::ModuleRef,
) -> bool {
    let Some(parent) = code.parent else {
        return false;
    };
    let evaluate = crate::project::Evaluate::new(project.whole.program, module_ref, parent);
    module.list(code.decorators).iter().any(|&decorator| {
        let name = evaluate
            .dotted(callee_of(module, decorator).unwrap_or(decorator))
            .unwrap_or_default();
        project
            .whole
            .program
            .library
            .decorator(&name)
            .is_some_and(|decorator| decorator.limits_time)
    })
}

fn callee_of(module: &Module, expr: ExprId) -> Option<ExprId> {
    match module.kind(expr) {
        ExprKind::Call { callee, .. } => Some(callee),
        _ => None,
    }
}
