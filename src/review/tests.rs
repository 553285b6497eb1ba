//! Plans from states and findings, without a network.

use super::*;
use crate::diff::Diff;

const PATCH: &str = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,5 @@\n one\n+two\n three\n four\n five\n";

fn note(print: &str, row: u32) -> Note {
    Note {
        fingerprint: print.to_owned(),
        rule: "none-result".to_owned(),
        url: Some("https://example.org/none-result.md".to_owned()),
        severity: Severity::Warning,
        confidence: Confidence::High,
        path: "a.py".to_owned(),
        rows: row..row + 1,
        message: "`find(key)` can be None".to_owned(),
        steps: Vec::new(),
        help: Some("check it first".to_owned()),
        suggestion: None,
    }
}

fn setting() -> Setting {
    Setting {
        run: "default".to_owned(),
        head: "c0ffee".to_owned(),
        patch: String::new(),
        blob: "https://github.com/o/r/blob/c0ffee/".to_owned(),
        language: Language::English,
        cap: 20,
    }
}

fn thread(id: &str, prints: &[&str]) -> Thread {
    let marker = Marker {
        run: "default".to_owned(),
        findings: prints.iter().map(|&print| print.to_owned()).collect(),
        ..Marker::default()
    };
    Thread {
        id: id.to_owned(),
        comment: Comment {
            node: format!("node-{id}"),
            id: 1,
            body: format!("text\n\n{}", marker.line()),
        },
        marker,
        path: "a.py".to_owned(),
        is_resolved: false,
        is_resolved_by_us: false,
        is_minimized: false,
        has_replies: false,
        is_declined: false,
        can_resolve: false,
        can_minimize: true,
    }
}

/// Plans for caused notes and threads.
fn planned(caused: Vec<Note>, threads: Vec<Thread>) -> Plan {
    planned_with(
        caused,
        State {
            threads,
            summary: None,
        },
        &setting(),
    )
}

fn planned_with(caused: Vec<Note>, state: State, setting: &Setting) -> Plan {
    let found = Assessment {
        present: caused
            .iter()
            .map(|note| (note.fingerprint.clone(), note.path.clone()))
            .collect(),
        caused,
        surfaced: Vec::new(),
        ..Assessment::default()
    };
    plan(Request {
        state: &state,
        found: &found,
        diff: &Diff::parse(PATCH),
        setting,
    })
}

fn drafts(plan: &Plan) -> Vec<(Anchor, Vec<usize>)> {
    let review = plan.writes.iter().find_map(|write| match write {
        Write::Review(drafts) => Some(drafts.clone()),
        _ => None,
    });
    let drafts = review.unwrap_or_default().into_iter();
    drafts.map(|draft| (draft.anchor, draft.notes)).collect()
}

#[test]
fn one_review_worst_first_and_one_comment_to_a_place() {
    let mut error = note("cc", 2);
    error.severity = Severity::Error;
    let plan = planned(vec![note("aa", 1), note("bb", 2), error], Vec::new());
    let rows = |row| Anchor::Rows("a.py".to_owned(), row, row);
    assert_eq!(drafts(&plan), [(rows(2), vec![2, 1]), (rows(1), vec![0])]);
    assert_eq!(plan.writes.len(), 1);
}

#[test]
fn what_has_a_thread_is_not_said_again() {
    let plan = planned(vec![note("aa", 2)], vec![thread("t", &["aa"])]);
    assert_eq!(plan.writes, []);
    assert_eq!(plan.open, [0]);
}

#[test]
fn equal_code_in_two_places_needs_two_threads() {
    let plan = planned(
        vec![note("aa", 2), note("aa", 4)],
        vec![thread("t", &["aa"])],
    );
    assert_eq!(plan.open, [0]);
    assert_eq!(drafts(&plan).len(), 1);
}

