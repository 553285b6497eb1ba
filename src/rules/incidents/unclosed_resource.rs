//! `unclosed-resource`: a file, socket or connection that is opened and that a way out of the function leaves open.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Reaching, Solution, Start};
use crate::ir::{ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Scope, Step, TryId, TryKind};
use crate::library::schema::Mark;
use crate::project::Target;
use crate::rules::around::{around, bound_value, called, keyword, positional};
use crate::rules::{Check, Family, Rule, Scene};
use crate::value::Kinds;

pub(in crate::rules) const RULE: Rule = Rule {
    name: "unclosed-resource",
    family: Family::Incidents,
    page: include_str!("../../../rules/unclosed-resource.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// What is not closed by hand: a process is waited for, a temporary file may be meant to stay, a response ends with its text.
const OTHERS: [&str; 5] = [
    "subprocess.",
    "tempfile.",
    "os.",
    "multiprocessing.",
    "urllib",
];

/// Methods that end the life of their receiver, or hand it on.
const ENDING: [&str; 13] = [
    "close",
    "aclose",
    "cursor",
    "detach",
    "disconnect",
    "dispose",
    "quit",
    "release",
    "shutdown",
    "terminate",
    "makefile",
    "__exit__",
    "stop",
];

/// Methods whose result reads on from the receiver.
const INSIDE: [&str; 5] = ["extractfile", "iterdir", "makefile", "open", "unpack"];

/// Functions that use what they are given and forget it.
const USING: [&str; 19] = [
    "bool",
    "copyfileobj",
    "csv.DictReader",
    "csv.DictWriter",
    "csv.reader",
    "csv.writer",
    "dump",
    "enumerate",
    "fstat",
    "isinstance",
    "iter",
    "len",
    "list",
    "load",
    "next",
    "print",
    "read",
    "repr",
    "str",
];

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    if flow.code.kind != FunctionKind::Def {
        return Vec::new();
    }
    let mut ways = None;
    let mut findings = Vec::new();
    for (index, inst) in flow.code.insts.iter().enumerate() {
        if let InstKind::Eval(call) = inst.kind
            && let Some((open, what)) = written_in_passing(flow, call)
        {
            let message = Message::new("passing").with("what", what);
            let finding = scene.at(open, message).help(Message::new("with"));
            findings.push(finding.confidence(Confidence::Medium));
        }
        let Some((target, value)) = bound_value(inst.kind) else {
            continue;
        };
        let (ExprKind::Name(place), ExprKind::Call { .. }) =
            (flow.module.kind(target), flow.module.kind(value))
        else {
            continue;
        };
        let Some(what) = opened(flow, value) else {
            continue;
        };
        if !is_of_one_call(flow, place) {
            continue;
        }
        let ways = ways.get_or_insert_with(|| Reaching::of(flow));
        let found = left_open(flow, ways, place, index as u32);
        findings.extend(found.map(|left| report(scene, place, value, &what, left)));
    }
    findings
}

/// `open(path, "w").write(text)`: the file that is written to is held by nobody.
fn written_in_passing(flow: &Flow<'_, '_>, call: ExprId) -> Option<(ExprId, String)> {
    let (file, method) = crate::rules::stores::method(flow.module, call)?;
    if !matches!(method, "write" | "writelines") {
        return None;
    }
    let what = opened(flow, file)?;
    Some((file, what))
}

fn report(scene: &Scene<'_>, place: PlaceId, value: ExprId, what: &str, left: Left) -> Finding {
    let flow = scene.flow;
    let name = flow.place_text(place);
    let key = match &left {
        Left::Always => "never",
        Left::Sometimes(_) => "sometimes",
    };
    let message = Message::new(key)
        .with("name", name.clone())
        .with("what", what);
    let mut finding = scene.at(value, message).help(Message::new("with"));
    finding.statement =
        crate::rules::functional::early_call::statement(flow.code, flow.module.span(value));
    if let &Left::Sometimes(span) = &left {
        finding = finding.because(crate::finding::Related {
            location: scene.location_of(span),
            message: Message::new("leaves").with("name", name),
        });
    }
    // The end of the program closes it.
    if flow.module.name(flow.code.name) == "main" {
        finding.severity = Severity::Hint;
    }
    // On the one way that forgets it nothing is lost of what was only read.
    let confidence = if is_read(flow, value) && matches!(left, Left::Sometimes(_)) {
        Confidence::Low
    } else {
        Confidence::Medium
    };
    finding.confidence(confidence)
}

/// Whether a call opens a file or an archive to read it, or a socket: nothing is lost, and CPython closes it with the function.
fn is_read(flow: &Flow<'_, '_>, call: ExprId) -> bool {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return false;
    };
    let arguments = module.arguments(arguments);
    let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
    let name = dotted.strip_prefix("builtins.").unwrap_or(&dotted);
    let mode = positional(arguments, 1).or_else(|| keyword(module, arguments, "mode"));
    let writes = mode.is_some_and(|mode| match module.kind(mode) {
        ExprKind::Text(mode) => module.name(mode).contains(['w', 'a', 'x', '+']),
        _ => true,
    });
    match name {
        "open" | "file" | "io.open" | "codecs.open" | "tarfile.open" | "zipfile.ZipFile" => !writes,
        _ => name.starts_with("socket."),
    }
}

