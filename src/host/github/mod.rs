//! GitHub: what it knows of a pull request, and the requests that change it.

mod client;
mod event;
mod pace;
mod threads;
mod writers;
mod writes;

pub use client::GithubFault;
pub(crate) use client::{Addresses, Client, Verb};
pub(crate) use event::{Event, PullRequest, WorkflowRun};
pub(crate) use threads::{Place, read_state};
pub(crate) use writes::{Done, carry_out, put_summary};

use serde::Deserialize;

#[derive(Deserialize)]
struct Comparison {
    merge_base_commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
}

/// The pull request as it is now.
pub(crate) async fn pull_request(
    client: &Client,
    place: &Place,
) -> Result<PullRequest, GithubFault> {
    let Place {
        owner,
        name,
        number,
    } = place;
    client
        .get(&format!("/repos/{owner}/{name}/pulls/{number}"))
        .await
}

/// The commit that a pull request branched off at.
pub(crate) async fn merge_base(
    client: &Client,
    place: &Place,
    base: &str,
    head: &str,
) -> Result<String, GithubFault> {
    let Place { owner, name, .. } = place;
    // The files that the answer lists are not wanted: they are on the first page.
    let path = format!("/repos/{owner}/{name}/compare/{base}...{head}?per_page=1&page=2");
    let comparison: Comparison = client.get(&path).await?;
    Ok(comparison.merge_base_commit.sha)
}

/// The open pull request whose head a run of another workflow was about.
pub(crate) async fn pull_request_of(
    client: &Client,
    owner: &str,
    name: &str,
    run: &WorkflowRun,
) -> Result<Option<PullRequest>, GithubFault> {
    let (Some(branch), Some(from)) = (&run.head_branch, &run.head_repository) else {
        return Ok(None);
    };
    let head = crate::report::uri(&format!("{}:{branch}", from.owner.login));
    let path = format!("/repos/{owner}/{name}/pulls?state=open&per_page=100&head={head}");
    let pulls: Vec<PullRequest> = client.get(&path).await?;
    Ok(pulls.into_iter().find(|pull| pull.head.sha == run.head_sha))
}
