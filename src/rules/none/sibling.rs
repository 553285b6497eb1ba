//! What the rest of a file believes of a method that nobody here knows: its result is tested for None, in all places but one.

use crate::finding::{Confidence, Finding, Message, Related};
use crate::flow::Flow;
use crate::ir::{BlockId, Comparison, ExprId, ExprKind, FunctionKind, InstKind, PlaceId, Source};
use crate::project::{Symbol, Target};
use crate::rules::none::belief::{Reliance, is_own_variable, relied_on};
use crate::rules::{Rule, Whole, draft, is_test};
use crate::text::Location;
use crate::types::{FunctionRef, ModuleRef};
use rustc_hash::FxHashMap;

/// So many places that test make a habit.
const HABIT: usize = 3;

/// A result that is used with no test anywhere in its function.
struct Unguarded {
    function: FunctionRef,
    call: ExprId,
    subject: ExprId,
    inst: usize,
}

/// What a file does with the results of calls of one name.
#[derive(Default)]
struct Results {
    tested: Vec<Location>,
    unguarded: Vec<Unguarded>,
}

/// The one place of a file that does not test what all others test.
pub(super) fn findings(rule: &'static Rule, whole: &Whole<'_>) -> Vec<Finding> {
    let mut results: FxHashMap<(ModuleRef, Symbol), Results> = FxHashMap::default();
    for index in 0..whole.traces.len() {
        let function = FunctionRef(index as u32);
        if whole.is_reported(function) && !is_test(whole.program, function) {
            gather(whole, function, &mut results);
        }
    }
    let mut results: Vec<_> = results.into_iter().collect();
    results.sort_by_key(|(key, _)| *key);
    let habits = results
        .iter()
        .filter_map(|(_, results)| match &results.unguarded[..] {
            [only] if results.tested.len() >= HABIT => Some((only, &results.tested)),
            _ => None,
        });
    habits
        .map(|(only, tested)| finding(rule, whole, only, tested))
        .collect()
}

fn gather(
    whole: &Whole<'_>,
    function: FunctionRef,
    results: &mut FxHashMap<(ModuleRef, Symbol), Results>,
) {
    let (module, code) = whole.program.code(function);
    let is_candidate = |inst: &crate::ir::Inst| {
        matches!(inst.kind, InstKind::Bind { target, source: Source::Value(value), .. }
            if matches!(module.kind(target), ExprKind::Name(_))
                && matches!(module.kind(value), ExprKind::Call { .. } | ExprKind::Await(_)))
    };
    if code.kind != FunctionKind::Def || !code.insts.iter().any(is_candidate) {
        return;
    }
    let flow = whole.flow(function);
    let (module_ref, _) = whole.program.locate(function);
    for inst in &code.insts {
        let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
        else {
            continue;
        };
        let call = match module.kind(value) {
            ExprKind::Await(call) => call,
            _ => value,
        };
        let (ExprKind::Name(place), ExprKind::Call { callee, .. }) =
            (module.kind(target), module.kind(call))
        else {
            continue;
        };
        let ExprKind::Attribute { name, .. } = module.kind(callee) else {
            continue;
        };
        // What one key may lack, another may have.
        if matches!(module.name(name), "get" | "pop" | "setdefault") {
            continue;
        }
        let is_plain = is_own_variable(code, place) && flow.is_bound_once(place);
        if !is_plain || whole.program.target(flow.evaluate.value(callee)) != Target::Unknown {
            continue;
        }
        let key = (module_ref, whole.program.symbol(module_ref, name));
        match treatment(&flow, place) {
            Treatment::Tested(at) => {
                let location = Location {
                    file: whole.program.file(function),
                    span: module.span(at),
                };
                results.entry(key).or_default().tested.push(location);
            }
            Treatment::Unguarded { subject, inst } => {
                results.entry(key).or_default().unguarded.push(Unguarded {
                    function,
                    call,
                    subject,
                    inst,
                });
            }
            Treatment::Other => {}
        }
    }
}

/// What a function does with a variable.
enum Treatment {
    Tested(ExprId),
    Unguarded { subject: ExprId, inst: usize },
    Other,
}

fn treatment(flow: &Flow<'_, '_>, place: PlaceId) -> Treatment {
    let (module, code) = (flow.module, flow.code);
    let is_it = |expr: ExprId| module.kind(expr) == ExprKind::Name(place);
    let exprs = code.exprs.range().map(ExprId::new);
    let tested = exprs.into_iter().find(|&expr| {
        matches!(module.kind(expr), ExprKind::Compare {
            operator: Comparison::Is | Comparison::IsNot | Comparison::Equal | Comparison::NotEqual,
            left,
            right,
        } if is_it(left) && module.kind(right) == ExprKind::None)
    });
    if let Some(at) = tested {
        return Treatment::Tested(at);
    }
    let mut asked = false;
    for inst in &code.insts {
        let mut ask = |part: ExprId| asked |= is_it(part);
        if let InstKind::Assume { test, .. } = inst.kind {
            module.for_each_asked(test, &mut ask);
        }
        inst.kind.for_each_expr(&mut |root| {
            module.walk(root, &mut |part| match module.kind(part) {
                ExprKind::Conditional { test, .. } => module.for_each_asked(test, &mut ask),
                ExprKind::And(parts) | ExprKind::Or(parts) => {
                    for &part in module.list(parts) {
                        module.for_each_asked(part, &mut ask);
                    }
                }
                _ => {}
            });
        });
    }
    if asked {
        return Treatment::Other;
    }
    for (index, block) in code.blocks.iter().enumerate() {
        if flow.survives_none(code.block(BlockId::new(index)).guard) {
            continue;
        }
        for at in block.insts.range() {
            let relied = relied_on(flow, code.insts[at].kind);
            let used = relied
                .into_iter()
                .find(|relied| relied.place == place && !matches!(relied.how, Reliance::Divisor));
            if let Some(used) = used {
                return Treatment::Unguarded {
                    subject: used.subject,
                    inst: at,
                };
            }
        }
    }
    Treatment::Other
}

fn finding(
    rule: &'static Rule,
    whole: &Whole<'_>,
    only: &Unguarded,
    tested: &[Location],
) -> Finding {
    let (module, code) = whole.program.code(only.function);
    let callee = match module.kind(only.call) {
        ExprKind::Call { callee, .. } => module.dotted(code, callee),
        _ => None,
    };
    let call = callee.map_or_else(|| "the call".to_owned(), |callee| format!("{callee}()"));
    let name = module.kind(only.subject).place().map_or_else(
        || "the result".to_owned(),
        |place| module.place_text(code, place),
    );
    let message = Message::new("sibling")
        .with("name", name.clone())
        .with("call", call.clone());
    let span = module.span(only.subject);
    let finding = draft(rule, whole.program, only.function, span, message);
    let source = Related {
        location: Location {
            file: whole.program.file(only.function),
            span: module.span(only.call),
        },
        message: Message::new("source").with("call", call),
    };
    let mut finding = Finding {
        statement: code.insts[only.inst].span.start,
        ..finding
    }
    .because(source);
    finding
        .related
        .extend(tested.iter().take(2).map(|&location| Related {
            location,
            message: Message::new("tested"),
        }));
    finding
        .confidence(Confidence::Medium)
        .help(Message::new("guard").with("name", name))
}
