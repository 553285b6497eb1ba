//! Findings as an editor shows them.

use super::client::Client;
use super::documents::Documents;
use super::snapshot::Snapshot;
use crate::config::Language;
use crate::finding::Severity;
use crate::page;
use crate::report::{Item, Spot, documentation};
use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    Location, NumberOrString, Range, Url,
};
use serde_json::json;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// What puts findings into the editor's terms.
#[derive(Clone, Copy)]
pub(super) struct Translator<'a> {
    pub(super) client: &'a Client,
    pub(super) documents: &'a Documents,
    pub(super) snapshot: &'a Snapshot,
}

impl Translator<'_> {
    /// The diagnostics of a file.
    pub(super) fn of_path(&self, path: &Path) -> Vec<Diagnostic> {
        let found = self.snapshot.of_path(path);
        found.map(|item| self.diagnostic(item)).collect()
    }

    pub(super) fn diagnostic(&self, item: &Item) -> Diagnostic {
        let link = item
            .rule
            .and_then(|rule| Url::parse(&documentation(rule)).ok());
        let unneeded = item.rule.is_some_and(|rule| page::of(rule).unnecessary);
        Diagnostic {
            range: self.range(item.spot),
            severity: Some(severity(item)),
            code: Some(NumberOrString::String(item.code.to_owned())),
            code_description: link
                .filter(|_| self.client.links)
                .map(|href| CodeDescription { href }),
            source: Some("pothole".to_owned()),
            message: self.message(item),
            related_information: self.client.relates.then(|| self.related(item)),
            tags: (self.client.tags && unneeded).then(|| vec![DiagnosticTag::UNNECESSARY]),
            data: Some(json!({ "fingerprint": item.fingerprint })),
        }
    }

    /// What, and what to do; where the editor shows no other places, also why.
    fn message(&self, item: &Item) -> String {
        let mut text = item.message.clone();
        if !self.client.relates {
            for step in &item.related {
                let file = &self.snapshot.file(step.spot.file).display;
                let row = step.spot.start.row;
                text.push_str(&format!("\n{file}:{row}: {}", step.message));
            }
        }
        if let Some(help) = &item.help {
            let word = match self.snapshot.language {
                Language::English => "help: ",
                Language::Chinese => "建议：",
            };
            text.push_str(&format!("\n{word}{help}"));
        }
        text
    }

    fn related(&self, item: &Item) -> Vec<DiagnosticRelatedInformation> {
        let steps = item.related.iter();
        steps
            .filter_map(|step| {
                Some(DiagnosticRelatedInformation {
                    location: Location::new(self.uri(step.spot)?, self.range(step.spot)),
                    message: step.message.clone(),
                })
            })
            .collect()
    }

    pub(super) fn range(&self, spot: Spot) -> Range {
        let file = self.snapshot.file(spot.file);
        let encoding = self.client.encoding;
        encoding.range(&file.source, file.lines(), spot.span)
    }

    /// A file's address, as the client spells it where it has it open.
    fn uri(&self, spot: Spot) -> Option<Url> {
        let path = Path::new(&self.snapshot.file(spot.file).absolute);
        match self.documents.get(path) {
            Some(document) => Some(document.uri.clone()),
            None => Url::from_file_path(path).ok(),
        }
    }
}

const fn severity(item: &Item) -> DiagnosticSeverity {
    match item.severity {
        // What could not be read is for other tools to say; here it explains why nothing is found.
        _ if item.rule.is_none() => DiagnosticSeverity::INFORMATION,
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Hint => DiagnosticSeverity::INFORMATION,
    }
}

/// The same for the same diagnostics.
pub(super) fn identity(diagnostics: &[Diagnostic]) -> String {
    let text = serde_json::to_string(diagnostics).unwrap_or_default();
    format!("{:016x}", xxh3_64(text.as_bytes()))
}
