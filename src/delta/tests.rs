//! Findings of two small trees, compared.

use super::{Origin, Side, compare};
use crate::diff::Diff;
use crate::finding::{Confidence, Finding, Message, Related, Severity};
use crate::report::File;
use crate::text::{FileId, Location, Span};

/// A tree under construction.
#[derive(Default)]
struct Tree {
    files: Vec<File>,
    findings: Vec<Finding>,
}

impl Tree {
    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push(File {
            repository: path.to_owned(),
            source: text.as_bytes().into(),
            ..File::default()
        });
        self
    }

    /// The n-th occurrence of a text in a file.
    fn place(&self, path: &str, text: &str, nth: usize) -> Location {
        let index = self.files.iter().position(|file| file.repository == path);
        let index = index.expect("a file of the tree");
        let source = String::from_utf8_lossy(&self.files[index].source).into_owned();
        let (start, _) = source.match_indices(text).nth(nth).expect("the text");
        Location {
            file: FileId(index as u32),
            span: Span::new(start as u32, (start + text.len()) as u32),
        }
    }

    fn finding(mut self, path: &str, text: &str, nth: usize) -> Self {
        let location = self.place(path, text, nth);
        self.findings.push(Finding {
            rule: "none-result",
            severity: Severity::Warning,
            confidence: Confidence::High,
            location,
            statement: location.span.start,
            symbol: "f".to_owned(),
            message: Message::new("attribute"),
            related: Vec::new(),
            help: None,
            fix: None,
            cause: None,
        });
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Finding)) -> Self {
        change(self.findings.last_mut().expect("a finding"));
        self
    }

    fn leading_over(self, path: &str, text: &str) -> Self {
        let location = self.place(path, text, 0);
        self.with(|finding| {
            finding.related.push(Related {
                location,
                message: Message::new("from"),
            });
        })
    }

    fn against(&self, old: &Tree, diff: &str) -> Vec<Origin> {
        fn side(tree: &Tree) -> Side<'_> {
            Side {
                findings: &tree.findings,
                files: &tree.files,
            }
        }
        let diff = Diff::parse(diff);
        compare(side(self), side(old), &diff, Confidence::Medium)
    }
}

fn patch(path: &str, hunks: &str) -> String {
    format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunks}")
}

#[test]
fn moved_lines_change_nothing() {
    let old = Tree::default()
        .file("a.py", "x.y\n")
        .finding("a.py", "x.y", 0);
    let new = Tree::default()
        .file("a.py", "#\n#\nx.y\n")
        .finding("a.py", "x.y", 0);
    let diff = patch("a.py", "@@ -0,0 +1,2 @@\n+#\n+#\n");
    assert_eq!(new.against(&old, &diff), [Origin::Before]);
}

#[test]
fn of_two_equal_findings_the_written_one_is_new() {
    let old = Tree::default()
        .file("a.py", "x.y\n")
        .finding("a.py", "x.y", 0);
    let new = Tree::default()
        .file("a.py", "x.y\nx.y\n")
        .finding("a.py", "x.y", 0)
        .finding("a.py", "x.y", 1);
    let first = patch("a.py", "@@ -0,0 +1 @@\n+x.y\n");
    assert_eq!(new.against(&old, &first), [Origin::Caused, Origin::Before]);
    let second = patch("a.py", "@@ -1,0 +2 @@\n+x.y\n");
    assert_eq!(new.against(&old, &second), [Origin::Before, Origin::Caused]);
}

#[test]
fn code_that_moved_to_another_file_brings_its_findings() {
    let old = Tree::default()
        .file("a.py", "x.y\n")
        .finding("a.py", "x.y", 0);
    let new = Tree::default()
        .file("b.py", "x.y\n")
        .finding("b.py", "x.y", 0);
    let diff = "diff --git a/b.py b/b.py\n--- /dev/null\n+++ b/b.py\n@@ -0,0 +1 @@\n+x.y\n";
    assert_eq!(new.against(&old, diff), [Origin::Before]);
}

#[test]
fn an_edited_line_keeps_its_finding() {
    let old = Tree::default()
        .file("a.py", "x.y\n")
        .finding("a.py", "x.y", 0);
    let new = Tree::default()
        .file("a.py", "z.y\n")
        .finding("a.py", "z.y", 0);
    let diff = patch("a.py", "@@ -1 +1 @@\n-x.y\n+z.y\n");
    assert_eq!(new.against(&old, &diff), [Origin::Before]);
    let elsewhere = Tree::default().file("a.py", "x.y\n");
    assert_eq!(new.against(&elsewhere, &diff), [Origin::Caused]);
}

#[test]
fn a_renamed_function_keeps_its_findings() {
    let old = Tree::default()
        .file("a.py", "def f():\n x.y\n")
        .finding("a.py", "x.y", 0);
    let new = Tree::default()
        .file("a.py", "def g():\n x.y\n")
        .finding("a.py", "x.y", 0)
        .with(|finding| finding.symbol = "g".to_owned());
    let diff = patch("a.py", "@@ -1 +1 @@\n-def f():\n+def g():\n");
    assert_eq!(new.against(&old, &diff), [Origin::Before]);
}

