//! A number, followed back to the text that it was read out of.

use super::{At, Entrance, Sources, Trail};
use crate::ir::ExprKind;
use crate::project::{Evaluate, Target};

/// Functions that make a number of a text.
const NUMBERS: [&str; 5] = [
    "float",
    "int",
    "decimal.Decimal",
    "long",
    "fractions.Fraction",
];

impl Sources<'_, '_> {
    /// What a number is made of: a text from outside, or another number.
    pub(super) fn follow_number(&self, at: At, trail: &mut Trail) -> Option<Entrance> {
        let (function, expr) = at;
        let program = self.whole.program;
        let (module_ref, id) = program.locate(function);
        let (module, _) = program.code(function);
        let follow = |value, trail: &mut Trail| self.follow((function, value), trail);
        match module.kind(expr) {
            ExprKind::Attribute { value, name, .. } => {
                self.follow_attribute(function, value, name, trail)
            }
            ExprKind::Tuple(_) => self.follow_part(at, trail),
            ExprKind::Conditional {
                then, otherwise, ..
            } => follow(then, trail).or_else(|| follow(otherwise, trail)),
            ExprKind::Await(value) | ExprKind::Walrus { value, .. } => follow(value, trail),
            ExprKind::Call { callee, arguments } => {
                let arguments = module.arguments(arguments);
                let evaluate = Evaluate::new(program, module_ref, id);
                let name = evaluate.dotted(callee).unwrap_or_default();
                if NUMBERS.contains(&name.trim_start_matches("builtins.")) {
                    trail.is_number = false;
                    let found = follow(arguments.first()?.value, trail);
                    trail.is_number = true;
                    return found;
                }
                match program.target(evaluate.value(callee)) {
                    Target::Function { .. } => self.follow_call(at, callee, arguments, trail),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The part of a tuple that somebody further on unpacks.
    pub(super) fn follow_part(&self, (function, expr): At, trail: &mut Trail) -> Option<Entrance> {
        let (module, _) = self.whole.program.code(function);
        let ExprKind::Tuple(parts) = module.kind(expr) else {
            return None;
        };
        let pick = trail.picks.pop()?;
        let part = module.list(parts).get(pick).copied();
        let found = part.and_then(|part| self.follow((function, part), trail));
        trail.picks.push(pick);
        found
    }
}
