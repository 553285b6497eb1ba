//! Options of the command line that nobody has to give: without a default they are None.

use crate::finding::{Confidence, Finding, Message, Related};
use crate::flow::Flow;
use crate::ir::{Argument, BlockId, ExprId, ExprKind, Function, InstKind, Module, Passing};
use crate::project::Target;
use crate::rules::none::belief::{Reliance, relied_on};
use crate::rules::none::module_variable::for_each_asked;
use crate::rules::{Rule, Whole, draft, is_test};
use crate::text::Location;
use crate::types::FunctionRef;
use rustc_hash::{FxHashMap, FxHashSet};

/// What people call the object that holds the options: the last word of the name counts.
const HOLDERS: [&str; 9] = [
    "args",
    "arguments",
    "flags",
    "namespace",
    "ns",
    "opt",
    "options",
    "opts",
    "parsed",
];

/// Actions that leave None where the option is not given.
const OPEN_ACTIONS: [&str; 5] = ["append", "count", "extend", "store", "store_const"];

/// What defines options, and what gives them values.
const DEFINING: [&str; 5] = [
    "add_argument",
    "add_option",
    "set_defaults",
    "Namespace",
    "Values",
];

/// The options of a program, as far as every definition of a name leaves it open.
#[derive(Default)]
struct Options {
    open: FxHashMap<String, Location>,
    /// They have a value, or somebody asks whether they do.
    settled: FxHashSet<String>,
}

pub(super) fn findings(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut options = Options::default();
    for function in among(whole, &DEFINING).filter(|&function| !is_test(whole.program, function)) {
        define(whole, function, &mut options);
    }
    options
        .open
        .retain(|name, _| !options.settled.contains(name));
    if options.open.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = options.open.keys().cloned().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let reading: Vec<FunctionRef> = among(whole, &names)
        .filter(|&function| !is_test(whole.program, function))
        .collect();
    for &function in &reading {
        ask(whole, function, &mut options);
    }
    options
        .open
        .retain(|name, _| !options.settled.contains(name));
    reading
        .iter()
        .filter(|&&function| whole.is_reported(function))
        .flat_map(|&function| uses(rule, whole, function, &options))
        .collect()
}

/// The functions of the modules that have one of these names.
fn among<'w>(whole: &'w Whole<'_>, names: &[&str]) -> impl Iterator<Item = FunctionRef> + 'w {
    let mentioning = whole.program.mentioning(names.iter().copied());
    let functions = (0..whole.traces.len()).map(|index| FunctionRef(index as u32));
    functions.filter(move |&function| mentioning[whole.program.locate(function).0.0 as usize])
}

/// Takes down the options that a function defines, and those that it gives a value.
fn define(whole: &Whole<'_>, function: FunctionRef, options: &mut Options) {
    let (module, code) = whole.program.code(function);
    for expr in code.exprs.range().map(ExprId::new) {
        let ExprKind::Call { callee, arguments } = module.kind(expr) else {
            continue;
        };
        let ExprKind::Attribute { value, name, .. } = module.kind(callee) else {
            continue;
        };
        let arguments = module.arguments(arguments);
        match module.name(name) {
            "add_argument" | "add_option" => {
                let Some(dest) = dest(module, arguments) else {
                    continue;
                };
                match is_open(module, arguments) && !is_exclusive(module, code, value) {
                    true => {
                        let file = whole.program.file(function);
                        let span = module.span(expr);
                        options.open.entry(dest).or_insert(Location { file, span });
                    }
                    false => {
                        options.settled.insert(dest);
                    }
                }
            }
            "set_defaults" | "Namespace" | "Values" => {
                for argument in arguments {
                    if let Passing::Keyword(name) = argument.passing {
                        options.settled.insert(module.name(name).to_owned());
                    }
                }
            }
            _ => {}
        }
    }
}

pub(in crate::rules) fn keyword<'m>(
    module: &'m Module,
    arguments: &[Argument],
    wanted: &str,
) -> Option<(ExprId, ExprKind, &'m str)> {
    let found = arguments.iter().find(|argument| {
        matches!(argument.passing, Passing::Keyword(name) if module.name(name) == wanted)
    })?;
    let kind = module.kind(found.value);
    let text = match kind {
        ExprKind::Text(text) => module.name(text),
        _ => "",
    };
    Some((found.value, kind, text))
}

