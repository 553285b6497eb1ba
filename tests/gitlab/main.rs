//! `pothole review` in a job of GitLab CI, against a stand-in: discussions that are opened, resolved and taken away.

#[path = "../github/http.rs"]
mod http;

use http::{Ask, Reply, serve};
use serde_json::{Value, json};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const BOT: u64 = 1;
const AUTHOR: u64 = 2;
const STRANGER: u64 = 3;
const DEVELOPER: u64 = 4;

const MERGE_REQUEST: &str = "/api/v4/projects/9/merge_requests/7";

/// What GitLab knows.
#[derive(Default)]
struct State {
    base: String,
    head: String,
    discussions: Vec<Value>,
    writes: Vec<String>,
    next: u64,
}

impl State {
    fn answer(&mut self, ask: &Ask) -> Reply {
        if ask
            .headers
            .get("authorization")
            .is_none_or(|value| value != "Bearer secret")
        {
            return reply(401, &json!({ "message": "401 Unauthorized" }));
        }
        let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let (path, query) = ask.path.split_once('?').unwrap_or((&ask.path, ""));
        if ask.verb == "GET" {
            return self.read(path, query);
        }
        let inside = path.strip_prefix(MERGE_REQUEST).unwrap_or(path).to_owned();
        let kind: String = inside
            .chars()
            .map(|c| if c.is_ascii_digit() { '*' } else { c })
            .collect();
        self.writes
            .push(format!("{} {}", ask.verb, squeezed(&kind)));
        self.write(&ask.verb, &inside, &body)
    }

    fn read(&self, path: &str, query: &str) -> Reply {
        let refs = json!({ "base_sha": self.base, "start_sha": self.base, "head_sha": self.head });
        match path.strip_prefix(MERGE_REQUEST) {
            Some("") => reply(
                200,
                &json!({ "state": "opened", "draft": false, "author": { "id": AUTHOR }, "diff_refs": refs }),
            ),
            Some("/discussions") if query.ends_with("&page=1") => {
                reply(200, &json!(self.discussions))
            }
            Some("/discussions") => reply(200, &json!([])),
            _ if path == "/api/v4/user" => reply(200, &json!({ "id": BOT, "username": "bot" })),
            _ if path == format!("/api/v4/projects/9/members/all/{DEVELOPER}") => {
                reply(200, &json!({ "id": DEVELOPER, "access_level": 30 }))
            }
            _ => reply(404, &json!({ "message": "404 Not found" })),
        }
    }

    fn write(&mut self, verb: &str, path: &str, body: &Value) -> Reply {
        let words: Vec<&str> = path.split('/').skip(1).collect();
        let text = body["body"].clone();
        match (verb, words.as_slice()) {
            ("POST", ["discussions"]) => match self.is_sound(&body["position"]) {
                true => self.open(text, body["position"].clone()),
                false => reply(
                    400,
                    &json!({ "message": "400 Bad request: line_code can't be blank" }),
                ),
            },
            ("POST", ["notes"]) => self.open(text, Value::Null),
            ("PUT", ["discussions", id]) => {
                for note in self.notes(id) {
                    note["resolved"] = body["resolved"].clone();
                    note["resolved_by"] = json!({ "id": BOT });
                }
                reply(200, &json!({ "id": id }))
            }
            ("PUT", ["notes", id]) => {
                let id: Option<u64> = id.parse().ok();
                let all = self
                    .discussions
                    .iter_mut()
                    .filter_map(|one| one["notes"].as_array_mut());
                for note in all.flatten().filter(|note| note["id"].as_u64() == id) {
                    note["body"] = text.clone();
                }
                reply(200, &json!({ "id": 1 }))
            }
            ("DELETE", ["discussions", id, "notes", _]) => {
                self.discussions.retain(|one| one["id"] != *id);
                Reply {
                    body: String::new(),
                    ..reply(204, &Value::Null)
                }
            }
            _ => reply(404, &json!({ "message": "404 Not found" })),
        }
    }

    /// Lines that the change did not write are known by both numbers, others by the new one.
    fn is_sound(&self, position: &Value) -> bool {
        let shas = [
            ("base_sha", &self.base),
            ("start_sha", &self.base),
            ("head_sha", &self.head),
        ];
        let is_text = position["position_type"] == "text";
        shas.iter()
            .all(|(name, sha)| position[*name] == sha.as_str())
            && position["new_path"].is_string()
            && position["old_path"].is_string()
            && is_text == position["new_line"].is_u64()
    }

    fn notes(&mut self, id: &str) -> Vec<&mut Value> {
        let one = self.discussions.iter_mut().find(|one| one["id"] == id);
        one.and_then(|one| one["notes"].as_array_mut())
            .into_iter()
            .flatten()
            .collect()
    }

    fn note(&mut self, author: u64, body: Value, position: Value) -> Value {
        self.next += 1;
        json!({
            "id": self.next,
            "body": body,
            "author": { "id": author },
            "system": false,
            "resolved": false,
            "resolved_by": null,
            "position": position,
        })
    }

