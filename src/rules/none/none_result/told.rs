//! What to do about a None, for the message: where the name was tested before, that test is at fault.

use crate::finding::{Finding, Message, Related};
use crate::flow::{Flow, Reaching};
use crate::infer::ResultUse;
use crate::ir::{ExprId, ExprKind, InstKind, PlaceId};
use crate::rules::Whole;
use crate::rules::none::belief::{Question, asked};
use crate::text::Location;

/// The finding with its help, and with the test that does not keep None away.
pub(super) fn with_test(
    whole: &Whole<'_>,
    flow: &Flow<'_, '_>,
    used: &ResultUse,
    name: Option<String>,
    finding: Finding,
) -> Finding {
    let Some(name) = name else {
        return finding.help(Message::new("guard-result"));
    };
    let test = flow
        .place_of(used.subject)
        .and_then(|place| last_test(flow, used, place));
    let Some((test, is_none_side)) = test else {
        return finding.help(Message::new("guard").with("name", name));
    };
    let (key, help) = match is_none_side {
        true => ("none-side", "swapped"),
        false => ("asked-here", "guard"),
    };
    let location = Location {
        file: whole.program.file(flow.function),
        span: flow.module.span(test),
    };
    finding
        .because(Related {
            location,
            message: Message::new(key).with("name", name.clone()),
        })
        .help(Message::new(help).with("name", name))
}

/// The last condition between the source and the use that asks for the name, and whether the use stands on its side of None.
fn last_test(flow: &Flow<'_, '_>, used: &ResultUse, place: PlaceId) -> Option<(ExprId, bool)> {
    let (from, to) = (
        flow.module.span(used.source).start,
        flow.module.span(used.subject).start,
    );
    let asks = |test: ExprId| {
        let mut found = Vec::new();
        asked(flow.module, flow.code, test, &mut found);
        found.into_iter().find(|asked| {
            asked.place == place && matches!(asked.question, Question::None | Question::Truth)
        })
    };
    let tests = flow.code.insts.iter().filter_map(|inst| match inst.kind {
        InstKind::Assume { test, .. } => Some(test),
        _ => None,
    });
    let test = tests
        .filter(|&test| (from..to).contains(&flow.module.span(test).start))
        .filter(|&test| asks(test).is_some())
        .max_by_key(|&test| flow.module.span(test).start)?;
    let asked = asks(test)?;
    let ways = Reaching::of(flow).conditions(used.position.1);
    // Of `a or b` nobody knows which one held.
    let is_whole = asked.at == test
        || matches!(flow.module.kind(test), ExprKind::Unary { operand, .. } if operand == asked.at);
    let is_none_side = is_whole
        && ways
            .iter()
            .any(|&(known, holds, _)| known == test && holds != asked.positive);
    Some((test, is_none_side))
}
