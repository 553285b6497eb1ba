//! Whether an answer is read that said of itself that all went well: a server that answers so sends what it promised.

use crate::escape::Site;
use crate::escape::clauses::called_name;
use crate::ir::{
    BlockId, Comparison, ExprId, ExprKind, Function, InstKind, Module, Next, PlaceId, UnaryOperator,
};
use crate::rules::Whole;
use crate::rules::around::{receiver, root_variable};

/// What an answer says of itself.
const STATUS: [&str; 5] = ["code", "is_success", "ok", "status", "status_code"];

/// More blocks on the way to a call are not looked at.
const BLOCKS: usize = 24;

/// Whether the way to a call leads through a test that the answer is no error, or behind `raise_for_status()`.
pub(super) fn is_after_success(whole: &Whole<'_>, site: &Site) -> bool {
    let (module, code) = whole.program.code(site.function);
    let mut answers: Vec<PlaceId> = Vec::new();
    module.walk(site.call.call, &mut |part| {
        answers.extend(root_variable(module, part));
    });
    if answers.is_empty() {
        return false;
    }
    let start = module.span(site.call.call).start;
    let raises = |expr: ExprId| {
        let ExprKind::Call { callee, .. } = module.kind(expr) else {
            return false;
        };
        let of = receiver(module, callee).and_then(|of| root_variable(module, of));
        called_name(module, expr) == Some("raise_for_status")
            && module.span(expr).end <= start
            && of.is_some_and(|of| answers.contains(&of))
    };
    code.exprs.range().map(ExprId::new).any(raises)
        || is_tested(module, code, site.call.block, &answers)
}

/// Goes back from a block as long as only one way leads to it.
fn is_tested(module: &Module, code: &Function, block: BlockId, answers: &[PlaceId]) -> bool {
    let mut at = block;
    for _ in 0..BLOCKS {
        let tests = code.insts(code.block(at)).iter();
        let says = |kind: InstKind| match kind {
            InstKind::Assume { test, holds } => is_success(module, test, holds, answers),
            _ => false,
        };
        if tests.map(|inst| inst.kind).any(says) {
            return true;
        }
        let mut before = code
            .blocks
            .iter()
            .enumerate()
            .filter(|(_, from)| match from.next {
                Next::Goto(to) => to == at,
                Next::Branch(one, other) => one == at || other == at,
                _ => false,
            });
        match (before.next(), before.next()) {
            (Some((only, _)), None) => at = BlockId::new(only),
            _ => return false,
        }
    }
    false
}

/// Whether a test that came out like this says that an answer is no error.
fn is_success(module: &Module, test: ExprId, holds: bool, answers: &[PlaceId]) -> bool {
    let is_status = |expr: ExprId| {
        matches!(module.kind(expr), ExprKind::Attribute { value, name, .. }
            if STATUS.contains(&module.name(name))
                && root_variable(module, value).is_some_and(|root| answers.contains(&root)))
    };
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => is_success(module, operand, !holds, answers),
        ExprKind::And(parts) if holds => module
            .list(parts)
            .iter()
            .any(|&part| is_success(module, part, holds, answers)),
        ExprKind::Or(parts) if !holds => module
            .list(parts)
            .iter()
            .any(|&part| is_success(module, part, holds, answers)),
        ExprKind::Compare {
            operator,
            left,
            right,
        } if is_status(left) => match operator {
            Comparison::Equal | Comparison::Is | Comparison::In => {
                holds && !is_error(module, right)
            }
            Comparison::NotEqual | Comparison::IsNot | Comparison::NotIn => {
                !holds && !is_error(module, right)
            }
            Comparison::Less | Comparison::LessEqual => holds,
            Comparison::Greater | Comparison::GreaterEqual => !holds,
        },
        _ => holds && is_status(test),
    }
}

/// Whether a number is that of an error.
fn is_error(module: &Module, status: ExprId) -> bool {
    match module.kind(status) {
        ExprKind::Int(number) => !(200..300).contains(&number),
        ExprKind::Attribute { name, .. } => {
            let name = module.name(name).to_ascii_uppercase();
            !name.contains("OK") && !name.contains("CREATED") && !name.contains("ACCEPTED")
        }
        _ => false,
    }
}