    fn open(&mut self, body: Value, position: Value) -> Reply {
        let note = self.note(BOT, body, position);
        let id = format!("d{}", self.next);
        self.discussions.push(json!({ "id": id, "notes": [note] }));
        reply(201, &json!({ "id": id }))
    }

    /// The discussions on lines.
    fn threads(&self) -> Vec<&Value> {
        let is_thread = |one: &&Value| one["notes"][0]["position"].is_object();
        self.discussions.iter().filter(is_thread).collect()
    }
}

fn squeezed(text: &str) -> String {
    let mut result = String::new();
    for character in text.chars() {
        if !(character == '*' && result.ends_with('*')) {
            result.push(character);
        }
    }
    result
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.to_string(),
    }
}

struct World {
    folder: TempDir,
    address: String,
    state: Arc<Mutex<State>>,
}

const SAFE: &str = "def safe():\n    return 1\n\n\n";
const PICK: &str = "def pick(flag):\n    if flag:\n        answer = 1\n    return answer\n";
const PICKED: &str =
    "def pick(flag):\n    answer = 0\n    if flag:\n        answer = 1\n    return answer\n";

impl World {
    fn new() -> Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        let address = serve(move |ask| match served.lock() {
            Ok(mut state) => state.answer(&ask),
            Err(_) => reply(500, &Value::Null),
        })?;
        let world = World {
            folder: TempDir::new()?,
            address,
            state,
        };
        world.git(&["init", "-q"])?;
        world.push(SAFE)?;
        let base = world.git(&["rev-parse", "HEAD"])?;
        world.change(|state| state.base = base);
        world.push(&format!("{SAFE}{PICK}"))?;
        Ok(world)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().expect("a stand-in that did not panic"))
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("git")
            .current_dir(self.path())
            .args([
                "-c",
                "user.name=n",
                "-c",
                "user.email=e@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .output()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn push(&self, text: &str) -> Result {
        fs::write(self.path().join("app.py"), text)?;
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-qm", "more"])?;
        let head = self.git(&["rev-parse", "HEAD"])?;
        self.change(|state| state.head = head);
        Ok(())
    }

    /// A job of the merge request, in a fork, that knows no secret.
    fn job(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pothole"));
        command.env(
            "POTHOLE_CACHE_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
        );
        command
            .arg("review")
            .args(arguments)
            .current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let is_of_job = ["GITHUB_", "GITLAB_", "CI_"]
                .iter()
                .any(|start| name.starts_with(start));
            if is_of_job {
                command.env_remove(name);
            }
        }
        let (base, head) = self.change(|state| (state.base.clone(), state.head.clone()));
        command
            .env("LANG", "C")
            .env("GITLAB_CI", "true")
            .env("CI_API_V4_URL", format!("{}/api/v4", self.address))
            .env("CI_PROJECT_ID", "11")
            .env("CI_PROJECT_URL", "https://gitlab.example/fork/p")
            .env("CI_MERGE_REQUEST_PROJECT_ID", "9")
            .env("CI_MERGE_REQUEST_PROJECT_URL", "https://gitlab.example/g/p")
            .env("CI_MERGE_REQUEST_DIFF_BASE_SHA", base)
            .env("CI_COMMIT_SHA", head)
            .env("CI_MERGE_REQUEST_IID", "7");
        command
    }

    /// Runs a review; tells the exit code, and what was written.
    fn review(&self, arguments: &[&str]) -> Result<(Option<i32>, Vec<String>)> {
        self.change(|state| state.writes.clear());
        let output = self.job(arguments).env("GITLAB_TOKEN", "secret").output()?;
        assert!(
            output.status.code() != Some(2),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((
            output.status.code(),
            self.change(|state| state.writes.clone()),
        ))
    }

    fn reply_to_first(&self, author: u64, body: &str) {
        self.change(|state| {
            let note = state.note(author, json!(body), Value::Null);
            let first = state.discussions[0]["notes"].as_array_mut();
            first.into_iter().for_each(|notes| notes.push(note.clone()));
        });
    }
}

#[test]
fn a_discussion_is_opened_kept_and_taken_away() -> Result {
    let world = World::new()?;
    let (code, writes) = world.review(&[])?;
    assert_eq!(
        (code, writes),
        (
            Some(0),
            vec!["POST /discussions".to_owned(), "POST /notes".to_owned()]
        )
    );
    world.change(|state| {
        let position = &state.threads()[0]["notes"][0]["position"];
        assert_eq!(
            (&position["new_path"], &position["new_line"]),
            (&json!("app.py"), &json!(8))
        );
        assert!(position.get("old_line").is_none(), "{position}");
        let body = state.threads()[0]["notes"][0]["body"].to_string();
        assert!(
            body.contains("https://gitlab.example/g/p/-/blob/"),
            "{body}"
        );
    });
    assert_eq!(world.review(&[])?.1, [""; 0]);
    world.push(&format!("{SAFE}# moved\n{PICK}"))?;
    assert_eq!(world.review(&[])?.1, [""; 0]);
    world.push(&format!("{SAFE}{PICKED}"))?;
    assert_eq!(
        world.review(&[])?.1,
        ["DELETE /discussions/d*/notes/*", "PUT /notes/*"]
    );
    assert!(world.change(|state| state.threads().is_empty()));
    Ok(())
}