#[test]
fn what_people_resolved_hid_or_declined_is_never_said_again() {
    let resolved = Thread {
        is_resolved: true,
        ..thread("t", &["aa"])
    };
    let hidden = Thread {
        is_minimized: true,
        ..thread("t", &["aa"])
    };
    for thread in [resolved, hidden] {
        let plan = planned(vec![note("aa", 2)], vec![thread]);
        assert_eq!((plan.writes.len(), plan.declined.len()), (0, 1));
    }
    let declined = Thread {
        is_declined: true,
        has_replies: true,
        can_resolve: true,
        ..thread("t", &["aa"])
    };
    let plan = planned(vec![note("aa", 2)], vec![declined]);
    assert_eq!(plan.writes, [Write::Resolve("t".to_owned())]);
    assert_eq!(plan.declined, [0]);
}

#[test]
fn a_comment_that_a_person_deleted_stays_away() {
    let marker = Marker {
        kind: Kind::Summary,
        run: "default".to_owned(),
        findings: vec!["aa".to_owned()],
        ..Marker::default()
    };
    let comment = Comment {
        node: "s".to_owned(),
        id: 9,
        body: format!("x\n{}", marker.line()),
    };
    let state = State {
        threads: Vec::new(),
        summary: Some((comment, marker)),
    };
    let plan = planned_with(vec![note("aa", 2)], state, &setting());
    assert_eq!((plan.writes.len(), plan.declined), (0, vec![0]));
    assert_eq!(plan.remembered, ["aa"]);
}

#[test]
fn fixed_without_a_reply_is_deleted_with_one_resolved_hidden_or_marked() {
    let silent = thread("t", &["aa"]);
    let plan = planned(Vec::new(), vec![silent.clone()]);
    assert_eq!(plan.writes, [Write::Delete(silent.comment)]);
    let answered = Thread {
        has_replies: true,
        can_resolve: true,
        ..thread("t", &["aa"])
    };
    assert_eq!(
        planned(Vec::new(), vec![answered.clone()]).writes,
        [Write::Resolve("t".to_owned())]
    );
    let plan = planned(
        Vec::new(),
        vec![Thread {
            can_resolve: false,
            ..answered
        }],
    );
    assert!(
        matches!(&plan.writes[..], [Write::Edit(_, text), Write::Minimize(_)] if text.starts_with("**Fixed.**"))
    );
    let Some(Write::Edit(_, text)) = plan.writes.first() else {
        return;
    };
    assert_eq!(
        Marker::read(text).map(|marker| marker.kind),
        Some(Kind::Fixed)
    );
}

#[test]
fn what_we_closed_ourselves_may_come_back() {
    let closed = Thread {
        is_resolved: true,
        is_resolved_by_us: true,
        has_replies: true,
        ..thread("t", &["aa"])
    };
    let plan = planned(vec![note("aa", 2)], vec![closed]);
    assert_eq!(drafts(&plan).len(), 1);
}

#[test]
fn a_comment_of_two_keeps_the_one_that_is_left() {
    let plan = planned(vec![note("aa", 2)], vec![thread("t", &["aa", "bb"])]);
    let [Write::Edit(_, text)] = &plan.writes[..] else {
        panic!("{:?}", plan.writes)
    };
    assert_eq!(
        Marker::read(text).map(|marker| marker.findings),
        Some(vec!["aa".to_owned()])
    );
}

#[test]
fn no_more_comments_than_the_cap_whatever_stands_already() {
    let setting = Setting {
        cap: 2,
        ..setting()
    };
    let state = State {
        threads: vec![thread("t", &["aa"])],
        summary: None,
    };
    let notes = vec![note("aa", 1), note("bb", 2), note("cc", 3)];
    let plan = planned_with(notes, state, &setting);
    assert_eq!((drafts(&plan).len(), plan.overflow.len()), (1, 1));
}

#[test]
fn outside_of_the_hunks_a_step_inside_then_the_file_then_the_summary() {
    let mut far = note("aa", 80);
    far.path = "b.py".to_owned();
    let step = |path: &str, row| Step {
        path: path.to_owned(),
        row,
        message: String::new(),
    };
    let diff = Diff::parse(PATCH);
    assert_eq!(anchor(&far, &diff), Anchor::Nowhere);
    far.steps = vec![step("b.py", 3), step("a.py", 90)];
    assert_eq!(anchor(&far, &diff), Anchor::File("a.py".to_owned()));
    far.steps = vec![step("a.py", 3), step("a.py", 2)];
    assert_eq!(anchor(&far, &diff), Anchor::Rows("a.py".to_owned(), 2, 2));
    assert_eq!(
        anchor(&note("aa", 80), &diff),
        Anchor::File("a.py".to_owned())
    );
}

