//! Who may do what: forks, Dependabot, weak tokens, and findings that strangers wrote down.

use super::world::{Result, World};
use super::{MAIL, REVIEW, SAFE, STORE, SUMMARY, pick, with_one};
use serde_json::json;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

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

#[test]
fn without_a_checkout_the_commits_are_fetched_and_the_base_decides() -> Result {
    let quiet = "ignore = [\"possibly-unbound\"]\n";
    let after = format!("{SAFE}{}", pick("one"));
    let mut world = World::new(&[("app.py", SAFE, &after), ("pothole.toml", "", quiet)])?;
    assert_eq!(
        world.writes(&[])?,
        [SUMMARY],
        "the head's own configuration"
    );
    let says_so = |world: &World| {
        let state = world.github.state();
        let mut comments = state.comments.iter();
        comments.any(|comment| comment.body.contains("changes what pothole looks for"))
    };
    assert!(says_so(&world), "who silences a rule is named");
    assert_eq!(world.writes(&[])?, [""; 0], "once");
    world.github.state().comments.clear();
    world.event = "pull_request_target";
    world.head_repository = json!({ "full_name": "mallory/r" });
    world.is_bare = true;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    assert_eq!(world.github.state().threads.len(), 1);
    assert!(!says_so(&world), "what the base says governs");
    Ok(())
}

#[test]
fn who_takes_code_out_of_sight_is_named() -> Result {
    let after = format!("{SAFE}{}", pick("one"));
    for (path, text) in [
        (".gitattributes", "*.py linguist-generated\n"),
        (".gitignore", "app.*\n"),
        (".ignore", "app.py\n"),
    ] {
        let mut world = World::new(&[("app.py", SAFE, &after), (path, "", text)])?;
        assert_eq!(world.writes(&[])?, [SUMMARY], "{path}");
        let said = world.github.state().comments[0].body.clone();
        let line = format!("what pothole looks for**, in [`{path}:1`]");
        assert!(said.contains(&line), "{said}");
        world.github.state().comments.clear();
        world.event = "pull_request_target";
        assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY], "{path} of the base");
    }
    let world = World::new(&[
        ("app.py", SAFE, &after),
        (".gitignore", "", "/build/\n"),
        (".gitattributes", "", "* text=auto\n"),
    ])?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    let said = world.github.state().comments[0].body.clone();
    assert!(!said.contains("looks for"), "{said}");
    Ok(())
}

#[test]
fn code_that_is_called_binary_is_reviewed() -> Result {
    let after = format!("{SAFE}{}", pick("one"));
    let world = World::new(&[
        ("app.py", SAFE, &after),
        (".gitattributes", "", "*.py binary\n"),
    ])?;
    assert_eq!(world.writes(&[])?, [REVIEW, SUMMARY]);
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_report_that_is_none_is_refused_and_forges_nothing() -> Result {
    let mut world = with_one()?;
    world.event = "workflow_run";
    let path = world.work().join("findings.json");
    let from = path.to_string_lossy().into_owned();
    let entry = json!([{
        "code": "possibly-unbound", "message": "x", "severity": "warning", "confidence": "high",
        "filename": "app.py", "location": { "row": 8 }, "end_location": { "row": 8 },
        "fingerprint": "00112233445566778899aabbccddeeff",
    }])
    .to_string();
    let wrong = [
        String::new(),
        "[".repeat(100_000),
        "{}".to_owned(),
        entry.replace("\"warning\"", "\"x\\n::error::forged\\n##[error]forged\""),
        entry.replace("00112233445566778899aabbccddeeff", "--> :-)"),
        entry.replace("\"row\":8", "\"row\":-8"),
        entry.replace("\"row\":8", "\"row\":88888888888"),
        entry.replace("app.py", "a/../../../../evil/b/app.py"),
        format!(
            "[{}]",
            vec![entry.trim_matches(['[', ']']); 6_000].join(",")
        ),
        " ".repeat(21 * 1024 * 1024),
    ];
    for text in wrong {
        fs::write(&path, &text)?;
        let ran = world.review(&["--from", &from])?;
        let start: String = text.chars().take(60).collect();
        assert_eq!(ran.code, Some(2), "{start}: {}", ran.err);
        for line in (ran.err + &ran.out).lines().map(str::trim_start) {
            let is_forged = line.starts_with("::error::forged") || line.contains("##[error]");
            assert!(!is_forged, "{line}");
        }
    }
    // What a link leads to was not in the report, whatever it is.
    fs::remove_file(&path)?;
    let elsewhere = world.work().join("elsewhere.json");
    fs::write(&elsewhere, &entry)?;
    for target in [elsewhere.as_path(), "/dev/zero".as_ref()] {
        std::os::unix::fs::symlink(target, &path)?;
        assert_eq!(world.review(&["--from", &from])?.code, Some(2));
        fs::remove_file(&path)?;
    }
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
fn one_job_finds_and_another_posts() -> Result {
    let old = pick("old");
    let mut world = World::new(&[
        ("app.py", &old, &format!("{SAFE}{old}{}", pick("one"))),
        ("mail.py", MAIL, MAIL),
        (
            "store.py",
            STORE,
            &STORE.replace("raise LookupError(name)", "return None"),
        ),
    ])?;
    // The job without rights, as the README has it.
    let report = TempDir::new()?;
    let path = report.path().join("findings.json");
    let path = path.to_string_lossy().into_owned();
    let find = Command::new(env!("CARGO_BIN_EXE_pothole"))
        .args(["check", "--diff", "main", "--format", "json", "--exit-zero"])
        .args(["--output", &path])
        .current_dir(world.work())
        .output()?;
    assert!(find.status.success(), "{find:?}");
    // The job with rights, which has no checkout.
    world.event = "workflow_run";
    world.is_bare = true;
    assert_eq!(world.writes(&["--from", &path])?, [REVIEW, SUMMARY]);
    assert_eq!(world.writes(&["--from", &path])?, [""; 0]);
    {
        let state = world.github.state();
        let places: Vec<_> = state
            .threads
            .iter()
            .map(|thread| (thread.path.as_str(), thread.line))
            .collect();
        assert_eq!(places, [("app.py", Some(14)), ("store.py", Some(8))]);
    }
    // What a job with rights of its own would have found is the same.
    world.event = "pull_request";
    assert_eq!(world.writes(&[])?, [""; 0]);
    Ok(())
}