/// The attribute that an option is kept in.
pub(in crate::rules) fn dest(module: &Module, arguments: &[Argument]) -> Option<String> {
    if let Some((_, _, dest)) = keyword(module, arguments, "dest") {
        return (!dest.is_empty()).then(|| dest.to_owned());
    }
    let names = names(module, arguments);
    let long = names.iter().find(|name| name.starts_with("--"));
    let name = long.or(names.first())?;
    Some(name.trim_start_matches('-').replace('-', "_"))
}

fn names<'m>(module: &'m Module, arguments: &[Argument]) -> Vec<&'m str> {
    let plain = arguments
        .iter()
        .filter(|argument| argument.passing == Passing::Positional);
    let names = plain.filter_map(|argument| match module.kind(argument.value) {
        ExprKind::Text(text) => Some(module.name(text)),
        _ => None,
    });
    names.collect()
}

/// Whether an option is None where it is not given, which it need not be.
fn is_open(module: &Module, arguments: &[Argument]) -> bool {
    let is_unclear = arguments
        .iter()
        .any(|argument| matches!(argument.passing, Passing::Star | Passing::DoubleStar));
    let has_default = keyword(module, arguments, "default")
        .is_some_and(|(_, default, _)| default != ExprKind::None);
    let is_required = keyword(module, arguments, "required")
        .is_some_and(|(_, required, _)| required != ExprKind::False);
    let is_acted = keyword(module, arguments, "action")
        .is_some_and(|(_, _, action)| !OPEN_ACTIONS.contains(&action));
    let is_positional = names(module, arguments)
        .first()
        .is_none_or(|name| !name.starts_with('-'));
    let is_given = is_positional
        && keyword(module, arguments, "nargs").is_none_or(|(_, _, nargs)| nargs != "?");
    !(is_unclear || has_default || is_required || is_acted || is_given)
}

/// Whether an option is one of several of which one has to be given.
fn is_exclusive(module: &Module, code: &Function, receiver: ExprId) -> bool {
    let dotted = module.dotted(code, receiver).unwrap_or_default();
    let of_call = matches!(module.kind(receiver), ExprKind::Call { .. });
    of_call || !dotted.to_ascii_lowercase().contains("pars") && code.exprs.range().any(|index| {
        matches!(module.kind(ExprId::new(index)), ExprKind::Attribute { name, .. } if module.name(name) == "add_mutually_exclusive_group")
    })
}

/// The open option that an expression reads: `args.path`.
fn option_of<'m>(
    module: &'m Module,
    code: &Function,
    expr: ExprId,
    options: &Options,
) -> Option<(&'m str, ExprId)> {
    let ExprKind::Attribute { name, .. } = module.kind(expr) else {
        return None;
    };
    let is_open = options.open.contains_key(module.name(name));
    is_open.then(|| read_option(module, code, expr)).flatten()
}

/// The option that an expression reads, by what people call the object that holds it.
pub(in crate::rules) fn read_option<'m>(
    module: &'m Module,
    code: &Function,
    expr: ExprId,
) -> Option<(&'m str, ExprId)> {
    let ExprKind::Attribute { value, name, .. } = module.kind(expr) else {
        return None;
    };
    let holder = module.dotted(code, value)?;
    let last = holder.rsplit('.').next().unwrap_or_default();
    let word = last.rsplit('_').next().unwrap_or_default();
    HOLDERS.contains(&word).then(|| (module.name(name), value))
}

