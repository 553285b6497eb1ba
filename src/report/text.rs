//! `text`: source, arrows, notes and help, for people.

use super::columns::decode;
use super::{File, Item, View, plain};
use crate::config::Language;
use crate::finding::Severity;
use crate::text::{FileId, Span};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use std::io::{self, Write};
use std::ops::Range;

/// A marked place that covers more rows than this is marked on its first row only: whole classes hide what is said.
const ROWS: u32 = 6;

/// From so many steps on they are numbered: a source is shown from top to bottom, whatever way the path takes through it.
const STEPS: usize = 3;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if view.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    for item in view.findings() {
        writeln!(out, "{}\n", renderer.render(&[group(view, item)]))?;
    }
    Ok(())
}

fn group<'a>(view: &View<'a>, item: &'a Item) -> Group<'a> {
    let mut group = level(item.severity, view.language)
        .primary_title(plain(&item.message))
        .id(item.code)
        .elements(snippets(view, item));
    if let Some(help) = &item.help {
        let level = match view.language {
            Language::English => Level::HELP,
            Language::Chinese => Level::HELP.with_name("建议"),
        };
        group = group.element(level.message(plain(help)));
    }
    group
}

fn level(severity: Severity, language: Language) -> Level<'static> {
    let (level, chinese) = match severity {
        Severity::Error => (Level::ERROR, "错误"),
        Severity::Warning => (Level::WARNING, "警告"),
        Severity::Hint => (Level::INFO.with_name("hint"), "提示"),
    };
    match language {
        Language::English => level,
        Language::Chinese => level.with_name(chinese),
    }
}

/// A place to mark in one of the files.
struct Mark {
    span: Span,
    kind: AnnotationKind,
    label: Option<String>,
}

/// The finding's own file first, then the others in the order of the path.
fn snippets<'a>(view: &View<'a>, item: &'a Item) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut files: Vec<(FileId, Vec<Mark>)> = vec![(
        item.spot.file,
        vec![Mark {
            span: item.spot.span,
            kind: AnnotationKind::Primary,
            label: None,
        }],
    )];
    for (index, step) in item.related.iter().enumerate() {
        let label = match item.related.len() >= STEPS {
            true => format!("{}. {}", index + 1, plain(&step.message)),
            false => plain(&step.message).into_owned(),
        };
        let mark = Mark {
            span: step.spot.span,
            kind: AnnotationKind::Context,
            label: Some(label),
        };
        match files.iter_mut().find(|(file, _)| *file == step.spot.file) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((step.spot.file, vec![mark])),
        }
    }
    files
        .iter()
        .map(|(file, marks)| snippet(&view.files[file.0 as usize], marks))
        .collect()
}

fn snippet<'a>(file: &'a File, marks: &[Mark]) -> Snippet<'a, Annotation<'a>> {
    let spans: Vec<Span> = marks.iter().map(|mark| shown(file, mark.span)).collect();
    let first = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let last = spans.iter().map(|span| span.end).max().unwrap_or(0);
    let row = file.lines().row(first);
    let window = Window::new(file, row, file.lines().row(last));
    let annotations = marks.iter().zip(spans).map(|(mark, span)| {
        let range = window.range(span);
        mark.kind.span(range).label(mark.label.clone())
    });
    let annotations: Vec<Annotation<'a>> = annotations.collect();
    Snippet::source(window.text)
        .line_start(row as usize + 1)
        .path(plain(&file.display))
        .annotations(annotations)
}

/// The part of a place that is underlined.
fn shown(file: &File, span: Span) -> Span {
    let row = file.lines().row(span.start);
    if file.lines().row(span.end) - row <= ROWS {
        return span;
    }
    let line = Span::new(span.start, file.lines().start(row + 1));
    let text = line.of(&file.source).trim_ascii_end();
    Span::new(line.start, line.start + text.len() as u32)
}

/// The rows of a file that are shown.
struct Window<'a> {
    source: &'a [u8],
    bytes: &'a [u8],
    start: u32,
    text: String,
}

impl<'a> Window<'a> {
    fn new(file: &'a File, first: u32, last: u32) -> Self {
        let start = file.lines().start(first);
        let end = match last + 1 < file.lines().count() {
            true => file.lines().start(last + 1) as usize,
            false => file.source.len(),
        };
        let bytes = file.source.get(start as usize..end).unwrap_or_default();
        Window {
            source: &file.source,
            bytes,
            start,
            text: harmless(bytes, &file.source),
        }
    }

    /// Where a span of the file stands in the text.
    fn range(&self, span: Span) -> Range<usize> {
        let start = self.offset(span.start);
        start..self.offset(span.end).max(start)
    }

    fn offset(&self, offset: u32) -> usize {
        let length = offset.saturating_sub(self.start) as usize;
        let before = self.bytes.get(..length).unwrap_or(self.bytes);
        let mut at = harmless(before, self.source).len().min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// Source as a terminal may show it: one character for each, line ends as line feeds.
fn harmless(bytes: &[u8], source: &[u8]) -> String {
    let text = decode(bytes, source)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let lines: Vec<_> = text.split('\n').map(plain).collect();
    lines.join("\n")
}