/// What a call opens, as the library says it.
fn opened(flow: &Flow<'_, '_>, call: ExprId) -> Option<String> {
    let module = flow.module;
    let ExprKind::Call { callee, arguments } = module.kind(call) else {
        return None;
    };
    let Target::Library(target) = flow.program.target(flow.evaluate.value(callee)) else {
        return None;
    };
    let known = flow.program.library.get(target);
    if !known.marks.contains(&Mark::Opens)
        || OTHERS.iter().any(|other| known.name.starts_with(other))
    {
        return None;
    }
    // A descriptor belongs to whoever opened it, and `closefd=False` leaves it to him.
    let arguments = module.arguments(arguments);
    let first = positional(arguments, 0).map(|first| module.kind(first));
    let is_descriptor = matches!(first, Some(ExprKind::Int(_)));
    // An archive in a file that somebody else opened.
    let is_inside = positional(arguments, 0)
        .is_some_and(|first| flow.evaluate.value(first).kinds.meets(Kinds::FILE));
    let is_lent = ["closefd", "fileobj"]
        .iter()
        .any(|word| keyword(module, arguments, word).is_some());
    (!is_descriptor && !is_inside && !is_lent).then(|| {
        module
            .dotted(flow.code, callee)
            .unwrap_or(known.name.clone())
    })
}

/// Whether a variable is this call's alone: no function inside sees it.
fn is_of_one_call(flow: &Flow<'_, '_>, place: PlaceId) -> bool {
    matches!(
        flow.code.place(place).step,
        Step::Variable {
            scope: Scope::Local {
                captured: false,
                rebound_inside: false,
            },
            ..
        }
    )
}

/// How a resource is left open.
enum Left {
    /// Nothing in the function closes it or hands it on.
    Always,
    /// This statement leaves the function before anything does.
    Sometimes(crate::text::Span),
}

fn left_open(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    inst: u32,
) -> Option<Left> {
    let reach = ways.reach(place, Start::Behind(inst));
    let ends: Vec<u32> = reach
        .reads
        .iter()
        .filter(|read| lets_go(flow, read.name, read.inst))
        .map(|read| read.inst)
        .collect();
    if ends.is_empty() {
        return (reach.survives && reach.kills.is_empty()).then_some(Left::Always);
    }
    let span = skips(flow, ways, place, inst, &ends)?;
    Some(Left::Sometimes(span))
}

/// A `return` that is reached without passing what closes the resource or a test of it. Ways through handlers and
/// `finally` are left to whoever reads the code.
fn skips(
    flow: &Flow<'_, '_>,
    ways: &Reaching<'_, '_, '_>,
    place: PlaceId,
    inst: u32,
    ends: &[u32],
) -> Option<crate::text::Span> {
    let code = flow.code;
    let start = ways.block_of(inst)?;
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![(start, inst as usize + 1)];
    while let Some((id, first)) = open.pop() {
        let block = code.block(id);
        // A `finally` that closes it runs on every way out of here.
        if is_closed_behind(flow, block.guard, ends) {
            continue;
        }
        let mut ended = false;
        for index in first..block.insts.range().end {
            let kind = code.insts[index].kind;
            let mut is_passed = ends.contains(&(index as u32));
            flow.accesses(&code.insts[index], place, &mut |access| {
                is_passed |= !matches!(access, crate::flow::Access::Read(_));
            });
            if let InstKind::Assume { test, .. } = kind {
                is_passed |= flow.mentions(test, place);
            }
            if let InstKind::Eval(value) = kind {
                is_passed |= matches!(flow.module.kind(value), ExprKind::Call { callee, .. }
                    if matches!(called(flow.module, code, callee), "exit" | "_exit" | "abort" | "fail"));
            }
            if is_passed || matches!(kind, InstKind::Raise { .. }) {
                ended = true;
                break;
            }
            if let InstKind::Return(_) = kind {
                let in_finally = block.guard.is_some();
                return (!in_finally).then_some(code.insts[index].span);
            }
        }
        if ended {
            continue;
        }
        let mut go = |to: crate::ir::BlockId| {
            if !std::mem::replace(&mut seen[to.index()], true) {
                open.push((to, code.block(to).insts.range().start));
            }
        };
        match block.next {
            crate::ir::Next::Goto(to) => go(to),
            crate::ir::Next::Branch(one, other) => {
                go(one);
                go(other);
            }
            _ => {}
        }
    }
    None
}

