//! `quadratic-work`: each round of a loop goes through all that the rounds before it have left.

mod position;
mod size;

use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Flow, Solution};
use crate::ir::{
    BinaryOperator, Comparison, ExprId, ExprKind, InstKind, Loop, LoopKind, PlaceId, Source,
};
use crate::rules::around::{called, covers, positional, receiver};
use crate::rules::dynamic::told::put_into;
use crate::rules::functional::early_call::statement;
use crate::rules::{Check, Family, Rule, Scene};
use crate::types::Type;
use crate::value::Kinds;
use size::{grows_anyway, is_long, is_renewed, is_sent, is_walk, names};

pub(in crate::rules) const RULE: Rule = Rule {
    name: "quadratic-work",
    family: Family::Incidents,
    page: include_str!("../../../rules/quadratic-work.md"),
    severity: Severity::Warning,
    check: Check::Function(check),
};

/// Lists of a command line are short.
const SHORT: [&str; 8] = [
    "argv",
    "args",
    "arguments",
    "params",
    "parts",
    "path",
    "tokens",
    "stack",
];

fn check(scene: &Scene<'_>, _: &Solution) -> Vec<Finding> {
    let flow = scene.flow;
    let (module, code) = (flow.module, flow.code);
    let mut findings = position::find(scene);
    if code.loops.is_empty() {
        return findings;
    }
    for inst in &code.insts {
        let Some(of) = code
            .loops
            .iter()
            .rev()
            .find(|of| covers(of.suite, inst.span))
        else {
            continue;
        };
        let work = Work { scene, of };
        if let InstKind::Bind {
            target,
            source: Source::Value(value),
            ..
        } = inst.kind
        {
            findings.extend(work.added(target, value));
        }
        if !matches!(inst.kind, InstKind::Assume { .. }) {
            inst.kind.for_each_expr(&mut |root| {
                module.walk(root, &mut |expr| findings.extend(work.expr(expr)));
            });
        }
    }
    findings
}

/// One loop at work.
struct Work<'s> {
    scene: &'s Scene<'s>,
    of: &'s Loop,
}

