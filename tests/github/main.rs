//! `pothole review` from end to end: a job, a real repository, the real client, and a stand-in for GitHub. Each test looks
//! at what the pull request shows afterwards *and* at the writes that led there.

mod http;
mod schema;
mod stand_in;
mod world;

use http::Reply;
use serde_json::json;
use stand_in::{BOT, Trouble, reply};
use std::fs;
use world::{Result, World};

const REVIEW: &str = "POST pulls/7/reviews";
const SUMMARY: &str = "POST issues/7/comments";
const EDIT_SUMMARY: &str = "PATCH issues/comments/";

/// A function with a finding of its own: `answer` may be unbound.
fn pick(name: &str) -> String {
    format!("def {name}(flag):\n    if flag:\n        answer = 1\n    return answer\n\n\n")
}

/// The same without the finding.
fn picked(name: &str) -> String {
    pick(name).replace("    if flag:", "    answer = 0\n    if flag:")
}

const SAFE: &str = "def safe():\n    return 1\n\n\n";

/// A pull request that adds a function with a finding, already reviewed once.
fn reviewed() -> Result<World> {
    let world = World::new(&[("app.py", SAFE, &format!("{SAFE}{}", pick("one")))])?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    Ok(world)
}

#[test]
fn the_first_run_makes_one_review_and_one_summary() -> Result {
    let world = World::new(&[(
        "app.py",
        SAFE,
        &format!("{SAFE}{}{}", pick("one"), pick("two")),
    )])?;
    let ran = world.review(&[])?;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert_eq!(world.written(), [REVIEW, SUMMARY]);
    assert_eq!(ran.told, "findings=2\n");
    assert!(
        ran.summary.contains("Findings that this change causes: 2"),
        "{}",
        ran.summary
    );
    let state = world.github.state();
    let places: Vec<_> = state
        .threads
        .iter()
        .map(|thread| (thread.path.as_str(), thread.line))
        .collect();
    assert_eq!(places, [("app.py", Some(8)), ("app.py", Some(14))]);
    let body = &state.threads[0].comments[0].body;
    assert!(
        body.starts_with("**Warning:** `answer` may not be bound here"),
        "{body}"
    );
    assert!(body.contains("What to do: "), "{body}");
    assert!(
        body.contains("# pothole: ignore[possibly-unbound]"),
        "{body}"
    );
    let link = format!("/o/r/blob/{}/app.py#L", state.head);
    assert!(body.contains(&link), "{body}");
    assert!(state.comments[0].body.contains("causes 2 findings"));
    Ok(())
}

#[test]
fn what_was_there_before_is_not_said() -> Result {
    let old = pick("old");
    let world = World::new(&[("app.py", &old, &format!("{SAFE}{old}"))])?;
    assert_eq!(world.writes(&[])?, [""; 0]);
    assert!(world.github.state().threads.is_empty());
    Ok(())
}

#[test]
fn an_unchanged_run_writes_nothing() -> Result {
    let world = reviewed()?;
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}

#[test]
fn moved_lines_keep_their_thread() -> Result {
    let world = reviewed()?;
    world.change("app.py", &format!("{SAFE}# a\n# b\n{}", pick("one")))?;
    assert_eq!(world.writes(&[])?, [""; 0]);
    assert_eq!(world.github.state().threads.len(), 1);
    Ok(())
}

#[test]
fn fixed_without_an_answer_is_deleted() -> Result {
    let world = reviewed()?;
    world.change("app.py", &format!("{SAFE}{}", picked("one")))?;
    assert_eq!(world.writes(&[])?, ["DELETE pulls/comments/", EDIT_SUMMARY]);
    let state = world.github.state();
    assert!(state.threads.is_empty());
    assert!(
        state.comments[0].body.contains("nothing left to say"),
        "{}",
        state.comments[0].body
    );
    Ok(())
}

#[test]
fn fixed_with_an_answer_is_resolved_and_may_come_back() -> Result {
    let world = reviewed()?;
    world
        .github
        .state()
        .answer_in(0, "ada", "NONE", "Right, thanks!");
    world.change("app.py", &format!("{SAFE}{}", picked("one")))?;
    assert_eq!(world.writes(&[])?, ["resolveReviewThread", EDIT_SUMMARY]);
    assert_eq!(
        world.github.state().threads[0].resolved_by.as_deref(),
        Some(BOT)
    );
    assert_eq!(world.writes(&[])?, [""; 0]);
    world.change("app.py", &format!("{SAFE}{}", pick("one")))?;
    assert_eq!(world.writes(&[])?, [REVIEW, EDIT_SUMMARY]);
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}

