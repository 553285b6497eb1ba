//! What the client asks, and the answers from the analysis at hand.

use super::super::actions::EXPLAIN;
use super::super::diagnostics::{Translator, identity};
use super::super::documents::path_of;
use super::{Server, read};
use crate::host::write_page;
use crate::{page, rules};
use lsp_server::{ErrorCode, RequestId};
use lsp_types::{
    CodeActionKind, CodeActionParams, DocumentDiagnosticParams, HoverParams, Position, Range, Url,
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What a client waits for.
pub(super) enum Question {
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

impl Question {
    /// Reads a question; nothing where there is none of this name, and `Ok(None)` where it is about no file of ours.
    pub(super) fn of(method: &str, params: Value) -> Option<Result<Option<Self>, String>> {
        match method {
            "textDocument/diagnostic" => Some(read(params).map(diagnostics_question)),
            "textDocument/hover" => Some(read(params).map(hover_question)),
            "textDocument/codeAction" => Some(read(params).map(actions_question)),
            _ => None,
        }
    }
}

impl Server {
    pub(super) fn translator(&self) -> Translator<'_> {
        Translator {
            client: &self.client,
            documents: &self.documents,
            snapshot: &self.snapshot,
        }
    }

    pub(super) fn answer(&mut self, id: RequestId, question: &Question) {
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

    /// Runs the one command there is: it shows a rule's page, and returns it.
    pub(super) fn execute(&mut self, id: RequestId, params: &Value) {
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
