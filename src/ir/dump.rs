//! The IR as text, for tests and `--dump ir`.

use super::{
    Argument, BinaryOperator, Block, Comparison, ComprehensionKind, ExprId, ExprKind, Function,
    FunctionId, FunctionKind, Inst, InstKind, Loop, LoopKind, Module, Next, ParameterKind, Passing,
    Pattern, PatternId, Place, Reach, Run, Scope, Source, Step, Try, TryKind, UnaryOperator,
};
use std::fmt::{self, Display, Formatter};

/// A module as text: every function with its places, blocks, loops and regions.
pub fn dump(module: &Module) -> String {
    Dump(module).to_string()
}

/// Where each variable of each function lives, one tab-separated line each, for comparison with Python's own compiler:
/// start of the function, its kind and name, the variable, `local`, `parameter`, `free`, `global` or `comprehension`.
pub fn scopes(module: &Module) -> String {
    let mut lines = String::new();
    for function in &module.functions {
        let row = module.lines.row(function.name_span.start) + 1;
        let head = format!(
            "{row}\t{}\t{}",
            kind_word(function.kind),
            module.name(function.name)
        );
        lines.push_str(&format!("{head}\t\t\n"));
        for place in &function.places {
            if let Step::Variable { name, scope } = place.step {
                lines.push_str(&format!(
                    "{head}\t{}\t{}\n",
                    module.name(name),
                    scope_word(scope)
                ));
            }
        }
    }
    lines
}

fn kind_word(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Module => "module",
        FunctionKind::Class => "class",
        FunctionKind::Def => "def",
        FunctionKind::Lambda => "lambda",
    }
}

fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Local { .. } => "local",
        Scope::Parameter { .. } => "parameter",
        Scope::Comprehension => "comprehension",
        Scope::Free { .. } => "free",
        Scope::Global { .. } => "global",
    }
}

struct Dump<'a>(&'a Module);

/// Something of one function.
struct In<'a, T> {
    module: &'a Module,
    function: &'a Function,
    what: T,
}

impl<'a, T> In<'a, T> {
    fn other<U>(&self, what: U) -> In<'a, U> {
        In {
            module: self.module,
            function: self.function,
            what,
        }
    }
}

impl Display for Dump<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let module = self.0;
        writeln!(
            f,
            "dialect {}",
            if module.dialect == super::Dialect::Two {
                "two"
            } else {
                "three"
            }
        )?;
        for problem in &module.problems {
            writeln!(
                f,
                "problem {:?} {}..{}",
                problem.kind, problem.span.start, problem.span.end
            )?;
        }
        for suppression in &module.suppressions {
            let reach = match suppression.reach {
                Reach::Row(row) => format!("row {row}"),
                Reach::File => "file".to_owned(),
            };
            let noqa = if suppression.noqa { " noqa" } else { "" };
            writeln!(f, "ignore {reach} [{}]{noqa}", suppression.rules.join(", "))?;
        }
        for (index, function) in module.functions.iter().enumerate() {
            write_function(f, module, index, function)?;
        }
        Ok(())
    }
}

fn write_function(
    f: &mut Formatter,
    module: &Module,
    index: usize,
    function: &Function,
) -> fmt::Result {
    let here = In {
        module,
        function,
        what: (),
    };
    write!(
        f,
        "\n{} {index} {}",
        kind_word(function.kind),
        module.name(function.name)
    )?;
    write!(f, " at {}..{}", function.span.start, function.span.end)?;
    if let Some(parent) = function.parent {
        write!(f, " in {}", parent.index())?;
    }
    for (flag, word) in [
        (function.is_async, "async"),
        (function.is_generator, "generator"),
        (function.has_docstring, "docstring"),
        (function.is_dynamic, "dynamic"),
    ] {
        if flag {
            write!(f, " {word}")?;
        }
    }
    writeln!(f)?;
    write_head(f, module, index, function)?;
    for (index, place) in function.places.iter().enumerate() {
        writeln!(f, "  place {index} {}", here.other(place))?;
    }
    for (index, region) in function.tries.iter().enumerate() {
        writeln!(f, "  try {index}{}", here.other(region))?;
    }
    for (index, looped) in function.loops.iter().enumerate() {
        writeln!(f, "  loop {index}{}", here.other(looped))?;
    }
    for (index, block) in function.blocks.iter().enumerate() {
        writeln!(f, "  block {index}{}", here.other(block))?;
    }
    Ok(())
}

