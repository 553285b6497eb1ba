//! GitLab: merge requests, their discussions, and the requests that change them.

use super::github::{Client, Done, GithubFault, Verb};
use crate::diff::{Diff, Source};
use crate::review::{
    Anchor, Comment, Draft, Kind, Marker, Plan, State, Thread, Write, asks_to_ignore,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// A merge request.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct MergeRequest {
    /// `opened`.
    pub(crate) state: String,
    /// Not meant to be reviewed yet.
    #[serde(default)]
    pub(crate) draft: bool,
    /// Who opened it.
    pub(crate) author: Account,
    /// The commits that its diff is made of.
    pub(crate) diff_refs: DiffRefs,
}

/// An account.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Account {
    id: u64,
}

/// The commits that a diff is made of; a position in it names all three.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DiffRefs {
    pub(crate) base_sha: String,
    pub(crate) head_sha: String,
    pub(crate) start_sha: String,
}

#[derive(Deserialize)]
struct Discussion {
    id: String,
    notes: Vec<Note>,
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    body: String,
    author: Account,
    #[serde(default)]
    system: bool,
    #[serde(default)]
    resolved: bool,
    resolved_by: Option<Account>,
    position: Option<Position>,
}

#[derive(Deserialize)]
struct Position {
    new_path: Option<String>,
}

#[derive(Deserialize)]
struct Member {
    access_level: u32,
}

/// A merge request and who looks at it.
pub(crate) struct Place {
    address: String,
    project: String,
    viewer: u64,
}

/// The level of access from which on one may push.
const DEVELOPER: u32 = 30;

const PAGE: usize = 100;

impl Place {
    pub(crate) async fn find(
        client: &Client,
        project: &str,
        number: &str,
    ) -> Result<Self, GithubFault> {
        let viewer: Account = client.get("/user").await?;
        Ok(Self {
            address: format!("/projects/{project}/merge_requests/{number}"),
            project: format!("/projects/{project}"),
            viewer: viewer.id,
        })
    }

    pub(crate) async fn merge_request(&self, client: &Client) -> Result<MergeRequest, GithubFault> {
        client.get(&self.address).await
    }

    /// Reads what a run of this name wrote before.
    pub(crate) async fn read_state(
        &self,
        client: &Client,
        run: &str,
        author: &Account,
    ) -> Result<State, GithubFault> {
        let mut state = State::default();
        for page in 1..=100 {
            let path = format!("{}/discussions?per_page={PAGE}&page={page}", self.address);
            let discussions: Vec<Discussion> = client.get(&path).await?;
            let is_last = discussions.len() < PAGE;
            for discussion in discussions {
                self.add(client, &mut state, discussion, run, author)
                    .await?;
            }
            if is_last {
                break;
            }
        }
        Ok(state)
    }

    async fn add(
        &self,
        client: &Client,
        state: &mut State,
        discussion: Discussion,
        run: &str,
        author: &Account,
    ) -> Result<(), GithubFault> {
        let Some((first, replies)) = discussion.notes.split_first() else {
            return Ok(());
        };
        let marker = Marker::read(&first.body).filter(|marker| marker.run == run);
        let Some(marker) = marker.filter(|_| first.author.id == self.viewer) else {
            return Ok(());
        };
        let comment = Comment {
            node: discussion.id.clone(),
            id: first.id,
            body: first.body.clone(),
        };
        if marker.kind == Kind::Summary {
            state.summary.get_or_insert((comment, marker));
            return Ok(());
        }
        let replies: Vec<&Note> = replies
            .iter()
            .filter(|note| !note.system && note.author.id != self.viewer)
            .collect();
        let resolver = first.resolved_by.as_ref().map(|account| account.id);
        state.threads.push(Thread {
            comment,
            is_resolved: first.resolved,
            is_resolved_by_us: first.resolved && resolver == Some(self.viewer),
            is_minimized: false,
            has_replies: !replies.is_empty(),
            is_declined: self.is_declined(client, &replies, author).await?,
            can_resolve: true,
            can_minimize: false,
            marker,
            path: first
                .position
                .as_ref()
                .and_then(|at| at.new_path.clone())
                .unwrap_or_default(),
            id: discussion.id,
        });
        Ok(())
    }

