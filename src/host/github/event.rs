//! What a job of GitHub Actions is about: the event that started it.

use serde::Deserialize;

/// A pull request, as far as an event or the API tells of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PullRequest {
    /// Its number.
    pub(crate) number: u64,
    /// `open` or `closed`.
    pub(crate) state: String,
    /// Not meant to be reviewed yet.
    #[serde(default)]
    pub(crate) draft: bool,
    /// What it brings.
    pub(crate) head: Side,
    /// What it is for.
    pub(crate) base: Side,
}

/// One of the two branches.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Side {
    /// Its commit.
    pub(crate) sha: String,
    /// Where it is; nothing where the fork was deleted.
    pub(crate) repo: Option<RepositoryName>,
}

/// A repository.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RepositoryName {
    /// `owner/name`.
    pub(crate) full_name: String,
}

/// An account.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct User {
    /// Its name.
    pub(crate) login: String,
}

/// A run of another workflow.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct WorkflowRun {
    /// The commit that it ran on.
    pub(crate) head_sha: String,
    /// The branch of the pull request.
    pub(crate) head_branch: Option<String>,
    /// Where that branch is.
    pub(crate) head_repository: Option<HeadRepository>,
}

/// The repository that a run's branch is in.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HeadRepository {
    /// Whose it is.
    pub(crate) owner: User,
}

/// What started the job.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A pull request; `is_trusted`: with the rights of the base, on code that nobody has looked at.
    PullRequest {
        /// The pull request at that time.
        pull: PullRequest,
        /// `pull_request_target`.
        is_trusted: bool,
    },
    /// Another workflow ended.
    WorkflowRun(WorkflowRun),
    /// Something that has no pull request.
    Other,
}

#[derive(Deserialize)]
struct Payload {
    pull_request: Option<PullRequest>,
    workflow_run: Option<WorkflowRun>,
}

impl Event {
    /// Reads the payload of an event.
    pub(crate) fn read(name: &str, payload: &[u8]) -> Result<Self, serde_json::Error> {
        // Others have payloads of their own, in which the same words may mean something else.
        if !matches!(
            name,
            "pull_request" | "pull_request_target" | "workflow_run"
        ) {
            return Ok(Event::Other);
        }
        let payload: Payload = serde_json::from_slice(payload)?;
        Ok(match (name, payload.pull_request, payload.workflow_run) {
            ("workflow_run", _, Some(run)) => Event::WorkflowRun(run),
            ("workflow_run", _, None) | (_, None, _) => Event::Other,
            (name, Some(pull), _) => Event::PullRequest {
                pull,
                is_trusted: name == "pull_request_target",
            },
        })
    }
}

impl PullRequest {
    /// Whether it comes from another repository, or from one that is gone.
    pub(crate) fn is_from_fork(&self) -> bool {
        match (&self.head.repo, &self.base.repo) {
            (Some(head), Some(base)) => head.full_name != base.full_name,
            _ => true,
        }
    }
}