#[test]
fn the_same_place_with_another_cause_is_another_finding() {
    let cause = |text: &str| {
        let text = text.to_owned();
        move |finding: &mut Finding| finding.cause = Some(text)
    };
    let old = Tree::default()
        .file("a.py", "x.y\n")
        .file("b.py", "f(None)\n")
        .finding("a.py", "x.y", 0)
        .with(cause("one: f(None)"));
    let new = Tree::default()
        .file("a.py", "x.y\n")
        .file("b.py", "g(None)\n")
        .finding("a.py", "x.y", 0)
        .with(cause("two: g(None)"))
        .leading_over("b.py", "g(None)");
    let diff = patch("b.py", "@@ -1 +1 @@\n-f(None)\n+g(None)\n");
    assert_eq!(new.against(&old, &diff), [Origin::Caused]);
}

#[test]
fn another_way_to_the_same_place_is_news_only_if_the_change_made_it() {
    let by = |text: &str| {
        let text = text.to_owned();
        move |finding: &mut Finding| finding.cause = Some(text)
    };
    let tree = |cause: &str| {
        Tree::default()
            .file("a.py", "x.y\n")
            .file("b.py", "one()\ntwo()\n")
            .finding("a.py", "x.y", 0)
            .with(by(cause))
    };
    let old = tree("one").leading_over("b.py", "one()");
    let new = tree("two").leading_over("b.py", "two()");
    let elsewhere = patch("b.py", "@@ -3 +3 @@\n-a\n+b\n");
    assert_eq!(new.against(&old, &elsewhere), [Origin::Before]);
    let there = patch("b.py", "@@ -2 +2 @@\n-a\n+two()\n");
    assert_eq!(new.against(&old, &there), [Origin::Caused]);
    // With both ways told, the new one has no old one that it could have been.
    let both = tree("one")
        .leading_over("b.py", "one()")
        .finding("a.py", "x.y", 0)
        .with(by("two"))
        .leading_over("b.py", "two()");
    assert_eq!(both.against(&old, &there), [Origin::Before, Origin::Caused]);
}

#[test]
fn of_two_ways_to_one_place_the_written_one_is_new() {
    let old = Tree::default()
        .file("a.py", "x.y\n")
        .file("b.py", "one()\n")
        .finding("a.py", "x.y", 0)
        .leading_over("b.py", "one()");
    let new = Tree::default()
        .file("a.py", "x.y\n")
        .file("b.py", "two()\none()\n")
        .finding("a.py", "x.y", 0)
        .leading_over("b.py", "two()")
        .finding("a.py", "x.y", 0)
        .leading_over("b.py", "one()");
    let diff = patch("b.py", "@@ -0,0 +1 @@\n+two()\n");
    assert_eq!(new.against(&old, &diff), [Origin::Caused, Origin::Before]);
}

#[test]
fn who_makes_a_handler_better_hears_nothing_new() {
    let rule = |name: &'static str| move |finding: &mut Finding| finding.rule = name;
    let old = Tree::default()
        .file("a.py", "except:\n")
        .finding("a.py", "except", 0)
        .with(rule("bare-except"));
    let new = Tree::default()
        .file("a.py", "except Exception:\n")
        .finding("a.py", "except Exception", 0)
        .with(rule("swallowed-exception"));
    let diff = patch("a.py", "@@ -1 +1 @@\n-except:\n+except Exception:\n");
    assert_eq!(new.against(&old, &diff), [Origin::Before]);
    let other =
        Tree::default()
            .file("a.py", "except Exception:\n")
            .finding("a.py", "except Exception", 0);
    assert_eq!(
        other.against(&old, &diff),
        [Origin::Caused],
        "another family"
    );
    let worse = new.with(|finding| finding.severity = Severity::Error);
    assert_eq!(worse.against(&old, &diff), [Origin::Caused]);
}

#[test]
fn a_gate_that_flipped_far_away_only_surfaces() {
    let text = "x.y\nother\n";
    let old = Tree::default()
        .file("a.py", text)
        .finding("a.py", "x.y", 0)
        .with(|finding| finding.confidence = Confidence::Low);
    let new = Tree::default().file("a.py", text).finding("a.py", "x.y", 0);
    let far = patch("b.py", "@@ -1 +1 @@\n-a\n+b\n");
    assert_eq!(new.against(&old, &far), [Origin::Surfaced]);
    let on_the_way = Tree::default()
        .file("a.py", text)
        .finding("a.py", "x.y", 0)
        .leading_over("a.py", "other");
    let near = patch("a.py", "@@ -2 +2 @@\n-another\n+other\n");
    assert_eq!(on_the_way.against(&old, &near), [Origin::Caused]);
    assert_eq!(new.against(&Tree::default(), &far), [Origin::Surfaced]);
}

#[test]
fn surer_than_before_is_not_new() {
    let old = Tree::default()
        .file("a.py", "x.y\n")
        .finding("a.py", "x.y", 0)
        .with(|finding| finding.confidence = Confidence::Medium);
    let new = Tree::default()
        .file("a.py", "x.y\n")
        .finding("a.py", "x.y", 0);
    assert_eq!(new.against(&old, ""), [Origin::Before]);
}