    /// Whether somebody whose word counts wrote `/pothole ignore`.
    async fn is_declined(
        &self,
        client: &Client,
        replies: &[&Note],
        author: &Account,
    ) -> Result<bool, GithubFault> {
        for note in replies.iter().filter(|note| asks_to_ignore(&note.body)) {
            if note.author.id == author.id {
                return Ok(true);
            }
            let path = format!("{}/members/all/{}", self.project, note.author.id);
            match client.get::<Member>(&path).await {
                Ok(member) if member.access_level >= DEVELOPER => return Ok(true),
                Ok(_) => {}
                Err(fault) if fault.status() == Some(404) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(false)
    }

    /// Carries out a plan.
    pub(crate) async fn carry_out(
        &self,
        client: &Client,
        refs: &DiffRefs,
        diff: &Diff,
        plan: &Plan,
        done: &mut Done,
    ) -> Result<(), GithubFault> {
        for write in &plan.writes {
            match write {
                Write::Review(drafts) => {
                    for draft in drafts {
                        self.discuss(client, refs, diff, draft, done).await?;
                    }
                }
                Write::FileComment(draft) => self.discuss(client, refs, diff, draft, done).await?,
                other => {
                    if let Err(fault) = self.tend(client, other).await {
                        done.complaints.push(fault.to_string());
                    }
                }
            }
        }
        Ok(())
    }

    /// Opens a discussion.
    async fn discuss(
        &self,
        client: &Client,
        refs: &DiffRefs,
        diff: &Diff,
        draft: &Draft,
        done: &mut Done,
    ) -> Result<(), GithubFault> {
        if draft.notes.iter().all(|note| done.refused.contains(note)) {
            return Ok(());
        }
        let Some(position) = position(&draft.anchor, refs, diff) else {
            done.refused.extend(&draft.notes);
            return Ok(());
        };
        let path = format!("{}/discussions", self.address);
        let body = json!({ "body": draft.body, "position": position });
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

    async fn tend(&self, client: &Client, write: &Write) -> Result<(), GithubFault> {
        let note = |comment: &Comment| {
            format!(
                "{}/discussions/{}/notes/{}",
                self.address, comment.node, comment.id
            )
        };
        let result = match write {
            Write::Delete(comment) => client.write(Verb::Delete, &note(comment), None).await,
            Write::Edit(comment, text) => {
                let body = json!({ "body": text });
                client.write(Verb::Put, &note(comment), Some(&body)).await
            }
            Write::Resolve(thread) => {
                let path = format!("{}/discussions/{thread}", self.address);
                client
                    .write(Verb::Put, &path, Some(&json!({ "resolved": true })))
                    .await
            }
            Write::Minimize(_) | Write::Review(_) | Write::FileComment(_) => return Ok(()),
        };
        match result {
            // Somebody else was faster.
            Err(fault) if fault.status() == Some(404) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Makes the summary, or gives it another text.
    pub(crate) async fn put_summary(
        &self,
        client: &Client,
        old: Option<&Comment>,
        text: &str,
    ) -> Result<(), GithubFault> {
        let body = json!({ "body": text });
        let notes = format!("{}/notes", self.address);
        match old {
            Some(comment) => {
                client
                    .write(Verb::Put, &format!("{notes}/{}", comment.id), Some(&body))
                    .await
            }
            None => client.write(Verb::Post, &notes, Some(&body)).await,
        }
        .map(drop)
    }
}

/// A place in the diff. Lines that the change did not write are known by their old number too.
fn position(anchor: &Anchor, refs: &DiffRefs, diff: &Diff) -> Option<Value> {
    let (path, row) = match anchor {
        Anchor::Rows(path, _, last) => (path, Some(*last)),
        Anchor::File(path) => (path, None),
        Anchor::Nowhere => return None,
    };
    let old = diff.file(path).and_then(|file| file.old_path.clone());
    let mut position = json!({
        "position_type": if row.is_some() { "text" } else { "file" },
        "base_sha": refs.base_sha,
        "start_sha": refs.start_sha,
        "head_sha": refs.head_sha,
        "new_path": path,
        "old_path": old.as_ref().unwrap_or(path),
    });
    if let Some(row) = row {
        position["new_line"] = json!(row);
        if let (Source::Row(old), Some(_)) = (diff.source(path, row), &old) {
            position["old_line"] = json!(old);
        }
    }
    Some(position)
}
