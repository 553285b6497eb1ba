//! `late-monkey-patch`: gevent or eventlet patches after what it patches was taken hold of.

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::ir::{
    Argument, ExprId, ExprKind, FunctionId, FunctionKind, ImportId, InstKind, Module, Passing,
    Source, Step,
};
use crate::library::schema::Mark;
use crate::project::Evaluate;
use crate::rules::{Check, Family, Rule, Whole, draft};
use crate::text::{FileId, Location, Span};
use crate::types::{FunctionRef, ModuleRef, Type};
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "late-monkey-patch",
    family: Family::Concurrency,
    page: include_str!("../../../rules/late-monkey-patch.md"),
    severity: Severity::Warning,
    check: Check::Program(check),
};

/// What patching replaces in a module: whoever imported the old thing by name keeps it.
const REPLACED: [(&str, &str, &[&str]); 8] = [
    ("time", "time", &["sleep"]),
    (
        "socket",
        "socket",
        &[
            "create_connection",
            "fromfd",
            "getaddrinfo",
            "gethostbyaddr",
            "gethostbyname",
            "getnameinfo",
            "socket",
            "socketpair",
        ],
    ),
    ("select", "select", &["epoll", "poll", "select"]),
    ("threading", "thread", &["Event", "Lock", "RLock", "local"]),
    ("_thread", "thread", &["allocate_lock", "start_new_thread"]),
    ("thread", "thread", &["allocate_lock", "start_new_thread"]),
    ("subprocess", "subprocess", &["Popen"]),
    ("os", "os", &["fork", "waitpid"]),
];

/// What is made of a patched module's classes and keeps what they were then.
const MADE: [(&str, &str); 13] = [
    ("queue.LifoQueue", "thread"),
    ("queue.PriorityQueue", "thread"),
    ("queue.Queue", "thread"),
    ("socket.create_connection", "socket"),
    ("socket.socket", "socket"),
    ("threading.BoundedSemaphore", "thread"),
    ("threading.Condition", "thread"),
    ("threading.Event", "thread"),
    ("threading.Lock", "thread"),
    ("threading.RLock", "thread"),
    ("threading.Semaphore", "thread"),
    ("threading.Thread", "thread"),
    ("threading.local", "thread"),
];

/// Packages that build on `ssl`'s classes when they are imported; patching those afterwards leaves a mixture.
const ON_SSL: [&str; 9] = [
    "aiohttp",
    "boto3",
    "botocore",
    "httpx",
    "pymongo",
    "requests",
    "ssl",
    "urllib3",
    "websocket",
];

/// Modules that import modules are followed so far.
const DEPTH: usize = 4;

fn check(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let patches = patches(whole);
    // Where one module patches in time, the order of the others is for whoever starts the program to say; a function
    // that starts it says so itself.
    let late: Vec<(&Patch, Finding)> = patches
        .iter()
        .filter_map(|patch| Some((patch, finding(rule, whole, patch)?)))
        .collect();
    let is_early_elsewhere = late.len() < patches.len();
    late.into_iter()
        .map(|(patch, finding)| {
            if is_early_elsewhere && !patch.is_inside {
                finding.confidence(Confidence::Low)
            } else {
                finding
            }
        })
        .collect()
}

/// A call that patches: at the top of a module, or where the program starts.
struct Patch {
    function: FunctionRef,
    call: ExprId,
    name: String,
    /// It stands in a function: all that the module imports at its top is there before it.
    is_inside: bool,
}

/// The first patch of each module, in the order of files.
fn patches(whole: &Whole<'_>) -> Vec<Patch> {
    let mut found: Vec<Patch> = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        let (module_ref, _) = whole.program.locate(function);
        let (module, code) = whole.program.code(function);
        let is_inside = code.kind != FunctionKind::Module;
        let is_start = !is_inside || starts(whole, function);
        if !is_start || whole.escapes.is_out_of_scope(module_ref) {
            continue;
        }
        let calls = trace.library.iter().filter_map(|call| {
            let known = whole.program.library.get(call.callee);
            known.has(Mark::Patches).then(|| Patch {
                function,
                call: call.call,
                name: known.name.clone(),
                is_inside,
            })
        });
        found.extend(calls.min_by_key(|patch| module.span(patch.call).start));
    }
    found
}

