//! Carries out a plan: nothing is sent twice, and one bad comment loses nothing.

use super::client::{Client, GithubFault, Verb};
use super::threads::Place;
use crate::review::{Anchor, Comment, Draft, Plan, Write};
use serde_json::{Value, json};

const RESOLVE: &str =
    "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id } } }";

const MINIMIZE: &str = "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { minimizedComment { isMinimized } } }";

/// What became of a plan.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Notes that stand in new comments.
    pub(crate) posted: Vec<usize>,
    /// Notes whose comments were refused.
    pub(crate) refused: Vec<usize>,
    /// What did not work and does not matter.
    pub(crate) complaints: Vec<String>,
}

/// Carries out a plan. `refused`: notes whose comments were refused before.
///
/// # Errors
/// If the token may not write, or nobody knows what happened: then the state has to be read again.
pub(crate) async fn carry_out(
    client: &Client,
    place: &Place,
    head: &str,
    plan: &Plan,
    done: &mut Done,
) -> Result<(), GithubFault> {
    for write in &plan.writes {
        match write {
            Write::Review(drafts) => {
                let drafts = wanted(drafts, done);
                review(client, place, head, drafts, done).await?;
            }
            Write::FileComment(draft) => {
                for draft in wanted(std::slice::from_ref(draft), done) {
                    file_comment(client, place, head, draft, done).await?;
                }
            }
            other => {
                if let Err(fault) = tend(client, place, other).await {
                    done.complaints.push(fault.to_string());
                }
            }
        }
    }
    Ok(())
}

fn wanted<'a>(drafts: &'a [Draft], done: &Done) -> Vec<&'a Draft> {
    let is_new = |draft: &&Draft| !draft.notes.iter().all(|note| done.refused.contains(note));
    drafts.iter().filter(is_new).collect()
}

/// Posts a review; where GitHub refuses it, its halves.
async fn review(
    client: &Client,
    place: &Place,
    head: &str,
    drafts: Vec<&Draft>,
    done: &mut Done,
) -> Result<(), GithubFault> {
    let mut queue = vec![drafts];
    while let Some(drafts) = queue.pop() {
        if drafts.is_empty() {
            continue;
        }
        let Place {
            owner,
            name,
            number,
        } = place;
        let path = format!("/repos/{owner}/{name}/pulls/{number}/reviews");
        let comments: Vec<Value> = drafts
            .iter()
            .filter_map(|draft| comment_of(draft))
            .collect();
        let body =
            json!({ "commit_id": head, "event": "COMMENT", "body": "", "comments": comments });
        match client.write(Verb::Post, &path, Some(&body)).await {
            Ok(_) => done
                .posted
                .extend(drafts.iter().flat_map(|draft| &draft.notes)),
            Err(fault) if fault.status() == Some(422) => {
                if let [draft] = drafts[..] {
                    done.refused.extend(&draft.notes);
                    done.complaints.push(fault.to_string());
                } else {
                    let (first, second) = drafts.split_at(drafts.len() / 2);
                    queue.push(second.to_vec());
                    queue.push(first.to_vec());
                }
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

fn comment_of(draft: &Draft) -> Option<Value> {
    let Anchor::Rows(path, first, last) = &draft.anchor else {
        return None;
    };
    let mut comment = json!({ "path": path, "line": last, "side": "RIGHT", "body": draft.body });
    if first < last {
        comment["start_line"] = json!(first);
        comment["start_side"] = json!("RIGHT");
    }
    Some(comment)
}

async fn file_comment(
    client: &Client,
    place: &Place,
    head: &str,
    draft: &Draft,
    done: &mut Done,
) -> Result<(), GithubFault> {
    let Anchor::File(file) = &draft.anchor else {
        return Ok(());
    };
    let Place {
        owner,
        name,
        number,
    } = place;
    let path = format!("/repos/{owner}/{name}/pulls/{number}/comments");
    let body =
        json!({ "commit_id": head, "path": file, "subject_type": "file", "body": draft.body });
    match client.write(Verb::Post, &path, Some(&body)).await {
        Ok(_) => done.posted.extend(&draft.notes),
        Err(fault) if fault.status().is_some() => {
            done.refused.extend(&draft.notes);
            done.complaints.push(fault.to_string());
        }
        Err(fault) => return Err(fault),
    }
    Ok(())
}

/// Looks after what is there already.
async fn tend(client: &Client, place: &Place, write: &Write) -> Result<(), GithubFault> {
    let Place { owner, name, .. } = place;
    let address =
        |comment: &Comment| format!("/repos/{owner}/{name}/pulls/comments/{}", comment.id);
    match write {
        Write::Delete(comment) => match client.write(Verb::Delete, &address(comment), None).await {
            // Somebody else was faster.
            Err(fault) if fault.status() == Some(404) => Ok(()),
            other => other.map(drop),
        },
        Write::Edit(comment, text) => {
            let body = json!({ "body": text });
            client
                .write(Verb::Patch, &address(comment), Some(&body))
                .await
                .map(drop)
        }
        Write::Resolve(thread) => client.mutate(RESOLVE, json!({ "id": thread })).await,
        Write::Minimize(comment) => client.mutate(MINIMIZE, json!({ "id": comment.node })).await,
        Write::Review(_) | Write::FileComment(_) => Ok(()),
    }
}

/// Makes the summary, or gives it another text.
///
/// # Errors
/// As for any write.
pub(crate) async fn put_summary(
    client: &Client,
    place: &Place,
    old: Option<&Comment>,
    text: &str,
) -> Result<(), GithubFault> {
    let Place {
        owner,
        name,
        number,
    } = place;
    let body = json!({ "body": text });
    match old {
        Some(comment) => {
            let path = format!("/repos/{owner}/{name}/issues/comments/{}", comment.id);
            client
                .write(Verb::Patch, &path, Some(&body))
                .await
                .map(drop)
        }
        None => {
            let path = format!("/repos/{owner}/{name}/issues/{number}/comments");
            client.write(Verb::Post, &path, Some(&body)).await.map(drop)
        }
    }
}