#[test]
fn a_discussion_that_people_spoke_in_is_resolved() -> Result {
    let world = World::new()?;
    world.review(&[])?;
    world.reply_to_first(STRANGER, "Indeed.");
    world.push(&format!("{SAFE}{PICKED}"))?;
    assert_eq!(
        world.review(&[])?.1,
        ["PUT /discussions/d*", "PUT /notes/*"]
    );
    assert_eq!(world.review(&[])?.1, [""; 0]);
    Ok(())
}

#[test]
fn only_those_who_may_push_decline() -> Result {
    let world = World::new()?;
    assert_eq!(world.review(&["--fail-on", "warning"])?.0, Some(1));
    world.reply_to_first(STRANGER, "/pothole ignore because");
    assert_eq!(
        world.review(&["--fail-on", "warning"])?,
        (Some(1), Vec::new())
    );
    world.reply_to_first(DEVELOPER, "/pothole ignore checked by the router");
    let (code, writes) = world.review(&["--fail-on", "warning"])?;
    assert_eq!(
        (code, writes),
        (
            Some(0),
            vec!["PUT /discussions/d*".to_owned(), "PUT /notes/*".to_owned()]
        )
    );
    assert_eq!(
        world.review(&["--fail-on", "warning"])?,
        (Some(0), Vec::new())
    );
    Ok(())
}

#[test]
fn what_a_person_resolved_stays_resolved() -> Result {
    let world = World::new()?;
    world.review(&[])?;
    world.change(|state| {
        for note in state.notes("d1") {
            note["resolved"] = json!(true);
            note["resolved_by"] = json!({ "id": AUTHOR });
        }
    });
    assert_eq!(world.review(&[])?.1, ["PUT /notes/*"]);
    assert_eq!(world.review(&[])?.1, [""; 0]);
    Ok(())
}

/// What a job says that may not open discussions: nothing is written, nothing is lost.
fn says_it_in_the_log(world: &World, job: &mut Command) -> Result {
    let output = job.output()?;
    let text = String::from_utf8(output.stdout)?;
    let notes = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{notes}");
    assert!(text.starts_with("app.py:8: possibly-unbound: "), "{text}");
    assert!(notes.contains("GITLAB_TOKEN"), "{notes}");
    assert_eq!(world.change(|state| state.writes.clone()), [""; 0]);
    Ok(())
}

#[test]
fn the_pipeline_of_a_fork_has_no_token() -> Result {
    let world = World::new()?;
    says_it_in_the_log(&world, &mut world.job(&["--fail-on", "warning"]))
}

#[test]
fn a_token_that_is_no_good_loses_nothing() -> Result {
    let world = World::new()?;
    let mut job = world.job(&["--fail-on", "warning"]);
    says_it_in_the_log(&world, job.env("GITLAB_TOKEN", "expired"))
}

#[test]
fn the_code_quality_report_needs_no_token() -> Result {
    let world = World::new()?;
    let base = world.change(|state| state.base.clone());
    let output = Command::new(env!("CARGO_BIN_EXE_pothole"))
        .args([
            "check",
            "--format",
            "gitlab",
            "--exit-zero",
            "--diff",
            &base,
        ])
        .current_dir(world.path())
        .output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let entries = report.as_array().cloned().unwrap_or_default();
    assert_eq!(entries.len(), 1, "{report}");
    assert_eq!(entries[0]["check_name"], "possibly-unbound");
    assert_eq!(entries[0]["location"]["path"], "app.py");
    assert_eq!(entries[0]["location"]["lines"]["begin"], 8);
    for field in ["description", "fingerprint", "severity"] {
        assert!(entries[0][field].is_string(), "{report}");
    }
    Ok(())
}

#[test]
fn somebody_elses_discussion_is_not_ours_whatever_it_says() -> Result {
    let world = World::new()?;
    world.review(&[])?;
    world.change(|state| {
        for discussion in &mut state.discussions {
            discussion["notes"][0]["author"] = json!({ "id": STRANGER });
        }
    });
    assert_eq!(world.review(&[])?.1, ["POST /discussions", "POST /notes"]);
    world.push(SAFE)?;
    assert_eq!(
        world.review(&[])?.1,
        ["DELETE /discussions/d*/notes/*", "PUT /notes/*"]
    );
    assert_eq!(world.change(|state| state.threads().len()), 1);
    Ok(())
}