fn is_closed_behind(flow: &Flow<'_, '_>, guard: Option<TryId>, ends: &[u32]) -> bool {
    let code = flow.code;
    let mut at = guard;
    while let Some(id) = at {
        let region = code.region(id);
        if let TryKind::Finally { suite, .. } = region.kind {
            let is_in =
                |&end: &u32| crate::rules::around::covers(suite, code.insts[end as usize].span);
            if ends.iter().any(is_in) {
                return true;
            }
        }
        at = region.parent;
    }
    false
}

/// Whether a read of the variable closes the resource or hands it to somebody who may.
fn lets_go(flow: &Flow<'_, '_>, name: ExprId, inst: u32) -> bool {
    let module = flow.module;
    let kind = flow.code.insts[inst as usize].kind;
    let mut result = true;
    let is_entered = |root: ExprId| {
        flow.code
            .tries
            .iter()
            .any(|region| matches!(region.kind, TryKind::With { manager, .. } if manager == root))
    };
    kind.for_each_expr(&mut |root| {
        let Some(chain) = around(module, root, name) else {
            return;
        };
        result = is_entered(root)
            || matches!(kind, InstKind::Return(_)) && chain.is_empty()
            || kept(flow, &chain, name, matches!(kind, InstKind::Return(_)))
            || chain.is_empty() && matches!(kind, InstKind::Bind { .. });
    });
    result
}

/// `sock.makefile().readline()`: what is made of the resource is gone with the expression.
fn is_used_up(flow: &Flow<'_, '_>, chain: &[ExprId], method: &str) -> bool {
    let module = flow.module;
    let around = |back: usize| chain.len().checked_sub(back).map(|index| chain[index]);
    let (Some(attribute), Some(call)) = (around(3), around(4)) else {
        return false;
    };
    let is_called =
        matches!(module.kind(call), ExprKind::Call { callee, .. } if callee == attribute);
    let reads = match module.kind(attribute) {
        ExprKind::Attribute { name, .. } => module.name(name).starts_with("read"),
        _ => false,
    };
    method == "makefile" && is_called && reads
}

/// Whether one of the expressions around a read keeps what is read.
fn kept(flow: &Flow<'_, '_>, chain: &[ExprId], name: ExprId, is_returned: bool) -> bool {
    let module = flow.module;
    let Some(&parent) = chain.last() else {
        return false;
    };
    let above = chain.len().checked_sub(2).map(|index| chain[index]);
    // The descriptor lives on as a copy.
    let is_copied = chain.iter().any(|&part| {
        matches!(module.kind(part), ExprKind::Call { callee, .. }
            if matches!(called(module, flow.code, callee), "dup" | "dup2"))
    });
    if is_copied {
        return true;
    }
    match module.kind(parent) {
        ExprKind::Attribute { name: method, .. } => match above.map(|above| module.kind(above)) {
            Some(ExprKind::Call { callee, .. }) if callee == parent => {
                let method = module.name(method);
                ENDING.contains(&method) && !is_used_up(flow, chain, method)
                    || is_returned && INSIDE.contains(&method) && !is_used_up(flow, chain, method)
            }
            // A method that is handed on may be the one that closes.
            Some(ExprKind::Call { .. }) => true,
            Some(_) => false,
            None => ENDING.contains(&module.name(method)),
        },
        ExprKind::Call { callee, .. } if callee != name => {
            let used = called(module, flow.code, callee);
            let dotted = flow.evaluate.dotted(callee).unwrap_or_default();
            let uses = USING.contains(&used) || USING.contains(&dotted.as_str());
            // A reader or iterator goes on using it.
            !uses || is_returned && matches!(used, "reader" | "DictReader" | "iter" | "enumerate")
        }
        ExprKind::Compare { .. } | ExprKind::Unary { .. } | ExprKind::Subscript { .. } => false,
        ExprKind::Comprehension(_) => false,
        _ => true,
    }
}
