//! `except KeyError, IndexError:` in Python 2: it catches the first class alone, and binds what it caught to the name of the second.

use super::RULE;
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::ir::{Dialect, TryKind};
use crate::rules::guarded::swallowed_exception::types_text;
use crate::rules::{Whole, draft};
use crate::types::FunctionRef;

/// The findings, at the clause.
pub(super) fn findings(whole: &Whole<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for index in 0..whole.program.function_count() {
        let function = FunctionRef(index as u32);
        let (module, code) = whole.program.code(function);
        if module.dialect != Dialect::Two {
            continue;
        }
        for region in &code.tries {
            let TryKind::Catch { handlers, .. } = &region.kind else {
                continue;
            };
            for handler in handlers {
                let second = handler
                    .target
                    .and_then(|target| module.dotted(code, target))
                    .filter(|name| is_class(whole, name));
                if let Some(second) = second {
                    let message = Message::new("second")
                        .with("types", types_text(module, code, handler))
                        .with("name", second);
                    let finding = draft(&RULE, whole.program, function, handler.header, message);
                    findings.push(
                        Finding {
                            statement: handler.header.start,
                            ..finding
                        }
                        .severity(Severity::Warning)
                        .confidence(Confidence::High)
                        .help(Message::new("parentheses")),
                    );
                }
            }
        }
    }
    findings
}

/// Whether a name is that of an exception class: a known one, or one that is written like one.
fn is_class(whole: &Whole<'_>, name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_written_so = last.starts_with(|first: char| first.is_ascii_uppercase())
        && (last.ends_with("Error") || last.ends_with("Exception"));
    let library = &whole.program.library;
    let known = library.class(name, Dialect::Two);
    let base = library.class("BaseException", Dialect::Two);
    is_written_so
        || known
            .zip(base)
            .is_some_and(|(known, base)| library.is_subclass(known, base, Dialect::Two))
}
