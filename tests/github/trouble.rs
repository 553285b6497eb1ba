//! What the host does to a run: errors, limits, large changes, missing commits.

use super::http::Reply;
use super::stand_in::{Trouble, reply};
use super::world::Result;
use super::{REVIEW, SUMMARY, with_one};
use serde_json::json;

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
