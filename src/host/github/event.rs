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

#[cfg(test)]
mod tests {
    use super::*;

    /// A pull request as events tell of it, cut down to what could be mistaken for something else.
    const PULL: &str = r#"{
        "action": "opened",
        "number": 2,
        "pull_request": {
            "id": 279147437, "number": 2, "state": "open", "locked": false, "title": "Update the README", "body": null,
            "user": { "login": "ada", "id": 21031067, "type": "User" },
            "assignee": null, "milestone": null, "auto_merge": null, "mergeable": null, "merge_commit_sha": null,
            "draft": false,
            "head": { "label": "eve:changes", "ref": "changes", "sha": "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
                "user": { "login": "eve" }, "repo": { "id": 1, "full_name": "eve/project", "fork": true } },
            "base": { "label": "ada:main", "ref": "main", "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
                "user": { "login": "ada" }, "repo": { "id": 2, "full_name": "ada/project", "fork": false } },
            "author_association": "OWNER", "maintainer_can_modify": false, "changed_files": 1
        },
        "repository": { "full_name": "ada/project" },
        "sender": { "login": "ada" }
    }"#;

    const RUN: &str = r#"{
        "action": "completed",
        "workflow_run": {
            "id": 289782451, "name": "CI", "event": "pull_request", "status": "completed", "conclusion": "success",
            "head_branch": "changes", "head_sha": "3484a3fb816e0859fd6e1cea078d76385ff50625",
            "pull_requests": [],
            "head_commit": { "id": "3484a3fb816e0859fd6e1cea078d76385ff50625" },
            "head_repository": { "full_name": "eve/project", "owner": { "login": "eve", "type": "User" } },
            "repository": { "full_name": "ada/project", "owner": { "login": "ada" } }
        },
        "workflow": { "name": "CI" }
    }"#;

    fn pull(name: &str, payload: &str) -> Option<(PullRequest, bool)> {
        match Event::read(name, payload.as_bytes()) {
            Ok(Event::PullRequest { pull, is_trusted }) => Some((pull, is_trusted)),
            _ => None,
        }
    }

    #[test]
    fn a_pull_request_is_read() {
        let (read, is_trusted) = pull("pull_request", PULL).expect("a pull request");
        assert_eq!((read.number, read.state.as_str()), (2, "open"));
        assert!(!read.draft && !is_trusted && read.is_from_fork());
        assert!(read.head.sha.starts_with("ec26c3e") && read.base.sha.starts_with("f95f852"));
        assert!(pull("pull_request_target", PULL).is_some_and(|(_, is_trusted)| is_trusted));
        let (own, _) =
            pull("pull_request", &PULL.replace("eve/project", "ada/project")).expect("one");
        assert!(!own.is_from_fork());
        let gone = PULL.replace(
            r#"{ "id": 1, "full_name": "eve/project", "fork": true }"#,
            "null",
        );
        assert!(pull("pull_request", &gone).is_some_and(|(read, _)| read.is_from_fork()));
        // Old servers know no drafts.
        let old = PULL.replace("\"draft\": false,", "");
        assert!(pull("pull_request", &old).is_some_and(|(read, _)| !read.draft));
    }

    #[test]
    fn a_run_of_another_workflow_is_read() {
        let Ok(Event::WorkflowRun(run)) = Event::read("workflow_run", RUN.as_bytes()) else {
            panic!("no run")
        };
        assert!(run.head_sha.starts_with("3484a3f"));
        assert_eq!(run.head_branch.as_deref(), Some("changes"));
        assert_eq!(
            run.head_repository.map(|from| from.owner.login).as_deref(),
            Some("eve")
        );
    }

    #[test]
    fn the_same_words_in_another_event_mean_something_else() {
        assert!(matches!(
            Event::read("pull_request_review", PULL.as_bytes()),
            Ok(Event::Other)
        ));
        assert!(matches!(
            Event::read("issue_comment", b"[]"),
            Ok(Event::Other)
        ));
        assert!(matches!(
            Event::read("workflow_run", PULL.as_bytes()),
            Ok(Event::Other)
        ));
        assert!(Event::read("pull_request", b"{").is_err());
    }
}
