//! Values that are checked in a collection: `for value in (a, b): if value is None: raise`, and helpers that do so with all
//! that they are given.

use super::{Flow, State};
use crate::ir::{
    Argument, BlockId, Comparison, ExprId, ExprKind, Function, InstKind, Loop, LoopKind, Module,
    Next, ParameterKind, Passing, PlaceId, Run, UnaryOperator,
};
use crate::types::FunctionRef;
use crate::value::Kinds;

/// Larger helpers do more than check what they are given.
const BLOCKS: usize = 32;

impl Flow<'_, '_> {
    /// Behind a loop that lets no None pass, none of the elements that it went over is one.
    pub(super) fn passed_loop(&self, header: BlockId, state: &mut State) {
        let Some(of) = self.code.loops.iter().find(|of| of.header == header) else {
            return;
        };
        let LoopKind::For {
            target, iterable, ..
        } = of.kind
        else {
            return;
        };
        let (ExprKind::Tuple(parts) | ExprKind::List(parts)) = self.module.kind(iterable) else {
            return;
        };
        if !is_checked(self.module, self.code, of) {
            return;
        }
        let is_pair = matches!(self.module.kind(target), ExprKind::Tuple(_));
        for &part in self.module.list(parts) {
            let part = match self.module.kind(part) {
                ExprKind::Tuple(parts) if is_pair => self.module.list(parts).last().copied(),
                _ => Some(part),
            };
            if let Some(part) = part {
                self.is_something(part, state);
            }
        }
    }