#[test]
fn fixed_with_an_answer_and_a_weak_token_is_marked_and_hidden_once() -> Result {
    let world = reviewed()?;
    world
        .github
        .state()
        .answer_in(0, "ada", "NONE", "Right, thanks!");
    world.github.state().may_resolve = false;
    world.change("app.py", &format!("{SAFE}{}", picked("one")))?;
    assert_eq!(
        world.writes(&[])?,
        ["PATCH pulls/comments/", "minimizeComment", EDIT_SUMMARY]
    );
    let first = world.github.state().threads[0].comments[0].clone();
    assert!(
        first.is_minimized && first.body.starts_with("**Fixed.**"),
        "{}",
        first.body
    );
    assert_eq!(
        world.github.state().threads[0].comments[1].body,
        "Right, thanks!"
    );
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}

#[test]
fn what_a_person_resolved_is_never_said_again() -> Result {
    let world = reviewed()?;
    world.github.state().threads[0].resolved_by = Some("ada".to_owned());
    assert_eq!(world.writes(&[])?, [EDIT_SUMMARY]);
    world.change("app.py", &format!("{SAFE}# a\n{}", pick("one")))?;
    assert_eq!(world.writes(&[])?, [""; 0]);
    assert_eq!(world.github.state().threads.len(), 1);
    Ok(())
}

#[test]
fn a_comment_that_a_person_deleted_stays_deleted() -> Result {
    let world = reviewed()?;
    world.github.state().threads.clear();
    assert_eq!(world.writes(&[])?, [EDIT_SUMMARY]);
    assert_eq!(world.writes(&[])?, [""; 0]);
    assert!(world.github.state().threads.is_empty());
    Ok(())
}

#[test]
fn a_reply_declines_if_its_author_may_decide() -> Result {
    let world = reviewed()?;
    world
        .github
        .state()
        .answer_in(0, "mallory", "NONE", "/pothole ignore I do not like it");
    assert_eq!(world.writes(&[])?, [""; 0]);
    let failing = world.review(&["--fail-on", "warning"])?;
    assert_eq!(failing.code, Some(1));
    world
        .github
        .state()
        .answer_in(0, "ada", "NONE", "/pothole ignore the router checks it");
    assert_eq!(
        world.writes(&["--fail-on", "warning"])?,
        ["resolveReviewThread", EDIT_SUMMARY]
    );
    let passing = world.review(&["--fail-on", "warning"])?;
    assert_eq!(
        (passing.code, passing.told.as_str()),
        (Some(0), "findings=0\n")
    );
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}

#[test]
fn a_renamed_file_takes_its_threads_along() -> Result {
    let long: String = (0..20)
        .map(|n| format!("def safe_{n}():\n    return {n}\n\n\n"))
        .collect();
    let world = World::new(&[("app.py", &long, &format!("{long}{}", pick("one")))])?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    world.git(&["mv", "app.py", "core.py"])?;
    world.push("rename")?;
    assert_eq!(world.writes(&[])?, [""; 0]);
    assert_eq!(world.github.state().threads.len(), 1);
    Ok(())
}

#[test]
fn a_rebase_with_a_forced_push_changes_nothing() -> Result {
    let world = reviewed()?;
    world.git(&["checkout", "-q", "main"])?;
    world.write("other.py", &pick("elsewhere"))?;
    world.git(&["add", "-A"])?;
    world.git(&["commit", "-qm", "main goes on"])?;
    let base = world.git(&["rev-parse", "HEAD"])?;
    world.git(&["checkout", "-q", "topic"])?;
    world.git(&["rebase", "-q", "main"])?;
    {
        let mut state = world.github.state();
        state.base.clone_from(&base);
        state.merge_base = base;
    }
    world.push("after the rebase")?;
    assert_eq!(world.writes(&[])?, [""; 0]);
    assert_eq!(world.github.state().threads.len(), 1);
    Ok(())
}

