//! A stand-in for GitHub: one pull request, with reviews, threads and comments that behave as they do there.

use super::http::{Ask, Reply, serve};
use super::schema;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};

/// The account that the token belongs to.
pub const BOT: &str = "github-actions";

/// What goes wrong with the next write.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// This answer instead of the work.
    Instead(Reply),
    /// The work is done, and this is answered.
    After(Reply),
}

/// A comment in a thread, or on the pull request.
#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub author: String,
    pub body: String,
    pub is_minimized: bool,
}

/// A review thread.
#[derive(Clone, Debug)]
pub struct Thread {
    pub id: u64,
    pub path: String,
    /// `None`: on the file as a whole.
    pub line: Option<u64>,
    pub resolved_by: Option<String>,
    pub comments: Vec<Comment>,
}

/// What GitHub knows.
#[derive(Debug)]
pub struct State {
    pub head: String,
    pub base: String,
    pub merge_base: String,
    pub is_open: bool,
    pub repository: PathBuf,
    pub threads: Vec<Thread>,
    pub comments: Vec<Comment>,
    /// Every request that changes something, done or not: verb, path, body.
    pub writes: Vec<(String, String, Value)>,
    /// Every request.
    pub asked: Vec<String>,
    pub troubles: VecDeque<Trouble>,
    /// Lines of this file are refused, whatever the hunks say.
    pub cursed: Option<(String, u64)>,
    /// What does not agree with GitHub's description.
    pub wrong: Vec<String>,
    /// What people may do; others are strangers.
    pub permissions: Vec<(&'static str, &'static str)>,
    pub may_write: bool,
    pub may_resolve: bool,
    next: u64,
}

/// The stand-in; copies are the same one.
#[derive(Clone)]
pub struct StandIn {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl StandIn {
    /// Starts one whose pull request lies in a git repository.
    pub fn start(repository: PathBuf) -> Result<Self, Box<dyn Error>> {
        let state = Arc::new(Mutex::new(State {
            head: String::new(),
            base: String::new(),
            merge_base: String::new(),
            is_open: true,
            repository,
            threads: Vec::new(),
            comments: Vec::new(),
            writes: Vec::new(),
            asked: Vec::new(),
            troubles: VecDeque::new(),
            cursed: None,
            wrong: Vec::new(),
            permissions: vec![("boss", "admin"), ("eve", "write"), ("reader", "read")],
            may_write: true,
            may_resolve: true,
            next: 100,
        }));
        let served = Arc::clone(&state);
        let address = serve(move |ask| match served.lock() {
            Ok(mut state) => {
                let reply = state.answer(&ask);
                state.validate(&ask, &reply);
                reply
            }
            Err(_) => reply(500, &json!({ "message": "poisoned" })),
        })?;
        Ok(Self { address, state })
    }

    /// Looks at the state, or changes it as people do.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a stand-in that did not panic")
    }
}

pub fn reply(status: u16, body: &Value) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.to_string(),
    }
}

fn refused(message: &str) -> Reply {
    reply(
        422,
        &json!({ "message": "Unprocessable Entity", "errors": [message], "documentation_url": "https://docs.github.com" }),
    )
}

impl State {
    pub fn comment(&mut self, author: &str, body: &str) -> Comment {
        self.next += 1;
        Comment {
            id: self.next,
            author: author.to_owned(),
            body: body.to_owned(),
            is_minimized: false,
        }
    }

    /// A person answers in a thread.
    pub fn answer_in(&mut self, thread: usize, author: &str, body: &str) {
        let comment = self.comment(author, body);
        self.threads[thread].comments.push(comment);
    }

    fn answer(&mut self, ask: &Ask) -> Reply {
        self.asked.push(format!("{} {}", ask.verb, ask.path));
        if ask
            .headers
            .get("authorization")
            .is_none_or(|value| value != "Bearer ghs_0123456789")
        {
            return reply(401, &json!({ "message": "Bad credentials" }));
        }
        let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let path = ask.path.split('?').next().unwrap_or_default().to_owned();
        let is_graph = path == "/api/graphql";
        let query = body["query"].as_str().unwrap_or_default().to_owned();
        if ask.verb == "GET" || (is_graph && query.starts_with("query")) {
            return match is_graph {
                true => self.query(&query, &body["variables"]),
                false => self.read(&path),
            };
        }
        self.writes
            .push((ask.verb.clone(), path.clone(), body.clone()));
        if !self.may_write {
            return reply(
                403,
                &json!({ "message": "Resource not accessible by integration" }),
            );
        }
        match self.troubles.pop_front() {
            Some(Trouble::Instead(reply)) => reply,
            Some(Trouble::After(reply)) => {
                self.write(&ask.verb, &path, &body);
                reply
            }
            None => self.write(&ask.verb, &path, &body),
        }
    }

