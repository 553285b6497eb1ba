//! The loop that listens to the client and to the analysis, and never answers from an analysis of something older.

mod publish;
mod questions;

use super::EditorFault;
use super::actions::{EXPLAIN, FIX_ALL};
use super::client::{Client, Wishes, folder};
use super::documents::{Document, Documents, path_of};
use super::outbox::Outbox;
use super::snapshot::Snapshot;
use super::worker::{self, Done, Job};
use crate::host::Request as Check;
use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId};
use lsp_types::{
    CodeActionKind, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams,
};
use publish::Shown;
use questions::Question;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long nothing must change before an analysis starts.
const QUIET: Duration = Duration::from_millis(40);

/// The server.
pub(super) struct Server {
    client: Client,
    wishes: Wishes,
    out: Outbox,
    jobs: Sender<Job>,
    done: Receiver<Done>,
    documents: Documents,
    /// Counts the states of everything that an analysis depends on.
    generation: u64,
    /// Whether the state changed and no analysis of it was started.
    is_dirty: bool,
    /// Whether `snapshot` is of the present state.
    is_fresh: bool,
    snapshot: Snapshot,
    running: Arc<AtomicBool>,
    waiting: Vec<(RequestId, Question)>,
    pushed: BTreeMap<PathBuf, Shown>,
    /// What was answered last to a client that asks for diagnostics.
    pulled: BTreeMap<PathBuf, String>,
    is_shut_down: bool,
}

impl Server {
    /// Greets a client.
    pub(super) fn meet(connection: &Connection) -> Result<Self, EditorFault> {
        let (id, parameters) = connection.initialize_start()?;
        let client = Client::of(&parameters);
        connection.initialize_finish(id, welcome(&client))?;
        let (jobs, for_worker) = unbounded();
        let (from_worker, done) = unbounded();
        worker::start(for_worker, from_worker)?;
        let mut server = Self {
            client,
            wishes: Wishes::default(),
            out: Outbox::new(connection.sender.clone()),
            jobs,
            done,
            documents: Documents::new(),
            generation: 0,
            is_dirty: true,
            is_fresh: false,
            snapshot: Snapshot::default(),
            running: Arc::default(),
            waiting: Vec::new(),
            pushed: BTreeMap::new(),
            pulled: BTreeMap::new(),
            is_shut_down: false,
        };
        server.wish(&parameters["initializationOptions"]);
        server.watch();
        Ok(server)
    }

