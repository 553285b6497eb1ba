//! A repository with a pull request, a job that reviews it, and the stand-in that it talks to.

use super::stand_in::StandIn;
use serde_json::{Value, json};
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// What must be told to nobody but the stand-in, and to that only in the head of a request.
const TOKEN: &str = "ghs_0123456789";

pub type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// A pull request on this machine.
pub struct World {
    folder: TempDir,
    pub github: StandIn,
    /// `pull_request`.
    pub event: &'static str,
    /// Who pushed.
    pub actor: &'static str,
    /// The head's repository as the event tells it.
    pub head_repository: Value,
    pub is_draft: bool,
    /// The job has no checkout.
    pub is_bare: bool,
}

/// What came of a run.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    /// The page of the job.
    pub summary: String,
    /// What later steps are told.
    pub told: String,
}

impl World {
    /// A pull request that changes some files: path, before, after. An empty text: no such file.
    pub fn new(files: &[(&str, &str, &str)]) -> Result<Self> {
        let folder = TempDir::new()?;
        let repository = folder.path().join("work");
        fs::create_dir(&repository)?;
        let world = World {
            github: StandIn::start(repository)?,
            folder,
            event: "pull_request",
            actor: "ada",
            head_repository: json!({ "full_name": "o/r" }),
            is_draft: false,
            is_bare: false,
        };
        world.git(&["init", "-q", "-b", "main"])?;
        world.write("setup.py", "")?;
        for (path, before, _) in files {
            world.write(path, before)?;
        }
        world.commit("base")?;
        let base = world.git(&["rev-parse", "HEAD"])?;
        world.git(&["checkout", "-q", "-b", "topic"])?;
        for (path, _, after) in files {
            world.write(path, after)?;
        }
        {
            let mut state = world.github.state();
            state.base.clone_from(&base);
            state.merge_base = base;
        }
        world.push("change")?;
        Ok(world)
    }

    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Writes a file of the working tree, or takes it away.
    pub fn write(&self, path: &str, text: &str) -> Result {
        let path = self.work().join(path);
        if text.is_empty() && path.file_name().is_some_and(|name| name != "setup.py") {
            if path.exists() {
                fs::remove_file(path)?;
            }
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, text)?)
    }

    pub fn git(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("git")
            .current_dir(self.work())
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
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)?.trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    }

    fn commit(&self, message: &str) -> Result {
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-q", "--allow-empty", "-m", message])
            .map(drop)
    }

    /// Commits everything and makes it the head of the pull request.
    pub fn push(&self, message: &str) -> Result {
        self.commit(message)?;
        let head = self.git(&["rev-parse", "HEAD"])?;
        let mut state = self.github.state();
        state.head = head;
        state.writes.clear();
        Ok(())
    }

    /// Writes a file and pushes it.
    pub fn change(&self, path: &str, text: &str) -> Result {
        self.write(path, text)?;
        self.push("more")
    }

    /// The payload of the event.
    fn payload(&self) -> Value {
        let state = self.github.state();
        let mut pull = state.pull();
        pull["head"]["repo"] = self.head_repository.clone();
        pull["draft"] = json!(self.is_draft);
        json!({
            "action": "synchronize",
            "number": 7,
            "pull_request": pull,
            "workflow_run": {
                "head_sha": state.head,
                "head_branch": "topic",
                "head_repository": { "owner": { "login": "mallory" }, "full_name": "mallory/r" },
            },
        })
    }

    /// What a job tells the programs that it runs, on this machine.
    pub fn job(&self) -> Result<Vec<(&'static str, String)>> {
        let temporary = self.folder.path();
        fs::write(self.event_path(), self.payload().to_string())?;
        // Where the job would fetch from; with the tests' own repository in the place of the host's.
        let server = temporary.join("server");
        fs::create_dir_all(server.join("o"))?;
        let clone = server.join("o/r").to_string_lossy().into_owned();
        if !server.join("o/r").exists() {
            self.git(&["clone", "-q", "--bare", ".", &clone])?;
        }
        self.git(&["push", "-q", "-f", &clone, "HEAD:refs/pull/7/head"])?;
        let address = &self.github.address;
        Ok(vec![
            ("GITHUB_REPOSITORY", "o/r".to_owned()),
            ("GITHUB_API_URL", format!("{address}/api/v3")),
            ("GITHUB_GRAPHQL_URL", format!("{address}/api/graphql")),
            ("GITHUB_SERVER_URL", format!("file://{}", server.display())),
        ])
    }

    pub fn event_path(&self) -> PathBuf {
        self.folder.path().join("event.json")
    }

    /// Runs `pothole review` as a job does.
    pub fn review(&self, arguments: &[&str]) -> Result<Ran> {
        let temporary = self.folder.path();
        for name in ["summary.md", "output.txt"] {
            fs::write(temporary.join(name), "")?;
        }
        let folder = match self.is_bare {
            true => TempDir::new_in(temporary)?.keep(),
            false => self.work(),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_pothole"));
        command.env(
            "POTHOLE_CACHE_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
        );
        command.arg("review").args(arguments).current_dir(folder);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("GITHUB_") || name.starts_with("GITLAB_") {
                command.env_remove(name);
            }
        }
        let output = command
            .envs(self.job()?)
            .env("LANG", "C")
            .env("GITHUB_EVENT_NAME", self.event)
            .env("GITHUB_EVENT_PATH", self.event_path())
            .env("GITHUB_TOKEN", TOKEN)
            .env("GITHUB_ACTOR", self.actor)
            .env("GITHUB_WORKSPACE", self.work())
            .env("GITHUB_STEP_SUMMARY", temporary.join("summary.md"))
            .env("GITHUB_OUTPUT", temporary.join("output.txt"))
            .output()?;
        self.ran(&output)
    }

    fn ran(&self, output: &Output) -> Result<Ran> {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name));
        let ran = Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            summary: read("summary.md")?,
            told: read("output.txt")?,
        };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        let written = format!("{:?}", self.github.state().writes);
        for text in [&ran.out, &ran.err, &ran.summary, &ran.told, &written] {
            assert!(!text.contains(TOKEN), "{text}");
        }
        assert_eq!(
            self.github.state().wrong,
            [""; 0],
            "not what GitHub describes"
        );
        Ok(ran)
    }

    /// Runs a review that has to work, and tells which requests wrote something since the last push.
    pub fn writes(&self, arguments: &[&str]) -> Result<Vec<String>> {
        self.github.state().writes.clear();
        let ran = self.review(arguments)?;
        assert!(ran.code == Some(0) || ran.code == Some(1), "{}", ran.err);
        Ok(self.written())
    }

    /// The requests that wrote something, with the mutation for those to the graph.
    pub fn written(&self) -> Vec<String> {
        let state = self.github.state();
        let name = |(verb, path, body): &(String, String, Value)| {
            let path = path.trim_start_matches("/api/v3/repos/o/r/");
            let end = path.trim_end_matches(|c: char| c.is_ascii_digit());
            let query = body["query"].as_str().unwrap_or_default();
            match query.split(['{', '(']).nth(2) {
                Some(mutation) => mutation.trim().to_owned(),
                None if end.ends_with("comments/") => format!("{verb} {end}"),
                None => format!("{verb} {path}"),
            }
        };
        state.writes.iter().map(name).collect()
    }
}
