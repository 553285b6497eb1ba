//! The loop that listens to the client and to the analysis, and never answers from an analysis of something older.

use super::EditorFault;
use super::actions::{EXPLAIN, FIX_ALL};
use super::client::{Client, Wishes, folder};
use super::diagnostics::{Translator, identity};
use super::documents::{Document, Documents, path_of};
use super::outbox::Outbox;
use super::snapshot::Snapshot;
use super::worker::{self, Done, Job};
use crate::host::{Request as Check, write_page};
use crate::{page, rules};
use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId};
use lsp_types::{
    CodeActionKind, CodeActionParams, Diagnostic, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DocumentDiagnosticParams, HoverParams,
    Position, PublishDiagnosticsParams, Range, Url,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long nothing must change before an analysis starts.
const QUIET: Duration = Duration::from_millis(40);

/// What a client waits for.
enum Question {
    Diagnostics {
        path: Option<PathBuf>,
        previous: Option<String>,
    },
    Hover {
        path: PathBuf,
        position: Position,
    },
    Actions {
        path: PathBuf,
        range: Range,
        only: Option<Vec<CodeActionKind>>,
    },
}

/// What the client shows of a file because it was told to.
#[derive(PartialEq, Eq)]
struct Shown {
    uri: Url,
    version: Option<i32>,
    identity: String,
}

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
        let question = match method.as_str() {
            "shutdown" => {
                self.is_shut_down = true;
                return self.out.answer(id, Value::Null);
            }
            "workspace/executeCommand" => return self.execute(id, &params),
            "textDocument/diagnostic" => read(params).map(diagnostics_question),
            "textDocument/hover" => read(params).map(hover_question),
            "textDocument/codeAction" => read(params).map(actions_question),
            _ => return self.out.refuse(id, ErrorCode::MethodNotFound, &method),
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

    fn translator(&self) -> Translator<'_> {
        Translator {
            client: &self.client,
            documents: &self.documents,
            snapshot: &self.snapshot,
        }
    }

    fn answer(&mut self, id: RequestId, question: &Question) {
        match question {
            Question::Diagnostics { path, previous } => {
                let diagnostics = path.as_deref().map(|path| self.translator().of_path(path));
                let diagnostics = diagnostics.unwrap_or_default();
                let identity = identity(&diagnostics);
                let report = match previous.as_ref() == Some(&identity) {
                    true => json!({ "kind": "unchanged", "resultId": identity }),
                    false => json!({ "kind": "full", "resultId": identity, "items": diagnostics }),
                };
                self.out.answer(id, report);
                if let Some(path) = path {
                    self.pulled.insert(path.clone(), identity);
                }
            }
            Question::Hover { path, position } => {
                self.out
                    .answer(id, self.translator().hover(path, *position));
            }
            Question::Actions { path, range, only } => {
                let actions = self.translator().actions(path, *range, only.as_deref());
                self.out.answer(id, actions);
            }
        }
    }

    /// Whether an open file has other diagnostics than a client that asks for them was told.
    fn differs(&self) -> bool {
        self.documents.keys().any(|path| {
            let known = self.pulled.get(path);
            known.is_some_and(|known| *known != identity(&self.translator().of_path(path)))
        })
    }

    /// Tells what is found where the client does not ask, and takes back what is no more.
    fn push(&mut self) {
        let mut now: BTreeMap<PathBuf, (Shown, Vec<Diagnostic>)> = BTreeMap::new();
        let open: BTreeSet<&PathBuf> = self.documents.keys().collect();
        for path in self.snapshot.paths().chain(open).collect::<BTreeSet<_>>() {
            let document = self.documents.get(path);
            if document.is_some() && self.client.pulls {
                continue;
            }
            let uri = document.map(|document| document.uri.clone());
            let Some(uri) = uri.or_else(|| Url::from_file_path(path).ok()) else {
                continue;
            };
            let diagnostics = self.translator().of_path(path);
            let version = document.map(|document| document.version);
            let shown = Shown {
                uri,
                version,
                identity: identity(&diagnostics),
            };
            now.insert(path.clone(), (shown, diagnostics));
        }
        if let Some((path, row, reason)) = &self.snapshot.mistake
            && let Ok(uri) = Url::from_file_path(path)
        {
            let diagnostics = vec![mistake(*row, reason)];
            let shown = Shown {
                uri,
                version: None,
                identity: identity(&diagnostics),
            };
            now.insert(path.clone(), (shown, diagnostics));
        }
        for (path, before) in std::mem::take(&mut self.pushed) {
            if !now.contains_key(&path) {
                self.publish(before.uri, None, Vec::new());
            } else {
                self.pushed.insert(path, before);
            }
        }
        for (path, (shown, diagnostics)) in now {
            if self.pushed.get(&path) != Some(&shown) {
                self.publish(shown.uri.clone(), shown.version, diagnostics);
                self.pushed.insert(path, shown);
            }
        }
    }

    fn publish(&self, uri: Url, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        let params = PublishDiagnosticsParams {
            uri,
            diagnostics,
            version,
        };
        self.out.notify("textDocument/publishDiagnostics", params);
    }

    /// Runs the one command there is: it shows a rule's page, and returns it.
    fn execute(&mut self, id: RequestId, params: &Value) {
        let name = params["arguments"][0].as_str().unwrap_or_default();
        let Some(rule) = rules::find(name).filter(|_| params["command"] == EXPLAIN) else {
            return self
                .out
                .refuse(id, ErrorCode::InvalidParams, "no such command or rule");
        };
        let language = self.wishes.language.unwrap_or(self.snapshot.language);
        let manual = page::of(rule).manual(rule, language);
        let file = self
            .client
            .opens
            .then(|| write_page(rule.name, &manual).ok())
            .flatten();
        match file.and_then(|path| Url::from_file_path(path).ok()) {
            Some(uri) => self.out.request(
                "window/showDocument",
                json!({ "uri": uri, "takeFocus": true }),
            ),
            None => {
                let text = page::of(rule).summary.text(language);
                self.out
                    .notify("window/showMessage", json!({ "type": 3, "message": text }));
            }
        }
        self.out.answer(id, manual);
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

/// What is wrong with a configuration, at its line.
fn mistake(row: u32, reason: &str) -> Diagnostic {
    Diagnostic {
        range: Range::new(Position::new(row, 0), Position::new(row, u16::MAX.into())),
        severity: Some(lsp_types::DiagnosticSeverity::ERROR),
        source: Some("pothole".to_owned()),
        message: reason.to_owned(),
        ..Diagnostic::default()
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}

fn diagnostics_question(params: DocumentDiagnosticParams) -> Option<Question> {
    Some(Question::Diagnostics {
        path: path_of(&params.text_document.uri),
        previous: params.previous_result_id,
    })
}

fn hover_question(params: HoverParams) -> Option<Question> {
    let place = params.text_document_position_params;
    Some(Question::Hover {
        path: path_of(&place.text_document.uri)?,
        position: place.position,
    })
}

fn actions_question(params: CodeActionParams) -> Option<Question> {
    Some(Question::Actions {
        path: path_of(&params.text_document.uri)?,
        range: params.range,
        only: params.context.only,
    })
}
