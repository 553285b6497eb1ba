//! Options of the command line: which of them the parser has read as something else than a text.

use crate::ir::{Argument, ExprId, ExprKind, Function, Module, Passing};
use crate::rules::none::none_result::options::{dest, keyword};
use crate::rules::{Whole, is_test};
use crate::types::FunctionRef;
use rustc_hash::FxHashMap;

/// Actions that store what is given as it is.
const STORES: [&str; 3] = ["append", "extend", "store"];

/// Each option by the attribute that it is kept in: whether all definitions of that name leave no text.
#[derive(Default)]
pub(super) struct Options {
    parsed: FxHashMap<String, bool>,
}

impl Options {
    /// Finds the definitions of a program.
    pub(super) fn of(whole: &Whole<'_>) -> Self {
        let mut options = Self::default();
        let program = whole.program;
        let adders = ["add_argument", "add_option"];
        if adders
            .iter()
            .all(|name| program.find_symbol(name).is_none())
        {
            return options;
        }
        for index in 0..program.function_count() as u32 {
            let function = FunctionRef(index);
            if is_test(program, function) {
                continue;
            }
            let (module, code) = program.code(function);
            for expr in code.exprs.range().map(ExprId::new) {
                let ExprKind::Call { callee, arguments } = module.kind(expr) else {
                    continue;
                };
                let is_definition = matches!(module.kind(callee), ExprKind::Attribute { name, .. }
                    if adders.contains(&module.name(name)));
                let arguments = module.arguments(arguments);
                if is_definition && let Some(dest) = dest(module, arguments) {
                    let is_parsed = is_parsed(module, code, arguments);
                    *options.parsed.entry(dest).or_insert(true) &= is_parsed;
                }
            }
        }
        options
    }

    /// Whether an option is read by the parser; nothing for what is no option.
    pub(super) fn is_parsed(&self, name: &str) -> Option<bool> {
        self.parsed.get(name).copied()
    }
}

/// Whether the parser makes something else of a text, or lets only certain texts through.
fn is_parsed(module: &Module, code: &Function, arguments: &[Argument]) -> bool {
    let spreads =
        |argument: &Argument| matches!(argument.passing, Passing::Star | Passing::DoubleStar);
    let is_text = |kind: ExprKind, text: &str| match kind {
        // `type="int"` of an older parser; `type="string"` is what it does anyway.
        ExprKind::Text(_) => ["str", "string"].contains(&text),
        _ => false,
    };
    let has_type = keyword(module, arguments, "type").is_some_and(|(value, kind, text)| {
        !is_text(kind, text) && !names_text(module, code, value)
    });
    let has_choices = keyword(module, arguments, "choices").is_some();
    let is_acted = keyword(module, arguments, "action")
        .is_some_and(|(_, _, action)| !STORES.contains(&action));
    has_type || has_choices || is_acted || arguments.iter().any(spreads)
}

/// Whether an expression is the class of texts: `type=str`.
fn names_text(module: &Module, code: &Function, value: ExprId) -> bool {
    let name = module.dotted(code, value);
    matches!(name.as_deref(), Some("str" | "unicode"))
}
