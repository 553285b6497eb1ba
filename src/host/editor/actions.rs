//! What an editor offers to do about a finding: the fix, an ignore comment, the page.

use super::diagnostics::Translator;
use super::documents::Document;
use crate::config::Language;
use crate::finding::{Applicability, Edit};
use crate::report::{Change, Item};
use crate::suppress;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, Command, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, Range, TextDocumentEdit, TextEdit, WorkspaceEdit,
};
use serde_json::json;
use std::path::Path;

/// The command that shows a rule's page.
pub(super) const EXPLAIN: &str = "pothole.explain";

/// The kind of the action that applies every safe fix of a file.
pub(super) const FIX_ALL: &str = "source.fixAll.pothole";

impl Translator<'_> {
    /// What is offered for a range of an open file; `only` are the kinds that are asked for, if not all.
    pub(super) fn actions(
        &self,
        path: &Path,
        range: Range,
        only: Option<&[CodeActionKind]>,
    ) -> Vec<CodeActionOrCommand> {
        let Some(document) = self.documents.get(path) else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        if wants(only, &CodeActionKind::QUICKFIX) {
            for item in self
                .snapshot
                .of_path(path)
                .filter(|item| item.rule.is_some())
            {
                let place = self.range(item.spot);
                if place.start <= range.end && range.start <= place.end {
                    actions.extend(self.for_finding(document, item));
                }
            }
        }
        if wants(only, &CodeActionKind::new(FIX_ALL)) {
            actions.extend(self.fix_all(path, document));
        }
        actions.into_iter().map(CodeActionOrCommand::from).collect()
    }

    fn for_finding(&self, document: &Document, item: &Item) -> Vec<CodeAction> {
        let mut actions = Vec::new();
        if let Some(change) = &item.fix {
            actions.push(CodeAction {
                is_preferred: Some(change.applicability == Applicability::Safe),
                ..self.edit(document, item, change.message.clone(), &edits(change))
            });
        }
        let source = document.text.as_bytes();
        let rows = [item.spot.span.start, item.statement];
        let (line, file) = match self.snapshot.language {
            Language::English => (
                format!("Ignore `{}` on this line", item.code),
                format!("Ignore `{}` in this file", item.code),
            ),
            Language::Chinese => (
                format!("在此行忽略 `{}`", item.code),
                format!("在此文件中忽略 `{}`", item.code),
            ),
        };
        if let Some(edit) = suppress::on_line(source, rows, item.code) {
            actions.push(self.edit(document, item, line, &[edit]));
        }
        let edit = suppress::in_file(source, item.code);
        actions.push(self.edit(document, item, file, &[edit]));
        actions.push(self.explain(item));
        actions
    }

    fn edit(&self, document: &Document, item: &Item, title: String, edits: &[Edit]) -> CodeAction {
        CodeAction {
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![self.diagnostic(item)]),
            edit: Some(self.workspace_edit(document, edits)),
            ..CodeAction::default()
        }
    }

    fn explain(&self, item: &Item) -> CodeAction {
        let title = match self.snapshot.language {
            Language::English => format!("Explain `{}`", item.code),
            Language::Chinese => format!("解释 `{}`", item.code),
        };
        CodeAction {
            title: title.clone(),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![self.diagnostic(item)]),
            command: Some(Command::new(
                title,
                EXPLAIN.to_owned(),
                Some(vec![json!(item.code)]),
            )),
            ..CodeAction::default()
        }
    }

    fn fix_all(&self, path: &Path, document: &Document) -> Option<CodeAction> {
        let changes = self
            .snapshot
            .of_path(path)
            .filter_map(|item| item.fix.as_ref());
        let safe = changes.filter(|change| change.applicability == Applicability::Safe);
        let edits = apart(safe.map(edits));
        if edits.is_empty() {
            return None;
        }
        let title = match self.snapshot.language {
            Language::English => "Apply every safe fix of pothole",
            Language::Chinese => "应用 pothole 的所有安全修复",
        };
        Some(CodeAction {
            title: title.to_owned(),
            kind: Some(CodeActionKind::new(FIX_ALL)),
            edit: Some(self.workspace_edit(document, &edits)),
            ..CodeAction::default()
        })
    }

    fn workspace_edit(&self, document: &Document, edits: &[Edit]) -> WorkspaceEdit {
        let source = document.text.as_bytes();
        let lines = crate::text::Lines::of(source);
        let edits = edits.iter().map(|edit| TextEdit {
            range: self.client.encoding.range(source, &lines, edit.span),
            new_text: edit.content.clone(),
        });
        let uri = document.uri.clone();
        if !self.client.versions {
            let changes = std::iter::once((uri, edits.collect())).collect();
            return WorkspaceEdit::new(changes);
        }
        WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(vec![TextDocumentEdit {
                text_document: OptionalVersionedTextDocumentIdentifier {
                    uri,
                    version: Some(document.version),
                },
                edits: edits.map(OneOf::Left).collect(),
            }])),
            ..WorkspaceEdit::default()
        }
    }
}

fn edits(change: &Change) -> Vec<Edit> {
    let edits = change.edits.iter().map(|edit| Edit {
        span: edit.spot.span,
        content: edit.content.clone(),
    });
    edits.collect()
}

/// The edits of as many changes as do not get into each other's way.
fn apart(changes: impl Iterator<Item = Vec<Edit>>) -> Vec<Edit> {
    let mut taken: Vec<Edit> = Vec::new();
    for change in changes {
        let touch = |a: &Edit, b: &Edit| a.span.start <= b.span.end && b.span.start <= a.span.end;
        let clashes = |edit: &Edit| taken.iter().any(|other| touch(edit, other));
        if !change.iter().any(clashes) {
            taken.extend(change);
        }
    }
    taken.sort();
    taken
}

/// Whether a kind is asked for: kinds are prefixes of each other.
fn wants(only: Option<&[CodeActionKind]>, kind: &CodeActionKind) -> bool {
    only.is_none_or(|only| {
        only.iter().any(|asked| {
            let rest = kind.as_str().strip_prefix(asked.as_str());
            rest.is_some_and(|rest| {
                asked.as_str().is_empty() || rest.is_empty() || rest.starts_with('.')
            })
        })
    })
}
