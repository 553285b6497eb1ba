//! Lifetimes for keys of a cache.

use super::bench::{Bench, insert, replace};
use super::call::append;
use super::judged;
use super::statements::Statements;
use crate::finding::{Edit, Finding, Fix, Message};
use crate::ir::{Argument, ExprId, ExprKind, Passing};
use crate::text::Span;

/// Seconds that a key lives.
const KEY: &str = "3600";
/// Seconds that a lock is held by whoever died with it.
const LOCK: &str = "60";

pub(super) fn give(bench: &Bench<'_>, finding: &Finding) -> Option<Fix> {
    let call = Call::at(bench, finding.location.span)?;
    let (edits, seconds) = match finding.message.key {
        "no-timeout" => (call.timeout()?, KEY),
        "lock" => (call.lock()?, LOCK),
        "written" => (call.expire()?, KEY),
        _ => return None,
    };
    judged(Message::new("expire").with("seconds", seconds), edits)
}

/// A call of a method.
struct Call<'a> {
    bench: &'a Bench<'a>,
    span: Span,
    receiver: Span,
    callee: Span,
    arguments: Vec<Argument>,
}

impl<'a> Call<'a> {
    fn at(bench: &'a Bench<'a>, span: Span) -> Option<Self> {
        let module = bench.module;
        bench
            .exprs_at(span)
            .find_map(|expr| match module.kind(expr) {
                ExprKind::Call { callee, arguments } => match module.kind(callee) {
                    ExprKind::Attribute { value, .. } => Some(Self {
                        bench,
                        span,
                        receiver: module.span(value),
                        callee: module.span(callee),
                        arguments: module.arguments(arguments).to_vec(),
                    }),
                    _ => None,
                },
                _ => None,
            })
    }

    fn method(&self) -> Span {
        let text = self.bench.text(self.callee);
        let length = text.rsplit('.').next().unwrap_or_default().len() as u32;
        Span::new(self.callee.end - length, self.callee.end)
    }

    fn keyword(&self, name: &str) -> Option<ExprId> {
        let mut arguments = self.arguments.iter();
        arguments
            .find(|argument| match argument.passing {
                Passing::Keyword(known) => self.bench.module.name(known) == name,
                _ => false,
            })
            .map(|argument| argument.value)
    }

    fn with(&self, text: &str) -> Option<Edit> {
        append(self.bench, self.span, &self.arguments, text)
    }

    /// A lifetime instead of `timeout=None`.
    fn timeout(&self) -> Option<Vec<Edit>> {
        let third = self.arguments.get(2);
        let third = third.filter(|argument| argument.passing == Passing::Positional);
        let given = self
            .keyword("timeout")
            .or_else(|| third.map(|argument| argument.value))?;
        let span = self.bench.module.span(given);
        (self.bench.text(span) == "None").then(|| vec![replace(span, KEY)])
    }

    /// `nx=True` and a lifetime in one step.
    fn lock(&self) -> Option<Vec<Edit>> {
        let method = self.method();
        match &*self.bench.text(method) {
            "lock" => Some(vec![self.with(&format!("timeout={LOCK}"))?]),
            "set" => Some(vec![self.with(&format!("ex={LOCK}"))?]),
            "setnx" => Some(vec![
                replace(method, "set"),
                self.with(&format!("nx=True, ex={LOCK}"))?,
            ]),
            _ => None,
        }
    }

    /// `ex=` for redis-py's `set`, else `expire` behind it.
    fn expire(&self) -> Option<Vec<Edit>> {
        let module = self.bench.module;
        let mut imports = module.imports.iter();
        let is_redis =
            imports.any(|import| module.name(import.module).split('.').next() == Some("redis"));
        if is_redis && self.bench.text(self.method()) == "set" {
            return Some(vec![self.with(&format!("ex={KEY}"))?]);
        }
        let first = self.arguments.first();
        let first = first.filter(|argument| argument.passing == Passing::Positional);
        let key = self
            .keyword("name")
            .or_else(|| first.map(|argument| argument.value))?;
        let key = module.span(key);
        let is_plain = |span: Span| !self.calls_within(span);
        if !is_plain(key) || !is_plain(self.receiver) {
            return None;
        }
        let statements = Statements::of(self.bench)?;
        let statement = statements.expression(self.span)?;
        let before = self
            .bench
            .text(Span::new(statement.span.start, self.span.start))
            .into_owned();
        if statement.span.end != self.span.end || !matches!(before.trim(), "" | "await" | "yield") {
            return None;
        }
        let (receiver, key) = (self.bench.text(self.receiver), self.bench.text(key));
        let row = format!("{before}{receiver}.expire({key}, {KEY})");
        match statements.behind(statement, &row) {
            Some(edit) => Some(vec![edit]),
            None => Some(vec![insert(statement.span.end, format!("; {row}"))]),
        }
    }

    fn calls_within(&self, span: Span) -> bool {
        let acts = |kind| {
            matches!(
                kind,
                ExprKind::Call { .. }
                    | ExprKind::Await(_)
                    | ExprKind::Yield(_)
                    | ExprKind::Walrus { .. }
            )
        };
        let mut exprs = self.bench.module.exprs.iter();
        exprs.any(|expr| span.contains(expr.span) && acts(expr.kind))
    }
}
