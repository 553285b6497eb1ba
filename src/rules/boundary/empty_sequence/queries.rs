//! Chains of calls that ask a database, and give however many rows there are.

use crate::ir::{ExprId, ExprKind};
use crate::rules::sequences::Boundary;

/// Chains are followed so far.
const DEPTH: usize = 4;

/// `collection.find({…}).sort("score").limit(1)`.
pub(super) fn is_cursor(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    let mut at = expr;
    for _ in 0..DEPTH {
        let Some((name, Some(receiver), arguments)) = boundary.called(at) else {
            return false;
        };
        let first = arguments
            .first()
            .map(|&first| boundary.flow.module.kind(first));
        match (name, first) {
            ("find", Some(ExprKind::Dict(_))) | ("aggregate", Some(ExprKind::List(_))) => {
                return true;
            }
            ("sort" | "limit" | "skip" | "batch_size", _) => at = receiver,
            _ => return false,
        }
    }
    false
}

/// Whether a chain of calls asks a database: it starts at a manager or a session's query.
pub(super) fn is_query(boundary: &Boundary<'_>, expr: ExprId) -> bool {
    let mut at = expr;
    for _ in 0..DEPTH {
        match boundary.flow.module.kind(at) {
            ExprKind::Attribute { name, .. } => {
                return boundary.flow.module.name(name) == "objects";
            }
            ExprKind::Call { .. } => match boundary.called(at) {
                Some(("query", Some(_), _)) => return true,
                Some((_, Some(receiver), _)) => at = receiver,
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}
