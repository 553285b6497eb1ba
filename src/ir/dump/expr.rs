//! Expressions and patterns as text.

use super::In;
use crate::ir::{
    Argument, BinaryOperator, Comparison, ComprehensionKind, ExprId, ExprKind, FunctionId, Passing,
    Pattern, PatternId, Run, UnaryOperator,
};
use std::fmt::{self, Display, Formatter};

impl Display for In<'_, &[Argument]> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        for (index, argument) in self.what.iter().enumerate() {
            if index > 0 {
                write!(f, ", ")?;
            }
            match argument.passing {
                Passing::Positional => {}
                Passing::Keyword(name) => write!(f, "{}=", self.module.name(name))?,
                Passing::Star => write!(f, "*")?,
                Passing::DoubleStar => write!(f, "**")?,
            }
            write!(f, "{}", self.other(argument.value))?;
        }
        Ok(())
    }
}

impl In<'_, Run> {
    fn joined(&self, f: &mut Formatter, separator: &str) -> fmt::Result {
        for (index, &item) in self.module.list(self.what).iter().enumerate() {
            if index > 0 {
                f.write_str(separator)?;
            }
            write!(f, "{}", self.other(item))?;
        }
        Ok(())
    }
}

impl Display for In<'_, Option<ExprId>> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.what {
            Some(value) => write!(f, "{}", self.other(value)),
            None => Ok(()),
        }
    }
}

impl Display for In<'_, ExprId> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let module = self.module;
        match module.kind(self.what) {
            ExprKind::Hole => write!(f, "<hole>"),
            ExprKind::None => write!(f, "None"),
            ExprKind::True => write!(f, "True"),
            ExprKind::False => write!(f, "False"),
            ExprKind::Ellipsis => write!(f, "..."),
            ExprKind::Int(value) => write!(f, "{value}"),
            ExprKind::Number(name) => write!(f, "{}", module.name(name)),
            ExprKind::Text(name) => write!(f, "{:?}", module.name(name)),
            ExprKind::Bytes(name) => write!(f, "b{:?}", module.name(name)),
            ExprKind::Interpolated(run) => {
                write!(f, "f{{")?;
                self.other(run).joined(f, ", ")?;
                write!(f, "}}")
            }
            ExprKind::Backticks(value) => write!(f, "`{}`", self.other(value)),
            ExprKind::Name(place) => write!(f, "{}", module.place_text(self.function, place)),
            ExprKind::Attribute { value, name, .. } => {
                write!(f, "{}.{}", self.other(value), module.name(name))
            }
            ExprKind::Subscript { value, index, .. } => {
                write!(f, "{}[{}]", self.other(value), self.other(index))
            }
            ExprKind::Slice { lower, upper, step } => {
                write!(
                    f,
                    "{}:{}:{}",
                    self.other(lower),
                    self.other(upper),
                    self.other(step)
                )
            }
            ExprKind::Tuple(run) => {
                write!(f, "(")?;
                self.other(run).joined(f, ", ")?;
                write!(f, "{})", if run.count == 1 { "," } else { "" })
            }
            ExprKind::List(run) => {
                write!(f, "[")?;
                self.other(run).joined(f, ", ")?;
                write!(f, "]")
            }
            ExprKind::Set(run) => {
                write!(f, "{{")?;
                self.other(run).joined(f, ", ")?;
                write!(f, "}}")
            }
            ExprKind::Dict(run) => {
                write!(f, "{{")?;
                for (index, pair) in module.list(run).chunks(2).enumerate() {
                    let separator = if index > 0 { ", " } else { "" };
                    write!(
                        f,
                        "{separator}{}: {}",
                        self.other(pair[0]),
                        self.other(pair.get(1).copied())
                    )?;
                }
                write!(f, "}}")
            }
            ExprKind::Call { callee, arguments } => {
                write!(
                    f,
                    "{}({})",
                    self.other(callee),
                    self.other(module.arguments(arguments))
                )
            }
            ExprKind::Unary { operator, operand } => {
                write!(f, "({}{})", unary_sign(operator), self.other(operand))
            }
            ExprKind::Binary {
                operator,
                left,
                right,
            } => {
                write!(
                    f,
                    "({} {} {})",
                    self.other(left),
                    binary_sign(operator),
                    self.other(right)
                )
            }
            ExprKind::And(run) => {
                write!(f, "(")?;
                self.other(run).joined(f, " and ")?;
                write!(f, ")")
            }
            ExprKind::Or(run) => {
                write!(f, "(")?;
                self.other(run).joined(f, " or ")?;
                write!(f, ")")
            }
            ExprKind::Compare {
                operator,
                left,
                right,
            } => {
                write!(
                    f,
                    "({} {} {})",
                    self.other(left),
                    comparison_sign(operator),
                    self.other(right)
                )
            }
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                write!(
                    f,
                    "({} if {} else {})",
                    self.other(then),
                    self.other(test),
                    self.other(otherwise)
                )
            }
            ExprKind::Lambda(function) => write!(f, "{}", self.other(function)),
            ExprKind::Comprehension(_) => self.comprehension(f),
            ExprKind::Walrus { target, value } => {
                write!(f, "({} := {})", self.other(target), self.other(value))
            }
            ExprKind::Starred(value) => write!(f, "*{}", self.other(value)),
            ExprKind::Await(value) => write!(f, "(await {})", self.other(value)),
            ExprKind::Yield(value) => write!(f, "(yield {})", self.other(value)),
            ExprKind::YieldFrom(value) => write!(f, "(yield from {})", self.other(value)),
            ExprKind::Matches { subject, pattern } => {
                write!(
                    f,
                    "({} matches {})",
                    self.other(subject),
                    self.other(pattern)
                )
            }
        }
    }
}

