//! Where comments stand, how many there are, and in which language.

use super::world::{Result, World};
use super::{MAIL, REVIEW, SAFE, STORE, SUMMARY, pick};

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

const GENERATED: &str = "stubs/** linguist-generated\n";

#[test]
fn generated_files_are_left_alone() -> Result {
    let world = World::new(&[
        ("made.py", "", &format!("# @generated\n{}", pick("one"))),
        ("stubs/made.py", "", &pick("two")),
        (".gitattributes", GENERATED, GENERATED),
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