/// What the parent evaluates of a function or class, written in the parent's places.
fn write_head(
    f: &mut Formatter,
    module: &Module,
    index: usize,
    function: &Function,
) -> fmt::Result {
    let Some(parent) = function.parent else {
        return Ok(());
    };
    let outer = In {
        module,
        function: module.function(parent),
        what: (),
    };
    for &decorator in module.list(function.decorators) {
        writeln!(f, "  @{}", outer.other(decorator))?;
    }
    if let Some(class) = function
        .class
        .map(|class| module.class(class))
        .filter(|class| class.body.index() == index)
    {
        for &decorator in module.list(class.decorators) {
            writeln!(f, "  @{}", outer.other(decorator))?;
        }
        if !class.arguments.is_empty() {
            writeln!(
                f,
                "  bases ({})",
                outer.other(module.arguments(class.arguments))
            )?;
        }
    }
    for parameter in &function.parameters {
        let kind = match parameter.kind {
            ParameterKind::PositionalOnly => " positional",
            ParameterKind::Normal => "",
            ParameterKind::Star => " star",
            ParameterKind::KeywordOnly => " keyword",
            ParameterKind::DoubleStar => " double star",
        };
        write!(f, "  parameter {}{kind}", module.name(parameter.name))?;
        if let Some(annotation) = parameter.annotation {
            write!(f, ": {}", outer.other(annotation))?;
        }
        if let Some(default) = parameter.default {
            write!(f, " = {}", outer.other(default))?;
        }
        writeln!(f)?;
    }
    if let Some(returns) = function.returns {
        writeln!(f, "  -> {}", outer.other(returns))?;
    }
    Ok(())
}

impl Display for In<'_, &Place> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.what.step {
            Step::Variable { name, scope } => {
                write!(f, "{} {}", self.module.name(name), self.other(scope))
            }
            _ => {
                let places = &self.function.places;
                let index = places
                    .iter()
                    .position(|place| std::ptr::eq(place, self.what))
                    .unwrap_or_default();
                write!(
                    f,
                    "{}",
                    self.module
                        .place_text(self.function, super::PlaceId::new(index))
                )
            }
        }
    }
}

impl Display for In<'_, Scope> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(scope_word(self.what))?;
        match self.what {
            Scope::Local {
                captured,
                rebound_inside,
            }
            | Scope::Parameter {
                captured,
                rebound_inside,
                ..
            } => {
                if captured {
                    write!(f, " captured")?;
                }
                if rebound_inside {
                    write!(f, " rebound")?;
                }
                Ok(())
            }
            Scope::Free {
                function,
                place,
                declared,
            } => {
                write!(f, " {}.{}", function.index(), place.index())?;
                if declared {
                    write!(f, " declared")
                } else {
                    Ok(())
                }
            }
            Scope::Global { declared: true } => write!(f, " declared"),
            Scope::Comprehension | Scope::Global { .. } => Ok(()),
        }
    }
}

impl Display for In<'_, &Try> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(parent) = self.what.parent {
            write!(f, " in {}", parent.index())?;
        }
        write!(f, " ({} statements)", self.what.statements)?;
        match &self.what.kind {
            TryKind::Finally { entry, .. } => write!(f, " finally {}", entry.index()),
            TryKind::With {
                manager,
                is_async,
                after,
            } => {
                let word = if *is_async { "async with" } else { "with" };
                write!(
                    f,
                    " {word} {} after {}",
                    self.other(*manager),
                    after.index()
                )
            }
            TryKind::Catch {
                handlers,
                star,
                otherwise,
            } => {
                if otherwise.is_some() {
                    write!(f, " else")?;
                }
                for handler in handlers {
                    write!(f, " except{}", if *star { "*" } else { "" })?;
                    if let Some(types) = handler.types {
                        write!(f, " {}", self.other(types))?;
                    }
                    if let Some(target) = handler.target {
                        write!(f, " as {}", self.other(target))?;
                    }
                    write!(
                        f,
                        " -> {} ({} statements)",
                        handler.entry.index(),
                        handler.statements
                    )?;
                }
                Ok(())
            }
        }
    }
}