    /// Holds a request and its answer against GitHub's description.
    fn validate(&mut self, ask: &Ask, reply: &Reply) {
        let sent: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let path = ask.path.split('?').next().unwrap_or_default();
        let wrong = match path.strip_prefix("/api/v3") {
            Some(path) => schema::rest(&ask.verb, path, &sent, reply.status, &reply.body),
            None => {
                let query = sent["query"].as_str().unwrap_or_default();
                schema::graph(query, &sent["variables"], &reply.body)
            }
        };
        self.wrong.extend(wrong);
    }

    fn read(&self, path: &str) -> Reply {
        let Some(path) = path.strip_prefix("/api/v3/repos/o/r/") else {
            return reply(404, &json!({ "message": "Not Found" }));
        };
        if path == "pulls/7" {
            return reply(200, &self.pull());
        }
        if path == "pulls" {
            return reply(200, &json!([self.pull()]));
        }
        if path == format!("compare/{}...{}", self.base, self.head) {
            return reply(
                200,
                &json!({ "merge_base_commit": { "sha": self.merge_base }, "files": [] }),
            );
        }
        let mut words = path.split('/');
        if let (Some("collaborators"), Some(login), Some("permission")) =
            (words.next(), words.next(), words.next())
        {
            return match self.permissions.iter().find(|(name, _)| *name == login) {
                Some((_, permission)) => reply(200, &json!({ "permission": permission })),
                None => reply(404, &json!({ "message": "Not Found" })),
            };
        }
        reply(404, &json!({ "message": "Not Found" }))
    }

    pub fn pull(&self) -> Value {
        json!({
            "number": 7,
            "state": if self.is_open { "open" } else { "closed" },
            "draft": false,
            "user": { "login": "ada" },
            "head": { "sha": self.head, "ref": "topic", "repo": { "full_name": "o/r" } },
            "base": { "sha": self.base, "ref": "main", "repo": { "full_name": "o/r" } },
        })
    }

