//! `pothole review` from end to end: a job, a real repository, the real client, and a stand-in for GitHub. Each test looks
//! at what the pull request shows afterwards *and* at the writes that led there.

mod action;
mod http;
mod job;
mod places;
mod rights;
mod schema;
mod stand_in;
mod threads;
mod trouble;
mod world;

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

/// A caller that does not expect None, and one that does.
const MAIL: &str = "from store import find\n\n\ndef send(key):\n    user = find(key)\n    return user.upper()\n\n\n\
    def guarded(key):\n    user = find(key)\n    if user is None:\n        return ''\n    return user.upper()\n";

const STORE: &str = "USERS = {'a': 'Ada'}\n\n\ndef find(name):\n    for key, user in USERS.items():\n        if key == name:\n            \
    return user\n    raise LookupError(name)\n";

fn with_one() -> Result<World> {
    World::new(&[("app.py", SAFE, &format!("{SAFE}{}", pick("one")))])
}
