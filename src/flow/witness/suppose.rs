//! A condition comes out on a way: whether it can, and what follows for its operands.

use super::{Fact, Search, Walker, hash_of};
use crate::ir::{BinaryOperator, ExprId, ExprKind, Run, UnaryOperator};
use smallvec::SmallVec;

/// As many undecided choices are tried one inside the other.
const DEPTH: usize = 5;

impl Search<'_, '_, '_> {
    /// False if a condition came out the other way before.
    pub(super) fn suppose(&mut self, walker: &mut Walker, test: ExprId, holds: bool) -> bool {
        let module = self.flow.module;
        if self.binds_wanted(walker, test) {
            return false;
        }
        if let ExprKind::And(parts) | ExprKind::Or(parts) = module.kind(test) {
            if !self.record(walker, test, holds) {
                return false;
            }
            let is_and = matches!(module.kind(test), ExprKind::And(_));
            if is_and != holds {
                let condition = hash_of(&("form", self.flow.form(test)));
                self.choices.insert(condition, (parts, holds));
            }
        }
        if let Some(runs) = self.flow.type_checking(test) {
            return holds == runs;
        }
        if let (ExprKind::Call { .. }, Some(place)) =
            (module.kind(test), self.flow.tested_place(test))
        {
            return self.suppose_truth(walker, test, place, holds)
                && (!holds || self.suppose_object(walker, place));
        }
        match module.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.suppose(walker, operand, !holds),
            ExprKind::Walrus { target, value } => {
                self.suppose(walker, value, holds) && self.suppose(walker, target, holds)
            }
            ExprKind::And(parts) if holds => module
                .list(parts)
                .iter()
                .all(|&part| self.suppose(walker, part, true)),
            ExprKind::Or(parts) if !holds => module
                .list(parts)
                .iter()
                .all(|&part| self.suppose(walker, part, false)),
            ExprKind::And(parts) => self.suppose_one(walker, parts, false),
            ExprKind::Or(parts) => self.suppose_one(walker, parts, true),
            // `isinstance(x, T) & (x > y)`
            ExprKind::Binary {
                operator: BinaryOperator::BitAnd,
                left,
                right,
            } if holds => [left, right]
                .into_iter()
                .all(|part| self.suppose(walker, part, true)),
            ExprKind::None => !holds,
            ExprKind::Text(text) if module.name(text).is_empty() => !holds,
            ExprKind::List(parts) | ExprKind::Tuple(parts) | ExprKind::Dict(parts)
                if parts.is_empty() =>
            {
                !holds
            }
            ExprKind::True => holds,
            ExprKind::False => !holds,
            ExprKind::Int(number) => holds == (number != 0),
            ExprKind::Name(place)
            | ExprKind::Attribute {
                place: Some(place), ..
            } => self.suppose_truth(walker, test, place, holds),
            ExprKind::Compare {
                operator,
                left,
                right,
            } => self.suppose_comparison(walker, test, operator, left, right, holds),
            ExprKind::Call { callee, arguments }
                if holds && self.asks_none(walker, callee, arguments) =>
            {
                false
            }
            ExprKind::Call { callee, arguments } if self.is_type_test(callee, arguments) => {
                self.suppose_type(walker, test, arguments, holds)
            }
            ExprKind::Call { callee, arguments } => match self.quantified(callee, arguments) {
                Some((parts, is_all)) if is_all == holds => module
                    .list(parts)
                    .iter()
                    .all(|&part| self.suppose(walker, part, holds)),
                Some((parts, _)) => {
                    let condition = hash_of(&("form", self.flow.form(test)));
                    self.choices.insert(condition, (parts, holds));
                    self.record(walker, test, holds) && self.suppose_one(walker, parts, holds)
                }
                None => {
                    self.suppose_proven(walker, callee, arguments, holds)
                        && self.record(walker, test, holds)
                }
            },
            _ => self.record(walker, test, holds),
        }
    }

    /// What a predicate of the project's own says of its arguments by coming out so: that they are not None. And a method
    /// of `(x or "")` that comes out true was called for x.
    fn suppose_proven(
        &mut self,
        walker: &mut Walker,
        callee: ExprId,
        arguments: Run,
        holds: bool,
    ) -> bool {
        let module = self.flow.module;
        if let ExprKind::Attribute { value, name, .. } = module.kind(callee) {
            let is_of_content = matches!(
                module.name(name),
                "startswith" | "endswith" | "get" | "strip" | "isdigit" | "intersection"
            );
            return match module.kind(value) {
                ExprKind::Or(parts) if holds && is_of_content => {
                    self.suppose_one(walker, parts, true)
                }
                _ => self.proves(walker, callee, arguments, holds),
            };
        }
        self.proves(walker, callee, arguments, holds)
    }

    fn proves(&mut self, walker: &mut Walker, callee: ExprId, arguments: Run, holds: bool) -> bool {
        let value = self.flow.evaluate.value(callee);
        let arguments = self.flow.module.arguments(arguments);
        let proven = self.flow.proven_by(value, arguments, holds);
        proven.into_iter().all(|argument| {
            self.flow.place_of(argument).is_none_or(|place| {
                let condition = self.noneness_of(place);
                self.settle(walker, condition, false)
            })
        })
    }

    /// Whether evaluating a condition binds the wanted name to something else.
    pub(super) fn binds_wanted(&self, walker: &Walker, test: ExprId) -> bool {
        let is_leaf = !matches!(
            self.flow.module.kind(test),
            ExprKind::And(_) | ExprKind::Or(_)
        );
        walker.armed
            && is_leaf
            && self.flow.bound_in(test).contains(&self.wanted.place)
            && !self.gives_origin(test)
    }

    /// At least one of several came out as `holds`: if all but one are known to have come out otherwise, that one did.
    pub(super) fn suppose_one(&mut self, walker: &mut Walker, parts: Run, holds: bool) -> bool {
        let mut possible: SmallVec<[ExprId; 4]> = SmallVec::new();
        let mut one = self.tried.pop().unwrap_or_else(|| walker.clone());
        for &part in self.flow.module.list(parts) {
            one.become_one(walker);
            if self.suppose(&mut one, part, holds) {
                possible.push(part);
            }
        }
        self.tried.push(one);
        match possible[..] {
            [] => false,
            [only] => self.suppose(walker, only, holds),
            _ => true,
        }
    }

    /// A condition that holds where one of several does; on its own where there are none.
    pub(super) fn suppose_one_of(
        &mut self,
        walker: &mut Walker,
        test: ExprId,
        whole: u64,
        parts: Vec<u64>,
        holds: bool,
    ) -> bool {
        for &condition in parts.iter().chain([&whole]) {
            self.remember_mentions(condition, test);
        }
        if !holds && !parts.iter().all(|&part| self.settle(walker, part, false)) {
            return false;
        }
        if !parts.is_empty() {
            self.one_of.insert(whole, parts);
        }
        self.settle(walker, whole, holds) && self.is_possible(walker)
    }

    /// Whether of each condition that one of several operands decided, some operand still can have. Where only one can, it
    /// did, and that may decide the next.
    pub(super) fn leaves_a_choice(&mut self, walker: &Walker) -> bool {
        const ROUNDS: usize = 8;
        let is_open = |fact: &Fact| {
            let choice = self.choices.get(&fact.condition);
            choice.is_some_and(|choice| choice.1 == fact.holds)
        };
        if !walker.facts.iter().any(is_open) {
            return true;
        }
        let mut walker = walker.clone();
        for _ in 0..ROUNDS {
            let known = walker.facts.len();
            let open: Vec<(Run, bool)> = walker
                .facts
                .iter()
                .filter_map(|fact| {
                    let choice = self.choices.get(&fact.condition)?;
                    (choice.1 == fact.holds).then_some(*choice)
                })
                .collect();
            for (parts, holds) in open {
                if !self.suppose_one(&mut walker, parts, holds) {
                    return false;
                }
            }
            if walker.facts.len() == known {
                break;
            }
        }
        true
    }

    /// Whether all conditions of a way can have come out as they did: where several operands may have decided one, each is
    /// tried, as far as the depth allows.
    pub(super) fn is_consistent(&mut self, walker: &Walker) -> bool {
        self.is_satisfied(walker, DEPTH)
    }

    fn is_satisfied(&mut self, walker: &Walker, depth: usize) -> bool {
        let choices = &self.choices;
        let open = walker.facts.iter().filter_map(|fact| {
            let choice = choices.get(&fact.condition)?;
            (choice.1 == fact.holds).then_some(*choice)
        });
        let open: Vec<(Run, bool)> = open.collect();
        for (parts, holds) in open {
            let mut ways = Vec::new();
            for &part in self.flow.module.list(parts) {
                let mut one = walker.clone();
                if self.suppose(&mut one, part, holds) {
                    ways.push(one);
                }
            }
            let is_settled = |way: &Walker| way.facts.len() == walker.facts.len();
            if ways.iter().any(is_settled) {
                continue;
            }
            if ways.is_empty() {
                return false;
            }
            return depth == 0 || ways.iter().any(|way| self.is_satisfied(way, depth - 1));
        }
        true
    }

    /// Whether of each choice that was made one part is left.
    fn is_possible(&self, walker: &Walker) -> bool {
        let is_false = |&condition: &u64| {
            walker.facts.contains(&Fact {
                condition,
                holds: false,
            })
        };
        walker.facts.iter().all(|fact| {
            let parts = self.one_of.get(&fact.condition).filter(|_| fact.holds);
            !parts.is_some_and(|parts| parts.iter().all(is_false))
        })
    }

    /// `any((a, b))` and `all([a, b])`: the parts, and whether it is `all`.
    fn quantified(&self, callee: ExprId, arguments: Run) -> Option<(Run, bool)> {
        let module = self.flow.module;
        let name = module.plain_name(self.flow.code, callee)?;
        let [argument] = module.arguments(arguments) else {
            return None;
        };
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = module.kind(argument.value) else {
            return None;
        };
        matches!(name, "any" | "all").then_some((parts, name == "all"))
    }
}
