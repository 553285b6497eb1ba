//! What SQL statements do that are executed.

use crate::ir::{ExprId, ExprKind, Function, Module};
use crate::rules::stores::{self, method};

/// Longer chains of calls are not followed.
const CHAIN: usize = 24;

/// What an SQL statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Statement {
    /// It reads rows.
    Read,
    /// It adds, changes or deletes rows.
    Write,
    /// SQLAlchemy builds it, to read rows.
    Built,
}

/// The statement that is executed, if it reads or writes rows of one table.
pub(in crate::rules) fn statement(
    module: &Module,
    code: &Function,
    call: ExprId,
) -> Option<Statement> {
    let first = stores::argument(module, call, 0, &["statement", "query", "sql"])?;
    let first = match module.kind(first) {
        ExprKind::Name(place) => stores::bound_value(module, code, place)?,
        _ => first,
    };
    let (text, is_filled) = match module.kind(first) {
        ExprKind::Text(text) => (module.name(text), false),
        ExprKind::Binary { left, .. } => match module.kind(left) {
            ExprKind::Text(text) => (module.name(text), true),
            _ => return None,
        },
        ExprKind::Call { callee, .. } => match method(module, first) {
            Some((receiver, "format")) => match module.kind(receiver) {
                ExprKind::Text(text) => (module.name(text), true),
                _ => return None,
            },
            _ => return built(module, code, first, callee),
        },
        _ => return None,
    };
    let upper = text.to_ascii_uppercase();
    if is_filled && names_table(&upper) {
        return None;
    }
    match upper.split_whitespace().next()? {
        "SELECT" => Some(Statement::Read),
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" => Some(Statement::Write),
        _ => None,
    }
}

/// A statement that SQLAlchemy builds, or a text that it wraps.
fn built(module: &Module, code: &Function, expr: ExprId, callee: ExprId) -> Option<Statement> {
    let mut at = callee;
    let mut attribute = None;
    for _ in 0..CHAIN {
        match module.kind(at) {
            ExprKind::Attribute { value, name, .. } => {
                attribute = Some(module.name(name));
                at = value;
            }
            ExprKind::Call { callee, .. } => at = callee,
            ExprKind::Name(place) => {
                let name = module.place_text(code, place);
                let is_package = matches!(name.as_str(), "sa" | "sqlalchemy" | "sql" | "db");
                return match (name.as_str(), attribute) {
                    ("select", _) | (_, Some("select")) => Some(Statement::Built),
                    ("insert" | "update" | "delete", _)
                    | (_, Some("insert" | "update" | "delete")) => Some(Statement::Write),
                    ("text", _) => statement(module, code, expr),
                    (_, Some("text")) if is_package => statement(module, code, expr),
                    _ => None,
                };
            }
            _ => return None,
        }
    }
    None
}

/// Whether something that is filled in is the name of a table: each round then asks another one.
fn names_table(upper: &str) -> bool {
    let mut holes = upper.match_indices(['%', '{']);
    holes.any(|(hole, _)| {
        let before = upper[..hole].trim_end_matches(['"', '`', '\'', ' ', '.', '[', '\n']);
        let word = before.split_whitespace().last().unwrap_or_default();
        matches!(
            word,
            "FROM" | "INTO" | "UPDATE" | "TABLE" | "JOIN" | "SELECT"
        )
    })
}
