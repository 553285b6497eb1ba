//! What a change does to which lines: patches as git and the hosts of code write them.

use std::collections::BTreeMap;
use std::ops::Range;
use xxhash_rust::xxh3::Xxh3;

/// A name for a patch that stays when its lines move and when the files around it change. Unlike git's own, it minds white
/// space, which means something in Python.
pub fn patch_id(patch: &str) -> String {
    let mut hasher = Xxh3::new();
    for line in patch.lines().filter(|line| !line.starts_with("index ")) {
        // Where a hunk stands, and in which function, is not what it changes.
        let line = if line.starts_with("@@ ") { "@@" } else { line };
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    format!("{:032x}", hasher.digest128())
}

/// A change of several files, by their new paths (by the old one where a file is deleted).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    files: BTreeMap<String, FileDiff>,
    /// Old paths of files that were moved, with their new ones.
    moved: BTreeMap<String, String>,
}

/// What a change does to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDiff {
    /// Where it was; nothing for a new file.
    pub old_path: Option<String>,
    /// The hunks, in order.
    pub hunks: Vec<Hunk>,
}

/// A part of a patch. Rows are 1-based.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunk {
    /// Rows of the new file that the hunk shows, context included.
    pub shown: Range<u32>,
    /// What is replaced by what.
    pub edits: Vec<Edit>,
}

/// Rows that became other rows. An empty range stands before its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Rows of the old file.
    pub old: Range<u32>,
    /// Rows of the new file.
    pub new: Range<u32>,
}

/// Where a row of the new file comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From this row of the old file, unchanged.
    Row(u32),
    /// It was written by an edit that replaced these rows.
    Edit(Range<u32>),
}

impl Diff {
    /// Reads the output of `git diff --src-prefix=a/ --dst-prefix=b/`, with any number of lines of context.
    pub fn parse(text: &str) -> Self {
        let mut diff = Diff::default();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if !line.starts_with("diff --git ") {
                continue;
            }
            let mut section = Section::default();
            while let Some(header) =
                lines.next_if(|line| !line.starts_with("@@ ") && !line.starts_with("diff --git "))
            {
                section.header(header);
            }
            let hunks = parse_hunks(&mut lines);
            diff.add(section, hunks);
        }
        diff
    }

    /// Adds a file whose patch a host of code sent; `old_path` is nothing for a new file.
    pub fn insert(&mut self, path: &str, old_path: Option<&str>, patch: &str) {
        let hunks = parse_hunks(&mut patch.lines().peekable());
        let section = Section {
            old: old_path.map(str::to_owned),
            new: Some(path.to_owned()),
        };
        self.add(section, hunks);
    }

    fn add(&mut self, section: Section, hunks: Vec<Hunk>) {
        let Some(path) = section.new.clone().or_else(|| section.old.clone()) else {
            return;
        };
        if let (Some(old), Some(new)) = (&section.old, &section.new)
            && old != new
        {
            self.moved.insert(old.clone(), new.clone());
        }
        let old_path = section.old;
        self.files.insert(path, FileDiff { old_path, hunks });
    }

    /// What happens to a file, by its new path.
    pub fn file(&self, path: &str) -> Option<&FileDiff> {
        self.files.get(path)
    }

    /// The files, by their new paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileDiff)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// What an old path is called now.
    pub fn renamed<'a>(&'a self, old: &'a str) -> &'a str {
        self.moved.get(old).map_or(old, String::as_str)
    }

    /// Whether a change writes one of these rows, or takes some away right beside them.
    pub fn touches(&self, path: &str, rows: &Range<u32>) -> bool {
        let edits = self.file(path).into_iter().flat_map(FileDiff::edits);
        edits.into_iter().any(|edit| {
            let reach = match edit.new.is_empty() {
                true => edit.new.start.saturating_sub(1)..edit.new.start + 1,
                false => edit.new.clone(),
            };
            reach.start < rows.end && rows.start < reach.end
        })
    }

    /// Where a row of a file comes from.
    pub fn source(&self, path: &str, row: u32) -> Source {
        let mut shift = 0;
        for edit in self.file(path).into_iter().flat_map(FileDiff::edits) {
            if edit.new.contains(&row) {
                return Source::Edit(edit.old.clone());
            }
            if edit.new.start > row {
                break;
            }
            shift = i64::from(edit.old.end) - i64::from(edit.new.end);
        }
        Source::Row(u32::try_from(i64::from(row) + shift).unwrap_or(0))
    }
}

impl FileDiff {
    /// What is replaced by what, over all hunks.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.hunks.iter().flat_map(|hunk| &hunk.edits)
    }

    /// The hunk that shows all of these rows.
    pub fn hunk_of(&self, rows: &Range<u32>) -> Option<&Hunk> {
        self.hunks
            .iter()
            .find(|hunk| hunk.shown.start <= rows.start && rows.end <= hunk.shown.end)
    }
}

/// What the header of a file says.
#[derive(Default)]
struct Section {
    old: Option<String>,
    new: Option<String>,
}

impl Section {
    fn header(&mut self, line: &str) {
        let parts = [
            ("rename from ", true),
            ("copy from ", true),
            ("rename to ", false),
            ("copy to ", false),
        ];
        for (prefix, is_old) in parts {
            if let Some(path) = line.strip_prefix(prefix) {
                *self.side(is_old) = Some(unquoted(path));
            }
        }
        for (prefix, is_old) in [("--- ", true), ("+++ ", false)] {
            if let Some(path) = line.strip_prefix(prefix) {
                let path = unquoted(path.trim_end_matches('\t'));
                let side = path.strip_prefix(if is_old { "a/" } else { "b/" });
                *self.side(is_old) = side.map(str::to_owned);
            }
        }
    }

