//! `github`: workflow commands, which GitHub Actions turns into annotations.

use super::{Item, View, plain};
use crate::config::Language;
use crate::finding::Severity;
use std::cmp::Reverse;
use std::io::{self, Write};

/// Worst first: of each level GitHub shows the first ten of a step only.
pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut items: Vec<&Item> = view.findings().collect();
    items.sort_by_key(|item| (Reverse(item.severity), Reverse(item.confidence)));
    for item in items {
        let body = body(view, item);
        writeln!(
            out,
            "{}",
            command(item.severity, &properties(view, item), &body)
        )?;
    }
    Ok(())
}

/// A workflow command that shows an annotation.
pub fn command(severity: Severity, properties: &[(&str, String)], body: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    format!(
        "::{} {}::{}",
        level(severity),
        properties.join(","),
        data(body)
    )
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "notice",
    }
}

fn properties(view: &View<'_>, item: &Item) -> Vec<(&'static str, String)> {
    let (start, end) = (item.spot.start, item.spot.end);
    let mut properties = vec![
        ("title", format!("pothole: {}", item.code)),
        (
            "file",
            plain(&view.file(item.spot.file).repository).into_owned(),
        ),
        ("line", start.row.to_string()),
        ("endLine", end.row.to_string()),
    ];
    // GitHub refuses columns of a place that covers several lines.
    if start.row == end.row {
        properties.push(("col", start.column.to_string()));
        properties.push(("endColumn", end.column.to_string()));
    }
    properties
}

/// The message, then the path, then what to do, a line each.
fn body(view: &View<'_>, item: &Item) -> String {
    let mut lines = vec![plain(&item.message).into_owned()];
    for step in &item.related {
        let file = &view.file(step.spot.file).repository;
        let row = step.spot.start.row;
        lines.push(format!("{}:{row}: {}", plain(file), plain(&step.message)));
    }
    if let Some(help) = &item.help {
        let word = match view.language {
            Language::English => "help: ",
            Language::Chinese => "建议：",
        };
        lines.push(format!("{word}{}", plain(help)));
    }
    lines.join("\n")
}

/// Text behind a command, as the runner unescapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value, as the runner unescapes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn a_name_in_the_code_is_no_command() {
        assert_eq!(data("a%\r\n::error::b"), "a%25%0D%0A::error::b");
        assert_eq!(property("a,b:c\n"), "a%2Cb%3Ac%0A");
    }
}
