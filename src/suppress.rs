//! Which findings an ignore comment covers, and where to write one.

use crate::finding::{Edit, Finding};
use crate::ir::{Module, Reach, Suppression};
use crate::lower::lower;
use crate::rules;
use crate::text::{Lines, Span, line_end};

/// The first ignore comment of the module that covers a finding, as an index into `Module::suppressions`.
pub fn is_suppressed(module: &Module, finding: &Finding) -> Option<usize> {
    if module.suppressions.is_empty() {
        return None;
    }
    let rows = [
        module.lines.row(finding.location.span.start),
        module.lines.row(finding.statement),
    ];
    let reaches = [
        Reach::File,
        Reach::Row(rows[0].min(rows[1])),
        Reach::Row(rows[0].max(rows[1])),
    ];
    reaches
        .iter()
        .find_map(|&reach| naming(module, reach, finding.rule))
}

/// The first ignore comment of this reach that names a rule: they stand in the order of what they cover.
fn naming(module: &Module, reach: Reach, rule: &str) -> Option<usize> {
    let all = &module.suppressions;
    let first = all.partition_point(|comment| comment.reach < reach);
    let same = all[first..]
        .iter()
        .take_while(|comment| comment.reach == reach);
    same.enumerate()
        .find(|(_, comment)| names(comment, rule))
        .map(|(at, _)| first + at)
}

fn reaches(comment: &Suppression, rows: [u32; 2]) -> bool {
    match comment.reach {
        Reach::Row(row) => rows.contains(&row),
        Reach::File => true,
    }
}

fn names(comment: &Suppression, rule: &str) -> bool {
    let family = rules::find(rule).map(|rule| rule.family.name());
    comment.rules.is_empty()
        || comment
            .rules
            .iter()
            .any(|name| name == rule || Some(name.as_str()) == family)
}

/// The edit that silences a rule on the row of one of two offsets: of the finding, or of its statement. Where a comment
/// cannot stand, in the middle of a literal or behind a backslash, the other row is tried, and then nothing is offered.
pub fn on_line(source: &[u8], offsets: [u32; 2], rule: &str) -> Option<Edit> {
    let module = lower(source, None);
    let lines = Lines::of(source);
    let rows = offsets.map(|offset| lines.row(offset));
    let edits = rows
        .iter()
        .map(|&row| line_edit(source, &module, &lines, row, rule));
    edits.flatten().find(|edit| {
        let edited = lower(&applied(source, edit), None);
        let mut comments = edited.suppressions.iter();
        edited.problems.len() <= module.problems.len()
            && comments.any(|comment| reaches(comment, rows) && names(comment, rule))
    })
}

fn line_edit(source: &[u8], module: &Module, lines: &Lines, row: u32, rule: &str) -> Option<Edit> {
    let on_row = |comment: &&Suppression| comment.reach == Reach::Row(row) && !comment.noqa;
    if let Some(comment) = module.suppressions.iter().find(on_row) {
        return joined(source, comment.span, rule);
    }
    let start = lines.start(row) as usize;
    let line = source
        .get(start..)?
        .split(|byte| b"\r\n".contains(byte))
        .next()?;
    let end = (start + line.trim_ascii_end().len()) as u32;
    Some(Edit {
        span: Span::new(end, end),
        content: format!("  # pothole: ignore[{rule}]"),
    })
}

/// The edit that adds a rule to the brackets of a comment.
fn joined(source: &[u8], comment: Span, rule: &str) -> Option<Edit> {
    let close = comment.of(source).iter().position(|&byte| byte == b']')? as u32;
    let at = comment.start + close;
    Some(Edit {
        span: Span::new(at, at),
        content: format!(", {rule}"),
    })
}

/// The edit that silences a rule in a whole file: a comment below the lines that have to come first.
pub fn in_file(source: &[u8], rule: &str) -> Edit {
    let module = lower(source, None);
    let is_file =
        |comment: &&Suppression| comment.reach == Reach::File && !comment.rules.is_empty();
    let known = module.suppressions.iter().find(is_file);
    if let Some(edit) = known.and_then(|comment| joined(source, comment.span, rule)) {
        return edit;
    }
    let lines = Lines::of(source);
    let row = (0..2)
        .take_while(|&row| comes_first(source, &lines, row))
        .count() as u32;
    let behind_mark = if source.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let at = match row {
        0 => behind_mark,
        row => lines.start(row),
    };
    Edit {
        span: Span::new(at, at),
        content: format!("# pothole: ignore-file[{rule}]{}", line_end(source)),
    }
}

/// Whether a row is a shebang or declares an encoding: both count in their place only.
fn comes_first(source: &[u8], lines: &Lines, row: u32) -> bool {
    if row + 1 >= lines.count() {
        return false;
    }
    let line = Span::new(lines.start(row), lines.start(row + 1)).of(source);
    let line = String::from_utf8_lossy(line);
    let line = line.trim_start_matches('\u{feff}');
    (row == 0 && line.starts_with("#!"))
        || (line.trim_start().starts_with('#') && line.contains("coding"))
}

fn applied(source: &[u8], edit: &Edit) -> Vec<u8> {
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    let before = source.get(..start).unwrap_or_default();
    let behind = source.get(end..).unwrap_or_default();
    [before, edit.content.as_bytes(), behind].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silenced(source: &str, at: &str, statement: &str) -> Option<String> {
        let offset = |text| source.find(text).unwrap_or_default() as u32;
        let edit = on_line(
            source.as_bytes(),
            [offset(at), offset(statement)],
            "none-result",
        )?;
        String::from_utf8(applied(source.as_bytes(), &edit)).ok()
    }

    #[test]
    fn a_comment_goes_to_the_end_of_the_line() {
        assert_eq!(
            silenced("x = 1  \r\ny = 2", "x", "x").as_deref(),
            Some("x = 1  # pothole: ignore[none-result]  \r\ny = 2")
        );
        assert_eq!(
            silenced("x = 1  # pothole: ignore[a] so\n", "x", "x").as_deref(),
            Some("x = 1  # pothole: ignore[a, none-result] so\n")
        );
    }

    #[test]
    fn where_no_comment_can_stand_the_statement_takes_it() {
        let inside = "f(\n  '''\nhere''', x\n)\n";
        assert_eq!(
            silenced(inside, "'''", "f(").as_deref(),
            Some("f(  # pothole: ignore[none-result]\n  '''\nhere''', x\n)\n")
        );
        assert_eq!(silenced("x = \\\n  '''a\n'''\n", "'''", "x"), None);
    }

    #[test]
    fn a_file_is_silenced_below_what_comes_first() {
        let edit = |source: &str| {
            let edit = in_file(source.as_bytes(), "a-rule");
            String::from_utf8(applied(source.as_bytes(), &edit)).unwrap_or_default()
        };
        assert_eq!(
            edit("#!/usr/bin/python\r\n# coding: utf-8\r\nx\r\n"),
            "#!/usr/bin/python\r\n# coding: utf-8\r\n# pothole: ignore-file[a-rule]\r\nx\r\n"
        );
        assert_eq!(
            edit("\u{feff}x"),
            "\u{feff}# pothole: ignore-file[a-rule]\nx"
        );
        assert_eq!(
            edit("# pothole: ignore-file[b]\n"),
            "# pothole: ignore-file[b, a-rule]\n"
        );
    }
}
