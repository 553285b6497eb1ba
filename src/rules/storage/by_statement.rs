//! Database calls that their statement tells: nothing is known of what they are called on, but what is executed is SQL.

use crate::ir::{Dialect, ExprId, ExprKind, Function, Module};
use crate::library::Library;
use crate::rules::storage::statements::{Statement, statement};
use crate::rules::stores::method;
use crate::summary::ClassRef;
use crate::types::CallRef;

/// Longer chains of calls are not followed.
const CHAIN: usize = 24;

/// Whether a name is one of those that such calls mention.
pub(in crate::rules) fn says_sql(name: &str) -> bool {
    matches!(name, "execute" | "query" | "scalar" | "scalars")
}

/// The classes whose methods such calls are.
pub(in crate::rules) struct ByStatement {
    /// DB-API: a statement is a text.
    cursor: Option<ClassRef>,
    /// SQLAlchemy: it is built.
    connection: Option<ClassRef>,
    /// SQLAlchemy: `session.query(…)`.
    query: Option<ClassRef>,
}

impl ByStatement {
    pub(in crate::rules) fn of(library: &Library) -> Self {
        let class = |name| library.class(name, Dialect::Three);
        Self {
            cursor: class("sqlite3.Cursor"),
            connection: class("sqlalchemy.engine.Connection"),
            query: class("sqlalchemy.orm.Query"),
        }
    }

    /// The method that a call is, if its statement says so and nobody knows its receiver.
    pub(in crate::rules) fn callee(
        &self,
        library: &Library,
        module: &Module,
        code: &Function,
        is_unknown: &dyn Fn(ExprId) -> bool,
        call: ExprId,
    ) -> Option<CallRef> {
        let (receiver, name) = method(module, call)?;
        let class = match name {
            "all" | "count" | "first" | "one" | "one_or_none" | "scalar" | "get"
                if is_of_session(module, code, receiver) =>
            {
                self.query?
            }
            "execute" | "scalar" | "scalars" => match statement(module, code, call)? {
                Statement::Read if is_text(module, call) && name == "execute" => self.cursor?,
                Statement::Read | Statement::Built => self.connection?,
                Statement::Write => return None,
            },
            _ => return None,
        };
        let callee = library.method(class, name)?;
        (is_unknown(receiver) && library.get(callee).described).then_some(callee)
    }
}

fn is_text(module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { arguments, .. } = module.kind(call) else {
        return false;
    };
    let first = module.arguments(arguments).first();
    first.is_some_and(|first| !matches!(module.kind(first.value), ExprKind::Call { .. }))
}

/// Whether a chain of calls starts with `session.query(…)`.
fn is_of_session(module: &Module, code: &Function, expr: ExprId) -> bool {
    let mut at = expr;
    for _ in 0..CHAIN {
        let Some((receiver, name)) = method(module, at) else {
            return false;
        };
        if name == "query" {
            let text = module.dotted(code, receiver).unwrap_or_default();
            let last = text.rsplit('.').next().unwrap_or_default();
            return last.to_ascii_lowercase().contains("session");
        }
        at = receiver;
    }
    false
}
