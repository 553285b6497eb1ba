//! `junit`: a test report, one suite for each file with findings, for servers that know nothing else.

use super::escape::opening;
use super::{Item, View, plain};
use std::io::{self, Write};

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let items: Vec<&Item> = view.findings().collect();
    let count = items.len().max(1);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"pothole\" tests=\"{count}\" failures=\"{}\" errors=\"0\">",
        items.len()
    )?;
    if items.is_empty() {
        // A report with no test at all counts as a broken build on some servers.
        writeln!(
            out,
            "  <testsuite name=\"pothole\" tests=\"1\" failures=\"0\" errors=\"0\">"
        )?;
        writeln!(
            out,
            "    <testcase name=\"no findings\" classname=\"pothole\"/>"
        )?;
        writeln!(out, "  </testsuite>")?;
    }
    for suite in items.chunk_by(|a, b| a.spot.file == b.spot.file) {
        write_suite(view, suite, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn write_suite(view: &View<'_>, items: &[&Item], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = items.first() else {
        return Ok(());
    };
    let file = escape(&plain(&view.file(first.spot.file).repository));
    let count = items.len();
    writeln!(
        out,
        "  <testsuite name=\"{file}\" tests=\"{count}\" failures=\"{count}\" errors=\"0\">"
    )?;
    for item in items {
        let position = item.spot.start;
        writeln!(
            out,
            "    <testcase name=\"{} ({}:{})\" classname=\"{file}\">",
            item.code, position.row, position.column
        )?;
        writeln!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            item.code,
            escape(&item.message),
            escape(&body(view, item))
        )?;
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

fn body(view: &View<'_>, item: &Item) -> String {
    let place = |spot: super::Spot| {
        let file = opening(&view.file(spot.file).repository);
        format!("{file}:{}:{}", spot.start.row, spot.start.column)
    };
    let mut lines = vec![format!("{}: {}", place(item.spot), item.message)];
    for step in &item.related {
        lines.push(format!("{}: {}", place(step.spot), step.message));
    }
    lines.extend(item.help.clone());
    lines.join("\n")
}

/// Text for XML. What XML cannot hold at all is replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        for character in plain(line.trim_end_matches('\n')).chars() {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
                other => escaped.push(other),
            }
        }
        if line.ends_with('\n') {
            escaped.push('\n');
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_and_control_characters_are_text() {
        assert_eq!(
            escape("a < \"b\" & c\u{0}\nd]]>"),
            "a &lt; &quot;b&quot; &amp; c\u{fffd}\nd]]&gt;"
        );
    }
}