    fn side(&mut self, is_old: bool) -> &mut Option<String> {
        match is_old {
            true => &mut self.old,
            false => &mut self.new,
        }
    }
}

type Lines<'a> = std::iter::Peekable<std::str::Lines<'a>>;

fn parse_hunks(lines: &mut Lines<'_>) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    while let Some(line) = lines.next_if(|line| !line.starts_with("diff --git ")) {
        if let Some((old, new)) = hunk_header(line) {
            hunks.push(parse_hunk(lines, old, new));
        }
    }
    hunks
}

/// `@@ -3,2 +3,4 @@ def f():`
fn hunk_header(line: &str) -> Option<(Range<u32>, Range<u32>)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    Some((rows(old)?, rows(new)?))
}

/// `3,2` or `3`. Where there are none, the number is that of the row before.
fn rows(text: &str) -> Option<Range<u32>> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    let (start, count): (u32, u32) = (start.parse().ok()?, count.parse().ok()?);
    let start = if count == 0 {
        start.checked_add(1)?
    } else {
        start
    };
    Some(start..start.checked_add(count)?)
}

/// Reads as many lines as the header promises: what stands in a file may look like a header.
fn parse_hunk(lines: &mut Lines<'_>, old: Range<u32>, new: Range<u32>) -> Hunk {
    let (mut old_row, mut new_row) = (old.start, new.start);
    let mut edits: Vec<Edit> = Vec::new();
    while old_row < old.end || new_row < new.end {
        let Some(line) = lines.next() else { break };
        let (took, gave) = match line.as_bytes().first() {
            Some(b'-') => (1, 0),
            Some(b'+') => (0, 1),
            Some(b'\\') => continue,
            _ => {
                old_row += 1;
                new_row += 1;
                continue;
            }
        };
        match edits.last_mut() {
            Some(edit) if edit.old.end == old_row && edit.new.end == new_row => {
                edit.old.end += took;
                edit.new.end += gave;
            }
            _ => edits.push(Edit {
                old: old_row..old_row + took,
                new: new_row..new_row + gave,
            }),
        }
        old_row += took;
        new_row += gave;
    }
    Hunk { shown: new, edits }
}

/// A path as git quotes it where it holds unusual bytes.
fn unquoted(path: &str) -> String {
    let Some(inner) = path
        .strip_prefix('"')
        .and_then(|path| path.strip_suffix('"'))
    else {
        return path.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                while let Some(digit) = rest.next_if(|digit| (b'0'..=b'7').contains(digit)) {
                    value = (value * 8 + u32::from(digit - b'0')) & 0xff;
                }
                bytes.push(value as u8);
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "\
diff --git a/old.py b/new.py
similarity index 90%
rename from old.py
rename to new.py
index 1..2 100644
--- a/old.py
+++ b/new.py
@@ -1,5 +1,6 @@
 one
-two
+TWO
+more
 three
 four
 five
@@ -20,3 +21,2 @@ def f():
 a
--- gone
 b
diff --git \"a/\\303\\251 x.py\" \"b/\\303\\251 x.py\"
deleted file mode 100644
--- \"a/\\303\\251 x.py\"\t
+++ /dev/null
@@ -1 +0,0 @@
-x
\\ No newline at end of file
";

    #[test]
    fn a_patch_keeps_its_name_while_only_the_base_moves() {
        let moved = PATCH
            .replace("1..2", "3..4")
            .replace("-20,3 +21,2", "-50,3 +51,2");
        assert_ne!(moved, PATCH);
        assert_eq!(patch_id(&moved), patch_id(PATCH));
        let indented = PATCH.replace("+more", "+    more");
        assert_ne!(patch_id(&indented), patch_id(PATCH));
    }

    #[test]
    fn a_patch_is_read() {
        let diff = Diff::parse(PATCH);
        let paths: Vec<&str> = diff.files().map(|(path, _)| path).collect();
        assert_eq!(paths, ["new.py", "é x.py"]);
        assert_eq!(diff.renamed("old.py"), "new.py");
        assert_eq!(diff.renamed("other.py"), "other.py");
        let edits: Vec<Edit> = diff
            .file("new.py")
            .into_iter()
            .flat_map(FileDiff::edits)
            .cloned()
            .collect();
        let edit = |old, new| Edit { old, new };
        assert_eq!(edits, [edit(2..3, 2..4), edit(21..22, 22..22)]);
    }

    #[test]
    fn rows_are_followed_back() {
        let diff = Diff::parse(PATCH);
        assert_eq!(diff.source("new.py", 1), Source::Row(1));
        assert_eq!(diff.source("new.py", 3), Source::Edit(2..3));
        assert_eq!(diff.source("new.py", 10), Source::Row(9));
        assert_eq!(diff.source("new.py", 22), Source::Row(22));
        assert_eq!(diff.source("elsewhere.py", 7), Source::Row(7));
    }

    #[test]
    fn what_was_taken_away_touches_its_neighbours() {
        let diff = Diff::parse(PATCH);
        assert!(diff.touches("new.py", &(2..3)));
        assert!(!diff.touches("new.py", &(4..7)));
        assert!(diff.touches("new.py", &(21..22)));
        assert!(diff.touches("new.py", &(22..23)));
        assert!(!diff.touches("new.py", &(23..24)));
    }

    #[test]
    fn hunks_show_their_context() {
        let diff = Diff::parse(PATCH);
        let file = diff.file("new.py").cloned().unwrap_or_default();
        assert!(file.hunk_of(&(1..7)).is_some());
        assert!(file.hunk_of(&(6..8)).is_none());
        assert!(file.hunk_of(&(6..22)).is_none(), "two hunks");
    }
}