/// A caller that does not expect None, and one that does.
const MAIL: &str = "from store import find\n\n\ndef send(key):\n    user = find(key)\n    return user.upper()\n\n\n\
    def guarded(key):\n    user = find(key)\n    if user is None:\n        return ''\n    return user.upper()\n";

const STORE: &str = "USERS = {'a': 'Ada'}\n\n\ndef find(name):\n    for key, user in USERS.items():\n        if key == name:\n            \
    return user\n    raise LookupError(name)\n";

#[test]
fn what_breaks_in_an_untouched_file_is_said_where_it_was_caused() -> Result {
    let world = World::new(&[
        ("mail.py", MAIL, MAIL),
        (
            "store.py",
            STORE,
            &STORE.replace("raise LookupError(name)", "return None"),
        ),
    ])?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    let state = world.github.state();
    assert_eq!(
        (state.threads[0].path.as_str(), state.threads[0].line),
        ("store.py", Some(8))
    );
    assert!(
        state.threads[0].comments[0].body.contains("mail.py"),
        "{}",
        state.threads[0].comments[0].body
    );
    Ok(())
}

#[test]
fn a_line_outside_of_the_hunks_gets_a_comment_on_its_file() -> Result {
    let gap = "    # nothing\n".repeat(20);
    let after =
        format!("def late(flag):\n{gap}    if flag:\n        answer = 1\n    return answer\n");
    let before = after.replace("(flag):\n", "(flag):\n    answer = 0\n");
    let world = World::new(&[("app.py", &before, &after)])?;
    assert_eq!(world.writes(&[])?, ["POST pulls/7/comments", SUMMARY]);
    assert_eq!(world.writes(&[])?, [""; 0]);
    let state = world.github.state();
    assert_eq!(
        (state.threads[0].path.as_str(), state.threads[0].line),
        ("app.py", None)
    );
    Ok(())
}

#[test]
fn one_comment_that_github_refuses_loses_no_other() -> Result {
    let all: String = (0..20).map(|n| pick(&format!("pick_{n:02}"))).collect();
    let world = World::new(&[("app.py", SAFE, &format!("{SAFE}{all}"))])?;
    world.github.state().cursed = Some(("app.py".to_owned(), 8 + 6 * 7));
    let ran = world.review(&[])?;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    {
        let state = world.github.state();
        assert_eq!(state.threads.len(), 19);
        assert_eq!(state.comments.len(), 1);
        let summary = &state.comments[0].body;
        assert!(
            summary.contains(&format!("app.py:{}", 8 + 6 * 7)),
            "{summary}"
        );
    }
    let reviews = world
        .written()
        .iter()
        .filter(|write| *write == REVIEW)
        .count();
    assert!(reviews <= 12, "{reviews}");
    Ok(())
}

#[test]
fn more_than_the_cap_goes_to_the_summary_and_stays_there() -> Result {
    let all: String = (0..25).map(|n| pick(&format!("pick_{n:02}"))).collect();
    let world = World::new(&[("app.py", SAFE, &format!("{SAFE}{all}"))])?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    {
        let state = world.github.state();
        assert_eq!(state.threads.len(), 20);
        assert_eq!(
            state.comments[0].body.matches("app.py:").count(),
            5,
            "{}",
            state.comments[0].body
        );
    }
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}

/// What a run says that may not write: nothing is tried, nothing is lost.
fn is_read_only(world: &World) -> Result {
    let ran = world.review(&["--fail-on", "warning"])?;
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(world.written(), [""; 0]);
    assert_eq!(
        ran.out.matches("::warning title=pothole").count(),
        1,
        "{}",
        ran.out
    );
    assert!(ran.out.contains("file=app.py,line=8"), "{}", ran.out);
    assert!(
        ran.summary.contains("may not comment") && ran.summary.contains("app.py:8"),
        "{}",
        ran.summary
    );
    Ok(())
}

fn with_one() -> Result<World> {
    World::new(&[("app.py", SAFE, &format!("{SAFE}{}", pick("one")))])
}

#[test]
fn a_fork_is_shown_as_annotations() -> Result {
    let mut world = with_one()?;
    world.head_repository = json!({ "full_name": "mallory/r" });
    is_read_only(&world)
}