impl Display for In<'_, FunctionId> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "<lambda {}", self.what.index())?;
        for parameter in &self.module.function(self.what).parameters {
            if let Some(default) = parameter.default {
                write!(
                    f,
                    " {}={}",
                    self.module.name(parameter.name),
                    self.other(default)
                )?;
            }
        }
        write!(f, ">")
    }
}

impl In<'_, ExprId> {
    fn comprehension(&self, f: &mut Formatter) -> fmt::Result {
        let ExprKind::Comprehension(id) = self.module.kind(self.what) else {
            return Ok(());
        };
        let comprehension = self.module.comprehension(id);
        let (open, close) = match comprehension.kind {
            ComprehensionKind::List => ("[", "]"),
            ComprehensionKind::Set | ComprehensionKind::Dict => ("{", "}"),
            ComprehensionKind::Generator => ("(", ")"),
        };
        write!(f, "{open}{}", self.other(comprehension.element))?;
        if let Some(value) = comprehension.value {
            write!(f, ": {}", self.other(value))?;
        }
        for clause in &comprehension.clauses {
            let word = if clause.is_async { "async for" } else { "for" };
            write!(
                f,
                " {word} {} in {}",
                self.other(clause.target),
                self.other(clause.iterable)
            )?;
            for &condition in &clause.conditions {
                write!(f, " if {}", self.other(condition))?;
            }
        }
        f.write_str(close)
    }
}

impl In<'_, &[PatternId]> {
    fn joined(&self, f: &mut Formatter, separator: &str) -> fmt::Result {
        for (index, &part) in self.what.iter().enumerate() {
            write!(
                f,
                "{}{}",
                if index > 0 { separator } else { "" },
                self.other(part)
            )?;
        }
        Ok(())
    }
}

impl Display for In<'_, PatternId> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.module.pattern(self.what) {
            Pattern::Anything => write!(f, "_"),
            Pattern::Value(value) => write!(f, "{}", self.other(*value)),
            Pattern::Sequence(parts) => {
                write!(f, "[")?;
                self.other(&parts[..]).joined(f, ", ")?;
                write!(f, "]")
            }
            Pattern::Star => write!(f, "*_"),
            Pattern::Mapping(parts) => {
                write!(f, "{{")?;
                self.other(&parts[..]).joined(f, ", ")?;
                write!(f, "}}")
            }
            Pattern::Class { class, parts } => {
                write!(f, "{}(", self.other(*class))?;
                self.other(&parts[..]).joined(f, ", ")?;
                write!(f, ")")
            }
            Pattern::Or(parts) => {
                write!(f, "(")?;
                self.other(&parts[..]).joined(f, " | ")?;
                write!(f, ")")
            }
            Pattern::As(inner) => write!(f, "{} as", self.other(*inner)),
        }
    }
}

fn unary_sign(operator: UnaryOperator) -> &'static str {
    match operator {
        UnaryOperator::Not => "not ",
        UnaryOperator::Minus => "-",
        UnaryOperator::Plus => "+",
        UnaryOperator::Invert => "~",
    }
}

pub(super) fn binary_sign(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::MatrixMultiply => "@",
        BinaryOperator::Divide => "/",
        BinaryOperator::FloorDivide => "//",
        BinaryOperator::Modulo => "%",
        BinaryOperator::Power => "**",
        BinaryOperator::ShiftLeft => "<<",
        BinaryOperator::ShiftRight => ">>",
        BinaryOperator::BitAnd => "&",
        BinaryOperator::BitOr => "|",
        BinaryOperator::BitXor => "^",
    }
}

fn comparison_sign(operator: Comparison) -> &'static str {
    match operator {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
        Comparison::Is => "is",
        Comparison::IsNot => "is not",
        Comparison::In => "in",
        Comparison::NotIn => "not in",
    }
}
