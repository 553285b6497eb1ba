//! What the rules about dynamic code share: calls that are given a text or bytes, and who decides what is in it.

use crate::finding::{Confidence, Finding, Message, Severity};
use crate::infer::LibraryCall;
use crate::ir::{ExprId, ExprKind};
use crate::library::{Call, schema::Mark};
use crate::rules::constants::is_constant;
use crate::rules::dynamic::origin::{Origin, Outside, origin};
use crate::rules::stores;
use crate::rules::{Rule, Whole, draft};
use crate::types::FunctionRef;

/// A call that a rule looks at.
pub(in crate::rules) struct Site<'s, 'w> {
    pub(in crate::rules) whole: &'s Whole<'w>,
    pub(in crate::rules) function: FunctionRef,
    pub(in crate::rules) call: LibraryCall,
    pub(in crate::rules) known: &'w Call,
    /// What it is given.
    pub(in crate::rules) input: ExprId,
}

/// How bad it is, and how sure, by who decides.
pub(in crate::rules) type Level = Option<(Severity, Confidence)>;

/// Every call with a mark that is given something that is not written out.
pub(in crate::rules) fn findings(
    rule: &'static Rule,
    whole: &Whole<'_>,
    mark: Mark,
    level: &dyn Fn(&Site<'_, '_>, Option<Outside>) -> Level,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, trace) in whole.traces.iter().enumerate() {
        let function = FunctionRef(index as u32);
        if !whole.is_reported(function) {
            continue;
        }
        for &call in &trace.library {
            let known = whole.program.library.get(call.callee);
            if !known.has(mark) {
                continue;
            }
            let Some(input) = input(whole, function, known, call.call) else {
                continue;
            };
            let site = Site {
                whole,
                function,
                call,
                known,
                input,
            };
            found.extend(finding(rule, &site, level));
        }
    }
    found
}

/// What decides what is run: the first argument; `imp.load_source` takes a name and then the path.
fn input(whole: &Whole<'_>, function: FunctionRef, known: &Call, call: ExprId) -> Option<ExprId> {
    let (module, code) = whole.program.code(function);
    let arguments = stores::arguments(module, call);
    // `Unpickler(file).load()`
    if arguments.is_empty()
        && let Some((receiver, _)) = stores::method(module, call)
    {
        let made = match module.kind(receiver) {
            ExprKind::Name(place) => stores::bound_value(module, code, place)?,
            _ => receiver,
        };
        return Some(stores::arguments(module, made).first()?.value);
    }
    let first = arguments.first()?.value;
    let second = arguments.get(1).filter(|_| known.name.starts_with("imp."));
    match second {
        Some(second) if is_constant(whole, function, first) => Some(second.value),
        _ => Some(first),
    }
}

fn finding(
    rule: &'static Rule,
    site: &Site<'_, '_>,
    level: &dyn Fn(&Site<'_, '_>, Option<Outside>) -> Level,
) -> Option<Finding> {
    let whole = site.whole;
    if is_constant(whole, site.function, site.input) {
        return None;
    }
    let origin: Option<Origin> = origin(whole, site.function, site.input);
    let (severity, confidence) = level(site, origin.as_ref().map(|origin| origin.outside))?;
    let (module, code) = whole.program.code(site.function);
    let span = module.span(site.call.call);
    let name = match module.kind(site.call.call) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    let name = name.unwrap_or_else(|| site.known.name.clone());
    let key = if origin.is_some() {
        "outside"
    } else {
        "unknown"
    };
    let message = Message::new(key).with("call", name);
    let mut finding = draft(rule, whole.program, site.function, span, message)
        .confidence(confidence)
        .help(Message::new("instead"));
    let (module_ref, _) = whole.program.locate(site.function);
    if whole.escapes.is_out_of_scope(module_ref) {
        finding.severity = Severity::Hint;
    } else if finding.severity != Severity::Hint {
        finding.severity = severity;
    }
    finding.statement = code
        .insts
        .get(site.call.inst as usize)
        .map_or(span.start, |inst| inst.span.start);
    if let Some(origin) = origin {
        finding.related = origin.path;
    }
    Some(finding)
}
