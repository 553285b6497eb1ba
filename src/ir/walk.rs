//! Walks over expression trees.

use super::{
    Comparison, ExprId, ExprKind, InstKind, Module, Pattern, PatternId, Source, UnaryOperator,
};
use smallvec::SmallVec;

impl Module {
    /// Calls `visit` with each direct part of an expression, in the order of evaluation. A lambda's body is not a part:
    /// it is a function of its own.
    pub fn for_each_part(&self, expr: ExprId, visit: &mut dyn FnMut(ExprId)) {
        match self.kind(expr) {
            ExprKind::Attribute { value, .. }
            | ExprKind::Backticks(value)
            | ExprKind::Starred(value)
            | ExprKind::Await(value)
            | ExprKind::YieldFrom(value)
            | ExprKind::Yield(Some(value))
            | ExprKind::Unary { operand: value, .. } => visit(value),
            ExprKind::Subscript { value, index, .. } => {
                visit(value);
                visit(index);
            }
            ExprKind::Slice { lower, upper, step } => {
                [lower, upper, step].into_iter().flatten().for_each(visit)
            }
            ExprKind::Interpolated(parts)
            | ExprKind::Tuple(parts)
            | ExprKind::List(parts)
            | ExprKind::Set(parts)
            | ExprKind::Dict(parts)
            | ExprKind::And(parts)
            | ExprKind::Or(parts) => self.list(parts).iter().copied().for_each(visit),
            ExprKind::Call { callee, arguments } => {
                visit(callee);
                self.arguments(arguments)
                    .iter()
                    .for_each(|argument| visit(argument.value));
            }
            ExprKind::Binary { left, right, .. } | ExprKind::Compare { left, right, .. } => {
                visit(left);
                visit(right);
            }
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                visit(test);
                visit(then);
                visit(otherwise);
            }
            ExprKind::Walrus { target, value } => {
                visit(value);
                visit(target);
            }
            ExprKind::Comprehension(id) => {
                let comprehension = self.comprehension(id);
                for clause in &comprehension.clauses {
                    visit(clause.iterable);
                    visit(clause.target);
                    clause.conditions.iter().copied().for_each(&mut *visit);
                }
                visit(comprehension.element);
                comprehension.value.into_iter().for_each(visit);
            }
            ExprKind::Matches { subject, pattern } => {
                visit(subject);
                self.for_each_in_pattern(pattern, visit);
            }
            _ => {}
        }
    }

    fn for_each_in_pattern(&self, pattern: PatternId, visit: &mut dyn FnMut(ExprId)) {
        match self.pattern(pattern) {
            Pattern::Anything | Pattern::Star => {}
            Pattern::Value(value) => visit(*value),
            Pattern::Sequence(parts) | Pattern::Mapping(parts) | Pattern::Or(parts) => {
                parts
                    .iter()
                    .for_each(|&part| self.for_each_in_pattern(part, visit));
            }
            Pattern::Class { class, parts } => {
                visit(*class);
                parts
                    .iter()
                    .for_each(|&part| self.for_each_in_pattern(part, visit));
            }
            Pattern::As(inner) => self.for_each_in_pattern(*inner, visit),
        }
    }

    /// Calls `visit` with the parts of a condition that it asks about: neither what it orders or computes with, nor the
    /// objects whose attributes it reads.
    pub fn for_each_asked(&self, test: ExprId, visit: &mut dyn FnMut(ExprId)) {
        use Comparison::{Equal, In, Is, IsNot, NotEqual, NotIn};
        match self.kind(test) {
            ExprKind::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.for_each_asked(operand, visit),
            ExprKind::And(parts)
            | ExprKind::Or(parts)
            | ExprKind::Tuple(parts)
            | ExprKind::List(parts)
            | ExprKind::Set(parts) => {
                for &part in self.list(parts) {
                    self.for_each_asked(part, visit);
                }
            }
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                for part in [test, then, otherwise] {
                    self.for_each_asked(part, visit);
                }
            }
            ExprKind::Compare {
                operator: Is | IsNot | Equal | NotEqual,
                left,
                right,
            } => {
                self.for_each_asked(left, visit);
                self.for_each_asked(right, visit);
            }
            ExprKind::Compare {
                operator: In | NotIn,
                left,
                right,
            } => {
                self.for_each_asked(left, visit);
                // `None in (a, b)`.
                if matches!(
                    self.kind(right),
                    ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::Set(_)
                ) {
                    self.for_each_asked(right, visit);
                }
            }
            ExprKind::Compare { .. } => {}
            ExprKind::Call { arguments, .. } => {
                for argument in self.arguments(arguments) {
                    self.for_each_asked(argument.value, visit);
                }
            }
            ExprKind::Walrus { target, value } => {
                self.for_each_asked(target, visit);
                self.for_each_asked(value, visit);
            }
            _ => visit(test),
        }
    }

    /// Calls `visit` with an expression and everything inside it, outermost first.
    pub fn walk(&self, expr: ExprId, visit: &mut dyn FnMut(ExprId)) {
        let mut open: SmallVec<[ExprId; 16]> = SmallVec::new();
        open.push(expr);
        while let Some(at) = open.pop() {
            visit(at);
            let first = open.len();
            self.for_each_part(at, &mut |part| open.push(part));
            open[first..].reverse();
        }
    }
}

impl InstKind {
    /// The expressions that an instruction evaluates, in order. `Assume` evaluates nothing.
    pub fn for_each_expr(self, visit: &mut dyn FnMut(ExprId)) {
        match self {
            InstKind::Bind { target, source, .. } => {
                source.for_each_expr(visit);
                visit(target);
            }
            InstKind::Eval(value) | InstKind::Return(Some(value)) | InstKind::Forget(value) => {
                visit(value)
            }
            InstKind::Raise {
                exception, cause, ..
            } => [exception, cause].into_iter().flatten().for_each(visit),
            InstKind::Declare { .. } | InstKind::Assume { .. } | InstKind::Return(None) => {}
        }
    }
}

impl Source {
    /// The expressions that are evaluated for the binding itself; what a loop or `with` evaluated before is not among them.
    pub fn for_each_expr(self, visit: &mut dyn FnMut(ExprId)) {
        match self {
            Source::Value(value) | Source::Augmented { value, .. } => visit(value),
            _ => {}
        }
    }
}