/// Takes down the options that a function asks about, or sets.
fn ask(whole: &Whole<'_>, function: FunctionRef, options: &mut Options) {
    let (module, code) = whole.program.code(function);
    let mut settled: Vec<ExprId> = Vec::new();
    for inst in &code.insts {
        if let InstKind::Bind { target, .. } = inst.kind {
            settled.push(target);
        }
        for_each_asked(module, inst.kind, &mut |part| settled.push(part));
    }
    if !settled
        .iter()
        .any(|&expr| option_of(module, code, expr, options).is_some())
    {
        return;
    }
    // What fails for None asks for no None: `if os.path.isdir(args.path)`.
    let flow = whole.flow(function);
    let mut failing = Vec::new();
    for expr in code.exprs.range().map(ExprId::new) {
        demanded(&flow, expr, &mut failing);
    }
    settled.retain(|expr| !failing.contains(expr));
    for expr in settled {
        if let Some((name, _)) = option_of(module, code, expr, options) {
            options.settled.insert(name.to_owned());
        }
    }
}

fn uses(
    rule: &'static Rule,
    whole: &Whole<'_>,
    function: FunctionRef,
    options: &Options,
) -> Vec<Finding> {
    let (module, code) = whole.program.code(function);
    let reads = |expr: ExprId| option_of(module, code, expr, options).is_some();
    if !code.exprs.range().map(ExprId::new).any(reads) {
        return Vec::new();
    }
    let flow = whole.flow(function);
    let mut found: Vec<Finding> = Vec::new();
    let mut told: FxHashSet<&str> = FxHashSet::default();
    for (index, block) in code.blocks.iter().enumerate() {
        if flow.survives_none(block.guard) {
            continue;
        }
        for at in block.insts.range() {
            let inst = &code.insts[at];
            let relied = relied_on(&flow, inst.kind).into_iter();
            let relied = relied.filter(|relied| !matches!(relied.how, Reliance::Divisor));
            let mut subjects: Vec<ExprId> = relied.map(|relied| relied.subject).collect();
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |part| demanded(&flow, part, &mut subjects));
            });
            for subject in subjects {
                let Some((name, holder)) = option_of(module, code, subject, options) else {
                    continue;
                };
                let Some(&defined) = options.open.get(name) else {
                    continue;
                };
                if told.insert(name) {
                    let confidence = match is_led_by(&flow, BlockId::new(index), holder) {
                        true => Confidence::Low,
                        false => Confidence::Medium,
                    };
                    let finding = finding(rule, whole, &flow, (subject, at), defined);
                    found.push(finding.confidence(confidence));
                }
            }
        }
    }
    found
}

/// Arguments of calls of the library that take no None.
fn demanded(flow: &Flow<'_, '_>, expr: ExprId, found: &mut Vec<ExprId>) {
    let ExprKind::Call { callee, arguments } = flow.module.kind(expr) else {
        return;
    };
    let Target::Library(call) = flow.program.target(flow.evaluate.value(callee)) else {
        return;
    };
    let call = flow.program.library.get(call);
    let plain = flow.module.arguments(arguments).iter().enumerate();
    let plain = plain.take_while(|(_, argument)| argument.passing == Passing::Positional);
    found.extend(
        plain
            .filter(|(position, _)| call.demands.has(*position))
            .map(|(_, argument)| argument.value),
    );
}

/// Whether control only gets to a block by way of a condition on the same options: they may go together.
fn is_led_by(flow: &Flow<'_, '_>, block: BlockId, holder: ExprId) -> bool {
    let Some(holder) = flow.place_of(holder) else {
        return true;
    };
    let root = flow.code.root(holder);
    flow.code.blocks.iter().enumerate().any(|(index, before)| {
        let first = flow.code.insts(before).first().map(|inst| inst.kind);
        let Some(InstKind::Assume { test, .. }) = first else {
            return false;
        };
        flow.mentions(test, root) && flow.dominators().dominates(BlockId::new(index), block)
    })
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    (subject, inst): (ExprId, usize),
    defined: Location,
) -> Finding {
    let name = flow
        .place_of(subject)
        .map_or_else(|| "the option".to_owned(), |place| flow.place_text(place));
    let message = Message::new("option").with("name", name.clone());
    let span = flow.module.span(subject);
    let finding = Finding {
        statement: flow.code.insts[inst].span.start,
        ..draft(rule, whole.program, flow.function, span, message)
    };
    let related = Related {
        location: defined,
        message: Message::new("no-default").with("name", name.clone()),
    };
    finding
        .because(related)
        .help(Message::new("guard").with("name", name))
}
