//! What a job asks for and is told: events, drafts, exit codes, files.

use super::world::{Result, World};
use super::{REVIEW, SAFE, SUMMARY, pick, reviewed, with_one};
use std::fs;

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
        ran.out.contains("review with 1 comment\n") && ran.out.contains("`answer`"),
        "{}",
        ran.out
    );
    assert_eq!((ran.summary.as_str(), ran.told.as_str()), ("", ""));
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
fn what_the_change_causes_is_written_as_sarif() -> Result {
    let old = pick("old");
    let world = World::new(&[("app.py", &old, &format!("{old}{}", pick("one")))])?;
    let path = world.work().join("out.sarif");
    let ran = world.review(&["--sarif", &path.to_string_lossy()])?;
    assert!(
        ran.told.contains(&format!("sarif={}\n", path.display())),
        "{}",
        ran.told
    );
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
        ran.out.contains("review with 1 comment\n") && ran.out.contains("causes 1 finding."),
        "{}",
        ran.out
    );
    let silent = world.review(&["--base", "main", "--head", "main"])?;
    assert_eq!((silent.code, silent.out.as_str()), (Some(0), ""));
    assert!(silent.err.contains("causes nothing"), "{}", silent.err);
    assert!(world.github.state().asked.is_empty());
    Ok(())
}