#[test]
fn a_comment_that_stands_elsewhere_says_where_it_is_about() {
    let place = "[`a.py:80`](https://github.com/o/r/blob/c0ffee/a.py#L80)";
    let far = planned(vec![note("aa", 80)], Vec::new());
    assert!(far.describe().contains(place), "{}", far.describe());
    let here = planned(vec![note("aa", 2)], Vec::new());
    assert!(!here.describe().contains("a.py:2`"), "{}", here.describe());
}

#[test]
fn comments_escape_what_the_code_says() {
    let mut hostile = note("aa", 2);
    hostile.message = "`f` @everyone <script> --> ```".to_owned();
    hostile.steps = vec![Step {
        path: "a)[x.py".to_owned(),
        row: 7,
        message: "@here".to_owned(),
    }];
    let text = comment::body(&[&hostile], &setting(), None, false);
    assert!(
        !text.contains("@everyone") && !text.contains("<script>") && !text.contains("@here"),
        "{text}"
    );
    assert!(!text.contains("```"), "{text}");
    assert_eq!(
        Marker::read(&text).map(|marker| marker.findings),
        Some(vec!["aa".to_owned()])
    );
}

#[test]
fn a_comment_elsewhere_leads_to_the_place() {
    let mut far = note("aa", 90);
    far.path = "untouched.py".to_owned();
    far.steps = vec![Step {
        path: "a.py".to_owned(),
        row: 2,
        message: "the change".to_owned(),
    }];
    let plan = planned(vec![far], Vec::new());
    let text = plan.describe();
    assert!(text.contains("--- a.py:2\n"), "{text}");
    assert!(text.contains("2. [`untouched.py:90`]"), "{text}");
    let text = planned(vec![note("aa", 2)], Vec::new()).describe();
    assert!(!text.contains("`a.py:2`"), "{text}");
}

#[test]
fn a_suggestion_stands_on_the_lines_it_replaces() {
    let mut fixable = note("aa", 3);
    fixable.suggestion = Some(Suggestion {
        rows: 2..4,
        text: "new\r\n".to_owned(),
    });
    let plan = planned(vec![fixable.clone()], Vec::new());
    assert_eq!(drafts(&plan)[0].0, Anchor::Rows("a.py".to_owned(), 2, 3));
    let Write::Review(made) = &plan.writes[0] else {
        panic!("no review");
    };
    let body = &made[0].body;
    assert!(body.contains("```suggestion\nnew\r\n```"), "{body}");
    let plan = planned(vec![fixable, note("bb", 3)], Vec::new());
    let text = plan.describe();
    assert_eq!(text.matches("```suggestion").count(), 1, "{text}");
}

#[test]
fn a_clean_pull_request_gets_no_summary_and_an_old_one_is_edited_once() {
    let found = Assessment::default();
    let diff = Diff::default();
    let setting = setting();
    let empty = State::default();
    let request = Request {
        state: &empty,
        found: &found,
        diff: &diff,
        setting: &setting,
    };
    assert_eq!(summary(request, &plan(request), &[], &[]), None);
    let marker = Marker {
        kind: Kind::Summary,
        run: "default".to_owned(),
        ..Marker::default()
    };
    let old = Comment {
        node: "s".to_owned(),
        id: 9,
        body: format!("old\n{}", marker.line()),
    };
    let state = State {
        threads: Vec::new(),
        summary: Some((old, marker)),
    };
    let request = Request {
        state: &state,
        ..request
    };
    let Some((Some(comment), body)) = summary(request, &plan(request), &[], &[]) else {
        panic!("no edit")
    };
    let written = Marker::read(&body).expect("a marker");
    assert_eq!(
        (written.kind, &written.head),
        (Kind::Summary, &setting.head)
    );
    let state = State {
        threads: Vec::new(),
        summary: Some((
            Comment {
                body: body.replace('\n', "\r\n"),
                ..comment
            },
            written,
        )),
    };
    let request = Request {
        state: &state,
        ..request
    };
    assert_eq!(summary(request, &plan(request), &[], &[]), None);
}