impl Display for In<'_, &Loop> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(parent) = self.what.parent {
            write!(f, " in {parent}")?;
        }
        match self.what.kind {
            LoopKind::For {
                target,
                iterable,
                is_async,
            } => {
                let word = if is_async { "async for" } else { "for" };
                write!(
                    f,
                    " {word} {} in {}",
                    self.other(target),
                    self.other(iterable)
                )?;
            }
            LoopKind::While { test } => write!(f, " while {}", self.other(test))?,
        }
        write!(
            f,
            " header {} body {}",
            self.what.header.index(),
            self.what.body.index()
        )
    }
}

impl Display for In<'_, &Block> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        if let Some(guard) = self.what.guard {
            write!(f, " guard {}", guard.index())?;
        }
        for inst in self.function.insts(self.what) {
            write!(f, "\n    {}", self.other(inst))?;
        }
        match self.what.next {
            Next::Goto(block) => write!(f, "\n    goto {}", block.index()),
            Next::Branch(yes, no) => write!(f, "\n    branch {} {}", yes.index(), no.index()),
            Next::Return => write!(f, "\n    leave"),
            Next::Raise => write!(f, "\n    thrown"),
            Next::Resume(region) => write!(f, "\n    resume {}", region.index()),
            Next::Never => write!(f, "\n    never"),
        }
    }
}

impl Display for In<'_, &Inst> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.what.kind {
            InstKind::Bind {
                target,
                source,
                annotation,
            } => {
                write!(f, "{}", self.other(target))?;
                if let Some(annotation) = annotation {
                    write!(f, ": {}", self.other(annotation))?;
                }
                write!(f, " {}", self.other(source))
            }
            InstKind::Declare { target, annotation } => {
                write!(
                    f,
                    "declare {}: {}",
                    self.other(target),
                    self.other(annotation)
                )
            }
            InstKind::Eval(value) => write!(f, "eval {}", self.other(value)),
            InstKind::Assume { test, holds: true } => write!(f, "assume {}", self.other(test)),
            InstKind::Assume { test, holds: false } => write!(f, "assume not {}", self.other(test)),
            InstKind::Return(None) => write!(f, "return"),
            InstKind::Return(Some(value)) => write!(f, "return {}", self.other(value)),
            InstKind::Raise {
                exception,
                cause,
                assertion,
            } => {
                write!(f, "{}", if assertion { "fail" } else { "raise" })?;
                if let Some(exception) = exception {
                    write!(f, " {}", self.other(exception))?;
                }
                if let Some(cause) = cause {
                    write!(f, " from {}", self.other(cause))?;
                }
                Ok(())
            }
            InstKind::Forget(target) => write!(f, "forget {}", self.other(target)),
        }
    }
}

impl Display for In<'_, Source> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        match self.what {
            Source::Value(value) => write!(f, "= {}", self.other(value)),
            Source::Augmented { operator, value } => {
                write!(f, "{}= {}", binary_sign(operator), self.other(value))
            }
            Source::Element { iterable, is_async } => {
                write!(
                    f,
                    "<- {}each of {}",
                    if is_async { "async " } else { "" },
                    self.other(iterable)
                )
            }
            Source::Entered { manager, is_async } => {
                write!(
                    f,
                    "<- {}entered {}",
                    if is_async { "async " } else { "" },
                    self.other(manager)
                )
            }
            Source::Caught { region, handler } => {
                write!(f, "<- caught {}.{handler}", region.index())
            }
            Source::Import(id) => {
                let import = &self.module.imports[id.index()];
                let dots = ".".repeat(usize::from(import.level));
                write!(f, "<- import {dots}{}", self.module.name(import.module))?;
                match import.name {
                    Some(name) => write!(f, " {}", self.module.name(name)),
                    None => Ok(()),
                }
            }
            Source::Function(function) => write!(f, "<- function {}", function.index()),
            Source::Class(class) => write!(f, "<- class {}", self.module.class(class).body.index()),
            Source::Captured { subject, whole } => {
                write!(
                    f,
                    "<- {}{}",
                    if whole { "whole " } else { "part of " },
                    self.other(subject)
                )
            }
            Source::Opaque => write!(f, "<- opaque"),
        }
    }
}

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

fn binary_sign(operator: BinaryOperator) -> &'static str {
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