/// Whether a function is where the program starts: it is `main`, or the module itself calls it.
fn starts(whole: &Whole<'_>, function: FunctionRef) -> bool {
    let (module, code) = whole.program.code(function);
    let is_called_at_top = || {
        whole.graph.calls_of(function).any(|site| {
            let (_, caller) = whole.program.code(site.caller);
            caller.kind == FunctionKind::Module
        })
    };
    code.kind == FunctionKind::Def
        && code.class.is_none()
        && (module.name(code.name) == "main" || is_called_at_top())
}

impl Patch {
    /// Whether it patches a module.
    fn covers(&self, module: &Module, part: &str) -> bool {
        let last = self.name.rsplit('.').next().unwrap_or_default();
        if !matches!(last, "patch_all" | "monkey_patch") {
            return last.strip_prefix("patch_") == Some(part);
        }
        let ExprKind::Call { arguments, .. } = module.kind(self.call) else {
            return false;
        };
        let arguments = module.arguments(arguments);
        let keyword = |argument: &Argument| match argument.passing {
            Passing::Keyword(name) => Some(module.name(name).to_owned()),
            _ => None,
        };
        let is_off = arguments.iter().any(|argument| {
            keyword(argument).as_deref() == Some(part)
                && module.kind(argument.value) == ExprKind::False
        });
        // eventlet: what is asked for is all that is patched.
        let only_some = last == "monkey_patch"
            && arguments
                .iter()
                .any(|argument| module.kind(argument.value) == ExprKind::True);
        let is_on = arguments
            .iter()
            .any(|argument| keyword(argument).as_deref() == Some(part));
        !is_off && (!only_some || is_on)
    }

    fn is_gevent(&self) -> bool {
        self.name.starts_with("gevent.")
    }
}

/// Something that took hold of what is patched later.
struct Hold {
    module: ModuleRef,
    span: Span,
    /// `time.sleep`, the package that builds on `ssl`, or the class.
    what: String,
    how: How,
}

/// How something took hold of what is patched later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It was imported by name.
    ByName,
    /// A package was imported that builds on `ssl`.
    OnSsl,
    /// An object was made of it.
    Made,
}