#[test]
fn a_deleted_fork_is_shown_as_annotations() -> Result {
    let mut world = with_one()?;
    world.head_repository = json!(null);
    is_read_only(&world)
}

#[test]
fn dependabot_is_shown_as_annotations() -> Result {
    let mut world = with_one()?;
    world.actor = "dependabot[bot]";
    is_read_only(&world)
}

#[test]
fn a_token_that_turns_out_to_be_read_only_loses_nothing() -> Result {
    let world = with_one()?;
    world.github.state().may_write = false;
    let ran = world.review(&[])?;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(world.written(), [REVIEW]);
    assert!(
        ran.out.contains("::warning title=pothole") && ran.summary.contains("app.py:8"),
        "{}",
        ran.out
    );
    Ok(())
}

#[test]
fn no_more_annotations_than_are_shown() -> Result {
    let all: String = (0..15).map(|n| pick(&format!("pick_{n:02}"))).collect();
    let mut world = World::new(&[("app.py", SAFE, &format!("{SAFE}{all}"))])?;
    world.head_repository = json!({ "full_name": "mallory/r" });
    let ran = world.review(&[])?;
    assert_eq!(ran.out.lines().count(), 10, "{}", ran.out);
    assert_eq!(
        ran.summary.matches("app.py:").count(),
        15,
        "{}",
        ran.summary
    );
    Ok(())
}

fn bad_gateway() -> Reply {
    reply(502, &json!({ "message": "Bad Gateway" }))
}

#[test]
fn an_error_after_the_work_was_done_posts_nothing_twice() -> Result {
    for trouble in [
        Trouble::After(bad_gateway()),
        Trouble::After(Reply {
            status: 0,
            ..bad_gateway()
        }),
    ] {
        let world = with_one()?;
        world.github.state().troubles.push_back(trouble);
        assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
        let state = world.github.state();
        assert_eq!((state.threads.len(), state.comments.len()), (1, 1));
    }
    Ok(())
}

#[test]
fn an_error_before_the_work_was_done_is_made_good() -> Result {
    let world = with_one()?;
    world
        .github
        .state()
        .troubles
        .push_back(Trouble::Instead(bad_gateway()));
    assert_eq!(world.writes(&[])?, [REVIEW, REVIEW, SUMMARY]);
    let state = world.github.state();
    assert_eq!((state.threads.len(), state.comments.len()), (1, 1));
    Ok(())
}

#[test]
fn a_summary_that_was_made_all_the_same_is_not_made_twice() -> Result {
    let world = with_one()?;
    {
        let mut state = world.github.state();
        let fine = Trouble::After(reply(200, &json!({ "id": 1 })));
        state.troubles.extend([fine, Trouble::After(bad_gateway())]);
    }
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    assert_eq!(world.github.state().comments.len(), 1);
    Ok(())
}

#[test]
fn a_host_that_stays_broken_loses_nothing() -> Result {
    let world = with_one()?;
    world
        .github
        .state()
        .troubles
        .extend(vec![Trouble::Instead(bad_gateway()); 20]);
    let ran = world.review(&[])?;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(world.written().len() <= 4, "{:?}", world.written());
    assert!(
        ran.out.contains("::warning") && ran.summary.contains("could not be posted"),
        "{}",
        ran.summary
    );
    Ok(())
}

#[test]
fn rate_limits_are_waited_for() -> Result {
    let limits = [
        (403, "You have exceeded a secondary rate limit"),
        (429, "Too many requests"),
        (422, "was submitted too quickly: abuse detection"),
    ];
    for (status, message) in limits {
        let world = with_one()?;
        let headers = vec![("retry-after", "1".to_owned())];
        let refusal = Reply {
            headers,
            ..reply(status, &json!({ "message": message }))
        };
        world
            .github
            .state()
            .troubles
            .push_back(Trouble::Instead(refusal));
        assert_eq!(world.writes(&[])?, [REVIEW, REVIEW, SUMMARY], "{status}");
        assert_eq!(world.github.state().threads.len(), 1);
    }
    Ok(())
}

#[test]
fn thousands_of_files_are_no_trouble() -> Result {
    let world = with_one()?;
    for n in 0..3_000 {
        world.write(&format!("data/file_{n}.py"), &format!("VALUE = {n}\n"))?;
    }
    world.push("many")?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    assert_eq!(world.github.state().threads.len(), 1);
    Ok(())
}