    /// Works until the client says goodbye, or is gone.
    pub(super) fn run(mut self, messages: &Receiver<Message>) -> u8 {
        let done = self.done.clone();
        loop {
            let quiet = if self.is_dirty { after(QUIET) } else { never() };
            select! {
                recv(messages) -> message => match message {
                    Ok(Message::Notification(note)) if note.method == "exit" => break,
                    Ok(message) => self.hear(message),
                    Err(_) => break,
                },
                recv(done) -> done => if let Ok(done) = done { self.take(done) },
                recv(quiet) -> _ => self.start(),
            }
        }
        self.running.store(true, Ordering::Relaxed);
        u8::from(!self.is_shut_down)
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Request(request) if self.is_shut_down => {
                self.out
                    .refuse(request.id, ErrorCode::InvalidRequest, "shut down");
            }
            Message::Request(request) => self.asked(request),
            Message::Notification(note) => self.told(note),
            Message::Response(_) => {}
        }
    }

    fn asked(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match method.as_str() {
            "shutdown" => {
                self.is_shut_down = true;
                return self.out.answer(id, Value::Null);
            }
            "workspace/executeCommand" => return self.execute(id, &params),
            _ => {}
        }
        let Some(question) = Question::of(&method, params) else {
            return self.out.refuse(id, ErrorCode::MethodNotFound, &method);
        };
        match question {
            Err(reason) => self.out.refuse(id, ErrorCode::InvalidParams, &reason),
            Ok(None) => self.out.answer(id, Value::Null),
            Ok(Some(question)) if self.is_fresh => self.answer(id, &question),
            Ok(Some(question)) => self.waiting.push((id, question)),
        }
    }

    fn told(&mut self, note: Notification) {
        let params = note.params;
        match note.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(open) = read(params) {
                    self.open(open);
                }
            }
            "textDocument/didChange" => {
                if let Ok(change) = read(params) {
                    self.edit(&change);
                }
            }
            "textDocument/didClose" => {
                if let Ok(close) = read(params) {
                    self.close(&close);
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.changed(),
            "workspace/didChangeConfiguration" => {
                self.wish(&params["settings"]);
                self.changed();
            }
            "workspace/didChangeWorkspaceFolders" => self.move_folders(&params["event"]),
            "$/cancelRequest" => self.cancel(&params["id"]),
            _ => {}
        }
    }

    fn open(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let is_python = |path: &PathBuf| {
            item.language_id.eq_ignore_ascii_case("python")
                || path.extension().is_some_and(|suffix| suffix == "py")
        };
        let Some(path) = path_of(&item.uri).filter(is_python) else {
            return;
        };
        let document = Document {
            uri: item.uri,
            version: item.version,
            text: item.text.into(),
        };
        self.documents.insert(path, document);
        self.changed();
    }

    fn edit(&mut self, params: &DidChangeTextDocumentParams) {
        let path = path_of(&params.text_document.uri);
        let Some(document) = path.and_then(|path| self.documents.get_mut(&path)) else {
            return;
        };
        document.version = params.text_document.version;
        document.apply(&params.content_changes, self.client.encoding);
        self.changed();
    }

    fn close(&mut self, params: &DidCloseTextDocumentParams) {
        let path = path_of(&params.text_document.uri);
        if path.is_some_and(|path| self.documents.remove(&path).is_some()) {
            self.changed();
        }
    }

    fn move_folders(&mut self, event: &Value) {
        let listed = |name: &str| -> Vec<PathBuf> {
            let list = event[name].as_array().into_iter().flatten();
            list.filter_map(|one| folder(&one["uri"])).collect()
        };
        let removed = listed("removed");
        self.client
            .folders
            .retain(|folder| !removed.contains(folder));
        self.client.folders.extend(listed("added"));
        self.changed();
    }

    fn wish(&mut self, settings: &Value) {
        match Wishes::of(settings) {
            Ok(wishes) => self.wishes = wishes,
            Err(reason) => self
                .out
                .complain(&format!("the editor's settings are wrong: {reason}")),
        }
    }

    fn cancel(&mut self, id: &Value) {
        let number = id
            .as_i64()
            .and_then(|id| i32::try_from(id).ok())
            .map(RequestId::from);
        let Some(id) = number.or_else(|| id.as_str().map(|id| RequestId::from(id.to_owned())))
        else {
            return;
        };
        if let Some(at) = self.waiting.iter().position(|(waiting, _)| *waiting == id) {
            self.waiting.swap_remove(at);
            self.out.refuse(id, ErrorCode::RequestCanceled, "cancelled");
        }
    }

    /// Something that an analysis depends on is different: what runs is of no use any more, and who asked about a place
    /// asked about another text. Diagnostics are of a whole file: they wait for the new ones.
    fn changed(&mut self) {
        self.generation += 1;
        self.is_dirty = true;
        self.is_fresh = false;
        self.running.store(true, Ordering::Relaxed);
        for (id, question) in std::mem::take(&mut self.waiting) {
            match question {
                Question::Diagnostics { .. } => self.waiting.push((id, question)),
                _ => self
                    .out
                    .refuse(id, ErrorCode::ContentModified, "the text changed"),
            }
        }
    }

    /// Has the present state analyzed.
    fn start(&mut self) {
        self.is_dirty = false;
        let paths = self.reported();
        if paths.is_empty() {
            let generation = self.generation;
            return self.take(Done {
                generation,
                snapshot: Snapshot::default(),
            });
        }
        let unsaved = self.documents.iter();
        let unsaved = unsaved.map(|(path, document)| (path.clone(), document.bytes()));
        self.running = Arc::default();
        let job = Job {
            generation: self.generation,
            request: Check {
                paths,
                unsaved: unsaved.collect(),
                force_exclude: true,
                command: self.wishes.command.clone(),
                config: self.wishes.config.as_deref().map(|path| self.beside(path)),
                ..Check::default()
            },
            language: self.wishes.language,
            is_cancelled: Arc::clone(&self.running),
        };
        // The worker lives as long as this does.
        let _ = self.jobs.send(job);
    }

    /// A path of the editor's settings: relative to the first folder.
    fn beside(&self, path: &Path) -> PathBuf {
        match self.client.folders.first() {
            Some(folder) => folder.join(path),
            None => path.to_owned(),
        }
    }

    /// What findings are wanted for: open files, unless they belong to somebody else, and whole folders on request.
    fn reported(&self) -> Vec<PathBuf> {
        let folders = &self.client.folders;
        let is_ours = |path: &&PathBuf| {
            folders.is_empty() || folders.iter().any(|folder| path.starts_with(folder))
        };
        let mut paths: Vec<PathBuf> = self.documents.keys().filter(is_ours).cloned().collect();
        if self.wishes.workspace {
            paths.extend(folders.iter().cloned());
        }
        paths
    }

    /// An analysis ended: if it is of the present state, everything that waits is answered from it.
    fn take(&mut self, done: Done) {
        if done.generation != self.generation {
            return;
        }
        self.snapshot = done.snapshot;
        self.is_fresh = true;
        match self.snapshot.complaint.take() {
            Some(complaint) => self.out.complain(&complaint),
            None => self.out.relieve(),
        }
        for (id, question) in std::mem::take(&mut self.waiting) {
            self.answer(id, &question);
        }
        self.push();
        if self.client.pulls && self.differs() {
            self.out
                .request("workspace/diagnostic/refresh", Value::Null);
        }
    }

    /// Asks to be told of what changes outside of the editor.
    fn watch(&mut self) {
        if !self.client.watches {
            return;
        }
        let globs = [
            "**/*.py",
            "**/*.pyw",
            "**/pothole.toml",
            "**/pyproject.toml",
            "**/.gitignore",
        ];
        let watchers: Vec<Value> = globs
            .iter()
            .map(|glob| json!({ "globPattern": glob }))
            .collect();
        self.out.request(
            "client/registerCapability",
            json!({ "registrations": [{
                "id": "files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": { "watchers": watchers },
            }] }),
        );
    }
}

/// What this server can do.
fn welcome(client: &Client) -> Value {
    let mut capabilities = json!({
        "positionEncoding": client.encoding.kind(),
        "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
        "hoverProvider": true,
        "codeActionProvider": { "codeActionKinds": [CodeActionKind::QUICKFIX, FIX_ALL] },
        "executeCommandProvider": { "commands": [EXPLAIN] },
        "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
    });
    if client.pulls {
        capabilities["diagnosticProvider"] = json!({
            "identifier": "pothole",
            "interFileDependencies": true,
            "workspaceDiagnostics": false,
        });
    }
    json!({
        "capabilities": capabilities,
        "serverInfo": { "name": "pothole", "version": env!("CARGO_PKG_VERSION") },
    })
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}
