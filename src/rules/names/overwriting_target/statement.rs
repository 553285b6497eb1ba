//! A `with` or `except` target over a variable that is read behind the statement.

use super::after_loop::is_default;
use super::{Target, finding};
use crate::finding::{Confidence, Finding, Message, Severity};
use crate::flow::{Flow, Reaching, Start};
use crate::ir::{Dialect, ExprId, ExprKind, InstKind, Scope, Source, Step};
use crate::rules::Scene;
use crate::rules::concurrency::usage::{Fate, Usage};
use crate::rules::names::overwritten_parameter::{after_handler, is_behind, suite_of};
use crate::rules::names::vocabulary::lacks;
use crate::value::Kinds;

/// A `with` or `except` target over a variable that is read behind the statement.
pub(super) fn overwriting(
    scene: &Scene<'_>,
    ways: &Reaching<'_, '_, '_>,
    target: Target,
) -> Option<Finding> {
    let flow = scene.flow;
    if matches!(
        flow.code.place(target.place).step,
        Step::Variable {
            scope: Scope::Parameter { .. },
            ..
        }
    ) {
        return None;
    }
    let suite = suite_of(flow, target.source, target.at.inst)?;
    let name = flow.place_text(target.place);
    ways.bindings(target.place).into_iter().find_map(|binding| {
        let InstKind::Bind {
            target: bound,
            source: Source::Value(value),
            ..
        } = flow.code.insts[binding.inst as usize].kind
        else {
            return None;
        };
        let reach = ways.reach(target.place, Start::Behind(binding.inst));
        if bound != binding.name || !reach.is_killed_at(target.at.inst) {
            return None;
        }
        let caught = matches!(target.source, Source::Caught { .. });
        let (key, later) = if caught && flow.module.dialect == Dialect::Three {
            (
                "caught",
                after_handler(flow, ways, target.place, target.at.inst, &reach)?,
            )
        } else if is_default(flow, value) && !is_file_for_a_name(flow, target, value) {
            return None;
        } else {
            let held = ways.reach(target.place, Start::Behind(target.at.inst));
            let is_file = is_file_for_a_name(flow, target, value);
            let later = held.reads.iter().find(|read| {
                is_behind(flow, read, suite)
                    && (reach.is_read_by(read.name) || (is_file && is_no_file(flow, read.name)))
            })?;
            (if caught { "caught-two" } else { "entered" }, *later)
        };
        let severity = if key == "caught" {
            Severity::Error
        } else {
            Severity::Warning
        };
        let confidence = match is_taken_over(flow, target) {
            true => Confidence::Low,
            false => Confidence::High,
        };
        let finding = finding(scene, target.at, key)
            .confidence(confidence)
            .severity(severity);
        let finding = finding.because(scene.related(
            binding.name,
            Message::new("before").with("name", name.clone()),
        ));
        Some(
            finding.because(
                scene.related(later.name, Message::new("read").with("name", name.clone())),
            ),
        )
    })
}

/// `with open(target) as target`: behind the statement the name holds a closed file instead of the file's name.
fn is_file_for_a_name(flow: &Flow<'_, '_>, target: Target, value: ExprId) -> bool {
    let Source::Entered { manager, .. } = target.source else {
        return false;
    };
    flow.evaluate.value(manager).kinds == Kinds::FILE
        && (flow.evaluate.value(value).kinds == Kinds::TEXT || flow.mentions(manager, target.place))
}

/// Whether a read takes the name for something else than a file that was closed: no attribute is read off it.
fn is_no_file(flow: &Flow<'_, '_>, name: ExprId) -> bool {
    let usage = Usage::of(flow.module, flow.code);
    match usage.fate(name) {
        Fate::Part(part) => match flow.module.kind(part) {
            ExprKind::Attribute { name: of, .. } => {
                lacks(Kinds::NUMBER, flow.module.name(of))
                    && !lacks(Kinds::TEXT, flow.module.name(of))
            }
            _ => true,
        },
        Fate::Iterated | Fate::Entered | Fate::Tested => false,
        _ => true,
    }
}

/// `with renewed(request) as request`: what was made of the old value is meant to stand for it, unless it is a file.
fn is_taken_over(flow: &Flow<'_, '_>, target: Target) -> bool {
    let Source::Entered { manager, .. } = target.source else {
        return false;
    };
    flow.mentions(manager, target.place) && !flow.evaluate.value(manager).kinds.meets(Kinds::FILE)
}