#[test]
fn drafts_closed_and_outdated_ones_wait() -> Result {
    let mut world = with_one()?;
    world.is_draft = true;
    assert_eq!(world.writes(&[])?, [""; 0]);
    assert_eq!(world.writes(&["--drafts"])?, [REVIEW, SUMMARY]);
    let world = with_one()?;
    world.github.state().is_open = false;
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}

#[test]
fn an_event_without_a_pull_request_is_no_error() -> Result {
    let mut world = with_one()?;
    world.event = "push";
    let ran = world.review(&[])?;
    assert_eq!(
        (ran.code, world.github.state().asked.len()),
        (Some(0), 0),
        "{}",
        ran.err
    );
    Ok(())
}

#[test]
fn both_interfaces_are_asked_where_enterprise_has_them() -> Result {
    let world = reviewed()?;
    let asked = world.github.state().asked.clone();
    assert!(
        asked.contains(&"GET /api/v3/repos/o/r/pulls/7".to_owned()),
        "{asked:?}"
    );
    assert!(asked.contains(&"POST /api/graphql".to_owned()), "{asked:?}");
    assert!(
        asked
            .iter()
            .all(|ask| ask.contains(" /api/v3/") || ask.contains(" /api/graphql")),
        "{asked:?}"
    );
    Ok(())
}

#[test]
fn a_dry_run_says_what_it_would_write() -> Result {
    let world = with_one()?;
    let ran = world.review(&["--dry-run"])?;
    assert_eq!(
        (ran.code, world.written().len()),
        (Some(0), 0),
        "{}",
        ran.err
    );
    assert!(
        ran.out.contains("review with 1 comments") && ran.out.contains("`answer`"),
        "{}",
        ran.out
    );
    assert_eq!((ran.summary.as_str(), ran.told.as_str()), ("", ""));
    Ok(())
}

#[test]
fn somebody_elses_comment_is_not_ours_whatever_it_says() -> Result {
    let world = reviewed()?;
    {
        let mut state = world.github.state();
        let mut copy = state.threads[0].clone();
        copy.comments[0].author = "mallory".to_owned();
        copy.id += 500;
        copy.comments[0].id += 500;
        state.threads = vec![copy];
        let marker = state.comments.remove(0).body;
        let copied = state.comment("mallory", "NONE", &marker);
        state.comments.push(copied);
    }
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    assert_eq!(world.github.state().threads.len(), 2);
    world.change("app.py", SAFE)?;
    assert_eq!(world.writes(&[])?, ["DELETE pulls/comments/", EDIT_SUMMARY]);
    assert_eq!(
        world.github.state().threads[0].comments[0].author,
        "mallory"
    );
    Ok(())
}

#[test]
fn two_runs_of_one_repository_leave_each_other_alone() -> Result {
    let world = World::new(&[
        ("a/app.py", SAFE, &pick("one")),
        ("b/app.py", SAFE, &pick("two")),
    ])?;
    assert_eq!(world.writes(&["a", "--name", "first"])?, [REVIEW, SUMMARY]);
    assert_eq!(world.writes(&["b", "--name", "second"])?, [REVIEW, SUMMARY]);
    assert_eq!(world.writes(&["a", "--name", "first"])?, [""; 0]);
    let state = world.github.state();
    let paths: Vec<_> = state
        .threads
        .iter()
        .map(|thread| thread.path.as_str())
        .collect();
    assert_eq!(paths, ["a/app.py", "b/app.py"]);
    Ok(())
}

#[test]
fn an_error_fails_the_run_unless_told_otherwise() -> Result {
    let crash = "def crash():\n    value = None\n    return value.upper()\n";
    let world = World::new(&[("app.py", SAFE, crash)])?;
    let ran = world.review(&[])?;
    assert_eq!(ran.code, Some(1), "{} {}", ran.err, ran.summary);
    assert_eq!(world.review(&["--fail-on", "never"])?.code, Some(0));
    Ok(())
}

