//! What a job of GitHub Actions tells the programs that it runs.

use super::ReviewFault;
use crate::host::github::Addresses;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// A job of GitHub Actions.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) event_name: String,
    pub(super) event: Vec<u8>,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) addresses: Addresses,
    pub(super) token: Option<String>,
    pub(super) actor: String,
    workspace: String,
    step_summary: Option<PathBuf>,
    output: Option<PathBuf>,
}

/// A variable that is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Job {
    /// The job that this program runs in.
    pub(super) fn of_environment() -> Result<Self, ReviewFault> {
        let needed = |name: &'static str| variable(name).ok_or(ReviewFault::NoJob(name));
        let repository = needed("GITHUB_REPOSITORY")?;
        let (owner, name) = repository
            .split_once('/')
            .ok_or(ReviewFault::NoJob("GITHUB_REPOSITORY"))?;
        let path = needed("GITHUB_EVENT_PATH")?;
        let rest =
            variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
        let graph = variable("GITHUB_GRAPHQL_URL").unwrap_or_else(|| format!("{rest}/graphql"));
        let server =
            variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
        Ok(Self {
            event_name: needed("GITHUB_EVENT_NAME")?,
            event: fs::read(&path).map_err(|error| ReviewFault::Event(path, error.to_string()))?,
            owner: owner.to_owned(),
            name: name.to_owned(),
            addresses: Addresses {
                rest,
                graph,
                server,
            },
            token: variable("GITHUB_TOKEN"),
            actor: variable("GITHUB_ACTOR").unwrap_or_default(),
            workspace: variable("GITHUB_WORKSPACE").unwrap_or_default(),
            step_summary: variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            output: variable("GITHUB_OUTPUT").map(PathBuf::from),
        })
    }

    /// Where its repository is.
    pub(super) fn repository_address(&self) -> String {
        format!("{}/{}/{}", self.addresses.server, self.owner, self.name)
    }

    /// Where the job's files are, with a slash behind; empty where nobody says.
    pub(super) fn workspace(&self) -> String {
        match self.workspace.as_str() {
            "" => String::new(),
            path => format!("{}/", path.trim_end_matches('/')),
        }
    }

    /// Adds to the page of the job.
    pub(super) fn summarize(&self, text: &str) -> std::io::Result<()> {
        append(self.step_summary.as_ref(), text)
    }

    /// Tells a later step of the job.
    pub(super) fn tell(&self, name: &str, value: &str) -> std::io::Result<()> {
        append(self.output.as_ref(), &format!("{name}={value}\n"))
    }
}

fn append(path: Option<&PathBuf>, text: &str) -> std::io::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    file.write_all(text.as_bytes())
}
