//! Numbers that must fit: a float that is made whole, a moment in time, a field of so many bytes.

use super::{Call, Evidence};
use crate::finding::Confidence;
use crate::flow::State;
use crate::ir::{ExprId, ExprKind};
use crate::rules::sequences::{Boundary, Candidate, Outside, outside};
use crate::value::Facts;

/// The most that a field of one or two bytes holds, by its letter.
const HOLDS: [(char, u32); 4] = [('b', 127), ('B', 255), ('h', 32_767), ('H', 65_535)];

/// `int(float(text))` under a handler of ValueError: "inf" is a float, and no whole number.
pub(super) fn truncated(boundary: &Boundary<'_>, call: &Call<'_>) -> Option<Evidence> {
    let [argument] = call.arguments[..] else {
        return None;
    };
    let source = written(boundary, argument)?;
    let text = read(boundary, source, &["float", "Decimal"])?;
    let confidence = in_handler(boundary, call.candidate, text)?;
    Some(Evidence {
        key: "infinite",
        source,
        confidence,
        help: "overflow",
    })
}

/// `datetime.fromtimestamp(int(text))` under a handler of ValueError: what is too large raises OverflowError.
pub(super) fn timed(boundary: &Boundary<'_>, call: &Call<'_>) -> Option<Evidence> {
    let &argument = call.arguments.first()?;
    let source = written(boundary, argument)?;
    let text = read(boundary, source, &["float", "int"])?;
    let confidence = in_handler(boundary, call.candidate, text)?;
    Some(Evidence {
        key: "late",
        source,
        confidence,
        help: "overflow",
    })
}

/// `math.sqrt(float(text))` of a text from outside, which may name a number below zero.
pub(super) fn received(
    boundary: &Boundary<'_>,
    call: &Call<'_>,
    state: &State,
) -> Option<Evidence> {
    let &argument = call.arguments.first()?;
    let source = written(boundary, argument).unwrap_or(argument);
    let text = read(boundary, source, &["float", "int", "Decimal"])?;
    let flow = boundary.flow;
    let is_outside = flow.quietly(text, state).value.facts.has(Facts::OUTSIDE);
    (is_outside || outside(flow, text).is_some()).then_some(Evidence {
        key: "received",
        source,
        confidence: Confidence::Medium,
        help: "positive",
    })
}

/// An expression, or the only value of its name.
fn written(boundary: &Boundary<'_>, expr: ExprId) -> Option<ExprId> {
    match boundary.values(expr)[..] {
        [value] => Some(value),
        _ => None,
    }
}

/// `float(text)`: the text, if it is no literal.
fn read(boundary: &Boundary<'_>, expr: ExprId, functions: &[&str]) -> Option<ExprId> {
    let (name, _, arguments) = boundary.called(expr)?;
    let [text] = arguments[..] else { return None };
    let is_literal = matches!(
        boundary.flow.module.kind(text),
        ExprKind::Text(_) | ExprKind::Int(_) | ExprKind::Number(_)
    );
    (functions.contains(&name) && !is_literal).then_some(text)
}

/// How sure it is that a handler of ValueError around a call is meant to catch whatever is wrong with a text.
fn in_handler(boundary: &Boundary<'_>, candidate: Candidate, text: ExprId) -> Option<Confidence> {
    if !boundary.is_caught(candidate.at.0, &["ValueError"]) {
        return None;
    }
    let is_given = || {
        let parameters = &boundary.flow.code.parameters;
        let mut places = boundary.places(text).into_iter();
        places.any(|place| {
            let mut parameters = parameters.iter();
            parameters.any(|parameter| parameter.place == place)
        })
    };
    Some(match outside(boundary.flow, text) {
        // What a process or a file says of itself has a form.
        Some((Outside::Process | Outside::File | Outside::Database, _)) => Confidence::Low,
        Some(_) => Confidence::Medium,
        None if is_given() => Confidence::Medium,
        None => Confidence::Low,
    })
}

/// A length that is packed into one or two bytes.
pub(super) fn packed(boundary: &Boundary<'_>, call: &Call<'_>) -> Option<Evidence> {
    let module = boundary.flow.module;
    let (&format, values) = call.arguments.split_first()?;
    let (ExprKind::Text(format) | ExprKind::Bytes(format)) = module.kind(format) else {
        return None;
    };
    let letters = fields(module.name(format))?;
    let mut pairs = letters.into_iter().zip(values);
    let (source, most) = pairs.find_map(|(letter, &value)| {
        let &(_, most) = HOLDS.iter().find(|(known, _)| *known == letter)?;
        let source = written(boundary, value)?;
        let is_length = matches!(boundary.called(source), Some(("len", None, _)));
        is_length.then_some((source, most))
    })?;
    let key = match most {
        0..=255 => "byte",
        _ => "short",
    };
    // Where the text comes from is mostly not to be seen, and the field is mostly wide enough for it.
    Some(Evidence {
        key,
        source,
        confidence: Confidence::Low,
        help: "fits",
    })
}

/// The letter of each value that a format of `struct` takes; nothing where the format is not understood.
fn fields(format: &str) -> Option<Vec<char>> {
    let mut letters = Vec::new();
    let mut count = String::new();
    for letter in format.chars() {
        match letter {
            '@' | '=' | '<' | '>' | '!' | ' ' => {}
            '0'..='9' => count.push(letter),
            'x' => count.clear(),
            's' | 'p' => {
                letters.push(letter);
                count.clear();
            }
            _ => {
                let times = if count.is_empty() {
                    1
                } else {
                    count.parse().ok().filter(|&times: &usize| times <= 64)?
                };
                letters.extend(std::iter::repeat_n(letter, times));
                count.clear();
            }
        }
    }
    Some(letters)
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn formats_are_taken_apart() {
        assert_eq!(fields("!HB").unwrap_or_default(), ['H', 'B']);
        assert_eq!(fields(">2H4sxB").unwrap_or_default(), ['H', 'H', 's', 'B']);
        assert_eq!(fields("999999H"), None);
    }
}