impl Work<'_> {
    fn flow(&self) -> &Flow<'_, '_> {
        self.scene.flow
    }

    /// A list that is older than the loop, and no deque.
    fn list(&self, expr: ExprId) -> Option<PlaceId> {
        let flow = self.flow();
        let kind = flow.module.kind(expr);
        let (ExprKind::Name(place)
        | ExprKind::Attribute {
            place: Some(place), ..
        }) = kind
        else {
            return None;
        };
        let value = flow.evaluate.value(expr);
        let is_list = (value.kinds - Kinds::NONE - Kinds::UNBOUND) == Kinds::LIST
            && !matches!(flow.program.types.get(value.class), Type::Instance(_));
        if !is_list {
            return None;
        }
        let is_older = flow.code.insts.iter().any(|inst| {
            matches!(inst.kind, InstKind::Bind { target, .. } if crate::rules::around::binds(flow.module, target, place))
                && !covers(self.of.span, inst.span)
        });
        let is_parameter = flow
            .code
            .parameters
            .iter()
            .any(|parameter| parameter.place == place);
        let is_kept =
            matches!(kind, ExprKind::Attribute { .. }) && !is_renewed(flow, self.of, place);
        (is_older || is_parameter || is_kept).then_some(place)
    }

    fn expr(&self, expr: ExprId) -> Option<Finding> {
        let flow = self.flow();
        let module = flow.module;
        match module.kind(expr) {
            ExprKind::Call { callee, arguments } => {
                let name = called(module, flow.code, callee);
                let arguments = module.arguments(arguments);
                let first = positional(arguments, 0).map(|first| module.kind(first));
                let is_at_front = first == Some(ExprKind::Int(0));
                match (name, receiver(module, callee)) {
                    ("pop", Some(list)) if is_at_front => self.popped(expr, list),
                    ("insert", Some(list)) if is_at_front => self.inserted(expr, list),
                    ("sort", Some(list)) => self.sorted(expr, list),
                    ("sorted", None) => self.sorted(expr, positional(arguments, 0)?),
                    _ => None,
                }
            }
            ExprKind::Compare {
                operator: Comparison::In | Comparison::NotIn,
                right,
                ..
            } => self.searched(expr, right),
            _ => None,
        }
    }

    fn report(&self, key: &'static str, at: ExprId, place: PlaceId) -> Finding {
        let scene = self.scene;
        let flow = self.flow();
        let message = Message::new(key).with("name", flow.place_text(place));
        let finding = scene.at(at, message).confidence(Confidence::Medium);
        Finding {
            statement: statement(flow.code, flow.module.span(at)),
            ..finding
        }
    }

    /// `while queue: queue.pop(0)` where the loop also appends.
    fn popped(&self, call: ExprId, list: ExprId) -> Option<Finding> {
        let place = self.list(list)?;
        let flow = self.flow();
        let name = flow.place_text(place);
        let LoopKind::While { test } = self.of.kind else {
            return None;
        };
        let is_drained =
            names(flow.module, test, place) || matches!(flow.module.kind(test), ExprKind::True);
        if SHORT.contains(&name.as_str()) || !is_drained || bounds_length(flow, test) {
            return None;
        }
        let Some(grown) = self.growth(self.of, place, &["append", "extend"]) else {
            // What asks for the first one before it takes it keeps them in an order of their own.
            let is_plain = asked_place(flow, test) == Some(place);
            return is_plain.then(|| self.drained(call, list, place)).flatten();
        };
        // It is linear in what waits, which mostly is a handful.
        let mut finding = self.report("pop", call, place).help(Message::new("deque"));
        finding.severity = Severity::Hint;
        Some(finding.because(self.grown(grown, place)))
    }

    /// `while self.events: self.events.pop(0)`, where another method puts events in: a queue.
    fn drained(&self, call: ExprId, list: ExprId, place: PlaceId) -> Option<Finding> {
        let flow = self.flow();
        let module = flow.module;
        let ExprKind::Attribute { value, name, .. } = module.kind(list) else {
            return None;
        };
        let own = flow.code.parameters.first()?.place;
        let class = flow
            .code
            .class
            .filter(|_| module.kind(value) == ExprKind::Name(own))?;
        let attribute = module.name(name);
        let mut others = module.functions.iter();
        let filled = others.find_map(|code| {
            let is_other = code.class == Some(class) && code.span != flow.code.span;
            let puts = is_other.then(|| put_into(module, code, attribute))?;
            puts.first().copied()
        })?;
        let mut finding = self.report("drained", call, place);
        finding.severity = Severity::Hint;
        Some(
            finding
                .help(Message::new("deque"))
                .because(self.grown(filled, place)),
        )
    }

    fn inserted(&self, call: ExprId, list: ExprId) -> Option<Finding> {
        let place = self.list(list)?;
        let mut finding = self
            .report("insert", call, place)
            .help(Message::new("deque"));
        if !is_long(self.flow(), self.of) {
            finding.severity = Severity::Hint;
        }
        Some(finding)
    }

    fn sorted(&self, call: ExprId, list: ExprId) -> Option<Finding> {
        let place = self.list(list)?;
        let flow = self.flow();
        let grown = self.growth(self.of, place, &["append", "extend", "insert"])?;
        // Sorting once behind the inner loop that fills it is what everybody does.
        let innermost = |at: ExprId| {
            let span = flow.module.span(at);
            flow.code
                .loops
                .iter()
                .rposition(|of| covers(of.suite, span))
        };
        if innermost(call) != innermost(grown) {
            return None;
        }
        let mut finding = self.report("sort", call, place).help(Message::new("heap"));
        if !is_long(flow, self.of) {
            finding.severity = Severity::Hint;
        }
        Some(finding.because(self.grown(grown, place)))
    }

    /// `if item not in found: found.append(item)`.
    fn searched(&self, at: ExprId, list: ExprId) -> Option<Finding> {
        let place = self.list(list)?;
        let flow = self.flow();
        let report = |grown: ExprId| {
            self.report("search", at, place)
                .because(self.grown(grown, place))
                .help(Message::new("set"))
        };
        if SHORT.contains(&flow.place_text(place).as_str()) {
            return None;
        }
        // The loops around it that leave the list as it is, outermost first.
        let span = flow.module.span(at);
        let around = flow
            .code
            .loops
            .iter()
            .filter(|of| covers(of.suite, span) && !is_renewed(flow, of, place));
        for of in around {
            let Some(grown) = self.growth(of, place, &["append"]) else {
                continue;
            };
            let is_inner = of.span != self.of.span;
            let is_large = is_sent(flow, of)
                || is_walk(flow, of)
                || is_long(flow, of) && (is_inner || grows_anyway(flow, of, at, grown));
            if is_large {
                return Some(report(grown));
            }
        }
        let mut finding = report(self.growth(self.of, place, &["append"])?);
        if !is_long(flow, self.of) {
            finding.severity = Severity::Hint;
        }
        // What is different in the lines of a file is mostly little; a client sends what it likes.
        Some(finding.confidence(Confidence::Low))
    }

    /// `rows = rows + [row]`: a copy in each round.
    fn added(&self, target: ExprId, value: ExprId) -> Option<Finding> {
        let flow = self.flow();
        let module = flow.module;
        let ExprKind::Binary {
            operator: BinaryOperator::Add,
            left,
            right,
        } = module.kind(value)
        else {
            return None;
        };
        let place = self.list(target)?;
        let is_copy = module.kind(left) == ExprKind::Name(place)
            && matches!(
                module.kind(right),
                ExprKind::List(_) | ExprKind::Comprehension(_) | ExprKind::Name(_)
            );
        // A copy of the caller's list is there to leave his alone.
        let is_own = flow
            .code
            .parameters
            .iter()
            .all(|parameter| parameter.place != place);
        let is_counted = matches!(self.of.kind, LoopKind::For { .. });
        (is_copy && is_own && is_counted).then(|| {
            self.report("copy", value, place)
                .help(Message::new("extend"))
        })
    }

    fn grown(&self, at: ExprId, place: PlaceId) -> Related {
        let name = self.flow().place_text(place);
        self.scene
            .related(at, Message::new("grown").with("name", name))
    }

    /// A call in a loop that puts something into the list.
    fn growth(&self, of: &Loop, place: PlaceId, methods: &[&str]) -> Option<ExprId> {
        let flow = self.flow();
        let module = flow.module;
        let mut exprs = flow.code.exprs.range().map(ExprId::new);
        exprs.find(|&expr| {
            let ExprKind::Call { callee, .. } = module.kind(expr) else {
                return false;
            };
            covers(of.suite, module.span(expr))
                && methods.contains(&called(module, flow.code, callee))
                && receiver(module, callee).is_some_and(|of| module.kind(of).place() == Some(place))
        })
    }
}

/// What a condition asks whether there is anything in: `queue`, `len(queue)`, `len(queue) > 0`.
fn asked_place(flow: &Flow<'_, '_>, test: ExprId) -> Option<PlaceId> {
    let module = flow.module;
    match module.kind(test) {
        ExprKind::Compare { left, .. } => asked_place(flow, left),
        ExprKind::Call { callee, arguments } if called(module, flow.code, callee) == "len" => {
            module
                .kind(positional(module.arguments(arguments), 0)?)
                .place()
        }
        ExprKind::Subscript { .. } => None,
        kind => kind.place(),
    }
}

/// Whether a condition bounds a length.
fn bounds_length(flow: &Flow<'_, '_>, test: ExprId) -> bool {
    let module = flow.module;
    match module.kind(test) {
        ExprKind::Compare {
            operator: Comparison::Greater | Comparison::GreaterEqual,
            left,
            right,
        } => {
            matches!(module.kind(left), ExprKind::Call { callee, .. } if called(module, flow.code, callee) == "len")
                && module.kind(right) != ExprKind::Int(0)
        }
        _ => false,
    }
}