fn finding(rule: &'static Rule, whole: &Whole<'_>, patch: &Patch) -> Option<Finding> {
    let (home, _) = whole.program.locate(patch.function);
    let module = whole.program.module(home);
    let place = module.span(patch.call);
    let mut ways: Vec<(ModuleRef, Location)> = Vec::new();
    let mut seen: FxHashSet<ModuleRef> = FxHashSet::from_iter([home]);
    let before = (!patch.is_inside).then_some(place.start);
    let mut open = VecDeque::from([(home, before, 0)]);
    let mut found = None;
    while let Some((at, before, depth)) = open.pop_front() {
        if let Some(hold) = hold(whole, patch, at, before) {
            found = Some(hold);
            break;
        }
        if depth >= DEPTH {
            continue;
        }
        for (imported, span) in imported(whole, at, before) {
            if seen.insert(imported) {
                let file = FileId(at.0);
                ways.push((imported, Location { file, span }));
                open.push_back((imported, None, depth + 1));
            }
        }
    }
    let hold = found?;
    let (key, before) = match hold.how {
        How::ByName => ("held", "before"),
        How::OnSsl => ("ssl", "before"),
        How::Made => ("made", "made-here"),
    };
    let name = patch.name.clone();
    let message = Message::new(key)
        .with("patch", name)
        .with("what", hold.what.clone());
    let mut finding = draft(rule, whole.program, patch.function, place, message)
        .confidence(if hold.how == How::ByName {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .help(Message::new("first"));
    finding.related = way(&ways, home, hold.module);
    finding.related.push(Related {
        location: Location {
            file: FileId(hold.module.0),
            span: hold.span,
        },
        message: Message::new(before).with("what", hold.what),
    });
    Some(finding)
}

/// The imports that lead from a module to another.
fn way(ways: &[(ModuleRef, Location)], home: ModuleRef, to: ModuleRef) -> Vec<Related> {
    let mut related = Vec::new();
    let mut at = to;
    while at != home {
        let Some((_, location)) = ways.iter().find(|(module, _)| *module == at) else {
            break;
        };
        related.push(Related {
            location: *location,
            message: Message::new("imports"),
        });
        at = ModuleRef(location.file.0);
    }
    related.reverse();
    related
}

/// The imports that run when a module is imported, before an offset if one is given.
fn imports(module: &Module, before: Option<u32>) -> impl Iterator<Item = (ImportId, ExprId, Span)> {
    let insts = module.body().insts.iter();
    insts.filter_map(move |inst| match inst.kind {
        InstKind::Bind {
            target,
            source: Source::Import(import),
            ..
        } if before.is_none_or(|before| inst.span.start < before) => {
            Some((import, target, inst.span))
        }
        _ => None,
    })
}

/// The first import of a module that takes hold of something which the patch replaces.
fn hold(whole: &Whole<'_>, patch: &Patch, at: ModuleRef, before: Option<u32>) -> Option<Hold> {
    let module = whole.program.module(at);
    let home = whole.program.code(patch.function).0;
    let by_import = imports(module, before).find_map(|(id, target, span)| {
        let import = &module.imports[id.index()];
        if import.level > 0 {
            return None;
        }
        let from = module.name(import.module);
        let name = import.name.map(|name| module.name(name));
        let held = |what: String, how| {
            Some(Hold {
                module: at,
                span,
                what,
                how,
            })
        };
        if let Some(name) = name {
            let replaced = REPLACED.iter().any(|(of, part, names)| {
                *of == from && names.contains(&name) && patch.covers(home, part)
            });
            if replaced && is_used(module, target) {
                return held(format!("{from}.{name}"), How::ByName);
            }
        }
        let package = from.split('.').next().unwrap_or_default();
        let builds = ON_SSL.contains(&package) && patch.is_gevent() && patch.covers(home, "ssl");
        (builds && !is_project(whole, at, target))
            .then(|| held(package.to_owned(), How::OnSsl))
            .flatten()
    });
    by_import.or_else(|| made(whole, patch, at, before))
}

/// The first lock, queue or socket that a module makes at its top.
fn made(whole: &Whole<'_>, patch: &Patch, at: ModuleRef, before: Option<u32>) -> Option<Hold> {
    let module = whole.program.module(at);
    let home = whole.program.code(patch.function).0;
    let evaluate = Evaluate::new(whole.program, at, FunctionId::new(0));
    module.body().insts.iter().find_map(|inst| {
        let InstKind::Bind {
            source: Source::Value(value),
            ..
        } = inst.kind
        else {
            return None;
        };
        let ExprKind::Call { callee, .. } = module.kind(value) else {
            return None;
        };
        if before.is_some_and(|before| inst.span.start >= before) {
            return None;
        }
        let name = evaluate.dotted(callee)?;
        let name = match name.as_str() {
            // What `threading` takes from elsewhere.
            "_thread.lock" | "_thread.LockType" | "_thread.allocate_lock" => {
                "threading.Lock".to_owned()
            }
            "_thread.RLock" | "threading._RLock" => "threading.RLock".to_owned(),
            _ => name.replace("Queue.", "queue."),
        };
        let &(what, part) = MADE.iter().find(|(of, _)| *of == name)?;
        patch.covers(home, part).then(|| Hold {
            module: at,
            span: inst.span,
            what: what.to_owned(),
            how: How::Made,
        })
    })
}

/// Whether a name that an import binds is mentioned besides.
fn is_used(module: &Module, target: ExprId) -> bool {
    let ExprKind::Name(place) = module.kind(target) else {
        return true;
    };
    let body = FunctionId::new(0);
    let Step::Variable { name, .. } = module.body().place(place).step else {
        return true;
    };
    module.functions.iter().enumerate().any(|(index, code)| {
        let mut mentions = code.exprs.range().map(ExprId::new).filter(|&expr| {
            let ExprKind::Name(other) = module.kind(expr) else {
                return false;
            };
            let is_same = matches!(
                code.place(other).step,
                Step::Variable { name: of, .. } if of == name
            );
            is_same && (FunctionId::new(index) != body || expr != target)
        });
        mentions.next().is_some()
    })
}

/// Whether an import leads into the project.
fn is_project(whole: &Whole<'_>, at: ModuleRef, target: ExprId) -> bool {
    module_of(whole, at, target).is_some()
}

fn module_of(whole: &Whole<'_>, at: ModuleRef, target: ExprId) -> Option<ModuleRef> {
    let program = whole.program;
    let value = Evaluate::new(program, at, FunctionId::new(0)).value(target);
    match program.types.get(value.class) {
        Type::Module(module) => Some(module),
        Type::Function { function, .. } => Some(program.locate(function).0),
        Type::Class(class) => program.project_class(class)?.module,
        _ => None,
    }
}

/// The modules of the project that a module imports.
fn imported(whole: &Whole<'_>, at: ModuleRef, before: Option<u32>) -> Vec<(ModuleRef, Span)> {
    let module = whole.program.module(at);
    imports(module, before)
        .filter_map(|(_, target, span)| Some((module_of(whole, at, target)?, span)))
        .collect()
}
