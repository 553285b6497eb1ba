//! The lines around a place, with the part that is meant.

use crate::report::{Spot, View, decode, plain};
use crate::text::Span;
use serde::Serialize;

/// How many lines are shown before and behind a place.
const AROUND: u32 = 2;

/// A place of more lines than this is cut.
const MOST: u32 = 12;

/// A longer line is cut: what a program wrote is not for reading.
const WIDTH: usize = 400;

/// A step of the path.
#[derive(Serialize)]
pub(super) struct Place<'a> {
    file: &'a str,
    row: u32,
    message: &'a str,
    /// The row of the first of `lines`.
    first: u32,
    lines: Vec<Line>,
}

/// A line in three parts: the one in the middle is meant.
#[derive(Serialize)]
struct Line(String, String, String);

pub(super) fn place<'a>(view: &View<'a>, spot: Spot, message: &'a str) -> Place<'a> {
    let file = &view.files[spot.file.0 as usize];
    let lines = file.lines();
    let row = spot.start.row - 1;
    let last_of_place = (spot.end.row - 1).min(row + MOST);
    let first = row.saturating_sub(AROUND);
    let last = (last_of_place + AROUND).min(lines.count().saturating_sub(1));
    let shown = (first..=last).map(|row| {
        let start = lines.start(row);
        let end = match row + 1 < lines.count() {
            true => lines.start(row + 1),
            false => file.source.len() as u32,
        };
        line(&file.source, Span::new(start, end), spot.span)
    });
    Place {
        file: &file.repository,
        row: spot.start.row,
        message,
        first: first + 1,
        lines: shown.collect(),
    }
}

fn line(source: &[u8], line: Span, place: Span) -> Line {
    let start = place.start.clamp(line.start, line.end);
    let end = place.end.clamp(start, line.end);
    let text = |from, to| {
        let text = decode(Span::new(from, to).of(source), source);
        let text = text
            .trim_end_matches(['\n', '\r'])
            .trim_start_matches('\u{feff}');
        plain(text).chars().take(WIDTH).collect::<String>()
    };
    Line(
        text(line.start, start),
        text(start, end),
        text(end, line.end),
    )
}
