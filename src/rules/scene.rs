//! What a rule can see, and how it says what it found.

use crate::escape::Escapes;
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::flow::{Flow, Known};
use crate::infer::Trace;
use crate::ir::ExprId;
use crate::project::{CallGraph, Coverage, Program};
use crate::rules::{Habits, Rule, Shared};
use crate::summary::{ClassRef, Summary};
use crate::text::{Location, Span};
use crate::types::FunctionRef;
use std::sync::Arc;

/// More functions than that are not asked for their handlers.
const CALLERS: usize = 24;

/// One function, for a rule that looks at one at a time.
pub struct Scene<'s> {
    /// The rule itself.
    pub rule: &'static Rule,
    /// The function.
    pub flow: &'s Flow<'s, 's>,
    /// Who calls whom.
    pub graph: &'s CallGraph,
    /// How each module reads the keys of its documents.
    pub habits: &'s Habits,
}

/// The whole program, with everything that was computed.
pub struct Whole<'s> {
    /// The program.
    pub program: &'s Program<'s>,
    /// Who calls whom.
    pub graph: &'s CallGraph,
    /// What each function does.
    pub summaries: &'s [Summary],
    /// What was seen in each function.
    pub traces: &'s [Arc<Trace>],
    /// What can fail for a reason outside the program, and how far up that gets.
    pub escapes: &'s Escapes,
    /// What several rules ask.
    pub shared: Shared,
}

impl<'s> Whole<'s> {
    /// One function again, for what only a search through it can tell.
    pub fn flow(&self, function: FunctionRef) -> Flow<'s, 's> {
        Flow::new(self.program, Known::finished(self.summaries), function)
    }
}

impl Scene<'_> {
    /// Whether every known call of the function at work, tests aside, stands under a handler for a class, there or further
    /// up. A handler for everything counts only around the call itself: further up it is there to keep the program
    /// alive, not to say what to do without the thing that was missing.
    pub fn is_caught_above(&self, class: ClassRef) -> bool {
        let program = self.flow.program;
        let everything = program.library.class("Exception", self.flow.module.dialect);
        let mut seen = vec![self.flow.function];
        let mut next = 0;
        let mut is_met = false;
        while let Some(&callee) = seen.get(next) {
            next += 1;
            let mut is_called = false;
            for site in self.graph.calls_of(callee) {
                if is_test(program, site.caller) {
                    continue;
                }
                is_called = true;
                let caught = program.caught_in(site.caller, site.guard, class).0;
                let is_broad = everything.is_some_and(|every| {
                    program.caught_in(site.caller, site.guard, every).0 == Coverage::Full
                });
                let is_guard = caught == Coverage::Full && (next == 1 || !is_broad);
                is_met |= is_guard;
                if is_guard || seen.contains(&site.caller) {
                    continue;
                }
                if seen.len() >= CALLERS {
                    return false;
                }
                seen.push(site.caller);
            }
            if !is_called {
                return false;
            }
        }
        is_met
    }

    /// A finding at an expression of the function at work.
    pub fn at(&self, expr: ExprId, message: Message) -> Finding {
        self.at_span(self.flow.module.span(expr), message)
    }

    /// A finding at a span of the function at work.
    pub fn at_span(&self, span: Span, message: Message) -> Finding {
        let (_, inst) = self.flow.position();
        let statement = self
            .flow
            .code
            .insts
            .get(inst as usize)
            .map_or(span.start, |inst| inst.span.start);
        Finding {
            statement,
            ..draft(
                self.rule,
                self.flow.program,
                self.flow.function,
                span,
                message,
            )
        }
    }

    /// Where an expression of the function at work stands.
    pub fn location(&self, expr: ExprId) -> Location {
        self.location_of(self.flow.module.span(expr))
    }

    /// A span in the file at work.
    pub fn location_of(&self, span: Span) -> Location {
        Location {
            file: self.flow.program.file(self.flow.function),
            span,
        }
    }

    /// A place on the way to a finding.
    pub fn related(&self, expr: ExprId, message: Message) -> Related {
        Related {
            location: self.location(expr),
            message,
        }
    }
}

/// A finding in a function, of the rule's own severity and medium confidence; in a test it is a hint.
pub fn draft(
    rule: &'static Rule,
    program: &Program<'_>,
    function: FunctionRef,
    span: Span,
    message: Message,
) -> Finding {
    let location = Location {
        file: program.file(function),
        span,
    };
    Finding {
        rule: rule.name,
        severity: if is_test(program, function) {
            Severity::Hint
        } else {
            rule.severity
        },
        confidence: Confidence::Medium,
        location,
        statement: span.start,
        symbol: program.qualified_name(function),
        message,
        related: Vec::new(),
        help: None,
        fix: None,
        cause: None,
    }
}

/// Whether a function stands in a stub: declarations in any order, which nothing runs.
pub fn is_stub(program: &Program<'_>, function: FunctionRef) -> bool {
    let (module, _) = program.locate(function);
    program.sources[module.0 as usize].path.ends_with(".pyi")
}

/// Whether a function stands in a file of tests.
pub fn is_test(program: &Program<'_>, function: FunctionRef) -> bool {
    let (module, _) = program.locate(function);
    is_test_path(&program.sources[module.0 as usize].path)
}

/// Whether a file is one of tests.
pub(crate) fn is_test_path(path: &str) -> bool {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.strip_suffix(".py").unwrap_or(file);
    let in_folder = folders.split('/').any(|part| {
        matches!(
            part,
            "test" | "tests" | "testing" | "unittests" | "test_utils"
        )
    });
    in_folder
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || matches!(stem, "conftest" | "tests" | "test")
}

impl Finding {
    /// With this severity, unless it is a hint already.
    pub fn severity(mut self, severity: Severity) -> Self {
        if self.severity != Severity::Hint {
            self.severity = severity;
        }
        self
    }

    /// With this confidence.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// With a place on the way to it.
    pub fn because(mut self, related: Related) -> Self {
        self.related.push(related);
        self
    }

    /// With what to do.
    pub fn help(mut self, message: Message) -> Self {
        self.help = Some(message);
        self
    }

    /// With what causes it elsewhere.
    pub fn caused_by(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}