#[test]
fn without_a_checkout_the_commits_are_fetched_and_the_base_decides() -> Result {
    let quiet = "ignore = [\"possibly-unbound\"]\n";
    let after = format!("{SAFE}{}", pick("one"));
    let mut world = World::new(&[("app.py", SAFE, &after), ("pothole.toml", "", quiet)])?;
    assert_eq!(world.writes(&[])?, [""; 0], "the head's own configuration");
    world.event = "pull_request_target";
    world.head_repository = json!({ "full_name": "mallory/r" });
    world.is_bare = true;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    assert_eq!(world.github.state().threads.len(), 1);
    Ok(())
}

#[test]
fn a_missing_commit_is_told_clearly() -> Result {
    let mut world = with_one()?;
    world.is_bare = true;
    {
        let mut state = world.github.state();
        state.merge_base = "0123456789012345678901234567890123456789".to_owned();
    }
    let ran = world.review(&[])?;
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("fetch-depth: 0") && ran.err.contains("0123456789"),
        "{}",
        ran.err
    );
    Ok(())
}

#[test]
fn findings_of_another_job_are_posted_and_not_trusted() -> Result {
    let mut world = with_one()?;
    let place = |row: u32| json!({ "row": row, "column": 1 });
    let entry = json!([{
        "code": "possibly-unbound",
        "message": "`x` and @everyone <img src=x> --> ``` [a](javascript:b)",
        "severity": "warning",
        "confidence": "high",
        "filename": "/home/somebody/else/app.py",
        "location": place(8),
        "end_location": place(8),
        "related": [],
        "help": null,
        "fix": { "edits": [] },
        "url": "https://evil.example/",
        "fingerprint": "00112233445566778899aabbccddeeff",
    }]);
    let path = world.work().join("findings.json");
    fs::write(&path, entry.to_string())?;
    let from = path.to_string_lossy().into_owned();
    world.event = "workflow_run";
    assert_eq!(world.writes(&["--from", &from])?, [REVIEW, SUMMARY]);
    {
        let state = world.github.state();
        let body = &state.threads[0].comments[0].body;
        for word in ["@everyone", "<img", "evil.example", "[a](", "--> "] {
            assert!(!body.contains(word), "{word} in {body}");
        }
        assert!(
            state.asked.iter().any(|ask| ask.contains("head=mallory")),
            "{:?}",
            state.asked
        );
    }
    assert_eq!(
        world.review(&[])?.code,
        Some(2),
        "without a file there is nothing to post"
    );
    fs::write(
        &path,
        entry
            .to_string()
            .replace("possibly-unbound", "no-such-rule"),
    )?;
    assert_eq!(world.review(&["--from", &from])?.code, Some(2));
    Ok(())
}

#[test]
fn generated_files_are_left_alone() -> Result {
    let world = World::new(&[
        ("made.py", "", &format!("# @generated\n{}", pick("one"))),
        ("stubs/made.py", "", &pick("two")),
        (".gitattributes", "", "stubs/** linguist-generated\n"),
    ])?;
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}

#[test]
fn chinese_where_it_is_configured() -> Result {
    let world = World::new(&[
        ("app.py", SAFE, &pick("one")),
        ("pothole.toml", "lang = \"zh\"\n", "lang = \"zh\"\n"),
    ])?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    let state = world.github.state();
    assert!(
        state.threads[0].comments[0].body.starts_with("**警告：**"),
        "{}",
        state.threads[0].comments[0].body
    );
    assert!(state.comments[0].body.contains("个问题"));
    Ok(())
}

#[test]
fn what_the_change_causes_is_written_as_sarif() -> Result {
    let old = pick("old");
    let world = World::new(&[("app.py", &old, &format!("{old}{}", pick("one")))])?;
    let path = world.work().join("out.sarif");
    world.writes(&["--sarif", &path.to_string_lossy()])?;
    let sarif: serde_json::Value = serde_json::from_slice(&fs::read(path)?)?;
    let results = sarif["runs"][0]["results"].as_array().map_or(0, Vec::len);
    assert_eq!(results, 1);
    Ok(())
}

#[test]
fn a_preview_needs_no_job() -> Result {
    let old = pick("old");
    let world = World::new(&[("app.py", &old, &format!("{SAFE}{old}{}", pick("one")))])?;
    let ran = world.review(&["--base", "main"])?;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("review with 1 comments") && ran.out.contains("causes 1 finding."),
        "{}",
        ran.out
    );
    assert!(world.github.state().asked.is_empty());
    Ok(())
}
