//! What is shown of a finding that the pointer rests on: what it says, and the page of its rule.

use super::diagnostics::Translator;
use crate::page;
use crate::report::{Item, severity};
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position, Range};
use std::path::Path;

impl Translator<'_> {
    /// The findings under a position, with the pages of their rules.
    pub(super) fn hover(&self, path: &Path, position: Position) -> Option<Hover> {
        let under: Vec<&Item> = self
            .snapshot
            .of_path(path)
            .filter(|item| item.rule.is_some() && covers(self.range(item.spot), position))
            .collect();
        let smallest = under
            .iter()
            .map(|item| item.spot.span)
            .min_by_key(|span| span.end - span.start)?;
        let first = under.iter().find(|item| item.spot.span == smallest)?;
        let kind = match self.client.markdown {
            true => MarkupKind::Markdown,
            false => MarkupKind::PlainText,
        };
        let mut parts: Vec<String> = under.iter().map(|item| headline(item)).collect();
        let mut rules: Vec<_> = under.iter().filter_map(|item| item.rule).collect();
        rules.dedup_by_key(|rule| rule.name);
        let pages = rules.into_iter();
        parts.extend(pages.map(|rule| page::of(rule).manual(rule, self.snapshot.language)));
        Some(Hover {
            contents: HoverContents::Markup(MarkupContent {
                kind,
                value: parts.join("\n\n---\n\n"),
            }),
            range: Some(self.range(first.spot)),
        })
    }
}

fn headline(item: &Item) -> String {
    let mut text = format!(
        "**{}[{}]** {}",
        severity(item.severity),
        item.code,
        item.message
    );
    if let Some(help) = &item.help {
        text.push_str(&format!("\n\n{help}"));
    }
    text
}

/// A place of more rows than this is shown on its first row only: the rest of a class is about other things.
const ROWS: u32 = 6;

fn covers(range: Range, position: Position) -> bool {
    let end = match range.end.line - range.start.line < ROWS {
        true => range.end,
        false => Position::new(range.start.line, u32::MAX),
    };
    range.start <= position && position <= end
}
