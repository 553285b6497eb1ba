//! What GitHub knows of earlier runs: review threads and the summary, as the graph tells them.

use super::client::{Client, GithubFault};
use super::writers::Writers;
use crate::review::{Comment, Kind, Marker, State, Thread, asks_to_ignore};
use serde::Deserialize;
use serde_json::json;

const THREADS: &str = "\
query($owner: String!, $name: String!, $number: Int!, $cursor: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      author { login }
      reviewThreads(first: 50, after: $cursor) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved path viewerCanResolve
          resolvedBy { login }
          comments(first: 50) {
            nodes {
              id fullDatabaseId body viewerDidAuthor isMinimized viewerCanMinimize
              author { login }
            }
          }
        }
      }
    }
  }
}";

const COMMENTS: &str = "\
query($owner: String!, $name: String!, $number: Int!, $cursor: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $cursor) {
        pageInfo { hasNextPage endCursor }
        nodes { id fullDatabaseId body viewerDidAuthor isMinimized viewerCanMinimize author { login } }
      }
    }
  }
}";

/// No pull request has more pages than this.
const PAGES: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    repository: Option<RepositoryNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryNode {
    pull_request: Option<PullRequestNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullRequestNode {
    author: Option<Actor>,
    review_threads: Option<Page<ThreadNode>>,
    comments: Option<Page<CommentNode>>,
}

#[derive(Deserialize)]
struct Actor {
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    page_info: PageInfo,
    nodes: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadNode {
    id: String,
    is_resolved: bool,
    path: String,
    viewer_can_resolve: bool,
    resolved_by: Option<Actor>,
    comments: Nodes,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<CommentNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentNode {
    id: String,
    full_database_id: Option<String>,
    body: String,
    viewer_did_author: bool,
    is_minimized: bool,
    viewer_can_minimize: bool,
    author: Option<Actor>,
}

/// A pull request to ask about.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Whose repository.
    pub(crate) owner: String,
    /// Which.
    pub(crate) name: String,
    /// Which pull request.
    pub(crate) number: u64,
}

/// Reads what a run of this name wrote before.
pub(crate) async fn read_state(
    client: &Client,
    place: &Place,
    run: &str,
) -> Result<State, GithubFault> {
    let mut state = State::default();
    let mut cursor = None;
    let mut writers = Writers::new(client, place);
    for _ in 0..PAGES {
        let pull = ask(client, THREADS, place, cursor.as_deref()).await?;
        let Some(page) = pull.review_threads else {
            break;
        };
        let author = pull.author.map(|author| author.login);
        for node in page.nodes {
            let asking = asking(&node);
            let Some(mut thread) = thread(node, run) else {
                continue;
            };
            for login in asking {
                thread.is_declined |=
                    author.as_ref() == Some(&login) || writers.has(&login).await?;
            }
            state.threads.push(thread);
        }
        match page.page_info.end_cursor {
            Some(end) if page.page_info.has_next_page => cursor = Some(end),
            _ => break,
        }
    }
    state.summary = read_summary(client, place, run).await?;
    Ok(state)
}

async fn read_summary(
    client: &Client,
    place: &Place,
    run: &str,
) -> Result<Option<(Comment, Marker)>, GithubFault> {
    let mut cursor = None;
    for _ in 0..PAGES {
        let Some(page) = ask(client, COMMENTS, place, cursor.as_deref())
            .await?
            .comments
        else {
            break;
        };
        let found = page.nodes.iter().find_map(|node| {
            let marker = ours(node, run).filter(|marker| marker.kind == Kind::Summary)?;
            Some((comment(node)?, marker))
        });
        if found.is_some() {
            return Ok(found);
        }
        match page.page_info.end_cursor {
            Some(end) if page.page_info.has_next_page => cursor = Some(end),
            _ => break,
        }
    }
    Ok(None)
}

async fn ask(
    client: &Client,
    query: &str,
    place: &Place,
    cursor: Option<&str>,
) -> Result<PullRequestNode, GithubFault> {
    let variables = json!({
        "owner": place.owner,
        "name": place.name,
        "number": place.number,
        "cursor": cursor,
    });
    let data: Data = client.query(query, variables).await?;
    let pull = data
        .repository
        .and_then(|repository| repository.pull_request);
    pull.ok_or_else(|| GithubFault::Strange {
        what: "graphql".to_owned(),
        reason: "there is no such pull request".to_owned(),
    })
}

/// A comment is ours only if we wrote it and it says so.
fn ours(node: &CommentNode, run: &str) -> Option<Marker> {
    let marker = Marker::read(&node.body).filter(|_| node.viewer_did_author)?;
    (marker.run == run).then_some(marker)
}

fn comment(node: &CommentNode) -> Option<Comment> {
    Some(Comment {
        node: node.id.clone(),
        id: node.full_database_id.as_ref()?.parse().ok()?,
        body: node.body.clone(),
    })
}

fn thread(node: ThreadNode, run: &str) -> Option<Thread> {
    let (first, replies) = node.comments.nodes.split_first()?;
    let marker = ours(first, run).filter(|marker| marker.kind != Kind::Summary)?;
    let replies: Vec<&CommentNode> = replies
        .iter()
        .filter(|reply| !reply.viewer_did_author)
        .collect();
    let we = first.author.as_ref().map(|actor| account(&actor.login));
    let resolver = node.resolved_by.as_ref().map(|actor| account(&actor.login));
    Some(Thread {
        comment: comment(first)?,
        is_resolved: node.is_resolved,
        is_resolved_by_us: node.is_resolved && resolver.is_some() && resolver == we,
        is_minimized: first.is_minimized,
        has_replies: !replies.is_empty(),
        is_declined: false,
        can_resolve: node.viewer_can_resolve,
        can_minimize: first.viewer_can_minimize,
        marker,
        path: node.path,
        id: node.id,
    })
}

/// The two interfaces write the names of apps differently.
fn account(login: &str) -> &str {
    login.strip_suffix("[bot]").unwrap_or(login)
}

/// Who asks in a thread to ignore what it says: `/pothole ignore <reason>`.
fn asking(node: &ThreadNode) -> Vec<String> {
    let replies = node.comments.nodes.iter().skip(1);
    let asking = replies.filter(|reply| !reply.viewer_did_author && asks_to_ignore(&reply.body));
    let mut logins: Vec<String> = asking
        .filter_map(|reply| Some(reply.author.as_ref()?.login.clone()))
        .collect();
    logins.sort_unstable();
    logins.dedup();
    logins
}
