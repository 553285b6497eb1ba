//! Tells what is found where the client does not ask.

use super::super::diagnostics::identity;
use super::Server;
use lsp_types::{Diagnostic, Position, PublishDiagnosticsParams, Range, Url};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What the client shows of a file because it was told to.
#[derive(PartialEq, Eq)]
pub(super) struct Shown {
    uri: Url,
    version: Option<i32>,
    identity: String,
}

impl Server {
    /// Whether an open file has other diagnostics than a client that asks for them was told.
    pub(super) fn differs(&self) -> bool {
        self.documents.keys().any(|path| {
            let known = self.pulled.get(path);
            known.is_some_and(|known| *known != identity(&self.translator().of_path(path)))
        })
    }

    /// Tells what is found where the client does not ask, and takes back what is no more.
    pub(super) fn push(&mut self) {
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
