//! The IR as text, for tests and `--dump ir`.

mod body;
mod expr;

use super::{Dialect, Function, FunctionKind, Module, ParameterKind, Reach, Scope, Step};
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
            if module.dialect == Dialect::Two {
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