    /// What a helper has checked that came back is not None.
    pub(super) fn checked_by(
        &self,
        function: FunctionRef,
        arguments: &[Argument],
        bound: bool,
        state: &mut State,
    ) {
        let (module, code) = self.program.code(function);
        let collects = |kind| matches!(kind, ParameterKind::Star | ParameterKind::DoubleStar);
        let is_display = |argument: &Argument| {
            matches!(
                self.module.kind(argument.value),
                ExprKind::Tuple(_) | ExprKind::List(_)
            )
        };
        let is_candidate = code.blocks.len() <= BLOCKS
            && code.tries.is_empty()
            && (arguments.iter().any(is_display)
                || code.parameters.iter().any(|known| collects(known.kind)));
        if !is_candidate {
            return;
        }
        let first = usize::from(bound);
        for (index, parameter) in code.parameters.iter().enumerate().skip(first) {
            if !(collects(parameter.kind) || arguments.iter().any(is_display))
                || !refuses(module, code, parameter.place)
            {
                continue;
            }
            for (position, argument) in arguments.iter().enumerate() {
                match (parameter.kind, argument.passing) {
                    (ParameterKind::Star, Passing::Positional) if position + first >= index => {
                        self.is_something(argument.value, state);
                    }
                    (ParameterKind::DoubleStar, Passing::Keyword(_)) => {
                        self.is_something(argument.value, state);
                    }
                    (ParameterKind::Normal, Passing::Positional) if position + first == index => {
                        if let ExprKind::Tuple(parts) | ExprKind::List(parts) =
                            self.module.kind(argument.value)
                        {
                            let parts = self.module.list(parts);
                            parts
                                .iter()
                                .for_each(|&part| self.is_something(part, state));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn is_something(&self, expr: ExprId, state: &mut State) {
        if let Some(place) = self.place_of(expr)
            && state.is_reachable()
        {
            state.set(place, state.get(place).without(Kinds::NONE));
        }
    }
}

/// Whether a function only comes back where no element of a parameter is None.
fn refuses(module: &Module, code: &Function, parameter: PlaceId) -> bool {
    let mut seen = vec![false; code.blocks.len()];
    let mut open = vec![BlockId::new(0)];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        let block = code.block(at);
        let insts = code.insts(block);
        if let Some(InstKind::Assume { test, holds }) = insts.first().map(|inst| inst.kind)
            && proves_all(module, code, (test, holds), parameter)
        {
            continue;
        }
        if insts
            .iter()
            .any(|inst| matches!(inst.kind, InstKind::Return(_)))
        {
            return false;
        }
        let is_checked_loop = code.loops.iter().any(|of| {
            of.header == at
                && goes_over(module, code, of, parameter)
                && is_checked(module, code, of)
        });
        match block.next {
            Next::Goto(to) => open.push(to),
            Next::Branch(one, _) if is_checked_loop => open.push(one),
            Next::Branch(one, other) => open.extend([one, other]),
            Next::Return | Next::Resume(_) => return false,
            Next::Raise | Next::Never => {}
        }
    }
    true
}

/// Whether a loop goes over the elements of a parameter: `for value in values`, `for name, value in values.items()`.
fn goes_over(module: &Module, code: &Function, of: &Loop, parameter: PlaceId) -> bool {
    let LoopKind::For { iterable, .. } = of.kind else {
        return false;
    };
    contents(module, code, iterable) == Some(parameter)
}

/// The variable whose elements an expression gives.
fn contents(module: &Module, code: &Function, expr: ExprId) -> Option<PlaceId> {
    match module.kind(expr) {
        ExprKind::Name(place) => Some(place),
        ExprKind::Call { callee, arguments } => match module.kind(callee) {
            ExprKind::Attribute { value, name, .. } if arguments.is_empty() => {
                let gives = matches!(module.name(name), "items" | "values");
                contents(module, code, value).filter(|_| gives)
            }
            ExprKind::Name(_) => {
                let gives = matches!(
                    module.plain_name(code, callee),
                    Some("enumerate" | "list" | "tuple" | "reversed")
                );
                let first = module.arguments(arguments).first().filter(|_| gives)?;
                contents(module, code, first.value)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a round of a loop only comes to its end where the element is not None, and the loop only ends with all rounds.
fn is_checked(module: &Module, code: &Function, of: &Loop) -> bool {
    let LoopKind::For { target, .. } = of.kind else {
        return false;
    };
    let element = match module.kind(target) {
        ExprKind::Tuple(parts) => module.list(parts).last().copied(),
        _ => Some(target),
    };
    let Some(element) = element.and_then(|element| module.kind(element).place()) else {
        return false;
    };
    let Next::Branch(first, behind) = code.block(of.header).next else {
        return false;
    };
    let reaches = |to: BlockId, checked: bool| {
        let mut seen = vec![false; code.blocks.len()];
        let mut open = vec![first];
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if at == of.header || std::mem::replace(&mut seen[at.index()], true) {
                continue;
            }
            let block = code.block(at);
            if let Some(InstKind::Assume { test, holds }) =
                code.insts(block).first().map(|inst| inst.kind)
                && !checked
                && proves(module, (test, holds), element)
            {
                continue;
            }
            match block.next {
                Next::Goto(to) => open.push(to),
                Next::Branch(one, other) => open.extend([one, other]),
                _ => {}
            }
        }
        false
    };
    // A `break` leaves elements behind that nobody looked at.
    code.tries.is_empty() && !reaches(of.header, false) && !reaches(behind, true)
}

/// Whether a condition that came out so says that an element is not None.
fn proves(module: &Module, (test, holds): (ExprId, bool), element: PlaceId) -> bool {
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => proves(module, (operand, !holds), element),
        ExprKind::And(parts) if holds => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| proves(module, (part, true), element))
        }
        ExprKind::Or(parts) if !holds => {
            let mut parts = module.list(parts).iter();
            parts.any(|&part| proves(module, (part, false), element))
        }
        ExprKind::Compare {
            operator,
            left,
            right,
        } => {
            module.kind(left).place() == Some(element)
                && module.kind(right) == ExprKind::None
                && match operator {
                    Comparison::Is | Comparison::Equal => !holds,
                    Comparison::IsNot | Comparison::NotEqual => holds,
                    _ => false,
                }
        }
        kind => holds && kind.place() == Some(element),
    }
}

/// The same of all elements of a container: `None in values`, `all(values)`, `any(value is None for value in values)`.
fn proves_all(
    module: &Module,
    code: &Function,
    (test, holds): (ExprId, bool),
    container: PlaceId,
) -> bool {
    match module.kind(test) {
        ExprKind::Unary {
            operator: UnaryOperator::Not,
            operand,
        } => proves_all(module, code, (operand, !holds), container),
        ExprKind::Compare {
            operator,
            left,
            right,
        } => {
            module.kind(left) == ExprKind::None
                && contents(module, code, right) == Some(container)
                && match operator {
                    Comparison::In => !holds,
                    Comparison::NotIn => holds,
                    _ => false,
                }
        }
        ExprKind::Call { callee, arguments } => {
            let is_all = match module.plain_name(code, callee) {
                Some("all") => true,
                Some("any") => false,
                _ => return false,
            };
            is_all == holds && asks_of_all(module, code, arguments, (container, is_all))
        }
        _ => false,
    }
}

/// Whether what `all` or `any` is given asks each element of a container.
fn asks_of_all(
    module: &Module,
    code: &Function,
    arguments: Run,
    (container, is_all): (PlaceId, bool),
) -> bool {
    let [only] = module.arguments(arguments) else {
        return false;
    };
    let ExprKind::Comprehension(id) = module.kind(only.value) else {
        return is_all && contents(module, code, only.value) == Some(container);
    };
    let comprehension = module.comprehension(id);
    let [clause] = &comprehension.clauses[..] else {
        return false;
    };
    let element = match module.kind(clause.target) {
        ExprKind::Tuple(parts) => module.list(parts).last().copied(),
        _ => Some(clause.target),
    };
    let place = element.and_then(|element| module.kind(element).place());
    clause.conditions.is_empty()
        && contents(module, code, clause.iterable) == Some(container)
        && place.is_some_and(|place| proves(module, (comprehension.element, is_all), place))
}
