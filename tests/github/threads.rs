//! The life of a thread, from push to push, with people in it.

use super::stand_in::BOT;
use super::world::{Result, World};
use super::{EDIT_SUMMARY, REVIEW, SAFE, SUMMARY, pick, picked, reviewed};

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
    world.github.state().answer_in(0, "ada", "Right, thanks!");
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
    world.github.state().answer_in(0, "ada", "Right, thanks!");
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

/// What a command in a reply leads to: whether the finding still fails the run, and what is written.
fn after_the_command_of(login: &str) -> Result<(Option<i32>, Vec<String>)> {
    let world = reviewed()?;
    let command = "/pothole ignore the router checks it";
    world.github.state().answer_in(0, login, command);
    let writes = world.writes(&["--fail-on", "warning"])?;
    let ran = world.review(&["--fail-on", "warning"])?;
    assert_eq!(world.writes(&[])?, [""; 0], "{login}");
    let expected = if ran.code == Some(0) { 0 } else { 1 };
    assert_eq!(ran.told, format!("findings={expected}\n"), "{login}");
    Ok((ran.code, writes))
}

#[test]
fn a_reply_declines_if_its_author_may_decide() -> Result {
    for login in ["ada", "boss", "eve"] {
        let (code, writes) = after_the_command_of(login)?;
        assert_eq!(code, Some(0), "{login}");
        assert_eq!(writes, ["resolveReviewThread", EDIT_SUMMARY], "{login}");
    }
    for login in ["mallory", "reader"] {
        let (code, writes) = after_the_command_of(login)?;
        assert_eq!((code, writes), (Some(1), Vec::new()), "{login}");
    }
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
    let ran = world.review(&["--fail-on", "warning"])?;
    assert!(ran.err.contains("only the base moved"), "{}", ran.err);
    assert_eq!((ran.code, ran.told.as_str()), (Some(1), "findings=1\n"));
    assert_eq!(world.written(), [""; 0]);
    // A change of its own is looked at again, and its thread is still the same.
    world.change("notes.py", "VALUE = 1\n")?;
    let ran = world.review(&[])?;
    assert_eq!(ran.err, "");
    assert_eq!(world.written(), [""; 0]);
    assert_eq!(world.github.state().threads.len(), 1);
    Ok(())
}

#[test]
fn what_people_decide_counts_though_only_the_base_moved() -> Result {
    let world = reviewed()?;
    world.git(&["commit", "-q", "--amend", "-m", "another head"])?;
    world.push("nothing new")?;
    world
        .github
        .state()
        .answer_in(0, "ada", "/pothole ignore so what");
    assert_eq!(world.writes(&[])?, ["resolveReviewThread", EDIT_SUMMARY]);
    world.push("nothing new again")?;
    let ran = world.review(&["--fail-on", "warning"])?;
    assert!(ran.err.contains("only the base moved"), "{}", ran.err);
    assert_eq!((ran.code, ran.told.as_str()), (Some(0), "findings=0\n"));
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
        let copied = state.comment("mallory", &marker);
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