    fn query(&self, query: &str, variables: &Value) -> Reply {
        if variables["number"] != 7 || variables["owner"] != "o" || variables["name"] != "r" {
            return reply(200, &json!({ "data": { "repository": null } }));
        }
        // Pages of two: nothing must be lost behind the first.
        const PAGE: usize = 2;
        let from: usize = variables["cursor"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let page = |nodes: Vec<Value>| {
            let rest = nodes.len().saturating_sub(from + PAGE);
            let nodes: Vec<Value> = nodes.into_iter().skip(from).take(PAGE).collect();
            json!({
                "pageInfo": { "hasNextPage": rest > 0, "endCursor": (from + PAGE).to_string() },
                "nodes": nodes,
            })
        };
        let pull = match query.contains("reviewThreads") {
            true => json!({
                "author": { "login": "ada" },
                "reviewThreads": page(self.threads.iter().map(|thread| self.thread_node(thread)).collect()),
            }),
            false => json!({ "comments": page(self.comments.iter().map(comment_node).collect()) }),
        };
        reply(
            200,
            &json!({ "data": { "repository": { "pullRequest": pull } } }),
        )
    }

    fn thread_node(&self, thread: &Thread) -> Value {
        json!({
            "id": format!("T{}", thread.id),
            "isResolved": thread.resolved_by.is_some(),
            "path": thread.path,
            "viewerCanResolve": self.may_resolve,
            "resolvedBy": thread.resolved_by.as_ref().map(|login| json!({ "login": login })),
            "comments": { "nodes": thread.comments.iter().map(comment_node).collect::<Vec<_>>() },
        })
    }

    fn write(&mut self, verb: &str, path: &str, body: &Value) -> Reply {
        if path == "/api/graphql" {
            return self.mutate(body);
        }
        let Some(path) = path.strip_prefix("/api/v3/repos/o/r/") else {
            return reply(404, &json!({ "message": "Not Found" }));
        };
        match (verb, path) {
            ("POST", "pulls/7/reviews") => self.review(body),
            ("POST", "pulls/7/comments") => self.file_comment(body),
            ("POST", "issues/7/comments") => {
                let comment = self.comment(BOT, body["body"].as_str().unwrap_or_default());
                self.comments.push(comment);
                reply(201, &json!({ "id": self.next }))
            }
            _ => self.one_comment(verb, path, body),
        }
    }

    /// All or nothing.
    fn review(&mut self, body: &Value) -> Reply {
        if body["commit_id"] != self.head.as_str() || body["event"] != "COMMENT" {
            return refused("the commit is not the head of the pull request");
        }
        let comments = body["comments"].as_array().cloned().unwrap_or_default();
        for comment in &comments {
            if let Err(message) = self.check(comment) {
                return refused(&message);
            }
        }
        for comment in comments {
            self.open(&comment, comment["line"].as_u64());
        }
        reply(200, &json!({ "id": self.next }))
    }

    fn file_comment(&mut self, body: &Value) -> Reply {
        let path = body["path"].as_str().unwrap_or_default();
        if body["subject_type"] != "file"
            || body["commit_id"] != self.head.as_str()
            || self.hunks(path).is_none()
        {
            return refused("path is not part of the diff");
        }
        self.open(body, None);
        reply(201, &json!({ "id": self.next }))
    }

    fn open(&mut self, comment: &Value, line: Option<u64>) {
        let first = self.comment(BOT, comment["body"].as_str().unwrap_or_default());
        let thread = Thread {
            id: first.id,
            path: comment["path"].as_str().unwrap_or_default().to_owned(),
            line,
            resolved_by: None,
            comments: vec![first],
        };
        self.threads.push(thread);
    }

    /// What GitHub demands of a comment in a review.
    fn check(&self, comment: &Value) -> Result<(), String> {
        let known = ["path", "line", "side", "start_line", "start_side", "body"];
        for name in comment
            .as_object()
            .into_iter()
            .flat_map(|comment| comment.keys())
        {
            if !known.contains(&name.as_str()) {
                return Err(format!("{name} is no field"));
            }
        }
        let path = comment["path"].as_str().ok_or("no path")?;
        let line = comment["line"].as_u64().ok_or("no line")?;
        let start = comment["start_line"].as_u64().unwrap_or(line);
        let length = comment["body"]
            .as_str()
            .map_or(0, |body| body.chars().count());
        if comment["side"] != "RIGHT" || length == 0 || length > 65_536 || start > line {
            return Err("Validation Failed".to_owned());
        }
        if self.cursed == Some((path.to_owned(), line)) {
            return Err("line could not be resolved".to_owned());
        }
        let hunks = self.hunks(path).ok_or("path could not be resolved")?;
        let is_inside = hunks
            .iter()
            .any(|&(first, last)| first <= start && line <= last);
        is_inside
            .then_some(())
            .ok_or_else(|| "line must be part of the diff".to_owned())
    }

    /// The rows of the new file that the diff shows, as git tells it.
    fn hunks(&self, path: &str) -> Option<Vec<(u64, u64)>> {
        let output = Command::new("git")
            .current_dir(&self.repository)
            .args(["diff", "--no-color", "-M", &self.merge_base, &self.head])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let section = text
            .split("diff --git ")
            .find(|section| section.contains(&format!("+++ b/{path}\n")))?;
        let headers = section.lines().filter(|line| line.starts_with("@@ "));
        let hunks = headers.filter_map(|line| {
            let new = line.split_whitespace().nth(2)?.strip_prefix('+')?;
            let (start, count) = new.split_once(',').unwrap_or((new, "1"));
            let (start, count): (u64, u64) = (start.parse().ok()?, count.parse().ok()?);
            Some((start, start + count - 1))
        });
        Some(hunks.collect())
    }

    fn one_comment(&mut self, verb: &str, path: &str, body: &Value) -> Reply {
        let id: Option<u64> = path.rsplit('/').next().and_then(|id| id.parse().ok());
        let text = body["body"].as_str().unwrap_or_default();
        let kind = path.rsplit_once('/').map_or("", |(kind, _)| kind);
        let all: Vec<&mut Comment> = match kind {
            "pulls/comments" => self
                .threads
                .iter_mut()
                .flat_map(|thread| &mut thread.comments)
                .collect(),
            "issues/comments" => self.comments.iter_mut().collect(),
            _ => Vec::new(),
        };
        let Some(comment) = all.into_iter().find(|comment| Some(comment.id) == id) else {
            return reply(404, &json!({ "message": "Not Found" }));
        };
        if verb == "PATCH" {
            comment.body = text.to_owned();
            return reply(200, &json!({ "id": id }));
        }
        for thread in &mut self.threads {
            thread.comments.retain(|comment| Some(comment.id) != id);
        }
        self.threads.retain(|thread| !thread.comments.is_empty());
        Reply {
            body: String::new(),
            ..reply(204, &Value::Null)
        }
    }

    fn mutate(&mut self, body: &Value) -> Reply {
        let query = body["query"].as_str().unwrap_or_default();
        let id = body["variables"]["id"].as_str().unwrap_or_default();
        let number: u64 = id
            .get(1..)
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        if query.contains("resolveReviewThread") {
            let thread = self.threads.iter_mut().find(|thread| thread.id == number);
            return match thread.filter(|_| self.may_resolve) {
                Some(thread) => {
                    thread.resolved_by = Some(BOT.to_owned());
                    reply(
                        200,
                        &json!({ "data": { "resolveReviewThread": { "thread": { "id": id } } } }),
                    )
                }
                None => reply(
                    200,
                    &json!({ "errors": [{ "type": "FORBIDDEN", "message": "Resource not accessible by integration" }] }),
                ),
            };
        }
        let mut comments = self
            .threads
            .iter_mut()
            .flat_map(|thread| &mut thread.comments);
        if let Some(comment) = comments.find(|comment| comment.id == number) {
            comment.is_minimized = true;
        }
        reply(
            200,
            &json!({ "data": { "minimizeComment": { "minimizedComment": { "isMinimized": true } } } }),
        )
    }
}

fn comment_node(comment: &Comment) -> Value {
    json!({
        "id": format!("C{}", comment.id),
        "fullDatabaseId": comment.id.to_string(),
        "body": comment.body,
        "viewerDidAuthor": comment.author == BOT,
        "isMinimized": comment.is_minimized,
        "viewerCanMinimize": true,
        "author": { "login": comment.author },
    })
}
